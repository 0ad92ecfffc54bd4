package output

import (
	"io"
	"testing"
	"time"
)

func TestAParentIsThereAsLongAsItHoldsStandardInput(t *testing.T) {
	r, w := io.Pipe()
	p, err := newParent(parentStdin, r)
	if err != nil || !p.given {
		t.Fatalf("%+v, %v", p, err)
	}
	if _, err := w.Write([]byte("still here\n")); err != nil {
		t.Fatal(err)
	}
	if p.gone() {
		t.Error("a parent that holds its end is gone")
	}
	w.Close()
	deadline := time.After(10 * time.Second)
	for !p.gone() {
		select {
		case <-deadline:
			t.Fatal("a parent that let go is still there")
		case <-time.After(time.Millisecond):
		}
	}
}
