package web

import (
	"context"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ltlab/ltlab/internal/store"
)

func TestAPageThatShowsAllThereIsGetsTheNextSecondAtOnce(t *testing.T) {
	open := small("20260301-120000-aaaaaa")
	open.open = true
	var seconds atomic.Int64
	h := New(Config{Store: ahead{newMemory(t, open), &seconds}, Port: port})
	live := "/runs/" + open.id + "/live"
	after := func(page string) string {
		_, rest, _ := strings.Cut(page, `data-after="`)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	first := after(get(t, h, live))
	answer := make(chan string)
	go func() { answer <- get(t, h, live+"?after="+url.QueryEscape(first)) }()
	seconds.Add(1)
	second := after(<-answer)
	if first == "" || second == "" || first == second {
		t.Errorf("after %q came %q", first, second)
	}
	if third := after(get(t, h, live+"?after="+url.QueryEscape(second))); third != second { // nothing new: it does not wait for ever
		t.Errorf("after %q came %q", second, third)
	}
}

// ahead is a store whose runs are so many seconds further.
type ahead struct {
	Store
	seconds *atomic.Int64
}

func (a ahead) Run(ctx context.Context, id string) (store.Run, error) {
	run, err := a.Store.Run(ctx, id)
	run.Seconds += a.seconds.Load()
	return run, err
}
