package desk

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

var passwordRoutes = []route{
	row("PUT", "password", signedIn, "Gives the caller another password; the other sessions of the user end.", (*call).changePassword).upTo(maxSignIn).refuses(center.InvalidRequest, center.InvalidState),
	row("POST", "link", signedIn, "Says what a link for choosing a password is for.", (*call).showLink).toAnyone().checking().upTo(maxSignIn).refuses(center.NotFound),
	row("POST", "link/password", signedIn, "Gives the user of a link a password, once; the sessions of the user end.", (*call).useLink).toAnyone().checking().upTo(maxSignIn).refuses(center.NotFound),
	row("POST", "users/{user}/invite", editUsers, "Makes a link by which a new user chooses a password.", (*call).invite).refuses(center.NotFound, center.InvalidRequest),
	row("POST", "users/{user}/reset-password", editUsers, "Makes a link by which a user who has forgotten the password chooses another one.", (*call).resetPassword).refuses(center.NotFound, center.InvalidRequest),
	row("DELETE", "users/{user}/codes", editUsers, "Takes the one-time codes of a user away.", (*call).resetCodes).refuses(center.NotFound),
	row("GET", "sign-in/settings", viewSecurity, "Shows what the instance asks of users who sign in with a password.", (*call).showSignInSettings),
	row("PUT", "sign-in/settings", editSecurity, "Changes what the instance asks of users who sign in with a password.", (*call).putSignInSettings),
}

var (
	editUsers    = [][]string{{center.PermitUsers}}
	viewSecurity = [][]string{{center.PermitSecurity, center.PermitEditSecurity}}
	editSecurity = [][]string{{center.PermitEditSecurity}}
)

// LinkPage is the page that a link for choosing a password leads to. The link's secret is behind the #, which browsers send to
// nobody.
const LinkPage = "/agent/password"

// changePasswordInput is what a user gives for another password of its own.
type changePasswordInput struct {
	Present  string `json:"present" rule:"required" about:"The password that is to be changed."`
	Password string `json:"password" rule:"required" about:"8 to 64 characters, one of A-Z, one of a-z and one of 0-9 among them, and no white space."`
}

// changePassword gives the caller another password. The user's other sessions end. The present one is asked for, and counts as in
// a sign-in: whoever has found a session open must not guess it.
func (c *call) changePassword(in changePasswordInput) (empty, error) {
	ctx := c.r.Context()
	i, err := c.Catalog.Instance(ctx, c.session.Instance)
	if err != nil {
		return empty{}, err
	}
	if err := center.CheckPasswordGiven(true, i.IdentityManagementType); err != nil {
		return empty{}, err
	}
	if err := center.CheckPassword(in.Password); err != nil {
		return empty{}, err
	}
	attempt := c.attempt(c.session.Instance, c.user.Name)
	u, version, err := c.passwordOf(ctx, attempt, "ChangePassword", c.user.Name, in.Present)
	if errors.Is(err, errWrongPassword) {
		return empty{}, forbidden("The present password is wrong.")
	}
	if err != nil {
		return empty{}, err
	}
	c.forgive(ctx, attempt)
	ctx = c.by(ctx, u.Name, "ChangePassword")
	return empty{}, c.Catalog.ChangePassword(ctx, c.session.Instance, u.ID, version, in.Password, c.session.ID, c.Now())
}

// linkInput is the secret of a link.
type linkInput struct {
	Link string `json:"link" rule:"required,max=100" about:"What is behind the # of the link."`
}

// useLinkInput is a link with the password that is chosen by it.
type useLinkInput struct {
	linkInput
	Password string `json:"password" rule:"required" about:"8 to 64 characters, one of A-Z, one of a-z and one of 0-9 among them, and no white space."`
}

// linkOutput says what a link is for.
type linkOutput struct {
	Purpose  center.LinkPurpose `json:"purpose" rule:"enum=invite|reset"`
	Username string             `json:"username"`
	Instance instanceOutput     `json:"instance"`
	Expires  float64            `json:"expires"`
}

