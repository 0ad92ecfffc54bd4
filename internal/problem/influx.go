package problem

import (
	"fmt"
	"strings"
)

func influxExamples() []*Problem {
	err := fmt.Errorf("example")
	return []*Problem{
		InfluxIncomplete("RUN", err), InfluxRefuses("RUN", err, "INFLUXDB_TOKEN"), InfluxUnreachable("RUN", err),
		InfluxRefusesLines("RUN", 3, "field type conflict"), InfluxRefusesLines("RUN", 3, "outside retention policy"), InfluxUnknown("no lab with InfluxDB runs"),
	}
}

func influxIncomplete(run string, err error, fix ...Step) *Problem {
	return &Problem{ID: "influxdb-incomplete", Exit: Incomplete, Err: err,
		What: fmt.Sprintf("InfluxDB does not have all of run %s", run), Why: err.Error(),
		Fix: append(fix, Step{Say: "send the run again; its record has everything", Run: "ltlab runs push " + run})}
}

// InfluxIncomplete is a run that could not be sent whole to InfluxDB.
func InfluxIncomplete(run string, err error) *Problem {
	if p := match(err); p != nil { // a damaged record, Ctrl-C
		return p
	}
	return influxIncomplete(run, err)
}

// InfluxRefuses is an InfluxDB that takes nothing until a setting is changed.
func InfluxRefuses(run string, err error, setting string) *Problem {
	return influxIncomplete(run, err, Step{Say: "set " + setting + " right", Run: "ltlab configure set " + setting + "=VALUE"})
}

// InfluxUnreachable is an InfluxDB that does not answer.
func InfluxUnreachable(run string, err error) *Problem {
	return influxIncomplete(run, err, Step{Say: "see whether InfluxDB runs", Run: "ltlab status"})
}

// InfluxRefusesLines is an InfluxDB that takes a run but for some lines, for good.
func InfluxRefusesLines(run string, lines int64, why string) *Problem {
	err := fmt.Errorf("%d lines were refused: %s", lines, why)
	if strings.Contains(why, "retention policy") {
		return influxIncomplete(run, err, Step{Say: "the run is older than the bucket keeps: keep more, or leave it", Run: "ltlab configure set INFLUXDB_RETENTION=720h"})
	}
	return influxIncomplete(run, err,
		Step{Say: "take another bucket, or delete there what is in the way", Run: "ltlab configure set INFLUXDB_BUCKET=NAME"})
}

// InfluxUnknown is a push to nowhere.
func InfluxUnknown(why string) *Problem {
	return &Problem{ID: "influxdb-unknown", Exit: NotRunning,
		What: "there is no InfluxDB to send the run to", Why: why,
		Fix: []Step{{Say: "say where it is", Run: "ltlab runs push RUN --url http://127.0.0.1:8086 --token-file FILE"},
			{Say: "or keep that as settings of the lab", Run: "ltlab configure set INFLUXDB_URL=http://127.0.0.1:8086"}}}
}
