// Package compose holds the Compose file of the lab's services and loads it as ltlab runs it: with the ports, credentials
// and labels of one lab.
package compose

import _ "embed"

// File is compose.yaml, readable by itself; paths in it count from the folder above telegraf/ and grafana/.
//
//go:embed compose.yaml
var File string

// Names of the services that make a lab.
const (
	InfluxDB = "influxdb"
	Telegraf = "telegraf"
	Grafana  = "grafana"
	ToyAPI   = "toy-api"
)

// Names of the services that run on demand.
const (
	K6        = "k6"
	Artillery = "artillery"
)

// Labels that everything of a lab has. The lab is its name, the home its folder.
const (
	LabLabel  = "io.ltlab.lab"
	HomeLabel = "io.ltlab.home"
	RunLabel  = "io.ltlab.run" // of a container that makes a run
)

// FilesLabel tells a service's files from earlier ones without saying what is in them.
const FilesLabel = "io.ltlab.files"

// Services are those that make a lab, in the order in which people read them.
func Services() []string { return []string{InfluxDB, Grafana, Telegraf, ToyAPI} }

// Port is what a service is reached by from the host.
type Port struct {
	Service   string
	Container int    // inside the container
	Protocol  string // tcp or udp
	Host      int    // preferred, on 127.0.0.1
}

// StatsD is Telegraf's port for it.
const StatsD = 8125

// Ports are the services' ports, one each, in the order of Services.
func Ports() []Port {
	return []Port{
		{Service: InfluxDB, Container: 8086, Protocol: "tcp", Host: 8086},
		{Service: Grafana, Container: 3000, Protocol: "tcp", Host: 3081},
		{Service: Telegraf, Container: StatsD, Protocol: "udp", Host: StatsD},
		{Service: ToyAPI, Container: 5081, Protocol: "tcp", Host: 5081},
	}
}
