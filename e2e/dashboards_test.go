//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/grafana"
	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/boards/flux"
	render "github.com/ltlab/ltlab/internal/boards/grafana"
)

var dayOfShown = time.Now().Add(-time.Hour).Truncate(time.Second).Add(123 * time.Millisecond)

func aRun(tool, id string, size float64, windows, names int) *shown {
	s := &shown{id: id, tool: tool, project: "shop", start: dayOfShown, windows: windows, scenarios: []string{"browse", "buy"}, size: size}
	if tool == "artillery" {
		s.start = s.start.Truncate(time.Second)
	}
	for i := range names {
		s.names = append(s.names, fmt.Sprintf("/api/%d", i))
	}
	return s
}

// TestEveryQueryOfTheDashboardsRunsWhateverThereIs asks all of them for no data at all, one point, one series and 200; with data
// each must show some, so that no panel is always empty.
func TestEveryQueryOfTheDashboardsRunsWhateverThereIs(t *testing.T) {
	for _, tool := range []string{"k6", "artillery"} {
		for _, c := range []struct {
			name           string
			windows, names int
		}{{"nothing", 0, 0}, {"one point", 1, 1}, {"one series", 6, 1}, {"200 series", 6, 200}} {
			t.Run(tool+", "+c.name, func(t *testing.T) {
				d := newInfluxd(t)
				run, other := aRun(tool, "run", 3, c.windows, c.names), aRun(tool, "other", 2, c.windows, c.names)
				other.start = other.start.Add(-10 * time.Minute)
				if c.windows > 0 {
					d.put(run.lines())
					d.put(other.lines())
				}
				v := run.view(other.id)
				queries(t, tool, func(name, text string, data bool) {
					got := d.shows(v, text)
					if data && c.windows > 0 && len(got) == 0 {
						t.Errorf("%s shows nothing:\n%s", name, v.Bind(text))
					}
				})
				if c.windows == 0 || c.name == "200 series" {
					return // what a reader chose changes what is read, not what becomes of it
				}
				for _, narrowed := range []flux.Vars{{Endpoint: "/api/0"}, {Scenario: "buy"}, {Endpoint: "/api/0", Scenario: "buy"}, {Project: "shop"}} {
					n := v
					n.Endpoint, n.Scenario, n.Project = narrowed.Endpoint, narrowed.Scenario, narrowed.Project
					queries(t, tool, func(_, text string, _ bool) { d.shows(n, text) })
				}
			})
		}
	}
}

// TestNoPanelOfTheDashboardsIsConstant shows two runs of different values: what is the same for both would be the same for all.
func TestNoPanelOfTheDashboardsIsConstant(t *testing.T) {
	for _, tool := range []string{"k6", "artillery"} {
		d := newInfluxd(t)
		one, two := aRun(tool, "one", 3, 6, 10), aRun(tool, "two", 5, 6, 10)
		d.put(one.lines())
		d.put(two.lines())
		queries(t, tool, func(name, text string, data bool) {
			if !data {
				return
			}
			if a, b := d.shows(one.view(two.id), text), d.shows(two.view(one.id), text); fmt.Sprint(a) == fmt.Sprint(b) {
				t.Errorf("%s shows the same for two runs that differ: %.300v", name, a)
			}
		})
	}
}

// TestTheReadersChoiceChoosesTheRollup asks what a run, a scenario and an endpoint have.
func TestTheReadersChoiceChoosesTheRollup(t *testing.T) {
	d := newInfluxd(t)
	run := aRun("k6", "run", 1, 3, 4)
	d.put(run.lines())
	board, panel := findPanel(t, "k6-elite", "requests")
	for choice, want := range map[flux.Vars]string{{}: "41", {Scenario: "buy"}: "21", {Endpoint: "/api/2"}: "31", {Endpoint: "/api/2", Scenario: "buy"}: "31", {Endpoint: "/nowhere"}: ""} {
		v := run.view("")
		v.Scenario, v.Endpoint = choice.Scenario, choice.Endpoint
		got := ""
		for _, row := range d.shows(v, flux.Targets(board, panel)[0].Text) {
			got += row["Requests"]
		}
		if got != want {
			t.Errorf("with scenario %q and endpoint %q there are %q requests, want %q", choice.Scenario, choice.Endpoint, got, want)
		}
	}
}

