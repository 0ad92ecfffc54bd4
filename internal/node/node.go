// Package node finds Artillery and the Node to run it with on this machine, and installs both with npm into a folder of
// the lab's own.
package node

import (
	"errors"
	"os"
	"path/filepath"
)

// What is installed, and the oldest that do.
const (
	ArtilleryPinned = "2.0.34"
	NodePinned      = "22.23.3"
	ArtilleryOldest = "2.0.34"  // the first whose periods a plugin gets as this lab's expects them
	NodeOldest      = "22.18.0" // what Artillery's own package.json asks for
)

// Tool is an Artillery that can be run: `Node Script run …`.
type Tool struct {
	Node        string // program, absolute
	Script      string // Artillery's bin/run, absolute
	Version     string // of Artillery, as "2.0.34"
	NodeVersion string // as "22.23.3"
	From        string // the place where Artillery was found: "LTLAB_ARTILLERY", "the project", "PATH" or "the lab's cache"
	// Passed are places with an Artillery or a Node that came first and does not do, and why: one text each, to warn of.
	Passed []string
}

// CacheDir is the folder that Install makes and Find looks in last: $XDG_CACHE_HOME/ltlab/artillery-VERSION, else the same
// below ~/.cache.
func CacheDir(getenv func(string) string) (string, error) {
	base := getenv("XDG_CACHE_HOME")
	if base == "" || !filepath.IsAbs(base) { // the XDG specification says to ignore relative paths
		user, err := os.UserHomeDir()
		if err != nil {
			return "", errors.New("neither XDG_CACHE_HOME nor HOME is set")
		}
		base = filepath.Join(user, ".cache")
	}
	return filepath.Join(base, "ltlab", "artillery-"+ArtilleryPinned), nil
}
