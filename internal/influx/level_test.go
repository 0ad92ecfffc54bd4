package influx

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
)

func TestALevelIsLoadThatWasHeld(t *testing.T) {
	l := levels{steady: steadySeconds}
	var got []string
	at := int64(0)
	ask := func(vus, rate *float64, seconds int) {
		for range seconds {
			if text, since, ok := l.add(&record.Load{T: at, AskedPeak: vus, AskedRate: rate}); ok {
				got = append(got, fmt.Sprintf("%d: %s", since, text))
			}
			at++
		}
	}
	number := func(v float64) *float64 { return &v }
	ask(nil, nil, 6)
	ask(number(5), nil, 4) // too short
	for v := range 6 {
		ask(number(float64(10+v)), nil, 1) // a ramp
	}
	ask(number(20), nil, 60)
	ask(number(21), nil, 2)
	ask(number(20), nil, 10) // the same level again
	ask(nil, number(99.9999999999), 3)
	ask(nil, number(100), 3)
	ask(number(0), number(0), 10)
	ask(number(2), number(50.5), 5)
	want := []string{"16: 20 VUs", "88: 100 iterations/s", "104: 2 VUs and 50.5 iterations/s"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
