package doctor

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"time"
)

// Archive is a report: files without secrets in one gzipped tar, for whoever is asked for help.
type Archive struct {
	redact *Redactor
	zip    *gzip.Writer
	tar    *tar.Writer
	now    time.Time
}

// folder holds all files of a report.
const folder = "ltlab-report/"

// NewArchive writes a report to w; Close it.
func NewArchive(w io.Writer, r *Redactor, now time.Time) *Archive {
	z := gzip.NewWriter(w)
	return &Archive{redact: r, zip: z, tar: tar.NewWriter(z), now: now}
}

// Text adds a file of text, redacted.
func (a *Archive) Text(name, text string) error { return a.add(name, []byte(a.redact.Text(text))) }

// JSON adds a document, redacted; it stays one.
func (a *Archive) JSON(name string, document any) error {
	b, err := json.Marshal(document)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(a.redact.Value(v)); err != nil {
		return err
	}
	return a.add(name, out.Bytes())
}

func (a *Archive) add(name string, content []byte) error {
	h := &tar.Header{Name: folder + name, Mode: 0o600, Size: int64(len(content)), ModTime: a.now, Format: tar.FormatPAX}
	if err := a.tar.WriteHeader(h); err != nil {
		return err
	}
	_, err := a.tar.Write(content)
	return err
}

// Close ends the archive.
func (a *Archive) Close() error {
	if err := a.tar.Close(); err != nil {
		return err
	}
	return a.zip.Close()
}
