package engine

import "io"

// Job is a container that runs once, in the lab's network: one run of k6 or Artillery.
type Job struct {
	Service string // k6 or artillery
	Image   string
	Run     string // its id, a label
	Args    []string
	Env     []string // NAME=value; nothing of the caller's environment
	User    string   // uid:gid
	Dir     string   // working folder in the container
	Binds   []Bind
	Copy    []func(io.Writer) error // each writes a tar archive that is unpacked at / before the start
}

// Bind shows a folder of this machine to a container.
type Bind struct {
	From     string
	To       string
	ReadOnly bool
}

// End is how a container ended.
type End struct {
	Code int
	OOM  bool
	Gone bool // somebody removed it: its exit code is not known
	Lost bool // the engine does not answer any more, or did not at the end: nor is it known
}
