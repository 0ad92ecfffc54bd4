package problem

import "errors"

// ejectPages are shown by the pages.
func ejectPages() []*Problem {
	return []*Problem{
		EjectExists(".", []string{"README.md", "compose.yaml"}),
		EjectUnwritable("/srv/lab", errors.New("mkdir /srv/lab: permission denied")),
	}
}
