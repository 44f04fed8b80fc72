package catalog

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/view"
)

// Views are an instance's own views; those that AWS manages are rows nowhere.
var Views = &Kind[center.View]{
	rows: "view", word: "VIEW", tail: "view",
	parse: func(s string) string { return string(center.ParseView(s).ID) },
	key:   func(v *center.View) (string, string) { return string(v.ID), v.Name },
	stamp: (*center.View).Stamp,
	tags:  func(v *center.View) *map[string]string { return &v.Tags },
	taken: "a view of that name already exists in the instance",
	below: []string{"view-version"},
}

// AllViews are an instance's own views, without their contents, and those that AWS manages.
var AllViews = &Kind[View]{
	rows: "view", word: "VIEW",
	key:  viewKey,
	tags: func(v *View) *map[string]string { return &v.Tags },
	fields: []field[View]{
		nameField(byText, viewKey),
		{name: "description", how: byText, one: func(v *View) string { return v.Description }},
		wordField("ViewTypeCondition", func(v *View) string { return v.Type }),
		wordField("ViewStatusCondition", func(v *View) string { return Publication(v.Published) }),
	},
	gather: func(ctx context.Context, c *Catalog, at center.InstanceID) ([]View, int, error) {
		all, err := c.viewsOfType(ctx, at, "")
		return all, len(all) * 2 * recordBytes, err
	},
}

func viewKey(v *View) (id, name string) { return string(v.Ref.ID), v.Name }

// ViewVersions are the numbered contents of an instance's own views.
var ViewVersions = versionsOf(Views, "view-version", "VIEW_VERSION", (*center.View).NextVersion)

// Types of views, as the API spells them. Lists are in this order.
const (
	ViewTypeAWS      = "AWS_MANAGED"
	ViewTypeCustomer = "CUSTOMER_MANAGED"
)

// View is one content of a view, as DescribeView shows it.
type View struct {
	Ref                center.ViewRef // with the qualifier that it was found under
	ARN                string
	Type               string
	Name               string
	Description        string
	Published          bool
	Version            int // 0 for what has no number: $SAVED and $LATEST
	VersionDescription string
	Tags               map[string]string
	Created, Modified  time.Time // zero for what AWS manages
	SHA256             string
	Content            view.Content
}

// CreateView makes a view, published or saved. A ClientToken seen before is answered with the view it made, or refused
// when it was another request.
func (c *Catalog) CreateView(ctx context.Context, at center.InstanceID, v center.View, template string, actions []string, publish bool, clientToken string) (*View, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	once, err := NewClientToken(clientToken, v, template, actions, publish)
	if err != nil {
		return nil, err
	}
	id, known, err := c.made(ctx, at, Views.rows, once)
	if err == nil && !known {
		if v.Saved, err = c.keepView(ctx, at, template, actions, publish); err != nil {
			return nil, err
		}
		if publish {
			v.Latest = v.Saved
		}
		id, err = Views.Create(ctx, c, at, &v, once)
	}
	if err != nil {
		return nil, err
	}
	if string(v.ID) == id {
		return c.newest(ctx, at, &v)
	}
	first, err := Views.find(ctx, c, at, id) // made by the same request before; one that was deleted since is not found
	if err != nil {
		return nil, err
	}
	return c.newest(ctx, at, first)
}

// newest is the content that a view got last: what is published if that is it, or else what is saved.
func (c *Catalog) newest(ctx context.Context, at center.InstanceID, v *center.View) (*View, error) {
	qualifier := center.SavedQualifier
	if v.Latest == v.Saved {
		qualifier = center.LatestQualifier
	}
	return c.viewAt(ctx, at, v, qualifier)
}

// keepView checks what a view consists of and stores it under its hash. Contents are kept, so that a view that was
// shown can be opened whatever has become of it since.
func (c *Catalog) keepView(ctx context.Context, at center.InstanceID, template string, actions []string, publish bool) (sha string, err error) {
	content, problems := view.New(template, actions, publish)
	if len(problems) > 0 {
		return "", center.Refuse(center.InvalidParameter, "Content is refused: %s", strings.Join(problems, "; "))
	}
	return content.SHA256(), viewContents.keep(ctx, c, at, &content)
}

// View finds a view and one of its contents: the latest one if the reference has no qualifier.
func (c *Catalog) View(ctx context.Context, at center.InstanceID, ref center.ViewRef) (*View, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	if m, ok := view.FindManaged(string(ref.ID)); ok {
		return c.managedView(m, ref)
	}
	v, err := Views.find(ctx, c, at, string(ref.ID))
	if err != nil {
		return nil, err
	}
	return c.viewAt(ctx, at, v, cmp.Or(ref.Qualifier, center.LatestQualifier))
}

