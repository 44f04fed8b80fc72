package bundle

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Bundle is an instance, or a part of one: its resources with names in place of ids.
type Bundle struct {
	// kinds are those that the bundle says all about: of these, what it does not have is not there.
	kinds []*kind
	all   []*resource // by the order of kinds, then by name
	by    map[key]*resource

	marked bool // the directory has the file that says that it is an instance
}

// resource is one resource.
type resource struct {
	key
	of      *kind
	members *value // tidy, with placeholders

	// Of an instance:
	id, arn string
	raw     *value // as the service has it, tidy but for placeholders
	// described is the answer of describe, where the list had to ask for it.
	described *value

	// Of a file:
	file string
	src  []byte
	root *value
}

// settle brings the members into the form that is compared, or says what is wrong with them.
func (r *resource) settle() (wrong string) {
	if r.of.settle != nil {
		v := *r.members
		v.names, v.kids = slices.Clone(v.names), slices.Clone(v.kids)
		r.members, wrong = r.of.settle(r.name, &v)
	}
	r.members = r.of.tidy(r.members)
	return wrong
}

func (r *resource) String() string { return r.kind + " " + r.name }

func (b *Bundle) has(k *kind) bool { return slices.Contains(b.kinds, k) }

// sort brings the resources into their order.
func (b *Bundle) sort() {
	order := map[string]int{}
	for i, k := range kinds() {
		order[k.word] = i
	}
	slices.SortStableFunc(b.all, func(a, o *resource) int {
		return cmp.Or(cmp.Compare(order[a.kind], order[o.kind]), strings.Compare(a.name, o.name), strings.Compare(a.file, o.file))
	})
}

// Len is how many resources there are.
func (b *Bundle) Len() int { return len(b.all) }

// Listed names a resource.
type Listed struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// List names all resources.
func (b *Bundle) List() []Listed {
	all := []Listed{}
	for _, r := range b.all {
		all = append(all, Listed{r.kind, r.name})
	}
	return all
}

// Read reads the instance. Kinds that skip has are left out; what refers to them keeps their ids. So are kinds that the
// server does not serve.
func (c *Client) Read(ctx context.Context, skip ...string) (*Bundle, error) {
	for _, word := range skip {
		if err := knownKind(word); err != nil {
			return nil, err
		}
	}
	instance, err := c.call(ctx, "DescribeInstance", nil)
	if err != nil {
		return nil, fmt.Errorf("the instance %s: %w", c.Instance, err)
	}
	c.arn = instance.get("Instance", "Arn").str()
	c.alias = instance.get("Instance", "InstanceAlias").str()
	c.passwords = instance.get("Instance", "IdentityManagementType").str() == "CONNECT_MANAGED"
	c.numberFlows = nil
	b := &Bundle{}
	for i, k := range kinds() {
		if slices.Contains(skip, k.word) {
			continue
		}
		c.tell("list", i, len(kinds()))
		found, err := c.find(ctx, k)
		if refused(err, notServed) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list every %s: %w", k.word, err)
		}
		b.kinds = append(b.kinds, k)
		b.all = append(b.all, found...)
	}
	c.tell("list", len(kinds()), len(kinds()))
	var there []*resource
	for i, r := range b.all {
		c.tell("read", i, len(b.all))
		raw, err := c.describe(ctx, r)
		if refused(err, notFound) {
			continue // it was deleted since it was listed
		}
		if err != nil {
			return nil, fmt.Errorf("read the %s: %w", r, err)
		}
		r.raw = r.of.tidy(raw)
		there = append(there, r)
	}
	b.all = there
	c.name(b)
	c.tell("read", len(b.all), len(b.all))
	return b, b.index()
}

// index finds resources by their names.
func (b *Bundle) index() error {
	b.sort()
	b.by = map[key]*resource{}
	for _, r := range b.all {
		if other := b.by[r.key]; other != nil {
			return fmt.Errorf("the instance has two of the %s, %s and %s: files could not tell them apart", r, other.id, r.id)
		}
		b.by[r.key] = r
	}
	return nil
}

// match gives what lies outside of the instance, such as Lambda functions, the names that files have for it: whether a name
// or an ARN tells one from another depends on what else is there.
func (c *Client) match(have, want *Bundle) error {
	renamed := false
	for _, r := range want.all {
		if r.of.is == "" {
			continue
		}
		id := r.members.find(r.of.is).str()
		i := slices.IndexFunc(have.all, func(h *resource) bool { return h.kind == r.kind && h.id == id })
		if i < 0 || have.all[i].name == r.name {
			continue
		}
		for _, h := range have.all {
			if h.key == r.key {
				h.name = h.id
			}
		}
		have.all[i].name, renamed = r.name, true
	}
	if !renamed {
		return nil
	}
	c.name(have)
	return have.index()
}

// name writes names in place of ids.
func (c *Client) name(b *Bundle) {
	symbols := c.symbols(b.all)
	for _, r := range b.all {
		r.members = r.raw
		if r.of.is == "" {
			r.members = symbols.of(r.raw)
		}
		r.settle()
		if r.of.derive != nil && r.of.is == "" {
			r.name = r.of.derive(r.members)
		}
	}
}

