//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// proxy stands between ltlab and the machine's engine. It knows which step of a start has just been taken, can hold the
// engine's answer to it, and can be cut off, which to ltlab is an engine that was stopped.
type proxy struct {
	b      *Bench
	socket string
	server *http.Server

	mu       sync.Mutex
	services map[string]string // container to service
	holds    []*hold
	hidden   string // an image that the engine does not have
}

// hold is an answer of the engine that ltlab does not get before somebody lets it.
type hold struct {
	step     string // "created influxdb", "started telegraf", "listed"
	once     sync.Once
	reached  chan struct{}
	released chan struct{}
}

// proxied puts a proxy between ltlab and the engine.
func (b *Bench) proxied() *proxy {
	b.t.Helper()
	b.useEngine()
	p := &proxy{b: b, socket: filepath.Join(b.Dir, "engine.sock"), services: map[string]string{}}
	b.vars = append(b.vars, "DOCKER_HOST=unix://"+p.socket)
	p.mend()
	b.t.Cleanup(p.cut)
	return p
}

// mend makes the engine reachable.
func (p *proxy) mend() {
	p.b.t.Helper()
	p.server = p.b.listenAt(p.socket, &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "engine"})
		},
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", strings.TrimPrefix(engineHost(), "unix://"))
		}, DisableKeepAlives: true},
		ModifyResponse: p.answered,
		FlushInterval:  -1,
		ErrorLog:       log.New(io.Discard, "", 0),
	})
}

// listenAt serves on a socket, which anybody may open.
func (b *Bench) listenAt(socket string, h http.Handler) *http.Server {
	b.t.Helper()
	l, err := net.Listen("unix", socket)
	b.try(err)
	b.try(os.Chmod(socket, 0o666))
	s := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: soon}
	var mu sync.Mutex
	streams := map[net.Conn]bool{} // that are no requests any more, for which Close does nothing
	s.ConnState = func(c net.Conn, state http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		if state == http.StateHijacked {
			streams[c] = true
		}
	}
	go func() {
		_ = s.Serve(l) // ends with Close
		mu.Lock()
		defer mu.Unlock()
		for c := range streams {
			_ = c.Close()
		}
	}()
	return s
}

// cut takes the engine away: its socket is gone, and so are all connections. Whatever is held goes on.
func (p *proxy) cut() {
	_ = p.server.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.holds {
		h.release()
	}
}

// hide makes the engine one without that image.
func (p *proxy) hide(image string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hidden = image
}

// hold holds the answer to the next such step.
func (p *proxy) hold(step string) *hold {
	h := &hold{step: step, reached: make(chan struct{}), released: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holds = append(p.holds, h)
	return h
}

// wait waits until the engine has taken the step.
func (p *proxy) wait(h *hold) {
	p.b.t.Helper()
	select {
	case <-h.reached:
	case <-time.After(limit):
		p.b.t.Fatalf("the engine was never asked for what is %q", h.step)
	}
}

func (h *hold) release() { h.once.Do(func() { close(h.released) }) }

var (
	creates   = regexp.MustCompile(`/containers/create$`)
	starts    = regexp.MustCompile(`/containers/([0-9a-f]+)/start$`)
	lists     = regexp.MustCompile(`/containers/json$`)
	inspects  = regexp.MustCompile(`/images/(.+)/json$`)
	ofService = regexp.MustCompile(`-(influxdb|telegraf|grafana|toy-api)-1$`)
)

// answered has an answer of the engine before ltlab has it.
func (p *proxy) answered(r *http.Response) error {
	step, err := p.step(r)
	if err != nil || step == "" {
		return err
	}
	p.mu.Lock()
	var held *hold
	for i, h := range p.holds {
		if h.step == step {
			held = h
			p.holds = append(p.holds[:i:i], p.holds[i+1:]...)
			break
		}
	}
	p.mu.Unlock()
	if held == nil {
		return nil
	}
	close(held.reached)
	select {
	case <-held.released:
		return nil
	case <-r.Request.Context().Done(): // ltlab does not wait for the answer any more
		return errors.New("ltlab went away")
	}
}

// step is what the engine has just done, "" for what nobody holds.
func (p *proxy) step(r *http.Response) (string, error) {
	path := r.Request.URL.Path
	switch {
	case creates.MatchString(path):
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return "", err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var made struct{ ID string }
		name := ofService.FindStringSubmatch(r.Request.URL.Query().Get("name"))
		if json.Unmarshal(body, &made) != nil || name == nil {
			return "", nil
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.services[made.ID] = name[1]
		return "created " + name[1], nil
	case starts.MatchString(path):
		p.mu.Lock()
		defer p.mu.Unlock()
		return "started " + p.services[starts.FindStringSubmatch(path)[1]], nil
	case lists.MatchString(path):
		return "listed", nil
	case inspects.MatchString(path):
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.hidden != "" && inspects.FindStringSubmatch(path)[1] == p.hidden {
			r.StatusCode, r.Status = http.StatusNotFound, "404 Not Found"
			r.Body = io.NopCloser(strings.NewReader(`{"message":"No such image: ` + p.hidden + `"}`))
			r.ContentLength = -1
			r.Header.Del("Content-Length")
		}
	}
	return "", nil
}
