package catalog

import (
	"context"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/view"
)

// maxAbsent is how many resources that are not there are told of one document: more do not fit into the answer (API model,
// Problems). What is looked up is bounded by it and by what the instance has.
const maxAbsent = 50

// absent is what a document needs and the instance does not have.
//
// A flow, module or view that is only saved is there: flows may lead to each other in a circle, and one of them is published
// first (that Amazon Connect asks for no more is inferred). Who may take a contact, agents, is asked when the flow runs.
func (c *Catalog) absent(ctx context.Context, at center.InstanceID, needs []flow.Need) (missing []flow.Need, err error) {
	type resource struct {
		kind        flow.Resource
		id, version string
	}
	known := map[resource]bool{}
	for _, n := range needs {
		r := resource{n.Kind, n.ID, n.Version}
		there, asked := known[r]
		if !asked {
			if there, err = c.has(ctx, at, n); err != nil {
				return nil, err
			}
			known[r] = there
		}
		if there {
			continue
		}
		if missing = append(missing, n); len(missing) == maxAbsent {
			break
		}
	}
	return missing, nil
}

// has says whether an instance has what a flow names, as it is found when the flow runs.
func (c *Catalog) has(ctx context.Context, at center.InstanceID, n flow.Need) (bool, error) {
	if strings.ContainsRune(n.ID+n.Version, 0) {
		return false, nil // PostgreSQL does not look for such a text
	}
	var err error
	switch n.Kind {
	case flow.ResourceFunction:
		return c.mayAsk(ctx, at, Functions, c.TrustedFunction, n.ID)
	case flow.ResourceBot:
		return c.mayAsk(ctx, at, Bots, c.TrustedBot, n.ID)
	case flow.ResourceQueue:
		_, err = Queues.find(ctx, c, at, Queues.ParseID(n.ID))
	case flow.ResourceHours:
		_, err = HoursOfOperation.find(ctx, c, at, string(center.ParseHours(n.ID)))
	case flow.ResourcePrompt:
		_, err = Prompts.find(ctx, c, at, Prompts.ParseID(n.ID))
	case flow.ResourceFlow:
		err = c.hasFlow(ctx, at, center.ParseFlow(n.ID))
	case flow.ResourceModule:
		err = c.hasModule(ctx, at, center.ParseModule(n.ID))
	case flow.ResourceView:
		err = c.hasView(ctx, at, center.ParseView(n.ID).At(n.Version))
	}
	if center.Refused(err) {
		return false, nil
	}
	return err == nil, err
}

// mayAsk says whether flows may ask a function or bot.
func (c *Catalog) mayAsk(ctx context.Context, at center.InstanceID, set *Set[center.Allowed], trusted func(string) bool, name string) (bool, error) {
	if trusted != nil && trusted(name) {
		return true, nil
	}
	return set.Has(ctx, c, at, name)
}

// numbered says whether a qualifier names a version, by its number or an alias: what is published and what is saved may come
// later.
func numbered(qualifier string) bool {
	return qualifier != "" && qualifier != center.LatestQualifier && qualifier != center.SavedQualifier
}

func (c *Catalog) hasFlow(ctx context.Context, at center.InstanceID, ref center.FlowRef) error {
	_, err := Flows.find(ctx, c, at, string(ref.ID))
	if err == nil && numbered(ref.Qualifier) {
		_, err = c.flowVersion(ctx, at, ref)
	}
	return err
}

func (c *Catalog) hasModule(ctx context.Context, at center.InstanceID, ref center.ModuleRef) error {
	m, err := Modules.find(ctx, c, at, string(ref.ID))
	if err == nil && numbered(ref.Qualifier) {
		_, _, _, err = c.publishedModule(ctx, at, m, ref)
	}
	return err
}

func (c *Catalog) hasView(ctx context.Context, at center.InstanceID, ref center.ViewRef) error {
	if m, ok := view.FindManaged(string(ref.ID)); ok {
		_, err := c.managedView(m, ref)
		return err
	}
	v, err := Views.find(ctx, c, at, string(ref.ID))
	if err == nil && numbered(ref.Qualifier) {
		_, err = c.viewAt(ctx, at, v, ref.Qualifier)
	}
	return err
}
