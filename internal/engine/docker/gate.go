package docker

import (
	"fmt"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/gate"
)

// targets are what the gate waits for: that each service does what it is there for.
func (e *Engine) targets(services []string, ports map[string]int) ([]gate.Target, error) {
	src, err := e.Settings()
	if err != nil {
		return nil, err
	}
	v := func(key string) string { return src.Value(key).Value }
	db := gate.InfluxDB{URL: local(ports[engine.InfluxDB]), Org: v(config.InfluxOrg), Bucket: v(config.InfluxBucket), Token: v(config.InfluxToken)}
	var out []gate.Target
	for _, n := range services {
		switch n {
		case engine.InfluxDB:
			out = append(out, gate.Influx(n, db))
		case engine.Telegraf:
			out = append(out, gate.Telegraf(n, fmt.Sprintf("127.0.0.1:%d", ports[n]), db))
		case engine.Grafana:
			out = append(out, gate.Grafana(n, local(ports[n]), v(config.GrafanaUser), v(config.GrafanaPassword)))
		default:
			out = append(out, answers(n, ports[n]))
		}
	}
	return out, nil
}

// healthPath is where a service says of itself that it lives, "" for one that speaks no HTTP.
var healthPath = map[string]string{engine.InfluxDB: "/health", engine.Grafana: "/api/health", engine.ToyAPI: "/health"}

// answers is the least that a service must do; it changes nothing.
func answers(service string, port int) gate.Target {
	return gate.Answers(service, local(port)+healthPath[service])
}

func local(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }
