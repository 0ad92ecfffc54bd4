//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joho/godotenv"
)

// TestTheLabOnDocker lives through one lab: what starts, answers, is kept, and goes.
func TestTheLabOnDocker(t *testing.T) {
	b := newDockerBench(t)
	st := b.startDocker()
	if st.Engine != "docker" || st.State != "healthy" || len(st.Services) != 3 {
		t.Fatalf("start said %+v", st)
	}
	env, err := godotenv.Read(filepath.Join(b.Home, ".env"))
	b.try(err)
	influx, toy := st.url("influxdb"), st.url("toy-api")
	org, bucket := env["INFLUXDB_ORG"], env["INFLUXDB_BUCKET"]

	t.Run("the toy API answers", func(t *testing.T) {
		if code, _ := ask(t, http.MethodGet, toy+"/health", "", ""); code != http.StatusOK {
			t.Errorf("GET /health: %d", code)
		}
	})
	t.Run("the token of .env writes and reads a point", func(t *testing.T) {
		if code, body := write(t, influx, org, bucket, env["INFLUXDB_TOKEN"], "kept value=42"); code != http.StatusNoContent {
			t.Fatalf("write: %d %s", code, body)
		}
		if got := b.flux(`from(bucket: "` + bucket + `") |> range(start: -1h) |> filter(fn: (r) => r._measurement == "kept")`); !strings.Contains(got, "42") {
			t.Errorf("the point is not there:\n%s", got)
		}
	})
	t.Run("Grafana's token reads and cannot write", func(t *testing.T) {
		if code, body := write(t, influx, org, bucket, env["INFLUXDB_READ_TOKEN"], "refused value=1"); code/100 != 4 {
			t.Errorf("write: %d %s", code, body)
		}
		code, body := ask(t, http.MethodPost, influx+"/api/v2/query?org="+org, env["INFLUXDB_READ_TOKEN"], `from(bucket: "`+bucket+`") |> range(start: -1h)`)
		if code != http.StatusOK || !strings.Contains(body, "42") {
			t.Errorf("read: %d %s", code, body)
		}
	})
	t.Run("a StatsD packet reaches InfluxDB through Telegraf", func(t *testing.T) {
		b.t = t
		send(t, st.url("telegraf"), "artillery,metric=vusers,run=r1:7|g")
		b.until("the packet in InfluxDB", soon, func() bool {
			return strings.Contains(b.flux(`from(bucket: "`+bucket+`") |> range(start: -1h) |> filter(fn: (r) => r._measurement == "artillery" and r.run == "r1")`), "vusers")
		})
	})
	b.t = t
	t.Run("no secret, open port, socket or root shows in docker inspect", func(t *testing.T) {
		b.t = t
		b.nothingShows(env)
	})
	b.t = t
	t.Run("a second start changes nothing", func(t *testing.T) {
		b.t = t
		before := b.docker("ps", "-q", "--no-trunc", "--filter", "label=io.ltlab.home="+b.Home)
		again := b.startDocker()
		after := b.docker("ps", "-q", "--no-trunc", "--filter", "label=io.ltlab.home="+b.Home)
		if !slices.Equal(before, after) || again.State != "healthy" {
			t.Errorf("%v became %v, %s", before, after, again.State)
		}
	})
	b.t = t
	t.Run("stop and start keep every point and every run", func(t *testing.T) {
		b.t = t
		b.OK("k6", "-s", "smoke.js", "--id", "before-stop")
		b.OK("stop")
		if left := b.left(b.Home); slices.ContainsFunc(left, func(l string) bool { return !strings.HasPrefix(l, "volume ") }) {
			t.Errorf("stop left %v", left)
		}
		if o := b.Ltlab("status"); o.Exit != 11 {
			t.Errorf("status of a stopped lab: exit %d\n%s", o.Exit, o.Stdout)
		}
		st = b.startDocker()
		if got := b.flux(`from(bucket: "` + bucket + `") |> range(start: -1h) |> filter(fn: (r) => r._measurement == "kept")`); !strings.Contains(got, "42") {
			t.Errorf("the point is gone:\n%s", got)
		}
		b.Show("before-stop")
	})
	b.t = t
	t.Run("purge leaves nothing of the lab and nothing else alone", func(t *testing.T) {
		b.t = t
		b.purgeBesideAForeignProject()
	})
	b.t = t
}

