package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

func quietBench(share ...float64) *bench {
	return &bench{
		say: func(string, ...any) {},
		others: func(context.Context) (float64, error) {
			now := share[0]
			if len(share) > 1 {
				share = share[1:]
			}
			return now, nil
		},
	}
}

// fixed is a mark of two figures that is measured without measuring.
func fixed(id string, err error, values ...float64) mark {
	return mark{
		id: id, versus: "a against b", how: "With care.", rounds: 7,
		figures: []figure{
			{name: "a / b", digits: 2, goal: atLeast(1)},
			{name: "size", unit: "B", digits: 1, goal: atMost(9)},
		},
		measure: func(_ context.Context, _ *bench, _ int, f []figure) error {
			f[0].values = values
			f[0].note("a was %d", 5)
			f[1].err = errors.New("no scale")
			return err
		},
	}
}

func TestOneMarkThatFailsLeavesTheOthers(t *testing.T) {
	results, err := quietBench(0).run(t.Context(), []mark{
		fixed("first", errors.New("no power"), 1), fixed("second", nil, 1, 2, 3), fixed("third", nil),
	})
	if err != nil || len(results) != 3 {
		t.Fatalf("%d results, error %v", len(results), err)
	}
	for i, want := range []string{"no power", "", "no round gave a value"} {
		got := ""
		if err := results[i].figures[0].err; err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s failed with %q, want %q", results[i].id, got, want)
		}
	}
	if err := results[1].figures[1].err; err == nil || err.Error() != "no scale" {
		t.Errorf("a figure's own error became %v", err)
	}
	if !failed(results) || !failed(results[1:2]) {
		t.Error("what could not be measured is not told")
	}
}

func TestBusyMachineIsRefusedAtTheStartOnly(t *testing.T) {
	if _, err := quietBench(0.21).run(t.Context(), []mark{fixed("m", nil, 1)}); err == nil || !strings.Contains(err.Error(), "21 %") {
		t.Errorf("error %v", err)
	}
	forced := quietBench(0.21)
	forced.force = true
	for name, b := range map[string]*bench{"-force": forced, "busy later": quietBench(0.20, 0.9)} {
		results, err := b.run(t.Context(), []mark{fixed("m", nil, 1), fixed("n", nil, 1)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if text := (&report{results: results}).busy(); text == "" {
			t.Errorf("%s: the report does not tell", name)
		}
	}
}

func TestRounds(t *testing.T) {
	m := mark{rounds: 7}
	for _, c := range []struct {
		b    bench
		want int
	}{{bench{}, 7}, {bench{short: true}, 2}, {bench{rounds: 9}, 9}, {bench{rounds: 9, short: true}, 9}} {
		if got := c.b.roundsOf(m); got != c.want {
			t.Errorf("%+v: %d rounds, want %d", c.b, got, c.want)
		}
	}
}

func TestMarksAreChosenByID(t *testing.T) {
	chosen, err := choose(marks(), long(), "version,k6-rps")
	if err != nil || len(chosen) != 2 || chosen[0].id != "k6-rps" || chosen[1].id != "version" {
		t.Errorf("chose %v, error %v", chosen, err)
	}
	if _, err := choose(marks(), long(), "version,speed"); err == nil || !strings.Contains(err.Error(), "toy-fast") {
		t.Errorf("an unknown mark gave %v", err)
	}
}

func TestMarksSayWhatTheyAre(t *testing.T) {
	for _, m := range slices.Concat(marks(), way(), ofArtillery(), long()) {
		if m.id == "" || m.versus == "" || m.how == "" || m.rounds < 1 || len(m.figures) == 0 || m.measure == nil {
			t.Errorf("mark %q lacks something", m.id)
		}
		for _, f := range m.figures {
			if f.name == "" || f.goal.bound == 0 && !f.goal.none {
				t.Errorf("figure %q of %s lacks something", f.name, m.id)
			}
		}
	}
}
