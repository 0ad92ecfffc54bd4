package toyapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

type place string

const (
	inQuery place = "query"
	inPath  place = "path"
	inBody  place = "body"
)

type kind string

const (
	integer kind = "integer"
	number  kind = "number"
	text    kind = "string"
)

// maxSafe is the largest integer that a float64, and so every JSON reader, holds exactly.
const maxSafe = 1<<53 - 1

// A param is one input of an endpoint. Its range is written down here once and
// checked before a handler runs.
type param struct {
	name     string
	in       place
	kind     kind
	min, max float64  // of a text: its length in characters
	def      any      // float64 or string; nil: none
	enum     []string // what a text may be, if limited
	email    bool
	required bool
}

// args holds the inputs of one request, all of them in range.
type args struct {
	params []param
	given  map[string]any // float64 or string
}

func (a args) has(name string) bool { _, ok := a.given[name]; return ok }

func (a args) number(name string) float64 { return a.lookup(name).(float64) }

func (a args) integer(name string) int { return int(a.number(name)) }

func (a args) text(name string) string { return a.lookup(name).(string) }

// millis reads a parameter in milliseconds.
func (a args) millis(name string) time.Duration {
	return time.Duration(a.number(name) * float64(time.Millisecond))
}

// seed is the parameter of that name, 0 without it.
func (a args) seed() uint64 {
	if !a.has("seed") {
		return 0
	}
	return uint64(a.number("seed"))
}

func (a args) lookup(name string) any {
	if v, ok := a.given[name]; ok {
		return v
	}
	for i := range a.params {
		if a.params[i].name == name && a.params[i].def != nil {
			return a.params[i].def
		}
	}
	panic("toyapi: no value and no default for parameter " + name)
}

// parseArgs reads the declared parameters of a request. Unknown query
// parameters are ignored (load tools add them to get past caches), unknown
// body fields are refused.
func parseArgs(params []param, w http.ResponseWriter, r *http.Request) (args, error) {
	a := args{params: params}
	if len(params) == 0 {
		return a, nil
	}
	var query url.Values
	if r.URL.RawQuery != "" {
		var err error
		if query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
			return a, &fault{status: http.StatusBadRequest, code: "bad_query", message: "the query is malformed: " + err.Error()}
		}
	}
	body := false
	for i := range params {
		p := &params[i]
		switch p.in {
		case inPath:
			if err := a.set(p, r.PathValue(p.name)); err != nil {
				return a, err
			}
		case inQuery:
			values := query[p.name]
			if len(values) > 1 {
				return a, p.bad("is given %d times", len(values))
			}
			if len(values) == 1 {
				if err := a.set(p, values[0]); err != nil {
					return a, err
				}
			}
		case inBody:
			body = true
		}
	}
	if body {
		return a, a.setBody(w, r)
	}
	return a, nil
}

// set checks a value as written in a path, a query or a JSON number.
func (a *args) set(p *param, s string) error {
	var v any
	switch p.kind {
	case text:
		if err := p.checkText(s); err != nil {
			return err
		}
		v = s
	case integer:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || float64(n) < p.min || float64(n) > p.max {
			return p.bad("must be an integer from %.0f to %.0f, got %s", p.min, p.max, shorten(s))
		}
		v = float64(n)
	default:
		n, err := strconv.ParseFloat(s, 64)
		if err != nil || !(n >= p.min && n <= p.max) { // also refuses NaN
			return p.bad("must be a number from %v to %v, got %s", p.min, p.max, shorten(s))
		}
		v = n
	}
	if a.given == nil {
		a.given = make(map[string]any, len(a.params))
	}
	a.given[p.name] = v
	return nil
}

func (p *param) checkText(s string) error {
	if p.enum != nil {
		if !slices.Contains(p.enum, s) {
			return p.bad("must be one of %s, got %s", strings.Join(p.enum, ", "), shorten(s))
		}
		return nil
	}
	if n := float64(utf8.RuneCountInString(s)); n < p.min || n > p.max || !utf8.ValidString(s) {
		return p.bad("must be a text of %.0f to %.0f characters", p.min, p.max)
	}
	if p.email {
		if at, err := mail.ParseAddress(s); err != nil || at.Address != s {
			return p.bad("must be an email address, got %s", shorten(s))
		}
	}
	return nil
}

func (p *param) bad(format string, v ...any) error {
	return &fault{status: http.StatusBadRequest, code: "bad_parameter",
		message: p.name + " " + fmt.Sprintf(format, v...), parameter: p.name}
}

// setBody reads a JSON object of at most maxBodyBytes; no body is an empty one.
func (a *args) setBody(w http.ResponseWriter, r *http.Request) error {
	if ct := r.Header.Get("Content-Type"); ct != "" {
		if mt, _, err := mime.ParseMediaType(ct); err != nil || mt != "application/json" {
			return &fault{status: http.StatusUnsupportedMediaType, code: "bad_content_type",
				message: "the content type must be application/json, got " + shorten(ct)}
		}
	}
	// A test's recorder has no deadline to set, a connection has.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return &fault{status: http.StatusRequestEntityTooLarge, code: "body_too_large",
				message: fmt.Sprintf("the body must be at most %d bytes", maxBodyBytes)}
		}
		return &fault{status: http.StatusBadRequest, code: "bad_body", message: "the body could not be read to its end"}
	}
	fields := map[string]any{}
	if len(bytes.TrimSpace(data)) > 0 {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		if err := dec.Decode(&fields); err != nil || fields == nil || dec.InputOffset() < int64(len(bytes.TrimRight(data, " \t\r\n"))) {
			return &fault{status: http.StatusBadRequest, code: "bad_body", message: "the body must be one JSON object"}
		}
	}
	return a.setFields(fields)
}

func (a *args) setFields(fields map[string]any) error {
	for i := range a.params {
		p := &a.params[i]
		if p.in != inBody {
			continue
		}
		value, ok := fields[p.name]
		delete(fields, p.name)
		switch v := value.(type) {
		case string:
			if p.kind != text {
				return p.bad("must be a JSON number, got a string")
			}
			if err := a.set(p, v); err != nil {
				return err
			}
		case json.Number:
			if p.kind == text {
				return p.bad("must be a JSON string, got a number")
			}
			if err := a.set(p, v.String()); err != nil {
				return err
			}
		default:
			if ok {
				return p.bad("must be a JSON %s", p.kind)
			}
			if p.required {
				return p.bad("is missing")
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		return &fault{status: http.StatusBadRequest, code: "unknown_field",
			message: "the body has an unknown field " + shorten(name), parameter: truncate(name)}
	}
	return nil
}

// shorten quotes what a client sent, for a message.
func shorten(s string) string { return strconv.Quote(truncate(s)) }

func truncate(s string) string {
	const limit = 64
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
