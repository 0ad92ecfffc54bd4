//go:build e2e

package e2e

import (
	"encoding/json"
	"syscall"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
)

// TestBoardsBesideALabOnDocker has `ltlab ui` open while k6 runs in a container.
func TestBoardsBesideALabOnDocker(t *testing.T) {
	b := newDockerBench(t)
	b.Scenario("ramp.js")
	b.OK(onDocker()...)
	ui := b.Start("ui", "--json")
	var said struct {
		Services []struct{ Name, URL string }
	}
	b.until("the address of the boards", soon, func() bool {
		return json.Unmarshal(b.read(ui.out), &said) == nil && len(said.Services) == 1
	})
	address := said.Services[0].URL
	w := b.Browser(address)
	p := b.Start("k6", "-s", "ramp.js", "--id", "beside", "-e", "BASE_URL="+b.service("toy-api"))
	b.until("the run on the boards", limit, func() bool {
		status, _ := b.get(address+"/runs/beside", "")
		return status == 200
	})
	for _, board := range boards.Of("k6") {
		w.look(address, "beside", &board, "light", "docker")
	}
	w.Open(address + "/runs/beside/k6-war-room")
	w.Until("a run under way", `document.querySelector("main").dataset.state === "running" && document.querySelector("#panel-request-rate .figure[data-value]")`)
	w.Until("its end", `document.querySelector("main").dataset.state === "finished"`)
	if o := p.Wait(); o.Exit != 0 {
		t.Fatalf("exit %d\n%s", o.Exit, o.Stderr)
	}
	var shown float64
	w.Open(address + "/runs/beside")
	w.Until("the whole run", `document.querySelector("#panel-requests .figure[data-value]")`)
	w.Ask(`Number(document.querySelector("#panel-requests .figure").dataset.value)`, &shown)
	if doc := b.Show("beside"); shown != float64(doc.Summary.Requests) {
		t.Errorf("the boards show %v requests, the record has %d", shown, doc.Summary.Requests)
	}
	w.clean()
	ui.Signal(syscall.SIGINT)
	if o := ui.Wait(); o.Exit != 130 {
		t.Errorf("ltlab ui ended with %d\n%s", o.Exit, o.Stderr)
	}
	b.OK("purge", "--yes")
	b.leftNothing()
}
