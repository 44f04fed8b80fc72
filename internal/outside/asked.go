package outside

import (
	"maps"
	"slices"
	"sync"
)

// Asked remembers by name who was asked. The zero value is ready; it is for many to use at once.
type Asked struct{ names sync.Map }

// Note remembers that one was asked.
func (a *Asked) Note(name string) { a.names.Store(name, true) }

// Never are the names of those with a URL who were not asked.
func (a *Asked) Never(urls map[string]string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(urls)), func(name string) bool {
		_, asked := a.names.Load(name)
		return asked
	})
}
