package embedded

import "github.com/ltlab/ltlab/internal/config"

// PID is the server's process, 0 when none runs.
func (e *Engine) PID() int {
	var st state
	if !e.Alive() || config.ReadJSON(e.Home.State(), &st) != nil {
		return 0
	}
	return st.PID
}
