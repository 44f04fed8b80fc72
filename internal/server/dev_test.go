package server

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// development makes a server for development in memory.
func development(t *testing.T, edit func(*Config)) *Server {
	t.Helper()
	cfg := Config{
		Dev: true, Database: "sqlite::memory:", Settings: center.DefaultSettings(),
		Partition: center.Partition{Account: SeedAccount, Region: SeedRegion},
		Fatal:     func(err error) { t.Errorf("nothing may go on: %v", err) },
	}
	if edit != nil {
		edit(&cfg)
	}
	s, err := New(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // a test's; it may be closed already
	return s
}

// ask sends a request that came over the loopback interface. headers are names and values in turn.
func ask(s *Server, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:4510"+target, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	local := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4510}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local)))
	return w
}

// get reads an answer that must be a success.
func get[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Fatalf("answered %d: %s", w.Code, w.Body)
	}
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return v
}

// visitor is a customer of a test.
type visitor struct {
	t      *testing.T
	s      *Server
	chat   string
	token  string // for CreateParticipantConnection
	bearer string
}

// visit starts a chat in a flow, "" for the seeded one.
func visit(t *testing.T, s *Server, flow string) *visitor {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"DisplayName": "Ana", "ContactFlowId": flow})
	started := get[map[string]string](t, ask(s, "POST", "/_parley/start", string(body)))
	return &visitor{t, s, started["ContactId"], started["ParticipantToken"], ""}
}

// connect makes the flow begin.
func (v *visitor) connect() *httptest.ResponseRecorder {
	w := ask(v.s, "POST", "/participant/connection", `{"Type":["CONNECTION_CREDENTIALS","WEBSOCKET"],"ConnectParticipant":true}`, "X-Amz-Bearer", v.token)
	var out struct {
		ConnectionCredentials struct{ ConnectionToken string }
	}
	_ = json.Unmarshal(w.Body.Bytes(), &out) // of a success
	v.bearer = out.ConnectionCredentials.ConnectionToken
	return w
}

type said struct{ AbsoluteTime, Content, ContentType, Type string }

// transcript lists what was said, oldest first.
func (v *visitor) transcript() []said {
	v.t.Helper()
	w := ask(v.s, "POST", "/participant/transcript", `{"SortOrder":"ASCENDING","MaxResults":100}`, "X-Amz-Bearer", v.bearer)
	return get[struct{ Transcript []said }](v.t, w).Transcript
}

// makeFlow makes a flow of actions, each a JSON object, the first of which is "1".
func makeFlow(t *testing.T, s *Server, actions string) string {
	t.Helper()
	body, _ := json.Marshal(map[string]string{
		"Name": "test", "Type": "CONTACT_FLOW",
		"Content": `{"Version":"2019-10-30","StartAction":"1","Actions":[` + actions + `]}`,
	})
	return get[struct{ ContactFlowId string }](t, ask(s, "PUT", "/contact-flows/"+string(SeedInstance), string(body))).ContactFlowId
}

const (
	endOfFlow = `{"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}`
	says      = `{"Identifier":"ID","Type":"MessageParticipant","Parameters":{"Text":"TEXT"},"Transitions":{"NextAction":"NEXT","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}],"Conditions":[]}}`
	waits     = `{"Identifier":"ID","Type":"Wait","Parameters":{"TimeLimitSeconds":"TEXT"},"Transitions":{"NextAction":"end","Conditions":[{"NextAction":"NEXT","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}}],"Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}}`
)

func action(template, id, text, next string) string {
	return strings.NewReplacer("ID", id, "TEXT", text, "NEXT", next).Replace(template) + ","
}

