package desk_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// toQueue is the flow of a quick connect: it puts the contact into the queue that it leads to.
const toQueue = `{"Version":"2019-10-30","StartAction":"go","Metadata":{},"Actions":[
` + toQueueActions

const toQueueActions = `{"Identifier":"go","Type":"TransferContactToQueue","Parameters":{},"Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"QueueAtCapacity"},{"NextAction":"end","ErrorType":"NoMatchingError"}]}},
{"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`

// ifOpen is toQueue while the queue is open.
const ifOpen = `{"Version":"2019-10-30","StartAction":"hours","Metadata":{},"Actions":[
{"Identifier":"hours","Type":"CheckHoursOfOperation","Parameters":{},"Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}],"Conditions":[
 {"NextAction":"go","Condition":{"Operator":"Equals","Operands":["True"]}},{"NextAction":"end","Condition":{"Operator":"Equals","Operands":["False"]}}]}},
` + toQueueActions

// waits is a flow that an agent starts: it waits for what the customer says.
const waits = `{"Version":"2019-10-30","StartAction":"wait","Metadata":{},"Actions":[
{"Identifier":"wait","Type":"Wait","Parameters":{"TimeLimitSeconds":"600"},"Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}],"Conditions":[
 {"NextAction":"end","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}}]}},
{"Identifier":"end","Type":"EndFlowExecution","Parameters":{},"Transitions":{}}]}`

func (w *world) makeFlow(name, kind, content string) string {
	w.Helper()
	f, err := w.catalog.CreateFlow(context.Background(), instance, center.ContactFlow{Name: name, Type: kind}, content, true)
	w.must(err)
	return string(f.ID)
}

// queue makes a queue, which is enabled and always open unless it says otherwise.
func (w *world) queue(q center.Queue) center.QueueID {
	w.Helper()
	q.Type = center.QueueStandard
	if q.Status == "" {
		q.Status = center.QueueEnabled
	}
	if q.Hours == "" {
		q.Hours = center.HoursID(center.SeededID(instance, "hours-of-operation", center.BasicHoursName))
	}
	w.must(w.catalog.CreateQueue(context.Background(), instance, &q, nil))
	return q.ID
}

// quickConnect makes a quick connect that those see who serve the basic queue.
func (w *world) quickConnect(name string, q center.QuickConnect) string {
	w.Helper()
	ctx := context.Background()
	q.Name = name
	_, err := catalog.QuickConnects.Create(ctx, w.catalog, instance, &q, catalog.ClientToken{})
	w.must(err)
	w.must(catalog.QueueQuickConnects.Add(ctx, w.catalog, instance, center.SeededID(instance, "queue", center.BasicQueueName), []center.QuickConnectID{q.ID}))
	return string(q.ID)
}

// accepted is a chat that an agent has answered, and its path.
func (c *client) accepted(name string) (*customer, string) {
	c.Helper()
	ada := c.customer()
	ada.offerTo(name)
	path := "/agent/v1/contacts/" + string(ada.contact)
	c.wants(200, "", "POST", path+"/accept", "")
	return ada, path
}

func named(quickConnect string) string { return fmt.Sprintf(`{"endpointARN":%q}`, quickConnect) }

func headed(name string) center.Head[center.QueueID] { return center.Head[center.QueueID]{Name: name} }

