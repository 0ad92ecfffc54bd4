package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheHealthCheckExitsWith0OnlyForAnAnswer200(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, c := range []struct {
		url, says string
		exit      int
	}{
		{server.URL + "/health", "", 0},
		{server.URL + "/busy", "503", 1},
		{gone.URL, "refused", 1},
	} {
		var stderr bytes.Buffer
		exit := run(context.Background(), []string{"--check", c.url}, &stderr)
		if exit != c.exit || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%s: exit %d, %q; want %d and %q", c.url, exit, stderr.String(), c.exit, c.says)
		}
	}
}
