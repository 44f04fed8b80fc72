package desk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/desk/desktest"
	"github.com/parley-chat/parley/internal/token"
)

// queues puts the customer into the basic queue.
const queues = `{"Version":"2019-10-30","StartAction":"set","Metadata":{},"Actions":[
{"Identifier":"set","Type":"UpdateContactTargetQueue","Parameters":{"QueueId":"%s"},"Transitions":{"NextAction":"go","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},
{"Identifier":"go","Type":"TransferContactToQueue","Parameters":{},"Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"QueueAtCapacity"},{"NextAction":"end","ErrorType":"NoMatchingError"}]}},
{"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`

// customer is one who waits in the basic queue.
type customer struct {
	*world
	contact center.ContactID
	who     chat.Caller
	token   string // that StartChatContact gave out
}

// customer starts a chat that waits in the basic queue.
func (w *world) customer(edit ...func(*center.StartChat)) *customer {
	w.Helper()
	ctx := context.Background()
	if w.flow == "" {
		f, err := w.catalog.CreateFlow(ctx, instance, center.ContactFlow{Name: "queues", Type: center.TypeContactFlow},
			fmt.Sprintf(queues, center.SeededID(instance, "queue", center.BasicQueueName)), true)
		w.must(err)
		w.flow = f.ID
	}
	cmd := center.StartChat{Instance: instance, Flow: w.flow, DisplayName: "Ada", Attributes: map[string]string{"order": "4711"}}
	for _, f := range edit {
		f(&cmd)
	}
	started, err := w.chats.Start(ctx, cmd)
	w.must(err)
	who, err := w.chats.Authenticate(started.Token, token.Participant)
	w.must(err)
	w.must(w.chats.Connected(ctx, who))
	return &customer{w, started.Contact, who, started.Token}
}

func (c *customer) say(text string) {
	c.Helper()
	_, err := c.chats.Send(context.Background(), c.who, center.Message{ContentType: center.TextPlain, Content: text}, "")
	c.must(err)
}

func (c *customer) offerTo(name string) {
	c.Helper()
	c.must(c.agents.Offer(context.Background(), instance, c.contact, c.named(name), 0))
}

func (w *world) named(name string) center.UserID {
	w.Helper()
	u, err := w.catalog.UserNamed(context.Background(), instance, name)
	w.must(err)
	return u.ID
}

// frame is one of an agent's socket.
type frame struct {
	Topic, ContentType, Cursor string
	Content                    json.RawMessage
}

// patience is more than anything takes on a busy machine.
const patience = time.Minute

// line is an agent's socket, and what has come of it.
type line struct {
	*world
	socket *websocket.Conn
	mu     sync.Mutex
	frames []frame
	all    []frame // that have come
	passed []frame // snapshots since the last that was shown, which were taken out with what came behind them
	more   chan struct{}
	ended  chan error
}

// connect opens the socket of a client's session, with cursors.
func (c *client) connect(after ...string) *line {
	c.Helper()
	srv := httptest.NewServer(c.handler)
	c.Cleanup(srv.Close)
	path := "/agent/v1/socket"
	for i, a := range after {
		path += map[bool]string{true: "?", false: "&"}[i == 0] + "after=" + a
	}
	head := map[string][]string{}
	if c.token != "" {
		head["Authorization"] = []string{"Bearer " + c.token}
	}
	if c.cookie != nil {
		head["Cookie"] = []string{c.cookie.Name + "=" + c.cookie.Value}
	}
	ws, _, err := websocket.Dial(context.Background(), strings.Replace(srv.URL, "http", "ws", 1)+path, &websocket.DialOptions{HTTPHeader: head})
	c.must(err)
	ws.SetReadLimit(1 << 20)
	l := &line{world: c.world, socket: ws, more: make(chan struct{}, 1), ended: make(chan error, 1)}
	go func() {
		for {
			_, raw, err := ws.Read(context.Background())
			if err != nil {
				l.ended <- err
				return
			}
			var f frame
			if err := json.Unmarshal(raw, &f); err != nil {
				l.Errorf("%v: %s", err, raw)
			}
			if f.Topic == "parley/agent" {
				if err := desktest.Frame(f.Content); err != nil {
					l.Errorf("the OpenAPI document does not hold: %v: %s", err, f.Content)
				}
			}
			l.mu.Lock()
			l.frames, l.all = append(l.frames, f), append(l.all, f)
			l.mu.Unlock()
			select {
			case l.more <- struct{}{}:
			default:
			}
		}
	}()
	c.Cleanup(func() { _ = ws.CloseNow() })
	return l
}

