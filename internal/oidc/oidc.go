// Package oidc is the client's side of OpenID Connect for users who sign in at their company's provider: the address of its
// page, and who has signed in there by the code that the page redirects with. It asks one provider, which the operator has
// named, and keeps nothing but what that says of itself and its keys. Its errors hold nothing of what was sent or answered.
package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/parley-chat/parley/internal/outside"
)

const (
	// maxAnswer is the longest answer of the provider that is read to its end.
	maxAnswer = 256 << 10
	// within is how long the provider may take for an answer.
	within = 10 * time.Second
	// freshFor is how long what the provider says of itself is believed. Its keys are looked for whenever a token has a new one.
	freshFor = time.Hour
	// failsFor is how long a provider that did not answer is not asked again.
	failsFor = 5 * time.Second
	// maxName is how many characters the claim may have that names a user.
	maxName = 100
)

// DefaultClaim is the claim that names a user unless another one is set.
const DefaultClaim = "preferred_username"

// Options say which provider is asked, and as whom.
type Options struct {
	Issuer   string // as the provider spells it in its tokens
	ClientID string
	Secret   string // "" for a client without one
	Claim    string // the claim of ID tokens that is the user name; "" is DefaultClaim
	Scopes   []string
	// Plain allows http, for development.
	Plain bool
	Dial  outside.Dial
	Now   func() time.Time // nil is time.Now
}

// Client asks a provider. It is for many to use at once.
type Client struct {
	options Options
	http    *http.Client
	turn    chan struct{} // held by whoever reads or asks for known
	known   *provider
	failed  error // why the provider was not known at a time
	failure time.Time
}

// provider is what a provider has said of itself.
type provider struct {
	*oidc.Provider
	style oauth2.AuthStyle
	at    time.Time
}

// New checks the options, and asks nobody yet: the provider need not be up.
func New(o Options) (*Client, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Claim == "" {
		o.Claim = DefaultClaim
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Client{options: o, http: outside.NewClient(o.Dial, maxAnswer), turn: make(chan struct{}, 1)}
	c.http.Timeout = within // keys are read by a request of nobody's
	return c, nil
}

func (o *Options) check() error {
	if err := outside.CheckURL(o.Issuer); err != nil {
		return fmt.Errorf("the issuer: %w", err)
	}
	u, err := url.Parse(o.Issuer)
	switch {
	case err != nil:
		return errors.New("the issuer must be a URL")
	case u.RawQuery != "" || u.User != nil:
		return errors.New("the issuer must have neither a query nor a user")
	case u.Scheme != "https" && !o.Plain:
		return errors.New("the issuer must be an https:// URL")
	case o.ClientID == "":
		return errors.New("the client id is missing")
	}
	return nil
}

// Refusal says that somebody has not signed in: the provider says so, or what it says is not to be believed. Anything else that
// goes wrong may go better another time.
type Refusal struct{ why string }

func (r *Refusal) Error() string { return r.why }

func refuse(format string, args ...any) error { return &Refusal{fmt.Sprintf(format, args...)} }

// Page is the address at which a user signs in. The page redirects to redirect with the state, and with a code that is of use
// with the verifier alone; the token that the code is exchanged for has the nonce.
func (c *Client) Page(ctx context.Context, redirect, state, nonce, verifier string) (string, error) {
	p, err := c.provider(ctx)
	if err != nil {
		return "", err
	}
	return c.config(p, redirect).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), nil
}

func (c *Client) config(p *provider, redirect string) *oauth2.Config {
	endpoint := p.Endpoint()
	endpoint.AuthStyle = p.style
	scopes := append([]string{oidc.ScopeOpenID}, c.options.Scopes...)
	return &oauth2.Config{ClientID: c.options.ClientID, ClientSecret: c.options.Secret, Endpoint: endpoint, RedirectURL: redirect, Scopes: scopes}
}

// IsIssuer says whether a name is the provider's.
func (c *Client) IsIssuer(name string) bool { return name == c.options.Issuer }

