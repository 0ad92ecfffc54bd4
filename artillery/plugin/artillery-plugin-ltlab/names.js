'use strict';

// What Artillery calls its metrics, and what the record calls them. A name of Artillery's carries its tags inside; here
// they become tags. A translation is {metric, kind, unit, tags, part}: part says which half of a rate a counter is.

const ENDPOINT = 'plugins.metrics-by-endpoint'; // unless the script names another namespace
const EXPECT = 'plugins.expect.';

// Metrics whose kind is the record's own; a script's metric with one of these names is told apart by its kind.
const RESERVED = new Map([
  ['vusers.active', 'gauge'],
  ['checks', 'rate'],
  ['http.codes', 'counter'],
  ['errors', 'counter'],
  ['vusers.created_by_name', 'counter'],
  ['endpoint.codes', 'counter'],
  ['endpoint.errors', 'counter'],
  ['endpoint.response_time', 'trend'],
  ['endpoint.server_timing', 'trend'],
  ['http.response_time.class', 'trend'],
]);

const MILLISECONDS = new Set([
  'http.response_time',
  'http.dns',
  'http.tcp',
  'http.tls',
  'http.total',
  'vusers.session_length',
  'websocket.response_time',
  'socketio.response_time',
]);

// counterNames returns a function from a counter's name to its translation, or null for sums of others.
function counterNames(namespace) {
  const endpoint = `${namespace || ENDPOINT}.`;
  return (name) => {
    if (name === 'http.downloaded_bytes') return counter(name, {}, 'bytes');
    let rest = after(name, 'http.codes.');
    if (rest !== null) return counter('http.codes', { status: rest });
    rest = after(name, 'errors.');
    if (rest !== null) return counter('errors', { error: rest });
    rest = after(name, 'vusers.created_by_name.');
    if (rest !== null) return counter('vusers.created_by_name', { scenario: rest });
    rest = after(name, EXPECT);
    if (rest !== null) return expectation(name, rest);
    rest = after(name, endpoint);
    if (rest !== null) return ofEndpoint(name, rest);
    return counter(name, {});
  };
}

function expectation(name, rest) {
  const [, part, type] = /^(ok|failed)(?:\.(.*))?$/s.exec(rest) || [];
  if (!part) return counter(name, {});
  if (type === undefined) return null; // the sum over all types
  return { metric: 'checks', kind: 'rate', unit: '', tags: { check: `expect ${type}` }, part };
}

// An endpoint's name may hold anything, so the last ".codes." or ".errors." ends it.
function ofEndpoint(name, rest) {
  let m = /^(.*)\.codes\.(\d+)$/s.exec(rest);
  if (m) return counter('endpoint.codes', { name: m[1], status: m[2] });
  m = /^(.*)\.errors\.(.*)$/s.exec(rest);
  if (m) return counter('endpoint.errors', { name: m[1], error: m[2] });
  return counter(name, {});
}

// histogramNames returns a function from a histogram's name to its translation.
function histogramNames(namespace) {
  const endpoint = `${namespace || ENDPOINT}.`;
  return (name) => {
    const rest = after(name, endpoint);
    if (rest !== null) {
      const time = after(rest, 'response_time.');
      if (time !== null) return trend('endpoint.response_time', { name: time }, 'ms');
      const server = after(rest, 'server-timing.');
      if (server !== null) return trend('endpoint.server_timing', { name: server }, 'ms');
    }
    const m = /^http\.response_time\.(\dxx)$/.exec(name);
    if (m) return trend('http.response_time.class', { class: m[1] }, 'ms');
    return trend(name, {}, MILLISECONDS.has(name) ? 'ms' : '');
  };
}

function after(name, prefix) {
  return name.startsWith(prefix) ? name.slice(prefix.length) : null;
}

function counter(metric, tags, unit = '') {
  return { metric, kind: 'counter', unit, tags };
}

function trend(metric, tags, unit) {
  return { metric, kind: 'trend', unit, tags };
}

module.exports = { counterNames, histogramNames, RESERVED };