func TestTransfers(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	me := w.user(instance, "lea", center.SecurityAdmin)
	bob := w.user(instance, "bob", center.SecurityAdmin)
	gone := w.user(instance, "gone", center.SecurityAgent)
	zero := 0
	closed, err := w.catalog.CreateHours(ctx, instance, center.HoursOfOperation{Name: "never", TimeZone: "UTC"}, nil)
	w.must(err)
	full, off, shut := w.queue(center.Queue{Head: headed("full"), MaxContacts: &zero}), w.queue(center.Queue{Head: headed("off"), Status: center.QueueDisabled}), w.queue(center.Queue{Head: headed("shut"), Hours: closed.ID})
	sales := w.queue(center.Queue{Head: headed("sales")})
	plain, open := w.makeFlow("to queue", "QUEUE_TRANSFER", toQueue), w.makeFlow("if open", "QUEUE_TRANSFER", ifOpen)
	to := func(name string, queue center.QueueID, flow string) string {
		return w.quickConnect(name, center.QuickConnect{Type: center.QuickConnectQueue, Queue: queue, Flow: flow})
	}
	toFull, toOff, toShut, toSales := to("full", full, plain), to("off", off, plain), to("shut", shut, open), to("sales", sales, plain)
	toUser := w.makeFlow("to agent", "AGENT_TRANSFER", toQueue)
	toMe := w.quickConnect("me", center.QuickConnect{Type: center.QuickConnectUser, User: string(me.ID), Flow: toUser})
	toBob := w.quickConnect("bob", center.QuickConnect{Type: center.QuickConnectUser, User: string(bob.ID), Flow: toUser})
	toGone := w.quickConnect("gone", center.QuickConnect{Type: center.QuickConnectUser, User: string(gone.ID), Flow: toUser})
	toPhone := w.quickConnect("phone", center.QuickConnect{Type: center.QuickConnectPhone, Phone: "+12065550100"})
	toFlow := w.quickConnect("flow", center.QuickConnect{Type: center.QuickConnectFlow, Flow: w.makeFlow("waits", center.TypeContactFlow, waits)})
	w.must(w.catalog.DeleteUser(ctx, instance, string(gone.ID)))

	lea := w.program("lea")
	var names []string
	for _, e := range lea.wants(200, "", "GET", "/agent/v1/quick-connects", "").json["endpoints"].([]any) {
		e := e.(map[string]any)
		names = append(names, e["name"].(string)+" "+e["type"].(string))
	}
	if want := []string{"bob agent", "flow flow", "full queue", "gone agent", "me agent", "off queue", "phone phone_number", "sales queue", "shut queue"}; !slices.Equal(names, want) {
		t.Errorf("quick connects %q", names)
	}

	socket := lea.connect()
	ada, path := lea.accepted("lea")
	socket.hears("participant.joined")
	for _, c := range []struct {
		status           int
		kind, what, body string
	}{
		{400, "InvalidParameterException", "transfer", `{}`},
		{400, "InvalidParameterException", "transfer", `{"endpointARN":7}`},
		{400, "InvalidParameterException", "transfer", named(strings.Repeat("x", 501))},
		{404, "ResourceNotFoundException", "transfer", named("33333333-1111-4111-8111-111111111111")},
		{404, "ResourceNotFoundException", "transfer", named("arn:aws:connect:us-east-1:123456789012:instance/" + string(elsewhere) + "/transfer-destination/" + toSales)},
		{400, "BadEndpointException", "transfer", named(toMe)},
		{400, "BadEndpointException", "transfer", named(toGone)},
		{400, "BadEndpointException", "transfer", named(toPhone)},
		{400, "BadEndpointException", "transfer", named(toFlow)},
		{400, "BadEndpointException", "flow", named(toSales)},
		{402, "QuotaExceededException", "invite", named(toBob)}, // the instance has no multi-party chat
		{400, "InvalidContactTypeException", "hold", ""},
		{400, "InvalidContactTypeException", "resume", ""},
		{400, "InvalidContactTypeException", "consult", ""},
		{413, "RequestEntityTooLargeException", "transfer", named(strings.Repeat("x", 70_000))},
	} {
		lea.wants(c.status, c.kind, "POST", path+"/"+c.what, c.body)
	}
	// What is full, disabled or closed takes nothing, and nothing has changed.
	for _, endpoint := range []string{toFull, toOff, toShut} {
		lea.wants(200, "", "POST", path+"/transfer", named(endpoint))
		socket.hears("transfer.failed")
	}
	if err := w.catalog.DeleteQueue(ctx, instance, sales); !center.Is(err, center.InUse) {
		t.Errorf("a queue to which a quick connect leads is deleted: %v", err)
	}
	ada.say("still here")
	socket.hears("still here")

	// A flow beside the conversation: one at a time, and nothing is transferred meanwhile.
	lea.wants(409, "InvalidStateException", "DELETE", path+"/flow", "")
	lea.wants(200, "", "POST", path+"/flow", named(toFlow))
	lea.wants(409, "InvalidStateException", "POST", path+"/flow", named(toFlow))
	lea.wants(409, "InvalidStateException", "POST", path+"/transfer", named(toSales))
	lea.wants(200, "", "DELETE", path+"/flow", "")
	socket.hears("workflow.cancelled")

	// To an agent who is offline: it waits for him, and the agent who has transferred is done with it.
	next, _ := lea.wants(200, "", "POST", path+"/transfer", named(toBob)).json["contactId"].(string)
	socket.hears("transfer.succeeded")
	socket.hears("participant.left")
	socket.shows("after-contact work", in("ended"))
	lea.wants(409, "InvalidStateException", "POST", path+"/transfer", named(toSales))
	bobs := w.program("bob")
	theirs := bobs.connect()
	ada.contact = center.ContactID(next)
	ada.offerTo("bob")
	bobs.wants(200, "", "POST", "/agent/v1/contacts/"+next+"/accept", "")
	it, _ := theirs.hears("participant.joined")
	if it.ContactId != next || it.InitialContactId != string(ada.who.Contact) {
		t.Errorf("joined %+v", it)
	}
	ada.say("to Bob alone")
	theirs.hears("to Bob alone")
	// Nobody gets what comes after their part, whatever cursor they name.
	for _, cursor := range []string{":1", ":99999"} {
		again := lea.connect(string(ada.who.Chat) + cursor)
		again.shows("after-contact work", in("ended"))
		ada.say("once more")
		theirs.hears("once more")
		w.must(again.socket.Write(ctx, websocket.MessageText, []byte(`{"topic":"aws/ping"}`)))
		again.take("answer", func(f frame) bool {
			if strings.Contains(string(f.Content), "once more") || strings.Contains(string(f.Content), "to Bob alone") {
				t.Errorf("a frame of what came later: %s", f.Content)
			}
			return f.Topic == "aws/ping"
		})
		w.must(again.socket.CloseNow())
	}
}

