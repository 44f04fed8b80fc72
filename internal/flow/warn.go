package flow

import "slices"

// Warnings are what a document may be wrong in though it can be published: where it rests on what Amazon Connect documents
// otherwise, or not at all.
func Warnings(p *Program, kind Kind) []Problem {
	return eachAction(p, func(c *checker) {
		if c.a.kind == nil || !kind.mayHave(c.a.name) {
			return // which is a problem
		}
		if kind != "" && slices.Contains(unoffered[c.a.name], kind) {
			c.report("The administrator guide does not offer the action in flows of type "+string(kind), c.path(".Type"))
		}
		for _, hook := range c.param("EventHooks").names {
			if c.a.name == "UpdateContactEventHooks" && slices.Contains(unoffered[c.a.name+" "+hook], kind) {
				c.report("The administrator guide does not offer the action for "+hook+" in flows of type "+string(kind), c.paramPath("EventHooks."+hook))
			}
		}
		for _, name := range c.a.kind.unpublished {
			if c.param(name).present() {
				c.report("Amazon Connect publishes nowhere how documents have the parameter "+name, c.paramPath(name))
			}
		}
	})
}
