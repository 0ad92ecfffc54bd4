package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const expressVersion = "5.3.0"

// installExpress puts Express and our server into the cache, once, and returns the server's path.
func (b *bench) installExpress(ctx context.Context) (script string, err error) {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", fmt.Errorf("%s is missing: install it (Debian: apt-get install npm)", program)
		}
	}
	dir := filepath.Join(b.cache, "express")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if installedExpress(dir) != expressVersion {
		b.say("  installing Express %s", expressVersion)
		pkg := fmt.Sprintf(`{"private": true, "dependencies": {"express": "%s"}}`+"\n", expressVersion)
		if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(pkg), 0o644); err != nil {
			return "", err
		}
		if _, _, err := run(ctx, 3*time.Minute, os.Environ(), "npm", "install", "--prefix", dir,
			"--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel", "error"); err != nil {
			return "", err
		}
	}
	return b.unpack("express.mjs", dir)
}

// installedExpress is the version in dir, "" when there is none. npm writes this file last.
func installedExpress(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "node_modules", ".package-lock.json"))
	if err != nil {
		return ""
	}
	var lock struct {
		Packages map[string]struct {
			Version string `json:"version"`
		} `json:"packages"`
	}
	if json.Unmarshal(text, &lock) != nil {
		return ""
	}
	return lock.Packages["node_modules/express"].Version
}
