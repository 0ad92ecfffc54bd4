// Package early answers what needs nothing of the program before the program is there: its version and its help.
//
// Libraries of the Docker lab take some ten milliseconds to initialize, in every process that links them (docs/adr/0016).
// Go initializes packages in the order of their import paths as far as their imports allow, so this one, which imports
// next to nothing, comes before them and ends the process where its answer is all that was asked for. Everything else,
// and every other form of these commands, is internal/cli's.
package early

import (
	_ "embed"
	"fmt"
	"os"
	"runtime"

	"github.com/ltlab/ltlab/internal/version"
)

// help is what `ltlab --help` prints; a test of internal/cli writes it anew and compares.
//
//go:embed help.txt
var help string

func init() {
	if len(os.Args) == 0 {
		return
	}
	text, ok := Answer(os.Args[1:])
	if !ok {
		return
	}
	if _, err := os.Stdout.WriteString(text); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// Answer is what the command line prints on stdout, where that is known without running it.
func Answer(args []string) (text string, ok bool) {
	if len(args) != 1 {
		return "", false
	}
	switch args[0] {
	case "version":
		return fmt.Sprintf("ltlab %s (%s, %s/%s)\n", version.String(), runtime.Version(), runtime.GOOS, runtime.GOARCH), true
	case "--help", "-h", "help":
		return help, true
	}
	return "", false
}
