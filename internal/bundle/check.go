package bundle

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/view"
	"github.com/parley-chat/parley/internal/wire"
)

// check lists what is wrong with a file by itself.
func (r *resource) check() Problems {
	c := checker{r: r}
	known := r.of.names()
	for i, name := range r.root.names {
		if !slices.Contains(known, name) {
			c.wrong(r.root.kids[i], "there is no member %s; a %s has %s", strconv.Quote(name), r.kind, strings.Join(known, ", "))
		}
	}
	c.lists()
	c.references()
	c.requests()
	if t := r.of.contents; t != nil {
		c.contents(t)
	}
	return c.problems
}

// lists refuses everything but a list where one must be: taken for an empty one, it would remove what is there. The members
// of a resource have lost it by now, so it is looked for in the file.
func (c *checker) lists() {
	var names []string
	for _, m := range c.r.of.members {
		if m.set {
			names = append(names, m.name)
		}
	}
	if t := c.r.of.contents; t != nil {
		names = append(names, "Versions")
		if t.aliases != nil {
			names = append(names, "Aliases")
		}
	}
	for _, name := range names {
		if v := c.r.root.get(name); v != nil && v.kind != '[' {
			c.wrong(v, "%s must be a list", name)
		}
	}
}

type checker struct {
	r        *resource
	problems Problems
	more     int // problems that are only counted
}

// maxProblems is how many problems of a file are told: to look for each of many takes long, and nobody reads them.
const maxProblems = 100

// full says that problems are only counted from now on.
func (c *checker) full() bool { return len(c.problems) >= maxProblems }

func (c *checker) wrong(at *value, format string, a ...any) {
	if c.full() {
		c.more++
		c.problems = append(c.problems[:maxProblems], Problem{File: c.r.file, Text: fmt.Sprintf("and %d more", c.more)})
		return
	}
	p := Problem{File: c.r.file, Text: fmt.Sprintf(format, a...)}
	if at != nil {
		p.Line = line(c.r.src, at.at)
	}
	if !slices.Contains(c.problems, p) {
		c.problems = append(c.problems, p)
	}
}

// references refuses, where a resource must be named, everything that names none.
func (c *checker) references() {
	for i, name := range c.r.members.names {
		if c.r.of.contents == nil || !slices.Contains(c.r.of.contents.names(), name) {
			c.named(name, c.r.members.kids[i])
		}
	}
}

func (c *checker) named(name string, v *value) {
	switch v.kind {
	case '{':
		for i, name := range v.names {
			c.named(name, v.kids[i])
		}
	case '[':
		for _, kid := range v.kids {
			c.named(name, kid)
		}
	case '"':
		word := refersTo[name]
		if word == "" || v.text == "" || kindOf(word) == nil {
			return
		}
		all := refs(v.text)
		switch {
		case len(all) == 1 && all[0].String() == v.text && all[0].kind == word:
		case len(all) == 1 && all[0].String() == v.text:
			c.wrong(v, "%s must name a %s, and names a %s", name, word, all[0].kind)
		case len(all) > 0 && all[0].kind == instanceWord, uuids.MatchString(v.text), strings.HasPrefix(v.text, "arn:"):
			// What a resource refers to may be gone, and then only its id is known.
		default:
			c.wrong(v, "%s must be a reference such as %s", name, key{word, "NAME"})
		}
	}
}

// requests holds against the API model what the file will be sent as.
func (c *checker) requests() {
	k := c.r.of
	dummy := resolve(c.r.members, stand)
	var in args
	held := false
	if k.create != "" {
		in = k.creating(c.r.name, dummy)
		if k.contents != nil {
			content := k.contents.content(dummy, "")
			if content == nil {
				content = k.contents.content(dummy, savedPrefix)
			}
			if content.get(k.contents.texts[0]) == nil {
				content = k.contents.empty // that it is missing is told elsewhere
			}
			in = in.with(k.contents.write(content))
			if !k.contents.published {
				in["Status"] = statusOf(false)
			}
		}
		if held = !slices.ContainsFunc(k.members, func(m member) bool { return m.hidden && c.r.members.get(m.name) == nil }); held {
			c.hold(k.create, in, c.r.root) // without what is hidden it can be there already, and not be made
		}
	}
	for _, u := range k.updates {
		if !held || slices.ContainsFunc(u.members, k.later) {
			id := anID
			if k.summary.id == k.summary.name {
				id = c.r.name
			}
			c.hold(u.op, k.updating(u, c.r.name, dummy).with(args{k.id: id}), c.r.root)
		}
	}
	for _, m := range k.members {
		want := c.r.members.get(m.name)
		if m.part == nil || want == nil || held && !m.later && m.part == (tags{}) {
			continue // tags are part of the request that creates, and held with it
		}
		at := map[int]*value{}
		want.byOffset(at)
		for _, q := range m.part.requests(resolve(want, stand)) {
			c.hold(q.op, q.args, cmp.Or(at[q.of.at], want))
		}
	}
}

