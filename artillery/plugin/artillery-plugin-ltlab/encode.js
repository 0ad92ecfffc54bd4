'use strict';

const { sorted } = require('./sketch.js');

// The parts of a sketch as github.com/DataDog/sketches-go writes them, without the mapping: a flag, then its content.
const ZEROS = 0b000001_00; // sketch features: the count of zeros
const POSITIVE = 0b000001_01; // bins as differences of their numbers, and counts
const NEGATIVE = 0b000001_11;

// encode returns a sketch in base64 without padding.
function encode(sketch) {
  const out = [];
  if (sketch.zeros > 0) out.push(ZEROS, ...varfloat(sketch.zeros));
  bins(out, POSITIVE, sketch.positive);
  bins(out, NEGATIVE, sketch.negative);
  return Buffer.from(out).toString('base64').replace(/=+$/, '');
}

function bins(out, flag, map) {
  if (map.size === 0) return;
  out.push(flag);
  uvarint(out, map.size);
  let last = 0;
  for (const [key, n] of sorted(map)) {
    varint(out, key - last);
    out.push(...varfloat(n));
    last = key;
  }
}

// uvarint appends a number below 2^31, 7 bits a byte, the lowest first.
function uvarint(out, v) {
  for (; v >= 0x80; v >>>= 7) out.push((v & 0x7f) | 0x80);
  out.push(v);
}

function varint(out, v) {
  uvarint(out, ((v << 1) ^ (v >> 31)) >>> 0);
}

const floats = new Map(); // counts repeat, and BigInt is slow
const view = new DataView(new ArrayBuffer(8));

// varfloat is the library's form of a count: the bits of v+1 less those of 1, rotated left by 6, 7 bits a byte, the
// highest first.
function varfloat(v) {
  const known = floats.get(v);
  if (known) return known;
  let x = BigInt.asUintN(64, bits(v + 1) - bits(1));
  x = BigInt.asUintN(64, (x << 6n) | (x >> 58n));
  const out = [];
  while (out.length < 8) {
    const seven = Number(x >> 57n);
    x = BigInt.asUintN(64, x << 7n);
    if (x === 0n) {
      out.push(seven);
      return keep(v, out);
    }
    out.push(seven | 0x80);
  }
  out.push(Number(x >> 56n));
  return keep(v, out);
}

function keep(v, out) {
  if (floats.size < 4096) floats.set(v, out);
  return out;
}

function bits(v) {
  view.setFloat64(0, v);
  return view.getBigUint64(0);
}

module.exports = { encode };
