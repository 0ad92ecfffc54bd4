package output

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.k6.io/k6/v2/lib/types"

	"github.com/ltlab/ltlab/internal/influx"
)

// Preset is the name under which the output is what grafana/xk6-output-influxdb is: with an address unless told otherwise
// and every raw sample, beside the rows.
const Preset = "xk6-influxdb"

const envPrefix = "K6_INFLUXDB_"

// setting is one of the sink's settings: K6_INFLUXDB_ and its name in the environment, json in k6's configuration.
type setting struct{ name, json string }

var settingsOf = []setting{
	{"ADDR", "addr"},
	{"ORGANIZATION", "organization"},
	{"BUCKET", "bucket"},
	{"BUCKET_1M", "bucket1m"},
	{"TOKEN", "token"},
	{"INSECURE", "insecureSkipTLSVerify"},
	{"PUSH_INTERVAL", "pushInterval"},
	{"CONCURRENT_WRITES", "concurrentWrites"},
	{"PRECISION", "precision"},
	{"TAGS_AS_FIELDS", "tagsAsFields"},
	{"RAW_LIMIT", "rawLimit"},
	{"ENABLE_UNIQUE_TAG", "enableUniqueTag"}, // of the stock extension: times are unique here, so neither does anything
	{"UNIQUE_TAG_NAME", "uniqueTagName"},
}

// ofVersion1 are settings of k6's own output for InfluxDB 1, which mean nothing to InfluxDB 2.
var ofVersion1 = []string{"DB", "USERNAME", "PASSWORD", "PAYLOAD_SIZE", "RETENTION", "CONSISTENCY", "PROXY", "WRITE_CONCURRENCY"}

// unlimited is a raw limit.
const unlimited = -1

// Defaults.
const (
	defaultAddr     = "http://localhost:8086"
	defaultFields   = "vu:int,iter:int,url"
	defaultInterval = time.Second
	defaultWriters  = 4
	defaultRawLimit = 2_000
)

// sinkSettings say where rows and raw samples go.
type sinkSettings struct {
	target    influx.Target
	interval  time.Duration // between two writes
	writers   int           // of raw samples, at once
	precision time.Duration // of raw samples' times
	fields    []tagField
	rawLimit  int64 // samples a second; unlimited or 0
	preset    bool
	rawOnly   bool     // the output ltlab of the same k6 sends the rows
	notes     []string // what the user should know
}

// tagField is a tag that raw samples carry as a field.
type tagField struct {
	tag  string
	kind string // "string", "bool", "float" or "int"
}

// values are settings as given, by their names; where is how the user gave each.
type values struct{ value, where map[string]string }

func (v *values) set(name, value, where string) {
	if value != "" {
		v.value[name], v.where[name] = value, where
	}
}

// readSinkSettings reads k6's JSON configuration, the environment and the argument of -o, the last of which wins. Nil: no
// address is given, and rows go nowhere but into the record.
func readSinkSettings(output string, config json.RawMessage, environ map[string]string, argument string) (*sinkSettings, error) {
	v := &values{value: map[string]string{}, where: map[string]string{}}
	if output == Preset {
		v.set("ADDR", defaultAddr, "the default")
		v.set("RAW_LIMIT", "unlimited", "the default")
	}
	if err := v.fromJSON(output, config); err != nil {
		return nil, err
	}
	var unknown []string
	for name, value := range environ {
		short, ours := strings.CutPrefix(name, envPrefix)
		switch {
		case !ours:
		case slices.ContainsFunc(settingsOf, func(s setting) bool { return s.name == short }):
			v.set(short, value, name)
		default:
			unknown = append(unknown, short)
		}
	}
	if err := v.fromURL(output, argument); err != nil {
		return nil, err
	}
	if v.value["ADDR"] == "" {
		for _, s := range settingsOf {
			if v.value[s.name] != "" {
				return nil, fmt.Errorf("%s is set, and %sADDR, which says where InfluxDB is, is not", v.where[s.name], envPrefix)
			}
		}
		return nil, nil
	}
	if len(unknown) > 0 {
		return nil, refuseUnknown(output, slices.Min(unknown))
	}
	return v.settings(output)
}

func refuseUnknown(output, short string) error {
	if slices.Contains(ofVersion1, short) {
		return fmt.Errorf("%s%s is a setting for InfluxDB 1, of k6's own output influxdb: %s writes to InfluxDB 2", envPrefix, short, output)
	}
	return fmt.Errorf("%s%s is no setting; there are %s", envPrefix, short, settingNames())
}

func settingNames() string {
	var names []string
	for _, s := range settingsOf {
		names = append(names, envPrefix+s.name)
	}
	return strings.Join(names, ", ")
}

func (v *values) fromJSON(output string, config json.RawMessage) error {
	if len(config) == 0 {
		return nil
	}
	var doc map[string]any
	if err := json.Unmarshal(config, &doc); err != nil {
		return fmt.Errorf("the configuration of %s: %w", output, err)
	}
	for key, value := range doc {
		i := slices.IndexFunc(settingsOf, func(s setting) bool { return s.json == key })
		if i < 0 {
			return fmt.Errorf("the configuration of %s has %q, which is no setting", output, key)
		}
		text, ok := "", true
		switch value := value.(type) {
		case nil:
		case string:
			text = value
		case bool:
			text = strconv.FormatBool(value)
		case float64:
			text = strconv.FormatFloat(value, 'f', -1, 64)
		case []any:
			var parts []string
			for _, part := range value {
				s, is := part.(string)
				ok = ok && is
				parts = append(parts, s)
			}
			text = strings.Join(parts, ",")
		default:
			ok = false
		}
		if !ok {
			return fmt.Errorf("the configuration of %s: %s has a value of the wrong kind", output, key)
		}
		v.set(settingsOf[i].name, text, key+" in k6's configuration")
	}
	return nil
}

