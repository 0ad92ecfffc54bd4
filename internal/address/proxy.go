package address

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the variables in which programs look for a proxy; some read them in lower case.
var Proxies = []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}

// Through are the variables of an environment, NAME=value each, that name a proxy which requests to a URL would go through. There
// are none where Direct says so.
func Through(target string, environ []string) (names []string) {
	if Direct(target, environ) {
		return nil
	}
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		if value != "" && slices.Contains(Proxies, strings.ToUpper(name)) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Direct says whether a URL's host is to be reached without a proxy: it is this machine, or NO_PROXY of that environment has it.
func Direct(target string, environ []string) bool {
	host := Host(target)
	if Loopback(host) {
		return true
	}
	_, port, _ := net.SplitHostPort(HostPort(target))
	for _, v := range environ {
		name, list, _ := strings.Cut(v, "=")
		if strings.EqualFold(name, "NO_PROXY") && slices.ContainsFunc(strings.Split(list, ","), func(e string) bool { return exempt(host, port, strings.TrimSpace(e)) }) {
			return true
		}
	}
	return false
}

// exempt says whether an entry of NO_PROXY means a host, by the rules of Go and so of k6: "*", its address or network, its name or
// a domain that it is in; of ".domain" and "*.domain" only what is in it. With a port it means that port alone.
func exempt(host, port, entry string) bool {
	if entry == "" || host == "" {
		return false
	}
	if entry == "*" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	numeric := err == nil
	if network, err := netip.ParsePrefix(entry); err == nil {
		return numeric && network.Contains(ip.Unmap())
	}
	if name, only, err := net.SplitHostPort(entry); err == nil {
		if only != port {
			return false
		}
		entry = name
	}
	if same, err := netip.ParseAddr(strings.Trim(entry, "[]")); err == nil {
		return numeric && same.Unmap() == ip.Unmap()
	}
	host, entry = strings.ToLower(host), strings.ToLower(strings.TrimPrefix(entry, "*"))
	if within, found := strings.CutPrefix(entry, "."); found {
		return within != "" && strings.HasSuffix(host, "."+within)
	}
	return entry != "" && (host == entry || strings.HasSuffix(host, "."+entry))
}
