package clients

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	connecttypes "github.com/aws/aws-sdk-go-v2/service/connect/types"
)

// page of the driver by role and label.
func (d *desktop) click(where, label string) {
	d.t.Helper()
	d.must("click", map[string]any{"name": d.name, "in": where, "label": label}, nil)
}

func (d *desktop) shows(where, text string) {
	d.t.Helper()
	d.must("see", map[string]any{"name": d.name, "in": where, "text": text}, nil)
}

// TestDesktops: the shapes that desktops in public repositories have.
func TestDesktops(t *testing.T) {
	t.Parallel()
	node(t)
	chromium(t)
	s := startDev(t)
	c := newCompany(t, newSDKDesk(t, s))
	b := c.browser()
	step := steps(t)

	step("embedded CCP with attributes on screen")
	func() {
		ada := b.opens("ada", streams, "ccp", c.endpoint+"/ccp-v2?agent=ada")
		ada.tells("agent Ada Person")
		ada.do(`void connect.contact((contact) => contact.onConnected(() => {
			for (const { name, value } of Object.values(contact.getAttributes())) document.body.append(name + " is " + value);
		}))`)
		ada.must("choose", map[string]any{"name": "ada", "in": "frame", "label": "Your status", "option": "Available"}, nil)
		ada.tells("state Offline > Available")
		contact, customer := c.customer(map[string]string{"order": "4711"})
		ada.click("frame", "Accept the chat of "+customerName)
		ada.tells("Connected %s", contact)
		ada.until("document.body.innerText.includes('order is 4711')")
		ada.must("fill", map[string]any{"name": "ada", "in": "frame", "label": "Message", "text": "From the panel", "enter": true}, nil)
		customer.see("what was said in the panel", func(i item) bool { return i.Content == "From the panel" })
		ada.sees("From the panel")
		customer.send("I see you")
		ada.shows("frame", "I see you")
		ada.click("frame", "Transfer")
		ada.click("frame", "Cancel")
		ada.click("frame", "End chat")
		customer.see("the end", ended)
		ada.tells("ACW %s", contact)
		ada.click("frame", "Clear contact")
		ada.tells("Destroy %s", contact)
		ada.is("Offline")
	}()

	step("hidden CCP with buttons of its own")
	func() {
		bo := b.opens("bo", streams, "ccp", c.endpoint+"/connect/ccp-v2/softphone?agent=bo", "hidden", "yes")
		bo.tells("agent Bo Person")
		bo.do(`for (const [label, act] of Object.entries({
			"Go available": () => desk.is("Available"),
			"Take it": () => agent.getContacts()[0].accept(),
			"Hang up": () => agent.getContacts()[0].getAgentConnection().destroy(),
			"Done": () => agent.getContacts()[0].clear(),
		})) document.body.append(Object.assign(document.createElement("button"), { textContent: label, onclick: act }))`)
		bo.click("", "Go available")
		bo.tells("state Offline > Available")
		contact, customer := c.customer(nil)
		equal(t, "offered", bo.offered(), contact)
		bo.click("", "Take it")
		bo.tells("media %s", contact)
		bo.tells("Connected %s", contact)
		bo.do(fmt.Sprintf("desk.say(%q, 'Hidden and here')", contact))
		customer.see("the message", func(i item) bool { return i.Content == "Hidden and here" })
		bo.click("", "Hang up")
		bo.tells("ACW %s", contact)
		bo.click("", "Done")
		bo.tells("Destroy %s", contact)
		if read := bo.number("performance.getEntriesByType('resource').filter((e) => e.name.includes('/transcript')).length"); read != 0 {
			t.Errorf("a hidden frame's page read %v transcripts", read)
		}
	}()

	step("supervisor's page")
	func() {
		bo := &desktop{b, "bo"}
		sue := b.opens("sue", streams, "ccp", c.endpoint+"/ccp-v2?agent=sue")
		sue.tells("agent Sue Person")
		contact, customer := c.customer(nil)
		bo.offered()
		bo.do(fmt.Sprintf("desk.acceptAndSay(%q, 'Bo here')", contact))
		sue.is("Available") // who is offline monitors nothing
		monitored := *ask(t, c.admin.client.MonitorContact, &connect.MonitorContactInput{
			InstanceId: &c.instance, ContactId: &contact, UserId: aws.String(c.users["sue"]),
			AllowedMonitorCapabilities: []connecttypes.MonitorCapability{connecttypes.MonitorCapabilitySilentMonitor, connecttypes.MonitorCapabilityBarge},
		}).ContactId
		sue.tells("Connected %s", monitored)
		equal(t, "the supervisor's connection", sue.text(fmt.Sprintf("desk.states(%q)[0]", monitored)), "monitoring silent_monitor")
		sue.tells("media %s", monitored)
		customer.send("Who else is here?")
		sue.sees("Who else is here?")
		sue.do(fmt.Sprintf("desk.done((callbacks) => desk.contact(%q).bargeIn(callbacks))", monitored))
		sue.until(fmt.Sprintf("desk.states(%q)[0] === 'monitoring barge'", monitored))
		sue.do(fmt.Sprintf("desk.say(%q, 'I am, the supervisor.')", monitored))
		customer.see("the supervisor's message", func(i item) bool { return i.Content == "I am, the supervisor." && i.ParticipantRole == "SUPERVISOR" })
		sue.do(fmt.Sprintf("desk.leave(%q)", monitored))
		sue.tells("ACW %s", monitored)
		sue.do(fmt.Sprintf("desk.do(%q, 'clear')", monitored))
		sue.tells("Destroy %s", monitored)
		bo.do(fmt.Sprintf("desk.leave(%q)", contact))
		customer.see("the end", ended)
		sue.is("Offline")
		bo.is("Offline")
	}()

	step("the panel on its own")
	func() {
		ada := &desktop{b, "panel"}
		b.must("open", map[string]any{"who": "panel", "name": "panel", "url": c.endpoint + "/ccp-v2?agent=ada", "width": 400, "height": 800}, nil)
		screenshots(ada.driven, "panel", "ccp-empty")
		ada.must("choose", map[string]any{"name": "panel", "label": "Your status", "option": "Available"}, nil)
		_, customer := c.customer(map[string]string{"order": "4711", "plan": "Pro"})
		ada.shows("", "New chat · BasicQueue")
		screenshots(ada.driven, "panel", "ccp-offered")
		ada.click("", "Accept the chat of "+customerName)
		ada.must("fill", map[string]any{"name": "panel", "label": "Message", "text": "Good morning! How can I help?", "enter": true}, nil)
		customer.send("My parcel has not come. It was to be here on Monday.")
		ada.shows("", "My parcel has not come. It was to be here on Monday.")
		screenshots(ada.driven, "panel", "ccp-talking")
		customer.leave()
		ada.shows("", "The chat is over. Clear the contact when your work on it is done.")
		screenshots(ada.driven, "panel", "ccp-over")
		ada.click("", "Clear contact")
		ada.shows("", "No chats. New ones appear here.")
		ada.click("", "Sign out")
		ada.shows("", "Sign in to take chats.")
		screenshots(ada.driven, "panel", "ccp-signed-out")
	}()
	b.checkTroubles("the target origin provided", "/agent/v1/session") // which has ended
}

