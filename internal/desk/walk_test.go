package desk_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/desk"
)

// things are the ids that a route is called with, by the names in braces in paths and bodies.
type things map[string]string

func (t things) in(text string) string {
	for name, id := range t {
		text = strings.ReplaceAll(text, "{"+name+"}", id)
	}
	return text
}

// out takes the ids out of an answer, so that answers about different things can be compared.
func (t things) out(text string) string {
	for name, id := range t {
		text = strings.ReplaceAll(text, id, "{"+name+"}")
	}
	return text
}

// example is how the walk calls a route so that it succeeds, in the hands of one who has every permission.
type example struct {
	ready  func(w *walk) things // makes what the route works on
	query  string
	body   string // with ids in braces
	status int    // of the success; 0 is 200
	// shared says that what it works on belongs to the instance: whoever has the permissions may.
	shared bool
	// last says that the session is of no use afterwards.
	last bool
}

// walk is a world in which every route is called by everyone.
type walk struct {
	*world
	pat *client // has every permission, and does what succeeds
	ann *client // an agent of the same instance
}

// free ends and clears all of the contacts of pat: there are limits.
func (w *walk) free() {
	w.Helper()
	shown := w.pat.wants(200, "", "GET", "/agent/v1/snapshot", "")
	for _, c := range contactsOf(shown.json["snapshot"].(map[string]any)) {
		path := "/agent/v1/contacts/" + c["contactId"].(string)
		if state := c["state"].(map[string]any)["type"]; state == "connecting" || state == "connected" {
			w.pat.wants(200, "", "POST", path+"/leave", "")
		}
		w.pat.wants(200, "", "POST", path+"/clear", "")
	}
}

// accepted is a contact that pat has accepted.
func (w *walk) accepted() things {
	w.Helper()
	ada, _ := w.pat.accepted("pat")
	return things{"contact": string(ada.contact)}
}

func (w *walk) offered() things {
	w.Helper()
	ada := w.customer()
	ada.offerTo("pat")
	return things{"contact": string(ada.contact)}
}

func (w *walk) over() things {
	w.Helper()
	t := w.accepted()
	w.pat.wants(200, "", "POST", t.in("/agent/v1/contacts/{contact}/end"), "")
	return t
}

func (w *walk) connected() things {
	w.Helper()
	t := w.accepted()
	shown := w.pat.wants(200, "chat", "GET", t.in("/agent/v1/contacts/{contact}"), "")
	t["connection"] = shown.json["connections"].([]any)[0].(map[string]any)["connectionId"].(string)
	return t
}

// connects is a contact, and a quick connect that leads somewhere.
func (w *walk) connects(q func() center.QuickConnect) func(*walk) things {
	return func(w *walk) things {
		t := w.accepted()
		t["quick-connect"] = w.quickConnect(w.newID(), q())
		return t
	}
}

func (w *walk) flowRuns() things {
	w.Helper()
	t := w.accepted()
	t["quick-connect"] = w.quickConnect(w.newID(), center.QuickConnect{Type: center.QuickConnectFlow, Flow: w.makeFlow(w.newID(), center.TypeContactFlow, waits)})
	w.pat.wants(200, "", "POST", t.in("/agent/v1/contacts/{contact}/flow"), t.in(`{"endpointARN":"{quick-connect}"}`))
	return t
}

// monitored is a contact of ann's, which pat may listen to.
func (w *walk) monitored() things {
	w.Helper()
	w.pat.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available","enqueueNextState":true}`)
	ada, _ := w.ann.accepted("ann")
	return things{"contact": string(ada.contact)}
}

func (w *walk) monitors() things {
	w.Helper()
	t := w.monitored()
	made := w.pat.wants(200, "", "POST", t.in("/agent/v1/contacts/{contact}/monitor"), "")
	return things{"contact": made.json["contactId"].(string)}
}

func (w *walk) status() things {
	w.Helper()
	s := &center.AgentStatus{Head: center.Head[center.AgentStatusID]{Name: w.newID()}, Type: center.StatusCustom, State: center.StatusEnabled}
	_, err := catalog.AgentStatuses.Create(context.Background(), w.catalog, instance, s, catalog.ClientToken{})
	w.must(err)
	return things{"status": string(s.ID)}
}

func (w *walk) idleAgent() things {
	w.Helper()
	t := w.status()
	t["agent"] = string(w.user(instance, "idle-"+w.newID()[:8], center.SecurityAgent).ID)
	return t
}

