'use strict';

const { Series } = require('./series.js');
const { Buckets } = require('./buckets.js');
const { MAPPING } = require('./sketch.js');
const { Plan } = require('./plan.js');

const PERIOD = 10; // seconds: Artillery's
const REASONS = new Map([
  [11, 'a worker of Artillery crashed'],
  [130, 'interrupted'],
  [143, 'terminated'],
]);

// Run turns Artillery's events into the lines of one run's record. `file` takes them (a RecordFile), `statsd` takes the
// buckets as well where there is one.
class Run {
  constructor({ file, statsd, id, project, version, namespace, now = Date.now }) {
    this.file = file;
    this.statsd = statsd;
    this.now = now;
    this.start = Math.floor(now() / 1000);
    this.last = 0; // of the periods
    this.active = 0; // virtual users that began and did not end
    this.plan = new Plan();
    this.written = new Buckets(); // what the record's periods add up to
    this.seen = new Set(); // periods
    this.load = null; // when load went on, in ms of wall time: [first, last]
    this.gaveUp = 0; // samples of periods that the disk did not take
    this.ledger = { emitted: null, recorded: 0 };
    this.thresholds = [];
    this.told = new Set();
    this.series = new Series({ namespace, declare: (line) => file.line(line), warn: (text) => this.note('series-folded', text, true) });
    file.line({
      header: {
        format: 1,
        run: id,
        ...(project && { project }),
        tool: 'artillery',
        tool_version: version,
        mapping: MAPPING,
        start: new Date(this.start * 1000).toISOString(),
        period: PERIOD,
      },
    });
  }

  phase(phase) {
    this.plan.started(phase);
  }

  // period takes the report of one period, merged over the workers.
  period(report) {
    const from = Number(report.period);
    const t = Math.round(from / 1000) - this.start;
    this.last = Math.max(this.last, t);
    this.span(report);
    const buckets = Buckets.of(report, this.series);
    this.tell(buckets);
    const n = buckets.n;
    const ended = buckets.sumOf('vusers.completed') + buckets.sumOf('vusers.failed');
    this.active += buckets.sumOf('vusers.created') - ended;
    buckets.add(this.series.active().series, { n: 1, last: this.active });
    if (this.file.period(t, buckets.lines(), false)) {
      this.written.addAll(buckets);
      this.ledger.recorded += n;
    } else {
      this.gaveUp += n;
    }
    const asked = this.seen.has(t) ? null : this.asked(t);
    this.seen.add(t);
    this.file.line({
      load: {
        t,
        ...(asked !== null && { asked_rate: asked }),
        vus: this.active,
        iterations: ended,
        dropped: buckets.sumOf('vusers.skipped'),
      },
    });
    this.file.flush();
    this.statsd?.period(buckets);
  }

  // asked is the mean of arrivals a second asked for in the period that begins at t; null before any phase is known.
  asked(t) {
    const from = (this.start + t) * 1000;
    return this.plan.rate(from, from + PERIOD * 1000);
  }

  // silent writes what was asked for in periods that Artillery reported nothing of, such as a phase's last moments.
  silent() {
    if (this.seen.size === 0) return;
    const until = this.now() / 1000 - this.start;
    for (let t = Math.min(...this.seen); t < until; t += PERIOD) {
      const asked = this.seen.has(t) ? 0 : this.asked(t);
      if (asked > 0) this.file.line({ load: { t, asked_rate: asked, vus: this.active, iterations: 0, dropped: 0 } });
    }
  }

  // done takes the report of the whole run: the truth that the periods are compared with.
  done(report) {
    this.silent();
    this.span(report);
    const whole = Buckets.of(report, this.series);
    this.tell(whole);
    const { rest, less, negative, emitted } = whole.without(this.written);
    this.ledger.emitted = emitted;
    const n = rest.n;
    this.gaveUp = 0; // what periods had is in the rest
    if (rest.map.size > 0) {
      if (this.file.period(this.last, rest.lines(), true)) {
        this.ledger.recorded += n;
        this.ledger.unplaced = n;
      } else {
        this.gaveUp = n;
      }
    }
    if (less > 0) {
      const why = negative ? `, ${negative} of them negative values, which it forgets when it merges` : '';
      this.note('artillery-inconsistent', `the periods of Artillery have ${less} samples more than its final report${why}`, true);
    }
    this.folded = whole.folded;
    this.file.flush();
    this.statsd?.end(rest, whole);
  }

  // checks takes the verdicts of the plugin ensure.
  checks(list) {
    for (const { original, strict, result } of list) {
      const evaluated = (typeof result === 'number' && !Number.isNaN(result)) || typeof result === 'boolean';
      const passed = result === 1; // as the plugin itself decides
      if (!passed && !strict) {
        this.note('ensure-optional-failed', `${original}: ${evaluated ? 'does not hold' : 'could not be evaluated'}, and is not strict`, true);
      }
      this.thresholds.push({ metric: 'ensure', expression: String(original), ok: passed || !strict, evaluated });
    }
  }

  // end writes the closing line. The process ends with it, so what the file does not take now is lost.
  end(code) {
    if (this.ended) return this.file.error;
    this.ended = true;
    const folded = this.folded ?? this.written.folded;
    this.file.line({
      end: {
        t: Math.max(0, Math.round(this.now() - this.start * 1000) / 1000),
        exit: code,
        ...(REASONS.has(code) && { error: REASONS.get(code) }),
        ...(this.load && { load: { from: this.load[0] / 1000 - this.start, to: this.load[1] / 1000 - this.start } }),
        ...(this.thresholds.length && { thresholds: this.thresholds }),
        ledger: {
          ...this.ledger,
          ...(folded && { folded }),
          ...(this.gaveUp && { lost: { 'disk-full': this.gaveUp } }),
        },
      },
    });
    return this.file.flush();
  }

  // span notes when a report's first and last samples were taken: rates are by that, for periods begin and end elsewhere.
  span({ firstMetricAt: first, lastMetricAt: last }) {
    if (!(first > 0 && last >= first)) return;
    this.load = this.load ? [Math.min(this.load[0], first), Math.max(this.load[1], last)] : [first, last];
  }

  tell({ invalid, missing }) {
    if (invalid.length) this.note('value-invalid', `${invalid.slice(0, 5).join(', ')}: not a number`);
    if (missing) this.note('artillery-inconsistent', `Artillery counted ${missing} negative values and lost them when it merged its workers`);
  }

  // note writes a warning: once for its id, unless every one of them says something else.
  note(id, text, each = false) {
    if (this.told.has(id) && !each) return;
    this.told.add(id);
    this.file.line({ note: { t: this.last, id, text: text.slice(0, 1000) } });
  }
}

module.exports = { Run };
