package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// toyFast measures how much of the machine the toy API leaves to what is tested with it.
func toyFast() mark {
	return mark{
		id:     "toy-fast",
		versus: "the toy API's `/fast` against a bare net/http handler, and against Express " + expressVersion,
		how: fmt.Sprintf("Each server is one process with its default settings; the bare handler writes the same head and body, Express the "+
			"same body as JSON, without ETag and X-Powered-By, under NODE_ENV=production. The same client loads them in turns, 3 s each: "+
			"%d keep-alive connections in a closed loop, no pipelining, next to no work a request. It shares the cores with the server, so that "+
			"ratios of requests are nearer to 1 than ratios of the servers' own CPU, which the notes give.", connections),
		rounds: 7,
		figures: []figure{
			{name: "requests a second, toy API / bare handler", digits: 3, goal: atLeast(0.75)},
			{name: "requests a second, toy API / Express", digits: 2, goal: atLeast(3)},
		},
		measure: measureToyFast,
	}
}

// contender is a server of this mark.
type contender struct {
	*server
	name string
	rate []float64 // requests a second
	cpu  []float64 // microseconds of the server a request
}

func measureToyFast(ctx context.Context, b *bench, rounds int, figures []figure) error {
	toy, err := b.toyAPI(ctx)
	if err != nil {
		return err
	}
	defer toy.stop()
	bare, err := b.bareServer(ctx)
	if err != nil {
		return err
	}
	defer bare.stop()
	want, err := answer(toy.addr)
	if err != nil {
		return err
	}
	got, err := answer(bare.addr)
	if err != nil {
		return err
	}
	if !bytes.Equal(undated(want), undated(got)) {
		return fmt.Errorf("the toy API answers %q, the bare handler %q", want, got)
	}
	all := []*contender{{server: toy, name: "toy API"}, {server: bare, name: "bare handler"}}
	if express, err := b.express(ctx, bodyOf(want)); err == nil {
		defer express.stop()
		all = append(all, &contender{server: express, name: "Express"})
	} else {
		b.say("  no Express: %v", err)
		figures[1].err = err
	}
	for _, c := range all { // node compiles what is hot
		if _, _, err := saturate(ctx, c.addr, time.Second); err != nil {
			return err
		}
	}
	if err := alternate(rounds, len(all), func(round, side int) error {
		return all[side].measure(ctx, b, round)
	}); err != nil {
		return err
	}
	for i, other := range all[1:] {
		figures[i].compare(all[0], other)
	}
	return nil
}

// measure loads the server once.
func (c *contender) measure(ctx context.Context, b *bench, round int) error {
	before, err := processCPU(c.cmd.Process.Pid)
	if err != nil {
		return err
	}
	n, took, err := saturate(ctx, c.addr, b.length(3*time.Second, time.Second))
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	after, err := processCPU(c.cmd.Process.Pid)
	if err != nil {
		return err
	}
	c.rate = append(c.rate, float64(n)/took.Seconds())
	c.cpu = append(c.cpu, float64((after-before).Microseconds())/float64(n))
	b.say("  round %d, %s: %.0f requests/s, %.1f µs CPU of the server a request", round+1, c.name, c.rate[round], c.cpu[round])
	return nil
}

func (f *figure) compare(a, b *contender) {
	f.values = pairwise(a.rate, b.rate, over)
	f.note("requests a second: %s %.0f, %s %.0f", a.name, median(a.rate), b.name, median(b.rate))
	f.note("CPU of the server a request: %s %.1f µs, %s %.1f µs", a.name, median(a.cpu), b.name, median(b.cpu))
}

// bareServer is this program again, as the bare handler.
func (b *bench) bareServer(ctx context.Context) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return serve(ctx, environ(), self, "-"+bareFlag)
}

// express is Express with the same route, once it is installed and answers the same body.
func (b *bench) express(ctx context.Context, body []byte) (*server, error) {
	script, err := b.installExpress(ctx)
	if err != nil {
		return nil, err
	}
	s, err := serve(ctx, environ("NODE_ENV=production"), "node", script)
	if err != nil {
		return nil, err
	}
	got, err := answer(s.addr)
	if err == nil && !bytes.Equal(bodyOf(got), body) {
		err = fmt.Errorf("it answers %q, not %q", got, body)
	}
	if err != nil {
		s.stop()
		return nil, errors.Join(errors.New("this is not the same work"), err)
	}
	return s, nil
}