// fromURL reads -o NAME=http://HOST:PORT/BUCKET.
func (v *values) fromURL(output, argument string) error {
	if argument == "" {
		return nil
	}
	u, err := url.Parse(argument)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return fmt.Errorf("-o %s=...: want http://HOST:PORT/BUCKET", output)
	}
	where := "-o " + output
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%s: the address holds more than a host and a bucket; the token is %sTOKEN", where, envPrefix)
	}
	v.set("ADDR", u.Scheme+"://"+u.Host, where)
	v.set("BUCKET", strings.Trim(u.Path, "/"), where)
	return nil
}

// settings makes sense of the values.
func (v *values) settings(output string) (*sinkSettings, error) {
	s := &sinkSettings{
		preset: output == Preset, interval: defaultInterval, writers: defaultWriters, precision: time.Nanosecond, rawLimit: defaultRawLimit,
		target: influx.Target{URL: v.value["ADDR"], Org: v.value["ORGANIZATION"], Bucket: v.value["BUCKET"], Bucket1M: v.value["BUCKET_1M"], Token: v.value["TOKEN"]},
	}
	if s.target.Bucket == "" {
		return nil, fmt.Errorf("%s says where InfluxDB is, and %sBUCKET is not set", v.where["ADDR"], envPrefix)
	}
	if err := s.target.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", v.where["ADDR"], err)
	}
	if v.value["TAGS_AS_FIELDS"] == "" {
		v.value["TAGS_AS_FIELDS"] = defaultFields
	}
	for _, name := range []string{"INSECURE", "PUSH_INTERVAL", "CONCURRENT_WRITES", "PRECISION", "TAGS_AS_FIELDS", "RAW_LIMIT", "ENABLE_UNIQUE_TAG"} {
		if value := v.value[name]; value != "" {
			if err := s.parse(name, value); err != nil {
				return nil, fmt.Errorf("%s: %w", v.where[name], err)
			}
		}
	}
	if s.target.Insecure && strings.HasPrefix(s.target.URL, "http:") {
		return nil, fmt.Errorf("%s is for https, and the address is http", v.where["INSECURE"])
	}
	return s, nil
}

func (s *sinkSettings) parse(name, value string) (err error) {
	switch name {
	case "INSECURE":
		s.target.Insecure, err = strconv.ParseBool(value)
	case "PUSH_INTERVAL":
		if s.interval, err = types.GetDurationValue(value); err == nil && (s.interval < 100*time.Millisecond || s.interval > time.Minute) {
			err = errors.New("want from 100ms to 1m")
		}
	case "CONCURRENT_WRITES":
		if s.writers, err = strconv.Atoi(value); err != nil || s.writers < 1 || s.writers > 64 {
			err = errors.New("want a number from 1 to 64")
		}
	case "PRECISION":
		s.precision, err = types.GetDurationValue(value)
		if !slices.Contains([]time.Duration{time.Nanosecond, time.Microsecond, time.Millisecond, time.Second}, s.precision) {
			err = errors.New("want 1ns, 1us, 1ms or 1s")
		}
	case "TAGS_AS_FIELDS":
		s.fields, err = parseFields(value)
	case "RAW_LIMIT":
		if value == "unlimited" {
			s.rawLimit = unlimited
		} else if s.rawLimit, err = strconv.ParseInt(value, 10, 64); err != nil || s.rawLimit < 0 {
			err = errors.New("want a number of samples a second, 0 for none, or unlimited")
		}
	case "ENABLE_UNIQUE_TAG":
		var on bool
		if on, err = strconv.ParseBool(value); on {
			s.notes = append(s.notes, envPrefix+name+" is not needed: samples have different times, so none overwrites another")
		}
	}
	return err
}

// rowFields are the fields of rows, see internal/influx.
var rowFields = []string{"count", "sum", "min", "max", "p50", "p90", "p95", "p99", "p999", "passes", "last"}

func parseFields(value string) ([]tagField, error) {
	var out []tagField
	for part := range strings.SplitSeq(value, ",") {
		tag, kind, typed := strings.Cut(strings.TrimSpace(part), ":")
		if !typed {
			kind = "string"
		}
		switch {
		case tag == "" || tag == "value":
			return nil, fmt.Errorf("%q is no tag", tag)
		case slices.Contains(rowFields, tag): // one field of two types: InfluxDB would refuse the rows for good
			return nil, fmt.Errorf("%q is a field of the rows that go into the same measurements", tag)
		case !slices.Contains([]string{"string", "bool", "float", "int"}, kind):
			return nil, fmt.Errorf("%q is no kind of field; want string, bool, float or int", kind)
		case slices.ContainsFunc(out, func(f tagField) bool { return f.tag == tag }):
			return nil, fmt.Errorf("tag %q stands there twice", tag)
		}
		out = append(out, tagField{tag, kind})
	}
	return out, nil
}