// colleague is a user whom administrators let sign in anew.
func (w *walk) colleague() things {
	w.Helper()
	return things{"user": string(w.user(instance, "col-"+w.newID()[:8], center.SecurityAgent).ID)}
}

func (w *walk) invited() things {
	w.Helper()
	secret, _, err := w.catalog.MakeLink(context.Background(), instance, w.colleague()["user"], center.LinkInvite, w.wall.Now())
	w.must(err)
	return things{"link": secret}
}

func (w *walk) enrolled() things {
	w.Helper()
	t, secret := w.colleague(), w.catalog.NewCodeSecret()
	w.must(w.catalog.EnrolCodes(context.Background(), instance, center.UserID(t["user"]), secret, center.OneTimeCode(secret, w.wall.Now()), w.wall.Now()))
	return t
}

// examples are needed of routes with ids, and of those that need members in the body. Others are called with {}.
func (w *walk) examples() map[string]example {
	leadsToFlow := func() center.QuickConnect {
		return center.QuickConnect{Type: center.QuickConnectFlow, Flow: w.makeFlow(w.newID(), center.TypeContactFlow, waits)}
	}
	leadsToQueue := func() center.QuickConnect {
		return center.QuickConnect{Type: center.QuickConnectQueue, Queue: center.QueueID(center.SeededID(instance, "queue", center.BasicQueueName)), Flow: w.makeFlow(w.newID(), "QUEUE_TRANSFER", toQueue)}
	}
	leadsToUser := func() center.QuickConnect {
		return center.QuickConnect{Type: center.QuickConnectUser, User: string(w.named("quin")), Flow: w.makeFlow(w.newID(), "AGENT_TRANSFER", toQueue)}
	}
	const by = `{"endpointARN":"{quick-connect}"}`
	return map[string]example{
		"POST session":                                       {body: credentials("pat", password, `"instance":"here"`, `"bearer":true`)},
		"POST session/code":                                  {body: `{"signIn":"made up","code":"123456"}`, status: http.StatusUnauthorized},
		"PUT password":                                       {body: `{"present":"Wrong-Horse-1","password":"Another-Horse-2"}`, status: http.StatusForbidden},
		"POST link":                                          {ready: (*walk).invited, body: `{"link":"{link}"}`},
		"POST link/password":                                 {ready: (*walk).invited, body: `{"link":"{link}","password":"Another-Horse-2"}`},
		"POST users/{user}/invite":                           {ready: (*walk).colleague, shared: true},
		"POST users/{user}/reset-password":                   {ready: (*walk).colleague, shared: true},
		"DELETE users/{user}/codes":                          {ready: (*walk).enrolled, shared: true},
		"PUT sign-in/settings":                               {body: `{"codeRequired":false}`},
		"GET sign-in":                                        {query: "instance=here"},
		"GET oidc":                                           {query: "instance=here", status: http.StatusNotFound},
		"GET oidc/callback":                                  {query: "state=made-up", status: http.StatusUnauthorized},
		"POST session/hand-over":                             {body: `{"challenge":"` + strings.Repeat("A", 43) + `"}`, status: http.StatusForbidden},                                    // a program signs in itself
		"POST session/take":                                  {body: taking(strings.Repeat("A", 43), strings.Repeat("A", 43), "https://desk.example.com"), status: http.StatusForbidden}, // no page
		"DELETE session":                                     {last: true},
		"GET socket":                                         {status: http.StatusUpgradeRequired},
		"PUT state":                                          {ready: (*walk).status, body: `{"agentStateARN":"{status}","enqueueNextState":true}`, shared: true},
		"PUT agents/{agent}/state":                           {ready: (*walk).idleAgent, body: `{"agentStateARN":"{status}"}`, shared: true},
		"GET contacts/{contact}":                             {ready: (*walk).accepted},
		"GET contacts/{contact}/attributes":                  {ready: (*walk).accepted},
		"GET contacts/{contact}/transcript":                  {ready: (*walk).accepted, query: "maxResults=1"},
		"POST contacts/{contact}/token":                      {ready: (*walk).accepted},
		"POST contacts/{contact}/accept":                     {ready: (*walk).offered},
		"POST contacts/{contact}/reject":                     {ready: (*walk).offered},
		"POST contacts/{contact}/leave":                      {ready: (*walk).accepted},
		"POST contacts/{contact}/end":                        {ready: (*walk).accepted},
		"POST contacts/{contact}/clear":                      {ready: (*walk).over},
		"POST contacts/{contact}/complete":                   {ready: (*walk).over},
		"POST contacts/{contact}/hold":                       {ready: (*walk).accepted, status: http.StatusBadRequest},
		"POST contacts/{contact}/resume":                     {ready: (*walk).accepted, status: http.StatusBadRequest},
		"POST contacts/{contact}/consult":                    {ready: (*walk).accepted, status: http.StatusBadRequest},
		"DELETE contacts/{contact}/connections/{connection}": {ready: (*walk).connected},
		"POST contacts/{contact}/transfer":                   {ready: w.connects(leadsToQueue), body: by},
		"POST contacts/{contact}/invite":                     {ready: w.connects(leadsToUser), body: by},
		"POST contacts/{contact}/flow":                       {ready: w.connects(leadsToFlow), body: by},
		"DELETE contacts/{contact}/flow":                     {ready: (*walk).flowRuns},
		"POST contacts/{contact}/monitor":                    {ready: (*walk).monitored, shared: true},
		"POST contacts/{contact}/notes":                      {ready: (*walk).accepted, body: `{"content":"promised a call"}`},
		"GET contacts/{contact}/others":                      {ready: (*walk).accepted, query: "maxResults=1"},
		"POST history":                                       {body: within(""), shared: true},
		"GET history/{contact}/transcript":                   {ready: (*walk).over, query: "maxResults=1", shared: true},
		"PUT contacts/{contact}/monitor":                     {ready: (*walk).monitors, body: `{"targetMonitorMode":"SILENT_MONITOR"}`},
	}
}