// desktopPage is the page of docs/streams.md.
var desktopPage = regexp.MustCompile("(?s)<!-- run by clients/streams_test.go: desktop -->\n```html\n(.*?)```")

// TestThePageOfTheDocs runs it as it stands there, but for the server's address.
func TestThePageOfTheDocs(t *testing.T) {
	t.Parallel()
	node(t)
	chromium(t)
	s := startDev(t)
	c := newCompany(t, newSDKDesk(t, s))
	text, err := os.ReadFile(filepath.Join("..", "docs", "streams.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := desktopPage.FindSubmatch(text)
	if found == nil {
		t.Fatal("docs/streams.md has no page")
	}
	if n := strings.Count(string(found[1]), "\n"); n > 40 {
		t.Errorf("the page of 40 lines has %d", n)
	}
	page := strings.ReplaceAll(string(found[1]), "http://127.0.0.1:4510", s.endpoint)
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, page) //nolint:errcheck // the page is gone then
	})
	mux.Handle("/node_modules/", http.StripPrefix("/node_modules/", http.FileServer(http.Dir("node_modules"))))
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)

	b := c.browser()
	d := &desktop{b, "desktop"}
	b.must("open", map[string]any{"who": "jane", "name": "desktop", "url": strings.Replace(site.URL, "127.0.0.1", "localhost", 1) + "/"}, nil)
	d.must("choose", map[string]any{"name": "desktop", "in": "frame", "label": "Your status", "option": "Available"}, nil)
	_, customer := c.customer(map[string]string{"order": "4711"})
	said := customer.send("Hello?")
	_ = said
	d.click("frame", "Accept the chat of "+customerName)
	d.until("document.getElementById('attributes').innerText.includes('order: 4711')")
	d.until("document.getElementById('messages').innerText.includes('Hello?')")
	d.must("fill", map[string]any{"name": "desktop", "label": "Answer", "text": "Hello!"}, nil)
	d.click("", "Send")
	customer.see("the answer", func(i item) bool { return i.Content == "Hello!" && i.ParticipantRole == "AGENT" })
	d.until("document.getElementById('messages').innerText.includes('Hello!')")
	b.checkTroubles("favicon.ico")
}

