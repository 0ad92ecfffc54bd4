package cli

import (
	"os/exec"
	"strings"
	"testing"
)

func TestAShellReadsBackEveryValue(t *testing.T) {
	values := []string{
		"", " ", "plain", "a b", "'", "''", "it's", `"`, `\`, `\\'`, `a\`, "$HOME", "${IFS}", "$(exit 3)", "`exit 3`", "a;exit 3", "a&b|c>d<e", "*", "~", "!x", "#x",
		"a\nb", "\n", "trailing\n", "tab\t", "ünïcödé ✓", "-n", "%s", "a=b", "' ; exit 3 ; '", "'\\'' ; exit 3 ; '",
	}
	var script, want strings.Builder
	for _, v := range values {
		script.WriteString(assign("sh", "V", v) + "printf '%s\\0' \"$V\"\n")
		want.WriteString(v + "\x00")
	}
	cmd := exec.Command("sh", "-eu")
	cmd.Stdin = strings.NewReader(script.String())
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != want.String() {
		t.Errorf("%v: sh read\n%q, want\n%q", err, out, want.String())
	}
}

// fish and PowerShell are on few machines, so their rules are checked as they are documented.
func TestOtherShellsGetTheirOwnQuotes(t *testing.T) {
	for _, c := range []struct{ shell, value, want string }{
		{"fish", `it's $HOME (id) \n`, `set -gx V 'it\'s $HOME (id) \\n'` + "\n"},
		{"fish", `\'`, `set -gx V '\\\''` + "\n"},
		{"fish", "", "set -gx V ''\n"},
		{"powershell", `it's $HOME $(id) "x"`, `$env:V = 'it''s $HOME $(id) "x"'` + "\n"},
		{"powershell", "a‘b’c‚d‛e", "$env:V = 'a‘‘b’’c‚‚d‛‛e'\n"},
		{"powershell", "", "$env:V = ''\n"},
	} {
		if got := assign(c.shell, "V", c.value); got != c.want {
			t.Errorf("%s: got %s want %s", c.shell, got, c.want)
		}
	}
}
