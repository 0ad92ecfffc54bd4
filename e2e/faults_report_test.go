//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// reportFaults are reports for which there is no room, or of runs that did not come to their end, and runs that InfluxDB keeps.
func reportFaults() []Fault {
	return []Fault{
		{"report-disk-full", "`ltlab report` to a full disk, over an older report", reportDiskFull},
		{"report-interrupted", "`ltlab report` of a run whose ltlab was killed", reportInterrupted},
		{"delete-influxdb-down", "`ltlab runs delete` of a run that InfluxDB has, with InfluxDB down", deleteInfluxDown},
	}
}

func reportDiskFull(t *testing.T, b *Bench) Result {
	b.smallHome()
	b.Scenario("steady.js")
	api := newTarget(t)
	b.OK("k6", "-s", "steady.js", "--id", "kept", "-e", "LENGTH=2s", "-e", "BASE_URL="+api.URL)
	out := filepath.Join(b.Home, "report.html")
	b.OK("report", "kept", "-o", out)
	before := b.digestOf(out)
	b.fill()
	r := b.problem(b.Ltlab("report", "kept", "-o", out, "-o", filepath.Join(b.Home, "report.md"), "--force"), "disk-full", 10, "no space left")
	if b.digestOf(out) != before {
		t.Error("the older report is not what it was")
	}
	for _, name := range b.entries(b.Home) {
		if strings.Contains(name, ".ltlab-report-") || name == "report.md" {
			t.Errorf("%s is left of a report that could not be written", name)
		}
	}
	b.free()
	b.OK("report", "kept", "-o", out, "--force")
	b.try(os.Remove(out))
	r.Data = "the older report is untouched, of the new ones nothing is left; with space again it is written"
	return r
}

// digestOf is what a file holds.
func (b *Bench) digestOf(path string) string {
	b.t.Helper()
	return string(b.read(path))
}

func reportInterrupted(t *testing.T, b *Bench) Result {
	b.Scenario("steady.js")
	api := newTarget(t)
	p := b.Start("k6", "-s", "steady.js", "--id", "cut", "-e", "LENGTH=90s", "-e", "BASE_URL="+api.URL)
	b.until("some seconds in the record", limit, func() bool {
		text, err := os.ReadFile(b.run("cut", "tool.ndjson"))
		return err == nil && strings.Count(string(text), `"second":`) >= 2
	})
	b.OK("report", "cut", "-o", "going.md")
	b.said(string(b.read(filepath.Join(b.Dir, "going.md"))), "still running; this is what there is so far")
	b.killed = true
	b.try(p.cmd.Process.Kill())
	p.Wait()
	var doc runDoc
	b.until("the run is over for ltlab", limit, func() bool {
		doc = b.Show("cut")
		return doc.State == "interrupted"
	})
	o := b.OK("report", "cut", "-o", "cut.html", "-o", "cut.md", "-o", "cut.xml")
	message := b.said(string(b.read(filepath.Join(b.Dir, "cut.md"))), "interrupted; this is what there is up to then")
	b.said(string(b.read(filepath.Join(b.Dir, "cut.xml"))), `<error message="interrupted;`)
	if doc.Summary.Requests == 0 {
		t.Error("the run has no requests, so that the report shows nothing")
	}
	return Result{Message: strings.TrimPrefix(message, "## "), Exit: o.Exit, Data: "the report holds what the record does, and says that the run was interrupted"}
}

func deleteInfluxDown(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	b.use(d.URL, d.Token)
	p, api := b.paced("kept", lasts(2*time.Second, 10*time.Second))
	p.Wait()
	doc := b.Show("kept")
	d.kill()
	r := b.problem(b.Ltlab("runs", "delete", "kept"), "run-in-influxdb", 11, "the run was kept", "--keep-influxdb")
	if again := b.Show("kept"); again.Summary.Requests != doc.Summary.Requests || doc.Summary.Requests != api.count() {
		t.Errorf("the run was not kept: %d requests, before %d, the target counted %d", again.Summary.Requests, doc.Summary.Requests, api.count())
	}
	d.start()
	d.has("kept", api.count())
	b.OK("runs", "delete", "kept")
	if left := d.everything()["kept"]; len(left) > 0 {
		t.Errorf("InfluxDB still has %d points", len(left))
	}
	r.Message = strings.ReplaceAll(r.Message, strings.TrimPrefix(d.URL, "http://"), "127.0.0.1:PORT")
	r.Data = "record and rows are both whole; when InfluxDB runs again the same command deletes both"
	return r
}