// TestBadPages: pages that must not get anywhere.
func TestBadPages(t *testing.T) {
	t.Parallel()
	node(t)
	chromium(t)
	place := newSite(t)
	place.serve()
	place.desk()
	c := newCompany(t, newSignedDesk(t, place.server, place.keyID, place.secret))
	b := c.browser()
	step := steps(t)

	step("a page that no instance approves of gets no frame")
	evil := b.opens("mallory", streams, "popup", "no")
	evil.until("told.includes('ACK_TIMEOUT')")
	equal(t, "the frame's page", evil.text("(() => { try { return String(document.querySelector('iframe').contentWindow.location.href) } catch (error) { return 'another origin' } })()"), "another origin")
	var had struct {
		Troubles []string `json:"troubles"`
	}
	b.must("troubles", nil, &had)
	if !strings.Contains(strings.Join(had.Troubles, "\n"), "frame-ancestors") {
		t.Errorf("the browser did not refuse the frame: %v", had.Troubles)
	}
	evil.must("close", map[string]any{"name": evil.name}, nil)

	step("a frame that is made anew every five seconds is signed in by a popup all the same; what it does not know is refused at once")
	c.approve()
	ada := b.opens("ada", streams)
	ada.must("popup", map[string]any{"name": ada.name, "as": "popup"}, nil)
	ada.until("(window.first ??= document.querySelector('iframe')) !== document.querySelector('iframe')") // made anew once
	ada.must("signIn", map[string]any{"name": "popup", "username": "ada", "password": userPassword}, nil)
	ada.tells("agent Ada Person")
	ada.is("Available")
	contact, customer := c.customer(nil)
	ada.offered()

	bo := b.opens("bo", streams)
	bo.signsIn("bo")
	for call, want := range map[string]string{
		fmt.Sprintf("desk.ask('acceptContact', {contactId: %q})", contact):                                       "ContactNotFoundException",
		fmt.Sprintf("desk.ask('destroyConnection', {contactId: %q, connectionId: 'x'})", contact):                "ContactNotFoundException",
		fmt.Sprintf("desk.ask('createTransport', {transportType: 'chat_token', contactId: %q})", contact):        "ContactNotFoundException",
		"desk.ask('createTransport', {transportType: 'web_rtc'})":                                                "BadEndpointException",
		"desk.ask('acceptContact', {contactId: '../../session'})":                                                "InvalidParameterException",
		"desk.ask('acceptContact', {})":                                                                          "InvalidParameterException",
		"desk.ask('acceptContact', {contactId: 'x'.repeat(1 << 20)})":                                            "InvalidParameterException",
		"desk.ask('transferContact', {contactId: 'a', endpoint: {endpointARN: 'x'.repeat(1 << 20)}})":            "InvalidParameterException",
		"desk.ask('putAgentState', {state: {agentStateARN: 'x'.repeat(1 << 20)}, padding: 'x'.repeat(1 << 20)})": "InvalidParameterException",
		"desk.ask('putAgentState', {state: {name: 'Nowhere'}})":                                                  "ResourceNotFoundException",
		"desk.ask('holdConnection', {contactId: 'a'})":                                                           "InvalidContactTypeException",
		"desk.ask('createOutboundContact', {})":                                                                  "BadEndpointException",
		"desk.ask('noSuchMethod', {a: 1})":                                                                       "UnknownOperationException",
		"desk.ask('constructor', {})":                                                                            "UnknownOperationException",
		"desk.ask('AgentAppService.Lcms.getContact', {})":                                                        "UnknownOperationException",
	} {
		said := bo.refuses(call)
		problem := decode[struct {
			Type    string
			Message string
		}](t, call, []byte(said))
		if problem.Type != want || problem.Message == "" {
			t.Errorf("%.100s: %s, want %s", call, said, want)
		}
	}

	step("made-up messages do nothing, and the frame lives")
	bo.do(`for (const message of [null, 1, "x", [], {}, {event: 1}, {event: "nonsense"}, {event: "api_request"}, {event: "api_request", data: 7}, {event: "api_request", data: {method: {}}},
		{event: "master_request"}, {event: "broadcast"}, {event: "broadcast", data: {event: 3}}, {event: "webSocket::subscribe", data: 9}, {event: "configure", data: null},
		{parley: "hello"}, {parley: "token", token: "x"}, {parley: "taken"}, {type: "cross-domain-site-ready"}, {event: "__proto__", data: {}}, {event: "synchronize", data: "x".repeat(1 << 20)}])
		document.querySelector("iframe").contentWindow.postMessage(message, "*")`)
	bo.do("desk.is('Offline')")
	// A page that is not the one around the frame is not listened to.
	bo.do(`(() => {
		const other = document.body.appendChild(document.createElement("iframe"));
		window.stolen = [];
		other.contentWindow.addEventListener("message", ({ data }) => stolen.push(data));
		const script = other.contentDocument.createElement("script");
		script.textContent = "parent.document.querySelector('iframe').contentWindow.postMessage({event: 'api_request', data: {requestId: 'r', method: 'putAgentState', params: {state: {name: 'Available'}}}}, '*')";
		other.contentDocument.body.append(script);
	})()`)
	bo.do("desk.endpoints().then(() => null)")
	equal(t, "the state", bo.text("agent.getState().name"), "Offline")
	equal(t, "what another frame heard", bo.number("stolen.length"), 0)

	step("a user without permission")
	eve := b.opens("eve", streams, "again", "no")
	eve.must("popup", map[string]any{"name": "eve", "as": "eve's popup"}, nil)
	eve.must("signIn", map[string]any{"name": "eve's popup", "username": "eve", "password": userPassword}, nil)
	eve.tells("denied")
	customer.leave()
}
