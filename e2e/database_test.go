//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// database is a real InfluxDB of a test, fresh, on a port of its own.
type database struct {
	t   *testing.T
	URL string
	cmd *exec.Cmd
}

var listening = regexp.MustCompile(`msg=Listening .* port=(\d+)`)

func newDatabase(t *testing.T) *database {
	t.Helper()
	d := &database{t: t}
	dir := t.TempDir()
	log := daemon(t, d, "influxd-2.7.12", "--http-bind-address", "127.0.0.1:0", "--reporting-disabled",
		"--bolt-path", dir+"/bolt", "--sqlite-path", dir+"/sqlite", "--engine-path", dir+"/engine")
	var port string
	if !eventually(soon, func() bool {
		if m := listening.FindStringSubmatch(log()); m != nil {
			port = m[1]
		}
		return port != ""
	}) {
		t.Fatalf("influxd does not listen:\n%s", log())
	}
	d.URL = "http://127.0.0.1:" + port
	return d
}

// daemon starts a program that `make e2e-images` made, and ends it with the test. log is what it said so far.
func daemon(t *testing.T, d *database, name string, args ...string) (log func() string) {
	t.Helper()
	cache := os.Getenv("LTLAB_CACHE")
	if cache == "" {
		cache = "../.cache"
	}
	program := filepath.Join(cache, "images", name)
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v: `make e2e-images` makes it", err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr, cmd.Env = out, out, []string{"HOME=" + filepath.Dir(out.Name()), "PATH=" + os.Getenv("PATH")}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		_ = cmd.Wait() // killed
	})
	if d != nil {
		d.cmd = cmd
	}
	return func() string {
		b, err := os.ReadFile(out.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

// signal sends one to influxd, SIGSTOP say.
func (d *database) signal(s syscall.Signal) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Fatal(err)
	}
}

// someone asks InfluxDB's API, independently of the code under test.
type someone struct {
	d     *database
	http  *http.Client
	token string
}

func (d *database) with(token string) *someone {
	return &someone{d: d, http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}, token: token}
}

// signIn is the session of a user.
func (d *database) signIn(user, password string) *someone {
	d.t.Helper()
	s := d.with("")
	s.http.Jar, _ = cookiejar.New(nil)
	r, err := http.NewRequest(http.MethodPost, d.URL+"/api/v2/signin", nil)
	if err != nil {
		d.t.Fatal(err)
	}
	r.SetBasicAuth(user, password)
	answer, err := s.http.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		d.t.Fatalf("%s does not sign in: %s", user, answer.Status)
	}
	return s
}

// ask sends a body, lines as a string and all else as JSON, and reads the answer into one; it returns the status.
func (s *someone) ask(method, path string, body, into any) int {
	s.d.t.Helper()
	lines, isText := body.(string)
	content := []byte(lines)
	if !isText && body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			s.d.t.Fatal(err)
		}
	}
	r, err := http.NewRequest(method, s.d.URL+path, bytes.NewReader(content))
	if err != nil {
		s.d.t.Fatal(err)
	}
	if !isText {
		r.Header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		r.Header.Set("Authorization", "Token "+s.token)
	}
	answer, err := s.http.Do(r)
	if err != nil {
		s.d.t.Fatal(err)
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		s.d.t.Fatal(err)
	}
	if into != nil {
		if answer.StatusCode >= 300 {
			s.d.t.Fatalf("%s %s: %s: %s", method, path, answer.Status, all)
		}
		if err := json.Unmarshal(all, into); err != nil {
			s.d.t.Fatalf("%s %s: %v in %s", method, path, err, all)
		}
	}
	return answer.StatusCode
}

// do asks for something that must be done.
func (s *someone) do(method, path string, body any) {
	s.d.t.Helper()
	if status := s.ask(method, path, body, nil); status >= 300 {
		s.d.t.Fatalf("%s %s: HTTP %d", method, path, status)
	}
}

// write writes lines and returns the status.
func (s *someone) write(org, bucket, lines string) int {
	s.d.t.Helper()
	return s.ask(http.MethodPost, "/api/v2/write?org="+url.QueryEscape(org)+"&bucket="+url.QueryEscape(bucket), lines, nil)
}

// holding is all that InfluxDB holds beside points.
type holding struct {
	Orgs    []influxOrg
	Buckets []influxBucket
	Tokens  []influxToken
}

type influxOrg struct{ ID, Name string }

type influxBucket struct {
	ID, Name, OrgID, Type string
	RetentionRules        []struct{ EverySeconds, ShardGroupDurationSeconds int64 }
}

type influxToken struct {
	ID, Token, Status, Description, OrgID string
	Permissions                           []struct {
		Action   string
		Resource struct{ Type, ID, OrgID string }
	}
}

func (s *someone) holding() holding {
	s.d.t.Helper()
	var h holding
	s.ask(http.MethodGet, "/api/v2/orgs?limit=100", nil, &h)
	s.ask(http.MethodGet, "/api/v2/buckets?limit=100", nil, &h)
	var a struct{ Authorizations []influxToken }
	s.ask(http.MethodGet, "/api/v2/authorizations", nil, &a)
	h.Tokens = a.Authorizations
	var user []influxBucket
	for _, b := range h.Buckets {
		if b.Type == "user" {
			user = append(user, b)
		}
	}
	h.Buckets = user
	return h
}

// may is what a token may do, such as "read buckets, write buckets".
func (a influxToken) may() string {
	var parts []string
	for _, p := range a.Permissions {
		part := p.Action + " " + p.Resource.Type
		if p.Resource.OrgID != a.OrgID {
			part += " everywhere"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}
