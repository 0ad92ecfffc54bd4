package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/gate"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/provision"
)

// services are the checks of the lab on Docker, with the probes that its start waits for.
func (p *Patient) services() []Check {
	return []Check{
		{ID: "services", Title: "the containers of the lab's services run", Needs: []string{"docker"}, Idle: p.notOn("docker"), Run: p.containers},
		{ID: "influxdb", Title: "a point is written to InfluxDB and read back", Needs: []string{"services", "settings"}, Run: p.influxdb},
		{ID: "influxdb-long", Title: "the same in the bucket of rows by the minute", Needs: []string{"influxdb"}, Run: p.influxdbLong},
		{ID: "influxdb-read-token", Title: "the token that only reads, which Grafana has, reads", Needs: []string{"influxdb"}, Run: p.readToken},
		{ID: "telegraf", Title: "a StatsD packet is found in InfluxDB", Needs: []string{"influxdb"}, Limit: 20 * time.Second, Run: p.telegraf},
		{ID: "grafana", Title: "Grafana's datasource reaches InfluxDB", Needs: []string{"influxdb-read-token"}, Run: p.grafana},
		{ID: "toy-api", Title: "the toy API answers", Needs: []string{"services"}, Run: p.toyAPI},
		{ID: "dashboards", Title: "linked dashboards are as they were linked, and ask the lab's own datasource", Needs: []string{"home"}, Run: p.dashboards},
		{ID: "skew", Title: "the services run the images that the settings name", Needs: []string{"services", "images"}, Run: p.skew},
	}
}

func (p *Patient) containers(ctx context.Context) Result {
	all, err := p.Docker.Conditions(ctx)
	if err != nil {
		return of(err)
	}
	var ill, well, restarted []string
	for _, c := range all {
		switch {
		case c.State == "gone":
			ill = append(ill, c.Service+": its container was removed")
		case !c.Runs():
			text := fmt.Sprintf("%s: its container is %s, exit code %d", c.Service, c.State, c.Exit)
			if c.OOM {
				text += ", ended by the kernel for want of memory"
			}
			if c.Log != "" {
				text += "\n  " + strings.ReplaceAll(c.Log, "\n", "\n  ")
			}
			ill = append(ill, text)
		case c.Restarts > 0:
			restarted = append(restarted, fmt.Sprintf("%s was restarted %s", c.Service, many(c.Restarts, "time")))
			fallthrough
		default:
			well = append(well, c.Service)
		}
	}
	switch {
	case len(ill) > 0:
		r := fails("lab-unhealthy", strings.Join(ill, "\n"), step("start what is missing; data stays", p.cmd("start")))
		r.Repair = &Repair{Say: "start what the lab is missing; data stays", Do: func(ctx context.Context) (string, error) {
			return "the lab's services run", p.Start(ctx)
		}}
		return r
	case len(restarted) > 0:
		return warn(strings.Join(restarted, ", "), step("see why", p.cmd("logs")))
	}
	return pass("%s run", strings.Join(well, ", "))
}

// database is InfluxDB as the settings of now have it.
func (p *Patient) database(ctx context.Context) (gate.InfluxDB, config.Sources, Result, bool) {
	s, err := p.Docker.Settings()
	if err != nil {
		return gate.InfluxDB{}, s, of(err), false
	}
	at, r := p.address(ctx, engine.InfluxDB)
	v := func(key string) string { return s.Value(key).Value }
	return gate.InfluxDB{URL: at, Org: v(config.InfluxOrg), Bucket: v(config.InfluxBucket), Token: v(config.InfluxToken)}, s, r, at != ""
}

// address is where a service listens on this machine; "" with the answer of a check of one that does not run.
func (p *Patient) address(ctx context.Context, service string) (string, Result) {
	all, err := p.Docker.Conditions(ctx)
	if err != nil {
		return "", of(err)
	}
	for _, c := range all {
		if c.Service == service && c.Port != 0 {
			return fmt.Sprintf("http://127.0.0.1:%d", c.Port), Result{}
		}
	}
	return "", skip("the lab was started without %s", service)
}

func (p *Patient) influxdb(ctx context.Context) Result {
	db, _, r, ok := p.database(ctx)
	if !ok {
		return r
	}
	return p.probe(ctx, gate.Influx(engine.InfluxDB, db), 10*time.Second, fmt.Sprintf("a point went to bucket %s and came back, at %s", db.Bucket, db.URL))
}

func (p *Patient) influxdbLong(ctx context.Context) Result {
	db, s, r, ok := p.database(ctx)
	if !ok {
		return r
	}
	db.Bucket = s.Value(config.InfluxBucket1M).Value
	return p.probe(ctx, gate.Influx(engine.InfluxDB, db), 10*time.Second, fmt.Sprintf("a point went to bucket %s and came back", db.Bucket))
}

