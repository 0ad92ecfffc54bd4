package report

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/boards"
)

// The usual schemas of JUnit's XML differ; this has what all of them want, in the order that the strictest wants.
type suites struct {
	XMLName xml.Name `xml:"testsuites"`
	Suites  []suite  `xml:"testsuite"`
}

type suite struct {
	Package   string     `xml:"package,attr"`
	ID        int        `xml:"id,attr"`
	Name      string     `xml:"name,attr"`
	Timestamp string     `xml:"timestamp,attr"`
	Hostname  string     `xml:"hostname,attr"`
	Tests     int        `xml:"tests,attr"`
	Failures  int        `xml:"failures,attr"`
	Errors    int        `xml:"errors,attr"`
	Skipped   int        `xml:"skipped,attr"`
	Time      string     `xml:"time,attr"`
	Facts     []property `xml:"properties>property"`
	Cases     []testcase `xml:"testcase"`
	Out       string     `xml:"system-out"`
	Err       string     `xml:"system-err"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testcase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	Time    string   `xml:"time,attr"`
	Skipped *message `xml:"skipped"`
	Error   *finding `xml:"error"`
	Failure *finding `xml:"failure"`
}

type message struct {
	Message string `xml:"message,attr"`
}

type finding struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// JUnit is the runs as JUnit's XML: a suite for each, in it a case for the run itself, one for each threshold and one for each
// check. A threshold that no sample matched is an error. A check that failed is skipped where checks do not decide.
func JUnit(runs []Run) ([]byte, error) {
	out := suites{}
	for i := range runs {
		out.Suites = append(out.Suites, suiteOf(i, &runs[i]))
	}
	b, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), append(b, '\n')...), nil
}

func suiteOf(i int, r *Run) suite {
	class := token(r.Project)
	if class == "" {
		class = r.Tool
	}
	s := suite{Package: class, ID: i, Name: token(r.Scenario + " (" + r.ID + ")"), Timestamp: r.Start.UTC().Format("2006-01-02T15:04:05"), Hostname: "localhost",
		Time: seconds(r.Seconds), Facts: []property{{"run", clean(r.ID)}, {"tool", clean(r.Tool + " " + r.Version)}, {"state", string(r.State)}}}
	if r.Target != "" {
		s.Facts = append(s.Facts, property{"target", clean(r.Target)})
	}
	add := func(c testcase) {
		c.Class = class + "." + token(r.Scenario)
		if c.Time == "" {
			c.Time = seconds(0)
		}
		s.Tests++
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
		s.Cases = append(s.Cases, c)
	}
	add(whole(r))
	for j := range r.Limits {
		t := &r.Limits[j]
		name := token(t.Metric + ": " + t.Expression)
		c := testcase{Name: "threshold " + name}
		switch {
		case !t.Evaluated:
			c.Error = &finding{Message: name + " was not evaluated: no sample matched", Type: "not-evaluated"}
		case !t.OK:
			c.Failure = &finding{Message: name + " was crossed", Type: "threshold"}
		}
		add(c)
	}
	for _, check := range r.Checks {
		c := testcase{Name: "check " + token(check.Name)}
		says := fmt.Sprintf("%d of %d failed", check.Fails, check.Passes+check.Fails)
		switch {
		case check.Fails > 0 && r.Judged:
			c.Failure = &finding{Message: says, Type: "check"}
		case check.Fails > 0:
			c.Skipped = &message{says + "; the tool judges checks by thresholds alone"}
		}
		add(c)
	}
	var text strings.Builder
	for _, l := range r.Lines {
		fmt.Fprintf(&text, "%-11s %s\n", l.Name, clean(l.Text))
	}
	s.Out, s.Err = text.String(), clean(strings.Join(r.Warnings, "\n"))
	return s
}

// whole is the case of the run itself, so that one without thresholds has a verdict, too. Where thresholds decided, their own
// cases say so.
func whole(r *Run) testcase {
	c := testcase{Name: "run", Time: seconds(r.Seconds)}
	says := clean(r.Verdict.Text)
	switch {
	case r.Verdict.Level == boards.Good, r.Verdict.ByLimits:
	case r.State == analysis.Finished:
		c.Failure = &finding{Message: says, Type: "run"}
	default:
		c.Error = &finding{Message: says, Type: string(r.State)}
	}
	return c
}

func seconds(s float64) string { return strconv.FormatFloat(s, 'f', 3, 64) }

// clean leaves out what XML has no way to write.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// token is a name in one line, as the schemas' token is.
func token(s string) string { return short(strings.Join(strings.Fields(clean(s)), " "), 300) }

// short cuts a text to n characters.
func short(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