// User exchanges a code for an ID token, checks that, and returns the user name that it has. A code is good once.
func (c *Client) User(ctx context.Context, redirect, code, nonce, verifier string) (string, error) {
	p, err := c.provider(ctx)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, c.http), within)
	defer cancel()
	tokens, err := c.config(p, redirect).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	var answered *oauth2.RetrieveError
	switch {
	case errors.As(err, &answered) && (answered.Response.StatusCode >= 500 || answered.Response.StatusCode == http.StatusTooManyRequests):
		return "", fmt.Errorf("the token endpoint: %w", outside.Status(answered.Response.StatusCode))
	case errors.As(err, &answered):
		return "", refuse("the token endpoint refused the code with %d %s", answered.Response.StatusCode, word(answered.ErrorCode))
	case err != nil && ctx.Err() == nil && !isNetwork(err):
		return "", refuse("the token endpoint's answer cannot be read")
	case err != nil:
		return "", fmt.Errorf("the token endpoint: %w", outside.Bare(err))
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok || raw == "" {
		return "", refuse("the token endpoint answered without an id_token")
	}
	verified, err := p.VerifierContext(ctx, &oidc.Config{ClientID: c.options.ClientID, Now: c.options.Now}).Verify(ctx, raw)
	if err != nil {
		return "", c.believe(ctx, err)
	}
	return c.name(verified, nonce)
}

// believe says what is wrong with an ID token, without quoting it.
func (c *Client) believe(ctx context.Context, err error) error {
	var expired *oidc.TokenExpiredError
	switch {
	case errors.As(err, &expired):
		return refuse("the id_token has expired")
	case ctx.Err() != nil || isNetwork(err) || strings.Contains(err.Error(), "fetching keys"):
		return errors.New("the provider's keys cannot be read")
	case strings.Contains(err.Error(), "expected audience"):
		return refuse("the id_token is for another client")
	case strings.Contains(err.Error(), "issued by a different provider"):
		return refuse("the id_token is another issuer's")
	case strings.Contains(err.Error(), "failed to verify signature"):
		return refuse("the id_token is signed by none of the provider's keys")
	}
	return refuse("the id_token is not to be believed")
}

// name is the user name in an ID token that was just issued for a nonce.
func (c *Client) name(t *oidc.IDToken, nonce string) (string, error) {
	var claims map[string]any
	if err := t.Claims(&claims); err != nil {
		return "", refuse("the id_token's claims cannot be read")
	}
	if subtle.ConstantTimeCompare([]byte(t.Nonce), []byte(nonce)) != 1 {
		return "", refuse("the id_token was issued for another sign-in: its nonce is wrong")
	}
	if party, _ := claims["azp"].(string); party != c.options.ClientID && (party != "" || len(t.Audience) > 1) {
		return "", refuse("the id_token was issued to another client: its azp is wrong")
	}
	name, _ := claims[c.options.Claim].(string)
	if n := len([]rune(name)); n == 0 || n > maxName {
		return "", refuse("the id_token's claim %s must be a text of 1 to %d characters", c.options.Claim, maxName)
	}
	if verified, _ := claims["email_verified"].(bool); c.options.Claim == "email" && !verified {
		return "", refuse("the id_token's email is not verified at the provider")
	}
	return name, nil
}

// provider is what the provider says of itself, asked for anew now and then. One that does not answer is as it was.
func (c *Client) provider(ctx context.Context) (*provider, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	now := c.options.Now()
	switch {
	case c.known != nil && now.Sub(c.known.at) < freshFor:
		return c.known, nil
	case c.failed != nil && now.Sub(c.failure) < failsFor:
		return nil, c.failed
	}
	p, err := c.discover(ctx)
	switch {
	case err == nil:
		p.at, c.known, c.failed = now, p, nil
	case c.known == nil:
		if ctx.Err() == nil {
			c.failed, c.failure = err, now
		}
		return nil, err
	default:
		c.known.at = now // it is asked again when this is old
	}
	return c.known, nil
}

func (c *Client) discover(ctx context.Context) (*provider, error) {
	// The context goes on being the one by which keys are read.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), c.http), c.options.Issuer)
	if err != nil {
		if isNetwork(err) {
			return nil, fmt.Errorf("the provider's description: %w", outside.Bare(err))
		}
		return nil, errors.New("the provider's description below /.well-known/ cannot be read, or is another issuer's")
	}
	var says struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := found.Claims(&says); err != nil {
		return nil, errors.New("the provider's description cannot be read")
	}
	// client_secret_basic is what a provider supports that does not say (OpenID Connect Discovery 1.0, section 3). Left to find out
	// by itself, the library would send a code twice.
	p := &provider{Provider: found, style: oauth2.AuthStyleInHeader}
	if c.options.Secret == "" || len(says.Methods) > 0 && !slices.Contains(says.Methods, "client_secret_basic") {
		p.style = oauth2.AuthStyleInParams
	}
	return p, nil
}

// isNetwork says that nobody has answered.
func isNetwork(err error) bool {
	var u *url.Error
	return errors.As(err, &u)
}

// word is an error's code, if it is one.
func word(code string) string {
	if len(code) > 40 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return ""
	}
	return code
}
