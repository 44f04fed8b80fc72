package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/token"
	"github.com/parley-chat/parley/internal/wire"
)

// socketPath is where sockets are opened: the one address that is no operation of the API models. Amazon Connect's
// own is a host of its own, which clients take from CreateParticipantConnection's answer.
const socketPath = "/participant/socket"

// target is where a route leads: an operation, served or not, or the sockets.
type target struct {
	service, name, method string
	op                    *wire.Op // nil: not served
	do                    handler
	bearer                token.Kind // of the token that calls it; 0: it is signed instead
	maxBody               int        // bytes
	errors                [center.Unavailable + 1]wire.ErrorShape
	socket                bool
	configures            bool // it may change the configuration, which the audit log notes

	requests, refused, failed atomic.Int64
}

// node is a step of the path. A parameter stands where no constant does.
type node struct {
	constants map[string]*node
	parameter *node
	targets   []*target // one a method
}

// router finds targets by the escaped path, because arguments (ARNs, ids with a qualifier) may hold encoded slashes.
// It is complete once made. A slash at the end makes another path, as on AWS.
type router struct {
	root    node
	exact   map[string]*node // the paths without parameters, which are the busy ones
	targets []*target        // by service and name
}

func newRouter() *router {
	r := &router{exact: map[string]*node{}}
	ops := operations()
	for i := range ops {
		op := &ops[i]
		do := handlers[op.Service][op.Name]
		if do == nil {
			panic("api: no handler for " + op.Service + " " + op.Name)
		}
		t := &target{service: op.Service, name: op.Name, method: op.Method, op: op, do: do, maxBody: bodyBounds()[op.Service][op.Name], errors: exceptions(op)}
		_, ofContacts := contactOps[op.Name]
		t.configures = op.Service == connectService && op.Method != http.MethodGet && !ofContacts
		if op.Auth == wire.Bearer {
			t.bearer = token.Connection
			if op.Name == "CreateParticipantConnection" {
				t.bearer = token.Participant
			}
		}
		r.add(op.Path, t)
	}
	for _, o := range others() {
		r.add(o.Path, &target{service: o.Service, name: o.Name, method: o.Method})
	}
	r.add(socketPath, &target{service: participantService, name: "socket", method: http.MethodGet, socket: true})
	slices.SortFunc(r.targets, func(a, b *target) int {
		return strings.Compare(a.service+" "+a.name, b.service+" "+b.name)
	})
	return r
}

func (r *router) add(template string, t *target) {
	n := &r.root
	for segment := range strings.SplitSeq(template[1:], "/") {
		n = n.step(segment)
	}
	for _, other := range n.targets {
		if other.method == t.method {
			panic(fmt.Sprintf("api: %s %s leads to both %s and %s", t.method, template, other.name, t.name))
		}
	}
	n.targets = append(n.targets, t)
	r.targets = append(r.targets, t)
	if !strings.Contains(template, "{") {
		r.exact[template] = n
	}
}

// step is the node below n for a segment of a template.
func (n *node) step(segment string) *node {
	if segment[0] == '{' {
		if n.parameter == nil {
			n.parameter = &node{}
		}
		return n.parameter
	}
	next := n.constants[segment]
	if next == nil {
		if n.constants == nil {
			n.constants = map[string]*node{}
		}
		next = &node{}
		n.constants[segment] = next
	}
	return next
}

// knows says whether any path begins with this segment.
func (r *router) knows(segment string) bool { return r.root.constants[segment] != nil }

// find returns the node of a path and its unescaped arguments, appended to args; nil when no path is like it.
func (r *router) find(u *url.URL, args []string) (*node, []string) {
	path, escaped := u.Path, false
	if u.RawPath != "" {
		// Only then does unescaping before splitting make a difference.
		path, escaped = u.RawPath, true
	}
	if n := r.exact[path]; n != nil {
		return n, args
	}
	if path == "" || path[0] != '/' {
		return nil, args
	}
	return r.root.walk(path[1:], escaped, args)
}

// walk follows constants before parameters. It comes back from a constant that leads nowhere, so that an argument
// may read like one.
func (n *node) walk(rest string, escaped bool, args []string) (*node, []string) {
	segment, rest, more := strings.Cut(rest, "/")
	if escaped {
		var err error
		if segment, err = url.PathUnescape(segment); err != nil {
			return nil, args
		}
	}
	if next := n.constants[segment]; next != nil {
		if found, all := next.end(rest, more, escaped, args); found != nil {
			return found, all
		}
	}
	if n.parameter == nil || segment == "" {
		return nil, args
	}
	return n.parameter.end(rest, more, escaped, append(args, segment))
}

func (n *node) end(rest string, more, escaped bool, args []string) (*node, []string) {
	if more {
		return n.walk(rest, escaped, args)
	}
	if len(n.targets) == 0 {
		return nil, args
	}
	return n, args
}

// method finds the target of a method.
func (n *node) method(method string) *target {
	for _, t := range n.targets {
		if t.method == method {
			return t
		}
	}
	return nil
}

// methods names what may be called on the node's path.
func (n *node) methods() string {
	names := make([]string, len(n.targets))
	for i, t := range n.targets {
		names[i] = t.method + " (" + t.name + ")"
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func firstSegment(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}
