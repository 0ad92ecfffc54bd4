package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// query looks at a query for whether it finds something; false: it is no Flux, and nothing else is to be said of it.
func (c *check) query(at place, src string, put func(string)) bool {
	f := parse(src)
	if why := broken(src, f.tokens); why != "" {
		c.add(at, Empty, "syntax", "its query can only fail: "+why, "", nil)
		return false
	}
	if f.vast {
		return true
	}
	var done edits
	defer func() {
		if len(done) > 0 {
			put(done.apply(src))
		}
	}()
	for _, r := range f.reads {
		if r.fixed != "" {
			c.add(at, Empty, "fixed-time", "its query reads "+r.fixed+", whatever time is shown", "", nil)
		}
		if why := c.noBucket(r); why != "" {
			c.add(at, Empty, "bucket", why, "it reads the lab's bucket "+c.Short, func() {
				done.take(edit{r.at.at, r.at.end, "v.defaultBucket"}) // which pipelines that go on from one read share
				r.bucket = c.Short
			})
			if !c.fix {
				continue
			}
		}
		if rule, why := c.nothing(r); why != "" {
			c.add(at, Empty, rule, why, "", nil)
		}
	}
	return true
}

// noBucket says why there is no such bucket, "" when there is.
func (c *check) noBucket(r *read) string {
	if r.bucket == "" || r.bucket == c.Short || r.bucket == c.Long || strings.HasPrefix(r.bucket, "_") {
		return ""
	}
	text := fmt.Sprintf("there is no bucket %q; the lab writes to %s and %s", r.bucket, c.Short, c.Long)
	if c.Holds == nil {
		return text
	}
	if all, err := c.Holds.Buckets(); err == nil && slices.Contains(all, r.bucket) {
		return ""
	}
	return text
}

// place of a read among the lab's buckets; without one of its own it is the short one, which is the default.
func (c *check) bucketOf(r *read) string {
	if r.bucket == "" {
		return c.Short
	}
	return r.bucket
}

// fits says whether a point of the shape with that field can pass all filters.
func (r *read) fits(s *shape, field string) bool {
	for _, cond := range r.filters {
		if cond(func(key string) values { return s.at(field, key) }) == no {
			return false
		}
	}
	return true
}

// found are the points that can pass: each shape with its fields that do.
func (c *check) found(r *read) (all []match) {
	for i := range c.shapes {
		s := &c.shapes[i]
		if r.bucket == c.Long && !s.long || r.bucket != c.Long && !s.short {
			continue
		}
		m := match{shape: s}
		fields := s.fields
		if fields == nil {
			fields = r.asked["_field"]
			if len(fields) == 0 {
				fields = []string{"value"}
			}
		}
		for _, f := range fields {
			if r.fits(s, f) {
				m.fields = append(m.fields, f)
			}
		}
		if len(m.fields) > 0 {
			all = append(all, m)
		}
	}
	return all
}

type match struct {
	*shape
	fields []string
}

// nothing says why a read finds nothing, "" when it may find something.
func (c *check) nothing(r *read) (rule, why string) {
	if len(r.filters) == 0 {
		return "", ""
	}
	if found := c.found(r); len(found) > 0 {
		raw := !slices.ContainsFunc(found, func(m match) bool { return !m.raw })
		if raw && c.NoRaw {
			return "raw-off", "it reads raw samples, and the lab sends none: INFLUXDB_RAW_LIMIT is 0; ltlab configure set INFLUXDB_RAW_LIMIT=2000 sends them"
		}
		return c.tagless(r, found)
	}
	if c.bucketOf(r) != c.Short && c.bucketOf(r) != c.Long {
		return "", "" // somebody else's bucket, which is there
	}
	bucket := c.bucketOf(r)
	names := r.asked["_measurement"]
	if len(names) == 0 {
		return "", "" // which is decided elsewhere
	}
	var known []shape
	for _, s := range c.shapes {
		if slices.Contains(names, s.measurement) {
			known = append(known, s)
		}
	}
	held, asked := c.held(bucket, names)
	if len(held) > 0 {
		return c.lacks(r, bucket, held)
	}
	list := quotedList(names)
	switch {
	case len(known) == 0 && asked:
		return "measurement", fmt.Sprintf("nothing writes the measurement %s here, and %s holds none", list, bucket)
	case len(known) == 0:
		return "measurement", fmt.Sprintf("nothing in the lab writes the measurement %s, unless a scenario has a metric of that name", list)
	}
	return explain(r, known, c.bucketOf(r) == c.Long)
}

// explain says which of the conditions a known measurement does not meet.
func explain(r *read, known []shape, long bool) (rule, why string) {
	name := known[0].measurement
	var fields []string
	for _, s := range known {
		for _, f := range s.fields {
			if !slices.Contains(fields, f) {
				fields = append(fields, f)
			}
		}
	}
	if asked := r.asked["_field"]; len(asked) > 0 && !slices.ContainsFunc(asked, func(f string) bool { return slices.Contains(fields, f) }) {
		return "field", fmt.Sprintf("%q has no field %s; it has %s", name, quotedList(asked), strings.Join(fields, ", "))
	}
	if there := func(s shape) bool { return long && s.long || !long && s.short }; !slices.ContainsFunc(known, there) {
		return "bucket", fmt.Sprintf("%q is not in this bucket, which has rows by the minute and of whole runs", name)
	}
	for _, key := range slices.Sorted(maps.Keys(r.asked)) {
		asked := r.asked[key]
		if key[0] == '_' || len(asked) == 0 {
			continue
		}
		any := slices.ContainsFunc(known, func(s shape) bool {
			v := s.at("", key)
			return slices.ContainsFunc(asked, func(a string) bool { return v.has(a) != no })
		})
		if !any {
			return "tag", fmt.Sprintf("%q has no points whose tag %s is %s", name, key, quotedList(asked))
		}
	}
	return "tag", fmt.Sprintf("no points of %q have all of what it asks for together (%s)", name, conditions(r))
}

func conditions(r *read) string {
	var out []string
	for key, asked := range r.asked {
		if key != "_measurement" && len(asked) > 0 {
			out = append(out, key+" "+strings.Join(asked, " or "))
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func quotedList(all []string) string {
	var out []string
	for _, s := range all {
		out = append(out, fmt.Sprintf("%q", s))
	}
	return strings.Join(slices.Compact(out), " or ")
}
