package desk_test

import (
	"context"
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/oidc"
	"github.com/parley-chat/parley/internal/oidc/oidctest"
)

const callback = "/agent/v1/oidc/callback"

// oidcWorld is a world whose first instance has a provider, at which ann signs in.
func oidcWorld(t *testing.T, edit ...func(*world)) (*world, *oidctest.Provider) {
	t.Helper()
	var p *oidctest.Provider
	w := newWorld(t, append(edit, func(w *world) {
		p = oidctest.New("parley", "s3cret", "http://parley.test"+callback, w.wall.Now)
		t.Cleanup(p.Close)
		p.Claims["preferred_username"] = "ann"
		var err error
		w.provider, err = oidc.New(oidc.Options{Issuer: p.URL, ClientID: "parley", Secret: "s3cret", Plain: true, Now: w.wall.Now})
		w.must(err)
		w.provided = []string{"here"}
	})...)
	return w, p
}

// goes has a browser follow a sign-in to the provider's page, and returns the address that it is sent back to.
func (c *client) goes(more ...string) *url.URL {
	c.Helper()
	return c.goesTo("here", more...)
}

func (c *client) goesTo(instance string, more ...string) *url.URL {
	c.Helper()
	a := c.ask("GET", "/agent/v1/oidc?"+strings.Join(append([]string{"instance=" + instance}, more...), "&"), "")
	if a.status != 303 {
		c.Fatalf("%d %s", a.status, a.text)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Get(a.header.Get("Location"))
	c.must(err)
	c.must(resp.Body.Close())
	back, err := resp.Location()
	c.must(err)
	if !strings.HasPrefix(back.String(), "http://parley.test"+callback+"?") {
		c.Fatalf("sent back to %s", back)
	}
	return back
}

// comesBack is the request with which a browser comes back: another site has sent it.
func (c *client) comesBack(to *url.URL) *answer {
	c.Helper()
	was := c.head
	c.head = http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}}
	defer func() { c.head = was }()
	return c.ask("GET", to.RequestURI(), "")
}

// A user signs in at the provider, without a password here, and the browser goes on to where it wanted.
func TestSignInAtAProvider(t *testing.T) {
	w, _ := oidcWorld(t)
	if a := w.client().wants(200, "", "GET", "/agent/v1/sign-in", ""); a.json["oidc"] != true || a.json["password"] != true {
		t.Error(a.text)
	}
	c := w.client()
	back := c.goes("next=" + url.QueryEscape("/ccp-v2/?a=1#b"))
	for name, cookie := range c.jar {
		if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge != 600 || strings.Contains(cookie.Value, back.Query().Get("state")) {
			t.Errorf("%s: %v", name, cookie)
		}
	}
	w.restart() // another node may answer
	a := c.comesBack(back)
	if a.status != 303 || a.header.Get("Location") != "/ccp-v2/?a=1#b" {
		t.Fatalf("%d %s: %s", a.status, a.header.Get("Location"), a.text)
	}
	if c.cookie == nil || c.cookie.SameSite != http.SameSiteStrictMode || !c.cookie.HttpOnly {
		t.Errorf("cookie %v", c.cookie)
	}
	shown := c.wants(200, "", "GET", session, "")
	if user := shown.json["user"].(map[string]any); user["username"] != "ann" {
		t.Error(shown.text)
	}
	// The session is not the password's.
	w.advance(time.Minute)
	c.wants(200, "", "DELETE", session, "")
	got := w.auditLines()
	if !slices.Contains(got, "ann agent:SignInAtProvider create session") {
		t.Errorf("the audit log:\n%s", strings.Join(got, "\n"))
	}

	// A one-time code is asked for beside a password alone: the provider has its own second factor.
	w.requireCodes(true)
	c = w.client()
	c.comesBack(c.goes())
	c.wants(200, "", "GET", session, "")

	// Another password ends the session, and so does the end of the user.
	w.must(w.catalog.SetPassword(context.Background(), instance, "ann", chosen, w.wall.Now()))
	c.wants(401, "UnauthorizedException", "GET", session, "")
	c = w.client()
	c.comesBack(c.goes())
	w.must(w.catalog.DeleteUser(context.Background(), instance, string(w.named("ann"))))
	c.wants(401, "UnauthorizedException", "GET", session, "")
	w.tellsNothing("s3cret", back.Query().Get("code"), back.Query().Get("state"))
}

