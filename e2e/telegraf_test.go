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

	labtelegraf "github.com/ltlab/ltlab/telegraf"
)

// The lab's telegraf.conf in a real Telegraf, with the container's addresses replaced and nothing else.
func TestTelegrafForwardsStatsDAndMetricsAsTheLabConfiguresIt(t *testing.T) {
	d := newDatabase(t)
	w := wanted(d)
	w.Org = `my "org" costs $HOME`
	ensure(t, &w)
	metrics := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(rw, "# TYPE sold counter\nsold{path=%q} 41\n", r.URL.Path)
	}))
	defer metrics.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "influxdb_token"), []byte(w.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	conf := labtelegraf.Config(labtelegraf.Settings{Org: w.Org, Bucket: w.Bucket, Scrape: []string{metrics.URL + "/shop?a=$b"}})
	for _, r := range [][2]string{
		{"/run/secrets", dir}, {"http://influxdb:8086", w.URL}, {`":8125"`, `"127.0.0.1:0"`},
		{"http://127.0.0.1:8080", "http://127.0.0.1:0"}, {"http://toy-api:5081", metrics.URL}, {`interval = "5s"`, `interval = "250ms"`},
	} {
		if !strings.Contains(conf, r[0]) {
			t.Fatalf("telegraf.conf names no %s", r[0])
		}
		conf = strings.ReplaceAll(conf, r[0], r[1])
	}
	path := filepath.Join(dir, "telegraf.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	log := daemon(t, nil, "telegraf-1.37.2", "--config", path)
	find := func(what, pattern string) string {
		t.Helper()
		var found []string
		if !eventually(20*time.Second, func() bool {
			found = regexp.MustCompile(pattern).FindStringSubmatch(log())
			return found != nil
		}) {
			t.Fatalf("no %s in:\n%s", what, log())
		}
		return found[1]
	}
	statsd, err := net.Dial("udp", find("StatsD address", `UDP listening on "([^"]+)"`))
	if err != nil {
		t.Fatal(err)
	}
	defer statsd.Close()
	health := find("health address", `Listening on (http://[0-9.:]+)`)

	var saw string
	for what, c := range map[string]struct{ filter, want string }{
		"StatsD":                {`r._measurement == "artillery" and r._field == "value" and r.metric == "http.response_time.p99" and r.run == "a%3Ab" and not exists r.host`, ",12.25\n"},
		"the toy API's metrics": {`r._measurement == "prometheus" and r._field == "sold" and r.path == "/metrics"`, ",41\n"},
		"metrics by setting":    {`r._measurement == "prometheus" and r._field == "sold" and r.path == "/shop"`, ",41\n"},
	} {
		if !eventually(20*time.Second, func() bool {
			if _, err := fmt.Fprint(statsd, "artillery,metric=http.response_time.p99,run=a%3Ab:12.25|g"); err != nil {
				t.Fatal(err)
			}
			saw = query(t, &w, `from(bucket: "loadtests") |> range(start: -1h) |> filter(fn: (r) => `+c.filter+`) |> last() |> keep(columns: ["_value"])`)
			return strings.HasSuffix(saw, c.want)
		}) {
			t.Errorf("%s: InfluxDB has %q, want one that ends with %q\n%s", what, saw, c.want, log())
		}
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(health)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("health answers %s", answer.Status)
	}
	for _, line := range strings.Split(log(), "\n") {
		if strings.Contains(line, " E! ") || strings.Contains(line, w.Token) {
			t.Errorf("telegraf says: %s", line)
		}
	}
}