func findPanel(t *testing.T, board, id string) (b *boards.Board, p *boards.Panel) {
	t.Helper()
	for _, of := range boards.All() {
		of.Panels(func(q *boards.Panel) {
			if of.ID == board && q.ID == id {
				b, p = &of, q
			}
		})
	}
	if p == nil {
		t.Fatalf("no panel %s/%s", board, id)
	}
	return b, p
}

// foul are names that mean something to Flux, to its strings, to regular expressions, to HTML or to Grafana.
var foul = []string{
	`") |> yield(name: "x") //`, `") or true)//`, `"`, `'`, `\`, `\\`, `\"`, `/`, `//`, `/) or true) //`, `\/) or true) //`, `${1 + 1}`, `${run}`, "$1", "$0", `$run`, `[[run]]`, "x.defaultBucket",
	"v.timeRangeStart", `<script>alert(1)</script>`, `<img src=x onerror="alert(1)">`, "a b,c=d", "=", "==x", "^a$", ".*", "(a|b)", "[a-z]+", "{2}", "?", "+", "# no comment", "smile \U0001F600",
	"\u202Eright to left", "é\u0301", "(?i)RUN", "%22", "a\nb", "a\rb", "a\tb", "a\x00b", "null", "(none)", strings.Repeat("long ", 500),
}

