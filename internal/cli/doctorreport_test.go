package cli

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// unpacked is all that a report holds, headers included.
func unpacked(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// put makes a lab's folder with these files and returns how to use it.
func put(t *testing.T, files map[string]string) (home string, use func(*Deps)) {
	t.Helper()
	home = filepath.Join(t.TempDir(), "lab")
	err := os.Mkdir(home, 0o700)
	for name, text := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(home, name), []byte(text), 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	return home, func(d *Deps) {
		d.Getenv = func(k string) string {
			return map[string]string{"LTLAB_HOME": home, "DOCKER_HOST": "unix://" + filepath.Join(home, "no-engine.sock")}[k]
		}
	}
}

func TestAReportKeepsTheSecretsOfSettingsThatMakeNoSense(t *testing.T) {
	home, use := put(t, map[string]string{
		".env":      "export INFLUXDB_TOKEN='planted-token-1'\r\nthis is no setting\r\nSHOP_KEY=\"planted-shop-2\r\n",
		"serve.log": "wrote as planted-token-1 and planted-shop-2\nall is well here\n",
	})
	file := filepath.Join(home, "report.tar.gz")
	code, out, err := run(t, use, "doctor", "settings", "--report", file)
	if code != 10 || !strings.Contains(out, "settings") || !strings.Contains(err, "doctor-failed") {
		t.Fatalf("exit %d\n%s\n%s", code, out, err)
	}
	got := unpacked(t, file)
	if strings.Contains(got+out+err, "planted-") || !strings.Contains(got, "all is well here") {
		t.Errorf("the report:\n%s", got)
	}
}

func TestAReportKeepsTheSecretsThatARepairMade(t *testing.T) {
	home, use := put(t, map[string]string{".env": "INFLUXDB_TOKEN=planted-before-1\n", "serve.log": "wrote as planted-before-1, then as planted-after-2\n"})
	env := filepath.Join(home, ".env")
	if err := os.Chmod(env, 0o644); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(home, "report.tar.gz")
	code, out, err := run(t, func(d *Deps) {
		use(d)
		d.Environ = func() []string {
			st, err := os.Stat(env)
			if err != nil || st.Mode().Perm() != 0o600 {
				return nil
			}
			_ = os.WriteFile(env, []byte("INFLUXDB_TOKEN=planted-new-3\n"), 0o600) // the repair has been made
			return []string{"MY_TOKEN=planted-after-2"}
		}
	}, "doctor", "settings-mode", "--fix", "--yes", "--report", file)
	if code != 0 || !strings.Contains(err, "has mode 0600 now") {
		t.Fatalf("exit %d\n%s\n%s", code, out, err)
	}
	if got := unpacked(t, file); strings.Contains(got, "planted-") || !strings.Contains(got, "wrote as ") {
		t.Errorf("the report:\n%s", got)
	}
}

func TestNamesOfFilesDoNotWriteToTheTerminal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lab\x1b[31mred\a")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := run(t, func(d *Deps) {
		d.Getenv = func(k string) string { return map[string]string{"LTLAB_HOME": file}[k] }
	}, "doctor", "home")
	if code != 10 || strings.ContainsAny(out, "\x1b\a") || !strings.Contains(out, "fix: move it away:   mv ") || !strings.Contains(out, "lab?[31mred?") {
		t.Errorf("exit %d\n%q", code, out)
	}
}
