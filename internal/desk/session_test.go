package desk_test

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/desk"
	"github.com/parley-chat/parley/internal/store"
)

const session = "/agent/v1/session"

func TestSignInOfABrowser(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	a := c.wants(200, "", "POST", session, credentials("ann", password))
	if a.json["token"] != nil || a.json["csrf"] == nil {
		t.Errorf("a cookie's session: %s", a.text)
	}
	if got := c.cookie; got == nil || !got.HttpOnly || got.SameSite != http.SameSiteStrictMode || got.Secure || got.Path != "/" || got.MaxAge != 12*3600 || got.Name != "parley-session" {
		t.Fatalf("cookie %v", c.cookie)
	}
	shown := c.wants(200, "", "GET", session, "")
	user, _ := shown.json["user"].(map[string]any)
	at, _ := shown.json["instance"].(map[string]any)
	if user["username"] != "ann" || user["firstName"] != "First" || at["id"] != string(instance) || at["alias"] != "here" ||
		!strings.HasSuffix(user["arn"].(string), "/agent/"+user["id"].(string)) ||
		shown.json["expires"] != float64(start.Add(12*time.Hour).Unix()) || shown.json["csrf"] != c.csrf {
		t.Errorf("session %s", shown.text)
	}
	if permissions := shown.json["permissions"]; !slices.Contains(permissions.([]any), any("BasicAgentAccess")) {
		t.Errorf("permissions %v", permissions)
	}
	if strings.Contains(shown.text, c.cookie.Value) || shown.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", shown.header, shown.text)
	}

	// Signing in again in the same browser leaves one session.
	first := *c
	c.wants(200, "", "POST", session, credentials("ann", password))
	first.wants(401, "UnauthorizedException", "GET", session, "")

	stolen := *c
	c.wants(200, "", "DELETE", session, "")
	stolen.wants(401, "UnauthorizedException", "GET", session, "")
	stolen.wants(401, "UnauthorizedException", "DELETE", session, "")
}

func TestSignInOfAProgram(t *testing.T) {
	w := newWorld(t)
	c := w.program("ann")
	if c.cookie != nil || c.csrf != "" || c.token == "" {
		t.Fatalf("cookie %v, csrf %q, token %q", c.cookie, c.csrf, c.token)
	}
	c.wants(200, "", "GET", session, "")
	// The one cannot be used as the other.
	asCookie := w.client()
	asCookie.cookie = &http.Cookie{Name: "parley-session", Value: c.token}
	asCookie.wants(401, "UnauthorizedException", "GET", session, "")
	browser := w.signIn("ann")
	asToken := w.client()
	asToken.token = browser.cookie.Value
	asToken.wants(401, "UnauthorizedException", "GET", session, "")
	// A token goes before a cookie.
	both := *c
	both.cookie = browser.cookie
	both.wants(200, "", "DELETE", session, "")
	browser.wants(200, "", "GET", session, "")
	c.wants(401, "UnauthorizedException", "GET", session, "")
	for _, wrong := range []string{"x", strings.Repeat("A", 43), strings.Repeat("A", 100_000), "..", "\x7f"} {
		c.token = wrong
		c.wants(401, "UnauthorizedException", "GET", session, "")
	}
	w.client().wants(401, "UnauthorizedException", "GET", session, "")
}

func TestChangesNeedTheCSRFToken(t *testing.T) {
	w := newWorld(t)
	other := w.signIn("ann")
	c := w.signIn("ann")
	mine := c.csrf
	for _, csrf := range []string{"", "x", other.csrf, mine + "x", mine[:len(mine)-1]} {
		c.csrf = csrf
		a := c.wants(403, "AccessDeniedException", "DELETE", session, "")
		if strings.Contains(a.text, mine) {
			t.Error("the refusal has the token")
		}
	}
	// A page of another origin is refused before, even if it knew the token.
	c.csrf = mine
	for _, origin := range []string{"https://evil.test", "null", "http://parley.test.evil.test", "https://parley.test", "http://parley.test:8080"} {
		c.origin = origin
		c.wants(403, "AccessDeniedException", "DELETE", session, "")
	}
	c.origin, c.head = "", http.Header{"Sec-Fetch-Site": {"cross-site"}}
	c.wants(403, "AccessDeniedException", "GET", session, "")
	c.head, c.origin = nil, "http://parley.test"
	c.wants(200, "", "DELETE", session, "")
}

