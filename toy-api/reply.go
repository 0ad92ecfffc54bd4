package toyapi

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Header values are shared between requests, which saves their allocation.
var jsonType = []string{"application/json"}

// A fault is an error for the client.
type fault struct {
	status     int
	code       string // stable, for programs
	message    string // for people
	parameter  string // the one at fault, if one is
	retryAfter time.Duration
}

func (f *fault) Error() string { return f.message }

// okReply is the answer of routes that have little to say.
type okReply struct {
	OK    bool   `json:"ok"`
	Route string `json:"route"`
}

type errorReply struct {
	Error errorBody `json:"error"`
}

type errorBody struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	Parameter string `json:"parameter"`
}

// writeJSON writes v with a line feed. It fails only before it has written
// anything; a client that has gone is no error here.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	writeBody(w, status, append(body, '\n'))
	return nil
}

func writeBody(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	w.Write(body)
}

// writeError answers with err; what is not a fault stays on this side.
func writeError(w http.ResponseWriter, err error) {
	var f *fault
	switch {
	case errors.As(err, &f):
	case errors.Is(err, context.Canceled):
		// Nobody reads it, but metrics count it; nginx's code for this.
		f = &fault{status: 499, code: "client_closed", message: "the client closed the connection"}
	default:
		f = &fault{status: http.StatusInternalServerError, code: "internal", message: "internal error"}
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if f.status == http.StatusTooManyRequests || f.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(max(1, wholeSeconds(f.retryAfter))))
	}
	// Three strings always encode.
	_ = writeJSON(w, f.status, errorReply{errorBody{f.code, f.message, f.parameter}})
}

// wholeSeconds rounds up, as a client that comes back too early is refused again.
func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// recorder remembers what was answered, for metrics.
type recorder struct {
	http.ResponseWriter
	status int // 0: nothing yet
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
