// Fifty requests at once, then nothing for two seconds; after BURSTS of them nothing more: then k6 and the target must
// agree to the request whenever a signal comes.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = { vus: 1, duration: '300s', batch: 10, batchPerHost: 10 };

export default function () {
  http.batch(Array.from({ length: 50 }, () => ['GET', `${__ENV.BASE_URL}/`]));
  sleep(__ITER + 1 < Number(__ENV.BURSTS) ? 2 : 300);
}
