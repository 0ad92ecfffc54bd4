package config

import "strings"

// Key is one setting of a lab.
type Key struct {
	Name    string
	Default string // "" when there is none
	Help    string // what it is, in a line
	Secret  bool   // shown as Mask
	Kept    bool   // written into the lab's .env once, for a lab's data is kept under it; a secret is made at random
	check   func(string) error
}

// Names of settings that code asks for.
const (
	InfluxOrg         = "INFLUXDB_ORG"
	InfluxBucket      = "INFLUXDB_BUCKET"
	InfluxBucket1M    = "INFLUXDB_BUCKET_1M"
	InfluxRetention   = "INFLUXDB_RETENTION"
	InfluxRetention1M = "INFLUXDB_RETENTION_1M"
	InfluxRawLimit    = "INFLUXDB_RAW_LIMIT"
	InfluxToken       = "INFLUXDB_TOKEN"
	InfluxReadToken   = "INFLUXDB_READ_TOKEN"
	InfluxUser        = "INFLUXDB_ADMIN_USER"
	InfluxPassword    = "INFLUXDB_ADMIN_PASSWORD"
	GrafanaUser       = "GRAFANA_ADMIN_USER"
	GrafanaPassword   = "GRAFANA_ADMIN_PASSWORD"
	InfluxURL         = "INFLUXDB_URL"
	GrafanaURL        = "GRAFANA_URL"
	BaseURL           = "BASE_URL"
	ImageInflux       = "LTLAB_IMAGE_INFLUXDB"
	ImageTelegraf     = "LTLAB_IMAGE_TELEGRAF"
	ImageGrafana      = "LTLAB_IMAGE_GRAFANA"
	ImageToyAPI       = "LTLAB_IMAGE_TOY_API"
	ImageK6           = "LTLAB_IMAGE_K6"
	ImageArtillery    = "LTLAB_IMAGE_ARTILLERY"
	ScrapeURLs        = "LTLAB_SCRAPE_URLS"
)

// Keys are all settings, in the order in which they are shown.
func Keys() []Key {
	return []Key{
		{Name: InfluxOrg, Default: "ltlab", Kept: true, check: name, Help: "InfluxDB's organization"},
		{Name: InfluxBucket, Default: "loadtests", Kept: true, check: bucket, Help: "bucket of rows by the second"},
		{Name: InfluxBucket1M, Default: "loadtests_1m", Kept: true, check: bucket, Help: "bucket of rows by the minute"},
		{Name: InfluxRetention, Default: "168h", check: retention, Help: "how long rows by the second are kept: 168h, 7d, 0 for ever"},
		{Name: InfluxRetention1M, Default: "8760h", check: retention, Help: "how long rows by the minute are kept"},
		{Name: InfluxRawLimit, Default: "2000", check: rawLimit, Help: "raw samples a second that k6 sends besides its rows; 0 none, or unlimited"},
		{Name: InfluxToken, Secret: true, check: token, Help: "InfluxDB's token that writes and reads; InfluxDB makes it at the lab's start"},
		{Name: InfluxReadToken, Secret: true, check: token, Help: "InfluxDB's token that only reads, given to Grafana; made as the other"},
		{Name: InfluxUser, Default: "admin", Kept: true, check: user, Help: "InfluxDB's administrator"},
		{Name: InfluxPassword, Secret: true, Kept: true, check: password, Help: "and the password"},
		{Name: GrafanaUser, Default: "admin", Kept: true, check: user, Help: "Grafana's administrator"},
		{Name: GrafanaPassword, Secret: true, Kept: true, check: password, Help: "and the password"},
		{Name: InfluxURL, check: address, Help: "address of InfluxDB; default: the running lab's"},
		{Name: GrafanaURL, check: address, Help: "address of Grafana; default: the running lab's"},
		{Name: BaseURL, check: address, Help: "target of scenarios; default: a shipped one calls the running lab's toy API"},
		{Name: ImageInflux, Default: "influxdb:2.7.12", check: image, Help: "image of InfluxDB"},
		{Name: ImageTelegraf, Default: "telegraf:1.37.2", check: image, Help: "image of Telegraf"},
		{Name: ImageGrafana, Default: "grafana/grafana:12.4.10", check: image, Help: "image of Grafana"},
		{Name: ImageToyAPI, Default: "ltlab/toy-api", check: image, Help: "image of the toy API"},
		{Name: ImageK6, Default: "ltlab/k6", check: image, Help: "image of k6"},
		{Name: ImageArtillery, Default: "ltlab/artillery", check: image, Help: "image of Artillery"},
		{Name: ScrapeURLs, check: addresses, Help: "more addresses of Prometheus metrics to collect, with commas between"},
	}
}

// FindKey finds a setting by its name; an unknown one is a *KeyError.
func FindKey(name string) (Key, error) {
	var names []string
	for _, k := range Keys() {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Key{}, &KeyError{Name: name, Nearest: nearest(name, names)}
}

// Check says what is wrong with a value, as a *ValueError. The empty value is none, and always allowed.
func (k Key) Check(value string) error {
	if value == "" {
		return nil
	}
	if err := k.check(value); err != nil {
		return &ValueError{Key: k.Name, Err: err}
	}
	return nil
}

// KeyError is a name that is no setting.
type KeyError struct {
	Name    string
	Nearest string // what was probably meant, or ""
}

func (e *KeyError) Error() string {
	text := e.Name + " is no setting of the lab"
	if e.Nearest != "" {
		text += "; did you mean " + e.Nearest
	}
	return text
}

// ValueError is a value that a setting does not take. It never holds the value, which may be a secret.
type ValueError struct {
	Key string
	Err error
}

func (e *ValueError) Error() string { return e.Key + ": " + e.Err.Error() }

func (e *ValueError) Unwrap() error { return e.Err }

// nearest is the name that takes the fewest edits to reach, or "" when none is near.
func nearest(name string, names []string) string {
	best, fewest := "", 2+len(name)/3
	for _, n := range names {
		if d := edits(strings.ToLower(name), strings.ToLower(n)); d < fewest {
			best, fewest = n, d
		}
	}
	return best
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
