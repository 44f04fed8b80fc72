package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/parley-chat/parley/internal/flow"
)

// systemSettings is read where there is such a file.
const systemSettings = "/etc/parley.json"

// settings are the flags that have an environment variable. What the command line does not say comes from the
// environment, then from files: that of --config, then the machine's, in which they are named as the flags are, with _
// for -. Every source is read by type, see [typed]. Only commands with --config read files; development does not, so that
// a machine's own file never opens a server that accepts any credentials.
type settings struct {
	machine string // path of the machine's file
	opened  bool
	named   map[string]*kong.Flag // the settings of files, by name
	values  map[string]value      // what files say, by name
	from    map[*kong.Flag]string // the place of each flag that does not come from the command line: a variable, or FILE:LINE
	wrong   []wrongSetting
}

// value is what a file says for a setting.
type value struct {
	place string
	is    reflect.Value
}

// wrongSetting is what is wrong with a setting, and where.
type wrongSetting struct {
	file, text string
	line       int
}

func (w wrongSetting) Error() string {
	if w.line == 0 {
		return strings.TrimPrefix(w.file+": ", ": ") + w.text
	}
	return fmt.Sprintf("%s:%d: %s", w.file, w.line, w.text)
}

func settingName(flag *kong.Flag) string { return strings.ReplaceAll(flag.Name, "-", "_") }

// withoutEnvironment has kong leave the environment alone, whose errors quote what a variable holds. Help goes on naming
// the variables: flags keep their list.
func withoutEnvironment(app *kong.Application) {
	for _, command := range app.Leaves(false) {
		for _, flag := range command.Flags {
			flag.Tag.Envs = nil
		}
	}
}

// helpOf is kong's line of help for a flag, with the variables that kong was told to leave alone.
func helpOf(v *kong.Value) string {
	if v.Flag == nil {
		return kong.DefaultHelpValueFormatter(v)
	}
	shown, tag := *v, *v.Tag
	tag.Envs, shown.Tag = v.Flag.Envs, &tag
	return kong.DefaultHelpValueFormatter(&shown)
}

// Resolve returns the value of a flag that is not on the command line, nil for none. What is wrong is kept, so that
// Validate can tell all of it at once.
func (s *settings) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if len(flag.Envs) == 0 {
		return nil, nil
	}
	if !s.opened {
		s.opened = true
		s.open(ctx)
	}
	for _, name := range flag.Envs {
		text, set := os.LookupEnv(name)
		if !set {
			continue
		}
		s.from[flag] = name
		is := reflect.New(flag.Target.Type()).Elem()
		if err := fromText(flag.Value, text, is); err != nil {
			s.wrong = append(s.wrong, wrongSetting{text: name + " " + err.Error()})
			return nil, nil
		}
		return given{is}, nil
	}
	if v, ok := s.values[settingName(flag)]; ok && s.named[settingName(flag)] != nil {
		s.from[flag] = v.place
		return given{v.is}, nil
	}
	return nil, nil
}

// open reads the files, if the command reads any.
func (s *settings) open(ctx *kong.Context) {
	s.from, s.values, s.named = map[*kong.Flag]string{}, map[string]value{}, fileSettings(ctx.Model)
	flags := ctx.Flags()
	i := slices.IndexFunc(flags, isConfig)
	if i < 0 {
		return
	}
	if src, err := os.ReadFile(s.machine); !errors.Is(err, fs.ErrNotExist) {
		s.read(s.machine, src, err)
	}
	path, _ := ctx.FlagValue(flags[i]).(string)
	for _, name := range flags[i].Envs {
		if text, set := os.LookupEnv(name); set && path == "" {
			path = text
		}
	}
	if path != "" {
		src, err := os.ReadFile(kong.ExpandPath(path))
		s.read(path, src, err)
	}
}

func isConfig(f *kong.Flag) bool { return f.Name == "config" }

