// A fixed number of requests, whoever makes them: for comparing one project in several places.
import http from 'k6/http';
import { check } from 'k6';
import { path } from './lib/paths.js';

const names = JSON.parse(open('./data/names.json'));

export const options = {
  scenarios: { same: { executor: 'shared-iterations', vus: 4, iterations: Number(__ENV.ITERATIONS || 600), maxDuration: '60s' } },
  thresholds: { http_req_failed: ['rate<0.01'] },
};

export default function () {
  const name = names[Math.floor(Math.random() * names.length)];
  const res = http.get(`${__ENV.BASE_URL}${path()}?name=${name}`, { tags: { name } });
  check(res, { answered: (r) => r.status === 200 });
}

export function handleSummary(data) {
  return { 'out/report.html': `<p>${data.metrics.http_reqs.values.count} requests</p>`, 'summary.txt': 'ü' };
}
