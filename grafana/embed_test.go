package grafana

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// datasources is what Grafana reads of such a file, as its documentation and its provisioning package name it.
type datasources struct {
	APIVersion  int `yaml:"apiVersion"`
	Datasources []struct {
		Name      string `yaml:"name"`
		UID       string `yaml:"uid"`
		Type      string `yaml:"type"`
		Access    string `yaml:"access"`
		URL       string `yaml:"url"`
		IsDefault bool   `yaml:"isDefault"`
		Editable  bool   `yaml:"editable"`
		JSONData  struct {
			Version       string `yaml:"version"`
			HTTPMode      string `yaml:"httpMode"`
			Organization  string `yaml:"organization"`
			DefaultBucket string `yaml:"defaultBucket"`
		} `yaml:"jsonData"`
		SecureJSONData struct {
			Token string `yaml:"token"`
		} `yaml:"secureJsonData"`
	} `yaml:"datasources"`
}

func parse(t *testing.T, file string) datasources {
	t.Helper()
	var d datasources
	if err := yaml.Load([]byte(file), &d, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	if d.APIVersion != 1 || len(d.Datasources) != 1 {
		t.Fatalf("version %d with %d datasources", d.APIVersion, len(d.Datasources))
	}
	return d
}

func TestTheDatasourceIsFluxWithTheUIDThatDashboardsName(t *testing.T) {
	d := parse(t, Datasource("read-token")).Datasources[0]
	if d.UID != "influxdb" || d.Type != "influxdb" || d.Access != "proxy" || d.URL != "http://influxdb:8086" || !d.IsDefault || d.Editable {
		t.Errorf("got %+v", d)
	}
	if j := d.JSONData; j.Version != "Flux" || j.HTTPMode != "POST" || j.Organization != "$INFLUXDB_ORG" || j.DefaultBucket != "$INFLUXDB_BUCKET" {
		t.Errorf("got %+v", j)
	}
	if got := d.SecureJSONData.Token; got != "$__file{/run/secrets/influxdb_read_token}" {
		t.Errorf("token is %q, want it from the file", got)
	}
}

func TestATokenThatGrafanaWouldExpandStandsInTheDatasource(t *testing.T) {
	const token = `a$HOME"b\c$$d`
	d := parse(t, Datasource(token)).Datasources[0]
	if got, want := strings.ReplaceAll(d.SecureJSONData.Token, "$$", "$"), token; got != want || strings.Count(d.SecureJSONData.Token, "$") != 6 {
		t.Errorf("Grafana reads %q as %q, want %q", d.SecureJSONData.Token, got, want)
	}
}

func TestTheTokensFileCanBeAnother(t *testing.T) {
	if got := parse(t, DatasourceWithFile("/run/other")).Datasources[0].SecureJSONData.Token; got != "$__file{/run/other}" {
		t.Errorf("token is %q", got)
	}
}

func TestDashboardsComeFromAWatchedFolder(t *testing.T) {
	var d struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name                  string `yaml:"name"`
			Type                  string `yaml:"type"`
			UpdateIntervalSeconds int    `yaml:"updateIntervalSeconds"`
			AllowUIUpdates        bool   `yaml:"allowUiUpdates"`
			DisableDeletion       bool   `yaml:"disableDeletion"`
			Options               struct {
				Path                      string `yaml:"path"`
				FoldersFromFilesStructure bool   `yaml:"foldersFromFilesStructure"`
			} `yaml:"options"`
		} `yaml:"providers"`
	}
	if err := yaml.Load([]byte(Dashboards()), &d, yaml.WithKnownFields()); err != nil {
		t.Fatal(err) // "folder" beside foldersFromFilesStructure would be ignored by Grafana, and is refused here
	}
	if d.APIVersion != 1 || len(d.Providers) != 1 {
		t.Fatalf("version %d with %d providers", d.APIVersion, len(d.Providers))
	}
	p := d.Providers[0]
	if p.Type != "file" || p.UpdateIntervalSeconds < 1 || p.UpdateIntervalSeconds > 10 || p.Options.Path != "/var/lib/ltlab/dashboards" ||
		!p.Options.FoldersFromFilesStructure || p.DisableDeletion {
		t.Errorf("got %+v", p)
	}
}
