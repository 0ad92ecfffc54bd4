//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dataFaults are metrics that no tool should be asked to keep, and records that somebody has damaged.
func dataFaults() []Fault {
	return []Fault{
		{"many-urls", "a scenario that asks for 100,000 different URLs", manyURLs},
		{"values-odd", "metrics given NaN, infinite and negative values", valuesOdd},
		{"tags-odd", "tag values with quotes, a newline, emoji, a NUL and 64 kB", tagsOdd},
		{"export-corrupt", "`ltlab runs import` of damaged exports: cut short, one byte changed anywhere, noise, empty", exportCorrupt},
		{"record-corrupt", "a line of noise in the middle of a record", recordCorrupt},
		{"record-cut", "a record cut off in the middle of a line", recordCut},
		{"record-headless", "noise in place of a run's `run.ndjson`", recordHeadless},
	}
}

// urlMemory is how much more memory k6 may need with our output than without, for any number of URLs. Two peaks of the
// same run differ as the garbage collector likes, hence an eighth of k6's own. Series that were not folded would take
// several times as much.
func urlMemory(without int64) int64 { return 64<<20 + without/8 }

func manyURLs(t *testing.T, b *Bench) Result {
	urls := 20_000
	if full() {
		urls = 100_000
	}
	b.vars = []string{"GOGC=20"} // garbage would hide what is really needed
	b.Scenario("urls.js")
	api := newTarget(t)
	vars := []string{"-e", fmt.Sprintf("URLS=%d", urls), "-e", "BASE_URL=" + api.URL}

	p := b.Start(append([]string{"k6", "-s", "urls.js", "--id", "urls"}, vars...)...)
	with := b.peakOf(p)
	o := p.Wait()
	doc := b.Show("urls")
	if err := doc.whole(api.count()); err != nil || o.Exit != 0 || api.paths() != urls || doc.Summary.Requests != int64(urls) {
		t.Errorf("exit %d, %d different URLs, %v\n%s", o.Exit, api.paths(), err, o.Stderr)
	}
	message := doc.warning("series-folded")
	if message == "" || doc.Ledger.Folded == 0 || !strings.Contains(o.Stdout, message) {
		t.Errorf("that series were folded is not said: %+v, ledger %+v", doc.Warnings, doc.Ledger)
	}
	size, err := os.Stat(b.run("urls", "tool.ndjson"))
	b.try(err)

	alone := newTarget(t)
	p = b.start(b.k6, append(append([]string{"run"}, "-e", vars[1], "-e", "BASE_URL="+alone.URL), "urls.js")...)
	without := b.peakOf(p)
	if o := p.Wait(); o.Exit != 0 || alone.count() != int64(urls) {
		t.Fatalf("k6 alone: exit %d\n%s", o.Exit, o.Stderr)
	}
	if most := urlMemory(without); with-without > most {
		t.Errorf("k6 needs %d MB with the output and %d MB without: %d MB more, want %d at most", with>>20, without>>20, (with-without)>>20, most>>20)
	}
	return Result{Message: message, Exit: o.Exit, Data: fmt.Sprintf(
		"complete: %d requests; %d of %d samples folded into (other); k6's memory peaks at %d MB with the output and at %d MB without it; the record has %.1f MB",
		doc.Summary.Requests, doc.Ledger.Folded, doc.Ledger.Recorded, with>>20, without>>20, float64(size.Size())/(1<<20))}
}

// peakOf is the most memory that the k6 of a running command ever had.
func (b *Bench) peakOf(p *Process) (most int64) {
	b.t.Helper()
	pid := b.find(b.k6Run())
	b.until("end of k6", limit, func() bool {
		most = max(most, peak(pid))
		return !p.Running()
	})
	return most
}

