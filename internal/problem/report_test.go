package problem

import "errors"

// reportPages are the problems with reports, and with runs that InfluxDB has, which the pages show.
func reportPages() []*Problem {
	const run = "20260102-030405-a1b2c3"
	return []*Problem{
		ReportExists("report.html", "ltlab report last", "ltlab report last -o report.html"),
		ReportUnwritable("public/report.html", errors.New("open public: no such file or directory")),
		RunInInflux(run, "InfluxDB keeps measurements in volume ltlab-lab_influxdb-data and the lab does not run"),
		InfluxDoesNotDelete(run, errors.New(`http://127.0.0.1:8086: dial tcp 127.0.0.1:8086: connect: connection refused`)),
		ResetStopped(InfluxDoesNotDelete(run, errors.New(`http://influx.example:8086: dial tcp 192.0.2.7:8086: connect: connection refused`)),
			"InfluxDB at http://influx.example:8086 has no point of 2 of 5 runs any more; everything else is as it was"),
	}
}
