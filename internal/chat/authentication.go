package chat

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/token"
)

// SignIns asks user pools, which customers sign in at during a chat.
type SignIns interface {
	// Knows says whether a user pool, by its ARN, has a sign-in page.
	Knows(pool string) bool
	// Page is the address where a customer signs in for an app client, false if the pool has none. The page redirects with
	// the state, and with a code that is good with the verifier whose SHA-256, in base64url, is the challenge.
	Page(pool, client, redirect, state, challenge string) (string, bool)
	// Redeem exchanges a code for the claims of an ID token, a JSON object. Errors are for logs, as those of [Functions] are.
	Redeem(ctx context.Context, pool, client, redirect, code, verifier string) ([]byte, error)
}

// signIn is a session in which the customer signs in. It belongs to the flow that asked for it and lasts as long as the
// flow waits for it.
type signIn struct {
	ID     string    `json:"id"`
	Pool   string    `json:"pool"`
	Client string    `json:"client"`
	Begun  time.Time `json:"begun"`
	// Redirect and Verifier are there once GetAuthenticationUrl was called.
	Redirect string `json:"redirect,omitempty"`
	Verifier string `json:"verifier,omitempty"`
	// Exchange is the key of the due row that exchanges the code, once there is one.
	Exchange string `json:"exchange,omitempty"`

	who *identity // who has signed in; within the turn that ends the session
}

// identity is what a flow may know of a customer who has signed in.
type identity struct {
	Subject    string `json:"sub"`
	Issuer     string `json:"iss"`
	FirstName  string `json:"given_name"`
	Identities []struct {
		Issuer   string `json:"issuer"`
		Provider string `json:"providerName"`
	} `json:"identities"` // of Amazon Cognito: other providers that vouch for the user
}

// provider is who vouches for a customer: behind a user pool the one that it trusts, otherwise the pool (inferred from the
// attribute's description, "the identity provider that issued the authentication").
func (i *identity) provider() string {
	for _, other := range i.Identities {
		if other.Issuer != "" {
			return other.Issuer
		}
		if other.Provider != "" {
			return other.Provider
		}
	}
	return i.Issuer
}

const (
	// urlWithin is how long after authentication.initiated GetAuthenticationUrl may be called. Source: its API reference.
	urlWithin = time.Minute
	// maxAuthenticationURL is the API model's limit of an AuthenticationUrl.
	maxAuthenticationURL = 2083
	// signInLimit is how long the exchange of a code may take (inferred: as a function).
	signInLimit = 8 * time.Second
	// authenticates is the action that waits for a sign-in.
	authenticates = "AuthenticateParticipant"
)

// beginSignIn begins a session and tells the customer's client its id.
func (fs *flows) beginSignIn(t *turn, e flow.BeginSignIn) flow.Event {
	if fs.signIns == nil || !fs.signIns.Knows(e.UserPoolARN) {
		return flow.Refused{Reason: "no sign-in page is configured for the user pool"}
	}
	s := &signIn{ID: t.NewID(), Pool: e.UserPoolARN, Client: e.ClientID, Begun: t.Now}
	t.setSignIn(s)
	t.TellAuthentication(center.EventAuthenticationInitiated, `{"SessionId":"`+s.ID+`"}`)
	return flow.Granted{}
}

// endSignIn ends the session: what is known by it is written and told. Opting out is known by nothing: no Status is
// documented for it.
func (fs *flows) endSignIn(t *turn, came flow.SignIn) flow.Event {
	s := t.run.SignIn
	if s == nil || came == flow.SignedIn && s.who == nil {
		return flow.Refused{Reason: "nobody has signed in"}
	}
	known := center.Authentication{Client: s.Client}
	switch came {
	case flow.SignedIn:
		known.Status, known.Provider, known.Customer = center.StatusAuthenticated, s.who.provider(), s.who.Subject
		t.SetAuthentication(known)
		t.TellAuthentication(center.EventAuthenticationSucceeded, "{}")
		t.RenameCustomer(s.who.FirstName)
	case flow.OptedOut:
		t.TellAuthentication(center.EventAuthenticationCancelled, "{}")
	case flow.SignInLate:
		known.Status = center.StatusTimeout
		t.SetAuthentication(known)
		t.TellAuthentication(center.EventAuthenticationTimeout, "{}")
	case flow.SignInFailed:
		known.Status = center.StatusFailed
		t.SetAuthentication(known)
		t.TellAuthentication(center.EventAuthenticationFailed, "{}")
	}
	t.setSignIn(nil)
	return flow.Granted{}
}

