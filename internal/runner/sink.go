package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
)

// Sink is the InfluxDB that a run goes to beside its record.
type Sink struct {
	influx.Target
	ToolURL  string // its address as the tool sees it; "": the same
	Later    bool   // the tool does not reach it: ltlab sends the run when it has ended
	RawLimit string // raw samples a second: a number or "unlimited"; "": the output's own default
}

// environ are the settings of the tool's output. Nil sets nothing.
func (s *Sink) environ() []string {
	if s == nil || s.Later {
		return nil
	}
	address := s.URL
	if s.ToolURL != "" {
		address = s.ToolURL
	}
	var out []string
	for _, v := range [][2]string{
		{"ADDR", address}, {"ORGANIZATION", s.Org}, {"BUCKET", s.Bucket}, {"BUCKET_1M", s.Bucket1M}, {"TOKEN", s.Token}, {"RAW_LIMIT", s.RawLimit},
	} {
		if v[1] != "" {
			out = append(out, "K6_INFLUXDB_"+v[0]+"="+v[1])
		}
	}
	if s.Insecure {
		out = append(out, "K6_INFLUXDB_INSECURE=true")
	}
	return out
}

// foreign says whether a variable names somebody's own database to k6's output: no run is sent there by accident. Plain
// INFLUXDB_ means nothing to it, and may be what a scenario reads.
func foreign(name string) bool { return strings.HasPrefix(name, "K6_INFLUXDB_") }

// deliver sends what is not there yet, and says in the outcome what became of all of it.
func (r *Runner) deliver(ctx context.Context, s *Spec, out *Outcome, live *sending) {
	if s.Sink == nil {
		return
	}
	sent, ended := out.Summary.Ledger.Sinks[influx.Name] // by the tool
	if !sent.Done && s.Program.Sends() && (ended || s.Sink.Later) && r.Sends != nil {
		r.Sends()
	}
	send, cancel := r.patient(ctx)
	sink, err := live.to.Finish(send, sent)
	cancel()
	sinks := maps.Clone(out.Summary.Ledger.Sinks)
	if sinks == nil {
		sinks = map[string]record.Sink{}
	}
	sinks[influx.Name] = sink
	out.Summary.Ledger.Sinks = sinks
	if sink.Whole() {
		return
	}
	p := Unsent(out.Folder.ID(), &sink, err)
	switch {
	case out.Problem != nil:
		out.warn(p.ID, p.Error())
	case ctx.Err() != nil:
		out.Problem = problem.RunInterrupted(fmt.Sprintf("the run is complete, and kept as %s; InfluxDB does not have all of it: ltlab runs push %[1]s", out.Folder.ID()))
	default:
		out.Problem = p
	}
}

// patient is a context that ends at Ctrl-C: the next one, when one has ended the run.
func (r *Runner) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() == nil {
		return context.WithCancel(ctx)
	}
	send, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		select {
		case <-r.Kill:
			cancel()
		case <-send.Done():
		}
	}()
	return send, cancel
}

// Unsent is the problem of a run that InfluxDB does not have all of; err is that of the last try, if any.
func Unsent(run string, sink *record.Sink, err error) *problem.Problem {
	var refused *influx.RefusedError
	var unreachable *influx.UnreachableError
	switch {
	case errors.As(err, &refused):
		setting := map[influx.About]string{influx.Token: "INFLUXDB_TOKEN", influx.Org: "INFLUXDB_ORG", influx.Bucket: "INFLUXDB_BUCKET"}[refused.About]
		if setting == "" {
			setting = "INFLUXDB_URL"
		}
		return problem.InfluxRefuses(run, err, setting)
	case errors.As(err, &unreachable):
		return problem.InfluxUnreachable(run, err)
	case err == nil && sink.Refused > 0:
		return problem.InfluxRefusesLines(run, sink.Refused, sink.Error)
	case err == nil:
		err = errors.New(sink.Error)
	}
	return problem.InfluxIncomplete(run, err)
}
