package influx

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// database answers writes as the test says and keeps what it acknowledged.
type database struct {
	*httptest.Server
	answer func(r *http.Request, lines []string) (status int, body string)

	mu     sync.Mutex
	lines  map[string][]string // by bucket
	writes int
}

func newDatabase(t *testing.T, answer func(*http.Request, []string) (int, string)) *database {
	d := &database{answer: answer, lines: map[string][]string{}}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		text, err := io.ReadAll(z)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		d.mu.Lock()
		defer d.mu.Unlock()
		d.writes++
		if d.answer != nil {
			if status, body := d.answer(r, lines); status != 0 {
				if after, ok := strings.CutPrefix(body, "after "); ok {
					w.Header().Set("Retry-After", after)
				}
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
				return
			}
		}
		bucket := r.URL.Query().Get("bucket")
		d.lines[bucket] = append(d.lines[bucket], lines...)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *database) target() Target {
	return Target{URL: d.URL, Org: "org", Token: "secret", Bucket: "short"}
}

func (d *database) got(bucket string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lines[bucket]
}

func numbered(n int) ([]byte, int) {
	var b []byte
	for i := range n {
		b = fmt.Appendf(b, "m,i=%d v=1 1\n", i)
	}
	return b, n
}

// deliver sends lines and returns what the sender told of.
func deliver(t *testing.T, s *Sender, n int) (told []string, err error) {
	t.Helper()
	var mu sync.Mutex
	s.Notify = func(err error) {
		mu.Lock()
		told = append(told, fmt.Sprint(err))
		mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	lines, n := numbered(n)
	err = s.Deliver(ctx, "short", millis, lines, n)
	return told, err
}

func TestAWriteIsTriedUntilItIsTaken(t *testing.T) {
	for _, status := range []int{429, 500, 503} {
		d := newDatabase(t, nil)
		d.answer = func(r *http.Request, _ []string) (int, string) {
			if r.Header.Get("Authorization") != "Token secret" || r.URL.Query().Get("org") != "org" || r.URL.Query().Get("precision") != "ms" {
				return 400, "bad request"
			}
			if d.writes < 3 {
				return status, "not now"
			}
			return 0, ""
		}
		s := NewSender(d.target())
		told, err := deliver(t, s, 10)
		if err != nil || len(d.got("short")) != 10 || s.Written() != 10 || s.Retried() != 10 {
			t.Errorf("%d: %v; %d lines, written %d, retried %d", status, err, len(d.got("short")), s.Written(), s.Retried())
		}
		if len(told) != 2 || !strings.Contains(told[0], fmt.Sprint(status)) || told[1] != "<nil>" {
			t.Errorf("%d: told of %q", status, told)
		}
	}
}

func TestRetryAfterIsHonored(t *testing.T) {
	var at []time.Time
	d := newDatabase(t, nil)
	d.answer = func(*http.Request, []string) (int, string) {
		at = append(at, time.Now())
		if len(at) == 1 {
			return 429, "after 1"
		}
		return 0, ""
	}
	if _, err := deliver(t, NewSender(d.target()), 1); err != nil {
		t.Fatal(err)
	}
	if waited := at[1].Sub(at[0]); waited < time.Second {
		t.Errorf("waited %s where Retry-After was 1 s", waited)
	}
}

func TestHurryEndsTheWait(t *testing.T) {
	d := newDatabase(t, nil)
	s := NewSender(d.target())
	d.answer = func(*http.Request, []string) (int, string) {
		if d.writes == 1 {
			time.AfterFunc(10*time.Millisecond, s.Hurry)
			return 503, "after 100"
		}
		return 0, ""
	}
	if _, err := deliver(t, s, 1); err != nil {
		t.Fatal(err)
	}
}

func TestAWriteThatIsTooLargeIsHalved(t *testing.T) {
	d := newDatabase(t, func(_ *http.Request, lines []string) (int, string) {
		if len(lines) > 30 {
			return 413, ""
		}
		return 0, ""
	})
	s := NewSender(d.target())
	if _, err := deliver(t, s, 100); err != nil {
		t.Fatal(err)
	}
	for i, line := range d.got("short") {
		if !strings.HasPrefix(line, fmt.Sprintf("m,i=%d ", i)) {
			t.Fatalf("line %d is %s", i, line)
		}
	}
	if len(d.got("short")) != 100 || s.Written() != 100 || s.Refused() != 0 {
		t.Errorf("%d lines, written %d, refused %d", len(d.got("short")), s.Written(), s.Refused())
	}
}

func TestALineThatCannotBeParsedIsFoundAndToldOf(t *testing.T) {
	d := newDatabase(t, func(_ *http.Request, lines []string) (int, string) {
		for _, l := range lines {
			if strings.HasPrefix(l, "m,i=37 ") {
				return 400, `{"code":"invalid","message":"unable to parse 'm': bad"}`
			}
		}
		return 0, ""
	})
	s := NewSender(d.target())
	refused := 0
	s.Refuse = func(n int, _ string) { refused += n }
	if _, err := deliver(t, s, 100); err != nil || len(d.got("short")) != 99 || refused != 1 || s.Refused() != 1 || s.Written() != 99 {
		t.Errorf("%v: %d lines, refused %d, written %d", err, len(d.got("short")), refused, s.Written())
	}
}

func TestAPartialWriteCountsWhatWasDropped(t *testing.T) {
	for _, message := range []string{
		`partial write: field type conflict: input field \"v\" on measurement \"m\" is type float, already exists as type integer dropped=4`,
		`partial write: field type conflict: input field \"v\" on measurement \"` + strings.Repeat("m", 300) + `\" is type float, already exists as type integer dropped=4`,
		`partial write: dropped 4 points outside retention policy of duration 1h0m0s - oldest point m,i=1 at 2026-10-23T16:28:09.783Z`,
	} {
		d := newDatabase(t, func(*http.Request, []string) (int, string) {
			return 422, `{"code":"unprocessable entity","message":"failure writing points to database: ` + message + `"}`
		})
		s := NewSender(d.target())
		if _, err := deliver(t, s, 10); err != nil || s.Written() != 6 || s.Refused() != 4 || !strings.Contains(s.Refusal(), "partial write") {
			t.Errorf("%v: written %d, refused %d for %q", err, s.Written(), s.Refused(), s.Refusal())
		}
	}
}

func TestWhatOnlyASettingChangesIsToldAtOnce(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		about  About
	}{
		{401, `{"code":"unauthorized","message":"unauthorized access"}`, Token},
		{403, `{"code":"forbidden","message":"insufficient permissions for write"}`, Token},
		{404, `{"code":"not found","message":"bucket \"short\" not found"}`, Bucket},
		{404, `{"code":"not found","message":"organization name \"org\" not found"}`, Org},
		{404, `404 page not found`, Address},
		{301, ``, Address},
	} {
		d := newDatabase(t, func(*http.Request, []string) (int, string) { return c.status, c.body })
		s := NewSender(d.target())
		told, err := deliver(t, s, 10)
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.About != c.about || d.writes != 1 || len(told) != 1 || strings.Contains(err.Error(), "secret") {
			t.Errorf("%d %s: %v after %d writes, told of %q", c.status, c.body, err, d.writes, told)
		}
	}
}

func TestPatienceEnds(t *testing.T) {
	d := newDatabase(t, nil)
	d.Close()
	s := NewSender(d.target())
	s.Patience = 300 * time.Millisecond
	_, err := deliver(t, s, 10)
	if !errors.As(err, new(*UnreachableError)) || s.Written() != 0 {
		t.Errorf("%v, written %d", err, s.Written())
	}
}

func TestTargetsAreChecked(t *testing.T) {
	for _, bad := range []Target{
		{URL: "localhost:8086", Bucket: "b"}, {URL: "ftp://h", Bucket: "b"}, {URL: "http://", Bucket: "b"}, {URL: "http://h"},
		{URL: "http://user:hunter2@h", Bucket: "b"}, {URL: "http://h?db=x", Bucket: "b"}, {URL: "http://h:port", Bucket: "b"},
	} {
		if err := bad.Check(); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	good := Target{URL: "https://h/influx/", Bucket: "a b&c"}
	if err := good.Check(); err != nil || good.write("a b&c", "ms") != "https://h/influx/api/v2/write?bucket=a+b%26c&precision=ms" {
		t.Errorf("%v, %s", err, good.write("a b&c", "ms"))
	}
}
