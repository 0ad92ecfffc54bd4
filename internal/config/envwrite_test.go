package config

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/joho/godotenv"
)

func content(t *testing.T, h Home) string {
	t.Helper()
	b, err := os.ReadFile(h.Env())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// readBack is what godotenv and docker compose make of a file, with X between to see that a value does not run on.
func readBack(t *testing.T, file string) (ours, compose map[string]string) {
	t.Helper()
	ours, err := godotenv.Unmarshal(file)
	if err != nil {
		t.Fatalf("godotenv: %v in %q", err, file)
	}
	compose, err = dotenv.Parse(strings.NewReader(file))
	if err != nil {
		t.Fatalf("compose: %v in %q", err, file)
	}
	return ours, compose
}

func TestGodotenvAndComposeReadBackWhatIsWritten(t *testing.T) {
	nasty := []string{
		"", " ", "plain", "a b", " a ", "#", "a #b", "a#b", "'", `"`, "''", `""`, "it's", `say "hi"`, `"quoted"`, "'quoted'", `it's "x"`,
		"$", "$$", "$HOME", "${HOME}", "$(id)", `\$HOME`, "a$", "it's $5", `\`, `\\`, `a\`, `a\n`, `\t`, `it's\n`, `it's \`, "`id`", "!x", "a=b=c",
		"a\nb", "a\r\nb", "\n", "tab\there", "it's\ta tab", "ünïcödé ✓", "\u00a0", "\u0085x", "a: b", "export A=1", "-", "~", "*?[]{}();&|<>", "%20", `C:\new\table`,
	}
	letters := []rune("ab $'\"\\#\n\r\t={}()A_✓é")
	random := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		text := make([]rune, random.IntN(7))
		for i := range text {
			text[i] = letters[random.IntN(len(letters))]
		}
		nasty = append(nasty, string(text))
	}
	refused := 0
	for _, v := range nasty {
		quoted, err := quote(v)
		if err != nil {
			refused++
			if !strings.Contains(v, "'") && !strings.ContainsAny(v, "\r\n") && !strings.HasSuffix(v, `\`) {
				t.Errorf("%q was refused, and fits between single quotes", v)
			}
			continue
		}
		ours, compose := readBack(t, "X=1\nK="+quoted+"\nA=2\n")
		if ours["K"] != v || compose["K"] != v || ours["A"] != "2" || compose["A"] != "2" {
			t.Errorf("%q is written as %s: godotenv reads %q, compose %q", v, quoted, ours["K"], compose["K"])
		}
	}
	if refused > len(nasty)/10 {
		t.Errorf("%d of %d values cannot be written", refused, len(nasty))
	}
}

func TestSetKeepsEverythingElse(t *testing.T) {
	for _, c := range []struct{ name, before, key, value, after string }{
		{"in its place", "# top\nA=1\nINFLUXDB_ORG=old\nB=2\n", InfluxOrg, "new", "# top\nA=1\nINFLUXDB_ORG=new\nB=2\n"},
		{"at the end", "A=1", InfluxOrg, "new", "A=1\nINFLUXDB_ORG=new\n"},
		{"with its comment", "INFLUXDB_ORG=old # it's mine # $x\n", InfluxOrg, "new", "INFLUXDB_ORG='new' # it's mine # $x\n"},
		{"with a comment behind quotes", "INFLUXDB_ORG='a # b' #c\n", InfluxOrg, "it's", "INFLUXDB_ORG=\"it's\" #c\n"},
		{"with a comment that cannot stay on the line", "INFLUXDB_ORG=old # c\n", InfluxOrg, `it's "x"`, "# c\nINFLUXDB_ORG=it's \"x\"\n"},
		{"with export", "export INFLUXDB_ORG=old\n", InfluxOrg, "new", "export INFLUXDB_ORG=new\n"},
		{"with CRLF", "A=1\r\nINFLUXDB_ORG=old # c\r\n", InfluxOrg, "new", "A=1\r\nINFLUXDB_ORG='new' # c\r\n"},
		{"CRLF at the end", "A=1\r\nB=2", InfluxOrg, "new", "A=1\r\nB=2\r\nINFLUXDB_ORG=new\r\n"},
		{"the one that counts", "INFLUXDB_ORG=1\nA=1\nINFLUXDB_ORG=2\n", InfluxOrg, "new", "INFLUXDB_ORG=1\nA=1\nINFLUXDB_ORG=new\n"},
		{"over several lines", "INFLUXDB_ORG='a\nb'\nA=1\n", InfluxOrg, "new", "INFLUXDB_ORG=new\nA=1\n"},
		{"taken back", "INFLUXDB_ORG=old # c\n", InfluxOrg, "", "INFLUXDB_ORG='' # c\n"},
		{"without the byte order mark", "\uFEFFINFLUXDB_ORG=old\n", InfluxOrg, "new", "INFLUXDB_ORG=new\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := lab(t, c.before, 0o600)
			if err := Set(h, []Setting{{c.key, c.value}}); err != nil {
				t.Fatal(err)
			}
			got := content(t, h)
			if got != c.after {
				t.Errorf("got  %q\nwant %q", got, c.after)
			}
			ours, compose := readBack(t, got)
			if ours[c.key] != c.value || compose[c.key] != c.value {
				t.Errorf("godotenv reads %q, compose %q", ours[c.key], compose[c.key])
			}
		})
	}
}

