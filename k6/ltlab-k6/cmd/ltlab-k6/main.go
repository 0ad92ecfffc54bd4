// Command ltlab-k6 is k6 with ltlab's output.
package main

import (
	"go.k6.io/k6/v2/cmd"

	_ "github.com/ltlab/ltlab/k6/ltlab-k6"
)

func main() { cmd.Execute() }
