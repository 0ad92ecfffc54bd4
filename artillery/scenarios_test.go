package artillery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	toyapi "github.com/ltlab/ltlab/toy-api"
)

// request is one step of a shipped scenario; a think has no URL.
type request struct {
	URL     string
	Name    string
	JSON    map[string]any
	Capture struct{ JSON, As string }
	Expect  []struct {
		StatusCode  int    `yaml:"statusCode"`
		HasProperty string `yaml:"hasProperty"`
	}
}

type step struct {
	Get, Post, Delete request
	Think             string
}

// call is the step's request with its method; ok is false for a think.
func (s step) call() (method string, r request, ok bool) {
	switch {
	case s.Get.URL != "":
		return http.MethodGet, s.Get, true
	case s.Post.URL != "":
		return http.MethodPost, s.Post, true
	case s.Delete.URL != "":
		return http.MethodDelete, s.Delete, true
	}
	return "", request{}, false
}

type scenario struct {
	Config struct {
		Target string
		Phases []struct {
			Name        string
			Duration    int
			ArrivalRate int `yaml:"arrivalRate"`
			RampTo      int `yaml:"rampTo"`
		}
		Plugins map[string]any
		Ensure  map[string]any
	}
	Scenarios []struct {
		Name   string
		Weight int
		Flow   []step
	}
}

// parse reads a shipped scenario; what it has and scenario has not is an error.
func parse(t *testing.T, name string) (s scenario) {
	t.Helper()
	text, ok := Source(name)
	if !ok {
		t.Fatalf("no scenario %q", name)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

func TestNamesAreTheScriptsInTheFolder(t *testing.T) {
	if got := strings.Join(Names(), " "); got != "ramp smoke spike" {
		t.Errorf("Names() = %q", got)
	}
	for _, name := range Names() {
		script, _ := Source(name)
		if !bytes.HasPrefix(script, []byte("# "+name+": ")) {
			t.Errorf("%s does not begin with its name and purpose", name)
		}
		for _, want := range []string{"\n# Purpose ", "\n# Pattern ", "\n# Look for "} {
			if !bytes.Contains(script, []byte(want)) {
				t.Errorf("%s does not say its %q", name, want)
			}
		}
	}
	if _, ok := Source("nothing"); ok {
		t.Error("a scenario that does not exist was found")
	}
}

func TestScenariosGoWhereBASE_URLSaysAndCheckWhatTheyAsk(t *testing.T) {
	for _, name := range Names() {
		s := parse(t, name)
		if s.Config.Target != "{{ $env.BASE_URL }}" {
			t.Errorf("%s goes to %q", name, s.Config.Target)
		}
		seconds, arrivals := 0, 0
		for _, p := range s.Config.Phases {
			seconds += p.Duration
			arrivals += p.Duration * max(p.ArrivalRate, p.RampTo)
		}
		if seconds < 20 || seconds > 120 || arrivals < 20 {
			t.Errorf("%s takes %d s for %d users at most", name, seconds, arrivals)
		}
		_, ensures := s.Config.Plugins["ensure"]
		_, expects := s.Config.Plugins["expect"]
		asks := false
		for _, sc := range s.Scenarios {
			for _, st := range sc.Flow {
				_, r, ok := st.call()
				asks = asks || len(r.Expect) > 0
				if ok && (r.Name == "" || strings.Contains(r.Name, "{{")) {
					t.Errorf("%s: %s is no endpoint by name on a board, %q", name, r.URL, r.Name)
				}
				if !ok && st.Think == "" {
					t.Errorf("%s: a step that is neither a request nor a pause", name)
				}
			}
		}
		if asks != expects || len(s.Config.Ensure) == 0 || !ensures {
			t.Errorf("%s: expectations %t, their plugin %t; ensure %v, its plugin %t", name, asks, expects, s.Config.Ensure, ensures)
		}
		if _, on := s.Config.Plugins["metrics-by-endpoint"]; !on {
			t.Errorf("%s: endpoints are not told apart by name", name)
		}
	}
}

var (
	random   = regexp.MustCompile(`\{\{ \$randomNumber\((\d+), \d+\) \}\}`)
	variable = regexp.MustCompile(`\{\{ (\w+) \}\}`)
)

// A user's way through each scenario, without Artillery: what the toy API answers is what the scenario expects.
func TestWhatScenariosExpectIsWhatAHealthyToyAPIAnswers(t *testing.T) {
	api, err := toyapi.New(toyapi.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api.Handler())
	defer server.Close()
	for _, name := range Names() {
		for _, sc := range parse(t, name).Scenarios {
			captured := map[string]string{}
			fill := func(text string) string {
				text = random.ReplaceAllString(text, "$1")
				return variable.ReplaceAllStringFunc(text, func(v string) string { return captured[variable.FindStringSubmatch(v)[1]] })
			}
			for _, st := range sc.Flow {
				method, r, ok := st.call()
				if !ok {
					continue
				}
				status, answer := ask(t, method, server.URL+fill(r.URL), r.JSON, fill)
				if status >= 400 {
					t.Errorf("%s: %s %s is answered with %d", name, method, r.URL, status)
				}
				for _, e := range r.Expect {
					if e.StatusCode != 0 && e.StatusCode != status {
						t.Errorf("%s: %s %s is answered with %d, want %d", name, method, r.URL, status, e.StatusCode)
					}
					if _, has := answer[e.HasProperty]; e.HasProperty != "" && !has {
						t.Errorf("%s: the answer of %s %s has no %q: %v", name, method, r.URL, e.HasProperty, answer)
					}
				}
				if r.Capture.As != "" {
					value := answer[strings.TrimPrefix(r.Capture.JSON, "$.")]
					if value == nil {
						t.Errorf("%s: %s %s has no %s to go on with: %v", name, method, r.URL, r.Capture.JSON, answer)
					}
					captured[r.Capture.As] = fmt.Sprint(value)
				}
			}
		}
	}
}

// ask makes a request with a body of JSON and returns the status and what of the answer is a JSON object.
func ask(t *testing.T, method, url string, body map[string]any, fill func(string) string) (status int, answer map[string]any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if body == nil {
		text = nil
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(fill(string(text))))
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNoContent {
		return res.StatusCode, nil
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Errorf("%s %s: no JSON object: %v", method, url, err)
	}
	return res.StatusCode, answer
}
