//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	labartillery "github.com/ltlab/ltlab/artillery"
	"github.com/ltlab/ltlab/internal/record"
)

// pluginRig is a folder with the plugin unpacked in it, and what runs it: the real Artillery on a real Node.
type pluginRig struct {
	t      *testing.T
	dir    string
	plugin string
	node   string
	run    string // Artillery's bin/run
	record string
}

func newPluginRig(t *testing.T) *pluginRig {
	t.Helper()
	cache := os.Getenv("LTLAB_CACHE")
	if cache == "" {
		cache = "../.cache"
	}
	modules, err := filepath.Abs(filepath.Join(cache, "artillery", "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	r := &pluginRig{t: t, dir: t.TempDir(), node: filepath.Join(modules, "node", "bin", "node"), run: filepath.Join(modules, "artillery", "bin", "run")}
	for _, program := range []string{r.node, r.run} {
		if _, err := os.Stat(program); err != nil {
			t.Fatalf("%v: `ltlab artillery install` with its cache in %s makes it", err, cache)
		}
	}
	r.plugin, r.record = filepath.Join(r.dir, "plugin"), filepath.Join(r.dir, record.ToolFile)
	if err := labartillery.Unpack(r.plugin); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *pluginRig) write(name, text string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// modules is the folder of Artillery's own modules.
func (r *pluginRig) modules() string { return filepath.Dir(filepath.Dir(filepath.Dir(r.run))) }

// command runs Node with what ltlab gives to it; env adds to that, an empty value takes a variable away.
func (r *pluginRig) command(env map[string]string, args ...string) *exec.Cmd {
	cmd := exec.Command(r.node, args...)
	cmd.Dir = r.dir
	all := map[string]string{
		"HOME": r.dir, "PATH": os.Getenv("PATH"), "LTLAB_RECORD": r.record, "LTLAB_RUN": "r1", "LTLAB_PROJECT": "shop",
		"ARTILLERY_PLUGINS": `{"ltlab":{"scope":"artillery-plugin-"}}`, "ARTILLERY_PLUGIN_PATH": r.plugin, "ARTILLERY_DISABLE_TELEMETRY": "true",
		"NODE_OPTIONS": "--require=" + filepath.Join(r.plugin, "preload.cjs"),
	}
	for name, value := range env {
		all[name] = value
	}
	for name, value := range all {
		if value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	return cmd
}

// nodeEnd is a Node that has ended.
type nodeEnd struct {
	exit           int
	stdout, stderr string
}

// finish runs a command to its end.
func (r *pluginRig) finish(cmd *exec.Cmd) nodeEnd {
	r.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	return r.wait(cmd, &stdout, &stderr)
}

func (r *pluginRig) wait(cmd *exec.Cmd, stdout, stderr *bytes.Buffer) nodeEnd {
	r.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			r.t.Fatal(err)
		}
	case <-time.After(limit):
		_ = cmd.Process.Kill() // it may just have ended
		<-ended
		r.t.Fatalf("it does not end:\n%s%s", stdout, stderr)
	}
	return nodeEnd{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// artillery runs a script to its end.
func (r *pluginRig) artillery(env map[string]string, script string, flags ...string) nodeEnd {
	r.t.Helper()
	args := append([]string{r.run, "run"}, flags...)
	return r.finish(r.command(env, append(args, r.write("script.yml", script))...))
}

// node runs a program in Node, with the plugin's folder as its first argument and the folder of Artillery's modules as
// its second, and fails when it does.
func (r *pluginRig) runNode(program string, args ...string) nodeEnd {
	r.t.Helper()
	path := r.write("program.cjs", program)
	o := r.finish(r.command(map[string]string{"NODE_OPTIONS": ""}, append([]string{path, filepath.Join(r.plugin, "artillery-plugin-ltlab"), r.modules()}, args...)...))
	if o.exit != 0 {
		r.t.Fatalf("exit %d:\n%s%s", o.exit, o.stdout, o.stderr)
	}
	return o
}

// pluginRecord is a record as the plugin wrote it, read by the reader of every other part.
type pluginRecord struct {
	header  record.Header
	metrics map[int]record.Metric
	series  map[int]record.Series
	seconds []record.Second
	loads   []record.Load
	notes   map[string][]string
	end     *record.End
}

func (r *pluginRig) read() pluginRecord {
	r.t.Helper()
	tail, err := record.OpenTail(r.record)
	if err != nil {
		r.t.Fatal(err)
	}
	defer tail.Close()
	p := pluginRecord{metrics: map[int]record.Metric{}, series: map[int]record.Series{}, notes: map[string][]string{}}
	if err := tail.Each(func(l record.ToolLine) error {
		switch {
		case l.Header != nil:
			p.header = *l.Header
		case l.Metric != nil:
			p.metrics[l.Metric.ID] = *l.Metric
		case l.Series != nil:
			p.series[l.Series.ID] = *l.Series
		case l.Second != nil:
			p.seconds = append(p.seconds, *l.Second)
		case l.Load != nil:
			p.loads = append(p.loads, *l.Load)
		case l.Note != nil:
			p.notes[l.Note.ID] = append(p.notes[l.Note.ID], l.Note.Text)
		case l.End != nil:
			p.end = l.End
		}
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
	return p
}

// name is a series in words: metric, then its tags' values by key, each in braces.
func (p *pluginRecord) name(id int) string {
	s := p.series[id]
	out := p.metrics[s.Metric].Name
	for _, key := range []string{"check", "class", "error", "name", "scenario", "status"} {
		if v, ok := s.Tags[key]; ok {
			out += "{" + v + "}"
		}
	}
	return out
}

// merged adds up the buckets of some seconds by the series' names in words.
func (p *pluginRecord) merged(t *testing.T, seconds ...record.Second) map[string]record.Bucket {
	t.Helper()
	out := map[string]record.Bucket{}
	for _, s := range seconds {
		for _, b := range s.Buckets {
			name := p.name(b.Series)
			have, ok := out[name]
			if !ok {
				if b.Sketch != nil {
					b.Sketch = b.Sketch.Copy()
				}
				out[name] = b
				continue
			}
			have.N, have.Sum, have.Last = have.N+b.N, have.Sum+b.Sum, b.Last
			have.Min, have.Max = min(have.Min, b.Min), max(have.Max, b.Max)
			if b.Sketch != nil {
				if err := have.Sketch.MergeWith(b.Sketch); err != nil {
					t.Fatal(err)
				}
			}
			out[name] = have
		}
	}
	return out
}

// pluginTarget is what Artillery is run against; its own counts are the truth.
type pluginTarget struct {
	*httptest.Server
	mu     sync.Mutex
	counts map[string]float64 // by status, or "reset"
}

func newPluginTarget(t *testing.T) *pluginTarget {
	t.Helper()
	p := &pluginTarget{counts: map[string]float64{}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		what := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 2)[0]
		p.mu.Lock()
		p.counts[what]++
		p.mu.Unlock()
		if what == "reset" {
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = c.(*net.TCPConn).SetLinger(0) // a reset instead of an end
			c.Close()
			return
		}
		status, err := strconv.Atoi(what)
		if err != nil {
			status = http.StatusTeapot
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("answer")) // the client may be gone
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *pluginTarget) count(what string) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[what]
}

// artilleryReport is what Artillery writes with -o.
type artilleryReport struct {
	Aggregate    artilleryPeriod   `json:"aggregate"`
	Intermediate []artilleryPeriod `json:"intermediate"`
}

type artilleryPeriod struct {
	Period    json.RawMessage               `json:"period"`
	Counters  map[string]any                `json:"counters"` // a text where the name is one of JavaScript's own
	Summaries map[string]map[string]float64 `json:"summaries"`
}
