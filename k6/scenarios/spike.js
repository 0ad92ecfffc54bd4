/*
 * spike: what happens when everybody comes at once?
 *
 * Purpose   Hit a quiet service with a sudden crowd and see whether it holds, and how fast it recovers.
 * Pattern   VUS/10 users, then within 5 % of DURATION (40s) VUS users (50) who stay for 25 %, then as few again. Half of
 *           them only look, some queue a job.
 * Look for  During the spike: failures (503 says that the job queue is full and refuses in an orderly way) and the height of
 *           p99. After it: latency must come back to what it was before. If it does not, something is still piled up.
 */
import http from 'k6/http';
import { check, sleep } from 'k6';

const base = (__ENV.BASE_URL || 'http://127.0.0.1:5081').replace(/\/+$/, '');
const crowd = Number(__ENV.VUS || 50);
const few = Math.max(1, Math.round(crowd / 10));
const duration = seconds(__ENV.DURATION || '40s');

export const options = {
  scenarios: {
    spike: {
      executor: 'ramping-vus',
      startVUs: few,
      stages: [
        { duration: share(0.3), target: few },
        { duration: share(0.05), target: crowd },
        { duration: share(0.25), target: crowd },
        { duration: share(0.05), target: few },
        { duration: share(0.35), target: few },
      ],
      gracefulRampDown: '5s',
      gracefulStop: '5s',
    },
  },
  thresholds: {
    checks: ['rate>0.95'],
    http_req_failed: ['rate<0.05'],
    'http_req_duration{name:GET /fast}': ['p(95)<500'],
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

const named = (name, more) => ({ tags: { name }, ...more });

const think = () => sleep(0.3 + Math.random() * 0.7);

export default function () {
  const fast = http.get(`${base}/fast`, named('GET /fast'));
  check(fast, { 'fast answers 200': (r) => r.status === 200 });
  think();

  if (Math.random() < 0.5) {
    const users = http.get(`${base}/users?limit=20`, named('GET /users'));
    check(users, { 'users are listed': (r) => r.status === 200 });
  } else if (Math.random() < 0.5) {
    const slow = http.get(`${base}/slow?ms=80&jitter=40`, named('GET /slow'));
    check(slow, { 'slow answers 200': (r) => r.status === 200 });
  } else {
    const headers = { 'Content-Type': 'application/json' };
    const job = http.post(`${base}/jobs`, JSON.stringify({ kind: 'io', ms: 50 }), named('POST /jobs', { headers }));
    check(job, { 'a job is queued': (r) => r.status === 202 });
  }
  think();
}
