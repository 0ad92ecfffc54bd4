package runner

import (
	"slices"
	"testing"
)

func TestATargetBesideTheProxyIsReachedDirectly(t *testing.T) {
	const proxy = "HTTP_PROXY=http://proxy.example:3128"
	for _, c := range []struct {
		target, no string
		direct     bool
	}{
		{"http://127.0.0.1:5081", "", true}, {"http://shop.example", "", false}, {"", "", false}, {"http://shop.example:8080/v1", "a.example, shop.example", true},
	} {
		s := &Spec{Target: c.target, Environ: []string{proxy, "no_proxy=" + c.no}}
		if has := slices.Contains((&Artillery{}).Env(s, s.Environ, Paths{}, "r", "p"), proxy); has == c.direct {
			t.Errorf("target %q with no_proxy=%s: proxy %t", c.target, c.no, has)
		}
	}
	s := &Spec{Target: "http://127.0.0.1:1", Vars: []string{proxy}}
	if !slices.Contains((&Artillery{}).Env(s, nil, Paths{}, "r", "p"), proxy) {
		t.Error("a proxy given by -e is not used")
	}
}

func TestPluginsOfTheProjectAreFound(t *testing.T) {
	env := (&Artillery{}).Env(&Spec{}, []string{"ARTILLERY_PLUGIN_PATH=/own"}, Paths{Scenario: "/project/load/a.yml", Plugin: "/ltlab"}, "r", "p")
	if want := "ARTILLERY_PLUGIN_PATH=/own:/project/load/node_modules:/project/node_modules:/node_modules:/ltlab"; !slices.Contains(env, want) {
		t.Errorf("%q has no %s", env, want)
	}
}
