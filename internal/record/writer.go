package record

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// MaxPending is how much a Writer holds while the disk refuses, before it gives up whole seconds.
const MaxPending = 16 << 20

// Writer writes tool.ndjson. Lines are collected and reach the file on Flush. When the file cannot take them (a full
// disk), they are kept and tried again on the next Flush, so the file is valid up to its last complete line at any time.
// A Writer is used by one goroutine.
type Writer struct {
	f       io.WriteCloser
	pending []byte
	scratch []byte
	dropped int64 // samples of seconds that did not fit into pending
	err     error // of the last Flush
}

// Create makes the file, for its owner alone: records hold URLs and tags. It must not exist, for two runs never share a
// record; a device (as /dev/full in tests) may.
func Create(path string) (*Writer, error) {
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if st, err := os.Stat(path); err != nil || st.Mode().IsRegular() {
		flags |= os.O_EXCL
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, err
	}
	return &Writer{f: f}, nil
}

// Header, Metric, Series, Load, Clock, Note and End queue one line of their kind.
func (w *Writer) Header(h Header) { w.line(ToolLine{Header: &h}) }
func (w *Writer) Metric(m Metric) { w.line(ToolLine{Metric: &m}) }
func (w *Writer) Series(s Series) { w.line(ToolLine{Series: &s}) }
func (w *Writer) Load(l Load)     { w.line(ToolLine{Load: &l}) }
func (w *Writer) Clock(c Clock)   { w.line(ToolLine{Clock: &c}) }
func (w *Writer) Note(n Note)     { w.line(ToolLine{Note: &n}) }
func (w *Writer) End(e End)       { w.line(ToolLine{End: &e}) }

func (w *Writer) line(l ToolLine) {
	b, err := json.Marshal(l)
	if err != nil {
		panic(fmt.Sprintf("record: a line that is not JSON: %v", err)) // only strings, ints and finite floats go in
	}
	w.pending = append(append(w.pending, b...), '\n')
}

// Second queues the buckets of one second. When the disk has refused so long that MaxPending is reached, the second is
// given up and its samples are counted in Dropped; ok is false then.
func (w *Writer) Second(t int64, buckets []Bucket) (ok bool) {
	return w.second(&Second{T: t, Buckets: buckets})
}

// Unplaced queues buckets that are the run's and of no second, as Second does.
func (w *Writer) Unplaced(t int64, buckets []Bucket) (ok bool) {
	return w.second(&Second{T: t, Unplaced: true, Buckets: buckets})
}

func (w *Writer) second(s *Second) (ok bool) {
	w.scratch = append(appendSecond(w.scratch[:0], s), '\n')
	if w.err != nil && len(w.pending)+len(w.scratch) > MaxPending {
		for i := range s.Buckets {
			w.dropped += s.Buckets[i].N
		}
		return false
	}
	w.pending = append(w.pending, w.scratch...)
	return true
}

// Dropped is the number of samples in seconds that were given up.
func (w *Writer) Dropped() int64 { return w.dropped }

// Flush writes what is queued. After an error the rest stays queued, from the very byte where the file ended.
func (w *Writer) Flush() error {
	if len(w.pending) == 0 {
		return w.err
	}
	n, err := w.f.Write(w.pending)
	w.pending = w.pending[:copy(w.pending, w.pending[n:])]
	w.err = err
	return err
}

// Close flushes and closes; its error says that the file is not complete.
func (w *Writer) Close() error {
	err := w.Flush()
	if cerr := w.f.Close(); err == nil {
		err = cerr
	}
	return err
}
