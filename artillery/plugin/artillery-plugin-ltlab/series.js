'use strict';

const crypto = require('node:crypto');
const { counterNames, histogramNames, RESERVED } = require('./names.js');

const OTHER = '(other)';
const MAX_SERIES = 5000;
const MAX_TAG_VALUES = 500; // of one key
const MAX_BYTES = 1024; // of a name or a tag's value

const ACTIVE = { metric: 'vusers.active', kind: 'gauge', unit: '', tags: {} };

// Series numbers metrics and series, declares them through `declare` before their first use, and keeps them few: above
// the bounds tags' values become "(other)", and `warn` says so once for each kind of folding.
class Series {
  constructor({ namespace, declare, warn }) {
    this.counterOf = counterNames(namespace);
    this.histogramOf = histogramNames(namespace);
    this.declare = declare;
    this.warn = warn;
    this.known = new Map(); // Artillery's name → entry; folded ones are looked up again, for they have no bound
    this.kinds = new Map(RESERVED); // metric → kind
    this.metrics = new Map(); // metric → its number
    this.values = new Map(); // tag's key → its values
    this.all = new Map(); // text of metric and tags → series
    this.told = new Set();
  }

  // counter and histogram return {series, folded, part} for a name of Artillery's, or null where it is not recorded.
  counter(name) {
    return this.lookup(`c${name}`, name, this.counterOf);
  }

  histogram(name) {
    return this.lookup(`h${name}`, name, this.histogramOf);
  }

  active() {
    return this.lookup('g', '', () => ACTIVE);
  }

  lookup(key, name, translate) {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const t = translate(name);
    if (t === null) return null;
    const entry = this.find(t);
    if (!entry.folded) this.known.set(key, entry);
    return entry;
  }

  find(t) {
    let metric = shorten(t.metric || '(empty)');
    while ((this.kinds.get(metric) || t.kind) !== t.kind) metric += `.${t.kind}`;
    let { tags, folded } = this.fold(t.tags);
    let key = JSON.stringify([metric, tags]);
    if (!this.all.has(key) && this.all.size >= MAX_SERIES) {
      this.tell('series', `the run has ${MAX_SERIES} series: of new ones all tags are recorded as "${OTHER}"`);
      folded = true;
      tags = Object.fromEntries(Object.keys(tags).map((k) => [k, OTHER]));
      if (!this.metrics.has(metric)) metric = `${OTHER}.${t.kind}`;
      key = JSON.stringify([metric, tags]);
    }
    let series = this.all.get(key);
    if (!series) {
      series = this.add(metric, t, tags);
      this.all.set(key, series);
    }
    return { series, folded, part: t.part };
  }

  fold(all) {
    const tags = {};
    let folded = false;
    for (const key of Object.keys(all)) {
      let value = shorten(all[key]);
      if (value === '') continue; // as good as none
      let seen = this.values.get(key);
      if (!seen) this.values.set(key, (seen = new Set()));
      if (!seen.has(value) && seen.size >= MAX_TAG_VALUES) {
        this.tell(key, `tag "${key}" has more than ${MAX_TAG_VALUES} values: further ones are recorded as "${OTHER}"`);
        value = OTHER;
        folded = true;
      } else {
        seen.add(value);
      }
      tags[key] = value;
    }
    return { tags, folded };
  }

  add(metric, { kind, unit }, tags) {
    let number = this.metrics.get(metric);
    if (number === undefined) {
      number = this.metrics.size;
      this.metrics.set(metric, number);
      this.kinds.set(metric, kind);
      this.declare({ metric: { id: number, name: metric, kind, ...(unit && { unit }) } });
    }
    const series = { id: this.all.size, metric, kind, unit, tags };
    this.declare({ series: { id: series.id, metric: number, ...(Object.keys(tags).length && { tags }) } });
    return series;
  }

  tell(kind, text) {
    if (this.told.has(kind)) return;
    this.told.add(kind);
    this.warn(text);
  }
}

// shorten makes a text valid Unicode of at most MAX_BYTES; a hash keeps long ones distinct.
function shorten(text) {
  const s = String(text).toWellFormed();
  if (Buffer.byteLength(s) <= MAX_BYTES) return s;
  const hash = crypto.createHash('sha256').update(s).digest('hex').slice(0, 16);
  const head = Buffer.from(s).subarray(0, MAX_BYTES - 17).toString().replace(/\ufffd+$/, '');
  return `${head}~${hash}`;
}

module.exports = { Series };
