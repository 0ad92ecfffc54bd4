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
	// Select returns a field's values over time, a series for each tag set.
	Select(ctx context.Context, run string, q store.Query) ([]store.Series, error)
	// SumBy returns a count's sums over all series, a series for each set of values of the tags. The query's roll-up is
	// not used, and window Run is one point.
	SumBy(ctx context.Context, run string, q store.Query, tags ...string) ([]store.Series, error)
	// Latest returns the rows of the newest window.
	Latest(ctx context.Context, run, metric string, rollup rows.Rollup, window rows.Window) ([]rows.Row, error)
	// Load returns the load asked for and delivered, by second.
	Load(ctx context.Context, run string) ([]record.Load, error)
}