// fileSettings are those that a file may have: the settings of all commands that read one.
func fileSettings(app *kong.Application) map[string]*kong.Flag {
	named := map[string]*kong.Flag{}
	for _, command := range app.Leaves(false) {
		if !slices.ContainsFunc(command.Flags, isConfig) {
			continue
		}
		for _, flag := range command.Flags {
			if len(flag.Envs) > 0 && !isConfig(flag) {
				named[settingName(flag)] = flag
			}
		}
	}
	return named
}

// read takes what a file says, and notes what is wrong with it: all of it, whether this command needs it or not.
func (s *settings) read(path string, src []byte, err error) {
	if err != nil {
		s.wrong = append(s.wrong, wrongSetting{text: "settings file: " + err.Error()})
		return
	}
	entries, wrong := parseSettings(src)
	for _, e := range entries {
		flag := s.named[e.name]
		if flag == nil {
			wrong = append(wrong, wrongSetting{line: e.line, text: s.unknown(e.name)})
			continue
		}
		is := reflect.New(flag.Target.Type()).Elem()
		if at, err := fromJSON(flag.Value, e.raw, is); err != nil {
			wrong = append(wrong, wrongSetting{line: lineAt(src, e.at+at), text: e.name + " " + err.Error()})
			continue
		}
		s.values[e.name] = value{fmt.Sprintf("%s:%d", path, lineAt(src, e.at)), is}
	}
	slices.SortStableFunc(wrong, func(a, b wrongSetting) int { return cmp.Compare(a.line, b.line) })
	for _, w := range wrong {
		w.file = path
		s.wrong = append(s.wrong, w)
	}
}

// unknown says that there is no such setting. One that is misspelt would otherwise be left out in silence.
func (s *settings) unknown(name string) string {
	names := make([]string, 0, len(s.named))
	for known := range s.named {
		names = append(names, known)
	}
	slices.Sort(names)
	text := fmt.Sprintf("there is no setting of this name, which has %d characters", len(name))
	if plainName.MatchString(name) {
		text = fmt.Sprintf("there is no setting %q", name)
	}
	if near := flow.Nearest(name, names); near != "" {
		text += "; did you mean " + near + "?"
	}
	return text
}

// plainName is what a setting may be meant by. Anything else may be a value in the wrong place.
var plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_. -]{0,39}$`)

// Validate tells all that is wrong with the environment and the files.
func (s *settings) Validate(*kong.Application) error {
	wrong := make([]error, len(s.wrong))
	for i, w := range s.wrong {
		wrong[i] = w
	}
	return errors.Join(wrong...)
}

// mention is how errors name a setting: by its flag, or by its variable.
var mention = regexp.MustCompile(`--[a-z][a-z0-9-]*|PARLEY_[A-Z_]+`)

// locate puts before each line of an error where the setting that it names first comes from, if that is not the command
// line.
func (s *settings) locate(text string) string {
	place := map[string]string{}
	for flag, from := range s.from {
		place["--"+flag.Name] = from
		for _, name := range flag.Envs {
			place[name] = from
		}
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		for _, name := range mention.FindAllString(line, -1) {
			if from := place[name]; from != "" {
				lines[i] = from + ": " + line
				break
			}
		}
	}
	return strings.Join(lines, "\n")
}

// variablePrefix begins the names of parley's variables.
const variablePrefix = "PARLEY_"

// misspelt are variables that are probably meant for settings, each with the one that it is like. Others of the prefix may
// be anything: Kubernetes makes some for a service of that name.
func misspelt(app *kong.Application, environment []string) (names [][2]string) {
	var known []string
	for _, command := range app.Leaves(false) {
		for _, flag := range command.Flags {
			for _, name := range flag.Envs {
				if bare, ok := strings.CutPrefix(name, variablePrefix); ok {
					known = append(known, bare)
				}
			}
		}
	}
	slices.Sort(known)
	for _, one := range slices.Sorted(slices.Values(environment)) {
		name, _, _ := strings.Cut(one, "=")
		bare, ok := strings.CutPrefix(name, variablePrefix)
		if !ok || slices.Contains(known, bare) {
			continue
		}
		if near := flow.Nearest(bare, known); near != "" {
			names = append(names, [2]string{name, variablePrefix + near})
		}
	}
	return names
}
