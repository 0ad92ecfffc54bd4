// A steady rate of requests under five names, for LENGTH: what the run asks for does not depend on what happens to it.
import http from 'k6/http';

export const options = {
  scenarios: {
    paced: { executor: 'constant-arrival-rate', rate: Number(__ENV.RATE || 200), duration: __ENV.LENGTH, preAllocatedVUs: 30, maxVUs: 100 },
  },
};

export default function () {
  const n = Math.floor(Math.random() * 5);
  http.get(`${__ENV.BASE_URL}/wait?page=${n}`, { tags: { name: `page ${n}` } });
}
