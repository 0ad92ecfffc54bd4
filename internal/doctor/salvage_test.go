package doctor

import (
	"slices"
	"strings"
	"testing"
)

func TestSecretsOfAFileThatMakesNoSenseAreKnownAllTheSame(t *testing.T) {
	env := strings.Join([]string{
		"\uFEFFINFLUXDB_TOKEN=first-of-all==", "export INFLUXDB_READ_TOKEN = 'single quoted' # comment", `INFLUXDB_ADMIN_PASSWORD="a \"quote\" of \$5"`, "# MY_API_KEY=was-in-use-once",
		"dbPassword: with-a-colon", `GRAFANA_ADMIN_PASSWORD="never closed`, "second line of it", "AbCdEf0123==", "INFLUXDB_ORG=acme-org", "SHOP=what-is-this", "LONE_SECRET",
	}, "\r\n")
	broken, whole := Salvage([]byte(env), true), Salvage([]byte(env), false)
	for _, want := range []string{"first-of-all==", "single quoted", `a "quote" of $5`, `a \"quote\" of \$5`, "was-in-use-once", "with-a-colon", "never closed"} {
		if !slices.Contains(broken, want) || !slices.Contains(whole, want) {
			t.Errorf("%q is not known: of a broken file %q, of another %q", want, broken, whole)
		}
	}
	for _, want := range []string{"second line of it", "AbCdEf0123==", "what-is-this", "LONE_SECRET"} {
		if !slices.Contains(broken, want) || slices.Contains(whole, want) {
			t.Errorf("%q: of a broken file %q, of another %q", want, broken, whole)
		}
	}
	if slices.Contains(broken, "acme-org") || slices.Contains(broken, "") {
		t.Errorf("what is no secret: %q", broken)
	}
	var wide []byte // UTF-16, as some editors write it
	for _, b := range []byte("INFLUXDB_TOKEN=wide-token\n") {
		wide = append(wide, b, 0)
	}
	if !slices.Contains(Salvage(wide, true), "wide-token") || len(Salvage(nil, true)) > 0 {
		t.Errorf("of UTF-16 %q, of nothing %q", Salvage(wide, true), Salvage(nil, true))
	}
}
