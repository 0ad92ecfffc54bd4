package provision

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/problem"
)

// Access is an organization of an InfluxDB, as seen with a token.
type Access struct {
	URL   string // http://127.0.0.1:PORT
	Org   string
	Token string
}

// Query runs a Flux query and writes what it yields to w as CSV while it arrives: for each table with columns of its own a
// header and its rows, with an empty line between two such tables. Errors are the problems query-failed, also when InfluxDB
// fails in the middle and part is written, influxdb-token-refused, and lab-unhealthy when it does not answer; and those of w.
func Query(ctx context.Context, a Access, flux string, w io.Writer) error {
	body, err := json.Marshal(map[string]any{
		"query": flux, "type": "flux", "dialect": map[string]any{"annotations": []string{"datatype"}, "header": true},
	})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(a.URL, "/")+"/api/v2/query?org="+url.QueryEscape(a.Org), bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	token(a.Token)(r)
	c := &http.Client{Transport: newTransport()} // no time-out: a query may take as long as ctx lets it
	defer c.CloseIdleConnections()
	answer, err := c.Do(r)
	if err != nil {
		return unanswered(ctx, err)
	}
	answer, err = taken(answer)
	switch {
	case refused(err, http.StatusUnauthorized, http.StatusForbidden):
		return problem.InfluxTokenRefused(err)
	case refused(err, http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusInternalServerError):
		return queryFailed(err)
	case err != nil:
		return unanswered(ctx, err)
	}
	defer answer.Body.Close()
	return plain(ctx, w, answer.Body)
}

// unanswered is a request to which InfluxDB gave no answer, or not the whole of one.
func unanswered(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return problem.LabUnhealthy("the lab's InfluxDB does not answer", err.Error(), "")
}

// plain turns InfluxDB's annotated CSV into CSV as other programs read it.
func plain(ctx context.Context, w io.Writer, annotated io.Reader) error {
	in, out := csv.NewReader(annotated), csv.NewWriter(w)
	in.FieldsPerRecord, in.ReuseRecord = -1, true
	tables, header := 0, false
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			out.Flush()
			return unanswered(ctx, err)
		}
		switch {
		case strings.HasPrefix(row[0], "#"): // what columns follow
			header = true
			continue
		case header && slices.Equal(row[1:], []string{"error", "reference"}):
			out.Flush()
			row, err := in.Read()
			if err != nil || len(row) < 2 {
				return unanswered(ctx, io.ErrUnexpectedEOF)
			}
			return queryFailed(errors.New(row[1]))
		case header && tables > 0:
			out.Flush()
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if header {
			tables, header = tables+1, false
		}
		if err := out.Write(row[1:]); err != nil { // the first column is for annotations
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func queryFailed(err error) error {
	said := err.Error()
	var r *Refused
	if errors.As(err, &r) {
		said = r.Message
	}
	lines := strings.FieldsFunc(said, func(c rune) bool { return c == '\n' || c == '\r' })
	return problem.QueryFailed(errors.New(strings.Join(lines, "\n")))
}
