package desk_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

const chosen = "Another-Horse-2"

func catalogApproves(w *world, origin string) error {
	return catalog.ApprovedOrigins.Add(context.Background(), w.catalog, instance, &center.ApprovedOrigin{Origin: origin}, nil)
}

// status is the agent status of a user.
func (w *world) status(name string) string {
	w.Helper()
	a, _, err := w.staff.Agent(context.Background(), instance, w.named(name))
	w.must(err)
	return a.Status.Name
}

// root is the instance's administrator, signed in.
func (w *world) root() *client {
	w.Helper()
	if w.rootClient == nil {
		w.user(instance, "root", center.SecurityAdmin)
		w.rootClient = w.program("root")
	}
	return w.rootClient
}

// linkFor has the administrator make a link, "invite" or "reset-password", and returns its secret.
func (w *world) linkFor(name, what string) string {
	w.Helper()
	a := w.root().wants(200, "", "POST", "/agent/v1/users/"+string(w.named(name))+"/"+what, "")
	address, _ := a.json["url"].(string)
	secret, ok := strings.CutPrefix(address, "http://parley.test/agent/password#")
	if !ok || len(secret) != 43 {
		w.Fatalf("the link %q", address)
	}
	return secret
}

func choose(link, password string) string {
	return fmt.Sprintf(`{"link":%q,"password":%q}`, link, password)
}

const linkPassword = "/agent/v1/link/password"

// A link gives its user a password, once, and ends the user's sessions.
func TestLinks(t *testing.T) {
	w := newWorld(t)
	old := w.signIn("ann")
	link := w.linkFor("ann", "reset-password")
	w.restart()
	a := w.client().wants(200, "", "POST", "/agent/v1/link", fmt.Sprintf(`{"link":%q}`, link))
	if a.json["username"] != "ann" || a.json["purpose"] != "reset" || a.json["expires"] != float64(start.Add(24*time.Hour).Unix()) {
		t.Error(a.text)
	}
	old.wants(200, "", "GET", session, "") // nothing has changed yet

	w.client().wants(400, "InvalidParameterException", "POST", linkPassword, choose(link, "short"))
	w.client().wants(200, "", "POST", linkPassword, choose(link, chosen))
	old.wants(401, "UnauthorizedException", "GET", session, "")
	w.client().wants(401, "UnauthorizedException", "POST", session, credentials("ann", password, `"instance":"here"`))
	w.client().wants(200, "", "POST", session, credentials("ann", chosen, `"instance":"here"`))

	again := w.client().wants(404, "ResourceNotFoundException", "POST", linkPassword, choose(link, password))
	w.client().wants(404, "ResourceNotFoundException", "POST", "/agent/v1/link", fmt.Sprintf(`{"link":%q}`, link))
	w.client().wants(200, "", "POST", session, credentials("ann", chosen))

	// One that was never there is answered alike.
	b := w.client().wants(404, "ResourceNotFoundException", "POST", linkPassword, choose(strings.Repeat("A", 43), password))
	if a := again.text; a != b.text {
		t.Errorf("used: %s, unknown: %s", a, b.text)
	}
	got := w.auditLines()
	for _, want := range []string{
		"root agent:ResetPassword create reset-link", "ann agent:UseLink use reset-link", "ann agent:UseLink update user-password", "ann agent:UseLink refuse reset-link",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, strings.Join(got, "\n"))
		}
	}
	w.tellsNothing(link, chosen, password)
}

