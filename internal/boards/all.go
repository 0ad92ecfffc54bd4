package boards

import "reflect"

// definitions has one method for each board, in that board's file: a file is all it takes to add one.
type definitions struct{}

// All returns the boards, ordered by the names of their methods.
func All() []Board {
	v := reflect.ValueOf(definitions{})
	all := make([]Board, v.NumMethod())
	for i := range all {
		all[i] = v.Method(i).Call(nil)[0].Interface().(Board)
	}
	return all
}

// For returns the board for a tool's runs, the first board where none is made for it.
func For(tool string) *Board {
	all := All()
	for i := range all {
		if all[i].Tool == tool {
			return &all[i]
		}
	}
	return &all[0]
}
