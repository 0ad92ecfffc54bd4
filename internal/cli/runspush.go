package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/runner"
	"github.com/ltlab/ltlab/internal/term"
)

type pushOptions struct {
	deps      *Deps
	flags     map[string]*string // by setting
	tokenFile string
}

func newRunsPush(d *Deps) *cobra.Command {
	o := &pushOptions{deps: d, flags: map[string]*string{}}
	cmd := &cobra.Command{
		Use: "push RUN", Short: "Send a run to InfluxDB, once more or for the first time", Args: oneArg("run"), ValidArgsFunction: runNames(d),
		Long: "Sends all rows of a run to the running lab's InfluxDB, or to another one. It may be repeated: points are the same each time.\n" +
			"RUN may also be the path of a record's folder, as k6 leaves one when it could not send everything itself.",
		Example: "  ltlab runs push last\n" +
			"  ltlab runs push last --url http://127.0.0.1:8086 --token-file token.txt",
		RunE: func(cmd *cobra.Command, args []string) error { return runRunsPush(cmd.Context(), o, args[0]) },
	}
	for _, f := range []struct{ name, key, help string }{
		{"url", config.InfluxURL, "`address` of InfluxDB; default: the running lab's, else INFLUXDB_URL of ltlab config"},
		{"org", config.InfluxOrg, "its organization, by `name`"},
		{"bucket", config.InfluxBucket, "`bucket` of rows by the second"},
		{"bucket-1m", config.InfluxBucket1M, "`bucket` of rows by the minute"},
	} {
		o.flags[f.key] = cmd.Flags().String(f.name, "", f.help)
	}
	cmd.Flags().StringVar(&o.tokenFile, "token-file", "", "`file` that holds the token; default: INFLUXDB_TOKEN of ltlab config")
	return cmd
}

type pushDoc struct {
	Schema   int         `json:"schema"`
	Run      string      `json:"run"`
	URL      string      `json:"url"`
	Bucket   string      `json:"bucket"`
	Bucket1M string      `json:"bucket_1m,omitempty"`
	OK       bool        `json:"ok"`
	Exit     int         `json:"exit"`
	Sink     record.Sink `json:"sink"`
	Problem  *problemed  `json:"problem,omitempty"`
}

func runRunsPush(ctx context.Context, o *pushOptions, name string) error {
	d := o.deps
	folder, err := d.recordFolder(name)
	if err != nil {
		return err
	}
	if runner.Alive(folder) {
		return problem.RunActive(folder.ID())
	}
	sink, err := o.sink(ctx)
	if err != nil {
		return err
	}
	t := sink.Target
	d.IO.Progress(d.json)(term.Event{Text: "sending run " + folder.ID() + " to " + t.URL})
	sent, err := influx.Send(ctx, folder, t, 0, nil)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	doc := pushDoc{Schema: Schema, Run: folder.ID(), URL: t.URL, Bucket: t.Bucket, Bucket1M: t.Bucket1M, OK: sent.Whole(), Sink: sent}
	if !sent.Whole() {
		p := runner.Unsent(folder.ID(), &sent, err)
		doc.Exit, doc.Problem = p.Exit, problemDoc(p)
		if !d.json {
			return p
		}
	} else if !o.elsewhere() {
		noteSent(folder, sent)
	}
	if d.json {
		if err := term.JSON(d.IO.Out, doc); err != nil || doc.OK {
			return err
		}
		return &shownError{doc.Exit}
	}
	fmt.Fprintf(d.IO.Out, "InfluxDB has all of run %s: %s lines, in bucket %s of %s\n", folder.ID(), count(float64(sent.Written)), t.Bucket, t.URL)
	return nil
}

// elsewhere says whether the run was sent to another database than the lab's: that one is whole, and the lab's is not for it.
func (o *pushOptions) elsewhere() bool {
	for _, value := range o.flags {
		if *value != "" {
			return true
		}
	}
	return false
}

