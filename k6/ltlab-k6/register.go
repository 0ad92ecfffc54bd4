// Package ltlabk6 adds the outputs "ltlab" and "xk6-influxdb" to a k6 that links it, as this module's cmd/ltlab-k6 and `xk6 build` do.
package ltlabk6

import (
	k6output "go.k6.io/k6/v2/output"

	"github.com/ltlab/ltlab/k6/ltlab-k6/output"
)

func init() {
	for _, name := range []string{output.Name, output.Preset} {
		k6output.RegisterExtension(name, func(p k6output.Params) (k6output.Output, error) { return output.New(p) })
	}
}
