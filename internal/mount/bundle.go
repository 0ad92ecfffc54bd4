package mount

import (
	"errors"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Bundle compiles a TypeScript processor with all that it imports into one JavaScript file, as Artillery would do in a folder
// dist beside it. External packages are found at run time.
func Bundle(processor, to string, external []string) error {
	built := api.Build(api.BuildOptions{
		EntryPoints: []string{processor}, Outfile: to, Bundle: true, Write: true, Platform: api.PlatformNode, Format: api.FormatCommonJS,
		Sourcemap: api.SourceMapInline, External: append([]string{"@playwright/test"}, external...), LogLevel: api.LogLevelSilent,
	})
	var said []string
	for _, m := range api.FormatMessages(built.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage}) {
		said = append(said, strings.TrimSpace(m))
	}
	if len(said) > 0 {
		return errors.New(strings.Join(said, "\n"))
	}
	return nil
}
