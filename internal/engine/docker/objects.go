package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"github.com/ltlab/ltlab/compose"
	"github.com/ltlab/ltlab/internal/engine"
)

// objects are a lab's containers, networks and volumes, found by their label wherever they came from.
type objects struct {
	containers []container.Summary
	networks   []string // names
	volumes    []string
}

// find lists what carries the label of the lab in that home.
func (c *Conn) find(ctx context.Context, home string) (o objects, err error) {
	mine := make(client.Filters).Add("label", compose.HomeLabel+"="+home)
	cs, err := c.API.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: mine})
	if err != nil {
		return o, err
	}
	o.containers = cs.Items
	ns, err := c.API.NetworkList(ctx, client.NetworkListOptions{Filters: mine})
	if err != nil {
		return o, err
	}
	for _, n := range ns.Items {
		o.networks = append(o.networks, n.Name)
	}
	vs, err := c.API.VolumeList(ctx, client.VolumeListOptions{Filters: mine})
	for _, v := range vs.Items {
		o.volumes = append(o.volumes, v.Name)
	}
	return o, err
}

// service is the container of a service, nil when there is none. One-off containers are none.
func (o objects) service(name string) *container.Summary {
	for i, c := range o.containers {
		if c.Labels[api.ServiceLabel] == name && !oneOff(c) {
			return &o.containers[i]
		}
	}
	return nil
}

// services is how many services have a container.
func (o objects) services() (n int) {
	for _, c := range o.containers {
		if !oneOff(c) {
			n++
		}
	}
	return n
}

// running says whether any service runs.
func (o objects) running() bool {
	return slices.ContainsFunc(o.containers, func(c container.Summary) bool { return c.State == container.StateRunning && !oneOff(c) })
}

// oneOff says whether a container is that of a run rather than of a service.
func oneOff(c container.Summary) bool { return strings.EqualFold(c.Labels[api.OneoffLabel], "true") }

// anonymous are the volumes that images ask for and nobody named: they hold nothing that outlives their container.
func (o objects) anonymous() (volumes []string) {
	for _, c := range o.containers {
		for _, m := range c.Mounts {
			if m.Type == mount.TypeVolume && m.Name != "" && !slices.Contains(o.volumes, m.Name) {
				volumes = append(volumes, m.Name)
			}
		}
	}
	return volumes
}

// exchanged are containers that were to take another's place when their start was killed: Compose gives them the service's
// name last, and stumbles over those that never got it.
func (o objects) exchanged(project string) (half objects) {
	for _, c := range o.containers {
		service := c.Labels[api.ServiceLabel]
		if service == "" || c.State == container.StateRunning || strings.EqualFold(c.Labels[api.OneoffLabel], "true") {
			continue
		}
		if !slices.Contains(c.Names, "/"+project+api.Separator+service+api.Separator+"1") {
			half.containers = append(half.containers, c)
		}
	}
	return half
}

// without are the objects that are not in the other set: what was made since it was looked at.
func (o objects) without(before objects) (made objects) {
	for _, c := range o.containers {
		if !slices.ContainsFunc(before.containers, func(b container.Summary) bool { return b.ID == c.ID }) {
			made.containers = append(made.containers, c)
		}
	}
	made.networks = slices.DeleteFunc(slices.Clone(o.networks), func(n string) bool { return slices.Contains(before.networks, n) })
	made.volumes = slices.DeleteFunc(slices.Clone(o.volumes), func(v string) bool { return slices.Contains(before.volumes, v) })
	return made
}

// errInUse is a network to which somebody else's containers are connected.
var errInUse = errors.New("in use")

// removeNetwork removes a network, and says who uses it when that cannot be done.
func (c *Conn) removeNetwork(ctx context.Context, name string) error {
	_, err := c.API.NetworkRemove(ctx, name, client.NetworkRemoveOptions{})
	if err == nil || !strings.Contains(err.Error(), "active endpoints") {
		return err
	}
	var users []string
	if got, err := c.API.NetworkInspect(ctx, name, client.NetworkInspectOptions{}); err == nil {
		for _, v := range got.Network.Containers {
			users = append(users, v.Name)
		}
	}
	slices.Sort(users)
	return fmt.Errorf("network %s is %w by %s", name, errInUse, strings.Join(users, ", "))
}

// remove removes them, containers with what runs in them; what is gone already is no error.
func (c *Conn) remove(ctx context.Context, o objects) error {
	var errs []error
	keep := func(err error) {
		if err != nil && !errdefs.IsNotFound(err) {
			errs = append(errs, err)
		}
	}
	for _, v := range o.containers {
		_, err := c.API.ContainerRemove(ctx, v.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		keep(err)
	}
	for _, n := range o.networks {
		keep(c.removeNetwork(ctx, n))
	}
	for _, v := range o.volumes {
		_, err := c.API.VolumeRemove(ctx, v, client.VolumeRemoveOptions{})
		keep(err)
	}
	return errors.Join(errs...)
}

// holdings are the objects with their sizes.
func (c *Conn) holdings(ctx context.Context, o objects) ([]engine.Holding, error) {
	var out []engine.Holding
	for _, v := range o.containers {
		out = append(out, engine.Holding{Kind: "container", Name: strings.TrimPrefix(v.Names[0], "/"), Bytes: -1})
	}
	for _, n := range o.networks {
		out = append(out, engine.Holding{Kind: "network", Name: n, Bytes: -1})
	}
	if len(o.volumes) == 0 {
		return out, nil
	}
	sizes := map[string]int64{}
	use, err := c.API.DiskUsage(ctx, client.DiskUsageOptions{Volumes: true, Verbose: true})
	for _, v := range use.Volumes.Items {
		if v.UsageData != nil {
			sizes[v.Name] = v.UsageData.Size
		}
	}
	for _, v := range o.volumes {
		size, ok := sizes[v]
		if !ok {
			size = -1
		}
		out = append(out, engine.Holding{Kind: "volume", Name: v, Bytes: size})
	}
	return out, err
}