// Whatever is wrong, the answer is the same to the last byte.
func TestWrongCredentials(t *testing.T) {
	w := newWorld(t)
	w.instance(elsewhere, "there")
	w.user(elsewhere, "bob", center.SecurityAgent)
	want := ""
	for _, body := range []string{
		credentials("ann", password+"x", `"instance":"here"`),
		credentials("nobody", password, `"instance":"here"`),
		credentials("bob", password, `"instance":"here"`),
		credentials("Ann", password, `"instance":"here"`),
		credentials("ann", password, `"instance":"nowhere"`),
		credentials("ann", strings.Repeat("x", 3000), `"instance":"here"`),
		credentials("ann", password, `"instance":"there"`),
	} {
		c := w.client()
		a := c.wants(401, "UnauthorizedException", "POST", session, body)
		if want == "" {
			want = a.text
		}
		if a.text != want || c.cookie != nil {
			t.Errorf("%s: %s, cookie %v", body, a.text, c.cookie)
		}
	}
	w.client().wants(200, "", "POST", session, credentials("bob", password, `"instance":"there"`))
	if w.log.Len() > 0 {
		t.Errorf("the log: %s", w.log.String())
	}
}

func TestLockOut(t *testing.T) {
	w := newWorld(t)
	w.user(instance, "bob", center.SecurityAgent)
	for i := range center.MaxUserFailures {
		c := w.client()
		c.address = "192.0.2." + strconv.Itoa(i) + ":1"
		c.wants(401, "UnauthorizedException", "POST", session, credentials("ann", "Wrong-1"))
	}
	w.restart() // a lock-out outlives the process
	c := w.client()
	a := c.wants(429, "ThrottlingException", "POST", session, credentials("ann", password))
	if a.header.Get("Retry-After") != "900" {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	// Names that no user has are locked out too, so that a lock-out says nothing.
	for range center.MaxUserFailures {
		w.client().wants(401, "UnauthorizedException", "POST", session, credentials("nobody", "Wrong-1"))
	}
	if b := w.client().ask("POST", session, credentials("nobody", password)); b.text != a.text {
		t.Errorf("an unknown name: %s, a known one: %s", b.text, a.text)
	}
	w.client().wants(200, "", "POST", session, credentials("bob", password))

	w.advance(center.LockFor)
	c.wants(200, "", "POST", session, credentials("ann", password))
	// A success forgets what failed before it.
	for range 2 {
		for range center.MaxUserFailures - 1 {
			w.client().wants(401, "UnauthorizedException", "POST", session, credentials("ann", "Wrong-1"))
		}
		w.client().wants(200, "", "POST", session, credentials("ann", password))
	}

	var entries []string
	all, err := w.store.Audit(context.Background(), store.AuditPlace{}, 1000)
	w.must(err)
	for _, e := range all {
		if e.From == "" || e.Action != "agent:SignIn" || e.Kind != "session" || e.Instance != instance {
			t.Errorf("%+v", e)
		}
		entries = append(entries, e.Who+" "+e.Change)
	}
	want := slices.Concat(
		slices.Repeat([]string{"ann refuse"}, 9), []string{"ann lock"}, slices.Repeat([]string{"unknown user refuse"}, 9), []string{"unknown user lock", "bob create", "ann create"},
		slices.Repeat([]string{"ann refuse"}, 9), []string{"ann create"}, slices.Repeat([]string{"ann refuse"}, 9), []string{"ann create"},
	)
	if !slices.Equal(entries, want) {
		t.Errorf("audit log:\n%s\nwant\n%s", strings.Join(entries, "\n"), strings.Join(want, "\n"))
	}
}

func TestSignInQueueIsBounded(t *testing.T) {
	w := newWorld(t)
	empty := w.desk.Fill()
	a := w.client().wants(429, "ThrottlingException", "POST", session, credentials("ann", password))
	if a.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	empty()
	// As many as there is room for get in, whatever comes at once.
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	const many = 60
	for i := range many {
		all.Go(func() {
			c := w.client()
			c.address = "198.51.100." + strconv.Itoa(i) + ":1"
			a := c.ask("POST", session, credentials("ann", password))
			mu.Lock()
			defer mu.Unlock()
			statuses[a.status]++
		})
	}
	all.Wait()
	// An attempt counts until it has succeeded, so a few of the same moment may find the name locked: none does here, since
	// no more than two are under way.
	if statuses[200]+statuses[429] != many || statuses[200] < desk.HashesAtOnce+desk.HashesWaiting {
		t.Errorf("statuses %v", statuses)
	}
}

func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	gone := func(c *client) {
		t.Helper()
		c.wants(401, "UnauthorizedException", "GET", session, "")
	}

	c := w.signIn("ann")
	w.restart()
	c.wants(200, "", "GET", session, "")
	w.advance(center.SessionLife - time.Second)
	c.wants(200, "", "GET", session, "")
	w.advance(time.Second)
	gone(c)

	one, two := w.signIn("ann"), w.program("ann")
	bob := w.user(instance, "bob", center.SecurityAgent)
	other := w.signIn("bob")
	u, err := w.catalog.UserNamed(ctx, instance, "ann")
	w.must(err)
	w.must(w.catalog.EndSessions(ctx, instance, string(u.ID)))
	gone(one)
	gone(two)
	other.wants(200, "", "GET", session, "")
	if err := w.catalog.EndSessions(ctx, instance, "33333333-1111-4111-8111-111111111111"); !center.Is(err, center.NotFound) {
		t.Errorf("an unknown user: %v", err)
	}

	w.must(w.catalog.DeleteUser(ctx, instance, string(bob.ID)))
	gone(other)

	three := w.signIn("ann")
	w.must(w.catalog.CloseInstance(ctx, instance))
	gone(three)
}

