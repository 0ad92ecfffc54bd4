package host

import "testing"

func TestPortsCountBothEnds(t *testing.T) {
	for text, want := range map[string]int{"32768\t60999\n": 28232, "1024 1024": 1, "": 0, "60999 32768": 0, "0 70000": 0, "x y": 0} {
		if n, ok := span(text); n != want || ok != (want > 0) {
			t.Errorf("%q: %d ports, %v; want %d", text, n, ok, want)
		}
	}
	if n, ok := Ports(); !ok || n < 1 {
		t.Errorf("%d ports, %v", n, ok)
	}
}
