//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// boardFaults are names that would like to be more than names.
func boardFaults() []Fault {
	return []Fault{{"markup", "a scenario, a project, a tag, a check and a threshold whose names are HTML with scripts", markup}}
}

func markup(t *testing.T, b *Bench) Result {
	const name, project = `<img src=x onerror="document.title='pwned'">.js`, `<script>document.title='pwned'<&script>`
	b.Scenario("markup.js")
	b.Write(name, string(b.read("testdata/markup.js")))
	b.OK("start")
	api := newTarget(t)
	o := b.OK("k6", "-s", name, "--id", "markup", "--project", project, "--tag", "where=<b>here</b>", "-e", "BASE_URL="+api.URL)
	boards := b.service("boards")
	w := b.Browser(boards)
	for _, path := range []string{"/", "/runs/markup", "/runs/markup/live", "/live", "/runs/%3Cscript%3Edocument.title='pwned'%3C%2Fscript%3E"} {
		_, body := b.get(boards+path, "")
		for _, raw := range []string{"<img", "<script>document", "<b>"} {
			if strings.Contains(body, raw) {
				t.Errorf("%s holds %s", path, raw)
			}
		}
		if path == "/runs/markup" && !strings.Contains(body, "&lt;img") {
			t.Errorf("%s does not name the scenario", path)
		}
	}
	for path, heading := range map[string]string{"/": "table.runs td.key", "/runs/markup": "h1 bdi"} {
		w.Open(boards + path)
		w.Until("the page", `document.querySelector("`+heading+`")`)
		var saw struct {
			Title, Name string
			Strange     int
		}
		w.Ask(`{title: document.title, name: document.querySelector("`+heading+`").textContent,
			strange: document.querySelectorAll("main img, main script, main b, main iframe").length}`, &saw)
		if saw.Strange > 0 || saw.Title == "pwned" || saw.Name != name {
			t.Errorf("%s: %d strange elements, title %q, scenario %q", path, saw.Strange, saw.Title, saw.Name)
		}
		w.Shoot("markup" + strings.ReplaceAll(path, "/", "-") + ".png")
	}
	w.clean()
	if doc := b.Show("markup"); doc.whole(api.count()) != nil || doc.Project != project || doc.Scenario != name {
		t.Errorf("project %q, scenario %q", doc.Project, doc.Scenario)
	}
	return Result{Message: b.said(o.Stdout, "all recorded"), Exit: o.Exit, Data: fmt.Sprintf("complete: %d requests; names are shown as text, no script ran in Chromium", api.count())}
}