// Several agents talk to a customer, one takes another out, one ends it for all.
func TestInvitations(t *testing.T) {
	w := newWorld(t)
	w.must(w.catalog.SetInstanceAttribute(context.Background(), instance, center.MultiPartyChat, "true"))
	w.user(instance, "lea", center.SecurityAdmin)
	bob := w.user(instance, "bob", center.SecurityAdmin)
	toBob := w.quickConnect("bob", center.QuickConnect{Type: center.QuickConnectUser, User: string(bob.ID), Flow: w.makeFlow("to agent", "AGENT_TRANSFER", toQueue)})
	lea, bobs := w.program("lea"), w.program("bob")
	hers, his := lea.connect(), bobs.connect()
	ada, path := lea.accepted("lea")
	first := ada.contact
	invite := func() string {
		t.Helper()
		leg, _ := lea.wants(200, "", "POST", path+"/invite", named(toBob)).json["contactId"].(string)
		hers.hears("participant.invited")
		return leg
	}
	// An invitation is taken back.
	lea.wants(200, "", "DELETE", path+"/connections/"+invite(), "")
	lea.wants(404, "ResourceNotFoundException", "DELETE", path+"/connections/33333333-1111-4111-8111-111111111111", "")

	leg := invite()
	ada.contact = center.ContactID(leg)
	ada.offerTo("bob")
	bobs.wants(200, "", "POST", "/agent/v1/contacts/"+leg+"/accept", "")
	his.hears("participant.joined")
	ada.say("to both")
	hers.hears("to both")
	his.hears("to both")
	s := hers.shows("three", func(s map[string]any) bool {
		return in("connected")(s) && len(contactsOf(s)[0]["connections"].([]any)) == 3
	})
	third := contactsOf(s)[0]["connections"].([]any)[2].(map[string]any)
	if third["type"] != "outbound" || third["chatMediaInfo"].(map[string]any)["agentName"] != "First" {
		t.Errorf("the third %v", third)
	}
	lea.wants(200, "", "DELETE", path+"/connections/"+third["connectionId"].(string), "")
	his.hears("participant.left")
	his.shows("after-contact work", in("ended"))
	bobs.wants(409, "InvalidStateException", "POST", "/agent/v1/contacts/"+leg+"/end", "")

	lea.wants(200, "", "POST", "/agent/v1/contacts/"+string(first)+"/end", "")
	hers.hears("chat.ended")
	hers.shows("after-contact work", in("ended"))
	lea.wants(409, "InvalidStateException", "POST", path+"/end", "")
}

