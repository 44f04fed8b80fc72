package desk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

var sessionRoutes = []route{
	{method: "POST", path: Prefix + "session", open: true, do: (*call).signIn},
	{method: "GET", path: Prefix + "session", do: (*call).showSession},
	{method: "DELETE", path: Prefix + "session", do: (*call).signOut},
}

const (
	// cookieName is the cookie of a session over plain HTTP, secureName over TLS: browsers take that from this very host
	// over TLS alone.
	cookieName = "parley-session"
	secureName = "__Host-parley-session"
	// csrfHeader is required of a page for everything that may change something. Only a page of this server can know its
	// value, and a page of another origin may not even set it.
	csrfHeader = "X-Parley-CSRF"
	// secretBytes is how much randomness a session's secret has.
	secretBytes = 32
	// maxSignIn is more than the members of a sign-in need, and no more than a connection may send uncounted.
	maxSignIn = 4 << 10
	// maxName bounds user names and names of instances.
	maxName = 100
)

// signInInput is what signing in takes.
type signInInput struct {
	Instance string `json:"instance"` // id, ARN or alias; may be absent if the server has one instance
	Username string `json:"username"`
	Password string `json:"password"`
	Bearer   bool   `json:"bearer"` // for a program: a token in the answer instead of a cookie
}

// sessionOutput is a session as it is shown.
type sessionOutput struct {
	Instance    instanceOutput `json:"instance"`
	User        userOutput     `json:"user"`
	Permissions []string       `json:"permissions"`
	Expires     float64        `json:"expires"`
	CSRF        string         `json:"csrf,omitempty"`  // of a cookie's session
	Token       string         `json:"token,omitempty"` // of a program's session, when it begins
}

type instanceOutput struct {
	ID    center.InstanceID `json:"id"`
	ARN   string            `json:"arn"`
	Alias string            `json:"alias,omitempty"`
}

type userOutput struct {
	ID        center.UserID `json:"id"`
	ARN       string        `json:"arn"`
	Username  string        `json:"username"`
	FirstName string        `json:"firstName,omitempty"`
	LastName  string        `json:"lastName,omitempty"`
}

// seconds is a time as the desk's clients read it: seconds since 1970, with milliseconds.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

const wrongCredentials = "The user name or the password is wrong."

