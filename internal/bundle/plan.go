package bundle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What a change does.
const (
	Create  = "create"
	Update  = "update"
	Replace = "replace"
	Delete  = "delete"
	Stay    = "keep" // it is not in the files, and stays
)

// Change is one line of a plan.
type Change struct {
	Do      string   `json:"do"`
	Kind    string   `json:"kind"`
	Name    string   `json:"name"`
	Members []string `json:"members,omitempty"` // of an update
	Why     string   `json:"why,omitempty"`     // of what is kept

	want, have *resource
	moved      map[key]bool // what it refers to and gets a new id
}

func (c *Change) String() string {
	s := c.Do + " " + c.Kind + " " + c.Name
	if len(c.Members) > 0 {
		s += ": " + strings.Join(c.Members, ", ")
	}
	if c.Why != "" {
		s += ": " + c.Why
	}
	return s
}

// Plan is what it takes to make an instance what files say.
type Plan struct {
	Changes   []*Change
	Unchanged int

	client     *Client
	want, have *Bundle
}

// Empty says that there is nothing to change.
func (p *Plan) Empty() bool {
	return !slices.ContainsFunc(p.Changes, func(c *Change) bool { return c.Do != Stay })
}

// Count is how many changes of a sort there are.
func (p *Plan) Count(do string) (n int) {
	for _, c := range p.Changes {
		if c.Do == do {
			n++
		}
	}
	return n
}

