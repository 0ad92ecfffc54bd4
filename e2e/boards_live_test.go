//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/memory"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/ltlab/ltlab/internal/boards"
)

// steady is 25 s of Artillery, three of its periods.
const steady = `config:
  target: "{{ $env.BASE_URL }}"
  phases: [{ duration: 25, arrivalRate: 8 }]
  plugins: { metrics-by-endpoint: { useOnlyRequestNames: true, suppressOutput: true } }
scenarios:
  - name: look around
    flow: [{ get: { url: /fast, name: GET /fast } }, { get: { url: "/error?rate=0.3", name: GET /error } }]
`

// TestEveryBoardOfALiveRun looks at all boards of runs while they last.
func TestEveryBoardOfALiveRun(t *testing.T) {
	b := newBench(t)
	b.artillery()
	b.Scenario("ramp.js")
	b.Write("steady.yml", steady)
	b.OK("start")
	address := b.service("boards")
	w := b.Browser(address)
	w.do("window", chromedp.EmulateViewport(1280, 800))
	b.OK("k6", "-s", "ramp.js", "--id", "before", "-e", "BASE_URL="+b.service("toy-api"))
	for tool, script := range map[string]string{"k6": "ramp.js", "artillery": "steady.yml"} {
		id := "live-" + tool
		p := b.Start(tool, "-s", script, "--id", id, "-e", "BASE_URL="+b.service("toy-api"))
		b.until("the run on the boards", soon, func() bool {
			status, _ := b.get(address+"/runs/"+id, "")
			return status == 200
		})
		w.Open(address + "/runs/" + id)
		w.do("figures", chromedp.Poll(`document.querySelector("#panel-rate path.stroke.plain1, #panel-load path.stroke.plain1")`, nil, chromedp.WithPollingTimeout(soon)))
		for _, board := range boards.Of(tool) {
			if full := w.look(address, id, &board, "dark", id); full < 5 {
				t.Errorf("%s: %d panels show something", board.ID, full)
			}
			var state string
			w.Ask(`document.querySelector("main").dataset.state`, &state)
			if state != "running" {
				t.Errorf("%s was looked at when the run was %s", board.ID, state)
			}
		}
		if requests, ok := b.requestsOn(id, tool); !ok || requests == 0 {
			t.Errorf("run %s: %v requests on its board while it goes on (%v)", id, requests, ok)
		}
		w.do("the end of the run", chromedp.Poll(`document.querySelector("main").dataset.state === "finished"`, nil, chromedp.WithPollingTimeout(soon)))
		if o := p.Wait(); o.Exit != 0 {
			t.Fatalf("exit %d\n%s", o.Exit, o.Stderr)
		}
		if requests, _ := b.requestsOn(id, tool); requests != float64(b.Show(id).Summary.Requests) {
			t.Errorf("run %s: %v requests on its board, want %d", id, requests, b.Show(id).Summary.Requests)
		}
	}
	w.clean()
	b.leftNothing()
}

// requestsOn is how many requests a run's board counts. While it goes on that is, at some moment, what its line over time adds up
// to: a second or a period more may come between the two.
func (b *Bench) requestsOn(run, tool string) (count float64, ok bool) {
	b.t.Helper()
	stat, panel, line, seconds := "", "rate", "requests", 1.0
	if tool == "artillery" {
		stat, panel, seconds = "requests", "load", 10
	}
	ok = eventually(limit, func() bool {
		board, sum := b.BoardOf(run), 0.0
		count, _ = board.panel("requests").stat(stat)
		for _, l := range board.panel(panel).Lines {
			for _, v := range l.Values {
				if l.Label == line && v != nil {
					sum += *v * seconds
				}
			}
		}
		return math.Abs(sum-count) < 0.5 || board.Run.State != "running"
	})
	return count, ok
}

// TestABrowserThatStaysOpenDoesNotGrow refreshes an open board many times, 10,000 at full length.
func TestABrowserThatStaysOpenDoesNotGrow(t *testing.T) {
	b := newBench(t)
	b.Scenario("ramp.js")
	b.OK("start")
	address := b.service("boards")
	b.OK("k6", "-s", "ramp.js", "--id", "open", "-e", "BASE_URL="+b.service("toy-api"))
	w := b.Browser(address)
	w.Open(address + "/runs/open/k6-war-room")
	w.Until("the board", `document.querySelector("main[data-width] svg")`)
	w.Ask(`(() => {
		const real = window.fetch;
		window.fetch = (...a) => (window.last = real(...a));
		window.refreshed = 0;
		window.again = async (n) => {
			for (let i = 0; i < n; i++) {
				dispatchEvent(new PopStateEvent("popstate"));
				if (!(await window.last).ok) throw new Error("a refresh failed");
				await new Promise((done) => setTimeout(done)); // the answer is taken in
				window.refreshed++;
			}
		};
		return 1;
	})()`, new(int))
	half := 200
	if full() {
		half = 5000
	}
	type state struct {
		nodes, listeners int64
		heap             float64
	}
	measure := func(until int) (s state) {
		w.Ask(fmt.Sprintf("(again(%d), 1)", half), new(int))
		b.until("refreshes", lasts(limit, 15*time.Minute), func() bool {
			var n int
			w.Ask("refreshed", &n)
			return n >= until
		})
		w.do("measure", chromedp.ActionFunc(func(ctx context.Context) error {
			if err := heapprofiler.CollectGarbage().Do(ctx); err != nil {
				return err
			}
			_, nodes, listeners, err := memory.GetDOMCounters().Do(ctx)
			s.nodes, s.listeners = nodes, listeners
			if err != nil {
				return err
			}
			s.heap, _, _, _, err = runtime.GetHeapUsage().Do(ctx)
			return err
		}))
		return s
	}
	one, two := measure(half), measure(2*half)
	t.Logf("after %d refreshes %+v, after %d %+v", half, one, 2*half, two)
	if two.nodes > one.nodes+one.nodes/5+100 || two.listeners > one.listeners+5 || two.heap > one.heap+3e6 {
		t.Errorf("the page grows: after %d refreshes %+v, after %d %+v", half, one, 2*half, two)
	}
	w.clean()
	b.leftNothing()
}
