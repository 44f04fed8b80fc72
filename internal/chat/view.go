package chat

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/token"
	"github.com/parley-chat/parley/internal/view"
)

var (
	views        = kind[center.View]{"view", "VIEW", func(v *center.View) (string, string) { return string(v.ID), v.Name }}
	viewContents = kind[view.Content]{"view-content", "VIEW", func(c *view.Content) (string, string) { return c.SHA256(), "" }}
)

// viewToken is the kind of the rows that remember which view a ClientToken made.
const viewToken = "view-token"

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
func (c *Chats) CreateView(ctx context.Context, at center.InstanceID, v center.View, template string, actions []string, publish bool, clientToken string) (*View, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	once, err := newOnceToken(viewToken, clientToken, v, template, actions, publish)
	if err != nil {
		return nil, err
	}
	if first, known, err := c.madeView(ctx, at, once); known || err != nil {
		return first, err
	}
	sha, err := c.keepView(ctx, at, template, actions, publish)
	if err != nil {
		return nil, err
	}
	v.ID, v.Saved, v.Created = center.ViewID(c.NewID()), sha, c.Clock.Now().UTC()
	v.Modified = v.Created
	if publish {
		v.Latest = sha
	}
	token, err := once.row(at, string(v.ID), v.Created)
	if err != nil {
		return nil, err
	}
	if err = taken(views.insert(ctx, c, at, &v, token...), viewNameTaken); err != nil {
		// The same request may have been answered meanwhile.
		if first, known, err := c.madeView(ctx, at, once); known || err != nil {
			return first, err
		}
		return nil, err
	}
	return c.newest(ctx, at, &v)
}

const viewNameTaken = "a view of that name already exists in the instance"

// madeView finds the view that a request has made already. One that was deleted since is not found.
func (c *Chats) madeView(ctx context.Context, at center.InstanceID, once onceToken) (*View, bool, error) {
	id, known, err := c.made(ctx, at, once)
	if !known || err != nil {
		return nil, known, err
	}
	first, err := views.get(ctx, c, at, id)
	if err != nil {
		return nil, true, err
	}
	v, err := c.newest(ctx, at, first)
	return v, true, err
}

// newest is the content that a view got last: what is published if that is it, or else what is saved.
func (c *Chats) newest(ctx context.Context, at center.InstanceID, v *center.View) (*View, error) {
	qualifier := center.SavedQualifier
	if v.Latest == v.Saved {
		qualifier = center.LatestQualifier
	}
	return c.viewAt(ctx, at, v, qualifier)
}

// keepView checks what a view consists of and stores it under its hash. Contents are kept, so that a view that was
// shown can be opened whatever has become of it since.
func (c *Chats) keepView(ctx context.Context, at center.InstanceID, template string, actions []string, publish bool) (sha string, err error) {
	content, problems := view.New(template, actions, publish)
	if len(problems) > 0 {
		return "", center.Refuse(center.InvalidParameter, "Content is refused: %s", strings.Join(problems, "; "))
	}
	err = viewContents.insert(ctx, c, at, &content)
	if refusedAs(err, center.Duplicate) {
		err = nil // the same content again
	}
	return content.SHA256(), err
}

// View finds a view and one of its contents: the latest one if the reference has no qualifier.
func (c *Chats) View(ctx context.Context, at center.InstanceID, ref center.ViewRef) (*View, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	if m, ok := view.FindManaged(string(ref.ID)); ok {
		return c.managedView(m, ref)
	}
	v, err := views.get(ctx, c, at, string(ref.ID))
	if err != nil {
		return nil, err
	}
	return c.viewAt(ctx, at, v, cmp.Or(ref.Qualifier, center.LatestQualifier))
}

// managedView is a view of AWS, of which there is one version.
func (c *Chats) managedView(m view.Managed, ref center.ViewRef) (*View, error) {
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
	return center.Refuse(center.NotFound, "Resource not found of Type: VIEW_VERSION %s", printable(string(ref.ID)))
}

// viewAt is the content of a customer's view that a qualifier names.
func (c *Chats) viewAt(ctx context.Context, at center.InstanceID, v *center.View, qualifier string) (*View, error) {
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
		n, _ := found.Ref.Number()
		version, ok := v.Version(n)
		if !ok {
			return nil, noViewVersion(found.Ref)
		}
		found.SHA256, found.Version, found.VersionDescription = version.Content, version.Number, version.Description
	}
	content, err := viewContents.get(ctx, c, at, found.SHA256)
	if err != nil {
		return nil, err
	}
	found.Content = *content
	return found, nil
}

