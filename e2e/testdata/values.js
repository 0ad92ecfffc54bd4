// Values that are no numbers to reckon with: k6 itself refuses NaN, the rest reaches the output.
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const metrics = [new Trend('odd_trend'), new Gauge('odd_gauge'), new Counter('odd_counter'), new Rate('odd_rate')];

export const options = { iterations: 1 };

export default function () {
  for (const value of [-5, 3].concat(__ENV.WITH_INFINITY ? [NaN, Infinity, -Infinity] : [])) {
    for (const metric of metrics) metric.add(value);
  }
}
