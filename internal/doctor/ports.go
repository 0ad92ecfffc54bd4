package doctor

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/compose"
	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/embedded"
	"github.com/ltlab/ltlab/internal/ports"
)

// port is a port that the lab has, had or would take.
type port struct {
	service, network string
	number           int
	last             bool // it is written down as the lab's
}

// wantedPorts are the ports of the engine on which the lab runs, or of those on which it could.
func (p *Patient) wantedPorts(ctx context.Context) []port {
	last := map[string]int{}
	_ = config.ReadJSON(p.Home.Ports(), &last)
	var out []port
	add := func(service, network string, usual int) {
		n := port{service, network, usual, false}
		if last[service] != 0 {
			n.number, n.last = last[service], true
		}
		out = append(out, n)
	}
	small, _ := p.on(ctx, "embedded")
	if _, err := p.Docker.Machine(ctx); err == nil && !small {
		for _, v := range compose.Ports() {
			add(v.Service, v.Protocol, v.Host)
		}
	}
	full, _ := p.on(ctx, "docker")
	if !full {
		add(engine.Boards, "tcp", embedded.DefaultBoardsPort)
		if len(out) == 1 { // without Docker's
			add(engine.ToyAPI, "tcp", embedded.DefaultToyAPIPort)
		}
	}
	slices.SortFunc(out, func(a, b port) int { return strings.Compare(a.service, b.service) })
	return out
}

func (p *Patient) ports(ctx context.Context) Result {
	_, st, err := p.where(ctx)
	ours := map[int]bool{}
	if err == nil {
		for _, v := range st.Services {
			if u, err := url.Parse(v.URL); err == nil && v.URL != "" {
				var n int
				_, _ = fmt.Sscan(u.Port(), &n)
				ours[n] = true
			}
		}
	}
	var free, taken []string
	var lost []port
	for _, v := range p.wantedPorts(ctx) {
		switch _, err := ports.Find(v.network, ports.Want{Preferred: v.number, Exact: true}); {
		case ours[v.number]:
			free = append(free, fmt.Sprintf("%s %d", v.service, v.number))
		case err == nil:
			free = append(free, fmt.Sprintf("%s %d", v.service, v.number))
		default:
			holder := p.Docker.HolderOf(ctx, v.number, ports.Holder(v.network, v.number))
			if holder == "" {
				holder = "another program"
			}
			taken = append(taken, fmt.Sprintf("%s: 127.0.0.1:%d/%s is held by %s", v.service, v.number, v.network, holder))
			if v.last {
				lost = append(lost, v)
			}
		}
	}
	if len(taken) == 0 {
		return pass("%s", strings.Join(free, ", "))
	}
	evidence := strings.Join(taken, "\n")
	if len(lost) == 0 {
		return warn(evidence+"\na start takes the next free ones instead, and keeps them", step("nothing has to be done; to have that port, end its holder before", p.cmd("start")))
	}
	r := fails("port-in-use", evidence+"\nthe lab's addresses were on it before", step("give the lab other ports, which it keeps", p.mend("ports")), step("or end the program that holds it", ""))
	r.Repair = &Repair{Say: "choose free ports instead of those that others hold: " + services(lost), Do: func(context.Context) (string, error) { return p.move(lost) }}
	return r
}

func services(all []port) string {
	var out []string
	for _, v := range all {
		out = append(out, fmt.Sprintf("%s %d", v.service, v.number))
	}
	return strings.Join(out, ", ")
}

// move writes free ports down as those of the lab's next start.
func (p *Patient) move(lost []port) (string, error) {
	last := map[string]int{}
	if err := config.ReadJSON(p.Home.Ports(), &last); err != nil {
		return "", err
	}
	var said []string
	for _, v := range lost {
		w := ports.Want{Preferred: v.number}
		for slices.Contains(slices.Collect(maps.Values(last)), w.Preferred) { // another service's, or the busy one
			w.Preferred++
		}
		got, err := ports.Find(v.network, w)
		if err != nil {
			return "", err
		}
		last[v.service] = got.Port
		said = append(said, fmt.Sprintf("%s gets %d instead of %d", v.service, got.Port, v.number))
	}
	return strings.Join(said, ", "), config.WriteJSON(p.Home.Ports(), last)
}
