package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// VersionError says that a record was written by a newer ltlab.
type VersionError struct{ Have int }

func (e *VersionError) Error() string {
	return fmt.Sprintf("record has format %d, this ltlab reads up to %d", e.Have, Format)
}

// CorruptError says where a record stops making sense.
type CorruptError struct {
	Path   string
	Offset int64
	Err    error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s: line at byte %d: %v", e.Path, e.Offset, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// lines reads complete lines of a file that may still grow.
type lines struct {
	f      *os.File
	r      *bufio.Reader
	part   []byte // a line's beginning whose end was not there yet
	offset int64  // of the first byte not returned yet
}

func openLines(path string) (*lines, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &lines{f: f, r: bufio.NewReaderSize(f, 64<<10)}, nil
}

// next returns the next complete line without its newline, or io.EOF when there is none yet. The slice is the caller's
// until the next call.
func (l *lines) next() ([]byte, error) {
	for {
		chunk, err := l.r.ReadSlice('\n')
		l.part = append(l.part, chunk...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return nil, err
		}
		line := l.part
		l.part = l.part[len(l.part):]
		l.offset += int64(len(line))
		return bytes.TrimRight(line, "\r\n"), nil
	}
}

func (l *lines) close() error { return l.f.Close() }

// Tail reads tool.ndjson from its beginning and, while it grows, goes on where it was.
type Tail struct {
	path  string
	lines *lines
	dec   *decoder
}

// OpenTail opens a tool.ndjson.
func OpenTail(path string) (*Tail, error) {
	l, err := openLines(path)
	if err != nil {
		return nil, err
	}
	return &Tail{path: path, lines: l, dec: newDecoder()}, nil
}

// Next returns the next complete line, io.EOF when there is none yet (call again later), or a *CorruptError or
// *VersionError, after which the tail is of no further use.
func (t *Tail) Next() (ToolLine, error) {
	for {
		at := t.lines.offset
		b, err := t.lines.next()
		if err != nil {
			return ToolLine{}, err
		}
		if len(b) == 0 {
			continue
		}
		line, err := t.dec.decode(b)
		if err == nil {
			return line, nil
		}
		var version *VersionError
		if errors.As(err, &version) {
			return ToolLine{}, err
		}
		return ToolLine{}, &CorruptError{Path: t.path, Offset: at, Err: err}
	}
}

// Offset is the number of bytes of complete lines that Next has returned.
func (t *Tail) Offset() int64 { return t.lines.offset }

// Close closes the file.
func (t *Tail) Close() error { return t.lines.close() }

// Each calls f for every complete line that is in the file now.
func (t *Tail) Each(f func(ToolLine) error) error {
	for {
		line, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(line); err != nil {
			return err
		}
	}
}
