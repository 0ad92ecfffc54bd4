package k6

import _ "embed"

// Dockerfile makes k6's image from the static program ltlab-k6 and a folder root/ with what the image holds besides: a /tmp.
//
//go:embed Dockerfile
var Dockerfile string
