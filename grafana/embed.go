// Package grafana holds what Grafana is provisioned with in the lab.
package grafana

import (
	"embed"
	"strconv"
	"strings"
)

// Files is the folder provisioning/ as Grafana reads it.
//
//go:embed provisioning
var Files embed.FS

// Paths in Files.
const (
	DatasourceFile = "provisioning/datasources/influxdb.yaml"
	DashboardsFile = "provisioning/dashboards/ltlab.yaml"
)

// tokenFile is where the datasource's file says that its token is.
const tokenFile = "/run/secrets/influxdb_read_token"

// Datasource is the datasource's file for a lab with that read-only token. Grafana expands variables in what it reads from
// the token's file, so a token with a dollar in it stands in the datasource itself.
func Datasource(token string) string {
	if !strings.Contains(token, "$") {
		return read(DatasourceFile)
	}
	return strings.ReplaceAll(read(DatasourceFile), "$__file{"+tokenFile+"}", strings.ReplaceAll(strconv.Quote(token), "$", "$$"))
}

// DatasourceWithFile is the datasource's file for a token in another file of the container.
func DatasourceWithFile(path string) string {
	return strings.ReplaceAll(read(DatasourceFile), tokenFile, path)
}

// Dashboards is the file of the dashboards' provider.
func Dashboards() string { return read(DashboardsFile) }

func read(path string) string {
	b, err := Files.ReadFile(path)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return string(b)
}
