package boards

import "github.com/ltlab/ltlab/internal/rows"

// What definitions of several boards say in the same words.

// failedLimits color a share of failed requests: any is worth a look, one in twenty is trouble.
func failedLimits() []Threshold {
	return []Threshold{{At: 0, Level: Warn}, {At: 0.05, Level: Bad}}
}

// total reads a figure of the whole run.
func total(label, metric, field string) Query {
	return Query{Label: label, Metric: metric, Field: field, Rollup: rows.ByRun, Window: rows.Run}
}

// second reads a line of the run's seconds.
func second(label, metric, field string, ink Ink) Query {
	return Query{Label: label, Metric: metric, Field: field, Rollup: rows.ByRun, Window: rows.Second, Ink: ink}
}

// named reads a figure of the run for each value of tag name.
func named(label, metric, field string, unit Unit) Query {
	return Query{Label: label, Metric: metric, Field: field, Rollup: rows.ByName, Window: rows.Run, Unit: unit}
}

// sumBy reads a count of the run by the values of a tag.
func sumBy(label, metric, tag string) Query {
	return Query{Label: label, Metric: metric, Field: "count", Rollup: rows.ByRun, Window: rows.Run, By: tag}
}

// everyMetric is a table of all metrics that have the first of these fields.
func everyMetric(id, title, what string, fields ...string) Panel {
	p := Panel{ID: id, Title: title, Kind: Table, Unit: Plain, Width: 12, Key: MetricKey, KeyTitle: "metric", Limit: 100,
		Description: what, Absent: "this run has no such metric"}
	for _, f := range fields {
		q := total(f, Any, f)
		if f == "count" {
			q.Unit = Count
		}
		if f == "ratio" {
			q.Label, q.Unit = "passed", Percent
		}
		p.Queries = append(p.Queries, q)
	}
	return p
}

// spectrum draws metrics over their quantiles.
func spectrum(id, name, what string, metrics ...string) Panel {
	p := Panel{ID: id, Title: name + " (all quantiles, whole run)", Kind: Spectrum, Unit: Milliseconds, Width: 12,
		Description: what + " A point to the right is one request in ten times as many."}
	for i, m := range metrics {
		p.Queries = append(p.Queries, Query{Label: m, Metric: m, Field: "value", Rollup: rows.ByRun, Window: rows.Run, Ink: plain(i)})
	}
	return p
}

func plain(i int) Ink { return []Ink{Plain1, Plain2, Plain3, Ramp2, Ramp4}[i%5] }

// heat draws a metric's distribution over time.
func heat(metric, window string) Panel {
	return Panel{ID: "heat", Title: "Latency (distribution, " + window + ")", Kind: Heatmap, Unit: Milliseconds, Width: 12,
		Description: "How many values of " + metric + " fell into each of 24 bins, four a decade from 0.1 ms to 100 s. Of the whole run, whatever endpoint is chosen.",
		Queries:     []Query{second("", metric, "count", "")}}
}

// lost is what the ledger misses.
func lost(tool string) Panel {
	return Panel{ID: "ledger", Title: "Samples lost (count, whole run)", Kind: Stat, Unit: Count,
		Thresholds:  []Threshold{{At: 0, Level: Bad}},
		Description: "Measurements that " + tool + " handed out and the record does not hold. Above nought the figures here are not complete.",
		Absent:      "the ledger is drawn up when the run ends",
		Queries:     []Query{total("", Ledger, "lost"), total("emitted", Ledger, "emitted"), total("recorded", Ledger, "recorded")}}
}
