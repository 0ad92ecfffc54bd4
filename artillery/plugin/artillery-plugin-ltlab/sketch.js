'use strict';

// Artillery's accuracy. Its sketches number bins by ceil(log γ of the value), the record's library by floor: with the
// offset 1 the same number means the same bin.
const ACCURACY = 0.01;
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY);
const MAPPING = { kind: 'log', gamma: GAMMA, offset: 1 };
const LOG_GAMMA = Math.log(GAMMA);

// Sketch is a mergeable distribution. Its bins can be subtracted exactly, which the sketches of Artillery cannot.
class Sketch {
  constructor() {
    this.positive = new Map(); // number of the bin → values in it
    this.negative = new Map();
    this.zeros = 0;
    this.sum = 0;
    this.min = Infinity;
    this.max = -Infinity;
  }

  // of reads one of Artillery's sketches (DDSketch objects of @artilleryio/sketches-js).
  static of(dd) {
    const s = new Sketch();
    const same = Math.abs(dd.mapping.gamma - GAMMA) < 1e-9 && !dd.mapping._offset;
    readBins(dd.store, s.positive, same ? null : dd.mapping);
    readBins(dd.negativeStore, s.negative, same ? null : dd.mapping);
    s.zeros = count(dd.zeroCount);
    s.sum = finite(dd.sum);
    s.min = dd.min;
    s.max = dd.max;
    return s;
  }

  get n() {
    return total(this.negative) + this.zeros + total(this.positive);
  }

  add(other) {
    for (const [key, n] of other.positive) this.positive.set(key, (this.positive.get(key) || 0) + n);
    for (const [key, n] of other.negative) this.negative.set(key, (this.negative.get(key) || 0) + n);
    this.zeros += other.zeros;
    this.sum += other.sum;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
  }

  // without returns what this sketch has more than another one, how many values it has less, and how many of those are
  // negative. Which values were the smallest and the largest of the rest cannot be told: they lie within this sketch's.
  without(other) {
    const rest = new Sketch();
    const negative = subtract(this.negative, other.negative, rest.negative);
    const less = negative + subtract(this.positive, other.positive, rest.positive) + Math.max(0, other.zeros - this.zeros);
    rest.zeros = Math.max(0, this.zeros - other.zeros);
    rest.sum = this.sum - other.sum;
    rest.min = this.min;
    rest.max = this.max;
    return { rest, less, negative };
  }

  // bounds are the smallest and largest value; 0 and 0 when there is none that is a number.
  bounds() {
    return Number.isFinite(this.min) && Number.isFinite(this.max) ? [this.min, this.max] : [0, 0];
  }

  // reader returns a function that tells the value at rank ⌊q(n−1)⌋ of the sorted values: the definition of ADR 0007.
  reader() {
    const n = this.n;
    const [min, max] = this.bounds();
    const below = total(this.negative);
    const positive = sorted(this.positive);
    const negative = sorted(this.negative);
    return (q) => {
      const rank = Math.floor(q * (n - 1));
      if (n === 0) return NaN;
      if (rank <= 0) return min;
      if (rank >= n - 1) return max;
      let v = 0;
      if (rank < below) v = -valueAt(negative, below - 1 - rank);
      else if (rank >= below + this.zeros) v = valueAt(positive, rank - below - this.zeros);
      return Math.min(Math.max(v, min), max);
    };
  }
}

function readBins(store, into, foreign) {
  for (let i = 0; i < store.bins.length; i++) {
    const n = count(store.bins[i]);
    if (n === 0) continue;
    let key = i + store.offset;
    if (foreign) key = Math.ceil(Math.log(foreign.value(key)) / LOG_GAMMA); // of another accuracy than Artillery's today
    into.set(key, (into.get(key) || 0) + n);
  }
}

function subtract(from, what, into) {
  let less = 0;
  for (const [key, n] of from) {
    const rest = n - (what.get(key) || 0);
    if (rest > 0) into.set(key, rest);
  }
  for (const [key, n] of what) less += Math.max(0, n - (from.get(key) || 0));
  return less;
}

function valueAt(bins, rank) {
  let seen = 0;
  for (const [key, n] of bins) {
    seen += n;
    if (seen > rank) return GAMMA ** key * (2 / (1 + GAMMA));
  }
  return bins.length ? GAMMA ** bins[bins.length - 1][0] * (2 / (1 + GAMMA)) : 0;
}

function sorted(bins) {
  return [...bins].sort((a, b) => a[0] - b[0]);
}

function total(bins) {
  let n = 0;
  for (const v of bins.values()) n += v;
  return n;
}

function count(v) {
  return Number.isFinite(v) && v > 0 ? Math.round(v) : 0;
}

function finite(v) {
  return Number.isFinite(v) ? v : 0;
}

module.exports = { Sketch, MAPPING, sorted };
