package ltlabk6

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVariablesOfTheFileAreInTheEnvironment(t *testing.T) {
	t.Setenv("LTLAB_TEST_PLAIN", "before")
	t.Setenv("LTLAB_TEST_ODD", "")
	path := filepath.Join(t.TempDir(), "env")
	odd := "two\nlines = \"ü\" $x"
	if err := os.WriteFile(path, []byte("LTLAB_TEST_PLAIN=after\x00LTLAB_TEST_ODD="+odd+"\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := readEnv(path); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("LTLAB_TEST_PLAIN") != "after" || os.Getenv("LTLAB_TEST_ODD") != odd {
		t.Errorf("the environment has %q and %q", os.Getenv("LTLAB_TEST_PLAIN"), os.Getenv("LTLAB_TEST_ODD"))
	}
	if err := readEnv(path + "-not"); err == nil || !strings.Contains(err.Error(), envFile) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestATargetIsReachedOrNamed(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := reach(l.Addr().String()); err != nil {
		t.Errorf("somebody listens: %v", err)
	}
	l.Close()
	if err := reach(l.Addr().String()); err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("nobody listens: %v", err)
	}
	if err := reach(""); err != nil {
		t.Errorf("nothing to reach: %v", err)
	}
}
