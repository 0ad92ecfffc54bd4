package problem

import "errors"

// provisionPages are the problems of InfluxDB's own that the pages show.
func provisionPages() []*Problem {
	return []*Problem{
		InfluxCredentials("admin", errors.New("unauthorized access (HTTP 401)")),
		InfluxTokenRefused(errors.New("unauthorized access (HTTP 401)")),
		QueryFailed(errors.New(`failed to initialize execute state: could not find bucket "loadtest"`)),
	}
}
