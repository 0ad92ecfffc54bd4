//go:build unix

package node

import (
	"os/exec"
	"syscall"
)

// wholeGroup makes the end of the command's context the end of everything that it started: npm may be a script that starts
// the real one. The terminal's Ctrl-C does not reach it by itself.
func wholeGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
