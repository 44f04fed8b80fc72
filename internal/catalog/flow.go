package catalog

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/store"
)

// FlowWithContent is a flow with one of its contents, as DescribeContactFlow shows it.
type FlowWithContent struct {
	center.ContactFlow
	Content string
	SHA256  string
	// Published says that contacts may run this content.
	Published bool
	// Version is set when the content was asked for by the number of a version or by an alias.
	Version *center.Version
}

// Flows are the flows of an instance.
var Flows = &Kind[center.ContactFlow]{
	rows: "contact-flow", word: "CONTACT_FLOW", tail: "contact-flow",
	parse: parseFlow,
	key:   flowKey,
	stamp: (*center.ContactFlow).Stamp,
	tags:  func(f *center.ContactFlow) *map[string]string { return &f.Tags },
	taken: "a flow of that name already exists in the instance",
	quota: 100, plural: "flows",
	below: []string{"contact-flow-alias", "contact-flow-version"},
	fields: append(headFields(byName, flowKey, func(f *center.ContactFlow) string { return f.Description }, parseFlow),
		wordField("TypeCondition", func(f *center.ContactFlow) string { return f.Type }),
		wordField("StateCondition", func(f *center.ContactFlow) string { return Activity(f.Archived) }),
		wordField("StatusCondition", func(f *center.ContactFlow) string { return Publication(f.Published != "") })),
}

func parseFlow(s string) string { return string(center.ParseFlow(s).ID) }

func flowKey(f *center.ContactFlow) (id, name string) { return string(f.ID), f.Name }

// Status and state of a flow, a module or a view, as the API spells them.
const (
	StatusPublished = "PUBLISHED"
	StatusSaved     = "SAVED"
	StateActive     = "ACTIVE"
	StateArchived   = "ARCHIVED"
)

// Publication is the status of a content.
func Publication(published bool) string {
	if published {
		return StatusPublished
	}
	return StatusSaved
}

// Activity is the state of a flow or module.
func Activity(archived bool) string {
	if archived {
		return StateArchived
	}
	return StateActive
}

// FlowVersions are the numbered contents of flows, FlowAliases names for them. Amazon Connect documents versions for flows of
// type CAMPAIGN only; here flows of every type have them.
var (
	FlowVersions = versionsOf(Flows, "contact-flow-version", "CONTACT_FLOW_VERSION", (*center.ContactFlow).NextVersion)
	FlowAliases  = aliasesOf(FlowVersions, "contact-flow-alias", "CONTACT_FLOW_ALIAS", "flow")
)

// CreateFlow makes a flow, published (and then validated) or saved.
func (c *Catalog) CreateFlow(ctx context.Context, at center.InstanceID, f center.ContactFlow, content string, publish bool) (*FlowWithContent, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	if err := Flows.checkQuota(ctx, c, at); err != nil {
		return nil, err
	}
	sha, err := c.keepFlow(ctx, at, f.Type, content, publish)
	if err != nil {
		return nil, err
	}
	f.Saved = sha
	if publish {
		f.Published = sha
	}
	if _, err := Flows.Create(ctx, c, at, &f, ClientToken{}); err != nil {
		return nil, err
	}
	return &FlowWithContent{ContactFlow: f, Content: content, SHA256: sha, Published: publish}, nil
}

