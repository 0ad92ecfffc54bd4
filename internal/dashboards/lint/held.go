package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// held are the measurements of a list that InfluxDB holds; asked is false when it cannot be asked.
func (c *check) held(bucket string, names []string) (out []string, asked bool) {
	if c.Holds == nil {
		return nil, false
	}
	all, err := c.Holds.Measurements(bucket)
	if err != nil {
		return nil, false
	}
	for _, n := range names {
		if slices.Contains(all, n) {
			out = append(out, n)
		}
	}
	return out, true
}

// lacks says what InfluxDB does not hold of measurements that it holds: a scenario's own, or somebody's with other fields.
func (c *check) lacks(r *read, bucket string, held []string) (rule, why string) {
	var fields []string
	for _, m := range held {
		f, err := c.Holds.Fields(bucket, m)
		if err != nil {
			return "", ""
		}
		fields = append(fields, f...)
	}
	if asked := r.asked["_field"]; len(asked) > 0 && !slices.ContainsFunc(asked, func(f string) bool { return slices.Contains(fields, f) }) {
		return "field", fmt.Sprintf("%s holds %s without a field %s; it has %s", bucket, quotedList(held), quotedList(asked), strings.Join(some(fields), ", "))
	}
	return c.noTag(r, bucket, held)
}

// tagless asks InfluxDB for tags that a scenario may have, where it holds the measurement at all.
func (c *check) tagless(r *read, found []match) (rule, why string) {
	var names []string
	for _, m := range found {
		if !slices.Contains(names, m.measurement) {
			names = append(names, m.measurement)
		}
	}
	if len(r.asked["_measurement"]) == 0 {
		return "", ""
	}
	held, _ := c.held(c.bucketOf(r), names)
	if len(held) == 0 {
		return "", "" // nothing has run yet
	}
	return c.noTag(r, c.bucketOf(r), held)
}

// passing are tags of which a value that is not there says nothing: it is another run's, or what the target has not answered yet.
var passing = []string{"run", "project", "rollup", "window", "status", "error", "error_code", "expected_response", "check"}

// noTag finds a tag, or a tag's value, that none of the measurements has.
func (c *check) noTag(r *read, bucket string, held []string) (rule, why string) {
	for _, key := range slices.Sorted(maps.Keys(r.asked)) {
		asked := r.asked[key]
		if key[0] == '_' || len(asked) == 0 || slices.Contains(passing, key) {
			continue
		}
		var there []string
		has := false
		for _, m := range held {
			tags, err := c.Holds.Tags(bucket, m)
			if err != nil {
				return "", ""
			}
			if !slices.Contains(tags, key) {
				continue
			}
			has = true
			v, err := c.Holds.Values(bucket, m, key)
			if err != nil {
				return "", ""
			}
			there = append(there, v...)
		}
		if !has {
			return "tag", fmt.Sprintf("%s holds %s without a tag %s", bucket, quotedList(held), key)
		}
		if !slices.ContainsFunc(asked, func(a string) bool { return slices.Contains(there, a) }) {
			return "tag", fmt.Sprintf("%s holds no %s whose tag %s is %s; there are %s", bucket, quotedList(held), key, quotedList(asked), strings.Join(some(there), ", "))
		}
	}
	return "", ""
}

// some are the first of many, each once.
func some(all []string) []string {
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) > 12 {
		return append(all[:12:12], fmt.Sprintf("%d more", len(all)-12))
	}
	return all
}
