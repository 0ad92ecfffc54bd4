package boards

import (
	"fmt"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/rows"
)

// What sources used is the same for every tool; panels about it stand under the latencies.

const (
	unmeasured = "what the machine and the services used was not measured in this run"
	shaded     = "gray: the load generator, or this machine, was short of CPU"
)

// used reads a line for each source.
func used(label, metric string) Query {
	return Query{Label: label, Metric: metric, Field: "last", Rollup: rows.BySeries, Window: rows.Second, Each: "source"}
}

// share reads the CPU that a source used, of what it may use.
func share(label, tag, value string, ink Ink) Query {
	return Query{Label: label, Metric: rows.InfraShare, Field: "last", Rollup: rows.BySeries, Window: rows.Second,
		Where: map[string]string{tag: value}, Ink: ink}
}

// shortOfCPU are the seconds that analysis.Saturation counts.
func shortOfCPU() []Shade {
	return []Shade{
		{Query: share("generator", "generator", "true", ""), At: analysis.GeneratorLimit},
		{Query: share("host", "kind", "host", ""), At: analysis.HostLimit},
	}
}

func shares() Panel {
	return Panel{ID: "cpu-share", Title: "CPU of generator and machine (share of what each may use, each second)", Kind: Timeseries, Unit: Percent, Width: 6,
		Absent: unmeasured, Shaded: shaded,
		Description: fmt.Sprintf("Above %.0f %% of its CPU a load generator measures its own delay, too; above %.0f %% of the machine's everything on it waits.",
			100*analysis.GeneratorLimit, 100*analysis.HostLimit),
		Queries: []Query{share("load generator", "generator", "true", Plain1), share("machine", "kind", "host", Faint)}}
}

func cores() Panel {
	return Panel{ID: "cpu", Title: "CPU by service (mean in cores, each second)", Kind: Timeseries, Unit: Cores, Width: 6, Absent: unmeasured,
		Description: "CPU time used by each container, by the load generator with its children and by the whole machine: 1 is one core.",
		Queries:     []Query{used("", rows.InfraCPU)}}
}

func memory() Panel {
	services := used("", rows.InfraMemory) // beside the machine's nobody would see theirs
	services.Where = map[string]string{"part": "service"}
	return Panel{ID: "memory", Title: "Memory by service (at its end, each second)", Kind: Timeseries, Unit: Bytes, Width: 6, Absent: unmeasured,
		Description: "Memory of each container without its cache of files, and resident memory of processes with their children.",
		Queries:     []Query{services}}
}

func network() Panel {
	sent := used("sent", rows.InfraTX)
	sent.Dashed = true
	return Panel{ID: "network", Title: "Network by service (received and sent, each second)", Kind: Timeseries, Unit: ByteRate, Width: 6, Absent: unmeasured,
		Description: "Bytes received, and dashed those sent. What the machine says to itself is loopback and no part of host; a process alone has none of its own.",
		Queries:     []Query{used("received", rows.InfraRX), sent}}
}
