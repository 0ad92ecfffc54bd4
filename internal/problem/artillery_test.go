package problem

import "errors"

// artilleryPages are what the pages of Artillery's problems show.
func artilleryPages() []*Problem {
	const cache = "/home/me/.cache/ltlab/artillery-2.0.34"
	const modules = "/home/me/shop/node_modules"
	return []*Problem{
		ArtilleryNotFound([]string{"LTLAB_ARTILLERY (not set)", modules, "PATH", cache}, false),
		ArtilleryNotFound([]string{"LTLAB_ARTILLERY=/opt/load (the folder holds no node_modules/artillery)"}, true),
		ArtilleryTooOld([]string{modules + " has 2.0.20"}, "2.0.34", false),
		NodeNotFound([]string{"LTLAB_NODE (not set)", modules, "PATH", cache + "/node_modules"}, false),
		NodeTooOld([]string{"PATH has 20.20.2"}, "22.18.0", false),
		NpmNotFound(),
		InstallFailed(errors.New("npm error code ECONNREFUSED\n" +
			"npm error syscall connect\n" +
			"npm error errno ECONNREFUSED\n" +
			"npm error FetchError: request to http://127.0.0.1:9/artillery failed, reason: connect ECONNREFUSED 127.0.0.1:9")),
		ImageUnfetchable("ltlab/artillery", "artillery", errors.New("Get \"https://registry.example.com/v2/\": dial tcp: lookup registry.example.com: no such host")),
	}
}