// showLink says what a link is for.
func (c *call) showLink(in linkInput) (*linkOutput, error) {
	l, u, err := c.link(in.Link)
	if err != nil {
		return nil, err
	}
	i, err := c.Catalog.Instance(c.r.Context(), l.Instance)
	if err != nil {
		return nil, err
	}
	return &linkOutput{l.Purpose, u.Name, instanceOutput{i.ID, c.Partition.InstanceARN(i.ID), i.Alias}, seconds(l.Expires)}, nil
}

// useLink gives the user of a link a password.
func (c *call) useLink(in useLinkInput) (empty, error) {
	l, u, err := c.link(in.Link)
	if err != nil {
		return empty{}, err
	}
	if err := center.CheckPassword(in.Password); err != nil {
		return empty{}, err
	}
	ctx := c.r.Context()
	leave, err := c.gate.enter(ctx)
	if err != nil {
		return empty{}, err
	}
	defer leave()
	err = c.Catalog.UseLink(c.by(ctx, u.Name, "UseLink"), l, in.Password, c.Now())
	if center.Is(err, center.NotFound) {
		return empty{}, c.deadLink(ctx, l, u, err)
	}
	return empty{}, err
}

// link finds a link that can be used. Of one that was, or whose time is over, the audit log has that it was tried.
func (c *call) link(secret string) (*store.Link, *center.User, error) {
	ctx := c.r.Context()
	l, u, err := c.Catalog.Link(ctx, secret, c.Now())
	if center.Is(err, center.NotFound) && l != nil {
		err = c.deadLink(ctx, l, u, err)
	}
	return l, u, err
}

// deadLink refuses a link that cannot be used any more, which counts as a failed attempt to sign in.
func (c *call) deadLink(ctx context.Context, l *store.Link, u *center.User, refusal error) error {
	attempt := c.attemptFromHere(l.Instance)
	attempt.Name = sha256.Sum256(append([]byte("link "), l.ID[:]...))
	until, last, err := c.Store.Attempt(ctx, attempt, c.Now())
	if err != nil || !until.IsZero() {
		return c.locked(until, err)
	}
	who := "a deleted user"
	if u != nil {
		who = u.Name
	}
	if err := c.Store.NoteRefusal(c.by(ctx, who, "UseLink"), l.Ref(), last); err != nil {
		return err
	}
	return refusal
}

// madeLink is a link as it is shown, once.
type madeLink struct {
	URL     string  `json:"url"`
	Expires float64 `json:"expires"`
}

// userInput names a user.
type userInput struct {
	User string `path:"user" about:"The id or the ARN of a user."`
}

func (c *call) invite(in userInput) (*madeLink, error) {
	return c.makeLink(in, center.LinkInvite, "InviteUser")
}

func (c *call) resetPassword(in userInput) (*madeLink, error) {
	return c.makeLink(in, center.LinkReset, "ResetPassword")
}

// makeLink makes a link by which a user chooses a password.
func (c *call) makeLink(in userInput, purpose center.LinkPurpose, action string) (*madeLink, error) {
	ctx := c.r.Context()
	user, err := c.ward(ctx, in)
	if err != nil {
		return nil, err
	}
	secret, expires, err := c.Catalog.MakeLink(c.by(ctx, c.who.Name, action), c.who.Instance, user, purpose, c.Now())
	if err != nil {
		return nil, err
	}
	return &madeLink{center.OwnOrigin(c.PublicURL, c.r.Host, c.r.TLS != nil) + LinkPage + "#" + secret, seconds(expires)}, nil
}

// ward is the user that the path names, whom the caller may let sign in anew.
func (c *call) ward(ctx context.Context, in userInput) (string, error) {
	who, u, err := c.Catalog.Principal(ctx, c.who.Instance, center.UserID(catalog.Users.ParseID(in.User)))
	if err != nil {
		return "", err
	}
	return string(u.ID), c.who.MayActFor(&who)
}

// resetCodes takes a user's one-time codes away.
func (c *call) resetCodes(in userInput) (empty, error) {
	ctx := c.r.Context()
	user, err := c.ward(ctx, in)
	if err != nil {
		return empty{}, err
	}
	return empty{}, c.Catalog.ResetCodes(c.by(ctx, c.who.Name, "ResetCodes"), c.who.Instance, user)
}

// signInSettings is what an instance asks of those who sign in.
type signInSettings struct {
	CodeRequired bool `json:"codeRequired" about:"Whether a one-time code is asked for beside the password."`
}

