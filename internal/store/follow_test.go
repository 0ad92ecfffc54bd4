package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

func TestARunIsInTheStoreWhileItGrowsAndWholeWhenItHasEnded(t *testing.T) {
	for name, period := range map[string]int64{"k6": 1, "artillery": 10} {
		t.Run(name, func(t *testing.T) {
			s, runs := openStore(t)
			m := makeRun(t, runs, "r1", period, 1)
			f := s.NewFollow(m.folder)
			for _, n := range []int64{0, 1, 7, 120, 2, 60} {
				m.more(n)
				step(t, f, false)
				m.agree(s.Reader)
				run, err := s.Run(t.Context(), "r1")
				must(t, err)
				if run.State != Running || run.Seconds != m.seconds*period || run.Span != float64(m.seconds*period) || run.Period != period && m.seconds > 0 {
					t.Errorf("after %d seconds: %+v", m.seconds*period, run)
				}
			}
			m.finish()
			step(t, f, true)
			step(t, f, true)
			m.agree(s.Reader)
			load, err := s.Load(t.Context(), "r1")
			must(t, err)
			if int64(len(load)) != m.seconds || load[3].T != 3*period || *load[3].AskedVUs != 3.5 || load[3].AskedRate != nil || load[3].Iterations != 7 {
				t.Errorf("load: %d lines, %+v", len(load), load[3])
			}
			run, err := s.Run(t.Context(), "r1")
			must(t, err)
			if !run.Start.Equal(began) || run.State != Finished || run.Exit != 99 || run.Tool != name || run.Project != "shop" ||
				run.Scenario != "main.js" || run.Engine != "embedded" || run.Target != "http://127.0.0.1:1" || len(run.Notes) != 1 ||
				len(run.Warnings) != 1 || *run.Ledger.Emitted != 7 || !run.Limits[0].OK {
				t.Errorf("the finished run: %+v", run)
			}
		})
	}
}

func TestPercentilesInTheStoreAreWithinOnePercentOfTheRawSamples(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "r1", 1, 3)
	m.more(150)
	m.finish()
	step(t, s.NewFollow(m.folder), true)
	table, err := s.Latest(t.Context(), "r1", "http_req_duration", rows.ByName, rows.Run)
	must(t, err)
	if len(table) != 3 {
		t.Fatalf("%d rows by name, want 3", len(table))
	}
	for _, r := range table {
		all := m.truth[r.Tags["name"]]
		slices.Sort(all)
		if r.Count != int64(len(all)) {
			t.Errorf("%v counts %d, want %d", r.Tags, r.Count, len(all))
		}
		for q, got := range map[float64]float64{0.5: r.P50, 0.9: r.P90, 0.95: r.P95, 0.99: r.P99, 0.999: r.P999} {
			want := all[int(q*float64(len(all)-1))]
			if got < want*(1-record.Accuracy-1e-6) || got > want*(1+record.Accuracy+1e-6) {
				t.Errorf("%v: quantile %v is %v, want %v", r.Tags, q, got, want)
			}
		}
	}
}

func TestAFollowThatDiedIsBegunAnew(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "r1", 1, 2)
	m.more(50)
	dead := s.NewFollow(m.folder)
	step(t, dead, false)
	m.more(50)
	again := s.NewFollow(m.folder)
	step(t, again, false)
	if _, err := dead.Step(t.Context()); !errors.Is(err, ErrTaken) {
		t.Errorf("the older follow says %v, want ErrTaken", err)
	}
	m.finish()
	if _, err := dead.Step(t.Context()); !errors.Is(err, ErrTaken) {
		t.Errorf("the older follow then says %v, want ErrTaken", err)
	}
	step(t, again, true)
	m.agree(s.Reader)
	if all, err := s.Runs(t.Context(), 0); err != nil || len(all) != 1 {
		t.Errorf("%d runs, %v", len(all), err)
	}
}

func TestCatchUpTakesWhatIsMissingUnfinishedOrGrown(t *testing.T) {
	s, runs := openStore(t)
	worlds := map[string]*made{}
	for _, id := range []string{"a-finished", "b-killed", "c-alive", "d-tool-only"} {
		worlds[id] = makeRun(t, runs, id, 1, 1)
		worlds[id].more(70)
	}
	worlds["a-finished"].finish()
	step(t, s.NewFollow(worlds["b-killed"].folder), false) // whose process then died
	if err := os.Remove(worlds["d-tool-only"].folder.Run()); err != nil {
		t.Fatal(err)
	}
	must(t, os.WriteFile(worlds["d-tool-only"].folder.Run(), nil, 0o644)) // died before its first line was whole
	alive := func(id string) bool { return id == "c-alive" }
	catchUp := func(alive func(string) bool) []string {
		var taken []string
		must(t, s.CatchUp(t.Context(), runs, alive, func(id string) { taken = append(taken, id) }))
		return taken
	}
	if got := catchUp(alive); !slices.Equal(got, []string{"d-tool-only", "b-killed", "a-finished"}) {
		t.Errorf("took %v", got)
	}
	if got := catchUp(alive); len(got) != 0 {
		t.Errorf("took %v a second time", got)
	}
	for id, want := range map[string]State{"a-finished": Finished, "b-killed": Interrupted, "d-tool-only": Interrupted} {
		run, err := s.Run(t.Context(), id)
		must(t, err)
		if run.State != want || !run.Start.Equal(began) {
			t.Errorf("%s is %s, begun %v, want %s", id, run.State, run.Start, want)
		}
		worlds[id].agree(s.Reader)
	}
	if _, err := s.Run(t.Context(), "c-alive"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a run that is still written was taken: %v", err)
	}
	worlds["b-killed"].more(5)
	worlds["c-alive"].more(5)
	must(t, os.RemoveAll(string(worlds["a-finished"].folder)))
	if got := catchUp(never); !slices.Equal(got, []string{"c-alive", "b-killed"}) {
		t.Errorf("took %v", got)
	}
	worlds["b-killed"].agree(s.Reader)
	if _, err := s.Run(t.Context(), "a-finished"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a run without a folder is still there: %v", err)
	}
}

