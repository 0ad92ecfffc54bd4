package output

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
)

const (
	// lastFlush is how long k6 waits for InfluxDB at the end.
	lastFlush = 10 * time.Second
	// askAgain is how long after a refusal InfluxDB is asked whether the setting has changed.
	askAgain = 5 * time.Second
)

// sink sends the run to InfluxDB: rows, which it reads from the record as it grows, and raw samples. It runs beside the
// recorder, which it never holds up.
type sink struct {
	set  *sinkSettings
	push *influx.Push
	rows *influx.Sender
	raw  *raw // nil: none are sent
	log  logrus.FieldLogger

	ctx      context.Context
	cancel   context.CancelFunc
	shed     context.CancelFunc // ends sending raw samples
	over     chan struct{}      // closed when the record has all its seconds
	stopped  chan struct{}
	patience time.Duration // at the end
	told     sync.Map      // refusals that were told of
	byLtlab  bool          // which made the settings from its own
}

// newSink begins to send; start is the wall clock of second 0.
func newSink(set *sinkSettings, folder record.Folder, run string, byLtlab bool, start time.Time, log logrus.FieldLogger) *sink {
	s := &sink{set: set, byLtlab: byLtlab, patience: lastFlush, rows: influx.NewSender(set.target), log: log, over: make(chan struct{}), stopped: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.rows.Notify, s.rows.Refuse = s.notify, s.refuse
	s.push = influx.NewPush(folder, s.rows)
	if set.rawLimit != 0 {
		to := influx.NewSender(set.target)
		to.Refuse = s.refuse
		if set.rawOnly {
			to.Notify = s.notify
		}
		if set.preset { // which has the stock extension's tags and no more
			run = ""
		}
		s.raw = newRaw(set, run, start, to)
		var ctx context.Context
		ctx, s.shed = context.WithCancel(s.ctx)
		s.raw.send(ctx)
	}
	for _, n := range set.notes {
		log.Warn(n)
	}
	if set.rawOnly {
		close(s.stopped)
	} else {
		go s.follow()
	}
	return s
}

// follow sends rows while the record grows.
func (s *sink) follow() {
	defer close(s.stopped)
	timer := time.NewTimer(s.set.interval)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-s.over:
			return
		}
		next := s.set.interval
		err := s.push.Step(s.ctx)
		switch {
		case errors.As(err, new(*influx.RefusedError)):
			next = max(next, askAgain)
		case err != nil && !errors.As(err, new(*influx.UnreachableError)):
			s.log.WithError(err).Error("the record cannot be read any more, so no more rows go to InfluxDB")
			return
		}
		timer.Reset(next)
	}
}

// finish sends what is left, for a while, and says what became of it all. end is the line that will end the record.
func (s *sink) finish(end *record.End) record.Sink {
	ctx, cancel := context.WithTimeout(s.ctx, s.patience)
	defer cancel()
	defer s.cancel()
	defer s.rows.Close()
	defer s.push.Close()
	close(s.over)
	s.rows.Hurry()
	stop := context.AfterFunc(ctx, s.cancel)
	defer stop()
	if s.raw != nil {
		s.raw.to.Hurry()
		s.raw.end()
		enough := time.AfterFunc(s.patience*4/5, s.shed) // the rows of the run's end need some time, too
		defer enough.Stop()
	}
	<-s.stopped
	var raw *record.RawSink
	if s.raw != nil {
		if !s.set.rawOnly {
			_ = s.push.Step(ctx) // its error comes again
		}
		raw = s.raw.ledger()
		s.raw.to.Close()
		s.tellRaw(raw)
	}
	if s.set.rawOnly {
		return record.Sink{Done: true, Raw: raw}
	}
	end.Ledger.Sinks = map[string]record.Sink{influx.Name: {Raw: raw}}
	_ = s.push.Finish(ctx, end) // it is in Sink
	out := s.push.Sink()
	out.Raw = raw
	return out
}

// tellRaw says how many raw samples InfluxDB has not, and why.
func (s *sink) tellRaw(raw *record.RawSink) {
	if raw.ShedTotal() == 0 {
		return
	}
	var why []string
	for _, cause := range slices.Sorted(maps.Keys(raw.Shed)) {
		why = append(why, fmt.Sprintf("%d %s", raw.Shed[cause], cause))
	}
	s.log.Infof("InfluxDB has %d of %d raw samples: %s", raw.Written, raw.Written+raw.ShedTotal(), strings.Join(why, ", "))
}

// notify tells the user that InfluxDB ceased to take rows, or takes them again.
func (s *sink) notify(err error) {
	var refused *influx.RefusedError
	switch {
	case err == nil:
		s.log.Info("InfluxDB takes rows again")
	case errors.As(err, &refused):
		s.log.Errorf("InfluxDB at %v; set %s. The run goes on, and its record holds everything", err, s.setting(refused.About))
	default:
		s.log.Warnf("InfluxDB at %v; the run goes on, and what is missing there is sent when it answers", err)
	}
}

// setting is what the user would change: a variable of k6's, or a setting of the lab that ltlab took it from.
func (s *sink) setting(about influx.About) string {
	name := map[influx.About][2]string{
		influx.Token: {"TOKEN", "TOKEN"}, influx.Org: {"ORGANIZATION", "ORG"}, influx.Bucket: {"BUCKET", "BUCKET"}, influx.Address: {"ADDR", "URL"},
	}[about]
	if s.byLtlab {
		return "INFLUXDB_" + name[1] + " (ltlab configure)"
	}
	return envPrefix + name[0]
}

func (s *sink) refuse(lines int, why string) {
	if _, told := s.told.LoadOrStore(why, true); !told {
		s.log.Errorf("InfluxDB refuses %d lines for good: %s", lines, why)
	}
}

// spool is a folder for the record of a run that is to leave none.
func spool() (record.Folder, error) {
	parent, err := os.MkdirTemp("", "ltlab-spool-")
	if err != nil {
		return "", err
	}
	folder := record.Folder(filepath.Join(parent, record.NewID(time.Now())))
	return folder, os.Mkdir(string(folder), 0o700)
}

// discard removes a spool whose rows are all there; else it says what to do with it.
func (o *Output) discard(sent record.Sink) {
	if sent.Whole() {
		if err := os.RemoveAll(filepath.Dir(string(o.folder()))); err != nil {
			o.log.WithError(err).Warn("the run's temporary record could not be removed")
		}
		return
	}
	o.log.Error(fmt.Sprintf("InfluxDB does not have all of this run: %s. It is kept; send it with:   ltlab runs push %s", sent.Error, o.folder()))
}
