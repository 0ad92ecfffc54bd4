// The scenario of same shape as same.yml.
import http from 'k6/http';
import { check } from 'k6';

export const options = {
  scenarios: { arrivals: { executor: 'constant-arrival-rate', rate: 5, duration: '3s', preAllocatedVUs: 10 } },
  thresholds: { http_req_duration: ['p(95)<60000'] },
};

export default function () {
  const answer = http.get(`${__ENV.BASE_URL}/`);
  check(answer, { 'status is 200': (r) => r.status === 200 });
}
