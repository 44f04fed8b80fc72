package flow

import (
	"slices"
	"strconv"
	"strings"
)

// Resource is a kind of what flows refer to.
type Resource string

// The kinds, as messages call them.
const (
	ResourceFlow     Resource = "flow"
	ResourceModule   Resource = "module"
	ResourceQueue    Resource = "queue"
	ResourceHours    Resource = "hours of operation"
	ResourceView     Resource = "view"
	ResourcePrompt   Resource = "prompt"
	ResourceFunction Resource = "function"
	ResourceBot      Resource = "bot"
)

// refers says which parameter names a resource: its place, where [] is each element of a list and * each member of an object.
type refers struct {
	at   string
	what Resource
}

// Need is a resource that a document names in so many words. References such as $.Attributes.queue lead to one that is known
// when the flow runs; they are no needs.
type Need struct {
	Kind Resource
	ID   string // id, ARN or name, as the document has it
	// Version is that of a view, where the document names it beside the id; "" otherwise.
	Version string
	Path    string // of the value in the document
}

// Needs are the resources that a document names, in its order. They must be there when it is published; which are, only an
// instance knows.
func Needs(p *Program) (all []Need) {
	for i := range p.actions {
		a := &p.actions[i]
		if a.kind == nil {
			continue
		}
		for _, r := range a.kind.refers {
			each(&a.params, r.at, actionPath(i)+".Parameters", func(in, n *node, path string) {
				id, ok := n.scalar()
				if !ok || newText(id).dynamic() || strings.HasPrefix(id, "$.") || strings.HasPrefix(id, "$[") {
					return // what is broken is a problem of another kind
				}
				need := Need{Kind: r.what, ID: id, Path: path}
				if r.what == ResourceView {
					if version, _ := in.get("Version").scalar(); !newText(version).dynamic() {
						need.Version = version
					}
				}
				all = append(all, need)
			})
		}
	}
	return all
}

// each hands over every value at a place below a value, with what it is in and its path.
func each(in *node, at, path string, do func(in, n *node, path string)) {
	name, rest, more := strings.Cut(at, ".")
	list := strings.HasSuffix(name, "[]")
	name = strings.TrimSuffix(name, "[]")
	step := func(n *node, path string) {
		if more {
			each(n, rest, path, do)
		} else {
			do(in, n, path)
		}
	}
	switch {
	case name == "*":
		for i, member := range in.names {
			step(&in.kids[i], path+"."+member)
		}
	case list:
		l := in.get(name)
		if l.kind != '[' {
			return
		}
		for i := range l.kids {
			step(&l.kids[i], path+"."+name+"["+strconv.Itoa(i)+"]")
		}
	default:
		step(in.get(name), path+"."+name)
	}
}

// managedViews are the ids of the views that every instance has.
var managedViews = []string{"after-contact-work", "cards", "confirmation", "detail", "form", "list"}

// Everywhere says that every instance has the resource.
func (n *Need) Everywhere() bool {
	id := n.ID
	if _, after, ok := strings.Cut(id, ":aws:view/"); ok {
		id = after
	}
	id, _, _ = strings.Cut(id, ":")
	return n.Kind == ResourceView && slices.Contains(managedViews, id)
}

// Absent are the problems of a document that cannot be published because what it needs is not there. Of the words for them,
// those for an assistant that is not there are recorded from the service; that they are the same for all kinds is inferred.
func Absent(needs []Need) (all []Problem) {
	for _, n := range needs {
		all = append(all, Problem{Message: "Invalid Action property value. Path: " + n.Path + " (" + n.absent() + ")", Path: n.Path})
	}
	return all
}

// absent says in a few words what is not there.
func (n *Need) absent() string {
	switch n.Kind {
	case ResourceFunction:
		return n.String() + " is not associated with the instance: call AssociateLambdaFunction, or in development say where it is by --lambda"
	case ResourceBot:
		return n.String() + " is not associated with the instance: call AssociateBot, or in development say where it is by --lex"
	}
	return "the instance has no " + n.String()
}

// String is what people call the resource.
func (n *Need) String() string {
	text := string(n.Kind) + " " + short(n.ID)
	if n.Version != "" && n.Version != "Latest" {
		text += " in version " + short(n.Version)
	}
	return text
}
