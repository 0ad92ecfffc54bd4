//go:build unix

package embedded

import (
	"os"
	"os/exec"
	"syscall"
)

// detach gives the server a session of its own: no terminal, no Ctrl-C of the caller's.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

func terminate(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Signal(syscall.SIGTERM)
}