// take waits for the first frame that fits and takes it out, with all before it.
func (l *line) take(what string, fits func(frame) bool) frame {
	l.Helper()
	late := time.After(patience)
	for {
		l.mu.Lock()
		for i, f := range l.frames {
			if fits(f) {
				for _, before := range l.frames[:i] {
					if bytes.Contains(before.Content, []byte(`"type":"snapshot"`)) {
						l.passed = append(l.passed, before)
					}
				}
				l.frames = l.frames[i+1:]
				l.mu.Unlock()
				return f
			}
		}
		seen := fmt.Sprintf("%d frames", len(l.frames))
		for _, f := range l.frames {
			seen += fmt.Sprintf("\n%s %s %.300s", f.Topic, f.Cursor, f.Content)
		}
		l.mu.Unlock()
		select {
		case <-l.more:
		case err := <-l.ended:
			l.Fatalf("no %s before the socket was closed: %v; %s", what, err, seen)
		case <-late:
			l.Fatalf("no %s in %s", what, seen)
		}
	}
}

// shows waits for a snapshot that fits.
func (l *line) shows(what string, fits func(map[string]any) bool) map[string]any {
	l.Helper()
	l.mu.Lock()
	l.frames = append(l.passed, l.frames...)
	l.passed = nil
	l.mu.Unlock()
	var content map[string]any
	l.take("snapshot: "+what, func(f frame) bool {
		if f.Topic != "parley/agent" {
			return false
		}
		content = nil
		if err := json.Unmarshal(f.Content, &content); err != nil {
			l.Error(err)
		}
		if content["type"] != "snapshot" {
			return false
		}
		content = content["snapshot"].(map[string]any)
		return fits(content)
	})
	l.passed = nil
	return content
}

func contactsOf(s map[string]any) (all []map[string]any) {
	for _, c := range s["contacts"].([]any) {
		all = append(all, c.(map[string]any))
	}
	return all
}

// in says that the only contact of a snapshot is in a state.
func in(state string) func(map[string]any) bool {
	return func(s map[string]any) bool {
		all := contactsOf(s)
		return len(all) == 1 && all[0]["state"].(map[string]any)["type"] == state
	}
}

func none(s map[string]any) bool { return len(contactsOf(s)) == 0 }

type item struct{ Type, ContentType, Content, ParticipantRole, DisplayName, ContactId, InitialContactId string }

// hears waits for an item of a chat: the text of a message, or the last word of an event's content type.
func (l *line) hears(what string) (it item, cursor string) {
	l.Helper()
	f := l.take("item "+what, func(f frame) bool {
		if f.Topic != "aws/chat" {
			return false
		}
		var text string
		if err := json.Unmarshal(f.Content, &text); err != nil {
			l.Error(err)
		}
		it = item{}
		if err := json.Unmarshal([]byte(text), &it); err != nil {
			l.Error(err)
		}
		return it.Content == what || strings.HasSuffix(it.ContentType, "."+what)
	})
	return it, f.Cursor
}

