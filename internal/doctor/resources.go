package doctor

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/ltlab/ltlab/internal/host"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
)

// resources are the checks of what a lab and its load need of this machine.
func (p *Patient) resources() []Check {
	return []Check{
		{ID: "disk", Title: "there is room for records where the lab keeps them", Run: p.disk},
		{ID: "memory", Title: "there is memory for a load generator", Run: p.memory},
		{ID: "cpu", Title: "the machine has processors to spare", Run: p.cpu},
		{ID: "file-limit", Title: "a process may open enough files and connections", Run: p.fileLimit},
		{ID: "port-range", Title: "the system has enough ports for connections", Run: p.portRange},
		{ID: "clock", Title: "the containers' clock is that of this machine", Needs: []string{"docker"}, Run: p.clock},
	}
}

// How much of the disk may be used, and how little may be left.
const (
	nearlyFull  = 95 // percent, with less than largeEnough free
	largeEnough = 2 << 30
	leastFree   = 32 << 20
	littleFree  = 1 << 30
)

func (p *Patient) disk(context.Context) Result {
	at := standing(string(p.Home))
	left, total, ok := host.Disk(at)
	if !ok {
		return skip("the system does not say how full the disk of %s is", at)
	}
	free, used := int64(left), 100-100*float64(left)/float64(max(1, total))
	text := fmt.Sprintf("%s free of %s on the disk of %s (%.0f %% used)", size(free), size(int64(total)), at, used)
	switch {
	case free < leastFree, used >= nearlyFull && free < largeEnough:
		return Result{Status: Fail, Problem: "disk-full", Evidence: text, Fix: p.space(true)}
	case free < littleFree:
		return Result{Status: Warn, Problem: "disk-full", Evidence: text + "; an hour of load takes up to about 100 MB", Fix: p.space(false)}
	}
	return pass("%s", text)
}

// space names the runs that take most.
func (p *Patient) space(urgent bool) []problem.Step {
	type run struct {
		id    string
		bytes int64
	}
	var all []run
	folders, _ := p.Home.Runs().List()
	for _, f := range folders {
		if n := taken(f); !p.Alive(f.ID()) {
			all = append(all, run{f.ID(), n})
		}
	}
	slices.SortFunc(all, func(a, b run) int { return int(min(1, max(-1, b.bytes-a.bytes))) })
	if len(all) == 0 || !urgent {
		return []problem.Step{step("see which runs there are and delete some, or free space elsewhere", p.cmd("runs list"))}
	}
	return []problem.Step{step(fmt.Sprintf("delete the run that takes most, %s, unless you want to keep it", size(all[0].bytes)), p.cmd("runs delete "+all[0].id)),
		step("or free space elsewhere", "")}
}

func taken(f record.Folder) (n int64) {
	entries, _ := os.ReadDir(string(f))
	for _, e := range entries {
		if st, err := e.Info(); err == nil && st.Mode().IsRegular() {
			n += st.Size()
		}
	}
	return n
}

func (p *Patient) memory(context.Context) Result {
	available, total, ok := host.Memory()
	if !ok {
		return skip("the system does not say")
	}
	text := fmt.Sprintf("%s available of %s", size(int64(available)), size(int64(total)))
	largest := step("end what takes most", "ps -eo pid,rss,comm --sort=-rss | head")
	switch {
	case available < 128<<20:
		return fails("", text+"; the kernel would end the load generator in the middle of a run", largest)
	case available < 512<<20:
		return warn(text+"; k6 takes 1 to 5 MB a virtual user", largest)
	}
	return pass("%s", text)
}

func (p *Patient) cpu(ctx context.Context) Result {
	share, ok := host.Busy(ctx, 250*time.Millisecond)
	if !ok {
		return skip("the system does not say how busy it is")
	}
	text := fmt.Sprintf("%s, %.0f %% in use", many(runtime.NumCPU(), "processor"), 100*share)
	if share > 0.8 {
		return warn(text+", the doctor's own part included; what is measured on a busy machine is the machine", step("see what is at work", "top"))
	}
	return pass("%s", text)
}

// How many files a load generator should be able to open: each connection is one.
const (
	leastFiles = 1024
	someFiles  = 4096
)

func (p *Patient) fileLimit(context.Context) Result {
	most, known := host.Files()
	if !known {
		return skip("this system has no such limit")
	}
	text := fmt.Sprintf("%d files and connections at most", most)
	raise := step("raise it in this shell, as root or within what /etc/security/limits.conf allows", "ulimit -n 65536")
	switch {
	case most < leastFiles:
		return fails("", text+fmt.Sprintf("; with more than about %d connections k6 says \"too many open files\"", most*3/4), raise)
	case most < someFiles:
		return warn(text+", and each connection is one", raise)
	}
	return pass("%s", text)
}

func (p *Patient) portRange(context.Context) Result {
	n, ok := host.Ports()
	if !ok {
		return skip("this system does not say")
	}
	text := fmt.Sprintf("%d ports for connections to one address", n)
	if n < 10000 {
		return warn(text+"; a closed one rests for a minute", step("allow more", `sudo sysctl -w net.ipv4.ip_local_port_range="10240 65000"`))
	}
	return pass("%s", text)
}

// skew is how far clocks may be apart before samples stand in the wrong second.
const skew = time.Second

func (p *Patient) clock(ctx context.Context) Result {
	m, err := p.Docker.Machine(ctx)
	if err != nil {
		return of(err)
	}
	if m.Clock.IsZero() {
		return skip("the Docker engine does not tell its time")
	}
	off, way := m.Ahead, "ahead of"
	if off < 0 {
		off, way = -off, "behind"
	}
	if off <= skew+m.Within {
		return pass("within %s of this machine's", max(off, m.Within).Round(time.Millisecond))
	}
	return fails("", fmt.Sprintf("the containers' clock is %s %s this machine's (theirs %s): what they write stands at the wrong time on every board",
		off.Round(time.Millisecond), way, m.Clock.UTC().Format(time.RFC3339)),
		step("set both by a time server; a virtual machine that slept gets it back by a restart of Docker", "sudo timedatectl set-ntp true"))
}
