/*
 * ramp: where does it begin to bend?
 *
 * Purpose   Raise the load slowly and see at how many users answers become slow or fail.
 * Pattern   1 to VUS users (100) over 70 % of DURATION (60s), all of them for 20 %, back to 1 for the rest. Each user looks
 *           around, waits for something slow and reads what came: about one request a second.
 * Look for  Requests a second should grow as the users do. Where the curve flattens while latency (p95) rises is the knee;
 *           where failures begin is the limit. If the asked and the delivered load part, k6's own machine may be the limit.
 */
import http from 'k6/http';
import { check, sleep } from 'k6';

const base = (__ENV.BASE_URL || 'http://127.0.0.1:5081').replace(/\/+$/, '');
const vus = Number(__ENV.VUS || 100);
const duration = seconds(__ENV.DURATION || '60s');

export const options = {
  scenarios: {
    ramp: {
      executor: 'ramping-vus',
      startVUs: 1,
      stages: [
        { duration: share(0.7), target: vus },
        { duration: share(0.2), target: vus },
        { duration: share(0.1), target: 1 },
      ],
      gracefulRampDown: '5s',
      gracefulStop: '5s',
    },
  },
  thresholds: {
    checks: ['rate>0.99'],
    http_req_failed: ['rate<0.01'],
    'http_req_duration{name:GET /fast}': ['p(95)<500'],
    'http_req_duration{name:GET /slow}': ['p(95)<1000'],
  },
};

// share is a part of the whole duration, as k6 wants it.
function share(part) {
  return `${Math.round(duration * part * 1000)}ms`;
}

// seconds reads a duration like 90s, 1m30s or 500ms.
function seconds(text) {
  const units = { ms: 0.001, s: 1, m: 60, h: 3600 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.map((p) => p[0]).join('') !== text) {
    throw new Error(`DURATION is "${text}", want something like 60s or 1m30s`);
  }
  return parts.reduce((sum, [, n, unit]) => sum + Number(n) * units[unit], 0);
}

const named = (name) => ({ tags: { name } });

const think = () => sleep(0.5 + Math.random());

export default function () {
  const fast = http.get(`${base}/fast`, named('GET /fast'));
  check(fast, { 'fast answers 200': (r) => r.status === 200 });
  think();

  const slow = http.get(`${base}/slow?ms=100&jitter=50`, named('GET /slow'));
  check(slow, { 'slow answers 200': (r) => r.status === 200 });
  think();

  const users = http.get(`${base}/users?page=${1 + Math.floor(Math.random() * 5)}&limit=10`, named('GET /users'));
  check(users, { 'users are listed': (r) => r.status === 200 && r.json('users').length > 0 });
  think();
}