// nothingShows looks at every container of the lab as `docker inspect` prints it.
func (b *Bench) nothingShows(env map[string]string) {
	b.t.Helper()
	all := b.inspect(b.Home)
	if len(all) < 3 {
		b.t.Fatalf("inspected %d containers", len(all))
	}
	for _, c := range all {
		shown := fmt.Sprint(c.Config.Labels, c.Path, c.Args, c.Config.Cmd, c.Config.Entrypoint, c.Config.Env)
		for name, value := range env {
			if (strings.Contains(name, "TOKEN") || strings.Contains(name, "PASSWORD")) && value != "" && strings.Contains(shown, value) {
				b.t.Errorf("%s shows %s", c.Name, name)
			}
		}
		for port, at := range c.HostConfig.PortBindings {
			for _, a := range at {
				if a.HostIP != "127.0.0.1" {
					b.t.Errorf("%s publishes %s on %q", c.Name, port, a.HostIP)
				}
			}
		}
		for _, m := range c.Mounts {
			if strings.Contains(m.Source, "docker.sock") || strings.Contains(m.Destination, "docker.sock") {
				b.t.Errorf("%s has Docker's socket", c.Name)
			}
		}
		if strings.HasPrefix(c.Config.Image, "ltlab/") && (c.Config.User == "" || strings.HasPrefix(c.Config.User, "0") || strings.HasPrefix(c.Config.User, "root")) {
			b.t.Errorf("%s runs as %q", c.Name, c.Config.User)
		}
		if c.HostConfig.Privileged {
			b.t.Errorf("%s is privileged", c.Name)
		}
	}
}

func (b *Bench) purgeBesideAForeignProject() {
	b.t.Helper()
	b.Write("compose.yaml", "services: {web: {image: ltlab/toy-api}}\n")
	labels := []string{"--label", "com.docker.compose.project=foreign", "--label", "com.docker.compose.project.working_dir=" + b.Dir}
	foreign := b.docker(append(append([]string{"create"}, labels...), "ltlab/toy-api")...)[0]
	b.docker(append(append([]string{"volume", "create"}, labels...), "foreign-data")...)
	b.docker(append(append([]string{"network", "create"}, labels...), "foreign-net")...)
	defer func() {
		b.docker("rm", "-f", foreign)
		b.docker("volume", "rm", "foreign-data")
		b.docker("network", "rm", "foreign-net")
	}()
	dry := b.OK("purge", "--dry-run")
	if !strings.Contains(dry.Stdout, "influxdb-data") || len(b.left(b.Home)) == 0 {
		b.t.Errorf("--dry-run said:\n%s\nand left %v", dry.Stdout, b.left(b.Home))
	}
	if o := b.Ltlab("purge"); o.Exit != 2 || len(b.left(b.Home)) == 0 {
		b.t.Errorf("purge without a terminal and --yes: exit %d, left %v", o.Exit, b.left(b.Home))
	}
	b.OK("purge", "--yes")
	if left := b.left(b.Home); len(left) > 0 {
		b.t.Errorf("purge left %v", left)
	}
	if got := b.docker("ps", "-aq", "--no-trunc", "--filter", "label=com.docker.compose.project=foreign"); len(got) != 1 {
		b.t.Errorf("the foreign container: %v", got)
	}
	if got := b.docker("volume", "ls", "-q", "--filter", "name=foreign-data"); len(got) != 1 {
		b.t.Errorf("the foreign volume: %v", got)
	}
	if got := b.docker("network", "ls", "-q", "--filter", "name=foreign-net"); len(got) != 1 {
		b.t.Errorf("the foreign network: %v", got)
	}
}

