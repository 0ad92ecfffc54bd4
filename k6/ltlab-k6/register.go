// Package ltlabk6 adds the output "ltlab" to a k6 that links it, as this module's cmd/ltlab-k6 and `xk6 build` do.
package ltlabk6

import (
	k6output "go.k6.io/k6/v2/output"

	"github.com/ltlab/ltlab/k6/ltlab-k6/output"
)

func init() {
	k6output.RegisterExtension(output.Name, func(p k6output.Params) (k6output.Output, error) { return output.New(p) })
}
