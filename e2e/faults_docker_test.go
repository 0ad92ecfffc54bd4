//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// dockerFaults are what goes wrong with the engine, its images, and the lab on it.
func dockerFaults() []Fault {
	return []Fault{
		{"engine-absent", "`ltlab start`, with `--engine docker` and without, where no engine answers", engineAbsent},
		{"engine-too-old", "an engine whose newest API is 1.30 (a stand-in that says so)", engineTooOld},
		{"engine-no-permission", "a socket of the engine that only root may open, and a user who is not root", engineNoPermission},
		{"engine-remote", "`DOCKER_HOST=tcp://192.0.2.1:2375`", engineRemote},
		{"image-missing", "an image setting that names what is neither here nor to be pulled", imageMissing},
		{"image-unbuildable", "an engine without the toy API's image, and an ltlab without the program that it is made of", imageUnbuildable},
		{"port-busy-docker", "InfluxDB's port 8086 held by another program, and by another lab", portBusyDocker},
		{"service-exits", "an image of the toy API whose program ends at once", serviceExits},
		{"service-never-healthy", "an image of the toy API that sleeps, `--wait-timeout 5s`", serviceNeverHealthy},
		{"service-oom", "a toy API that needs more memory than its container may have", serviceOOM},
		{"engine-dies-starting", "the engine gone in the middle of a start, and back later", engineDiesStarting},
		{"token-revoked", "all of InfluxDB's tokens deleted behind the lab's back", tokenRevoked},
		{"volume-foreign", "volumes of a lab whose password and tokens nobody has any more", volumeForeign},
		{"env-odd", "an `.env` with CRLF, a BOM, quotes, `$` in passwords, a key twice and mode 0644", envOdd},
		{"disk-full-docker", "the disk full before and in the middle of a start", diskFullDocker},
		{"two-starts-docker", "two `ltlab start --engine docker` at once", twoStartsDocker},
		{"ctrl-c-docker", "one SIGINT to `ltlab start` in each of its phases", ctrlCDocker},
		{"container-removed", "`docker rm -f` of a running lab's Telegraf", containerRemoved},
		{"start-killed", "ltlab killed with SIGKILL in the middle of a start", startKilled},
	}
}

// onDocker is a start on the engine; Grafana cannot be had where these tests run.
func onDocker(args ...string) []string {
	return append([]string{"start", "--engine", "docker", "--without", "grafana"}, args...)
}

// startsEmbedded asserts that a start that may choose does without the engine and says why, and returns what it said.
func (b *Bench) startsEmbedded(why string) string {
	b.t.Helper()
	o := b.OK("start")
	message := b.said(o.Stderr, "runs embedded, for ")
	if !strings.Contains(message, why) || !strings.Contains(o.Stdout, "embedded · healthy") {
		b.t.Errorf("want %q and an embedded lab:\n%s\n%s", why, o.Stderr, o.Stdout)
	}
	b.OK("stop")
	return message
}

// nothingStarted asserts that a start that failed left no container, no network, no volume, and no memory of a lab.
func (b *Bench) nothingStarted() {
	b.t.Helper()
	for _, home := range b.homes() {
		if left := b.left(home); len(left) > 0 {
			b.t.Errorf("the start left %v", left)
		}
		if _, err := os.Stat(filepath.Join(home, "docker.json")); err == nil {
			b.t.Error("what did not start is remembered as running")
		}
	}
	if o := b.Ltlab("status"); o.Exit != 11 || !strings.Contains(o.Stdout, "absent") {
		b.t.Errorf("status: exit %d\n%s", o.Exit, o.Stdout)
	}
}

func engineAbsent(_ *testing.T, b *Bench) Result {
	r := b.problem(b.Ltlab(onDocker()...), "engine-not-found", 10, "no Docker engine answers at unix://", "no-engine.sock")
	b.nothingStarted()
	b.startsEmbedded("no Docker engine answers at unix://")
	r.Data = "nothing was started; without `--engine docker` the lab runs embedded and says why"
	return r
}

func engineTooOld(t *testing.T, b *Bench) Result {
	socket := filepath.Join(b.Dir, "engine.sock")
	s := b.listenAt(socket, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("API-Version", "1.30")
		w.Header().Set("OSType", "linux")
		if strings.HasSuffix(r.URL.Path, "/_ping") {
			fmt.Fprint(w, "OK")
			return
		}
		w.WriteHeader(http.StatusBadRequest) // as an engine answers who asks for a newer API
		_ = json.NewEncoder(w).Encode(map[string]string{"message": "client version is too new. Maximum supported API version is 1.30"})
	}))
	defer s.Close()
	b.vars = append(b.vars, "DOCKER_HOST=unix://"+socket)
	r := b.problem(b.Ltlab(onDocker()...), "engine-too-old", 10, "its API is 1.30")
	b.startsEmbedded("the Docker engine is too old")
	r.Data = "nothing was started; without `--engine docker` the lab runs embedded and says why"
	return r
}

func engineNoPermission(t *testing.T, b *Bench) Result {
	if os.Getuid() != 0 {
		t.Fatal("somebody else's socket needs somebody else: run these tests as root")
	}
	p := b.proxied()
	b.try(os.Chmod(p.socket, 0o600))
	const nobody = 65534
	b.user = &syscall.Credential{Uid: nobody, Gid: nobody}
	b.try(os.Mkdir(b.Home, 0o700))
	for _, dir := range []string{b.Home, b.tmp} {
		b.try(os.Chown(dir, nobody, nobody))
	}
	b.borrow()
	r := b.problem(b.Ltlab(onDocker()...), "engine-no-permission", 10, "you may not use the Docker engine at unix://", "permission denied")
	b.nothingStarted()
	b.startsEmbedded("you may not use the Docker engine at unix://")
	r.Data = "nothing was started; without `--engine docker` the lab runs embedded and says why"
	return r
}

// engineRemote names an address at which nobody is. Whatever speaks HTTP to it would go through the proxy, which counts.
func engineRemote(t *testing.T, b *Bench) Result {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	b.try(err)
	defer l.Close()
	var connected atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			connected.Add(1)
			c.Close()
		}
	}()
	b.vars = append(b.vars, "HTTP_PROXY=http://"+l.Addr().String(), "DOCKER_HOST=tcp://192.0.2.1:2375")
	r := b.problem(b.Ltlab(onDocker()...), "engine-remote", 10, "DOCKER_HOST", "tcp://192.0.2.1:2375")
	b.startsEmbedded("the Docker engine is on another machine")
	if n := connected.Load(); n > 0 {
		t.Errorf("%d connections were made to an engine that is refused", n)
	}
	r.Data = "refused without a connection; without `--engine docker` the lab runs embedded and says why"
	return r
}
