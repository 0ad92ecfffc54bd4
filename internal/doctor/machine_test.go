package doctor

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/engine/docker"
)

func TestOnlyContainersThatSurelyNobodyNeedsAreOfferedToBeRemoved(t *testing.T) {
	p := &Patient{}
	gone := []docker.Orphan{{Name: "a-k6-1", Why: "run r was killed"}}
	var away []docker.Orphan
	for i := range 7 {
		away = append(away, docker.Orphan{Name: fmt.Sprint("b-", i), Why: "its lab's folder /mnt/x/lab is not there", Unsure: true})
	}
	for name, c := range map[string]struct {
		sure, unsure []docker.Orphan
		status       Status
		repairs      bool
		says         []string
	}{
		"none":        {nil, nil, Pass, false, []string{"none"}},
		"gone":        {gone, nil, Warn, true, []string{"1 stopped container that nobody will use again", "a-k6-1: run r was killed"}},
		"not mounted": {nil, away, Warn, false, []string{"not known whether anybody will use 7 stopped containers again", "b-0: its", "and 2 more"}},
		"both":        {gone, away, Warn, true, []string{"1 stopped container that", "a-k6-1", "not known", "b-4"}},
	} {
		r := p.orphaned(slices.Concat(c.unsure, c.sure))
		if r.Status != c.status || (r.Repair != nil) != c.repairs {
			t.Errorf("%s: %+v", name, r)
		}
		for _, s := range c.says {
			if !strings.Contains(r.Evidence, s) {
				t.Errorf("%s does not say %q:\n%s", name, s, r.Evidence)
			}
		}
		if c.repairs && !strings.Contains(r.Repair.Say, "1 stopped container") {
			t.Errorf("%s would %s", name, r.Repair.Say)
		}
	}
}
