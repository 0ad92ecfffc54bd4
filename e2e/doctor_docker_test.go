//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joho/godotenv"
)

// TestTheDoctorFindsFaultsOfALabOnDockerAndItsFixesMendThem shares one lab; each fault is gone before the next.
func TestTheDoctorFindsFaultsOfALabOnDockerAndItsFixesMendThem(t *testing.T) {
	b := newBench(t)
	p := b.proxied()
	b.startDocker()
	doc := b.healthy()
	for _, id := range []string{"docker", "images", "clock", "mount", "services", "influxdb", "influxdb-long", "influxdb-read-token", "telegraf", "toy-api", "k6-run"} {
		if s := doc.status(id); s != "pass" {
			t.Errorf("of a healthy lab %s came to %s", id, s)
		}
	}
	aims := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: soon}
	l, err := net.Listen("tcp4", "0.0.0.0:0") // as a service that containers are to reach
	b.try(err)
	go func() { _ = aims.Serve(l) }()
	defer aims.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	b.try(err)
	for _, f := range []planted{
		{name: "Telegraf stopped", check: "services", says: []string{"telegraf: its container is exited, exit code "}, plant: func(b *Bench) {
			b.docker("stop", b.container(b.Home, "telegraf"))
		}},
		{name: "a container removed", alone: true, check: "services", says: []string{"toy-api: its container was removed"}, plant: func(b *Bench) {
			b.docker("rm", "-f", b.container(b.Home, "toy-api"))
		}},
		{name: "the token wrong", check: "influxdb", says: []string{"influxdb: ", "HTTP 401", "unauthorized"}, plant: func(b *Bench) {
			b.OK("configure", "set", "INFLUXDB_TOKEN=not-the-token-at-all")
		}},
		{name: "the token that only reads wrong", check: "influxdb-read-token", says: []string{"INFLUXDB_READ_TOKEN", "the lab's token is refused by InfluxDB"}, plant: func(b *Bench) {
			b.OK("configure", "set", "INFLUXDB_READ_TOKEN=not-the-token-at-all")
		}},
		{name: "the bucket deleted", check: "influxdb", says: []string{"HTTP 404", `bucket "loadtests" not found`}, plant: func(b *Bench) { b.deleteBucket("loadtests") }},
		{name: "an image that is nowhere", alone: true, check: "images", says: []string{"127.0.0.1:1/no-k6:1 (LTLAB_IMAGE_K6"}, plant: func(b *Bench) {
			b.OK("configure", "set", "LTLAB_IMAGE_K6=127.0.0.1:1/no-k6:1")
		}},
		{name: "a target on localhost from a container", alone: true, check: "target", says: []string{"127.0.0.1:" + port, "inside k6's container 127.0.0.1 is the container itself"}, plant: func(b *Bench) {
			b.OK("configure", "set", "BASE_URL=http://127.0.0.1:"+port)
		}},
		{name: "a target that a container does not reach", alone: true, check: "target", says: []string{"host.docker.internal:1", "from a container of the lab", "refused"}, plant: func(b *Bench) {
			b.OK("configure", "set", "BASE_URL=http://host.docker.internal:1")
		}},
		{name: "a scenario that imports from outside its folder", alone: true, check: "scenarios", says: []string{"load/main.js needs ", "shared.js, outside of "}, plant: func(b *Bench) {
			b.Write("ltlab.yaml", "scenarios: load\n")
			b.Write("shared.js", "export const one = 1;\n")
			b.Write("load/main.js", "import { one } from '../shared.js';\nimport http from 'k6/http';\n"+
				"export const options = { iterations: one };\nexport default function () { http.get(`${__ENV.BASE_URL}/health`); }\n")
			b.OK("configure", "set", "BASE_URL="+b.service("toy-api"))
		}, lift: func() { // the command is a run, which must be one; then the project is put in order as it does
			b.Write("ltlab.yaml", "scenarios: .\n")
		}},
		{name: "the containers' clock wrong", alone: true, check: "clock", fix: -1, says: []string{"the containers' clock is ", "behind this machine's"}, plant: func(b *Bench) { b.skewed() }, lift: func() {
			b.vars = slices.DeleteFunc(b.vars, func(v string) bool { return strings.HasSuffix(v, "skewed.sock") })
		}},
		{name: "a dashboard with a foreign datasource", alone: true, check: "dashboards", says: []string{"shop.json asks datasource P1809F7CD0C75ACF3"}, plant: func(b *Bench) {
			dir := filepath.Join(b.Home, "dashboards", "shop")
			b.try(os.MkdirAll(dir, 0o755))
			b.try(os.WriteFile(filepath.Join(dir, "shop.json"), []byte(`{"title":"Shop","panels":[{"datasource":{"type":"influxdb","uid":"P1809F7CD0C75ACF3"}},{"datasource":{"uid":"influxdb"}}]}`), 0o644))
		}},
		{name: "the engine off", check: "docker", says: []string{"no Docker engine answers at unix://", "engine.sock", "the lab was left running there"}, plant: func(*Bench) { p.cut() }, lift: func() { p.mend() }},
		{name: "an engine on another machine", alone: true, check: "docker", says: []string{"the Docker engine is on another machine", "tcp://192.0.2.1:2375"}, plant: func(b *Bench) {
			b.vars = append(b.vars, "DOCKER_HOST=tcp://192.0.2.1:2375")
		}},
	} {
		t.Run(f.name, func(t *testing.T) {
			b.t = t
			defer func() { b.t = t }()
			b.diagnose(f)
		})
	}
	b.t = t
	b.deleteBucket("loadtests_1m")
	if o := b.Ltlab("doctor", "influxdb-long", "--fix", "--yes"); o.Exit != 0 || !strings.Contains(o.Stderr, "influxdb-long: InfluxDB holds what the settings say") {
		t.Errorf("a repair of a missing bucket: exit %d\n%s\n%s", o.Exit, o.Stdout, o.Stderr)
	}
	b.Write("boards/shop.json", `{"title":"Shop","panels":[]}`)
	b.OK("dashboard", "link", "boards")
	if o := b.Ltlab("dashboard", "open"); o.Exit != 11 || !strings.Contains(o.Stderr, "ltlab start --only grafana") { // a plain start leaves it without
		t.Errorf("a board without Grafana: exit %d\n%s", o.Exit, o.Stderr)
	}
	b.docker("stop", b.container(b.Home, "influxdb"))
	if o := b.Ltlab("doctor", "influxdb", "--fix", "--yes"); o.Exit != 0 || !strings.Contains(o.Stderr, "services: the lab's services run") {
		t.Errorf("a repair of a stopped InfluxDB: exit %d\n%s\n%s", o.Exit, o.Stdout, o.Stderr)
	}
	b.reported()
	b.OK("purge", "--yes")
}

