package artillery

import _ "embed"

// Dockerfile makes Artillery's image from a Node image and npm's registry; it needs no other file.
//
//go:embed Dockerfile
var Dockerfile string