func TestInfo(t *testing.T) {
	s := development(t, nil)
	info := get[struct {
		Endpoint, Region, Account, InstanceID, ContactFlowID, Version string
		Instances                                                     []struct {
			ID, Alias, ARN string
			Flows          []struct{ ID, ARN, Name, Type string }
		}
		Clock struct {
			Now    time.Time
			Manual bool
		}
	}](t, ask(s, "GET", "/_parley/info", "", "Host", "localhost:4510"))
	if info.Endpoint != "http://localhost:4510" || info.Region != SeedRegion || info.Account != SeedAccount ||
		info.InstanceID != string(SeedInstance) || info.ContactFlowID != string(SeedFlow) {
		t.Errorf("%+v", info)
	}
	if len(info.Instances) != 1 || info.Instances[0].Alias != SeedAlias || len(info.Instances[0].Flows) != 21 {
		t.Fatalf("instances: %+v", info.Instances)
	}
	flow := info.Instances[0].Flows[0]
	const arn = "arn:aws:connect:us-east-1:123456789012:instance/11111111-1111-4111-8111-111111111111"
	if info.Instances[0].ARN != arn || flow.ARN != arn+"/contact-flow/22222222-2222-4222-8222-222222222222" || flow.Name != SeedFlowName {
		t.Errorf("%+v", info.Instances[0])
	}
	if info.Clock.Manual || time.Since(info.Clock.Now).Abs() > time.Minute {
		t.Errorf("clock: %+v", info.Clock)
	}
}

// Each timer on the way fires at its own time, those that follow from others too.
func TestAdvance(t *testing.T) {
	begin := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	s := development(t, func(c *Config) { c.Clock = NewManualClock(begin) })
	flow := makeFlow(t, s, action(says, "1", "zero", "2")+action(waits, "2", "60", "3")+action(says, "3", "one", "4")+
		action(waits, "4", "120", "5")+action(says, "5", "three", "6")+action(waits, "6", "172800", "end")+endOfFlow)
	v := visit(t, s, flow)
	w := v.connect()
	if w.Code != http.StatusOK {
		t.Fatalf("connect: %d %s", w.Code, w.Body)
	}
	timers := func() map[string]string {
		all := map[string]string{}
		for _, one := range get[struct{ Timers []map[string]string }](t, ask(s, "GET", "/_parley/timers", "")).Timers {
			if one["contact"] != v.chat {
				t.Errorf("a timer of %s", one["contact"])
			}
			all[one["timer"]] = one["at"]
		}
		return all
	}
	if got := timers()["flow"]; got != "2030-01-01T00:01:00.000Z" {
		t.Errorf("the flow's timer is at %q", got)
	}
	working, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { s.Work(working) }) // as in a server that runs
	defer group.Wait()
	defer stop()

	advanced := get[clockInfo](t, ask(s, "POST", "/_parley/clock", `{"advance":"10m"}`))
	if !advanced.Manual || advanced.Now != "2030-01-01T00:10:00.000Z" {
		t.Errorf("the clock shows %+v", advanced)
	}
	at := map[string]string{}
	for _, one := range v.transcript() {
		if one.Type == "MESSAGE" {
			at[one.Content] = one.AbsoluteTime
		}
	}
	for text, want := range map[string]string{"one": "2030-01-01T00:01:00", "three": "2030-01-01T00:03:00"} {
		if !strings.HasPrefix(at[text], want) {
			t.Errorf("%q was said at %q, want %s", text, at[text], want)
		}
	}
	if got := timers()["flow"]; got != "2030-01-03T00:03:00.000Z" {
		t.Errorf("the flow's next timer is at %q", got)
	}

	to := get[clockInfo](t, ask(s, "POST", "/_parley/clock", `{"to":"2030-01-02T00:00:00+01:00"}`))
	if to.Now != "2030-01-01T23:00:00.000Z" {
		t.Errorf("the clock shows %s", to.Now)
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { ask(s, "POST", "/_parley/clock", `{"advance":"1h"}`) })
	}
	both.Wait()
	if now := get[clockInfo](t, ask(s, "GET", "/_parley/clock", "")).Now; now != "2030-01-02T01:00:00.000Z" {
		t.Errorf("after two hours of two people the clock shows %s", now)
	}
}

