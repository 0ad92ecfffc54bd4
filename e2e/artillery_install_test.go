//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestArtilleryIsInstalledByTheRealNpm installs once: first in vain, then broken off by Ctrl-C, then whole.
func TestArtilleryIsInstalledByTheRealNpm(t *testing.T) {
	b := newBench(t)
	cache := t.TempDir()
	b.vars = []string{"XDG_CACHE_HOME=" + cache}
	left := func() (names []string) {
		entries, err := os.ReadDir(filepath.Join(cache, "ltlab"))
		b.try(err)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	const folder, lock = "artillery-2.0.34", "artillery-2.0.34.lock"

	// Of the caller's environment, npm's settings among it, nothing came along yet; the bench's proxy is none.
	b.problem(b.Ltlab("artillery", "install"), "install-failed", 10, "ECONNREFUSED")
	if got := left(); len(got) != 1 || got[0] != lock {
		t.Errorf("after a failure there is %v", got)
	}
	b.vars = append(b.vars, "HTTP_PROXY="+os.Getenv("HTTP_PROXY"), "HTTPS_PROXY="+os.Getenv("HTTPS_PROXY"))
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "XDG_") && !strings.HasPrefix(v, "LTLAB_") {
			b.vars = append(b.vars, v)
		}
	}

	p := b.Start("artillery", "install")
	b.until("npm's unpacked packages", time.Minute, func() bool {
		there, err := filepath.Glob(filepath.Join(cache, "ltlab", "."+folder+".new-*", "node_modules", "*"))
		b.try(err)
		return len(there) > 0 || !p.Running()
	})
	p.Signal(syscall.SIGINT)
	if o := p.Wait(); o.Exit != 130 {
		t.Errorf("interrupted: exit %d\n%s", o.Exit, o.Stderr)
	}
	if got := left(); len(got) != 1 || got[0] != lock {
		t.Errorf("after Ctrl-C there is %v", got)
	}

	var doc struct {
		Artillery, Node, Path string
		Installed             bool
	}
	b.try(json.Unmarshal([]byte(b.OK("artillery", "install", "--json").Stdout), &doc))
	if doc.Artillery != "2.0.34" || !strings.HasPrefix(doc.Node, "22.") || !doc.Installed || doc.Path != filepath.Join(cache, "ltlab", folder) {
		t.Fatalf("installed %+v", doc)
	}
	if got := left(); len(got) != 2 {
		t.Errorf("after the installation there is %v", got)
	}
	programs, err := filepath.Glob(filepath.Join(doc.Path, "node_modules", "node-*", "bin", "node"))
	b.try(err)
	if len(programs) != 1 {
		t.Fatalf("Node is %v", programs)
	}
	out, err := exec.Command(programs[0], filepath.Join(doc.Path, "node_modules", "artillery", "bin", "run"), "--version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Artillery: "+doc.Artillery) || !strings.Contains(string(out), "v"+doc.Node) {
		t.Errorf("Artillery says %v\n%s", err, out)
	}
	b.try(json.Unmarshal([]byte(b.OK("artillery", "install", "--json").Stdout), &doc))
	if doc.Installed {
		t.Error("it was installed a second time")
	}
}
