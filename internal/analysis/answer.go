package analysis

import "strconv"

// OKCode says whether a status counts as success: 200 to 399 (design of `failed_ratio`, the same for every tool).
func OKCode(code string) bool {
	n, err := strconv.Atoi(code)
	return err == nil && n >= 200 && n <= 399
}

// Answered says whether at least one request got an answer, or none was made, or codes are not known. A run of Artillery
// without any HTTP request has an answer when a virtual user got to its end.
func (s *Summary) Answered() bool {
	if s.Tool == Artillery && s.Requests == 0 {
		return s.Load.VUsers != nil && s.Load.VUsers.Completed > 0
	}
	return s.Requests == 0 || s.Unanswered == nil || *s.Unanswered < s.Requests
}

// firstByte are the metrics of the time to first byte, by tool.
var firstByte = map[string]string{"k6": "http_req_waiting", Artillery: "http.response_time"}

// FirstByte returns the time to first byte, which both tools measure, and the metric that it comes from. It is nil when no
// request was answered, or the tool did not say.
func (s *Summary) FirstByte() (metric string, l *Latency) {
	metric = firstByte[s.Tool]
	if !s.Answered() {
		return metric, nil
	}
	return metric, s.Latency[metric]
}