// Views lists the views of a type (of both if none is given), sorted by type and within it by name, after the one of
// the given type and name. Contents are left out.
func (c *Chats) Views(ctx context.Context, at center.InstanceID, only, afterType, afterName string, limit int) ([]View, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	var all []View
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
	start := slices.IndexFunc(all, func(v View) bool {
		return cmp.Or(cmp.Compare(v.Type, afterType), cmp.Compare(v.Name, afterName)) > 0
	})
	if start < 0 {
		return nil, nil
	}
	return all[start:min(len(all), start+limit)], nil
}

// ownViews are an instance's own views by name. Names are not what the store sorts by, so all are read.
func (c *Chats) ownViews(ctx context.Context, at center.InstanceID) (all []View, err error) {
	const some = 1000
	for after := ""; ; {
		page, err := views.list(ctx, c, at, after, some)
		if err != nil {
			return nil, err
		}
		for _, v := range page {
			after = string(v.ID)
			ref := center.ViewRef{ID: v.ID}
			all = append(all, View{
				Ref: ref, ARN: c.Partition.ViewARN(at, ref), Type: ViewTypeCustomer, Name: v.Name, Description: v.Description, Published: v.Latest != "",
			})
		}
		if len(page) < some {
			break
		}
	}
	slices.SortFunc(all, func(a, b View) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// ownView finds a view that may be changed.
func (c *Chats) ownView(ctx context.Context, at center.InstanceID, ref center.ViewRef) (*center.View, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	if _, ok := view.FindManaged(string(ref.ID)); ok {
		return nil, center.Refuse(center.InvalidRequest, "the view is managed by AWS; it can be shown, not changed")
	}
	return views.get(ctx, c, at, string(ref.ID))
}

// UpdateViewContent replaces a view's saved content and, when it is published, the latest one too.
func (c *Chats) UpdateViewContent(ctx context.Context, at center.InstanceID, ref center.ViewRef, template string, actions []string, publish bool) (*View, error) {
	if _, err := c.ownView(ctx, at, ref); err != nil {
		return nil, err
	}
	sha, err := c.keepView(ctx, at, template, actions, publish)
	if err != nil {
		return nil, err
	}
	var changed *center.View
	err = views.update(ctx, c, at, string(ref.ID), func(v *center.View) error {
		v.Saved, v.Modified = sha, c.Clock.Now().UTC()
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
func (c *Chats) UpdateView(ctx context.Context, at center.InstanceID, ref center.ViewRef, name, description *string) error {
	if _, err := c.ownView(ctx, at, ref); err != nil {
		return err
	}
	if name == nil && description == nil {
		return center.Refuse(center.InvalidRequest, "either Name or Description must be given")
	}
	return taken(views.update(ctx, c, at, string(ref.ID), func(v *center.View) error {
		if name != nil {
			v.Name = *name
		}
		if description != nil {
			v.Description = *description
		}
		v.Modified = c.Clock.Now().UTC()
		return nil
	}), viewNameTaken)
}

// CreateViewVersion gives a view's latest content a number.
func (c *Chats) CreateViewVersion(ctx context.Context, at center.InstanceID, ref center.ViewRef, description, expected string) (*View, error) {
	if _, err := c.ownView(ctx, at, ref); err != nil {
		return nil, err
	}
	var changed *center.View
	var made center.ViewVersion
	err := views.update(ctx, c, at, string(ref.ID), func(v *center.View) (err error) {
		changed = v
		made, err = v.Publish(description, expected)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.viewAt(ctx, at, changed, strconv.Itoa(made.Number))
}

// ViewVersions lists a view's versions from the highest to the lowest, those below the given one; 0 is above all.
// Contents are left out.
func (c *Chats) ViewVersions(ctx context.Context, at center.InstanceID, ref center.ViewRef, below, limit int) ([]View, error) {
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
	v, err := views.get(ctx, c, at, string(ref.ID))
	if err != nil {
		return nil, err
	}
	var all []View
	for _, one := range slices.Backward(v.Versions) {
		if len(all) == limit {
			break
		}
		if below > 0 && one.Number >= below {
			continue
		}
		at := c.Partition.ViewARN(at, center.ViewRef{ID: v.ID, Qualifier: strconv.Itoa(one.Number)})
		all = append(all, View{
			Ref: center.ViewRef{ID: v.ID}, ARN: at, Type: ViewTypeCustomer, Name: v.Name, Description: v.Description,
			Published: true, Version: one.Number, VersionDescription: one.Description,
		})
	}
	return all, nil
}

// DeleteView deletes a view with all its versions.
func (c *Chats) DeleteView(ctx context.Context, at center.InstanceID, ref center.ViewRef) error {
	if _, err := c.ownView(ctx, at, ref); err != nil {
		return err
	}
	return views.delete(ctx, c, at, string(ref.ID))
}

// DeleteViewVersion deletes one version of a view.
func (c *Chats) DeleteViewVersion(ctx context.Context, at center.InstanceID, ref center.ViewRef, number int) error {
	if _, err := c.ownView(ctx, at, ref); err != nil {
		return err
	}
	return views.update(ctx, c, at, string(ref.ID), func(v *center.View) error {
		if _, ok := v.Version(number); !ok {
			return noViewVersion(ref)
		}
		v.Versions = slices.DeleteFunc(slices.Clone(v.Versions), func(one center.ViewVersion) bool { return one.Number == number })
		return nil
	})
}

// showView shows a view to the participant whom the flow talks to, as a message with a token that opens it.
func (c *Chats) showView(t *turn, e flow.ShowView) (flow.Event, error) {
	for _, needed := range []string{center.Interactive, center.InteractiveResponse} {
		if !slices.Contains(t.Chat.ContentTypes, needed) {
			return flow.Refused{Reason: "the chat's SupportedMessagingContentTypes do not have " + needed}, nil
		}
	}
	data := cmp.Or(e.Data, "{}")
	v, err := c.View(t.ctx, t.Chat.Instance, center.ParseView(e.ViewID).At(e.Version))
	if err != nil {
		return no(err, "no published view of that id and version")
	}
	if problems := v.Content.Check([]byte(data)); len(problems) > 0 {
		return flow.Refused{Reason: "the view's input is refused: " + strings.Join(problems, "; ")}, nil
	}
	t.Prompt(center.Message{ContentType: center.Interactive, Content: viewMessage(v.Ref.ID, data, c.sealView(t, v))})
	r := *t.run
	r.Hidden = e.HideResponse
	t.run = &r
	return flow.Granted{}, nil
}

// viewMessage is the interactive message that clients know a view by.
func viewMessage(id center.ViewID, data, token string) string {
	type content struct {
		ViewID    center.ViewID   `json:"viewId"`
		ViewData  json.RawMessage `json:"viewData"`
		ViewToken string          `json:"viewToken"`
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(struct {
		Version      string             `json:"version"`
		TemplateType string             `json:"templateType"`
		Data         map[string]content `json:"data"`
	}{"1.0", "ViewResource", map[string]content{"content": {id, json.RawMessage(data), token}}})
	if err != nil {
		panic(err) // data was read as JSON before
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// sealView makes the token of a view that is shown now: it names the very content, and is good as long as the chat
// can last.
func (c *Chats) sealView(t *turn, v *View) string {
	now := c.Wall()
	return c.Sealer.Seal(token.Claims{
		Kind: token.View, Instance: string(t.Chat.Instance), Chat: string(t.Chat.ID), Contact: string(t.Chat.Current().ID),
		View: v.Ref.String() + " " + v.SHA256, Issued: now, Expires: now.Add(t.Chat.ExpiresAt().Sub(t.Now)),
	})
}

// OpenView returns the view that a flow has shown in the caller's chat.
func (c *Chats) OpenView(ctx context.Context, who Caller, text string) (*View, error) {
	claims, err := c.Sealer.Open(text, token.View, c.Wall())
	switch {
	case errors.Is(err, token.ErrInvalid), errors.Is(err, token.ErrKind), errors.Is(err, token.ErrExpired):
		return nil, &center.Error{Code: center.AccessDenied, Message: "Access denied", Cause: err}
	case err != nil:
		return nil, err
	case center.ChatID(claims.Chat) != who.Chat || center.InstanceID(claims.Instance) != who.Instance:
		return nil, center.Refuse(center.AccessDenied, "Access denied")
	}
	if _, err := c.present(ctx, who); err != nil {
		return nil, err
	}
	name, sha, _ := strings.Cut(claims.View, " ")
	return c.shownView(ctx, who.Instance, center.ParseView(name), sha)
}

// shownView is a view in the content that it had when it was shown. It has to be there still.
func (c *Chats) shownView(ctx context.Context, at center.InstanceID, ref center.ViewRef, sha string) (*View, error) {
	if m, ok := view.FindManaged(string(ref.ID)); ok {
		return c.managedView(m, ref)
	}
	v, err := views.get(ctx, c, at, string(ref.ID))
	if err != nil {
		return nil, err
	}
	content, err := viewContents.get(ctx, c, at, sha)
	if err != nil {
		return nil, err
	}
	n, _ := ref.Number()
	return &View{Ref: ref, ARN: c.Partition.ViewARN(at, ref), Type: ViewTypeCustomer, Name: v.Name, Version: n, SHA256: sha, Content: *content}, nil
}
