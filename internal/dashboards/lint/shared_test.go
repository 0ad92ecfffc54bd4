package lint

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/dashboards/model"
)

const (
	shared = `base = from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart) |> filter(fn: (r) => `
	counts = `r._measurement == "http_reqs" and r._field == "count" and r.rollup == "run" and r.window == "second")`
	both   = "\nbase |> yield(name: \"a\")\nbase |> yield(name: \"b\")"
)

func query(b model.Object) string {
	for p := range model.Panels(b) {
		return model.Text(model.Targets(p)[0], "query")
	}
	return ""
}

func TestPipelinesThatShareTheirBeginAreRepairedOnce(t *testing.T) {
	for name, c := range map[string]struct{ query, rule, want string }{
		"a mean":   {shared + good + " |> aggregateWindow(every: v.windowPeriod, fn: mean)" + both, "percentile-of-percentiles", "fn: max)"},
		"a count":  {shared + counts + " |> aggregateWindow(every: v.windowPeriod, fn: sum)" + both, "zoom", "|> map(fn: (r) => ({r with _value: float("},
		"a bucket": {strings.Replace(shared, "v.defaultBucket", `"k6"`, 1) + good + both, "bucket", "from(bucket: v.defaultBucket)"},
	} {
		if found := Check(board(t, c.query, ""), world, false); len(found) != 1 || found[0].Rule != c.rule || found[0].Repair == "" {
			t.Errorf("%s: found %+v", name, found)
		}
		b := board(t, c.query, "")
		found := Check(b, world, true)
		got := query(b)
		if len(found) != 1 || !found[0].Fixed || strings.Count(got, c.want) != 1 || strings.Count(got, "max") > 1 {
			t.Errorf("%s: found %+v, and it became\n%s", name, found, got)
		}
		if again := Check(b, world, true); len(again) > 0 || query(b) != got {
			t.Errorf("%s: afterwards there is %+v in\n%s", name, again, query(b))
		}
	}
}

// A mean is right of raw samples, and a count that another pipeline divides already would be divided twice.
func TestARepairThatWouldSpoilAnotherPipelineIsLeft(t *testing.T) {
	read := `base = from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart) |> aggregateWindow(every: v.windowPeriod, fn: mean)` + "\n"
	for name, q := range map[string]string{
		"a mean of others": read + `base |> filter(fn: (r) => ` + good + "\n" + `base |> filter(fn: (r) => r._measurement == "vus" and r._field == "last" and r.rollup == "run" and r.window == "second")`,
		"a rate":           shared + counts + " |> aggregateWindow(every: v.windowPeriod, fn: sum)\nbase |> map(fn: (r) => ({r with _value: r._value / 10.0}))\nbase |> yield()",
		"of unknown use":   "f = (tables=<-) => tables |> limit(n: 1)\n" + shared + counts + " |> aggregateWindow(every: v.windowPeriod, fn: sum)\nbase |> f()\nbase |> yield()",
	} {
		b := board(t, q, "")
		found := Check(b, world, true)
		if len(found) != 1 || found[0].Fixed || found[0].Repair != "" || !strings.Contains(found[0].Why, "others go on from the same place") {
			t.Errorf("%s: found %+v", name, found)
		}
		if query(b) != q {
			t.Errorf("%s: it became\n%s", name, query(b))
		}
	}
}

func TestASumOfPercentilesIsNotDividedByTime(t *testing.T) {
	b := board(t, head+good+" |> aggregateWindow(every: v.windowPeriod, fn: sum)", "")
	if found := Check(b, world, true); rules(found) != "percentile-of-percentiles" || strings.Contains(query(b), "map(") {
		t.Errorf("found %+v, and it became\n%s", found, query(b))
	}
}

func TestOfChangesThatMeetTheFirstStays(t *testing.T) {
	var all edits
	for _, c := range []struct {
		edit
		taken bool
	}{{edit{4, 8, "max"}, true}, {edit{4, 8, "max"}, true}, {edit{4, 8, "min"}, false}, {edit{6, 9, "x"}, false}, {edit{0, 5, "x"}, false}, {edit{5, 5, "x"}, false}, {edit{4, 4, "x"}, false},
		{edit{8, 8, "!"}, true}, {edit{8, 8, "?"}, false}, {edit{0, 4, "not "}, true}} {
		if got := all.take(c.edit); got != c.taken {
			t.Errorf("%+v: %v", c.edit, got)
		}
	}
	if got := all.apply("the mean."); got != "not max!." {
		t.Errorf("it became %q", got)
	}
}

