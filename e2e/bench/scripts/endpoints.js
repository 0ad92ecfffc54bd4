// 5,000 requests a second, or RATE, over 20 endpoints whose latencies are spread: endpoint i takes from 2 + i to 22 + i ms.
import http from 'k6/http';

const endpoints = Array.from({ length: 20 }, (_, i) => ({
  url: `${__ENV.TARGET}/slow?ms=${2 + i}&jitter=20`,
  params: { tags: { name: `GET /endpoint/${i}` } },
}));

export const options = {
  scenarios: {
    endpoints: {
      executor: 'constant-arrival-rate',
      rate: Number(__ENV.RATE || 5000) / endpoints.length, // iterations, of one request to each endpoint
      timeUnit: '1s',
      duration: __ENV.DURATION,
      preAllocatedVUs: 400, // 110 are enough on a quiet machine
      maxVUs: 400,
    },
  },
};

export default function () {
  for (const { url, params } of endpoints) {
    http.get(url, params);
  }
}
