package doctor

// sameDevice is of no use there: drives have letters.
func sameDevice(_, _ string) bool { return true }

// inodeOf is not needed there: no list of locks is read.
func inodeOf(string) string { return "" }
