package cli

import (
	"fmt"
	"strings"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/term"
)

// machineText is the CPU that the load generator and the machine used, of what each may use, and the services' in cores.
func machineText(t term.Tint, all []analysis.Usage) string {
	var generator, host, then []string
	for i := range all {
		u := &all[i]
		if u.CPU == nil {
			continue
		}
		limit := analysis.HostLimit
		if u.Generator {
			limit = analysis.GeneratorLimit
		}
		if !u.Generator && u.Kind != record.HostSource || u.CPUs == nil {
			then = append(then, fmt.Sprintf("%s %s", printable(u.Name), figure(u.CPU.Mean)))
			continue
		}
		text := fmt.Sprintf("%s %.0f %% of %g cores (max %.0f %%)", printable(u.Name), 100*u.CPU.Mean / *u.CPUs, *u.CPUs, 100*u.CPU.Max / *u.CPUs)
		if u.CPU.Mean >= limit**u.CPUs {
			text = t.Warn(text)
		}
		if u.Generator {
			generator = append(generator, text)
		} else {
			host = append(host, text)
		}
	}
	text := strings.Join(append(generator, host...), " · ")
	if len(then) > 0 {
		text += " · cores: " + strings.Join(then, ", ")
	}
	return strings.TrimPrefix(text, " · ")
}
