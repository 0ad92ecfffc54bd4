package store

import (
	"encoding/binary"
	"slices"
)

// encodeTags writes names and values in order of the names, each with its length before it, so that equal tags have
// equal bytes.
func encodeTags(tags map[string]string) []byte {
	names := make([]string, 0, len(tags))
	for n := range tags {
		names = append(names, n)
	}
	slices.Sort(names)
	b := []byte{} // nil would be NULL
	for _, n := range names {
		for _, s := range []string{n, tags[n]} {
			b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
		}
	}
	return b
}

func decodeTags(b []byte) (map[string]string, error) {
	tags := map[string]string{}
	var pair [2]string
	for len(b) > 0 {
		for i := range pair {
			n, w := binary.Uvarint(b)
			if w <= 0 || n > uint64(len(b)-w) {
				return nil, errBlock
			}
			pair[i], b = string(b[w:w+int(n)]), b[w+int(n):]
		}
		tags[pair[0]] = pair[1]
	}
	return tags, nil
}