// dropSignIn ends a session, if there is one, that the flow waits for no more: a wait that went on behind has broken it
// off. Clients are told that it has expired (inferred).
func (t *turn) dropSignIn() {
	if t.run.SignIn != nil {
		t.TellAuthentication(center.EventAuthenticationExpired, "{}")
		t.setSignIn(nil)
	}
}

// setSignIn begins, changes or ends the session. With it ends the waiting for its exchange.
func (t *turn) setSignIn(s *signIn) {
	r := *t.run
	if s == nil && r.Asked == r.SignIn.Exchange {
		r.Asked = ""
	}
	r.SignIn = s
	t.run, t.ran = &r, true
}

// signsIn says that the flow waits for a sign-in.
func (r *run) signsIn() bool {
	return !r.Done && r.Waiting != nil && r.Waiting.For == authenticates
}

// session is the customer's, in the chat that the caller is in.
func (t *turn) session(who Caller, id string) (*signIn, error) {
	if _, err := t.Chat.Present(who.Participant); err != nil {
		return nil, err
	}
	if who.Role != center.RoleCustomer {
		return nil, center.Refuse(center.AccessDenied, "Access denied")
	}
	if !t.pickBy(func(r *run) bool { return r.SignIn != nil && r.SignIn.ID == id }) {
		return nil, center.Refuse(center.InvalidParameter, "SessionId must be that of the authentication.initiated event whose sign-in is under way")
	}
	s := *t.run.SignIn
	return &s, nil
}

// AuthenticationURL returns the address where the customer signs in: once for each session, within a minute of its
// beginning.
func (c *Chats) AuthenticationURL(ctx context.Context, who Caller, session, redirect string) (page string, err error) {
	if err := checkRedirect(redirect); err != nil {
		return "", err
	}
	err = c.change(ctx, who.Chat, func(t *turn) error {
		s, err := t.session(who, session)
		switch {
		case err != nil:
			return err
		case s.Redirect != "":
			return center.Refuse(center.InvalidParameter, "SessionId was used before; it is good for one AuthenticationUrl")
		case t.Now.Sub(s.Begun) > urlWithin:
			return center.Refuse(center.InvalidParameter, "GetAuthenticationUrl must be called within a minute of the authentication.initiated event")
		}
		var secret [32]byte
		rand.Read(secret[:]) // never fails
		s.Redirect, s.Verifier = redirect, base64.RawURLEncoding.EncodeToString(secret[:])
		challenge := sha256.Sum256([]byte(s.Verifier))
		state := c.sealer.Seal(token.Claims{
			Kind: token.SignIn, Instance: string(t.Chat.Instance), Chat: string(t.Chat.ID), Contact: string(t.Subject().ID),
			Session: s.ID, Issued: c.wall(),
		})
		var ok bool
		page, ok = c.signIns.Page(s.Pool, s.Client, redirect, state, base64.RawURLEncoding.EncodeToString(challenge[:]))
		if !ok {
			return center.Refuse(center.InvalidParameter, "the user pool's sign-in page is configured no more")
		}
		if len(page) > maxAuthenticationURL {
			return center.Refuse(center.InvalidParameter, "RedirectUri must be shorter: the AuthenticationUrl would have more than %d characters", maxAuthenticationURL)
		}
		t.setSignIn(s)
		return nil
	})
	return page, denied(err)
}

// checkRedirect refuses what is no address that a page could redirect to. Which addresses it does redirect to is the user
// pool's to say: it knows its app clients' callback URLs, and takes no other.
// Source: RFC 6749, 3.1.2: an absolute URI without a fragment.
func checkRedirect(redirect string) error {
	u, err := url.Parse(redirect)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || slices.Contains(scripts, u.Scheme) || strings.ContainsFunc(redirect, noneOfURI) {
		return center.Refuse(center.InvalidParameter, "RedirectUri must be an absolute URI, scheme://host/path, without a user and a fragment")
	}
	return nil
}

// scripts are schemes that lead nowhere: browsers run them.
var scripts = []string{"javascript", "vbscript", "data"}

// noneOfURI are characters that an absolute URI does not have, but that programs disagree about.
func noneOfURI(r rune) bool { return r <= ' ' || r == '#' || r == '\\' || r == 0x7f }

// CancelAuthentication ends the customer's session: they choose not to sign in.
func (c *Chats) CancelAuthentication(ctx context.Context, who Caller, session string) error {
	return denied(c.change(ctx, who.Chat, func(t *turn) error {
		if _, err := t.session(who, session); err != nil {
			return err
		}
		return c.flows.feed(t, flow.SignInEnded{Came: flow.OptedOut})
	}))
}

// SignInBack is what a sign-in page has redirected with, as the company tells it: a code, or an error.
type SignInBack struct {
	State, Code, Error string
}

