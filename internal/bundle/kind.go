package bundle

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
)

// kind is a kind of resource: which operations know it, and what of it travels. It is a row of the table in kinds.go.
type kind struct {
	word   string // in placeholders, files and messages: "queue"
	folder string // where its files are: "queues"

	// list is the operation that finds all of an instance, listArgs what it is asked, under where the summaries are in its
	// answer, and summary where in each of them id, ARN and name are. A kind whose resources have no ids of their own has
	// derive in place of a name.
	list     string
	listArgs args
	under    string
	summary  struct{ id, arn, name string }
	keep     func(*value) bool // nil: all
	// each is a parameter of the list that must be given, and the values to ask for one after the other. The value is put
	// into the summaries, as a member of that name.
	each struct {
		parameter, member string
		values            []string
	}
	// single is the name of what an instance has one of; nothing is listed then.
	single string
	// derive makes a name of a file's members, for what is known by what it says alone.
	derive func(*value) string
	// is is the member that is the id of what lies outside of the instance, such as the ARN of a Lambda function.
	is string

	// describe is the operation that shows one, at where it is in the answer; "" when the summary says all.
	describe, at string
	id           string // the member that names one in the path of its operations: "QueueId"
	also         []string

	members []member

	create   string
	createAs func(args) args // what a request to create says besides the members; nil: nothing
	named    string          // the member of that request that has the name; "" is Name, "-" none
	made     string          // the member of its answer that has the id
	updates  []update
	remove   string // deletes one; "" when there is no such operation
	removeAs func(id string, have *value) args
	// replace says that what no operation updates is changed by deleting and creating.
	replace bool

	// early says that what is to go is deleted before anything is made, where nothing uses it: there may be few at once, or
	// a new one may have its name.
	early bool
	// path is a name made of an answer of describe, where the names of the list may be those of several.
	path func(described *value) string
	// plain takes out of members what the service has put there of the instance's alias.
	plain func(alias string, members *value)
	// settle brings the members of a resource into the one form that is compared, or says what is wrong with them.
	settle func(name string, members *value) (*value, string)

	// fixed says that one cannot be changed: every instance has it as it is, so it does not travel.
	fixed func(name string) bool
	// cannot says why one of that name cannot be made; "" when it can.
	cannot func(name string) string

	stock func(name string) bool // every instance has it from its beginning; nil: none

	contents *contents // of flows, modules and views; nil for others
}

// member is something that a file says of a resource.
type member struct {
	name     string
	from     string // its path in the answer of describe; "" is its name
	read     func(*value) *value
	fallback *value              // what it is when a file leaves it out; nil: nothing
	clear    *value              // what an update says in place of nothing; nil: the empty string
	set      bool                // a list whose order means nothing
	given    bool                // the service gives one where a file says none
	hidden   bool                // the service takes it when it creates, and never shows it
	normal   func(*value) *value // a form in which what is the same is equal; nil: as it is
	later    bool                // the operation that creates does not take it, or not yet: others may refer in circles
	part     part                // has operations of its own
}

// update is an operation that changes some members. It is always given all of them.
type update struct {
	op      string
	members []string
	named   string          // the member that has the name; "" for none
	as      func(args) args // the members as the operation takes them; nil: as they are
}

// part is what has operations of its own.
type part interface {
	// read finds it, as the service has it. described is the answer of describe.
	read(ctx context.Context, c *Client, id string, described *value) (*value, error)
	// requests are made of what a file says, to be held against the API model.
	requests(want *value) []partial
	// write makes what is there what is wanted; either may be nil.
	write(ctx context.Context, c *Client, r *target, have, want *value) error
	// reads are the operations that read calls.
	reads() []string
}

// partial is a request made of some value of a file.
type partial struct {
	op   string
	args args
	of   *value
}

// target is a resource that a part belongs to.
type target struct{ kind, id, arn string }

// kindOf finds a kind by its word.
func kindOf(word string) *kind {
	return byWord()[word]
}

var byWord = sync.OnceValue(func() map[string]*kind {
	all := map[string]*kind{}
	for _, k := range kinds() {
		all[k.word] = k
	}
	return all
})

var byFolder = sync.OnceValue(func() map[string]*kind {
	all := map[string]*kind{}
	for _, k := range kinds() {
		all[k.folder] = k
	}
	return all
})

// Kinds are the words of all kinds, in the order of the table.
func Kinds() (all []string) {
	for _, k := range kinds() {
		all = append(all, k.word)
	}
	return all
}

// Folder is where the files of a kind are.
func Folder(word string) string {
	if k := kindOf(word); k != nil {
		return k.folder
	}
	return ""
}

