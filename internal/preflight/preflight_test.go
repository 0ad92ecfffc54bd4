package preflight

import (
	"context"
	"math"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/problem"
)

func TestChecksAreAnsweredInTheirOrder(t *testing.T) {
	first := make(chan struct{})
	r := Look(t.Context(), time.Minute, []Check{
		{"late", func(context.Context) Finding {
			<-first
			return Warn("a", "late")
		}},
		{"early", func(context.Context) Finding {
			close(first)
			return Warn("b", "early")
		}},
		{"silent", func(context.Context) Finding { return Unknown("nobody knows") }},
	})
	if len(r.Warnings) != 2 || r.Warnings[0].ID != "a" || r.Warnings[1].ID != "b" || r.Problem != nil || !slices.Equal(r.Unknown, []string{"silent: nobody knows"}) {
		t.Errorf("%+v", r)
	}
}

func TestAProblemIsNotKeptWaitingByWhatComesAfterIt(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	want := &problem.Problem{ID: "first"}
	r := Look(t.Context(), time.Minute, []Check{
		{"fine", func(context.Context) Finding { return Warn("a", "b") }},
		{"bad", func(context.Context) Finding { return Finding{Problem: want} }},
		{"endless", func(context.Context) Finding {
			<-stop
			return Finding{Problem: &problem.Problem{ID: "last"}}
		}},
	})
	if r.Problem != want || len(r.Warnings) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestWhatIsNotKnownInTimeIsNotChecked(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	r := Look(t.Context(), time.Millisecond, []Check{
		{"endless", func(context.Context) Finding {
			<-stop
			return Finding{Problem: &problem.Problem{}}
		}},
	})
	if r.Problem != nil || !slices.Equal(r.Unknown, []string{"endless: no answer within 1ms"}) {
		t.Errorf("%+v", r)
	}
}

// found is a finding in short: the problem's ID, or those of warnings.
func found(f Finding) string {
	if f.Problem != nil {
		return "problem " + f.Problem.ID
	}
	var ids []string
	for _, w := range f.Warnings {
		ids = append(ids, w.ID)
	}
	return strings.Join(ids, " ")
}

func TestEachCheckKnowsItsLimit(t *testing.T) {
	const mb = 1 << 20
	for name, c := range map[string]struct {
		got  Finding
		want string
	}{
		"a file each":               {Files("k6", Asked{Users: 100, MostUsers: 100}, 200), ""},
		"the tool's own files":      {Files("k6", Asked{Users: 100, MostUsers: 137}, 200), "files-short"},
		"perhaps too many users":    {Files("k6", Asked{Users: 200, MostUsers: 5000}, 200), "files-short"},
		"surely too many users":     {Files("k6", Asked{Users: 201, MostUsers: 201}, 200), "problem files-short"},
		"users are not known":       {Files("k6", Asked{}, 200), ""},
		"a port each":               {Ports(Asked{MostUsers: 1000}, false, 1000), ""},
		"more users than ports":     {Ports(Asked{MostUsers: 1001}, true, 1000), "ports-short"},
		"ports that are held":       {Ports(Asked{Opens: 17, Least: time.Hour}, false, 1000), "ports-short"},
		"ports given back at once":  {Ports(Asked{Opens: 17, Least: time.Hour}, true, 1000), ""},
		"held, and few":             {Ports(Asked{Opens: 16, Least: time.Hour}, false, 1000), ""},
		"held, and over before":     {Ports(Asked{Opens: 17, Least: 30 * time.Second}, false, 1000), ""},
		"memory":                    {Memory(Asked{Users: 10, PerUser: mb}, 10*mb), ""},
		"no memory":                 {Memory(Asked{Users: 11, PerUser: mb}, 10*mb), "memory-short"},
		"memory of unknown users":   {Memory(Asked{Users: 11}, 0), ""},
		"a calm machine":            {Calm(0.5), ""},
		"a busy machine":            {Calm(0.9), "generator-busy"},
		"a disk":                    {Disk("k6", Asked{Least: time.Minute, Most: time.Minute}, "runs", 100*mb), ""},
		"a full disk":               {Disk("k6", Asked{}, "runs", 0), "problem disk-short"},
		"no room for the smallest":  {Disk("k6", Asked{Least: 5 * time.Hour}, "runs", 18*mb), "problem disk-short"},
		"longer than it will be":    {Disk("k6", Asked{Least: 1000 * time.Hour, Most: 1000 * time.Hour}, "runs", 100*mb), "disk-short"},
		"no room for a day":         {Disk("k6", Asked{Least: 1000 * time.Hour}, "runs", 80*mb), "problem disk-short"},
		"for ever":                  {Disk("k6", Asked{Least: math.MaxInt64, Most: math.MaxInt64}, "runs", 100*mb), "disk-short"},
		"a length before the start": {Disk("k6", Asked{Least: -time.Hour, Most: -time.Hour}, "runs", 100*mb), ""},
		"memory without number":     {Memory(Asked{Users: math.MaxInt64, PerUser: mb}, 10*mb), "memory-short"},
		"room for the smallest":     {Disk("k6", Asked{Least: 5 * time.Hour}, "runs", 20*mb), "disk-short"},
		"a length that may be long": {Disk("k6", Asked{Most: 5 * time.Hour}, "runs", 20*mb), "disk-short"},
		"room for a large one":      {Disk("k6", Asked{Least: 5 * time.Hour, Most: 5 * time.Hour}, "runs", 900*mb), ""},
	} {
		if got := found(c.got); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestATargetIsRefusedOnlyWhereTheSystemSaysSo(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if f := Target(t.Context(), "k6", "http://shop", address); found(f) != "" || f.Unknown != "" {
		t.Errorf("one that listens: %+v", f)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if f := Target(ctx, "k6", "http://shop", address); f.Problem != nil || f.Unknown == "" {
		t.Errorf("one that nobody waited for: %+v", f)
	}
	l.Close()
	f := Target(t.Context(), "k6", "http://shop", address)
	if found(f) != "problem target-unreachable" || !strings.Contains(f.Problem.Text(), "http://shop takes no connection") {
		t.Errorf("one that is gone: %+v", f)
	}
}
