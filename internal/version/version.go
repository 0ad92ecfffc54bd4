// Package version says which ltlab this is.
package version

import "runtime/debug"

// number is the release that this source leads to.
const number = "0.1.0-dev"

// String returns the version, with the commit when the build knows it.
func String() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return number
	}
	rev, dirty := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			rev = s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "-dirty"
			}
		}
	}
	if rev == "" {
		return number
	}
	return number + "+" + rev + dirty
}
