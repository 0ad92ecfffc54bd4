package cli

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/store"
)

func TestAStoreOfALaterLtlabHasAPage(t *testing.T) {
	home := t.TempDir()
	in := func(d *Deps) { d.Getenv = func(k string) string { return map[string]string{"LTLAB_HOME": home}[k] } }
	s, _, err := store.Open(filepath.Join(home, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := os.ReadFile(filepath.Join(home, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint32(db[60:], 1000) // user_version, in the head of every SQLite file
	if err := os.WriteFile(filepath.Join(home, "store.db"), db, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, text := run(t, in, "doctor", "store", "--json")
	if code != problem.Environment || !strings.Contains(out, `"problem": "store-too-new"`) || text != "" {
		t.Errorf("exit %d, stdout %s, stderr:\n%s", code, out, text)
	}
	if p := problem.From(known(fmt.Errorf("reset: %w", &store.VersionError{Path: "store.db", Have: 9}))); p.ID != "store-too-new" {
		t.Errorf("got %s", p.Text())
	}
	if p := problem.From(known(fmt.Errorf("reset: %w", store.ErrFull))); p.ID != "disk-full" {
		t.Errorf("got %s", p.Text())
	}
	if p := problem.From(known(fmt.Errorf("reset: %w", store.ErrDamaged))); p.ID != "store-damaged" {
		t.Errorf("got %s", p.Text())
	}
}

func TestAnErrorOfTheNetworkThatNobodyKnowsBetterHasAPage(t *testing.T) {
	dial := func(d *Deps) {
		d.Getwd = func() (string, error) {
			return "", &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route to host")}
		}
	}
	code, out, err := run(t, dial, "k6", "-s", "a.js", "--debug")
	if code != problem.Environment || out != "" || !strings.Contains(err, "docs/problems/network-failed.md") || !strings.Contains(err, "debug: dial tcp: no route to host") {
		t.Errorf("exit %d, stdout %q, stderr:\n%s", code, out, err)
	}
}

func TestATimeThatWasOverIsNotBlamedOnTheNetwork(t *testing.T) {
	slow := func(d *Deps) {
		d.Getwd = func() (string, error) { return "", fmt.Errorf("look where you are: %w", context.DeadlineExceeded) }
	}
	code, out, err := run(t, slow, "k6", "-s", "a.js")
	if code != problem.Environment || out != "" || !strings.Contains(err, "error: this took too long: look where you are") || !strings.Contains(err, "docs/problems/timed-out.md") {
		t.Errorf("exit %d, stdout %q, stderr:\n%s", code, out, err)
	}
}
