package gate

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// probed is what one attempt saw, "" when it passed.
func probed(t *testing.T, target Target) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := target.Probe(ctx); err != nil {
		return err.Error()
	}
	return ""
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// nobody is an address on which nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

func TestAnAnswerIsASuccessOrSaysWhatWasSeen(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/health":
		case "/busy":
			w.WriteHeader(http.StatusServiceUnavailable)
			w.Write([]byte("starting up\nsecond line\n"))
		case "/json":
			w.WriteHeader(http.StatusUnauthorized)
			w.Write([]byte(`{"code":"unauthorized","message":"unauthorized access"}`))
		case "/long":
			w.WriteHeader(http.StatusInternalServerError)
			w.Write([]byte(strings.Repeat("é", 1000)))
		case "/cut":
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.Close()
			}
		}
	})
	for path, want := range map[string]string{
		"/health": "",
		"/busy":   "GET /busy: HTTP 503: starting up",
		"/json":   "GET /json: HTTP 401: unauthorized access",
		"/long":   "GET /long: HTTP 500: " + strings.Repeat("é", 100) + "…",
		"/cut":    strings.TrimPrefix(address, "http://") + " closed the connection without an answer",
	} {
		if got := probed(t, Answers("toy-api", address+path)); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	gone := nobody(t)
	if got, want := probed(t, Answers("toy-api", gone+"/health")), "nothing listens on "+strings.TrimPrefix(gone, "http://"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Answers("toy-api", address+"/health"); got.Name != "toy-api" || got.Shows != "answers GET /health" {
		t.Errorf("got %+v", got)
	}
}

// The answers are those of Grafana's documentation.
func TestGrafanaIsReadyWhenItsDatasourceAnswers(t *testing.T) {
	const up = `{"commit":"087143285","database":"ok","version":"12.4.10"}`
	for _, c := range []struct {
		name, health, source string
		healthStatus, status int
		want                 string
	}{
		{"ready", up, `{"message":"datasource is working. 3 buckets found","status":"OK"}`, 200, 200, ""},
		{"its database starts", `{"commit":"1","database":"failing","version":"12"}`, "", 200, 0, `GET /api/health: Grafana's database is "failing"`},
		{"its database fails", `{"database":"failing"}`, "", 503, 0, `GET /api/health: HTTP 503: {"database":"failing"}`},
		{"not provisioned yet", up, `{"message":"Data source not found","traceID":""}`, 200, 404, "GET /api/datasources/uid/influxdb/health: HTTP 404: Data source not found"},
		{"another password", up, `{"message":"Invalid username or password","messageId":"password-auth.failed","statusCode":401}`, 200, 401, "GET /api/datasources/uid/influxdb/health: HTTP 401: Invalid username or password"},
		{"InfluxDB refuses its token", up, `{"message":"error performing buckets query: unauthorized access","status":"ERROR"}`, 200, 400, "GET /api/datasources/uid/influxdb/health: HTTP 400: error performing buckets query: unauthorized access"},
		{"an error with status 200", up, `{"message":"no buckets","status":"ERROR"}`, 200, 200, `the datasource is "ERROR": no buckets`},
		{"no JSON", up, `<html>`, 200, 200, `the datasource is "": `},
	} {
		address := serve(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/api/health":
				w.WriteHeader(c.healthStatus)
				w.Write([]byte(c.health))
			case "/api/datasources/uid/influxdb/health":
				if user, password, ok := r.BasicAuth(); !ok || user != "admin" || password != "pass:word" {
					t.Errorf("signed in as %q with %q", user, password)
				}
				w.WriteHeader(c.status)
				w.Write([]byte(c.source))
			default:
				t.Errorf("asked for %s", r.URL)
			}
		})
		if got := probed(t, Grafana("grafana", address, "admin", "pass:word")); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestInfluxDBIsAskedInItsOwnWords(t *testing.T) {
	var line, flux string
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		if _, err := r.Body.Read(body); err != nil && r.ContentLength > 0 && err.Error() != "EOF" {
			t.Error(err)
		}
		switch r.URL.Path {
		case "/health":
			return
		case "/api/v2/write":
			line = string(body)
			w.WriteHeader(http.StatusNoContent)
		case "/api/v2/query":
			flux = string(body)
			w.Write([]byte(",result,table,service\r\n\r\n"))
		}
		if r.Header.Get("Authorization") != "Token t" || r.URL.Query().Get("org") != "a & b" {
			t.Errorf("asked %s with %q", r.URL, r.Header.Get("Authorization"))
		}
	})
	got := probed(t, Influx("influxdb", InfluxDB{URL: address, Org: "a & b", Bucket: `b\${x}`, Token: "t"}))
	if got != `it took a point of ltlab_probe into b\${x}, and does not find it` {
		t.Errorf("got %q", got)
	}
	number := strings.TrimPrefix(line, "ltlab_probe,service=influxdb value=")
	if number == line || !strings.Contains(flux, "r._value == "+number+".0") || !strings.Contains(flux, `bucket: \"b\\\\\\${x}\"`) {
		t.Errorf("wrote %q, asked %q", line, flux)
	}
}

func TestAProbeLeavesNoConnectionOpen(t *testing.T) {
	var open atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	s.Start()
	defer s.Close()
	for range 20 {
		if got := probed(t, Answers("a", s.URL)); got != "" {
			t.Fatal(got)
		}
	}
	deadline := time.After(10 * time.Second)
	for open.Load() > 0 {
		select {
		case <-deadline:
			t.Fatalf("%d connections are still open", open.Load())
		case <-time.After(5 * time.Millisecond):
		}
	}
}