// noteSent writes into the run's record that InfluxDB has it. One that k6 made alone has no file for that.
func noteSent(folder record.Folder, sent record.Sink) {
	w, err := record.AppendRun(folder.Run())
	if err != nil {
		return
	}
	defer w.Close()
	_ = w.Write(record.RunLine{Sent: &record.Sent{Time: time.Now(), To: influx.Name, Sink: sent}}) // InfluxDB has the run all the same
}

// recordFolder is a run by its name, or by the path of its folder.
func (d *Deps) recordFolder(name string) (record.Folder, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		cwd, err := d.Getwd()
		if err != nil {
			return "", err
		}
		if f := record.Folder(absolute(cwd, name)); exists(f.Tool()) {
			return record.Folder(filepath.Clean(string(f))), nil
		}
	}
	h, err := d.home()
	if err != nil {
		return "", err
	}
	return h.Runs().Find(name)
}

// sink is where to send: flags count before the lab's .env, and that before the running lab. The environment does not.
func (o *pushOptions) sink(ctx context.Context) (*runner.Sink, error) {
	d := o.deps
	sources := config.Sources{Flags: map[string]config.Flag{}}
	for key, value := range o.flags {
		if *value != "" {
			k, err := config.FindKey(key)
			if err == nil {
				err = k.Check(*value)
			}
			if err != nil {
				return nil, &usageError{err}
			}
			sources.Flags[key] = config.Flag{Name: "--" + key, Value: *value}
		}
	}
	if o.tokenFile != "" {
		cwd, err := d.Getwd()
		if err != nil {
			return nil, err
		}
		b, err := os.ReadFile(absolute(cwd, o.tokenFile))
		if err != nil {
			return nil, &usageError{fmt.Errorf("--token-file: %w", err)}
		}
		sources.Flags[config.InfluxToken] = config.Flag{Name: "--token-file", Value: strings.TrimSpace(string(b))}
	}
	env, err := d.env()
	if err != nil {
		return nil, err
	}
	sources.Env = env
	var st *lab.Status
	if sources.Value(config.InfluxURL).Value == "" { // else no lab is asked
		if _, st, err = d.running(ctx); err != nil {
			return nil, err
		}
	}
	sink := influxOf(sources, st)
	if sink == nil {
		return nil, noInflux(st)
	}
	if err := sink.Check(); err != nil {
		return nil, &usageError{fmt.Errorf("InfluxDB: %w", err)}
	}
	return sink, nil
}

// noInflux says why there is none to send to: the running lab's is down, or there is no lab with one.
func noInflux(st *lab.Status) error {
	has := func(v engine.Service) bool { return v.Name == engine.InfluxDB && v.State != engine.Absent }
	if st != nil && running(st) && slices.ContainsFunc(st.Services, has) {
		return influxDown(st)
	}
	return problem.InfluxUnknown("no lab with InfluxDB runs, and INFLUXDB_URL is not set")
}

// sink is the InfluxDB that a run goes to: the one in the lab's own settings, or the running lab's; nil without one.
func (d *Deps) sink(st *lab.Status) (*runner.Sink, error) {
	env, err := d.env()
	if err != nil {
		return nil, err
	}
	sink := influxOf(config.Sources{Env: env}, st)
	if sink == nil {
		return nil, nil
	}
	if err := sink.Check(); err != nil {
		return nil, problem.SettingsInvalid(fmt.Errorf("INFLUXDB_URL: %w", err))
	}
	return sink, nil
}

// influxOf is the InfluxDB that settings name, or that a lab runs (st may be nil); nil when there is none.
func influxOf(s config.Sources, st *lab.Status) *runner.Sink {
	if st != nil {
		s.Running = map[string]string{config.InfluxURL: st.URL("influxdb")}
	}
	t := influx.Target{
		URL: s.Value(config.InfluxURL).Value, Org: s.Value(config.InfluxOrg).Value, Token: s.Value(config.InfluxToken).Value,
		Bucket: s.Value(config.InfluxBucket).Value, Bucket1M: s.Value(config.InfluxBucket1M).Value,
	}
	if t.URL == "" {
		return nil
	}
	return &runner.Sink{Target: t, RawLimit: s.Value(config.InfluxRawLimit).Value}
}
