//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/provision"
	labtelegraf "github.com/ltlab/ltlab/telegraf"
)

// labTelegraf is the lab's telegraf.conf in a real Telegraf, with the container's addresses replaced and nothing else.
type labTelegraf struct {
	*testing.T
	w              provision.Wanted
	conf           string // path
	log            func() string
	statsd, health string // addresses
}

func newLabTelegraf(t *testing.T, org, metrics string) *labTelegraf {
	t.Helper()
	d := newDatabase(t)
	l := &labTelegraf{T: t, w: wanted(d)}
	l.w.Org = org
	ensure(t, &l.w)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "influxdb_token"), []byte(l.w.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	conf := labtelegraf.Config(labtelegraf.Settings{Org: l.w.Org, Bucket: l.w.Bucket, Scrape: []string{metrics + "/shop?a=$b"}})
	for _, r := range [][2]string{
		{"/run/secrets", dir}, {"http://influxdb:8086", l.w.URL}, {`":8125"`, `"127.0.0.1:0"`},
		{"http://127.0.0.1:8080", "http://127.0.0.1:0"}, {"http://toy-api:5081", metrics}, {`interval = "5s"`, `interval = "250ms"`},
		{"collect_memstats = false", "collect_memstats = false\n  interval = \"250ms\""},
	} {
		if !strings.Contains(conf, r[0]) {
			t.Fatalf("telegraf.conf names no %s", r[0])
		}
		conf = strings.ReplaceAll(conf, r[0], r[1])
	}
	l.conf = filepath.Join(dir, "telegraf.conf")
	if err := os.WriteFile(l.conf, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	l.log = daemon(t, nil, "telegraf-1.37.2", "--config", l.conf)
	l.statsd = l.find("StatsD address", `UDP listening on "([^"]+)"`)
	l.health = l.find("health address", `Listening on (http://[0-9.:]+)`)
	return l
}

func (l *labTelegraf) find(what, pattern string) string {
	l.Helper()
	var found []string
	if !eventually(soon, func() bool {
		found = regexp.MustCompile(pattern).FindStringSubmatch(l.log())
		return found != nil
	}) {
		l.Fatalf("no %s in:\n%s", what, l.log())
	}
	return found[1]
}

// dial connects to its StatsD port.
func (l *labTelegraf) dial() net.Conn {
	l.Helper()
	c, err := net.Dial("udp", l.statsd)
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { c.Close() })
	return c
}

// ask is what InfluxDB has, by a filter and what follows it.
func (l *labTelegraf) ask(filter, then string) string {
	l.Helper()
	return query(l.T, &l.w, `from(bucket: "loadtests") |> range(start: -1h) |> filter(fn: (r) => `+filter+`) |> `+then)
}

// healthy asserts what the container's health check asks.
func (l *labTelegraf) healthy() {
	l.Helper()
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(l.health)
	if err != nil {
		l.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		l.Errorf("health answers %s", answer.Status)
	}
}

func TestTelegrafForwardsStatsDAndMetricsAsTheLabConfiguresIt(t *testing.T) {
	metrics := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(rw, "# TYPE sold counter\nsold{path=%q} 41\n", r.URL.Path)
	}))
	defer metrics.Close()
	l := newLabTelegraf(t, `my "org" costs $HOME`, metrics.URL)
	statsd := l.dial()
	var saw string
	for what, c := range map[string]struct{ filter, want string }{
		"StatsD":                {`r._measurement == "artillery" and r._field == "value" and r.metric == "http.response_time.p99" and r.run == "a%3Ab" and not exists r.host`, ",12.25\n"},
		"the toy API's metrics": {`r._measurement == "prometheus" and r._field == "sold" and r.path == "/metrics"`, ",41\n"},
		"metrics by setting":    {`r._measurement == "prometheus" and r._field == "sold" and r.path == "/shop"`, ",41\n"},
	} {
		if !eventually(soon, func() bool {
			if _, err := fmt.Fprint(statsd, "artillery,metric=http.response_time.p99,run=a%3Ab:12.25|g"); err != nil {
				t.Fatal(err)
			}
			saw = l.ask(c.filter, `last() |> keep(columns: ["_value"])`)
			return strings.HasSuffix(saw, c.want)
		}) {
			t.Errorf("%s: InfluxDB has %q, want one that ends with %q\n%s", what, saw, c.want, l.log())
		}
	}
	l.healthy()
	for _, line := range strings.Split(l.log(), "\n") {
		if strings.Contains(line, " E! ") || strings.Contains(line, l.w.Token) {
			t.Errorf("telegraf says: %s", line)
		}
	}
}
