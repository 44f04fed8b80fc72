package desk_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

const settings = "/agent/v1/sign-in/settings"

// phone is an authenticator app.
type phone struct {
	*testing.T
	secret []byte
}

func newPhone(t *testing.T, secret string) *phone {
	t.Helper()
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil || len(raw) != 20 {
		t.Fatalf("the secret has %d bytes, %v", len(raw), err)
	}
	return &phone{t, raw}
}

// shows is the code at a time (RFC 6238).
func (p *phone) shows(at time.Time) string {
	mac := hmac.New(sha1.New, p.secret)
	_ = binary.Write(mac, binary.BigEndian, at.Unix()/30)
	sum := mac.Sum(nil)
	from := sum[19] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[from:from+4])&(1<<31-1))%1e6)
}

// missing is what the answer of a sign-in says that is missing.
func missing(a *answer) (what, signIn, secret, uri string) {
	m, _ := a.json["missing"].(map[string]any)
	text := func(name string) string { s, _ := m[name].(string); return s }
	return text("what"), text("signIn"), text("secret"), text("uri")
}

func second(signIn, code string) string { return fmt.Sprintf(`{"signIn":%q,"code":%q}`, signIn, code) }

// requireCodes has the administrator of an instance ask for codes, over HTTP.
func (w *world) requireCodes(required bool) {
	w.Helper()
	w.root().wants(200, "", "PUT", settings, fmt.Sprintf(`{"codeRequired":%t}`, required))
}

// enrol signs a user in for the first time since codes are asked for.
func (w *world) enrol(name string) (*phone, *client) {
	w.Helper()
	c := w.client()
	what, signIn, secret, uri := missing(c.wants(200, "", "POST", session, credentials(name, password, `"instance":"here"`)))
	u, err := url.Parse(uri)
	w.must(err)
	if what != "enrolment" || u.Scheme != "otpauth" || u.Query().Get("secret") != secret || u.Path != "/parley here:"+name {
		w.Fatalf("missing %q, %s", what, uri)
	}
	p := newPhone(w.T, secret)
	c.wants(200, "", "POST", session+"/code", second(signIn, p.shows(w.wall.Now())))
	return p, c
}

// A user gets codes with the first sign-in, and signs in with them from then on; each is good once, on whatever node.
func TestSignInWithCodes(t *testing.T) {
	w := newWorld(t)
	before := w.signIn("ann")
	w.requireCodes(true)
	before.wants(200, "", "GET", session, "") // sessions go on

	p, c := w.enrol("ann")
	if c.cookie == nil || c.csrf == "" {
		t.Error("a browser has no session")
	}
	c.wants(200, "", "GET", session, "")

	in := func() (*client, string) {
		t.Helper()
		c := w.client()
		what, signIn, secret, uri := missing(c.wants(200, "", "POST", session, credentials("ann", password, `"bearer":true`)))
		if what != "code" || secret != "" || uri != "" || c.token != "" || c.cookie != nil {
			t.Fatalf("missing %q %q %q", what, secret, uri)
		}
		return c, signIn
	}
	// The code that enrolled is used up, and so is any before it.
	c, signIn := in()
	c.wants(401, "UnauthorizedException", "POST", session+"/code", second(signIn, p.shows(w.wall.Now())))
	c.wants(401, "UnauthorizedException", "POST", session+"/code", second(signIn, p.shows(w.wall.Now().Add(-30*time.Second))))
	w.advance(30 * time.Second)
	w.restart() // another process knows which codes were used
	code := p.shows(w.wall.Now())
	c.wants(200, "", "POST", session+"/code", second(signIn, code))
	if c.token == "" {
		t.Error("a program has no token")
	}
	c.wants(200, "", "GET", session, "")
	again, signIn := in()
	again.wants(401, "UnauthorizedException", "POST", session+"/code", second(signIn, code))
	// A phone's clock may be half a minute off, and no more.
	w.advance(2 * time.Minute)
	late, signIn := in()
	late.wants(401, "UnauthorizedException", "POST", session+"/code", second(signIn, p.shows(w.wall.Now().Add(-time.Minute))))
	late.wants(401, "UnauthorizedException", "POST", session+"/code", second(signIn, p.shows(w.wall.Now().Add(time.Minute))))
	late.wants(200, "", "POST", session+"/code", second(signIn, p.shows(w.wall.Now().Add(30*time.Second))))

	w.requireCodes(false)
	w.client().wants(200, "", "POST", session, credentials("ann", password, `"instance":"here"`))
}

