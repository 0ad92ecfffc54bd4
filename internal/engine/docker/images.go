package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

// imageSetting is the setting that names a service's image.
var imageSetting = map[string]string{
	engine.InfluxDB: config.ImageInflux, engine.Telegraf: config.ImageTelegraf, engine.Grafana: config.ImageGrafana,
	engine.ToyAPI: config.ImageToyAPI, engine.K6: config.ImageK6, engine.Artillery: config.ImageArtillery,
}

// Image is an image that the lab uses.
type Image struct {
	Service string        `json:"service"`
	Image   string        `json:"image"`
	Setting string        `json:"setting"`
	Origin  config.Origin `json:"origin"` // what named it
	Local   bool          `json:"local"`  // the engine has it
	ID      string        `json:"id,omitempty"`
	Bytes   int64         `json:"bytes,omitempty"`
	Ours    bool          `json:"ours"` // made by ltlab rebuild, not pulled
}

// Images are the images of all services, as the engine has them now.
func (e *Engine) Images(ctx context.Context) ([]Image, error) {
	c, err := e.conn(ctx)
	if err != nil {
		return nil, err
	}
	src, err := e.Settings()
	if err != nil {
		return nil, err
	}
	var out []Image
	for _, name := range append(e.Services(), engine.K6, engine.Artillery) {
		v := src.Value(imageSetting[name])
		_, ours := recipes[name]
		img := Image{Service: name, Image: v.Value, Setting: v.Key.Name, Origin: v.Origin, Ours: ours && v.Value == v.Key.Default}
		got, err := c.API.ImageInspect(ctx, v.Value)
		switch {
		case err == nil:
			img.Local, img.ID, img.Bytes = true, got.ID, got.Size
		case !errdefs.IsNotFound(err):
			return nil, problem.EngineFailed("look at image "+v.Value, err)
		}
		out = append(out, img)
	}
	return out, nil
}

// ensureImages brings the images of those services here: a local one is used as it is, ours are made, the others pulled.
func (e *Engine) ensureImages(ctx context.Context, services []string, p term.Progress) error {
	images, err := e.Images(ctx)
	if err != nil {
		return err
	}
	missing := failures{}
	for _, img := range images {
		if img.Local || !slices.Contains(services, img.Service) {
			continue
		}
		if err := e.fetch(ctx, img, p); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			missing.add(img, err)
		}
	}
	return missing.problem(problem.ImageMissing)
}

// failures are images that could not be had.
type failures struct {
	errs []error
	text []string
}

func (f *failures) add(img Image, err error) {
	f.errs, f.text = append(f.errs, err), append(f.text, fmt.Sprintf("%s (%s): %s", img.Image, img.Setting, reason(err)))
}

// problem is what a user is told: of a single image that has a problem of its own, that one.
func (f *failures) problem(of func(images []string) *problem.Problem) error {
	var own *problem.Problem
	switch {
	case len(f.errs) == 0:
		return nil
	case len(f.errs) == 1 && errors.As(f.errs[0], &own):
		return own
	}
	return of(f.text)
}

// Runnable brings the image of a service that runs on demand here, and says which one it is: the name that the settings
// give, and its id, which stays what it is when the name goes to another image. An image for another architecture is a
// problem, for its program would only fail.
func (e *Engine) Runnable(ctx context.Context, service string, p term.Progress) (name, id string, err error) {
	if err := e.ensureImages(ctx, []string{service}, p); err != nil {
		return "", "", err
	}
	c, err := e.conn(ctx)
	if err != nil {
		return "", "", err
	}
	src, err := e.Settings()
	if err != nil {
		return "", "", err
	}
	v := src.Value(imageSetting[service])
	got, err := c.API.ImageInspect(ctx, v.Value)
	if err != nil {
		return "", "", e.explain("look at image "+v.Value, err)
	}
	info, err := c.API.Info(ctx, client.InfoOptions{})
	if err != nil {
		return "", "", e.explain("say its architecture", err)
	}
	if has, needs := got.Architecture, goArch(info.Info.Architecture); has != "" && has != needs {
		return "", "", problem.ImageForeign(v.Value, v.Key.Name, has, needs)
	}
	return v.Value, got.ID, nil
}

// reason is an error in one line, without the preambles of three layers.
func reason(err error) string {
	var p *problem.Problem
	if errors.As(err, &p) {
		return p.Why
	}
	return strings.TrimPrefix(strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; "), "Error response from daemon: ")
}

func (e *Engine) fetch(ctx context.Context, img Image, p term.Progress) error {
	if img.Ours {
		return e.build(ctx, img, p)
	}
	return e.pull(ctx, img, p)
}

// pull pulls one image and says how far it is every few seconds.
func (e *Engine) pull(ctx context.Context, img Image, p term.Progress) error {
	c, err := e.conn(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	p(term.Event{Service: img.Service, Text: "pulling " + img.Image})
	res, err := c.API.ImagePull(ctx, img.Image, client.ImagePullOptions{RegistryAuth: c.signIn(img.Image)})
	if err != nil {
		return err
	}
	defer res.Close()
	done, total, said := map[string]int64{}, map[string]int64{}, began
	for m, err := range res.JSONMessages(ctx) {
		if err != nil {
			return err
		}
		if m.Error != nil {
			return errors.New(m.Error.Message)
		}
		if m.Progress == nil || m.Status != "Downloading" {
			continue
		}
		done[m.ID], total[m.ID] = m.Progress.Current, m.Progress.Total
		if time.Since(said) > 3*time.Second {
			said = time.Now()
			p(term.Event{Service: img.Service, Text: fmt.Sprintf("pulling %s: %.0f of %.0f MB", img.Image, megabytes(done), megabytes(total))})
		}
	}
	p(term.Event{Service: img.Service, Text: "pulled " + img.Image, Took: time.Since(began)})
	return nil
}

func megabytes(parts map[string]int64) (sum float64) {
	for _, n := range parts {
		sum += float64(n) / 1e6
	}
	return sum
}

// Pull pulls the images of those services (none named: of those that run all the time) anew, and makes ours where they are
// missing. Where that fails, a local image stays what is used, and the problem says so.
func (e *Engine) Pull(ctx context.Context, services []string, p term.Progress) error {
	if len(services) == 0 {
		services = e.Services()
	}
	return e.each(ctx, services, func(img Image) error {
		if img.Ours && img.Local {
			return nil
		}
		err := e.fetch(ctx, img, p)
		if err != nil && img.Local {
			return fmt.Errorf("%s; the one that is here stays in use", reason(err))
		}
		return err
	})
}

// Rebuild makes our own images; none named: those that are made from programs, which needs no network.
func (e *Engine) Rebuild(ctx context.Context, services []string, p term.Progress) error {
	return e.each(ctx, services, func(img Image) error {
		if !img.Ours {
			if len(services) > 0 {
				return fmt.Errorf("%s is not an image that ltlab makes", img.Image)
			}
			return nil
		}
		if len(services) == 0 && recipes[img.Service].program == "" {
			return nil
		}
		return e.build(ctx, img, p)
	})
}

// each does something with the images of those services and goes on when one fails.
func (e *Engine) each(ctx context.Context, services []string, do func(Image) error) error {
	images, err := e.Images(ctx)
	if err != nil {
		return err
	}
	failed := failures{}
	for _, img := range images {
		if len(services) > 0 && !slices.Contains(services, img.Service) {
			continue
		}
		if err := do(img); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			failed.add(img, err)
		}
	}
	return failed.problem(problem.ImageUnavailable)
}
