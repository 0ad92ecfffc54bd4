package output

import (
	"fmt"
	"io"
	"os"
	"strconv"
)

// parentStdin is the value of LTLAB_PARENT where ltlab is not seen as a process: it is there as long as it holds standard
// input open.
const parentStdin = "stdin"

// parent is the ltlab that started k6. The zero value is nobody.
type parent struct {
	given bool
	gone  func() bool
}

// newParent reads LTLAB_PARENT: a pid, "stdin", or nothing.
func newParent(value string, stdin io.Reader) (parent, error) {
	switch value {
	case "", "0":
		return parent{}, nil
	case parentStdin:
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			_, _ = io.Copy(io.Discard, stdin) // ends when it is closed, or broken
		}()
		return parent{given: true, gone: func() bool {
			select {
			case <-closed:
				return true
			default:
				return false
			}
		}}, nil
	}
	pid, err := strconv.Atoi(value)
	if err != nil {
		return parent{}, fmt.Errorf("%s: want a pid or %q: %w", envParent, parentStdin, err)
	}
	return parent{given: true, gone: func() bool { return os.Getppid() != pid }}, nil
}
