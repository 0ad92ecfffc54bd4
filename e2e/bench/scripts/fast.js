// The smallest script there is: 20 users ask as fast as they get answers, for DURATION or until ITERATIONS are done.
import http from 'k6/http';

export const options = { vus: 20, duration: __ENV.DURATION };
if (__ENV.ITERATIONS) {
  options.iterations = Number(__ENV.ITERATIONS);
}

export default function () {
  http.get(`${__ENV.TARGET}/fast`);
}
