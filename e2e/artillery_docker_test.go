//go:build e2e

package e2e

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// ask asks the lab's InfluxDB for one table, and returns its lines by column.
func (b *Bench) ask(filter, then string) (out []map[string]string) {
	b.t.Helper()
	text := b.flux(fmt.Sprintf(`from(bucket: %q) |> range(start: -1h) |> filter(fn: (r) => %s) |> group() %s`, b.settings()["INFLUXDB_BUCKET"], filter, then))
	lines, err := csv.NewReader(strings.NewReader(strings.TrimSpace(text))).ReadAll()
	b.try(err)
	for i := 1; i < len(lines); i++ {
		row := map[string]string{}
		for j, name := range lines[0] {
			row[name] = lines[i][j]
		}
		out = append(out, row)
	}
	return out
}

func (b *Bench) number(text string) float64 {
	b.t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	b.try(err)
	return v
}

// inDatabase reads rows as Grafana does.
func (b *Bench) inDatabase(run string) func(string, string, rows.Rollup, rows.Window) []point {
	return func(metric, field string, rollup rows.Rollup, w rows.Window) (out []point) {
		b.t.Helper()
		for _, row := range b.ask(fmt.Sprintf(`r._measurement == %q and r._field == %q and r.run == %q and r.rollup == %q and r.window == %q`, metric, field, run, rollup, w), "") {
			at, err := time.Parse(time.RFC3339Nano, row["_time"])
			b.try(err)
			out = append(out, point{at.Unix(), row["status"], b.number(row["_value"])})
		}
		return out
	}
}

// TestArtillerysFiguresReachInfluxDBBothWays is on Docker: as rows from the record, and as StatsD through Telegraf.
func TestArtillerysFiguresReachInfluxDBBothWays(t *testing.T) {
	b := newBench(t)
	b.onEngine()
	m := b.mix()
	m.points = b.inDatabase(m.id)
	b.mixEquals(m)
	t.Run("measurement artillery has every status apart", func(t *testing.T) {
		b.t = t
		codes := map[string]int64{}
		if !eventually(soon, func() bool {
			clear(codes)
			for _, row := range b.ask(`r._measurement == "artillery" and r._field == "value" and r.metric == "http.codes" and r.window == "period" and r.run == "mix"`, "") {
				codes[row["status"]] += int64(b.number(row["_value"]))
			}
			return maps.Equal(codes, m.served)
		}) {
			t.Errorf("codes %v, want %v", codes, m.served)
		}
	})
	t.Run("measurement artillery has every percentile apart", func(t *testing.T) {
		b.t = t
		for _, stat := range []string{"p50", "p95", "p99"} {
			is := `r._measurement == "artillery" and r._field == "value" and r.metric == "http.response_time" and r.run == "mix" and r.project == "dir" and r.stat == "` + stat + `" and r.window == `
			var whole, periods []map[string]string
			if !eventually(soon, func() bool {
				whole, periods = b.ask(is+`"run"`, ""), b.ask(is+`"period"`, `|> sort(columns: ["_time"])`)
				return len(whole) == 1 && len(periods) == len(m.report.Intermediate)
			}) {
				t.Fatalf("%d of the run, %d of %d periods", len(whole), len(periods), len(m.report.Intermediate))
			}
			reported(t, "the run's "+stat, b.number(whole[0]["_value"]), m.report.Aggregate.Summaries["http.response_time"][stat])
			for i, p := range m.report.Intermediate {
				reported(t, "a period's "+stat, b.number(periods[i]["_value"]), p.Summaries["http.response_time"][stat])
			}
		}
	})
	t.Run("a target that a container cannot reach is named before the run", func(t *testing.T) {
		b.t = t
		b.Write("here.yml", "config: { target: 'http://localhost:3000' }\n"+anyFlow)
		b.problem(b.Ltlab("artillery", "-s", "here.yml"), "target-on-localhost", 15, "http://localhost:3000", "--runner host")
		api, inside := b.reachable()
		api.die()
		b.Write("gone.yml", "config: { target: '"+inside+"' }\n"+anyFlow)
		o := b.Ltlab("artillery", "-s", "gone.yml", "--id", "gone")
		b.problem(o, "target-unreachable", 17, inside, "--no-preflight")
		if runs := b.Runs(); len(runs) != 1 || strings.Contains(o.Stderr, "ltlab: unreachable") {
			t.Errorf("runs %+v\n%s", runs, o.Stderr)
		}
	})
	b.t = t
	b.tidy(m.id)
	b.leftNothing()
}

