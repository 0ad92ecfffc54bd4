package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

// passing is a target whose probe passes from that time on.
func passing(name string, after time.Duration) Target {
	began := time.Now()
	return Target{Name: name, Shows: "works", Probe: func(context.Context) error {
		if since := time.Since(began); since < after {
			return fmt.Errorf("too early by %s", after-since)
		}
		return nil
	}}
}

func never(name, saw string) Target {
	return Target{Name: name, Shows: name + " works", Probe: func(context.Context) error { return errors.New(saw) }}
}

func TestTheWaitEndsWhenEveryProbeHasPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []string
		began := time.Now()
		err := Wait(t.Context(), []Target{passing("slow", time.Second), passing("quick", 0), passing("middle", 300*time.Millisecond)}, Options{
			Timeout:  time.Minute,
			Progress: func(e term.Event) { events = append(events, e.Service+" "+e.Text) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"quick works", "middle works", "slow works"}; !slices.Equal(events, want) {
			t.Errorf("progress %q, want %q", events, want)
		}
		if took := time.Since(began); took < time.Second || took > 1250*time.Millisecond {
			t.Errorf("it took %s for a service that needs 1s", took)
		}
	})
}

func TestProbesComeFastAtFirstThenLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began := time.Now()
		target := Target{Name: "a", Probe: func(context.Context) error {
			at = append(at, time.Since(began))
			return errors.New("no")
		}}
		if err := Wait(t.Context(), []Target{target}, Options{Timeout: 10 * time.Second}); err == nil {
			t.Fatal("it passed")
		}
		synctest.Wait()
		early := 0
		for i, now := range at {
			if now < 600*time.Millisecond {
				early++
			}
			if i > 0 && now-at[i-1] > 250*time.Millisecond {
				t.Errorf("between two attempts lie %s", now-at[i-1])
			}
		}
		if at[0] != 0 || at[1] > 20*time.Millisecond || early < 10 || len(at) > 70 {
			t.Errorf("attempts at %s", at)
		}
	})
}

func TestAContainerThatExitsEndsTheWaitAtOnce(t *testing.T) {
	for _, c := range []struct {
		name       string
		exit       Exit
		reason     Reason
		what, says string
	}{
		{"exited", Exit{Service: "db", Code: 1}, Exited, "db stopped before it was ready", "exited with code 1 after 0.5s"},
		{"exited well", Exit{Service: "db"}, Exited, "db stopped before it was ready", "exited with code 0"},
		{"killed for want of memory", Exit{Service: "db", Code: 137, OOM: true}, OutOfMemory, "db ran out of memory", "the kernel killed its container"},
		{"restarting", Exit{Service: "db", Code: 2, Restarting: true}, Restarting, "db stops again and again", "exited with code 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				exits := make(chan Exit)
				go func() {
					<-time.After(500 * time.Millisecond)
					exits <- c.exit
				}()
				stuck := Target{Name: "other", Shows: "works", Probe: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
				began := time.Now()
				err := Wait(t.Context(), []Target{stuck, never("db", "nothing listens")}, Options{
					Timeout: time.Minute, Exits: exits,
					Logs: func(_ context.Context, service string, lines int) string { return service + " said why\n" },
				})
				if took := time.Since(began); took != 500*time.Millisecond {
					t.Errorf("it ended after %s", took)
				}
				var f *Failure
				if !errors.As(err, &f) {
					t.Fatalf("got %v", err)
				}
				if f.Service != "db" || f.Reason != c.reason || f.Code != c.exit.Code || f.Saw != "nothing listens" || f.LogTail != "db said why" || len(f.Others) != 0 {
					t.Errorf("got %+v", f)
				}
				p := problem.From(err)
				if p.ID != "lab-unhealthy" || p.Exit != problem.Unhealthy || !strings.HasPrefix(p.What, c.what) ||
					!strings.Contains(p.Why, c.says) || !strings.Contains(p.Why, `db: waited for "db works", last saw: nothing listens`) || !strings.HasSuffix(p.Why, "\ndb said why") {
					t.Errorf("got %s", p.Text())
				}
			})
		})
	}
}

func TestAServiceThatExitsAfterItsProbePassedEndsTheWaitToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exits := make(chan Exit, 1)
		err := Wait(t.Context(), []Target{passing("db", 0), never("telegraf", "no")}, Options{Timeout: time.Minute, Exits: exits,
			Progress: func(term.Event) { exits <- Exit{Service: "db", Code: 1} }})
		var f *Failure
		if !errors.As(err, &f) || f.Service != "db" || f.Reason != Exited {
			t.Errorf("got %v", err)
		}
	})
}

func TestWhatIsNoTargetAndAFeedThatEndsAreOfNoAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exits := make(chan Exit, 1)
		exits <- Exit{Service: "k6"}
		close(exits)
		began := time.Now()
		err := Wait(t.Context(), []Target{passing("db", time.Second)}, Options{Timeout: time.Minute, Exits: exits})
		if took := time.Since(began); err != nil || took < time.Second {
			t.Errorf("after %s: %v", took, err)
		}
		if err := Wait(t.Context(), nil, Options{Timeout: time.Minute}); err != nil {
			t.Errorf("nothing to wait for: %v", err)
		}
	})
}

func TestATimeOutNamesWhatWasNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := Target{Name: "stuck", Shows: "answers", Probe: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		began := time.Now()
		err := Wait(t.Context(), []Target{passing("db", 0), never("telegraf", "3 packets went, none came"), stuck}, Options{
			Timeout: 5 * time.Second,
			Logs: func(ctx context.Context, service string, lines int) string {
				if service == "stuck" {
					<-ctx.Done() // an engine that does not answer
					return ""
				}
				return "one\ntwo\n"
			},
		})
		if took := time.Since(began); took != 6*time.Second {
			t.Errorf("it ended after %s, want 5s and 1s for logs that do not come", took)
		}
		var f *Failure
		if !errors.As(err, &f) {
			t.Fatalf("got %v", err)
		}
		if f.Reason != TimedOut || f.Service != "telegraf" || len(f.Others) != 1 || f.Others[0].Service != "stuck" {
			t.Errorf("got %+v", f)
		}
		p := problem.From(err)
		want := `telegraf: waited for "telegraf works", last saw: 3 packets went, none came
stuck: waited for "answers", last saw: no answer within 2s
last lines of its log:
telegraf | one
telegraf | two`
		if p.What != "telegraf, stuck did not become ready in 5s" || p.Why != want {
			t.Errorf("got %s", p.Text())
		}
	})
}

func TestAnEndedContextIsReturnedAsWhatEndedIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("the engine is gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(gone) })
		if err := Wait(ctx, []Target{never("db", "no")}, Options{Timeout: time.Minute}); !errors.Is(err, gone) {
			t.Errorf("got %v", err)
		}
		plain, stop := context.WithCancel(t.Context())
		stop()
		if err := Wait(plain, []Target{never("db", "no")}, Options{Timeout: time.Minute}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestNoProbeOutlivesTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails by itself when a goroutine is left
		var mu sync.Mutex
		running := 0
		hold := Target{Name: "hold", Probe: func(ctx context.Context) error {
			mu.Lock()
			running++
			mu.Unlock()
			<-ctx.Done()
			mu.Lock()
			running--
			mu.Unlock()
			return ctx.Err()
		}}
		if err := Wait(t.Context(), []Target{hold, never("a", "no")}, Options{Timeout: time.Second}); err == nil {
			t.Fatal("it passed")
		}
		synctest.Wait()
		if running != 0 {
			t.Errorf("%d probes still run", running)
		}
	})
}
