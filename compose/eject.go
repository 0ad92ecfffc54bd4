package compose

import (
	"bytes"
	"embed"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/ltlab/ltlab/grafana"
	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/telegraf"
)

// ejected is what an ejected folder has besides File.
//
//go:embed eject
var ejected embed.FS

// Ejected is a folder that Eject wrote.
type Ejected struct {
	Files []string // as paths in the folder, with slashes, sorted
	Kept  []string // what was there and stayed as it was: .env, .gitignore
	Made  []string // settings in .env that were not there before
}

// ExistsError is a folder that has files of its own where Eject would write.
type ExistsError struct{ Files []string }

func (e *ExistsError) Error() string { return "it has " + strings.Join(e.Files, ", ") }

// Eject writes a folder that plain `docker compose up` runs: the Compose file, an override that does what ltlab does through
// APIs, the configuration files, and an .env with secrets of its own. What the lab's own .env says of names, images and
// retention holds there too. A folder that has other files in their places is refused as an *ExistsError, unless force is
// given; an .env is kept and completed, a .gitignore is kept. Either all is written or nothing.
func Eject(dir string, lab *config.EnvFile, force bool) (*Ejected, error) {
	files := ejectedFiles(lab)
	var conflicts []string
	for name, content := range files {
		have, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		absent := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) // when dir is a file, making it says so
		if !absent && (err != nil || !bytes.Equal(have, content)) {
			conflicts = append(conflicts, name)
		}
	}
	if len(conflicts) > 0 && !force {
		slices.Sort(conflicts)
		return nil, &ExistsError{Files: conflicts}
	}
	out := &Ejected{}
	if _, err := os.Lstat(filepath.Join(dir, ".gitignore")); err == nil {
		out.Kept = append(out.Kept, ".gitignore")
	} else {
		files[".gitignore"] = []byte(".env\n")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	stage, err := os.MkdirTemp(dir, ".ltlab-eject-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(stage)
	for name, content := range files {
		if err := place(stage, name, content); err != nil {
			return nil, err
		}
		out.Files = append(out.Files, name)
	}
	where := config.Home(stage)
	if _, err := os.Stat(filepath.Join(dir, ".env")); err == nil {
		out.Kept = append(out.Kept, ".env")
		where = config.Home(dir)
	} else {
		out.Files = append(out.Files, ".env")
		if err := os.WriteFile(where.Env(), []byte(envHeader), 0o600); err != nil {
			return nil, err
		}
	}
	if out.Made, err = ejectEnv(where, lab); err != nil {
		return nil, err
	}
	slices.Sort(out.Files)
	slices.Sort(out.Kept)
	return out, move(stage, dir, out.Files)
}

// ejectedFiles are the files by path, without those that are written only where there are none.
func ejectedFiles(lab *config.EnvFile) map[string][]byte {
	files := map[string][]byte{
		"compose.yaml":                      []byte(File),
		"grafana/" + grafana.DashboardsFile: []byte(grafana.Dashboards()),
		"grafana/" + grafana.DatasourceFile: []byte(grafana.DatasourceWithFile("/run/ltlab/influxdb_read_token")),
		"grafana/dashboards/.gitkeep":       {}, // Grafana watches the folder, so it must be there
	}
	for name, content := range grafana.Boards() {
		files["grafana/dashboards/ltlab/"+name] = content
	}
	err := fs.WalkDir(ejected, "eject", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[strings.TrimPrefix(name, "eject/")], err = ejected.ReadFile(name)
		}
		return err
	})
	if err != nil {
		panic(err) // the folder is part of the program
	}
	// Compose hands names over in the environment. Telegraf reads that before it reads its file, so a name with a quote or a
	// dollar would break the file, and stands in it instead.
	plain := func(name string) string {
		if value := lab.Value(name); strings.ContainsAny(value, "\"\\$") {
			return value
		}
		return ""
	}
	files["telegraf/telegraf.conf"] = []byte(telegraf.Config(telegraf.Settings{
		Org: plain(config.InfluxOrg), Bucket: plain(config.InfluxBucket), Scrape: urls(lab.Value(config.ScrapeURLs)),
	}))
	return files
}

// envHeader begins an .env that was not there before.
const envHeader = "# What compose.yaml and compose.override.yaml take from the environment. It holds passwords: keep it to yourself.\n\n"

// ejectEnv completes the .env of a folder: fresh secrets, and what the lab's says of everything else that Compose reads.
func ejectEnv(h config.Home, lab *config.EnvFile) (made []string, err error) {
	have, err := config.ReadEnv(h)
	if err != nil {
		return nil, err
	}
	var settings []config.Setting
	for _, k := range config.Keys() {
		value := lab.Value(k.Name)
		switch {
		case have.Value(k.Name) != "" || k.Name == config.InfluxReadToken || k.Name == config.InfluxURL || k.Name == config.GrafanaURL:
			continue
		case k.Secret:
			value = config.Secret()
		case value == "" && k.Kept:
			value = k.Default
		}
		if value != "" {
			settings = append(settings, config.Setting{Key: k.Name, Value: value})
			made = append(made, k.Name)
		}
	}
	if len(settings) == 0 {
		return nil, nil
	}
	err = config.Set(h, settings)
	os.Remove(h.Env() + ".lock") // nobody else writes this file
	return made, err
}

// place writes a file of the folder; scripts can be run, for InfluxDB's image runs no others.
func place(dir, name string, content []byte) error {
	full := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if path.Ext(name) == ".sh" {
		mode = 0o755
	}
	if err := os.WriteFile(full, content, mode); err != nil {
		return err
	}
	return os.Chmod(full, mode) // containers read them as other users, whatever the umask
}

// move puts the files of stage into dir. When one cannot be put there, those that were new are taken away again.
func move(stage, dir string, files []string) (err error) {
	var fresh []string
	defer func() {
		if err != nil {
			for _, name := range fresh {
				os.Remove(name)
			}
		}
	}()
	for _, name := range files {
		from, to := filepath.Join(stage, filepath.FromSlash(name)), filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			fresh = append(fresh, to)
		}
		if err := os.Rename(from, to); err != nil {
			return err
		}
	}
	return nil
}
