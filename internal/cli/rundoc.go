package cli

import (
	"time"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/runner"
)

// runDoc is a run as a document: what `k6 --json` and `runs show --json` print.
type runDoc struct {
	Schema     int                `json:"schema"`
	Run        string             `json:"run"`
	Tool       string             `json:"tool"`
	Version    string             `json:"tool_version,omitempty"`
	State      analysis.State     `json:"state"`
	Exit       *int               `json:"exit"` // null while it runs, or when nobody wrote the end
	ToolExit   *int               `json:"tool_exit,omitempty"`
	OK         bool               `json:"ok"`
	Project    string             `json:"project"`
	Scenario   string             `json:"scenario"`
	Engine     string             `json:"engine"`
	Target     string             `json:"target,omitempty"`
	Start      time.Time          `json:"start"`
	Summary    summaryDoc         `json:"summary"`
	Load       analysis.Load      `json:"load"`
	Checks     []analysis.Check   `json:"checks"`
	Thresholds []record.Threshold `json:"thresholds"`
	Ledger     ledgerDoc          `json:"ledger"`
	Infra      []analysis.Usage   `json:"infrastructure"` // empty when nothing was measured
	Warnings   []record.Warning   `json:"warnings"`
	Problem    *problemed         `json:"problem,omitempty"`
	Files      []string           `json:"files"` // that the scenario wrote in its container, where they are now
	Record     string             `json:"record"`
	Board      *string            `json:"board"` // null when no lab runs
	unjudged   bool               // the run ended, and the verdicts of its thresholds are not in its record
}

// summaryDoc are the figures of a run; null is "not known" or "there is none", never 0.
type summaryDoc struct {
	Seconds      float64                      `json:"seconds"`
	Requests     int64                        `json:"requests"`
	RPS          *float64                     `json:"rps"`
	Failed       *int64                       `json:"failed"`
	FailedRatio  *float64                     `json:"failed_ratio"`
	Unanswered   *int64                       `json:"unanswered"`
	Codes        map[string]int64             `json:"codes"`
	Errors       map[string]int64             `json:"errors,omitempty"`  // by name; Artillery's
	HTTPDuration *analysis.Latency            `json:"http_req_duration"` // ms; null when no request was answered, and for Artillery
	TTFB         *ttfbDoc                     `json:"ttfb"`              // ms, time to first byte; null when no request was answered
	Trends       map[string]*analysis.Latency `json:"trends"`            // every other trend
}

// ttfbDoc is a latency that both tools measure, each under a name of its own.
type ttfbDoc struct {
	Metric string `json:"metric"`
	analysis.Latency
}

// ledgerDoc accounts for samples; emitted is null when the tool died before it could say.
type ledgerDoc struct {
	Emitted      *int64           `json:"emitted"`
	Recorded     int64            `json:"recorded"`
	Lost         int64            `json:"lost"`
	LostByCause  map[string]int64 `json:"lost_by_cause,omitempty"`
	Late         int64            `json:"late"`
	Unplaced     int64            `json:"unplaced,omitempty"` // recorded, but in no period of Artillery's
	Folded       int64            `json:"folded"`
	ToolRequests *int64           `json:"tool_requests"` // the tool's own count; null when it gave none

	Sinks map[string]record.Sink `json:"sinks,omitempty"` // what became of the run in databases
}

const httpDuration = "http_req_duration"

// newRunDoc is the document of a run as its record tells it; board is the address of the boards, "" when no lab runs.
func newRunDoc(folder record.Folder, s *analysis.Summary, board string) *runDoc {
	doc := &runDoc{
		Schema: Schema, Run: folder.ID(), Tool: s.Tool, Version: s.ToolVersion, State: s.State, Start: s.Start, Record: string(folder),
		Infra: orEmpty(s.Infra), Load: s.Load, Checks: orEmpty(s.Checks), Thresholds: orEmpty(s.Thresholds), Warnings: []record.Warning{}, Files: []string{},
		Summary: summaryDoc{
			Seconds: s.Seconds, Requests: s.Requests, RPS: s.RPS, Failed: s.Failed, FailedRatio: s.FailedRatio,
			Unanswered: s.Unanswered, Codes: s.Codes, Errors: s.Errors, Trends: map[string]*analysis.Latency{},
		},
		Ledger: ledgerDoc{
			Emitted: s.Ledger.Emitted, Recorded: s.Ledger.Recorded, Lost: s.Ledger.LostTotal(), LostByCause: s.Ledger.Lost,
			Late: s.Ledger.Late, Unplaced: s.Ledger.Unplaced, Folded: s.Ledger.Folded, Sinks: s.Ledger.Sinks,
		},
	}
	for name, v := range s.Latency {
		if name != httpDuration || s.Tool == analysis.Artillery {
			doc.Summary.Trends[name] = v
		} else if s.Answered() {
			doc.Summary.HTTPDuration = v
		}
	}
	if metric, l := s.FirstByte(); l != nil {
		doc.Summary.TTFB = &ttfbDoc{metric, *l}
	}
	if st := s.Run.Start; st != nil {
		doc.Project, doc.Scenario, doc.Engine, doc.Target = st.Project, st.Scenario.Name, st.Engine, st.Target
	}
	if end := s.Run.End; end != nil {
		doc.Exit, doc.ToolExit, doc.Ledger.ToolRequests = standing(s.State, end), &end.ToolExit, end.Requests
		doc.Warnings, doc.unjudged = orEmpty(end.Warnings), s.ToolEnd == nil
	}
	doc.OK = s.State == analysis.Finished && doc.Exit != nil && *doc.Exit == problem.OK
	if board != "" {
		url := runURL(board, folder.ID())
		doc.Board = &url
	}
	return doc
}

// finish adds what only the run's own ltlab knows.
func (doc *runDoc) finish(o *runner.Outcome) {
	doc.ToolExit, doc.Ledger.ToolRequests, doc.Warnings = &o.Tool, o.Requests, orEmpty(o.Warnings)
	doc.Problem, doc.Files = problemDoc(o.Problem), orEmpty(o.Files)
	exit := problem.OK
	if o.Problem != nil {
		exit = o.Problem.Exit
	}
	doc.Exit, doc.OK = &exit, exit == problem.OK
}

// orEmpty keeps JSON lists lists.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
