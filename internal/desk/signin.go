package desk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
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

// signInOutput is a session that has begun, or what is missing for one.
type signInOutput struct {
	Instance    *instanceOutput   `json:"instance,omitempty"`
	User        *userOutput       `json:"user,omitempty"`
	Permissions []string          `json:"permissions,omitzero"`
	Expires     float64           `json:"expires,omitempty"`
	Inactivity  *inactivityOutput `json:"inactivity,omitempty" about:"Where inactivity ends sessions."`
	CSRF        string            `json:"csrf,omitempty" about:"Of a session with a cookie."`
	Token       string            `json:"token,omitempty" about:"Of a program's session."`
	Missing     *missingOutput    `json:"missing,omitempty" about:"No session has begun: the password was right, and something more is asked for."`
}

// missingOutput says what a sign-in with the right password needs yet.
type missingOutput struct {
	What    string  `json:"what" rule:"enum=code|enrolment" about:"A one-time code, or the first code of a secret that the user's app is given now."`
	SignIn  string  `json:"signIn" about:"What the code is sent with."`
	Expires float64 `json:"expires"`
	Secret  string  `json:"secret,omitempty" about:"For the user's app; it is shown this once."`
	URI     string  `json:"uri,omitempty" about:"The same as an otpauth URI, for a bar code."`
}

const (
	missingCode      = "code"
	missingEnrolment = "enrolment"
)

const wrongCredentials = "The user name or the password is wrong."

// errWrongPassword says that a password is wrong, or that no user has the name.
var errWrongPassword = errors.New("desk: wrong password")

// signIn begins a session. Nothing in its answers or in the time that they take says whether a user name exists.
func (c *call) signIn(in signInInput) (*signInOutput, error) {
	if err := c.maySignIn(in.Bearer); err != nil {
		return nil, err
	}
	ctx := c.r.Context()
	at, err := c.instanceNamed(ctx, cmp.Or(in.Instance, in.InstanceInQuery))
	if err != nil {
		return nil, err
	}
	if err := c.instanceApproves(at); err != nil {
		return nil, err
	}
	attempt := c.attempt(at, in.Username)
	u, version, err := c.passwordOf(ctx, attempt, "SignIn", in.Username, in.Password)
	if errors.Is(err, errWrongPassword) {
		err = unauthorized(wrongCredentials)
	}
	if err != nil {
		return nil, err
	}
	missing, err := c.missing(ctx, at, u, version, in.Bearer)
	if err != nil || missing != nil {
		// The password was right, which is not enough to have earlier failures forgotten: codes might be guessed without end.
		c.forgive(ctx, attempt)
		return &signInOutput{Missing: missing}, err
	}
	return c.begin(ctx, attempt, u, proof{catalog.ProofPassword, version}, in.Bearer)
}

// maySignIn refuses a page of another origin that would have a cookie.
func (c *call) maySignIn(bearer bool) error {
	if from, _ := c.pageOf(c.r); from == otherPage && !bearer {
		return forbidden("A page of another origin signs in with bearer: true; cookies are for pages of this server.")
	}
	return nil
}

// attempt is what an attempt to prove to be a user counts on.
func (c *call) attempt(at center.InstanceID, username string) store.SignIn {
	a := c.attemptFromHere(at)
	a.Name = sha256.Sum256([]byte("name " + username))
	return a
}

// attemptFromHere counts on the caller's address alone.
func (c *call) attemptFromHere(at center.InstanceID) store.SignIn {
	return store.SignIn{Instance: at, From: sha256.Sum256([]byte("from " + counted(c.from())))}
}

