package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestOnlyThisMachinesOwnNamesAreAnswered(t *testing.T) {
	h := newHandler(t, small("20260301-120000-aaaaaa"))
	for host, want := range map[string]int{
		"127.0.0.1:3081": http.StatusOK, "localhost:3081": http.StatusOK, "LOCALHOST:3081": http.StatusOK, "[::1]:3081": http.StatusOK,
		"evil.example:3081": 421, "evil.example": 421, "127.0.0.1": 421, "localhost": 421, "127.0.0.1:3082": 421, "127.0.0.1.evil.example:3081": 421,
		"localhost.:3081": 421, "0.0.0.0:3081": 421, "192.168.1.4:3081": 421, "": 421, ":3081": 421, "user@127.0.0.1:3081": 421,
		"127.0.0.1:3081:3081": 421, "[::1]": 421, strings.Repeat("a", 70_000): 421,
	} {
		for _, path := range []string{"/", "/runs/20260301-120000-aaaaaa", "/api/runs", "/static/board.js"} {
			got := ask(h, "GET", host, path)
			if got.Code != want {
				t.Errorf("Host %.40q, %s: %d, want %d", host, path, got.Code, want)
			}
			if want == 421 && (!strings.Contains(got.Body.String(), "http://127.0.0.1:3081") || got.Body.Len() > 1000) {
				t.Errorf("Host %.40q is told %.200q", host, got.Body)
			}
		}
	}
}

func TestPort80NeedsNoPortInTheHost(t *testing.T) {
	h := New(Config{Store: &memory{}, Port: 80})
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "localhost:80"} {
		if got := ask(h, "GET", host, "/"); got.Code != http.StatusOK {
			t.Errorf("Host %q: %d", host, got.Code)
		}
	}
}

func TestNothingButReadingIsPossible(t *testing.T) {
	h := newHandler(t, small("20260301-120000-aaaaaa"))
	for _, path := range []string{"/", "/runs/20260301-120000-aaaaaa", "/api/runs", "/static/board.css", "/elsewhere"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT"} {
			if got := ask(h, method, "127.0.0.1:3081", path); got.Code != http.StatusMethodNotAllowed || got.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, allow %q", method, path, got.Code, got.Header().Get("Allow"))
			}
		}
	}
	if got := ask(h, "HEAD", "127.0.0.1:3081", "/"); got.Code != http.StatusOK {
		t.Errorf("HEAD /: %d", got.Code)
	}
}

func TestEveryAnswerCarriesThePolicy(t *testing.T) {
	h := newHandler(t, small("20260301-120000-aaaaaa"))
	for _, path := range []string{"/", "/runs/20260301-120000-aaaaaa", "/runs/nope", "/api/runs", "/static/board.js", "/static/icon.svg"} {
		header := ask(h, "GET", "127.0.0.1:3081", path).Header()
		for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
			if !strings.HasPrefix(header.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, header.Get(name))
			}
		}
		if p := header.Get("Content-Security-Policy"); strings.Contains(p, "unsafe") || strings.Contains(p, "http") {
			t.Errorf("%s: the policy allows more than our own: %q", path, p)
		}
	}
}

func TestStaticFilesAreKeptByTheirFingerprintOnly(t *testing.T) {
	h := newHandler(t)
	page := get(t, h, "/")
	_, rest, _ := strings.Cut(page, `src="`)
	address, _, _ := strings.Cut(rest, `"`)
	if got := ask(h, "GET", "127.0.0.1:3081", address); got.Code != http.StatusOK || !strings.Contains(got.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%s: %d, %q", address, got.Code, got.Header().Get("Cache-Control"))
	}
	if got := ask(h, "GET", "127.0.0.1:3081", "/static/board.js?v=old"); got.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("an old script is kept: %q", got.Header().Get("Cache-Control"))
	}
}