func TestAWishThatMeetsAnotherIsLeftAndSaysSo(t *testing.T) {
	c := &check{World: &world, fix: true}
	done := edits{{2, 6, "x"}}
	c.grant(place{}, &flux{}, nil, wish{rule: "zoom", why: "it grows", repair: "it is mended", edit: edit{4, 8, "y"}}, &done, nil)
	if len(done) != 1 || len(c.findings) != 1 || c.findings[0].Fixed || c.findings[0].Repair != "" || !strings.Contains(c.findings[0].Why, "another repair changes the same place") {
		t.Errorf("%+v, %+v", done, c.findings)
	}
}

// Each of these took a time that grows with the square of its length, or a stack that does not end.
func TestAQueryOfAMegabyteIsTakenAtOnce(t *testing.T) {
	const mb = 1 << 20
	for _, q := range []string{strings.Repeat("(", mb), strings.Repeat("from(", mb/5), strings.Repeat("a=(", mb/3), strings.Repeat("array.from(", mb/11), strings.Repeat("a", mb) + "$" + strings.Repeat(":", mb),
		"2024T" + strings.Repeat("-", mb), head + strings.Repeat("(", mb/2) + strings.Repeat(")", mb/2) + ")", head + strings.Repeat("not ", mb/4) + ")",
		strings.Repeat("a = a |> x()\n", mb/13), head + strings.Repeat(`r.a == "b" or `, mb/14) + "true)"} {
		Check(board(t, q, ""), world, true)
	}
	const some = maxQuery - 200
	for _, q := range []string{head + strings.Repeat("(", some/2) + strings.Repeat(")", some/2) + ")", head + strings.Repeat("not ", some/4) + "r.a)", head + strings.Repeat(`r.a == "b" or `, some/14) + "true)",
		"a = from(bucket: \"k6\")\n" + strings.Repeat("a = a |> x()\n", some/13), strings.Repeat(`array.from(rows: [{_value: 1}])`, some/31)} {
		Check(board(t, q, ""), world, true)
	}
	if found := Check(board(t, strings.Repeat("(", mb), ""), world, true); rules(found) != "syntax" {
		t.Errorf("found %+v", found)
	}
}

func TestAQueryBeyondTheLimitsIsNotJudged(t *testing.T) {
	const wrong = `r._field == "nope"`
	q := head + `r._measurement == "http_reqs" and r.rollup == "run" and r.window == "second" and `
	in := func(n int) string { return q + strings.Repeat("(", n) + wrong + strings.Repeat(")", n) + ")" }
	of := func(n int) string { return q + strings.Repeat(`exists r.name and `, n) + wrong + ")" }
	for name, c := range map[string]struct{ query, want string }{
		"deep": {in(deepest / 2), "field"}, "too deep": {in(deepest * 2), ""},
		"many comparisons": {of(maxAsks / 2), "field"}, "too many comparisons": {of(maxAsks), ""},
		"many pipelines": {strings.Repeat(q+wrong+")\n", maxReads/2), "field"}, "too many pipelines": {strings.Repeat(q+wrong+")\n", maxReads+1), ""},
		"long": {q + wrong + ")" + strings.Repeat(" ", maxQuery/2), "field"}, "too long": {q + wrong + ")" + strings.Repeat(" ", maxQuery), ""},
	} {
		if found := Check(board(t, c.query, ""), world, false); rules(found) != c.want {
			t.Errorf("%s: found %+v", name, found)
		}
	}
}

func TestWhereABracketClosesIsWhatCountingSays(t *testing.T) {
	counted := func(t []token, i int) int {
		depth := 0
		for at := i; at < len(t); at++ {
			switch t[at].s {
			case "(", "[", "{":
				depth++
			case ")", "]", "}":
				if depth--; depth == 0 {
					return at
				}
			}
		}
		return len(t) - 1
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var src strings.Builder
		for range r.IntN(30) {
			src.WriteString([]string{"(", ")", "[", "]", "{", "}", "x ", ", "}[r.IntN(8)])
		}
		all := scan(src.String())
		for cut := range all { // arguments are looked at without what is around them
			some := all[:cut+1]
			for i := range some {
				if strings.Contains("([{", some[i].s) && closing(some, i) != counted(some, i) {
					t.Fatalf("%q: the one at %d closes at %d, not %d", src.String(), i, closing(some, i), counted(some, i))
				}
			}
		}
	}
}