// What a session may do follows from the security profiles as they are.
func TestPermissionsFollowTheProfiles(t *testing.T) {
	w := newWorld(t)
	c := w.signIn("ann")
	ctx := context.Background()
	u, err := w.catalog.UserNamed(ctx, instance, "ann")
	w.must(err)
	has := func(permission string) bool {
		t.Helper()
		return slices.Contains(c.wants(200, "", "GET", session, "").json["permissions"].([]any), any(permission))
	}
	if !has(center.PermitAgent) || has(center.PermitMonitor) {
		t.Error("an agent's permissions")
	}
	w.must(catalog.Users.Update(ctx, w.catalog, instance, string(u.ID), 0, func(u *center.User) error {
		u.SecurityProfiles = []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(instance, "security-profile", center.SecurityManager))}
		return nil
	}))
	if has(center.PermitAgent) || !has(center.PermitMonitor) {
		t.Error("a manager's permissions")
	}
}

func TestInstanceIsNamed(t *testing.T) {
	w := newWorld(t)
	in := func(status int, kind string, more ...string) *answer {
		t.Helper()
		return w.client().wants(status, kind, "POST", session, credentials("ann", password, more...))
	}
	in(200, "")
	w.instance(elsewhere, "there")
	a := in(400, "InvalidParameterException")
	if !strings.Contains(a.message(), "2 instances") {
		t.Error(a.message())
	}
	in(200, "", `"instance":"here"`)
	in(200, "", `"instance":"`+string(instance)+`"`)
	in(200, "", `"instance":"arn:aws:connect:us-east-1:123456789012:instance/`+string(instance)+`"`)
	w.client().wants(200, "", "POST", session+"?instance=here", credentials("ann", password))
	in(401, "UnauthorizedException", `"instance":"there"`)
	in(400, "InvalidParameterException", `"instance":"`+strings.Repeat("x", 101)+`"`)
}