// A socket's credentials go by real time, however far contact time is.
func TestExpiriesStayOnRealTime(t *testing.T) {
	s := development(t, func(c *Config) { c.Clock = NewManualClock(time.Now().AddDate(10, 0, 0)) })
	out := get[struct{ ConnectionCredentials struct{ Expiry time.Time } }](t, visit(t, s, "").connect())
	if d := time.Until(out.ConnectionCredentials.Expiry); d > 24*time.Hour || d < 23*time.Hour {
		t.Errorf("the token expires in %v, want in a day", d)
	}
}

func TestBadRequestsToDevelopment(t *testing.T) {
	manual := development(t, func(c *Config) { c.Clock = NewManualClock(time.Now()) })
	realTime := development(t, nil)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		says                     string
	}{
		{"no advance", "POST", "clock", `{}`, 400, "advance"},
		{"no body", "POST", "clock", ``, 400, "advance"},
		{"null", "POST", "clock", `null`, 400, "advance"},
		{"a number", "POST", "clock", `{"advance":5}`, 400, "JSON"},
		{"no duration", "POST", "clock", `{"advance":"soon"}`, 400, "duration"},
		{"backwards", "POST", "clock", `{"advance":"-1s"}`, 400, "duration"},
		{"before now", "POST", "clock", `{"to":"2001-01-01T00:00:00Z"}`, 400, "not before"},
		{"no time", "POST", "clock", `{"to":"tomorrow"}`, 400, "RFC 3339"},
		{"no JSON", "POST", "clock", `advance=5m`, 400, "JSON"},
		{"two values", "POST", "clock", `{"advance":"1s"} {"advance":"1s"}`, 400, "JSON"},
		{"a long body", "POST", "clock", `{"advance":"` + strings.Repeat("x", maxDevBody) + `"}`, 413, "too large"},
		{"a long name", "POST", "start", `{"DisplayName":"` + strings.Repeat("x", 257) + `"}`, 400, "DisplayName"},
		{"no name", "POST", "start", `{}`, 400, "DisplayName"},
		{"no instance", "POST", "start", `{"DisplayName":"Ana","InstanceId":"x"}`, 400, "INSTANCE"},
		{"no flow", "POST", "start", `{"DisplayName":"Ana","ContactFlowId":"33333333-3333-4333-8333-333333333333"}`, 400, "CONTACT_FLOW"},
		{"a strange rehydration", "POST", "start", `{"DisplayName":"Ana","PersistentChat":{"RehydrationType":"X","SourceContactId":"Y"}}`, 400, ""},
		{"a list", "POST", "start", `[]`, 400, "JSON"},
		{"attributes of numbers", "POST", "start", `{"DisplayName":"Ana","Attributes":{"a":1}}`, 400, "JSON"},
		{"deep nesting", "POST", "start", strings.Repeat(`{"a":`, 12000), 400, "JSON"},
		{"a method", "DELETE", "reset", ``, 405, ""},
		{"a link", "GET", "reset", ``, 405, ""},
		{"a posted page", "POST", "info", ``, 405, ""},
		{"an unknown path", "GET", "nothing", ``, 404, ""},
		{"an unknown path below", "POST", "reset/all", ``, 404, ""},
		{"a path that climbs", "POST", "../_parley/../_parley/nothing", ``, 307, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := ask(manual, c.method, "/_parley/"+c.path, c.body)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("answered %d %s, want %d and %q", w.Code, w.Body, c.status, c.says)
			}
			if kind := w.Header().Get("Content-Type"); c.says != "" && kind != "application/json" {
				t.Errorf("Content-Type is %q", kind)
			}
		})
	}
	if w := ask(realTime, "POST", "/_parley/clock", `{"advance":"1h"}`); w.Code != 400 || !strings.Contains(w.Body.String(), "--clock manual") {
		t.Errorf("advancing real time: %d %s", w.Code, w.Body)
	}
	if got := get[struct{ Contacts []any }](t, ask(manual, "GET", "/_parley/contacts", "")).Contacts; len(got) != 0 {
		t.Errorf("%d chats were started", len(got))
	}
}