// What makes a link void.
func TestLinksThatAreVoid(t *testing.T) {
	ctx := context.Background()
	for name, void := range map[string]func(w *world){
		"its time is over": func(w *world) { w.advance(72 * time.Hour) },
		"the password changes": func(w *world) {
			w.must(w.catalog.SetPassword(ctx, instance, "ann", "Yet-Another-3", w.wall.Now()))
		},
		"the user changes the password": func(w *world) {
			w.program("ann").wants(200, "", "PUT", "/agent/v1/password", fmt.Sprintf(`{"present":%q,"password":"Yet-Another-3"}`, password))
		},
		"another one was made": func(w *world) { w.linkFor("ann", "reset-password") },
		"the user goes":        func(w *world) { w.must(w.catalog.DeleteUser(ctx, instance, string(w.named("ann")))) },
		"the instance goes":    func(w *world) { w.must(w.catalog.CloseInstance(ctx, instance)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			link := w.linkFor("ann", "invite")
			a := w.client().wants(200, "", "POST", "/agent/v1/link", fmt.Sprintf(`{"link":%q}`, link))
			if a.json["purpose"] != "invite" || a.json["expires"] != float64(start.Add(72*time.Hour).Unix()) {
				t.Error(a.text)
			}
			void(w)
			w.client().wants(404, "ResourceNotFoundException", "POST", linkPassword, choose(link, chosen))
			if got := w.auditLines(); count(got, "ann agent:UseLink refuse invite-link")+count(got, "a deleted user agent:UseLink refuse invite-link") != 1 {
				t.Errorf("the audit log:\n%s", strings.Join(got, "\n"))
			}
		})
	}
}

// A link is used once, however many use it at the same time.
func TestALinkIsUsedOnce(t *testing.T) {
	w := newWorld(t)
	link := w.linkFor("ann", "invite")
	const many = 8
	statuses := make(chan int, many)
	for i := range many {
		go func() {
			c := w.client()
			c.address = "198.51.100." + strconv.Itoa(i) + ":1"
			statuses <- c.ask("POST", linkPassword, choose(link, "Another-Horse-"+strconv.Itoa(i))).status
		}()
	}
	got := map[int]int{}
	for range many {
		got[<-statuses]++
	}
	if got[200] != 1 || got[404] != many-1 {
		t.Errorf("answers %v", got)
	}
}

// Who tries a link that is dead is stopped as one who tries passwords.
func TestDeadLinksLockOut(t *testing.T) {
	w := newWorld(t)
	link := w.linkFor("ann", "invite")
	w.client().wants(200, "", "POST", linkPassword, choose(link, chosen))
	for i := range center.MaxUserFailures {
		c := w.client()
		c.address = "192.0.2." + strconv.Itoa(i) + ":1"
		c.wants(404, "ResourceNotFoundException", "POST", linkPassword, choose(link, chosen))
	}
	w.client().wants(429, "ThrottlingException", "POST", linkPassword, choose(link, chosen))
	w.client().wants(200, "", "POST", session, credentials("ann", chosen)) // the user is not locked out by it
}

// Users.Edit lets nobody become who may do more.
func TestWhoMakesLinks(t *testing.T) {
	w := newWorld(t)
	w.user(instance, "max", center.SecurityManager)
	w.instance(elsewhere, "there")
	eve := w.user(elsewhere, "eve", center.SecurityAgent)
	max := w.program("max", `"instance":"here"`)
	w.user(instance, "root", center.SecurityAdmin)
	root := w.program("root", `"instance":"here"`)
	for _, what := range []string{"POST invite", "POST reset-password", "DELETE codes"} {
		method, end, _ := strings.Cut(what, " ")
		path := func(id center.UserID) string { return "/agent/v1/users/" + string(id) + "/" + end }
		// An agent may nothing of it, a manager what concerns neither those who have a permission that managers have not …
		w.program("ann", `"instance":"here"`).wants(403, "AccessDeniedException", method, path(w.named("ann")), "")
		a := max.wants(403, "AccessDeniedException", method, path(w.named("root")), "")
		if !strings.Contains(a.message(), "Users.EditPermission") {
			t.Error(a.message())
		}
		// … nor users of another instance.
		root.wants(404, "ResourceNotFoundException", method, path(eve.ID), "")
		root.wants(404, "ResourceNotFoundException", method, path("33333333-1111-4111-8111-111111111111"), "")
	}
	max.wants(200, "", "POST", "/agent/v1/users/"+string(w.named("max"))+"/invite", "{}")
	root.wants(400, "InvalidParameterException", "POST", "/agent/v1/users/"+string(w.named("max"))+"/invite", `{"for":"ever"}`)
}

