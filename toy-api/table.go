package toyapi

import "slices"

// A table keeps rows in the order of their ids, which count up from 1 and are
// never used again. Its owner locks.
type table[T any] struct {
	ids  []int
	rows []T
	last int
}

func (t *table[T]) add(row func(id int) T) T {
	t.last++
	r := row(t.last)
	t.ids = append(t.ids, t.last)
	t.rows = append(t.rows, r)
	return r
}

func (t *table[T]) get(id int) (T, bool) {
	if i, ok := slices.BinarySearch(t.ids, id); ok {
		return t.rows[i], true
	}
	var none T
	return none, false
}

func (t *table[T]) remove(id int) bool {
	i, ok := slices.BinarySearch(t.ids, id)
	if ok {
		t.ids = slices.Delete(t.ids, i, i+1)
		t.rows = slices.Delete(t.rows, i, i+1)
	}
	return ok
}
