package web

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Guard lets through what was asked of this very server by one of this machine's own names. A foreign site that has its
// name resolve to 127.0.0.1 (DNS rebinding) is thereby refused, for its name is in the request.
func Guard(port int, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !local(r.Host, port) {
			http.Error(w, fmt.Sprintf("this server answers to http://127.0.0.1:%d and http://localhost:%d only, not to %q",
				port, port, cut(r.Host, 100)), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// local says whether the host, as a request names it, is this machine and the port.
func local(host string, port int) bool {
	name, given, err := net.SplitHostPort(host)
	if err != nil { // no port in it, so the one of HTTP
		name, given = strings.Trim(host, "[]"), "80"
	}
	return given == strconv.Itoa(port) && slices.Contains([]string{"127.0.0.1", "localhost", "::1"}, strings.ToLower(name))
}
