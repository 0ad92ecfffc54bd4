// 200 endpoints and two scenarios for 8 s, with answers of several kinds.
import http from 'k6/http';
import { check } from 'k6';
import { Counter } from 'k6/metrics';

const sold = new Counter('sold');

export const options = {
  scenarios: {
    browse: { executor: 'constant-arrival-rate', rate: 60, duration: '8s', preAllocatedVUs: 10, maxVUs: 20, exec: 'browse' },
    buy: { executor: 'constant-arrival-rate', rate: 20, duration: '8s', preAllocatedVUs: 5, maxVUs: 10, exec: 'buy' },
  },
};

let n = 0;

function get(path) {
  const item = (__VU * 37 + n++) % 200;
  const name = `GET /catalogue/section-${Math.floor(item / 10)}/item-${item}`;
  return http.get(`${__ENV.BASE_URL}${path}`, { tags: { name } });
}

export function browse() {
  check(get('/fast'), { 'answers 200': (r) => r.status === 200 });
  get('/error?rate=0.2');
}

export function buy() {
  get('/slow?ms=20&jitter=10');
  sold.add(1);
}
