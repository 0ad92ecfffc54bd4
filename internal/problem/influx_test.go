package problem

import "errors"

// influxPages are the problems with InfluxDB that the pages show.
func influxPages() []*Problem {
	const run = "20260102-030405-a1b2c3"
	return []*Problem{
		InfluxRefuses(run, errors.New("http://127.0.0.1:8086 does not take the token: 401 unauthorized access"), "INFLUXDB_TOKEN"),
		InfluxUnreachable(run, errors.New("http://127.0.0.1:8086: dial tcp 127.0.0.1:8086: connect: connection refused")),
		InfluxRefusesLines(run, 12, `failure writing points to database: partial write: field type conflict: input field "count" on measurement "http_reqs" is type integer, already exists as type float dropped=12`),
		InfluxRefusesLines(run, 1222, "failure writing points to database: partial write: dropped 1222 points outside retention policy of duration 168h0m0s"),
		InfluxUnknown("no lab with InfluxDB runs, and INFLUXDB_URL is not set"),
	}
}
