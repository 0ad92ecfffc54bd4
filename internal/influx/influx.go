// Package influx brings runs into InfluxDB 2: rows of a record as lines, over one transport that loses none of them.
//
// The record is the spool. A Push reads a record, growing or finished, makes rows of it (internal/rows) and writes them;
// while InfluxDB does not answer it reads no further, so that an outage takes no memory, and goes on where it was. Every
// point's identity follows from the record alone: whatever is written again, by anybody, lands on the same points.
package influx

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Name is what the database is called in a record's ledger.
const Name = "influxdb"

// Target is where points go.
type Target struct {
	URL      string // http or https, perhaps with a path
	Org      string
	Token    string
	Bucket   string // rows by the second, the run's own, raw samples
	Bucket1M string // rows by the minute and the run's own; "": none
	Insecure bool   // the certificate of an https address is not checked
}

// Check says what is wrong with the address or the buckets; a wrong token or a missing bucket shows at the first write.
func (t *Target) Check() error {
	u, err := url.Parse(t.URL)
	switch {
	case err != nil:
		return errors.New("the address is no URL")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return fmt.Errorf("the address %s is not http://HOST:PORT or https://HOST:PORT", u.Redacted())
	case u.User != nil:
		return fmt.Errorf("the address %s holds a user: the token is a setting of its own", u.Redacted())
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("the address %s://%s%s has something behind it that is no part of an address", u.Scheme, u.Host, u.Path)
	case t.Bucket == "":
		return errors.New("no bucket is given")
	}
	return nil
}

// write is the address of the write API for a bucket.
func (t *Target) write(bucket, precision string) string {
	q := url.Values{"bucket": {bucket}, "precision": {precision}}
	if t.Org != "" {
		q.Set("org", t.Org)
	}
	return strings.TrimSuffix(t.URL, "/") + "/api/v2/write?" + q.Encode()
}

// Bounds of a write, and of how long one may take.
const (
	MaxLines = 5_000
	MaxBytes = 2 << 20 // before compression

	writeTimeout = 15 * time.Second
)

// Precisions of times in writes: rows are in whole milliseconds, so that everybody who writes them again, under
// whatever settings, means the same points.
const (
	millis      = "ms"
	Nanoseconds = "ns"
)
