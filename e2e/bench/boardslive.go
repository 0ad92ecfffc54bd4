package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/chromedp/chromedp"
)

// boardsLive measures how long a request takes to a reader's screen.
func boardsLive() mark {
	return mark{
		id:     "boards-live",
		versus: "a run's board in a browser while the run goes on",
		how: "The embedded lab is started, and k6 with one user that asks a server of the bench every three to four seconds, ten times a round. Chromium has the board of every day open and notes " +
			"when the number of requests on it changes. Event to screen is from the moment at which the server answered; record to screen from the moment at which the run's record grew by that second, " +
			"as it does by a period of Artillery's.",
		rounds: 3,
		figures: []figure{
			{name: "event to screen, median", unit: "s", digits: 2, goal: atMost(1.5)},
			{name: "event to screen, longest", unit: "s", digits: 2, goal: noGoal()},
			{name: "record to screen, longest", unit: "s", digits: 2, goal: atMost(1.5)},
		},
		measure: measureBoardsLive,
	}
}

func measureBoardsLive(ctx context.Context, b *bench, rounds int, figures []figure) (err error) {
	home := filepath.Join(b.scratch, "live")
	env := environ("LTLAB_HOME="+home, "LTLAB_K6="+b.k6)
	if _, _, err := run(ctx, time.Minute, env, b.ltlab, "start", "--engine", "embedded"); err != nil {
		return err
	}
	defer func() {
		if _, _, serr := run(context.WithoutCancel(ctx), time.Minute, env, b.ltlab, "stop"); err == nil {
			err = serr
		}
	}()
	out, _, err := run(ctx, time.Minute, env, b.ltlab, "status", "--json")
	if err != nil {
		return err
	}
	address, err := boardsAt(out)
	if err != nil {
		return err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.WindowSize(1280, 800))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	alloc, stop := chromedp.NewExecAllocator(ctx, options...)
	defer stop()
	tab, end := chromedp.NewContext(alloc)
	defer end()
	for round := range rounds {
		l := &liveRun{id: fmt.Sprintf("live-%d", round), folder: filepath.Join(home, "runs"), times: 10}
		if b.short {
			l.times = 2
		}
		if err := l.watch(ctx, tab, b, env, address); err != nil {
			return err
		}
		events, records := l.delays()
		if len(events) < l.times {
			return fmt.Errorf("of %d requests %d came to the screen", l.times, len(events))
		}
		figures[0].values = append(figures[0].values, median(events))
		figures[1].values = append(figures[1].values, slices.Max(events))
		figures[2].values = append(figures[2].values, slices.Max(records))
		b.say("  round %d: event to screen %.2f, record to screen %.2f", round+1, events, records)
	}
	return nil
}

// boardsAt is where the lab's boards are.
func boardsAt(status []byte) (string, error) {
	var doc struct {
		Services []struct{ Name, URL string }
	}
	if err := json.Unmarshal(status, &doc); err != nil {
		return "", err
	}
	for _, s := range doc.Services {
		if s.Name == "boards" {
			return s.URL, nil
		}
	}
	return "", errors.New("ltlab status names no boards")
}

// liveRun is a run that asks now and then, with when things happened.
type liveRun struct {
	id, folder string
	times      int

	mu       sync.Mutex
	answered []time.Time
	recorded []growth
	shown    []struct{ N, At float64 } // number of requests, and when it was there, in ms since 1970
}

// growth is when the record had so many requests.
type growth struct {
	requests int64
	at       time.Time
}

const notesRequests = `(() => {
	window.noted = [];
	const note = () => {
		const n = Number(document.querySelector("#panel-requests .figure")?.dataset.value ?? 0);
		if (n !== (noted.at(-1)?.n ?? 0)) noted.push({ n, at: Date.now() });
	};
	new MutationObserver(note).observe(document.body, { childList: true, subtree: true, attributes: true, characterData: true });
	note();
})()`

func (l *liveRun) watch(ctx context.Context, tab context.Context, b *bench, env []string, address string) error {
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		l.mu.Lock()
		l.answered = append(l.answered, time.Now())
		l.mu.Unlock()
	}))
	defer target.Close()
	script, err := b.unpack("now-and-then.js", b.scratch)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, _, err := run(ctx, 2*time.Minute, env, b.ltlab, "k6", "-s", script, "--id", l.id, "-e", "TARGET="+target.URL, "-e", "TIMES="+strconv.Itoa(l.times))
		ended <- err
	}()
	board := address + "/runs/" + l.id + "/k6-elite"
	for {
		if r, err := http.Get(board); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				break
			}
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the run was over before its board was there: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	if err := chromedp.Run(tab, chromedp.Navigate(board), chromedp.Evaluate(notesRequests, nil)); err != nil {
		return err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for done := false; !done; {
		select {
		case err := <-ended:
			if err != nil {
				return err
			}
			done = true
		case <-tick.C:
			l.look()
		}
	}
	l.look()
	return chromedp.Run(tab, chromedp.Sleep(3*time.Second), chromedp.Evaluate("noted", &l.shown))
}

// look notes when the record grew by requests.
func (l *liveRun) look() {
	n, _ := recordedRequests(filepath.Join(l.folder, l.id, "tool.ndjson"), "http_reqs", false) // it has no end yet, which is an error there
	if had := len(l.recorded); n > 0 && (had == 0 || l.recorded[had-1].requests < n) {
		l.recorded = append(l.recorded, growth{n, time.Now()})
	}
}

// delays are how long each request took to the screen, in seconds: since it was answered, and since it was recorded.
func (l *liveRun) delays() (events, records []float64) {
	for i, answered := range l.answered {
		for _, s := range l.shown {
			if int(s.N) <= i {
				continue
			}
			at := time.UnixMilli(int64(s.At))
			events = append(events, at.Sub(answered).Seconds())
			for _, r := range l.recorded {
				if r.requests > int64(i) {
					records = append(records, at.Sub(r.at).Seconds())
					break
				}
			}
			break
		}
	}
	return events, records
}