func (p *Patient) readToken(ctx context.Context) Result {
	db, s, r, ok := p.database(ctx)
	if !ok {
		return r
	}
	access := provision.Access{URL: db.URL, Org: db.Org, Token: s.Value(config.InfluxReadToken).Value}
	if err := provision.Query(ctx, access, "buckets() |> keep(columns: [\"name\"]) |> limit(n: 1)", io.Discard); err != nil {
		r := of(err, p.start())
		r.Repair = p.provision()
		r.Evidence = r.Evidence + ", where it is given the one that only reads (" + config.InfluxReadToken + ")"
		return r
	}
	return pass("it reads")
}

func (p *Patient) telegraf(ctx context.Context) Result {
	db, _, r, ok := p.database(ctx)
	if !ok {
		return r
	}
	at, r := p.address(ctx, engine.Telegraf)
	if at == "" {
		return r
	}
	at = strings.TrimPrefix(at, "http://")
	return p.probe(ctx, gate.Telegraf(engine.Telegraf, at, db), 15*time.Second, "a gauge sent to udp "+at+" came to InfluxDB")
}

func (p *Patient) grafana(ctx context.Context) Result {
	at, r := p.address(ctx, engine.Grafana)
	if at == "" {
		return r
	}
	s, err := p.Docker.Settings()
	if err != nil {
		return of(err)
	}
	return p.probe(ctx, gate.Grafana(engine.Grafana, at, s.Value(config.GrafanaUser).Value, s.Value(config.GrafanaPassword).Value), 10*time.Second, "its datasource answers, at "+at)
}

func (p *Patient) toyAPI(ctx context.Context) Result {
	at, r := p.address(ctx, engine.ToyAPI)
	if at == "" {
		return r
	}
	return p.probe(ctx, gate.Answers(engine.ToyAPI, at+"/health"), 10*time.Second, "GET "+at+"/health is answered")
}

// start is the way out of most that is wrong with services: it makes and repairs whatever differs from the settings.
func (p *Patient) start() problem.Step {
	return step("make it what the settings say: buckets, tokens and containers are made and repaired; data stays", p.cmd("start"))
}

// probe asks as the gate does until it passes, refuses for good, or the time is over.
func (p *Patient) probe(ctx context.Context, t gate.Target, limit time.Duration, well string) Result {
	ctx, refuse := context.WithCancelCause(ctx)
	defer refuse(nil)
	ask := t.Probe
	t.Probe = func(ctx context.Context) error {
		err := ask(ctx)
		if err != nil && refusal(err) {
			refuse(err)
		}
		return err
	}
	err := gate.Wait(ctx, []gate.Target{t}, gate.Options{Timeout: limit})
	if err == nil {
		return pass("%s", well)
	}
	saw := err.Error()
	if f := (*gate.Failure)(nil); errors.As(err, &f) && f.Saw != "" {
		saw = fmt.Sprintf("%s (asked for %s)", f.Saw, limit)
	}
	id := "lab-unhealthy"
	if strings.Contains(saw, "HTTP 401") && t.Name != engine.Grafana {
		id = "influxdb-token-refused"
	}
	fix := []problem.Step{p.start()}
	if id == "lab-unhealthy" && !refusal(err) {
		fix = []problem.Step{step("restart it", p.cmd("restart "+t.Name)), step("or see what it says", p.cmd("logs "+t.Name))}
	}
	r := fails(id, t.Name+": "+saw, fix...)
	if t.Name == engine.InfluxDB && refusal(err) {
		r.Repair = p.provision()
	}
	return r
}

// provision repairs what InfluxDB holds by what repairs it at every start.
func (p *Patient) provision() *Repair {
	return &Repair{Say: "start the lab as its settings say, which makes missing buckets and tokens; data stays", Do: func(ctx context.Context) (string, error) {
		return "InfluxDB holds what the settings say", p.Start(ctx)
	}}
}

// refusal is an answer that no wait makes better.
func refusal(err error) bool {
	return strings.Contains(err.Error(), "HTTP 401") || strings.Contains(err.Error(), "HTTP 404") || strings.Contains(err.Error(), "HTTP 403")
}

// skew compares what runs with what the settings name now; an image may also have been made or pulled anew.
func (p *Patient) skew(ctx context.Context) Result {
	images, err := p.Docker.Images(ctx)
	if err != nil {
		return of(err)
	}
	conditions, err := p.Docker.Conditions(ctx)
	if err != nil {
		return of(err)
	}
	now := map[string]string{}
	for _, img := range images {
		now[img.Service] = img.ID
	}
	var old []string
	for _, c := range conditions {
		if c.Runs() && now[c.Service] != "" && c.Image != now[c.Service] {
			old = append(old, c.Service)
		}
	}
	if len(old) > 0 {
		return warn(fmt.Sprintf("%s: made of an image that the settings do not name any more, or that was made anew since", strings.Join(old, ", ")),
			step("make the containers of those that they name", p.cmd("restart "+strings.Join(old, " "))))
	}
	return pass("all of them")
}
