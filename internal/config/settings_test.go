package config

import "testing"

func TestTheStrongestSourceCountsAndSaysWhere(t *testing.T) {
	env, err := ParseEnv("/lab/.env", []byte("# mine\nBASE_URL=http://lab\nINFLUXDB_ORG=\n"))
	if err != nil {
		t.Fatal(err)
	}
	project, err := ParseProject("/shop/ltlab.yaml", []byte("project: shop\ntarget: http://project\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := Sources{
		Flags:   map[string]Flag{BaseURL: {"-e", "http://flag"}},
		Getenv:  func(k string) string { return map[string]string{BaseURL: "http://environment"}[k] },
		Project: project, Env: env, Running: map[string]string{BaseURL: "http://running"},
	}
	for _, c := range []struct {
		value, origin string
		without       func()
	}{
		{"http://flag", "flag -e", func() { s.Flags = nil }},
		{"http://environment", "environment BASE_URL", func() { s.Getenv = nil }},
		{"http://project", "project /shop/ltlab.yaml:2", func() { s.Project = nil }},
		{"http://lab", "lab /lab/.env:2", func() { s.Env = nil }},
		{"http://running", "running lab", func() { s.Running = nil }},
		{"", "", func() {}},
	} {
		if got := s.Value(BaseURL); got.Value != c.value || got.Origin.String() != c.origin {
			t.Errorf("got %q from %q, want %q from %q", got.Value, got.Origin, c.value, c.origin)
		}
		c.without()
	}
	// What is set to nothing is not set.
	s = Sources{Env: env, Getenv: func(string) string { return "" }}
	if got := s.Value(InfluxOrg); got.Value != "ltlab" || got.Origin.From != FromDefault {
		t.Errorf("got %q from %q", got.Value, got.Origin)
	}
	if got := len(s.All()); got != len(Keys()) {
		t.Errorf("got %d values, want one for each of %d settings", got, len(Keys()))
	}
}

func TestAnEmptyFlagIsAValue(t *testing.T) {
	s := Sources{Flags: map[string]Flag{BaseURL: {"-e", ""}}, Running: map[string]string{BaseURL: "http://running"}}
	if got := s.Value(BaseURL); got.Value != "" || got.Origin.From != FromFlag {
		t.Errorf("got %q from %q", got.Value, got.Origin)
	}
}

func TestSecretsAreMasked(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{InfluxToken, "abcdefgh", Mask},
		{InfluxToken, "", ""},
		{InfluxOrg, "ltlab", "ltlab"},
		{BaseURL, "http://127.0.0.1:1/?a=b@c", "http://127.0.0.1:1/?a=b@c"},
		{BaseURL, "http://me:secret@host/x@y", "http://" + Mask + "@host/x@y"},
		{BaseURL, "http://token@host", "http://" + Mask + "@host"},
		{BaseURL, "http://me:p@ss,word@host", "http://" + Mask + "@host"},
		{ScrapeURLs, "http://a/m,https://u:p@b/m", "http://a/m,https://" + Mask + "@b/m"},
	} {
		k, err := FindKey(c.key)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Value{Key: k, Value: c.value}).Masked(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.key, got, c.want)
		}
	}
}
