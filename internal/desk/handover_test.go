package desk_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

const (
	handOver = session + "/hand-over"
	take     = session + "/take"
)

// secretOf is a frame's verifier, and its challenge.
func secretOf(b byte) (verifier, challenge string) {
	verifier = base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat(string(rune(b)), 32)))
	sum := sha256.Sum256([]byte(verifier))
	return verifier, base64.RawURLEncoding.EncodeToString(sum[:])
}

// frame is a page of the server in a frame: a client without the cookies of the window around it.
func (w *world) frame() *client {
	c := w.client()
	c.origin = "http://parley.test"
	return c
}

// given is a token that a signed-in window gives for a challenge.
func (c *client) given(challenge string) string {
	c.Helper()
	a := c.wants(200, "", "POST", handOver, fmt.Sprintf(`{"challenge":%q}`, challenge))
	token, _ := a.json["token"].(string)
	c.token = "" // which a client keeps of any answer
	return token
}

func taking(token, verifier, parent string) string {
	return fmt.Sprintf(`{"token":%q,"verifier":%q,"parent":%q}`, token, verifier, parent)
}

func TestSignInIsHandedOverToAFrame(t *testing.T) {
	w := newWorld(t)
	w.approve(instance, "https://desk.example.com")
	window := w.signIn("ann")
	verifier, challenge := secretOf('v')
	token := window.given(challenge)
	frame := w.frame()
	a := frame.wants(200, "", "POST", take, taking(token, verifier, "https://DESK.example.com:443"))
	cookie := frame.cookie
	if cookie == nil || cookie.Name != "parley-frame" || !cookie.Secure || !cookie.HttpOnly || !cookie.Partitioned || cookie.SameSite != http.SameSiteNoneMode || cookie.Path != "/" {
		t.Fatalf("cookie %v", cookie)
	}
	if strings.Contains(a.text, cookie.Value) || strings.Contains(a.text, window.cookie.Value) || cookie.Value == window.cookie.Value {
		t.Errorf("the answer holds a secret: %s", a.text)
	}
	frame.wants(200, "", "GET", session, "")
	frame.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	// A page of the site around it, which the browser sends the cookie from too, may not use it.
	around := *frame
	around.origin = "https://desk.example.com"
	around.wants(403, "AccessDeniedException", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	around.origin, around.head = "", http.Header{"Sec-Fetch-Site": {"cross-site"}}
	around.wants(403, "AccessDeniedException", "GET", session, "")

	// Signing out in the frame is signing out.
	frame.wants(200, "", "DELETE", session, "")
	window.wants(401, "UnauthorizedException", "GET", session, "")
}

// A sign-in elsewhere at the same moment is another one.
func TestSignOutEndsWhatCameOfOneSignIn(t *testing.T) {
	w := newWorld(t)
	w.approve(instance, "https://desk.example.com")
	window, elsewhere, program := w.signIn("ann"), w.signIn("ann"), w.program("ann")
	verifier, challenge := secretOf('v')
	frame := w.frame()
	frame.wants(200, "", "POST", take, taking(window.given(challenge), verifier, "https://desk.example.com"))
	unused := window.given(challenge)
	window.wants(200, "", "DELETE", session, "")
	frame.wants(401, "UnauthorizedException", "GET", session, "")
	w.frame().wants(401, "UnauthorizedException", "POST", take, taking(unused, verifier, "https://desk.example.com"))
	elsewhere.wants(200, "", "GET", session, "")
	program.wants(200, "", "GET", session, "")
}

func TestTokensOfHandOversAreOfUseOnce(t *testing.T) {
	w := newWorld(t)
	w.approve(instance, "https://desk.example.com")
	const desk = "https://desk.example.com"
	window := w.signIn("ann")
	verifier, challenge := secretOf('v')
	other, _ := secretOf('o')
	token := window.given(challenge)
	refused := func(c *client, body string) {
		t.Helper()
		c.wants(401, "UnauthorizedException", "POST", take, body)
		if c.cookie != nil {
			t.Errorf("%s: got a cookie", body)
		}
	}
	// Stolen: without the frame's secret, or as something else.
	for _, body := range []string{
		taking(token, other, desk), taking(token, challenge, desk), taking(token, verifier+"A", desk),
		taking(verifier, token, desk), taking(strings.Repeat("A", 3000), verifier, desk), taking(window.cookie.Value, verifier, desk),
	} {
		refused(w.frame(), body)
	}
	for _, body := range []string{taking("", verifier, desk), taking(token, "", desk), "[]", `{"token":1}`, `{"x":"y"}`} {
		if a := w.frame().ask("POST", take, body); a.status != 400 {
			t.Errorf("%s: %d", body, a.status)
		}
	}
	asCookie := w.client()
	asCookie.cookie = &http.Cookie{Name: "parley-session", Value: token}
	asCookie.wants(401, "UnauthorizedException", "GET", session, "")
	asBearer := w.client()
	asBearer.token = token
	asBearer.wants(401, "UnauthorizedException", "GET", session, "")
	// By a page of another origin, even one that is approved, and by a program.
	for _, origin := range []string{desk, "https://evil.test", "null", ""} {
		c := w.client()
		c.origin = origin
		c.wants(403, "AccessDeniedException", "POST", take, taking(token, verifier, desk))
	}
	// In a page that the instance does not approve of; the token stays good.
	for _, parent := range []string{"https://evil.test", "https://desk.example.com.evil.test", "", "null", "desk.example.com"} {
		w.frame().wants(403, "AccessDeniedException", "POST", take, taking(token, verifier, parent))
	}
	w.frame().wants(200, "", "POST", take, taking(token, verifier, desk))
	refused(w.frame(), taking(token, verifier, desk)) // replayed

	late := window.given(challenge)
	w.advance(time.Minute)
	refused(w.frame(), taking(late, verifier, desk))

	// Only a page of the server that is signed in gives one, and only for a challenge.
	for _, wrong := range []string{"", "x", challenge + "A", challenge[1:]} {
		window.wants(400, "InvalidParameterException", "POST", handOver, fmt.Sprintf(`{"challenge":%q}`, wrong))
	}
	body := fmt.Sprintf(`{"challenge":%q}`, challenge)
	w.program("ann").wants(403, "AccessDeniedException", "POST", handOver, body)
	w.client().wants(401, "UnauthorizedException", "POST", handOver, body)
	noCSRF := *window
	noCSRF.csrf = ""
	noCSRF.wants(403, "AccessDeniedException", "POST", handOver, body)
	// What comes of another password is of no use.
	old := window.given(challenge)
	secret := password + "2"
	w.must(w.catalog.SetPassword(t.Context(), instance, "ann", secret, w.wall.Now()))
	refused(w.frame(), taking(old, verifier, desk))
}

// page asks for a page of the CCP's.
func (c *client) page(path string) *http.Response {
	c.Helper()
	r := httptest.NewRequest("GET", "http://parley.test"+path, nil)
	r.RemoteAddr = c.address
	for name, values := range c.head {
		r.Header[name] = values
	}
	if c.origin != "" {
		r.Header.Set("Origin", c.origin)
	}
	if c.cookie != nil {
		r.AddCookie(c.cookie)
	}
	rec := httptest.NewRecorder()
	c.desk.CCP().ServeHTTP(rec, r)
	return rec.Result()
}

func TestWhoMayFrameTheCCP(t *testing.T) {
	w := newWorld(t)
	w.instance(elsewhere, "there")
	w.user(elsewhere, "bob", center.SecurityAgent)
	w.approve(instance, "https://desk.example.com/path")
	w.approve(elsewhere, "http://Other.example.com:8080")
	ann := w.signIn("ann")
	for _, c := range []struct {
		who        *client
		path, want string
	}{
		{w.client(), "/ccp-v2", "'self' http://other.example.com:8080 https://desk.example.com"},
		{w.client(), "/ccp-v2/softphone?instance=here", "'self' https://desk.example.com"},
		{w.client(), "/connect/ccp-v2/?instance=nowhere", "'self' "},
		{w.client(), "/connect/ccp", "'self' http://other.example.com:8080 https://desk.example.com"},
		{ann, "/ccp-v2/", "'self' https://desk.example.com"},
		{ann, "/ccp?instance=there", "'self' https://desk.example.com"},
		{w.client(), "/login", "'self' http://other.example.com:8080 https://desk.example.com"},
	} {
		a := c.who.page(c.path)
		policy := a.Header.Get("Content-Security-Policy")
		_, ancestors, _ := strings.Cut(policy, "frame-ancestors ")
		if a.StatusCode != 200 || ancestors != c.want || a.Header.Get("X-Frame-Options") != "" || !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; ") || len(a.Cookies()) > 0 {
			t.Errorf("%s: %d, cookies %v, policy %s", c.path, a.StatusCode, a.Cookies(), policy)
		}
	}
	if a := w.client().page("/ccp-v2?instance=" + strings.Repeat("x", 1<<20)); a.StatusCode != 400 {
		t.Errorf("a name of a megabyte: %d", a.StatusCode)
	}
}

