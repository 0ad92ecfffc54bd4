package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// InfluxDB is the database that probes write to and read from.
type InfluxDB struct {
	URL    string // http://127.0.0.1:PORT
	Org    string
	Bucket string
	Token  string // writes and reads
}

// Probes leave their points in one measurement with one series a service; the value says which probe it was, so a lab that
// is probed for years has no more series than a new one.
const measurement = "ltlab_probe"

// Influx waits until InfluxDB answers, takes a point and finds it again.
func Influx(service string, db InfluxDB) Target {
	number := probeNumber()
	return Target{Name: service, Shows: "writes and reads back", Probe: func(ctx context.Context) error {
		if _, err := get(ctx, db.URL+"/health", nil); err != nil {
			return err
		}
		if err := db.write(ctx, fmt.Sprintf("%s,service=influxdb value=%d", measurement, number)); err != nil {
			return err
		}
		found, err := db.finds(ctx, "influxdb", number)
		if err == nil && !found {
			err = fmt.Errorf("it took a point of %s into %s, and does not find it", measurement, db.Bucket)
		}
		return err
	}}
}

// Telegraf waits until a StatsD packet sent to address (127.0.0.1:PORT, UDP) is found in InfluxDB. UDP has no answers and
// packets get lost, so each attempt sends it again; a gauge may come twice.
func Telegraf(service, address string, db InfluxDB) Target {
	number, sent := probeNumber(), 0
	return Target{Name: service, Shows: "forwards StatsD to InfluxDB", Probe: func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "udp", address)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := fmt.Fprintf(conn, "%s,service=telegraf:%d|g\n", measurement, number); err != nil {
			return fmt.Errorf("send to udp %s: %w", address, err)
		}
		sent++
		found, err := db.finds(ctx, "telegraf", number)
		if err == nil && !found {
			err = fmt.Errorf("%d packets went to udp %s, and none has come to InfluxDB", sent, address)
		}
		return err
	}}
}

// inFlux is a text inside a Flux string.
var inFlux = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", `\${`)

// probeNumber tells one probe's points from another's; every float64 holds it exactly.
func probeNumber() int64 { return 1 + rand.Int64N(1<<48) }

func (db InfluxDB) write(ctx context.Context, line string) error {
	_, err := db.post(ctx, "/api/v2/write", url.Values{"bucket": {db.Bucket}}, "text/plain; charset=utf-8", []byte(line))
	return err
}

// finds says whether a service's probe of that number has left its point in the last minutes, by InfluxDB's own clock.
func (db InfluxDB) finds(ctx context.Context, service string, number int64) (bool, error) {
	flux := fmt.Sprintf(`from(bucket: "%s") |> range(start: -5m, stop: 1m) |> filter(fn: (r) => r._measurement == %q and r._field == "value" and r.service == %q and r._value == %d.0) |> keep(columns: ["service"]) |> limit(n: 1)`,
		inFlux.Replace(db.Bucket), measurement, service, number)
	body, err := json.Marshal(map[string]string{"query": flux, "type": "flux"})
	if err != nil {
		return false, err
	}
	answer, err := db.post(ctx, "/api/v2/query", url.Values{}, "application/json", body)
	return bytes.Contains(answer, []byte(","+service)), err
}

func (db InfluxDB) post(ctx context.Context, path string, query url.Values, kind string, body []byte) ([]byte, error) {
	query.Set("org", db.Org)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, db.URL+path+"?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Authorization", "Token "+db.Token)
	return send(r)
}
