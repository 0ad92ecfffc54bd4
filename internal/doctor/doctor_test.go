package doctor

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func answer(s Status) func(context.Context) Result {
	return func(context.Context) Result { return Result{Status: s, Evidence: "saw " + string(s)} }
}

func statuses(all []Outcome) string {
	var out []string
	for _, o := range all {
		out = append(out, o.ID+"="+string(o.Status))
	}
	return strings.Join(out, " ")
}

func TestAFailedParentSkipsItsChildrenAndIsNamed(t *testing.T) {
	all, err := Examine(t.Context(), []Check{
		{ID: "a", Run: answer(Fail)}, {ID: "b", Needs: []string{"a"}, Run: answer(Pass)}, {ID: "c", Needs: []string{"b"}, Run: answer(Pass)},
		{ID: "d", Run: answer(Warn)}, {ID: "e", Needs: []string{"d"}, Run: answer(Pass)},
	}, Options{})
	if err != nil || statuses(all) != "a=fail b=skip c=skip d=warn e=pass" {
		t.Fatalf("%v, %s", err, statuses(all))
	}
	if all[1].Evidence != "needs a, which failed" || all[2].Evidence != all[1].Evidence {
		t.Errorf("b: %q, c: %q", all[1].Evidence, all[2].Evidence)
	}
}

func TestAChildOfWhatDoesNotApplySaysTheSameReason(t *testing.T) {
	idle := func(context.Context) string { return "no lab is running: ltlab start" }
	all, err := Examine(t.Context(), []Check{
		{ID: "docker", Run: answer(Fail)}, {ID: "services", Needs: []string{"docker"}, Idle: idle, Run: answer(Pass)}, {ID: "influxdb", Needs: []string{"services"}, Run: answer(Pass)},
	}, Options{})
	if err != nil || statuses(all) != "docker=fail services=skip influxdb=skip" || all[2].Evidence != "no lab is running: ltlab start" {
		t.Errorf("%v, %s: %q", err, statuses(all), all[2].Evidence)
	}
}

func TestChecksRunAtTheSameTimeWithinTheBoundAndKeepTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		var checks []Check
		for i := range 8 {
			checks = append(checks, Check{ID: fmt.Sprint(i), Run: func(context.Context) Result {
				most.Store(max(most.Load(), now.Add(1)))
				<-time.After(time.Duration(8-i) * time.Second)
				now.Add(-1)
				return pass("done")
			}})
		}
		all, err := Examine(t.Context(), checks, Options{AtOnce: 3})
		if err != nil || most.Load() != 3 {
			t.Errorf("%v; %d at once, want 3", err, most.Load())
		}
		for i, o := range all {
			if o.ID != fmt.Sprint(i) || o.Took <= 0 {
				t.Errorf("place %d has check %s, which took %s", i, o.ID, o.Took)
			}
		}
	})
}

func TestACheckThatHangsOrBreaksIsAnAnswerAndHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		release := make(chan struct{})
		all, err := Examine(t.Context(), []Check{
			{ID: "deaf", Limit: 2 * time.Second, Run: func(context.Context) Result { <-release; return pass("") }},
			{ID: "broken", Run: func(context.Context) Result { panic("index out of range") }},
			{ID: "well", Run: answer(Pass)},
		}, Options{})
		close(release)
		if err != nil || statuses(all) != "deaf=fail broken=fail well=pass" || time.Since(began) != 3*time.Second {
			t.Fatalf("%v after %s: %s", err, time.Since(began), statuses(all))
		}
		if !strings.Contains(all[0].Evidence, "no answer within 2s") || !strings.Contains(all[1].Evidence, "index out of range") || len(all[0].Fix)*len(all[1].Fix) == 0 {
			t.Errorf("%+v", all)
		}
	})
}

func TestACheckThatIsCalledOffMayClearUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		called := errors.New("called off")
		var cleared, began atomic.Bool
		var late []string
		end := make(chan struct{})
		checks := []Check{
			{ID: "box", Run: func(ctx context.Context) Result {
				defer cleared.Store(true)
				cancel(called)
				close(end)
				<-time.After(4 * time.Second) // its container goes
				return pass("")
			}},
			{ID: "quick", Run: func(context.Context) Result { <-end; return pass("") }},
			{ID: "next", Needs: []string{"quick"}, Run: func(context.Context) Result { began.Store(true); return pass("") }},
		}
		start := time.Now()
		all, err := Examine(ctx, checks, Options{Late: func(ids []string) { late = ids }})
		if took := time.Since(start); all != nil || !errors.Is(err, called) || !cleared.Load() || took != 4*time.Second || !slices.Contains(late, "box") {
			t.Errorf("after %s: %v, %v; cleared %t; late %v", took, all, err, cleared.Load(), late)
		}
		if began.Load() {
			t.Error("a check began after the end")
		}
	})
}

