package record

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// runsOf makes runs with these ids, each started a minute after the one before.
func runsOf(t *testing.T, ids ...string) Runs {
	t.Helper()
	runs := Runs(filepath.Join(t.TempDir(), "runs"))
	for i, id := range ids {
		f, err := runs.Create(id)
		if err != nil {
			t.Fatal(err)
		}
		w, err := CreateRun(f.Run())
		if err != nil {
			t.Fatal(err)
		}
		err = w.Write(RunLine{Start: &RunStart{Run: id, Time: time.Unix(int64(60*i), 0)}})
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return runs
}

func TestRunsAreFoundByIdPrefixAndAge(t *testing.T) {
	runs := runsOf(t, "20260101-100000-aaaaaa", "20260102", "20260101-110000-bbbbbb", "20260102-090000-cccccc")
	for name, want := range map[string]string{
		"20260101-110000-bbbbbb": "20260101-110000-bbbbbb",
		"20260101-11":            "20260101-110000-bbbbbb",
		"20260102-":              "20260102-090000-cccccc",
		"20260102":               "20260102", // its own id, though also a prefix
		"last":                   "20260102-090000-cccccc",
		"last~0":                 "20260102-090000-cccccc",
		"last~1":                 "20260101-110000-bbbbbb",
		"last~2":                 "20260102",
		"last~3":                 "20260101-100000-aaaaaa",
	} {
		f, err := runs.Find(name)
		if err != nil || f.ID() != want {
			t.Errorf("%q finds %q, %v, want %q", name, f.ID(), err, want)
		}
	}
	for name, matches := range map[string]int{
		"last~4": 0, "last~-1": 0, "last~x": 0, "last~": 0, "latest": 0, "": 0, "..": 0, "2027": 0, "20260101": 2, "2026": 4,
	} {
		_, err := runs.Find(name)
		var none *NotFoundError
		if !errors.As(err, &none) || len(none.Matches) != matches || none.Name != name {
			t.Errorf("%q: %v, want a NotFoundError with %d matches", name, err, matches)
		}
	}
	if _, err := (Runs(filepath.Join(t.TempDir(), "none"))).Find("last"); err == nil {
		t.Error("a run was found where there are none")
	}
}

func TestFoldersWithoutARecordAreNoRuns(t *testing.T) {
	runs := runsOf(t, "b", "a")
	if _, err := runs.Create("empty"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(string(runs), "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	all, err := runs.List()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, f := range all {
		ids = append(ids, f.ID())
	}
	if !slices.Equal(ids, []string{"b", "a"}) || all[0].Size() == 0 {
		t.Errorf("got %v, the first with %d bytes", ids, all[0].Size())
	}
}

func TestAnIdInUseOrUnfitForAFolderIsRefused(t *testing.T) {
	runs := runsOf(t, "mine")
	if _, err := runs.Create("mine"); !errors.Is(err, ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	for _, id := range []string{"", ".", "..", "a/b", "../a", ".hidden", "-a", "a b", "a\n", "ü", strings.Repeat("x", 101)} {
		if _, err := runs.Create(id); err == nil || errors.Is(err, ErrExists) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestNewIdsSortByAge(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 30, 0, 0, time.FixedZone("east", 3600))
	a, b := NewID(at), NewID(at.Add(time.Second))
	if !strings.HasPrefix(a, "20260228-233000-") || a >= b || !ValidID(a) {
		t.Errorf("got %s and %s", a, b)
	}
	if NewID(at) == a {
		t.Error("two runs of one second share an id")
	}
}

func TestAnArchiveWhoseRecordHasNoHeaderIsRefused(t *testing.T) {
	f := Folder(filepath.Join(string(runsOf(t, "a")), "a"))
	if err := os.WriteFile(f.Tool(), []byte(`{"metric":{"id":0,"name":"http_reqs","kind":"counter"}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	if err := Export(f, &packed); err != nil {
		t.Fatal(err)
	}
	runs := Runs(t.TempDir())
	var corrupt *CorruptError
	if _, err := runs.Import(&packed); !errors.As(err, &corrupt) {
		t.Errorf("got %v, want a CorruptError", err)
	}
	if all, err := runs.List(); err != nil || len(all) != 0 {
		t.Errorf("got %v, %v", all, err)
	}
}

func TestARecordIsClosedWhenItsLastLineIsTheEnd(t *testing.T) {
	f := Folder(t.TempDir())
	if f.Closed() {
		t.Error("there is no file")
	}
	long := `{"end":{"x":"` + strings.Repeat("y", 100<<10) + `"}}` + "\n"
	for text, want := range map[string]bool{
		"": false, "{\"header\":{}}\n": false, "{\"end\":{}}\n": true, "{\"end\":{}}": false, "{\"header\":{}}\n{\"end\":{}}\n": true,
		"{\"end\":{}}\n{\"second\":{}}\n": false, "{\"header\":{}}\n" + long: true, long: true, long[:len(long)-1]: false,
	} {
		if err := os.WriteFile(f.Tool(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := f.Closed(); got != want {
			t.Errorf("%.40q (%d bytes): %t", text, len(text), got)
		}
	}
}
