package runner

import (
	"path"
	"path/filepath"
)

// merged are variables to whose values ltlab adds its own.
var merged = []string{"ARTILLERY_PLUGINS", "ARTILLERY_PLUGIN_PATH", "NODE_OPTIONS"}

// proxies are what Artillery sends all requests through. It reads no NO_PROXY, nor does it know, as k6 does, that this machine
// is behind no proxy.
var proxies = []string{"HTTP_PROXY", "HTTPS_PROXY"}

// modules are the folders that may hold a project's own plugins. Artillery itself looks beside itself only.
func modules(scenario string) (dirs []string) {
	for dir := path.Dir(filepath.ToSlash(scenario)); ; dir = path.Dir(dir) {
		dirs = append(dirs, path.Join(dir, "node_modules"))
		if dir == path.Dir(dir) {
			return dirs
		}
	}
}
