package artillery

import (
	"embed"
	"path"
	"strings"
)

// Scenarios is the folder scenarios/ with one self-contained script a scenario, scenarios/NAME.yml.
//
//go:embed scenarios/*.yml
var Scenarios embed.FS

// Names are the scenarios' names in alphabetical order.
func Names() []string {
	entries, err := Scenarios.ReadDir("scenarios")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
	}
	return names
}

// Source is the script of the scenario with that name; ok is false when there is none.
func Source(name string) (script []byte, ok bool) {
	script, err := Scenarios.ReadFile("scenarios/" + name + ".yml")
	return script, err == nil
}
