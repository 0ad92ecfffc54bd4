// Command ltlab is a load-testing lab in one binary.
package main

import (
	"os"

	"github.com/ltlab/ltlab/internal/cli"
)

func main() { os.Exit(cli.Main()) }
