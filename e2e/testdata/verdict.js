// A threshold that k6 will find crossed.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = { vus: 2, duration: __ENV.LENGTH, thresholds: { http_reqs: ['count<1'] } };

export default function () {
  http.get(`${__ENV.BASE_URL}/`);
  sleep(0.02);
}