func TestARecordThatCannotBeReadIsKeptUpToThereAndSaysSo(t *testing.T) {
	s, runs := openStore(t)
	good := makeRun(t, runs, "a", 1, 1)
	good.more(3)
	good.finish()
	bad := makeRun(t, runs, "b", 1, 1)
	bad.more(3)
	bad.finish()
	f, err := os.OpenFile(bad.folder.Tool(), os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteString("garbage\n")
	must(t, errors.Join(err, f.Close()))
	newer := makeRun(t, runs, "c", 1, 1)
	newer.finish()
	must(t, os.WriteFile(newer.folder.Tool(), []byte(`{"header":{"format":9}}`+"\n"), 0o644))

	err = s.CatchUp(t.Context(), runs, never, nil)
	var corrupt *record.CorruptError
	var version *record.VersionError
	if !errors.As(err, &corrupt) || !errors.As(err, &version) || !strings.Contains(err.Error(), "run b") {
		t.Errorf("got %v, want a CorruptError of run b and a VersionError", err)
	}
	must(t, s.CatchUp(t.Context(), runs, never, func(id string) { t.Errorf("%s was read again", id) }))
	good.agree(s.Reader)
	for id, notes := range map[string]int{"b": 2, "c": 1} {
		run, err := s.Run(t.Context(), id)
		must(t, err)
		if run.State != Finished || len(run.Notes) != notes || run.Notes[notes-1].ID != "record-unreadable" {
			t.Errorf("run %s: %+v", id, run)
		}
	}
	series, err := s.Select(t.Context(), "b", Query{Metric: "http_reqs", Field: "count", Rollup: rows.ByRun, Window: rows.Second})
	must(t, err)
	if len(series) != 1 || len(series[0].Points) != 3 {
		t.Errorf("the rows before the damage: %+v", series)
	}
}

func TestALiveFollowSaysOnceThatTheRecordIsDamaged(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "a", 1, 1)
	m.more(3)
	f := s.NewFollow(m.folder)
	step(t, f, false)
	m.tool.Second(9, []record.Bucket{{Series: 999, Kind: record.Counter}}) // never declared
	m.more(1)
	var corrupt *record.CorruptError
	if done, err := f.Step(t.Context()); done || !errors.As(err, &corrupt) {
		t.Errorf("got %v, %v, want a CorruptError", done, err)
	}
	step(t, f, false)
	m.finish()
	step(t, f, true)
	if run, err := s.Run(t.Context(), "a"); err != nil || run.State != Finished || run.Exit != 99 || run.Seconds != 3 {
		t.Errorf("got %+v, %v", run, err)
	}
}

func TestTwoRunsAndAReaderAtOnce(t *testing.T) {
	s, runs := openStore(t)
	reader, err := OpenReader(s.path)
	must(t, err)
	defer reader.Close()
	var worlds []*made
	for _, id := range []string{"a", "b"} {
		m := makeRun(t, runs, id, 1, 2)
		m.more(1)
		worlds = append(worlds, m)
	}
	stop := make(chan struct{})
	var writers, readers sync.WaitGroup
	for _, m := range worlds {
		other := reopen(t, s.path) // as another process has
		writers.Go(func() {
			f := other.NewFollow(m.folder)
			for range 60 {
				m.more(2)
				if _, err := f.Step(context.Background()); err != nil {
					t.Error(err)
					return
				}
			}
			m.finish()
			if done, err := f.Step(context.Background()); !done || err != nil {
				t.Error(done, err)
			}
		})
	}
	readers.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, id := range []string{"a", "b"} {
				got, err := reader.Select(context.Background(), id, Query{Metric: "http_reqs", Field: "sum", Rollup: rows.ByRun, Window: rows.Second})
				if err != nil && !errors.Is(err, ErrNotFound) {
					t.Error(err)
					return
				}
				for _, s := range got {
					for i, p := range s.Points {
						if p.T != int64(i) {
							t.Errorf("point %d is at %d", i, p.T)
							return
						}
					}
				}
			}
		}
	})
	writers.Wait()
	close(stop)
	readers.Wait()
	for _, m := range worlds {
		m.agree(reader)
	}
}

