package doctor

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/engine"
)

// embedded are the checks of the lab that is one process of ltlab.
func (p *Patient) embedded() []Check {
	return []Check{
		{ID: "server", Title: "the lab's process lives, and both its services answer", Needs: []string{"home"}, Idle: p.notOn("embedded"), Run: p.server},
		{ID: "boards", Title: "the boards read the store of runs", Needs: []string{"server", "store"}, Run: p.boards},
		{ID: "server-version", Title: "the lab's process is of this ltlab", Needs: []string{"server"}, Run: p.serverVersion},
	}
}

func (p *Patient) server(ctx context.Context) Result {
	_, st, err := p.where(ctx)
	if err != nil {
		return of(err)
	}
	var at []string
	for _, v := range st.Services {
		if v.URL != "" {
			at = append(at, fmt.Sprintf("%s at %s", v.Name, v.URL))
		}
	}
	switch st.State {
	case engine.Healthy:
		return pass("%s", strings.Join(at, ", "))
	case engine.Exited:
		text := "it has ended without being stopped: " + p.Home.State() + " is there, and nobody holds " + p.Home.ServeLock()
		if tail := lastLines(p.Home.Log(), 5); tail != "" {
			text += "\nlast lines of its log:\n" + tail
		}
		return fails("lab-unhealthy", text, step("start it again; runs stay", p.cmd("start")))
	case engine.Starting:
		return warn("it is just starting", step("look again", p.cmd("doctor server")))
	}
	return fails("lab-unhealthy", fmt.Sprintf("process %d lives and does not answer: %s", p.Embedded.PID(), strings.Join(at, ", ")),
		step("end it, by force after 10 s, and start it again; runs stay", p.cmd("stop")+" && "+p.cmd("start")))
}

func (p *Patient) boards(ctx context.Context) Result {
	_, st, err := p.where(ctx)
	if err != nil {
		return of(err)
	}
	at := st.URL(engine.Boards) + "/api/runs"
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return of(err)
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}} // no proxy: it is on this machine
	res, err := client.Do(r)
	if err != nil {
		return fails("lab-unhealthy", err.Error(), step("end it and start it again; runs stay", p.cmd("stop")+" && "+p.cmd("start")))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	if err != nil || res.StatusCode != http.StatusOK {
		return fails("lab-unhealthy", fmt.Sprintf("GET %s: %s %s", at, res.Status, firstLine(string(body))), step("end it and start it again; runs stay", p.cmd("stop")+" && "+p.cmd("start")))
	}
	return pass("GET %s is answered", at)
}

// serverVersion compares the running file with this one, where the system shows it.
func (p *Patient) serverVersion(context.Context) Result {
	file := fmt.Sprintf("/proc/%d/exe", p.Embedded.PID())
	running, err := os.Stat(file)
	if err != nil {
		return skip("this system does not show which file a process was started from")
	}
	if self, err := os.Stat(p.Self); err == nil && os.SameFile(running, self) {
		return pass("it is")
	}
	from, _ := os.Readlink(file)
	return warn(fmt.Sprintf("it was started from %s, and this ltlab is %s", from, p.Self), step("start it anew from this one; runs stay", p.cmd("restart")))
}