func TestContactsTellNothingThatWasSaid(t *testing.T) {
	s := development(t, nil)
	body := `{"DisplayName":"Ana Secretname","Attributes":{"cardNumber":"4111-secret"}}`
	contact := get[map[string]string](t, ask(s, "POST", "/_parley/start", body))["ContactId"]
	w := ask(s, "GET", "/_parley/contacts", "")
	for _, secret := range []string{"4111-secret", "Secretname"} {
		if strings.Contains(w.Body.String(), secret) {
			t.Errorf("it tells %q", secret)
		}
	}
	for _, fact := range []string{contact, "cardNumber", `"role": "CUSTOMER"`, string(SeedFlow)} {
		if !strings.Contains(w.Body.String(), fact) {
			t.Errorf("it does not tell %q: %s", fact, w.Body)
		}
	}
}

func TestResetUnderARunningChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := run(t, development(t, nil))
		before := visit(t, node.s, "")
		if w := before.connect(); w.Code != http.StatusOK {
			t.Fatalf("connect: %d %s", w.Code, w.Body)
		}
		socket := node.dial(before)
		socket.subscribe()
		made := makeFlow(t, node.s, action(says, "1", "Hello", "end")+endOfFlow)
		get[map[string]bool](t, ask(node.s, "POST", "/_parley/reset", ""))
		synctest.Wait()

		if code := socket.closed(); code != 1001 {
			t.Errorf("the socket was closed with %d, want 1001", code)
		}
		if w := before.connect(); w.Code != http.StatusForbidden {
			t.Errorf("the customer of before may connect: %d", w.Code)
		}
		if got := get[struct{ Contacts []any }](t, ask(node.s, "GET", "/_parley/contacts", "")).Contacts; len(got) != 0 {
			t.Errorf("%d contacts are left", len(got))
		}
		if got := get[struct{ Timers []any }](t, ask(node.s, "GET", "/_parley/timers", "")).Timers; len(got) != 0 {
			t.Errorf("%d timers are left", len(got))
		}
		if info := ask(node.s, "GET", "/_parley/info", "").Body.String(); strings.Contains(info, made) || !strings.Contains(info, string(SeedFlow)) {
			t.Errorf("flows: %s", info)
		}
		after := visit(t, node.s, "")
		if w := after.connect(); w.Code != http.StatusOK {
			t.Errorf("a new customer: %d %s", w.Code, w.Body)
		}
	})
}

// What is there after a reset is there after a restart too, the token keys among it.
func TestTokensOfAfterAResetSurviveARestart(t *testing.T) {
	url := "sqlite:" + t.TempDir() + "/parley.db"
	first := development(t, func(c *Config) { c.Database = url })
	get[map[string]bool](t, ask(first, "POST", "/_parley/reset", ""))
	v := visit(t, first, "")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	v.s = development(t, func(c *Config) { c.Database = url })
	if w := v.connect(); w.Code != http.StatusOK {
		t.Errorf("connect after the restart: %d %s", w.Code, w.Body)
	}
}