// signIn begins a session. Nothing in its answers or in the time that they take says whether a user name exists.
func (c *call) signIn() (any, error) {
	var in signInInput
	if err := c.body(maxSignIn, &in); err != nil {
		return nil, err
	}
	if err := short("username", in.Username, maxName); err != nil {
		return nil, err
	}
	if in.Password == "" {
		return nil, center.Refuse(center.InvalidParameter, "password is required")
	}
	if from, _ := c.pageOf(c.r); from == otherPage && !in.Bearer {
		return nil, forbidden("A page of another origin signs in with bearer: true; cookies are for pages of this server.")
	}
	ctx := c.r.Context()
	at, err := c.instanceNamed(ctx, in.Instance)
	if err != nil {
		return nil, err
	}
	if err := c.instanceApproves(at); err != nil {
		return nil, err
	}
	attempt := store.SignIn{Instance: at, Name: sha256.Sum256([]byte("name " + in.Username)), From: sha256.Sum256([]byte("from " + c.from()))}
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
	if !center.Is(err, center.AccessDenied) {
		return u, version, err
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
	if name == "" {
		name = c.r.URL.Query().Get("instance")
	}
	if len([]rune(name)) > maxName {
		return "", center.Refuse(center.InvalidParameter, "instance must have at most %d characters, got %d", maxName, len([]rune(name)))
	}
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

const maxInstances = 1_000_000

// begin makes the session of a user who has signed in.
func (c *call) begin(ctx context.Context, attempt store.SignIn, u *center.User, version int64, bearer bool) (any, error) {
	raw := make([]byte, secretBytes)
	_, _ = rand.Read(raw) // it never fails
	c.secret = base64.RawURLEncoding.EncodeToString(raw)
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

func (c *call) sessionOut(ctx context.Context) (*sessionOutput, error) {
	i, err := c.Catalog.Instance(ctx, c.session.Instance)
	if err != nil {
		return nil, err
	}
	out := &sessionOutput{
		Instance: instanceOutput{i.ID, c.Partition.InstanceARN(i.ID), i.Alias},
		User: userOutput{
			ID: c.user.ID, ARN: catalog.Users.ARN(c.Partition, i.ID, c.user), Username: c.user.Name,
			FirstName: c.user.Identity.FirstName, LastName: c.user.Identity.LastName,
		},
		Permissions: c.who.Permissions(), Expires: seconds(c.session.Expires),
	}
	if !c.session.Bearer {
		out.CSRF = csrfOf(c.secret)
	}
	return out, nil
}

func (c *call) showSession() (any, error) { return c.sessionOut(c.r.Context()) }

// signOut ends the session. The agent's status stays what it is, unless the client asks for Offline, as the sign-out of the
// Contact Control Panel does: with live contacts it is the next status.
func (c *call) signOut() (any, error) {
	ctx := c.r.Context()
	if c.r.URL.Query().Get("offline") == "true" && c.who.Has(center.PermitAgent) {
		if err := c.GoOffline(ctx, c.who.Instance, c.who.User); err != nil {
			return nil, err
		}
	}
	ended, err := c.Store.EndSession(c.by(ctx, c.who.Name, "SignOut"), &c.session)
	if err != nil {
		return nil, err
	}
	if ended && c.who.Has(center.PermitAgent) {
		if err := c.Working.SignedOut(ctx, c.who.Instance, c.who.User); err != nil {
			return nil, err
		}
	}
	c.sessionEnded(c.session.ID)
	if !c.session.Bearer {
		c.setCookie("", -time.Second)
	}
	return empty{}, nil
}

// GoOffline gives an agent the status Offline, or that as the next one while contacts are live.
func (d *Desk) GoOffline(ctx context.Context, at center.InstanceID, id center.UserID) error {
	offline, err := d.Catalog.StatusOfType(ctx, at, center.StatusOffline)
	if err != nil {
		return err
	}
	return d.Agents.SetStatus(ctx, at, id, string(offline.ID), false)
}

// Lost gives an agent whose clients are gone the status Offline. With reclaim its live contacts go to others before.
func (d *Desk) Lost(ctx context.Context, at center.InstanceID, id center.UserID, reclaim bool) error {
	if reclaim {
		a, _, err := d.Staff.Agent(ctx, at, id)
		if err != nil {
			return err
		}
		for _, slot := range a.Contacts {
			if !slot.Live() || slot.Monitor != "" {
				continue
			}
			err := d.Agents.Reclaim(ctx, at, id, slot.Contact)
			if err != nil && !center.Is(err, center.NotFound) && !center.Is(err, center.InvalidState) { // else it is over already
				return err
			}
		}
	}
	return d.GoOffline(ctx, at, id)
}

// authenticate finds the caller's session. What comes with a cookie must come from a page of this server, and what may change
// something with the session's CSRF token.
func (c *call) authenticate(from page) error {
	secret, bearer := bearerOf(c.r)
	if !bearer {
		cookie, err := c.r.Cookie(c.cookieName())
		if err != nil {
			return unauthorized("Sign in first: send the session's cookie, or its token as Authorization: Bearer.")
		}
		secret = cookie.Value
	}
	if base64.RawURLEncoding.DecodedLen(len(secret)) != secretBytes {
		return unauthorized(sessionOver)
	}
	s, err := c.Catalog.Session(c.r.Context(), sha256.Sum256([]byte(secret)), c.Now())
	if center.Is(err, center.NotFound) || err == nil && s.Bearer != bearer {
		return unauthorized(sessionOver)
	}
	if err != nil {
		return err
	}
	c.session, c.secret = s, secret
	if !bearer {
		if from == otherPage {
			return forbidden("A page of another origin calls with a bearer token; cookies are for pages of this server.")
		}
		if err := c.checkCSRF(); err != nil {
			return err
		}
	} else if err := c.instanceApproves(s.Instance); err != nil {
		return err
	}
	c.who, c.user, err = c.Catalog.Principal(c.r.Context(), s.Instance, s.User)
	if center.Is(err, center.NotFound) {
		return unauthorized(sessionOver)
	}
	return err
}

const sessionOver = "The session has ended or is not known. Sign in again."

// instanceApproves refuses a page of another origin than the instance approves of.
func (c *call) instanceApproves(at center.InstanceID) error {
	from, origin := c.pageOf(c.r)
	if from != otherPage || c.Loopback && loopback(origin) {
		return nil
	}
	ok, err := c.approves(c.r, at, origin)
	if err == nil && !ok {
		c.w.Header().Del("Access-Control-Allow-Origin")
		err = forbidden(notApproved)
	}
	return err
}

func (c *call) checkCSRF() error {
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodHead {
		return nil
	}
	if subtle.ConstantTimeCompare([]byte(c.r.Header.Get(csrfHeader)), []byte(csrfOf(c.secret))) != 1 {
		return forbidden("The header " + csrfHeader + " must have the csrf of the session, which GET " + Prefix + "session returns.")
	}
	return nil
}

// csrfOf is the CSRF token of a session: it follows from the session's secret, which it does not give away.
func csrfOf(secret string) string {
	sum := sha256.Sum256([]byte("csrf " + secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// bearerOf is the token of a program; ok is false when the request has none.
func bearerOf(r *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return token, ok && strings.EqualFold(scheme, "Bearer")
}

// secure says that clients reach this server over TLS.
func (c *call) secure() bool { return c.r.TLS != nil || strings.HasPrefix(c.PublicURL, "https://") }

func (c *call) cookieName() string {
	if c.secure() {
		return secureName
	}
	return cookieName
}

func (c *call) setCookie(value string, life time.Duration) {
	http.SetCookie(c.w, &http.Cookie{
		Name: c.cookieName(), Value: value, Path: "/", MaxAge: int(life / time.Second), Secure: c.secure(), HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	})
}

// from is the address that a request comes from. Where a proxy terminates TLS, all come from it, and the last address of
// X-Forwarded-For is the one that it has added.
func (c *call) from() string {
	if strings.HasPrefix(c.PublicURL, "https://") && c.r.TLS == nil {
		if all := c.r.Header.Values("X-Forwarded-For"); len(all) > 0 {
			parts := strings.Split(all[len(all)-1], ",")
			if ip := net.ParseIP(strings.TrimSpace(parts[len(parts)-1])); ip != nil {
				return ip.String()
			}
		}
	}
	host, _, err := net.SplitHostPort(c.r.RemoteAddr)
	if err != nil {
		return c.r.RemoteAddr
	}
	return host
}
