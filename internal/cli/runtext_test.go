package cli

import "testing"

func TestFiguresReadWell(t *testing.T) {
	for got, want := range map[string]string{
		count(0): "0", count(999): "999", count(1000): "1,000", count(1234567): "1,234,567", count(-1234): "-1,234", count(2.5): "2.5",
		figure(0): "0.00", figure(0.01234): "0.012", figure(1.234): "1.23", figure(12.34): "12.3", figure(123.4): "123", figure(12345.6): "12,346",
		millis(0): "0 µs", millis(0.25): "250 µs", millis(1.5): "1.50 ms", millis(250): "250 ms", millis(1500): "1.50 s",
		printable("a\x1b[31mb\u009b"): "a?[31mb?", printable("a\nb"): "a?b",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
