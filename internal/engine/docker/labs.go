package docker

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/moby/moby/client"

	"github.com/ltlab/ltlab/compose"
	"github.com/ltlab/ltlab/internal/config"
)

// Lab is a lab of which the engine has something.
type Lab struct {
	Name string
	Home config.Home
}

// Labs are all labs of which the engine has containers, networks or volumes, running or not, whoever made them: by name,
// then by folder. A lab is its folder; two may have one name.
func (e *Engine) Labs(ctx context.Context) ([]Lab, error) {
	c, err := e.conn(ctx)
	if err != nil {
		return nil, err
	}
	found := map[Lab]bool{}
	add := func(labels map[string]string) {
		found[Lab{labels[compose.LabLabel], config.Home(labels[compose.HomeLabel])}] = true
	}
	ours := make(client.Filters).Add("label", compose.LabLabel).Add("label", compose.HomeLabel)
	cs, err := c.API.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours})
	if err != nil {
		return nil, e.explain("list the labs' containers", err)
	}
	for _, v := range cs.Items {
		add(v.Labels)
	}
	ns, err := c.API.NetworkList(ctx, client.NetworkListOptions{Filters: ours})
	if err != nil {
		return nil, e.explain("list the labs' networks", err)
	}
	for _, v := range ns.Items {
		add(v.Labels)
	}
	vs, err := c.API.VolumeList(ctx, client.VolumeListOptions{Filters: ours})
	if err != nil {
		return nil, e.explain("list the labs' volumes", err)
	}
	for _, v := range vs.Items {
		add(v.Labels)
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b Lab) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Home, b.Home))
	}), nil
}

// At is the engine of another lab, over the same connection. It looks and stops; it cannot start, for it has no settings.
func (e *Engine) At(l Lab) *Engine {
	e.mu.Lock()
	defer e.mu.Unlock()
	return &Engine{Lab: l.Name, Home: l.Home, open: e.open}
}

// Version is what the engine calls itself, and the newest API that it has.
func (e *Engine) Version(ctx context.Context) (engine, api string, err error) {
	c, err := e.conn(ctx)
	if err != nil {
		return "", "", err
	}
	v, err := c.API.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return "", "", e.explain("say its version", err)
	}
	return v.Version, v.APIVersion, nil
}
