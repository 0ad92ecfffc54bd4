package docker

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
)

func TestAServiceBringsThoseThatItNeeds(t *testing.T) {
	e := &Engine{}
	for _, c := range []struct {
		o    engine.Options
		want string // services, or the problem
	}{
		{engine.Options{}, "influxdb telegraf grafana toy-api"},
		{engine.Options{Only: []string{"toy-api"}}, "toy-api"},
		{engine.Options{Only: []string{"grafana"}}, "influxdb grafana"},
		{engine.Options{Without: []string{"grafana"}}, "influxdb telegraf toy-api"},
		{engine.Options{Without: []string{"influxdb"}}, "bad-usage"},
		{engine.Options{Only: []string{"telegraf"}, Without: []string{"influxdb"}}, "bad-usage"},
		{engine.Options{Only: []string{"toy-api"}, Without: []string{"toy-api"}}, "bad-usage"},
		{engine.Options{Only: []string{"boards"}}, "service-unknown"},
	} {
		services, err := e.pick(c.o)
		got := strings.Join(services, " ")
		var p *problem.Problem
		if errors.As(err, &p) {
			got = p.ID
		}
		if got != c.want {
			t.Errorf("%+v: %s, want %s", c.o, got, c.want)
		}
	}
}

func TestTwoHomesNeverShareAProject(t *testing.T) {
	a, b := &Engine{Lab: "lab", Home: "/a"}, &Engine{Lab: "lab", Home: "/b"}
	if a.Project() == b.Project() || a.Project() != (&Engine{Lab: "lab", Home: config.Home("/a")}).Project() {
		t.Errorf("%s, %s", a.Project(), b.Project())
	}
}

func TestAnEngineElsewhereIsNotOnThisMachine(t *testing.T) {
	for host, want := range map[string]bool{
		"unix:///var/run/docker.sock": true, "npipe:////./pipe/docker_engine": true, "tcp://127.0.0.1:2375": true, "tcp://[::1]:2375": true, "tcp://localhost:2375": true,
		"tcp://192.0.2.1:2375": false, "ssh://user@build.example.com": false, "tcp://docker:2376": false, "": false,
	} {
		if onThisMachine(host) != want {
			t.Errorf("%q: %v, want %v", host, !want, want)
		}
	}
}

func summary(id, service string, state container.ContainerState, oneoff string) container.Summary {
	return container.Summary{ID: id, State: state, Labels: map[string]string{
		"com.docker.compose.service": service, "com.docker.compose.oneoff": oneoff,
	}}
}

func TestWhatWasMadeIsWhatWasNotThereBefore(t *testing.T) {
	before := objects{containers: []container.Summary{summary("a", "influxdb", container.StateRunning, "False")}, networks: []string{"n"}, volumes: []string{"v"}}
	now := objects{
		containers: append(slices.Clone(before.containers), summary("b", "telegraf", container.StateCreated, "False")),
		networks:   []string{"n"}, volumes: []string{"v", "w"},
	}
	made := now.without(before)
	if len(made.containers) != 1 || made.containers[0].ID != "b" || len(made.networks) != 0 || !slices.Equal(made.volumes, []string{"w"}) {
		t.Errorf("got %+v", made)
	}
}

func TestAOneOffContainerIsNoService(t *testing.T) {
	all := objects{containers: []container.Summary{summary("a", "k6", container.StateRunning, "True")}}
	if all.service("k6") != nil || all.services() != 0 {
		t.Error("a run was taken for a service")
	}
}

func TestLinesOfSeveralLogsStayWhole(t *testing.T) {
	var out bytes.Buffer
	all := &lines{w: &out}
	a, b := all.named("a | "), all.named("b | ")
	for _, step := range []struct {
		w    *prefixed
		text string
	}{{a, "one"}, {b, "two\nth"}, {a, " more\r\n"}, {b, "ree"}} {
		if _, err := step.w.Write([]byte(step.text)); err != nil {
			t.Fatal(err)
		}
	}
	a.flush()
	b.flush()
	if want := "b | two\na | one more\nb | three\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestTheEnginesStreamTellsItsFailure(t *testing.T) {
	var steps []string
	step := func(s string) { steps = append(steps, s) }
	if err := failure(strings.NewReader(`{"stream":"Step 1/3"}`+"\n"+`{"error":"no space left"}`+"\n"), step); err == nil || err.Error() != "no space left" {
		t.Errorf("got %v", err)
	}
	if err := failure(strings.NewReader(`{"stream":"done"}`), step); err != nil {
		t.Errorf("got %v", err)
	}
	if failure(strings.NewReader(`{"stream":`), step) == nil {
		t.Error("a stream that breaks off is no success")
	}
	npm := `{"stream":"Step 1/3 : FROM node"}` + `{"stream":"Step 2/3 : USER 1"}` + `{"stream":"npm warn x\nnpm error code E404\n"}` + `{"error":"exit 1"}`
	if err := failure(strings.NewReader(npm), step); err == nil || err.Error() != "npm error code E404\nexit 1" {
		t.Errorf("got %v", err)
	}
	if want := []string{"step 1/3 : FROM node"}; !slices.Equal(steps, want) {
		t.Errorf("steps %q, want %q", steps, want)
	}
}

func TestATakenPortIsRecognized(t *testing.T) {
	for text, want := range map[string]bool{
		"driver failed programming external connectivity: Bind for 127.0.0.1:8086 failed: port is already allocated":                  true,
		"Error starting userland proxy: listen tcp4 127.0.0.1:8086: bind: address already in use":                                     true,
		"Ports are not available: exposing port TCP 127.0.0.1:8086: listen: An attempt was made: forbidden by its access permissions": true,
		"no such image: influxdb:1": false,
	} {
		if portTaken(errors.New(text)) != want {
			t.Errorf("%q: %v, want %v", text, !want, want)
		}
	}
}
