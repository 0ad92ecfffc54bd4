//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// dashboardFaults are projects' dashboards that are broken, gone, or have no room.
func dashboardFaults() []Fault {
	return []Fault{
		{"dashboard-broken", "`ltlab dashboard link` of two projects, one of them with a file of half a dashboard", dashboardBroken},
		{"dashboard-50-mb", "`ltlab dashboard link` of a folder with a file of 50 MB", dashboardLarge},
		{"dashboard-project-gone", "a linked project's folder deleted, then `ltlab dashboard sync`", dashboardGone},
		{"dashboard-disk", "`ltlab dashboard link` on a full disk, and on one that is read-only", dashboardDisk},
		{"dashboard-at-once", "eight projects linked at once", dashboardsAtOnce},
	}
}

func ownBoard(uid, title string) string {
	return fmt.Sprintf(`{"uid": %q, "title": %q, "panels": []}`, uid, title)
}

// served are the linked dashboards that Grafana would find.
func (b *Bench) served() []string {
	b.t.Helper()
	files, err := filepath.Glob(filepath.Join(b.Home, "dashboards", "*", "*.json"))
	b.try(err)
	return files
}

func dashboardBroken(t *testing.T, b *Bench) Result {
	b.Write("good/a.json", ownBoard("a", "A"))
	b.Write("bad/a.json", ownBoard("a", "A"))
	b.Write("bad/b.json", `{"title": "B", "panels": [`)
	r := b.problem(b.Ltlab("dashboard", "link", "good", "bad"), "dashboard-invalid", 15, "b.json: line 1: it ends too early")
	if got := b.served(); len(got) > 0 {
		t.Errorf("linked: %v", got)
	}
	r.Data = "nothing was linked, of neither project"
	return r
}

func dashboardLarge(t *testing.T, b *Bench) Result {
	b.Write("large/a.json", ownBoard("a", "A"))
	b.Write("large/huge.json", strings.Repeat(" ", 50<<20))
	r := b.problem(b.Ltlab("dashboard", "link", "large"), "dashboard-invalid", 15, "huge.json: it has 50 MB; a dashboard has at most 10 MB")
	if got := b.served(); len(got) > 0 {
		t.Errorf("linked: %v", got)
	}
	r.Data = "nothing was linked, and the file was not read"
	return r
}

func dashboardGone(t *testing.T, b *Bench) Result {
	b.Write("shop/a.json", ownBoard("a", "A"))
	b.Write("bank/a.json", ownBoard("a", "A"))
	b.OK("dashboard", "link", "shop", "bank")
	b.Write("bank/a.json", ownBoard("a", "B"))
	b.try(os.RemoveAll(filepath.Join(b.Dir, "shop")))
	b.said(b.OK("dashboard", "list").Stdout, "gone")
	r := b.problem(b.Ltlab("dashboard", "sync"), "dashboard-stale", 15, "shop: ", "it is not there")
	served := ""
	for _, path := range b.served() {
		served += string(b.read(path))
	}
	if len(b.served()) != 2 || !strings.Contains(served, `"title": "B"`) {
		t.Errorf("served: %v", b.served())
	}
	r.Data = "the other project was read anew; the one that is gone keeps its copies until it is unlinked"
	return r
}

func dashboardDisk(t *testing.T, b *Bench) Result {
	b.smallHome()
	b.Write("shop/a.json", ownBoard("a", "A"))
	b.OK("dashboard", "link", "shop")
	before := string(b.read(filepath.Join(b.Home, "dashboards.json")))
	for i := range 20 {
		b.Write(fmt.Sprintf("shop/%d.json", i), ownBoard(fmt.Sprint("b", i), strings.Repeat("long ", 20_000)))
	}
	b.fill()
	r := b.problem(b.Ltlab("dashboard", "sync"), "disk-full", 10)
	b.free()
	if got := b.served(); len(got) != 1 || string(b.read(filepath.Join(b.Home, "dashboards.json"))) != before {
		t.Errorf("served: %v", got)
	}
	remount := func(flags uintptr) {
		b.try(syscall.Mount("tmpfs", b.Home, "tmpfs", syscall.MS_REMOUNT|flags, "size=64m,mode=0700"))
	}
	remount(syscall.MS_RDONLY)
	b.problem(b.Ltlab("dashboard", "sync"), "home-unusable", 10, "read-only file system")
	b.said(b.OK("dashboard", "list").Stdout, "changed")
	remount(0)
	b.OK("dashboard", "sync")
	if got := b.served(); len(got) != 21 {
		t.Errorf("%d dashboards are served once there is room", len(got))
	}
	r.Data = "what was linked before stayed as it was, whole; with room, a sync brought the rest"
	return r
}

func dashboardsAtOnce(t *testing.T, b *Bench) Result {
	const n = 8
	var all []*Process
	for i := range n {
		b.Write(fmt.Sprintf("p%d/a.json", i), ownBoard("same", fmt.Sprint("P", i)))
		all = append(all, b.Start("dashboard", "link", fmt.Sprintf("p%d", i)))
	}
	r := Result{Exit: 0}
	for _, p := range all {
		o := p.Wait()
		if o.Exit != 0 {
			t.Errorf("exit %d: %s", o.Exit, o.Stderr)
		}
		r.Message = b.said(o.Stdout, "1 dashboard")
	}
	r.Message = strings.ReplaceAll(r.Message, fmt.Sprint("p", n-1), "the project")
	if got := b.served(); len(got) != n || len(b.links(b.OK("dashboard", "list", "--json")).Links) != n {
		t.Errorf("served: %v", got)
	}
	r.Data = "each waited for the one before it: all eight are linked and served, under uids of their own"
	return r
}