// visitor is one who calls every route, with things that are not the visitor's.
type visitor struct {
	name string
	*client
	permissions []string
	signedIn    bool
	elsewhere   bool // of another instance
	refused     bool // whatever the permissions: a page that may not do that
}

func (v *visitor) may(needs [][]string) bool {
	return !slices.ContainsFunc(needs, func(anyOf []string) bool {
		return !slices.ContainsFunc(anyOf, func(p string) bool { return slices.Contains(v.permissions, p) })
	})
}

// everything makes a user who has all permissions that a route needs.
func (w *world) everything(at center.InstanceID, name string) *center.User {
	w.Helper()
	ctx := context.Background()
	all := map[string]bool{center.PermitBarge: true, center.PermitPermissions: true}
	for _, rt := range desk.Routes() {
		for _, anyOf := range rt.Needs {
			for _, p := range anyOf {
				all[p] = true
			}
		}
	}
	u := w.user(at, name, center.SecurityAgent)
	p := &center.SecurityProfile{Head: center.Head[center.SecurityProfileID]{Name: "everything of " + name}, Permissions: slices.Sorted(maps.Keys(all))}
	_, err := catalog.SecurityProfiles.Create(ctx, w.catalog, at, p, catalog.ClientToken{})
	w.must(err)
	w.must(catalog.Users.Update(ctx, w.catalog, at, string(u.ID), 0, func(u *center.User) error {
		u.SecurityProfiles = []center.SecurityProfileID{p.ID}
		return nil
	}))
	return u
}

func (w *world) visitor(name, user, at string) *visitor {
	w.Helper()
	v := &visitor{name: name, client: w.client(), signedIn: true, elsewhere: at == "there"}
	in := v.wants(200, "", "POST", session, credentials(user, password, `"bearer":true`, `"instance":"`+at+`"`))
	for _, p := range in.json["permissions"].([]any) {
		v.permissions = append(v.permissions, p.(string))
	}
	return v
}

