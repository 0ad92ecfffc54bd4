//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// runDoc is what `ltlab k6 --json` and `ltlab runs show --json` print.
type runDoc struct {
	Run      string
	State    string
	Exit     int
	ToolExit *int `json:"tool_exit"`
	OK       bool
	Project  string
	Scenario string
	Summary  struct {
		Seconds     float64
		Requests    int64
		RPS         *float64
		Failed      *int64
		FailedRatio *float64 `json:"failed_ratio"`
		Unanswered  *int64
		Codes       map[string]int64
		Duration    *latency `json:"http_req_duration"`
		Trends      map[string]*latency
	}
	Load   struct{ Iterations, Dropped int64 }
	Checks []checkDoc
	Ledger struct {
		Emitted      *int64
		Recorded     int64
		Lost         int64
		LostByCause  map[string]int64 `json:"lost_by_cause"`
		Folded       int64
		ToolRequests *int64 `json:"tool_requests"`
		Sinks        map[string]record.Sink
	}
	Warnings []struct{ ID, Text string }
	Problem  *struct{ ID, What, Why string }
	Record   string
	Board    *string
}

type checkDoc struct {
	Name          string
	Passes, Fails int64
}

type latency struct {
	Count                        int64
	Min, P50, P90, P95, P99, Max float64
}

// document reads what a command printed on stdout, which must be one JSON document and nothing else.
func (b *Bench) document(o Output, into any) {
	b.t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(o.Stdout)))
	if err := d.Decode(into); err != nil || d.More() {
		b.t.Fatalf("%s: stdout is not one JSON document (%v):\n%s\n%s", o.Command, err, o.Stdout, o.Stderr)
	}
}

// Show is what the record says of a run.
func (b *Bench) Show(run string) runDoc {
	b.t.Helper()
	var doc runDoc
	b.document(b.OK("runs", "show", run, "--json"), &doc)
	return doc
}

// warning is the text of a warning with that id, "" when there is none.
func (d *runDoc) warning(id string) string {
	for _, w := range d.Warnings {
		if w.ID == id {
			return w.Text
		}
	}
	return ""
}

// doubts are the warnings that a busy machine alone does not explain.
func (d *runDoc) doubts() (out []string) {
	for _, w := range d.Warnings {
		if w.ID != "generator-saturated" && w.ID != "generator-busy" {
			out = append(out, w.Text)
		}
	}
	return out
}

// whole says what is wrong with a run that should be complete; asked is the target's own count of requests.
func (d *runDoc) whole(asked int64) error {
	l := d.Ledger
	switch {
	case d.State != "finished":
		return fmt.Errorf("run %s is %s", d.Run, d.State)
	case l.Emitted == nil || *l.Emitted != l.Recorded || l.Lost != 0:
		return fmt.Errorf("run %s: the ledger does not add up: %+v", d.Run, l)
	case d.Summary.Requests != asked:
		return fmt.Errorf("run %s has %d requests, the target counted %d", d.Run, d.Summary.Requests, asked)
	case l.ToolRequests == nil || *l.ToolRequests != asked:
		return fmt.Errorf("run %s: k6's own count is not %d", d.Run, asked)
	}
	return nil
}

type listedRun struct {
	Run, State, Damage string
	Exit               *int
}

// Runs are all runs of the home, newest first.
func (b *Bench) Runs() []listedRun {
	b.t.Helper()
	var doc struct{ Runs []listedRun }
	b.document(b.OK("runs", "list", "--json"), &doc)
	return doc.Runs
}

// boardDoc is a run's board as JSON.
type boardDoc struct {
	Run struct {
		Run, State, Scenario string
		Exit                 *int
	}
	Panels []panelDoc
}

type lineDoc struct {
	Label  string
	Values []*float64
}

type panelDoc struct {
	ID    string
	Empty string
	Foot  string
	Lines []lineDoc
	Shade []struct{ From, To int64 }
	Stats []struct {
		Label string
		Value *float64
	}
	Table *struct {
		Columns []struct{ Label string }
		Rows    []struct {
			Key    string
			Values []*float64
		}
		More int
	}
}

