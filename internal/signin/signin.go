// Package signin is the client's side of OAuth 2.0 and OpenID Connect for customers who sign in during a chat: the address
// of a user pool's sign-in page, and the exchange of the code that the page redirects with for the claims of an ID token.
// A user pool is one that an operator has given the URL of its hosted pages; no other is asked. It keeps nothing, and its
// errors hold nothing of what was sent or answered.
//
// An ID token's signature is not checked: it comes straight from the token endpoint, over TLS, and "the TLS server
// validation MAY be used to validate the issuer in place of checking the token signature" (OpenID Connect Core 1.0,
// 3.1.3.7). That is why such a URL is https, but for development.
package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/outside"
)

// MaxResponse is the longest answer of a token endpoint that is read to its end.
const MaxResponse = 64 << 10

// leeway is how far a user pool's clock may be ahead or behind.
const leeway = time.Minute

// Options are what a Client is made of.
type Options struct {
	// URLs are where user pools have their hosted pages, by the pool's ARN or id.
	URLs map[string]string
	// Plain allows http, for development.
	Plain bool
	Dial  outside.Dial
	// Now is for the lifetimes of ID tokens; nil is time.Now.
	Now func() time.Time
}

// Client asks user pools. It is for many to use at once.
type Client struct {
	options Options
	http    *http.Client
}

// New checks the options, and does nothing else yet.
func New(o Options) (*Client, error) {
	for pool, base := range o.URLs {
		if pool == "" {
			return nil, errors.New("a user pool without a name")
		}
		if err := o.check(base); err != nil {
			return nil, fmt.Errorf("the sign-in URL of user pool %s: %w", pool, err)
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Client{options: o, http: outside.NewClient(o.Dial, MaxResponse)}, nil
}

func (o *Options) check(base string) error {
	if err := outside.CheckURL(base); err != nil {
		return err
	}
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return errors.New("it must be a URL")
	case u.RawQuery != "" || u.User != nil:
		return errors.New("it must have neither a query nor a user")
	case u.Scheme != "https" && !o.Plain:
		return errors.New("it must be an https:// URL: who has signed in is believed because of whom it is asked")
	}
	return nil
}

// Knows says whether a user pool, by its ARN, has a sign-in page.
func (c *Client) Knows(pool string) bool {
	_, ok := c.base(pool)
	return ok
}

func (c *Client) base(pool string) (string, bool) {
	base, ok := c.options.URLs[pool]
	if !ok {
		base, ok = c.options.URLs[pool[strings.LastIndexByte(pool, '/')+1:]]
	}
	return strings.TrimSuffix(base, "/"), ok
}

// Page is the address at which a customer signs in, and false for a user pool that has none. The page redirects to
// redirect, with the state and with a code that only whoever knows the challenge's verifier can use (RFC 7636, S256). It
// is asked for the scope openid alone, with which an Amazon Cognito ID token has every claim that the app client may read.
// Source: Amazon Cognito Developer Guide, "Authorize endpoint".
func (c *Client) Page(pool, client, redirect, state, challenge string) (string, bool) {
	base, ok := c.base(pool)
	if !ok {
		return "", false
	}
	return base + "/oauth2/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {redirect}, "state": {state}, "scope": {"openid"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}.Encode(), true
}

// Redeem exchanges a code for an ID token and returns its claims, a JSON object. App clients have no secret: Amazon Connect
// supports none that have one. A code is good once, so that an exchange whose answer was lost cannot be repeated.
// Source: Amazon Cognito Developer Guide, "Token endpoint"; Amazon Connect Administrator Guide, customer authentication.
func (c *Client) Redeem(ctx context.Context, pool, client, redirect, code, verifier string) ([]byte, error) {
	base, ok := c.base(pool)
	if !ok {
		return nil, errors.New("no sign-in page is configured for the user pool")
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {client}, "redirect_uri": {redirect}, "code": {code}, "code_verifier": {verifier},
	}
	_, answer, err := outside.Post(ctx, c.http, base+"/oauth2/token", []byte(form.Encode()), func(r *http.Request) error {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("the token endpoint: %w", err)
	}
	var tokens struct {
		ID string `json:"id_token"`
	}
	if err := json.Unmarshal(answer, &tokens); err != nil || tokens.ID == "" {
		return nil, errors.New("the token endpoint answered without an id_token")
	}
	return c.claims(tokens.ID, client)
}

// claims reads an ID token that was just issued to the client.
func (c *Client) claims(token, client string) ([]byte, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("the id_token is no JSON Web Token")
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, errors.New("the id_token's claims cannot be read")
	}
	var claims struct {
		Subject  string          `json:"sub"`
		Audience json.RawMessage `json:"aud"`
		Expires  float64         `json:"exp"`
		Use      string          `json:"token_use"` // of Amazon Cognito alone
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return nil, errors.New("the id_token's claims cannot be read")
	}
	switch {
	case claims.Subject == "":
		return nil, errors.New("the id_token names nobody")
	case claims.Use != "" && claims.Use != "id":
		return nil, errors.New("the id_token is a token for something else")
	case !audience(claims.Audience, client):
		return nil, errors.New("the id_token is for another app client")
	case float64(c.options.Now().Add(-leeway).Unix()) >= claims.Expires:
		return nil, errors.New("the id_token has expired")
	}
	return raw, nil
}

// audience says whether a token is for the client: aud is a string or a list of them (RFC 7519, 4.1.3).
func audience(aud json.RawMessage, client string) bool {
	var one string
	if json.Unmarshal(aud, &one) == nil {
		return one == client
	}
	var many []string
	return json.Unmarshal(aud, &many) == nil && slices.Contains(many, client)
}