func valuesOdd(t *testing.T, b *Bench) Result {
	b.Scenario("values.js")
	b.OK("k6", "-s", "values.js", "--id", "negative")
	negative := b.Show("negative")
	if d := negative.Summary.Trends["odd_trend"]; d == nil || d.Count != 2 || d.Min != -5 || d.Max != 3 || d.P50 > -4.95 || d.P50 < -5 {
		t.Errorf("negative values: %+v, want -5 and 3", d)
	}
	o := b.Ltlab("k6", "-s", "values.js", "--id", "odd", "-e", "WITH_INFINITY=1")
	r := b.problem(o, "data-incomplete", 18, "8 samples lost: invalid value")
	if n := strings.Count(o.Stderr, "'NaN' is an invalid value for metric"); n != 4 {
		t.Errorf("k6 itself refused NaN %d times, want 4", n)
	}
	doc := b.Show("odd")
	if d := doc.Summary.Trends["odd_trend"]; d == nil || d.Count != 2 || d.Min != -5 || d.Max != 3 {
		t.Errorf("what can be recorded: %+v, want -5 and 3", d)
	}
	if l := doc.Ledger; l.Emitted == nil || *l.Emitted != l.Recorded+l.Lost || l.LostByCause["invalid value"] != 8 {
		t.Errorf("ledger %+v", l)
	}
	if doc.warning("value-invalid") == "" {
		t.Errorf("warnings %+v", doc.Warnings)
	}
	r.Data = "negative values are recorded; k6 itself refuses NaN; infinite ones are counted as lost and named, and everything else is there"
	return r
}

func tagsOdd(t *testing.T, b *Bench) Result {
	b.Scenario("tags.js")
	b.OK("start")
	api := newTarget(t)
	o := b.OK("k6", "-s", "tags.js", "--id", "tags", "-e", "BASE_URL="+api.URL)
	doc := b.Show("tags")
	if err := doc.whole(api.count()); err != nil || api.count() != 6 {
		t.Errorf("%d requests, %v", api.count(), err)
	}
	for _, c := range doc.Checks {
		if len(c.Name) > 1024 || c.Passes+c.Fails == 0 {
			t.Errorf("check of %d bytes: %+v", len(c.Name), c)
		}
	}
	board := b.BoardOf("tags")
	endpoints := board.panel("endpoints")
	if n := endpoints.sum("requests"); n != 6 {
		t.Errorf("the endpoints' requests add up to %.0f, want 6: %q", n, keys(endpoints))
	}
	for _, name := range []string{`say "hi" and 'bye'`, "two\nlines", "rockets 🚀🚀"} {
		if n, _ := endpoints.cell(name, "requests"); n != 1 || !slices.ContainsFunc(doc.Checks, func(c checkDoc) bool { return c.Name == name }) {
			t.Errorf("%q did not come through as it was given", name)
		}
	}
	long := 0
	for _, r := range endpoints.Table.Rows {
		if len(r.Key) == 1024 { // the two of 64 kB: cut, but not mixed up
			long++
		}
	}
	if long != 2 {
		t.Errorf("%d long values, want 2", long)
	}
	return Result{Message: b.said(o.Stdout, "all recorded"), Exit: o.Exit,
		Data: "complete; values come through as they were given, those of 64 kB cut to 1 kB with a hash that keeps them apart"}
}

func keys(p *panelDoc) (out []string) {
	for _, r := range p.Table.Rows {
		out = append(out, r.Key[:min(len(r.Key), 40)])
	}
	return out
}

func exportCorrupt(t *testing.T, b *Bench) Result {
	b.Write("main.js", empty)
	b.OK("k6", "-s", "main.js", "--id", "packed", "--", "-i", "50")
	b.OK("runs", "export", "packed", "-o", "whole")
	before := b.Ltlab("runs", "show", "packed", "--json").Stdout
	b.OK("runs", "delete", "packed")
	whole := b.read(filepath.Join(b.Dir, "whole"))
	damaged := [][]byte{whole[:len(whole)/2], whole[:len(whole)-1], noise(4096), nil}
	for at := 0; at < len(whole); at += len(whole)/40 + 1 {
		changed := slices.Clone(whole)
		changed[at] ^= 0x55
		damaged = append(damaged, changed)
	}
	changed := slices.Clone(whole)
	changed[len(whole)-1] ^= 0x55
	var r Result
	for i, content := range append(damaged, changed) {
		b.Write("damaged", string(content))
		o := b.Ltlab("runs", "import", "damaged")
		if left := b.entries(filepath.Join(b.Home, "runs")); o.Exit == 0 || len(left) > 0 {
			t.Fatalf("damaged export %d: exit %d, left %v", i, o.Exit, left)
		}
		r = b.problem(o, "import-invalid", 15, "damaged is not an exported run")
	}
	b.OK("runs", "import", "whole")
	if after := b.Ltlab("runs", "show", "packed", "--json").Stdout; after != before {
		t.Errorf("the whole export came back as another run:\n%s\n%s", before, after)
	}
	r.Data = "nothing of a damaged export is unpacked; the whole one comes back as it was"
	return r
}

