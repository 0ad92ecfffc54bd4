'use strict';

// Plan is how many virtual users the script's phases ask for. It learns of a phase when Artillery starts it.
class Plan {
  constructor() {
    this.phases = new Map(); // index → {start, end: ms of wall time, arrivals(from, to): seconds within the phase → number}
  }

  // started takes a phase of config.phases with its index and startTime.
  started(phase) {
    const duration = seconds(phase.pause ?? phase.duration);
    const arrivals = arrivalsOf(phase, duration);
    if (arrivals === null || !Number.isFinite(phase.startTime)) return;
    this.phases.set(phase.index, { start: phase.startTime, end: phase.startTime + duration * 1000, arrivals });
  }

  // rate is the mean of arrivals a second asked for in [from, to), in ms of wall time; null before any phase is known.
  rate(from, to) {
    let known = false;
    let n = 0;
    for (const p of this.phases.values()) {
      if (p.start >= to) continue;
      known = true;
      const first = Math.max(from, p.start);
      const last = Math.min(to, p.end);
      if (last > first) n += p.arrivals((first - p.start) / 1000, (last - p.start) / 1000);
    }
    return known ? (n * 1000) / (to - from) : null;
  }
}

// arrivalsOf follows Artillery's order of precedence (createPause and the others in its lib/core/phases.ts). maxVusers
// holds back what is asked for, so it is not part of it. null: not to be understood.
function arrivalsOf(phase, duration) {
  if (phase.pause !== undefined) return Number.isFinite(duration) ? () => 0 : null;
  const count = number(phase.arrivalCount);
  const ramp = number(phase.rampTo);
  const rate = ramp === undefined ? number(phase.arrivalRate) : (number(phase.arrivalRate) ?? 0);
  if (!Number.isFinite(duration) || duration <= 0) return null;
  if (count !== undefined) return Number.isFinite(count) ? (a, b) => (count * (b - a)) / duration : null;
  if (ramp !== undefined) return Number.isFinite(ramp + rate) ? (a, b) => ramped(rate, ramp, duration, a, b) : null;
  return Number.isFinite(rate) ? (a, b) => rate * (b - a) : null;
}

// ramped adds up a ramp's seconds: each asks for a whole number of users, as Artillery rounds them.
function ramped(rate, to, duration, a, b) {
  let n = 0;
  for (let i = Math.floor(a); i < b; i++) {
    const within = Math.min(b, i + 1) - Math.max(a, i);
    const each = duration === 1 ? (rate + to) / 2 : rate + ((to - rate) / (duration - 1)) * i;
    n += Math.max(0, Math.round(each)) * within;
  }
  return n;
}

function number(v) {
  return v === undefined ? undefined : Number(v);
}

const UNITS = [
  [/^(ms|msecs?|milliseconds?)$/, 0.001],
  [/^(s|secs?|seconds?)$/, 1],
  [/^(m|mins?|minutes?)$/, 60],
  [/^(h|hrs?|hours?)$/, 3600],
  [/^(d|days?)$/, 86400],
  [/^(w|weeks?)$/, 604800],
];

// seconds reads a phase's duration: a number of seconds, or a text such as "90", "30s", "5 min". NaN: not to be understood.
function seconds(v) {
  if (typeof v === 'number') return v;
  const [, digits, unit] = /^\s*(\d*\.?\d+)\s*([a-z]*)\s*$/i.exec(String(v)) || [];
  if (digits === undefined) return NaN;
  if (unit === '') return Number(digits);
  const [, factor] = UNITS.find(([name]) => name.test(unit.toLowerCase())) || [];
  return Number(digits) * (factor ?? NaN);
}

module.exports = { Plan };
