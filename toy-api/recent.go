package toyapi

import "sync"

// recent keeps the values of the most recently used keys, so that keys chosen
// by clients cannot grow memory. It is safe for concurrent use.
type recent[K comparable, V any] struct {
	mu    sync.Mutex
	size  int
	turn  uint64
	items map[K]*recentItem[V]
}

type recentItem[V any] struct {
	value V
	used  uint64
}

func newRecent[K comparable, V any](size int) *recent[K, V] {
	return &recent[K, V]{size: size, items: map[K]*recentItem[V]{}}
}

// get returns the value of key, made by create when there is none. At the
// limit the key that was used longest ago makes room; the scan is paid only
// for new keys.
func (r *recent[K, V]) get(key K, create func() V) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn++
	if it, ok := r.items[key]; ok {
		it.used = r.turn
		return it.value
	}
	if len(r.items) >= r.size {
		var oldest K
		used := r.turn
		for k, it := range r.items {
			if it.used < used {
				oldest, used = k, it.used
			}
		}
		delete(r.items, oldest)
	}
	it := &recentItem[V]{value: create(), used: r.turn}
	r.items[key] = it
	return it.value
}
