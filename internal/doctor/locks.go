package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/runner"
)

// locks looks at who holds what keeps two commands apart, and at what killed runs left. The system frees a lock with its
// process, so a lock is only stale while a process that will not go on holds it.
func (p *Patient) locks(context.Context) Result {
	for _, path := range []string{p.Home.StartLock(), p.Home.Env() + ".lock", p.Home.Store() + ".lock"} {
		if !held(path) {
			continue
		}
		pid, name, stopped := holder(path)
		who := fmt.Sprintf("%s (pid %d)", name, pid)
		switch {
		case pid == 0:
			return warn(path+" is held by a process that this user cannot see; every start and stop waits for it", step("see who it is, as root", "sudo fuser -v "+problem.Word(path)))
		case stopped:
			return fails("", fmt.Sprintf("%s is held by %s, which was stopped (Ctrl-Z) and does not go on; every start and stop waits for it", path, who),
				step("let it go on", "kill -CONT "+strconv.Itoa(pid)), step("or end it", "kill -KILL "+strconv.Itoa(pid)))
		case name == filepath.Base(p.Self):
			return warn(fmt.Sprintf("%s is at work on the lab and holds %s", who, path), step("wait for it; it is no fault of its own", p.cmd("doctor locks")))
		}
		return fails("", fmt.Sprintf("%s is held by %s, which is no ltlab; every start and stop waits for it", path, who), step("end that program", "kill "+strconv.Itoa(pid)))
	}
	left := p.leftovers()
	if len(left) == 0 {
		return pass("all free")
	}
	var ids []string
	for _, f := range left {
		ids = append(ids, f.ID())
	}
	r := fails("", fmt.Sprintf("left by an ltlab that was killed: %s of run %s", filepath.Base(left[0].Lock()), strings.Join(ids, ", ")), step("remove what is left; the records stay", p.mend("locks")))
	r.Repair = &Repair{Say: "remove the lock that a killed ltlab left in the folder of run " + strings.Join(ids, ", "), Do: func(context.Context) (string, error) {
		var err error
		for _, f := range left {
			err = errors.Join(err, runner.Reclaim(f))
			if rerr := os.Remove(f.Lock()); !errors.Is(rerr, fs.ErrNotExist) {
				err = errors.Join(err, rerr)
			}
		}
		return "removed; the records are as they were", err
	}}
	return r
}

// leftovers are the folders of runs with a lock that nobody holds.
func (p *Patient) leftovers() (left []record.Folder) {
	all, _ := p.Home.Runs().List()
	for _, f := range all {
		if exists(f.Lock()) && !p.Alive(f.ID()) {
			left = append(left, f)
		}
	}
	return left
}

// held says whether somebody holds a lock. It asks for a share, so that two who look never take each other for a holder.
func held(path string) bool {
	if !exists(path) {
		return false
	}
	l := flock.New(path, flock.SetFlag(os.O_RDONLY))
	ok, err := l.TryRLock()
	if ok {
		_ = l.Unlock()
	}
	return err == nil && !ok
}

// holder is the process that holds a lock, as far as this system tells.
func holder(path string) (pid int, name string, stopped bool) {
	inode := inodeOf(path)
	b, err := os.ReadFile("/proc/locks")
	if err != nil || inode == "" {
		return 0, "", false
	}
	for line := range strings.Lines(string(b)) { // 1: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF
		f := strings.Fields(line)
		if len(f) < 6 || f[1] != "FLOCK" || !strings.HasSuffix(f[5], ":"+inode) {
			continue
		}
		if pid, _ = strconv.Atoi(f[4]); pid <= 0 {
			return 0, "", false
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // 1234 (name) S ...
		if err != nil {
			return 0, "", false
		}
		text := string(stat)
		open, shut := strings.Index(text, "("), strings.LastIndex(text, ") ")
		if open < 0 || shut < open {
			return 0, "", false
		}
		return pid, text[open+1 : shut], strings.HasPrefix(text[shut+2:], "T")
	}
	return 0, "", false
}
