package influx

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// About is the setting that a refusal is about.
type About string

// What InfluxDB may refuse a write for.
const (
	Address About = "address"
	Token   About = "token"
	Org     About = "organization"
	Bucket  About = "bucket"
)

// RefusedError is an answer that stays the same until a setting changes.
type RefusedError struct {
	About   About
	URL     string // of InfluxDB
	Bucket  string
	Status  int
	Message string // InfluxDB's own
}

func (e *RefusedError) Error() string {
	var what string
	switch e.About {
	case Token:
		what = "does not take the token"
		if e.Status == http.StatusForbidden {
			what = fmt.Sprintf("does not let the token write to bucket %q", e.Bucket)
		}
	case Org:
		what = "does not take the organization"
	case Bucket:
		what = fmt.Sprintf("has no bucket %q", e.Bucket)
	default:
		what = "does not take writes"
	}
	return fmt.Sprintf("%s %s: %d %s", e.URL, what, e.Status, e.Message)
}

// UnreachableError is an InfluxDB that does not answer, or not now.
type UnreachableError struct {
	URL string
	Err error

	after time.Duration // asked for by Retry-After
}

func (e *UnreachableError) Error() string { return fmt.Sprintf("%s: %v", e.URL, e.Err) }

func (e *UnreachableError) Unwrap() error { return e.Err }

// errTooLarge and errUnparsable are answers that fewer lines may not get.
var (
	errTooLarge   = errors.New("413: the write is too large")
	errUnparsable = errors.New("400: a line cannot be parsed")
)

// partialError says that InfluxDB took a write but for some lines.
type partialError struct {
	dropped int
	message string
}

func (e *partialError) Error() string { return e.message }

// droppedLines finds how many, as InfluxDB 2.7 says it: "field type conflict: ... dropped=3", "dropped 3 points outside
// retention policy".
var droppedLines = regexp.MustCompile(`dropped[= ](\d+)`)

// judge says what an answer to a write of n lines means; nil is success.
func (t *Target) judge(bucket string, status int, head http.Header, body []byte, n int) error {
	whole := message(body)
	text := brief(whole)
	refused := func(about About) error {
		return &RefusedError{About: about, URL: t.URL, Bucket: bucket, Status: status, Message: text}
	}
	switch {
	case status/100 == 2:
		return nil
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status/100 == 5:
		return &UnreachableError{URL: t.URL, Err: fmt.Errorf("%d %s", status, text), after: retryAfter(head.Get("Retry-After"))}
	case status == http.StatusRequestEntityTooLarge:
		return errTooLarge
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return refused(Token)
	case status == http.StatusNotFound && strings.Contains(whole, "organization"):
		return refused(Org)
	case status == http.StatusNotFound && strings.Contains(whole, "bucket"):
		return refused(Bucket)
	case strings.Contains(whole, "partial write"):
		e := &partialError{dropped: n, message: text}
		if m := droppedLines.FindStringSubmatch(whole); m != nil {
			if d, err := strconv.Atoi(m[1]); err == nil && d < n {
				e.dropped = d
			}
		}
		return e
	case status == http.StatusBadRequest && strings.Contains(whole, "unable to parse"), status == http.StatusUnprocessableEntity:
		return errUnparsable
	case status == http.StatusBadRequest && strings.Contains(whole, "org"):
		return refused(Org)
	}
	return refused(Address)
}

// message is what InfluxDB says in an error's body, in one line.
func message(body []byte) string {
	var doc struct{ Message, Error string }
	text := string(body)
	if json.Unmarshal(body, &doc) == nil && doc.Message+doc.Error != "" {
		text = doc.Message + doc.Error
	}
	return strings.Join(strings.Fields(text), " ")
}

// brief is as much of a message as a person reads.
func brief(text string) string {
	const most = 300
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return text
}

// retryAfter reads the header's seconds or date; 0 when there is none.
func retryAfter(value string) time.Duration {
	if s, err := strconv.Atoi(value); err == nil {
		return time.Duration(max(s, 0)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
