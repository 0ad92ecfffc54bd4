package toyapi

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
)

// maxSeeds is how many seeds' positions the server counts; a forgotten seed
// starts again.
const maxSeeds = 1024

type drawKey struct {
	route string
	seed  uint64
}

// source returns the random numbers of one request: with a seed, always the
// same ones for position n of the seed's sequence.
func source(a args, n uint64) *rand.Rand {
	if !a.has("seed") {
		return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return rand.New(rand.NewPCG(a.seed(), n))
}

// next returns the source for a request that may name its position; for one
// that does not, the server counts by route and seed.
func (s *Server) next(route string, a args) *rand.Rand {
	switch {
	case a.has("n"):
		return source(a, uint64(a.number("n")))
	case a.has("seed"):
		key := drawKey{route, a.seed()}
		return source(a, s.draws.get(key, func() *atomic.Uint64 { return new(atomic.Uint64) }).Add(1)-1)
	default:
		return source(a, 0)
	}
}

// payload returns size characters of text that does not compress well, the
// same for the same seed.
func payload(a args) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	src := rand.NewPCG(a.seed(), math.MaxUint64)
	data := make([]byte, a.integer("bytes"))
	var bits uint64
	for i := range data {
		if i%10 == 0 { // ten times six bits
			bits = src.Uint64()
		}
		data[i] = alphabet[bits&63]
		bits >>= 6
	}
	return string(data)
}
