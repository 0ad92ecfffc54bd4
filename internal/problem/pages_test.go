package problem

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// onPages are the problems that the pages show, word for word, below "How to see it".
func onPages() map[string][]*Problem {
	const home = "/home/me/.local/share/ltlab/lab"
	const run = "20260102-030405-a1b2c3"
	shipped := []string{"ramp", "smoke", "spike"}
	pages := map[string][]*Problem{}
	for _, p := range slices.Concat(enginePages(), doctorPages(), containerPages(), consentPages(), provisionPages(), influxPages(), ejectPages(), artilleryPages(), artilleryRunPages(), artilleryUsersPages(), preflightPages(), reportPages(), dashboardPages(), []*Problem{
		From(fmt.Errorf("readdirent %s/runs: input/output error", home)),
		BadUsage("ltlab k6", errors.New("unknown flag: --vus")),
		HomeUnusable("/srv/lab", errors.New("mkdir /srv/lab: permission denied")),
		DiskFull(fmt.Errorf("write %s/runs/.import-1234/tool.ndjson: no space left on device", home)),
		SettingsUnusable(home+"/.env", errors.New("it is a directory")),
		SettingsInvalid(fmt.Errorf("%s/.env:4: a quote is not closed", home)),
		SettingRefused(errors.New("INFLUXDB_OGR is no setting of the lab; did you mean INFLUXDB_ORG")),
		SettingRefused(errors.New("INFLUXDB_RETENTION: want a duration of at least 1h, such as 168h or 7d, or 0 for ever")),
		TerminalNeeded(),
		ProjectFileInvalid(errors.New("/home/me/shop/ltlab.yaml:3: unknown setting traget; did you mean target")),
		LabNotRunning("the shipped scenario smoke.js calls the lab's toy API unless BASE_URL names another target"),
		LabRunning(),
		LabUnhealthy("the lab did not become healthy in time", `toy-api: Get "http://127.0.0.1:5081/health": timed out`, ""),
		PortInUse("boards", 3081, "python3 (pid 4711)"),
		ToolNotFound([]string{"LTLAB_K6 (not set)", "/usr/local/bin", "PATH"}),
		ToolUnusable("/usr/local/bin/ltlab-k6", errors.New("fork/exec /usr/local/bin/ltlab-k6: exec format error")),
		ScenarioNotFound("k6", "mian.js", shipped),
		ScenarioNotInProject("mian.js", "./tests/load"),
		ScenarioUnreadable("k6", "./tests/load", "it is a directory; name a file in it, or give the folder with -p"),
		ScenarioOutsideProject("k6", "../other/main.js", "./tests/load"),
		ProjectNotFound("k6", "./test/load", "no such file or directory"),
		EnvFileInvalid("/home/me/shop/staging.env", errors.New("open /home/me/shop/staging.env: no such file or directory")),
		ScriptFailed("main.js"),
		FlagRejected([]string{"--vuss", "5"}),
		ToolFileMissing("/home/me/shop/logs/k6.log"),
		ToolFailed(100),
		ToolKilled("it ended by signal killed", run),
		ThresholdsFailed([]string{"http_req_duration: p(95)<200", "http_req_failed: rate<0.01"}),
		ThresholdsUnevaluated([]string{"http_req_duration{name:chekout}: p(95)<200"}),
		NothingAnswered("k6", 300, "http://127.0.0.1:9"),
		DataIncomplete("412 samples lost: disk"),
		RunInterrupted("the run up to here is kept as " + run),
		CommandInterrupted(),
		RunExists("release-42"),
		RunNotFound("20260101", nil), NoRuns("last"),
		RunNotFound("2026", []string{"20260102-030405-a1b2c3", "20260102-040506-d4e5f6"}),
		RunActive(run),
		RecordCorrupt(fmt.Errorf("%s/runs/%s/run.ndjson: line at byte 1042: invalid character 'x' looking for beginning of value", home, run)),
		RecordTooNew(errors.New("record has format 2, this ltlab reads up to 1")),
		ImportInvalid("notes.txt", errors.New("unexpected EOF")),
		ExportExists("release-42.ltlab.tar.zst"),
		ExportUnwritable("backup/release-42.ltlab.tar.zst", errors.New("open backup/release-42.ltlab.tar.zst: no such file or directory")),
		ScriptUnloadable("main.js"),
	}) {
		pages[p.ID] = append(pages[p.ID], p)
	}
	return pages
}

// exitOnPage is how a page and the table of pages give the exit code.
func exitOnPage(p *Problem) string {
	if p.ID == "k6-failed" {
		return "k6's own"
	}
	return fmt.Sprint(p.Exit)
}

func TestEveryProblemHasAPageThatShowsIt(t *testing.T) {
	shown := onPages()
	for _, id := range ids() {
		if len(shown[id]) == 0 {
			t.Errorf("%s: onPages has none to show", id)
			continue
		}
		page := read(t, "docs/problems/"+id+".md")
		rest, ok := strings.CutPrefix(page, "# "+id+"\n\nExit code: "+exitOnPage(shown[id][0])+"\n")
		if !ok {
			t.Errorf("%s: the page begins with %q", id, page[:min(60, len(page))])
		}
		for _, heading := range []string{"What it means", "How to see it", "How to fix it", "Why it happens"} {
			_, after, ok := strings.Cut(rest, "\n## "+heading+"\n")
			if !ok {
				t.Errorf("%s: the page has no %q in its place", id, heading)
				break
			}
			body, _, _ := strings.Cut(after, "\n## ")
			if strings.TrimSpace(body) == "" {
				t.Errorf("%s: nothing stands below %q", id, heading)
			}
			rest = after
		}
		for _, p := range shown[id] {
			if !strings.Contains(page, p.Text()) {
				t.Errorf("%s: the page does not show what ltlab prints:\n%s", id, p.Text())
			}
		}
	}
}

func TestEveryPageHasItsProblem(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(root, "docs/problems/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var pages []string
	for _, path := range paths {
		if name := filepath.Base(path); name != "README.md" {
			pages = append(pages, strings.TrimSuffix(name, ".md"))
		}
	}
	if !slices.Equal(pages, ids()) {
		t.Errorf("pages  %v\nwant   %v", pages, ids())
	}
	if shown := slices.Sorted(maps.Keys(onPages())); !slices.Equal(shown, ids()) {
		t.Errorf("shown on pages %v\nwant           %v", shown, ids())
	}
}

func TestTheTableOfPagesHasEveryProblem(t *testing.T) {
	listed := map[string]string{}
	row := regexp.MustCompile(`(?m)^\| \[([^]]+)\]\(([^)]+)\.md\) \| ([^|]+) \| [^|]+ \|$`)
	for _, m := range row.FindAllStringSubmatch(read(t, "docs/problems/README.md"), -1) {
		if m[1] != m[2] {
			t.Errorf("%s leads to the page of %s", m[1], m[2])
		}
		listed[m[1]] = m[3]
	}
	want := map[string]string{}
	for _, p := range Examples() {
		want[p.ID] = exitOnPage(p)
	}
	if !maps.Equal(listed, want) {
		t.Errorf("the table lists %v\nwant            %v", listed, want)
	}
}
