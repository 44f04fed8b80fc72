package chat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
)

// FlowView is one content of a flow, as DescribeContactFlow shows it.
type FlowView struct {
	center.ContactFlow
	Content string
	SHA256  string
	// Published says that this is the content that contacts run.
	Published bool
}

// CreateFlow makes a flow, published (and then validated) or saved.
func (c *Chats) CreateFlow(ctx context.Context, at center.InstanceID, f center.ContactFlow, content string, publish bool) (*FlowView, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	sha, err := c.keepContent(ctx, at, content, publish)
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
	err = flows.insert(ctx, c, at, &f)
	var refused *center.Error
	if errors.As(err, &refused) && refused.Code == center.Duplicate {
		return nil, center.Refuse(center.Duplicate, "a flow of that name already exists in the instance")
	}
	if err != nil {
		return nil, err
	}
	return &FlowView{ContactFlow: f, Content: content, SHA256: sha, Published: publish}, nil
}

// keepContent checks a flow's text and stores it under its hash. What is published must be valid; what is saved
// need only be a flow document.
func (c *Chats) keepContent(ctx context.Context, at center.InstanceID, content string, publish bool) (sha string, err error) {
	p, err := flow.Parse([]byte(content))
	if err != nil {
		return "", &center.Error{Code: center.InvalidFlow, Message: "the flow's content is refused", Problems: problemsOf(err)}
	}
	if publish {
		if problems := flow.Validate(p); len(problems) > 0 {
			return "", &center.Error{Code: center.InvalidFlow, Message: "the flow's content is refused", Problems: texts(problems)}
		}
	}
	sum := sha256.Sum256([]byte(content))
	sha = hex.EncodeToString(sum[:])
	err = contents.insert(ctx, c, at, &flowContent{SHA256: sha, Text: content})
	var refused *center.Error
	if errors.As(err, &refused) && refused.Code == center.Duplicate {
		err = nil // the same text again
	}
	return sha, err
}

// Flow finds a flow and one of its contents: the published one, or with the qualifier $SAVED the saved one.
func (c *Chats) Flow(ctx context.Context, at center.InstanceID, ref center.FlowRef) (*FlowView, error) {
	f, err := c.flow(ctx, at, ref)
	if err != nil {
		return nil, err
	}
	v := &FlowView{ContactFlow: *f, SHA256: f.Published, Published: true}
	if ref.Qualifier == center.SavedQualifier {
		v.SHA256, v.Published = f.Saved, false
	} else if f.Published == "" {
		return nil, center.Refuse(center.FlowNotPublished, "the flow %s was saved but never published; ask for %s:%s", f.ID, f.ID, center.SavedQualifier)
	}
	content, err := contents.get(ctx, c, at, v.SHA256)
	if err != nil {
		return nil, err
	}
	v.Content = content.Text
	return v, nil
}

func (c *Chats) flow(ctx context.Context, at center.InstanceID, ref center.FlowRef) (*center.ContactFlow, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	if ref.Qualifier != "" && ref.Qualifier != center.SavedQualifier {
		return nil, center.Refuse(center.NotFound, "Resource not found of Type: CONTACT_FLOW_VERSION %s", printable(string(ref.ID)))
	}
	return flows.get(ctx, c, at, string(ref.ID))
}

// Flows lists the flows of the given types (of every type if none is given), in the order of their ids.
func (c *Chats) Flows(ctx context.Context, at center.InstanceID, types []string, after string, limit int) ([]center.ContactFlow, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	var found []center.ContactFlow
	for len(found) < limit {
		page, err := flows.list(ctx, c, at, after, limit)
		if err != nil {
			return nil, err
		}
		for _, f := range page {
			after = string(f.ID)
			if len(found) < limit && (len(types) == 0 || slices.Contains(types, f.Type)) {
				found = append(found, f)
			}
		}
		if len(page) < limit {
			break
		}
	}
	return found, nil
}

// UpdateFlowContent replaces a flow's content: it is published, or with the qualifier $SAVED only saved.
func (c *Chats) UpdateFlowContent(ctx context.Context, at center.InstanceID, ref center.FlowRef, content string) error {
	if _, err := c.flow(ctx, at, ref); err != nil {
		return err
	}
	publish := ref.Qualifier != center.SavedQualifier
	sha, err := c.keepContent(ctx, at, content, publish)
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
	if _, err := c.flow(ctx, at, ref); err != nil {
		return err
	}
	err := flows.update(ctx, c, at, string(ref.ID), func(f *center.ContactFlow) error {
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
	})
	var refused *center.Error
	if errors.As(err, &refused) && refused.Code == center.Duplicate {
		return center.Refuse(center.Duplicate, "a flow of that name already exists in the instance")
	}
	return err
}

// DeleteFlow deletes a flow. Contacts that run it go on in the version they began with.
func (c *Chats) DeleteFlow(ctx context.Context, at center.InstanceID, ref center.FlowRef) error {
	if _, err := c.flow(ctx, at, ref); err != nil {
		return err
	}
	return flows.delete(ctx, c, at, string(ref.ID))
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

func texts(problems []flow.Problem) []string {
	all := make([]string, len(problems))
	for i, p := range problems {
		all[i] = p.Message
	}
	return all
}

// problemsOf lists what Parse found.
func problemsOf(err error) []string {
	var refused *flow.ParseError
	if errors.As(err, &refused) {
		return texts(refused.Problems)
	}
	return []string{err.Error()}
}
