package provision

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/problem"
)

// An InfluxDB that dies in the middle of its answer is no fault of ltlab's, and what has come is passed on.
func TestAnAnswerThatBreaksOffIsAnInfluxDBThatDoesNotAnswer(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusServiceUnavailable} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "#datatype,string,long,double\n,result,table,_value\n,,0,42\n")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}))
		var got strings.Builder
		err := Query(context.Background(), Access{URL: s.URL, Org: "ltlab", Token: "t"}, "buckets()", &got)
		s.Close()
		var p *problem.Problem
		if !errors.As(err, &p) || p.ID != "lab-unhealthy" {
			t.Errorf("status %d: got %v", status, err)
		}
		if want := "result,table,_value\n,0,42\n"; status == http.StatusOK && got.String() != want {
			t.Errorf("got %q, want %q", got.String(), want)
		}
	}
}
