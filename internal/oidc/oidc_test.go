package oidc_test

import (
	"context"
	"crypto/rsa"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/oidc"
	"github.com/parley-chat/parley/internal/oidc/oidctest"
)

const (
	redirect = "https://parley.test/agent/v1/oidc/callback"
	nonce    = "a nonce of forty-three characters, or nearly"
	verifier = "averifierofatleastfortythreecharacters1234567"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newProvider(t *testing.T) (*oidctest.Provider, oidc.Options) {
	p := oidctest.New("parley", "s3cret", redirect, func() time.Time { return start })
	t.Cleanup(p.Close)
	p.Claims["preferred_username"] = "ann"
	return p, oidc.Options{Issuer: p.URL, ClientID: "parley", Secret: "s3cret", Plain: true, Now: func() time.Time { return start }}
}

// code goes to the provider's page as a browser does, and returns the code with which it sends that back.
func code(t *testing.T, c *oidc.Client, nonce, verifier string) string {
	t.Helper()
	page, err := c.Page(t.Context(), redirect, "a state", nonce, verifier)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		t.Fatalf("%d: %v", resp.StatusCode, err)
	}
	if back.Query().Get("state") != "a state" {
		t.Errorf("sent back to %s", back)
	}
	return back.Query().Get("code")
}