// Board reads a run's board; ok is false when the lab does not have the run.
func (b *Bench) Board(run string) (doc boardDoc, ok bool) {
	b.t.Helper()
	boards := b.service("boards")
	status, body := b.get(boards+"/api/runs/"+url.PathEscape(run)+"/board", "")
	if status == http.StatusNotFound {
		return doc, false
	}
	if status != http.StatusOK {
		b.t.Fatalf("board of run %s: status %d: %s", run, status, body)
	}
	b.try(json.Unmarshal([]byte(body), &doc))
	return doc, true
}

// BoardOf reads the board of a run that must be there.
func (b *Bench) BoardOf(run string) boardDoc {
	b.t.Helper()
	doc, ok := b.Board(run)
	if !ok {
		b.t.Fatalf("the boards do not have run %s", run)
	}
	return doc
}

func (d *boardDoc) panel(id string) *panelDoc {
	for i := range d.Panels {
		if d.Panels[i].ID == id {
			return &d.Panels[i]
		}
	}
	return &panelDoc{}
}

// stat is a figure of a stat panel, the large one without a label; ok is false where the panel shows none.
func (p *panelDoc) stat(label string) (v float64, ok bool) {
	for _, s := range p.Stats {
		if s.Label == label && s.Value != nil {
			return *s.Value, true
		}
	}
	return 0, false
}

// cell is a value of a table.
func (p *panelDoc) cell(key, column string) (v float64, ok bool) {
	if p.Table == nil {
		return 0, false
	}
	for i, c := range p.Table.Columns {
		for _, r := range p.Table.Rows {
			if c.Label == column && r.Key == key && r.Values[i] != nil {
				return *r.Values[i], true
			}
		}
	}
	return 0, false
}

// sum adds up a column of a table.
func (p *panelDoc) sum(column string) (total float64) {
	if p.Table == nil {
		return 0
	}
	for i, c := range p.Table.Columns {
		for _, r := range p.Table.Rows {
			if c.Label == column && r.Values[i] != nil {
				total += *r.Values[i]
			}
		}
	}
	return total
}

// toolFile is what a test reads of a tool.ndjson itself, without any of ltlab's code.
type toolFile struct {
	Start    time.Time
	Seconds  int64 // from the start to the end of the last second that is there
	Requests int64
	Samples  map[string]int64 // by metric
	Ended    bool
}

func (b *Bench) toolFile(run string) toolFile {
	b.t.Helper()
	text, err := os.ReadFile(b.run(run, "tool.ndjson"))
	b.try(err)
	f := toolFile{Samples: map[string]int64{}}
	metrics, of := map[int]string{}, map[int]string{} // names by number of metric and of series
	lines := bytes.SplitAfter(text, []byte("\n"))
	for i, line := range lines {
		if !bytes.HasSuffix(line, []byte("\n")) {
			continue // cut short by the end of the writer, or empty
		}
		var l struct {
			Header *struct{ Start time.Time }
			Metric *struct {
				ID   int
				Name string
			}
			Series *struct{ ID, Metric int }
			Second *struct {
				T int64
				B [][]any
			}
			End *struct{}
		}
		if err := json.Unmarshal(line, &l); err != nil {
			b.t.Fatalf("line %d of the record is no JSON: %v", i+1, err)
		}
		switch {
		case l.Header != nil:
			f.Start = l.Header.Start
		case l.Metric != nil:
			metrics[l.Metric.ID] = l.Metric.Name
		case l.Series != nil:
			of[l.Series.ID] = metrics[l.Series.Metric]
		case l.Second != nil:
			f.Seconds = max(f.Seconds, l.Second.T+1)
			for _, bucket := range l.Second.B {
				name := of[int(bucket[0].(float64))]
				f.Samples[name] += int64(bucket[1].(float64))
				if name == "http_reqs" {
					f.Requests += int64(bucket[2].(float64))
				}
			}
		case l.End != nil:
			f.Ended = true
		}
	}
	return f
}
