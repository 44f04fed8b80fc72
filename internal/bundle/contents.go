package bundle

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// contents are what a flow, a module or a view consists of: a published and a saved content, versions and aliases. Members
// of files: Content and SavedContent (where it is not the same), Versions, Aliases.
//
// A content is an object with the members that make it up: Content, and of modules Settings.
type contents struct {
	id           string // the member of paths that names the resource
	describe, at string
	unpublished  string   // the refusal of what was never published
	texts        []string // the members of a content
	// read and write turn a content into the form of files and back.
	read  func(described *value) *value
	write func(content *value) args

	published bool   // it is published when it is created
	empty     *value // a content to begin with
	update    string
	status    bool // requests say whether they publish; otherwise the id does

	made, madeARN string // in the answer of create

	list, under   string
	version       string // creates a version
	versionNumber string // the member of its request that chooses the number; "" for none
	versionText   string // that has the description
	versionMade   string // in its answer, the number
	unversion     string
	unversionID   string
	aliases       *aliases
	// filler is another content than the given one, to use up a number; nil: the same content may get another number.
	filler func(content *value, n int64) *value
}

type aliases struct {
	list, under            string
	create, update, remove string
	version                string // the member of requests that has the version's number
}

const (
	savedQualifier = ":$SAVED"
	savedPrefix    = "Saved"
)

var flowContents = &contents{
	id: "ContactFlowId", describe: "DescribeContactFlow", at: "ContactFlow", unpublished: "ContactFlowNotPublishedException",
	texts: []string{"Content"}, read: readTexts("Content"), write: writeTexts("Content"),
	empty: literal(`{"Content":{"Version":"2019-10-30","StartAction":"end","Metadata":{},"Actions":[` +
		`{"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}}`),
	update: "UpdateContactFlowContent", status: false, made: "ContactFlowId", madeARN: "ContactFlowArn",
	list: "ListContactFlowVersions", under: "ContactFlowVersionSummaryList",
	version: "CreateContactFlowVersion", versionNumber: "ContactFlowVersion", versionText: "Description", versionMade: "Version",
	unversion: "DeleteContactFlowVersion", unversionID: "ContactFlowVersion",
	aliases: &aliases{
		list: "ListContactFlowAliases", under: "ContactFlowAliasSummaryList", create: "CreateContactFlowAlias",
		update: "UpdateContactFlowAlias", remove: "DeleteContactFlowAlias", version: "ContactFlowVersion",
	},
}

var moduleContents = &contents{
	id: "ContactFlowModuleId", describe: "DescribeContactFlowModule", at: "ContactFlowModule", unpublished: notFound,
	texts: []string{"Content", "Settings"}, read: readTexts("Content", "Settings"), write: writeTexts("Content", "Settings"),
	published: true,
	empty: literal(`{"Content":{"Version":"2019-10-30","StartAction":"end","Metadata":{},"Actions":[` +
		`{"Identifier":"end","Type":"EndFlowModuleExecution","Parameters":{},"Transitions":{}}],` +
		`"Settings":{"InputParameters":[],"OutputParameters":[],"Transitions":[]}}}`),
	update: "UpdateContactFlowModuleContent", made: "Id", madeARN: "Arn",
	list: "ListContactFlowModuleVersions", under: "ContactFlowModuleVersionSummaryList",
	version: "CreateContactFlowModuleVersion", versionText: "Description", versionMade: "Version",
	unversion: "DeleteContactFlowModuleVersion", unversionID: "ContactFlowModuleVersion",
	aliases: &aliases{
		list: "ListContactFlowModuleAliases", under: "ContactFlowModuleAliasSummaryList", create: "CreateContactFlowModuleAlias",
		update: "UpdateContactFlowModuleAlias", remove: "DeleteContactFlowModuleAlias", version: "ContactFlowModuleVersion",
	},
}

var viewContents = &contents{
	id: "ViewId", describe: "DescribeView", at: "View", unpublished: notFound, texts: []string{"Content"},
	read: func(described *value) *value {
		content := object()
		if t := described.get("Content", "Template"); t != nil {
			content.set("Template", readText(t))
		}
		if a := described.get("Content", "Actions"); !a.empty() {
			content.set("Actions", a)
		}
		return one("Content", content)
	},
	write: func(content *value) args {
		in := object()
		in.set("Template", writeText(content.get("Content", "Template")))
		in.set("Actions", content.get("Content", "Actions"))
		return args{"Content": in}
	},
	status: true, update: "UpdateViewContent", made: "View.Id", madeARN: "View.Arn",
	empty: literal(`{"Content":{"Template":{"Head":{"Title":"-","Configuration":{"Layout":{"Columns":["12"]}}},"Body":[]}}}`),
	list:  "ListViewVersions", under: "ViewVersionSummaryList",
	version: "CreateViewVersion", versionText: "VersionDescription", versionMade: "View.Version",
	unversion: "DeleteViewVersion", unversionID: "ViewVersion",
	filler: func(content *value, n int64) *value {
		inner := *content.get("Content")
		inner.names, inner.kids = slices.Clone(inner.names), slices.Clone(inner.kids)
		actions := slices.Clone(inner.get("Actions").elements())
		inner.set("Actions", list(append(actions, text("Unused"+strconv.FormatInt(n, 10)))...))
		return one("Content", &inner)
	},
}

