package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/provision"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/term"
)

// database is the InfluxDB that has rows of this lab's runs, or may have.
type database struct {
	access  provision.Access
	buckets []string
	gone    string // why it cannot be asked; "": it can
}

// database is where the lab's runs go; nil when they go to none. One that does not run is looked for only where some run was sent.
func (d *Deps) database(ctx context.Context, sent bool) (*database, error) {
	l, st, err := d.running(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil { // the lab ran on Docker, and now nobody answers there
		st = nil
	}
	env, serr := d.env()
	if serr != nil {
		return nil, serr
	}
	if db := databaseOf(env, st); db != nil {
		return db, nil
	}
	if !sent {
		return nil, nil
	}
	if err != nil {
		return &database{gone: err.Error()}, nil
	}
	full, err := d.docker(l.Home)
	if err != nil {
		return nil, err
	}
	there, err := d.onDocker(ctx, full, l.Home)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return &database{gone: err.Error()}, nil
	}
	for _, v := range there {
		if v.Kind == "volume" && strings.HasSuffix(v.Name, "_influxdb-data") {
			state := "it does not run"
			if st.State != engine.Absent && l.Engine.Name() != full.Name() {
				state = "the lab runs embedded"
			}
			return &database{gone: "InfluxDB keeps measurements in volume " + v.Name + ", and " + state}, nil
		}
	}
	return nil, nil
}

// databaseOf is the InfluxDB of the lab's own settings, or the running lab's; nil without one.
func databaseOf(env *config.EnvFile, st *lab.Status) *database {
	sink := influxOf(config.Sources{Env: env}, st)
	if sink == nil {
		return nil
	}
	t := sink.Target
	db := &database{access: provision.Access{URL: t.URL, Org: t.Org, Token: t.Token}, buckets: []string{t.Bucket}}
	if t.Bucket1M != "" {
		db.buckets = append(db.buckets, t.Bucket1M)
	}
	if err := sink.Check(); err != nil {
		db.gone = "INFLUXDB_URL: " + err.Error()
	}
	return db
}

// elsewhere is the InfluxDB of the lab's settings where that is not the lab's own; nil when there is none. It may hold more than
// this lab's runs, so that it is not emptied.
func (d *Deps) elsewhere(st *lab.Status) (*database, error) {
	env, err := d.env()
	if err != nil {
		return nil, err
	}
	db := databaseOf(env, st)
	if db == nil || db.access.URL == st.URL(engine.InfluxDB) {
		return nil, nil
	}
	return db, nil
}

// forget deletes a run's points. A run that was never sent has none in a database that cannot be asked.
func (db *database) forget(ctx context.Context, f record.Folder, p term.Progress) error {
	if db.gone != "" {
		if mayBeSent(f) {
			return problem.RunInInflux(f.ID(), db.gone)
		}
		return nil
	}
	err := provision.Forget(ctx, db.access, f.ID(), db.buckets...)
	switch {
	case err == nil:
		p(term.Event{Service: engine.InfluxDB, Text: fmt.Sprintf("has no point of run %s any more", f.ID())})
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case mayBeSent(f):
		return problem.InfluxDoesNotDelete(f.ID(), err)
	}
	return nil
}

// mayBeSent says whether a run's record tells of a database, or does not tell, for nobody wrote its end.
func mayBeSent(f record.Folder) bool {
	run, err := record.ReadRun(f.Run())
	if err != nil || run.End == nil {
		return true
	}
	_, sent := run.End.Ledger.Sinks[influx.Name]
	return sent || len(run.Sent) > 0
}
