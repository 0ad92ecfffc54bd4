package runner

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/record"
)

// fake is an engine that makes containers in memory. What was copied into the last one, and what it then wrote, are its files.
type fake struct {
	t       *testing.T
	blind   bool  // the folders that it mounts are empty
	refuses error // it cannot mount at all
	tool    func(*fake) engine.End

	jobs    []engine.Job
	binds   map[string]string // target to source
	files   map[string]string // by path
	owners  map[string]int
	removed int
	signals []string
	stderr  io.Writer
}

func (f *fake) create(_ context.Context, j engine.Job) (Box, error) {
	f.jobs = append(f.jobs, j)
	if f.refuses != nil && len(j.Binds) > 0 {
		return nil, f.refuses
	}
	f.binds, f.files, f.owners = map[string]string{}, map[string]string{}, map[string]int{}
	for _, b := range j.Binds {
		f.binds[b.To] = b.From
	}
	for _, write := range j.Copy {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return nil, err
		}
		for r := tar.NewReader(&b); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			text, err := io.ReadAll(r)
			if err != nil {
				return nil, err
			}
			if h.Typeflag == tar.TypeReg {
				f.files["/"+h.Name] = string(text)
			}
			f.owners["/"+strings.TrimSuffix(h.Name, "/")] = h.Uid
		}
	}
	return f, nil
}

func (f *fake) Start(_ context.Context, _, stderr io.Writer) error {
	f.stderr = stderr
	return nil
}

func (f *fake) Wait(context.Context) (engine.End, error) { return f.tool(f), nil }

func (f *fake) Signal(_ context.Context, name string) error {
	f.signals = append(f.signals, name)
	return nil
}

func (f *fake) Remove(context.Context) error {
	f.removed++
	return nil
}

// Fetch reads what is mounted from the disk, unless the engine is blind, and what was copied from memory.
func (f *fake) Fetch(_ context.Context, name string) (io.ReadCloser, error) {
	found := map[string]string{}
	for path, text := range f.files {
		if path == name {
			found[filepath.Base(path)] = text
		} else if rest, ok := strings.CutPrefix(path, strings.TrimSuffix(name, ".")); ok && strings.HasSuffix(name, "/.") {
			found[rest] = text
		}
	}
	for to, from := range f.binds {
		if rest, ok := strings.CutPrefix(name, to+"/"); ok && !f.blind {
			if text, err := os.ReadFile(filepath.Join(from, rest)); err == nil {
				found[filepath.Base(name)] = string(text)
			}
		}
	}
	if len(found) == 0 && !strings.HasSuffix(name, "/.") {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, path := range slices.Sorted(maps.Keys(found)) {
		if err := w.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(found[path])), Typeflag: tar.TypeReg}); err != nil {
			f.t.Fatal(err)
		}
		if _, err := w.Write([]byte(found[path])); err != nil {
			f.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.t.Fatal(err)
	}
	return io.NopCloser(&b), nil
}

// variables are what the container's tool finds in the file of its environment.
func (f *fake) variables() []string {
	return strings.Split(strings.TrimSuffix(f.files[inEnv], "\x00"), "\x00")
}

// place is a project and a run of its main.js in a container of that engine.
type place struct {
	*Container
	t       *testing.T
	spec    *Spec
	folder  record.Folder
	scratch string
	notes   []string
}

func newPlace(t *testing.T, f *fake, files map[string]string) *place {
	t.Helper()
	f.t = t
	dir := real(t.TempDir())
	project, cwd := filepath.Join(dir, "my tests (ü)"), filepath.Join(dir, "cwd")
	for name, text := range files {
		path := filepath.Join(project, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	p := &place{t: t, folder: record.Folder(filepath.Join(dir, "runs", "r1")), scratch: filepath.Join(dir, "scratch")}
	for _, d := range []string{cwd, filepath.Join(cwd, "out"), string(p.folder), p.scratch, project} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(p.folder.Run(), []byte(`{"start":{}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	scenario, err := FindScenario(cwd, project, "main.js", Shipped{})
	if err != nil {
		t.Fatal(err)
	}
	p.spec = &Spec{Program: K6{}, Target: "http://api.example", Scenario: scenario, Dir: cwd, Vars: []string{"BASE_URL=http://api.example"}, Stdout: io.Discard, Stderr: io.Discard}
	p.Container = &Container{
		Create: f.create, Service: "k6", Image: "sha256:1", Reach: true, Inside: map[string]string{"http://127.0.0.1:5083": "http://toy-api:5081"},
		Note: func(text string) { p.notes = append(p.notes, text) },
	}
	return p
}

func (p *place) tool(args ...string) (Tool, error) {
	p.t.Helper()
	paths, err := p.Prepare(p.t.Context(), p.spec, p.folder, p.scratch)
	if err != nil {
		return nil, err
	}
	return p.Tool(p.t.Context(), p.spec, append(args, paths.Scenario), (K6{}).Env(p.spec, p.Environ(p.spec), paths, "r1", "shop"))
}

// run runs the tool and returns the files it left.
func (p *place) run() (exit int, how string, files []string) {
	p.t.Helper()
	tool, err := p.tool()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := tool.Start(); err != nil {
		p.t.Fatal(err)
	}
	exit, how = tool.Wait()
	files, err = p.Finish(p.t.Context())
	if err != nil {
		p.t.Error(err)
	}
	return exit, how, files
}

func (p *place) noted(text string) bool {
	return slices.ContainsFunc(p.notes, func(n string) bool { return strings.Contains(n, text) })
}

// writes is a tool that writes a record and a report to where it finds those folders.
func writes(shared bool) func(*fake) engine.End {
	return func(f *fake) engine.End {
		for path, text := range map[string]string{inRecord + "/tool.ndjson": "the record\n", inRecord + "/summary.json": "{}", inResults + "/out/report.html": "<p>"} {
			if !shared {
				f.files[path] = text
				continue
			}
			for to, from := range f.binds {
				if rest, ok := strings.CutPrefix(path, to+"/"); ok {
					if err := os.WriteFile(filepath.Join(from, rest), []byte(text), 0o644); err != nil {
						f.t.Error(err)
					}
				}
			}
		}
		return engine.End{Code: 99}
	}
}
