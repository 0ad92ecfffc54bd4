package k6

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	toyapi "github.com/ltlab/ltlab/toy-api"
)

// program is the ltlab-k6 that the tests run: the one LTLAB_K6 names, else one built for them.
var program string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if program = os.Getenv("LTLAB_K6"); program != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "ltlab-k6-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "ltlab-k6")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./cmd/ltlab-k6")
	build.Dir = "ltlab-k6"
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(string(out))
	}
	return m.Run()
}

func TestNamesAreTheScriptsInTheFolder(t *testing.T) {
	if got := strings.Join(Names(), " "); got != "ramp smoke spike" {
		t.Errorf("Names() = %q", got)
	}
	for _, name := range Names() {
		script, ok := Source(name)
		if !ok || !bytes.HasPrefix(script, []byte("/*\n * "+name+": ")) {
			t.Errorf("%s does not begin with its name and purpose", name)
		}
		for _, want := range []string{"Purpose ", "Pattern ", "Look for ", "BASE_URL", "VUS", "DURATION"} {
			if !bytes.Contains(script, []byte(want)) {
				t.Errorf("%s does not mention %q", name, want)
			}
		}
	}
	if _, ok := Source("nothing"); ok {
		t.Error("a scenario that does not exist was found")
	}
}

func TestScenariosPassOnAHealthyToyAPI(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, err := toyapi.New(toyapi.Config{})
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(api.Handler())
			defer server.Close()

			got, out, err := runScenario(t, name, "BASE_URL="+server.URL, "VUS=6", "DURATION=4s")
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if got["http_reqs"].Count < 10 || got["checks"].Passes < 5 || got["checks"].Fails != 0 {
				t.Errorf("requests %+v, checks %+v\n%s", got["http_reqs"], got["checks"], out)
			}
			if failed := got["http_req_failed"]; failed.Passes != 0 {
				t.Errorf("%v requests failed\n%s", failed.Passes, out)
			}
		})
	}
}

func TestScenariosFailWhenNothingAnswers(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	_, out, err := runScenario(t, "smoke", "BASE_URL="+server.URL, "VUS=1", "DURATION=1s")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 99 {
		t.Errorf("got %v, want exit code 99\n%s", err, out)
	}
}

func TestADurationThatIsNoneIsNamed(t *testing.T) {
	for _, name := range []string{"ramp", "spike"} {
		_, out, err := runScenario(t, name, "BASE_URL=http://127.0.0.1:1", "DURATION=soon")
		if err == nil || !strings.Contains(out, `DURATION is \"soon\"`) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

type metric struct{ Count, Passes, Fails float64 }

// runScenario runs a shipped scenario and returns k6's own summary and what it printed.
func runScenario(t *testing.T, name string, env ...string) (map[string]metric, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	script, ok := Source(name)
	if !ok {
		t.Fatalf("no scenario %q", name)
	}
	path, summary := filepath.Join(dir, name+".js"), filepath.Join(dir, "summary.json")
	if err := os.WriteFile(path, script, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, program, "run", "--quiet", "--no-color", "--address=", "--summary-export", summary, path)
	cmd.Env = append(os.Environ(), "K6_NO_USAGE_REPORT=true", "K6_AUTO_EXTENSION_RESOLUTION=false")
	cmd.Env = append(cmd.Env, env...)
	out, runErr := cmd.CombinedOutput()
	var got struct{ Metrics map[string]metric }
	if data, err := os.ReadFile(summary); err == nil {
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
	}
	return got.Metrics, string(out), runErr
}