// Plan compares files with the instance. With remove, what the instance has and the files have not is deleted, of the kinds
// that have a folder. The problems are those between the files, and between them and the instance.
func (c *Client) Plan(ctx context.Context, want *Bundle, remove bool) (*Plan, Problems, error) {
	have, err := c.Read(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := c.match(have, want); err != nil {
		return nil, nil, err
	}
	p := &Plan{client: c, want: want, have: have}
	var problems Problems
	gone := map[key]bool{}
	for _, r := range have.all {
		if want.has(r.of) && want.by[r.key] == nil && remove {
			change := &Change{Do: Delete, Kind: r.kind, Name: r.name, have: r}
			switch {
			case r.of.stock != nil && r.of.stock(r.name):
				change.Do, change.Why = Stay, "every instance has it from its beginning"
			case r.of.remove == "":
				change.Do, change.Why = Stay, "there is no operation that deletes it"
			default:
				gone[r.key] = true
			}
			p.Changes = append(p.Changes, change)
		}
	}
	var changes []*Change
	moved := map[key]bool{}
	for _, r := range want.all {
		if r.of.fixed != nil && r.of.fixed(r.name) {
			p.Unchanged++
			continue
		}
		if wrong := r.settle(); wrong != "" {
			problems = append(problems, Problem{r.file, 1, wrong})
		}
		if !have.has(r.of) {
			problems = append(problems, Problem{File: r.file, Text: "the server does not serve " + r.kind + ": " + r.of.list + " is answered with " + notServed})
			continue
		}
		change, wrong := compareWith(have.by[r.key], r)
		problems = append(problems, wrong...)
		if change.Do == Replace || r.of.is != "" && change.Do == Create {
			moved[r.key] = true
		}
		changes = append(changes, change)
	}
	for _, change := range changes {
		change.follow(moved)
		problems = append(problems, change.stale()...)
		if change.Do == "" {
			p.Unchanged++
		} else {
			p.Changes = append(p.Changes, change)
		}
	}
	problems = append(problems, p.dangling(gone)...)
	problems = append(problems, p.circles()...)
	for _, r := range want.all {
		problems = append(problems, r.calls(p.settings)...)
	}
	return p, problems, nil
}

// Skip leaves kinds out of a bundle, as if it had no folders of them. What refers to them must be in the instance.
func (b *Bundle) Skip(words ...string) error {
	for _, word := range words {
		if err := knownKind(word); err != nil {
			return err
		}
		b.kinds = slices.DeleteFunc(b.kinds, func(k *kind) bool { return k.word == word })
		b.all = slices.DeleteFunc(b.all, func(r *resource) bool { return r.kind == word })
		maps.DeleteFunc(b.by, func(k key, _ *resource) bool { return k.kind == word })
	}
	return nil
}

// compareWith is what makes a resource what a file says; its Do is empty when it is that already.
func compareWith(have, want *resource) (*Change, Problems) {
	c := &Change{Kind: want.kind, Name: want.name, want: want, have: have}
	if have == nil {
		c.Do = Create
		for _, m := range want.of.members {
			if m.hidden && want.members.get(m.name) == nil {
				return c, Problems{{want.file, 1, "there is no such " + want.kind + " in the instance, and none can be made without " + m.name +
					", which the service never shows: add it to the file"}}
			}
		}
		if want.of.cannot != nil {
			if why := want.of.cannot(want.name); why != "" {
				return c, Problems{{want.file, 1, why}}
			}
		}
		if want.of.create == "" {
			return c, Problems{{want.file, 1, "there is no such " + want.kind + " in the instance, and no operation that makes one"}}
		}
		return c, nil
	}
	var fixed []string
	for _, name := range differing(have.members, want.members) {
		if m := want.of.member(name); m != nil && (m.hidden || m.given && want.members.get(name) == nil) {
			continue
		}
		c.Members = append(c.Members, name)
		if !want.of.changes(name) {
			fixed = append(fixed, name)
		}
	}
	var problems Problems
	switch {
	case len(c.Members) == 0:
		return c, nil
	case len(fixed) > 0 && want.of.replace:
		c.Do = Replace
		return c, nil
	case len(fixed) > 0:
		problems = append(problems, Problem{want.file, line(want.src, want.root.find(fixed[0]).at),
			fmt.Sprintf("%s of the %s cannot be changed; delete it in the instance first", strings.Join(fixed, " and "), want)})
	}
	c.Do = Update
	if t := want.of.contents; t != nil {
		for _, text := range t.conflicts(have.members, want.members) {
			problems = append(problems, Problem{want.file, 1, text})
		}
	}
	return c, problems
}

// changes says whether a member of what exists can be changed.
func (k *kind) changes(name string) bool {
	m := k.member(name)
	return m == nil || m.part != nil || slices.ContainsFunc(k.updates, func(u update) bool { return slices.Contains(u.members, name) })
}

// differing are the names of the members that are not the same.
func differing(a, b *value) (names []string) {
	for _, name := range append(slices.Clone(a.names), b.names...) {
		if !slices.Contains(names, name) && !equal(a.get(name), b.get(name)) {
			names = append(names, name)
		}
	}
	return names
}

// follow makes an update of what refers to something that gets a new id or ARN.
func (c *Change) follow(moved map[key]bool) {
	if c.Do != "" && c.Do != Update {
		return
	}
	before, later := c.want.needs()
	maps.Copy(before, later)
	for k := range before {
		if moved[k] && (c.have == nil || refersNow(c.have, k)) {
			c.Do = Update
			if c.moved == nil {
				c.moved = map[key]bool{}
			}
			c.moved[k] = true
		}
	}
	for i, name := range c.want.members.names {
		if c.moved != nil && !slices.Contains(c.Members, name) && c.want.members.kids[i].refersTo(c.moved) {
			c.Members = append(c.Members, name)
		}
	}
}

// stale are the versions that would have to be of something else, as what they refer to gets a new id.
func (c *Change) stale() (all Problems) {
	if c.have == nil || c.moved == nil {
		return nil
	}
	there := versionsOf(c.have.members)
	for n, v := range versionsOf(c.want.members) {
		for k := range c.moved {
			if there[n] != nil && v.refersTo(map[key]bool{k: true}) {
				all = append(all, Problem{c.want.file, line(c.want.src, v.at), fmt.Sprintf("version %d refers to %s, which gets a new id, and versions do not change: give it a new number", n, k)})
			}
		}
	}
	return all
}

// refersNow says that a resource of the instance refers to another by its name, as far as that was known.
func refersNow(r *resource, k key) bool { return r.members.refersTo(map[key]bool{k: true}) }

func (v *value) refersTo(keys map[key]bool) (does bool) {
	v.each(func(t *value) string {
		for _, p := range refs(t.text) {
			does = does || keys[p.key]
		}
		return t.text
	})
	return does
}

// dangling are references to what is neither in the files nor, when the change is done, in the instance.
func (p *Plan) dangling(gone map[key]bool) (all Problems) {
	for _, r := range p.want.all {
		c := checker{r: r}
		r.members.each(func(v *value) string {
			for _, ref := range refs(v.text) {
				switch {
				case ref.kind == instanceWord || p.want.by[ref.key] != nil:
				case gone[ref.key]:
					c.wrong(v, "%s is not in the files, and is to be deleted", ref.key)
				case p.have.by[ref.key] == nil:
					c.wrong(v, "%s is neither in the files nor in the instance%s", ref.key, p.meant(ref.key))
				}
			}
			return v.text
		})
		all = append(all, c.problems...)
	}
	return all
}

// meant suggests a name that differs in case or spaces only.
func (p *Plan) meant(k key) string {
	plain := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
	for _, b := range []*Bundle{p.want, p.have} {
		for _, r := range b.all {
			if r.kind == k.kind && plain(r.name) == plain(k.name) {
				return "; there is " + r.key.String()
			}
		}
	}
	return ""
}

// circles refuses resources that each must be there before the other.
func (p *Plan) circles() Problems {
	circle := p.want.circle()
	if circle == nil {
		return nil
	}
	names := make([]string, 0, len(circle)+1)
	for _, r := range append(circle, circle[0]) {
		names = append(names, r.key.String())
	}
	return Problems{{circle[0].file, 1, "these refer to each other in a circle, and none can be made first: " + strings.Join(names, " → ")}}
}

// settings are a module's contract.
func (p *Plan) settings(k key) string {
	for _, b := range []*Bundle{p.want, p.have} {
		if r := b.by[k]; r != nil {
			return writeTextOf(resolve(r.members.get("Settings"), stand))
		}
	}
	return ""
}

func writeTextOf(v *value) string {
	if v == nil {
		return ""
	}
	return writeText(v).str()
}

// Apply carries the plan out. done is told of each change when it is made. What fails ends it; what was done until then
// stays, and the next plan goes on from there.
func (p *Plan) Apply(ctx context.Context, done func(*Change)) error {
	a := &applying{Plan: p, ids: map[key]*target{}, made: map[*Change]bool{}, done: done}
	for _, r := range p.have.all {
		a.ids[r.key] = &target{kind: r.kind, id: r.id, arn: r.arn}
	}
	// What there may be few of, or whose name a new one may have, makes room first, where nothing uses it.
	early := func(k *kind) bool { return k.early }
	if err := a.deletes(ctx, early, true); err != nil {
		return err
	}
	for _, c := range p.Changes {
		if c.Do == Replace {
			if err := a.makeRoom(ctx, c); err != nil {
				return c.failed(err)
			}
		}
	}
	// What an instance has one of decides what can be made in it. What it can only become when others are gone comes last.
	left, err := a.updates(ctx, func(k *kind) bool { return k.single != "" }, true)
	if err != nil {
		return err
	}
	if err := a.creates(ctx); err != nil {
		return err
	}
	if _, err := a.updates(ctx, func(k *kind) bool { return k.single == "" }, false); err != nil {
		return err
	}
	if err := a.deletes(ctx, func(*kind) bool { return true }, false); err != nil {
		return err
	}
	if left {
		_, err = a.updates(ctx, func(k *kind) bool { return k.single != "" }, false)
	}
	return err
}

// makeRoom deletes what is to be replaced. Associations that hold it, and get the new one, are taken away before.
func (a *applying) makeRoom(ctx context.Context, c *Change) error {
	err := a.remove(ctx, c.have)
	if !refused(err, inUse) {
		return err
	}
	for _, o := range a.Changes {
		if o.Do == Update && o.moved[c.want.key] && o.want.of.removeAs != nil {
			if err := a.remove(ctx, o.have); err != nil {
				return err
			}
		}
	}
	return a.remove(ctx, c.have)
}

// updates makes the updates of some kinds. With try, those of what is in use are left for later.
func (a *applying) updates(ctx context.Context, of func(*kind) bool, try bool) (left bool, err error) {
	for _, c := range a.Changes {
		if c.Do != Update || a.made[c] || !of(c.want.of) {
			continue
		}
		switch err := a.update(ctx, c); {
		case err == nil:
			a.tell(c)
		case try && refused(err, inUse):
			left = true
		default:
			return left, c.failed(err)
		}
	}
	return left, nil
}

func (c *Change) failed(err error) error {
	return fmt.Errorf("%s %s %s: %w", c.Do, c.Kind, c.Name, err)
}

type applying struct {
	*Plan
	ids   map[key]*target
	done  func(*Change)
	made  map[*Change]bool
	count int
}

func (a *applying) tell(c *Change) {
	a.count++
	a.made[c] = true
	a.client.tell("apply", a.count, len(a.Changes)-a.Count(Stay))
	if a.done != nil {
		a.done(c)
	}
}

// resolved is a value with the ids and ARNs of this instance.
func (a *applying) resolved(v *value) *value {
	return resolve(v, func(p placeholder) string {
		if p.kind == instanceWord {
			return pick(p.arn, a.client.arn, a.client.Instance)
		}
		if t := a.ids[p.key]; t != nil {
			return pick(p.arn, t.arn, t.id)
		}
		return p.String()
	})
}

func pick(arn bool, an, id string) string {
	if arn && an != "" {
		return an
	}
	return id
}

// creates makes what is new: what others refer to first. What refers to something in a circle is made without that, and
// completed when all is there.
func (a *applying) creates(ctx context.Context) error {
	type making struct {
		*Change
		before, later map[key]bool
	}
	var open []*making
	for _, c := range a.Changes {
		if c.Do != Create && c.Do != Replace {
			continue
		}
		m := &making{Change: c}
		m.before, m.later = c.want.needs()
		open = append(open, m)
		if c.want.of.is != "" { // its id is what the file says
			a.ids[c.want.key] = &target{kind: c.Kind, id: c.want.members.find(c.want.of.is).str()}
		}
	}
	pending := map[key]bool{}
	for _, m := range open {
		pending[m.want.key] = true
	}
	ready := func(needs map[key]bool) bool {
		for k := range needs {
			if pending[k] {
				return false
			}
		}
		return true
	}
	var unfinished []func() error
	for len(open) > 0 {
		i := slices.IndexFunc(open, func(m *making) bool { return ready(m.before) && ready(m.later) })
		whole := i >= 0
		if !whole {
			i = slices.IndexFunc(open, func(m *making) bool { return ready(m.before) })
		}
		if i < 0 {
			return errors.New("the files refer to each other in a circle") // which the plan has refused
		}
		m := open[i]
		open = slices.Delete(open, i, i+1)
		finish, err := a.create(ctx, m.want, !whole)
		if err != nil {
			return m.failed(err)
		}
		delete(pending, m.want.key)
		complete := func() error {
			if err := finish(); err != nil {
				return m.failed(err)
			}
			a.tell(m.Change)
			return nil
		}
		if !whole {
			unfinished = append(unfinished, complete)
		} else if err := complete(); err != nil {
			return err
		}
	}
	for _, complete := range unfinished {
		if err := complete(); err != nil {
			return err
		}
	}
	return nil
}

// create makes a resource, without its contents when they refer to what is not there yet, and returns what completes it.
func (a *applying) create(ctx context.Context, r *resource, empty bool) (finish func() error, err error) {
	k := r.of
	t := &target{kind: r.kind}
	have := object()
	want := r.members
	if k.contents != nil {
		if t, have, err = k.contents.create(ctx, a.client, k, r.name, a.resolved(want), empty); err != nil {
			return nil, err
		}
		t.kind = r.kind
	} else {
		answer, err := a.client.call(ctx, k.create, k.creating(r.name, a.resolved(want)))
		if err != nil {
			return nil, err
		}
		t.id, t.arn = answer.get(strings.Split(k.made, ".")...).str(), firstARN(answer)
		switch {
		case k.is != "":
			t.id = want.find(k.is).str()
		case k.made == "":
			t.id = r.name
		}
	}
	a.ids[r.key] = t
	return func() error {
		want := a.resolved(r.members)
		if k.contents != nil {
			if err := k.contents.apply(ctx, a.client, t.id, have, want); err != nil {
				return err
			}
		}
		for _, u := range k.updates {
			if slices.ContainsFunc(u.members, func(name string) bool { return k.later(name) && want.get(name) != nil }) {
				if err := a.call(ctx, k, u, r.name, t.id, want); err != nil {
					return err
				}
			}
		}
		for _, m := range k.members {
			if m.part != nil && m.later && want.get(m.name) != nil {
				if err := m.part.write(ctx, a.client, t, nil, want.get(m.name)); err != nil {
					return err
				}
			}
		}
		return nil
	}, nil
}

func (a *applying) call(ctx context.Context, k *kind, u update, name, id string, want *value) error {
	_, err := a.client.call(ctx, u.op, k.updating(u, name, want).with(args{k.id: id}))
	return err
}

// firstARN is the ARN that an answer has.
func firstARN(answer *value) string {
	for i, name := range answer.names {
		if strings.HasSuffix(strings.ToLower(name), "arn") {
			return answer.kids[i].str()
		}
	}
	return ""
}

// update changes a resource that exists.
func (a *applying) update(ctx context.Context, c *Change) error {
	k, t := c.want.of, a.ids[c.want.key]
	have, want := c.have.raw, a.resolved(c.want.members)
	changed := func(name string) bool { return slices.Contains(c.Members, name) }
	for _, u := range k.updates {
		if slices.ContainsFunc(u.members, changed) {
			if err := a.call(ctx, k, u, c.Name, t.id, want); err != nil {
				return err
			}
		}
	}
	if k.contents != nil && slices.ContainsFunc(k.contents.names(), changed) {
		if err := k.contents.apply(ctx, a.client, t.id, have, want); err != nil {
			return err
		}
	}
	for _, m := range k.members {
		if m.part != nil && changed(m.name) {
			if err := m.part.write(ctx, a.client, t, have.get(m.name), want.get(m.name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *applying) remove(ctx context.Context, r *resource) error {
	in := args{r.of.id: r.id}
	if r.of.removeAs != nil {
		in = r.of.removeAs(r.id, r.raw)
	}
	_, err := a.client.call(ctx, r.of.remove, in)
	return err
}

// deletes deletes what is to go of some kinds. What another one still uses is tried again when that is gone. With try, what
// cannot be deleted yet is left for later.
func (a *applying) deletes(ctx context.Context, of func(*kind) bool, try bool) error {
	var open []*Change
	for _, c := range a.Changes {
		if c.Do == Delete && !a.made[c] && of(c.have.of) {
			open = append(open, c)
		}
	}
	slices.Reverse(open) // what others refer to stands before them in the order of kinds
	for len(open) > 0 {
		var left []*Change
		var why error
		for _, c := range open {
			err := a.remove(ctx, c.have)
			switch {
			case err == nil || refused(err, notFound):
				a.tell(c)
			case refused(err, inUse):
				left, why = append(left, c), c.failed(err)
			default:
				return c.failed(err)
			}
		}
		if len(left) == len(open) {
			if try {
				return nil
			}
			return why
		}
		open = left
	}
	return nil
}
