package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// RunLine is one line of run.ndjson: exactly one field is set.
type RunLine struct {
	Start  *RunStart `json:"start,omitempty"`
	Source *Source   `json:"source,omitempty"`
	Infra  *Infra    `json:"infra,omitempty"`
	Event  *Event    `json:"event,omitempty"`
	End    *RunEnd   `json:"end,omitempty"`
	Sent   *Sent     `json:"sent,omitempty"`
}

// Sent is a finished run that was sent to a database once more; it may stand behind the end.
type Sent struct {
	Time time.Time `json:"time"`
	To   string    `json:"to"` // the database's name
	Sink Sink      `json:"sink"`
}

// RunStart is who, what and where, written before the tool starts.
type RunStart struct {
	Format   int               `json:"format"`
	Run      string            `json:"run"`
	Tool     string            `json:"tool"`
	Engine   string            `json:"engine"`
	Project  string            `json:"project"`
	Scenario Scenario          `json:"scenario"`
	Git      *Git              `json:"git,omitempty"`
	Target   string            `json:"target,omitempty"` // BASE_URL given to the tool
	Args     []string          `json:"args,omitempty"`   // the caller's own flags for the tool, secrets removed
	Tags     map[string]string `json:"tags,omitempty"`
	Binary   string            `json:"binary"` // the tool's file or image
	Host     Host              `json:"host"`
	Ltlab    string            `json:"ltlab"` // version
	Time     time.Time         `json:"time"`
}

// Scenario names what ran.
type Scenario struct {
	Name   string `json:"name"`
	Path   string `json:"path,omitempty"`
	SHA256 string `json:"sha256"`
}

// Git is the state of the scenario's repository.
type Git struct {
	Commit string `json:"commit"`
	Dirty  bool   `json:"dirty"`
}

// Host is where the load came from.
type Host struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	CPUs   int    `json:"cpus"`
	Memory uint64 `json:"memory"` // bytes
}

// Event is something that happened to the run, for its timeline.
type Event struct {
	Time time.Time `json:"time"`
	ID   string    `json:"id"` // "interrupted", "killed", ...
	Text string    `json:"text"`
}

// RunEnd is the end as ltlab saw it. A record without one was interrupted.
type RunEnd struct {
	Time        time.Time `json:"time"`
	ToolExit    int       `json:"tool_exit"` // the process's own exit code; -1 when a signal ended it
	Exit        int       `json:"exit"`      // ltlab's
	Interrupted bool      `json:"interrupted"`
	Warnings    []Warning `json:"warnings,omitempty"`
	Recorded    int64     `json:"requests"`                // in the record
	Requests    *int64    `json:"tool_requests,omitempty"` // the tool's own count, to compare
	Ledger      Ledger    `json:"ledger"`
}

// Warning is something the reader of a run's numbers must know.
type Warning struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// RunWriter writes run.ndjson; each line reaches the file at once. What a full disk refuses is kept and tried again with
// the next line, so that a line cut short never runs into the next one. Any number of goroutines may use one.
type RunWriter struct {
	mu      sync.Mutex
	f       io.WriteCloser
	pending []byte
}

// CreateRun makes the file, for its owner alone; it must not exist.
func CreateRun(path string) (*RunWriter, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &RunWriter{f: f}, nil
}

// AppendRun opens the file of a run that has ended. A last line that was cut short is taken away: what is appended would
// run into it.
func AppendRun(path string) (*RunWriter, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err := cutTorn(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &RunWriter{f: f}, nil
}

// cutTorn ends a file behind its last newline.
func cutTorn(f *os.File) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	whole := int64(0)
	block := make([]byte, 4<<10)
	for end := st.Size(); end > 0 && whole == 0; {
		from := max(0, end-int64(len(block)))
		b := block[:end-from]
		if _, err := f.ReadAt(b, from); err != nil {
			return err
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			whole = from + int64(i) + 1
		}
		end = from
	}
	if whole == st.Size() {
		return nil
	}
	return f.Truncate(whole)
}

// Write appends one line; an error says that the file does not hold all lines yet.
func (w *RunWriter) Write(l RunLine) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = append(append(w.pending, b...), '\n')
	n, err := w.f.Write(w.pending)
	w.pending = w.pending[:copy(w.pending, w.pending[n:])]
	return err
}

// Close closes the file.
func (w *RunWriter) Close() error { return w.f.Close() }
