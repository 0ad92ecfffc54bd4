'use strict';

const dgram = require('node:dgram');
const dns = require('node:dns');
const crypto = require('node:crypto');

const MAX_PACKET = 1400; // bytes: what every network carries whole
const MAX_VALUE = 300; // bytes of a tag's value, encoded
const BURST = 16; // packets at once; more would overflow a socket's buffer before a busy Telegraf reads it
const PAUSE = 5; // ms between bursts
const APART = 1000; // ms between periods: gauges of one interval of Telegraf's (0.2 s, more when it is busy) replace each other
const PATIENCE = 3000; // ms that the end waits for what is not sent yet
const QUANTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p999', 0.999],
];
const MAX_QUEUE = 64; // batches; there are more only when the address does not resolve for ten minutes

// StatsD sends buckets to Telegraf in packets of UDP, which nobody answers: what is lost is lost there only. Errors are
// counted and told once through `failed`; none is ever thrown.
class StatsD {
  constructor({ address, run, project, failed }) {
    const colon = address.lastIndexOf(':');
    this.host = address.slice(0, colon).replace(/^\[|\]$/g, '');
    this.port = Number(address.slice(colon + 1));
    this.tags = `${tag('run', run)}${tag('project', project)}`;
    this.heads = new Map(); // series → what its lines begin with
    this.queue = []; // batches of packets
    this.free = 0; // when the next period may be sent, in ms of performance.now()
    this.busy = false;
    this.waiting = []; // callbacks for when everything is sent
    this.errors = 0;
    this.failed = failed;
  }

  // period sends a period's buckets: counters add up over periods, whatever interval they fall into.
  period(buckets) {
    this.send([...this.counters(buckets), ...this.stats(buckets, 'period')], APART);
  }

  // end sends what no period had, and the run's own figures of each trend.
  end(unplaced, whole) {
    this.send([...this.counters(unplaced), ...this.stats(whole, 'run')], 0);
  }

  *counters(buckets) {
    for (const [series, b] of buckets.map) {
      const head = this.head(series);
      if (series.kind === 'counter') {
        yield counter(`${head},window=period`, b.sum);
      } else if (series.kind === 'rate') {
        yield counter(`${head},stat=count,window=period`, b.n);
        yield counter(`${head},stat=passes,window=period`, b.sum);
      }
    }
  }

  *stats(buckets, window) {
    for (const [series, b] of buckets.map) {
      const head = this.head(series);
      if (series.kind === 'gauge') yield* gauge(`${head},window=${window}`, b.last);
      if (series.kind !== 'trend' || b.n === 0) continue;
      const at = b.sketch.reader();
      for (const [name, q] of QUANTILES) yield* gauge(`${head},stat=${name},window=${window}`, at(q));
      const [min, max] = b.sketch.bounds();
      yield* gauge(`${head},stat=min,window=${window}`, min);
      yield* gauge(`${head},stat=max,window=${window}`, max);
      yield* gauge(`${head},stat=mean,window=${window}`, b.sketch.sum / b.n);
      yield* gauge(`${head},stat=count,window=${window}`, b.n);
    }
  }

  head(series) {
    let head = this.heads.get(series);
    if (head === undefined) {
      head = `artillery${tag('metric', series.metric)}`;
      for (const [key, value] of Object.entries(series.tags)) head += tag(key, value);
      head += this.tags;
      this.heads.set(series, head);
    }
    return head;
  }

  send(lines, apart) {
    const batch = packets(lines);
    if (batch.length === 0) return;
    this.queue.push({ batch, apart });
    if (this.queue.length > MAX_QUEUE) this.queue.shift();
    if (!this.busy) this.next();
  }

  // next sends the first batch; the name is looked up for each, for Telegraf may have come back elsewhere.
  next() {
    if (this.queue.length === 0) {
      this.busy = false;
      for (const done of this.waiting.splice(0)) done();
      return;
    }
    this.busy = true;
    const wait = this.queue[0].apart && this.free - performance.now();
    if (wait > 0) {
      setTimeout(() => this.next(), wait).unref();
      return;
    }
    const { batch, apart } = this.queue.shift();
    if (apart) this.free = performance.now() + apart;
    dns.lookup(this.host, (err, ip, family) => {
      if (err) return this.after(this.fail(err));
      try {
        this.socket(family);
        this.burst(batch, ip, 0);
      } catch (thrown) {
        this.after(this.fail(thrown));
      }
    });
  }

  socket(family) {
    if (this.udp && this.family === family) return;
    if (this.udp) this.udp.close();
    this.family = family;
    this.udp = dgram.createSocket(family === 6 ? 'udp6' : 'udp4');
    this.udp.on('error', (err) => this.fail(err));
    this.udp.unref();
  }

  burst(batch, ip, from) {
    const part = batch.slice(from, from + BURST);
    let left = part.length;
    const sent = (err) => {
      if (err) this.fail(err);
      if (--left > 0) return;
      if (from + BURST >= batch.length) this.after();
      else setTimeout(() => this.guarded(() => this.burst(batch, ip, from + BURST)), PAUSE).unref();
    };
    for (const packet of part) this.udp.send(packet, this.port, ip, sent);
  }

  after() {
    setTimeout(() => this.next(), 0).unref();
  }

  guarded(what) {
    try {
      what();
    } catch (err) {
      this.after(this.fail(err));
    }
  }

  fail(err) {
    if (++this.errors === 1) this.failed(err);
  }

  // close calls back when everything is sent, or after three seconds.
  close(done) {
    let called = false;
    const once = () => {
      if (called) return;
      called = true;
      done();
    };
    setTimeout(once, PATIENCE);
    if (!this.busy && this.queue.length === 0) once();
    else this.waiting.push(once);
  }
}

// counter is a line that adds up. Telegraf's counters are whole numbers; its gauges with a sign add up fractions too.
function counter(name, v) {
  if (Number.isSafeInteger(v)) return `${name}:${v}|c`;
  return `${name}:${v < 0 ? '' : '+'}${v}|g`;
}

// gauge is a line that sets a value; a negative one would be subtracted, unless 0 was set before.
function* gauge(name, v) {
  if (v < 0) yield `${name}:0|g\n${name}:${v}|g`;
  else yield `${name}:${v}|g`;
}

function packets(lines) {
  const out = [];
  let packet = '';
  for (const line of lines) {
    if (packet !== '' && packet.length + line.length + 1 > MAX_PACKET) {
      out.push(Buffer.from(packet));
      packet = '';
    }
    packet += packet === '' ? line : `\n${line}`;
  }
  if (packet !== '') out.push(Buffer.from(packet));
  return out;
}

// tag writes a tag of a line; an empty one is none. Nothing but ASCII letters, digits and "_.-%" comes out.
function tag(key, value) {
  if (!value) return '';
  let text = encodeURIComponent(String(value).toWellFormed()).replace(/[!~*'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  if (text.length > MAX_VALUE) {
    const hash = crypto.createHash('sha256').update(text).digest('hex').slice(0, 16);
    text = `${text.slice(0, MAX_VALUE - 17).replace(/%.?$/, '')}.${hash}`;
  }
  return `,${key}=${text}`;
}

module.exports = { StatsD };
