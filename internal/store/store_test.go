package store

import (
	"bytes"
	"database/sql"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// foreign makes an SQLite file that is no store.
func foreign(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = db.Exec("CREATE TABLE mine (a); INSERT INTO mine VALUES (1)")
	must(t, errors.Join(err, db.Close()))
}

func TestAFileThatIsNoStoreIsMovedAside(t *testing.T) {
	for name, spoil := range map[string]func(path string){
		"text":         func(path string) { must(t, os.WriteFile(path, []byte("hello"), 0o644)) },
		"zeros":        func(path string) { must(t, os.WriteFile(path, make([]byte, 100_000), 0o644)) },
		"foreign":      func(path string) { foreign(t, path) },
		"head damaged": func(path string) { overwrite(t, path, 0, 100) },
		"schema lost":  func(path string) { overwrite(t, path, 100, 16<<10) },
	} {
		t.Run(name, func(t *testing.T) {
			s, runs := openStore(t)
			m := makeRun(t, runs, "a", 1, 1)
			m.more(5)
			m.finish()
			must(t, s.CatchUp(t.Context(), runs, never, nil))
			must(t, s.Close())
			if name != "head damaged" && name != "schema lost" {
				must(t, os.Remove(s.path))
			}
			spoil(s.path)
			spoiled, err := os.ReadFile(s.path)
			must(t, err)

			again, recovered, err := Open(s.path)
			must(t, err)
			defer again.Close()
			if recovered == nil || !errors.Is(recovered.Err, ErrDamaged) {
				t.Fatalf("recovered is %v", recovered)
			}
			if !strings.HasPrefix(recovered.Aside, s.path+".corrupt-") || !strings.Contains(recovered.String(), recovered.Aside) {
				t.Errorf("moved to %s: %v", recovered.Aside, recovered)
			}
			if kept, err := os.ReadFile(recovered.Aside); err != nil || !bytes.Equal(kept, spoiled) {
				t.Errorf("what was moved aside is not what was there: %v", err)
			}
			must(t, again.CatchUp(t.Context(), runs, never, nil))
			m.agree(again.Reader)
			must(t, again.Close())
			reopen(t, s.path) // now it is good
		})
	}
}

// overwrite puts noise into a file.
func overwrite(t *testing.T, path string, at, n int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	noise := make([]byte, n)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	_, err = f.WriteAt(noise, at)
	must(t, errors.Join(err, f.Close()))
}

func TestDamageDeepInTheFileIsMetOnceAndThenRepaired(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "a", 1, 10)
	m.more(120)
	m.finish()
	must(t, s.CatchUp(t.Context(), runs, never, nil))
	must(t, s.Close())
	st, err := os.Stat(s.path)
	must(t, err)
	roots := int64(len(runTables)+4) * 16 << 10 // and pages of SQLite's own
	overwrite(t, s.path, roots, st.Size()-roots)

	s, recovered, err := Open(s.path)
	must(t, err)
	if recovered != nil {
		t.Fatalf("Open read the whole file: %v", recovered)
	}
	for _, metric := range []string{"http_reqs", "http_req_duration", "waiting", "sending"} {
		_, serr := s.Select(t.Context(), "a", Query{Metric: metric, Field: "count", Rollup: rows.ByName, Window: rows.Second})
		err = errors.Join(err, serr)
	}
	if !errors.Is(err, ErrDamaged) {
		t.Fatalf("got %v, want ErrDamaged", err)
	}
	must(t, s.Close())
	again, recovered, err := Open(s.path)
	must(t, err)
	defer again.Close()
	if recovered == nil {
		t.Fatal("the damage was met and not repaired")
	}
	must(t, again.CatchUp(t.Context(), runs, never, nil))
	m.agree(again.Reader)
	if suspected(s.path) {
		t.Error("the new store is suspected")
	}
}

func TestAGoodStoreUnderSuspicionIsKept(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "a", 1, 1)
	m.more(3)
	step(t, s.NewFollow(m.folder), false)
	if err := failed(s.path, errBlock); !errors.Is(err, ErrDamaged) || !suspected(s.path) {
		t.Fatalf("got %v", err)
	}
	again := reopen(t, s.path)
	m.agree(again.Reader)
	if suspected(s.path) {
		t.Error("it is still suspected")
	}
}

