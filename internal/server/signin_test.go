package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// What stories say of customers who sign in: "pool us-east-1_Ab '{"sub":"7"}'" is a user pool with its hosted pages, and
// says whom its token endpoint lets in from now on.

// idToken is what a token endpoint answers. The token is good for the app client "app" and for longer than any story.
func idToken(claims string) string {
	all := map[string]any{"aud": "app", "iss": "https://pool.example.com", "exp": 32503680000}
	if err := json.Unmarshal([]byte(claims), &all); err != nil {
		return claims // an endpoint that answers something else
	}
	raw, _ := json.Marshal(all) // as it was read
	return `{"id_token":"e30.` + base64.RawURLEncoding.EncodeToString(raw) + `.c2ln","access_token":"none of ours"}`
}

// signInLine says in one line what a client is told of a sign-in.
func signInLine(name string, it item) (string, bool) {
	var content struct {
		SessionID string `json:"SessionId"`
	}
	told, ok := strings.CutPrefix(it.ContentType, eventPrefix+"authentication.")
	switch {
	case ok && told == "initiated":
		return name + " may sign in", json.Unmarshal([]byte(it.Content), &content) == nil && len(content.SessionID) == 36
	case ok:
		return name + " signs in: " + told, it.Content == "{}"
	case it.is("participant.displayname.updated"):
		return "the " + strings.ToLower(it.ParticipantRole) + " is now " + name, true
	}
	return "", false
}

// session is the id of the sign-in that somebody was last asked for.
func (p *person) session() (string, error) {
	for _, k := range p.viewing() {
		k.mu.Lock()
		defer k.mu.Unlock()
		for _, it := range slices.Backward(k.heard) {
			if it.is("authentication.initiated") {
				var content struct {
					SessionID string `json:"SessionId"`
				}
				return content.SessionID, json.Unmarshal([]byte(it.Content), &content)
			}
		}
	}
	return "", fmt.Errorf("%s was not asked to sign in", p.name)
}

// cmdSignIn goes to the sign-in page, as chatjs's getAuthenticationUrl does, and prints where that is: "sign-in ana",
// "sign-in ben of=ana", "sign-in ana redirect=https://evil.example".
func (s *story) cmdSignIn(c *call) error {
	p, session, err := s.signInOf(c)
	if err != nil {
		return err
	}
	redirect, ok := c.option("redirect")
	if !ok {
		redirect = "https://shop.example.com/back"
	}
	var answer struct{ AuthenticationUrl string }
	request := map[string]string{"SessionId": session, "RedirectUri": redirect}
	if refused := p.at().call("POST", "/participant/authentication-url", p.bearer, request, &answer); refused != nil {
		return refused
	}
	u, err := url.Parse(answer.AuthenticationUrl)
	if err != nil {
		return err
	}
	q := u.Query()
	p.state, p.redirect, p.challenge = q.Get("state"), q.Get("redirect_uri"), q.Get("code_challenge")
	q.Del("state")
	q.Del("code_challenge")
	print(c.Stdout(), []string{u.Host + u.Path + " " + q.Encode()})
	return nil
}

// signInOf reads whose client calls, and with which session.
func (s *story) signInOf(c *call) (p *person, session string, err error) {
	if p, err = s.person(c.take()); err != nil {
		return nil, "", err
	}
	of := p
	if name, ok := c.option("of"); ok {
		if of, err = s.person(name); err != nil {
			return nil, "", err
		}
	}
	session, err = of.session()
	return p, session, err
}

// cmdOptOut is chatjs's cancelParticipantAuthentication.
func (s *story) cmdOptOut(c *call) error {
	p, session, err := s.signInOf(c)
	if err != nil {
		return err
	}
	if refused := p.at().call("POST", "/participant/cancel-authentication", p.bearer, map[string]string{"SessionId": session}, nil); refused != nil {
		return refused
	}
	s.on.settle(s)
	return nil
}

// cmdSignedIn is what a company's backend does when a sign-in page has redirected to it: "signed-in ana Code=c",
// "signed-in ana Error=access_denied".
func (s *story) cmdSignedIn(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	request := map[string]string{"InstanceId": instance, "State": p.state}
	for _, a := range c.args {
		key, value, _ := strings.Cut(a, "=")
		request[key] = value
	}
	if refused := s.anyNode().call("POST", "/contact/update-participant-authentication", "", request, nil); refused != nil {
		return refused
	}
	s.on.settle(s)
	if code := request["Code"]; code != "" {
		return s.exchanged(p, code)
	}
	return nil
}

// exchanged expects that a code is exchanged, by one who knows the challenge's verifier and the redirect.
func (s *story) exchanged(p *person, code string) error {
	var form url.Values
	if !s.on.eventually(s, func() bool { form = s.outside.exchange(code); return form != nil }) {
		return fmt.Errorf("the code of %s is not exchanged", p.name)
	}
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	if challenge := base64.RawURLEncoding.EncodeToString(sum[:]); challenge != p.challenge || form.Get("redirect_uri") != p.redirect {
		return fmt.Errorf("the exchange of the code of %s does not fit: %s", p.name, form.Encode())
	}
	return nil
}

// exchange is a code's, as a token endpoint was asked for it.
func (os *outsiders) exchange(code string) url.Values {
	os.mu.Lock()
	defer os.mu.Unlock()
	for name, o := range os.all {
		if !strings.HasPrefix(name, "pool/") {
			continue
		}
		for _, asked := range o.asked {
			if form, err := url.ParseQuery(asked); err == nil && form.Get("code") == code {
				return form
			}
		}
	}
	return nil
}
