package infra

import (
	"context"
	"math"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// TestMain lets the tests' own program be a process that is busy until somebody ends it.
func TestMain(m *testing.M) {
	if os.Getenv("INFRA_TEST_BUSY") != "" {
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
			busy(time.Millisecond)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func busy(d time.Duration) {
	for until := time.Now().Add(d); time.Now().Before(until); {
	}
}

// watched is a sampler at work, whose lines come one by one.
func watched(t *testing.T, probes ...Probe) (next func() record.RunLine) {
	t.Helper()
	lines := make(chan record.RunLine, 100)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	s := Sampler{Probes: func(context.Context, string, int) []Probe { return probes }}
	go func() {
		defer close(ended)
		s.Watch(ctx, "r1", 0, time.Now(), func(l record.RunLine) error { lines <- l; return nil })
	}()
	t.Cleanup(func() { cancel(); <-ended })
	deadline := time.After(60 * time.Second)
	return func() record.RunLine {
		select {
		case l := <-lines:
			return l
		case <-deadline:
			t.Fatal("no such line within a minute")
			return record.RunLine{}
		}
	}
}

func TestTheMachineAndAProcessWithItsChildrenAreMeasured(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "INFRA_TEST_BUSY=1")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	next := watched(t, &Host{}, &Process{Name: "k6", PID: os.Getpid(), Generator: true})
	sources := map[int]record.Source{}
	host, tree, last := false, false, int64(0)
	for !host || !tree {
		l := next()
		if l.Source != nil {
			sources[l.Source.ID] = *l.Source
			continue
		}
		if l.Infra.T <= last {
			t.Fatalf("second %d after second %d", l.Infra.T, last)
		}
		last = l.Infra.T
		for _, u := range l.Infra.Uses {
			s := sources[u.Source]
			if u.CPU < 0 || u.CPU > s.CPUs*1.5 || u.Memory == 0 || u.RX < 0 {
				t.Errorf("%s used %+v of %+v", s.Name, u, s)
			}
			switch s.Name {
			case HostName:
				host = host || s.Kind == record.HostSource && s.CPUs >= 1 && s.Memory > 1<<20 && u.CPU > 0 && u.Memory > 1<<20 && !math.IsNaN(u.RX)
			case "k6": // the tests' own process waits; its child works
				tree = tree || s.Generator && s.CPUs >= 1 && u.CPU > 0.05 && u.Memory > 1<<20
			}
		}
	}
}

func TestAProcessThatEndedIsNotReadAndItsChildTakesNothingBack(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "INFRA_TEST_BUSY=1")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	family, alone := &Process{Name: "k6", PID: os.Getpid()}, &Process{Name: "child", PID: child.Process.Pid}
	var used float64
	for deadline := time.Now().Add(30 * time.Second); used == 0 && time.Now().Before(deadline); {
		busy(time.Millisecond)
		used = family.Read()[0].CPU
		if len(alone.Read()) != 1 {
			t.Fatal("a running process has no reading")
		}
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	if got := family.Read(); used == 0 || len(got) != 1 || got[0].CPU < used {
		t.Errorf("CPU time went from %g to %+v", used, got)
	}
	if got := alone.Read(); len(got) != 0 {
		t.Errorf("a process that has ended reads %+v", got)
	}
	if got := (&Process{Name: "none", PID: child.Process.Pid}).Read(); len(got) != 0 {
		t.Errorf("a process that is not there reads %+v", got)
	}
}

// scripted answers with what it is told, once it is.
type scripted chan []Reading

func (s scripted) Read() []Reading { return <-s }

func TestAProbeThatHangsHoldsUpNobodyAndIsHeardWhenItAnswers(t *testing.T) {
	hangs, quick := make(scripted), make(scripted, 9)
	askers := []*asker{{probe: hangs, answer: make(chan []Reading, 1)}, {probe: quick, answer: make(chan []Reading, 1)}}
	names := func() (out []string) {
		quick <- []Reading{at("quick", 0, 0, 0, 0, 0)}
		for _, r := range read(t.Context(), askers) {
			out = append(out, r.Source.Name)
		}
		return out
	}
	for range 2 {
		if got := names(); !slices.Equal(got, []string{"quick"}) {
			t.Fatalf("read %v", got)
		}
	}
	hangs <- []Reading{at("slow", 0, 0, 0, 0, 0)} // taken by the one question that waits
	if got := names(); !slices.Equal(got, []string{"slow", "quick"}) {
		t.Errorf("after the answer came, read %v", got)
	}
}