func knownKind(word string) error {
	if kindOf(word) == nil {
		return fmt.Errorf("there is no kind %q; there are: %s", word, strings.Join(Kinds(), ", "))
	}
	return nil
}

// find lists the resources of a kind, with their names alone.
func (c *Client) find(ctx context.Context, k *kind) ([]*resource, error) {
	summaries, err := c.summaries(ctx, k)
	if err != nil {
		return nil, err
	}
	var all []*resource
	names := map[string]int{}
	for _, s := range summaries {
		if k.keep != nil && !k.keep(s) || k.fixed != nil && k.fixed(s.get(k.summary.name).str()) {
			continue
		}
		r := &resource{key: key{kind: k.word, name: s.get(k.summary.name).str()}, of: k, id: s.get(k.summary.id).str(), arn: s.get(k.summary.arn).str(), raw: s}
		if k.path != nil {
			r.described, err = c.call(ctx, k.describe, args{k.id: r.id})
			if refused(err, notFound) {
				continue // it was deleted since it was listed
			}
			if err != nil {
				return nil, err
			}
			r.name = k.path(r.described.get(k.at))
		}
		if k.is != "" {
			said := k.said(s)
			r.name, r.id = k.derive(said), said.find(k.is).str()
		}
		names[r.name]++
		all = append(all, r)
	}
	for _, r := range all {
		// Two functions of one name, in two regions, are told apart by their ARNs.
		if k.is != "" && names[r.name] > 1 {
			r.name = r.id
		}
	}
	return all, nil
}

// summaries are what the list of a kind says.
func (c *Client) summaries(ctx context.Context, k *kind) (all []*value, err error) {
	if k.single != "" {
		_, err := c.call(ctx, k.describe, nil) // whether it is served at all
		return []*value{one(k.summary.name, text(k.single))}, err
	}
	if len(k.each.values) == 0 {
		return c.pages(ctx, k.list, k.listArgs, k.under)
	}
	for _, v := range k.each.values {
		some, err := c.pages(ctx, k.list, k.listArgs.with(args{k.each.parameter: v}), k.under)
		if err != nil {
			return nil, err
		}
		for _, s := range some {
			s.set(k.each.member, text(v))
		}
		all = append(all, some...)
	}
	return all, nil
}

// said are the members that a kind reads of a summary or an answer.
func (k *kind) said(described *value) *value {
	out := object()
	for _, m := range k.members {
		switch {
		case m.part != nil || m.hidden:
		case m.read != nil:
			out.set(m.name, m.read(described))
		default:
			out.set(m.name, described.get(strings.Split(cmp.Or(m.from, m.name), ".")...))
		}
	}
	return out
}

// describe reads all of a resource.
func (c *Client) describe(ctx context.Context, r *resource) (*value, error) {
	k, described := r.of, r.raw
	var contents *value
	var err error
	switch {
	case k.contents != nil:
		described, contents, err = k.contents.find(ctx, c, r.id)
	case k.describe != "":
		if described = r.described; described == nil {
			described, err = c.call(ctx, k.describe, args{k.id: r.id})
		}
		if k.at != "" {
			described = described.get(k.at)
		}
	}
	if err != nil {
		return nil, err
	}
	out := k.said(described)
	if k.plain != nil {
		k.plain(c.alias, out)
	}
	for _, m := range k.members {
		if m.part == nil {
			continue
		}
		v, err := m.part.read(ctx, c, r.id, described)
		if err != nil {
			return nil, err
		}
		out.set(m.name, v)
	}
	if contents != nil {
		for i, name := range contents.names {
			out.set(name, contents.kids[i])
		}
	}
	return out, nil
}

// symbols know the ids and ARNs of resources and of the instance.
func (c *Client) symbols(all []*resource) *symbols {
	s := new(symbols)
	for _, r := range all {
		s.add(r.key, r.id, r.arn)
	}
	s.add(key{kind: instanceWord}, c.Instance, c.arn)
	return s
}

// needs are the resources that a resource refers to: those that must be there before it, and those that may come later.
func (r *resource) needs() (before, later map[key]bool) {
	before, later = map[key]bool{}, map[key]bool{}
	for i, name := range r.members.names {
		into := before
		if r.of.later(name) {
			into = later
		}
		r.members.kids[i].each(func(v *value) string {
			for _, p := range refs(v.text) {
				if p.kind != instanceWord && p.key != r.key {
					into[p.key] = true
				}
			}
			return v.text
		})
	}
	return before, later
}

// circle is a circle of resources each of which must be there before the next, nil for none.
func (b *Bundle) circle() []*resource {
	const under, done = 1, 2
	state := map[*resource]int{}
	var path []*resource
	var visit func(*resource) []*resource
	visit = func(r *resource) []*resource {
		switch state[r] {
		case done:
			return nil
		case under:
			return slices.Clone(path[slices.Index(path, r):])
		}
		state[r] = under
		path = append(path, r)
		before, _ := r.needs()
		for _, k := range slices.SortedFunc(maps.Keys(before), compareKeys) {
			if next := b.by[k]; next != nil {
				if found := visit(next); found != nil {
					return found
				}
			}
		}
		path = path[:len(path)-1]
		state[r] = done
		return nil
	}
	for _, r := range b.all {
		if found := visit(r); found != nil {
			return found
		}
	}
	return nil
}

func compareKeys(a, b key) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
}
