//go:build e2e

package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// lost is what faults lose, and where that is said; those that are not here lose nothing.
var lost = map[string]string{
	"k6-killed":                    "the last seconds, not yet written: message, list, record and board say interrupted, and what was emitted is said to be unknown",
	"ctrl-c-twice":                 "what k6 had not written yet: message and record say that what it emitted is not known",
	"ltlab-killed":                 "the last seconds: list, record and board say interrupted",
	"disk-full":                    "what did not fit: message, exit code, ledger, list and board",
	"many-urls":                    "the names of most URLs, not their requests: a warning, the ledger, and (other) on the board",
	"values-odd":                   "infinite values: message, exit code, a warning and the ledger, by cause",
	"tags-odd":                     "all but 1 kB of a longer value: the value itself ends in a hash",
	"record-corrupt":               "what stands behind the damage: a warning and the board say from which byte on",
	"record-cut":                   "what stood behind the cut: the ledger says that what was emitted is not known",
	"record-headless":              "the run as a whole: message, exit code and list",
	"box-influx-dies":              "nothing of the record; in InfluxDB rows are missing until `ltlab runs push`: message and exit code",
	"box-engine-gone":              "nothing of the record; the run counts as interrupted all the same: message and exit code",
	"box-oom":                      "the last seconds: message, exit code, list and record, and what was emitted is said to be unknown",
	"box-ctrl-c-twice":             "what k6 had not written yet: message and record say that what it emitted is not known",
	"box-removed":                  "the last seconds, more where the folder was copied: message, exit code, list and record",
	"box-disk-full":                "what did not fit: message, exit code, ledger and list",
	"influx-gone":                  "nothing of the record; in InfluxDB rows are missing until `ltlab runs push`: message and exit code",
	"influx-token-wrong":           "nothing of the record; in InfluxDB rows are missing until `ltlab runs push`: message and exit code",
	"influx-token-revoked":         "nothing of the record; in InfluxDB rows are missing until `ltlab runs push`: message and exit code",
	"influx-bucket-deleted":        "nothing of the record; in InfluxDB rows are missing until `ltlab runs push`: message and exit code",
	"influx-type-conflict":         "in InfluxDB the lines that it refuses: message, exit code and their number in the record",
	"influx-k6-killed":             "the last seconds: message, exit code, list and record",
	"influx-many-urls":             "the names of most URLs, not their requests: a warning, the ledger, and (other)",
	"influx-values-odd":            "infinite values: message, exit code and the ledger, by cause",
	"influx-down-at-start":         "raw samples in InfluxDB, not rows: their number is in log and record",
	"influx-killed":                "raw samples in InfluxDB, not rows: their number is in log and record",
	"influx-back-late":             "raw samples in InfluxDB, not rows: their number is in log and record",
	"influx-stalled":               "raw samples in InfluxDB, not rows: their number is in log and record",
	"influx-429":                   "raw samples in InfluxDB, not rows: their number is in log and record",
	"influx-503":                   "raw samples in InfluxDB, not rows: their number is in log and record",
	"influx-413":                   "raw samples in InfluxDB above the limit for them: their number is in log and record",
	"influx-cut":                   "raw samples in InfluxDB above the limit for them: their number is in log and record",
	"influx-disk-full":             "raw samples in InfluxDB above the limit for them: their number is in log and record",
	"artillery-killed":             "requests since the last period: message, exit code, list and record, and what was emitted is said to be unknown",
	"artillery-ctrl-c":             "requests since the last period: message, list and record",
	"artillery-ctrl-c-twice":       "requests since the last period: message, list and record",
	"artillery-box-removed":        "requests since the last period: message, exit code, list and record",
	"artillery-telegraf-restarted": "measurement `artillery` of the time without Telegraf, which is not the record's: the plugin's message",
}

