package docker

import (
	"errors"
	"slices"
	"testing"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"

	"github.com/ltlab/ltlab/internal/problem"
)

func TestOnlyContainersThatNeverGotTheirNameAreHalfExchanged(t *testing.T) {
	made := func(name, service, oneoff string, state container.ContainerState) container.Summary {
		return container.Summary{ID: name, Names: []string{"/" + name}, State: state, Labels: map[string]string{api.ServiceLabel: service, api.OneoffLabel: oneoff}}
	}
	all := objects{containers: []container.Summary{
		made("p-influxdb-1", "influxdb", "False", container.StateRunning),
		made("p-toy-api-1", "toy-api", "False", container.StateExited),
		made("0a1b2c_p-influxdb-1", "influxdb", "False", container.StateCreated),
		made("0a1b2c_p-telegraf-1", "telegraf", "False", container.StateRunning), // whatever it is, it is at work
		made("p-k6-run-7", "k6", "True", container.StateCreated),
		made("mine", "", "", container.StateCreated),
	}}
	if half := all.exchanged("p"); len(half.containers) != 1 || half.containers[0].ID != "0a1b2c_p-influxdb-1" {
		t.Errorf("got %+v", half.containers)
	}
}

func TestAProblemOfASingleImageIsToldAsItIs(t *testing.T) {
	id := func(errs ...error) string {
		f := failures{}
		for _, err := range errs {
			f.add(Image{Image: "a", Setting: "S"}, err)
		}
		var p *problem.Problem
		if err := f.problem(problem.ImageUnavailable); err == nil {
			return ""
		} else if !errors.As(err, &p) {
			t.Fatal(err)
		}
		return p.ID
	}
	own, other := problem.ImageUnbuildable("a", "DIR"), errors.New("connection refused")
	for want, errs := range map[string][]error{"": nil, "image-unbuildable": {own}, "image-missing": {own, other}} {
		if got := id(errs...); got != want {
			t.Errorf("%v: got %q, want %q", errs, got, want)
		}
	}
}

func TestAVolumeThatNobodyNamedGoesWithItsContainer(t *testing.T) {
	all := objects{volumes: []string{"p_influxdb-data"}, containers: []container.Summary{
		{ID: "a", Mounts: []container.MountPoint{{Type: mount.TypeVolume, Name: "p_influxdb-data"}, {Type: mount.TypeBind, Source: "/dashboards"}}},
		{ID: "b", Mounts: []container.MountPoint{{Type: mount.TypeVolume, Name: "0a1b2c"}}},
	}}
	if got := all.anonymous(); !slices.Equal(got, []string{"0a1b2c"}) {
		t.Errorf("got %v", got)
	}
}
