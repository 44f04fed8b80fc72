package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// flagsOf are the flags of a command, by name.
func flagsOf(t *testing.T, app *kong.Application, command string) map[string]*kong.Flag {
	t.Helper()
	for _, node := range app.Leaves(false) {
		if node.Path() == "parley "+command || node.Path() == command {
			flags := map[string]*kong.Flag{}
			for _, f := range node.Flags {
				flags[f.Name] = f
			}
			return flags
		}
	}
	t.Fatalf("there is no command %s", command)
	return nil
}

// samples are, for a setting, values that it takes, and the JSON that it does not: each of another type, or out of range.
type samples struct {
	text  string // on the command line and in a variable
	json  string
	wrong []string // JSON
	bad   []string // texts
}

func samplesOf(t *testing.T, f *kong.Flag) samples {
	t.Helper()
	never := []string{`null`, `{"a":{"b":1}}`, `[[1]]`}
	notTexts := append([]string{`7`, `-7`, `1.5`, `true`, `["x"]`, `{}`}, never...)
	switch typ := f.Target.Type(); {
	case typ == reflect.TypeFor[time.Duration]():
		return samples{"90s", `"90s"`, append([]string{`"20"`, `"-20s"`, `""`, `"soon"`, `20000000000`}, notTexts...), []string{"20", "-20s", "", "soon"}}
	case typ == reflect.TypeFor[slog.Level]():
		return samples{"warn", `"warn"`, append([]string{`"noisy"`, `""`, `"4"`}, notTexts...), []string{"noisy", "", "4"}}
	case typ.Kind() == reflect.Bool:
		return samples{"true", `true`, append([]string{`"true"`, `"yes"`, `""`, `1`, `0`, `[]`, `{}`}, never...), []string{"maybe", "", "2"}}
	case typ.Kind() == reflect.Int, typ.Kind() == reflect.Int64:
		return samples{"7", `7`, append([]string{`"7"`, `""`, `-7`, `1.5`, `1e3`, `true`, `[]`, `{}`, `99999999999999999999`}, never...), []string{"-7", "1.5", "0x7", "x", "", "99999999999999999999"}}
	case typ == reflect.TypeFor[[]string]():
		return samples{"10.0.0.1:1,10.0.0.2:2", `["10.0.0.1:1","10.0.0.2:2"]`, append([]string{`7`, `true`, `{}`, `["10.0.0.1:1",7]`, `[null]`, `["nowhere"]`}, never...), []string{"nowhere"}}
	case typ == reflect.TypeFor[map[string]string]():
		return samples{"a=http://x;b=http://y", `{"a":"http://x","b":"http://y"}`, append([]string{`7`, `true`, `[]`, `"a"`, `{"a":7}`, `{"a":null}`, `{"a":"b","a":"c"}`}, never...), []string{"a", "http://x/?y=z"}}
	case f.Tag.Type == addressType, f.Tag.Type == addressOrNone:
		return samples{"127.0.0.1:4599", `"127.0.0.1:4599"`, append([]string{`"nowhere"`, `"127.0.0.1"`, `"127.0.0.1:"`, `"127.0.0.1:70000"`, `"127.0.0.1:-1"`, `":x:1"`}, notTexts...), []string{"nowhere", "127.0.0.1:70000"}}
	case typ.Kind() == reflect.String && f.Enum != "":
		one := f.EnumSlice()[0]
		return samples{one, `"` + one + `"`, append([]string{`"none of them"`}, notTexts...), []string{"none of them"}}
	case typ.Kind() == reflect.String:
		return samples{"/text", `"/text"`, notTexts, nil}
	default:
		t.Fatalf("--%s is of type %s, of which this test has no samples", f.Name, typ)
		return samples{}
	}
}

// Every setting of a server is read by its type, wherever it comes from, and a wrong value is refused with its place and
// the setting's name. New settings are tested by being there.
func TestEverySettingIsReadByItsType(t *testing.T) {
	for _, command := range []string{"serve", "dev"} {
		app := newParser(new(cli), "").Model
		for name, flag := range flagsOf(t, app, command) {
			if len(flag.Envs) == 0 || name == "config" {
				continue
			}
			variable := "PARLEY_" + strings.ToUpper(settingName(flag))
			t.Run(command+" "+name, func(t *testing.T) {
				if !slices.Contains(flag.Envs, variable) {
					t.Errorf("its variables are %v, want %s", flag.Envs, variable)
				}
				is := samplesOf(t, flag)
				parse := func(args ...string) (any, error) {
					p := newParser(new(cli), "")
					_, err := p.Parse(append([]string{command}, args...))
					return flagsOf(t, p.Model, command)[name].Target.Interface(), err
				}
				want, err := parse("--" + name + "=" + is.text)
				if err != nil {
					t.Fatalf("as a flag: %v", err)
				}
				if reflect.DeepEqual(want, flag.DefaultValue.Interface()) {
					t.Fatalf("the flag sets nothing: %v", want)
				}
				for _, text := range is.bad {
					if _, err := parse("--" + name + "=" + text); err == nil || !strings.Contains(err.Error(), "--"+name+": takes ") {
						t.Errorf("--%s=%s: %v", name, text, err)
					}
				}
				t.Run("environment", func(t *testing.T) {
					t.Setenv(variable, is.text)
					if got, err := parse(); err != nil || !reflect.DeepEqual(got, want) {
						t.Errorf("%v, %v, want %v", got, err, want)
					}
					for _, text := range is.bad {
						t.Setenv(variable, text)
						_, err := parse()
						if err == nil || !strings.Contains(err.Error(), variable+" takes ") || len(text) > 3 && strings.Contains(err.Error(), text) {
							t.Errorf("%s=%s: %v", variable, text, err)
						}
					}
				})
				if command == "serve" {
					settingInAFile(t, settingName(flag), is, want, parse)
				}
			})
		}
	}
}

