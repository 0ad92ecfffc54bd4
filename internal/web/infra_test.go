package web

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// figures are what tools see of a board.
type figures struct {
	Panels []struct {
		ID, Empty, Foot string
		Lines           []struct {
			Label, Unit string
			Values      []*float64
		}
		Shade []struct{ From, To int64 }
	}
}

func boardOf(t *testing.T, w *world, query string) figures {
	t.Helper()
	var f figures
	if err := json.Unmarshal([]byte(get(t, New(Config{Store: newStore(t, w), Port: port}), "/api/runs/"+w.id+"/board"+query)), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWhatEachServiceUsedIsALineWithGaps(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	want := map[string]map[string]func(i int) any{ // by panel and line; nil is a gap
		"cpu": {
			"host": func(int) any { return 1.25 },
			"k6":   func(i int) any { return 0.5 + float64(i%10)/100 },
			"influxdb": func(i int) any {
				if i < 5 || i == 8 {
					return nil
				}
				return 0.25
			},
		},
		"memory":    {"k6": func(int) any { return float64(40 << 20) }, "influxdb": nil},
		"network":   {"host received": func(int) any { return 100.0 }, "host sent": func(int) any { return 200.0 }, "influxdb received": nil, "influxdb sent": nil},
		"cpu-share": {"load generator": func(i int) any { return (0.5 + float64(i%10)/100) / 2 }, "machine": func(int) any { return 0.3125 }},
	}
	seen := 0
	for _, p := range boardOf(t, w, "").Panels {
		lines := want[p.ID]
		if lines == nil {
			continue
		}
		seen++
		if len(p.Lines) != len(lines) || len(p.Shade) != 0 {
			t.Errorf("%s has %d lines, want %d; shade %v", p.ID, len(p.Lines), len(lines), p.Shade)
		}
		for _, l := range p.Lines {
			value, ok := lines[l.Label]
			if !ok {
				t.Errorf("%s has a line %q", p.ID, l.Label)
			}
			for i := range w.seconds {
				if value == nil {
					break
				}
				got, should := "a gap", "a gap"
				if l.Values[i] != nil {
					got = fmt.Sprintf("%.12g", *l.Values[i])
				}
				if v := value(i); v != nil {
					should = fmt.Sprintf("%.12g", v)
				}
				if got != should {
					t.Errorf("%s, %s at %d is %s, want %s", p.ID, l.Label, i, got, should)
				}
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d panels are there", seen, len(want))
	}
}

func TestChartsAreGrayWhileCPUIsShort(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	w.short = [2]int{10, 14}
	for query, want := range map[string]string{"": "[{10 14}]", "?from=12": "[{12 14}]", "?from=20": "[]", "?points=3": ""} {
		for _, p := range boardOf(t, w, query).Panels {
			if len(p.Lines) == 0 {
				continue
			}
			if got := fmt.Sprint(p.Shade); want != "" && got != want || want == "" && (len(p.Shade) != 1 || p.Shade[0].From > 10 || p.Shade[0].To < 14) {
				t.Errorf("%q: %s is gray at %s, want %s", query, p.ID, got, want)
			}
			says := strings.Contains(p.Foot, "gray: the load generator, or this machine, was short of CPU")
			if should := len(p.Shade) > 0 && (p.ID == "percentiles" || p.ID == "cpu-share"); says != should {
				t.Errorf("%q: %s says %q", query, p.ID, p.Foot)
			}
		}
	}
	h := New(Config{Store: newStore(t, w), Port: port})
	page := get(t, h, "/runs/"+w.id)
	for _, id := range []string{"rate", "percentiles", "codes", "cpu"} {
		if !regexp.MustCompile(`<path class="fill shade" d="M[^"]+Z"`).MatchString(panel(t, page, id)) {
			t.Errorf("the chart of %s has no gray ground", id)
		}
	}
	if calm := panel(t, get(t, h, "/runs/"+w.id+"?from=20"), "rate"); strings.Contains(calm, "fill shade") {
		t.Error("the chart is gray where CPU was not short")
	}
}

func TestARunThatNobodyMeasuredSaysSo(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	w.unmeasured = true
	page := get(t, newHandler(t, w), "/runs/"+w.id)
	for _, id := range []string{"cpu", "cpu-share", "memory", "network"} {
		if got := panel(t, page, id); !strings.Contains(got, "was not measured in this run") {
			t.Errorf("%s says %s", id, got)
		}
	}
}

func TestAServiceHasTheSameInkOnAllPanels(t *testing.T) {
	page := get(t, newHandler(t, small("20260301-120000-aaaaaa")), "/runs/20260301-120000-aaaaaa")
	inks := map[string]string{}
	for _, id := range []string{"cpu", "memory", "network"} {
		for _, m := range regexp.MustCompile(`<li class="(each\d)(?: dashed)?" data-label="([^" ]+)`).FindAllStringSubmatch(panel(t, page, id), -1) {
			if was, ok := inks[m[2]]; ok && was != m[1] {
				t.Errorf("%s is %s and %s", m[2], was, m[1])
			}
			inks[m[2]] = m[1]
		}
	}
	if len(inks) != 3 || inks["host"] == inks["k6"] || inks["k6"] == inks["influxdb"] {
		t.Errorf("inks %v", inks)
	}
}
