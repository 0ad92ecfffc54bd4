package config

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestEveryKeyIsDescribedAndTakesItsDefault(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Keys() {
		if seen[k.Name] || k.Help == "" || strings.HasSuffix(k.Help, ".") || k.check == nil {
			t.Errorf("%s stands twice, or lacks help or a check: %+v", k.Name, k)
		}
		seen[k.Name] = true
		if err := k.Check(k.Default); err != nil {
			t.Errorf("%s refuses its own default %q: %v", k.Name, k.Default, err)
		}
		if k.Secret && k.Default != "" {
			t.Errorf("%s: a secret has no default", k.Name)
		}
		if !k.Kept && k.Secret != strings.HasSuffix(k.Name, "_TOKEN") {
			t.Errorf("%s: a password is made once, a token by InfluxDB", k.Name)
		}
		if k.Secret {
			if err := k.Check(Secret()); err != nil {
				t.Errorf("%s refuses a secret that ltlab makes: %v", k.Name, err)
			}
		}
	}
}

func TestValuesAreChecked(t *testing.T) {
	for _, c := range []struct {
		key  string
		good []string
		bad  []string
	}{
		{InfluxOrg, []string{"acme", "Acme & Söhne", `a "b"`}, []string{" a", "a ", "a\nb", "a\x00", "\xff", strings.Repeat("a", 101)}},
		{InfluxBucket, []string{"loadtests", "load tests/1"}, []string{"_tasks", `a"b`, "a\tb"}},
		{InfluxRetention, []string{"0", "1h", "168h", "90m", "7d", "36500d"}, []string{"59m", "-1h", "7", "d", "1.5d", "-1d", "banana", "36501d", "99999999h", "65536d"}},
		{InfluxToken, []string{"abcdefgh", "a==/+_-$'x\"`"}, []string{"short", "has space", "tübingen1", "new\nline"}},
		{InfluxPassword, []string{"12345678", "with a space $"}, []string{"1234567", strings.Repeat("a", 73), "tab\tinside"}},
		{InfluxURL, []string{"http://127.0.0.1:8086", "https://u:p@influx.example/path"}, []string{"127.0.0.1:8086", "ftp://a", "http://", "http:///x", "http://a b", "http://:80"}},
		{ScrapeURLs, []string{"http://a/metrics", "http://a, http://b:9100/metrics"}, []string{"http://a,", "a,b"}},
		{ImageK6, []string{"ltlab/k6", "ltlab/k6:dev", "localhost:5000/a/b__c:1", "a@sha256:" + strings.Repeat("0", 64), "registry.example.com/team/x"},
			[]string{"Ltlab/K6:", "a b", "a:", "-a", "a@sha256:0", "http://a/b", "a;b", "a:tag:tag"}},
	} {
		k, err := FindKey(c.key)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range c.good {
			if err := k.Check(v); err != nil {
				t.Errorf("%s refuses %q: %v", c.key, v, err)
			}
		}
		for _, v := range c.bad {
			err := k.Check(v)
			var wrong *ValueError
			if !errors.As(err, &wrong) || wrong.Key != c.key {
				t.Errorf("%s takes %q (%v)", c.key, v, err)
			}
			if k.Secret && err != nil && strings.Contains(err.Error(), v) {
				t.Errorf("%s: the error holds the secret: %v", c.key, err)
			}
		}
		if err := k.Check(""); err != nil {
			t.Errorf("%s: the empty value is none: %v", c.key, err)
		}
	}
}

func TestRetentionIsADuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "168h": 7 * 24 * time.Hour, "7d": 7 * 24 * time.Hour, "90m": 90 * time.Minute} {
		if got, err := ParseRetention(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestAnUnknownKeyNamesTheNearest(t *testing.T) {
	for name, want := range map[string]string{
		"INFLUXDB_OGR": InfluxOrg, "influxdb_org": InfluxOrg, "INFLUX_TOKEN": InfluxToken, "GRAFANA_PASSWORD": GrafanaPassword,
		"BASEURL": BaseURL, "LTLAB_IMAGE_TOYAPI": ImageToyAPI, "PATH": "", "X": "", "": "", "SOMETHING_ELSE_ALTOGETHER": "",
	} {
		_, err := FindKey(name)
		var unknown *KeyError
		if !errors.As(err, &unknown) || unknown.Name != name || unknown.Nearest != want {
			t.Errorf("%q: got %v, want nearest %q", name, err, want)
		}
	}
}

func TestEditsCountsEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"kitten", "sitting", 3}, {"org", "ogr", 2}, {"same", "same", 0}} {
		if got := edits(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
