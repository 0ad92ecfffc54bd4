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

// For returns the board of every day for a tool's runs, k6's where none is made for it.
func For(tool string) *Board {
	var otherwise *Board
	for _, b := range All() {
		if b.Depth != Elite {
			continue
		}
		if b.Tool == tool {
			return &b
		}
		if b.Tool == "k6" {
			otherwise = &b
		}
	}
	return otherwise
}

// Of returns all boards for a tool's runs: those made for it, the shallowest first, then those for any tool.
func Of(tool string) []Board {
	var own, any []Board
	for _, depth := range []Depth{WarRoom, Elite, Pro, Compare, ""} {
		for _, b := range All() {
			switch {
			case b.Depth != depth:
			case b.Tool == tool:
				own = append(own, b)
			case b.Tool == "":
				any = append(any, b)
			}
		}
	}
	return append(own, any...)
}
