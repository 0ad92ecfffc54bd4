//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a tab of a real Chromium that notes what should not happen in it.
type browser struct {
	b    *Bench
	ctx  context.Context
	host string // host:port that pages may talk to

	mu       sync.Mutex
	bad      []string // console errors, exceptions, dialogs, requests to other hosts
	requests int
}

// Browser starts a browser for pages of that address.
func (b *Bench) Browser(address string) *browser {
	b.t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		b.t.Fatalf("the boards are tested in a real browser: %v; install it (Debian: apt-get install chromium)", err)
	}
	u, err := url.Parse(address)
	b.try(err)
	profile, err := os.MkdirTemp("", "e2e-chromium-")
	b.try(err)
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.UserDataDir(profile), chromedp.Headless, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.WindowSize(1280, 1400), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), // nothing may leave this machine
	}
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(alloc, chromedp.WithErrorf(func(string, ...any) {})) // events that this chromedp does not know yet
	ctx, giveUp := context.WithTimeout(ctx, lasts(limit, 30*time.Minute))
	w := &browser{b: b, ctx: ctx, host: u.Host}
	b.t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the end of the processes
		giveUp()
		cancel()
		stop()
		if err := os.RemoveAll(profile); err != nil {
			b.t.Error(err)
		}
	})
	chromedp.ListenTarget(ctx, w.event)
	w.do("start chromium", network.Enable(), log.Enable(), runtime.Enable(), page.Enable(), chromedp.EmulateViewport(1280, 1400))
	return w
}

func (w *browser) event(e any) {
	switch e := e.(type) {
	case *network.EventRequestWillBeSent:
		w.mu.Lock()
		w.requests++
		w.mu.Unlock()
		if u, err := url.Parse(e.Request.URL); err != nil || (u.Host != w.host && u.Scheme != "data" && u.Scheme != "about") {
			w.note("request to %s", e.Request.URL)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			w.note("console: %s", arguments(e.Args))
		}
	case *runtime.EventExceptionThrown:
		w.note("exception: %s", e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			w.note("log: %s %s", e.Entry.Text, e.Entry.URL)
		}
	case *page.EventJavascriptDialogOpening:
		w.note("dialog: %s", e.Message)
		go func() { _ = chromedp.Run(w.ctx, page.HandleJavaScriptDialog(false)) }()
	}
}

func arguments(args []*runtime.RemoteObject) string {
	var parts []string
	for _, a := range args {
		parts = append(parts, string(a.Value))
	}
	return strings.Join(parts, " ")
}

func (w *browser) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bad = append(w.bad, fmt.Sprintf(format, args...))
}

// clean asserts that nothing happened that should not, and that something did.
func (w *browser) clean() {
	w.b.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.bad {
		w.b.t.Errorf("in the browser: %s", s)
	}
	if w.requests == 0 {
		w.b.t.Error("the browser asked for nothing")
	}
}

func (w *browser) do(what string, actions ...chromedp.Action) {
	w.b.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 2*soon)
	defer cancel()
	if what == "start chromium" { // the first Run starts the process, which ends with its context
		ctx = w.ctx
	}
	if err := chromedp.Run(ctx, actions...); err != nil {
		w.b.t.Fatalf("%s: %v", what, err)
	}
}

// Open loads a page.
func (w *browser) Open(address string) {
	w.b.t.Helper()
	w.do("open "+address, chromedp.Navigate(address))
}

// Ask evaluates an expression in the page.
func (w *browser) Ask(expression string, into any) {
	w.b.t.Helper()
	var text string
	w.do(expression, chromedp.Evaluate("JSON.stringify("+expression+" ?? null)", &text))
	w.b.try(json.Unmarshal([]byte(text), into))
}

// Until waits until an expression is true in the page.
func (w *browser) Until(what, expression string) {
	w.b.t.Helper()
	w.b.until(what, soon, func() bool {
		var ok bool
		w.Ask("!!("+expression+")", &ok)
		return ok
	})
}

// Shoot keeps a picture of the whole page.
func (w *browser) Shoot(name string) {
	w.b.t.Helper()
	var png []byte
	w.do("screenshot", chromedp.FullScreenshot(&png, 100))
	w.b.try(os.WriteFile(w.b.cache(name), png, 0o644))
}
