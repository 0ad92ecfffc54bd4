package docker

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"github.com/ltlab/ltlab/compose"
	"github.com/ltlab/ltlab/internal/config"
)

func TestALabWhoseFolderMayComeBackIsNotTakenForRemoved(t *testing.T) {
	home := t.TempDir()
	e := &Engine{Home: config.Home(home)}
	for name, c := range map[string]struct {
		home, run, state string
		age              time.Duration
		orphan, unsure   bool
	}{
		"of this lab":                {home, "", "exited", time.Hour, false, false},
		"of a run that lives":        {home, "alive", "exited", time.Hour, false, false},
		"of a run that was killed":   {home, "killed", "exited", time.Hour, true, false},
		"of another lab's run":       {os.TempDir(), "killed", "exited", time.Hour, false, false},
		"of a lab that was removed":  {filepath.Join(home, "gone"), "", "exited", time.Hour, true, false},
		"of a disk that is not here": {filepath.Join(home, "disk", "lab"), "", "exited", time.Hour, true, true},
		"that runs":                  {filepath.Join(home, "gone"), "", "running", time.Hour, false, false},
		"that was just made":         {filepath.Join(home, "gone"), "", "exited", time.Second, false, false},
	} {
		v := container.Summary{ID: "1", Names: []string{"/x"}, State: container.ContainerState(c.state), Created: time.Now().Add(-c.age).Unix(),
			Labels: map[string]string{compose.HomeLabel: c.home, compose.RunLabel: c.run}}
		o, ok := e.orphan(v, func(run string) bool { return run == "alive" })
		if ok != c.orphan || o.Unsure != c.unsure || ok && (o.Why == "" || o.Name != "x") {
			t.Errorf("a container %s: %t, %+v", name, ok, o)
		}
	}
}
