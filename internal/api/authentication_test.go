package api_test

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
)

// signsIn is a flow in which the customer signs in.
const signsIn = `{"Version":"2019-10-30","StartAction":"ask","Metadata":{},"Actions":[` +
	`{"Identifier":"ask","Type":"AuthenticateParticipant","Parameters":{"CognitoConfiguration":{"UserPoolArn":"pool","AppClientId":"client"},"TimeLimitMinutes":"3"},` +
	`"Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"TimeLimitExceeded"},{"NextAction":"end","ErrorType":"NoMatchingError"}]}},` +
	`{"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`

// pages are the sign-in pages of any user pool; they never say who is let in.
type pages struct{}

func (pages) Knows(string) bool { return true }

func (pages) Page(pool, client, redirect, state, challenge string) (string, bool) {
	return "https://login.example.com/?" + url.Values{
		"pool": {pool}, "client": {client}, "redirect": {redirect}, "state": {state}, "challenge": {challenge},
	}.Encode(), true
}

func (pages) Redeem(ctx context.Context, _, _, _, _, _ string) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// prepareSignIn lets a customer be asked to sign in, and go to the page.
func (w *world) prepareSignIn(ctx context.Context, verb string) error {
	if verb == "sign-in-page" {
		who, err := w.caller("customer")
		if err != nil {
			return err
		}
		page, err := w.chats.AuthenticationURL(ctx, who, w.names["session"], "https://shop.example.com/back")
		if err != nil {
			return err
		}
		u, err := url.Parse(page)
		w.names["state"] = u.Query().Get("state")
		return err
	}
	f, err := w.catalog.CreateFlow(ctx, instanceID, center.ContactFlow{Name: "Sign in", Type: center.TypeContactFlow}, signsIn, true)
	if err != nil {
		return err
	}
	s, err := w.chats.Start(ctx, center.StartChat{Instance: instanceID, Flow: f.ID, DisplayName: "Jane"})
	if err != nil {
		return err
	}
	w.contact = s.Contact
	w.names["contact"], w.names["customerToken"] = string(s.Contact), s.Token
	if err := w.connect(ctx, ""); err != nil {
		return err
	}
	items, err := w.store.ItemsAfter(ctx, center.StreamID(s.Contact), 0, 100)
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.ContentType == center.EventAuthenticationInitiated {
			var content struct {
				SessionID string `json:"SessionId"`
			}
			err = json.Unmarshal([]byte(it.Content), &content)
			w.names["session"] = content.SessionID
		}
	}
	return err
}

var _ chat.SignIns = pages{}
