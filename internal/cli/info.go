package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/term"
	"github.com/ltlab/ltlab/internal/version"
)

func newInfo(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "info",
		Short: "Show where everything of the lab is",
		Long: "Shows the lab's folder, services and addresses, its runs and what they take, on Docker also InfluxDB's buckets and how\n" +
			"to sign in to Grafana, and versions. Secrets are named, not shown: ltlab config --show-secrets does that.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runInfo(cmd.Context(), d) },
	}
}

type infoDoc struct {
	lab.Status
	Home     string       `json:"home"`
	Settings string       `json:"settings"` // the file, whether it is there or not
	Runs     infoRuns     `json:"runs"`
	InfluxDB *infoInflux  `json:"influxdb"` // null where the lab is not on Docker
	Grafana  *infoGrafana `json:"grafana"`  // the same
	Versions infoVersions `json:"versions"`
}

type infoRuns struct {
	Folder string `json:"folder"`
	Count  int    `json:"count"`
	Bytes  int64  `json:"bytes"`
}

type infoInflux struct {
	URL     string       `json:"url,omitempty"` // of a healthy one
	Org     string       `json:"org"`
	Buckets []infoBucket `json:"buckets"`
}

type infoBucket struct {
	Name      string `json:"name"`
	Retention string `json:"retention"` // as the setting has it: 168h, 7d, 0 for ever
}

type infoGrafana struct {
	URL      string `json:"url,omitempty"`
	User     string `json:"user"`
	Password string `json:"password_setting"` // the setting's name, never its value
}

type infoVersions struct {
	Ltlab  string `json:"ltlab"`
	Record int    `json:"record"`           // format of run records
	Docker string `json:"docker,omitempty"` // of the engine on which the lab is
	API    string `json:"docker_api,omitempty"`
}

func runInfo(ctx context.Context, d *Deps) error {
	l, st, err := d.running(ctx)
	if err != nil {
		return err
	}
	doc := infoDoc{Status: *st, Home: string(l.Home), Settings: l.Home.Env(), Versions: infoVersions{Ltlab: version.String(), Record: record.Format}}
	doc.Schema = Schema
	runs, err := l.Home.Runs().List()
	if err != nil {
		return problem.HomeUnusable(string(l.Home), err)
	}
	doc.Runs = infoRuns{Folder: string(l.Home.Runs()), Count: len(runs), Bytes: folder(string(l.Home.Runs())).Bytes}
	full, err := d.docker(l.Home)
	if err != nil {
		return err
	}
	if l.Engine.Name() == full.Name() {
		f, err := d.env()
		if err != nil {
			return err
		}
		src := config.Sources{Env: f}
		v := func(key string) string { return src.Value(key).Value }
		doc.InfluxDB = &infoInflux{URL: st.URL(engine.InfluxDB), Org: v(config.InfluxOrg), Buckets: []infoBucket{
			{v(config.InfluxBucket), v(config.InfluxRetention)}, {v(config.InfluxBucket1M), v(config.InfluxRetention1M)},
		}}
		doc.Grafana = &infoGrafana{URL: st.URL(engine.Grafana), User: v(config.GrafanaUser), Password: config.GrafanaPassword}
		if doc.Versions.Docker, doc.Versions.API, err = full.Version(ctx); err != nil {
			return err
		}
	}
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	return d.writeInfo(&doc)
}

func (d *Deps) writeInfo(doc *infoDoc) error {
	writeStatus(d.IO, &doc.Status)
	fmt.Fprintln(d.IO.Out)
	t := d.IO.OutTint()
	w := tabwriter.NewWriter(d.IO.Out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %s\t%s\n", t.Dim(name), fmt.Sprintf(format, args...))
	}
	row("folder", "%s", doc.Home)
	row("settings", "%s", doc.Settings)
	row("runs", "%d · %s in %s", doc.Runs.Count, bytesText(doc.Runs.Bytes), doc.Runs.Folder)
	if v := doc.InfluxDB; v != nil {
		row("influxdb", "organization %s%s", printable(v.Org), at(v.URL))
		for _, b := range v.Buckets {
			row("", "bucket %s, kept %s", printable(b.Name), keptFor(b.Retention))
		}
	}
	if v := doc.Grafana; v != nil {
		row("grafana", "user %s, password %s in %s%s", printable(v.User), v.Password, doc.Settings, at(v.URL))
	}
	versions := "ltlab " + doc.Versions.Ltlab
	if doc.Versions.Docker != "" {
		versions += fmt.Sprintf(" · Docker %s, API %s", doc.Versions.Docker, doc.Versions.API)
	}
	row("versions", "%s", versions)
	return w.Flush()
}

func at(url string) string {
	if url == "" {
		return ""
	}
	return " · " + url
}

func keptFor(retention string) string {
	if span, err := config.ParseRetention(retention); err == nil && span == 0 {
		return "for ever"
	}
	return retention
}
