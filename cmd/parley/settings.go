package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// settings are a JSON file of settings, named as the flags are, with _ for -. A flag goes before the environment, the
// environment before the file, the file before what is built in. The file is production's: development does not read
// it, so that a machine's own file never opens a server that accepts any credentials.
type settings map[string]any

// systemSettings is read where there is such a file.
const systemSettings = "/etc/parley.json"

func readSettings(r io.Reader) (kong.Resolver, error) {
	s := settings{}
	if err := json.NewDecoder(r).Decode(&s); err != nil {
		return nil, fmt.Errorf("the settings must be one JSON object: %w", err)
	}
	return s, nil
}

func settingName(flag *kong.Flag) string { return strings.ReplaceAll(flag.Name, "-", "_") }

// Validate refuses a name that is no setting: one that is misspelt would be left out in silence.
func (s settings) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, command := range app.Leaves(true) {
		for _, flag := range command.Flags {
			known[settingName(flag)] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if !known[name] {
			return fmt.Errorf("settings file: there is no setting %q", name)
		}
	}
	return nil
}

// Resolve returns a flag's value, nil for none.
func (s settings) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if strings.HasPrefix(ctx.Command(), "dev") {
		return nil, nil
	}
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	return s[settingName(flag)], nil
}
