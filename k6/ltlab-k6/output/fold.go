package output

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ltlab/ltlab/internal/record"
)

// Bounds of what tags may make of a run, so that neither memory nor record grows with them.
const (
	maxSeries     = 5_000 // series with all their tags
	maxCoarse     = 1_000 // series more with only scenario and status
	maxTagKeys    = 100
	maxTagValues  = 500 // of one key
	maxTagBytes   = 1 << 10
	hashHexDigits = 16
)

// notSeriesTags have a value for each request or iteration; they never distinguish series.
var notSeriesTags = []string{"url", "vu", "iter"}

// folder decides which tags a series may carry. Values that were let in once stay in.
type folder struct {
	values map[string]map[string]struct{} // by key
	warn   func(text string)              // called once for each kind of folding
	told   map[string]bool
}

func newFolder(warn func(string)) *folder {
	return &folder{values: map[string]map[string]struct{}{}, warn: warn, told: map[string]bool{}}
}

// fold returns the tags for a series; folded says that a value became record.Other.
func (f *folder) fold(all map[string]string) (tags map[string]string, folded bool) {
	tags = make(map[string]string, len(all))
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if all[key] == "" || slices.Contains(notSeriesTags, key) {
			continue // an empty value is as good as none
		}
		name, value := shorten(key), shorten(all[key])
		seen, ok := f.values[name]
		if !ok && len(f.values) == maxTagKeys {
			f.tell("keys", fmt.Sprintf("metrics have more than %d tags: further ones are recorded as %q", maxTagKeys, record.Other))
			tags[record.Other], folded = record.Other, true
			continue
		}
		if !ok {
			seen = map[string]struct{}{}
			f.values[name] = seen
		}
		if _, ok := seen[value]; !ok && len(seen) == maxTagValues {
			f.tell("tag "+name, fmt.Sprintf("tag %q has more than %d values: further ones are recorded as %q",
				name, maxTagValues, record.Other))
			value, folded = record.Other, true
		} else if !ok {
			seen[value] = struct{}{}
		}
		tags[name] = value
	}
	return tags, folded
}

// coarse folds all tags but scenario and status, for a run with maxSeries.
func (f *folder) coarse(tags map[string]string) map[string]string {
	f.tell("coarse", fmt.Sprintf("the run has %d series: new ones keep only scenario and status, other tags are recorded as %q",
		maxSeries, record.Other))
	out := maps.Clone(tags)
	for key := range out {
		if key != "scenario" && key != "status" {
			out[key] = record.Other
		}
	}
	return out
}

// blank folds everything, even which tags there were.
func (f *folder) blank() map[string]string {
	f.tell("blank", fmt.Sprintf("the run has %d series: all tags of new ones are recorded as %q", maxSeries+maxCoarse, record.Other))
	return map[string]string{"name": record.Other, "scenario": record.Other}
}

// tell warns once about each kind of folding.
func (f *folder) tell(kind, text string) {
	if !f.told[kind] {
		f.told[kind] = true
		f.warn(text)
	}
}

// shorten makes a tag's key or value valid UTF-8 of at most maxTagBytes; a hash keeps long ones distinct.
func shorten(s string) string {
	if len(s) <= maxTagBytes {
		return strings.ToValidUTF8(s, string(utf8.RuneError))
	}
	hash := sha256.Sum256([]byte(s))
	head := s[:maxTagBytes-hashHexDigits-1]
	for len(head) > 0 && !utf8.RuneStart(s[len(head)]) {
		head = head[:len(head)-1]
	}
	head = strings.ToValidUTF8(head, "?") // not longer than before
	return head + "~" + hex.EncodeToString(hash[:hashHexDigits/2])
}

// appendKey appends a text that two sets of tags share only when they are equal.
func appendKey(b []byte, tags map[string]string) []byte {
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		for _, s := range []string{k, tags[k]} {
			b = binary.AppendUvarint(b, uint64(len(s)))
			b = append(b, s...)
		}
	}
	return b
}