func TestAnAgentTakesAChat(t *testing.T) {
	w := newWorld(t)
	ann := w.program("ann")
	socket := ann.connect()
	s := socket.shows("nothing", none)
	if state := s["state"].(map[string]any); state["type"] != "offline" || s["nextState"] != nil {
		t.Errorf("snapshot %v", s)
	}
	ann.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	socket.shows("available", func(s map[string]any) bool { return s["state"].(map[string]any)["type"] == "routable" })

	ada := w.customer()
	ada.say("before")
	ada.offerTo("ann")
	s = socket.shows("offered", in("connecting"))
	offered := contactsOf(s)[0]
	path := "/agent/v1/contacts/" + offered["contactId"].(string)
	connections := offered["connections"].([]any)
	own, other := connections[0].(map[string]any), connections[1].(map[string]any)
	if own["type"] != "agent" || own["state"].(map[string]any)["type"] != "connecting" || own["chatMediaInfo"].(map[string]any)["connectionData"] == nil ||
		other["type"] != "inbound" || other["initial"] != true || other["state"].(map[string]any)["type"] != "connected" ||
		other["chatMediaInfo"].(map[string]any)["customerName"] != "Ada" || offered["queue"].(map[string]any)["name"] != center.BasicQueueName ||
		offered["attributes"].(map[string]any)["order"].(map[string]any)["value"] != "4711" || offered["initialContactId"] != nil {
		t.Errorf("offered %v", offered)
	}
	// The tokens are there before the contact is accepted, and of no use before.
	tokens := ann.wants(200, "", "POST", path+"/token", "")
	if tokens.json["participantId"] != own["connectionId"] || tokens.json["participantToken"] == "" {
		t.Errorf("tokens %v", tokens.json)
	}
	speaker, err := w.chats.Authenticate(tokens.json["participantToken"].(string), token.Connection)
	w.must(err)
	say := func(text string) error {
		_, err := w.chats.Send(context.Background(), speaker, center.Message{ContentType: center.TextPlain, Content: text}, "")
		return err
	}
	if err := say("too early"); !center.Is(err, center.AccessDenied) {
		t.Errorf("a message before the contact is accepted: %v", err)
	}
	ann.wants(403, "AccessDeniedException", "GET", path+"/transcript", "")
	var data struct{ ConnectionAuthenticationToken, Expiry string }
	w.must(json.Unmarshal([]byte(tokens.json["connectionData"].(string)), &data))
	who, err := w.chats.Authenticate(data.ConnectionAuthenticationToken, token.Participant)
	w.must(err)
	if _, err := w.chats.Connection(context.Background(), who, true); err != nil {
		t.Errorf("ConnectParticipant before the contact is accepted: %v", err)
	}
	ann.wants(409, "InvalidStateException", "POST", path+"/clear", "")

	ann.wants(200, "", "POST", path+"/accept", "")
	ada.say("at once")
	w.must(say("Hello, I am Ann"))
	it, _ := socket.hears("participant.joined")
	if it.ParticipantRole != "AGENT" || it.ContactId != string(ada.contact) || it.InitialContactId != string(ada.contact) {
		t.Errorf("joined %+v", it)
	}
	socket.hears("at once")
	_, cursor := socket.hears("Hello, I am Ann")
	transcript := ann.wants(200, "", "GET", path+"/transcript?sortOrder=ASCENDING&maxResults=100", "")
	if !strings.Contains(transcript.text, "before") || transcript.json["InitialContactId"] != string(ada.contact) {
		t.Errorf("transcript %s", transcript.text)
	}
	if a := ann.wants(200, "", "GET", path+"/attributes", ""); a.json["attributes"].(map[string]any)["order"] != "4711" {
		t.Errorf("attributes %s", a.text)
	}
	ann.wants(409, "InvalidStateException", "POST", path+"/accept", "")
	ann.wants(409, "InvalidStateException", "POST", path+"/reject", "")
	ann.wants(409, "InvalidStateException", "POST", path+"/clear", "")
	ann.wants(409, "InvalidStateException", "PUT", "/agent/v1/state", `{"name":"Offline"}`)
	ann.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Offline","enqueueNextState":true}`)
	socket.shows("next", func(s map[string]any) bool { return s["nextState"] != nil })
	ann.wants(200, "", "DELETE", "/agent/v1/state/next", "")
	socket.shows("no next", func(s map[string]any) bool { return s["nextState"] == nil })

	// A client that has lost its connection goes on behind what it has.
	w.must(socket.socket.CloseNow())
	ada.say("while away")
	again := ann.connect(cursor)
	again.hears("while away")

	ann.wants(200, "", "POST", path+"/leave", "")
	again.hears("participant.left")
	again.shows("after-contact work", in("ended"))
	ann.wants(409, "InvalidStateException", "POST", path+"/leave", "")
	ann.wants(200, "", "POST", path+"/complete", "")
	again.shows("cleared", none)
	ann.wants(404, "ContactNotFoundException", "POST", path+"/clear", "")
}