func TestAFullDiskIsSaidAndTheFollowGoesOnWhenThereIsRoom(t *testing.T) {
	s, runs := openStore(t)
	s.db.SetMaxOpenConns(1) // max_page_count is the connection's
	m := makeRun(t, runs, "a", 1, 5)
	m.more(30)
	f := s.NewFollow(m.folder)
	step(t, f, false)
	_, err := s.db.Exec("PRAGMA max_page_count = 1")
	must(t, err)
	read := int64(0)
	for i := range 3 {
		m.more(60)
		if done, err := f.Step(t.Context()); done || !errors.Is(err, ErrFull) {
			t.Fatalf("got %v, %v, want ErrFull", done, err)
		}
		if i == 0 {
			read = f.tail.Offset()
		} else if f.tail.Offset() != read {
			t.Fatal("it reads on while it cannot write, and so fills the memory")
		}
	}
	m.finish()
	if done, err := f.Step(t.Context()); done || !errors.Is(err, ErrFull) {
		t.Fatalf("got %v, %v, want ErrFull", done, err)
	}
	_, err = s.db.Exec("PRAGMA max_page_count = 1000000")
	must(t, err)
	step(t, f, true)
	m.agree(s.Reader)
}

func TestACanceledStepIsTriedAgain(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "a", 1, 2)
	m.more(10)
	m.finish()
	f := s.NewFollow(m.folder)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if done, err := f.Step(canceled); done || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", done, err)
	}
	step(t, f, true)
	m.agree(s.Reader)
}

func TestARunWithoutAnyRecordOfItsTool(t *testing.T) {
	s, runs := openStore(t)
	folder, err := runs.Create("a")
	must(t, err)
	f := s.NewFollow(folder)
	step(t, f, false) // nothing there yet
	if all, err := s.Runs(t.Context(), 0); err != nil || len(all) != 0 {
		t.Errorf("a run of which nothing is known is listed: %v, %v", all, err)
	}
	log, err := record.CreateRun(folder.Run())
	must(t, err)
	must(t, log.Write(record.RunLine{Start: &record.RunStart{Format: 1, Run: "a", Tool: "k6", Time: began}}))
	step(t, f, false)
	if all, err := s.Runs(t.Context(), 0); err != nil || len(all) != 0 {
		t.Errorf("a run whose tool has not begun is listed: %v, %v", all, err)
	}
	must(t, log.Write(record.RunLine{End: &record.RunEnd{Exit: 107}}))
	step(t, f, true)
	run, err := s.Run(t.Context(), "a")
	must(t, err)
	if run.Tool != "k6" || run.State != Finished || run.Exit != 107 || !run.Start.Equal(began) {
		t.Errorf("got %+v", run)
	}
	if got, err := s.Metrics(t.Context(), "a"); err != nil || len(got) != 0 {
		t.Errorf("metrics %v, %v", got, err)
	}
}

func TestDeleteGivesRoomBack(t *testing.T) {
	s, runs := openStore(t)
	var size [2]int64
	for i, id := range []string{"a", "b"} {
		m := makeRun(t, runs, id, 1, 10)
		m.more(400)
		step(t, s.NewFollow(m.folder), false)
		_, err := s.db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
		must(t, err)
		size[i] = fileSize(t, s.path)
	}
	must(t, s.Delete(t.Context(), "a"))
	must(t, s.Delete(t.Context(), "never-there"))
	_, err := s.db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	must(t, err)
	if got := fileSize(t, s.path); got > size[1]-size[0]/2 {
		t.Errorf("%d bytes with one run, %d with two, %d after deleting one", size[0], size[1], got)
	}
	if all, err := s.Runs(t.Context(), 0); err != nil || len(all) != 1 || all[0].ID != "b" {
		t.Errorf("left are %v, %v", all, err)
	}
	for _, table := range runTables {
		var n int
		must(t, s.db.QueryRow("SELECT count(DISTINCT run) FROM "+table).Scan(&n))
		if n > 1 {
			t.Errorf("table %s still has rows of %d runs", table, n)
		}
	}
}

func TestTheStoreIsMadeWithItsFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new home ?#%41", "store.db")
	reopen(t, path)
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestARecordWithoutAHeaderIsOnlyWarnedOf(t *testing.T) {
	s, runs := openStore(t)
	good := makeRun(t, runs, "a", 1, 1)
	good.more(3)
	good.finish()
	bad := makeRun(t, runs, "b", 1, 1)
	bad.finish()
	must(t, os.WriteFile(bad.folder.Tool(), []byte(`{"metric":{"id":0,"name":"http_reqs","kind":"counter"}}`+"\n"), 0o600))
	var corrupt *record.CorruptError
	if err := s.CatchUp(t.Context(), runs, never, nil); !errors.As(err, &corrupt) {
		t.Errorf("got %v, want a CorruptError", err)
	}
	good.agree(s.Reader)
	if run, err := s.Run(t.Context(), "b"); err != nil || run.State != Finished || run.Notes[0].ID != "record-unreadable" {
		t.Errorf("got %+v, %v", run, err)
	}
}
