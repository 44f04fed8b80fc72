package desk

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

var sessionRoutes = []route{
	row("POST", "session", signedIn, "Signs a user in.", (*call).signIn).toAnyone().checking().upTo(maxSignIn),
	row("GET", "session", signedIn, "Shows the session.", (*call).showSession),
	row("DELETE", "session", signedIn, "Signs out; the state of the agent stays.", (*call).signOut),
	row("POST", "session/code", signedIn, "Goes on with a sign-in whose password was right, by a one-time code.", (*call).signInCode).toAnyone().checking().upTo(maxSignIn).refuses(center.InvalidState),
	row("POST", "session/activity", signedIn, "Says that the user is active.", (*call).active),
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
)

// sessionOutput is a session as it is shown.
type sessionOutput struct {
	Instance    instanceOutput `json:"instance"`
	User        userOutput     `json:"user"`
	Permissions []string       `json:"permissions"`
	Expires     float64        `json:"expires"`
	// Inactivity is there where it ends sessions.
	Inactivity *inactivityOutput `json:"inactivity,omitempty"`
	CSRF       string            `json:"csrf,omitempty"` // of a cookie's session
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
	out.Inactivity, err = c.inactivity(ctx)
	return out, err
}

func (c *call) showSession(empty) (*sessionOutput, error) { return c.sessionOut(c.r.Context()) }

type signOutInput struct {
	Offline bool `query:"offline" about:"Also sets the agent Offline, as signing out of the Contact Control Panel does."`
}

// signOut ends the session. The agent's status stays what it is, unless the client asks for Offline, as the sign-out of the
// Contact Control Panel does: with live contacts it is the next status. The session has ended also when that fails, and when the
// client does not wait for it.
func (c *call) signOut(in signOutInput) (empty, error) {
	ctx := c.r.Context()
	ended, err := c.Store.EndSession(c.by(ctx, c.who.Name, "SignOut"), &c.session)
	if err != nil {
		return empty{}, err
	}
	defer c.sessionEnded(&c.session)
	if !c.session.Bearer {
		c.clearCookies()
	}
	if !c.who.Has(center.PermitAgent) {
		return empty{}, nil
	}
	ctx = context.WithoutCancel(ctx)
	if in.Offline {
		err = c.GoOffline(ctx, c.who.Instance, c.who.User)
	}
	if ended {
		err = errors.Join(err, c.Working.SignedOut(ctx, c.who.Instance, c.who.User))
	}
	return empty{}, err
}

// authenticate finds the caller's session. What comes with a cookie must come from a page of this server, and what may change
// something with the session's CSRF token.
func (c *call) authenticate(from page) error {
	token, bearer := bearerOf(c.r)
	secrets := []string{token}
	if !bearer {
		if secrets = c.cookies(); len(secrets) == 0 {
			return unauthorized("Sign in first: send the session's cookie, or its token as Authorization: Bearer.")
		}
	}
	if err := c.findSession(secrets, bearer); err != nil {
		return err
	}
	s := &c.session
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
	var err error
	c.who, c.user, err = c.Catalog.Principal(c.r.Context(), s.Instance, s.User)
	if center.Is(err, center.NotFound) {
		return unauthorized(sessionOver)
	}
	return err
}

// findSession finds the session that the first of some secrets belongs to.
func (c *call) findSession(secrets []string, bearer bool) error {
	over := sessionOver
	for _, secret := range secrets {
		if base64.RawURLEncoding.DecodedLen(len(secret)) != secretBytes {
			continue
		}
		s, err := c.Catalog.Session(c.r.Context(), sha256.Sum256([]byte(secret)), c.Now())
		if errors.Is(err, catalog.ErrInactive) {
			if s.Bearer == bearer {
				if err := c.endIdle(c.r.Context(), &s); err != nil {
					return err
				}
				over = sessionIdle
			}
			continue
		}
		if center.Is(err, center.NotFound) || err == nil && s.Bearer != bearer {
			continue
		}
		c.session, c.secret = s, secret
		return err
	}
	return unauthorized(over)
}

// cookies are the values of the cookies that may name a session: that of this server's own pages, then that of a page in a frame.
func (c *call) cookies() (all []string) {
	for _, name := range []string{c.cookieName(), c.frameCookieName()} {
		if cookie, err := c.r.Cookie(name); err == nil {
			all = append(all, cookie.Value)
		}
	}
	return all
}

const (
	sessionOver = "The session has ended or is not known. Sign in again."
	sessionIdle = "The session has ended: its user has done nothing for too long. Sign in again."
)

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

// clearCookies takes the cookies of a session away.
func (c *call) clearCookies() {
	c.setCookie("", -time.Second)
	if _, err := c.r.Cookie(c.frameCookieName()); err == nil {
		c.setFrameCookie("", -time.Second)
	}
}

// from is the address that a request comes from. Where a proxy terminates TLS, all come from it, and the last address of
// X-Forwarded-For is the one that it has added. A proxy is on this machine or in a private network: the header of anybody else is
// the caller's own.
func (c *call) from() string {
	host, _, err := net.SplitHostPort(c.r.RemoteAddr)
	if err != nil {
		host = c.r.RemoteAddr
	}
	if strings.HasPrefix(c.PublicURL, "https://") && c.r.TLS == nil && near(host) {
		if all := c.r.Header.Values("X-Forwarded-For"); len(all) > 0 {
			parts := strings.Split(all[len(all)-1], ",")
			if ip := net.ParseIP(strings.TrimSpace(parts[len(parts)-1])); ip != nil {
				return ip.String()
			}
		}
	}
	return host
}

// near says that an address is of this machine or of a private network.
func near(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Unmap().IsLoopback() || ip.Unmap().IsPrivate())
}

// counted is what the attempts from an address are counted for: of IPv6 the network of 64 bits, which is the least that a
// customer of a provider has.
func counted(host string) string {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		return netip.PrefixFrom(ip, 64).Masked().String()
	}
	return ip.String()
}
