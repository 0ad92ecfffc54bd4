package doctor

import (
	"io"
	"os"
	"strings"
)

// mostRead is how much is read of a file that may have grown without bound, in bytes.
const mostRead = 1 << 20

// part is what stands in a regular file from a place on, at most so many bytes; "" when that cannot be read. A place below zero
// counts from its end.
func part(path string, from, length int64) (text string, size int64) {
	st, err := os.Stat(path)
	if err != nil || !st.Mode().IsRegular() { // a pipe would be waited for
		return "", 0
	}
	f, err := os.Open(path)
	if err != nil {
		return "", 0
	}
	defer f.Close()
	if from < 0 {
		from = max(0, st.Size()+from)
	}
	b, err := io.ReadAll(io.NewSectionReader(f, from, length))
	if err != nil {
		return "", 0
	}
	return string(b), st.Size()
}

// bounds are the whole lines at the beginning and at the end of a file: all of one that is not large.
func bounds(path string) string {
	text, size := part(path, 0, mostRead)
	if size <= mostRead {
		return text
	}
	first, _ := part(path, 0, mostRead/2)
	last, _ := part(path, -mostRead/2, mostRead/2)
	_, last, _ = strings.Cut(last, "\n")
	return first[:strings.LastIndex(first, "\n")+1] + last
}

// ending is the end of a text, without the beginning of a line.
func ending(text string) string {
	if len(text) <= mostRead {
		return text
	}
	_, text, _ = strings.Cut(text[len(text)-mostRead:], "\n")
	return text
}

// lastLines are the end of a file, "" when there is none.
func lastLines(path string, n int) string {
	text, _ := part(path, -mostRead-1, mostRead+1)
	lines := strings.Split(strings.TrimSpace(ending(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// head is the beginning of a file, so many lines, at most 64 kB.
func head(path string, lines int) string {
	text, _ := part(path, 0, 64<<10)
	all := strings.SplitAfterN(text, "\n", lines+1)
	return strings.Join(all[:min(len(all), lines)], "")
}