// readText is a text that holds JSON as the JSON that it holds, so that people can read it.
func readText(t *value) *value {
	if v, err := parse([]byte(t.str()), true); err == nil && v.kind == '{' { // with a name twice it cannot be written as JSON
		v.place(t.at)
		return v
	}
	return t
}

// place says where in a file a value stands that was read from a text of the file.
func (v *value) place(at int) {
	v.at = at
	for _, kid := range v.kids {
		kid.place(at)
	}
}

// open reads the texts of a content that hold JSON, in whichever form a file has them.
func (t *contents) open(content *value) *value {
	if content == nil {
		return nil
	}
	out := object()
	out.at = content.at
	for i, name := range content.names {
		kid := content.kids[i]
		switch template := kid.get("Template"); {
		case !slices.Contains(t.texts, name):
		case t.status && template != nil && template.kind == '"':
			c := *kid
			c.names, c.kids = slices.Clone(kid.names), slices.Clone(kid.kids)
			c.set("Template", readText(template))
			kid = &c
		case kid.kind == '"':
			kid = readText(kid)
		}
		out.set(name, kid)
	}
	return out
}

func writeText(v *value) *value {
	if v == nil || v.kind == '"' {
		return v
	}
	return text(string(v.compact()))
}

func readTexts(names ...string) func(*value) *value {
	return func(described *value) *value {
		content := object()
		for _, name := range names {
			if t := described.get(name); !t.empty() {
				content.set(name, readText(t))
			}
		}
		return content
	}
}

func writeTexts(names ...string) func(*value) args {
	return func(content *value) args {
		in := args{}
		for _, name := range names {
			if v := content.get(name); v != nil {
				in[name] = writeText(v)
			}
		}
		return in
	}
}

func (t *contents) reads() []string {
	all := []string{t.describe, t.list}
	if t.aliases != nil {
		all = append(all, t.aliases.list)
	}
	return all
}

// names are the members of files.
func (t *contents) names() []string {
	all := slices.Clone(t.texts)
	for _, name := range t.texts {
		all = append(all, savedPrefix+name)
	}
	all = append(all, "Versions")
	if t.aliases != nil {
		all = append(all, "Aliases")
	}
	return all
}

// content is the content whose members begin with a prefix; nil when there is none.
func (t *contents) content(v *value, prefix string) *value {
	c := object()
	for _, name := range t.texts {
		if kid := v.get(prefix + name); kid != nil {
			c.set(name, kid)
		}
	}
	if len(c.names) == 0 {
		return nil
	}
	return c
}

func (t *contents) put(v *value, prefix string, content *value) {
	if content == nil {
		return
	}
	for i, name := range content.names {
		v.set(prefix+name, content.kids[i])
	}
}

// tidy puts what is there into the order of files.
func (t *contents) tidy(v, out *value) {
	published, saved := t.open(t.content(v, "")), t.open(t.content(v, savedPrefix))
	t.put(out, "", published)
	if !equal(published, saved) {
		t.put(out, savedPrefix, saved)
	}
	by := func(name string) func(a, b *value) int {
		return func(a, b *value) int {
			return cmp.Or(cmp.Compare(a.get(name).int(), b.get(name).int()), cmp.Compare(a.get(name).str(), b.get(name).str()))
		}
	}
	if all := v.get("Versions"); !all.empty() {
		versions := &value{kind: '[', at: all.at, kids: slices.SortedStableFunc(slices.Values(all.elements()), by("Version"))}
		for i, kid := range versions.kids {
			if kid.kind == '{' {
				versions.kids[i] = t.open(kid)
			}
		}
		out.set("Versions", versions)
	}
	if all := v.get("Aliases"); !all.empty() {
		out.set("Aliases", &value{kind: '[', at: all.at, kids: slices.SortedStableFunc(slices.Values(all.elements()), by("Name"))})
	}
}

