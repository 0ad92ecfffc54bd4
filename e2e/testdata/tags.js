// Tag values as nobody should choose them, and as somebody will.
import http from 'k6/http';
import { check } from 'k6';

export const options = { iterations: 1 };

const names = ['say "hi" and \'bye\'', 'two\nlines', 'rockets 🚀🚀', 'x'.repeat(65536), 'x'.repeat(65535) + 'y', 'nul \u0000 in it'];

export default function () {
  for (const name of names) {
    const res = http.get(`${__ENV.BASE_URL}/`, { tags: { name, other: name, none: '' } });
    check(res, { [name]: (r) => r.status === 200 });
  }
}
