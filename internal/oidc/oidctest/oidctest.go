// Package oidctest is an OpenID provider for tests: it answers over HTTP, signs with keys of its own, and holds clients to the rules. What
// it says can be spoilt.
package oidctest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"
)

// Provider is an OpenID provider with one client. Its fields may be changed while nobody asks it.
type Provider struct {
	*httptest.Server
	ClientID, Secret string
	Redirect         string // the one address that it sends browsers back to
	Now              func() time.Time
	// Claims are those of the user who signs in: at least sub.
	Claims map[string]any
	// Spoil changes the claims of ID tokens before they are signed, nil for nothing.
	Spoil func(claims map[string]any)
	// Key signs ID tokens, under the id KeyID. Published are the keys that clients are told, by their ids.
	Key       *rsa.PrivateKey
	KeyID     string
	Published map[string]*rsa.PrivateKey
	// Algorithm is what tokens say that they are signed with, RS256; "none" leaves the signature out.
	Algorithm string
	// Broken answers the token endpoint, nil for as it should be.
	Broken http.HandlerFunc
	// Form says that clients send their secret in the form, which the description then says.
	Form bool

	mu    sync.Mutex
	codes map[string]grant
	asked int
}

// grant is what a code stands for.
type grant struct{ nonce, challenge, redirect string }

// usual is the key of all providers that were given no other: making one takes long.
var usual = sync.OnceValue(NewKey)

// NewKey makes a key.
func NewKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// New starts a provider. Its caller closes it.
func New(clientID, secret, redirect string, now func() time.Time) *Provider {
	key := usual()
	p := &Provider{
		ClientID: clientID, Secret: secret, Redirect: redirect, Now: now, Key: key, KeyID: "one", Algorithm: "RS256",
		Published: map[string]*rsa.PrivateKey{"one": key}, Claims: map[string]any{"sub": "248289761001"}, codes: map[string]grant{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.describe)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	return p
}

// Asked is how often the token endpoint was asked.
func (p *Provider) Asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (p *Provider) describe(w http.ResponseWriter, _ *http.Request) {
	method := "client_secret_basic"
	if p.Form {
		method = "client_secret_post"
	}
	answer(w, http.StatusOK, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"}, "token_endpoint_auth_methods_supported": []string{method},
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	all := []map[string]string{}
	for id, key := range p.Published {
		all = append(all, map[string]string{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": id,
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		})
	}
	answer(w, http.StatusOK, map[string]any{"keys": all})
}

// authorize signs the user in without a word, and sends the browser back.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != p.ClientID || q.Get("redirect_uri") != p.Redirect || q.Get("response_type") != "code" ||
		q.Get("code_challenge_method") != "S256" || q.Get("state") == "" || q.Get("nonce") == "" {
		http.Error(w, "not such a request", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = grant{q.Get("nonce"), q.Get("code_challenge"), q.Get("redirect_uri")}
	p.mu.Unlock()
	http.Redirect(w, r, p.Redirect+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
}

// token exchanges a code, once.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if p.Broken != nil {
		p.Broken(w, r)
		return
	}
	id, secret, _ := r.BasicAuth()
	if p.Form {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if id != p.ClientID || secret != p.Secret {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	g, ok := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || g.redirect != r.PostFormValue("redirect_uri") || g.challenge != base64.RawURLEncoding.EncodeToString(challenge[:]) {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	now := p.Now()
	claims := map[string]any{"iss": p.URL, "aud": p.ClientID, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "nonce": g.nonce}
	for name, value := range p.Claims {
		claims[name] = value
	}
	if p.Spoil != nil {
		p.Spoil(claims)
	}
	answer(w, http.StatusOK, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 3600, "id_token": p.sign(claims)})
}

func (p *Provider) sign(claims map[string]any) string {
	part := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err) // what tests put in
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	text := part(map[string]string{"alg": p.Algorithm, "kid": p.KeyID, "typ": "JWT"}) + "." + part(claims)
	if p.Algorithm == "none" {
		return text + "."
	}
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.Key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}
