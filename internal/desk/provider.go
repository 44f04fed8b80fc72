package desk

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/oidc"
)

// A user of an instance may sign in at the company's OpenID provider. What must be known when the browser comes back from there
// is kept by the browser, sealed, in a cookie of its own for each sign-in. The store has which of them came to an end, so that none does
// twice.

var providerRoutes = []route{
	row("GET", "sign-in", signedIn, "Says how users of an instance sign in.", (*call).waysToSignIn).toAnyone(),
	row("GET", "oidc", signedIn, "Leads a browser to the page of the company's provider.", (*call).visitProvider).toAnyone().visits().
		instead(303, "", "Leads to the page of the provider.").refuses(center.NotFound, center.Unavailable),
	row("GET", "oidc/callback", signedIn, "Begins the session of a user who comes back from the provider.", (*call).fromProvider).toAnyone().checking().visits().
		instead(303, "", "Leads to where the user wanted.").refuses(center.NotFound, center.Unavailable),
}

type waysInput struct {
	Instance string `query:"instance" rule:"max=100" about:"The id, the ARN or the alias of an instance; it may be left out when the server has one."`
}

type visitInput struct {
	waysInput
	Next string `query:"next" rule:"max=1000" about:"The path of this server that the browser goes on to."`
}

// visitedInput is what the provider sends a browser back with.
type visitedInput struct {
	State  string `query:"state"`
	Code   string `query:"code"`
	Error  string `query:"error"`
	Issuer string `query:"iss"`
}

const (
	callbackPath    = Prefix + "oidc/callback"
	providerPurpose = "a sign-in at the provider"
)

// waysOutput says how users of an instance may sign in.
type waysOutput struct {
	Password bool `json:"password"`
	OIDC     bool `json:"oidc"`
}

// waysToSignIn says how users of an instance may sign in. An unknown instance is one like others.
func (c *call) waysToSignIn(in waysInput) (*waysOutput, error) {
	ctx := c.r.Context()
	at, err := c.instanceNamed(ctx, in.Instance)
	if err != nil {
		return nil, err
	}
	out := &waysOutput{Password: true}
	if at == "" {
		return out, nil
	}
	i, err := c.Catalog.Instance(ctx, at)
	if err != nil {
		return nil, err
	}
	return &waysOutput{i.IdentityManagementType == center.IdentityManaged, c.provides(i)}, nil
}

// provides says whether users of an instance may sign in at the provider.
func (d *Desk) provides(i *center.Instance) bool {
	if d.Provider == nil {
		return false
	}
	for _, name := range d.Provided {
		if name == i.Alias || center.ParseInstance(name) == i.ID {
			return true
		}
	}
	return false
}

// visit is a sign-in at the provider, as the browser keeps it.
type visit struct {
	Instance center.InstanceID `json:"i"`
	State    string            `json:"s"`
	Nonce    string            `json:"n"`
	Verifier string            `json:"v"`
	Next     string            `json:"x"`
	Expires  int64             `json:"e"` // Unix milliseconds
}

// visitProvider sends a browser to the provider's page.
func (c *call) visitProvider(in visitInput) (empty, error) {
	ctx := c.r.Context()
	at, err := c.instanceNamed(ctx, in.Instance)
	if err != nil {
		return empty{}, err
	}
	next, err := nextPath(in.Next)
	if err != nil {
		return empty{}, err
	}
	i, err := c.providedInstance(ctx, at)
	if err != nil {
		return empty{}, err
	}
	v := visit{Instance: i.ID, State: newSecret(), Nonce: newSecret(), Verifier: newSecret(), Next: next, Expires: c.Now().Add(center.SecondStepWithin).UnixMilli()}
	page, err := c.Provider.Page(ctx, c.callback(), v.State, v.Nonce, v.Verifier)
	if err != nil {
		return empty{}, c.unreachable(err)
	}
	sealed, err := c.seal(v, providerPurpose)
	if err != nil {
		return empty{}, err
	}
	c.keepVisit(v.State, sealed, center.SecondStepWithin)
	c.leads(page)
	return empty{}, nil
}

// providedInstance refuses an instance whose users do not sign in at the provider.
func (c *call) providedInstance(ctx context.Context, at center.InstanceID) (*center.Instance, error) {
	refusal := center.Refuse(center.NotFound, "Users of the instance do not sign in at an OpenID provider; see --oidc-instance")
	if at == "" {
		return nil, refusal
	}
	i, err := c.Catalog.Instance(ctx, at)
	if err == nil && !c.provides(i) || center.Is(err, center.NotFound) {
		return nil, refusal
	}
	return i, err
}