func TestSetWritesAllOrNothing(t *testing.T) {
	const before = "INFLUXDB_ORG=old\n"
	for name, c := range map[string]struct {
		bad  Setting
		want any
	}{
		"an unknown name":             {Setting{"INFLUXDB_OGR", "x"}, new(*KeyError)},
		"a bad value":                 {Setting{InfluxRetention, "banana"}, new(*ValueError)},
		"a value that has no writing": {Setting{InfluxPassword, `it's $5 "so"`}, new(*ValueError)},
	} {
		h := lab(t, before, 0o600)
		err := Set(h, []Setting{{InfluxOrg, "new"}, c.bad})
		if !errors.As(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
		if got := content(t, h); got != before {
			t.Errorf("%s: the file is now %q", name, got)
		}
	}
}

func TestANewFileIsItsOwnersAlone(t *testing.T) {
	h := Home(filepath.Join(t.TempDir(), "new", "lab"))
	if err := Set(h, []Setting{{InfluxOrg, "acme"}}); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(h.Env())
	if err != nil || st.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	if got := content(t, h); !strings.HasPrefix(got, "# ") || !strings.HasSuffix(got, "\n\nINFLUXDB_ORG=acme\n") {
		t.Errorf("got %q", got)
	}
}

func TestALinkStaysALink(t *testing.T) {
	h, real := Home(t.TempDir()), filepath.Join(t.TempDir(), "settings")
	if err := os.WriteFile(real, []byte("A=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, h.Env()); err != nil {
		t.Fatal(err)
	}
	if err := Set(h, []Setting{{InfluxOrg, "acme"}}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(real); err != nil || string(b) != "A=1\nINFLUXDB_ORG=acme\n" {
		t.Errorf("got %q, %v", b, err)
	}
}

func TestAFailedWriteLeavesTheFileAndNoRest(t *testing.T) {
	h := lab(t, "A=1\n", 0o600)
	f, err := ReadEnv(h)
	if err != nil {
		t.Fatal(err)
	}
	f.Path = filepath.Join(string(h), "folder") // a folder cannot be replaced by a file
	if err := os.Mkdir(f.Path, 0o700); err != nil {
		t.Fatal(err)
	}
	var unusable *UnusableError
	if err := f.write(); !errors.As(err, &unusable) {
		t.Errorf("got %v", err)
	}
	left, err := filepath.Glob(filepath.Join(string(h), ".env-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestEnsureMakesSecretsOnce(t *testing.T) {
	h := lab(t, "INFLUXDB_TOKEN=my-own-token\nGRAFANA_ADMIN_PASSWORD=\nINFLUXDB_ORG=acme\n", 0o600)
	changed, err := Ensure(h)
	want := []string{InfluxBucket, InfluxBucket1M, InfluxUser, InfluxPassword, GrafanaUser, GrafanaPassword}
	if err != nil || !slices.Equal(changed, want) {
		t.Errorf("changed %v, %v; want %v", changed, err, want)
	}
	f, err := ReadEnv(h)
	if err != nil {
		t.Fatal(err)
	}
	if f.Value(InfluxToken) != "my-own-token" || f.Value(InfluxOrg) != "acme" || f.Value(InfluxBucket) != "loadtests" || f.Line(GrafanaPassword) != 2 {
		t.Errorf("got %q", f.values)
	}
	seen := map[string]bool{}
	if f.Value(InfluxReadToken) != "" {
		t.Error("a token was made up that InfluxDB does not know")
	}
	for _, key := range []string{InfluxPassword, GrafanaPassword} {
		v := f.Value(key)
		if len(v) < 32 || strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" || seen[v] {
			t.Errorf("%s is no secret of its own", key)
		}
		seen[v] = true
	}
	before := content(t, h)
	if changed, err = Ensure(h); err != nil || len(changed) != 0 || content(t, h) != before {
		t.Errorf("the second time: changed %v, %v", changed, err)
	}
}

func TestManyFirstStartsAgree(t *testing.T) {
	h := Home(t.TempDir())
	made := make([]int, 8)
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() {
			changed, err := Ensure(h)
			if err != nil {
				t.Error(err)
			}
			made[i] = len(changed)
		})
	}
	wg.Wait()
	slices.Sort(made)
	if first := made[len(made)-1]; first == 0 || !slices.Equal(made[:len(made)-1], make([]int, len(made)-1)) {
		t.Errorf("they made %v settings; one of them should have made all", made)
	}
	if n := bytes.Count([]byte(content(t, h)), []byte(InfluxPassword)); n != 1 {
		t.Errorf("%s stands %d times in the file", InfluxPassword, n)
	}
}
