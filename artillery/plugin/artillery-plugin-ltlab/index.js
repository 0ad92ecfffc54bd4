'use strict';

// The plugin of ltlab: each period that Artillery reports goes into the run's record (LTLAB_RECORD) and, as StatsD, to
// Telegraf (LTLAB_STATSD). It works in the main thread only, twice in ten seconds, and whatever goes wrong in it is told
// in the record and on stderr: a test never breaks because of it.

const { RecordFile } = require('./record.js');
const { StatsD } = require('./statsd.js');
const { Run } = require('./run.js');

class Plugin {
  constructor(script, events) {
    const env = process.env;
    if (env.LOCAL_WORKER_ID !== undefined) return; // a thread that makes load
    if (!env.LTLAB_RECORD) {
      say('LTLAB_RECORD is not set, so nothing is recorded');
      return;
    }
    this.guard(() => this.begin(script, events, env));
  }

  begin(script, events, env) {
    const file = new RecordFile(env.LTLAB_RECORD);
    const err = file.flush();
    if (err && (err.code === 'EEXIST' || err.code === 'ENOENT')) {
      say(`nothing is recorded: ${err.message}`);
      return;
    }
    if (env.LTLAB_STATSD) {
      this.statsd = new StatsD({
        address: env.LTLAB_STATSD,
        run: env.LTLAB_RUN,
        project: env.LTLAB_PROJECT,
        failed: (e) => this.run.note('statsd-failed', `StatsD to ${env.LTLAB_STATSD}: ${e.message}`),
      });
    }
    this.run = new Run({
      file,
      statsd: this.statsd,
      id: env.LTLAB_RUN || '',
      project: env.LTLAB_PROJECT,
      version: global.artillery.version,
      namespace: script?.config?.plugins?.['metrics-by-endpoint']?.metricsNamespace,
    });
    file.flush();
    events.on('phaseStarted', (phase) => this.guard(() => this.run.phase(phase)));
    events.on('stats', (report) => this.guard(() => this.run.period(report)));
    events.on('done', (report) => this.guard(() => this.run.done(report)));
    global.artillery.globalEvents.on('checks', (list) => this.guard(() => this.run.checks(list)));
    process.on('exit', (code) => this.guard(() => this.end(code)));
  }

  end(code) {
    const err = this.run.end(code);
    if (err) say(`the record is not complete: ${err.message}`);
  }

  // cleanup is what Artillery calls before it ends.
  cleanup(done) {
    if (this.statsd) this.statsd.close(() => done());
    else done();
  }

  guard(what) {
    try {
      what();
    } catch (err) {
      if (this.failed) return;
      this.failed = true;
      say(`the plugin failed: ${err.stack}`);
      this.run?.note('plugin-failed', String(err.message));
    }
  }
}

function say(text) {
  try {
    process.stderr.write(`ltlab: ${text}\n`);
  } catch {
    // nobody reads stderr
  }
}

module.exports = { Plugin, LEGACY_METRICS_FORMAT: false };