// byOffset gathers the values of a file by where they are: a resolved one is where the one is that it was made of. Of two
// at one offset it is the outer one.
func (v *value) byOffset(all map[int]*value) {
	if all[v.at] == nil {
		all[v.at] = v
	}
	for _, kid := range v.kids {
		kid.byOffset(all)
	}
}

// find is the value that a path leads to, while it matters where it is.
func (c *checker) find(of *value, path string) *value {
	if c.full() {
		return nil
	}
	return of.find(path)
}

// hold holds a request against the API model. A member that breaks it is left out then, so that the next is found too.
func (c *checker) hold(op string, in args, of *value) {
	in = in.with(args{"InstanceId": anID})
	reported := map[string]bool{}
	for range 50 {
		unknown, wrong := prepare(op, in).check()
		for _, path := range unknown {
			if top, _, nested := strings.Cut(path, "."); nested || strings.Contains(top, "[") {
				c.wrong(c.find(of, path), "there is no member %s", path)
			}
		}
		if wrong == nil {
			return
		}
		path := ""
		var field *wire.FieldError
		var syntax *wire.SyntaxError
		switch {
		case errors.As(wrong, &field):
			path = field.Field
			c.wrong(of.find(path), "%s", field)
		case errors.As(wrong, &syntax):
			path = syntax.Field
			c.wrong(of.find(path), "%s %s", path, syntax.Reason)
		default:
			c.wrong(of, "%s", wrong)
		}
		top := path
		if i := strings.IndexAny(path, ".["); i >= 0 {
			top = path[:i]
		}
		if _, is := in[top]; !is || reported[top] {
			return
		}
		reported[top] = true
		in = in.with(nil)
		delete(in, top)
		if _, wrong := prepare(op, in).check(); errors.As(wrong, &field) && field.Rule == wire.Missing && field.Field == top {
			return // it is required, and what comes behind it is found the next time
		}
	}
}

// contents checks what flows, modules and views consist of.
func (c *checker) contents(t *contents) {
	v := c.r.members
	published, saved := t.content(v, ""), t.content(v, savedPrefix)
	switch {
	case published.get(t.texts[0]) == nil && saved.get(t.texts[0]) == nil:
		c.wrong(c.r.root, "%s is missing: what is published; or %s%s, what is saved alone", t.texts[0], savedPrefix, t.texts[0])
	case published.get(t.texts[0]) == nil && (t.published || published != nil):
		c.wrong(c.r.root, "%s is missing", t.texts[0])
	}
	c.content(t, published, true)
	c.content(t, saved, false)
	numbers := map[int64]bool{}
	for _, e := range v.get("Versions").elements() {
		n := e.get("Version").int()
		switch {
		case e.kind != '{':
			c.wrong(e, "a version must be an object with Version, Description and %s", strings.Join(t.texts, ", "))
			continue
		case n < 1 || n > maxVersion:
			c.wrong(e, "Version must be a number from 1 to %d", maxVersion)
		case numbers[n]:
			c.wrong(e, "version %d is there twice", n)
		}
		numbers[n] = true
		c.only(e, append([]string{"Version", "Description"}, t.texts...))
		if t.content(e, "").get(t.texts[0]) == nil {
			c.wrong(e, "%s is missing", t.texts[0])
			continue
		}
		c.content(t, t.content(e, ""), true)
		if d := e.get("Description"); d != nil {
			c.hold(t.version, args{t.id: anID, t.versionText: d}, e)
		}
	}
	if published == nil && len(numbers) > 0 {
		c.wrong(v.get("Versions"), "what was never published has no versions")
	}
	names := map[string]bool{}
	for _, e := range v.get("Aliases").elements() {
		name := e.get("Name").str()
		c.only(e, []string{"Name", "Description", "Version"})
		if names[name] {
			c.wrong(e, "the alias %q is there twice", name)
		}
		names[name] = true
		if !numbers[e.get("Version").int()] {
			c.wrong(e, "the alias %q leads to a version that is not there", name)
		}
		c.hold(t.aliases.create, args{t.id: anID, "AliasName": name, "Description": e.get("Description"), t.aliases.version: e.get("Version")}, e)
	}
}

// maxVersion is the highest number of a version that a file may have: each number below that the service chooses is one
// request.
const maxVersion = 10_000

