// Command ltlab is a load-testing lab in one binary.
package main

import (
	"os"

	"github.com/ltlab/ltlab/internal/cli"
	_ "github.com/ltlab/ltlab/internal/early" // answers `version` and `--help` before the rest is initialized
)

func main() { os.Exit(cli.Main()) }
