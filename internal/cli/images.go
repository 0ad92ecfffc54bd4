package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/docker"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

func newImages(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "images",
		Short: "Show the images of the lab on Docker, and what names each",
		Long: "Shows the image of each service and of each tool, whether the engine has it, and where its name comes from. Every\n" +
			"image is a setting: ltlab configure set LTLAB_IMAGE_TOY_API=IMAGE.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runImages(cmd.Context(), d) },
	}
}

type imagesDoc struct {
	Schema  int            `json:"schema"`
	Images  []docker.Image `json:"images"`
	Restart []string       `json:"restart"` // services that run on an image that has changed; of pull and rebuild
}

func runImages(ctx context.Context, d *Deps) error {
	h, err := d.home()
	if err != nil {
		return err
	}
	e, err := d.docker(h)
	if err != nil {
		return err
	}
	images, err := e.Images(ctx)
	if err != nil {
		return err
	}
	return d.writeImages(&imagesDoc{Schema: Schema, Images: images, Restart: []string{}})
}

// changeImages pulls or makes images, and says which services still run on older ones. allowed may refuse one by one.
func (d *Deps) changeImages(ctx context.Context, names []string, allowed func(docker.Image) error, change func(*docker.Engine) error) error {
	h, err := d.home()
	if err != nil {
		return err
	}
	e, err := d.docker(h)
	if err != nil {
		return err
	}
	before, err := e.Images(ctx)
	if err != nil {
		return err
	}
	for _, n := range names {
		i := slices.IndexFunc(before, func(v docker.Image) bool { return v.Service == n })
		if i < 0 {
			return problem.ServiceUnknown(n, imageNames(before))
		}
		if err := allowed(before[i]); err != nil {
			return err
		}
	}
	if err := change(e); err != nil {
		return err
	}
	after, err := e.Images(ctx)
	if err != nil {
		return err
	}
	services, err := e.Status(ctx)
	if err != nil {
		return err
	}
	doc := &imagesDoc{Schema: Schema, Images: []docker.Image{}, Restart: []string{}}
	for _, v := range after {
		if len(names) == 0 || slices.Contains(names, v.Service) {
			doc.Images = append(doc.Images, v)
		}
		changed := slices.ContainsFunc(before, func(b docker.Image) bool { return b.Service == v.Service && b.ID != v.ID })
		runs := slices.ContainsFunc(services, func(s engine.Service) bool {
			return s.Name == v.Service && s.State != engine.Absent && s.State != engine.Exited
		})
		if changed && runs {
			doc.Restart = append(doc.Restart, v.Service)
		}
	}
	return d.writeImages(doc)
}

func imageNames(images []docker.Image) (names []string) {
	for _, v := range images {
		names = append(names, v.Service)
	}
	return names
}

func (d *Deps) writeImages(doc *imagesDoc) error {
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	w := tabwriter.NewWriter(d.IO.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERVICE\tIMAGE\tHERE\tSIZE\tSETTING\tFROM")
	for _, v := range doc.Images {
		here, size := "no", "-"
		if v.Local {
			here, size = "yes", bytesText(v.Bytes)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", v.Service, v.Image, here, size, v.Setting, v.Origin)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	writeMissing(d, doc.Images)
	if len(doc.Restart) > 0 {
		names := strings.Join(doc.Restart, " ")
		fmt.Fprintf(d.IO.Out, "\nstill on the older image: %s\n\n  next   %s\n", names, d.IO.OutTint().Bold("ltlab restart "+names))
	}
	return nil
}

// writeMissing says how images are had that are not here.
func writeMissing(d *Deps, images []docker.Image) {
	var pull, rebuild []string
	for _, v := range images {
		switch {
		case v.Local:
		case v.Ours:
			rebuild = append(rebuild, v.Service)
		default:
			pull = append(pull, v.Service)
		}
	}
	if len(pull)+len(rebuild) > 0 {
		fmt.Fprintln(d.IO.Out)
	}
	for _, way := range []struct {
		say, command string
		services     []string
	}{{"to pull", "ltlab pull", pull}, {"to make", "ltlab rebuild", rebuild}} {
		if len(way.services) > 0 {
			fmt.Fprintf(d.IO.Out, "  %s   %s\n", way.say, d.IO.OutTint().Bold(way.command+" "+strings.Join(way.services, " ")))
		}
	}
}
