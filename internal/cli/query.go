package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/provision"
	"github.com/ltlab/ltlab/internal/term"
)

func newQuery(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "query FLUX",
		Short: "Ask the lab's InfluxDB something in Flux",
		Long: "Runs a Flux query with the lab's read-only token and prints the answer as CSV: a header and rows, for each table with\n" +
			"columns of its own, an empty line between. - reads the query from standard input.",
		Example: "  ltlab query 'buckets()'\n" +
			"  ltlab query 'from(bucket: \"loadtests\") |> range(start: -1h) |> last()' > rows.csv\n" +
			"  ltlab query - < slowest.flux",
		Args: oneArg("query"),
		RunE: func(cmd *cobra.Command, args []string) error { return runQuery(cmd.Context(), d, args[0]) },
	}
}

type queryDoc struct {
	Schema  int                 `json:"schema"`
	Columns []string            `json:"columns"` // of all tables, each once
	Rows    []map[string]string `json:"rows"`    // each has its table's columns
}

// maxQuery is how long a query may be, in bytes; InfluxDB takes no longer ones.
const maxQuery = 10 << 20

func runQuery(ctx context.Context, d *Deps, flux string) error {
	if flux == "-" {
		text, err := readAll(ctx, io.LimitReader(d.IO.In, maxQuery))
		if err != nil {
			return err
		}
		flux = text
	}
	if strings.TrimSpace(flux) == "" {
		return &usageError{errors.New("the query is empty")}
	}
	l, st, err := d.running(ctx)
	if err != nil {
		return err
	}
	if st.State == engine.Absent || st.State == engine.Exited {
		return problem.LabNotRunning("ltlab query asks its InfluxDB")
	}
	if l.Engine.Name() != "docker" {
		return problem.NeedsDocker("ltlab query", "the lab runs embedded, which has no InfluxDB")
	}
	access, _, err := d.influx(st, config.InfluxReadToken)
	if err != nil {
		return err
	}
	if !d.json {
		return provision.Query(ctx, access, flux, d.IO.Out)
	}
	var answer bytes.Buffer
	if err := provision.Query(ctx, access, flux, &answer); err != nil {
		return err
	}
	doc, err := tabled(answer.Bytes())
	if err != nil {
		return err
	}
	return term.JSON(d.IO.Out, doc)
}

// influx is how to reach the running lab's InfluxDB with one of its tokens, and the settings under which it runs.
func (d *Deps) influx(st *lab.Status, token string) (provision.Access, config.Sources, error) {
	f, err := d.env()
	if err != nil {
		return provision.Access{}, config.Sources{}, err
	}
	src := config.Sources{Env: f} // the lab's own: nobody's shell names its database
	url := st.URL(engine.InfluxDB)
	if url == "" {
		return provision.Access{}, src, influxDown(st)
	}
	return provision.Access{URL: url, Org: src.Value(config.InfluxOrg).Value, Token: src.Value(token).Value}, src, nil
}

// influxDown says why a running lab has no InfluxDB to ask.
func influxDown(st *lab.Status) error {
	i := slices.IndexFunc(st.Services, func(v engine.Service) bool { return v.Name == engine.InfluxDB })
	if i < 0 || st.Services[i].State == engine.Absent {
		return problem.LabNotRunning("InfluxDB was left out when the lab started")
	}
	return problem.LabUnhealthy("the lab's InfluxDB does not answer", fmt.Sprintf("it is %s", st.Services[i].State), "")
}

// readAll reads to the end or to Ctrl-C: a read from a terminal cannot be called off.
func readAll(ctx context.Context, r io.Reader) (string, error) {
	type result struct {
		b   []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		b, err := io.ReadAll(r)
		done <- result{b, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case got := <-done:
		return string(got.b), got.err
	}
}

// tabled turns tables of CSV, with an empty line between each two, into one document.
func tabled(text []byte) (*queryDoc, error) {
	doc := &queryDoc{Schema: Schema, Columns: []string{}, Rows: []map[string]string{}}
	in := csv.NewReader(bytes.NewReader(text))
	in.FieldsPerRecord = -1
	var header []string
	for {
		at := in.InputOffset()
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return doc, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read InfluxDB's answer: %w", err)
		}
		if header == nil || text[at] == '\n' { // the reader passes empty lines over
			header = row
			for _, c := range row {
				if !slices.Contains(doc.Columns, c) {
					doc.Columns = append(doc.Columns, c)
				}
			}
			continue
		}
		cells := map[string]string{}
		for i, c := range header[:min(len(header), len(row))] {
			cells[c] = row[i]
		}
		doc.Rows = append(doc.Rows, cells)
	}
}