func TestAStoreOfANewerVersionIsLeftAlone(t *testing.T) {
	s, _ := openStore(t)
	_, err := s.db.Exec("PRAGMA user_version = 7")
	must(t, errors.Join(err, s.Close()))
	before, err := os.ReadFile(s.path)
	must(t, err)
	var newer *VersionError
	if _, recovered, err := Open(s.path); !errors.As(err, &newer) || newer.Have != 7 || recovered != nil {
		t.Errorf("got %v, %v, want a VersionError of 7", recovered, err)
	}
	r, err := OpenReader(s.path)
	must(t, err)
	defer r.Close()
	if _, err := r.Runs(t.Context(), 0); !errors.As(err, &newer) {
		t.Errorf("a reader gets %v, want a VersionError", err)
	}
	if after, err := os.ReadFile(s.path); err != nil || !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}

func TestAStoreThatCannotBeMadeIsAnError(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "store.db"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o644))
	for _, path := range []string{filepath.Join(dir, "store.db"), filepath.Join(dir, "file", "store.db")} {
		if s, recovered, err := Open(path); err == nil || s != nil || recovered != nil {
			t.Errorf("%s: %v, %v, %v", path, s, recovered, err)
		}
	}
	if st, err := os.Stat(filepath.Join(dir, "store.db")); err != nil || !st.IsDir() {
		t.Error("the folder in the store's place was moved")
	}
}

func TestManyOpenAtOnceMakeOneStore(t *testing.T) {
	for name, before := range map[string][]byte{"none": nil, "damaged": []byte("no store at all")} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			if before != nil {
				must(t, os.WriteFile(path, before, 0o644))
			}
			var all sync.WaitGroup
			var mu sync.Mutex
			moved := 0
			for range 8 {
				all.Go(func() {
					s, recovered, err := Open(path)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					if recovered != nil {
						moved++
					}
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if want := len(before) / max(len(before), 1); moved != want {
				t.Errorf("moved aside %d times, want %d", moved, want)
			}
		})
	}
}

func TestAReaderNeedsNoStoreAndSeesItMadeAndReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store.db")
	r, err := OpenReader(path)
	must(t, err)
	defer r.Close()
	if all, err := r.Runs(t.Context(), 0); err != nil || len(all) != 0 {
		t.Errorf("without a store: %v, %v", all, err)
	}
	if _, err := r.Run(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("without a store: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a reader made the store")
	}
	for _, id := range []string{"first", "second"} {
		s := reopen(t, path)
		m := makeRun(t, record.Runs(filepath.Join(dir, "runs")), id, 1, 1)
		m.more(3)
		f := s.NewFollow(m.folder)
		step(t, f, false)
		for range 3 { // it sees what is written while it reads
			all, err := r.Runs(t.Context(), 0)
			must(t, err)
			if len(all) != 1 || all[0].ID != id || all[0].Seconds != m.seconds {
				t.Fatalf("got %+v, want %s with %d seconds", all, id, m.seconds)
			}
			m.more(1)
			step(t, f, false)
		}
		m.agree(r)
		must(t, s.Close())
		_, err := moveAside(path)
		must(t, err)
	}
	must(t, r.Close())
	must(t, r.Close())
}

func TestAReaderDoesNotWrite(t *testing.T) {
	s, _ := openStore(t)
	r, err := OpenReader(s.path)
	must(t, err)
	defer r.Close()
	db, err := r.conn(t.Context())
	must(t, err)
	if _, err := db.Exec("DELETE FROM runs"); err == nil {
		t.Error("a reader deleted runs")
	}
}

func TestAStoreOfAnOlderLtlabIsMadeAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s, _, err := Open(path)
	must(t, err)
	_, err = s.db.Exec("INSERT INTO metrics VALUES (1, 1, 'old', 'counter', ''); PRAGMA user_version = 1")
	must(t, err)
	must(t, s.Close())
	r, err := OpenReader(path)
	must(t, err)
	defer r.Close()
	if runs, err := r.Runs(t.Context(), 0); err != nil || len(runs) != 0 {
		t.Errorf("a reader of the older store has %d runs (%v)", len(runs), err)
	}
	s, recovered, err := Open(path)
	must(t, err)
	defer s.Close()
	var n, v int
	must(t, s.db.QueryRow("SELECT count(*) FROM metrics").Scan(&n))
	must(t, s.db.QueryRow("PRAGMA user_version").Scan(&v))
	if n != 0 || v != schema || recovered != nil {
		t.Errorf("%d metrics of version %d, recovered %v; want a new store of version %d", n, v, recovered, schema)
	}
}