// Every route is called by everyone with what is somebody else's: an agent, a supervisor, an administrator, one with all
// permissions and a stranger, of this instance and of another. Who may not is refused; and what does not belong to the caller is
// answered as what does not exist, to the last byte. Then the one to whom it belongs succeeds with the same request.
func TestEveryoneWalksEveryRoute(t *testing.T) {
	base := newWorld(t)
	ctx := context.Background()
	base.must(base.catalog.SetInstanceAttribute(ctx, instance, center.MultiPartyChat, "true"))
	base.must(base.catalog.SetInstanceAttribute(ctx, instance, center.EnhancedChatMonitoring, "true"))
	base.instance(elsewhere, "there")
	for _, at := range []center.InstanceID{instance, elsewhere} {
		base.user(at, "quin", center.SecurityAnalyst)
		base.user(at, "mia", center.SecurityManager)
		base.user(at, "adam", center.SecurityAdmin)
		base.everything(at, "ed")
	}
	base.user(elsewhere, "ann", center.SecurityAgent)
	base.everything(instance, "pat")
	w := &walk{world: base}
	sign := func() *client {
		c := base.client()
		c.wants(200, "", "POST", session, credentials("pat", password, `"instance":"here"`, `"bearer":true`))
		return c
	}
	w.pat = sign()
	var all []*visitor
	for _, at := range []string{"here", "there"} {
		for name, user := range map[string]string{"an analyst": "quin", "an agent": "ann", "a supervisor": "mia", "an administrator": "adam", "one with all permissions": "ed"} {
			v := base.visitor(name+" of "+at, user, at)
			if v.name == "an agent of here" {
				w.ann = v.client
			}
			all = append(all, v)
		}
	}
	stranger := &visitor{name: "a stranger", client: base.client()}
	forger := &visitor{name: "one with a token that was made up", client: base.client()}
	forger.token = strings.Repeat("A", 43)
	over := base.visitor("one who has signed out", "quin", "here")
	over.wants(200, "", "DELETE", session, "")
	over.signedIn, over.permissions = false, nil
	page := &visitor{name: "a page without the CSRF token", client: base.client(), refused: true}
	page.wants(200, "", "POST", session, credentials("pat", password, `"instance":"here"`))
	page.csrf = ""
	other := &visitor{name: "a page of another origin", client: base.client(), refused: true}
	other.cookie, other.origin = page.cookie, "https://evil.test"
	all = append(all, stranger, forger, over)

	examples := w.examples()
	maps.Copy(examples, w.serviceExamples())
	for _, rt := range desk.Routes() {
		below := strings.TrimPrefix(rt.Path, desk.Prefix)
		key := rt.Method + " " + below
		e, ok := examples[key]
		delete(examples, key)
		if !ok && strings.Contains(below, "{") {
			t.Errorf("%s has ids in its path and no example: add one to walk_test.go", key)
			continue
		}
		w.wall.passed.Add(int64(10 * time.Second)) // so that nobody asks too often
		w.free()
		mine := things{}
		if e.ready != nil {
			mine = e.ready(w)
		}
		unknown := things{}
		for i, name := range slices.Sorted(maps.Keys(mine)) {
			unknown[name] = fmt.Sprintf("33333333-1111-4111-8111-%012d", i)
		}
		ask := func(c *client, with things) *answer {
			path, body := desk.Prefix+with.in(below), with.in(e.body)
			if e.query != "" {
				path += "?" + e.query
			}
			if body == "" && rt.Method != http.MethodGet {
				body = "{}"
			}
			who := *c // what it learns is forgotten
			return who.ask(rt.Method, path, body)
		}
		if rt.Open {
			if a := ask(stranger.client, mine); a.status != max(e.status, 200) {
				t.Errorf("%s is open and answers %d %s", key, a.status, a.text)
			}
			continue
		}
		visit := func(v *visitor) {
			allowed := v.signedIn && v.may(rt.Needs)
			if allowed && (len(mine) == 0 && rt.Method != http.MethodGet || len(mine) > 0 && e.shared && !v.elsewhere) {
				return // it would do as pat does
			}
			got := ask(v.client, mine)
			if len(mine) > 0 {
				lost := ask(v.client, unknown)
				if got.status != lost.status || mine.out(got.text) != unknown.out(lost.text) {
					t.Errorf("%s shows %s that something exists: %d %s, and of what does not: %d %s", key, v.name, got.status, got.text, lost.status, lost.text)
				}
			}
			switch {
			case v.refused && got.status == 403, !v.signedIn && got.status == 401 && got.kind() == "UnauthorizedException":
			case v.signedIn && !allowed && got.status == 403 && strings.Contains(got.message(), "permission"):
			case allowed && len(mine) == 0 && got.status == max(e.status, 200):
				if theirs := map[bool]center.InstanceID{true: instance, false: elsewhere}[v.elsewhere]; strings.Contains(got.text, string(theirs)) {
					t.Errorf("%s shows %s something of another instance: %s", key, v.name, got.text)
				}
			case allowed && len(mine) > 0 && got.status == 404:
			default:
				t.Errorf("%s answers %s with %d %s", key, v.name, got.status, got.text)
			}
		}
		for _, v := range all {
			visit(v)
		}
		visit(other)
		if rt.Method != http.MethodGet {
			visit(page)
		}
		if a := ask(w.pat, mine); a.status != max(e.status, 200) {
			t.Errorf("%s does not succeed, so the walk shows nothing: %d %s", key, a.status, a.text)
		}
		if e.last {
			w.pat = sign()
		}
	}
	for key := range examples {
		t.Errorf("there is an example of %s, and no such route", key)
	}
}