// Each of these lets nobody in, and the audit log has it.
func TestSignInAtAProviderIsShut(t *testing.T) {
	stranger := oidctest.NewKey()
	spoil := func(name string, value any) func(*world, *oidctest.Provider, *client, *url.URL) {
		return func(_ *world, p *oidctest.Provider, _ *client, _ *url.URL) {
			p.Spoil = func(claims map[string]any) { claims[name] = value }
		}
	}
	query := func(name, value string) func(*world, *oidctest.Provider, *client, *url.URL) {
		return func(_ *world, _ *oidctest.Provider, _ *client, back *url.URL) {
			q := back.Query()
			q.Set(name, value)
			back.RawQuery = q.Encode()
		}
	}
	w, p := oidcWorld(t)
	defer func() { w.T = t }()
	w.instance(elsewhere, "there")
	w.user(elsewhere, "bob", center.SecurityAgent)
	key, published := p.Key, p.Published
	for _, c := range []struct {
		name   string
		spoil  func(*world, *oidctest.Provider, *client, *url.URL)
		status int
	}{
		{"a key that is published no more", func(_ *world, p *oidctest.Provider, _ *client, _ *url.URL) {
			p.Published = map[string]*rsa.PrivateKey{"two": stranger}
		}, 401},
		{"another state", query("state", "another"), 401},
		{"no state", query("state", ""), 401},
		{"another browser", func(_ *world, _ *oidctest.Provider, c *client, _ *url.URL) { c.jar = nil }, 401},
		{"a cookie that was changed", func(_ *world, _ *oidctest.Provider, c *client, _ *url.URL) {
			for _, cookie := range c.jar {
				cookie.Value = cookie.Value[:len(cookie.Value)-4] + "AAAA"
			}
		}, 401},
		{"too late", func(w *world, _ *oidctest.Provider, _ *client, _ *url.URL) { w.advance(center.SecondStepWithin) }, 401},
		{"a code that is none", query("code", "made-up"), 401},
		{"the code of another sign-in", func(w *world, _ *oidctest.Provider, c *client, back *url.URL) {
			other := w.client().goes()
			query("code", other.Query().Get("code"))(nil, nil, nil, back)
		}, 401},
		{"no code", query("code", ""), 400},
		{"the provider says no", query("error", "access_denied"), 401},
		{"another issuer sends it", query("iss", "https://evil.test"), 401},
		{"another issuer signs it", spoil("iss", "https://evil.test"), 401},
		{"another audience", spoil("aud", "somebody-else"), 401},
		{"another nonce", spoil("nonce", "another"), 401},
		{"expired", spoil("exp", start.Unix()-1), 401},
		{"another key", func(_ *world, p *oidctest.Provider, _ *client, _ *url.URL) { p.Key = stranger }, 401},
		{"no user has the name", spoil("preferred_username", "nobody"), 403},
		{"the name differs in a letter's case", spoil("preferred_username", "Ann"), 403},
		{"the user of another instance", spoil("preferred_username", "bob"), 403},
		{"the instance has no provider any more", func(w *world, _ *oidctest.Provider, _ *client, _ *url.URL) {
			w.provided = []string{"there"}
			w.restart()
		}, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.T, p.Key, p.Published, p.Spoil = t, key, published, nil
			before := len(w.auditLines())
			browser := w.client()
			back := browser.goes()
			state := back.Query().Get("state")
			c.spoil(w, p, browser, back)
			a := browser.comesBack(back)
			if a.status != c.status || browser.cookie != nil || a.kind() == "" {
				t.Errorf("%d %s, cookie %v", a.status, a.text, browser.cookie)
			}
			got := w.auditLines()[before:]
			if !slices.Equal(got, []string{"unknown user agent:SignInAtProvider refuse session"}) {
				t.Errorf("the audit log:\n%s", strings.Join(got, "\n"))
			}
			w.tellsNothing("s3cret", state)
		})
	}
}

// An address that a browser was sent back to is of use once, in whatever browser, on whatever node.
func TestComingBackTwice(t *testing.T) {
	w, p := oidcWorld(t)
	c := w.client()
	back := c.goes()
	thief := *c
	thief.jar = map[string]*http.Cookie{}
	for name, cookie := range c.jar {
		kept := *cookie
		thief.jar[name] = &kept
	}
	if a := c.comesBack(back); a.status != 303 {
		t.Fatalf("%d %s", a.status, a.text)
	}
	if len(c.jar) != 1 || slices.ContainsFunc(jarOf(c), func(k *http.Cookie) bool { return k.MaxAge >= 0 }) {
		t.Errorf("the cookie of the sign-in is kept: %v", jarOf(c))
	}
	asked := p.Asked()
	w.restart()
	if a := thief.comesBack(back); a.status != 401 || thief.cookie != nil {
		t.Errorf("%d %s", a.status, a.text)
	}
	if p.Asked() != asked {
		t.Error("the provider was asked again")
	}
}

