package doctor

import (
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/config"
)

func TestAProxyIsWarnedOfWhereTheLoadGoesThroughIt(t *testing.T) {
	for _, c := range []struct {
		proxy, no, target string
		status            Status
		says              string
	}{
		{"", "", "http://shop.example", Pass, "none is set"},
		{"http://p", "", "", Pass, "https_proxy set; no target is set"},
		{"http://p", "", "http://shop.example", Warn, "https_proxy set: a run on this machine calls shop.example through it"},
		{"http://p", "a.example,.example", "http://shop.example", Pass, "https_proxy set, and not used for shop.example"},
		{"http://p", "10.0.0.0/8", "http://10.1.2.3:80", Pass, "not used for 10.1.2.3"},
		{"http://p", "shop.example:81", "http://shop.example:80", Warn, "through it"},
		{"http://p", "", "http://localhost:80", Pass, "not used for localhost"},
	} {
		getenv := func(name string) string { return map[string]string{"https_proxy": c.proxy, "no_proxy": c.no}[name] }
		p := &Patient{Getenv: getenv, Settings: func() (config.Sources, error) {
			f, err := config.ParseEnv(".env", []byte(config.BaseURL+"="+c.target+"\n"))
			return config.Sources{Env: f, Getenv: getenv}, err
		}}
		if r := p.proxy(t.Context()); r.Status != c.status || !strings.Contains(r.Evidence, c.says) {
			t.Errorf("%+v: %+v", c, r)
		}
	}
}
