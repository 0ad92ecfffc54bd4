package problem

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestEveryProblemIsComplete(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	sentence := regexp.MustCompile(`^$|^[A-Z][a-z]|\.$`)
	names := strings.NewReplacer("InfluxDB", "it", "Artillery", "it") // a name keeps its capital
	exits := map[string]int{}
	for _, p := range Examples() {
		if !kebab.MatchString(p.ID) {
			t.Errorf("id %q: want kebab-case", p.ID)
		}
		if p.What == "" || len(p.Fix) == 0 || p.Exit == OK {
			t.Errorf("%s lacks what happened, a fix or an exit code: %+v", p.ID, p)
		}
		says := []string{p.What}
		for _, s := range p.Fix {
			says = append(says, s.Say)
		}
		for _, s := range says {
			if sentence.MatchString(names.Replace(s)) {
				t.Errorf("%s says %q: want words in lower case, without a period at the end", p.ID, s)
			}
		}
		if exit, ok := exits[p.ID]; ok && exit != p.Exit {
			t.Errorf("%s has exit codes %d and %d", p.ID, exit, p.Exit)
		}
		exits[p.ID] = p.Exit
	}
}

func TestEveryConstructorIsInExamples(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var decls []ast.Decl
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || name == "problem.go" || name == "match.go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		decls = append(decls, file.Decls...)
	}
	var constructors []string
	called := map[string]bool{}
	for _, d := range decls {
		f, ok := d.(*ast.FuncDecl)
		switch {
		case !ok || f.Recv != nil:
		case strings.HasSuffix(strings.ToLower(f.Name.Name), "examples"): // each file has its own
			ast.Inspect(f, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if name, ok := call.Fun.(*ast.Ident); ok {
						called[name.Name] = true
					}
				}
				return true
			})
		case returnsProblem(f) && (f.Name.IsExported() || f.Name.Name == "internal"): // others help these
			constructors = append(constructors, f.Name.Name)
		}
	}
	if len(constructors) == 0 || len(called) == 0 {
		t.Fatalf("found constructors %v, called %v", constructors, called)
	}
	for _, name := range constructors {
		if !called[name] {
			t.Errorf("%s is not in Examples, so no test looks at it", name)
		}
	}
}

func returnsProblem(f *ast.FuncDecl) bool {
	if f.Type.Results == nil || len(f.Type.Results.List) != 1 {
		return false
	}
	star, ok := f.Type.Results.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	name, ok := star.X.(*ast.Ident)
	return ok && name.Name == "Problem"
}

func TestHelpListsEveryExitCode(t *testing.T) {
	used := map[int]bool{OK: true}
	for _, p := range Examples() {
		used[p.Exit] = true
	}
	for code := range toolCodes {
		used[code] = true
	}
	listed := map[int]bool{}
	text := read(t, "internal/cli/topics/exit-codes.txt")
	for _, m := range regexp.MustCompile(`(?m)(?:^|  ) *(\d+)  \S`).FindAllStringSubmatch(text, -1) {
		code, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		listed[code] = true
	}
	for _, code := range slices.Sorted(maps.Keys(used)) {
		if !listed[code] {
			t.Errorf("exit code %d is in use and not listed by ltlab help exit-codes", code)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(listed)) {
		if !used[code] {
			t.Errorf("exit code %d is listed by ltlab help exit-codes and no problem has it", code)
		}
	}
}

// A problem that no test of the whole product meets may never be met by its users either, or not as its page says.
func TestEveryProblemIsMetByATestOfTheProduct(t *testing.T) {
	var all strings.Builder
	for _, pattern := range []string{"internal/cli/testdata/script/*.txtar", "internal/cli/*_test.go", "e2e/*.go"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(b)
		}
	}
	for _, id := range ids() {
		// As the text names it, problems/<id>.md, or a document: "id": "<id>".
		if !regexp.MustCompile(`problems/` + id + `[^a-z0-9-]|"` + id + `"`).MatchString(all.String()) {
			t.Errorf("%s is met by no script of internal/cli/testdata/script and no test of e2e", id)
		}
	}
}

// root is the repository's folder.
const root = "../.."

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// ids are the ids of all problems, each once.
func ids() []string {
	var out []string
	for _, p := range Examples() {
		out = append(out, p.ID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
