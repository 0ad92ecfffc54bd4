package record

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
)

// Source is something whose use of the machine is measured: a container, a process with its children, the host. It is
// declared before its first value; a later line with its ID says it anew.
type Source struct {
	ID        int        `json:"id"`
	Name      string     `json:"name"` // unique in the run
	Kind      SourceKind `json:"kind"`
	Generator bool       `json:"generator,omitempty"` // it makes the load
	CPUs      float64    `json:"cpus,omitempty"`      // cores that it may use; 0: not known
	Memory    uint64     `json:"memory,omitempty"`    // bytes that it may use; 0: not known
}

// SourceKind says what a source is.
type SourceKind string

// The kinds of sources. The loopback has network only; the host's network is without it.
const (
	HostSource      SourceKind = "host"
	LoopbackSource  SourceKind = "loopback"
	ProcessSource   SourceKind = "process"
	ContainerSource SourceKind = "container"
)

// Infra is what sources used in one second. What could not be measured is not in it, and a second may be missing.
type Infra struct {
	T    int64 `json:"t"` // the second's end, in whole seconds since RunStart.Time
	Uses []Use `json:"s"`
}

// Use is what one source used in a second; NaN is not known. In the file it is an array, with null for not known:
// [source, cpu, memory, received, sent].
type Use struct {
	Source int
	CPU    float64 // cores, the second's mean: 1 is one core
	Memory float64 // bytes, at the second's end
	RX     float64 // bytes a second
	TX     float64
}

// MarshalJSON writes CPU to a thousandth of a core and the others to the byte, and nothing of what is not known at the end.
func (u Use) MarshalJSON() ([]byte, error) {
	values := [...]float64{math.Round(u.CPU*1000) / 1000, math.Round(u.Memory), math.Round(u.RX), math.Round(u.TX)}
	n := len(values)
	for n > 0 && !finite(values[n-1]) {
		n--
	}
	b := strconv.AppendInt([]byte{'['}, int64(u.Source), 10)
	for _, v := range values[:n] {
		if b = append(b, ','); finite(v) {
			b = strconv.AppendFloat(b, v, 'f', -1, 64)
		} else {
			b = append(b, "null"...)
		}
	}
	return append(b, ']'), nil
}

// UnmarshalJSON reads it.
func (u *Use) UnmarshalJSON(b []byte) error {
	var all []*float64
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	if len(all) == 0 || all[0] == nil {
		return errors.New("what nothing used")
	}
	*u = Use{Source: int(*all[0]), CPU: math.NaN(), Memory: math.NaN(), RX: math.NaN(), TX: math.NaN()}
	for i, to := range []*float64{&u.CPU, &u.Memory, &u.RX, &u.TX} {
		if i+1 < len(all) && all[i+1] != nil {
			*to = *all[i+1]
		}
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
