package problem

import "errors"

// preflightPages are what the pages of problems found before a run show.
func preflightPages() []*Problem {
	return []*Problem{
		FilesShort("k6", 30000, 20000), DiskShort("k6", "/home/me/.local/share/ltlab/lab/runs", 312<<10, 4624<<10),
		ThresholdInvalid("main.js", "http_req_durations", `no metric name "http_req_durations" found`),
		TargetRefused("k6", "http://127.0.0.1:3000", errors.New("dial tcp 127.0.0.1:3000: connect: connection refused")),
	}
}
