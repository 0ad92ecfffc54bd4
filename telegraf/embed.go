// Package telegraf holds Telegraf's configuration in the lab.
package telegraf

import (
	_ "embed"
	"strconv"
	"strings"
)

// file is telegraf.conf, valid by itself.
//
//go:embed telegraf.conf
var file string

// Settings are what a lab puts into the file; an empty field leaves the file's own value.
type Settings struct {
	Org, Bucket string   // instead of the container's environment
	Scrape      []string // addresses of Prometheus metrics
}

// Config is telegraf.conf with these settings.
func Config(s Settings) string {
	var put []string
	if s.Org != "" {
		put = append(put, `"${INFLUXDB_ORG:-ltlab}"`, quote(s.Org))
	}
	if s.Bucket != "" {
		put = append(put, `"${INFLUXDB_BUCKET:-loadtests}"`, quote(s.Bucket))
	}
	if len(s.Scrape) > 0 {
		quoted := make([]string, len(s.Scrape))
		for i, url := range s.Scrape {
			quoted[i] = quote(url)
		}
		put = append(put, "urls = [] # setting LTLAB_SCRAPE_URLS", "urls = ["+strings.Join(quoted, ", ")+"] # setting LTLAB_SCRAPE_URLS")
	}
	return strings.NewReplacer(put...).Replace(file)
}

// quote writes a string of printable characters as TOML; Telegraf reads $$ as a dollar that begins no variable's name.
func quote(s string) string { return strings.ReplaceAll(strconv.Quote(s), "$", "$$") }
