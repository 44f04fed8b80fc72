package chat

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/token"
)

// showView shows a view to the participant whom the flow talks to, as a message with a token that opens it.
func (fs *flows) showView(t *turn, e flow.ShowView) (flow.Event, error) {
	for _, needed := range []string{center.Interactive, center.InteractiveResponse} {
		if !slices.Contains(t.Chat.ContentTypes, needed) {
			return flow.Refused{Reason: "the chat's SupportedMessagingContentTypes do not have " + needed}, nil
		}
	}
	data := cmp.Or(e.Data, "{}")
	v, err := fs.viewToShow(t, center.ParseView(e.ViewID).At(e.Version))
	if err != nil {
		return no(err, "no published view of that id and version")
	}
	if problems := v.Content.Check([]byte(data)); len(problems) > 0 {
		return flow.Refused{Reason: "the view's input is refused: " + strings.Join(problems, "; ")}, nil
	}
	t.Prompt(center.Message{ContentType: center.Interactive, Content: viewMessage(v.Ref.ID, data, fs.sealView(t, v))})
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
func (fs *flows) sealView(t *turn, v *catalog.View) string {
	now := fs.wall()
	return fs.sealer.Seal(token.Claims{
		Kind: token.View, Instance: string(t.Chat.Instance), Chat: string(t.Chat.ID), Contact: string(t.Subject().ID),
		View: v.Ref.String() + " " + v.SHA256, Issued: now, Expires: now.Add(t.Chat.ExpiresAt().Sub(t.Now)),
	})
}

// OpenView returns the view that a flow has shown in the caller's chat.
func (c *Chats) OpenView(ctx context.Context, who Caller, text string) (*catalog.View, error) {
	claims, err := c.sealer.Open(text, token.View, c.wall())
	switch {
	case errors.Is(err, token.ErrInvalid), errors.Is(err, token.ErrKind), errors.Is(err, token.ErrExpired):
		return nil, &center.Error{Code: center.AccessDenied, Message: "Access denied", Cause: err}
	case err != nil:
		return nil, err
	case center.ChatID(claims.Chat) != who.Chat || center.InstanceID(claims.Instance) != who.Instance:
		return nil, center.Refuse(center.AccessDenied, "Access denied")
	}
	if _, _, _, err := c.present(ctx, who); err != nil {
		return nil, err
	}
	name, sha, _ := strings.Cut(claims.View, " ")
	return c.catalog.ShownView(ctx, who.Instance, center.ParseView(name), sha)
}