// managedView is a view of AWS, of which there is one version.
func (c *Catalog) managedView(m view.Managed, ref center.ViewRef) (*View, error) {
	if n, ok := ref.Number(); ref.Qualifier != "" && ref.Qualifier != center.LatestQualifier && (!ok || n != view.ManagedVersion) {
		return nil, noViewVersion(ref)
	}
	ref.Qualifier = strconv.Itoa(view.ManagedVersion)
	return &View{
		Ref: ref, ARN: c.Partition.ManagedViewARN(ref), Type: ViewTypeAWS, Name: m.Name, Description: m.Description,
		Published: true, Version: view.ManagedVersion, SHA256: m.SHA256(), Content: m.Content,
	}, nil
}

func noViewVersion(ref center.ViewRef) error {
	return center.Refuse(center.NotFound, "Resource not found of Type: VIEW_VERSION %s", center.Printable(string(ref.ID)))
}

// viewAt is the content of a customer's view that a qualifier names.
func (c *Catalog) viewAt(ctx context.Context, at center.InstanceID, v *center.View, qualifier string) (*View, error) {
	found := &View{
		Ref: center.ViewRef{ID: v.ID, Qualifier: qualifier}, Type: ViewTypeCustomer, Name: v.Name, Description: v.Description,
		Published: true, Tags: v.Tags, Created: v.Created, Modified: v.Modified,
	}
	found.ARN = c.Partition.ViewARN(at, found.Ref)
	switch qualifier {
	case center.SavedQualifier:
		found.SHA256, found.Published = v.Saved, false
	case center.LatestQualifier:
		found.SHA256 = v.Latest
		if v.Latest == "" {
			return nil, center.Refuse(center.NotFound, "Resource not found of Type: VIEW %s (it was saved but never published; ask for %s:%s)", v.ID, v.ID, center.SavedQualifier)
		}
	default:
		n, ok := found.Ref.Number()
		if !ok {
			return nil, noViewVersion(found.Ref)
		}
		version, err := ViewVersions.find(ctx, c, at, string(v.ID), int64(n))
		if center.Is(err, center.NotFound) {
			return nil, noViewVersion(found.Ref)
		}
		if err != nil {
			return nil, err
		}
		found.SHA256, found.Version, found.VersionDescription = version.Content, n, version.Description
	}
	content, err := viewContents.find(ctx, c, at, found.SHA256)
	if err != nil {
		return nil, err
	}
	found.Content = *content
	return found, nil
}

// ListViews lists the views of a type (of both if none is given), sorted by type and within it by name, after the one of
// the given type and name. Contents are left out.
func (c *Catalog) ListViews(ctx context.Context, at center.InstanceID, only, afterType, afterName string, limit int) ([]View, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	all, err := c.viewsOfType(ctx, at, only)
	if err != nil {
		return nil, err
	}
	start := slices.IndexFunc(all, func(v View) bool {
		return cmp.Or(cmp.Compare(v.Type, afterType), cmp.Compare(v.Name, afterName)) > 0
	})
	if start < 0 {
		return nil, nil
	}
	return all[start:min(len(all), start+limit)], nil
}

// viewsOfType are the views of a type (of both if none is given), by type and name, without their contents.
func (c *Catalog) viewsOfType(ctx context.Context, at center.InstanceID, only string) (all []View, err error) {
	if only != ViewTypeCustomer {
		for _, m := range view.AllManaged() {
			v, err := c.managedView(m, center.ViewRef{ID: center.ViewID(m.ID)})
			if err != nil {
				return nil, err
			}
			all = append(all, *v)
		}
	}
	if only != ViewTypeAWS {
		own, err := c.ownViews(ctx, at)
		if err != nil {
			return nil, err
		}
		all = append(all, own...)
	}
	return all, nil
}

