// Package address knows what a URL says of where requests go: to which host and port, to this machine or another one, and
// whether a proxy stands between.
package address

import (
	"net"
	"net/url"
	"strings"
)

// Host is the host in a URL, "" when there is none.
func Host(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// HostPort is where a URL connects to, "" when that is not to be known.
func HostPort(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443"}[u.Scheme]
	}
	if port == "" {
		return ""
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// Loopback says whether a host's name is this machine for whoever says it.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// Same says whether two URLs connect to the same place. All names of this machine are one.
func Same(a, b string) bool {
	ha, pa, erra := net.SplitHostPort(HostPort(a))
	hb, pb, errb := net.SplitHostPort(HostPort(b))
	return erra == nil && errb == nil && pa == pb && (strings.EqualFold(ha, hb) || Loopback(ha) && Loopback(hb))
}