// The second step is good for ten minutes, for the password that began it, and for what it was made for.
func TestSecondStepIsShut(t *testing.T) {
	w := newWorld(t)
	w.user(instance, "bob", center.SecurityAgent)
	w.requireCodes(true)
	p, _ := w.enrol("ann")
	w.advance(time.Minute)
	begin := func(name string) string {
		t.Helper()
		_, signIn, _, _ := missing(w.client().wants(200, "", "POST", session, credentials(name, password)))
		return signIn
	}
	signIn := begin("ann")
	over := func(signIn string) {
		t.Helper()
		a := w.client().wants(401, "UnauthorizedException", "POST", session+"/code", second(signIn, p.shows(w.wall.Now())))
		if !strings.Contains(a.message(), "Sign in again") {
			t.Error(a.message())
		}
	}
	for _, wrong := range []string{"x", signIn[1:], signIn + "A", strings.Repeat("A", len(signIn)), base32.StdEncoding.EncodeToString([]byte(signIn))} {
		over(wrong)
	}
	for _, c := range []struct{ body, says string }{
		{`{"code":"123456"}`, "signIn is required"},
		{`{"signIn":"x"}`, "code is required"},
		{second(strings.Repeat("x", 4000), "1"), ""},
		{second("x", strings.Repeat("1", 101)), "at most 100 characters"},
	} {
		a := w.client().ask("POST", session+"/code", c.body)
		if a.status != 400 && a.status != 401 || !strings.Contains(a.message(), c.says) {
			t.Errorf("%.40s: %d %s", c.body, a.status, a.text)
		}
	}
	// Another user's code is of no use.
	w.client().wants(401, "UnauthorizedException", "POST", session+"/code", second(begin("bob"), p.shows(w.wall.Now())))
	// A sign-in without Bearer is one for pages of this server.
	c := w.client()
	w.must(catalogApproves(w, "https://desk.test"))
	c.origin = "https://desk.test"
	c.wants(403, "AccessDeniedException", "POST", session+"/code", second(signIn, p.shows(w.wall.Now())))

	w.advance(center.SecondStepWithin)
	over(signIn)
	signIn = begin("ann")
	w.must(w.catalog.SetPassword(context.Background(), instance, "ann", "Another-Horse-2", w.wall.Now()))
	over(signIn)
	_, signIn, _, _ = missing(w.client().wants(200, "", "POST", session, credentials("ann", "Another-Horse-2")))
	u := w.named("ann")
	w.must(w.catalog.DeleteUser(context.Background(), instance, string(u)))
	over(signIn)
}

// Who knows the password may not guess codes: wrong ones lock the user out as wrong passwords do, and the right password in
// between takes nothing back.
func TestWrongCodesLockOut(t *testing.T) {
	w := newWorld(t)
	w.requireCodes(true)
	p, _ := w.enrol("ann")
	w.advance(time.Minute)
	for i := range center.MaxUserFailures {
		c := w.client()
		c.address = "192.0.2." + strconv.Itoa(i) + ":1"
		_, signIn, _, _ := missing(c.wants(200, "", "POST", session, credentials("ann", password)))
		code := "000000"
		if code == p.shows(w.wall.Now()) {
			code = "000001"
		}
		c.wants(401, "UnauthorizedException", "POST", session+"/code", second(signIn, code))
	}
	w.client().wants(429, "ThrottlingException", "POST", session, credentials("ann", password))
	w.advance(center.LockFor)
	c := w.client()
	_, signIn, _, _ := missing(c.wants(200, "", "POST", session, credentials("ann", password)))
	c.wants(200, "", "POST", session+"/code", second(signIn, p.shows(w.wall.Now())))
	got := w.auditLines()
	if n := count(got, "ann agent:SignInCode refuse session"); n != center.MaxUserFailures-1 {
		t.Errorf("%d refusals in\n%s", n, strings.Join(got, "\n"))
	}
	for _, want := range []string{
		"root agent:PutSignInSettings create sign-in-settings", "ann agent:EnrolCodes create user-totp", "ann agent:SignInCode lock session", "ann agent:SignIn create session",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, strings.Join(got, "\n"))
		}
	}
	w.tellsNothing(password, codeSecretOf(p))
}

// Two that enrol at once: one has the codes, the other signs in again.
func TestTwoEnrolAtOnce(t *testing.T) {
	w := newWorld(t)
	w.requireCodes(true)
	one, two := w.client(), w.client()
	_, first, secret, _ := missing(one.wants(200, "", "POST", session, credentials("ann", password)))
	_, other, otherSecret, _ := missing(two.wants(200, "", "POST", session, credentials("ann", password)))
	if secret == otherSecret {
		t.Error("a secret was shown twice")
	}
	one.wants(401, "UnauthorizedException", "POST", session+"/code", second(first, "12345"))
	one.wants(200, "", "POST", session+"/code", second(first, newPhone(t, secret).shows(w.wall.Now())))
	two.wants(409, "InvalidStateException", "POST", session+"/code", second(other, newPhone(t, otherSecret).shows(w.wall.Now())))
}

