package node

import (
	"os/exec"
	"syscall"
)

// wholeGroup keeps the console's Ctrl-C away from npm, which is ended by ltlab alone.
func wholeGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