// What is not the agent's is not there for it, in this instance and in others.
func TestContactsOfOthers(t *testing.T) {
	w := newWorld(t)
	w.instance(elsewhere, "there")
	w.user(instance, "bob", center.SecurityAgent)
	w.user(elsewhere, "eve", center.SecurityAgent)
	ada := w.customer()
	ada.offerTo("ann")
	path := "/agent/v1/contacts/" + string(ada.contact)
	for _, c := range []*client{w.program("bob", `"instance":"here"`), w.program("eve", `"instance":"there"`)} {
		for _, what := range []string{"accept", "reject", "leave", "clear", "complete", "token"} {
			c.wants(404, "ContactNotFoundException", "POST", path+"/"+what, "")
		}
		for _, what := range []string{"", "/attributes", "/transcript"} {
			c.wants(404, "ContactNotFoundException", "GET", path+what, "")
		}
	}
	ann := w.program("ann", `"instance":"here"`)
	ann.wants(404, "ContactNotFoundException", "GET", "/agent/v1/contacts/%2e%2e", "")
	ann.wants(200, "", "POST", path+"/accept", "")
}

func TestOffersThatAreOver(t *testing.T) {
	w := newWorld(t)
	ann := w.program("ann")
	socket := ann.connect()

	// The customer has left.
	ada := w.customer()
	ada.offerTo("ann")
	path := "/agent/v1/contacts/" + string(ada.contact)
	w.must(w.chats.Leave(context.Background(), ada.who))
	s := socket.shows("customer gone", in("error"))
	if own := contactsOf(s)[0]["connections"].([]any)[0].(map[string]any)["state"].(map[string]any)["type"]; own != "disconnected" {
		t.Errorf("own connection %v", own)
	}
	if a := ann.wants(409, "InvalidStateException", "POST", path+"/accept", ""); !strings.Contains(a.message(), "not offered") {
		t.Error(a.message())
	}
	ann.wants(200, "", "POST", path+"/clear", "")

	// The time is over: 20 seconds, and not one more.
	ada = w.customer()
	ada.offerTo("ann")
	path = "/agent/v1/contacts/" + string(ada.contact)
	w.advance(center.OfferWithin - time.Second)
	socket.shows("still offered", in("connecting"))
	w.advance(time.Second)
	socket.shows("missed", in("error"))
	ann.wants(409, "InvalidStateException", "POST", path+"/accept", "")
	ann.wants(409, "InvalidStateException", "POST", path+"/reject", "")
	ann.wants(409, "InvalidStateException", "POST", path+"/leave", "")
	ann.wants(200, "", "POST", path+"/clear", "")
	ada.offerTo("ann") // it still waits
	ann.wants(200, "", "POST", path+"/reject", "")
	ann.wants(200, "", "POST", path+"/clear", "")

	// The agent has rejected.
	ada = w.customer()
	ada.offerTo("ann")
	path = "/agent/v1/contacts/" + string(ada.contact)
	ann.wants(200, "", "POST", path+"/reject", "")
	s = socket.shows("rejected", in("error"))
	if a := ann.wants(200, "", "GET", path+"/attributes", ""); len(a.json["attributes"].(map[string]any)) != 0 || len(contactsOf(s)[0]["attributes"].(map[string]any)) != 0 {
		t.Errorf("attributes of a contact that was rejected: %s, %v", a.text, contactsOf(s)[0])
	}
	w.user(instance, "bob", center.SecurityAgent)
	w.advance(time.Second)
	ada.offerTo("bob")
	w.program("bob").wants(200, "", "POST", path+"/accept", "")
	if a := ann.wants(200, "chat", "GET", path, ""); len(a.json["connections"].([]any)) != 2 {
		t.Errorf("one who rejected sees who came later: %s", a.text)
	}
	if own := contactsOf(s)[0]["connections"].([]any)[0].(map[string]any)["state"].(map[string]any)["type"]; own != "rejected" {
		t.Errorf("own connection %v", own)
	}
	ann.wants(409, "InvalidStateException", "POST", path+"/accept", "")
	ann.wants(200, "", "POST", path+"/clear", "")
	socket.shows("cleared", none)
}

// Of two windows one accepts, the other is told so, and both see the chat.
func TestTwoWindowsAccept(t *testing.T) {
	w := newWorld(t)
	one, two := w.program("ann"), w.signIn("ann")
	lines := []*line{one.connect(), two.connect()}
	ada := w.customer()
	ada.offerTo("ann")
	path := "/agent/v1/contacts/" + string(ada.contact) + "/accept"
	var all sync.WaitGroup
	answers := make([]*answer, 2)
	for i, c := range []*client{one, two} {
		all.Go(func() { answers[i] = c.ask("POST", path, "") })
	}
	all.Wait()
	if answers[0].status+answers[1].status != 200+409 {
		t.Errorf("%d %s, %d %s", answers[0].status, answers[0].text, answers[1].status, answers[1].text)
	}
	ada.say("to both")
	for _, l := range lines {
		l.hears("to both")
	}
}

