package boards

// Unit is the unit of a figure; renderers know how to write it.
type Unit string

// The units.
const (
	Count         Unit = "count"
	Milliseconds  Unit = "ms"
	Bytes         Unit = "bytes"
	Percent       Unit = "percent" // of a share from 0 to 1
	Users         Unit = "VUs"
	Cores         Unit = "cores"
	ByteRate      Unit = "B/s"
	RequestRate   Unit = "req/s"
	IterationRate Unit = "it/s"
	UserRate      Unit = "VUs/s"
	Ratio         Unit = "ratio" // of a value to another of its kind: 1 is no difference
	Plain         Unit = "plain" // a number whose unit the metric alone knows
)

// Units are all units there are.
func Units() []Unit {
	return []Unit{Count, Milliseconds, Bytes, Percent, Users, Cores, ByteRate, RequestRate, IterationRate, UserRate, Ratio, Plain}
}

// Ink is a color by its meaning; renderers have one for light and one for dark.
type Ink string

// The inks: an ordered ramp for percentiles, plain ones for lines without order, and the classes of status codes.
const (
	Ramp1  Ink = "ramp1"
	Ramp2  Ink = "ramp2"
	Ramp3  Ink = "ramp3"
	Ramp4  Ink = "ramp4"
	Faint  Ink = "faint"
	Plain1 Ink = "plain1"
	Plain2 Ink = "plain2"
	Plain3 Ink = "plain3"
	Fail   Ink = "fail"
)

// Inks are all inks a query may name.
func Inks() []Ink {
	return []Ink{Ramp1, Ramp2, Ramp3, Ramp4, Faint, Plain1, Plain2, Plain3, Fail}
}
