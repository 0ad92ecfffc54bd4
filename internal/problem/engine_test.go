package problem

import "errors"

// enginePages are the problems that pages show of Docker engines and their images.
func enginePages() []*Problem {
	const socket = "unix:///var/run/docker.sock"
	return []*Problem{
		EngineNotFound(socket, errors.New("failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory")),
		EngineNoPermission(socket, errors.New("permission denied while trying to connect to the docker API at unix:///var/run/docker.sock")),
		EngineTooOld("1.30", "1.41"),
		EngineRemote("tcp://192.0.2.1:2375"),
		EngineLost(errors.New("error during connect: Get \"http://%2Fvar%2Frun%2Fdocker.sock/v1.41/containers/json\": EOF")),
		EngineFailed("list what the lab has", errors.New("database is locked")),
		ImageMissing([]string{
			"grafana/grafana:12.4.10 (LTLAB_IMAGE_GRAFANA): Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host",
		}),
		ImageUnbuildable("ltlab/toy-api", "/usr/local/bin/images/amd64"),
		ServiceUnknown("influx", []string{"influxdb", "telegraf", "grafana", "toy-api"}),
		NeedsDocker("ltlab query", "the lab runs embedded, which has no InfluxDB"),
		OtherEngine("docker", "embedded"),
	}
}

// consentPages are the problems that pages show of removals.
func consentPages() []*Problem {
	return []*Problem{ConsentNeeded("ltlab purge"), ConsentRefused("ltlab purge")}
}
