//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// planted is a fault for the doctor: the check that must find it, what its evidence must say, and that the command which
// it prints mends it.
type planted struct {
	name  string
	check string
	plant func(b *Bench)
	says  []string
	fix   int    // which of the printed steps is run; -1: none of them can be, and lift takes the fault away
	lift  func() // what only a person can do, before the command is run
	shell string // in whose shell it is: "ulimit -n 300; "
	alone bool   // only this check is asked, with those that it needs: on Docker all of them take a while
}

// examined is what `ltlab doctor --json` prints.
type examined struct {
	OK     bool
	Exit   int
	Counts map[string]int
	Checks []struct {
		ID, Status, Evidence, Problem string
		Fix                           []struct{ Say, Run string }
	}
	Problem *struct{ ID, Why string }
}

func (e *examined) status(check string) string {
	for _, c := range e.Checks {
		if c.ID == check {
			return c.Status
		}
	}
	return "none"
}

func (e *examined) with(status string) (ids []string) {
	for _, c := range e.Checks {
		if c.Status == status {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// sh runs a line in a shell that has ltlab on its PATH, as a user pastes it.
func (b *Bench) sh(line string) Output {
	b.t.Helper()
	vars := b.vars
	path := os.Getenv("PATH")
	for _, v := range b.vars {
		if after, ok := strings.CutPrefix(v, "PATH="); ok {
			path = after
		}
	}
	b.vars = append(slices.Clone(b.vars), "PATH="+filepath.Dir(b.ltlab)+":"+path)
	defer func() { b.vars = vars }()
	return b.start("/bin/sh", "-c", line).Wait()
}

// examine runs the doctor in a shell, after what must have been run in the same one; its document is the only thing on stdout.
func (b *Bench) examine(before string, checks ...string) (*examined, Output) {
	b.t.Helper()
	o := b.sh(before + "ltlab doctor " + strings.Join(checks, " ") + " --json")
	var doc examined
	b.document(o, &doc)
	if doc.Exit != o.Exit || doc.OK != (o.Exit == 0) || (doc.Problem == nil) != doc.OK {
		b.t.Fatalf("the document says exit %d, ok %t; the process ended with %d\n%s", doc.Exit, doc.OK, o.Exit, o.Stdout)
	}
	return &doc, o
}

// diagnose plants a fault, has it found by all checks together, runs the command that is printed, and looks again.
func (b *Bench) diagnose(f planted) {
	b.t.Helper()
	vars := slices.Clone(b.vars)
	defer func() { b.vars = vars }()
	f.plant(b)
	var named []string
	if f.alone {
		named = []string{f.check}
	}
	doc, o := b.examine(f.shell, named...)
	if o.Exit != 10 || doc.Problem == nil || doc.Problem.ID != "doctor-failed" || !strings.Contains(doc.Problem.Why, f.check) {
		b.t.Fatalf("%s: exit %d, problem %+v\n%s", f.name, o.Exit, doc.Problem, o.Stdout)
	}
	for _, id := range doc.with("fail") {
		if id != f.check {
			b.t.Errorf("%s: %s failed, too", f.name, id)
		}
	}
	run := ""
	for _, c := range doc.Checks {
		if c.ID != f.check {
			continue
		}
		if c.Status != "fail" || len(c.Fix) == 0 {
			b.t.Fatalf("%s: %s came to %s, with %d fixes\n%s", f.name, c.ID, c.Status, len(c.Fix), o.Stdout)
		}
		for _, s := range f.says {
			if !strings.Contains(c.Evidence, s) {
				b.t.Errorf("%s: the evidence does not say %q: %s", f.name, s, c.Evidence)
			}
		}
		if f.fix >= 0 {
			run = c.Fix[f.fix].Run
		}
	}
	if f.lift != nil {
		f.lift()
	}
	before := ""
	if f.fix >= 0 {
		before = f.shell
		if run == "" {
			b.t.Fatalf("%s: no command is printed\n%s", f.name, o.Stdout)
		}
		b.t.Logf("%s: %s", f.check, run)
		if fixed := b.sh(f.shell + run); fixed.Exit != 0 {
			b.t.Fatalf("%s: %s ended with %d\n%s\n%s", f.name, run, fixed.Exit, fixed.Stdout, fixed.Stderr)
		}
		if strings.HasPrefix(run, "unset ") || strings.HasPrefix(run, "ulimit ") || strings.HasPrefix(run, "export ") {
			before += run + "; " // of effect in its own shell alone
		}
	}
	var last Output
	if !eventually(time.Minute, func() bool { // what was stopped may need a moment to go on
		var again *examined
		again, last = b.examine(before, f.check)
		return again.OK && again.status(f.check) != "fail"
	}) {
		b.t.Fatalf("%s: after %q it fails still\n%s\n%s", f.name, run, last.Stdout, last.Stderr)
	}
}

// rewrite changes the lab's .env as no ltlab would.
func (b *Bench) rewrite(change func(text string) string) {
	b.t.Helper()
	path := filepath.Join(b.Home, ".env")
	b.try(os.WriteFile(path, []byte(change(string(b.read(path)))), 0o600))
}

// fakeArtillery is a package that looks like Artillery of that version.
func (b *Bench) fakeArtillery(dir, version string) string {
	b.t.Helper()
	at := filepath.Join(dir, "node_modules", "artillery")
	b.try(os.MkdirAll(filepath.Join(at, "bin"), 0o755))
	b.try(os.MkdirAll(filepath.Join(at, "dist"), 0o755))
	b.try(os.WriteFile(filepath.Join(at, "package.json"), []byte(`{"name":"artillery","version":"`+version+`","bin":{"artillery":"./bin/run"}}`), 0o644))
	b.try(os.WriteFile(filepath.Join(at, "bin", "run"), []byte("#!/usr/bin/env node\n"), 0o755))
	return at
}

// script writes a program of one line.
func (b *Bench) script(name, line string) string {
	b.t.Helper()
	path := filepath.Join(b.logs, name)
	b.try(os.WriteFile(path, []byte("#!/bin/sh\n"+line+"\n"), 0o755))
	return path
}

// healthy asserts that nothing fails, and that every check of the list is in the document.
func (b *Bench) healthy() *examined {
	b.t.Helper()
	doc, o := b.examine("")
	var list struct{ Checks []struct{ ID string } }
	b.document(b.OK("doctor", "--list", "--json"), &list)
	var listed, asked []string
	for _, c := range list.Checks {
		listed = append(listed, c.ID)
	}
	for _, c := range doc.Checks {
		asked = append(asked, c.ID)
		if c.Evidence == "" {
			b.t.Errorf("%s says nothing", c.ID)
		}
	}
	if o.Exit != 0 || !slices.Equal(listed, asked) || len(asked) < 20 {
		b.t.Fatalf("exit %d, %d of %d checks\n%s", o.Exit, len(asked), len(listed), o.Stdout)
	}
	return doc
}
