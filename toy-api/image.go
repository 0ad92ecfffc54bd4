package toyapi

import _ "embed" // Dockerfile

// Dockerfile makes an image of the program cmd/toy-api, which lies beside it.
//
//go:embed Dockerfile
var Dockerfile string
