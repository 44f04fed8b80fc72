package chat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
)

// FlowView is one content of a flow, as DescribeContactFlow shows it.
type FlowView struct {
	center.ContactFlow
	Content string
	SHA256  string
	// Published says that contacts may run this content.
	Published bool
	// Version is set when the content was asked for by the number of a version or by an alias.
	Version *center.Version
}

// CreateFlow makes a flow, published (and then validated) or saved.
func (c *Chats) CreateFlow(ctx context.Context, at center.InstanceID, f center.ContactFlow, content string, publish bool) (*FlowView, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	if err := flows.room(ctx, c, at, maxFlows, "flows"); err != nil {
		return nil, err
	}
	sha, err := c.keepFlow(ctx, at, f.Type, content, publish)
	if err != nil {
		return nil, err
	}
	if f.ID == "" {
		f.ID = center.FlowID(c.NewID())
	}
	f.Saved, f.Modified = sha, c.Clock.Now().UTC()
	if publish {
		f.Published = sha
	}
	if err := flows.insert(ctx, c, at, &f); err != nil {
		return nil, taken(err, "a flow of that name already exists in the instance")
	}
	return &FlowView{ContactFlow: f, Content: content, SHA256: sha, Published: publish}, nil
}

// keepFlow checks the text of a flow of a type and stores it. What is published must be valid; what is saved need only
// be a flow document.
func (c *Chats) keepFlow(ctx context.Context, at center.InstanceID, flowType, content string, publish bool) (sha string, err error) {
	p, err := flow.Parse([]byte(content))
	if err != nil {
		return "", invalidContent(problemsOf(err))
	}
	if publish {
		problems, err := c.problems(ctx, at, p, flow.Kind(flowType))
		if err != nil {
			return "", err
		}
		if len(problems) > 0 {
			return "", invalidContent(problems)
		}
	}
	return c.keep(ctx, at, content)
}

// problems lists all that keeps a document from being published, what it asks of modules included.
func (c *Chats) problems(ctx context.Context, at center.InstanceID, p *flow.Program, kind flow.Kind) ([]flow.Problem, error) {
	var failed error
	calls := flow.CheckCalls(p, func(ref string) *flow.Contract {
		contract, err := c.contract(ctx, at, ref)
		if err != nil && !refusal(err) {
			failed = err
		}
		return contract
	})
	return append(flow.ValidateAs(p, kind), calls...), failed
}

// keep stores a text under its hash. One that is there already is marked as modified: it may be about to be deleted,
// because nothing has referred to it until now.
func (c *Chats) keep(ctx context.Context, at center.InstanceID, content string) (sha string, err error) {
	sum := sha256.Sum256([]byte(content))
	sha = hex.EncodeToString(sum[:])
	for {
		err = contents.insert(ctx, c, at, &flowContent{SHA256: sha, Text: content})
		if !refusedAs(err, center.Duplicate) {
			return sha, err
		}
		err = contents.update(ctx, c, at, sha, func(*flowContent) error { return nil })
		if !refusedAs(err, center.NotFound) {
			return sha, err
		}
		// It was deleted between the two.
	}
}