func settingInAFile(t *testing.T, name string, is samples, want any, parse func(args ...string) (any, error)) {
	file := filepath.Join(t.TempDir(), "parley.json")
	said := func(json string) (any, error) {
		t.Helper()
		if err := os.WriteFile(file, []byte(json), 0o600); err != nil {
			t.Fatal(err)
		}
		return parse("--config", file)
	}
	if got, err := said(fmt.Sprintf(`{%q: %s}`, name, is.json)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("in a file: %v, %v, want %v", got, err, want)
	}
	for _, wrong := range is.wrong {
		_, err := said(fmt.Sprintf("{\n\n%q: %s}", name, wrong))
		if err == nil || !strings.Contains(err.Error(), file+":3: "+name+" ") {
			t.Errorf("%s in line 3 of a file: %v", wrong, err)
		}
	}
	misspelt := name + "s"
	if _, err := said(fmt.Sprintf("{\n%q: %s}", misspelt, is.json)); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%s:2: there is no setting %q; did you mean %s?", file, misspelt, name)) {
		t.Errorf("%s: %v", misspelt, err)
	}
}

// A setting that is of two types would be read from the file by one of them.
func TestASettingIsTheSameInAllCommands(t *testing.T) {
	app := newParser(new(cli), "").Model
	named := fileSettings(app)
	for _, command := range app.Leaves(false) {
		for _, flag := range command.Flags {
			if known := named[settingName(flag)]; known != nil && slices.ContainsFunc(command.Flags, isConfig) &&
				(known.Target.Type() != flag.Target.Type() || known.Tag.Type != flag.Tag.Type || !slices.Equal(known.Envs, flag.Envs)) {
				t.Errorf("--%s of %s is another than elsewhere", flag.Name, command.Path())
			}
		}
	}
}

// Both files count, that of --config first.
func TestTheMachinesSettings(t *testing.T) {
	dir := t.TempDir()
	machine, own := filepath.Join(dir, "machine.json"), filepath.Join(dir, "own.json")
	for file, text := range map[string]string{
		machine: `{"active_chats": 7, "region": "eu-west-2"}`, own: `{"active_chats": 8}`,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var c cli
	if _, err := newParser(&c, machine).Parse([]string{"serve", "--config", own}); err != nil || c.Serve.ActiveChats != 8 || c.Serve.Region != "eu-west-2" {
		t.Errorf("%d, %s, %v", c.Serve.ActiveChats, c.Serve.Region, err)
	}
	if err := os.WriteFile(machine, []byte(`{"active_chats":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newParser(new(cli), machine).Parse([]string{"key", "list"}); err == nil || !strings.Contains(err.Error(), machine+":1: ") {
		t.Errorf("a machine's file that is broken: %v", err)
	}
	for _, args := range [][]string{{"dev"}, {"chat"}, {"version"}} { // they do not read it
		if _, err := newParser(new(cli), machine).Parse(args); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestVariablesThatAreMisspelt(t *testing.T) {
	app := newParser(new(cli), "").Model
	got := misspelt(app, []string{
		"PARLEY_ACTIV_CHATS=7", "PARLEY_DB=x", "PARLEY_PUBLICURL=x", "HOME=/", "PARLEY_SERVICE_HOST=10.0.0.1", "PARLEY_PORT_4510_TCP_ADDR=10.0.0.1",
		"PARLEY_TEST_POSTGRES=x", "PARLEY_BUSROUTES=", "ACTIV_CHATS=7", "PARLEY_", "PARLEY_LOGLEVEL=debug",
	})
	want := [][2]string{
		{"PARLEY_ACTIV_CHATS", "PARLEY_ACTIVE_CHATS"}, {"PARLEY_BUSROUTES", "PARLEY_BUS_ROUTES"},
		{"PARLEY_LOGLEVEL", "PARLEY_LOG_LEVEL"}, {"PARLEY_PUBLICURL", "PARLEY_PUBLIC_URL"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, stderr, _ := parley(t, []string{"PARLEY_ACTIV_CHATS=hunter2"}, "key", "list"); !strings.Contains(stderr, "warning: PARLEY_ACTIV_CHATS is not read; did you mean PARLEY_ACTIVE_CHATS?") || strings.Contains(stderr, "hunter2") {
		t.Errorf("key list said %s", stderr)
	}
	if _, stderr, _ := parley(t, []string{"PARLEY_ACTIV_CHATS=hunter2"}, "serve"); !strings.Contains(stderr, `"did_you_mean":"PARLEY_ACTIVE_CHATS"`) || strings.Contains(stderr, "hunter2") {
		t.Errorf("serve said %s", stderr)
	}
}

func TestFlagsWithoutTheirValues(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"serve", "--region", "--db=postgres://parley:hunter2@db/x"}, "--region: takes a text, and there is none"},
		{[]string{"serve", "--active-chats"}, "--active-chats: takes a whole number"},
		{[]string{"serve", "--lambda", "--db=postgres://parley:hunter2@db/x"}, "--lambda: takes NAME=URL"},
		{[]string{"serve", "--db", "postgres://parley:hunt", "hunter2@db/x"}, "an argument too many for parley serve; a value with spaces needs quotes"},
		{[]string{"postgres://parley:hunter2@db/x"}, "no command of this name"},
		{[]string{"srve"}, `did you mean "serve"`},
	} {
		_, stderr, code := parley(t, nil, c.args...)
		if code != 80 || !strings.Contains(stderr, c.want) || strings.Contains(stderr, "hunter2") {
			t.Errorf("%v: exit %d, %s, want %s", c.args, code, stderr, c.want)
		}
	}
}
