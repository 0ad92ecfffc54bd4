package runner

import (
	"net/netip"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// merged are variables to whose values ltlab adds its own.
var merged = []string{"ARTILLERY_PLUGINS", "ARTILLERY_PLUGIN_PATH", "NODE_OPTIONS"}

// proxies are what Artillery sends all requests through. It reads no NO_PROXY, nor does it know, as k6 does, that this machine
// is behind no proxy.
var proxies = []string{"HTTP_PROXY", "HTTPS_PROXY"}

// direct says whether a host is reached without a proxy: it is this machine, or NO_PROXY has it.
func direct(host string, environ []string) bool {
	if loopback(host) {
		return true
	}
	for _, v := range environ {
		name, list, _ := strings.Cut(v, "=")
		if strings.EqualFold(name, "NO_PROXY") && slices.ContainsFunc(strings.Split(list, ","), func(e string) bool { return exempt(host, strings.TrimSpace(e)) }) {
			return true
		}
	}
	return false
}

// exempt says whether an entry of NO_PROXY means a host: by its name or address, its domain, its network, or "*".
func exempt(host, entry string) bool {
	if net, err := netip.ParsePrefix(entry); err == nil {
		ip, err := netip.ParseAddr(host)
		return err == nil && net.Contains(ip)
	}
	name := strings.TrimPrefix(entry, ".")
	return entry == "*" || name != "" && (strings.EqualFold(host, name) || strings.HasSuffix(strings.ToLower(host), "."+strings.ToLower(name)))
}

// modules are the folders that may hold a project's own plugins. Artillery itself looks beside itself only.
func modules(scenario string) (dirs []string) {
	for dir := path.Dir(filepath.ToSlash(scenario)); ; dir = path.Dir(dir) {
		dirs = append(dirs, path.Join(dir, "node_modules"))
		if dir == path.Dir(dir) {
			return dirs
		}
	}
}
