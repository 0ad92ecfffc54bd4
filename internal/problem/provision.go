package problem

import "fmt"

// InfluxCredentials is an InfluxDB that was set up with other credentials than the lab has; user is the administrator.
func InfluxCredentials(user string, err error) *Problem {
	return &Problem{ID: "influxdb-credentials", Exit: Input, Err: err,
		What: "the lab's password is not the one that InfluxDB was set up with",
		Why:  fmt.Sprintf("INFLUXDB_ADMIN_PASSWORD does not sign in %s, and INFLUXDB_TOKEN has not the rights to go without", user),
		Fix: []Step{{Say: "give the lab the password that InfluxDB was set up with", Run: "ltlab configure set INFLUXDB_ADMIN_PASSWORD=PASSWORD"},
			{Say: "or begin anew, without the data that is there", Run: "ltlab purge && ltlab start"}}}
}

// InfluxTokenRefused is a token of the lab that InfluxDB does not know any more, or that may not do what was asked.
func InfluxTokenRefused(err error) *Problem {
	return &Problem{ID: "influxdb-token-refused", Exit: Input, Err: err,
		What: "the lab's token is refused by InfluxDB", Why: err.Error(),
		Fix: []Step{{Say: "a start makes tokens anew that do not work", Run: "ltlab start"}}}
}

// QueryFailed is a Flux query that InfluxDB cannot run; err is what InfluxDB says of it.
func QueryFailed(err error) *Problem {
	return &Problem{ID: "query-failed", Exit: Input, Err: err,
		What: "the query cannot be run", Why: err.Error(),
		Fix: []Step{{Say: "mend the query; these are the buckets that it can read from", Run: "ltlab query 'buckets()'"}}}
}

func provisionExamples() []*Problem {
	err := fmt.Errorf("example")
	return []*Problem{InfluxCredentials("admin", err), InfluxTokenRefused(err), QueryFailed(err)}
}
