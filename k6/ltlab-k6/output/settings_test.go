package output

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/influx"
)

// given are a sink's settings as users give them.
type given struct {
	output string
	json   string
	env    map[string]string
	url    string
}

func (g given) read() (*sinkSettings, error) {
	return readSinkSettings(g.output, json.RawMessage(g.json), g.env, g.url)
}

func TestTheLastOfConfigurationEnvironmentAndArgumentCounts(t *testing.T) {
	env := map[string]string{
		"K6_INFLUXDB_ADDR": "http://env:8086", "K6_INFLUXDB_BUCKET": "of-env", "K6_INFLUXDB_TOKEN": "t", "K6_INFLUXDB_ORGANIZATION": "o",
		"K6_INFLUXDB_BUCKET_1M": "minutes", "K6_INFLUXDB_PUSH_INTERVAL": "2s", "K6_INFLUXDB_PRECISION": "1ms", "K6_INFLUXDB_RAW_LIMIT": "0",
		"K6_VUS": "5", "INFLUXDB_URL": "http://foreign:8086",
	}
	config := `{"addr": "http://json:8086", "bucket": "of-json", "concurrentWrites": 8, "tagsAsFields": ["url", "vu:int"], "pushInterval": 500, "insecureSkipTLSVerify": false}`
	s, err := given{Name, config, env, ""}.read()
	if err != nil {
		t.Fatal(err)
	}
	if want := (influx.Target{URL: "http://env:8086", Org: "o", Token: "t", Bucket: "of-env", Bucket1M: "minutes"}); s.target != want {
		t.Errorf("target %+v", s.target)
	}
	if s.interval != 2*time.Second || s.precision != time.Millisecond || s.rawLimit != 0 || s.writers != 8 || s.preset ||
		!slices.Equal(s.fields, []tagField{{"url", "string"}, {"vu", "int"}}) {
		t.Errorf("%+v", s)
	}
	if s, err = (given{Name, config, env, "https://arg:9999/of-arg"}).read(); err != nil || s.target.URL != "https://arg:9999" || s.target.Bucket != "of-arg" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = (given{Name, config, nil, ""}).read(); err != nil || s.interval != 500*time.Millisecond || s.target.Bucket != "of-json" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestDefaults(t *testing.T) {
	if s, err := (given{Name, "", map[string]string{"INFLUXDB_URL": "http://foreign:8086", "K6_INFLUXDB_BUCKET": ""}, ""}).read(); s != nil || err != nil {
		t.Errorf("without an address: %+v, %v", s, err)
	}
	fields := []tagField{{"vu", "int"}, {"iter", "int"}, {"url", "string"}}
	s, err := given{Name, "", map[string]string{"K6_INFLUXDB_ADDR": "http://h", "K6_INFLUXDB_BUCKET": "b"}, ""}.read()
	if err != nil || s.rawLimit != 2000 || s.writers != 4 || s.interval != time.Second || s.precision != 1 || !slices.Equal(s.fields, fields) {
		t.Errorf("%+v, %v", s, err)
	}
	s, err = given{Preset, "", map[string]string{"K6_INFLUXDB_BUCKET": "b", "K6_INFLUXDB_ENABLE_UNIQUE_TAG": "true", "K6_INFLUXDB_UNIQUE_TAG_NAME": "u"}, ""}.read()
	if err != nil || s.target.URL != "http://localhost:8086" || s.rawLimit != unlimited || !s.preset || len(s.notes) != 1 {
		t.Errorf("preset: %+v, %v", s, err)
	}
}

func TestUnknownAndContradictorySettingsAreRefused(t *testing.T) {
	base := map[string]string{"K6_INFLUXDB_ADDR": "http://h:8086", "K6_INFLUXDB_BUCKET": "b", "K6_INFLUXDB_TOKEN": "hunter2"}
	for want, c := range map[string]given{
		"K6_INFLUXDB_BUKET is no setting":                          {env: map[string]string{"K6_INFLUXDB_BUKET": "b"}},
		"K6_INFLUXDB_DB is a setting for InfluxDB 1":               {env: map[string]string{"K6_INFLUXDB_DB": "k6"}},
		"K6_INFLUXDB_PRECISION: want 1ns":                          {env: map[string]string{"K6_INFLUXDB_PRECISION": "5ms"}},
		"K6_INFLUXDB_PUSH_INTERVAL: want from":                     {env: map[string]string{"K6_INFLUXDB_PUSH_INTERVAL": "1h"}},
		"K6_INFLUXDB_CONCURRENT_WRITES: want":                      {env: map[string]string{"K6_INFLUXDB_CONCURRENT_WRITES": "0"}},
		"K6_INFLUXDB_RAW_LIMIT: want":                              {env: map[string]string{"K6_INFLUXDB_RAW_LIMIT": "-1"}},
		"K6_INFLUXDB_INSECURE: strconv":                            {env: map[string]string{"K6_INFLUXDB_INSECURE": "maybe"}},
		"K6_INFLUXDB_INSECURE is for https":                        {env: map[string]string{"K6_INFLUXDB_INSECURE": "true"}},
		`K6_INFLUXDB_TAGS_AS_FIELDS: tag "url" stands there twice`: {env: map[string]string{"K6_INFLUXDB_TAGS_AS_FIELDS": "url,url:int"}},
		`K6_INFLUXDB_TAGS_AS_FIELDS: "text" is no kind`:            {env: map[string]string{"K6_INFLUXDB_TAGS_AS_FIELDS": "url:text"}},
		`K6_INFLUXDB_TAGS_AS_FIELDS: "p50" is a field of the rows`: {env: map[string]string{"K6_INFLUXDB_TAGS_AS_FIELDS": "url,p50"}},
		`K6_INFLUXDB_TAGS_AS_FIELDS: "value" is no tag`:            {env: map[string]string{"K6_INFLUXDB_TAGS_AS_FIELDS": "value"}},
		"K6_INFLUXDB_ADDR: the address":                            {env: map[string]string{"K6_INFLUXDB_ADDR": "h:8086"}},
		"K6_INFLUXDB_BUCKET is not set":                            {env: map[string]string{"K6_INFLUXDB_BUCKET": ""}},
		"K6_INFLUXDB_BUCKET is set, and K6_INFLUXDB_ADDR":          {env: map[string]string{"K6_INFLUXDB_ADDR": "", "K6_INFLUXDB_TOKEN": ""}},
		`has "buket", which is no setting`:                         {json: `{"buket": "b"}`},
		"bucket has a value of the wrong kind":                     {json: `{"bucket": {}}`},
		"the configuration of ltlab: ":                             {json: `[]`},
		"want http://HOST:PORT/BUCKET":                             {url: "loadtests"},
		"the address holds more":                                   {url: "http://me:hunter2@h/b"},
	} {
		env := maps.Clone(base)
		maps.Copy(env, c.env)
		c.output, c.env = Name, env
		if s, err := c.read(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %+v, %v", want, s, err)
		}
	}
}
