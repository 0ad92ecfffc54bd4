// A scenario whose end takes long, so that there is time to lose patience with it.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = { vus: 4, duration: '120s', teardownTimeout: '120s' };

export default function () {
  http.get(`${__ENV.BASE_URL}/`);
  sleep(0.01);
}

export function teardown() {
  sleep(100);
}