// find reads a resource with all of its contents. described is what else is known of it.
func (t *contents) find(ctx context.Context, c *Client, id string) (described, found *value, err error) {
	show := func(qualifier string) (*value, error) {
		answer, err := c.call(ctx, t.describe, args{t.id: id + qualifier})
		return answer.get(t.at), err
	}
	if described, err = show(savedQualifier); err != nil {
		return nil, nil, err
	}
	found = object()
	saved := t.read(described)
	switch latest, err := show(""); {
	case err == nil:
		t.put(found, "", t.read(latest))
	case !refused(err, t.unpublished):
		return nil, nil, err
	}
	if !equal(t.content(found, ""), saved) {
		t.put(found, savedPrefix, saved)
	}
	versions, err := c.pages(ctx, t.list, args{t.id: id}, t.under)
	if refused(err, invalid, invalidPart) {
		versions, err = nil, nil // the service has versions of some types of flows only
	}
	if err != nil {
		return nil, nil, err
	}
	all := list()
	for _, s := range versions {
		number := s.get("Version")
		shown, err := show(":" + strconv.FormatInt(number.int(), 10))
		if err != nil {
			return nil, nil, err
		}
		v := one("Version", number)
		v.set("Description", s.get("VersionDescription"))
		t.put(v, "", t.read(shown))
		all.kids = append(all.kids, v)
	}
	found.set("Versions", all)
	if t.aliases == nil {
		return described, found, nil
	}
	named, err := c.pages(ctx, t.aliases.list, args{t.id: id}, t.aliases.under)
	if refused(err, invalid, invalidPart) {
		named, err = nil, nil
	}
	all = list()
	for _, s := range named {
		a := one("Name", s.get("AliasName"))
		if d := s.get("AliasDescription"); !d.empty() {
			a.set("Description", d)
		}
		a.set("Version", s.get("Version"))
		all.kids = append(all.kids, a)
	}
	found.set("Aliases", all)
	return described, found, err
}

// conflicts are differences that no operation can make up for.
func (t *contents) conflicts(have, want *value) (all []string) {
	if t.content(have, "") != nil && t.content(want, "") == nil {
		all = append(all, "it is published in the instance, and the file has a saved content alone: what is published stays so; delete it in the instance first")
	}
	there, highest := map[int64]*value{}, int64(0)
	for _, v := range have.get("Versions").elements() {
		there[v.get("Version").int()] = v
		highest = max(highest, v.get("Version").int())
	}
	for _, v := range want.get("Versions").elements() {
		n := v.get("Version").int()
		switch old := there[n]; {
		case old != nil && !equal(old, v):
			all = append(all, fmt.Sprintf("version %d is another one in the instance, and versions do not change", n))
		case old == nil && n < highest:
			all = append(all, fmt.Sprintf("version %d is not in the instance and cannot be made any more: %d is there", n, highest))
		}
	}
	return all
}

// create makes a resource. With empty it gets a content that refers to nothing. It returns what is there then.
func (t *contents) create(ctx context.Context, c *Client, k *kind, name string, want *value, empty bool) (r *target, have *value, err error) {
	in := k.creating(name, want)
	content, publish := t.content(want, ""), true
	if versions := want.get("Versions").elements(); len(versions) > 0 {
		content = t.content(versions[0], "")
	}
	if content == nil {
		content, publish = t.content(want, savedPrefix), false
	}
	if empty {
		content, publish = t.empty, false
	}
	have = object()
	if publish || t.published {
		t.put(have, "", content)
	} else {
		t.put(have, savedPrefix, content)
	}
	in = in.with(t.write(content))
	if !t.published {
		in["Status"] = statusOf(publish)
	}
	answer, err := c.call(ctx, k.create, in)
	if err != nil {
		return nil, nil, err
	}
	r = &target{id: answer.get(strings.Split(t.made, ".")...).str(), arn: answer.get(strings.Split(t.madeARN, ".")...).str()}
	if t.status { // a view's ARN says which content it is
		r.arn = strings.TrimSuffix(strings.TrimSuffix(r.arn, ":$LATEST"), savedQualifier)
	}
	return r, have, nil
}

func statusOf(publish bool) string {
	if publish {
		return "PUBLISHED"
	}
	return "SAVED"
}

// set publishes or saves a content.
func (t *contents) set(ctx context.Context, c *Client, id string, content *value, publish bool) error {
	in := t.write(content)
	for _, name := range t.texts {
		if in[name] == nil {
			in[name] = "" // of what was there before, nothing stays
		}
	}
	if t.status {
		in["Status"] = statusOf(publish)
	} else if !publish {
		id += savedQualifier
	}
	_, err := c.call(ctx, t.update, in.with(args{t.id: id}))
	return err
}

