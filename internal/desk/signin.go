package desk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

const (
	// maxSignIn is more than the members of a sign-in need, and no more than a connection may send uncounted.
	maxSignIn    = 4 << 10
	maxInstances = 1_000_000
)

// signInInput is what signing in takes.
type signInInput struct {
	Instance        string `json:"instance" rule:"max=100" about:"The id, the ARN or the alias of an instance; it may be left out when the server has one."`
	InstanceInQuery string `query:"instance" rule:"max=100" about:"The same, where the body has none."`
	Username        string `json:"username" rule:"required,max=100"`
	Password        string `json:"password" rule:"required"`
	Bearer          bool   `json:"bearer" about:"For a program: a token in the answer instead of a cookie."`
}

const wrongCredentials = "The user name or the password is wrong."

// signIn begins a session. Nothing in its answers or in the time that they take says whether a user name exists.
func (c *call) signIn(in signInInput) (*sessionOutput, error) {
	if from, _ := c.pageOf(c.r); from == otherPage && !in.Bearer {
		return nil, forbidden("A page of another origin signs in with bearer: true; cookies are for pages of this server.")
	}
	ctx := c.r.Context()
	at, err := c.instanceNamed(ctx, cmp.Or(in.Instance, in.InstanceInQuery))
	if err != nil {
		return nil, err
	}
	if err := c.instanceApproves(at); err != nil {
		return nil, err
	}
	attempt := store.SignIn{Instance: at, Name: sha256.Sum256([]byte("name " + in.Username)), From: sha256.Sum256([]byte("from " + counted(c.from())))}
	if until, err := c.Store.Locked(ctx, attempt, c.Now()); err != nil || !until.IsZero() {
		return nil, c.locked(until, err)
	}
	leave, err := c.gate.enter(ctx)
	if err != nil {
		return nil, err
	}
	u, version, err := c.check(ctx, attempt, in.Username, in.Password)
	leave()
	if err != nil {
		return nil, err
	}
	return c.begin(ctx, attempt, u, version, in.Bearer)
}

// check holds a user name and a password against those that are kept, as an attempt that is counted before.
func (c *call) check(ctx context.Context, attempt store.SignIn, username, password string) (*center.User, int64, error) {
	until, last, err := c.Store.Attempt(ctx, attempt, c.Now())
	if err != nil || !until.IsZero() {
		return nil, 0, c.locked(until, err)
	}
	u, version, err := c.Catalog.CheckPassword(ctx, attempt.Instance, username, password)
	switch {
	case err == nil:
		return u, version, nil
	case !center.Is(err, center.AccessDenied):
		// The client is gone, too many wait, or the store cannot be read: it counts for nothing, whether or not that can be noted.
		if failed := c.Store.ForgiveSignIn(context.WithoutCancel(ctx), attempt); failed != nil {
			c.Log.Warn("an attempt to sign in that came to no end stays counted", "error", failed)
		}
		return nil, 0, err
	}
	// What was given as a name may be a password: only the name of a user is logged.
	who, id := "unknown user", center.UserID("")
	known, err := c.Catalog.UserNamed(ctx, attempt.Instance, username)
	switch {
	case err == nil:
		who, id = known.Name, known.ID
	case !center.Is(err, center.NotFound):
		return nil, 0, err
	}
	if err := c.Store.FailSignIn(c.by(ctx, who, "SignIn"), attempt.Instance, id, last); err != nil {
		return nil, 0, err
	}
	return nil, 0, unauthorized(wrongCredentials)
}

func (c *call) locked(until time.Time, err error) error {
	if err != nil {
		return err
	}
	return throttled(until.Sub(c.Now()), "Too many attempts to sign in have failed. Try again later.")
}

// instanceNamed finds an instance by what a request calls it. An unknown one is an instance without users.
func (c *call) instanceNamed(ctx context.Context, name string) (center.InstanceID, error) {
	all, err := c.Catalog.Instances(ctx, "", maxInstances)
	if err != nil {
		return "", err
	}
	if name == "" {
		if len(all) != 1 {
			return "", center.Refuse(center.InvalidParameter, "instance is required: the server has %d instances; give the id or the alias of one", len(all))
		}
		return all[0].ID, nil
	}
	id := center.ParseInstance(name)
	for i := range all {
		if all[i].ID == id || all[i].Alias == name {
			return all[i].ID, nil
		}
	}
	return "", nil
}

// begin makes the session of a user who has signed in.
func (c *call) begin(ctx context.Context, attempt store.SignIn, u *center.User, version int64, bearer bool) (*sessionOutput, error) {
	c.secret = newSecret()
	now := c.Now()
	c.session = store.Session{
		ID: sha256.Sum256([]byte(c.secret)), Instance: attempt.Instance, User: u.ID, Bearer: bearer, Credential: version,
		Began: now, Expires: now.Add(center.SessionLife),
	}
	// Whoever signs in anew in a browser has one session there.
	var ended *[32]byte
	if cookie, err := c.r.Cookie(c.cookieName()); err == nil && !bearer {
		id := sha256.Sum256([]byte(cookie.Value))
		ended = &id
	}
	if err := c.Store.BeginSession(c.by(ctx, u.Name, "SignIn"), attempt, &c.session, ended); err != nil {
		return nil, err
	}
	var err error
	if c.who, c.user, err = c.Catalog.Principal(ctx, attempt.Instance, u.ID); err != nil {
		return nil, err
	}
	if c.who.Has(center.PermitAgent) {
		if err := c.Working.SignedIn(ctx, attempt.Instance, u.ID); err != nil {
			return nil, err
		}
	}
	if !bearer {
		c.setCookie(c.secret, center.SessionLife)
	}
	out, err := c.sessionOut(ctx)
	if err == nil && bearer {
		out.Token = c.secret
	}
	return out, err
}
