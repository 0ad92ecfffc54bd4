//go:build e2e

package e2e

import (
	"encoding/json"
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
	b.OK("purge", "--yes")
}