type signInSettingsInput struct {
	CodeRequired *bool `json:"codeRequired" rule:"required" about:"Whether a one-time code is asked for beside the password."`
}

func (c *call) showSignInSettings(empty) (*signInSettings, error) {
	s, err := c.Catalog.SignInSettings(c.r.Context(), c.who.Instance)
	return &signInSettings{s.CodeRequired}, err
}

func (c *call) putSignInSettings(in signInSettingsInput) (*signInSettings, error) {
	err := c.Catalog.RequireCodes(c.by(c.r.Context(), c.who.Name, "PutSignInSettings"), c.who.Instance, *in.CodeRequired)
	return &signInSettings{*in.CodeRequired}, err
}

// inactivityOutput says when a session ends unless its user is active, and when clients warn of it.
type inactivityOutput struct {
	Warns float64 `json:"warns"`
	Ends  float64 `json:"ends"`
}

// inactivity is nil where inactivity ends no session.
func (c *call) inactivity(ctx context.Context) (*inactivityOutput, error) {
	longest, err := c.Catalog.Inactivity(ctx, c.session.Instance)
	if err != nil || longest == 0 {
		return nil, err
	}
	ends := c.session.Active.Add(longest)
	return &inactivityOutput{seconds(ends.Add(-center.InactivityWarning)), seconds(ends)}, nil
}

// activityOutput is what a client is told that reports activity.
type activityOutput struct {
	Inactivity *inactivityOutput `json:"inactivity,omitempty"`
}

// active notes that the caller's user is active: it has moved the mouse or pressed a key. Often said, it is written down seldom.
func (c *call) active(empty) (*activityOutput, error) {
	ctx, now := c.r.Context(), c.Now()
	if now.Sub(c.session.Active) >= center.ActivityEvery {
		if err := c.Store.Active(ctx, c.session.ID, now); err != nil {
			return nil, err
		}
		c.session.Active = now
	}
	in, err := c.inactivity(ctx)
	return &activityOutput{in}, err
}

// endIdle ends a session whose user has done nothing for too long, as signing out of the Contact Control Panel does: the agent
// becomes Offline, unless it is signed in elsewhere too.
func (d *Desk) endIdle(ctx context.Context, s *store.Session) error {
	who, u, err := d.Catalog.Principal(ctx, s.Instance, s.User)
	if center.Is(err, center.NotFound) {
		return nil // the session ended with its user
	}
	if err != nil {
		return err
	}
	ended, err := d.Store.EndIdle(byItself(ctx, u.Name, "Inactivity", d.Now()), s)
	if err != nil || !ended {
		return err
	}
	d.idleEnded(s)
	if !who.Has(center.PermitAgent) {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	elsewhere, err := d.Catalog.SignedIn(ctx, s.Instance, s.User, d.Now())
	if err == nil && !elsewhere {
		err = d.GoOffline(ctx, s.Instance, s.User)
	}
	return errors.Join(err, d.Working.SignedOut(ctx, s.Instance, s.User))
}

// inactive is why sockets of such a session are closed.
const inactive = "the session has ended for inactivity"

// inactivityView tells a client that its session is about to end, or that it is not any more.
type inactivityView struct {
	Type    string  `json:"type" rule:"enum=inactivity"`
	Warning bool    `json:"warning"`
	Ends    float64 `json:"ends"`
}

// idle warns a window whose user does nothing, and ends its session when that has lasted too long. It is called by one goroutine.
func (w *window) idle(ctx context.Context, active time.Time, longest time.Duration) error {
	now := w.desk.Now()
	ends := active.Add(longest)
	switch {
	case longest > 0 && !now.Before(ends):
		s := w.session
		s.Active = active
		return w.desk.endIdle(ctx, &s)
	case longest > 0 && !now.Before(ends.Add(-center.InactivityWarning)):
		if !w.warned {
			w.warned = true
			w.socket.Send(frameOf("", inactivityView{"inactivity", true, seconds(ends)}))
		}
	case w.warned:
		w.warned = false
		w.socket.Send(frameOf("", inactivityView{"inactivity", false, seconds(ends)}))
	}
	return nil
}