// ownViews are an instance's own views by name.
func (c *Catalog) ownViews(ctx context.Context, at center.InstanceID) ([]View, error) {
	kept, err := Views.all(ctx, c, at)
	if err != nil {
		return nil, err
	}
	all := make([]View, len(kept))
	for i, v := range kept {
		ref := center.ViewRef{ID: v.ID}
		all[i] = View{
			Ref: ref, ARN: c.Partition.ViewARN(at, ref), Type: ViewTypeCustomer, Name: v.Name, Description: v.Description, Published: v.Latest != "",
			Tags: v.Tags, Created: v.Created, Modified: v.Modified, SHA256: cmp.Or(v.Latest, v.Saved),
		}
	}
	slices.SortFunc(all, func(a, b View) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// FoundView is a view as searches show it: with the latest content, or what is saved of one that was never published.
func (c *Catalog) FoundView(ctx context.Context, at center.InstanceID, v View) (*View, error) {
	if v.Type == ViewTypeAWS {
		return &v, nil
	}
	content, err := viewContents.find(ctx, c, at, v.SHA256)
	if err != nil {
		return nil, err
	}
	v.Content = *content
	return &v, nil
}

// ownView finds a view that may be changed.
func (c *Catalog) ownView(ctx context.Context, at center.InstanceID, ref center.ViewRef) (*center.View, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	if _, ok := view.FindManaged(string(ref.ID)); ok {
		return nil, center.Refuse(center.InvalidRequest, "the view is managed by AWS; it can be shown, not changed")
	}
	return Views.find(ctx, c, at, string(ref.ID))
}

// UpdateViewContent replaces a view's saved content and, when it is published, the latest one too.
func (c *Catalog) UpdateViewContent(ctx context.Context, at center.InstanceID, ref center.ViewRef, template string, actions []string, publish bool) (*View, error) {
	if _, err := c.ownView(ctx, at, ref); err != nil {
		return nil, err
	}
	sha, err := c.keepView(ctx, at, template, actions, publish)
	if err != nil {
		return nil, err
	}
	var changed *center.View
	err = Views.Update(ctx, c, at, string(ref.ID), 0, func(v *center.View) error {
		v.Saved = sha
		if publish {
			v.Latest = sha
		}
		changed = v
		return nil
	})
	if err != nil {
		return nil, err
	}
	if publish {
		return c.viewAt(ctx, at, changed, center.LatestQualifier)
	}
	return c.viewAt(ctx, at, changed, center.SavedQualifier)
}

// UpdateView changes what is known about a view beside its content; nil members stay as they are.
func (c *Catalog) UpdateView(ctx context.Context, at center.InstanceID, ref center.ViewRef, name, description *string) error {
	if _, err := c.ownView(ctx, at, ref); err != nil {
		return err
	}
	if name == nil && description == nil {
		return center.Refuse(center.InvalidRequest, "either Name or Description must be given")
	}
	return Views.Update(ctx, c, at, string(ref.ID), 0, func(v *center.View) error {
		if name != nil {
			v.Name = *name
		}
		if description != nil {
			v.Description = *description
		}
		return nil
	})
}

// CreateViewVersion gives a view's latest content a number.
func (c *Catalog) CreateViewVersion(ctx context.Context, at center.InstanceID, ref center.ViewRef, description, expected string) (*View, error) {
	if _, err := c.ownView(ctx, at, ref); err != nil {
		return nil, err
	}
	made, err := ViewVersions.Create(ctx, c, at, string(ref.ID), center.Version{Description: description, Content: expected})
	if err != nil {
		return nil, err
	}
	v, err := Views.find(ctx, c, at, string(ref.ID))
	if err != nil {
		return nil, err
	}
	return c.viewAt(ctx, at, v, strconv.FormatInt(made.Number, 10))
}

// ListViewVersions lists a view's versions from the highest to the lowest, those below the given one; 0 is above all.
// Contents are left out.
func (c *Catalog) ListViewVersions(ctx context.Context, at center.InstanceID, ref center.ViewRef, below, limit int) ([]View, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	if m, ok := view.FindManaged(string(ref.ID)); ok {
		v, err := c.managedView(m, center.ViewRef{ID: ref.ID})
		if err != nil || below > 0 && v.Version >= below {
			return nil, err
		}
		return []View{*v}, nil
	}
	v, err := Views.find(ctx, c, at, string(ref.ID))
	if err != nil {
		return nil, err
	}
	versions, err := ViewVersions.all(ctx, c, at, string(v.ID))
	if err != nil {
		return nil, err
	}
	var all []View
	for _, one := range slices.Backward(versions) {
		if len(all) == limit {
			break
		}
		number := int(one.Number)
		if below > 0 && number >= below {
			continue
		}
		arn := c.Partition.ViewARN(at, center.ViewRef{ID: v.ID, Qualifier: strconv.Itoa(number)})
		all = append(all, View{
			Ref: center.ViewRef{ID: v.ID}, ARN: arn, Type: ViewTypeCustomer, Name: v.Name, Description: v.Description,
			Published: true, Version: number, VersionDescription: one.Description,
		})
	}
	return all, nil
}

// DeleteView deletes a view with all its versions.
func (c *Catalog) DeleteView(ctx context.Context, at center.InstanceID, ref center.ViewRef) error {
	if _, err := c.ownView(ctx, at, ref); err != nil {
		return err
	}
	return Views.remove(ctx, c, at, string(ref.ID))
}

// DeleteViewVersion deletes one version of a view.
func (c *Catalog) DeleteViewVersion(ctx context.Context, at center.InstanceID, ref center.ViewRef, number int) error {
	if _, err := c.ownView(ctx, at, ref); err != nil {
		return err
	}
	err := ViewVersions.Delete(ctx, c, at, string(ref.ID), int64(number))
	if center.Is(err, center.NotFound) {
		return noViewVersion(ref)
	}
	return err
}

// ShownView is a view in the content that it had when it was shown. It has to be there still.
func (c *Catalog) ShownView(ctx context.Context, at center.InstanceID, ref center.ViewRef, sha string) (*View, error) {
	if m, ok := view.FindManaged(string(ref.ID)); ok {
		return c.managedView(m, ref)
	}
	v, err := Views.find(ctx, c, at, string(ref.ID))
	if err != nil {
		return nil, err
	}
	content, err := viewContents.find(ctx, c, at, sha)
	if err != nil {
		return nil, err
	}
	n, _ := ref.Number()
	return &View{Ref: ref, ARN: c.Partition.ViewARN(at, ref), Type: ViewTypeCustomer, Name: v.Name, Version: n, SHA256: sha, Content: *content}, nil
}
