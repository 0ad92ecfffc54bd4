package runner

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup keeps the console's Ctrl-C away from the tool, which is ended by ltlab alone.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// killGroup ends the tool alone: Windows has no process groups to signal.
func killGroup(p *os.Process) error { return p.Kill() }
