import http from "k6/http";
import { sleep } from "k6";

export const options = { scenarios: { one: { executor: "per-vu-iterations", vus: 1, iterations: Number(__ENV.TIMES), maxDuration: "10m" } } };

// One request at any time of a second, and nothing else for a while.
export default function () {
  sleep(3 + Math.random());
  http.get(__ENV.TARGET);
}