// TestTwoLabsRunSideBySide gives each its own ports, database and credentials.
func TestTwoLabsRunSideBySide(t *testing.T) {
	b := newDockerBench(t)
	b.several("other")
	one := b.startDocker()
	other := b.startDocker("--lab", "other")
	if one.Lab == other.Lab || one.url("influxdb") == other.url("influxdb") || one.url("toy-api") == other.url("toy-api") {
		t.Fatalf("the labs share something:\n%+v\n%+v", one, other)
	}
	for _, lab := range []string{"lab", "other"} {
		if st := b.status(b.OK("status", "--json", "--lab", lab)); st.State != "healthy" {
			t.Errorf("lab %s is %s", lab, st.State)
		}
	}
	if o := b.OK("ls"); !strings.Contains(o.Stdout, "other") {
		t.Errorf("ls does not list both labs:\n%s", o.Stdout)
	}
	b.OK("purge", "--yes", "--lab", "other")
	if left := b.left(b.labs[0]); len(left) > 0 {
		t.Errorf("purge left %v", left)
	}
	if st := b.status(b.OK("status", "--json")); st.State != "healthy" {
		t.Errorf("the first lab is %s after the other's purge", st.State)
	}
	b.OK("purge", "--yes")
}

// flux runs a query as a user does.
func (b *Bench) flux(query string) string {
	b.t.Helper()
	return b.OK("query", query).Stdout
}

func write(t *testing.T, influx, org, bucket, token, line string) (int, string) {
	t.Helper()
	return ask(t, http.MethodPost, influx+"/api/v2/write?org="+org+"&bucket="+bucket, token, line)
}

// ask makes a request of InfluxDB or any other service.
func ask(t *testing.T, method, url, token, body string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Token "+token)
	}
	if strings.Contains(url, "/query") {
		r.Header.Set("Content-Type", "application/vnd.flux")
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func send(t *testing.T, address, packet string) {
	t.Helper()
	conn, err := net.Dial("udp", strings.TrimPrefix(address, "udp://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(packet)); err != nil {
		t.Fatal(err)
	}
}

// TestAStartEndsWithTheContainer kills InfluxDB while ltlab waits for it.
func TestAStartEndsWithTheContainer(t *testing.T) {
	b := newDockerBench(t)
	p := b.Start("start", "--engine", "docker", "--without", "grafana", "--wait-timeout", "2m")
	id := b.container(b.Home, "influxdb")
	b.until("a line in its log", soon, func() bool { return len(b.docker("logs", id)) > 0 })
	b.docker("kill", id)
	killed := time.Now()
	o := p.Wait()
	t.Logf("the start ended %.1f s after the container", time.Since(killed).Seconds())
	b.problem(o, "lab-unhealthy", 13, "influxdb stopped before it was ready", "exited with code 137", "last lines of its log")
	if left := b.left(b.Home); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
	if _, err := os.Stat(filepath.Join(b.Home, "docker.json")); err == nil {
		t.Error("it is remembered as running")
	}
}

// TestAStartEndsWithAnInfluxDBThatDiesWhileItIsSetUp has one that answers a single time, which says that it lives.
func TestAStartEndsWithAnInfluxDBThatDiesWhileItIsSetUp(t *testing.T) {
	b := newDockerBench(t)
	b.vars = append(b.vars, "LTLAB_IMAGE_INFLUXDB="+b.image("dies", `
printf 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}' | /bin/busybox nc -l -p 8086
echo the power fails
sleep 0.3
exit 7
`))
	o := b.Ltlab("start", "--engine", "docker", "--only", "influxdb")
	b.problem(o, "lab-unhealthy", 13, "influxdb stopped before it was ready", "exited with code 7", "the power fails")
	b.nothingStarted()
}