// listed are the faults that a load lab is to be tried with, F1 and up: the rows that show them, tests elsewhere, and why one is
// not tried.
var listed = []struct{ what, rows, tests, not string }{
	{"database down when the run starts", "influx-down-at-start", "", ""},
	{"database killed in mid-run, for 3 s to a minute", "influx-killed influx-back-late influx-gone box-influx-dies artillery-influx-killed", "", ""},
	{"database takes seconds for a write", "influx-stalled", "", ""},
	{"database answers 429 or 503 with Retry-After", "influx-429 influx-503", "", ""},
	{"database answers 413", "influx-413", "", ""},
	{"database answers 401, token changed", "influx-token-wrong influx-token-revoked token-revoked", "", ""},
	{"bucket deleted", "influx-bucket-deleted", "", ""},
	{"conflict of field types", "influx-type-conflict", "", ""},
	{"disk full", "disk-full disk-full-outage disk-full-before disk-full-docker box-disk-full influx-disk-full report-disk-full dashboard-disk", "", ""},
	{"read-only volume", "home-read-only", "", ""},
	{"whoever writes or sends the data killed in the middle of it", "ltlab-killed serve-killed influx-k6-killed box-ltlab-killed influx-push-interrupted", "", ""},
	{"data cut short or damaged", "record-corrupt record-cut record-headless export-corrupt store-corrupt store-corrupt-live", "", ""},
	{"clock steps; daylight saving (all times are UTC)", "", "TestAStepOfTheWallClockIsRecorded TestAStepOfTheWallClockMovesNoSample", ""},
	{"very many URLs and tag values", "many-urls influx-many-urls", "", ""},
	{"tag values with separators, quotes, line breaks, emoji, 64 kB", "tags-odd influx-values-odd artillery-names-odd", "", ""},
	{"values that are NaN, infinite, negative, huge", "values-odd influx-values-odd", "", ""},
	{"timestamps equal, out of order, late", "", "TestALateSampleOpensItsSecondAgainWhileItsMinuteIsHeld TestASampleLaterThanItsMinuteCountsInTheOldestOpenSecond TestRawSamplesAreOnTheRecordsClock", ""},
	{"two runs with one id", "run-id-in-use two-runs-one-id influx-same-id", "", ""},
	{"end of the run while the database stalls", "influx-back-late influx-gone influx-stalled", "", ""},
	{"SIGINT, SIGTERM, a second SIGINT, k6 out of memory", "ctrl-c ctrl-c-twice sigterm k6-killed box-ctrl-c box-ctrl-c-twice box-oom artillery-ctrl-c artillery-ctrl-c-twice", "", ""},
	{"a flood of UDP, malformed StatsD", "artillery-telegraf-flooded", "", ""},
	{"what unpacks to gigabytes", "import-bomb", "", "ltlab receives no data over the network: k6 and the plugin write files"},
	{"clients that send slowly for ever", "slowloris", "", ""},
	{"Flux or markup in names of runs and variables", "markup run-id-invalid", "TestAFluxStringIsWhatItSays TestBindingPutsInWhatGrafanaDoes TestTextsAreQuoted", ""},
	{"port busy", "port-busy port-asked-busy port-busy-docker", "", ""},
	{"Docker absent, old, closed to the user, remote", "engine-absent engine-too-old engine-no-permission engine-remote", "", "rootless engines are not tried"},
	{"Docker engine dies in mid-run", "box-engine-gone engine-dies-starting", "", ""},
	{"image that cannot be pulled", "image-missing image-unbuildable", "", ""},
	{"container that is never healthy", "service-never-healthy service-exits service-oom", "", ""},
	{"Grafana up, its datasource wrong", "", "TestGrafanaIsReadyWhenItsDatasourceAnswers", ""},
	{".env with CRLF, BOM, quotes, `$`, a key twice, mode 0644", "env-odd", "", ""},
	{"project folder with spaces, links out of it, unreadable, huge, `..`", "box-folder-names box-import-outside box-link-outside box-unreadable box-project-large scenario-outside-project scenario-climbs-outside", "", ""},
	{"dashboards that are broken, huge, gone", "dashboard-broken dashboard-50-mb dashboard-project-gone dashboard-disk dashboard-at-once", "", ""},
	{"two ltlabs at once", "two-starts two-starts-docker two-runs two-runs-one-id", "", ""},
	{"stale locks and state", "state-stale start-killed", "", ""},
	{"low limit of open files", "files-short", "", ""},
	{"image for another architecture", "box-image-foreign", "", ""},
	{"little disk or memory before the run", "disk-full-before", "TestEachCheckKnowsItsLimit", ""},
	{"target down, slow, resets connections", "target-down target-dies target-silent target-resets box-target-unreachable artillery-target-refuses artillery-target-slow artillery-target-resets", "", ""},
	{"certificate expired", "target-tls-expired", "", ""},
	{"load generator short of CPU", "", "TestALoadGeneratorShortOfCPUIsSaid", ""},
	{"arrival rate not reached", "rate-not-reached", "", ""},
	{"threshold that is never evaluated", "threshold-invalid threshold-unevaluated", "", ""},
	{"no request, one request, only errors", "requests-few artillery-vusers-fail", "", ""},
	{"run shorter than a window", "requests-few", "", ""},
	{"a load level with five samples", "", "", "not yet: belongs to finding the knee"},
	{"a run compared with its like", "", "", "not yet: belongs to comparing runs"},
	{"comparing runs of different scripts", "", "", "not yet: belongs to comparing runs"},
	{"ladders of load without a knee, with two, noisy, descending", "", "", "not yet: belongs to finding the knee"},
	{"units mixed", "", "", "not yet: belongs to comparing runs"},
	{"growth of 0, below 0, above 100 %", "", "", "not yet: belongs to capacity"},
	{"prices that are missing or change", "", "", "not yet: belongs to cost"},
	{"streams of language models that break off or report oddly", "", "", "not yet: belongs to measuring language models"},
	{"Artillery ended before it wrote its report", "artillery-killed artillery-box-removed", "", ""},
	{"scripts and summaries of older k6", "import-summary", "", "k6 itself runs what it runs"},
}

func TestTheListOfFaultsNamesWhatThereIs(t *testing.T) {
	rows := map[string]bool{}
	for _, f := range faults() {
		rows[f.ID] = true
	}
	for id := range lost {
		if !rows[id] {
			t.Errorf("%s loses something, and there is no such fault", id)
		}
	}
	tests := testNames(t)
	for i, n := range listed {
		if n.rows+n.tests+n.not == "" {
			t.Errorf("F%d is shown by nothing, and nothing says why", i+1)
		}
		for row := range strings.FieldsSeq(n.rows) {
			if !rows[row] {
				t.Errorf("F%d: there is no fault %s", i+1, row)
			}
		}
		for name := range strings.FieldsSeq(n.tests) {
			if !tests[name] {
				t.Errorf("F%d: there is no test %s", i+1, name)
			}
		}
	}
	if all := 55; len(listed) != all {
		t.Errorf("%d faults are listed, want %d", len(listed), all)
	}
}

// testNames are all tests of the repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names, test := map[string]bool{}, regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && strings.HasPrefix(e.Name(), ".") && path != ".." {
			return filepath.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range test.FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
