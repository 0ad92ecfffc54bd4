package infra

import (
	"math"
	stdnet "net"
	"runtime"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/mem"
	"github.com/shirou/gopsutil/v4/net"

	"github.com/ltlab/ltlab/internal/record"
)

// Names of what is not a service's.
const (
	HostName     = "host"
	LoopbackName = "loopback"
)

// Host measures this machine, and what it says to itself over its loopback.
type Host struct {
	cpus float64
}

var _ Probe = (*Host)(nil)

// Read is of the host and of its loopback.
func (h *Host) Read() []Reading {
	if h.cpus == 0 {
		n, err := cpu.Counts(true)
		if err != nil || n <= 0 {
			n = runtime.NumCPU()
		}
		h.cpus = float64(n)
	}
	host, loop := Unknown(HostName, record.HostSource), Unknown(LoopbackName, record.LoopbackSource)
	host.Source.CPUs = h.cpus
	host.At = time.Now()
	loop.At = host.At
	if all, err := cpu.Times(false); err == nil && len(all) == 1 {
		t := &all[0] // guests are part of user and nice
		host.CPU = t.User + t.Nice + t.System + t.Irq + t.Softirq + t.Steal
	}
	if m, err := mem.VirtualMemory(); err == nil {
		host.Source.Memory, host.Memory = m.Total, float64(m.Total-m.Available)
	}
	if all, err := net.IOCounters(true); err == nil {
		h.network(all, &host, &loop)
	}
	return []Reading{host, loop}
}

// network adds up interfaces. Bridges and their ends in containers carry what other interfaces carry again.
func (h *Host) network(all []net.IOCountersStat, host, loop *Reading) {
	loopback := loopbacks()
	for _, n := range all {
		to := host
		switch {
		case loopback[n.Name]:
			to = loop
		case inner(n.Name):
			continue
		}
		if math.IsNaN(to.RX) {
			to.RX, to.TX = 0, 0
		}
		to.RX += float64(n.BytesRecv)
		to.TX += float64(n.BytesSent)
	}
}

func inner(name string) bool {
	for _, p := range []string{"veth", "docker", "br-", "virbr", "cni", "bridge", "vmnet"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

func loopbacks() map[string]bool {
	out := map[string]bool{}
	all, _ := stdnet.Interfaces() // without it no network is the loopback's
	for _, i := range all {
		if i.Flags&stdnet.FlagLoopback != 0 {
			out[i.Name] = true
		}
	}
	return out
}