// Reads are the operations that reading an instance calls.
var Reads = sync.OnceValue(func() []string {
	all := []string{"DescribeInstance", "ListInstances"}
	for _, k := range kinds() {
		all = append(all, k.list, k.describe)
		all = append(all, k.also...)
		for _, m := range k.members {
			if m.part != nil {
				all = append(all, m.part.reads()...)
			}
		}
		if k.contents != nil {
			all = append(all, k.contents.reads()...)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(op string) bool { return op == "" })
})

func (k *kind) member(name string) *member {
	i := slices.IndexFunc(k.members, func(m member) bool { return m.name == name })
	if i < 0 {
		return nil
	}
	return &k.members[i]
}

// names are the members that a file of the kind may have.
func (k *kind) names() []string {
	all := []string{"Kind", "Name"}
	for _, m := range k.members {
		all = append(all, m.name)
	}
	if k.contents != nil {
		all = append(all, k.contents.names()...)
	}
	return all
}

// tidy brings members into the form in which they are compared and written: in the order of the table, what is nothing or
// has its fallback left out, sets sorted.
func (k *kind) tidy(v *value) *value {
	out := object()
	for _, m := range k.members {
		kid := v.get(m.name)
		if kid.empty() || m.fallback != nil && equal(kid, m.fallback) {
			continue
		}
		if m.normal != nil {
			if kid = m.normal(kid); kid.empty() || m.fallback != nil && equal(kid, m.fallback) {
				continue
			}
		}
		if m.set {
			kid = sortedSet(kid)
		}
		out.set(m.name, kid)
	}
	if k.contents != nil {
		k.contents.tidy(v, out)
	}
	return out
}

func sortedSet(v *value) *value {
	if v.kind != '[' {
		return v
	}
	c := *v
	c.kids = slices.SortedStableFunc(slices.Values(v.kids), compare)
	return &c
}

// creating are the members with which a resource is created.
func (k *kind) creating(name string, v *value) args {
	in := args{}
	for _, m := range k.members {
		if kid := v.get(m.name); kid != nil && !m.later {
			in[m.name] = kid
		}
	}
	switch k.named {
	case "":
		in["Name"] = name
	case "-":
	default:
		in[k.named] = name
	}
	if k.createAs != nil {
		in = k.createAs(in)
	}
	return in
}

// updating are the members of an update.
func (k *kind) updating(u update, name string, v *value) args {
	in := args{}
	for _, of := range u.members {
		m := k.member(of)
		switch kid := v.get(of); {
		case kid != nil:
			in[of] = kid
		case m.fallback != nil:
			in[of] = m.fallback
		case m.clear != nil:
			in[of] = m.clear
		default:
			in[of] = ""
		}
	}
	if u.named != "" {
		in[u.named] = name
	}
	if u.as != nil {
		in = u.as(in)
	}
	return in
}

// later says that a reference in the member is one that may come after the resource is there.
func (k *kind) later(name string) bool {
	m := k.member(name)
	return m == nil || m.later
}

// set is a part that is a set: a list, and operations that add to it and take away from it.
type set struct {
	list    string
	under   string // where its elements are in the answer
	element string // what of an element travels; "" is all
	convert func(*value) *value
	add     string
	remove  string
	id      string // the member of the path that names the resource
	in      string // the member of add's and remove's requests that has the elements
	most    int    // elements in one request
	// removeIn and removal are where remove's requests have them and what they have, when that is not the same.
	removeIn string
	removal  func(*value) *value
}

func (s set) reads() []string {
	if s.list == "" {
		return nil
	}
	return []string{s.list}
}

func (s set) read(ctx context.Context, c *Client, id string, described *value) (*value, error) {
	all := list()
	found := described.get(strings.Split(s.under, ".")...).elements()
	if s.list != "" {
		var err error
		if found, err = c.pages(ctx, s.list, args{s.id: id}, s.under); err != nil {
			return nil, err
		}
	}
	for _, e := range found {
		if s.element != "" {
			e = e.get(strings.Split(s.element, ".")...)
		}
		if s.convert != nil {
			e = s.convert(e)
		}
		if e != nil {
			all.kids = append(all.kids, e)
		}
	}
	return all, nil
}

func (s set) requests(want *value) (all []partial) {
	for _, some := range s.batches(want.elements()) {
		all = append(all, partial{s.add, args{s.id: anID, s.in: list(some...)}, want})
	}
	return all
}

func (s set) batches(all []*value) [][]*value {
	return slices.Collect(slices.Chunk(all, max(s.most, 1)))
}

func (s set) write(ctx context.Context, c *Client, r *target, have, want *value) error {
	gone, fresh := difference(have, want)
	if s.removal != nil {
		for i := range gone {
			gone[i] = s.removal(gone[i])
		}
	}
	for _, some := range s.batches(gone) {
		if _, err := c.call(ctx, s.remove, args{s.id: r.id, cmp.Or(s.removeIn, s.in): list(some...)}); err != nil {
			return err
		}
	}
	for _, some := range s.batches(fresh) {
		if _, err := c.call(ctx, s.add, args{s.id: r.id, s.in: list(some...)}); err != nil {
			return err
		}
	}
	return nil
}

// difference are the elements that only one of two lists has.
func difference(have, want *value) (gone, fresh []*value) {
	in := func(all *value, v *value) bool {
		return slices.ContainsFunc(all.elements(), func(o *value) bool { return equal(o, v) })
	}
	for _, v := range have.elements() {
		if !in(want, v) {
			gone = append(gone, v)
		}
	}
	for _, v := range want.elements() {
		if !in(have, v) {
			fresh = append(fresh, v)
		}
	}
	return gone, fresh
}

// anID stands for an id that is not known yet, where a request is held against the API model.
const anID = "00000000-0000-4000-8000-000000000000"

// listed is a part that is read by a list of its own, and changed by the operation that changes the rest.
type listed struct{ list, under, id string }

func (l listed) reads() []string { return []string{l.list} }

func (l listed) read(ctx context.Context, c *Client, id string, _ *value) (*value, error) {
	all, err := c.pages(ctx, l.list, args{l.id: id}, l.under)
	return list(all...), err
}

func (listed) requests(*value) []partial { return nil }

func (listed) write(context.Context, *Client, *target, *value, *value) error { return nil }

// tags are the tags of a resource.
type tags struct{}

func (tags) reads() []string { return nil }

// read leaves out the tags that AWS itself sets.
func (tags) read(_ context.Context, _ *Client, _ string, described *value) (*value, error) {
	all := object()
	if t := described.get("Tags"); t != nil {
		for i, name := range t.names {
			if !strings.HasPrefix(name, "aws:") {
				all.set(name, t.kids[i])
			}
		}
	}
	return all.sorted(), nil
}

func (tags) requests(want *value) []partial {
	return []partial{{"TagResource", args{"resourceArn": "arn:aws:connect:us-east-1:000000000000:instance/" + anID, "tags": want}, want}}
}

func (tags) write(ctx context.Context, c *Client, r *target, have, want *value) error {
	var gone []string
	if have != nil {
		for _, name := range have.names {
			if want.get(name) == nil {
				gone = append(gone, name)
			}
		}
	}
	if len(gone) > 0 {
		if _, err := c.call(ctx, "UntagResource", args{"resourceArn": r.arn, "?tagKeys": gone}); err != nil {
			return err
		}
	}
	if want.empty() {
		return nil
	}
	_, err := c.call(ctx, "TagResource", args{"resourceArn": r.arn, "tags": want})
	return err
}

// listedTags are the tags of a resource that no operation describes.
type listedTags struct {
	tags
	arn string // where the ARN is in its summary
}

const listTags = "ListTagsForResource"

func (listedTags) reads() []string { return []string{listTags} }

func (t listedTags) read(ctx context.Context, c *Client, id string, summary *value) (*value, error) {
	found, err := c.call(ctx, listTags, args{"resourceArn": summary.get(t.arn).str()})
	if err != nil {
		return nil, err
	}
	return t.tags.read(ctx, c, id, one("Tags", found.get("tags")))
}

// useCases are what an integration is used for. Their own tags do not travel.
type useCases struct{}

const (
	listUseCases  = "ListUseCases"
	useCaseType   = "UseCaseType"
	ofIntegration = "IntegrationAssociationId"
)

func (useCases) reads() []string { return []string{listUseCases} }

func (useCases) list(ctx context.Context, c *Client, id string) ([]*value, error) {
	return c.pages(ctx, listUseCases, args{ofIntegration: id}, "UseCaseSummaryList")
}

func (u useCases) read(ctx context.Context, c *Client, id string, _ *value) (*value, error) {
	found, err := u.list(ctx, c, id)
	all := list()
	for _, f := range found {
		all.kids = append(all.kids, f.get(useCaseType))
	}
	return all, err
}

func (useCases) requests(want *value) (all []partial) {
	for _, e := range want.elements() {
		all = append(all, partial{"CreateUseCase", args{ofIntegration: anID, useCaseType: e}, e})
	}
	return all
}

func (u useCases) write(ctx context.Context, c *Client, r *target, have, want *value) error {
	gone, fresh := difference(have, want)
	if len(gone) > 0 {
		there, err := u.list(ctx, c, r.id)
		if err != nil {
			return err
		}
		for _, f := range there {
			if !slices.ContainsFunc(gone, func(g *value) bool { return equal(g, f.get(useCaseType)) }) {
				continue
			}
			if _, err := c.call(ctx, "DeleteUseCase", args{ofIntegration: r.id, "UseCaseId": f.get("UseCaseId").str()}); err != nil {
				return err
			}
		}
	}
	for _, e := range fresh {
		if _, err := c.call(ctx, "CreateUseCase", args{ofIntegration: r.id, useCaseType: e}); err != nil {
			return err
		}
	}
	return nil
}

// numberFlow is the flow that a phone number leads to.
type numberFlow struct{}

const listNumberFlows = "ListFlowAssociations"

func (numberFlow) reads() []string { return []string{listNumberFlows} }

func (numberFlow) read(ctx context.Context, c *Client, id string, _ *value) (*value, error) {
	if c.numberFlows == nil { // one list is of all numbers
		all, err := c.pages(ctx, listNumberFlows, args{"?ResourceType": "VOICE_PHONE_NUMBER"}, "FlowAssociationSummaryList")
		if err != nil && !refused(err, notServed) {
			return nil, err
		}
		c.numberFlows = map[string]string{}
		for _, s := range all {
			c.numberFlows[lastOf(s.get("ResourceId").str())] = lastOf(s.get("FlowId").str())
		}
	}
	if flow := c.numberFlows[lastOf(id)]; flow != "" {
		return text(flow), nil
	}
	return nil, nil
}

// lastOf is the id at the end of an ARN.
func lastOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

func (numberFlow) requests(want *value) []partial {
	return []partial{{"AssociatePhoneNumberContactFlow", args{"PhoneNumberId": anID, "ContactFlowId": want}, want}}
}

func (numberFlow) write(ctx context.Context, c *Client, r *target, _, want *value) error {
	if want.empty() {
		_, err := c.call(ctx, "DisassociatePhoneNumberContactFlow", args{"PhoneNumberId": r.id, "?instanceId": thisInstance})
		return err
	}
	_, err := c.call(ctx, "AssociatePhoneNumberContactFlow", args{"PhoneNumberId": r.id, "InstanceId": thisInstance, "ContactFlowId": want})
	return err
}

// children are a part that is a list of things with ids and names of their own, such as the overrides of hours.
type children struct {
	list, under            string
	id, child              string // members of paths: the resource's and the child's id
	childID                string // where in a listed element its id is
	members                []string
	fallbacks              map[string]*value
	create, update, remove string
}

func (p children) reads() []string { return []string{p.list} }

func (p children) read(ctx context.Context, c *Client, id string, _ *value) (*value, error) {
	found, err := c.pages(ctx, p.list, args{p.id: id}, p.under)
	if err != nil {
		return nil, err
	}
	all := list()
	for _, e := range found {
		all.kids = append(all.kids, p.tidy(e))
	}
	return all, nil
}

// tidy keeps what travels.
func (p children) tidy(e *value) *value {
	one := object()
	for _, name := range p.members {
		v := e.get(name)
		if v.empty() && (v == nil || v.kind != '[') || p.fallbacks[name] != nil && equal(v, p.fallbacks[name]) {
			continue
		}
		one.set(name, v)
	}
	return one
}

func (p children) requests(want *value) (all []partial) {
	for _, e := range want.elements() {
		all = append(all, partial{p.create, p.args(e).with(args{p.id: anID}), e})
	}
	return all
}

func (p children) args(e *value) args {
	in := args{}
	for i, name := range e.names {
		in[name] = e.kids[i]
	}
	return in
}

// write pairs what is there with what is wanted by name.
func (p children) write(ctx context.Context, c *Client, r *target, have, want *value) error {
	var there []*value
	if !have.empty() {
		var err error
		if there, err = c.pages(ctx, p.list, args{p.id: r.id}, p.under); err != nil {
			return err
		}
	}
	taken := map[*value]bool{}
	type change struct {
		op string
		in args
	}
	var deletes, others []change
	for _, w := range want.elements() {
		i := slices.IndexFunc(there, func(e *value) bool { return !taken[e] && e.get("Name").str() == w.get("Name").str() })
		if i < 0 {
			others = append(others, change{p.create, p.args(w).with(args{p.id: r.id})})
			continue
		}
		taken[there[i]] = true
		if !equal(p.tidy(there[i]), p.tidy(w)) {
			others = append(others, change{p.update, p.updating(w).with(args{p.id: r.id, p.child: there[i].get(p.childID).str()})})
		}
	}
	for _, e := range there {
		if !taken[e] {
			deletes = append(deletes, change{p.remove, args{p.id: r.id, p.child: e.get(p.childID).str()}})
		}
	}
	for _, ch := range append(deletes, others...) {
		if _, err := c.call(ctx, ch.op, ch.in); err != nil {
			return err
		}
	}
	return nil
}

// updating says all members that an update takes as text, those that are left out too.
func (p children) updating(w *value) args {
	in := p.args(w)
	for _, name := range p.members {
		switch {
		case in[name] != nil:
		case p.fallbacks[name] != nil:
			in[name] = p.fallbacks[name]
		case name == "Description":
			in[name] = ""
		}
	}
	return in
}
