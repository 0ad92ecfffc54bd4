package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// RunTail reads run.ndjson from its beginning and, while it grows, goes on where it was.
type RunTail struct {
	path  string
	lines *lines
	brief bool // leave out what sources used
}

// OpenRunTail opens a run.ndjson.
func OpenRunTail(path string) (*RunTail, error) {
	l, err := openLines(path)
	if err != nil {
		return nil, err
	}
	return &RunTail{path: path, lines: l}, nil
}

// Next returns the next complete line, io.EOF when there is none yet (call again later), or a *CorruptError or
// *VersionError, after which the tail is of no further use.
func (t *RunTail) Next() (RunLine, error) {
	for {
		at := t.lines.offset
		b, err := t.lines.next()
		if err != nil {
			return RunLine{}, err
		}
		if t.brief && bytes.HasPrefix(b, infraPrefix) {
			continue
		}
		if s, ok := scanInfra(b); ok {
			return RunLine{Infra: s}, nil
		}
		var line RunLine
		if err := json.Unmarshal(b, &line); err != nil {
			return RunLine{}, &CorruptError{Path: t.path, Offset: at, Err: err}
		}
		if line.Start != nil && line.Start.Format > Format {
			return RunLine{}, &VersionError{Have: line.Start.Format}
		}
		return line, nil
	}
}

// Each calls f for every complete line that is in the file now.
func (t *RunTail) Each(f func(RunLine)) error {
	for {
		line, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		f(line)
	}
}

// Close closes the file.
func (t *RunTail) Close() error { return t.lines.close() }

// Run is what run.ndjson says so far, without what sources used in each second.
type Run struct {
	Start   *RunStart
	Sources []Source
	Events  []Event
	End     *RunEnd
	Sent    []Sent
}

// Take adds the next line.
func (r *Run) Take(l RunLine) {
	switch {
	case l.Start != nil:
		r.Start = l.Start
	case l.Source != nil:
		r.declare(*l.Source)
	case l.Event != nil:
		r.Events = append(r.Events, *l.Event)
	case l.End != nil:
		r.End = l.End
	case l.Sent != nil:
		r.Sent = append(r.Sent, *l.Sent)
	}
}

func (r *Run) declare(s Source) {
	for i := range r.Sources {
		if r.Sources[i].ID == s.ID {
			r.Sources[i] = s
			return
		}
	}
	r.Sources = append(r.Sources, s)
}

// ReadRun reads run.ndjson up to its last complete line.
func ReadRun(path string) (*Run, error) {
	t, err := OpenRunTail(path)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	t.brief = true
	run := &Run{}
	if err := t.Each(run.Take); err != nil {
		return nil, err
	}
	return run, nil
}
