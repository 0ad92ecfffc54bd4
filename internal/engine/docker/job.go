package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"github.com/ltlab/ltlab/compose"
	"github.com/ltlab/ltlab/internal/engine"
)

// Container is a job's container.
type Container struct {
	lab    *Engine
	conn   *Conn
	id     string
	letGo  func()         // of the stream of its output, which holds its standard input open; nil before the start
	copied sync.WaitGroup // its output, on the way
}

// Create makes the job's container and does not start it.
func (e *Engine) Create(ctx context.Context, j engine.Job) (*Container, error) {
	c, err := e.conn(ctx)
	if err != nil {
		return nil, err
	}
	var mounts []mount.Mount
	for _, b := range j.Binds {
		mounts = append(mounts, mount.Mount{Type: mount.TypeBind, Source: b.From, Target: b.To, ReadOnly: b.ReadOnly})
	}
	made, err := c.API.ContainerCreate(ctx, client.ContainerCreateOptions{
		Config: &container.Config{
			Image: j.Image, Cmd: j.Args, Env: j.Env, User: j.User, WorkingDir: j.Dir, AttachStdout: true, AttachStderr: true,
			AttachStdin: true, OpenStdin: true, StdinOnce: true, // open as long as ltlab lives, and holds it
			Labels: map[string]string{
				compose.LabLabel: e.Lab, compose.HomeLabel: string(e.Home), compose.RunLabel: j.Run,
				api.ProjectLabel: e.Project(), api.ServiceLabel: j.Service, api.OneoffLabel: "True",
			},
		},
		HostConfig: &container.HostConfig{
			NetworkMode: container.NetworkMode(e.Project() + "_default"), ExtraHosts: []string{"host.docker.internal:host-gateway"},
			Mounts: mounts, CapDrop: []string{"ALL"}, SecurityOpt: []string{"no-new-privileges:true"},
			LogConfig: container.LogConfig{Type: "none"}, // what it prints goes to the caller, who keeps it or not
		},
	})
	if err != nil {
		return nil, e.explain("make the run's container", err)
	}
	box := &Container{lab: e, conn: c, id: made.ID}
	for _, write := range j.Copy {
		if err := box.fill(ctx, write); err != nil {
			gone, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoIn)
			defer cancel()
			return nil, errors.Join(err, box.Remove(gone))
		}
	}
	return box, nil
}

// fill unpacks an archive at the container's root. Errors of the archive are returned as they are.
func (b *Container) fill(ctx context.Context, write func(io.Writer) error) error {
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := write(w)
		w.CloseWithError(err)
		done <- err
	}()
	_, err := b.conn.API.CopyToContainer(ctx, b.id, client.CopyToContainerOptions{DestinationPath: "/", Content: r})
	r.CloseWithError(cmp.Or(err, io.ErrClosedPipe))
	if werr := <-done; werr != nil && !errors.Is(werr, io.ErrClosedPipe) && !errors.Is(werr, err) {
		return werr
	}
	if err != nil {
		return b.lab.explain("copy files into the run's container", err)
	}
	return nil
}

// Start runs the container and passes its output on until it ends.
func (b *Container) Start(ctx context.Context, stdout, stderr io.Writer) error {
	out, err := b.conn.API.ContainerAttach(ctx, b.id, client.ContainerAttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return b.lab.explain("show what the run prints", err)
	}
	b.letGo = out.Close
	b.copied.Go(func() {
		defer out.Close()
		_, _ = stdcopy.StdCopy(stdout, stderr, out.Reader) // it ends with the container, or with the engine
	})
	if _, err = b.conn.API.ContainerStart(ctx, b.id, client.ContainerStartOptions{}); err != nil {
		return b.lab.explain("start the run's container", err)
	}
	return nil
}

// Wait returns when the container has ended and all that it printed was passed on. It may be called again when the engine
// was lost.
func (b *Container) Wait(ctx context.Context) (end engine.End, err error) {
	wait := b.conn.API.ContainerWait(ctx, b.id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	select {
	case r := <-wait.Result:
		end.Code = int(r.StatusCode)
	case err = <-wait.Error:
	}
	if err == nil {
		b.copied.Wait()
		var got client.ContainerInspectResult
		if got, err = b.conn.API.ContainerInspect(ctx, b.id, client.ContainerInspectOptions{}); err == nil && got.Container.State != nil {
			end.OOM, end.Gone = got.Container.State.OOMKilled, got.Container.State.Status == container.StateRemoving
		}
	}
	switch {
	case err == nil:
		return end, nil
	case errdefs.IsNotFound(err):
		return engine.End{Gone: true}, nil
	case lost(err), errors.Is(err, io.EOF):
		return engine.End{Lost: true}, nil
	}
	return engine.End{}, err
}

// Signal sends a signal, by its name, to the container's program.
func (b *Container) Signal(ctx context.Context, name string) error {
	_, err := b.conn.API.ContainerKill(ctx, b.id, client.ContainerKillOptions{Signal: name})
	return err
}

// Remove lets go of the container and removes it with all it wrote that is not in a bind; that it is gone already is fine.
func (b *Container) Remove(ctx context.Context) error {
	if b.letGo != nil {
		b.letGo() // where the container has ended, nothing is under way any more
		b.copied.Wait()
	}
	_, err := b.conn.API.ContainerRemove(ctx, b.id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if errdefs.IsConflict(err) { // somebody else removes it at this moment
		gone := b.conn.API.ContainerWait(ctx, b.id, client.ContainerWaitOptions{Condition: container.WaitConditionRemoved})
		select {
		case <-gone.Result:
			return nil
		case err = <-gone.Error:
		}
	}
	if err == nil || errdefs.IsNotFound(err) {
		return nil
	}
	return b.lab.explain("remove the run's container", err)
}

// Fetch reads a file or folder of the container, running or not, as a tar archive. One that is not there is fs.ErrNotExist.
func (b *Container) Fetch(ctx context.Context, path string) (io.ReadCloser, error) {
	got, err := b.conn.API.CopyFromContainer(ctx, b.id, client.CopyFromContainerOptions{SourcePath: path})
	switch {
	case err == nil:
		return got.Content, nil
	case errdefs.IsNotFound(err), strings.Contains(err.Error(), "Could not find the file"):
		return nil, fmt.Errorf("%s in the container: %w", path, fs.ErrNotExist)
	}
	return nil, b.lab.explain("read what the run wrote", err)
}

// Sweep removes the containers of runs whose ltlab is gone, and says which runs these were.
func (e *Engine) Sweep(ctx context.Context, alive func(run string) bool) (runs []string, err error) {
	c, err := e.conn(ctx)
	if err != nil {
		return nil, err
	}
	all, err := c.find(ctx, string(e.Home))
	if err != nil {
		return nil, e.explain("list the lab's containers", err)
	}
	var left objects
	for _, v := range all.containers {
		if run := v.Labels[compose.RunLabel]; run != "" && v.State != container.StateRunning && !alive(run) {
			left.containers, runs = append(left.containers, v), append(runs, run)
		}
	}
	if err := c.remove(ctx, left); err != nil {
		return nil, e.explain("remove the container of a run that was killed", err)
	}
	return runs, nil
}
