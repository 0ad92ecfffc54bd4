package doctor

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ltlab/ltlab/internal/engine"
)

// canary makes a file with a nonce, mounts its folder into a container and reads it there. The container never starts.
func (p *Patient) canary(ctx context.Context, dir, image string) Result {
	nonce := rand.Text()
	if err := os.WriteFile(filepath.Join(dir, "canary"), []byte(nonce), 0o644); err != nil {
		return of(err)
	}
	copied := step("nothing has to be done: projects are copied into their containers; to have them mounted, share the folder in Docker's settings", "")
	box, err := p.Docker.Create(ctx, engine.Job{
		Service: engine.K6, Image: image, Args: []string{"version"}, Binds: []engine.Bind{{From: dir, To: "/canary", ReadOnly: true}},
	})
	if err != nil {
		return warn(fmt.Sprintf("the Docker engine does not mount %s: %s", filepath.Dir(dir), firstLine(of(err).Evidence)), copied)
	}
	defer func() { _ = box.Remove(context.WithoutCancel(ctx)) }()
	in, err := box.Fetch(ctx, "/canary/canary")
	if err != nil {
		return warn(fmt.Sprintf("a container does not see what is in %s: %s", filepath.Dir(dir), firstLine(of(err).Evidence)), copied)
	}
	defer in.Close()
	r := tar.NewReader(in)
	if _, err := r.Next(); err != nil {
		return of(err)
	}
	got, err := io.ReadAll(io.LimitReader(r, 1<<10))
	if err != nil {
		return of(err)
	}
	if string(got) != nonce {
		return warn(fmt.Sprintf("a container sees another file than the one just made in %s", filepath.Dir(dir)), copied)
	}
	return pass("a file made in %s is seen in a container", filepath.Dir(dir))
}
