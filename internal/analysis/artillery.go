package analysis

// Artillery is the tool's name in a record.
const Artillery = "artillery"

// VUsers are Artillery's virtual users over the run, one an arrival.
type VUsers struct {
	Created   int64 `json:"created"`
	Completed int64 `json:"completed"`
	Failed    int64 `json:"failed"`
	Skipped   int64 `json:"skipped"` // planned, but there were maxVusers already
}

// artillery adds up what Artillery calls by names of its own.
type artillery struct {
	responses int64
	users     VUsers
}

// count takes n of a metric; ok is false when it is none of those.
func (a *artillery) count(s *Summary, metric string, tags map[string]string, n int64) (ok bool) {
	switch metric {
	case "http.requests":
		s.Requests += n
	case "http.responses":
		a.responses += n
	case "http.codes":
		s.Codes[tags["status"]] += n
	case "errors":
		if s.Errors == nil {
			s.Errors = map[string]int64{}
		}
		s.Errors[tags["error"]] += n
	case "vusers.created":
		a.users.Created += n
	case "vusers.completed":
		a.users.Completed += n
	case "vusers.failed":
		a.users.Failed += n
	case "vusers.skipped":
		a.users.Skipped += n
	default:
		return false
	}
	return true
}

// finish says it as k6 does. Virtual users are counted here, for lines of load are of periods alone.
func (a *artillery) finish(s *Summary) {
	if none := s.Requests - a.responses; none > 0 {
		s.Codes["0"] += none
	}
	s.Load.VUsers = &a.users
	s.Load.Iterations, s.Load.Dropped = a.users.Completed+a.users.Failed, a.users.Skipped
}
