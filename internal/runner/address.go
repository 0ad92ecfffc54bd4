package runner

import (
	"net/url"

	"github.com/ltlab/ltlab/internal/address"
	"github.com/ltlab/ltlab/internal/problem"
)

// translate is an address as containers know it.
func (c *Container) translate(target string) (string, error) {
	u, err := url.Parse(target)
	if err != nil || !address.Loopback(u.Hostname()) {
		return target, nil
	}
	for here, there := range c.Inside {
		if h, err := url.Parse(here); err != nil || !address.Loopback(h.Hostname()) || h.Port() != u.Port() || h.Scheme != u.Scheme {
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
	inside, err := c.translate(s.URL)
	if err != nil {
		s.Later = true
		c.note("a container does not reach InfluxDB at %s: it is sent the run, without raw samples, when that has ended", s.URL)
		return
	}
	s.ToolURL = inside
}
