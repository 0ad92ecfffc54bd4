// Package figure reads what a board's panels ask for out of the run store. A figure is what a panel shows, with exact
// values and without looks: the page, the JSON for tools and the tests read the same one.
package figure

import (
	"context"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
)

// Source is what figures need of the run store.
type Source interface {
	// SelectFields returns the values of fields over time, for each a series for each tag set.
	SelectFields(ctx context.Context, run string, q store.Query, fields []string) ([][]store.Series, error)
	// Sums returns a count's sums over all series: for each grouping a series for each set of values of its tags. The query's
	// roll-up and window are not used, and window Run is one point.
	Sums(ctx context.Context, run string, q store.Query, groupings []store.Grouping) ([][]store.Series, error)
	// Latest returns the rows of the newest window.
	Latest(ctx context.Context, run, metric string, rollup rows.Rollup, window rows.Window) ([]rows.Row, error)
	// Totals returns the rows of every metric over the whole run so far, at roll-up ByRun.
	Totals(ctx context.Context, run string) ([]rows.Row, error)
	// Load returns the load asked for and delivered, by second.
	Load(ctx context.Context, run string) ([]record.Load, error)
	// Heat returns the bins of the main latency from one second to another; to 0 is the end.
	Heat(ctx context.Context, run string, from, to int64) ([]store.Heat, error)
	// Spectrum returns a trend's values at rows.Quantiles, nil when it has none.
	Spectrum(ctx context.Context, run, metric string) ([]float64, error)
}