// Flow finds a flow and one of its contents: the published one, with the qualifier $SAVED the saved one, with a number
// or an alias that of a version.
func (c *Chats) Flow(ctx context.Context, at center.InstanceID, ref center.FlowRef) (*FlowView, error) {
	f, err := c.flow(ctx, at, ref.ID)
	if err != nil {
		return nil, err
	}
	v := &FlowView{ContactFlow: *f, SHA256: f.Saved}
	if ref.Qualifier != center.SavedQualifier {
		v.Published = true
		if v.SHA256, v.Version, err = c.published(ctx, at, f, ref); err != nil {
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

// published is the hash of the content of a flow that a reference leads to.
func (c *Chats) published(ctx context.Context, at center.InstanceID, f *center.ContactFlow, ref center.FlowRef) (sha string, v *center.Version, err error) {
	if ref.Qualifier != "" && ref.Qualifier != center.LatestQualifier {
		if v, err = c.flowVersion(ctx, at, ref); err != nil {
			return "", nil, err
		}
		return v.Content, v, nil
	}
	if f.Published == "" {
		return "", nil, center.Refuse(center.FlowNotPublished, "Contact flow not published") // AWS's words
	}
	return f.Published, nil, nil
}

// flowVersion finds the version of a flow that a reference names by its number or by an alias.
func (c *Chats) flowVersion(ctx context.Context, at center.InstanceID, ref center.FlowRef) (*center.Version, error) {
	if ref.Qualifier == center.SavedQualifier {
		return nil, center.Refuse(center.NotFound, "Resource not found of Type: %s %s (only published content runs; leave out %s)", flows.word, ref.ID, center.SavedQualifier)
	}
	number, ok := ref.Version()
	if !ok {
		a, err := flowAliases.named(ctx, c, at, string(ref.ID), ref.Qualifier)
		if err != nil {
			return nil, err
		}
		number = a.Version
	}
	return flowVersions.version(ctx, c, at, string(ref.ID), number)
}

// flowToRun finds a flow that contacts may run, an id or ARN with a version or an alias behind a colon or without, and
// the hash of the content to run.
func (c *Chats) flowToRun(ctx context.Context, at center.InstanceID, ref string) (*center.ContactFlow, string, error) {
	r := center.ParseFlow(ref)
	f, err := flows.get(ctx, c, at, string(r.ID))
	if err != nil {
		return nil, "", err
	}
	if !f.Runs() {
		return nil, "", flows.notFound(string(f.ID))
	}
	sha, _, err := c.published(ctx, at, f, r)
	return f, sha, err
}

func (c *Chats) flow(ctx context.Context, at center.InstanceID, id center.FlowID) (*center.ContactFlow, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	return flows.get(ctx, c, at, string(id))
}

// flowToChange finds the flow that an operation is to change. A version is never changed.
func (c *Chats) flowToChange(ctx context.Context, at center.InstanceID, ref center.FlowRef) (*center.ContactFlow, error) {
	f, err := c.flow(ctx, at, ref.ID)
	if err == nil {
		err = changeable(ref.Qualifier)
	}
	return f, err
}

// changeable refuses references to what never changes.
func changeable(qualifier string) error {
	switch qualifier {
	case "", center.LatestQualifier, center.SavedQualifier:
		return nil
	}
	return center.Refuse(center.InvalidRequest, "a version does not change; leave out what follows the id, or write %s for the saved content", center.SavedQualifier)
}

// Flows lists the flows of the given types (of every type if none is given), in the order of their ids.
func (c *Chats) Flows(ctx context.Context, at center.InstanceID, types []string, after string, limit int) ([]center.ContactFlow, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	return flows.filter(ctx, c, at, after, limit, func(f *center.ContactFlow) bool {
		return len(types) == 0 || slices.Contains(types, f.Type)
	})
}

// UpdateFlowContent replaces a flow's content: it is published, or with the qualifier $SAVED only saved.
func (c *Chats) UpdateFlowContent(ctx context.Context, at center.InstanceID, ref center.FlowRef, content string) error {
	known, err := c.flowToChange(ctx, at, ref)
	if err != nil {
		return err
	}
	publish := ref.Qualifier != center.SavedQualifier
	sha, err := c.keepFlow(ctx, at, known.Type, content, publish)
	if err != nil {
		return err
	}
	return flows.update(ctx, c, at, string(ref.ID), func(f *center.ContactFlow) error {
		f.Saved, f.Modified = sha, c.Clock.Now().UTC()
		if publish {
			f.Published = sha
		}
		return nil
	})
}

// UpdateFlow changes what is known about a flow beside its content; nil members stay as they are.
func (c *Chats) UpdateFlow(ctx context.Context, at center.InstanceID, ref center.FlowRef, name, description *string, archived *bool) error {
	if _, err := c.flowToChange(ctx, at, ref); err != nil {
		return err
	}
	return taken(flows.update(ctx, c, at, string(ref.ID), func(f *center.ContactFlow) error {
		if name != nil {
			f.Name = *name
		}
		if description != nil {
			f.Description = *description
		}
		if archived != nil {
			f.Archived = *archived
		}
		f.Modified = c.Clock.Now().UTC()
		return nil
	}), "a flow of that name already exists in the instance")
}

// DeleteFlow deletes a flow with its aliases and versions. Contacts that run it go on in the content they began with; flows that
// lead to it take their error branches.
func (c *Chats) DeleteFlow(ctx context.Context, at center.InstanceID, ref center.FlowRef) error {
	f, err := c.flowToChange(ctx, at, ref)
	if err != nil {
		return err
	}
	if err := flowAliases.deleteBelow(ctx, c, at, string(f.ID)+"/"); err != nil {
		return err
	}
	if err := flowVersions.deleteBelow(ctx, c, at, string(f.ID)+"/"); err != nil {
		return err
	}
	return flows.delete(ctx, c, at, string(f.ID))
}

// CreateFlowVersion gives the published content of a flow a number: the given one, which must be above all before, or
// with 0 the next. AWS documents versions for flows of type CAMPAIGN only; here flows of every type have them.
func (c *Chats) CreateFlowVersion(ctx context.Context, at center.InstanceID, ref center.FlowRef, v center.Version) (*center.Version, error) {
	f, err := c.flowToChange(ctx, at, ref)
	if err != nil {
		return nil, err
	}
	given := v
	err = flows.update(ctx, c, at, string(f.ID), func(f *center.ContactFlow) error {
		v = given
		if f.Published == "" {
			return center.Refuse(center.InvalidRequest, "the flow %s was saved but never published; only what is published can become a version", f.ID)
		}
		if err := matches(v.Content, f.Published); err != nil {
			return err
		}
		if v.Number == 0 {
			v.Number = f.LastVersion + 1
		}
		if v.Number <= f.LastVersion || v.Number > center.MaxVersion {
			return center.Refuse(center.InvalidRequest, "ContactFlowVersion must be above the last version, %d, and at most %d", f.LastVersion, center.MaxVersion)
		}
		if v.Modified.IsZero() {
			v.Modified = f.Modified
		}
		v.Of, v.Content, f.LastVersion = string(f.ID), f.Published, v.Number
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &v, flowVersions.insert(ctx, c, at, &v)
}

// FlowVersions lists the versions of a flow from the first, those after the given number.
func (c *Chats) FlowVersions(ctx context.Context, at center.InstanceID, ref center.FlowRef, after int64, limit int) ([]center.Version, error) {
	f, err := c.flow(ctx, at, ref.ID)
	if err != nil {
		return nil, err
	}
	return flowVersions.below(ctx, c, at, string(f.ID)+"/", center.VersionKey(string(f.ID), after), limit)
}

// DeleteFlowVersion deletes a version of a flow that no alias stands for; no other gets its number.
func (c *Chats) DeleteFlowVersion(ctx context.Context, at center.InstanceID, ref center.FlowRef, number int64) error {
	f, err := c.flow(ctx, at, ref.ID)
	if err != nil {
		return err
	}
	if err := flowAliases.free(ctx, c, at, string(f.ID), number); err != nil {
		return err
	}
	err = flowVersions.delete(ctx, c, at, center.VersionKey(string(f.ID), number))
	return flowVersions.missing(err, string(f.ID), number)
}

// CreateFlowAlias names a version of a flow.
func (c *Chats) CreateFlowAlias(ctx context.Context, at center.InstanceID, ref center.FlowRef, a center.Alias) (*center.Alias, error) {
	f, err := c.flowToChange(ctx, at, ref)
	if err != nil {
		return nil, err
	}
	a.Of = string(f.ID)
	return flowAliases.create(ctx, c, at, a)
}

// FlowAlias finds an alias of a flow by its id.
func (c *Chats) FlowAlias(ctx context.Context, at center.InstanceID, ref center.FlowRef, id string) (*center.Alias, error) {
	f, err := c.flow(ctx, at, ref.ID)
	if err != nil {
		return nil, err
	}
	return flowAliases.find(ctx, c, at, string(f.ID), id)
}

// FlowAliases lists the aliases of a flow in the order of their ids, those after the given one.
func (c *Chats) FlowAliases(ctx context.Context, at center.InstanceID, ref center.FlowRef, after string, limit int) ([]center.Alias, error) {
	f, err := c.flow(ctx, at, ref.ID)
	if err != nil {
		return nil, err
	}
	return flowAliases.page(ctx, c, at, string(f.ID), after, limit)
}

// UpdateFlowAlias changes an alias; nil members stay as they are.
func (c *Chats) UpdateFlowAlias(ctx context.Context, at center.InstanceID, ref center.FlowRef, id string, name, description *string, version *int64) error {
	f, err := c.flow(ctx, at, ref.ID)
	if err != nil {
		return err
	}
	return flowAliases.change(ctx, c, at, string(f.ID), id, name, description, version)
}

// DeleteFlowAlias deletes an alias; its version stays. Flows that lead to the alias take their error branches.
func (c *Chats) DeleteFlowAlias(ctx context.Context, at center.InstanceID, ref center.FlowRef, id string) error {
	f, err := c.flowToChange(ctx, at, ref)
	if err != nil {
		return err
	}
	return flowAliases.remove(ctx, c, at, string(f.ID), id)
}

// programs are the parsed contents in use, by hash. Contents never change, so they never go stale.
type programs struct {
	mu  sync.RWMutex
	all map[string]*flow.Program
}

// maxPrograms is how many parsed contents are kept.
const maxPrograms = 500

func (c *Chats) program(ctx context.Context, at center.InstanceID, sha string) (*flow.Program, error) {
	c.programs.mu.RLock()
	p := c.programs.all[sha]
	c.programs.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	content, err := contents.get(ctx, c, at, sha)
	if err != nil {
		return nil, err
	}
	if p, err = flow.Parse([]byte(content.Text)); err != nil {
		return nil, fmt.Errorf("parse flow content %s: %w", sha, err)
	}
	c.programs.mu.Lock()
	defer c.programs.mu.Unlock()
	if c.programs.all == nil || len(c.programs.all) >= maxPrograms {
		c.programs.all = map[string]*flow.Program{}
	}
	c.programs.all[sha] = p
	return p, nil
}

// invalidContent refuses a document with all that is wrong with it.
func invalidContent(problems []flow.Problem) error {
	all := make([]string, len(problems))
	for i, p := range problems {
		all[i] = p.Message
		if p.Path != "" && !strings.Contains(p.Message, "Path: ") && !strings.Contains(p.Message, p.Path) {
			all[i] += ", Path: " + p.Path
		}
	}
	return &center.Error{Code: center.InvalidFlow, Message: "the content is refused", Problems: all}
}

// problemsOf lists what Parse found.
func problemsOf(err error) []flow.Problem {
	var refused *flow.ParseError
	if errors.As(err, &refused) {
		return refused.Problems
	}
	return []flow.Problem{{Message: err.Error()}}
}
