package address

import (
	"slices"
	"testing"
)

func TestAURLSaysWhereItConnectsTo(t *testing.T) {
	for target, want := range map[string]string{
		"http://a": "a:80", "https://a/b": "a:443", "wss://a": "a:443", "http://a:1/": "a:1", "http://[fe80::1]:2": "[fe80::1]:2", "grpc://a": "", "a:80": "", "": "", "http://%": "",
	} {
		if got := HostPort(target); got != want {
			t.Errorf("%q connects to %q, want %q", target, got, want)
		}
	}
	for target, want := range map[string]string{"http://u:p@a:1/x": "a", "http://[::1]:2": "::1", "a": "", "http://%": ""} {
		if got := Host(target); got != want {
			t.Errorf("the host of %q is %q, want %q", target, got, want)
		}
	}
}

func TestAllNamesOfThisMachineAreOne(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"http://localhost:1/x", "http://127.0.0.1:1", true}, {"http://shop.localhost:1", "http://[::1]:1", true}, {"http://localhost", "http://localhost:80/", true},
		{"http://localhost:1", "http://localhost:2", false}, {"http://a:1", "http://localhost:1", false}, {"http://A:1", "http://a:1", true}, {"", "", false}, {"a", "a", false},
	} {
		if got := Same(c.a, c.b); got != c.same {
			t.Errorf("%s and %s: %t", c.a, c.b, got)
		}
	}
	for host, want := range map[string]bool{"localhost": true, "a.localhost": true, "127.9.9.9": true, "::1": true, "localhost.example": false, "10.0.0.1": false, "": false} {
		if Loopback(host) != want {
			t.Errorf("%q: %t", host, !want)
		}
	}
}

// The table is that of Go's own rules, by which k6 sends requests.
func TestNoProxyMeansWhatK6TakesItToMean(t *testing.T) {
	for _, c := range []struct {
		target, no string
		direct     bool
	}{
		{"http://127.0.0.1:5081", "", true}, {"http://localhost:5081", "", true}, {"http://shop.example", "", false}, {"", "", false}, {"", ",", false}, {"", "*", false},
		{"http://shop.example", "a.example, shop.example", true}, {"http://shop.example:8080/v1", "SHOP.example", true}, {"http://api.shop.example", ".shop.example", true},
		{"http://shop.example", ".shop.example", false}, {"http://shop.example", "*.shop.example", false}, {"http://api.shop.example", "*.shop.example", true},
		{"http://api.shop.example", "shop.example", true}, {"http://myshop.example", "shop.example", false}, {"http://shop.example", "*", true}, {"http://shop.example", "*,", true},
		{"http://shop.example:8080", "shop.example:8080", true}, {"http://shop.example:8081", "shop.example:8080", false}, {"https://shop.example", "shop.example:443", true},
		{"http://172.17.0.1:80", "172.16.0.0/12", true}, {"http://10.0.0.1", "172.16.0.0/12", false}, {"http://10.0.0.1", "10.0.0.1", true}, {"http://10.0.0.1:8", "10.0.0.1:9", false},
		{"http://shop.example", "172.16.0.0/12", false}, {"http://[fd00::1]:8", "[fd00::1]:8", true}, {"http://[fd00::1]", "fd00::/8", true}, {"http://110.0.0.1", "10.0.0.1", false},
		{"http://shop.example", ".", false},
	} {
		environ := []string{"HTTP_PROXY=http://proxy.example:3128", "no_proxy=" + c.no}
		if got := Direct(c.target, environ); got != c.direct || len(Through(c.target, environ)) > 0 == c.direct {
			t.Errorf("target %q with no_proxy=%s: direct %t, through %v", c.target, c.no, got, Through(c.target, environ))
		}
	}
	both := []string{"NO_PROXY=a.example", "no_proxy=b.example"}
	if !Direct("http://a.example", both) || !Direct("http://b.example", both) {
		t.Error("one of the two lists does not count")
	}
}

func TestTheVariablesOfAProxyAreNamed(t *testing.T) {
	environ := []string{"HTTP_PROXY=", "https_proxy=http://proxy", "ALL_PROXY=socks5://proxy", "ALL_PROXY=socks5://proxy", "PROXY=x", "HTTPS_PROXY"}
	if got := Through("http://shop.example", environ); !slices.Equal(got, []string{"https_proxy", "ALL_PROXY"}) {
		t.Errorf("%q", got)
	}
	if got := Through("http://localhost", environ); got != nil {
		t.Errorf("this machine: %q", got)
	}
}