// apply makes what is there what is wanted.
func (t *contents) apply(ctx context.Context, c *Client, id string, have, want *value) error {
	published, saved := t.content(have, ""), t.content(have, savedPrefix)
	publish := func(content *value) error {
		if equal(published, content) && saved == nil {
			return nil
		}
		published, saved = content, nil
		return t.set(ctx, c, id, content, true)
	}
	if err := t.number(ctx, c, id, have, want, publish); err != nil {
		return err
	}
	if t.aliases != nil {
		if err := t.name(ctx, c, id, have, want); err != nil {
			return err
		}
	}
	kept := versionsOf(want)
	for n := range versionsOf(have) {
		if kept[n] == nil {
			if err := t.dropVersion(ctx, c, id, n); err != nil {
				return err
			}
		}
	}
	wanted, draft := t.content(want, ""), t.content(want, savedPrefix)
	if wanted != nil && (draft == nil || !equal(published, wanted)) {
		if err := publish(wanted); err != nil {
			return err
		}
	}
	if draft != nil && !equal(saved, draft) {
		return t.set(ctx, c, id, draft, false)
	}
	return nil
}

func versionsOf(v *value) map[int64]*value {
	all := map[int64]*value{}
	for _, e := range v.get("Versions").elements() {
		all[e.get("Version").int()] = e
	}
	return all
}

func (t *contents) dropVersion(ctx context.Context, c *Client, id string, n int64) error {
	_, err := c.call(ctx, t.unversion, args{t.id: id, t.unversionID: strconv.FormatInt(n, 10)})
	return err
}

// number makes the versions that are missing. A version is of what is published, so older contents are published for the
// moment. Where the service chooses the numbers, those of versions that have been deleted are used up.
func (t *contents) number(ctx context.Context, c *Client, id string, have, want *value, publish func(*value) error) error {
	there, wanted := versionsOf(have), versionsOf(want)
	next := int64(1)
	for n := range there {
		next = max(next, n+1)
	}
	create := func(content *value, in args) error {
		if err := publish(content); err != nil {
			return err
		}
		answer, err := c.call(ctx, t.version, in.with(args{t.id: id}))
		if err != nil {
			return err
		}
		if made := answer.get(strings.Split(t.versionMade, ".")...).int(); made != next {
			return fmt.Errorf("%s: the service gave it the number %d, and version %d cannot be made any more", t.version, made, next)
		}
		next++
		return nil
	}
	var unused []int64
	for _, n := range slices.Sorted(maps.Keys(wanted)) {
		v := wanted[n]
		if there[n] != nil {
			continue
		}
		content, in := t.content(v, ""), args{}
		for ; t.versionNumber == "" && next < n; unused = append(unused, next-1) {
			filler := content
			if t.filler != nil {
				filler = t.filler(content, next)
			}
			if err := create(filler, nil); err != nil {
				return err
			}
		}
		if d := v.get("Description"); d != nil {
			in[t.versionText] = d
		}
		if t.versionNumber != "" {
			in[t.versionNumber], next = n, n
		}
		if err := create(content, in); err != nil {
			return err
		}
	}
	for _, n := range unused {
		if err := t.dropVersion(ctx, c, id, n); err != nil {
			return err
		}
	}
	return nil
}

// name makes the aliases what is wanted.
func (t *contents) name(ctx context.Context, c *Client, id string, have, want *value) error {
	ids := map[string]string{}
	if !have.get("Aliases").empty() {
		there, err := c.pages(ctx, t.aliases.list, args{t.id: id}, t.aliases.under)
		if err != nil {
			return err
		}
		for _, a := range there {
			ids[a.get("AliasName").str()] = a.get("AliasId").str()
		}
	}
	old := map[string]*value{}
	for _, a := range have.get("Aliases").elements() {
		old[a.get("Name").str()] = a
	}
	for _, a := range want.get("Aliases").elements() {
		name := a.get("Name").str()
		in := args{t.id: id, t.aliases.version: a.get("Version"), "Description": a.get("Description")}
		op := t.aliases.update
		switch was := old[name]; {
		case was == nil:
			op, in["AliasName"] = t.aliases.create, name
		case equal(was, a):
			op = ""
		default:
			in["AliasId"] = ids[name]
			if a.get("Description") == nil {
				in["Description"] = ""
			}
		}
		delete(old, name)
		if op == "" {
			continue
		}
		if _, err := c.call(ctx, op, in); err != nil {
			return err
		}
	}
	for name := range old {
		if _, err := c.call(ctx, t.aliases.remove, args{t.id: id, "AliasId": ids[name]}); err != nil {
			return err
		}
	}
	return nil
}