// A browser sends this server whatever a page from anywhere asks for. It must be this machine's page.
func TestForeignPages(t *testing.T) {
	s := development(t, nil)
	const welcome = "/contact-flows/" + string(SeedInstance) + "/" + string(SeedFlow)
	for _, c := range []struct {
		name, method, target string
		headers              []string
		refused              bool
	}{
		{"curl", "POST", "/_parley/reset", []string{"Content-Type", "application/x-www-form-urlencoded"}, false},
		{"the chat page", "POST", "/_parley/start", []string{"Origin", "http://127.0.0.1:4510"}, false},
		{"the chat page as localhost", "POST", "/_parley/start", []string{"Origin", "http://localhost:4510", "Host", "localhost:4510"}, false},
		{"the chat page as [::1]", "POST", "/_parley/start", []string{"Origin", "http://[::1]:4510", "Host", "[::1]:4510"}, false},
		{"a developer's own page", "POST", "/_parley/start", []string{"Origin", "http://localhost:3000"}, false},
		{"a developer's own page under a name", "POST", "/_parley/start", []string{"Origin", "https://shop.localhost"}, false},
		{"a page from elsewhere", "POST", "/_parley/reset", []string{"Origin", "https://evil.example"}, true},
		{"a form, sent as text", "POST", "/_parley/start", []string{"Origin", "https://evil.example", "Content-Type", "text/plain"}, true},
		{"a page without an origin", "POST", "/_parley/reset", []string{"Origin", "null"}, true},
		{"a name like this machine's", "POST", "/_parley/reset", []string{"Origin", "http://localhost.evil.example"}, true},
		{"an address like this machine's", "POST", "/_parley/reset", []string{"Origin", "http://127.0.0.1.evil.example"}, true},
		{"garbage", "POST", "/_parley/reset", []string{"Origin", "http://[::1"}, true},
		{"a script of elsewhere", "GET", "/_parley/contacts", []string{"Origin", "https://evil.example"}, true},
		{"a preflight from elsewhere", "OPTIONS", "/_parley/reset", []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "POST"}, true},
		{"a name pointed here", "GET", "/_parley/contacts", []string{"Host", "evil.example:4510"}, true},
		{"a name pointed here, its page", "POST", "/_parley/reset", []string{"Host", "evil.example:4510", "Origin", "http://evil.example:4510"}, true},
		{"a name pointed here, the landing page", "GET", "/", []string{"Host", "evil.example:4510"}, true},
		{"a name pointed here, the chat page", "GET", "/chat/", []string{"Host", "evil.example:4510"}, true},
		{"a name pointed here, an operation", "GET", "/instance", []string{"Host", "evil.example:4510", "Authorization", "AWS4-HMAC-SHA256 x"}, true},
		{"an operation from elsewhere", "POST", welcome, []string{"Origin", "https://evil.example", "Content-Type", "text/plain"}, true},
		{"its preflight", "OPTIONS", "/contact/chat", []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "PUT"}, true},
		{"an operation from a developer's own page", "GET", "/instance", []string{"Origin", "http://localhost:3000"}, false},
		{"an operation from the CLI", "GET", "/instance", nil, false},
		{"an address that is not loopback", "GET", "/_parley/info", []string{"Host", "192.0.2.7:4510"}, false},
		{"no Host", "GET", "/_parley/info", []string{"Host", ""}, true},
		{"a participant on a shop's page", "OPTIONS", "/participant/connection", []string{"Origin", "https://shop.example", "Access-Control-Request-Method", "POST"}, false},
		{"a participant by another name", "POST", "/participant/message", []string{"Origin", "https://shop.example", "Host", "chat.shop.example"}, false},
		{"a probe by another name", "GET", "/health/live", []string{"Host", "parley.cluster"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := ask(s, c.method, c.target, `{"DisplayName":"Ana"}`, c.headers...)
			refused := w.Code == http.StatusForbidden && strings.Contains(w.Body.String(), "none of this machine's") ||
				w.Code == http.StatusForbidden && strings.Contains(w.Body.String(), "another site's")
			if refused != c.refused {
				t.Errorf("answered %d %s", w.Code, w.Body)
			}
			if c.refused && w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Error("a foreign page may read the refusal")
			}
		})
	}
}

func TestOtherNamesOfADevelopmentServer(t *testing.T) {
	tunnel := development(t, func(c *Config) { c.PublicURL = "https://abc.tunnel.example/" })
	if w := ask(tunnel, "POST", "/_parley/start", `{"DisplayName":"Ana"}`, "Host", "abc.tunnel.example", "Origin", "https://abc.tunnel.example"); w.Code != 200 {
		t.Errorf("by its public URL: %d %s", w.Code, w.Body)
	}
	if w := ask(tunnel, "GET", "/_parley/info", "", "Host", "other.example"); w.Code != 403 {
		t.Errorf("by another name: %d", w.Code)
	}
	s := development(t, nil)
	r := httptest.NewRequest("POST", "http://parley:4510/_parley/reset", nil)
	r.Header.Set("Origin", "http://parley:4510")
	w := httptest.NewRecorder()
	network := &net.TCPAddr{IP: net.IPv4(172, 17, 0, 2), Port: 4510}
	s.Handler().ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, network)))
	if w.Code != 200 {
		t.Errorf("by a name of a network: %d %s", w.Code, w.Body)
	}
}