// A user changes the password: the other sessions end, and that one goes on.
func TestOwnPassword(t *testing.T) {
	w := newWorld(t)
	mine, other, program := w.signIn("ann"), w.signIn("ann"), w.program("ann")
	const path = "/agent/v1/password"
	change := func(present, next string) string { return fmt.Sprintf(`{"present":%q,"password":%q}`, present, next) }
	for _, c := range []struct{ body, kind string }{
		{`{}`, "InvalidParameterException"},
		{change("", chosen), "InvalidParameterException"},
		{change(password, "nothing"), "InvalidParameterException"},
		{change(password, strings.Repeat("Aa1", 22)), "InvalidParameterException"},
		{change(password, "With Space 1"), "InvalidParameterException"},
		{`{"present":"x","password":"Another-Horse-2","again":"x"}`, "InvalidParameterException"},
	} {
		mine.wants(400, c.kind, "PUT", path, c.body)
	}
	mine.wants(403, "AccessDeniedException", "PUT", path, change("Wrong-Horse-1", chosen))
	crossed := *mine
	crossed.csrf = ""
	crossed.wants(403, "AccessDeniedException", "PUT", path, change(password, chosen))
	mine.wants(200, "", "PUT", path, change(password, chosen))

	mine.wants(200, "", "GET", session, "")
	other.wants(401, "UnauthorizedException", "GET", session, "")
	program.wants(401, "UnauthorizedException", "GET", session, "")
	w.client().wants(401, "UnauthorizedException", "POST", session, credentials("ann", password))
	w.client().wants(200, "", "POST", session, credentials("ann", chosen))
	mine.wants(200, "", "PUT", path, change(chosen, password))
	w.restart()
	mine.wants(200, "", "GET", session, "")

	// A session that somebody has found open does not let guess.
	for range center.MaxUserFailures {
		mine.wants(403, "AccessDeniedException", "PUT", path, change("Wrong-Horse-1", chosen))
	}
	mine.wants(429, "ThrottlingException", "PUT", path, change(password, chosen))
	got := w.auditLines()
	for _, want := range []string{"ann agent:ChangePassword refuse session", "ann agent:ChangePassword lock session", "ann agent:ChangePassword update user-password"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, strings.Join(got, "\n"))
		}
	}
	w.tellsNothing(password, chosen, "Wrong-Horse-1")
}

const activity = "/agent/v1/session/activity"

// inactivity sets how long users may do nothing, in minutes; 0 for as long as they like.
func (w *world) inactivity(minutes int64) {
	w.Helper()
	profile := center.DefaultAuthenticationProfile(instance, start)
	w.must(catalog.AuthenticationProfiles.Update(context.Background(), w.catalog, instance, string(profile.ID), 0, func(p *center.AuthenticationProfile) error {
		p.Inactive, p.Inactivity = minutes > 0, max(minutes, 15)
		return nil
	}))
}

// A user who does nothing is signed out; what keeps the session is what the client reports, and nothing else.
func TestInactivity(t *testing.T) {
	w := newWorld(t)
	c := w.signIn("ann")
	c.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	if a := c.wants(200, "", "GET", session, ""); a.json["inactivity"] != nil {
		t.Errorf("inactivity that ends nothing: %s", a.text)
	}
	if a := c.wants(200, "", "POST", activity, ""); a.json["inactivity"] != nil {
		t.Error(a.text)
	}
	w.inactivity(15)
	ends := func(a *answer) time.Duration {
		t.Helper()
		in, _ := a.json["inactivity"].(map[string]any)
		at, _ := in["ends"].(float64)
		if in["warns"] != at-60 {
			t.Errorf("inactivity %v", in)
		}
		return time.Unix(int64(at), 0).Sub(start)
	}
	if got := ends(c.wants(200, "", "GET", session, "")); got != 15*time.Minute {
		t.Errorf("ends after %v", got)
	}
	w.advance(14 * time.Minute)
	c.wants(200, "", "GET", "/agent/v1/snapshot", "") // a request is no activity
	if got := ends(c.wants(200, "", "POST", activity, "{}")); got != 29*time.Minute {
		t.Errorf("ends after %v", got)
	}
	// What is said again at once is not written down.
	w.advance(29 * time.Second)
	if got := ends(c.wants(200, "", "POST", activity, "{}")); got != 29*time.Minute {
		t.Errorf("ends after %v", got)
	}
	w.restart()
	w.advance(15*time.Minute - 30*time.Second)
	c.wants(200, "", "GET", session, "")
	w.advance(time.Second)
	a := c.wants(401, "UnauthorizedException", "GET", session, "")
	if !strings.Contains(a.message(), "done nothing") {
		t.Error(a.message())
	}
	c.wants(401, "UnauthorizedException", "POST", activity, "{}")
	if got := w.auditLines(); count(got, "ann agent:Inactivity delete session") != 1 {
		t.Errorf("the audit log:\n%s", strings.Join(got, "\n"))
	}
	// The agent is not available to customers any more.
	if name := w.status("ann"); name != "Offline" {
		t.Errorf("the agent is %s", name)
	}
	// Switched off, it ends nothing.
	w.inactivity(0)
	c = w.signIn("ann")
	w.advance(11 * time.Hour)
	c.wants(200, "", "GET", session, "")
}

