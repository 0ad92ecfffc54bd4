package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/dashboards"
	"github.com/ltlab/ltlab/internal/dashboards/lint"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/provision"
)

func TestEachPlaceIsCountedOnceAndAsWhatItIs(t *testing.T) {
	of := func(place int, part string, effect lint.Effect, repair string, fixed bool) lint.Finding {
		return lint.Finding{Place: place, Part: part, Panel: "same", Effect: effect, Repair: repair, Fixed: fixed}
	}
	n := tally([]dashboards.Checked{{Folder: "shop", Findings: []lint.Finding{
		of(0, "dashboard", lint.Empty, "it can", false),
		of(1, "variable", lint.Empty, "", false),
		of(2, "panel", lint.Empty, "it can", false), of(2, "panel", lint.Empty, "", false), of(2, "panel", lint.Misleads, "", false),
		of(3, "panel", lint.Empty, "it can", false), of(3, "panel", lint.Empty, "it can", false),
		of(4, "panel", lint.Empty, "it can", true),
		of(5, "annotation", lint.Empty, "", false), of(5, "annotation", lint.Empty, "it can", false),
	}}, {Findings: []lint.Finding{of(2, "panel", lint.Empty, "it can", false)}}})
	if n.empty != 6 || n.misleading != 1 || n.repairable != 2 {
		t.Errorf("%+v", n)
	}
	if got := n.summary(); got != "3 panels and 1 variable and 1 annotation and 1 dashboard will be empty, 1 panel misleads" {
		t.Errorf("it says %q", got)
	}
	if got := tally(nil).summary(); got != "" {
		t.Errorf("of nothing it says %q", got)
	}
}

func TestWhatInfluxDBHoldsIsNotKnownWhereItDoesNotSay(t *testing.T) {
	rows := func(n int) string {
		return "#datatype,string,long,string\r\n,result,table,_value\r\n" + strings.Repeat(",,0,http_reqs\r\n", n)
	}
	for name, c := range map[string]struct {
		answer string
		values int
		err    string
	}{
		"nothing":                        {"\r\n", 0, ""},
		"two":                            {rows(2), 2, ""},
		"two tables":                     {rows(2) + "\r\n" + "#datatype,string,long,string,string\r\n,result,table,bucket,_value\r\n,,1,b,vus\r\n", 3, ""},
		"an error":                       {"#datatype,string,string\r\n,error,reference\r\n,no memory,897\r\n", 0, "no memory"},
		"an error behind rows":           {rows(2) + "\r\n#datatype,string,string\r\n,error,reference\r\n,no memory,897\r\n", 0, "no memory"},
		"an error without its types":     {",error,reference\r\n,no memory,897\r\n", 0, "it answered with an error: no memory"},
		"an error that is cut short":     {",error,reference\r\n", 0, "does not say which"},
		"an error behind, without types": {rows(2) + "\r\n,error,reference\r\n,no memory,897\r\n", 0, "it answered with an error: no memory"},
		"a page of somebody else":        {"<html>,x\r\n", 0, "no table of values"},
		"a table of something else":      {"#datatype,string,long,string\r\n,result,table,name\r\n,,0,x\r\n", 0, "no table of values"},
		"nine megabytes":                 {rows(9 << 20 / 10), 0, "its answer has more than 8 MB"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, c.answer) }))
		a := holder(t.Context(), provision.Access{URL: s.URL, Org: "o", Token: "t"})
		got, err := a.Measurements("loadtests")
		s.Close()
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) && !strings.Contains(problemWhy(err), c.err) || len(got) != c.values {
			t.Errorf("%s: %d values, %v (%s)", name, len(got), err, problemWhy(err))
		}
		if (a.Err == nil) != (err == nil) || slices.Contains(got, "") {
			t.Errorf("%s: %v, %q", name, a.Err, got)
		}
	}
}

func problemWhy(err error) string {
	if p := problem.From(err); err != nil && p != nil {
		return p.Why
	}
	return ""
}
