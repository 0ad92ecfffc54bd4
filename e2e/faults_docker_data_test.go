//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/joho/godotenv"
)

// settings are the lab's .env as its reader understands it.
func (b *Bench) settings() map[string]string {
	b.t.Helper()
	env, err := godotenv.Unmarshal(strings.TrimPrefix(string(b.read(filepath.Join(b.Home, ".env"))), "\uFEFF"))
	b.try(err)
	return env
}

// setEnv writes the lab's .env as a person would, with whatever mode.
func (b *Bench) setEnv(text string, mode os.FileMode) {
	b.t.Helper()
	path := filepath.Join(b.Home, ".env")
	b.try(os.MkdirAll(b.Home, 0o700))
	b.try(os.WriteFile(path, []byte(text), mode))
	b.try(os.Chmod(path, mode))
}

// keep writes a point into the running lab; kept asserts that it is still there.
func (b *Bench) keep() {
	b.t.Helper()
	env := b.settings()
	if code, body := write(b.t, b.service("influxdb"), env["INFLUXDB_ORG"], env["INFLUXDB_BUCKET"], env["INFLUXDB_TOKEN"], "kept value=42"); code != http.StatusNoContent {
		b.t.Fatalf("write: %d %s", code, body)
	}
}

func (b *Bench) kept() {
	b.t.Helper()
	env := b.settings()
	query := `from(bucket: "` + env["INFLUXDB_BUCKET"] + `") |> range(start: -1h) |> filter(fn: (r) => r._measurement == "kept")`
	if code, body := ask(b.t, http.MethodPost, b.service("influxdb")+"/api/v2/query?org="+env["INFLUXDB_ORG"], env["INFLUXDB_READ_TOKEN"], query); code != http.StatusOK || !strings.Contains(body, "42") {
		b.t.Errorf("the point is gone: %d %s", code, body)
	}
}

func tokenRevoked(t *testing.T, b *Bench) Result {
	b.useEngine()
	b.OK(onDocker()...)
	b.volumes = true
	b.keep()
	before := b.settings()
	admin := (&database{t: t, URL: b.service("influxdb")}).signIn(before["INFLUXDB_ADMIN_USER"], before["INFLUXDB_ADMIN_PASSWORD"])
	for _, token := range admin.holding().Tokens {
		admin.do(http.MethodDelete, "/api/v2/authorizations/"+token.ID, nil)
	}
	b.Write("main.js", empty)
	r := b.problem(b.Ltlab("k6", "-s", "main.js", "--id", "refused"), "influxdb-token-refused", 15, "HTTP 401")
	b.nothingMade()
	again := b.OK(onDocker()...)
	b.said(again.Stderr, `token "ltlab: writes and reads" replaced`)
	b.said(again.Stderr, `token "ltlab: reads" replaced`)
	after := b.settings()
	if after["INFLUXDB_TOKEN"] == before["INFLUXDB_TOKEN"] || after["INFLUXDB_ADMIN_PASSWORD"] != before["INFLUXDB_ADMIN_PASSWORD"] {
		t.Error("the settings do not hold the new tokens and the old password")
	}
	b.kept()
	b.OK("k6", "-s", "main.js", "--id", "admitted", "--", "-i", "3")
	r.Data = "no run was made; `ltlab start` makes both tokens anew, says so and keeps the password; every point is still there"
	return r
}

func volumeForeign(t *testing.T, b *Bench) Result {
	b.useEngine()
	b.OK(onDocker()...)
	b.volumes = true
	b.keep()
	b.OK("stop")
	mine := string(b.read(filepath.Join(b.Home, ".env")))
	volumes := b.left(b.Home)
	var lines []string
	for line := range strings.Lines(mine) {
		if !strings.Contains(line, "TOKEN=") && !strings.Contains(line, "INFLUXDB_ADMIN_PASSWORD=") {
			lines = append(lines, line)
		}
	}
	foreign := strings.Join(lines, "") + "INFLUXDB_ADMIN_PASSWORD=of-another-lab\n"
	b.setEnv(foreign, 0o600)
	r := b.problem(b.Ltlab(onDocker()...), "influxdb-credentials", 15, "INFLUXDB_ADMIN_PASSWORD does not sign in admin")
	if now := b.left(b.Home); !slices.Equal(now, volumes) {
		t.Errorf("of %v there is %v", volumes, now)
	}
	if now := string(b.read(filepath.Join(b.Home, ".env"))); now != foreign {
		t.Errorf("the settings were changed:\n%s", now)
	}
	b.setEnv(mine, 0o600)
	b.OK(onDocker()...)
	b.kept()
	r.Data = "nothing was changed, neither volumes nor settings, and no container is left; with the right password the lab has all its points"
	return r
}

