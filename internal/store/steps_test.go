package store

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/ltlab/ltlab/internal/rows"
)

func TestOfEachStepTheLargestStays(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "steps", 1, 3)
	m.more(300)
	m.finish()
	step(t, s.NewFollow(m.folder), true)
	q, fields := Query{Rollup: rows.ByName, Window: rows.Second, Metric: "http_req_duration"}, []string{"p95", "count"}
	all, err := s.SelectFields(t.Context(), "steps", q, fields)
	must(t, err)
	for _, c := range []struct{ start, step int64 }{{0, 15}, {-3, 10}, {7, 60}, {0, 1}, {0, 1000}} {
		q.Start, q.Step = c.start, c.step
		got, err := s.SelectFields(t.Context(), "steps", q, fields)
		must(t, err)
		for i := range all {
			if len(got[i]) != len(all[i]) || len(got[i]) < 3 {
				t.Fatalf("%d series, want %d", len(got[i]), len(all[i]))
			}
			for j, series := range all[i] {
				want := map[int64]float64{}
				for _, p := range series.Points {
					at := int64(math.Floor(float64(p.T-c.start) / float64(c.step)))
					want[at] = max(want[at], p.V)
				}
				seen := map[int64]float64{}
				for _, p := range got[i][j].Points {
					seen[int64(math.Floor(float64(p.T-c.start)/float64(c.step)))] = p.V
				}
				if len(got[i][j].Points) != len(want) || !maps.Equal(seen, want) || !maps.Equal(got[i][j].Tags, series.Tags) {
					t.Errorf("in steps of %d from %d on: %v of %v, want %v of %v", c.step, c.start, seen, got[i][j].Tags, want, series.Tags)
				}
			}
		}
	}
}

func TestASumHasNoRoomForLeapsOfTheClock(t *testing.T) {
	const far = 1 << 50
	s := &sum{window: rows.Minute}
	for _, at := range []int64{120, far, 0, -far, 60 * leap, 180, far, 60 * 2 * leap, 60*2*leap + 60, 60 * leap} {
		s.add(at, 1)
	}
	if len(s.values) > 4*leap {
		t.Errorf("the sum has room for %d minutes", len(s.values))
	}
	want := []Point{{-far/60*60 - 60, 1}, {0, 1}, {120, 1}, {180, 1}, {60 * leap, 2}, {60 * 2 * leap, 1}, {60*2*leap + 60, 1}, {far / 60 * 60, 2}}
	if got := s.points(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
