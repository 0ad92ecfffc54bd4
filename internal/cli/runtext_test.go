package cli

import (
	"testing"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/problem"
)

func TestFiguresReadWell(t *testing.T) {
	for got, want := range map[string]string{
		count(0): "0", count(999): "999", count(1000): "1,000", count(1234567): "1,234,567", count(-1234): "-1,234", count(2.5): "2.5",
		figure(0): "0.00", figure(0.01234): "0.012", figure(1.234): "1.23", figure(12.34): "12.3", figure(123.4): "123", figure(12345.6): "12,346",
		millis(0): "0 µs", millis(0.25): "250 µs", millis(1.5): "1.50 ms", millis(250): "250 ms", millis(1500): "1.50 s",
		printable("a\x1b[31mb\u009b"): "a?[31mb?", printable("a\nb"): "a?b",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestUsersThatNobodyCountedAreNotNought(t *testing.T) {
	three := 3.0
	for want, l := range map[string]analysis.Load{
		"1 iteration":                             {Iterations: 1},
		"up to 1 VU · 2,000 iterations":           {VUsMax: 1, Iterations: 2000},
		"up to 3 VUs asked · 1 iteration":         {AskedVUsMax: &three, Iterations: 1},
		"up to 3 VUs asked, 2 seen · 1 iteration": {AskedVUsMax: &three, VUsMax: 2, Iterations: 1},
	} {
		if got := loadText(&l); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCommandsInFixesNameTheScenarioThatWasGiven(t *testing.T) {
	o := &runOptions{scenario: "my tests/it's.js", dir: "./load"}
	for run, want := range map[string]string{
		"ltlab k6 --no-preflight -s FILE":         `ltlab k6 --no-preflight -p ./load -s 'my tests/it'\''s.js'`,
		"ltlab k6 -s FILE -e BASE_URL=http://a:1": `ltlab k6 -p ./load -s 'my tests/it'\''s.js' -e BASE_URL=http://a:1`,
		"ltlab k6 -p DIR -s FILE":                 "ltlab k6 -p DIR -s FILE", // which folder nobody knows
		"ltlab runs show last":                    "ltlab runs show last",
	} {
		p := &problem.Problem{Fix: []problem.Step{{Run: run}}}
		if got := o.fixed(p).Fix[0].Run; got != want || p.Fix[0].Run != run {
			t.Errorf("got %s, want %s; the problem's own is %s", got, want, p.Fix[0].Run)
		}
	}
}
