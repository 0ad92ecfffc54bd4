package cli

import (
	"testing"

	"github.com/ltlab/ltlab/internal/dashboards"
	"github.com/ltlab/ltlab/internal/dashboards/lint"
)

func TestEachPlaceIsCountedOnceAndAsWhatItIs(t *testing.T) {
	of := func(place int, part string, effect lint.Effect, repair string, fixed bool) lint.Finding {
		return lint.Finding{Place: place, Part: part, Panel: "same", Effect: effect, Repair: repair, Fixed: fixed}
	}
	n := tally([]dashboards.Checked{{Folder: "shop", Findings: []lint.Finding{
		of(0, "dashboard", lint.Empty, "it can", false),
		of(1, "variable", lint.Empty, "", false),
		of(2, "panel", lint.Empty, "it can", false), of(2, "panel", lint.Empty, "", false), of(2, "panel", lint.Misleads, "", false),
		of(3, "panel", lint.Empty, "it can", false), of(3, "panel", lint.Empty, "it can", false),
		of(4, "panel", lint.Empty, "it can", true),
		of(5, "annotation", lint.Empty, "", false), of(5, "annotation", lint.Empty, "it can", false),
	}}, {Findings: []lint.Finding{of(2, "panel", lint.Empty, "it can", false)}}})
	if n.empty != 6 || n.misleading != 1 || n.repairable != 2 {
		t.Errorf("%+v", n)
	}
	if got := n.summary(); got != "3 panels and 1 variable and 1 annotation and 1 dashboard will be empty, 1 panel misleads" {
		t.Errorf("it says %q", got)
	}
	if got := tally(nil).summary(); got != "" {
		t.Errorf("of nothing it says %q", got)
	}
}
