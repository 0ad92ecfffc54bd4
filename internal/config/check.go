package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

func name(v string) error {
	switch {
	case !printable(v) || strings.TrimSpace(v) != v:
		return errors.New("want printable characters, without spaces around them")
	case utf8.RuneCountInString(v) > 100:
		return errors.New("want at most 100 characters")
	}
	return nil
}

// rawLimit is what k6's output takes as K6_INFLUXDB_RAW_LIMIT.
func rawLimit(v string) error {
	if _, err := strconv.ParseUint(v, 10, 31); err != nil && v != "unlimited" {
		return errors.New("want a whole number of samples a second, or unlimited")
	}
	return nil
}

// user signs in by HTTP's basic authentication, which ends a name at its first colon.
func user(v string) error {
	if strings.Contains(v, ":") {
		return errors.New("want a name without a colon")
	}
	return name(v)
}

// bucket follows InfluxDB: no leading underscore, which is its own, and no double quote.
func bucket(v string) error {
	if strings.HasPrefix(v, "_") || strings.Contains(v, `"`) {
		return errors.New("a bucket's name has no leading underscore and no double quote")
	}
	return name(v)
}

// token goes into an HTTP header as it is.
func token(v string) error {
	if strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("want visible ASCII characters, without spaces")
	}
	if len(v) < 8 {
		return errors.New("want at least 8 characters")
	}
	return nil
}

// password has the lengths that InfluxDB takes; bcrypt sees no more than 72 bytes.
func password(v string) error {
	if !printable(v) {
		return errors.New("want printable characters")
	}
	if n := len(v); n < 8 || n > 72 {
		return fmt.Errorf("want 8 to 72 bytes, got %d", n)
	}
	return nil
}

func printable(v string) bool {
	return utf8.ValidString(v) && !strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsPrint(r) })
}

func retention(v string) error {
	_, err := ParseRetention(v)
	return err
}

// ParseRetention reads how long data is kept: a Go duration of at least an hour, InfluxDB's least, whole days as 7d, or
// 0 for ever.
func ParseRetention(v string) (time.Duration, error) {
	const most = 100 * 365 * 24 * time.Hour
	wrong := errors.New("want a duration of at least 1h, such as 168h or 7d, or 0 for ever")
	if v == "0" {
		return 0, nil
	}
	d, err := time.ParseDuration(v)
	if days, ok := strings.CutSuffix(v, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d < time.Hour || d > most {
		return 0, wrong
	}
	return d.Truncate(time.Second), nil
}

func address(v string) error {
	u, err := url.Parse(v)
	if err != nil || !printable(v) || strings.Contains(v, " ") || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("want an address that begins with http:// or https:// and names a host")
	}
	return nil
}

func addresses(v string) error {
	for _, one := range strings.Split(v, ",") {
		if err := address(strings.TrimSpace(one)); err != nil {
			return err
		}
	}
	return nil
}

// reference is a container image as Docker's distribution/reference grammar has it: [host[:port]/]path[:tag][@digest].
// It is large, so only commands that look at images make it.
var reference = sync.OnceValue(func() *regexp.Regexp {
	const part = `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
	return regexp.MustCompile(`^([a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]+)?/)?` + part + `(/` + part + `)*` +
		`(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$`)
})

func image(v string) error {
	if !reference().MatchString(v) {
		return errors.New("want an image such as influxdb:2.7.12 or registry.example.com/team/image:1.2")
	}
	return nil
}
