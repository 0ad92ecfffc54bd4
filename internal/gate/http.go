package gate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// once makes a client for one attempt: each begins with a connection of its own, as everybody's first request does, and
// leaves none open. No proxy is read from the environment, for a lab is on this machine.
func once() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
}

// send sends a request and returns the first bytes of an answer 2xx; any other is an error, with the server's own words.
func send(r *http.Request) ([]byte, error) {
	answer, err := once().Do(r)
	if err != nil {
		return nil, plain(r, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return nil, plain(r, err)
	}
	if answer.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s: HTTP %d%s", r.Method, r.URL.Path, answer.StatusCode, words(body))
	}
	return body, nil
}

// plain takes what nobody needs out of an error of the network, for it is shown.
func plain(r *http.Request, err error) error {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens on %s", r.URL.Host)
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, net.ErrClosed):
		return fmt.Errorf("%s closed the connection without an answer", r.URL.Host)
	}
	return err
}

// words are the first line of a body, as the end of an error's text.
func words(body []byte) string {
	const most = 200
	text := strings.TrimSpace(string(body))
	if m := message(body); m != "" {
		text = m
	}
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	if text == "" {
		return ""
	}
	return ": " + text
}

func get(ctx context.Context, url string, sign func(*http.Request)) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if sign != nil {
		sign(r)
	}
	return send(r)
}
