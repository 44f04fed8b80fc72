package catalog

import (
	"context"
	"encoding/json"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
)

// Modules are the flow modules of an instance.
var Modules = &Kind[center.FlowModule]{
	rows: "flow-module", word: "CONTACT_FLOW_MODULE", tail: "flow-module",
	parse: parseModule,
	key:   moduleKey,
	stamp: (*center.FlowModule).Stamp,
	tags:  func(m *center.FlowModule) *map[string]string { return &m.Tags },
	taken: "a flow module of that name already exists in the instance",
	quota: 200, plural: "flow modules",
	below: []string{"flow-module-alias", "flow-module-version"},
	fields: append(headFields(byName, moduleKey, func(m *center.FlowModule) string { return m.Description }, parseModule),
		wordField("StateCondition", func(m *center.FlowModule) string { return Activity(m.Archived) }),
		wordField("StatusCondition", func(m *center.FlowModule) string { return Publication(m.Published != "") })),
}

func parseModule(s string) string { return string(center.ParseModule(s).ID) }

func moduleKey(m *center.FlowModule) (id, name string) { return string(m.ID), m.Name }

// ModuleVersions are the numbered contents of modules, ModuleAliases names for them.
var (
	ModuleVersions = versionsOf(Modules, "flow-module-version", "CONTACT_FLOW_MODULE_VERSION", (*center.FlowModule).NextVersion)
	ModuleAliases  = aliasesOf(ModuleVersions, "flow-module-alias", "CONTACT_FLOW_MODULE_ALIAS", "module")
)

// ModuleWithContent is a module with one of its contents, as DescribeContactFlowModule shows it.
type ModuleWithContent struct {
	center.FlowModule
	Content  string
	SHA256   string
	Settings string
	// Published says that flows may run this content.
	Published bool
	// Version is set when the content was asked for by the number of a version or by an alias.
	Version *center.Version
}

// CreateModule makes a module, which is published at once. A ClientToken seen before is answered with the module that
// it made, or refused when it was another request.
func (c *Catalog) CreateModule(ctx context.Context, at center.InstanceID, m center.FlowModule, content, clientToken string) (center.ModuleID, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return "", err
	}
	once, err := NewClientToken(clientToken, m, content)
	if err != nil {
		return "", err
	}
	if id, known, err := c.made(ctx, at, Modules.rows, once); known || err != nil {
		return center.ModuleID(id), err
	}
	if err := Modules.checkQuota(ctx, c, at); err != nil {
		return "", err
	}
	if m.Published, err = c.keepModule(ctx, at, content, m.Settings, true); err != nil {
		return "", err
	}
	m.Saved, m.PublishedSettings = m.Published, m.Settings
	id, err := Modules.Create(ctx, c, at, &m, once)
	return center.ModuleID(id), err
}

// keepModule checks a module's text and its contract and stores the text. What is published must be valid and keep to
// the contract; what is saved need only be a module's document.
func (c *Catalog) keepModule(ctx context.Context, at center.InstanceID, content, settings string, publish bool) (sha string, err error) {
	p, err := flow.Parse([]byte(content))
	if err != nil {
		return "", invalidContent(problemsOf(err))
	}
	if !hasSettings(content) {
		// As recorded from the service, which spells the member as its own code does.
		return "", center.Refuse(center.InvalidRequest, "JSON field is missing or null for field name: settings")
	}
	contract, err := flow.ReadContract(settings)
	if err != nil {
		return "", center.Refuse(center.InvalidParameter, "Settings are no contract of a module: %v", err)
	}
	if publish {
		problems, err := c.problems(ctx, at, p, flow.Module)
		if err != nil {
			return "", err
		}
		if problems = append(problems, contract.Check(p)...); len(problems) > 0 {
			return "", invalidContent(problems)
		}
	}
	return c.keep(ctx, at, content)
}

// hasSettings says whether a valid document has the member Settings, which only modules have.
func hasSettings(content string) bool {
	var members map[string]json.RawMessage
	return json.Unmarshal([]byte(content), &members) == nil && members["Settings"] != nil && string(members["Settings"]) != "null"
}

// Module finds a module and one of its contents: the published one, with the qualifier $SAVED the saved one, with a
// number or an alias that of a version.
func (c *Catalog) Module(ctx context.Context, at center.InstanceID, ref center.ModuleRef) (*ModuleWithContent, error) {
	m, err := Modules.Get(ctx, c, at, string(ref.ID))
	if err != nil {
		return nil, err
	}
	v := &ModuleWithContent{FlowModule: *m, SHA256: m.Saved, Settings: m.Settings}
	if ref.Qualifier != center.SavedQualifier {
		v.Published = true
		if v.SHA256, v.Settings, v.Version, err = c.publishedModule(ctx, at, m, ref); err != nil {
			return nil, err
		}
	}
	v.Content, err = c.FlowText(ctx, at, v.SHA256)
	return v, err
}

// FoundModule is a module as searches show it: with the published content, which every module has.
func (c *Catalog) FoundModule(ctx context.Context, at center.InstanceID, m *center.FlowModule) (*ModuleWithContent, error) {
	v := &ModuleWithContent{FlowModule: *m, SHA256: m.Published, Settings: m.PublishedSettings, Published: true}
	var err error
	v.Content, err = c.FlowText(ctx, at, v.SHA256)
	return v, err
}

