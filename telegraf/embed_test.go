package telegraf

import (
	"strings"
	"testing"
)

func TestTheFileWithoutSettingsIsTheFileItself(t *testing.T) {
	if Config(Settings{}) != file {
		t.Error("it was changed")
	}
}

func TestSettingsStandInTheFileAsTOMLStrings(t *testing.T) {
	got := Config(Settings{Org: `a"b\c$HOME`, Bucket: "löad tests", Scrape: []string{"http://a.test/m?x=$y", "https://b.test"}})
	for _, want := range []string{
		`organization = "a\"b\\c$$HOME"` + "\n",
		`bucket = "löad tests"` + "\n",
		`urls = ["http://a.test/m?x=$$y", "https://b.test"] # setting LTLAB_SCRAPE_URLS` + "\n",
	} {
		if strings.Count(got, want) != 1 {
			t.Errorf("want once: %s", want)
		}
	}
	if a, b := strings.Count(got, "\n"), strings.Count(file, "\n"); a != b {
		t.Errorf("%d lines, want %d", a, b)
	}
}

func TestNoSecretStandsInTheFile(t *testing.T) {
	if !strings.Contains(file, `token = "@{ltlab:influxdb_token}"`) {
		t.Error("the token is not taken from the secret store")
	}
}

func TestNoHostNameGoesIntoInfluxDB(t *testing.T) {
	if !strings.Contains(file, "omit_hostname = true") {
		t.Error("points carry the container's host name")
	}
}

// Counters are whole numbers otherwise, and InfluxDB refuses a field that is one here and a float there.
func TestCountersAndGaugesAreFieldsOfOneType(t *testing.T) {
	if !strings.Contains(file, "float_counters = true") {
		t.Error("counters are not floats")
	}
}

func TestCountersAddOnlyWhatAPeriodHad(t *testing.T) {
	for _, setting := range []string{"delete_counters = true", "delete_gauges = true"} {
		if !strings.Contains(file, setting) {
			t.Errorf("no %s: values of earlier periods are written again", setting)
		}
	}
}
