package embedded

import (
	"os"
	"os/exec"
	"syscall"
)

const detachedProcess = 0x00000008

// detach gives the server no console and a process group of its own, so that the caller's Ctrl-C does not reach it.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: detachedProcess | syscall.CREATE_NEW_PROCESS_GROUP}
}

// terminate ends the process: Windows has no signal that asks. The store is SQLite and survives that.
func terminate(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}