func newClient(t *testing.T, o oidc.Options) *oidc.Client {
	t.Helper()
	c, err := oidc.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhoHasSignedIn(t *testing.T) {
	for _, form := range []bool{false, true} {
		p, o := newProvider(t)
		p.Form = form
		c := newClient(t, o)
		name, err := c.User(t.Context(), redirect, code(t, c, nonce, verifier), nonce, verifier)
		if name != "ann" || err != nil {
			t.Errorf("secret in the form %t: %q, %v", form, name, err)
		}
		if n := p.Asked(); n != 1 {
			t.Errorf("the code was sent %d times", n)
		}
	}
}

func TestAnotherClaim(t *testing.T) {
	p, o := newProvider(t)
	o.Claim = "email"
	p.Claims["email"] = "ann@example.com"
	c := newClient(t, o)
	_, err := c.User(t.Context(), redirect, code(t, c, nonce, verifier), nonce, verifier)
	if err == nil || !strings.Contains(err.Error(), "not verified") {
		t.Errorf("an address that nobody has verified: %v", err)
	}
	p.Claims["email_verified"] = true
	if name, err := c.User(t.Context(), redirect, code(t, c, nonce, verifier), nonce, verifier); name != "ann@example.com" || err != nil {
		t.Errorf("%q, %v", name, err)
	}
}

// Each of these is refused, and the reason quotes nothing.
func TestWhatIsNotBelieved(t *testing.T) {
	stranger := oidctest.NewKey()
	set := func(name string, value any) func(*oidctest.Provider) {
		return func(p *oidctest.Provider) { p.Spoil = func(claims map[string]any) { claims[name] = value } }
	}
	for _, c := range []struct {
		name  string
		spoil func(*oidctest.Provider)
		says  string
	}{
		{"another audience", set("aud", "somebody-else"), "for another client"},
		{"several audiences without azp", set("aud", []string{"parley", "somebody-else"}), "azp is wrong"},
		{"issued to another client", set("azp", "somebody-else"), "azp is wrong"},
		{"another issuer", set("iss", "https://evil.test"), "another issuer's"},
		{"no issuer", set("iss", ""), "another issuer's"},
		{"another nonce", set("nonce", "of another sign-in"), "nonce is wrong"},
		{"no nonce", set("nonce", nil), "nonce is wrong"},
		{"expired", set("exp", start.Unix()-1), "has expired"},
		{"not valid yet", set("nbf", start.Add(time.Hour).Unix()), "not to be believed"},
		{"another key under the same id", func(p *oidctest.Provider) { p.Key = stranger }, "none of the provider's keys"},
		{"a key that is not published", func(p *oidctest.Provider) { p.Key, p.KeyID = stranger, "two" }, "none of the provider's keys"},
		{"unsigned", func(p *oidctest.Provider) { p.Algorithm = "none" }, "not to be believed"},
		{"signed with HS256", func(p *oidctest.Provider) { p.Algorithm = "HS256" }, "not to be believed"},
		{"no name", set("preferred_username", nil), "preferred_username must be a text"},
		{"a name that is none", set("preferred_username", 7), "preferred_username must be a text"},
		{"a long name", set("preferred_username", strings.Repeat("x", 101)), "preferred_username must be a text"},
		{"the client is not known", func(p *oidctest.Provider) { p.Secret = "another" }, "401 invalid_client"},
		{"no id_token", func(p *oidctest.Provider) {
			p.Broken = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"access_token":"x","token_type":"Bearer"}`))
			}
		}, "without an id_token"},
		{"no JSON", func(p *oidctest.Provider) {
			p.Broken = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`<secret>`)) }
		}, "cannot be read"},
		{"an error that is a page", func(p *oidctest.Provider) {
			p.Broken = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<secret>", http.StatusForbidden) }
		}, "with 403"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, o := newProvider(t)
			client := newClient(t, o)
			given := code(t, client, nonce, verifier)
			c.spoil(p)
			name, err := client.User(t.Context(), redirect, given, nonce, verifier)
			var refused *oidc.Refusal
			if name != "" || !errors.As(err, &refused) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), given) {
				t.Errorf("%q, %v", name, err)
			}
		})
	}
}

func TestCodesAreOfUseOnce(t *testing.T) {
	_, o := newProvider(t)
	c := newClient(t, o)
	given := code(t, c, nonce, verifier)
	if _, err := c.User(t.Context(), redirect, given, nonce, verifier+"x"); err == nil {
		t.Error("another verifier")
	}
	given = code(t, c, nonce, verifier)
	if _, err := c.User(t.Context(), redirect, given, nonce, verifier); err != nil {
		t.Error(err)
	}
	var refused *oidc.Refusal
	if _, err := c.User(t.Context(), redirect, given, nonce, verifier); !errors.As(err, &refused) {
		t.Errorf("the same code again: %v", err)
	}
}

// A provider gets other keys while the server runs.
func TestKeysChange(t *testing.T) {
	p, o := newProvider(t)
	c := newClient(t, o)
	in := func() {
		t.Helper()
		if name, err := c.User(t.Context(), redirect, code(t, c, nonce, verifier), nonce, verifier); name != "ann" || err != nil {
			t.Errorf("%q, %v", name, err)
		}
	}
	in()
	p.Key, p.KeyID = oidctest.NewKey(), "two"
	p.Published = map[string]*rsa.PrivateKey{"two": p.Key}
	in()
}

// A provider that is down is no refusal, and is asked again later.
func TestProviderIsDown(t *testing.T) {
	p, o := newProvider(t)
	now := start
	o.Now = func() time.Time { return now }
	down := true
	o.Dial = dialUnless(&down)
	c := newClient(t, o)
	var refused *oidc.Refusal
	_, err := c.Page(t.Context(), redirect, "s", nonce, verifier)
	if err == nil || errors.As(err, &refused) {
		t.Errorf("down: %v", err)
	}
	down = false
	if _, again := c.Page(t.Context(), redirect, "s", nonce, verifier); again == nil {
		t.Error("it was asked again at once")
	}
	now = now.Add(5 * time.Second)
	given := code(t, c, nonce, verifier)
	p.Broken = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	if _, err := c.User(t.Context(), redirect, given, nonce, verifier); err == nil || errors.As(err, &refused) || !strings.Contains(err.Error(), "502") {
		t.Errorf("the token endpoint fails: %v", err)
	}
	p.Broken = nil
	if name, err := c.User(t.Context(), redirect, given, nonce, verifier); name != "ann" || err != nil {
		t.Errorf("%q, %v", name, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.User(ended, redirect, given, nonce, verifier); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that is gone: %v", err)
	}
}

func TestBadOptions(t *testing.T) {
	for _, c := range []struct {
		o    oidc.Options
		says string
	}{
		{oidc.Options{ClientID: "parley"}, "the issuer"},
		{oidc.Options{Issuer: "https://login.example.com"}, "client id is missing"},
		{oidc.Options{Issuer: "http://login.example.com", ClientID: "parley"}, "https://"},
		{oidc.Options{Issuer: "https://login.example.com/?x=1", ClientID: "parley"}, "neither a query nor a user"},
		{oidc.Options{Issuer: "https://me:secret@login.example.com", ClientID: "parley"}, "neither a query nor a user"},
		{oidc.Options{Issuer: "login.example.com", ClientID: "parley"}, "http:// or https://"},
	} {
		if _, err := oidc.New(c.o); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
}
