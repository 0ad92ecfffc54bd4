package embedded

import (
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/ports"
)

// Defaults of the ports; boards take Grafana's place in this engine.
const (
	DefaultBoardsPort = 3081
	DefaultToyAPIPort = 5081
)

// state is serve.json: written by the server once it listens, removed when it ends. It is only believed while the
// server's lock is held.
type state struct {
	PID      int       `json:"pid"`
	Nonce    string    `json:"nonce"` // of this server; its health answer repeats it
	Services []service `json:"services"`
}

type service struct {
	Name     string `json:"name"`
	Port     int    `json:"port"`
	Wanted   int    `json:"wanted"`
	Kept     bool   `json:"kept,omitempty"`
	Replaced bool   `json:"replaced,omitempty"`
	Holder   string `json:"holder,omitempty"`
}

func newService(name string, wanted int, got *ports.Got) service {
	return service{Name: name, Port: got.Port, Wanted: wanted, Kept: got.Kept, Replaced: got.Replaced, Holder: got.Holder}
}

func preferred(name string) int {
	if name == engine.Boards {
		return DefaultBoardsPort
	}
	return DefaultToyAPIPort
}
