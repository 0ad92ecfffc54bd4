package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestAProjectFileSaysWhereThingsAre(t *testing.T) {
	p, err := ParseProject("/shop/ltlab.yaml", []byte("\uFEFF# the shop\r\nproject: shop\r\nscenarios: tests/load\r\ndashboards: ./boards/\r\n"+
		"target: &t http://127.0.0.1:3000\r\nslos:\r\n  checkout: p95 < 300ms\r\n  budget: 0.010\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	p.lines = nil
	want := &Project{Path: "/shop/ltlab.yaml", Name: "shop", Scenarios: "/shop/tests/load", Dashboards: "/shop/boards",
		Target: "http://127.0.0.1:3000", SLOs: map[string]string{"checkout": "p95 < 300ms", "budget": "0.010"}}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("got  %+v\nwant %+v", p, want)
	}
	for _, empty := range []string{"", "# nothing yet\n", "---\n# nothing\n...\n", "{}\n"} {
		if p, err := ParseProject("F", []byte(empty)); err != nil || p.Target != "" {
			t.Errorf("%q: got %+v, %v", empty, p, err)
		}
	}
	if p, err := ParseProject("F", []byte("project: shop\nslos: {a: b}\n")); err != nil || p.Line("slos") != 2 || p.Line("target") != 0 {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestAProjectFileThatMakesNoSenseNamesItsLine(t *testing.T) {
	for _, c := range []struct{ content, want string }{
		{"project: shop\ntraget: http://a\n", "F:2: unknown setting traget; did you mean target"},
		{"scenario: a\n", "F:1: unknown setting scenario; did you mean scenarios"},
		{"\nsomething: a\n", "F:2: unknown setting something; there are scenarios, dashboards, target, project, slos"},
		{"<<: {a: b}\n", "F:1: unknown setting <<"},
		{"target: a\n", "F:1: target: want an address"},
		{"target: 8080\n", "F:1: target: want an address"},
		{"target: http://a\nproject: b\ntarget: http://c\n", "F:3: target stands in the file twice"},
		{"target:\n", "F:1: target has no value"},
		{"project: ~\n", "F:1: project has no value"},
		{"project: '  '\n", "F:1: project has no value"},
		{"project: a/b\n", "F:1: project: want a name, not a path"},
		{"project: [a]\n", "F:1: project: want one value"},
		{"project: |\n  a\n  b\n", "F:1: project: want printable characters"},
		{"scenarios:\n  - a\n", "F:2: scenarios: want one value"},
		{"scenarios: ../other\n", "F:1: scenarios: the folder is outside the project"},
		{"scenarios: a/../../b\n", "F:1: scenarios: the folder is outside the project"},
		{"dashboards: /etc\n", "F:1: dashboards: want a path relative to this file"},
		{"slos: fast\n", "F:1: slos: want names with an expression each"},
		{"slos:\n  a: b\n  a: c\n", "F:3: slos: a stands in the file twice"},
		{"slos:\n  a: [b]\n", "F:2: slos: a: want one value"},
		{"slos:\n  a:\n", "F:2: slos: a has no value"},
		{"- a\n", "F:1: want settings"},
		{"just text\n", "F:1: want settings"},
		{"project: a\n\ttarget: b\n", "F:2: found a tab character"},
		{"project: [a\ntarget: b\n", "F:2: "},
		{"project: a\n---\nproject: b\n", "F:2: want one document"},
		{"project: *nope\n", "F:1: unknown anchor"},
	} {
		_, err := ParseProject("F", []byte(c.content))
		var file *FileError
		if !errors.As(err, &file) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %s", c.content, err, c.want)
		}
	}
}

// tree makes files below a new folder; a name that ends with / is a folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		folder := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			folder = path
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if folder == path {
			continue
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestAProjectIsFoundUpToTheRepositorysRoot(t *testing.T) {
	root := tree(t, map[string]string{
		"ltlab.yaml":               "project: outside\n",
		"shop/.git/":               "",
		"shop/ltlab.yaml":          "project: shop\n",
		"shop/tests/load/":         "",
		"shop/nested/ltlab.yaml":   "project: nested\n",
		"shop/nested/a/":           "",
		"worktree/.git":            "gitdir: elsewhere\n",
		"worktree/a/":              "",
		"plain/a/b/":               "",
		"plain/c/":                 "",
		"plain/a/ltlab.yaml":       "project: plain\n",
		"shop/vendor/other/.git/":  "",
		"shop/vendor/other/tests/": "",
	})
	for _, c := range []struct{ dir, cwd, want string }{
		{"shop", "shop", "shop"},
		{"shop/tests/load", "shop/tests/load", "shop"},
		{"shop/tests/load", "plain", "shop"}, // wherever one calls from
		{"shop/nested/a", "shop", "nested"},
		{"shop/not/there/yet", "shop", "shop"},
		{"shop/vendor/other/tests", "shop", ""}, // a repository of its own
		{"worktree/a", "worktree/a", ""},        // never above the repository
		{"plain/a/b", "plain", "plain"},         // no repository: up to where the user is
		{"plain/a/b", "plain/a/b", ""},
		{"plain/a/b", "plain/c", ""},
		{"plain/a", "plain/c", "plain"},
		{"plain", "plain", ""},
	} {
		p, err := FindProject(filepath.Join(root, c.dir), filepath.Join(root, c.cwd))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if p != nil {
			got = p.Name
		}
		if got != c.want {
			t.Errorf("%s from %s: got %q, want %q", c.dir, c.cwd, got, c.want)
		}
	}
}

func TestALinkMustNotLeadOutOfTheProject(t *testing.T) {
	root := tree(t, map[string]string{"shop/real/": "", "other/": "", "shop/ltlab.yaml": ""})
	for _, c := range []struct{ link, to, path, want string }{
		{"in", "real", "in", ""},
		{"out", "../other", "out", "a link that leads out"},
		{"loop", "loop", "loop", "too many"},
		{"dangling", "nowhere", "dangling", ""},
	} {
		if err := os.Symlink(c.to, filepath.Join(root, "shop", c.link)); err != nil {
			t.Fatal(err)
		}
		p, err := ParseProject(filepath.Join(root, "shop", ProjectFile), []byte("scenarios: "+c.path+"\n"))
		switch {
		case c.want == "" && (err != nil || p.Scenarios != filepath.Join(root, "shop", c.path)):
			t.Errorf("%s: got %+v, %v", c.link, p, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %s", c.link, err, c.want)
		}
	}
}

func TestWhatIsNoProjectFileIsUnusable(t *testing.T) {
	root := tree(t, map[string]string{"folder/ltlab.yaml/": "", "binary/ltlab.yaml": "project: \xff\n"})
	if err := os.MkdirAll(filepath.Join(root, "dangling"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(root, "dangling", ProjectFile)); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		"folder": "it is not a regular file", "dangling": "no such file or directory", "binary": "it is not UTF-8 text",
	} {
		_, err := FindProject(filepath.Join(root, dir), root)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", dir, err, want)
		}
	}
}
