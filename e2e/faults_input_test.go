//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const empty = "export default function () {}\n"

// inputFaults are command lines and files that make no sense. None of them may leave a run.
func inputFaults() []Fault {
	return []Fault{
		{"scenario-missing", "`ltlab k6 -s` of a file that does not exist", refused("scenario-not-found", 15, []string{"k6", "-s", "nope.js"}, "scenario nope.js was not found")},
		{"scenario-unreadable", "`ltlab k6 -s` of a file that its user may not read", unreadable},
		{"scenario-directory", "`ltlab k6 -s` of a directory", refused("scenario-unreadable", 15, []string{"k6", "-s", "load"}, "it is a directory")},
		{"scenario-outside-project", "`ltlab k6 -p DIR -s ../main.js`", refused("scenario-outside-project", 15, []string{"k6", "-p", "load", "-s", "../main.js"}, "outside the project folder")},
		{"scenario-climbs-outside", "`ltlab k6 -p DIR -s` of a path that climbs out of the folder further in", refused("scenario-outside-project", 15, []string{"k6", "-p", "load", "-s", "lib/../../main.js"}, "outside the project folder")},
		{"script-syntax", "a scenario with a syntax error", refused("script-failed", 107, []string{"k6", "-s", "syntax.js"}, "syntax.js: Line 2:1 Unexpected end of input")},
		{"script-import", "a scenario that imports a file that is not there", refused("script-failed", 107, []string{"k6", "-s", "import.js"}, "nothere.js")},
		{"script-open", "a scenario that opens a data file that is not there", refused("script-failed", 107, []string{"k6", "-s", "open.js"}, "nodata.json")},
		{"k6-flag", "a flag behind `--` that k6 does not know", refused("k6-flag-rejected", 2, []string{"k6", "-s", "main.js", "--", "--nope"}, "unknown flag: --nope")},
		{"run-id-invalid", "`ltlab k6 --id ../x`", refused("bad-usage", 2, []string{"k6", "-s", "main.js", "--id", "../x"}, "want letters, digits")},
		{"run-id-in-use", "`ltlab k6 --id` of a run that exists", idInUse},
	}
}

// refused is a fault in which nothing is run and nothing is made.
func refused(problem string, exit int, args []string, says ...string) func(*testing.T, *Bench) Result {
	return func(t *testing.T, b *Bench) Result {
		b.Write("main.js", empty)
		b.Write("load/main.js", empty)
		b.Write("syntax.js", "export default function( {\n")
		b.Write("import.js", "import x from './nothere.js';\n"+empty)
		b.Write("open.js", "const data = open('./nodata.json');\n"+empty)
		o := b.Ltlab(args...)
		r := b.problem(o, problem, exit, says...)
		if own := b.said(o.Stderr, says[0]); !strings.Contains(r.Message, says[0]) {
			r.Message = k6Said(own) + "\n" + r.Message
		}
		r.Data = b.nothingMade()
		return r
	}
}

// k6Said is the beginning of k6's own message in a line of its log.
func k6Said(line string) string {
	const most = 240
	if _, text, ok := strings.Cut(line, "msg="); ok {
		if said, err := strconv.QuotedPrefix(text); err == nil {
			line, _ = strconv.Unquote(said)
		}
	}
	line, _, _ = strings.Cut(line, "\n")
	if runes := []rune(line); len(runes) > most {
		line = string(runes[:most]) + "…"
	}
	return line
}

// nothingMade asserts that there is no run.
func (b *Bench) nothingMade() string {
	b.t.Helper()
	if runs := b.Runs(); len(runs) > 0 {
		b.t.Errorf("runs were made: %+v", runs)
	}
	return "no run was made"
}

func unreadable(_ *testing.T, b *Bench) Result {
	b.Write("main.js", empty)
	b.try(os.Chmod(filepath.Join(b.Dir, "main.js"), 0))
	if os.Getuid() == 0 { // who may read everything: somebody else tries
		const nobody = 65534
		b.user = &syscall.Credential{Uid: nobody, Gid: nobody}
		b.try(os.Mkdir(b.Home, 0o700))
		for _, dir := range []string{b.Home, b.tmp} {
			b.try(os.Chown(dir, nobody, nobody))
		}
		b.borrow()
	}
	r := b.problem(b.Ltlab("k6", "-s", "main.js"), "scenario-unreadable", 15, "permission denied")
	r.Data = b.nothingMade()
	return r
}

// borrow copies ltlab to where another user may run it.
func (b *Bench) borrow() {
	b.t.Helper()
	path := filepath.Join(b.logs, "ltlab")
	b.try(os.WriteFile(path, b.read(b.ltlab), 0o755))
	b.ltlab = path
}

func idInUse(t *testing.T, b *Bench) Result {
	b.Write("main.js", empty)
	b.OK("k6", "-s", "main.js", "--id", "taken", "--", "-i", "3")
	before := b.read(b.run("taken", "tool.ndjson"))
	r := b.problem(b.Ltlab("k6", "-s", "main.js", "--id", "taken"), "run-exists", 2, "run taken exists already")
	if string(b.read(b.run("taken", "tool.ndjson"))) != string(before) || b.Show("taken").Load.Iterations != 3 {
		t.Error("the run in place was touched")
	}
	r.Data = "the run in place is untouched"
	return r
}
