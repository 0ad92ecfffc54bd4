package runner

import (
	"net"
	"net/url"
	"strings"

	"github.com/ltlab/ltlab/internal/problem"
)

// translate is an address as containers know it.
func (c *Container) translate(target string) (string, error) {
	u, err := url.Parse(target)
	if err != nil || !loopback(u.Hostname()) {
		return target, nil
	}
	for here, there := range c.Inside {
		if h, err := url.Parse(here); err != nil || !loopback(h.Hostname()) || h.Port() != u.Port() || h.Scheme != u.Scheme {
			continue
		}
		t, err := url.Parse(there)
		if err != nil {
			return "", err
		}
		u.Host = t.Host
		return u.String(), nil
	}
	return "", problem.TargetOnLocalhost(c.spec.Program.Name(), redactURL(target))
}

// database tells where InfluxDB is as containers know it. One that containers do not reach is sent the run afterwards.
func (c *Container) database(s *Sink) {
	if s == nil || !c.spec.Program.Sends() {
		return
	}
	address, err := c.translate(s.URL)
	if err != nil {
		s.Later = true
		c.note("a container does not reach InfluxDB at %s: it is sent the run, without raw samples, when that has ended", s.URL)
		return
	}
	s.ToolURL = address
}

// loopback says whether a host's name is this machine for whoever says it.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// hostPort is where a URL connects to, "" when that is not to be known.
func hostPort(target string) string {
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

// hostOf is the host in a URL, "" when there is none.
func hostOf(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
