// Fifty requests at once, then nothing for two seconds: between bursts k6 and the target must agree to the request.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = { vus: 1, duration: __ENV.LENGTH, batch: 10, batchPerHost: 10 };

export default function () {
  http.batch(Array.from({ length: 50 }, () => ['GET', `${__ENV.BASE_URL}/`]));
  sleep(2);
}
