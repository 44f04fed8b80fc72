package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// pages are a server for development that pages of several sites ask, with a clock that a test puts forward.
type pages struct {
	t       *testing.T
	server  *Server
	front   *httptest.Server
	forward atomic.Int64
}

func newPages(t *testing.T, edit func(*Config)) *pages {
	t.Helper()
	p := &pages{t: t}
	p.server = development(t, func(c *Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(p.forward.Load())) }
		if edit != nil {
			edit(c)
		}
	})
	p.front = httptest.NewServer(p.server.Handler())
	t.Cleanup(p.front.Close)
	return p
}

// ask sends a request of a page; origin "" is of no page.
func (p *pages) ask(method, path, origin, bearer, body string) (status int, allowed string, answer map[string]any) {
	p.t.Helper()
	r, err := http.NewRequest(method, p.front.URL+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for name, value := range map[string]string{"Origin": origin, "X-Amz-Bearer": bearer} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	got, err := p.front.Client().Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer got.Body.Close() //nolint:errcheck // it was read
	raw, err := io.ReadAll(got.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &answer); err != nil {
			p.t.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
	return got.StatusCode, got.Header.Get("Access-Control-Allow-Origin"), answer
}

// done is ask for what must be a success.
func (p *pages) done(method, path, bearer, body string) map[string]any {
	p.t.Helper()
	status, _, answer := p.ask(method, path, "", bearer, body)
	if status != http.StatusOK {
		p.t.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
	return answer
}

func (p *pages) approve(at, origin string) {
	p.t.Helper()
	p.done("PUT", "/instance/"+at+"/approved-origin", "", `{"Origin":"`+origin+`"}`)
}

// customer is the connection token of somebody in a chat of an instance, and the address of their socket.
func (p *pages) customer(at, flow string) (bearer, socket string) {
	p.t.Helper()
	started := p.done("PUT", "/contact/chat", "", `{"InstanceId":"`+at+`","ContactFlowId":"`+flow+`","ParticipantDetails":{"DisplayName":"Ana"}}`)
	connection := p.done("POST", "/participant/connection", started["ParticipantToken"].(string), `{"Type":["WEBSOCKET","CONNECTION_CREDENTIALS"],"ConnectParticipant":true}`)
	return connection["ConnectionCredentials"].(map[string]any)["ConnectionToken"].(string), connection["Websocket"].(map[string]any)["Url"].(string)
}

// another makes a second instance with a flow.
func (p *pages) another() (at, flow string) {
	p.t.Helper()
	made := p.done("PUT", "/instance", "", `{"IdentityManagementType":"CONNECT_MANAGED","InstanceAlias":"news","InboundCallsEnabled":false,"OutboundCallsEnabled":false}`)
	at = made["Id"].(string)
	flow = p.done("PUT", "/contact-flows/"+at, "", `{"Name":"Bye","Type":"CONTACT_FLOW","Content":"{\"Version\":\"2019-10-30\",\"StartAction\":\"Wait\",\"Actions\":[`+
		`{\"Identifier\":\"Wait\",\"Type\":\"Wait\",\"Parameters\":{\"TimeLimitSeconds\":\"600\"},\"Transitions\":{\"NextAction\":\"End\",\"Conditions\":[{\"NextAction\":\"End\",\"Condition\":{\"Operator\":\"Equals\",\"Operands\":[\"WaitCompleted\"]}}],\"Errors\":[{\"NextAction\":\"End\",\"ErrorType\":\"NoMatchingError\"}]}},`+
		`{\"Identifier\":\"End\",\"Type\":\"DisconnectParticipant\",\"Parameters\":{},\"Transitions\":{}}]}"}`)["ContactFlowId"].(string)
	return at, flow
}

const hello = `{"ContentType":"text/plain","Content":"Hello"}`

// The pages of each instance's own list are let in with its own tokens, and no others.
func TestPagesOfTwoInstances(t *testing.T) {
	const shop, news, evil = "https://shop.example", "https://news.example", "https://evil.example"
	p := newPages(t, nil)
	other, flow := p.another()
	shopToken, shopSocket := p.customer(string(SeedInstance), string(SeedFlow))
	newsToken, newsSocket := p.customer(other, flow)

	type asked struct {
		origin                                             string
		preflight, shopMessage, newsMessage, shops, newses bool // let in
	}
	check := func(when string, all []asked) {
		t.Helper()
		for _, c := range all {
			status, allowed, _ := p.ask("OPTIONS", "/participant/message", c.origin, "", "")
			if ok := status == http.StatusNoContent && allowed != ""; ok != c.preflight {
				t.Errorf("%s: the preflight of %q: %d, allowed %q", when, c.origin, status, allowed)
			}
			for _, m := range []struct {
				of, token string
				in        bool
			}{{"shop", shopToken, c.shopMessage}, {"news", newsToken, c.newsMessage}} {
				status, allowed, answer := p.ask("POST", "/participant/message", c.origin, m.token, hello)
				switch {
				case m.in && (status != http.StatusOK || allowed != "*" && allowed != c.origin):
					t.Errorf("%s: a message of %q with a token of the %s: %d, allowed %q: %v", when, c.origin, m.of, status, allowed, answer)
				case !m.in && (status != http.StatusForbidden || allowed != "" || answer["__type"] != "AccessDeniedException" || !strings.Contains(answer["message"].(string), "approved origins")):
					t.Errorf("%s: a message of %q with a token of the %s is not refused: %d, allowed %q: %v", when, c.origin, m.of, status, allowed, answer)
				}
			}
			for _, s := range []struct {
				of, url string
				in      bool
			}{{"shop", shopSocket, c.shops}, {"news", newsSocket, c.newses}} {
				if err := p.dial(s.url, c.origin); (err == nil) != s.in {
					t.Errorf("%s: a socket of %q with a token of the %s: %v", when, c.origin, s.of, err)
				}
			}
		}
	}

	everywhere := func(origin string) asked { return asked{origin, true, true, true, true, true} }
	check("no lists", []asked{everywhere(shop), everywhere(evil), everywhere("null"), everywhere("")})

	p.approve(string(SeedInstance), "https://Shop.Example/")
	own := p.front.URL
	check("a list of the shop", []asked{
		everywhere(shop), everywhere(""), everywhere(own),
		{news, true, false, true, false, true}, {"null", true, false, true, false, true},
		{"https://shop.example:8443", true, false, true, false, true}, {"http://shop.example", true, false, true, false, true},
		{"https://www.shop.example", true, false, true, false, true}, {"https://shop.example.evil.example", true, false, true, false, true},
	})

	p.approve(other, news)
	check("two lists", []asked{
		{shop, true, true, false, true, false}, {news, true, false, true, false, true},
		{evil, false, false, false, false, false}, {"null", false, false, false, false, false},
		everywhere(""), everywhere(own),
	})

	p.done("DELETE", "/instance/"+other+"/approved-origin?origin="+news, "", "")
	check("one list again", []asked{everywhere(shop), {evil, true, false, true, false, true}})
}

// dial opens a socket as a page does, and closes it.
func (p *pages) dial(url, origin string) error {
	options := &websocket.DialOptions{HTTPHeader: http.Header{}}
	if origin != "" {
		options.HTTPHeader.Set("Origin", origin)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, answer, err := websocket.Dial(ctx, url, options)
	if err == nil {
		return conn.CloseNow()
	}
	if answer == nil || answer.StatusCode != http.StatusForbidden || answer.Header.Get("Access-Control-Allow-Origin") != "" {
		p.t.Errorf("a socket of %q failed, but was not refused: %v", origin, err)
	}
	return err
}

// What another node has changed holds here within two seconds.
func TestApprovedOriginsOfAnotherNode(t *testing.T) {
	const shop, evil = "https://shop.example", "https://evil.example"
	p := newPages(t, nil)
	token, _ := p.customer(string(SeedInstance), string(SeedFlow))
	status := func(method, origin string) int {
		status, _, _ := p.ask(method, "/participant/message", origin, token, hello)
		return status
	}
	if status("POST", evil) != http.StatusOK || status("OPTIONS", evil) != http.StatusNoContent {
		t.Error("without a list a page is refused")
	}
	// As another node does it: this one's cache learns nothing.
	err := catalog.Associate(t.Context(), p.server.catalog, SeedInstance, catalog.ApprovedOrigins, &center.ApprovedOrigin{Origin: shop}, "")
	if err != nil {
		t.Fatal(err)
	}
	p.forward.Add(int64(2 * time.Second))
	if status("POST", evil) != http.StatusForbidden || status("OPTIONS", evil) != http.StatusForbidden || status("POST", shop) != http.StatusOK {
		t.Error("after two seconds the list does not hold")
	}
	if err := catalog.ApprovedOrigins.Remove(t.Context(), p.server.catalog, SeedInstance, shop); err != nil {
		t.Fatal(err)
	}
	p.forward.Add(int64(2 * time.Second))
	if status("POST", evil) != http.StatusOK || status("OPTIONS", evil) != http.StatusNoContent {
		t.Error("two seconds after the list has gone it still holds")
	}
}

// Whoever starts a server with --cors open holds no page to a list. A public URL is the server's own whatever Host says.
func TestOpenAndOwnOrigins(t *testing.T) {
	const evil = "https://evil.example"
	open := newPages(t, func(c *Config) { c.AnyOrigin = true })
	open.approve(string(SeedInstance), "https://shop.example")
	token, socket := open.customer(string(SeedInstance), string(SeedFlow))
	if status, allowed, _ := open.ask("POST", "/participant/message", evil, token, hello); status != http.StatusOK || allowed != "*" {
		t.Errorf("with --cors open a message is answered %d, allowed %q", status, allowed)
	}
	if status, allowed, _ := open.ask("OPTIONS", "/participant/message", evil, "", ""); status != http.StatusNoContent || allowed != "*" {
		t.Errorf("with --cors open a preflight is answered %d, allowed %q", status, allowed)
	}
	if err := open.dial(socket, evil); err != nil {
		t.Errorf("with --cors open a socket is refused: %v", err)
	}

	named := newPages(t, func(c *Config) { c.PublicURL = "https://chat.example" })
	named.approve(string(SeedInstance), "https://shop.example")
	token, _ = named.customer(string(SeedInstance), string(SeedFlow))
	for origin, want := range map[string]int{"https://chat.example": http.StatusOK, named.front.URL: http.StatusForbidden, "http://chat.example": http.StatusForbidden} {
		if status, _, answer := named.ask("POST", "/participant/message", origin, token, hello); status != want {
			t.Errorf("a message of %s is answered %d: %v", origin, status, answer)
		}
	}
}
