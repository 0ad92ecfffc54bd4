// A few users at an easy pace, for LENGTH.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = { vus: 4, duration: __ENV.LENGTH };

export default function () {
  http.get(`${__ENV.BASE_URL}/`);
  sleep(0.01);
}