// The sockets of a session go with it.
func TestSocketsEndWithTheirSession(t *testing.T) {
	w := newWorld(t)
	ended := func(l *line) {
		t.Helper()
		select {
		case err := <-l.ended:
			if websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
				t.Errorf("closed with %v", err)
			}
		case <-time.After(patience):
			t.Error("the socket is open")
		}
	}
	one, two := w.program("ann"), w.program("ann")
	first, second := one.connect(), two.connect()
	first.shows("nothing", none)
	second.shows("nothing", none)
	one.wants(200, "", "DELETE", session, "")
	ended(first)
	two.wants(200, "", "GET", session, "")
	u, err := w.catalog.UserNamed(context.Background(), instance, "ann")
	w.must(err)
	w.must(w.catalog.EndSessions(context.Background(), instance, string(u.ID)))
	ended(second)
}

// A cursor that cannot be is a snapshot, one that is none is refused.
func TestCursors(t *testing.T) {
	w := newWorld(t)
	ann := w.program("ann")
	u, err := w.catalog.UserNamed(context.Background(), instance, "ann")
	w.must(err)
	first := ann.connect()
	first.shows("nothing", none)
	ann.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	transition := func(l *line, what string) string {
		t.Helper()
		return l.take("transition "+what, func(f frame) bool { return strings.Contains(string(f.Content), `"what":"`+what+`"`) }).Cursor
	}
	begin := transition(first, "status")
	ann.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Offline"}`)
	transition(first, "status")
	// From a cursor on, everything comes again.
	second := ann.connect(begin)
	if got := transition(second, "status"); got == begin {
		t.Errorf("cursor %s again", got)
	}
	ann.connect(string(u.ID)+":99999").shows("nothing", none)
	for _, wrong := range []string{"x", "x:1", string(u.ID), string(u.ID) + ":-1", string(u.ID) + ":x"} {
		ann.wants(400, "InvalidParameterException", "GET", "/agent/v1/socket?after="+wrong, "")
	}
	ann.wants(400, "InvalidParameterException", "GET", "/agent/v1/socket?after="+strings.Repeat("x&after=", 501), "")
}

func TestStatusesAreNamed(t *testing.T) {
	w := newWorld(t)
	ann := w.program("ann")
	at := w.catalog.Partition.InstanceARN(instance)
	offline := center.SeededID(instance, "agent-status", center.StatusNameOffline)
	for _, c := range []struct {
		status     int
		kind, body string
	}{
		{200, "", `{"name":"Available"}`},
		{200, "", `{"agentStateARN":"` + at + `/agent-state/` + offline + `"}`},
		{200, "", `{"agentStateARN":"` + offline + `","enqueueNextState":true}`},
		{400, "InvalidParameterException", `{}`},
		{400, "InvalidParameterException", `{"name":"Available","agentStateARN":"` + offline + `"}`},
		{404, "ResourceNotFoundException", `{"name":"Lunch"}`},
		{404, "ResourceNotFoundException", `{"agentStateARN":"33333333-1111-4111-8111-111111111111"}`},
		{404, "ResourceNotFoundException", `{"agentStateARN":"arn:aws:connect:us-east-1:123456789012:instance/` + string(elsewhere) + `/agent-state/` + offline + `"}`},
	} {
		ann.wants(c.status, c.kind, "PUT", "/agent/v1/state", c.body)
	}
	lunch := &center.AgentStatus{Head: center.Head[center.AgentStatusID]{Name: "Lunch"}, Type: center.StatusCustom, State: center.StatusDisabled}
	_, err := catalog.AgentStatuses.Create(context.Background(), w.catalog, instance, lunch, catalog.ClientToken{})
	w.must(err)
	ann.wants(400, "InvalidRequestException", "PUT", "/agent/v1/state", `{"name":"Lunch"}`)
}