// An administrator takes the codes of a user away who has lost the phone.
func TestCodesAreReset(t *testing.T) {
	w := newWorld(t)
	w.requireCodes(true)
	p, _ := w.enrol("ann")
	codes := "/agent/v1/users/" + string(w.named("ann")) + "/codes"
	w.root().wants(200, "", "DELETE", codes, "")
	w.root().wants(404, "ResourceNotFoundException", "DELETE", codes, "")
	w.advance(time.Minute)
	c := w.client()
	what, signIn, secret, _ := missing(c.wants(200, "", "POST", session, credentials("ann", password)))
	if what != "enrolment" || secret == codeSecretOf(p) {
		t.Errorf("missing %s", what)
	}
	c.wants(401, "UnauthorizedException", "POST", session+"/code", second(signIn, p.shows(w.wall.Now())))
	if got := w.auditLines(); !slices.Contains(got, "root agent:ResetCodes delete user-totp") {
		t.Errorf("the audit log:\n%s", strings.Join(got, "\n"))
	}
	w.must(w.catalog.DeleteUser(context.Background(), instance, string(w.named("ann"))))
}

// Codes are sealed with the server's secret, for the user whose they are.
func TestCodesAreSealed(t *testing.T) {
	w := newWorld(t)
	w.user(instance, "bob", center.SecurityAgent)
	w.requireCodes(true)
	p, _ := w.enrol("ann")
	row, err := w.store.Resource(context.Background(), instance, "user-totp", string(w.named("ann")))
	w.must(err)
	if strings.Contains(string(row.Body), codeSecretOf(p)) {
		t.Error("the secret is in the store as it is")
	}
	// One that is moved to another user opens nothing.
	row.ID, row.Body = string(w.named("bob")), []byte(strings.Replace(string(row.Body), string(w.named("ann")), string(w.named("bob")), 1))
	w.must(w.store.CommitResources(context.Background(), store.ResourceCommit{Insert: []store.Resource{row}}))
	_, signIn, _, _ := missing(w.client().wants(200, "", "POST", session, credentials("bob", password)))
	w.client().wants(500, "InternalServiceException", "POST", session+"/code", second(signIn, p.shows(w.wall.Now().Add(30*time.Second))))
}

func TestSignInSettings(t *testing.T) {
	w := newWorld(t)
	w.requireCodes(false)
	root := w.root()
	if a := root.wants(200, "", "GET", settings, ""); a.json["codeRequired"] != false {
		t.Error(a.text)
	}
	root.wants(400, "InvalidParameterException", "PUT", settings, `{}`)
	root.wants(400, "InvalidParameterException", "PUT", settings, `{"codeRequired":"yes"}`)
	root.wants(400, "InvalidParameterException", "PUT", settings, `{"codesRequired":true}`)
	w.requireCodes(true)
	w.restart()
	if a := root.wants(200, "", "GET", settings, ""); a.json["codeRequired"] != true {
		t.Error(a.text)
	}
	w.user(instance, "max", center.SecurityManager)
	w.requireCodes(false)
	max := w.program("max")
	max.wants(200, "", "GET", settings, "")
	max.wants(403, "AccessDeniedException", "PUT", settings, `{"codeRequired":true}`)
	w.program("ann").wants(403, "AccessDeniedException", "GET", settings, "")
	w.requireCodes(true)
	// Another instance is not asked for them.
	w.instance(elsewhere, "there")
	w.user(elsewhere, "eve", center.SecurityAgent)
	w.client().wants(200, "", "POST", session, credentials("eve", password, `"instance":"there","bearer":true`))
}

func codeSecretOf(p *phone) string { return center.CodeSecret(p.secret) }

// auditLines are the audit log: who, action, change and kind.
func (w *world) auditLines() (lines []string) {
	w.Helper()
	all, err := w.store.Audit(context.Background(), store.AuditPlace{}, 10_000)
	w.must(err)
	for _, e := range all {
		lines = append(lines, strings.Join([]string{e.Who, e.Action, e.Change, e.Kind}, " "))
	}
	return lines
}

// tellsNothing looks for secrets in the log and in the audit log.
func (w *world) tellsNothing(secrets ...string) {
	w.Helper()
	all, err := w.store.Audit(context.Background(), store.AuditPlace{}, 10_000)
	w.must(err)
	text := w.log.String() + fmt.Sprint(all)
	for _, e := range all {
		text += string(e.Before) + string(e.After)
	}
	for i, s := range secrets {
		if s == "" || strings.Contains(text, s) {
			w.Errorf("secret %d is in a log", i)
		}
	}
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}