func jarOf(c *client) (all []*http.Cookie) {
	for _, k := range c.jar {
		all = append(all, k)
	}
	return all
}

// Two tabs of one browser may sign in at the same time.
func TestTwoTabsSignInAtAProvider(t *testing.T) {
	w, _ := oidcWorld(t)
	c := w.client()
	one, two := c.goes("next=/one"), c.goes("next=/two")
	for _, tab := range []struct {
		back *url.URL
		next string
	}{{one, "/one"}, {two, "/two"}} {
		if a := c.comesBack(tab.back); a.status != 303 || a.header.Get("Location") != tab.next {
			t.Errorf("%d %s %s", a.status, a.header.Get("Location"), a.text)
		}
	}
}

func TestWhereSignInsAtAProviderBegin(t *testing.T) {
	w, _ := oidcWorld(t)
	w.instance(elsewhere, "there")
	for _, next := range []string{"https://evil.test", "//evil.test", `/\evil.test`, "ccp", "/a b", "/" + strings.Repeat("x", 1000), "javascript:alert(1)", "/\x00"} {
		a := w.client().wants(400, "InvalidParameterException", "GET", "/agent/v1/oidc?instance=here&next="+url.QueryEscape(next), "")
		if !strings.Contains(a.message(), "next must ") {
			t.Error(a.message())
		}
	}
	for _, at := range []string{"there", "nowhere"} {
		w.client().wants(404, "ResourceNotFoundException", "GET", "/agent/v1/oidc?instance="+at, "")
		if a := w.client().wants(200, "", "GET", "/agent/v1/sign-in?instance="+at, ""); a.json["oidc"] != false || a.json["password"] != true {
			t.Error(a.text)
		}
	}
	// Without a provider there is nothing.
	w.provider = nil
	w.restart()
	w.client().wants(404, "ResourceNotFoundException", "GET", "/agent/v1/oidc?instance=here", "")
	// One that is down is said to be.
	down, q := oidcWorld(t)
	q.Close()
	down.client().wants(503, "ServiceUnavailableException", "GET", "/agent/v1/oidc?instance=here", "")
}

// Failures count for the address that they come from, those of a provider that does not answer for nobody.
func TestFailuresAtAProviderLockOut(t *testing.T) {
	w, p := oidcWorld(t)
	p.Broken = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	for range 3 {
		c := w.client()
		if a := c.comesBack(c.goes()); a.status != 503 {
			t.Fatalf("%d %s", a.status, a.text)
		}
	}
	p.Broken = nil
	for i := range center.MaxAddressFailures {
		if a := w.client().ask("GET", fmt.Sprintf("%s?code=x&state=made-up-%d", callback, i), ""); a.status != 401 {
			t.Fatalf("%d: %d %s", i, a.status, a.text)
		}
	}
	c := w.client()
	back := c.goes()
	if a := c.comesBack(back); a.status != 429 {
		t.Errorf("%d %s", a.status, a.text)
	}
	other := w.client()
	other.address = "198.51.100.1:1"
	if a := other.comesBack(other.goes()); a.status != 303 {
		t.Errorf("%d %s", a.status, a.text)
	}
}

// In an instance whose users have no passwords they sign in at the provider alone.
func TestUsersWithoutPasswords(t *testing.T) {
	w, _ := oidcWorld(t)
	w.provided = []string{"there"}
	w.restart()
	ctx := context.Background()
	_, err := w.catalog.CreateInstance(ctx, center.Instance{ID: elsewhere, Alias: "there", IdentityManagementType: center.IdentitySAML}, "")
	w.must(err)
	ann := &center.User{
		Head:             center.Head[center.UserID]{Name: "ann"},
		SecurityProfiles: []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(elsewhere, "security-profile", center.SecurityAdmin))},
		RoutingProfile:   center.BasicRoutingProfileID(elsewhere),
	}
	w.must(w.catalog.CreateUser(ctx, elsewhere, ann, nil))
	if a := w.client().wants(200, "", "GET", "/agent/v1/sign-in?instance=there", ""); a.json["oidc"] != true || a.json["password"] != false {
		t.Error(a.text)
	}
	c := w.client()
	if a := c.comesBack(c.goesTo("there")); a.status != 303 {
		t.Fatalf("%d %s", a.status, a.text)
	}
	c.wants(200, "", "GET", session, "")
	c.wants(400, "InvalidRequestException", "PUT", "/agent/v1/password", fmt.Sprintf(`{"present":%q,"password":%q}`, password, chosen))
	c.wants(400, "InvalidRequestException", "POST", "/agent/v1/users/"+string(ann.ID)+"/invite", "")
}
