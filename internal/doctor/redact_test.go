package doctor

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/config"
)

func TestSecretsAreTakenOutWhereverTheyStand(t *testing.T) {
	r := NewRedactor([]string{"s3cr$t'w\"rd", "tok+en/with=signs"})
	for _, c := range []struct{ text, gone string }{
		{`level=error token=Abc123Def456 msg="x"`, "Abc123Def456"},
		{"Authorization: Token 0123456789abcdef", "0123456789abcdef"},
		{`"authorization": "Bearer eyJhbGciOi.J9x"`, "eyJhbGciOi"},
		{"GET http://admin:pa55word@127.0.0.1:8086/x", "pa55word"},
		{"postgres://u:p%40ss@db/x", "p%40ss"},
		{"redis://:onlypass@h", "onlypass"},
		{"INFLUXDB_ADMIN_PASSWORD='two words'", "two words"},
		{`{"api_key":"k-1234","n":1}`, "k-1234"},
		{`{\"api_key\":\"k-1234\"}`, "k-1234"},
		{"x-api-key: abcdefghijkl", "abcdefghijkl"},
		{"?access_token=zzz999&x=1", "zzz999"},
		{"--admin-password hunter2go", "hunter2go"},
		{"Cookie: session=abc.def; other=ghi", "ghi"},
		{"it said s3cr$t'w\"rd twice", "s3cr$t"},
		{"tok%2Ben%2Fwith%3Dsigns", "tok%2Ben"},
		{"dG9rK2VuL3dpdGg9c2lnbnM=", "dG9rK2VuL3dpdGg9"},
		{"-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----", "MIIabc"},
		{"ghp_0123456789012345678901234567890123", "ghp_01"},
		{"DB_PWD=letmein", "letmein"},
	} {
		if got := r.Text(c.text); strings.Contains(got, c.gone) || !strings.Contains(got, "****") {
			t.Errorf("%q became %q", c.text, got)
		}
	}
}

func TestWhatIsNoSecretStaysReadable(t *testing.T) {
	r := NewRedactor([]string{"hunter22", "abc"})
	for _, text := range []string{
		`influxdb: bucket loadtests made at http://127.0.0.1:8086`, "abc of the lab", "PWD is a folder", "http://127.0.0.1:5081/health?x=1",
		"ltlab 0.1.0-dev (linux/amd64)", "12 samples, all recorded", "/srv/tests/load/main.js:12", "token refused by InfluxDB",
	} {
		if got := r.Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	if Secretive("PWD") || Secretive("OLDPWD") || Secretive("PATH") || Secretive("BASE_URL") || !Secretive("INFLUXDB_TOKEN") || !Secretive("MY_API_KEY") || !Secretive("dbPassword") {
		t.Error("names are taken for what they are not")
	}
}

func TestInADocumentASecretsNameMakesASecretOfWhatItStandsFor(t *testing.T) {
	const doc = `{"password": 123456, "tokens": 3, "secret": ["a1b2", 7, "", null, true], "credentials": {"user": "jo", "id": 42, "set": false}, "api_key": null, "auth": true, "cookie": "",
		"args": ["--token", "abc def", "-x", "--auth-token", 99, "--jwt", "--secret", "z9", "--vus", "5", "--password=hunter2"], "say": "token: abc def ghi", "lines": "all is well\nvus: 5", "n": 1.50, "hunter22": "x"}`
	const want = `{"password": "****", "tokens": 3, "secret": ["****", "****", "", null, true], "credentials": {"user": "****", "id": "****", "set": false}, "api_key": null, "auth": true, "cookie": "",
		"args": ["--token", "****", "-x", "--auth-token", "****", "--jwt", "****", "****", "--vus", "5", "--password=****"], "say": "token: ****", "lines": "all is well\nvus: 5", "n": 1.50, "****": "x"}`
	parse := func(text string) (v any) {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	if got := NewRedactor([]string{"hunter22"}).Value(parse(doc)); !reflect.DeepEqual(got, parse(strings.ReplaceAll(want, "****", config.Mask))) {
		t.Errorf("it became %v", got)
	}
}

// What is planted here stands in each kind of file that a report has; not one byte of it may be in the archive.
func TestAReportHoldsNoSecret(t *testing.T) {
	planted := map[string]string{
		"a token": "TOKENplanted0001==", "a password": "planted pass \"0002\" $x", "another's password": "plantedpw0003", "a header": "plantedheader0004",
		"a user in a URL": "planteduser0005", "a query": "plantedquery0006", "a key": "plantedkey0007", "a cookie": "plantedcookie0008",
		"a flag": "plantedflag0009", "a scheme": "plantedbasic0010",
	}
	r := NewRedactor([]string{planted["a token"], planted["a password"]})
	var out bytes.Buffer
	a := NewArchive(&out, r, time.Unix(0, 0))
	log := strings.Join([]string{
		"wrote with " + planted["a token"], "signed in by " + planted["a password"], "DB_PASSWORD=" + planted["another's password"], "X-Api-Key: " + planted["a header"],
		"GET http://" + planted["a user in a URL"] + ":x@host/", "GET /x?api_key=" + planted["a query"] + "&y=1", `{"private_key": "` + planted["a key"] + `"}`,
		"Set-Cookie: sid=" + planted["a cookie"], "prog --auth-token " + planted["a flag"], "sent Basic " + planted["a scheme"],
	}, "\n")
	if err := a.Text("logs/x.log", log); err != nil {
		t.Fatal(err)
	}
	doc := map[string]any{"checks": []any{map[string]any{"evidence": log, "password": planted["another's password"], "n": 1}}, "token": planted["a token"]}
	if err := a.JSON("doctor.json", doc); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for what, secret := range planted {
		if bytes.Contains(raw, []byte(secret)) || bytes.Contains(raw, []byte(strings.Trim(quotedJSON(secret), `"`))) {
			t.Errorf("%s is in the archive:\n%s", what, raw)
		}
	}
	files := tar.NewReader(bytes.NewReader(raw))
	names := 0
	for h, err := files.Next(); err == nil; h, err = files.Next() {
		names++
		if !strings.HasPrefix(h.Name, "ltlab-report/") || h.Mode != 0o600 {
			t.Errorf("%s has mode %o", h.Name, h.Mode)
		}
		content, rerr := io.ReadAll(files)
		var v struct {
			Checks []struct{ N int }
		}
		if strings.HasSuffix(h.Name, ".json") && (rerr != nil || json.Unmarshal(content, &v) != nil || len(v.Checks) != 1 || v.Checks[0].N != 1) {
			t.Errorf("%s is no document any more: %s", h.Name, content)
		}
	}
	if names != 2 {
		t.Errorf("%d files", names)
	}
}

func quotedJSON(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}