// deleteBucket takes a bucket away as nobody should.
func (b *Bench) deleteBucket(name string) {
	b.t.Helper()
	env, err := godotenv.Read(filepath.Join(b.Home, ".env"))
	b.try(err)
	influx, token := b.service("influxdb"), env["INFLUXDB_TOKEN"]
	code, body := ask(b.t, http.MethodGet, influx+"/api/v2/buckets?name="+name, token, "")
	var found struct{ Buckets []struct{ ID string } }
	if err := json.Unmarshal([]byte(body), &found); err != nil || len(found.Buckets) != 1 {
		b.t.Fatalf("bucket %s: %d %s (%v)", name, code, body, err)
	}
	if code, body := ask(b.t, http.MethodDelete, influx+"/api/v2/buckets/"+found.Buckets[0].ID, token, ""); code != http.StatusNoContent {
		b.t.Fatalf("delete bucket %s: %d %s", name, code, body)
	}
}

// skewed puts an engine before ltlab that tells a time of an hour ago.
func (b *Bench) skewed() {
	b.t.Helper()
	socket := filepath.Join(b.Dir, "skewed.sock")
	s := b.listenAt(socket, &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: "engine"}) },
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", strings.TrimPrefix(engineHost(), "unix://"))
		}, DisableKeepAlives: true},
		ModifyResponse: func(r *http.Response) error {
			if !strings.HasSuffix(r.Request.URL.Path, "/info") {
				return nil
			}
			var info map[string]any
			err := json.NewDecoder(r.Body).Decode(&info)
			info["SystemTime"] = time.Now().Add(-time.Hour).Format(time.RFC3339Nano)
			text, merr := json.Marshal(info)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
			r.Header.Del("Content-Length")
			return errors.Join(err, merr)
		},
		FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
	})
	b.t.Cleanup(func() { s.Close() })
	b.vars = append(b.vars, "DOCKER_HOST=unix://"+socket)
}

