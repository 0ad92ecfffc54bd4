package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/early"
	"github.com/ltlab/ltlab/internal/term"
)

const earlyHelp = "../early/help.txt"

// What is answered before the program is there must be what the program would answer. UPDATE=1 writes the help anew.
func TestEarlyAnswersAreThoseOfTheCommands(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--help"}, {"-h"}, {"help"}} {
		var out, errs bytes.Buffer
		d := &Deps{IO: &term.IO{In: strings.NewReader(""), Out: &out, Err: &errs}, Getenv: func(string) string { return "" }}
		if code := Run(t.Context(), d, args); code != 0 || errs.Len() > 0 {
			t.Fatalf("%q: exit %d, %s", args, code, errs.String())
		}
		if os.Getenv("UPDATE") != "" && args[0] == "--help" {
			if err := os.WriteFile(earlyHelp, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		text, ok := early.Answer(args)
		if !ok || text != out.String() {
			t.Errorf("%q answers early:\n%s\nand else (UPDATE=1 writes %s):\n%s", args, text, earlyHelp, out.String())
		}
	}
	for _, args := range [][]string{{}, {"version", "--json"}, {"version", "x"}, {"start"}, {"help", "k6"}} {
		if _, ok := early.Answer(args); ok {
			t.Errorf("%q is not to be answered early", args)
		}
	}
}