// Outside of development nobody is signed in without a password, whatever the address names.
func TestNobodyIsSignedInByAnAddress(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/ccp-v2?agent=ann", "/ccp-v2/", "/connect/ccp-v2?agent=ann&instance=here", "/login?agent=ann"} {
		if a := w.client().page(path); a.StatusCode != 200 || len(a.Cookies()) > 0 {
			t.Errorf("%s: %d, cookies %v", path, a.StatusCode, a.Cookies())
		}
	}
}

func TestDevelopmentSignsAgentsIn(t *testing.T) {
	w := newWorld(t, func(w *world) { w.dev = true })
	w.user(instance, "bob", center.SecurityAgent)
	signed := func(c *client, path, want string) {
		t.Helper()
		c.origin = "http://parley.test"
		for _, cookie := range c.page(path).Cookies() {
			if cookie.Name == "parley-frame" {
				c.cookie = cookie
			}
		}
		if c.cookie == nil {
			t.Fatalf("%s: no cookie", path)
		}
		a := c.wants(200, "", "GET", session, "")
		if user, _ := a.json["user"].(map[string]any); user["username"] != want {
			t.Errorf("%s: signed in %v, want %s", path, user["username"], want)
		}
	}
	c := w.client()
	signed(c, "/ccp-v2?agent=bob", "bob")
	signed(c, "/ccp-v2", "bob") // the browser has a session
	signed(c, "/ccp-v2?agent=ann", "ann")
	signed(w.client(), "/connect/ccp-v2/", "ann") // the first one
	if a := w.client().page("/ccp-v2?agent=nobody"); a.StatusCode != 200 || len(a.Cookies()) > 0 {
		t.Errorf("an unknown name: %d, cookies %v", a.StatusCode, a.Cookies())
	}
	if a := w.client().page("/login"); len(a.Cookies()) > 0 {
		t.Errorf("/login signs in: %v", a.Cookies())
	}
	if policy := w.client().page("/ccp-v2").Header.Get("Content-Security-Policy"); !strings.Contains(policy, "http://localhost:*") {
		t.Errorf("policy %s", policy)
	}
}

func TestLogoutByAnAddress(t *testing.T) {
	w := newWorld(t)
	w.approve(instance, "https://desk.example.com")
	window := w.signIn("ann")
	verifier, challenge := secretOf('v')
	frame := w.frame()
	frame.wants(200, "", "POST", take, taking(window.given(challenge), verifier, "https://desk.example.com"))
	frame.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	around := *frame
	around.origin = "https://desk.example.com"
	a := around.page("/connect/logout")
	if a.StatusCode != 200 || a.Header.Get("Access-Control-Allow-Origin") != around.origin || a.Header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
	frame.wants(401, "UnauthorizedException", "GET", session, "")
	window.wants(401, "UnauthorizedException", "GET", session, "")
	again := w.signIn("ann")
	if state := again.wants(200, "", "GET", "/agent/v1/snapshot", ""); !strings.Contains(state.text, `"state":"Available"`) {
		t.Errorf("signing out by an address changes the state: %s", state.text)
	}
	evil := *again
	evil.origin = "https://evil.test"
	if a := evil.page("/logout"); a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("another site may read: %v", a.Header)
	}
	if a := w.client().page("/logout"); a.StatusCode != 200 {
		t.Errorf("without a session: %d", a.StatusCode)
	}
}