// passwordOf finds the user who has a name and a password, with the version of that, unless too many attempts have failed. A wrong
// one is errWrongPassword. The attempt stays counted until it is forgiven or a session begins.
func (c *call) passwordOf(ctx context.Context, attempt store.SignIn, action, username, password string) (*center.User, int64, error) {
	if until, err := c.Store.Locked(ctx, attempt, c.Now()); err != nil || !until.IsZero() {
		return nil, 0, c.locked(until, err)
	}
	leave, err := c.gate.enter(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer leave()
	return c.check(ctx, attempt, action, username, password)
}

// check holds a user name and a password against those that are kept, as an attempt that is counted before.
func (c *call) check(ctx context.Context, attempt store.SignIn, action, username, password string) (*center.User, int64, error) {
	until, last, err := c.Store.Attempt(ctx, attempt, c.Now())
	if err != nil || !until.IsZero() {
		return nil, 0, c.locked(until, err)
	}
	u, version, err := c.Catalog.CheckPassword(ctx, attempt.Instance, username, password)
	switch {
	case err == nil:
		return u, version, nil
	case !center.Is(err, center.AccessDenied):
		// The client is gone, too many wait, or the store cannot be read: it counts for nothing.
		c.forgive(ctx, attempt)
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
	if err := c.Store.FailSignIn(c.by(ctx, who, action), attempt.Instance, id, last); err != nil {
		return nil, 0, err
	}
	return nil, 0, errWrongPassword
}

// forgive takes back an attempt that was counted and is no failure, whether or not that can be noted.
func (c *call) forgive(ctx context.Context, attempt store.SignIn) {
	if err := c.Store.ForgiveSignIn(context.WithoutCancel(ctx), attempt); err != nil {
		c.Log.Warn("an attempt to sign in that did not fail stays counted", "error", err)
	}
}

func (c *call) locked(until time.Time, err error) error {
	if err != nil {
		return err
	}
	return throttled(until.Sub(c.Now()), "Too many attempts to sign in have failed. Try again later.")
}

// underWay is a sign-in whose password was right, as its client keeps it, sealed. Nothing of it is in the store.
type underWay struct {
	Instance center.InstanceID `json:"i"`
	User     center.UserID     `json:"u"`
	Version  int64             `json:"v"` // of the password
	Bearer   bool              `json:"b,omitempty"`
	Secret   []byte            `json:"s,omitempty"` // of one-time codes that begin with it; nil: the user has codes
	Expires  int64             `json:"e"`           // Unix milliseconds
}

const signInPurpose = "a sign-in under way"

// seal and open are for what a client keeps of something that it has begun.
func (d *Desk) seal(v any, purpose string) (string, error) {
	raw, err := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(d.Catalog.Sealer.Seal(raw, purpose)), err
}

func (d *Desk) unseal(sealed, purpose string, v any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err == nil {
		raw, err = d.Catalog.Sealer.Open(raw, purpose)
	}
	return err == nil && json.Unmarshal(raw, v) == nil
}

// missing is what a sign-in with the right password needs yet; nil for nothing.
func (c *call) missing(ctx context.Context, at center.InstanceID, u *center.User, version int64, bearer bool) (*missingOutput, error) {
	settings, err := c.Catalog.SignInSettings(ctx, at)
	if err != nil || !settings.CodeRequired {
		return nil, err
	}
	has, err := c.Catalog.HasCodes(ctx, at, u.ID)
	if err != nil {
		return nil, err
	}
	expires := c.Now().Add(center.SecondStepWithin)
	way := underWay{Instance: at, User: u.ID, Version: version, Bearer: bearer, Expires: expires.UnixMilli()}
	out := &missingOutput{What: missingCode, Expires: seconds(expires)}
	if !has {
		i, err := c.Catalog.Instance(ctx, at)
		if err != nil {
			return nil, err
		}
		way.Secret = c.Catalog.NewCodeSecret()
		out.What, out.Secret, out.URI = missingEnrolment, center.CodeSecret(way.Secret), center.CodeURI(way.Secret, "parley "+i.Alias, u.Name)
	}
	out.SignIn, err = c.seal(way, signInPurpose)
	return out, err
}

// codeInput is what the second step of signing in takes.
type codeInput struct {
	SignIn string `json:"signIn" rule:"required,max=2000" about:"What the first step has answered."`
	Code   string `json:"code" rule:"required,max=100" about:"The code of the user's app."`
}

const (
	signInOver = "The sign-in has taken too long, or the password was changed meanwhile. Sign in again."
	wrongCode  = "The one-time code is wrong, was used before, or is too old. Wait for the next one."
)

// signInCode goes on with a sign-in whose password was right, by a one-time code.
func (c *call) signInCode(in codeInput) (*signInOutput, error) {
	var way underWay
	if !c.unseal(in.SignIn, signInPurpose, &way) || c.Now().UnixMilli() >= way.Expires {
		return nil, unauthorized(signInOver)
	}
	if err := c.maySignIn(way.Bearer); err != nil {
		return nil, err
	}
	if err := c.instanceApproves(way.Instance); err != nil {
		return nil, err
	}
	ctx := c.r.Context()
	u, err := catalog.Users.Get(ctx, c.Catalog, way.Instance, string(way.User))
	if center.Is(err, center.NotFound) {
		return nil, unauthorized(signInOver)
	}
	if err != nil {
		return nil, err
	}
	version, err := c.Catalog.PasswordVersion(ctx, way.Instance, way.User)
	if err != nil {
		return nil, err
	}
	if version != way.Version {
		return nil, unauthorized(signInOver)
	}
	attempt := c.attempt(way.Instance, u.Name)
	until, last, err := c.Store.Attempt(ctx, attempt, c.Now())
	if err != nil || !until.IsZero() {
		return nil, c.locked(until, err)
	}
	if way.Secret != nil {
		err = c.Catalog.EnrolCodes(c.by(ctx, u.Name, "EnrolCodes"), way.Instance, u.ID, way.Secret, in.Code, c.Now())
	} else {
		err = c.Catalog.UseCode(ctx, way.Instance, u.ID, in.Code, c.Now())
	}
	switch {
	case center.Is(err, center.AccessDenied):
		if err := c.Store.FailSignIn(c.by(ctx, u.Name, "SignInCode"), way.Instance, u.ID, last); err != nil {
			return nil, err
		}
		return nil, unauthorized(wrongCode)
	case err != nil:
		c.forgive(ctx, attempt)
		return nil, err
	}
	return c.begin(ctx, attempt, u, proof{catalog.ProofPassword, way.Version}, way.Bearer)
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

// proof is the row that a session depends on; see [store.Session].
type proof struct {
	kind    string
	version int64
}

// begin makes the session of a user who has signed in.
func (c *call) begin(ctx context.Context, attempt store.SignIn, u *center.User, by proof, bearer bool) (*signInOutput, error) {
	c.secret = newSecret()
	now := c.Now()
	c.session = store.Session{
		ID: sha256.Sum256([]byte(c.secret)), Instance: attempt.Instance, User: u.ID, Bearer: bearer, Proof: by.kind, Credential: by.version,
		Began: now, Active: now, Expires: now.Add(center.SessionLife),
	}
	// Whoever signs in anew in a browser has one session there.
	var ended *[32]byte
	if cookie, err := c.r.Cookie(c.cookieName()); err == nil && !bearer {
		id := sha256.Sum256([]byte(cookie.Value))
		ended = &id
	}
	action := "SignIn"
	if by.kind == catalog.ProofUser {
		action = "SignInAtProvider"
	}
	if err := c.Store.BeginSession(c.by(ctx, u.Name, action), attempt, &c.session, ended); err != nil {
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
	if err != nil {
		return nil, err
	}
	begun := &signInOutput{
		Instance: &out.Instance, User: &out.User, Permissions: out.Permissions, Expires: out.Expires, Inactivity: out.Inactivity, CSRF: out.CSRF,
	}
	if bearer {
		begun.Token = c.secret
	}
	return begun, nil
}