// reported plants secrets wherever a lab may have some, and looks at every byte of a report, which must have what helps.
func (b *Bench) reported() {
	b.t.Helper()
	t := b.t
	env, err := godotenv.Read(filepath.Join(b.Home, ".env"))
	b.try(err)
	planted := map[string]string{
		"the lab's token": env["INFLUXDB_TOKEN"], "the token that only reads": env["INFLUXDB_READ_TOKEN"], "InfluxDB's password": env["INFLUXDB_ADMIN_PASSWORD"],
		"Grafana's password": env["GRAFANA_ADMIN_PASSWORD"], "somebody else's secret in .env": "planted-stripe-0005", "a secret of the environment": "planted-env-0006",
		"the user of an address": "planted-user-0007", "its password": "planted-pass-0008", "a run's variable": "planted-var-0009", "a header in a log": "planted-header-0010",
		"a query in a log": "planted-query-0011", "a token that InfluxDB refused": "planted-refused-0012",
	}
	for what, secret := range planted {
		if len(secret) < 8 {
			t.Fatalf("%s is %q", what, secret)
		}
	}
	b.rewrite(func(s string) string { return s + "STRIPE_SECRET_KEY=planted-stripe-0005\n" })
	b.OK("configure", "set", "BASE_URL=http://planted-user-0007:planted-pass-0008@127.0.0.1:1/x")
	b.vars = append(b.vars, "MY_API_TOKEN=planted-env-0006")
	b.Ltlab("k6", "-s", "smoke.js", "--id", "secretive", "--no-gate", "-e", "DURATION=1s", "-e", "API_KEY=planted-var-0009",
		"-e", "BASE_URL="+b.service("toy-api")+"/?api_key=planted-query-0011", "-e", "HEADER=Authorization: Bearer planted-header-0010")
	write(t, b.service("influxdb"), "ltlab", "loadtests", "planted-refused-0012", "x value=1")
	b.try(os.WriteFile(filepath.Join(b.Home, "serve.log"), []byte("GET /a?api_key=planted-query-0011\nAuthorization: Bearer planted-header-0010\nboards: all is well here\n"), 0o600))
	file := filepath.Join(b.Dir, "report.tar.gz")
	o := b.Ltlab("doctor", "--report", file)
	if !strings.Contains(o.Stdout, "the report is in "+file) {
		t.Fatalf("exit %d\n%s\n%s", o.Exit, o.Stdout, o.Stderr)
	}
	st, err := os.Stat(file)
	b.try(err)
	if st.Mode().Perm() != 0o600 {
		t.Errorf("the report has mode %o", st.Mode().Perm())
	}
	z, err := gzip.NewReader(bytes.NewReader(b.read(file)))
	b.try(err)
	raw, err := io.ReadAll(z)
	b.try(err)
	for what, secret := range planted {
		for _, text := range []string{string(raw), o.Stdout, o.Stderr} {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s is in what the doctor gives away: …%s…", what, text[max(0, i-200):i])
			}
		}
	}
	content := map[string]string{}
	files := tar.NewReader(bytes.NewReader(raw))
	for h, err := files.Next(); !errors.Is(err, io.EOF); h, err = files.Next() {
		b.try(err)
		text, err := io.ReadAll(files)
		b.try(err)
		content[strings.TrimPrefix(h.Name, "ltlab-report/")] = string(text)
		if strings.HasSuffix(h.Name, ".json") && !json.Valid(text) {
			t.Errorf("%s is no document any more", h.Name)
		}
	}
	for name, has := range map[string]string{
		"doctor.json": `"id": "influxdb"`, "config.json": "INFLUXDB_BUCKET", "versions.json": "ltlab-k6", "compose.yaml": "influxdb:", "containers.json": "influxdb",
		"logs/influxdb.log": "influxd", "logs/telegraf.log": "", "logs/toy-api.log": "", "logs/serve.log": "all is well here", "runs/secretive.json": "smoke.js", "runs/secretive-tool.json": "k6",
	} {
		if text, ok := content[name]; !ok || !strings.Contains(text, has) {
			t.Errorf("%s: there %t, without %q:\n%.300s", name, ok, has, text)
		}
	}
}
