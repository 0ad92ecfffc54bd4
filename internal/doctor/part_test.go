package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOfALargeFileOnlyItsEndsAreRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "serve.log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const wide = 1 << 33 // bytes, which the file system does not keep: it is all holes
	line := strings.Repeat("x", 99)
	fmt.Fprint(f, "first\n", strings.Repeat(line+"\n", 20000))
	if err := f.Truncate(wide); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(strings.Repeat(line+"\n", 20000)+"next to last\nlast\n"), wide); err != nil {
		t.Fatal(err)
	}
	if got := lastLines(path, 2); got != "next to last\nlast" {
		t.Errorf("its last lines are %q", got)
	}
	if got := lastLines(path, 1<<20); len(got) > mostRead || !strings.HasPrefix(got, line+"\n") {
		t.Errorf("its end has %d bytes, and begins with %.120q", len(got), got)
	}
	got := bounds(path)
	if len(got) > mostRead || !strings.HasPrefix(got, "first\n"+line) || !strings.HasSuffix(got, line+"\nnext to last\nlast\n") {
		t.Errorf("%d bytes: %.20q … %q", len(got), got, got[max(0, len(got)-120):])
	}
	for l := range strings.Lines(got) {
		if len(l) != 100 && l != "first\n" && l != "next to last\n" && l != "last\n" {
			t.Fatalf("a part of a line: %.120q", l)
		}
	}
	if got := head(path, 1); got != "first\n" {
		t.Errorf("its first line is %q", got)
	}
	if got := ending(strings.Repeat(line+"\n", 20000)); len(got) > mostRead || !strings.HasPrefix(got, line+"\n") {
		t.Errorf("the end of a text has %d bytes", len(got))
	}
}
