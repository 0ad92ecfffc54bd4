package problem

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
)

// foreign recognizes errors of the system and of the network that nobody nearer to the evidence made a problem of. It is asked
// last: whoever knows what was being done says it better.
func foreign(err error) *Problem {
	var dns *net.DNSError
	var op *net.OpError
	if errors.As(err, &dns) {
		return NetworkFailed(dns.Name, err)
	}
	if errors.As(err, &op) && op.Op != "listen" {
		address := "the other side"
		if op.Addr != nil {
			address = op.Addr.String()
		}
		return NetworkFailed(address, err)
	}
	var call *url.Error
	if errors.As(err, &call) && call.Timeout() {
		return NetworkFailed(called(call.URL), err)
	}
	if errors.Is(err, context.DeadlineExceeded) { // anything may have a time limit
		return TimedOut(err)
	}
	if _, known := refusedBy(err); known {
		return SystemRefused(doing(err), err)
	}
	return nil
}

// called is the host and port of a URL, "" when they are not to be known.
func called(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	return u.Host
}

// doing is what the system was asked for: "open /srv/lab/x".
func doing(err error) string {
	var p *fs.PathError
	var l *os.LinkError
	var s *os.SyscallError
	switch {
	case errors.As(err, &p):
		return p.Op + " " + p.Path
	case errors.As(err, &l):
		return l.Op + " " + l.Old
	case errors.As(err, &s):
		return s.Syscall
	}
	return "do what it was asked for"
}

// refusedBy is the way out of what the system said, if that is known.
func refusedBy(err error) (Step, bool) {
	for _, known := range []struct {
		errno syscall.Errno
		step  Step
	}{
		{syscall.EROFS, Step{Say: "its file system is mounted read-only: mount it for writing, or choose another folder", Run: "export LTLAB_HOME=DIR"}},
		{syscall.EACCES, Step{Say: "make it readable and writable for you, or choose another folder"}},
		{syscall.EPERM, Step{Say: "only its owner or root may do that: make it yours"}},
		{syscall.EMFILE, Step{Say: "too many files are open: allow more in this shell", Run: "ulimit -n 65536"}},
		{syscall.ENFILE, Step{Say: "too many files are open on the whole machine: end what opens them", Run: "sudo lsof | wc -l"}},
		{syscall.ENOMEM, Step{Say: "there is no memory left: end what takes most", Run: "ps -eo pid,rss,comm --sort=-rss | head"}},
		{syscall.EAGAIN, Step{Say: "there are too many processes: end some, or allow more", Run: "ulimit -u"}},
		{syscall.ENOTDIR, Step{Say: "a part of that path is a file: move it away"}},
		{syscall.EIO, Step{Say: "the disk does not read or write: look at what the kernel says", Run: "sudo dmesg | tail"}},
		{syscall.ENOENT, Step{Say: "it is not there: make it, or name another one"}},
	} {
		if errors.Is(err, known.errno) {
			return known.step, true
		}
	}
	return Step{}, false
}

// SystemRefused is something that the operating system did not do, where ltlab has no page that says more; doing is what it was
// asked for.
func SystemRefused(doing string, err error) *Problem {
	why := err.Error()
	fix := []Step{{Say: "find out what is wrong with the place where it happened", Run: "ltlab doctor"}}
	if step, known := refusedBy(err); known {
		fix = append([]Step{step}, fix...)
	}
	return &Problem{ID: "system-refused", Exit: Environment, Err: err, What: "the system did not " + doing, Why: why, Fix: fix}
}

// NetworkFailed is an address that does not answer, where ltlab has no page that says more; "" is one that is not known.
func NetworkFailed(address string, err error) *Problem {
	what := "no answer in time"
	if address != "" {
		what = "no answer from " + address
	}
	fix := []Step{{Say: "see which of the lab's services answer", Run: "ltlab doctor"}}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		what = "nobody knows the name " + dns.Name
		fix = append([]Step{{Say: "mend the name, or the machine's name service", Run: "getent hosts " + dns.Name}}, fix...)
	case errors.Is(err, syscall.ECONNREFUSED):
		fix = append([]Step{{Say: "nothing listens there: start it, or name another address"}}, fix...)
	}
	return &Problem{ID: "network-failed", Exit: Environment, Err: err, What: what, Why: err.Error(), Fix: fix}
}

// engineSaid recognizes the Docker engine's own words.
func engineSaid(err error) *Problem {
	text := err.Error()
	has := func(s string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(s)) }
	switch {
	case has("no space left on device"):
		return DiskFull(err)
	case has("Cannot connect to the Docker daemon"):
		return EngineLost(err)
	case has("permission denied while trying to connect"):
		return EngineNoPermission("its socket", err)
	case has("port is already allocated"), has("address already in use"), has("Ports are not available"):
		if port := portIn(text); port > 0 {
			return PortInUse("a container", port, "")
		}
	}
	return nil
}

// portIn is the port in "Bind for 127.0.0.1:3000 failed" and its like, 0 when there is none.
func portIn(text string) (port int) {
	_, rest, ok := strings.Cut(text, "127.0.0.1:")
	if !ok {
		_, rest, _ = strings.Cut(text, "0.0.0.0:")
	}
	_, _ = fmt.Sscanf(rest, "%d", &port)
	return port
}

// engineFix is the way out of what the engine said, where that is known and has no page of its own.
func engineFix(err error) []Step {
	text := strings.ToLower(err.Error())
	for _, known := range []struct {
		sign string
		step Step
	}{
		{"non-overlapping ipv4 address pool", Step{Say: "the engine has no addresses left for another network: remove those that nobody uses", Run: "docker network prune"}},
		{"toomanyrequests", Step{Say: "the registry wants you to sign in, or to wait", Run: "docker login"}},
		{"read-only file system", Step{Say: "the engine's own disk is mounted read-only: look at what the kernel says", Run: "sudo dmesg | tail"}},
		{"exec format error", Step{Say: "the image is for another kind of processor: make it for this one", Run: "ltlab rebuild"}},
		{"iptables", Step{Say: "the engine's rules of the firewall are gone: restart Docker, which makes them again", Run: "sudo systemctl restart docker"}},
		{"is already in use by container", Step{Say: "a container of that name is left over: remove what nobody uses", Run: "ltlab doctor orphans --fix"}},
		{"too many open files", Step{Say: "the engine may open too few files: raise its limit and restart Docker", Run: "sudo systemctl restart docker"}},
	} {
		if strings.Contains(text, known.sign) {
			return []Step{known.step}
		}
	}
	return nil
}
