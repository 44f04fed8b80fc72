package chat

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/store"
)

var (
	modules       = kind[center.FlowModule]{"flow-module", "CONTACT_FLOW_MODULE", func(m *center.FlowModule) (string, string) { return string(m.ID), m.Name }}
	moduleAliases = kind[center.ModuleAlias]{"flow-module-alias", "CONTACT_FLOW_MODULE_ALIAS", func(a *center.ModuleAlias) (string, string) { return a.Key(), a.NameKey() }}
)

// ModuleView is one content of a module, as DescribeContactFlowModule shows it.
type ModuleView struct {
	center.FlowModule
	Content  string
	SHA256   string
	Settings string
	// Published says that flows may run this content.
	Published bool
	// Version is set when the content was asked for by the number of a version or by an alias.
	Version *center.Version
}

// moduleToken is the kind of the rows that remember which module a ClientToken made.
const moduleToken = "flow-module-token"

// CreateModule makes a module, which is published at once. A ClientToken seen before is answered with the module that
// it made, or refused when it was another request.
func (c *Chats) CreateModule(ctx context.Context, at center.InstanceID, m center.FlowModule, content, clientToken string) (center.ModuleID, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return "", err
	}
	once, err := newOnceToken(moduleToken, clientToken, m, content)
	if err != nil {
		return "", err
	}
	if id, known, err := c.made(ctx, at, once); known || err != nil {
		return center.ModuleID(id), err
	}
	if err := modules.room(ctx, c, at, maxModules, "flow modules"); err != nil {
		return "", err
	}
	if m.Published, err = c.keepModule(ctx, at, content, m.Settings, true); err != nil {
		return "", err
	}
	m.ID, m.Saved, m.PublishedSettings, m.Modified = center.ModuleID(c.NewID()), m.Published, m.Settings, c.Clock.Now().UTC()
	token, err := once.row(at, string(m.ID), m.Modified)
	if err != nil {
		return "", err
	}
	err = taken(modules.insert(ctx, c, at, &m, token...), "a flow module of that name already exists in the instance")
	if err != nil {
		// The same request may have been answered meanwhile.
		if id, known, err := c.made(ctx, at, once); known || err != nil {
			return center.ModuleID(id), err
		}
	}
	return m.ID, err
}

