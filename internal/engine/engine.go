// Package engine is what can run a lab's services. The lab talks to this interface; the folders beside it implement it.
package engine

import (
	"context"
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

// Names of the services that both engines have.
const (
	Boards = "boards"
	ToyAPI = "toy-api"
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
}

// Engine starts, stops and looks at a lab's services.
type Engine interface {
	Name() string
	// Start returns when every service is healthy; on an error nothing of what it started is left. It is idempotent.
	Start(ctx context.Context, o Options, p term.Progress) ([]Service, error)
	// Stop ends the services and keeps their data; stopped is false when nothing ran.
	Stop(ctx context.Context, p term.Progress) (stopped bool, err error)
	// Status looks, and changes nothing.
	Status(ctx context.Context) ([]Service, error)
}
