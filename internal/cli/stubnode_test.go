package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// stubNode is a Node for scripts, which runs no Artillery: it says what it was given, leaves a record as the plugin would and
// ends as STUB says, a list of words:
//
//	before      ends before the record begins
//	exit=N      ends with that code
//	killed      is killed when the record has its first period
//	waits       waits for SIGINT, and ends as Artillery does then
//	refused     no request is answered
//	ensure, expect   what fails
//	miscounts   the report has another number of requests
func stubNode() {
	if slices.Equal(os.Args[1:], []string{"--version"}) {
		fmt.Println("v22.18.0")
		return
	}
	s := stub{args: os.Args[2:]} // behind Artillery's program
	for _, word := range strings.Fields(os.Getenv("STUB")) {
		if n, ok := strings.CutPrefix(word, "exit="); ok {
			s.exit, _ = strconv.Atoi(n)
		} else {
			s.words = append(s.words, word)
		}
	}
	s.tell()
	if s.is("before") && s.is("killed") {
		s.kill()
	}
	if !s.is("before") {
		s.run()
	}
	os.Exit(s.exit)
}

type stub struct {
	args  []string
	words []string
	exit  int
}

func (s *stub) is(word string) bool { return slices.Contains(s.words, word) }

func (s *stub) flag(name string) string {
	if i := slices.Index(s.args, name); i >= 0 && i+1 < len(s.args) {
		return s.args[i+1]
	}
	return ""
}

var required = regexp.MustCompile(`--require=(?:"((?:\\.|[^"])*)"|(\S+))`)

// tell prints what Artillery is given.
func (s *stub) tell() {
	for _, a := range s.args {
		fmt.Println("arg " + a)
	}
	environ := os.Environ()
	slices.Sort(environ)
	for _, v := range environ {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(v, "LTLAB_") || strings.HasPrefix(v, "ARTILLERY_") || slices.Contains([]string{"NODE_OPTIONS", "BASE_URL", "TOKEN", "USERS"}, name) {
			fmt.Println("env " + v)
		}
	}
	if m := required.FindAllStringSubmatch(os.Getenv("NODE_OPTIONS"), -1); len(m) > 0 {
		last := m[len(m)-1]
		path := strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(last[1] + last[2])
		if _, err := os.Stat(path); err == nil {
			fmt.Println("the preload is there")
		}
	}
	for _, dir := range strings.Split(os.Getenv("ARTILLERY_PLUGIN_PATH"), ":") {
		if _, err := os.Stat(filepath.Join(dir, "artillery-plugin-ltlab", "index.js")); err == nil {
			fmt.Println("the plugin is there")
		}
	}
	var over struct{ Config struct{ Processor string } }
	_ = json.Unmarshal([]byte(s.flag("--overrides")), &over)
	if text, err := os.ReadFile(over.Config.Processor); err == nil {
		fmt.Printf("the processor is\n%s\n", text)
	}
}

func (s *stub) kill() {
	self, err := os.FindProcess(os.Getpid())
	check(err)
	check(self.Kill())
	select {} // until it is there
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
}

// run leaves a record of 10 requests in one period.
func (s *stub) run() {
	const requests = 10
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, os.Interrupt)
	answered := int64(requests)
	if s.is("refused") {
		answered = 0
	}
	w, err := record.Create(os.Getenv("LTLAB_RECORD"))
	check(err)
	mapping := record.DefaultMapping()
	index, err := mapping.Index()
	check(err)
	w.Header(record.Header{Format: record.Format, Run: os.Getenv("LTLAB_RUN"), Project: os.Getenv("LTLAB_PROJECT"), Tool: "artillery",
		ToolVersion: "2.0.34", Mapping: mapping, Start: time.Now().Truncate(time.Second), Period: 10})
	var buckets []record.Bucket
	add := func(name string, kind record.Kind, tags map[string]string, b record.Bucket) {
		b.Series, b.Kind = len(buckets), kind
		w.Metric(record.Metric{ID: b.Series, Name: name, Kind: kind})
		w.Series(record.Series{ID: b.Series, Metric: b.Series, Tags: tags})
		buckets = append(buckets, b)
	}
	count := func(n int64) record.Bucket { return record.Bucket{N: n, Sum: float64(n)} }
	add("vusers.created", record.Counter, nil, count(requests))
	add("http.requests", record.Counter, nil, count(requests))
	if answered > 0 {
		sketch := record.NewSketch(index)
		for range answered {
			check(sketch.Add(5))
		}
		add("vusers.completed", record.Counter, nil, count(answered))
		add("http.responses", record.Counter, nil, count(answered))
		add("http.codes", record.Counter, map[string]string{"status": "200"}, count(answered))
		add("http.response_time", record.Trend, nil, record.Bucket{N: answered, Sum: 5 * float64(answered), Min: 5, Max: 5, Sketch: sketch})
		passed := float64(answered)
		if s.is("expect") {
			passed -= 3
		}
		add("checks", record.Rate, map[string]string{"check": "expect statusCode"}, record.Bucket{N: answered, Sum: passed})
	} else {
		add("vusers.failed", record.Counter, nil, count(requests))
		add("errors", record.Counter, map[string]string{"error": "ECONNREFUSED"}, count(requests))
	}
	w.Second(0, buckets)
	w.Load(record.Load{T: 0})
	check(w.Flush())
	end := record.End{T: 1, Exit: &s.exit}
	for _, b := range buckets {
		end.Ledger.Recorded += b.N
	}
	switch {
	case s.is("killed"):
		s.kill()
	case s.is("waits"):
		<-asked
		s.exit = 130
	default:
		end.Ledger.Emitted = &end.Ledger.Recorded
		end.Thresholds = []record.Threshold{{Metric: "ensure", Expression: "http.response_time.p95 < 4", OK: !s.is("ensure"), Evaluated: true}}
		s.report(requests)
	}
	w.End(end)
	check(w.Close())
}

func (s *stub) report(requests int) {
	if s.is("miscounts") {
		requests++
	}
	out := s.flag("--output")
	if out == "" {
		out = s.flag("-o")
	}
	check(os.WriteFile(out, fmt.Appendf(nil, `{"aggregate":{"counters":{"http.requests":%d}}}`, requests), 0o600))
}
