package catalog

import (
	"context"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/view"
)

// Contents are texts under their hash. They never change, have no name and are listed nowhere, so they are no [Kind]:
// what refers to one names its hash. They are kept when what referred to them goes, so that a contact goes on in the
// flow that it began with, and a view that was shown can be opened.
type contentsOf[R any] struct{ kind Kind[R] }

// flowContent is the text of one version of a flow or module.
type flowContent struct {
	SHA256 string `json:"sha256"`
	Text   string `json:"text"`
}

var (
	contents = contentsOf[flowContent]{Kind[flowContent]{
		rows: "flow" + contentRows, word: "CONTACT_FLOW", key: func(c *flowContent) (string, string) { return c.SHA256, "" },
	}}
	viewContents = contentsOf[view.Content]{Kind[view.Content]{
		rows: "view" + contentRows, word: "VIEW", key: func(c *view.Content) (string, string) { return c.SHA256(), "" },
	}}
)

func (s contentsOf[R]) find(ctx context.Context, c *Catalog, at center.InstanceID, sha string) (*R, error) {
	return s.kind.find(ctx, c, at, sha)
}

// keep stores a text. One that is there already is marked as modified: it may be about to be deleted, because nothing has
// referred to it until now.
func (s contentsOf[R]) keep(ctx context.Context, c *Catalog, at center.InstanceID, r *R) error {
	row, err := s.kind.fresh(at, r, c.Now())
	if err != nil {
		return err
	}
	for {
		err = c.Store.CommitResources(ctx, store.ResourceCommit{Insert: []store.Resource{row}})
		if !center.Is(err, center.Duplicate) {
			return err
		}
		err = s.kind.change(ctx, c, at, row.ID, func(*R, int64, *store.ResourceCommit) error { return nil })
		if !center.Is(err, center.NotFound) {
			return err
		}
		// It was deleted between the two.
	}
}

// UnneededContents are the hashes of the flow contents that no flow, module or version of an instance refers to. Chats
// may still be in them.
func (c *Catalog) UnneededContents(ctx context.Context, at center.InstanceID) (map[string]bool, error) {
	found := map[string]bool{}
	for after, more := "", true; more; {
		ids, err := c.Store.ResourceIDs(ctx, at, contents.kind.rows, after, decodePage)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			found[id], after = true, id
		}
		more = len(ids) == decodePage
	}
	referred := func(shas ...string) {
		for _, sha := range shas {
			delete(found, sha)
		}
	}
	err := Flows.each(ctx, c, at, func(f *center.ContactFlow) { referred(f.Saved, f.Published) })
	if err == nil {
		err = Modules.each(ctx, c, at, func(m *center.FlowModule) { referred(m.Saved, m.Published) })
	}
	if err == nil {
		err = FlowVersions.kind.each(ctx, c, at, func(v *center.Version) { referred(v.Content) })
	}
	if err == nil {
		err = ModuleVersions.kind.each(ctx, c, at, func(v *center.Version) { referred(v.Content) })
	}
	return found, err
}

// each hands every record of an instance to do. It reads the rows themselves: what is decided on them cannot be undone.
func (k *Kind[R]) each(ctx context.Context, c *Catalog, at center.InstanceID, do func(*R)) error {
	for after := ""; ; {
		rows, err := c.Store.Resources(ctx, at, k.rows, after, decodePage)
		if err != nil {
			return err
		}
		for _, row := range rows {
			r, err := k.decode(c, row)
			if err != nil {
				return err
			}
			do(r)
			after = row.ID
		}
		if len(rows) < decodePage {
			return nil
		}
	}
}

// DeleteContent deletes a flow content that was not modified after a time, and says whether it did.
func (c *Catalog) DeleteContent(ctx context.Context, at center.InstanceID, sha string, unmodified time.Time) (bool, error) {
	return c.Store.DeleteUnmodified(ctx, at, contents.kind.rows, sha, unmodified)
}
