package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/ltlab/ltlab/internal/problem"
)

// binary are the checks of ltlab itself.
func (p *Patient) binary() []Check {
	return []Check{
		{ID: "program", Title: "ltlab's own file can be found, which a start and a run need", Run: p.program},
		{ID: "path", Title: "no other ltlab comes first on PATH", Run: p.path},
	}
}

func (p *Patient) program(context.Context) Result {
	st, err := os.Stat(p.Self)
	if err != nil || !st.Mode().IsRegular() {
		return fails("", fmt.Sprintf("%s, from which this ltlab was started, is gone: it was replaced or removed", p.Self), step("begin anew with the one that is there now", "ltlab version"))
	}
	return pass("ltlab %s (%s/%s) at %s", p.Version, runtime.GOOS, runtime.GOARCH, p.Self)
}

func (p *Patient) path(context.Context) Result {
	name := "ltlab"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	self, err := os.Stat(p.Self)
	if err != nil {
		return skip("ltlab's own file is gone")
	}
	for _, dir := range p.Path {
		file := filepath.Join(dir, name)
		st, err := os.Stat(file)
		if err != nil || st.IsDir() {
			continue
		}
		if os.SameFile(st, self) {
			return pass("ltlab on PATH is this one")
		}
		return warn(fmt.Sprintf("ltlab on PATH is %s, and this one is %s", file, p.Self),
			step("put this one first", "export PATH="+problem.Word(filepath.Dir(p.Self))+":$PATH"))
	}
	return pass("no ltlab is on PATH; this one was called by its path")
}
