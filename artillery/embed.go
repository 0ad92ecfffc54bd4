// Package artillery holds what comes with ltlab for Artillery: the plugin that writes the run's record, and what Node
// loads before Artillery.
package artillery

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
)

//go:embed plugin
var plugin embed.FS

// Plugin is the folder plugin/: artillery-plugin-ltlab, which ARTILLERY_PLUGIN_PATH shall find in it, and preload.cjs for
// NODE_OPTIONS=--require.
func Plugin() fs.FS {
	sub, err := fs.Sub(plugin, "plugin")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// Unpack writes what Plugin holds into dir, made when it is not there; files in it are replaced. Everybody may read it:
// a container's user does.
func Unpack(dir string) error {
	files := Plugin()
	return fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(path))
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o644)
	})
}
