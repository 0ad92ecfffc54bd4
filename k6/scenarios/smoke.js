/*
 * smoke: does everything work at all?
 *
 * Purpose   Walk through every kind of request once an iteration, before any real load is worth its time.
 * Pattern   VUS users (3) at a constant number for DURATION (20s), with pauses as people make them.
 * Look for  All checks pass and no request fails. A failure here is a bug or a wrong BASE_URL, not a lack of capacity.
 *           /error is asked for none; raise its rate to see what failures look like on the board.
 */
import http from 'k6/http';
import { check, sleep } from 'k6';

const base = (__ENV.BASE_URL || 'http://127.0.0.1:5081').replace(/\/+$/, '');

export const options = {
  scenarios: {
    smoke: {
      executor: 'constant-vus',
      vus: Number(__ENV.VUS || 3),
      duration: __ENV.DURATION || '20s',
      gracefulStop: '5s',
    },
  },
  thresholds: {
    checks: ['rate>0.99'],
    http_req_failed: ['rate<0.01'],
    'http_req_duration{name:GET /fast}': ['p(95)<500'],
  },
};

const json = { 'Content-Type': 'application/json' };

// Requests to the same route share a name, whatever their parameters: one name is one line on the board.
const named = (name, more) => ({ tags: { name }, ...more });

const pause = (from, to) => sleep(from + Math.random() * (to - from));

export default function () {
  const health = http.get(`${base}/health`, named('GET /health'));
  check(health, { 'health answers 200': (r) => r.status === 200 });

  const fast = http.get(`${base}/fast`, named('GET /fast'));
  check(fast, { 'fast answers 200': (r) => r.status === 200 });
  pause(0.1, 0.4);

  const slow = http.get(`${base}/slow?ms=100`, named('GET /slow'));
  check(slow, {
    'slow answers 200': (r) => r.status === 200,
    'slow takes the time it was told to': (r) => r.timings.duration >= 95,
  });

  const error = http.get(`${base}/error?rate=0`, named('GET /error'));
  check(error, { 'error answers 200 when told to': (r) => r.status === 200 });
  pause(0.1, 0.4);

  users();
  pause(0.1, 0.4);
  jobs();
  pause(0.2, 0.6);
}

function users() {
  const list = http.get(`${base}/users?limit=10`, named('GET /users'));
  check(list, { 'users are listed': (r) => r.status === 200 && r.json('users').length === 10 });

  const body = JSON.stringify({ name: `Smoke ${__VU}-${__ITER}`, email: `smoke.${__VU}.${__ITER}@example.com` });
  const made = http.post(`${base}/users`, body, named('POST /users', { headers: json }));
  if (!check(made, { 'a user is created': (r) => r.status === 201 })) {
    return;
  }
  const user = `${base}/users/${made.json('id')}`;
  const read = http.get(user, named('GET /users/{id}'));
  check(read, { 'the user can be read': (r) => r.status === 200 && r.json('id') === made.json('id') });
  const gone = http.del(user, null, named('DELETE /users/{id}'));
  check(gone, { 'the user is deleted': (r) => r.status === 204 });
}

function jobs() {
  const body = JSON.stringify({ kind: 'io', ms: 50 });
  const queued = http.post(`${base}/jobs`, body, named('POST /jobs', { headers: json }));
  if (!check(queued, { 'a job is queued': (r) => r.status === 202 })) {
    return;
  }
  let state = '';
  for (let i = 0; i < 10 && state !== 'done'; i++) {
    sleep(0.1);
    state = http.get(`${base}/jobs/${queued.json('id')}`, named('GET /jobs/{id}')).json('state');
  }
  check(state, { 'the job gets done': (s) => s === 'done' });
}