// digest is what a folder holds: names, modes, contents.
func (b *Bench) digest(dir string) string {
	b.t.Helper()
	h := sha256.New()
	b.try(filepath.WalkDir(filepath.Join(b.Dir, dir), func(path string, e fs.DirEntry, err error) error {
		b.try(err)
		st, err := e.Info()
		b.try(err)
		fmt.Fprintln(h, path, st.Mode(), st.ModTime())
		if !e.IsDir() {
			h.Write(b.read(path))
		}
		return nil
	}))
	return hex.EncodeToString(h.Sum(nil))
}

// TestAProjectsOwnArtilleryTestsRunUnchanged has plugins, processors, a payload and packages of the project's own.
func TestAProjectsOwnArtilleryTestsRunUnchanged(t *testing.T) {
	b := newBench(t)
	b.artillery()
	b.onEngine()
	b.try(os.CopyFS(filepath.Join(b.Dir, "shop"), os.DirFS("testdata/artillery/shop")))
	b.try(os.Rename(filepath.Join(b.Dir, "shop/modules"), filepath.Join(b.Dir, "shop/node_modules")))
	before := b.digest("shop")
	type ran struct {
		id, place, script, word string
		users                   float64
		api                     *target
		process                 *Process
	}
	var runs []ran // all at once
	for place, args := range map[string][]string{"embedded": {"--engine", "embedded"}, "docker": {"--runner", "docker"}} {
		for _, r := range []ran{{script: "checkout", word: "boots", users: 6}, {script: "search", word: "größe", users: 5}} {
			var address string
			r.place, r.id = place, r.script+"-"+place
			if r.api, address = b.reachable(); place == "embedded" {
				address = r.api.URL
			}
			variable := map[string]string{"checkout": "BASE_URL", "search": "SHOP_URL"}[r.script]
			r.process = b.Start(append([]string{"artillery", "-p", "shop", "-s", "tests/" + r.script + ".yml", "--id", r.id, "-e", variable + "=" + address}, args...)...)
			if place == "docker" {
				if mounts := b.docker("inspect", "--format", `{{range .Mounts}}{{.Destination}}={{.RW}} {{end}}`, b.box(r.id)); !slices.Contains(mounts, "/project=false") {
					t.Errorf("the project is not mounted read-only: %v", mounts)
				}
			}
			runs = append(runs, r)
		}
	}
	for _, r := range runs {
		o := r.process.Wait()
		doc := b.Show(r.id)
		if doubts := doc.doubts(); o.Exit != 0 || len(doubts) > 0 {
			t.Fatalf("%s: exit %d, %q\n%s\n%s", o.Command, o.Exit, doubts, o.Stdout, o.Stderr)
		}
		if err := doc.whole(r.api.count()); err != nil || doc.Project != "shop" {
			t.Errorf("%v, project %q", err, doc.Project)
		}
		rig := pluginRig{t: t, record: b.run(r.id, record.ToolFile)}
		rec := rig.read()
		whole := rec.merged(t, rec.seconds...)
		same(t, r.id+": requests for a word of the package", float64(r.api.byPath["/word/"+r.word]), r.users)
		same(t, r.id+": answers that the project's plugin saw", whole["shop.metered"].Sum, float64(r.api.count()))
		same(t, r.id+": counts of the processor", whole["shop.words"].Sum, r.users)
		if r.script == "checkout" {
			for _, user := range []string{"ann", "bob", "eve"} {
				same(t, r.id+": requests of "+user, float64(r.api.byPath["/user/"+user]), 2)
			}
			same(t, r.id+": baskets", whole["shop.basket"].Sum, 2*(3+5+7))
			same(t, r.id+": hooks", whole["shop.seen.200"].Sum, 6)
			same(t, r.id+": expectations", whole["checks{expect statusCode}"].Sum, 12)
			same(t, r.id+": satisfied", whole["apdex.satisfied"].Sum, 12)
			same(t, r.id+": times of an endpoint", float64(whole["endpoint.response_time{/word/{{ word }}}"].N), 6)
		}
	}
	b.tidy("checkout-docker", "search-docker")
	if after := b.digest("shop"); after != before {
		t.Error("the project's folder has changed")
	}
	b.leftNothing()
}
