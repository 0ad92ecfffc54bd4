package lint

import "slices"

// edit is a change of a query's text.
type edit struct {
	from, to int // in bytes
	text     string
}

// edits are changes of one query that do not meet.
type edits []edit

// take adds a change. One that is there already is there once; false: another one changes the same place, and stays.
func (all *edits) take(e edit) bool {
	for _, other := range *all {
		if other == e {
			return true
		}
		if e.from == other.from || e.from < other.to && other.from < e.to {
			return false
		}
	}
	*all = append(*all, e)
	return true
}

func (all *edits) apply(src string) string {
	last := slices.SortedFunc(slices.Values(*all), func(a, b edit) int { return b.from - a.from }) // what is changed moves nothing before it
	for _, e := range last {
		src = src[:e.from] + e.text + src[e.to:]
	}
	return src
}
