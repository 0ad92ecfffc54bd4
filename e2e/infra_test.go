//go:build e2e

package e2e

import (
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
)

// measured is what the record of a run says that each source used, by its name.
type measured struct {
	source record.Source
	uses   map[int64]record.Use // by second
}

// used reads it, and asserts that nothing in it is impossible.
func (b *Bench) used(run string) map[string]*measured {
	b.t.Helper()
	tail, err := record.OpenRunTail(b.run(run, record.RunFile))
	b.try(err)
	defer tail.Close()
	byID, byName := map[int]*measured{}, map[string]*measured{}
	last := int64(0)
	b.try(tail.Each(func(l record.RunLine) {
		if s := l.Source; s != nil {
			if byID[s.ID] == nil {
				byID[s.ID] = &measured{uses: map[int64]record.Use{}}
				byName[s.Name] = byID[s.ID]
			}
			byID[s.ID].source = *s
		}
		if l.Infra == nil {
			return
		}
		if l.Infra.T <= last {
			b.t.Errorf("second %d comes after second %d", l.Infra.T, last)
		}
		last = l.Infra.T
		for _, u := range l.Infra.Uses {
			of := byID[u.Source]
			if of == nil {
				b.t.Fatalf("second %d is of source %d, which was not declared", l.Infra.T, u.Source)
			}
			of.uses[l.Infra.T] = u
			if u.CPU < 0 || u.CPU > 1.5*of.source.CPUs || u.Memory == 0 || u.RX < 0 || u.TX < 0 {
				b.t.Errorf("second %d of %s: %+v", l.Infra.T, of.source.Name, u)
			}
		}
	}))
	return byName
}

// sum adds up what is known of something, and says how many seconds that is.
func (m *measured) sum(of func(record.Use) float64) (sum float64, seconds int) {
	for _, u := range m.uses {
		if v := of(u); !math.IsNaN(v) {
			sum += v
			seconds++
		}
	}
	return sum, seconds
}

func cpu(u record.Use) float64      { return u.CPU }
func received(u record.Use) float64 { return u.RX }

// TestWhatTheLabOnDockerUsesIsMeasuredAndCollected is one lab with a metrics server of the user's beside it.
func TestWhatTheLabOnDockerUsesIsMeasuredAndCollected(t *testing.T) {
	b := newDockerBench(t)
	gateway := b.docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}").String()
	l, err := net.Listen("tcp4", gateway+":0")
	b.try(err)
	metrics := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "# TYPE sold counter\nsold{path=%q} 41\n", r.URL.Path)
	})}}
	metrics.Start()
	t.Cleanup(metrics.Close)
	_, port, err := net.SplitHostPort(l.Addr().String())
	b.try(err)
	b.vars = append(b.vars, "LTLAB_SCRAPE_URLS=http://host.docker.internal:"+port+"/shop")
	b.OK(onDocker()...)

	t.Run("Telegraf collects from LTLAB_SCRAPE_URLS and from the toy API", func(t *testing.T) {
		b.t = t
		for what, filter := range map[string]string{
			"the metrics server": `r._field == "sold" and r.path == "/shop" and r._value == 41.0`,
			"the toy API":        `r.url == "http://toy-api:5081/metrics"`,
		} {
			b.until(what+" in InfluxDB", limit, func() bool {
				return strings.Contains(b.flux(`from(bucket: "loadtests") |> range(start: -1h) |> filter(fn: (r) => r._measurement == "prometheus" and `+filter+`) |> limit(n: 1)`), "prometheus")
			})
		}
	})
	b.t = t
	t.Run("every container, k6 and the machine are in the record each second", func(t *testing.T) {
		b.t = t
		b.measuresARun()
	})
	b.t = t
	b.OK("purge", "--yes")
}

