// As many different URLs as URLS says, each asked for once.
import http from 'k6/http';
import exec from 'k6/execution';

export const options = {
  scenarios: { urls: { executor: 'shared-iterations', vus: 20, iterations: Number(__ENV.URLS), maxDuration: '10m' } },
};

export default function () {
  http.get(`${__ENV.BASE_URL}/item/${exec.scenario.iterationInTest}`);
}
