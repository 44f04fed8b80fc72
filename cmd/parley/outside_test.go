package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Those outside are named by flags, the environment or the file of settings, one or several.
func TestOutsideIsNamed(t *testing.T) {
	const arn = "arn:aws:lambda:us-east-1:123456789012:function:f:live"
	file := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(file, []byte(`{"lambda": {"`+arn+`": "http://f"}, "flow_log": "-"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PARLEY_LEX", "A=http://a;B=http://b/?x=y")
	c := new(cli)
	args := []string{"serve", "--config", file, "--system", "Cases=http://cases", "--system", "Tasks=http://tasks"}
	if _, err := newParser(c, file+".none").Parse(args); err != nil {
		t.Fatal(err)
	}
	got := c.Serve.outsideFlags
	if len(got.Lambda) != 1 || got.Lambda[arn] != "http://f" || got.Lex["A"] != "http://a" || got.Lex["B"] != "http://b/?x=y" ||
		got.System["Cases"] != "http://cases" || got.System["Tasks"] != "http://tasks" || got.FlowLog != "-" {
		t.Errorf("got %+v", got)
	}
}

func TestOutsideIsChecked(t *testing.T) {
	for flag, want := range map[string]string{
		"--lambda=f=localhost:9000":    "the URL of function f: it must be an http:// or https:// URL",
		"--lex=A=ftp://example.org":    "the URL of bot alias A: it must be an http:// or https:// URL",
		"--system=Case=http://x":       "--system: no action of a flow asks a system Case; they ask AgenticCX, Cases, ",
		"--system=Cases=/path":         "the URL of system Cases: it must be an http:// or https:// URL",
		"--sign-in=us-east-1_Ab=/page": "the sign-in URL of user pool us-east-1_Ab: it must be an http:// or https:// URL",
		"--flow-log=/nowhere/flow.log": "open the flow log: open /nowhere/flow.log: no such file or directory",
	} {
		_, stderr, code := parley(t, nil, "dev", "--listen", "127.0.0.1:0", flag)
		if code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s", flag, code, stderr)
		}
	}
}
