package problem

import "errors"

// containerPages are the problems that pages show of tools in containers.
func containerPages() []*Problem {
	return []*Problem{
		ImportOutsideProject("k6", "/home/me/shop/tests/load", []string{"/home/me/shop/lib/login.js", "/home/me/shop/testdata/users.csv"}),
		TargetOnLocalhost("k6", "http://localhost:3000"),
		FileOutsideContainer("k6", "/home/me/k6.json"),
		ProjectTooLarge("k6", errors.New("/home/me/shop/tests holds more than 200 MB; testdata alone has 300 MB")),
		TargetUnreachable("k6", "http://host.docker.internal:3000", "dial tcp 172.17.0.1:3000: connect: connection refused"),
		ImageForeign("registry.example/k6:2.1.0", "LTLAB_IMAGE_K6", "arm64", "amd64"),
		ImageUnavailable([]string{"influxdb:2.7.12 (LTLAB_IMAGE_INFLUXDB): Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host; the one that is here stays in use"}),
	}
}