// TestNoNameBreaksOutOfAQuery has runs, scenarios and endpoints of such names, each beside one of a plain name. A query finds
// the one that was asked for and no other, or, where the database itself writes the name otherwise, nothing.
func TestNoNameBreaksOutOfAQuery(t *testing.T) {
	d := newInfluxd(t)
	plain := aRun("k6", "plain", 1000, 1, 1)
	d.put(plain.lines())
	requests, rate := targetOf(t, "k6-elite", "requests"), targetOf(t, "k6-elite", "rate")
	found := 0
	for i, name := range foul {
		s := aRun("k6", name, float64(i+1), 1, 1)
		s.names, s.scenarios, s.project = []string{name}, []string{name}, name
		lines := strings.ReplaceAll(s.lines(), "\x00", "?")
		d.put(lines)
		for _, v := range []flux.Vars{{}, {Scenario: name}, {Endpoint: name}, {Project: name}} {
			view := s.view(name)
			view.Scenario, view.Endpoint, view.Project = v.Scenario, v.Endpoint, v.Project
			if strings.Contains(name, "\x00") { // Flux ends there: the query is refused, nothing of the name is read as one
				if status := d.status(view.Bind(requests)); status != 400 {
					t.Errorf("a name with a zero byte: HTTP %d", status)
				}
				continue
			}
			want := fmt.Sprint(10*(i+1) + 1)
			switch got := d.shows(view, requests); {
			case len(got) == 1 && got[0]["Requests"] == want:
				found++
			case len(got) == 0 && strings.ContainsAny(name, "\n\r\t\\"): // no tag's value has these
			default:
				t.Errorf("asked for %q with %+v: got %v, want %s", name, v, got, want)
			}
			d.shows(view, rate)
		}
	}
	if found < 4*(len(foul)-10) {
		t.Errorf("found %d", found)
	}
	for _, first := range []string{`\`, `a\`, `\\`, `=\`, `\=`} { // one value that would open what the next one then writes as Flux
		for _, second := range append(foul, ")\nendpoint = \"(all)\"\nrun = \"plain\"\n", "=/)\nrun = \"plain\"\nx = (/") {
			if strings.Contains(second, "\x00") {
				continue
			}
			v := plain.view(second)
			v.Run, v.Scenario, v.Endpoint = first, second, second
			if got := d.shows(v, requests); len(got) > 0 {
				t.Errorf("run %q with scenario %q shows %v", first, second, got)
			}
		}
	}
	nasty := flux.Vars{Bucket: shortBucket, Run: foul[0], Compare: foul[0], Project: foul[0], Scenario: foul[0], Endpoint: foul[0], From: dayOfShown, To: dayOfShown.Add(time.Minute)}
	for _, tool := range []string{"k6", "artillery"} {
		queries(t, tool, func(_, text string, _ bool) { d.shows(nasty, text) })
	}
}

func targetOf(t *testing.T, board, id string) string {
	b, p := findPanel(t, board, id)
	return flux.Targets(b, p)[0].Text
}

// TestTheNewestRunIsShownUntilTheReaderChooses follows what the variables of a board come to.
func TestTheNewestRunIsShownUntilTheReaderChooses(t *testing.T) {
	d := newInfluxd(t)
	for i, id := range []string{"zzz-first", "second", "third"} {
		s := aRun("k6", id, 1, 1, 1)
		s.start = s.start.Add(time.Duration(i) * time.Minute)
		if s.project = "shop"; id == "third" {
			s.project = "bank"
		}
		d.put(s.lines())
	}
	newer := aRun("artillery", "of-another-tool", 1, 1, 1)
	newer.start = newer.start.Add(time.Hour / 2)
	d.put(newer.lines())
	ask := func(board, name string, v flux.Vars) string {
		v.Bucket = shortBucket
		var got []string
		for _, b := range boards.All() {
			for _, c := range flux.Choices(&b) {
				if b.ID == board && c.Name == name {
					for _, row := range d.shows(v, c.Text) {
						got = append(got, row["_value"])
					}
				}
			}
		}
		return strings.Join(got, " ")
	}
	for _, c := range []struct {
		board, name string
		v           flux.Vars
		want        string
	}{
		{"k6-war-room", "project", flux.Vars{}, "(all) bank shop"},
		{"k6-war-room", "run", flux.Vars{}, "(newest) third second zzz-first"},
		{"k6-war-room", "run", flux.Vars{Project: "shop"}, "(newest) second zzz-first"},
		{"k6-war-room", "run_id", flux.Vars{}, "third"},
		{"k6-war-room", "run_id", flux.Vars{Project: "shop"}, "second"},
		{"k6-war-room", "run_id", flux.Vars{Run: "zzz-first"}, "zzz-first"},
		{"artillery-pro", "run_id", flux.Vars{}, "of-another-tool"},
		{"compare", "run_id", flux.Vars{}, "of-another-tool"},
		{"compare", "compare_id", flux.Vars{Run: "third"}, "second"},
		{"compare", "compare_id", flux.Vars{Run: "third", Compare: "zzz-first"}, "zzz-first"},
		{"k6-elite", "endpoint", flux.Vars{Run: "third"}, "(all) /api/0"},
		{"k6-elite", "scenario", flux.Vars{Run: "third"}, "(all) browse buy"},
	} {
		got := strings.Fields(ask(c.board, c.name, c.v))
		if c.name != "run" {
			slices.Sort(got)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s of %s is %q with %+v, want %q", c.name, c.board, got, c.v, c.want)
		}
	}
}

// TestTheDashboardsCompileAgainstGrafanasSchema writes each as a constant of Grafana's own type and compiles it; what is wrong
// with a copy must be told.
func TestTheDashboardsCompileAgainstGrafanasSchema(t *testing.T) {
	cache := os.Getenv("LTLAB_CACHE")
	if cache == "" {
		cache = "../.cache"
	}
	dir, err := filepath.Abs(filepath.Join(cache, "schema"))
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	old, _ := filepath.Glob(filepath.Join(dir, "*.ts"))
	for _, name := range old {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"package.json", "tsconfig.json", "types.ts"} {
		content, err := os.ReadFile(filepath.Join("schema", name))
		if err != nil {
			t.Fatal(err)
		}
		put(name, content)
	}
	npm := exec.Command("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline")
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	compile := func() (string, error) {
		tsc := exec.Command(filepath.Join(dir, "node_modules", ".bin", "tsc"), "-p", ".")
		tsc.Dir = dir
		out, err := tsc.CombinedOutput()
		return string(out), err
	}
	constant := func(content string) []byte {
		return []byte("import type { Board } from './types';\n\nexport const board: Board = " + content)
	}
	for name, content := range grafana.Boards() {
		put(strings.TrimSuffix(name, ".json")+".ts", constant(string(content)))
	}
	added, err := render.Dashboard(&boards.Board{ID: "added", Title: "Added", Tool: "k6", Description: "A board that somebody adds.", Rows: []boards.PanelRow{{Panels: []boards.Panel{
		{ID: "one", Title: "Dollars (sum, whole run)", Kind: boards.Stat, Unit: boards.Plain, Description: "Dollars.", Thresholds: []boards.Threshold{{At: 1, Level: boards.Bad}},
			Queries: []boards.Query{{Metric: "dollars", Field: "sum", Rollup: "run", Window: "run"}}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	put("added.ts", constant(string(added)))
	if out, err := compile(); err != nil {
		t.Fatalf("tsc: %v\n%.3000s", err, out)
	}
	whole := string(grafana.Boards()["k6-pro.json"])
	for _, wrong := range [][2]string{{`"schemaVersion": 42`, `"schemaVersion": 41`}, {`"value_and_name"`, `"value_and_more"`}, {`"graphMode"`, `"graphMood"`}, {`"drawStyle": "line"`, `"drawStyle": "dots"`},
		{`"layout": "le"`, `"layout": "be"`}, {`"xField"`, `"yField"`}, {`"uid": "influxdb"`, `"uid": "other"`}} {
		if !strings.Contains(whole, wrong[0]) {
			t.Errorf("the dashboard has no %s", wrong[0])
		}
		put("k6-pro.ts", constant(strings.ReplaceAll(whole, wrong[0], wrong[1])))
		if out, err := compile(); err == nil || !strings.Contains(out, "k6-pro.ts") {
			t.Errorf("tsc takes %s (%v): %.300s", wrong[1], err, out)
		}
	}
}

// TestARealRunIsOnTheDashboards has k6 itself send a run, and compares with what the target counted. What sources used is not
// k6's to send.
func TestARealRunIsOnTheDashboards(t *testing.T) {
	b, d := newBench(t), newInfluxd(t)
	b.use(d.URL, d.Token)
	b.Scenario("truth.js")
	api := newTarget(t)
	b.OK("k6", "-s", "truth.js", "--id", "truth", "-e", "BASE_URL="+api.URL)
	start := b.toolFile("truth").Start
	v := flux.Vars{Bucket: shortBucket, Run: "truth", Compare: "truth", From: start.Add(-time.Second), To: start.Add(time.Hour), Every: time.Second}
	empty := map[string]bool{}
	queries(t, "k6", func(name, text string, data bool) {
		if data && len(d.shows(v, text)) == 0 {
			empty[name[:strings.LastIndex(name, "/")]] = true
		}
	})
	for name := range empty {
		_, panel, _ := strings.Cut(name, "/")
		if !slices.Contains([]string{"cpu-share", "cpu", "memory", "network", "load"}, panel) { // truth.js asks for no arrival rate
			t.Errorf("%s shows nothing of a real run", name)
		}
	}
	if got := d.shows(v, targetOf(t, "k6-elite", "requests")); len(got) != 1 || got[0]["Requests"] != fmt.Sprint(api.count()) {
		t.Errorf("the board shows %v requests, the target had %d", got, api.count())
	}
	var sum float64
	for _, row := range d.shows(v, targetOf(t, "k6-elite", "rate")) {
		n, err := strconv.ParseFloat(row["requests"], 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	if sum != float64(api.count()) {
		t.Errorf("the seconds have %g requests, the target had %d", sum, api.count())
	}
}
