package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/embedded"
	"github.com/ltlab/ltlab/internal/ports"
	"github.com/ltlab/ltlab/internal/term"
	toyapi "github.com/ltlab/ltlab/toy-api"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ltlab": func() { os.Exit(Main()) }, "stub-node": stubNode, "xdg-open": stubOpener})
}

// TestScripts runs the whole product, real k6 and the real embedded lab included, as a user would from a shell.
func TestScripts(t *testing.T) {
	k6 := os.Getenv("LTLAB_K6")
	if k6 == "" {
		t.Fatal("LTLAB_K6 is not set: run the tests with `make test`, which builds ltlab-k6 first")
	}
	toy := serveToyAPI(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("LTLAB_HOME", home)
			e.Setenv("LTLAB_K6", k6)
			e.Setenv("TOY", toy) // a toy API that is there without a lab
			e.Setenv("NOBODY", "http://127.0.0.1:"+strconv.Itoa(closedPort(t)))
			e.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // nothing may leave this machine
			e.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
			e.Setenv("DOCKER_HOST", "unix://"+filepath.Join(e.WorkDir, "no-engine.sock")) // there is none, whatever this machine has
			e.Setenv("DOCKER_CONFIG", filepath.Join(e.WorkDir, "docker"))
			e.Defer(func() { // whatever the script did, its lab ends with it
				lab := &embedded.Engine{Home: config.Home(home)}
				if _, err := lab.Stop(context.Background(), func(term.Event) {}); err != nil {
					t.Error(err)
				}
			})
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"hold": hold, "crash": crash, "freeze": freeze, "until": until, "interrupt": interrupt, "engine": engineFault, "boards": boards, "page": page,
		},
	})
}

func serveToyAPI(t *testing.T) string {
	t.Helper()
	s, err := toyapi.New(toyapi.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// hold VAR: takes a port until the script ends and puts its number into VAR.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	got, err := ports.Listen(ports.Want{Preferred: 42000})
	ts.Check(err)
	ts.Defer(func() { got.Close() })
	ts.Setenv(args[0], strconv.Itoa(got.Port))
}

// crash FILE: kills the process whose pid a JSON file names, as no user would.
func crash(ts *testscript.TestScript, _ bool, args []string) {
	var st struct{ PID int }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &st))
	ts.Check(syscall.Kill(st.PID, syscall.SIGKILL))
	home := config.Home(filepath.Dir(ts.MkAbs(args[0])))
	ts.Check(poll(func() error {
		if err := syscall.Kill(st.PID, 0); !errors.Is(err, syscall.ESRCH) && !zombie(st.PID) {
			return fmt.Errorf("process %d is still there", st.PID)
		}
		if (&embedded.Engine{Home: home}).Alive() { // a zombie's other threads may take a moment longer
			return fmt.Errorf("process %d still holds its lock", st.PID)
		}
		return nil
	}))
}

// freeze FILE: stops the process whose pid a JSON file names, so that it holds its ports and answers nobody.
func freeze(ts *testscript.TestScript, _ bool, args []string) {
	var st struct{ PID int }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &st))
	ts.Check(syscall.Kill(st.PID, syscall.SIGSTOP))
}

// zombie says whether the process has ended and only waits to be collected by whoever adopted it.
func zombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(b), ") Z ")
}

// until FILE-PATTERN TEXT: waits until a file that fits holds the text.
func until(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(poll(func() error {
		files, err := filepath.Glob(ts.MkAbs(args[0]))
		if err != nil {
			return err
		}
		for _, f := range files {
			if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), args[1]) {
				return nil
			}
		}
		return fmt.Errorf("no %s holds %q", args[0], args[1])
	}))
}

// boards RUN: whether the running lab's boards know that run.
func boards(ts *testscript.TestScript, neg bool, args []string) {
	var st struct {
		Services []struct {
			Name string
			Port int
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("home/serve.json")), &st))
	for _, v := range st.Services {
		if v.Name != engine.Boards {
			continue
		}
		client := &http.Client{Timeout: 20 * time.Second}
		res, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/api/runs", v.Port))
		ts.Check(err)
		b, err := io.ReadAll(res.Body)
		ts.Check(errors.Join(err, res.Body.Close()))
		if known := strings.Contains(string(b), `"`+args[0]+`"`); res.StatusCode != http.StatusOK || known == neg {
			ts.Fatalf("%s: the boards know of run %s: %t\n%s", res.Status, args[0], known, b)
		}
		return
	}
	ts.Fatalf("no boards run")
}

// interrupt: sends one SIGINT to every background ltlab of the script.
func interrupt(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(os.Interrupt))
	}
}

// poll waits, at most twenty seconds, until f has nothing to complain of.
func poll(f func() error) error {
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-deadline:
			return err
		case <-tick.C:
		}
	}
}
