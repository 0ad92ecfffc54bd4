package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"sync"
	"sync/atomic"
	"time"
)

// connections of the load generator. Each sends its next request when it has the answer: a closed loop, no pipelining.
const connections = 32

const fastRequest = "GET /fast HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

const patience = 5 * time.Second

// answer is what a server says to fastRequest, every byte of it.
func answer(addr string) ([]byte, error) {
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(conn, fastRequest); err != nil {
		return nil, err
	}
	var all bytes.Buffer
	res, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &all)), nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET /fast: %s", res.Status)
	}
	return all.Bytes(), nil
}

var date = regexp.MustCompile(`\r\nDate: [^\r]*`)

// undated is an answer without its date, to be compared.
func undated(answer []byte) []byte { return date.ReplaceAll(answer, nil) }

// bodyOf is an answer behind its head.
func bodyOf(answer []byte) []byte {
	_, body, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
	return body
}

// saturate asks a server as fast as it answers and returns the number of answers and the time they took. All answers
// are as long as the first one: a client that does next to nothing leaves the machine to the server.
func saturate(ctx context.Context, addr string, length time.Duration) (answers int64, took time.Duration, err error) {
	first, err := answer(addr)
	if err != nil {
		return 0, 0, err
	}
	conns := make([]net.Conn, connections)
	for i := range conns {
		if conns[i], err = net.DialTimeout("tcp", addr, patience); err != nil {
			return 0, 0, err
		}
		defer conns[i].Close()
		if err := conns[i].SetDeadline(time.Now().Add(length + patience)); err != nil {
			return 0, 0, err
		}
	}
	var over atomic.Bool
	var total atomic.Int64
	failures := make([]error, connections)
	var wg sync.WaitGroup
	began := time.Now()
	for i, conn := range conns {
		wg.Go(func() {
			n, err := ask(conn, first, &over)
			total.Add(n)
			failures[i] = err
		})
	}
	select {
	case <-ctx.Done():
	case <-time.After(length):
	}
	over.Store(true)
	wg.Wait()
	took = time.Since(began)
	return total.Load(), took, errors.Join(append(failures, ctx.Err())...)
}

// ask repeats the request on one connection until it is over.
func ask(conn net.Conn, first []byte, over *atomic.Bool) (n int64, err error) {
	request, body := []byte(fastRequest), bodyOf(first)
	got := make([]byte, len(first))
	for !over.Load() {
		if _, err := conn.Write(request); err != nil {
			return n, err
		}
		if _, err := io.ReadFull(conn, got); err != nil {
			return n, err
		}
		if !bytes.HasPrefix(got, []byte("HTTP/1.1 200")) || !bytes.HasSuffix(got, body) {
			return n, fmt.Errorf("%s answered %q", conn.RemoteAddr(), got)
		}
		n++
	}
	return n, nil
}
