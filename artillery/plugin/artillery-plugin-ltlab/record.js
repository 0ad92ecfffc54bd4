'use strict';

const fs = require('node:fs');

// MAX_PENDING is how much is held while the disk refuses, before whole periods are given up. Declarations and notes are
// few, and never given up.
const MAX_PENDING = 16 << 20;

// RecordFile appends lines to tool.ndjson. What the file cannot take (a full disk) is kept and tried again on the next
// flush from the very byte where the file ended, so it is valid up to its last complete line at any time.
class RecordFile {
  constructor(path) {
    this.path = path;
    this.fd = null;
    this.lines = [];
    this.rest = null; // bytes that a write left
    this.pending = 0; // bytes in lines and rest
    this.error = null; // of the last flush
  }

  // line queues one line: an object with one key, its kind.
  line(object) {
    this.queue(JSON.stringify(object));
  }

  // period queues the buckets of a period, or of none. false: there is no room, and it is given up.
  period(t, buckets, unplaced) {
    const text = `{"second":{"t":${t},${unplaced ? '"unplaced":true,' : ''}"b":${JSON.stringify(buckets)}}}`;
    if (this.error !== null && this.pending + text.length > MAX_PENDING) return false;
    this.queue(text);
    return true;
  }

  queue(text) {
    this.lines.push(text);
    this.pending += Buffer.byteLength(text) + 1;
  }

  // flush writes what is queued, and returns the error that keeps some of it here, or null.
  flush() {
    try {
      if (this.fd === null) this.fd = fs.openSync(this.path, this.mode(), 0o600);
      if (this.lines.length) {
        const fresh = Buffer.from(`${this.lines.join('\n')}\n`);
        this.rest = this.rest === null ? fresh : Buffer.concat([this.rest, fresh]);
        this.lines = [];
      }
      while (this.rest !== null) {
        const n = fs.writeSync(this.fd, this.rest);
        this.rest = n < this.rest.length ? this.rest.subarray(n) : null;
      }
      this.error = null;
    } catch (err) {
      this.error = err;
    }
    this.pending = this.rest === null ? 0 : this.rest.length;
    for (const text of this.lines) this.pending += Buffer.byteLength(text) + 1;
    return this.error;
  }

  // Two runs never share a record; a device (as /dev/full in tests) may exist.
  mode() {
    const at = fs.statSync(this.path, { throwIfNoEntry: false });
    return at && !at.isFile() ? 'a' : 'ax';
  }
}

module.exports = { RecordFile };
