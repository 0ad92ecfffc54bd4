// Package engine is what can run a lab's services. The lab talks to this interface; the folders beside it implement it.
package engine

import (
	"context"
	"io"
	"time"

	"github.com/ltlab/ltlab/internal/term"
)

// State is where a service, or the lab as a whole, stands.
type State string

// The states of a service.
const (
	Starting  State = "starting"
	Healthy   State = "healthy"
	Unhealthy State = "unhealthy"
	Exited    State = "exited"
	Absent    State = "absent"
)

// Names of services. Both engines have the toy API; the boards are embedded only, the others in Docker only.
const (
	Boards    = "boards"
	ToyAPI    = "toy-api"
	InfluxDB  = "influxdb"
	Telegraf  = "telegraf"
	Grafana   = "grafana"
	K6        = "k6"
	Artillery = "artillery"
)

// Service is one service of a lab.
type Service struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	URL   string `json:"url,omitempty"`
}

// Options are what a start may be asked for.
type Options struct {
	Ports   map[string]int // exact ports by service; others are chosen
	Timeout time.Duration  // until every service is healthy
	Only    []string       // these services and no others; empty: all
	Without []string       // all but these
	Still   func() error   // asked under the lab's lock; an error ends the start. May be nil
}

// Holding is something that a lab keeps on this machine.
type Holding struct {
	Kind  string `json:"kind"` // "container", "network", "volume", "folder" or "file"
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"` // -1 when unknown
}

// LogOptions say which log lines are wanted.
type LogOptions struct {
	Services []string // empty: all
	Follow   bool
	Tail     int // the last so many lines of each service; -1: all
}

// Engine starts, stops and looks at a lab's services.
type Engine interface {
	Name() string
	// Services are the names of all services that the engine can run, in the order in which they are shown.
	Services() []string
	// Start returns when every service is healthy; on an error nothing of what it started is left. It is idempotent.
	Start(ctx context.Context, o Options, p term.Progress) ([]Service, error)
	// Stop ends the services and keeps their data; stopped is false when nothing ran.
	Stop(ctx context.Context, p term.Progress) (stopped bool, err error)
	// Restart ends and starts those services (none named: all that run) under the settings of now, and returns when they are healthy.
	Restart(ctx context.Context, services []string, timeout time.Duration, p term.Progress) ([]Service, error)
	// Status looks, and changes nothing.
	Status(ctx context.Context) ([]Service, error)
	// Gate returns once every service that runs does its work, as seen from outside.
	Gate(ctx context.Context, timeout time.Duration, p term.Progress) error
	// Logs writes the services' output, each line under its service's name.
	Logs(ctx context.Context, o LogOptions, w io.Writer) error
	// Holdings are what Purge would remove.
	Holdings(ctx context.Context) ([]Holding, error)
	// Purge removes everything of the lab but its settings and the folder of its runs, which is the caller's to remove.
	Purge(ctx context.Context, p term.Progress) error
}