func TestSupervisors(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	boss := w.user(instance, "boss", center.SecurityAdmin)
	ann, mia := w.program("ann"), w.program("boss")
	hers := mia.connect()
	ada := w.customer()
	path := "/agent/v1/contacts/" + string(ada.contact)
	monitor := path + "/monitor"
	mia.wants(400, "InvalidRequestException", "POST", monitor, "") // nobody talks yet
	ada.offerTo("ann")
	ann.wants(200, "", "POST", path+"/accept", "")
	ann.wants(403, "AccessDeniedException", "POST", monitor, "")
	mia.wants(400, "InvalidRequestException", "POST", monitor, "") // she is offline
	mia.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	mia.wants(404, "ContactNotFoundException", "POST", "/agent/v1/contacts/33333333-1111-4111-8111-111111111111/monitor", "")
	made, _ := mia.wants(200, "", "POST", monitor, "").json["contactId"].(string)
	s := hers.shows("monitors", func(s map[string]any) bool { return len(contactsOf(s)) == 1 })
	own := contactsOf(s)[0]["connections"].([]any)[0].(map[string]any)
	if own["type"] != "monitoring" || own["monitorStatus"] != center.MonitorSilent || fmt.Sprint(own["monitorCapabilities"]) != "[SILENT_MONITOR]" {
		t.Errorf("the supervisor's connection %v", own)
	}
	// others are how many agents and supervisors the agent sees beside herself.
	others := func(want int) {
		t.Helper()
		seen := contactsOf(ann.wants(200, "", "GET", "/agent/v1/snapshot", "").json["snapshot"].(map[string]any))[0]["connections"].([]any)
		if len(seen) != 2+want {
			t.Errorf("the agent sees %v, want %d beside herself and the customer", seen, want)
		}
	}
	others(0)
	ada.say("listen")
	hers.hears("listen")
	its := "/agent/v1/contacts/" + made
	mia.wants(200, "", "GET", its+"/transcript", "")
	if a := mia.wants(200, "", "GET", its+"/attributes", ""); a.text != "{\"attributes\":{}}\n" {
		t.Errorf("attributes of who monitors: %s", a.text)
	}
	mia.wants(403, "AccessDeniedException", "PUT", its+"/monitor", `{"targetMonitorMode":"BARGE"}`) // the permission is missing
	mia.wants(409, "InvalidStateException", "PUT", its+"/monitor", `{"targetMonitorMode":"SHOUT"}`)
	mia.wants(404, "ContactNotFoundException", "PUT", monitor, `{"targetMonitorMode":"SILENT_MONITOR"}`)
	mia.wants(400, "InvalidContactTypeException", "POST", its+"/complete", "")
	mia.wants(200, "", "POST", its+"/leave", "")
	mia.wants(200, "", "POST", its+"/clear", "")
	hers.shows("nothing", none)
	others(0)

	// With barge, and the permission for it.
	w.must(w.catalog.SetInstanceAttribute(ctx, instance, center.EnhancedChatMonitoring, "true"))
	barge := &center.SecurityProfile{Head: center.Head[center.SecurityProfileID]{Name: "barges"}, Permissions: []string{center.PermitBarge}}
	_, err := catalog.SecurityProfiles.Create(ctx, w.catalog, instance, barge, catalog.ClientToken{})
	w.must(err)
	w.must(catalog.Users.Update(ctx, w.catalog, instance, string(boss.ID), 0, func(u *center.User) error {
		u.SecurityProfiles = append(u.SecurityProfiles, barge.ID)
		return nil
	}))
	made, _ = mia.wants(200, "", "POST", monitor, "").json["contactId"].(string)
	its = "/agent/v1/contacts/" + made
	mode := func(to string) {
		t.Helper()
		mia.wants(200, "", "PUT", its+"/monitor", `{"targetMonitorMode":"`+to+`"}`)
	}
	mode(center.MonitorBarge)
	hers.hears("participant.joined")
	others(1)
	mode(center.MonitorSilent)
	others(0)
	ada.say("are you there?")
	hers.hears("are you there?") // she who is silent again still listens
	mode(center.MonitorBarge)
	s = hers.shows("barged", func(s map[string]any) bool {
		all := contactsOf(s)
		return len(all) == 1 && all[0]["connections"].([]any)[0].(map[string]any)["monitorStatus"] == center.MonitorBarge
	})
	if other := contactsOf(s)[0]["connections"].([]any)[2].(map[string]any); other["chatMediaInfo"].(map[string]any)["agentName"] != "First" {
		t.Errorf("the agent %v", other)
	} else {
		mia.wants(200, "", "DELETE", its+"/connections/"+other["connectionId"].(string), "")
	}
	hers.hears("participant.left")
	hers.shows("over", in("ended"))
}