// The client hears a minute before, and the socket is closed with the session. Another window of the same session keeps it.
func TestInactivityIsWarnedOf(t *testing.T) {
	w := newWorld(t)
	w.inactivity(15)
	c := w.signIn("ann")
	l := c.connect()
	l.shows("nothing", none)
	look := func() {
		t.Helper()
		w.must(w.desk.CloseEnded(context.Background()))
	}
	hears := func(warning string) frame {
		t.Helper()
		return l.take("inactivity", func(f frame) bool {
			return f.Topic == "parley/agent" && strings.Contains(string(f.Content), `"type":"inactivity","warning":`+warning)
		})
	}
	w.advance(13 * time.Minute)
	look()
	w.advance(time.Minute)
	look()
	f := hears("true")
	if !strings.Contains(string(f.Content), fmt.Sprintf(`"ends":%d`, start.Add(15*time.Minute).Unix())) || f.Cursor != "" {
		t.Errorf("%s %s", f.Cursor, f.Content)
	}
	c.wants(200, "", "POST", activity, "{}")
	look()
	hears("false")
	w.advance(15 * time.Minute)
	look()
	select {
	case err := <-l.ended:
		if websocket.CloseStatus(err) != websocket.StatusPolicyViolation || !strings.Contains(err.Error(), "inactivity") {
			t.Errorf("closed with %v", err)
		}
	case <-time.After(patience):
		t.Error("the socket is open")
	}
	c.wants(401, "UnauthorizedException", "GET", session, "")
}

// An agent who is active in another session stays what it is.
func TestInactiveInOneOfTwoSessions(t *testing.T) {
	w := newWorld(t)
	w.inactivity(15)
	one := w.signIn("ann")
	one.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	w.advance(10 * time.Minute)
	two := w.signIn("ann")
	w.advance(6 * time.Minute)
	one.wants(401, "UnauthorizedException", "GET", session, "")
	two.wants(200, "", "GET", session, "")
	if name := w.status("ann"); name != "Available" {
		t.Errorf("the agent is %s", name)
	}
}

// A chat alone is no activity. It goes on, and the agent becomes Offline when it is over.
func TestInactiveWithAChat(t *testing.T) {
	w := newWorld(t)
	w.inactivity(15)
	c := w.signIn("ann")
	c.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	ada := w.customer()
	ada.offerTo("ann")
	c.wants(200, "", "POST", "/agent/v1/contacts/"+string(ada.contact)+"/accept", "")
	w.advance(14 * time.Minute)
	ada.say("Hello?")
	w.advance(time.Minute)
	c.wants(401, "UnauthorizedException", "GET", session, "")
	a, _, err := w.staff.Agent(context.Background(), instance, w.named("ann"))
	w.must(err)
	if len(a.Contacts) != 1 || !a.Contacts[0].Live() || a.Next == nil || a.Next.Name != "Offline" {
		t.Errorf("the agent has %d contacts and is next %+v", len(a.Contacts), a.Next)
	}
	c = w.signIn("ann") // and is placed back into the contact
	if s := c.wants(200, "", "GET", "/agent/v1/snapshot", ""); !strings.Contains(s.text, `"connected"`) {
		t.Error(s.text)
	}
}
