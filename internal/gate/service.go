package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Answers waits until a GET of that address is answered with a 2xx: the toy API's /health, and InfluxDB's /health before
// anybody can write to it.
func Answers(service, url string) Target {
	path := url
	if _, rest, ok := strings.Cut(url, "://"); ok {
		_, path, _ = strings.Cut(rest, "/")
	}
	return Target{Name: service, Shows: "answers GET /" + path, Probe: func(ctx context.Context) error {
		_, err := get(ctx, url, nil)
		return err
	}}
}

// Grafana waits until Grafana's database is up and its datasource of uid "influxdb" reaches InfluxDB, as Grafana itself
// checks it. The answers are those that Grafana documents; this was run against a server of the same answers, not
// against Grafana, which cannot be had where ltlab is tested.
// Source: grafana.com/docs/grafana/latest/developers/http_api, pages "other" and "data_source".
func Grafana(service, url, user, password string) Target {
	return Target{Name: service, Shows: "its datasource answers", Probe: func(ctx context.Context) error {
		body, err := get(ctx, url+"/api/health", nil)
		if err != nil {
			return err
		}
		var health struct{ Database string }
		if err := json.Unmarshal(body, &health); err != nil || health.Database != "ok" {
			return fmt.Errorf("GET /api/health: Grafana's database is %q", health.Database)
		}
		body, err = get(ctx, url+"/api/datasources/uid/influxdb/health", func(r *http.Request) { r.SetBasicAuth(user, password) })
		if err != nil {
			return err
		}
		var source struct{ Status, Message string }
		if err := json.Unmarshal(body, &source); err != nil || source.Status != "OK" {
			return fmt.Errorf("the datasource is %q: %s", source.Status, source.Message)
		}
		return nil
	}}
}

// message is what InfluxDB and Grafana put into the body of an error.
func message(body []byte) string {
	var m struct{ Message string }
	if json.Unmarshal(body, &m) != nil {
		return ""
	}
	return m.Message
}
