package desk

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// A page in a frame of another site has none of the cookies of this server's own pages, and a form in it would be lost whenever the
// site makes the frame anew. So users sign in on a page of its own, in a window that the site opens, and that page hands the
// sign-in over to the frame: the frame makes a secret and shows its hash, the challenge; the page gets a token for that challenge
// and posts it to its own origin; the frame takes a session with the token and the secret, the verifier. Who sees the token
// alone has nothing.

var handOverRoutes = []route{
	row("POST", "session/hand-over", signedIn, "Gives a token by which a page of this server in a frame takes a session of the same sign-in.", (*call).handOver).upTo(maxSignIn),
	row("POST", "session/take", signedIn, "Takes a session with such a token.", (*call).takeSession).toAnyone().checking().upTo(maxSignIn),
}

const (
	// handOverLife is much more than the two requests between a token and its use take.
	handOverLife = time.Minute
	// frameCookie is the cookie of a page in a frame. It is sent in frames of this server's pages below the site in which it was set, and
	// nowhere else.
	frameCookie       = "parley-frame"
	secureFrameCookie = "__Host-parley-frame"
)

type handOverInput struct {
	Challenge string `json:"challenge" rule:"required,max=100" about:"The SHA-256 of the frame's verifier, in base64url without padding."`
}

type handOverOutput struct {
	Token   string  `json:"token"`
	Expires float64 `json:"expires"`
}

// handOver gives the token by which a frame takes a session of the caller's sign-in.
func (c *call) handOver(in handOverInput) (*handOverOutput, error) {
	if c.session.Bearer {
		return nil, forbidden("A page hands its sign-in over, by the session's cookie; a program signs in itself.")
	}
	if !secretLike(in.Challenge) {
		return nil, center.Refuse(center.InvalidParameter, "challenge must be a SHA-256 in base64url without padding (43 characters), got %d characters", len([]rune(in.Challenge)))
	}
	token := newSecret()
	until := c.Now().Add(handOverLife)
	if until.After(c.session.Expires) {
		until = c.session.Expires
	}
	if err := c.Store.OfferSession(c.r.Context(), rightTo(token, in.Challenge), &c.session, until); err != nil {
		return nil, err
	}
	return &handOverOutput{token, seconds(until)}, nil
}

type takeInput struct {
	Token    string `json:"token" rule:"required"`
	Verifier string `json:"verifier" rule:"required" about:"32 bytes in base64url without padding, which the frame has made."`
	Parent   string `json:"parent" about:"The origin of the page around the frame."`
}

const wrongToken = "The token of the sign-in is not known, was used, or is too old. Sign in again."

// takeSession begins the session of a frame.
func (c *call) takeSession(in takeInput) (*sessionOutput, error) {
	if from, _ := c.pageOf(c.r); from != ownPage {
		return nil, forbidden("A sign-in is taken over by a page of this server alone.")
	}
	if !secretLike(in.Token) || !secretLike(in.Verifier) {
		return nil, unauthorized(wrongToken)
	}
	ctx, sum := c.r.Context(), sha256.Sum256([]byte(in.Verifier))
	right := rightTo(in.Token, base64.RawURLEncoding.EncodeToString(sum[:]))
	of, err := c.Catalog.OfferedSession(ctx, right, c.Now())
	if center.Is(err, center.NotFound) {
		return nil, unauthorized(wrongToken)
	}
	if err != nil {
		return nil, err
	}
	if err := c.mayFrame(of.Instance, in.Parent); err != nil {
		return nil, err
	}
	if c.who, c.user, err = c.Catalog.Principal(ctx, of.Instance, of.User); err != nil {
		return nil, err
	}
	c.secret = newSecret()
	c.session = of
	c.session.Active = c.Now()
	c.session.ID, c.session.Expires = sha256.Sum256([]byte(c.secret)), of.Began.Add(center.SessionLife)
	err = c.Store.TakeSession(c.by(ctx, c.who.Name, "SignIn"), right, &c.session)
	if errors.Is(err, store.ErrNotFound) {
		return nil, unauthorized(wrongToken)
	}
	if err != nil {
		return nil, err
	}
	c.setFrameCookie(c.secret, c.session.Expires.Sub(c.Now()))
	return c.sessionOut(ctx)
}

// mayFrame refuses a page around the frame whose origin the instance does not approve of. The frame itself names it, as browsers
// tell it; what an instance's CCP may be framed by, its answer's Content-Security-Policy says as well.
func (c *call) mayFrame(at center.InstanceID, parent string) error {
	spelled, ok := center.CanonicalOrigin(parent)
	if ok && (spelled == center.OwnOrigin(c.PublicURL, c.r.Host, c.r.TLS != nil) || c.Loopback && loopback(parent)) {
		return nil
	}
	list, err := c.Catalog.OriginsOf(c.r.Context(), at)
	if err == nil && !(ok && list[spelled]) {
		err = forbidden("The page around this frame is of none of the approved origins of the Amazon Connect instance; AssociateApprovedOrigin adds one.")
	}
	return err
}

// rightTo is the id of the row that keeps the right to a session.
func rightTo(token, challenge string) [32]byte {
	return sha256.Sum256([]byte("hand-over " + token + " " + challenge))
}

// newSecret has 43 characters, as many as a verifier needs (RFC 7636, section 4.1).
func newSecret() string {
	raw := make([]byte, secretBytes)
	_, _ = rand.Read(raw) // it never fails
	return base64.RawURLEncoding.EncodeToString(raw)
}

// secretLike says that a text is 32 bytes in base64url.
func secretLike(s string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && len(raw) == secretBytes
}

func (c *call) frameCookieName() string {
	if c.secure() {
		return secureFrameCookie
	}
	return frameCookie
}

// setFrameCookie sets the cookie of a page in a frame: partitioned, so that each site around it has one of its own, and that browsers
// which take no cookies of other sites take it. Browsers take it over plain HTTP from this machine alone.
func (c *call) setFrameCookie(value string, life time.Duration) {
	http.SetCookie(c.w, &http.Cookie{
		Name: c.frameCookieName(), Value: value, Path: "/", MaxAge: int(life / time.Second), Secure: true, HttpOnly: true,
		SameSite: http.SameSiteNoneMode, Partitioned: true,
	})
}
