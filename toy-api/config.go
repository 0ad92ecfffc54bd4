package toyapi

import (
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/spf13/pflag"
)

// Config sets up a Server. A zero field takes its default, so Config{} is a
// complete configuration.
type Config struct {
	Workers      int           // jobs run at the same time, 1 to 256; default 4
	QueueSize    int           // jobs waiting for a worker, 1 to 100,000; default 64
	HistorySize  int           // finished jobs kept, 1 to 100,000; default 1,000
	MaxUsers     int           // users kept, 100 to 100,000; default 1,000
	Connections  int           // connections that /io shares, 1 to 10,000; default 64
	RateLimit    float64       // requests a second over all working routes, up to 1,000,000; default 0, no limit
	Burst        int           // requests the limit lets through at once, up to 1,000,000; default RateLimit rounded up
	DrainTimeout time.Duration // longest graceful shutdown, 1 ms to 5 min; default 5 s
	Logger       *slog.Logger  // panics and connection errors; default nil, nothing is logged

	now func() time.Time // the clock of the token buckets, replaced by tests
}

// DefaultConfig returns a Config with every default filled in.
func DefaultConfig() Config {
	return Config{
		Workers:      4,
		QueueSize:    64,
		HistorySize:  1000,
		MaxUsers:     1000,
		Connections:  64,
		DrainTimeout: 5 * time.Second,
	}
}

// RegisterFlags adds one flag a field to fs; present values are the defaults.
func (c *Config) RegisterFlags(fs *pflag.FlagSet) {
	fs.IntVar(&c.Workers, "workers", c.Workers, "jobs run at the same time")
	fs.IntVar(&c.QueueSize, "queue", c.QueueSize, "jobs that may wait for a worker")
	fs.IntVar(&c.HistorySize, "history", c.HistorySize, "finished jobs kept")
	fs.IntVar(&c.MaxUsers, "max-users", c.MaxUsers, "users kept")
	fs.IntVar(&c.Connections, "connections", c.Connections, "connections that /io shares")
	fs.Float64Var(&c.RateLimit, "rate-limit", c.RateLimit, "requests a second over all working routes, 0 for no limit")
	fs.IntVar(&c.Burst, "burst", c.Burst, "requests the limit lets through at once (default: the rate limit)")
	fs.DurationVar(&c.DrainTimeout, "drain-timeout", c.DrainTimeout, "longest graceful shutdown")
}

// complete fills in defaults and checks every range.
func (c Config) complete() (Config, error) {
	def := DefaultConfig()
	fallback(&c.Workers, def.Workers)
	fallback(&c.QueueSize, def.QueueSize)
	fallback(&c.HistorySize, def.HistorySize)
	fallback(&c.MaxUsers, def.MaxUsers)
	fallback(&c.Connections, def.Connections)
	fallback(&c.DrainTimeout, def.DrainTimeout)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	if !(c.RateLimit >= 0 && c.RateLimit <= 1e6) { // also refuses NaN
		return c, fmt.Errorf("rate limit must be from 0 to 1000000 requests a second, got %g", c.RateLimit)
	}
	fallback(&c.Burst, max(1, int(math.Ceil(c.RateLimit))))
	for _, f := range []struct {
		name             string
		value, low, high int
	}{
		{"workers", c.Workers, 1, 256},
		{"queue size", c.QueueSize, 1, 100_000},
		{"history size", c.HistorySize, 1, 100_000},
		{"max users", c.MaxUsers, 2 * firstUsers, 100_000},
		{"connections", c.Connections, 1, 10_000},
		{"burst", c.Burst, 1, 1_000_000},
	} {
		if f.value < f.low || f.value > f.high {
			return c, fmt.Errorf("%s must be from %d to %d, got %d", f.name, f.low, f.high, f.value)
		}
	}
	if c.DrainTimeout < time.Millisecond || c.DrainTimeout > 5*time.Minute {
		return c, fmt.Errorf("drain timeout must be from 1ms to 5m, got %s", c.DrainTimeout)
	}
	return c, nil
}

func fallback[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
