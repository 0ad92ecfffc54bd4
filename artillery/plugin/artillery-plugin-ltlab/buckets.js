'use strict';

const { Sketch } = require('./sketch.js');
const { encode } = require('./encode.js');

// Buckets are what series did in one period, or in a whole run: series → bucket. A counter's bucket is {n, sum, whole},
// a rate's {n, sum} with the passes as its sum, a gauge's {n, last}, a trend's {n, sketch}. n counts samples: a counter's
// are its value, or 1 a bucket where that cannot be counted (bytes, fractions, negative values); whole says which.
class Buckets {
  constructor() {
    this.map = new Map();
    this.folded = 0; // samples under "(other)"
    this.invalid = []; // names whose values are no numbers
    this.missing = 0; // values that Artillery counted and does not have: it forgets negative ones when it merges
  }

  // of adds up one of Artillery's reports: {counters: {name: value}, histograms: {name: DDSketch}}.
  static of(report, series) {
    const b = new Buckets();
    for (const [name, value] of Object.entries(report.counters || {})) {
      const found = series.counter(name);
      if (found === null) continue;
      if (typeof value !== 'number' || !Number.isFinite(value)) b.invalid.push(name);
      else b.count(found, value);
    }
    for (const [name, dd] of Object.entries(report.histograms || {})) {
      const found = series.histogram(name);
      const sketch = Sketch.of(dd);
      const n = sketch.n;
      b.missing += Math.max(0, dd.count - n) || 0;
      if (found.folded) b.folded += n;
      b.add(found.series, { n, sketch });
    }
    return b;
  }

  count({ series, folded, part }, value) {
    const whole = series.unit !== 'bytes' && Number.isSafeInteger(value) && value >= 0;
    const n = whole ? value : 1;
    if (folded) this.folded += n;
    if (part === undefined) this.add(series, { n, sum: value, whole });
    else this.add(series, { n: whole ? value : 0, sum: whole && part === 'ok' ? value : 0 });
  }

  add(series, bucket) {
    const have = this.map.get(series);
    if (!have) {
      this.map.set(series, bucket);
      return;
    }
    have.n += bucket.n;
    if (series.kind === 'trend') {
      have.sketch.add(bucket.sketch);
    } else if (series.kind === 'gauge') {
      have.last = bucket.last;
    } else {
      have.sum += bucket.sum;
      have.whole &&= bucket.whole;
    }
  }

  // addAll adds other buckets, whose sketches stay their own.
  addAll(other) {
    for (const [series, b] of other.map) {
      if (series.kind === 'gauge') continue;
      const copy = { ...b };
      if (b.sketch && !this.map.has(series)) {
        copy.sketch = new Sketch();
        copy.sketch.add(b.sketch);
      }
      this.add(series, copy);
    }
    this.folded += other.folded;
  }

  // without tells what these buckets of a whole run have and others, of its periods, have not: rest. less is how many
  // samples the periods have more, negative how many of those are negative values, emitted how many samples there are.
  without(others) {
    const rest = new Buckets();
    let less = 0;
    let negative = 0;
    let emitted = 0;
    for (const [series, b] of this.map) {
      const have = others.map.get(series);
      const d = have ? difference(series, b, have) : { rest: b, less: 0, emitted: b.n };
      if (d.rest.n > 0) rest.map.set(series, d.rest);
      less += d.less;
      negative += d.negative || 0;
      emitted += d.emitted;
    }
    for (const [series, b] of others.map) {
      if (!this.map.has(series)) less += b.n;
    }
    return { rest, less, negative, emitted };
  }

  get n() {
    let n = 0;
    for (const [series, b] of this.map) if (series.kind !== 'gauge') n += b.n;
    return n;
  }

  sumOf(metric) {
    for (const [series, b] of this.map) if (series.metric === metric && series.kind === 'counter') return b.sum;
    return 0;
  }

  // lines are the arrays that stand for buckets in the record.
  lines() {
    const out = [];
    for (const [{ id, kind }, b] of this.map) {
      if (kind === 'gauge') {
        out.push([id, b.n, b.last, b.last, b.last]);
      } else if (kind === 'trend') {
        out.push([id, b.n, digits(b.sketch.sum), ...b.sketch.bounds(), encode(b.sketch)]);
      } else {
        out.push([id, b.n, digits(b.sum)]);
      }
    }
    return out;
  }
}

function difference(series, b, have) {
  if (series.kind === 'trend') {
    // Artillery forgets negative values when it merges sketches: the periods have them all the same.
    const { rest, less, negative } = b.sketch.without(have.sketch);
    return { rest: { n: rest.n, sketch: rest }, less, negative, emitted: b.n + negative };
  }
  const sum = b.sum - have.sum;
  if (series.kind === 'rate' || (b.whole && have.whole)) {
    const n = b.n - have.n;
    const rest = { n: Math.max(0, n), sum: Math.min(Math.max(0, sum), Math.max(0, n)), whole: true };
    if (series.kind === 'counter') rest.sum = rest.n;
    return { rest, less: Math.max(0, -n), emitted: b.n };
  }
  const none = Math.abs(sum) <= 1e-9 * Math.max(Math.abs(b.sum), Math.abs(have.sum));
  return { rest: { n: none ? 0 : 1, sum, whole: false }, less: 0, emitted: have.n + (none ? 0 : 1) };
}

// digits keeps 15 of a sum's: the last two of 17 are the rounding of additions.
function digits(v) {
  return Number.isInteger(v) ? v : Number(v.toPrecision(15));
}

module.exports = { Buckets };