func TestBadBodies(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ body, kind, says string }{
		{``, "InvalidParameterException", "username is required"},
		{`{"username":"ann"}`, "InvalidParameterException", "password is required"},
		{`{"username":"` + strings.Repeat("ä", 101) + `","password":"x"}`, "InvalidParameterException", "at most 100 characters, got 101"},
		{`{"username":7,"password":"x"}`, "InvalidParameterException", "username must be a string, got a JSON number"},
		{`{"username":"ann","password":"x","bearer":"yes"}`, "InvalidParameterException", "bearer must be a boolean"},
		{`{"username":"ann","password":"x","secretly":1}`, "InvalidParameterException", "unknown member of 8 characters"},
		{`[]`, "InvalidParameterException", "must be an object"},
		{`{"username":`, "InvalidRequestException", "one JSON object (12 bytes)"},
		{`{} {}`, "InvalidRequestException", "one JSON object"},
	} {
		if a := w.client().wants(400, c.kind, "POST", session, c.body); !strings.Contains(a.message(), c.says) {
			t.Errorf("%s: %s", c.body, a.message())
		}
	}
	w.client().wants(413, "RequestEntityTooLargeException", "POST", session, `{"username":"`+strings.Repeat("x", 5000)+`"}`)
	w.client().wants(404, "UnknownOperationException", "GET", "/agent/v1/nothing", "")
	w.client().wants(404, "UnknownOperationException", "GET", "/agent/v1/", "")
	a := w.client().wants(405, "UnknownOperationException", "PUT", session, "")
	if a.header.Get("Allow") != "GET, POST, DELETE" {
		t.Errorf("Allow %q", a.header.Get("Allow"))
	}
}

func TestOtherOrigins(t *testing.T) {
	w := newWorld(t)
	w.instance(elsewhere, "there")
	w.user(elsewhere, "bob", center.SecurityAgent)
	ctx := context.Background()
	approve := func(at center.InstanceID, origin string) {
		t.Helper()
		w.must(catalog.ApprovedOrigins.Add(ctx, w.catalog, at, &center.ApprovedOrigin{Origin: origin}, nil))
	}
	approve(instance, "https://desk.test")
	approve(elsewhere, "https://there.test")

	c := w.client()
	c.origin, c.head = "https://desk.test", http.Header{"Access-Control-Request-Method": {"POST"}}
	a := c.ask("OPTIONS", session, "")
	if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != "https://desk.test" || a.header.Get("Access-Control-Allow-Credentials") != "" || a.header.Get("Vary") != "Origin" {
		t.Errorf("preflight: %d %v", a.status, a.header)
	}
	c.origin = "https://evil.test"
	if a := c.wants(403, "AccessDeniedException", "OPTIONS", session, ""); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("preflight: %v", a.header)
	}

	c = w.client()
	c.origin = "https://desk.test"
	c.wants(403, "AccessDeniedException", "POST", session, credentials("ann", password, `"instance":"here"`)) // no cookies for other origins
	c.wants(200, "", "POST", session, credentials("ann", password, `"instance":"here"`, `"bearer":true`))
	if a := c.wants(200, "", "GET", session, ""); a.header.Get("Access-Control-Allow-Origin") != "https://desk.test" {
		t.Errorf("%v", a.header)
	}
	// Approved by another instance is not approved.
	c.origin = "https://there.test"
	if a := c.wants(403, "AccessDeniedException", "GET", session, ""); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%v", a.header)
	}
	c.wants(403, "AccessDeniedException", "POST", session, credentials("ann", password, `"instance":"here"`, `"bearer":true`))

	// Pages of this machine may call a server for development.
	dev := newWorld(t, func(w *world) { w.dev, w.public = true, "" })
	c = dev.client()
	c.origin = "http://localhost:3000"
	c.wants(200, "", "POST", session, credentials("ann", password, `"bearer":true`))
	c.origin = "http://localhost.evil.test"
	c.wants(403, "AccessDeniedException", "GET", session, "")
}

func TestBehindAProxyWithTLS(t *testing.T) {
	w := newWorld(t, func(w *world) { w.public = "https://parley.test" })
	c := w.client()
	c.address = "[::ffff:10.0.0.2]:4000"
	c.head = http.Header{"X-Forwarded-For": {"203.0.113.9, 198.51.100.7"}}
	c.wants(200, "", "POST", session, credentials("ann", password))
	if !c.cookie.Secure || c.cookie.Name != "__Host-parley-session" {
		t.Errorf("cookie %v", c.cookie)
	}
	all, err := w.store.Audit(context.Background(), store.AuditPlace{}, 10)
	w.must(err)
	if len(all) != 1 || all[0].From != "198.51.100.7" {
		t.Errorf("audit %+v", all)
	}
}

