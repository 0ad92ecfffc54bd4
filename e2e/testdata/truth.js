// Endpoints with varied latencies, failures and a metric of its own, for a comparison with every single sample.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Trend } from 'k6/metrics';

const basket = new Trend('basket_value');

export const options = { vus: 10, duration: '10s' };

export default function () {
  const get = (name, path) => http.get(`${__ENV.BASE_URL}${path}`, { tags: { name } });
  get('GET /', '/');
  get('GET /wait', '/wait');
  get('GET /missing', '/status/404');
  const res = get('GET /broken', Math.random() < 0.3 ? '/status/503' : '/');
  check(res, { 'not broken': (r) => r.status === 200 });
  for (let i = 0; i < 3; i++) basket.add(Math.exp(Math.random() * 6) - 20); // some below zero
  sleep(0.005);
}