func TestACheckThatDoesNotClearUpIsNamedAndNotWaitedForForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		start := time.Now()
		_, err := Examine(ctx, []Check{
			{ID: "deaf", Limit: time.Second, Run: func(context.Context) Result { <-release; return pass("") }}, // over before the end, and still at work
			{ID: "stuck", Run: func(context.Context) Result { <-release; return pass("") }},
			{ID: "last", Run: func(context.Context) Result { <-time.After(10 * time.Second); cancel(); return pass("") }},
		}, Options{})
		close(release)
		var left *UnclearedError
		if !errors.As(err, &left) || !slices.Equal(left.IDs, []string{"deaf", "stuck"}) || !errors.Is(err, context.Canceled) || time.Since(start) != 15*time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}

func TestANamedCheckIsAskedWithAllThatItNeeds(t *testing.T) {
	checks := []Check{{ID: "a", Run: answer(Pass)}, {ID: "b", Needs: []string{"a"}, Run: answer(Pass)}, {ID: "c", Needs: []string{"b"}, Run: answer(Pass)}, {ID: "d", Run: answer(Fail)}}
	all, err := Examine(t.Context(), checks, Options{Only: []string{"c"}})
	if err != nil || statuses(all) != "a=pass b=pass c=pass" {
		t.Errorf("%v, %s", err, statuses(all))
	}
	_, err = Examine(t.Context(), checks, Options{Only: []string{"nope"}})
	if unknown := (*UnknownError)(nil); !errors.As(err, &unknown) || unknown.Nearest != "" {
		t.Errorf("got %v", err)
	}
}

func TestANearNameIsOffered(t *testing.T) {
	names := []string{"influxdb", "influxdb-long", "settings-mode", "telegraf", "port-in-use"}
	for given, want := range map[string]string{"telegraph": "telegraf", "influx": "influxdb", "setting-mode": "settings-mode", "port-in-used": "port-in-use", "qqq": ""} {
		if got := Nearest(given, names); got != want {
			t.Errorf("%s: %q, want %q", given, got, want)
		}
	}
}

func TestEvidenceIsCleanedBeforeAnybodySeesIt(t *testing.T) {
	all, err := Examine(t.Context(), []Check{{ID: "a", Run: func(context.Context) Result { return warn("the word is hunter22") }}},
		Options{Clean: NewRedactor([]string{"hunter22"}).Text})
	if err != nil || strings.Contains(all[0].Evidence, "hunter") {
		t.Errorf("%v, %q", err, all[0].Evidence)
	}
}

func TestTheListOfChecksIsSound(t *testing.T) {
	all := (&Patient{}).Checks()
	if len(all) < 30 {
		t.Errorf("%d checks", len(all))
	}
	kebab := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	seen := map[string]int{}
	at := map[string]int{}
	for i, c := range all {
		if !kebab.MatchString(c.ID) || c.Title == "" || c.Run == nil || seen[c.ID] > 0 || !slices.Contains(groups, c.Group) {
			t.Errorf("check %+v", c)
		}
		seen[c.ID]++
		at[c.Group] = i
	}
	for _, c := range all {
		for _, need := range c.Needs {
			if seen[need] == 0 || need == c.ID {
				t.Errorf("%s needs %q, which is no other check", c.ID, need)
			}
		}
	}
	if len(at) != len(groups) {
		t.Errorf("groups with checks: %v", at)
	}
	if _, err := Examine(canceled(t), all[:0], Options{}); err == nil {
		t.Error("an examination that was called off is none")
	}
}

func TestNoCheckNeedsItself(t *testing.T) {
	needs := map[string][]string{}
	for _, c := range (&Patient{}).Checks() {
		needs[c.ID] = c.Needs
	}
	var walk func(id string, path []string)
	walk = func(id string, path []string) {
		if slices.Contains(path, id) {
			t.Fatalf("a circle: %v", append(path, id))
		}
		for _, n := range needs[id] {
			walk(n, append(path, id))
		}
	}
	for id := range needs {
		walk(id, nil)
	}
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
