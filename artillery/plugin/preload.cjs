'use strict';

// What Node runs before Artillery (NODE_OPTIONS=--require), for an Artillery that ltlab started. Threads inherit what
// this leaves in the environment, and so do programs that a test starts: they must not take it for their own, so the
// variables are taken away once they are read.

const { isMainThread } = require('node:worker_threads');

const EXIT_UNREACHABLE = 69;
const REACH_MS = 5000;
const END_MS = 30000; // how long Artillery may take to end after its ltlab is gone

if (isMainThread) {
  if (process.env.LTLAB_ENV_FILE) nameUser();
  readEnv(take('LTLAB_ENV_FILE'));
  reach(take('LTLAB_REACH'));
  watch(take('LTLAB_PARENT'));
}

function take(name) {
  const value = process.env[name];
  delete process.env[name];
  return value;
}

// nameUser gives the container's user a name where the image knows none by that number: Artillery asks for it.
function nameUser() {
  const os = require('node:os');
  const { userInfo } = os;
  os.userInfo = (options) => {
    try {
      return userInfo(options);
    } catch {
      return { uid: process.getuid(), gid: process.getgid(), username: 'ltlab', homedir: os.homedir(), shell: null };
    }
  };
  require('node:module').syncBuiltinESMExports();
}

// readEnv adds a file's variables to the environment: NAME=value, each ended by a zero byte.
function readEnv(path) {
  if (!path) return;
  let text;
  try {
    text = require('node:fs').readFileSync(path, 'utf8');
  } catch (err) {
    process.stderr.write(`ltlab: LTLAB_ENV_FILE: ${err.message}\n`);
    process.exit(1);
  }
  for (const variable of text.split('\0')) {
    const at = variable.indexOf('=');
    if (at > 0) process.env[variable.slice(0, at)] = variable.slice(at + 1);
  }
}

// watch ends Artillery, as Ctrl-C does, when the ltlab that started it is gone: it is a process by its pid, or holds
// standard input open.
function watch(parent) {
  if (!parent || parent === '0') return;
  if (parent === 'stdin') {
    for (const event of ['end', 'close', 'error']) process.stdin.once(event, interrupt);
    process.stdin.resume();
    process.stdin.unref?.();
    return;
  }
  const pid = Number(parent);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const child = process.ppid === pid; // a pid is used again, a parent is not
  setInterval(() => {
    if (child ? process.ppid !== pid : !alive(pid)) interrupt();
  }, 500).unref();
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (err) {
    return err.code === 'EPERM';
  }
}

let interrupted = false;

function interrupt() {
  if (interrupted) return;
  interrupted = true;
  setTimeout(() => process.exit(130), END_MS).unref();
  process.kill(process.pid, 'SIGINT');
}

// reach waits until an address takes a connection. Nothing of Artillery runs meanwhile: another thread connects.
function reach(address) {
  if (!address) return;
  const { Worker, MessageChannel, receiveMessageOnPort } = require('node:worker_threads');
  const { port1, port2 } = new MessageChannel();
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(`(${connect})(require('node:worker_threads').workerData)`, {
    eval: true,
    stdin: false,
    workerData: { address, ms: REACH_MS, flag, port: port2 },
    transferList: [port2],
  });
  worker.unref();
  Atomics.wait(flag, 0, 0, REACH_MS + 2000);
  const answer = receiveMessageOnPort(port1);
  port1.close();
  const why = answer ? answer.message : `no connection to ${address} within ${REACH_MS / 1000} s`;
  if (why === '') return;
  require('node:fs').writeSync(2, `ltlab: unreachable: ${why}\n`);
  process.exit(EXIT_UNREACHABLE);
}

// connect runs in the other thread. A target that is being started refuses at first, so it tries until the time is over.
function connect({ address, ms, flag, port }) {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  const until = Date.now() + ms;
  let why = `no connection to ${address} within ${ms / 1000} s`;
  const answer = (text) => {
    port.postMessage(text);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
    process.exit();
  };
  setTimeout(() => answer(why), ms);
  const attempt = () => {
    const socket = require('node:net').connect({ host, port: Number(address.slice(colon + 1)) });
    socket.on('connect', () => answer(''));
    socket.on('error', (err) => {
      why = err.message || err.code;
      if (Date.now() + 200 < until) setTimeout(attempt, 200);
      else answer(why);
    });
  };
  attempt();
}
