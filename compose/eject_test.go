package compose

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/ltlab/ltlab/internal/config"
)

// settings is the .env of a lab that has these settings.
func settings(t *testing.T, set ...config.Setting) *config.EnvFile {
	t.Helper()
	h := config.Home(t.TempDir())
	if err := config.Set(h, set); err != nil {
		t.Fatal(err)
	}
	f, err := config.ReadEnv(h)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func eject(t *testing.T, dir string, lab *config.EnvFile) *Ejected {
	t.Helper()
	out, err := Eject(dir, lab, false)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// up is what `docker compose` reads in a folder, with both its files and its .env.
func up(t *testing.T, dir string) *types.Project {
	t.Helper()
	o, err := cli.NewProjectOptions(nil, cli.WithWorkingDirectory(dir), cli.WithEnvFiles(), cli.WithDotEnv,
		cli.WithDefaultConfigPath, cli.WithName("ejected"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.LoadProject(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(p.ComposeFiles) != 2 {
		t.Fatalf("compose reads %v, want compose.yaml and its override", p.ComposeFiles)
	}
	return p
}

func TestAnEjectedFolderIsAProjectThatComposeReads(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my lab")
	eject(t, dir, settings(t, config.Setting{Key: config.InfluxOrg, Value: "acme"}, config.Setting{Key: config.InfluxRetention1M, Value: "365d"}))
	p := up(t, dir)
	if got := p.ServiceNames(); len(got) != 4 {
		t.Errorf("services %v", got)
	}
	influx := p.Services[InfluxDB]
	for name, want := range map[string]string{
		"DOCKER_INFLUXDB_INIT_MODE": "setup", "DOCKER_INFLUXDB_INIT_ORG": "acme", "DOCKER_INFLUXDB_INIT_BUCKET": "loadtests",
		"DOCKER_INFLUXDB_INIT_RETENTION": "168h", "INFLUXDB_RETENTION_1M": "365d", "INFLUXDB_BUCKET_1M": "loadtests_1m",
		"DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE": "/run/secrets/influxdb_token", "INFLUXD_REPORTING_DISABLED": "true",
	} {
		if got := influx.Environment[name]; got == nil || *got != want {
			t.Errorf("%s is %v, want %s", name, got, want)
		}
	}
	for name, s := range p.Services {
		if len(s.Ports) != 1 || s.Ports[0].HostIP != "127.0.0.1" {
			t.Errorf("%s has ports %v, want one on 127.0.0.1", name, s.Ports)
		}
		for _, use := range s.Secrets {
			source := p.Secrets[use.Source].Environment
			if value := p.Environment[source]; len(value) < 20 {
				t.Errorf("%s needs %s, which .env does not have", name, source)
			}
		}
		for _, use := range s.Configs {
			if _, err := os.Stat(p.Configs[use.Source].File); err != nil {
				t.Error(err)
			}
		}
		for _, v := range s.Volumes {
			if _, err := os.Stat(v.Source); v.Type == types.VolumeTypeBind && err != nil {
				t.Error(err)
			}
		}
	}
	if used := p.Services[Grafana].Secrets; len(used) != 1 || used[0].Source != "grafana_admin_password" {
		t.Errorf("grafana has secrets %v, and its token comes in a volume", used)
	}
	datasource, err := os.ReadFile(filepath.Join(dir, "grafana/provisioning/datasources/influxdb.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range p.Services[Grafana].Volumes {
		if v.Source == "influxdb-tokens" && !strings.Contains(string(datasource), "$__file{"+v.Target+"/influxdb_read_token}") {
			t.Errorf("the datasource does not read its token from %s", v.Target)
		}
	}
	script, err := os.ReadFile(filepath.Join(dir, "influxdb/init.sh"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(script), ">/run/ltlab/influxdb_read_token") {
		t.Error("the init script does not write the token where Grafana reads it")
	}
}

func TestContainersCanReadWhatIsEjectedAndOnlyTheOwnerCanReadItsSecrets(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // it has no modes
	}
	dir := filepath.Join(t.TempDir(), "lab")
	out := eject(t, dir, settings(t))
	for _, name := range out.Files {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		want := os.FileMode(0o644)
		switch filepath.Ext(name) {
		case ".sh":
			want = 0o755
		case ".env":
			want = 0o600
		}
		if st.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", name, st.Mode().Perm(), want)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".ltlab") || strings.HasSuffix(e.Name(), ".lock") {
			t.Errorf("%s was left", e.Name())
		}
	}
}

func TestEachEjectedFolderHasSecretsOfItsOwn(t *testing.T) {
	lab := settings(t, config.Setting{Key: config.InfluxToken, Value: "the-labs-own-token"}, config.Setting{Key: config.GrafanaPassword, Value: "the-labs-own"})
	seen := map[string]bool{"the-labs-own-token": true, "the-labs-own": true}
	for range 2 {
		dir := t.TempDir()
		eject(t, dir, lab)
		f, err := config.ReadEnv(config.Home(dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{config.InfluxToken, config.InfluxPassword, config.GrafanaPassword} {
			if value := f.Value(name); value == "" || seen[value] {
				t.Errorf("%s is missing or not its own", name)
			} else {
				seen[value] = true
			}
		}
	}
}

func TestAFolderWithOtherFilesIsLeftAsItIsUnlessForced(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	write("compose.yaml", "services: {}\n")
	write(".env", "MINE=1\nINFLUXDB_TOKEN=token-that-was-here\n")
	write(".gitignore", "mine\n")
	_, err := Eject(dir, settings(t), false)
	var exists *ExistsError
	if !errors.As(err, &exists) || !slices.Equal(exists.Files, []string{"compose.yaml"}) {
		t.Fatalf("got %v, want compose.yaml named", err)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 3 || read("compose.yaml") != "services: {}\n" {
		t.Errorf("a refused folder was changed: %v", entries)
	}
	out, err := Eject(dir, settings(t), true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".env.lock")); err == nil {
		t.Error(".env.lock was left")
	}
	if read("compose.yaml") != File || read(".gitignore") != "mine\n" {
		t.Error("forced, it must replace compose.yaml and keep .gitignore")
	}
	env := read(".env")
	if !strings.Contains(env, "MINE=1") || !strings.Contains(env, "INFLUXDB_TOKEN=token-that-was-here") || !strings.Contains(env, config.GrafanaPassword+"=") {
		t.Error("an .env is kept and completed")
	}
	if !slices.Equal(out.Kept, []string{".env", ".gitignore"}) || slices.Contains(out.Made, config.InfluxToken) {
		t.Errorf("kept %v, made %v", out.Kept, out.Made)
	}
	again, err := Eject(dir, settings(t), false)
	if err != nil || len(again.Made) != 0 || read(".env") != env {
		t.Errorf("the same once more: %v, made %v", err, again)
	}
}

func TestAFailureLeavesNothingHalfDone(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "telegraf"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "telegraf", "telegraf.conf", "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Eject(dir, settings(t), true); err == nil {
		t.Fatal("a folder in the place of a file was overwritten")
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if !d.IsDir() {
			t.Errorf("%s was left", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestANameThatWouldBreakTelegrafsFileStandsInIt(t *testing.T) {
	dir := t.TempDir()
	eject(t, dir, settings(t, config.Setting{Key: config.InfluxOrg, Value: `my "org" $1`}, config.Setting{Key: config.ScrapeURLs, Value: "http://a.test/m"}))
	b, err := os.ReadFile(filepath.Join(dir, "telegraf/telegraf.conf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`organization = "my \"org\" $$1"`, `bucket = "${INFLUXDB_BUCKET:-loadtests}"`, `urls = ["http://a.test/m"]`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("telegraf.conf lacks %s", want)
		}
	}
	if got := up(t, dir).Services[InfluxDB].Environment["DOCKER_INFLUXDB_INIT_ORG"]; got == nil || *got != `my "org" $1` {
		t.Errorf("InfluxDB gets %v", got)
	}
}