// What the landing page shows is there to be copied into a shell; the Host is whatever a client sends.
func TestTheLandingPageShowsNoHostileHost(t *testing.T) {
	s := development(t, nil)
	for _, host := range []string{`"><script>alert(1)</script>`, "$(reboot)", "a;reboot", "`reboot`", "a&reboot", "x'y", "a b"} {
		r := httptest.NewRequest("GET", "http://x/", nil)
		r.Host = host
		network := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 4510}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, network)))
		if strings.Contains(w.Body.String(), host) || strings.Contains(w.Body.String(), "<script") || !strings.Contains(w.Body.String(), "http://192.0.2.7:4510") {
			t.Errorf("%s: %s", host, w.Body)
		}
	}
	public := development(t, func(c *Config) { c.PublicURL = "http://a&b<i>" })
	if w := ask(public, "GET", "/", ""); strings.Contains(w.Body.String(), "b<i>") {
		t.Errorf("the public URL is not escaped: %s", w.Body)
	}
}

func TestPages(t *testing.T) {
	s := development(t, nil)
	for path, kind := range map[string]string{
		"/": "text/html", "/landing.css": "text/css", "/chat/": "text/html", "/chat/chat.js": "text/javascript", "/chat/chat.css": "text/css",
	} {
		w := ask(s, "GET", path, "")
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
		policy := w.Header().Get("Content-Security-Policy")
		for _, rule := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, rule) {
				t.Errorf("%s: the policy %q lacks %q", path, policy, rule)
			}
		}
		if strings.Contains(policy, "unsafe") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, w.Header())
		}
	}
	landing := ask(s, "GET", "/", "", "Host", "localhost:4510").Body.String()
	for _, line := range []string{"export AWS_ENDPOINT_URL=http://localhost:4510", string(SeedInstance), string(SeedFlow), `href="/chat/"`} {
		if !strings.Contains(landing, line) {
			t.Errorf("the landing page lacks %q", line)
		}
	}
	if w := ask(s, "HEAD", "/", ""); w.Code != 200 {
		t.Errorf("HEAD: %d", w.Code)
	}
}

func TestProductionHasNothingOfDevelopment(t *testing.T) {
	s := development(t, func(c *Config) {
		c.Dev, c.Database, c.PublicURL = false, "sqlite:"+t.TempDir()+"/parley.db", "https://chat.example.com"
	})
	for _, target := range []string{"/_parley/info", "/_parley/contacts", "/_parley/timers", "/_parley/clock", "/_parley/routing", "/_parley/", "/chat/", "/metrics", "/debug/", "/debug/pprof/"} {
		if w := ask(s, "GET", target, ""); w.Code != http.StatusNotFound {
			t.Errorf("GET %s: %d", target, w.Code)
		}
	}
	for _, target := range []string{"/_parley/reset", "/_parley/start", "/_parley/clock"} {
		if w := ask(s, "POST", target, `{"DisplayName":"Ana"}`); w.Code != http.StatusNotFound {
			t.Errorf("POST %s: %d", target, w.Code)
		}
	}
	if w := ask(s, "GET", "/instance", ""); w.Code != http.StatusForbidden {
		t.Errorf("an unsigned request: %d %s", w.Code, w.Body)
	}
	landing := ask(s, "GET", "/", "", "Host", "internal.example").Body.String()
	if !strings.Contains(landing, "https://chat.example.com") || strings.Contains(landing, "internal.example") || strings.Contains(landing, "AWS_ACCESS_KEY_ID") {
		t.Errorf("the landing page: %s", landing)
	}
	if all, err := s.Instances(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("instances: %v, %v", all, err)
	}
}
