package cli

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ltlab/ltlab/internal/problem"
)

// engineFault FAULT: makes DOCKER_HOST the socket of a Docker engine with that fault, until the script ends. Engines that do
// their work are tested for real, in e2e.
func engineFault(ts *testscript.TestScript, _ bool, args []string) {
	faults := map[string]http.HandlerFunc{
		"old":  func(http.ResponseWriter, *http.Request) {}, // its version, below, is the fault
		"mute": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"broken": func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, http.StatusInternalServerError, "database is locked")
		},
		"bare": bare,
		"claimed": func(w http.ResponseWriter, r *http.Request) { // while ltlab looks, another start brings the lab up here
			if strings.HasSuffix(r.URL.Path, "/volumes") {
				_ = os.WriteFile(ts.MkAbs("home/docker.json"), []byte(`{"services": ["influxdb"]}`), 0o600)
			}
			bare(w, r)
		},
	}
	answer, ok := faults[args[0]]
	if !ok {
		ts.Fatalf("no fault is called %q", args[0])
	}
	version := "1.41"
	if args[0] == "old" {
		version = "1.30"
	}
	path := ts.MkAbs(args[0] + ".sock")
	l, err := net.Listen("unix", path)
	ts.Check(err)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", version)
		w.Header().Set("Ostype", "linux")
		if r.URL.Path != "/_ping" {
			answer(w, r)
		}
	})}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	ts.Defer(func() {
		_ = s.Close()
		<-done
	})
	ts.Setenv("DOCKER_HOST", "unix://"+path)
}

// bare is an engine without images on a machine that reaches no registry.
func bare(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/info"):
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"Architecture": "x86_64", "OSType": "linux"}`))
	case strings.HasSuffix(r.URL.Path, "/build"):
		_, _ = w.Write([]byte(`{"stream": "Step 1/2 : FROM node"}` + `{"error": "lookup registry.example: no such host"}`))
	case strings.Contains(r.URL.Path, "/images/create"):
		refuse(w, http.StatusInternalServerError, "lookup registry.example: no such host")
	case strings.Contains(r.URL.Path, "/images/"):
		refuse(w, http.StatusNotFound, "no such image")
	default: // no containers, no networks, no volumes
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(map[bool]string{true: `{"Volumes": []}`, false: `[]`}[strings.HasSuffix(r.URL.Path, "/volumes")]))
	}
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"message": "` + message + `"}`))
}

// The system refuses a socket to those without the right, and root has every right: so ltlab runs as somebody else then.
func TestASocketThatIsNotOursIsNamed(t *testing.T) {
	dir, err := os.MkdirTemp("", "ltlab")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "engine.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(l.Addr().String(), 0); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe", "start", "--engine", "docker")
	cmd.Args[0] = "ltlab" // TestMain makes that name the whole program
	cmd.Dir = "/"
	cmd.Env = []string{"LTLAB_HOME=" + home, "DOCKER_HOST=unix://" + l.Addr().String(), "DOCKER_CONFIG=" + home}
	if os.Geteuid() == 0 {
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if err := os.Chown(home, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != problem.Environment || !strings.Contains(string(out), "docs/problems/engine-no-permission.md") {
		t.Errorf("exit %d, %v, want engine-no-permission:\n%s", code, err, out)
	}
}