// keepFlow checks the text of a flow of a type and stores it. What is published must be valid; what is saved need only
// be a flow document.
func (c *Catalog) keepFlow(ctx context.Context, at center.InstanceID, flowType, content string, publish bool) (sha string, err error) {
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
func (c *Catalog) problems(ctx context.Context, at center.InstanceID, p *flow.Program, kind flow.Kind) ([]flow.Problem, error) {
	var failed error
	calls := flow.CheckCalls(p, func(ref string) *flow.Contract {
		contract, err := c.contract(ctx, at, ref)
		if err != nil && !center.Refused(err) {
			failed = err
		}
		return contract
	})
	return append(flow.ValidateAs(p, kind), calls...), failed
}

// keep stores a text under its hash.
func (c *Catalog) keep(ctx context.Context, at center.InstanceID, content string) (sha string, err error) {
	sum := sha256.Sum256([]byte(content))
	sha = hex.EncodeToString(sum[:])
	return sha, contents.keep(ctx, c, at, &flowContent{SHA256: sha, Text: content})
}

// Flow finds a flow and one of its contents: the published one, with the qualifier $SAVED the saved one, with a number
// or an alias that of a version.
func (c *Catalog) Flow(ctx context.Context, at center.InstanceID, ref center.FlowRef) (*FlowWithContent, error) {
	f, err := Flows.Get(ctx, c, at, string(ref.ID))
	if err != nil {
		return nil, err
	}
	v := &FlowWithContent{ContactFlow: *f, SHA256: f.Saved}
	if ref.Qualifier != center.SavedQualifier {
		v.Published = true
		if v.SHA256, v.Version, err = c.published(ctx, at, f, ref); err != nil {
			return nil, err
		}
	}
	v.Content, err = c.FlowText(ctx, at, v.SHA256)
	return v, err
}

// FoundFlow is a flow as searches show it: with the published content, or what is saved of one that was never published.
func (c *Catalog) FoundFlow(ctx context.Context, at center.InstanceID, f *center.ContactFlow) (*FlowWithContent, error) {
	v := &FlowWithContent{ContactFlow: *f, SHA256: cmp.Or(f.Published, f.Saved), Published: f.Published != ""}
	var err error
	v.Content, err = c.FlowText(ctx, at, v.SHA256)
	return v, err
}

// published is the hash of the content of a flow that a reference leads to.
func (c *Catalog) published(ctx context.Context, at center.InstanceID, f *center.ContactFlow, ref center.FlowRef) (sha string, v *center.Version, err error) {
	if ref.Qualifier != "" && ref.Qualifier != center.LatestQualifier {
		if v, err = c.flowVersion(ctx, at, ref); err != nil {
			return "", nil, err
		}
		return v.Content, v, nil
	}
	if f.Published == "" {
		return "", nil, center.Refuse(center.FlowNotPublished, "Contact flow not published") // Amazon Connect's words
	}
	return f.Published, nil, nil
}

// flowVersion finds the version of a flow that a reference names by its number or by an alias.
func (c *Catalog) flowVersion(ctx context.Context, at center.InstanceID, ref center.FlowRef) (*center.Version, error) {
	if ref.Qualifier == center.SavedQualifier {
		return nil, center.Refuse(center.NotFound, "Resource not found of Type: %s %s (only published content runs; leave out %s)", Flows.word, ref.ID, center.SavedQualifier)
	}
	number, ok := ref.Version()
	if !ok {
		a, err := FlowAliases.named(ctx, c, at, string(ref.ID), ref.Qualifier)
		if err != nil {
			return nil, err
		}
		number = a.Version
	}
	return FlowVersions.find(ctx, c, at, string(ref.ID), number)
}

// FlowToRun finds a flow that contacts may run, an id or ARN with a version or an alias behind a colon or without, and
// the hash of the content to run.
func (c *Catalog) FlowToRun(ctx context.Context, at center.InstanceID, ref string) (*center.ContactFlow, string, error) {
	r := center.ParseFlow(ref)
	f, err := Flows.find(ctx, c, at, string(r.ID))
	if err != nil {
		return nil, "", err
	}
	if !f.Runs() {
		return nil, "", Flows.notFound(string(f.ID))
	}
	sha, _, err := c.published(ctx, at, f, r)
	return f, sha, err
}

// UpdateFlowContent replaces a flow's content: it is published, or with the qualifier $SAVED only saved.
func (c *Catalog) UpdateFlowContent(ctx context.Context, at center.InstanceID, ref center.FlowRef, content string) error {
	known, err := Flows.toChange(ctx, c, at, string(ref.ID), ref.Qualifier)
	if err != nil {
		return err
	}
	publish := ref.Qualifier != center.SavedQualifier
	sha, err := c.keepFlow(ctx, at, known.Type, content, publish)
	if err != nil {
		return err
	}
	return Flows.Update(ctx, c, at, string(ref.ID), 0, func(f *center.ContactFlow) error {
		f.Saved = sha
		if publish {
			f.Published = sha
		}
		return nil
	})
}

// UpdateFlow changes what is known about a flow beside its content.
func (c *Catalog) UpdateFlow(ctx context.Context, at center.InstanceID, ref center.FlowRef, edit func(*center.ContactFlow) error) error {
	if _, err := Flows.toChange(ctx, c, at, string(ref.ID), ref.Qualifier); err != nil {
		return err
	}
	return Flows.Update(ctx, c, at, string(ref.ID), 0, edit)
}

// DeleteFlow deletes a flow with its aliases and versions. Contacts that run it go on in the content they began with; flows that
// lead to it take their error branches.
func (c *Catalog) DeleteFlow(ctx context.Context, at center.InstanceID, ref center.FlowRef) error {
	if _, err := Flows.toChange(ctx, c, at, string(ref.ID), ref.Qualifier); err != nil {
		return err
	}
	return Flows.Delete(ctx, c, at, string(ref.ID))
}

// programs are the parsed contents in use, by hash. Contents never change, so they never go stale.
type programs struct {
	mu  sync.RWMutex
	all map[string]*flow.Program
}

// maxPrograms is how many parsed contents are kept.
const maxPrograms = 500

// Compiled is a program that is in memory: whoever asks for it waits for nothing.
func (c *Catalog) Compiled(sha string) (*flow.Program, bool) {
	c.programs.mu.RLock()
	defer c.programs.mu.RUnlock()
	p := c.programs.all[sha]
	return p, p != nil
}

// Program is a flow content, parsed.
func (c *Catalog) Program(ctx context.Context, at center.InstanceID, sha string) (*flow.Program, error) {
	if p, ok := c.Compiled(sha); ok {
		return p, nil
	}
	content, err := contents.find(ctx, c, at, sha)
	if err != nil {
		return nil, err
	}
	p, err := flow.Parse([]byte(content.Text))
	if err != nil {
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

// Opening is what StartChatContact asks first.
type Opening struct {
	// Claim is that of its ClientToken, if one is Held.
	Claim center.Claim
	Held  bool

	instance *center.Instance
	block    *store.Resource // the first that was looked for, nil where there is none
	flow     *center.ContactFlow
	refusal  error // that there is no flow
}

// Opening reads an instance, which must exist, the flow that a chat is to start with, the claim of a ClientToken, and the block of
// a customer. Where the customer follows from another contact, it reads whether any customer is blocked.
func (c *Catalog) Opening(ctx context.Context, cmd *center.StartChat, token string, now time.Time) (*Opening, error) {
	at := cmd.Instance
	named := store.InstanceRef{Ref: store.Ref{Kind: instances.rows, ID: string(at)}}
	starts := store.InstanceRef{Instance: at, Ref: store.Ref{Kind: Flows.rows, ID: string(cmd.Flow)}}
	seen, err := c.Store.TwoAndClaim(ctx, named, starts, center.ClaimStart, token, blockOf(cmd), now)
	if err != nil {
		return nil, err
	}
	if seen.A == nil {
		return nil, instances.notFound(string(at))
	}
	o := &Opening{Claim: seen.Claim, Held: seen.Held, block: seen.First}
	if o.instance, err = instances.decode(c, *seen.A); err != nil {
		return nil, err
	}
	if seen.B == nil {
		o.refusal = Flows.notFound(string(cmd.Flow))
	} else {
		o.flow, o.refusal = Flows.decode(c, *seen.B)
	}
	return o, nil
}

// Startable refuses flows that chats may not start with. A version or an alias may follow the flow's id (inferred: AWS
// does not say which references StartChatContact takes).
func (c *Catalog) Startable(ctx context.Context, at center.InstanceID, o *Opening, ref center.FlowRef) error {
	if o.refusal != nil {
		return o.refusal
	}
	if err := o.flow.Startable(); err != nil {
		return err
	}
	_, _, err := c.published(ctx, at, o.flow, ref)
	return err
}

// FlowToBegin finds the flow that a contact was started with, and the hash of its content as it is published now. That
// chats may not start with it any more does not matter.
func (c *Catalog) FlowToBegin(ctx context.Context, at center.InstanceID, ref center.FlowRef) (f *center.ContactFlow, content string, err error) {
	if f, err = Flows.find(ctx, c, at, string(ref.ID)); err == nil {
		content, _, err = c.published(ctx, at, f, ref)
	}
	return f, content, err
}

// FlowText is a content of a flow or a module, by its hash: what the trace of a contact names.
func (c *Catalog) FlowText(ctx context.Context, at center.InstanceID, sha string) (string, error) {
	content, err := contents.find(ctx, c, at, sha)
	if err != nil {
		return "", err
	}
	return content.Text, nil
}

// FlowName is the name and the ARN of a flow or module. A flow that is gone has an ARN only, and so has one that could
// not be read.
func (c *Catalog) FlowName(ctx context.Context, at center.InstanceID, id string) (name, arn string, err error) {
	arn = c.Partition.FlowARN(at, center.FlowID(id))
	f, err := Flows.find(ctx, c, at, id)
	if err == nil {
		return f.Name, arn, nil
	}
	if !center.Is(err, center.NotFound) {
		return "", arn, err
	}
	m, err := Modules.find(ctx, c, at, id)
	switch {
	case err == nil:
		return m.Name, c.Partition.ModuleARN(at, m.ID, ""), nil
	case center.Is(err, center.NotFound):
		return "", arn, nil
	}
	return "", arn, err
}

// CreateFlowVersion gives the published content of a flow a number: the given one, which must be above all before, or
// with 0 the next. v.Content is the hash that the caller takes the content to have, "" for any.
func (c *Catalog) CreateFlowVersion(ctx context.Context, at center.InstanceID, ref center.FlowRef, v center.Version) (*center.Version, error) {
	if _, err := Flows.toChange(ctx, c, at, string(ref.ID), ref.Qualifier); err != nil {
		return nil, err
	}
	return FlowVersions.Create(ctx, c, at, string(ref.ID), v)
}

// CreateFlowAlias names a version of a flow.
func (c *Catalog) CreateFlowAlias(ctx context.Context, at center.InstanceID, ref center.FlowRef, a *center.Alias) error {
	if _, err := Flows.toChange(ctx, c, at, string(ref.ID), ref.Qualifier); err != nil {
		return err
	}
	return FlowAliases.Create(ctx, c, at, a)
}

// DeleteFlowAlias deletes an alias; its version stays. Flows that lead to the alias take their error branches.
func (c *Catalog) DeleteFlowAlias(ctx context.Context, at center.InstanceID, ref center.FlowRef, id string) error {
	if _, err := Flows.toChange(ctx, c, at, string(ref.ID), ref.Qualifier); err != nil {
		return err
	}
	return FlowAliases.Delete(ctx, c, at, string(ref.ID), id)
}