// publishedModule is the content of a module that a reference leads to.
func (c *Catalog) publishedModule(ctx context.Context, at center.InstanceID, m *center.FlowModule, ref center.ModuleRef) (sha, settings string, v *center.Version, err error) {
	number, isNumber := ref.Version()
	switch {
	case ref.Qualifier == "" || ref.Qualifier == center.LatestQualifier:
		return m.Published, m.PublishedSettings, nil, nil
	case !isNumber:
		a, err := ModuleAliases.named(ctx, c, at, string(m.ID), ref.Qualifier)
		if err != nil {
			return "", "", nil, err
		}
		number = a.Version
	}
	if v, err = ModuleVersions.find(ctx, c, at, string(m.ID), number); err != nil {
		return "", "", nil, err
	}
	return v.Content, v.Settings, v, nil
}

// ModuleToRun finds the module that a flow invokes, an id or ARN with a version or an alias behind a colon, and the
// hash of its content. Only what is published can be invoked.
func (c *Catalog) ModuleToRun(ctx context.Context, at center.InstanceID, ref string) (id, content string, err error) {
	r := center.ParseModule(ref)
	m, err := Modules.find(ctx, c, at, string(r.ID))
	if err != nil {
		return "", "", err
	}
	if m.Archived {
		return "", "", Modules.notFound(string(m.ID))
	}
	content, _, _, err = c.publishedModule(ctx, at, m, r)
	return string(m.ID), content, err
}

// contract is what the module that a flow invokes has declared; nil when it has declared nothing.
func (c *Catalog) contract(ctx context.Context, at center.InstanceID, ref string) (*flow.Contract, error) {
	r := center.ParseModule(ref)
	m, err := Modules.find(ctx, c, at, string(r.ID))
	if err != nil {
		return nil, err
	}
	_, settings, _, err := c.publishedModule(ctx, at, m, r)
	if err != nil {
		return nil, err
	}
	return flow.ReadContract(settings)
}

// UpdateModuleContent replaces a module's content, its contract or both: they are published, or with the qualifier
// $SAVED only saved.
func (c *Catalog) UpdateModuleContent(ctx context.Context, at center.InstanceID, ref center.ModuleRef, content, settings *string) error {
	if _, err := Modules.toChange(ctx, c, at, string(ref.ID), ref.Qualifier); err != nil {
		return err
	}
	if content == nil && settings == nil {
		return center.Refuse(center.InvalidRequest, "Content or Settings is required")
	}
	publish := ref.Qualifier != center.SavedQualifier
	return Modules.Update(ctx, c, at, string(ref.ID), 0, func(m *center.FlowModule) error {
		text, contract := content, m.Settings
		if settings != nil {
			contract = *settings
		}
		if text == nil {
			saved, err := contents.find(ctx, c, at, m.Saved)
			if err != nil {
				return err
			}
			text = &saved.Text
		}
		sha, err := c.keepModule(ctx, at, *text, contract, publish)
		if err != nil {
			return err
		}
		m.Saved, m.Settings = sha, contract
		if publish {
			m.Published, m.PublishedSettings = sha, contract
		}
		return nil
	})
}

// UpdateModule changes what is known about a module beside its content.
func (c *Catalog) UpdateModule(ctx context.Context, at center.InstanceID, ref center.ModuleRef, edit func(*center.FlowModule) error) error {
	if _, err := Modules.toChange(ctx, c, at, string(ref.ID), ref.Qualifier); err != nil {
		return err
	}
	return Modules.Update(ctx, c, at, string(ref.ID), 0, edit)
}

// DeleteModule deletes a module with its aliases and versions. Contacts that are in it go on in the content they began
// with; flows that invoke it take their error branches.
func (c *Catalog) DeleteModule(ctx context.Context, at center.InstanceID, ref center.ModuleRef) error {
	if _, err := Modules.toChange(ctx, c, at, string(ref.ID), ref.Qualifier); err != nil {
		return err
	}
	return Modules.Delete(ctx, c, at, string(ref.ID))
}

// CreateModuleVersion gives the published content of a module the next number. v.Content is the hash that the caller
// takes the content to have, "" for any.
func (c *Catalog) CreateModuleVersion(ctx context.Context, at center.InstanceID, ref center.ModuleRef, v center.Version) (*center.Version, error) {
	if _, err := Modules.toChange(ctx, c, at, string(ref.ID), ref.Qualifier); err != nil {
		return nil, err
	}
	return ModuleVersions.Create(ctx, c, at, string(ref.ID), v)
}

// CreateModuleAlias names a version of a module.
func (c *Catalog) CreateModuleAlias(ctx context.Context, at center.InstanceID, ref center.ModuleRef, a *center.Alias) error {
	if _, err := Modules.toChange(ctx, c, at, string(ref.ID), ref.Qualifier); err != nil {
		return err
	}
	return ModuleAliases.Create(ctx, c, at, a)
}

// DeleteModuleAlias deletes an alias; flows that invoke it take their error branches.
func (c *Catalog) DeleteModuleAlias(ctx context.Context, at center.InstanceID, ref center.ModuleRef, id string) error {
	if _, err := Modules.toChange(ctx, c, at, string(ref.ID), ref.Qualifier); err != nil {
		return err
	}
	return ModuleAliases.Delete(ctx, c, at, string(ref.ID), id)
}
