package lint

import (
	"fmt"
	"strings"
)

// Asked is a Holder that asks an InfluxDB, each question once. Ask runs a Flux query and returns the column _value of its answer.
type Asked struct {
	Ask  func(flux string) ([]string, error)
	Err  error // of the first question without an answer, after which none is asked
	said map[string]answer
}

type answer struct {
	values []string
	err    error
}

func (a *Asked) ask(flux string) ([]string, error) {
	if got, ok := a.said[flux]; ok {
		return got.values, got.err
	}
	if a.said == nil {
		a.said = map[string]answer{}
	}
	if a.Err != nil {
		return nil, a.Err
	}
	v, err := a.Ask(flux)
	a.said[flux], a.Err = answer{v, err}, err
	return v, err
}

// span is how far back is looked: as long as the lab keeps anything by default.
const span = "start: -8760h"

func schema(format string, args ...string) string {
	all := make([]any, len(args))
	for i, s := range args {
		all[i] = literal(s)
	}
	return "import \"influxdata/influxdb/schema\"\nschema." + fmt.Sprintf(format, all...)
}

// literal is a text in Flux, which would evaluate ${...} in it.
func literal(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", `\${`, "\n", `\n`, "\r", `\r`, "\x00", "?").Replace(s) + `"`
}

// Buckets, Measurements, Fields, Tags and Values are a Holder's.
func (a *Asked) Buckets() ([]string, error) {
	return a.ask(`buckets() |> rename(columns: {name: "_value"}) |> keep(columns: ["_value"])`)
}

func (a *Asked) Measurements(bucket string) ([]string, error) {
	return a.ask(schema("measurements(bucket: %s, "+span+")", bucket))
}

func (a *Asked) Fields(bucket, measurement string) ([]string, error) {
	return a.ask(schema("measurementFieldKeys(bucket: %s, measurement: %s, "+span+")", bucket, measurement))
}

func (a *Asked) Tags(bucket, measurement string) ([]string, error) {
	return a.ask(schema("measurementTagKeys(bucket: %s, measurement: %s, "+span+")", bucket, measurement))
}

func (a *Asked) Values(bucket, measurement, tag string) ([]string, error) {
	return a.ask(schema("measurementTagValues(bucket: %s, measurement: %s, tag: %s, "+span+")", bucket, measurement, tag))
}
