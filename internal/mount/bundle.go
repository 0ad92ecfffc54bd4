package mount

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Bundle compiles a TypeScript processor with all that it imports into one JavaScript file, as Artillery would do in a folder
// dist beside it. External packages are found at run time. Errors name file, line and column.
func Bundle(processor, to string, external []string) error {
	built := api.Build(api.BuildOptions{
		EntryPoints: []string{processor}, Outfile: to, Bundle: true, Write: true, Platform: api.PlatformNode, Format: api.FormatCommonJS,
		Sourcemap: api.SourceMapInline, External: append([]string{"@playwright/test"}, external...), LogLevel: api.LogLevelSilent,
		AbsWorkingDir: filepath.Dir(processor),
	})
	var said []string
	for _, m := range built.Errors {
		text := m.Text
		if at := m.Location; at != nil {
			text = fmt.Sprintf("%s:%d:%d: %s", at.File, at.Line, at.Column+1, text)
		}
		said = append(said, text)
	}
	if len(said) > 0 {
		return errors.New(strings.Join(said, "\n"))
	}
	return nil
}
