package web

import (
	"database/sql"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/store"
)

// other opens the store's file as another program does, on one connection.
func other(t *testing.T, path, pragma string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file://"+filepath.ToSlash(path)+"?mode=rw&_pragma=busy_timeout(10000)"+pragma)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	return db
}

func TestAStoreThatAnotherProgramWritesIsStillShown(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	path := newStoreFile(t, w)
	if _, err := other(t, path, "").ExecContext(t.Context(), "BEGIN IMMEDIATE; DELETE FROM blocks"); err != nil {
		t.Fatal(err)
	}
	h := New(Config{Store: openReader(t, path), Port: port})
	if page := get(t, h, "/runs/"+w.id); value(t, panel(t, page, "requests")) != float64(w.statuses["200"]+w.statuses["201"]+w.statuses["429"]+w.statuses["500"]) {
		t.Errorf("the page shows what nobody has committed: %s", panel(t, page, "requests"))
	}
}

func TestAStoreThatAnotherProgramLocksIsSaidAndShownAgain(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	path := newStoreFile(t, w)
	c := other(t, path, "&_pragma=locking_mode(EXCLUSIVE)")
	if _, err := c.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	h := New(Config{Store: openReader(t, path), Port: port})
	for _, at := range []string{"/", "/runs/" + w.id + "/live"} {
		if got := ask(h, "GET", "127.0.0.1:3081", at); got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Body.String(), "the run store is locked") || !strings.Contains(got.Body.String(), "<pre>ltlab start</pre>") {
			t.Errorf("%s: %d\n%s", at, got.Code, got.Body)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	panel(t, get(t, h, "/runs/"+w.id), "requests")
}

// newStoreFile is a store with runs, which nobody has open.
func newStoreFile(t *testing.T, worlds ...*world) string {
	t.Helper()
	dir := t.TempDir()
	s, _, err := store.Open(filepath.Join(dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, w := range worlds {
		folder, err := w.write(dir)
		if err != nil {
			t.Fatal(err)
		}
		f := s.NewFollow(folder)
		if done, err := f.Step(t.Context()); !done || err != nil {
			t.Fatal(done, err)
		}
		f.Close()
	}
	return filepath.Join(dir, "store.db")
}