// keepModule checks a module's text and its contract and stores the text. What is published must be valid and keep to
// the contract; what is saved need only be a module's document.
func (c *Chats) keepModule(ctx context.Context, at center.InstanceID, content, settings string, publish bool) (sha string, err error) {
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
func (c *Chats) Module(ctx context.Context, at center.InstanceID, ref center.ModuleRef) (*ModuleView, error) {
	m, err := c.module(ctx, at, ref.ID)
	if err != nil {
		return nil, err
	}
	v := &ModuleView{FlowModule: *m, SHA256: m.Saved, Settings: m.Settings}
	if ref.Qualifier != center.SavedQualifier {
		v.Published = true
		if v.SHA256, v.Settings, v.Version, err = c.publishedModule(ctx, at, m, ref); err != nil {
			return nil, err
		}
	}
	content, err := contents.get(ctx, c, at, v.SHA256)
	if err != nil {
		return nil, err
	}
	v.Content = content.Text
	return v, nil
}

// publishedModule is the content of a module that a reference leads to.
func (c *Chats) publishedModule(ctx context.Context, at center.InstanceID, m *center.FlowModule, ref center.ModuleRef) (sha, settings string, v *center.Version, err error) {
	number, isNumber := ref.Version()
	switch {
	case ref.Qualifier == "" || ref.Qualifier == center.LatestQualifier:
		return m.Published, m.PublishedSettings, nil, nil
	case !isNumber:
		a, err := c.aliasNamed(ctx, at, m.ID, ref.Qualifier)
		if err != nil {
			return "", "", nil, err
		}
		number = a.Version
	}
	if v, err = c.moduleVersion(ctx, at, m.ID, number); err != nil {
		return "", "", nil, err
	}
	return v.Content, v.Settings, v, nil
}

func (c *Chats) moduleVersion(ctx context.Context, at center.InstanceID, id center.ModuleID, number int64) (*center.Version, error) {
	v, err := moduleVersions.get(ctx, c, at, center.VersionKey(string(id), number))
	return v, noVersion(err, moduleVersions.word, string(id), number)
}

func (c *Chats) aliasNamed(ctx context.Context, at center.InstanceID, id center.ModuleID, name string) (*center.ModuleAlias, error) {
	named := center.ModuleAlias{Module: id, Name: name}
	r, err := c.Store.ResourceByName(ctx, at, moduleAliases.name, named.NameKey())
	if errors.Is(err, store.ErrNotFound) {
		return nil, center.Refuse(center.NotFound, "Resource not found of Type: %s (a name of module %s)", moduleAliases.word, id)
	}
	if err != nil {
		return nil, err
	}
	return moduleAliases.decode(c, r)
}

// moduleToRun finds the module that a flow invokes, an id or ARN with a version or an alias behind a colon, and the
// hash of its content. Only what is published can be invoked.
func (c *Chats) moduleToRun(ctx context.Context, at center.InstanceID, ref string) (id, content string, err error) {
	r := center.ParseModule(ref)
	m, err := modules.get(ctx, c, at, string(r.ID))
	if err != nil {
		return "", "", err
	}
	if m.Archived {
		return "", "", modules.notFound(string(m.ID))
	}
	content, _, _, err = c.publishedModule(ctx, at, m, r)
	return string(m.ID), content, err
}

// contract is what the module that a flow invokes has declared; nil when it has declared nothing.
func (c *Chats) contract(ctx context.Context, at center.InstanceID, ref string) (*flow.Contract, error) {
	r := center.ParseModule(ref)
	m, err := modules.get(ctx, c, at, string(r.ID))
	if err != nil {
		return nil, err
	}
	_, settings, _, err := c.publishedModule(ctx, at, m, r)
	if err != nil {
		return nil, err
	}
	return flow.ReadContract(settings)
}

func (c *Chats) module(ctx context.Context, at center.InstanceID, id center.ModuleID) (*center.FlowModule, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	return modules.get(ctx, c, at, string(id))
}

// moduleToChange finds the module that an operation is to change. Versions never change, nor are they reached by alias.
func (c *Chats) moduleToChange(ctx context.Context, at center.InstanceID, ref center.ModuleRef) (*center.FlowModule, error) {
	m, err := c.module(ctx, at, ref.ID)
	if err == nil {
		err = changeable(ref.Qualifier)
	}
	return m, err
}

// Modules lists modules in the order of their ids: all, or those that are archived or are not.
func (c *Chats) Modules(ctx context.Context, at center.InstanceID, archived *bool, after string, limit int) ([]center.FlowModule, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	return modules.filter(ctx, c, at, after, limit, func(m *center.FlowModule) bool {
		return archived == nil || m.Archived == *archived
	})
}

// UpdateModuleContent replaces a module's content, its contract or both: they are published, or with the qualifier
// $SAVED only saved.
func (c *Chats) UpdateModuleContent(ctx context.Context, at center.InstanceID, ref center.ModuleRef, content, settings *string) error {
	if _, err := c.moduleToChange(ctx, at, ref); err != nil {
		return err
	}
	if content == nil && settings == nil {
		return center.Refuse(center.InvalidRequest, "Content or Settings is required")
	}
	publish := ref.Qualifier != center.SavedQualifier
	return modules.update(ctx, c, at, string(ref.ID), func(m *center.FlowModule) error {
		text, contract := content, m.Settings
		if settings != nil {
			contract = *settings
		}
		if text == nil {
			saved, err := contents.get(ctx, c, at, m.Saved)
			if err != nil {
				return err
			}
			text = &saved.Text
		}
		sha, err := c.keepModule(ctx, at, *text, contract, publish)
		if err != nil {
			return err
		}
		m.Saved, m.Settings, m.Modified = sha, contract, c.Clock.Now().UTC()
		if publish {
			m.Published, m.PublishedSettings = sha, contract
		}
		return nil
	})
}

// UpdateModule changes what is known about a module beside its content; nil members stay as they are.
func (c *Chats) UpdateModule(ctx context.Context, at center.InstanceID, ref center.ModuleRef, name, description *string, archived *bool) error {
	if _, err := c.moduleToChange(ctx, at, ref); err != nil {
		return err
	}
	return taken(modules.update(ctx, c, at, string(ref.ID), func(m *center.FlowModule) error {
		if name != nil {
			m.Name = *name
		}
		if description != nil {
			m.Description = *description
		}
		if archived != nil {
			m.Archived = *archived
		}
		m.Modified = c.Clock.Now().UTC()
		return nil
	}), "a flow module of that name already exists in the instance")
}

// DeleteModule deletes a module with its aliases and versions. Contacts that are in it go on in the content they began
// with; flows that invoke it take their error branches.
func (c *Chats) DeleteModule(ctx context.Context, at center.InstanceID, ref center.ModuleRef) error {
	m, err := c.moduleToChange(ctx, at, ref)
	if err == nil {
		err = moduleAliases.deleteBelow(ctx, c, at, string(m.ID)+"/")
	}
	if err == nil {
		err = moduleVersions.deleteBelow(ctx, c, at, string(m.ID)+"/")
	}
	if err == nil {
		err = modules.delete(ctx, c, at, string(m.ID))
	}
	return err
}

// CreateModuleVersion gives the published content of a module the next number.
func (c *Chats) CreateModuleVersion(ctx context.Context, at center.InstanceID, ref center.ModuleRef, description, sha string) (*center.Version, error) {
	if _, err := c.moduleToChange(ctx, at, ref); err != nil {
		return nil, err
	}
	var v center.Version
	err := modules.update(ctx, c, at, string(ref.ID), func(m *center.FlowModule) error {
		if err := matches(sha, m.Published); err != nil {
			return err
		}
		m.LastVersion++
		v = center.Version{
			Of: string(m.ID), Number: m.LastVersion, Description: description,
			Content: m.Published, Settings: m.PublishedSettings, Modified: m.Modified,
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &v, moduleVersions.insert(ctx, c, at, &v)
}

// ModuleVersions lists the versions of a module from the first, those after the given number.
func (c *Chats) ModuleVersions(ctx context.Context, at center.InstanceID, ref center.ModuleRef, after int64, limit int) ([]center.Version, error) {
	m, err := c.module(ctx, at, ref.ID)
	if err != nil {
		return nil, err
	}
	return moduleVersions.below(ctx, c, at, string(m.ID)+"/", center.VersionKey(string(m.ID), after), limit)
}

// DeleteModuleVersion deletes a version of a module that no alias stands for; no other gets its number. That aliases
// keep their version is inferred.
func (c *Chats) DeleteModuleVersion(ctx context.Context, at center.InstanceID, ref center.ModuleRef, number int64) error {
	m, err := c.module(ctx, at, ref.ID)
	if err != nil {
		return err
	}
	aliases, err := c.allAliases(ctx, at, m.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(aliases, func(a center.ModuleAlias) bool { return a.Version == number }) {
		return center.Refuse(center.InvalidRequest, "an alias stands for version %d of the module; move or delete it first", number)
	}
	err = moduleVersions.delete(ctx, c, at, center.VersionKey(string(m.ID), number))
	return noVersion(err, moduleVersions.word, string(m.ID), number)
}

func (c *Chats) allAliases(ctx context.Context, at center.InstanceID, id center.ModuleID) (all []center.ModuleAlias, err error) {
	for after, more := "", true; more; {
		some, err := moduleAliases.below(ctx, c, at, string(id)+"/", after, 100)
		if err != nil {
			return nil, err
		}
		if more = len(some) == 100; more {
			after = some[99].Key()
		}
		all = append(all, some...)
	}
	return all, nil
}

// CreateModuleAlias names a version of a module.
func (c *Chats) CreateModuleAlias(ctx context.Context, at center.InstanceID, ref center.ModuleRef, a center.ModuleAlias) (*center.ModuleAlias, error) {
	if _, err := c.moduleToChange(ctx, at, ref); err != nil {
		return nil, err
	}
	a.Module = ref.ID
	if err := c.checkAlias(ctx, at, &a); err != nil {
		return nil, err
	}
	a.ID, a.Modified = c.NewID(), c.Clock.Now().UTC()
	return &a, taken(moduleAliases.insert(ctx, c, at, &a), "an alias of that name already exists in the module")
}

func (c *Chats) checkAlias(ctx context.Context, at center.InstanceID, a *center.ModuleAlias) error {
	if err := a.Check(); err != nil {
		return err
	}
	_, err := c.moduleVersion(ctx, at, a.Module, a.Version)
	return err
}

// ModuleAlias finds an alias of a module by its id.
func (c *Chats) ModuleAlias(ctx context.Context, at center.InstanceID, ref center.ModuleRef, id string) (*center.ModuleAlias, error) {
	m, err := c.module(ctx, at, ref.ID)
	if err != nil {
		return nil, err
	}
	a, err := moduleAliases.get(ctx, c, at, aliasKey(m.ID, id))
	return a, noAlias(err, id)
}

func aliasKey(of center.ModuleID, id string) string {
	a := center.ModuleAlias{Module: of, ID: id}
	return a.Key()
}

// noAlias names the alias that is not there by its own id.
func noAlias(err error, id string) error {
	if refusedAs(err, center.NotFound) {
		return moduleAliases.notFound(id)
	}
	return err
}

// ModuleAliases lists the aliases of a module in the order of their ids, those after the given one.
func (c *Chats) ModuleAliases(ctx context.Context, at center.InstanceID, ref center.ModuleRef, after string, limit int) ([]center.ModuleAlias, error) {
	m, err := c.module(ctx, at, ref.ID)
	if err != nil {
		return nil, err
	}
	return moduleAliases.below(ctx, c, at, string(m.ID)+"/", aliasKey(m.ID, after), limit)
}

// UpdateModuleAlias changes an alias; nil members stay as they are.
func (c *Chats) UpdateModuleAlias(ctx context.Context, at center.InstanceID, ref center.ModuleRef, id string, name, description *string, version *int64) error {
	known, err := c.ModuleAlias(ctx, at, ref, id)
	if err != nil {
		return err
	}
	return taken(moduleAliases.update(ctx, c, at, known.Key(), func(a *center.ModuleAlias) error {
		if name != nil {
			a.Name = *name
		}
		if description != nil {
			a.Description = *description
		}
		if version != nil {
			a.Version = *version
		}
		a.Modified = c.Clock.Now().UTC()
		return c.checkAlias(ctx, at, a)
	}), "an alias of that name already exists in the module")
}

// DeleteModuleAlias deletes an alias; flows that invoke it take their error branches.
func (c *Chats) DeleteModuleAlias(ctx context.Context, at center.InstanceID, ref center.ModuleRef, id string) error {
	m, err := c.moduleToChange(ctx, at, ref)
	if err != nil {
		return err
	}
	return noAlias(moduleAliases.delete(ctx, c, at, aliasKey(m.ID, id)), id)
}
