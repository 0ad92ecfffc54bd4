//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTheDoctorFindsFaultsOfAnEmbeddedLabAndItsFixesMendThem shares one lab; each fault is gone before the next.
func TestTheDoctorFindsFaultsOfAnEmbeddedLabAndItsFixesMendThem(t *testing.T) {
	b := newBench(t)
	b.Scenario("verdict.js")
	b.vars = append(b.vars, "XDG_CACHE_HOME="+filepath.Join(b.Dir, "cache"))
	b.fakeArtillery(b.Dir, "2.0.34")
	node := filepath.Dir(b.script("node", "echo v22.18.0"))
	b.vars = append(b.vars, "PATH="+node+":"+os.Getenv("PATH"))
	b.OK("configure", "set", "INFLUXDB_ORG=acme")
	b.OK("start", "--engine", "embedded")
	b.OK("k6", "-s", "smoke.js", "--id", "kept", "-e", "DURATION=1s")
	doc := b.healthy()
	for _, id := range []string{"server", "boards", "k6-run", "settings-mode", "artillery", "node", "store"} {
		if s := doc.status(id); s != "pass" {
			t.Errorf("of a healthy lab %s came to %s", id, s)
		}
	}
	var holder *os.Process
	for _, f := range []planted{
		{name: "mode 0644 on .env", check: "settings-mode", says: []string{"/.env has mode 0644"}, plant: func(b *Bench) {
			b.try(os.Chmod(filepath.Join(b.Home, ".env"), 0o644))
		}},
		{name: "the lab's folder open to others", check: "home-mode", says: []string{"has mode 0755"}, plant: func(b *Bench) { b.try(os.Chmod(b.Home, 0o755)) }},
		{name: "CRLF in .env", check: "settings-lines", says: []string{"lines end as on Windows"}, plant: func(b *Bench) {
			b.rewrite(func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") })
		}},
		{name: "a byte order mark in .env", check: "settings-lines", says: []string{"byte order mark"}, plant: func(b *Bench) {
			b.rewrite(func(s string) string { return "\uFEFF" + s })
		}},
		{name: "a setting that makes no sense", check: "settings", says: []string{"/.env:", "BASE_URL: want an address"}, plant: func(b *Bench) {
			b.rewrite(func(s string) string { return s + "BASE_URL=not-an-address\n" })
		}},
		{name: "a target that does not answer", check: "target", says: []string{"127.0.0.1:1", "connection refused"}, plant: func(b *Bench) {
			b.OK("configure", "set", "BASE_URL=http://127.0.0.1:1")
		}},
		{name: "a lock in the hands of another program", check: "locks", says: []string{"start.lock is held by flock (pid ", "which is no ltlab"}, plant: func(b *Bench) {
			holder = b.hold("300")
		}},
		{name: "a lock in the hands of a stopped program", check: "locks", says: []string{"start.lock is held by flock (pid ", "was stopped"}, plant: func(b *Bench) {
			holder = b.hold("0.1")
			b.try(holder.Signal(syscall.SIGSTOP))
		}},
		{name: "a stale lock of a run", check: "locks", says: []string{".lock of run kept"}, plant: func(b *Bench) {
			b.try(os.WriteFile(b.run("kept", ".lock"), nil, 0o600))
		}},
		{name: "k6 without our output", check: "k6-output", says: []string{"is a k6 without the output ltlab: k6 v2.1.0"}, plant: func(b *Bench) {
			b.vars = append(b.vars, "LTLAB_K6="+b.script("k6", "echo 'k6 v2.1.0 (go1.26.8, linux/amd64)'"))
		}},
		{name: "no k6", check: "k6", says: []string{"LTLAB_K6", "nowhere"}, plant: func(b *Bench) { b.vars = append(b.vars, "LTLAB_K6="+b.Dir+"/nowhere") }},
		{name: "Node too old", check: "node", says: []string{"18.20.0", "LTLAB_NODE"}, plant: func(b *Bench) {
			b.vars = append(b.vars, "LTLAB_NODE="+b.script("old-node", "echo v18.20.0"))
		}},
		{name: "Artillery too old", check: "artillery", says: []string{"2.0.20", "LTLAB_ARTILLERY"}, plant: func(b *Bench) {
			b.vars = append(b.vars, "LTLAB_ARTILLERY="+b.fakeArtillery(filepath.Join(b.logs, "old"), "2.0.20"))
		}},
		{name: "too few files may be open", check: "file-limit", says: []string{"300 files and connections at most"}, shell: "ulimit -n 300; ", fix: -1, plant: func(*Bench) {}}, // only who may raise limits can run what is printed
		{name: "a folder of scenarios that is not there", check: "project", says: []string{"ltlab.yaml:1: scenarios names ", "load"}, plant: func(b *Bench) {
			b.Write("ltlab.yaml", "scenarios: load\n")
		}},
		{name: "an import that is not there", check: "scenarios", fix: -1, says: []string{"load/main.js", "helpers.js"}, plant: func(b *Bench) {
			b.Write("load/main.js", "import './helpers.js';\nexport default function () {}\n")
		}, lift: func() { b.try(os.RemoveAll(filepath.Join(b.Dir, "load/main.js"))) }},
		{name: "the lab's process killed", check: "server", says: []string{"it has ended without being stopped", "serve.json"}, plant: func(b *Bench) { b.killServer(syscall.SIGKILL) }},
		{name: "the lab's process stopped", check: "server", says: []string{"lives and does not answer"}, plant: func(b *Bench) { b.killServer(syscall.SIGSTOP) }},
		{name: "a port in other hands", check: "ports", says: []string{"boards: 127.0.0.1:", "is held by "}, plant: func(b *Bench) {
			b.OK("stop")
			l := b.listen()
			b.try(os.WriteFile(filepath.Join(b.Home, "ports.json"), []byte(`{"boards":`+l+`}`), 0o600))
		}},
		{name: "a damaged store", check: "store", says: []string{"store.db: the store of runs is damaged"}, plant: func(b *Bench) {
			path := filepath.Join(b.Home, "store.db")
			db := b.read(path)
			for i := 2 << 12; i < min(len(db), 5<<12); i++ {
				db[i] = 0xAA
			}
			b.try(os.WriteFile(path, db, 0o600))
		}},
	} {
		t.Run(f.name, func(t *testing.T) {
			b.t = t
			defer func() { b.t = t }()
			b.diagnose(f)
		})
		if holder != nil {
			_ = holder.Kill()
			_, _ = holder.Wait()
			holder = nil
		}
	}
	b.t = t
	b.OK("runs", "show", "kept")
}

// hold has a program of its own take the lab's lock for so many seconds.
func (b *Bench) hold(seconds string) *os.Process {
	b.t.Helper()
	lock := filepath.Join(b.Home, "start.lock")
	p := b.start("flock", "-o", lock, "sleep", seconds)
	b.until("the lock", time.Minute, func() bool { return held(lock) })
	return p.cmd.Process
}

// listen takes a port until the test ends.
func (b *Bench) listen() (port string) {
	b.t.Helper()
	target := newTarget(b.t)
	return target.URL[strings.LastIndex(target.URL, ":")+1:]
}

// killServer signals the embedded lab's process.
func (b *Bench) killServer(s syscall.Signal) {
	b.t.Helper()
	b.OK("start", "--engine", "embedded")
	var st struct{ PID int }
	b.try(json.Unmarshal(b.read(filepath.Join(b.Home, "serve.json")), &st))
	b.try(syscall.Kill(st.PID, s))
	if s == syscall.SIGKILL {
		b.until("its lock", time.Minute, func() bool { return !held(filepath.Join(b.Home, "serve.lock")) })
	}
}

// TestTheDoctorFindsWhatIsWrongWithTheDisk has a small file system as the lab's folder: nearly full, then read-only.
func TestTheDoctorFindsWhatIsWrongWithTheDisk(t *testing.T) {
	b := newBench(t)
	b.smallHome()
	b.OK("start", "--engine", "embedded")
	b.OK("k6", "-s", "smoke.js", "--id", "large", "-e", "DURATION=1s")
	b.OK("stop")
	b.diagnose(planted{name: "a disk that is nearly full", check: "disk", says: []string{"free of ", b.Home}, plant: func(b *Bench) {
		b.try(os.WriteFile(b.run("large", "ballast"), make([]byte, 60<<20), 0o600))
	}})
	if o := b.Ltlab("runs", "show", "large"); o.Exit == 0 {
		t.Error("the run that took most is still there")
	}
	b.diagnose(planted{name: "a read-only disk", check: "home", says: []string{"read-only file system"}, plant: func(b *Bench) {
		b.try(syscall.Mount("", b.Home, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	}})
}