// nextPath is where a browser goes on when its user has signed in: a path of this server and nothing else.
func nextPath(next string) (string, error) {
	if next == "" {
		return "/", nil
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || next[0] != '/' || strings.HasPrefix(next, "//") ||
		strings.ContainsFunc(next, func(r rune) bool { return r == '\\' || r <= ' ' || r > '~' }) {
		return "", center.Refuse(center.InvalidParameter, "next must be a path of this server, such as /ccp-v2/, got %d characters of something else", len([]rune(next)))
	}
	return next, nil
}

// callback is the address that the provider sends browsers back to. It must know it.
func (c *call) callback() string {
	return center.OwnOrigin(c.PublicURL, c.r.Host, c.r.TLS != nil) + callbackPath
}

// leads sends the browser on.
func (c *call) leads(to string) {
	c.taken = true
	c.w.Header().Set("Location", to)
	c.w.WriteHeader(http.StatusSeeOther)
}

// unreachable says that the provider does not answer.
func (c *call) unreachable(err error) error {
	if c.r.Context().Err() == nil {
		c.Log.Warn("the OpenID provider cannot be asked", "error", err)
	}
	return center.Refuse(center.Unavailable, "The sign-in provider does not answer. Try again, or sign in with a password")
}

// visitName is the cookie of a sign-in at the provider. Each has its own: a browser may have begun several.
func (c *call) visitName(state string) string {
	sum := sha256.Sum256([]byte("visit " + state))
	name := "parley-oidc-" + base64.RawURLEncoding.EncodeToString(sum[:6])
	if c.secure() {
		name = "__Host-" + name
	}
	return name
}

// keepVisit lets a browser keep a sign-in that it has begun. It is sent with the way back from the provider's page, which is another
// site's: SameSite=Lax.
func (c *call) keepVisit(state, sealed string, life time.Duration) {
	http.SetCookie(c.w, &http.Cookie{
		Name: c.visitName(state), Value: sealed, Path: "/", MaxAge: int(life / time.Second), Secure: c.secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// fromProvider begins the session of a user who comes back from the provider's page. Each failure counts for the address, as one
// with a wrong password does.
func (c *call) fromProvider(in visitedInput) (empty, error) {
	ctx, state := c.r.Context(), in.State
	attempt := c.attemptFromHere("")
	until, last, err := c.Store.Attempt(ctx, attempt, c.Now())
	if err != nil || !until.IsZero() {
		return empty{}, c.locked(until, err)
	}
	var v visit
	refuse := func(why string, refusal error) error {
		c.Log.Info("a sign-in at the OpenID provider was refused", "why", why)
		if err := c.Store.FailSignIn(c.by(ctx, "unknown user", "SignInAtProvider"), v.Instance, "", last); err != nil {
			return err
		}
		return refusal
	}
	const anew = " Sign in again."
	cookie, err := c.r.Cookie(c.visitName(state))
	var kept visit
	if err != nil || !c.unseal(cookie.Value, providerPurpose, &kept) || subtle.ConstantTimeCompare([]byte(kept.State), []byte(state)) != 1 || c.Now().UnixMilli() >= kept.Expires {
		return empty{}, refuse("the browser has not begun it, or too long ago", unauthorized("This browser has not begun this sign-in, or too long ago."+anew))
	}
	v = kept
	c.keepVisit(state, "", -time.Second)
	i, err := c.providedInstance(ctx, v.Instance)
	if center.Is(err, center.NotFound) {
		return empty{}, refuse("the instance has no provider any more", err)
	}
	if err != nil {
		return empty{}, err
	}
	attempt.Instance = i.ID
	first, err := c.Store.Spend(ctx, sha256.Sum256([]byte("visit "+state)), time.UnixMilli(v.Expires), c.Now())
	if err != nil {
		return empty{}, err
	}
	switch {
	case !first:
		return empty{}, refuse("the state was used before", unauthorized("This sign-in has come to its end already."+anew))
	case in.Issuer != "" && !c.Provider.IsIssuer(in.Issuer):
		return empty{}, refuse("it comes from another issuer", unauthorized("This sign-in was begun at another provider."+anew))
	case in.Error != "":
		return empty{}, refuse("the provider says no", unauthorized("The sign-in provider has not let you in."+anew))
	case in.Code == "":
		return empty{}, refuse("there is no code", center.Refuse(center.InvalidParameter, "code is required"))
	}
	name, err := c.Provider.User(ctx, c.callback(), in.Code, v.Nonce, v.Verifier)
	var refused *oidc.Refusal
	switch {
	case errors.As(err, &refused):
		return empty{}, refuse(refused.Error(), unauthorized("What the sign-in provider says of you cannot be believed; the server's log has why."+anew))
	case err != nil:
		c.forgive(ctx, attempt)
		return empty{}, c.unreachable(err)
	}
	u, err := c.Catalog.UserNamed(ctx, i.ID, name)
	if center.Is(err, center.NotFound) {
		return empty{}, refuse("no user of the instance has the name", forbidden("You have signed in at the provider, but no user of the instance has the name that it gives you. Ask an administrator."))
	}
	if err != nil {
		return empty{}, err
	}
	if _, err := c.begin(ctx, attempt, u, proof{catalog.ProofUser, 0}, false); err != nil {
		return empty{}, err
	}
	c.leads(v.Next)
	return empty{}, nil
}
