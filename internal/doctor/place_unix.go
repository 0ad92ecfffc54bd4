//go:build unix

package doctor

import (
	"strconv"
	"syscall"
)

// sameDevice says whether two paths are on one file system.
func sameDevice(a, b string) bool {
	var sa, sb syscall.Stat_t
	return syscall.Stat(a, &sa) == nil && syscall.Stat(b, &sb) == nil && sa.Dev == sb.Dev
}

// inodeOf is a file's number on its file system.
func inodeOf(path string) string {
	var s syscall.Stat_t
	if syscall.Stat(path, &s) != nil {
		return ""
	}
	return strconv.FormatUint(s.Ino, 10)
}
