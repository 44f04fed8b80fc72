package desk_test

import (
	"context"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// whispers is a flow that sets a whisper to the agent and puts the customer into a queue.
const whispers = `{"Version":"2019-10-30","StartAction":"set","Metadata":{},"Actions":[
{"Identifier":"set","Type":"UpdateContactTargetQueue","Parameters":{"QueueId":"QUEUE"},"Transitions":{"NextAction":"hook","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},
{"Identifier":"hook","Type":"UpdateContactEventHooks","Parameters":{"EventHooks":{"AgentWhisper":"WHISPER"}},"Transitions":{"NextAction":"go","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},
` + toQueueActions

// whisper speaks to the agent.
const whisper = `{"Version":"2019-10-30","StartAction":"say","Metadata":{},"Actions":[
{"Identifier":"say","Type":"MessageParticipant","Parameters":{"Text":"for Ann alone"},"Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},
{"Identifier":"end","Type":"EndFlowExecution","Parameters":{},"Transitions":{}}]}`

// Before an agent joins, the socket shows what is said to the agent alone.
func TestWhispers(t *testing.T) {
	w := newWorld(t)
	flow := strings.NewReplacer("QUEUE", center.SeededID(instance, "queue", center.BasicQueueName), "WHISPER", w.makeFlow("whisper", "AGENT_WHISPER", whisper)).Replace(whispers)
	w.flow = center.FlowID(w.makeFlow("whispers", center.TypeContactFlow, flow))
	ann := w.program("ann")
	socket := ann.connect()
	ada := w.customer()
	ada.offerTo("ann")
	ada.say("to the queue")
	socket.shows("offered", in("connecting"))
	ann.wants(200, "", "POST", "/agent/v1/contacts/"+string(ada.contact)+"/accept", "")
	ada.say("to Ann")
	for _, want := range []string{"for Ann alone", "participant.joined", "to Ann"} {
		f := socket.take("an item", func(f frame) bool { return f.Topic == "aws/chat" })
		if !strings.Contains(string(f.Content), want) {
			t.Errorf("%s, want %s", f.Content, want)
		}
	}
}

// What a user works with is changed or deleted meanwhile.
func TestChangesWhileAtWork(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	u, err := w.catalog.UserNamed(ctx, instance, "ann")
	w.must(err)
	edit := func(f func(*center.User)) {
		t.Helper()
		w.must(catalog.Users.Update(ctx, w.catalog, instance, string(u.ID), 0, func(u *center.User) error {
			f(u)
			return nil
		}))
	}
	ann := w.program("ann")
	socket := ann.connect()
	ada, path := ann.accepted("ann")

	// A status that is disabled can be kept, and not be chosen.
	lunch := &center.AgentStatus{Head: center.Head[center.AgentStatusID]{Name: "Lunch"}, Type: center.StatusCustom, State: center.StatusEnabled}
	_, err = catalog.AgentStatuses.Create(ctx, w.catalog, instance, lunch, catalog.ClientToken{})
	w.must(err)
	ann.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Lunch","enqueueNextState":true}`)
	w.must(catalog.AgentStatuses.Update(ctx, w.catalog, instance, string(lunch.ID), 0, func(s *center.AgentStatus) error {
		s.State = center.StatusDisabled
		return nil
	}))
	ann.wants(400, "InvalidRequestException", "PUT", "/agent/v1/state", `{"name":"Lunch","enqueueNextState":true}`)

	// Another routing profile: live chats stay.
	other := &center.RoutingProfile{Head: center.Head[center.RoutingProfileID]{Name: "other"}, DefaultOutboundQueue: center.QueueID(center.SeededID(instance, "queue", center.BasicQueueName))}
	_, err = catalog.RoutingProfiles.Create(ctx, w.catalog, instance, other, catalog.ClientToken{})
	w.must(err)
	edit(func(u *center.User) { u.RoutingProfile = other.ID })
	d := ann.wants(200, "", "GET", "/agent/v1/snapshot", "")
	if c := d.json["configuration"].(map[string]any)["routingProfile"].(map[string]any); c["name"] != "other" || c["channelConcurrencyMap"].(map[string]any)["CHAT"] != 0.0 {
		t.Errorf("routing profile %v", c)
	}
	if err := catalog.RoutingProfiles.Delete(ctx, w.catalog, instance, string(other.ID)); !center.Is(err, center.InUse) {
		t.Errorf("a routing profile that a user has is deleted: %v", err)
	}
	ada.say("still here")
	socket.hears("still here")

	// A user who may not work as an agent any more: the session is good for what is left, the socket is closed, the chat goes on.
	edit(func(u *center.User) {
		u.SecurityProfiles = []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(instance, "security-profile", center.SecurityAnalyst))}
	})
	ann.wants(403, "AccessDeniedException", "POST", path+"/leave", "")
	ann.wants(403, "AccessDeniedException", "GET", "/agent/v1/socket", "")
	ann.wants(200, "", "GET", session, "")
	w.must(w.desk.CloseEnded(ctx)) // nothing happens to the agent or the chat, and still the socket is closed
	if err := <-socket.ended; websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("closed with %v", err)
	}
	ada.must(ada.chats.Leave(ctx, ada.who))
	edit(func(u *center.User) {
		u.SecurityProfiles = []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(instance, "security-profile", center.SecurityAgent))}
	})
	ann.wants(200, "", "POST", path+"/clear", "")

	// A user who is deleted.
	socket = ann.connect()
	ada, _ = ann.accepted("ann")
	socket.shows("connected", in("connected"))
	w.must(w.catalog.DeleteUser(ctx, instance, string(u.ID)))
	ann.wants(401, "UnauthorizedException", "GET", session, "")
	ada.say("anybody?")
	if err := <-socket.ended; websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("closed with %v", err)
	}
}

