package problem

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// doctorPages are the problems of examinations, of the system and of the network that the pages show.
func doctorPages() []*Problem {
	refused := &fs.PathError{Op: "mkdir", Path: "/srv/tmp/ltlab-1234", Err: syscall.EROFS}
	nobody := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8086}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	return []*Problem{
		ChecksFailed([]string{"settings-mode", "telegraf"}, []string{"settings-mode", "telegraf"}, true), RepairConsentNeeded(nil), RepairRefused(nil), DiagnosisExists("report.tar.gz"),
		DiagnosisUnwritable("reports/report.tar.gz", errors.New("open reports/.ltlab-report-1234: no such file or directory")),
		From(refused), From(nobody), StoreDamaged("/home/me/.local/share/ltlab/lab/store.db", errors.New("the store of runs is damaged: database disk image is malformed (11)")),
		From(fmt.Errorf("take in the runs that are not in the store yet: %w", context.DeadlineExceeded)), ExaminationInterrupted([]string{"mount", "k6-run"}),
		StoreTooNew(errors.New("/home/me/.local/share/ltlab/lab/store.db: the store of runs has version 9, this ltlab knows up to 4")),
	}
}

func TestErrorsOfTheSystemAreRecognized(t *testing.T) {
	for _, c := range []struct {
		errno syscall.Errno
		id    string
		fix   string
	}{
		{syscall.EACCES, "system-refused", "make it readable and writable"},
		{syscall.EROFS, "system-refused", "mounted read-only"},
		{syscall.EMFILE, "system-refused", "too many files are open"},
		{syscall.ENOSPC, "disk-full", "free some space"},
		{syscall.EIO, "system-refused", "what the kernel says"},
	} {
		err := fmt.Errorf("keep it: %w", &fs.PathError{Op: "open", Path: "/srv/x", Err: c.errno})
		p := From(err)
		if p.ID != c.id || !strings.Contains(p.Fix[0].Say, c.fix) || !strings.Contains(p.Why, "/srv/x") || !errors.Is(p.Err, c.errno) {
			t.Errorf("%v became %s, with %+v", c.errno, p.Text(), p.Err)
		}
	}
}

func TestErrorsOfTheNetworkAreRecognized(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, c := range []struct {
		err  error
		what string
	}{
		{refused, "no answer from 127.0.0.1:9"},
		{&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "api.shop", IsNotFound: true}}, "nobody knows the name api.shop"},
		{&net.DNSError{Err: "no such host", Name: "api.shop", IsNotFound: true}, "nobody knows the name api.shop"},
		{&url.Error{Op: "Get", URL: "http://127.0.0.1:8086/health?x=1", Err: context.DeadlineExceeded}, "no answer from 127.0.0.1:8086"},
		{&url.Error{Op: "Get", URL: "http://%2Fvar%2Frun%2Fengine.sock/info", Err: context.DeadlineExceeded}, "no answer in time"},
	} {
		p := From(fmt.Errorf("ask: %w", c.err))
		if p.ID != "network-failed" || p.What != c.what || !errors.Is(p.Err, c.err) {
			t.Errorf("%v became %s", c.err, p.Text())
		}
	}
}

func TestAnEndOfTimeIsTheNetworksOnlyWhereTheNetworkWasAsked(t *testing.T) {
	for what, err := range map[string]error{
		"this took too long: fill the store: read a.ndjson": fmt.Errorf("fill the store: read a.ndjson: %w", context.DeadlineExceeded),
		"something took too long":                           context.DeadlineExceeded,
	} {
		p := From(err)
		if p.ID != "timed-out" || p.Exit != Environment || p.What != what || p.Why != err.Error() || !errors.Is(p.Err, context.DeadlineExceeded) {
			t.Errorf("%v became %s", err, p.Text())
		}
	}
	if p := From(&url.Error{Op: "Get", URL: "http://a", Err: errors.New("malformed HTTP response")}); p.ID != "internal" {
		t.Errorf("an answer that makes no sense became %s", p.Text())
	}
}

func TestWhatNobodyKnowsStaysInternal(t *testing.T) {
	if p := From(errors.New("the ground is gone")); p.ID != "internal" {
		t.Errorf("got %s", p.Text())
	}
}

func TestTheEnginesOwnWordsAreRecognized(t *testing.T) {
	for _, c := range []struct{ says, id, fix string }{
		{"write /var/lib/docker/x: no space left on device", "disk-full", "free some space"},
		{"Cannot connect to the Docker daemon at unix:///var/run/docker.sock", "engine-lost", "start Docker again"},
		{"permission denied while trying to connect to the Docker daemon socket", "engine-no-permission", "join the group"},
		{"driver failed: Bind for 127.0.0.1:3000 failed: port is already allocated", "port-in-use", "end that program"},
		{"could not find an available, non-overlapping IPv4 address pool among the defaults", "engine-failed", "docker network prune"},
		{"toomanyrequests: You have reached your pull rate limit", "engine-failed", "docker login"},
		{"iptables: No chain/target/match by that name", "engine-failed", "systemctl restart docker"},
		{"database is locked", "engine-failed", "ltlab status"},
	} {
		p := EngineFailed("start the services", errors.New(c.says))
		if text := p.Fix[0].Say + " " + p.Fix[0].Run; p.ID != c.id || !strings.Contains(text, c.fix) {
			t.Errorf("%q became %s", c.says, p.Text())
		}
	}
	if p := EngineFailed("start", errors.New("Bind for 127.0.0.1:3000 failed: port is already allocated")); !strings.Contains(p.What, "127.0.0.1:3000") {
		t.Errorf("the port is not named: %s", p.Text())
	}
}

func TestADoctorNamesEveryCheckThatFailed(t *testing.T) {
	p := ChecksFailed([]string{"store", "locks"}, nil, true)
	if p.What != "2 checks failed" || p.Why != "store, locks" || slices.Contains([]int{OK, Internal}, p.Exit) {
		t.Errorf("got %s", p.Text())
	}
}

func TestADoctorsCommandsKeepTheChecksThatWereAskedFor(t *testing.T) {
	asked := []string{"store", "locks"}
	for want, p := range map[string]*Problem{
		"ltlab doctor store locks --fix":           ChecksFailed([]string{"store"}, asked, true),
		"ltlab doctor store locks":                 ChecksFailed([]string{"store"}, asked, false),
		"ltlab doctor store locks --fix --dry-run": RepairConsentNeeded(asked),
		"ltlab doctor store locks --fix --yes":     RepairRefused(asked),
	} {
		if got := p.Fix[0].Run; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