// recordedRun is a run of some seconds with its lines.
func (b *Bench) recordedRun(id string) (lines [][]byte) {
	b.t.Helper()
	b.Scenario("steady.js")
	b.OK("k6", "-s", "steady.js", "--id", id, "-e", "LENGTH=4s", "-e", "BASE_URL="+newTarget(b.t).URL)
	return bytes.SplitAfter(b.read(b.run(id, "tool.ndjson")), []byte("\n"))
}

// secondSecond is the number of the line with the run's second second of load.
func secondSecond(lines [][]byte) int {
	first := slices.IndexFunc(lines, isSecond)
	return first + 1 + slices.IndexFunc(lines[first+1:], isSecond)
}

func isSecond(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"second":`)) }

func recordCorrupt(t *testing.T, b *Bench) Result {
	lines := b.recordedRun("damaged")
	whole := b.Show("damaged").Summary.Requests
	middle := secondSecond(lines)
	lines[middle] = append(bytes.ReplaceAll(noise(200), []byte("\n"), []byte(" ")), '\n')
	b.try(os.WriteFile(b.run("damaged", "tool.ndjson"), bytes.Join(lines, nil), 0o644))
	o := b.OK("runs", "show", "damaged")
	doc := b.Show("damaged")
	message := doc.warning("record-corrupt")
	b.said(o.Stdout, "line at byte")
	if !strings.Contains(message, "the figures are of what stands before") || doc.Summary.Requests >= whole || doc.Summary.Requests == 0 {
		t.Errorf("%d of %d requests, warnings %+v", doc.Summary.Requests, whole, doc.Warnings)
	}
	b.OK("start")
	b.sameOnBoard("damaged", "finished")
	_, page := b.get(b.service("boards")+"/runs/damaged", "")
	if !strings.Contains(page, "line at byte") {
		t.Error("the board does not say that the record is damaged")
	}
	return Result{Message: message, Exit: o.Exit, Data: "shown up to the damage, on the terminal and on the board, and both say so"}
}

func recordCut(t *testing.T, b *Bench) Result {
	lines := b.recordedRun("cut")
	text := bytes.Join(lines[:secondSecond(lines)+1], nil)
	b.try(os.WriteFile(b.run("cut", "tool.ndjson"), text[:len(text)-7], 0o644))
	o := b.OK("runs", "show", "cut")
	doc := b.Show("cut")
	if doc.Ledger.Emitted != nil || doc.Summary.Requests == 0 {
		t.Errorf("%d requests, ledger %+v", doc.Summary.Requests, doc.Ledger)
	}
	return Result{Message: b.said(o.Stdout, "how many were emitted is not known"), Exit: o.Exit, Data: "valid up to the last complete line; what was emitted is said to be unknown"}
}

func recordHeadless(t *testing.T, b *Bench) Result {
	b.recordedRun("headless")
	b.try(os.WriteFile(b.run("headless", "run.ndjson"), append(noise(300), '\n'), 0o644))
	r := b.problem(b.Ltlab("runs", "show", "headless"), "record-corrupt", 18, "the run's record is damaged")
	if runs := b.Runs(); len(runs) != 1 || runs[0].Damage == "" {
		t.Errorf("the list does not say so: %+v", runs)
	}
	start := b.OK("start")
	b.OK("runs", "delete", "headless")
	if strings.Contains(start.Stdout+start.Stderr, "panic") || len(b.Runs()) > 0 {
		t.Errorf("start said:\n%s", start.Stderr)
	}
	r.Data = "listed as damaged; the lab starts, and the run can be deleted"
	r.Message, _, _ = strings.Cut(r.Message, ": line at byte")
	return r
}