// only refuses members that are none of these.
func (c *checker) only(v *value, names []string) {
	for i, name := range v.names {
		if !slices.Contains(names, name) {
			c.wrong(v.kids[i], "there is no member %s here; there are %s", strconv.Quote(name), strings.Join(names, ", "))
		}
	}
}

// content checks one content as the service does when it is published or saved.
func (c *checker) content(t *contents, content *value, publish bool) {
	if content == nil {
		return
	}
	for i, name := range content.names {
		if k := content.kids[i].kind; k != '{' && k != '"' {
			c.wrong(content.kids[i], "%s must be a JSON object", name)
			return
		}
	}
	in := t.write(resolve(content, stand))
	if t.status {
		template := toValue(in["Content"]).get("Template").str()
		var actions []string
		for _, a := range content.get("Content", "Actions").elements() {
			actions = append(actions, a.str())
		}
		_, problems := view.New(template, actions, publish)
		for _, p := range problems {
			c.wrong(content.get("Content"), "%s", p)
		}
		c.only(content.get("Content"), []string{"Template", "Actions"})
		return
	}
	at := content.get("Content")
	if at == nil {
		return // which is told elsewhere
	}
	p, found := parseFlow(toValue(in["Content"]).str())
	if p != nil && publish {
		found = flow.ValidateAs(p, c.kind())
		if settings := toValue(in["Settings"]).str(); settings != "" {
			contract, err := flow.ReadContract(settings)
			if err != nil {
				c.wrong(content.get("Settings"), "Settings are no contract of a module: %v", err)
			}
			found = append(found, contract.Check(p)...)
		}
	}
	if c.kind() == flow.Module && at.kind == '{' && at.get("Settings") == nil {
		c.wrong(at, "Content has no Settings, which the content of a module has")
	}
	c.flow(at, found)
}

func (c *checker) flow(at *value, found []flow.Problem) {
	for _, problem := range found {
		path := problem.Path
		if first, rest, ok := strings.Cut(path, "."); ok && strings.Trim(first, "0123456789") == "" {
			path = "Actions[" + first + "]." + rest
		}
		c.wrong(c.find(at, path), "%s", problem.Message)
	}
}

// kind is the kind of flow that the file is of.
func (c *checker) kind() flow.Kind {
	if c.r.of.contents == moduleContents {
		return flow.Module
	}
	return flow.Kind(c.r.members.get("Type").str())
}

func parseFlow(content string) (*flow.Program, []flow.Problem) {
	p, err := flow.Parse([]byte(content))
	var refused *flow.ParseError
	switch {
	case errors.As(err, &refused):
		return nil, refused.Problems
	case err != nil:
		return nil, []flow.Problem{{Message: err.Error()}}
	}
	return p, nil
}

// calls checks what flows ask of modules. settings are those of a module, "" for none that is known.
func (r *resource) calls(settings func(key) string) Problems {
	t := r.of.contents
	if t == nil || t.status {
		return nil
	}
	c := checker{r: r}
	check := func(content *value) {
		if content.get("Content") == nil {
			return
		}
		modules := map[string]key{}
		text := toValue(t.write(resolve(content, func(p placeholder) string {
			s := stand(p)
			modules[s] = p.key
			return s
		}))["Content"]).str()
		p, _ := parseFlow(text)
		if p == nil {
			return
		}
		c.flow(content.get("Content"), flow.CheckCalls(p, func(id string) *flow.Contract {
			k, known := modules[id]
			if !known || k.kind != "module" {
				return nil
			}
			contract, err := flow.ReadContract(settings(k))
			if err != nil {
				return nil // the module's own file says so
			}
			return contract
		}))
	}
	check(t.content(r.members, ""))
	for _, e := range r.members.get("Versions").elements() {
		check(t.content(e, ""))
	}
	return c.problems
}

// resolve is a value with f's text for each placeholder.
func resolve(v *value, f func(placeholder) string) *value {
	return v.each(func(t *value) string { return expand(t.text, f) })
}

// stand is an id or ARN that stands for one that is not known yet: of the right form, and another for each resource.
func stand(p placeholder) string {
	sum := sha256.Sum256([]byte(p.kind + ":" + p.name))
	switch {
	case p.literal || !p.arn:
		return standard(sum)
	case p.kind == instanceWord:
		return "arn:aws:connect:us-east-1:000000000000:instance/" + standard(sum)
	}
	return "arn:aws:connect:us-east-1:000000000000:instance/" + anID + "/" + p.kind + "/" + standard(sum)
}

// standard is a UUID made of a hash.
func standard(sum [sha256.Size]byte) string {
	return fmt.Sprintf("%x-%x-4%03x-8%03x-%x", sum[:4], sum[4:6], uint16(sum[6])<<4, uint16(sum[8])<<4, sum[10:16])
}