// nasty is a password with all that a shell, Compose, godotenv and a URL would like to change.
const nasty = `pa$$w0rd "${HOME}" $(id) #1 \n %41 & 'ü'`

func envOdd(t *testing.T, b *Bench) Result {
	b.useEngine()
	text := "\uFEFF# mine\r\nINFLUXDB_ADMIN_PASSWORD='too early'\r\nINFLUXDB_ORG='acme $USER & \"sons\"'\r\n\r\n" +
		"export INFLUXDB_BUCKET=load-tests # of the shop\r\nSHOP_KEY=untouched\r\n" +
		"INFLUXDB_ADMIN_PASSWORD=\"" + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(nasty) + "\"\r\nGRAFANA_ADMIN_PASSWORD='gr$fana pass'\r\n"
	b.setEnv(text, 0o644)
	config := b.OK("config")
	message := b.said(config.Stderr, "its mode was 0644")
	b.said(config.Stderr, "INFLUXDB_ADMIN_PASSWORD stands on line 2 already; this one counts")
	b.setEnv(text, 0o644)
	o := b.OK(onDocker()...)
	b.volumes = true
	admin := (&database{t: t, URL: b.service("influxdb")}).signIn("admin", nasty)
	if h := admin.holding(); !slices.ContainsFunc(h.Buckets, func(k influxBucket) bool { return k.Name == "load-tests" }) || !slices.ContainsFunc(h.Orgs, func(n influxOrg) bool { return n.Name == `acme $USER & "sons"` }) {
		t.Errorf("InfluxDB holds %+v", h)
	}
	st, err := os.Stat(filepath.Join(b.Home, ".env"))
	b.try(err)
	env := b.settings()
	if st.Mode().Perm() != 0o600 || env["SHOP_KEY"] != "untouched" || env["INFLUXDB_ADMIN_PASSWORD"] != nasty || env["INFLUXDB_TOKEN"] == "" {
		t.Errorf("mode %04o, %d settings", st.Mode().Perm(), len(env))
	}
	if text := string(b.read(filepath.Join(b.Home, ".env"))); strings.Count(text, "\r\n") != strings.Count(text, "\n") {
		t.Error("lines with and without CR are mixed")
	}
	b.OK("stop")

	mine := string(b.read(filepath.Join(b.Home, ".env")))
	for text, says := range map[string]string{
		mine + "LTLAB_SCRAPE_URLS=\"http://127.0.0.1\r\n":    "a quote is not closed",
		mine + "nonsense\r\n":                                "it is no line of NAME=value",
		mine + "INFLUXDB_ADMIN_PASSWORD=short\r\n":           "want 8 to 72 bytes, got 5",
		strings.Replace(mine, "too early", "t\xfc early", 1): "it is not UTF-8 text",
	} {
		b.setEnv(text, 0o600)
		r := b.problem(b.Ltlab(onDocker()...), "settings-invalid", 15, says, "home/.env")
		if !strings.Contains(r.Message, ".env:") && !strings.Contains(r.Message, "UTF-8") {
			t.Errorf("no line is named: %s", r.Message)
		}
		if left := b.left(b.Home); slices.ContainsFunc(left, func(l string) bool { return !strings.HasPrefix(l, "volume ") }) {
			t.Errorf("the refused start left %v", left)
		}
	}
	b.setEnv(mine, 0o600)
	return Result{Message: message, Exit: o.Exit,
		Data: "InfluxDB takes exactly that password, the last one of its name; the file keeps its lines and their endings and is 0600; a value that makes no sense is refused (15) with file and line"}
}

// diskFullDocker fills the home; the engine has room elsewhere.
func diskFullDocker(t *testing.T, b *Bench) Result {
	p := b.proxied()
	b.smallHome()
	b.fill()
	r := b.problem(b.Ltlab(onDocker()...), "disk-full", 10, "no space left on device")
	b.nothingStarted()
	b.free()
	for _, step := range []string{"started influxdb", "started telegraf"} { // before the tokens are written down, and after
		held := p.hold(step)
		start := b.Start(onDocker()...)
		p.wait(held)
		b.fill()
		held.release()
		b.problem(start.Wait(), "disk-full", 10, "no space left on device")
		b.nothingStarted()
		b.free()
	}
	b.OK(onDocker()...)
	b.volumes = true
	b.keep()
	b.kept()
	r.Data = "no container, network or volume is left, whenever the disk filled up; with space again the lab starts"
	return r
}
