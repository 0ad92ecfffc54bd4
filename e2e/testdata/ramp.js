// The toy API under a ramp of users for 12 s, with endpoints that answer fast, slowly and wrongly.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Trend } from 'k6/metrics';

const basket = new Trend('basket_value');

export const options = {
  scenarios: {
    ramp: {
      executor: 'ramping-vus',
      startVUs: 1,
      stages: [
        { duration: '8s', target: 30 },
        { duration: '4s', target: 10 },
      ],
      gracefulStop: '2s',
      gracefulRampDown: '1s',
    },
  },
  thresholds: { http_req_duration: ['p(95)<2000'] },
};

export default function () {
  const get = (name, path) => http.get(`${__ENV.BASE_URL}${path}`, { tags: { name } });
  check(get('GET /fast', '/fast'), { 'fast answers 200': (r) => r.status === 200 });
  check(get('GET /slow', '/slow?ms=40&jitter=30'), { 'slow answers 200': (r) => r.status === 200 });
  check(get('GET /error', '/error?rate=0.3'), { 'no error': (r) => r.status < 400 });
  check(get('GET /users/{id}', `/users/${1 + Math.floor(Math.random() * 50)}`), { 'user is there': (r) => r.status === 200 });
  basket.add(10 + Math.random() * 90);
  sleep(0.1);
}
