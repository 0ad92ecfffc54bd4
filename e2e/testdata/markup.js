// Markup wherever a scenario can name something.
import http from 'k6/http';
import { check, group } from 'k6';
import { Trend } from 'k6/metrics';

const evil = `</script></td><script>document.title='pwned'</script><img src=x onerror="document.title='pwned'">`;
const trend = new Trend('plain_trend');

export const options = {
  iterations: 3,
  thresholds: { [`http_req_duration{name:${evil.replaceAll('{', '').replaceAll('}', '')}}`]: ['p(95)<60000'] },
};

export default function () {
  group(evil, () => {
    const res = http.get(`${__ENV.BASE_URL}/`, { tags: { name: evil, [`<b>${evil}`]: evil } });
    check(res, { [evil]: (r) => r.status === 200 });
    trend.add(1, { evil });
  });
}
