package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/client"

	artilleryfiles "github.com/ltlab/ltlab/artillery"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
	"github.com/ltlab/ltlab/internal/version"
	k6files "github.com/ltlab/ltlab/k6"
	toyapi "github.com/ltlab/ltlab/toy-api"
)

// recipe makes one of our own images: from a static program on an empty base, or from what registries have.
type recipe struct {
	program    string // in Engine.Programs/<architecture>/; "": the Dockerfile fetches what it needs
	dockerfile string
}

var recipes = map[string]recipe{
	engine.ToyAPI:    {"toy-api", toyapi.Dockerfile},
	engine.K6:        {"ltlab-k6", k6files.Dockerfile},
	engine.Artillery: {"", artilleryfiles.Dockerfile},
}

// build makes one of our images for the engine's architecture.
func (e *Engine) build(ctx context.Context, img Image, p term.Progress) error {
	c, err := e.conn(ctx)
	if err != nil {
		return err
	}
	r := recipes[img.Service]
	files := map[string]file{"Dockerfile": {content: []byte(r.dockerfile), mode: 0o644}}
	if r.program != "" {
		info, err := c.API.Info(ctx, client.InfoOptions{})
		if err != nil {
			return err
		}
		dir := filepath.Join(e.Programs, goArch(info.Info.Architecture))
		program, err := os.ReadFile(filepath.Join(dir, r.program))
		if err != nil {
			return problem.ImageUnbuildable(img.Image, dir)
		}
		files[r.program], files["root/tmp/"] = file{content: program, mode: 0o755}, file{mode: 0o1777}
	}
	began := time.Now()
	source, err := archive(files)
	if err != nil {
		return err
	}
	v := version.String()
	res, err := c.API.ImageBuild(ctx, source, client.ImageBuildOptions{
		Tags: []string{img.Image}, Version: build.BuilderV1, Remove: true, ForceRemove: true, BuildArgs: map[string]*string{"VERSION": &v},
	})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	step := func(string) {} // a program on an empty base is an image at once
	if r.program == "" {
		step = func(text string) {
			p(term.Event{Service: img.Service, Text: "making " + img.Image + ": " + text, Took: time.Since(began)})
		}
	}
	if err := failure(res.Body, step); err != nil {
		if r.program == "" && ctx.Err() == nil {
			return problem.ImageUnfetchable(img.Image, img.Service, err)
		}
		return err
	}
	p(term.Event{Service: img.Service, Text: "made " + img.Image, Took: time.Since(began)})
	return nil
}

// goArch is Go's name of what uname calls the machine.
func goArch(machine string) string {
	switch machine {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	}
	return machine
}

type file struct {
	content []byte
	mode    int64
}

func archive(files map[string]file) (io.Reader, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for name, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: f.mode, Size: int64(len(f.content))}); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	return &buf, w.Close()
}

// stepLine is how the engine announces an instruction of a Dockerfile.
var stepLine = regexp.MustCompile(`^Step \d+/\d+ : (FROM|RUN) `)

// failure is the error in the engine's stream of messages, with the last lines of the command that failed, nil when there
// is none. step is told of each instruction that takes its time.
func failure(stream io.Reader, step func(string)) error {
	d := json.NewDecoder(stream)
	var said []string
	for {
		var m struct{ Stream, Error string }
		switch err := d.Decode(&m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case m.Error != "":
			return errors.New(strings.Join(append(said, m.Error), "\n"))
		}
		for line := range strings.Lines(m.Stream) {
			switch line = strings.TrimSpace(line); {
			case stepLine.MatchString(line):
				step(strings.ToLower(line[:1]) + line[1:])
			case strings.HasPrefix(line, "npm error "):
				said = append(said[max(0, len(said)-4):], line)
			}
		}
	}
}