func TestUsersAreLimited(t *testing.T) {
	w := newWorld(t)
	w.user(instance, "bob", center.SecurityAgent)
	c, bob := w.program("ann"), w.program("bob")
	for range desk.Burst {
		c.wants(200, "", "GET", session, "")
	}
	c.wants(429, "ThrottlingException", "GET", session, "")
	bob.wants(200, "", "GET", session, "")
	w.advance(time.Second)
	c.wants(200, "", "GET", session, "")
}

// Every operation is closed to strangers, to users without one of its permissions, and to users of another instance.
func TestRoutesAreClosed(t *testing.T) {
	w := newWorld(t)
	w.user(instance, "quin", center.SecurityAnalyst)
	profiles := center.DefaultSecurityProfiles(instance, start)
	for _, who := range []struct{ user, profile string }{{"quin", center.SecurityAnalyst}, {"ann", center.SecurityAgent}} {
		permissions := profiles[slices.IndexFunc(profiles, func(p center.SecurityProfile) bool { return p.Name == who.profile })].Permissions
		for _, rt := range desk.Routes() {
			path := strings.NewReplacer("{contact}", "33333333-1111-4111-8111-111111111111", "{agent}", "33333333-1111-4111-8111-111111111111", "{user}", "33333333-1111-4111-8111-111111111111").Replace(rt.Path)
			if rt.Open {
				continue
			}
			w.client().wants(401, "UnauthorizedException", rt.Method, path, "{}")
			body := "{}"
			if strings.HasSuffix(path, "/notes") {
				body = note("x")
			}
			a := w.program(who.user).ask(rt.Method, path, body)
			allowed := true
			for _, anyOf := range rt.Needs {
				allowed = allowed && slices.ContainsFunc(anyOf, func(p string) bool { return slices.Contains(permissions, p) })
			}
			if refused := a.status == 403 && strings.Contains(a.message(), "permission"); refused == allowed {
				t.Errorf("%s %s of %s: %d %s", rt.Method, rt.Path, who.user, a.status, a.text)
			}
			if allowed && strings.Contains(rt.Path, "{contact}") && (a.status != 404 || a.kind() != "ContactNotFoundException") {
				t.Errorf("%s %s of an unknown contact: %d %s", rt.Method, rt.Path, a.status, a.text)
			}
			if a.status >= 500 {
				t.Errorf("%s %s: %d %s", rt.Method, rt.Path, a.status, a.text)
			}
		}
	}
}

// A sign-out that cannot set the agent Offline says so, and the session has ended nevertheless.
func TestSignOutEndsTheSessionFirst(t *testing.T) {
	w := newWorld(t)
	ann := w.program("ann")
	ann.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	w.damage(center.ContactID(w.named("ann")))
	ann.wants(500, "InternalServiceException", "DELETE", session+"?offline=true", "")
	ann.wants(401, "UnauthorizedException", "GET", session, "")
}

// Attempts of which nobody learns whether the password was right do not lock the user out.
func TestAttemptsThatFailOtherwiseDoNotCount(t *testing.T) {
	w := newWorld(t)
	replace := func(this, by string) {
		t.Helper()
		w.stop()
		db, err := sql.Open("sqlite", w.file)
		w.must(err)
		_, err = db.Exec("UPDATE resource SET body = CAST(replace(CAST(body AS TEXT), $1, $2) AS BLOB) WHERE kind = 'user-password'", this, by)
		w.must(err)
		w.must(db.Close())
		w.open()
	}
	replace("$argon2id$", "$spoilt$")
	for range center.MaxUserFailures + 1 {
		w.client().wants(500, "InternalServiceException", "POST", session, credentials("ann", password))
	}
	replace("$spoilt$", "$argon2id$")
	w.client().wants(200, "", "POST", session, credentials("ann", password))
}