// An agent's stream is trimmed: a cursor whose next item is gone is answered with the snapshot alone.
func TestOldCursors(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	ann := w.program("ann")
	first := ann.connect()
	first.shows("nothing", none)
	for _, status := range []string{"Available", "Offline", "Available", "Offline"} {
		ann.wants(200, "", "PUT", "/agent/v1/state", `{"name":"`+status+`"}`)
	}
	u, err := w.catalog.UserNamed(ctx, instance, "ann")
	w.must(err)
	gone, err := w.store.TrimAgents(ctx, start.Add(time.Hour))
	w.must(err)
	if gone == 0 {
		t.Fatal("nothing was trimmed")
	}
	again := ann.connect(string(u.ID) + ":1")
	s := again.shows("nothing", none)
	if s["state"].(map[string]any)["type"] != "offline" {
		t.Errorf("snapshot %v", s)
	}
	ann.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	f := again.take("transition", func(f frame) bool { return strings.Contains(string(f.Content), `"type":"transition"`) })
	if !strings.Contains(string(f.Content), `"name":"Available"`) {
		t.Errorf("the first transition behind the snapshot is %s", f.Content)
	}
}

// stalls is a body that does not arrive.
type stalls struct{}

func (stalls) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

// A body that stalls, one that is cut, and what is asked for in pieces that are too large.
func TestBodiesThatDoNotArrive(t *testing.T) {
	w := newWorld(t)
	ann := w.program("ann")
	for _, c := range []struct {
		body   io.Reader
		status int
	}{
		{io.MultiReader(strings.NewReader(`{"name":`), stalls{}), 408},
		{strings.NewReader(`{"name":"` + strings.Repeat("x", 70_000) + `"}`), 413},
		{strings.NewReader(`{"name":`), 400},
	} {
		r := httptest.NewRequest("PUT", "http://parley.test/agent/v1/state", c.body)
		r.Header.Set("Authorization", "Bearer "+ann.token)
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		if rec.Code != c.status {
			t.Errorf("status %d, want %d: %s", rec.Code, c.status, rec.Body)
		}
	}
}