// measuresARun runs k6 in a container while another container of the lab goes and comes back.
func (b *Bench) measuresARun() {
	t := b.t
	b.Write("rate.js", `import http from "k6/http";
export const options = { discardResponseBodies: true, scenarios: { rate: { executor: "constant-arrival-rate", rate: 200, timeUnit: "1s", duration: "20s", preAllocatedVUs: 20 } } };
export default function () { http.get(__ENV.BASE_URL + "/fast"); }
`)
	before := b.cpuOf("toy-api")
	p := b.Start("k6", "-s", "rate.js", "--id", "rate", "-e", "BASE_URL="+b.service("toy-api"))
	b.until("seconds of the run", limit, func() bool {
		text, err := os.ReadFile(b.run("rate", record.RunFile))
		return err == nil && strings.Count(string(text), `{"infra":`) >= 5
	})
	b.docker("restart", "-t", "2", b.container(b.Home, "telegraf"))
	o := p.Wait()
	spent := b.cpuOf("toy-api") - before
	if o.Exit != 0 {
		t.Fatalf("exit %d\n%s\n%s", o.Exit, o.Stdout, o.Stderr)
	}
	all := b.used("rate")
	for _, name := range []string{"k6", "toy-api", "influxdb", "telegraf", "host", "loopback"} {
		m := all[name]
		if m == nil {
			t.Errorf("%s was not measured", name)
			continue
		}
		kind := record.ContainerSource
		if name == "host" || name == "loopback" {
			kind = record.SourceKind(name)
		}
		if m.source.Kind != kind || m.source.Generator != (name == "k6") {
			t.Errorf("%s is %+v", name, m.source)
		}
		_, network := m.sum(received)
		_, busy := m.sum(cpu)
		if network < 8 || busy < 8 && kind != record.LoopbackSource {
			t.Errorf("of %s, %d seconds of CPU and %d of the network are known", name, busy, network)
		}
	}
	if len(all) != 6 {
		t.Errorf("%d sources were measured", len(all))
	}
	if t.Failed() {
		return
	}
	// Of its process's own count of CPU time the seconds know nearly all; its health checks are counted beside it.
	if got, _ := all["toy-api"].sum(cpu); got > 2*spent || got < spent/2 {
		t.Errorf("the toy API used %.3f s of CPU by the seconds, %.3f s by its process", got, spent)
	}
	if got, n := all["toy-api"].sum(received); got/float64(n) < 5000 {
		t.Errorf("200 requests a second came to the toy API in %.0f bytes", got/float64(n))
	}
	if text := b.OK("runs", "show", "rate").Stdout; !strings.Contains(text, "cores: ") || !strings.Contains(text, "cpu  ") {
		t.Errorf("`runs show` does not say what was used:\n%s", text)
	}
}

// cpuOf is the CPU time in seconds that the process of a service's container has used.
func (b *Bench) cpuOf(service string) float64 {
	b.t.Helper()
	pid := b.docker("inspect", "--format", "{{.State.Pid}}", b.container(b.Home, service)).String()
	fields := strings.Fields(string(b.read("/proc/" + pid + "/stat")))
	var ticks float64
	for _, f := range fields[13:15] { // user and system time, in hundredths on every Linux
		n, err := strconv.ParseFloat(f, 64)
		b.try(err)
		ticks += n
	}
	return ticks / 100
}

// TestALoadGeneratorShortOfCPUIsSaid keeps every core busy by k6's own doing.
func TestALoadGeneratorShortOfCPUIsSaid(t *testing.T) {
	b := newBench(t)
	b.Write("busy.js", `import http from "k6/http";
export const options = { vus: Number(__ENV.USERS), duration: "10s" };
export default function () { for (const end = Date.now() + 100; Date.now() < end;); http.get(__ENV.BASE_URL + "/fast"); }
`)
	b.OK("start")
	o := b.OK("k6", "-s", "busy.js", "--id", "busy", "-e", fmt.Sprint("USERS=", 2*runtime.NumCPU()), "-e", "BASE_URL="+b.service("toy-api"))
	doc := b.Show("busy")
	text := doc.warning("generator-saturated")
	if text == "" || !strings.Contains(o.Stdout, text) || !strings.Contains(text, "latencies may be the generator's own") {
		t.Errorf("it is not said: %+v\n%s", doc.Warnings, o.Stdout)
	}
	board := b.BoardOf("busy")
	for _, id := range []string{"rate", "percentiles", "cpu-share", "cpu"} {
		if p := board.panel(id); p == nil || len(p.Shade) == 0 {
			t.Errorf("the chart of %s is not gray anywhere", id)
		}
	}
	lines := board.panel("cpu").Lines
	for _, name := range []string{"host", "k6", "lab"} {
		if !slices.ContainsFunc(lines, func(l lineDoc) bool { return l.Label == name && len(l.Values) > 5 }) {
			t.Errorf("the board has no CPU of %s", name)
		}
	}
	b.OK("stop")
	b.leftNothing()
}