// ResumeAuthentication takes it, once for each session. The code's exchange follows: a call outside like those of flows.
func (c *Chats) ResumeAuthentication(ctx context.Context, at center.InstanceID, back SignInBack) error {
	if (back.Code == "") == (back.Error == "") {
		return center.Refuse(center.InvalidRequest, "one of Code and Error must be given")
	}
	claims, err := c.sealer.Open(back.State, token.SignIn, c.wall())
	foreign := errors.Is(err, token.ErrInvalid) || errors.Is(err, token.ErrKind) || errors.Is(err, token.ErrExpired)
	if err != nil && !foreign {
		return err
	}
	if foreign || center.InstanceID(claims.Instance) != at {
		return &center.Error{Code: center.InvalidParameter, Message: "State must be that of an AuthenticationUrl of this instance", Cause: err}
	}
	err = c.change(ctx, center.ChatID(claims.Chat), func(t *turn) error {
		if !t.pickBy(func(r *run) bool { return r.SignIn != nil && r.SignIn.ID == claims.Session }) {
			return center.Refuse(center.Conflict, "the authentication session is over")
		}
		if t.run.SignIn.Exchange != "" {
			return center.Refuse(center.Conflict, "the State was used before")
		}
		if back.Error != "" {
			return c.flows.feed(t, flow.SignInEnded{Came: flow.SignInFailed, Why: "the sign-in page redirected with " + known(back.Error)})
		}
		return c.flows.redeemLater(t, back.Code)
	})
	if center.Is(err, center.NotFound) { // the chat is
		return center.Refuse(center.Conflict, "the authentication session is over")
	}
	return err
}

// known is the error of a sign-in page as a log may have it. Source: RFC 6749, 4.1.2.1.
func known(code string) string {
	if slices.Contains([]string{
		"invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type", "invalid_scope", "server_error",
		"temporarily_unavailable",
	}, code) {
		return code
	}
	return "an error"
}

// redemption is what the exchange of a code takes.
type redemption struct {
	Client   string `json:"client"`
	Redirect string `json:"redirect"`
	Code     string `json:"code"`
	Verifier string `json:"verifier"`
}

// redeemLater puts the exchange of a code on its way.
func (fs *flows) redeemLater(t *turn, code string) error {
	s := *t.run.SignIn
	body, err := plainJSON(redemption{s.Client, s.Redirect, code, s.Verifier})
	if err != nil {
		return err
	}
	data, err := plainJSON(outsideCall{Kind: kindSignIn, To: s.Pool, Within: signInLimit, Body: body})
	if err != nil {
		return err
	}
	s.Exchange = t.callKey()
	t.Schedule(s.Exchange, t.Now, string(data))
	r := *t.run
	r.SignIn, r.Asked = &s, s.Exchange
	t.run, t.ran = &r, true
	return nil
}

func (fs *flows) redeem(ctx context.Context, q *outsideCall) ([]byte, error) {
	var r redemption
	if err := json.Unmarshal(q.Body, &r); err != nil {
		return nil, fmt.Errorf("what a sign-in exchanges: %w", err)
	}
	if fs.signIns == nil {
		return nil, unanswered("no sign-in page is configured for the user pool")
	}
	return fs.signIns.Redeem(ctx, q.To, r.Client, r.Redirect, r.Code, r.Verifier)
}

// signedIn tells the flow what came of the exchange of a code.
func (fs *flows) signedIn(t *turn, answered flow.Answered) error {
	if t.run.SignIn == nil {
		return nil
	}
	who := new(identity)
	switch {
	case answered.Error != "":
		return fs.feed(t, flow.SignInEnded{Came: flow.SignInFailed, Why: answered.Why})
	case json.Unmarshal([]byte(answered.Body), who) != nil:
		return fs.feed(t, flow.SignInEnded{Came: flow.SignInFailed, Why: "the claims of who has signed in cannot be read"})
	}
	s := *t.run.SignIn
	s.who = who
	t.setSignIn(&s)
	return fs.feed(t, flow.SignInEnded{Came: flow.SignedIn})
}

// segmentFact is a segment attribute as flows know it: its text, or of a map the JSON.
func segmentFact(a center.SegmentAttribute) (string, error) {
	if a.ValueString != nil {
		return *a.ValueString, nil
	}
	if a.ValueMap == nil {
		return "", nil
	}
	raw, err := plainJSON(segmentTexts(a.ValueMap))
	return string(raw), err
}

func segmentTexts(all map[string]center.SegmentAttribute) map[string]any {
	texts := make(map[string]any, len(all))
	for name, a := range all {
		switch {
		case a.ValueString != nil:
			texts[name] = *a.ValueString
		case a.ValueMap != nil:
			texts[name] = segmentTexts(a.ValueMap)
		}
	}
	return texts
}
