//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestARunningLabObeysOnDocker gives one lab the commands that look at it or change it while it runs.
func TestARunningLabObeysOnDocker(t *testing.T) {
	b := newDockerBench(t)
	st := b.startDocker()
	before := b.containers()

	b.OK("restart", "telegraf")
	b.one()
	after := b.containers()
	if after["telegraf"] == before["telegraf"] || after["influxdb"] != before["influxdb"] || after["toy-api"] != before["toy-api"] {
		t.Errorf("restart of Telegraf made %v of %v", after, before)
	}
	if again := b.status(b.OK("status", "--json")); again.url("telegraf") != st.url("telegraf") || again.url("influxdb") != st.url("influxdb") {
		t.Errorf("restart changed addresses: %+v, then %+v", st, again)
	}
	b.problem(b.Ltlab("restart", "nothing"), "service-unknown", 2, `no service "nothing"`)
	b.OK("restart")
	b.one()
	for service, id := range b.containers() {
		if id == after[service] {
			t.Errorf("restart of all services left %s as it was", service)
		}
	}

	logs := b.OK("logs", "influxdb")
	for line := range strings.Lines(logs.Stdout) {
		if !strings.HasPrefix(line, "influxdb | ") {
			t.Fatalf("logs of InfluxDB have the line %q", line)
		}
	}
	b.said(logs.Stdout, "msg=Listening")
	follow := b.Start("logs", "--follow", "--tail", "0", "influxdb")
	b.until("a request in the log that is followed", soon, func() bool {
		write(t, st.url("influxdb"), "ltlab", "loadtests", "wrong", "m v=1") // InfluxDB says so
		return len(b.read(follow.out)) > 0 || !follow.Running()
	})
	follow.Signal(syscall.SIGINT)
	if o := follow.Wait(); o.Exit != 130 || !strings.Contains(o.Stdout, "msg=Unauthorized") {
		t.Errorf("the followed log: exit %d\n%s", o.Exit, o.Stderr)
	}

	var images struct {
		Images []struct {
			Service, Image string
			Local          bool
		}
	}
	b.try(json.Unmarshal([]byte(b.OK("images", "--json").Stdout), &images))
	for _, i := range images.Images {
		if before[i.Service] != "" && !i.Local {
			t.Errorf("%s runs, and its image %s is said to be missing", i.Service, i.Image)
		}
	}
	if len(images.Images) < 4 {
		t.Errorf("images lists %+v", images)
	}
	b.OK("configure", "set", "INFLUXDB_BUCKET=other")
	b.problem(b.Ltlab("k6", "-s", "smoke.js"), "lab-unhealthy", 13, "the lab started under other settings", `bucket "other" not found`)
	b.startDocker()
	b.said(b.OK("query", "buckets()").Stdout, "other")

	// A container of somebody else's in the lab's network: stop leaves the network, purge says who is in the way.
	network := b.docker("network", "ls", "--format", "{{.Name}}", "--filter", "label=io.ltlab.home="+b.Home)[0]
	foreign := b.docker("run", "-d", "--network", network, "ltlab/toy-api", "--addr", ":5081")[0]
	t.Cleanup(func() { b.docker("rm", "-f", foreign) })
	b.said(b.OK("stop").Stderr, "network "+network+" is in use by ")
	b.problem(b.Ltlab("purge", "--yes"), "engine-failed", 10, "network "+network+" is in use by ")
	b.docker("rm", "-f", foreign)
	b.OK("purge", "--yes")
	if left := b.left(b.Home); len(left) > 0 {
		t.Errorf("purge left %v", left)
	}
}

// TestAPullSignsInAsDockerDoes has a registry that wants a password, which `docker login` has left.
func TestAPullSignsInAsDockerDoes(t *testing.T) {
	b := newDockerBench(t)
	users := make(chan string, 16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _, ok := r.BasicAuth()
		if !ok {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		users <- user
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	registry := strings.TrimPrefix(server.URL, "http://")
	config := filepath.Join(b.Dir, "docker")
	b.try(os.Mkdir(config, 0o700))
	b.try(os.WriteFile(filepath.Join(config, "config.json"), []byte(`{"auths": {"`+registry+`": {"auth": "dXNlcjpzZWNyZXQ="}}}`), 0o600)) // user:secret
	b.vars = append(b.vars, "DOCKER_CONFIG="+config, "LTLAB_IMAGE_TELEGRAF="+registry+"/telegraf:1")
	b.problem(b.Ltlab("pull", "telegraf"), "image-missing", 14, registry+"/telegraf:1")
	select {
	case user := <-users:
		if user != "user" {
			t.Errorf("signed in as %q", user)
		}
	default:
		t.Error("nobody signed in")
	}
}
