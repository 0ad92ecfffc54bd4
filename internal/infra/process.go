package infra

import (
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/shirou/gopsutil/v4/process"

	"github.com/ltlab/ltlab/internal/record"
)

// lookEvery is how often a process's children are looked for: that means a look at every process there is.
const lookEvery = 5

// Process measures a process of this machine with all its descendants. It has no network of its own.
type Process struct {
	Name      string
	PID       int
	Generator bool // it makes the load
	Workers   bool // it is Artillery: see Workers

	root   *process.Process
	family map[int32]*member
	look   int     // reads until the next look for children
	used   float64 // CPU seconds of all, also of those that have ended, since the first look
}

// member is one process of the family.
type member struct {
	*process.Process
	cpu float64
}

var _ Probe = (*Process)(nil)

// Read is of the process, nothing once it has ended.
func (p *Process) Read() []Reading {
	if p.root == nil {
		root, err := process.NewProcess(int32(p.PID))
		if err != nil {
			return nil
		}
		p.root, p.family = root, map[int32]*member{root.Pid: {root, math.NaN()}}
	}
	if p.look--; p.look <= 0 {
		p.look = lookEvery
		p.descend(p.root)
	}
	r := Unknown(p.Name, record.ProcessSource)
	r.Source.Generator, r.Source.CPUs = p.Generator, float64(allowed())
	if p.Workers {
		r.Source.CPUs = Workers(r.Source.CPUs, r.Source.CPUs)
	}
	r.ID, r.At = fmt.Sprint(p.PID), time.Now()
	memory := 0.0
	for pid, m := range p.family {
		t, err := m.Times()
		if err != nil {
			if pid == p.root.Pid {
				return nil
			}
			delete(p.family, pid)
			continue
		}
		if now := t.User + t.System; now >= m.cpu {
			p.used += now - m.cpu
		}
		m.cpu = t.User + t.System // of a child that is new only what it uses from now on: its birth may lie seconds back
		if info, err := m.MemoryInfo(); err == nil {
			memory += float64(info.RSS)
		}
	}
	r.CPU = p.used
	if memory > 0 { // one that has ended and was not waited for has none
		r.Memory = memory
	}
	return []Reading{r}
}

// descend adds the children that are not known yet, and theirs.
func (p *Process) descend(of *process.Process) {
	children, err := of.Children()
	if err != nil {
		return // there are none, or they cannot be seen here
	}
	for _, c := range children {
		if p.family[c.Pid] == nil {
			p.family[c.Pid] = &member{c, math.NaN()}
		}
		p.descend(c)
	}
}

// allowed is how many cores a child of ours may use: the machine's, or what our own container has of them.
func allowed() int { return min(runtime.NumCPU(), runtime.GOMAXPROCS(0)) }

// Workers is how many cores Artillery makes load with where it sees that many and may use so many: it starts a worker for each
// core but one, and a worker is one thread of JavaScript.
func Workers(seen, may float64) float64 { return min(may, max(1, seen-1)) }
