package rehearsal

import (
	"fmt"
	"maps"
	"slices"

	"github.com/parley-chat/parley/internal/flow"
)

// Check refuses stubs of what no flow can ask.
func (s *Stubs) Check() error {
	known := map[string]bool{"*": true}
	for _, a := range flow.Actions() {
		if a.System != "" {
			known[a.Type], known[a.System] = true, true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Systems)) {
		if known[name] {
			continue
		}
		text := fmt.Sprintf("systems: no action asks %s: name a type of action or a system", name)
		if near := flow.Nearest(name, slices.Sorted(maps.Keys(known))); near != "" {
			text += "; did you mean " + near + "?"
		}
		return fmt.Errorf("%s", text)
	}
	return nil
}

// use remembers that a stub was asked.
func (s *Staged) use(kind, key string) {
	if s.used == nil {
		s.used = make(map[string]bool)
	}
	s.used[kind+" "+key] = true
}

// Unused are the stubs that no flow has asked, as "function orders". One for whatever has no other is not expected to be.
func (s *Staged) Unused() (all []string) {
	unused := func(kind string, names []string) {
		for _, name := range names {
			if name != "*" && !s.used[kind+" "+name] {
				all = append(all, kind+" "+name)
			}
		}
	}
	unused(ofFunction, slices.Sorted(maps.Keys(s.Lambda)))
	unused(ofBot, slices.Sorted(maps.Keys(s.Lex)))
	unused(ofSystem, slices.Sorted(maps.Keys(s.Systems)))
	unused(ofView, slices.Sorted(maps.Keys(s.Views)))
	unused(ofQueue, slices.Sorted(maps.Keys(s.Queues)))
	unused(ofHours, slices.Sorted(maps.Keys(s.Hours)))
	unused(ofFlow, slices.Sorted(maps.Keys(s.Scripts)))
	unused(ofModule, slices.Sorted(maps.Keys(s.Parts)))
	return all
}

// The kinds of stubs, as notes call them.
const (
	ofFunction = "function"
	ofBot      = "bot"
	ofSystem   = "system"
	ofView     = "view"
	ofQueue    = "queue"
	ofHours    = "hours"
	ofFlow     = "flow"
	ofModule   = "module"
)
