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
	"time"

	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/client"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
	"github.com/ltlab/ltlab/internal/version"
	k6files "github.com/ltlab/ltlab/k6"
	toyapi "github.com/ltlab/ltlab/toy-api"
)

// recipe makes one of our own images: a static program on an empty base.
type recipe struct {
	program    string // in Engine.Programs/<architecture>/
	dockerfile string
}

var recipes = map[string]recipe{
	engine.ToyAPI: {"toy-api", toyapi.Dockerfile},
	engine.K6:     {"ltlab-k6", k6files.Dockerfile},
}

// build makes one of our images from its program for the engine's architecture.
func (e *Engine) build(ctx context.Context, img Image, p term.Progress) error {
	c, err := e.conn(ctx)
	if err != nil {
		return err
	}
	info, err := c.API.Info(ctx, client.InfoOptions{})
	if err != nil {
		return err
	}
	r := recipes[img.Service]
	dir := filepath.Join(e.Programs, goArch(info.Info.Architecture))
	program, err := os.ReadFile(filepath.Join(dir, r.program))
	if err != nil {
		return problem.ImageUnbuildable(img.Image, dir)
	}
	began := time.Now()
	source, err := archive(map[string]file{
		"Dockerfile": {content: []byte(r.dockerfile), mode: 0o644}, r.program: {content: program, mode: 0o755}, "root/tmp/": {mode: 0o1777},
	})
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
	if err := failure(res.Body); err != nil {
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

// failure is the error in the engine's stream of messages, nil when there is none.
func failure(stream io.Reader) error {
	d := json.NewDecoder(stream)
	for {
		var m struct{ Error string }
		switch err := d.Decode(&m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case m.Error != "":
			return errors.New(m.Error)
		}
	}
}