func TestSupervisorsSeeAgentsAndQueues(t *testing.T) {
	w := newWorld(t)
	w.user(instance, "mia", center.SecurityManager)
	mia, ann := w.program("mia"), w.program("ann")
	ann.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	w.customer()
	ada := w.customer()
	basic := func(a *answer) map[string]any {
		t.Helper()
		for _, q := range a.json["queues"].([]any) {
			if q := q.(map[string]any); q["name"] == center.BasicQueueName {
				return q
			}
		}
		t.Fatalf("no basic queue: %s", a.text)
		return nil
	}
	for _, a := range []*answer{mia.wants(200, "", "GET", "/agent/v1/all-queues", ""), ann.wants(200, "", "GET", "/agent/v1/queues", "")} {
		if q := basic(a); q["contactsInQueue"] != 2.0 || q["agentsOnline"] != 1.0 || q["agentsStaffed"] != 1.0 || q["agentsAvailable"] != 1.0 || q["oldestContactEnqueued"] == nil {
			t.Errorf("figures %v", q)
		}
	}
	ada.offerTo("ann")
	if q := basic(mia.wants(200, "", "GET", "/agent/v1/all-queues", "")); q["contactsInQueue"] != 1.0 || q["agentsAvailable"] != 1.0 || q["agentsStaffed"] != 1.0 { // one slot is free

		t.Errorf("figures %v", q)
	}
	all := mia.wants(200, "", "GET", "/agent/v1/agents", "").json["agents"].([]any)
	if len(all) != 1 || all[0].(map[string]any)["username"] != "ann" || all[0].(map[string]any)["activity"] != "Incoming" {
		t.Errorf("agents %v", all)
	}
	id := all[0].(map[string]any)["id"].(string)
	mia.wants(409, "InvalidStateException", "PUT", "/agent/v1/agents/"+id+"/state", `{"name":"Offline"}`)
	path := "/agent/v1/contacts/" + string(ada.contact)
	ann.wants(200, "", "POST", path+"/reject", "")
	ann.wants(200, "", "POST", path+"/clear", "")
	mia.wants(200, "", "PUT", "/agent/v1/agents/"+id+"/state", `{"name":"Offline"}`)
	if left := mia.wants(200, "", "GET", "/agent/v1/agents", "").json["agents"].([]any); len(left) != 0 {
		t.Errorf("agents %v", left)
	}
	mia.wants(404, "ResourceNotFoundException", "PUT", "/agent/v1/agents/33333333-1111-4111-8111-111111111111/state", `{"name":"Offline"}`)
}

// An agent who is assigned very many chats gets each of them, and no socket is cut.
func TestManyChatsOfOneAgent(t *testing.T) {
	w := newWorld(t)
	ann := w.program("ann")
	socket := ann.connect()
	socket.shows("nothing", none)
	const many = 100 // as many as an agent can have
	all := make([]*customer, many)
	for i := range all {
		all[i] = w.customer()
		all[i].offerTo("ann")
	}
	s := socket.shows("all offers", func(s map[string]any) bool { return len(contactsOf(s)) == many })
	var accepting sync.WaitGroup
	for _, c := range contactsOf(s) {
		accepting.Go(func() {
			path := "/agent/v1/contacts/" + c["contactId"].(string) + "/accept"
			for {
				one := *ann
				a := one.ask("POST", path, "")
				if a.status == 429 {
					w.wall.passed.Add(int64(time.Second)) // limits go by it
					continue
				}
				if a.status != 200 {
					t.Errorf("accept: %d %s", a.status, a.text)
				}
				return
			}
		})
	}
	accepting.Wait()
	socket.shows("all connected", func(s map[string]any) bool {
		for _, c := range contactsOf(s) {
			if c["state"].(map[string]any)["type"] != "connected" {
				return false
			}
		}
		return true
	})
	for i, c := range all {
		c.say(fmt.Sprint("I am number ", i))
	}
	// Items of one chat come in its order, chats in any.
	heard := map[string]int{}
	for len(heard) < many {
		f := socket.take(fmt.Sprintf("another chat, %d of %d heard", len(heard), many), func(f frame) bool { return strings.Contains(string(f.Content), "I am number ") })
		heard[f.Cursor]++
	}
	for cursor, n := range heard {
		if n != 1 {
			t.Errorf("%s came %d times", cursor, n)
		}
	}
}
