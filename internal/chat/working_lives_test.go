package chat_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
	"github.com/parley-chat/parley/internal/token"
)

// hooksAll is a flow that sets the hooks that its attributes name, and puts the contact into a queue.
const hooksAll = `{"Version": "2019-10-30", "StartAction": "Queue", "Actions": [
  {"Identifier": "Queue", "Type": "UpdateContactTargetQueue", "Parameters": {"QueueId": "$.Attributes.queue"},
   "Transitions": {"NextAction": "Remaining", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Remaining", "Type": "UpdateContactEventHooks", "Parameters": {"EventHooks": {"CustomerRemaining": "$.Attributes.remaining"}},
   "Transitions": {"NextAction": "Waiting", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Waiting"}]}},
  {"Identifier": "Waiting", "Type": "UpdateContactEventHooks", "Parameters": {"EventHooks": {"CustomerQueue": "$.Attributes.waiting"}},
   "Transitions": {"NextAction": "To agent", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "To agent"}]}},
  {"Identifier": "To agent", "Type": "UpdateContactEventHooks", "Parameters": {"EventHooks": {"AgentWhisper": "$.Attributes.toagent"}},
   "Transitions": {"NextAction": "To customer", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "To customer"}]}},
  {"Identifier": "To customer", "Type": "UpdateContactEventHooks", "Parameters": {"EventHooks": {"CustomerWhisper": "$.Attributes.tocustomer"}},
   "Transitions": {"NextAction": "Go", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Go"}]}},
  {"Identifier": "Go", "Type": "TransferContactToQueue", "Parameters": {},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "End"}, {"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// remains is a disconnect flow: whoever writes again waits for an agent again.
const remains = `{"Version": "2019-10-30", "StartAction": "Wait", "Actions": [
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "600", "Events": ["CustomerReturned"]},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "End", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}},
     {"NextAction": "Go", "Condition": {"Operator": "Equals", "Operands": ["CustomerReturned"]}}]}},
  {"Identifier": "Go", "Type": "TransferContactToQueue", "Parameters": {},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "End"}, {"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// asksInWhisper is a whisper flow that invokes a function.
const asksInWhisper = `{"Version": "2019-10-30", "StartAction": "Ask", "Actions": [
  {"Identifier": "Ask", "Type": "InvokeLambdaFunction", "Parameters": {"LambdaFunctionARN": "` + functionARN + `word", "InvocationTimeLimitSeconds": "8"},
   "Transitions": {"NextAction": "Say", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Say", "Type": "MessageParticipant", "Parameters": {"Text": "a whisper"}, "Transitions": {"NextAction": "End"}},
  {"Identifier": "End", "Type": "EndFlowExecution", "Parameters": {}, "Transitions": {}}
]}`

// workingLives are chats and agents that random things happen to, on either of two nodes.
type workingLives struct {
	*office
	t        *rapid.T
	nodes    []*node
	agents   []center.UserID
	gone     map[center.UserID]bool // deleted
	people   []chat.Caller
	chats    []center.ContactID // the first contact of each
	statuses []string
	connects []string          // quick connects
	flow     string            // one of the type FLOW
	choices  map[string]string // attribute → flow
	queues   []string
}

func newWorkingLives(w *world, rt *rapid.T) *workingLives {
	l := &workingLives{office: newOffice(w), t: rt, gone: map[center.UserID]bool{}}
	functions := &company{functions: map[string]func(context.Context) (string, error){"word": word("gold")}}
	for range 2 {
		set := center.DefaultSettings()
		set.ActiveChats = 5
		l.nodes = append(l.nodes, l.build(&told{}, true, chat.Config{
			Store: w.store, Catalog: w.catalog(w.clock.Now), Sealer: w.sealer, Clock: w.clock, Wall: w.clock.Now, NewID: w.newID,
			Partition: partition, Settings: set, Log: slog.New(slog.DiscardHandler), Functions: functions,
		}))
	}
	l.c = l.nodes[0]
	l.on(center.MultiPartyChat, center.EnhancedChatMonitoring)
	for _, name := range []string{"jane", "john", "jack"} {
		id := l.agent(l.c, name, center.StatusNameAvailable)
		l.must(catalog.Users.Update(l.ctx, l.c.Catalog, instance, string(id), 0, func(u *center.User) error { // they may monitor too
			u.SecurityProfiles = []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(instance, "security-profile", center.SecurityAdmin))}
			u.Channels.AfterContactWork = []center.AfterContactWork{{Channel: center.ChannelChat, Limit: 90 * (len(l.agents) % 2)}}
			return nil
		}))
		l.agents = append(l.agents, id)
	}
	for _, name := range []string{center.StatusNameAvailable, center.StatusNameOffline} {
		l.statuses = append(l.statuses, center.SeededID(instance, "agent-status", name))
	}
	narrow := l.queue("narrow", 1, center.QueueEnabled)
	l.queues = []string{l.basic, l.sales, narrow, string(l.agents[0])}
	l.entry = l.makeFlow(l.c, "hooks all", center.TypeContactFlow, hooksAll)
	l.choices = map[string]string{
		"remaining": string(l.makeFlow(l.c, "remains", center.TypeContactFlow, remains)), "waiting": string(l.makeFlow(l.c, "moves", "CUSTOMER_QUEUE", moves)),
		"toagent": string(l.makeFlow(l.c, "to agent", "AGENT_WHISPER", asksInWhisper)), "tocustomer": string(l.makeFlow(l.c, "to customer", "CUSTOMER_WHISPER", asksInWhisper)),
	}
	l.connects = []string{
		l.toQueue("Sales", l.sales, handsOver), l.toQueue("Narrow", narrow, handsOver), l.toQueue("Slow", l.sales, waitsFirst), l.toUser("Jack", l.agents[2], handsOver),
	}
	f := l.makeFlow(l.c, "beside", center.TypeContactFlow, remains)
	l.flow = l.connectTo(center.QuickConnect{Head: center.Head[center.QuickConnectID]{Name: "beside"}, Type: center.QuickConnectFlow, Flow: string(f)})
	return l
}

// nothing ends an action that has nothing to work on. rapid ends a sequence of actions after a few that are skipped.
type nothing struct{}

func (l *workingLives) one() *node {
	return l.nodes[rapid.IntRange(0, len(l.nodes)-1).Draw(l.t, "node")]
}

func (l *workingLives) someAgent() center.UserID {
	return rapid.SampledFrom(l.agents).Draw(l.t, "agent")
}

func (l *workingLives) who() chat.Caller {
	if len(l.people) == 0 {
		panic(nothing{})
	}
	return l.people[rapid.IntRange(0, len(l.people)-1).Draw(l.t, "who")]
}

// some draws one of the contacts that fit, and the chat that it is of.
func (l *workingLives) some(fit func(*center.Chat, *center.Contact) bool) (*center.Chat, *center.Contact) {
	type found struct {
		of *center.Chat
		i  int
	}
	var all []found
	for _, id := range l.chats {
		of, _, err := l.c.Contact(l.ctx, instance, id)
		l.must(err)
		for i := range of.Contacts {
			if fit(of, &of.Contacts[i]) {
				all = append(all, found{of, i})
			}
		}
	}
	if len(all) == 0 {
		panic(nothing{})
	}
	f := all[rapid.IntRange(0, len(all)-1).Draw(l.t, "contact")]
	return f.of, &f.of.Contacts[f.i]
}

// works draws a slot of an agent in one of the states; "" stands for all of them.
func (l *workingLives) works(state string) (center.UserID, center.AgentContact) {
	type found struct {
		agent center.UserID
		slot  center.AgentContact
	}
	var all []found
	for _, id := range l.agents {
		a, _, err := l.c.Staff.Agent(l.ctx, instance, id)
		if l.gone[id] && center.Is(err, center.NotFound) {
			continue
		}
		l.must(err)
		for _, s := range a.Contacts {
			if state == "" || s.State == state {
				all = append(all, found{id, s})
			}
		}
	}
	if len(all) == 0 {
		panic(nothing{})
	}
	f := all[rapid.IntRange(0, len(all)-1).Draw(l.t, "slot")]
	return f.agent, f.slot
}

// start starts a chat in a queue, perhaps with some of the hooks, and connects its customer. It returns "" if it was refused.
func (l *workingLives) start(hooks ...string) center.ContactID {
	cmd := center.StartChat{Instance: instance, Flow: l.entry, DisplayName: "Ana", DurationMinutes: 60, Attributes: map[string]string{
		"queue": rapid.SampledFrom(l.queues).Draw(l.t, "queue"), "next": rapid.SampledFrom(l.queues).Draw(l.t, "next"),
	}}
	if rapid.Bool().Draw(l.t, "stays for the disconnect flow") {
		cmd.OnCustomerExit = []string{center.ExitsToAgents}
	}
	for _, hook := range hooks {
		if rapid.Bool().Draw(l.t, hook) {
			cmd.Attributes[hook] = l.choices[hook]
		}
	}
	started, err := l.one().Start(l.ctx, cmd)
	if !l.settled(err) {
		return ""
	}
	l.chats = append(l.chats, started.Contact)
	who, err := l.c.Authenticate(started.Token, token.Participant)
	l.must(err)
	_, err = l.c.Connection(l.ctx, who, true)
	l.must(err)
	l.people = append(l.people, who)
	return started.Contact
}

// seldom skips an action most of the time.
func (l *workingLives) seldom() {
	if rapid.IntRange(0, 4).Draw(l.t, "seldom") != 1 {
		panic(nothing{})
	}
}

func (l *workingLives) settled(err error) bool {
	return (&lives{world: l.world, t: l.t}).settled(err)
}

func (l *workingLives) actions() map[string]func(*rapid.T) {
	on := func(f func()) func(*rapid.T) {
		return func(t *rapid.T) {
			defer func() {
				if r := recover(); r != nil && r != (nothing{}) {
					panic(r)
				}
			}()
			l.t = t
			f()
		}
	}
	a := func() *chat.Agents { return l.one().Agents }
	return map[string]func(*rapid.T){
		"start": on(func() { l.start("remaining", "waiting", "toagent", "tocustomer") }),
		"a conversation": on(func() {
			if k := l.start("remaining", "waiting"); k != "" {
				who := l.someAgent()
				_ = l.settled(a().Offer(l.ctx, instance, k, who, 0)) && l.settled(a().Accept(l.ctx, instance, who, k))
			}
		}),
		"offer": on(func() {
			_, k := l.some(func(_ *center.Chat, k *center.Contact) bool { return k.Queued() })
			l.settled(a().Offer(l.ctx, instance, k.ID, l.someAgent(), rapid.IntRange(0, 3).Draw(l.t, "limit")))
		}),
		"accept": on(func() {
			who, slot := l.works(center.SlotConnecting)
			l.settled(a().Accept(l.ctx, instance, who, slot.Contact))
		}),
		"reject": on(func() {
			who, slot := l.works(center.SlotConnecting)
			l.settled(a().Reject(l.ctx, instance, who, slot.Contact))
		}),
		"agent leaves": on(func() {
			l.seldom()
			who, slot := l.works("")
			l.settled(a().Leave(l.ctx, instance, who, slot.Contact))
		}),
		"clear": on(func() {
			who, slot := l.works("")
			l.settled(a().Clear(l.ctx, instance, who, slot.Contact))
		}),
		"status": on(func() {
			l.settled(a().SetStatus(l.ctx, instance, l.someAgent(), rapid.SampledFrom(l.statuses).Draw(l.t, "status"), rapid.Bool().Draw(l.t, "strict")))
		}),
		"transfer": on(func() {
			who, slot := l.works(center.SlotConnected)
			_, err := a().Transfer(l.ctx, instance, who, slot.Contact, rapid.SampledFrom(l.connects).Draw(l.t, "to"))
			l.settled(err)
		}),
		"invite": on(func() {
			who, slot := l.works(center.SlotConnected)
			_, err := a().Invite(l.ctx, instance, who, slot.Contact, rapid.SampledFrom(l.connects).Draw(l.t, "to"))
			l.settled(err)
		}),
		"remove": on(func() {
			who, slot := l.works(center.SlotConnected)
			of, _, err := l.c.Contact(l.ctx, instance, slot.Contact)
			l.must(err)
			whom := []center.ParticipantID{}
			for i := range of.Participants {
				whom = append(whom, of.Participants[i].ID)
			}
			for i := range of.Contacts {
				whom = append(whom, center.ParticipantID(of.Contacts[i].ID))
			}
			l.settled(a().Remove(l.ctx, instance, who, slot.Contact, rapid.SampledFrom(whom).Draw(l.t, "whom")))
		}),
		"flow beside": on(func() {
			who, slot := l.works(center.SlotConnected)
			l.settled(a().StartFlow(l.ctx, instance, who, slot.Contact, l.flow))
		}),
		"monitor": on(func() {
			_, slot := l.works(center.SlotConnected)
			_, err := a().Monitor(l.ctx, instance, chat.MonitorRequest{Contact: slot.Contact, User: l.someAgent(), Capabilities: []string{center.MonitorSilent, center.MonitorBarge}})
			l.settled(err)
		}),
		"barge": on(func() {
			who, slot := l.works(center.SlotConnected)
			l.settled(a().SetMonitorMode(l.ctx, instance, who, slot.Contact, rapid.SampledFrom([]string{center.MonitorSilent, center.MonitorBarge}).Draw(l.t, "mode")))
		}),
		"reclaim": on(func() {
			l.seldom()
			who, slot := l.works("")
			l.settled(a().Reclaim(l.ctx, instance, who, slot.Contact))
		}),
		"delete a user": on(func() {
			l.seldom()
			l.seldom()
			who := l.someAgent()
			if l.settled(a().DeleteUser(l.ctx, instance, who)) {
				l.gone[who] = true
			}
		}),
		"agent says": on(func() {
			who, slot := l.works("")
			as, err := a().Caller(l.ctx, instance, who, slot.Contact)
			if l.settled(err) {
				_, err := l.one().Send(l.ctx, as, center.Message{ContentType: center.TextPlain, Content: "from the agent"}, "")
				l.settled(err)
			}
		}),
		"customer says": on(func() {
			_, err := l.one().Send(l.ctx, l.who(), center.Message{ContentType: center.TextPlain, Content: "from the customer"}, "")
			l.settled(err)
		}),
		"timers": on(func() {
			of, _ := l.some(func(of *center.Chat, _ *center.Contact) bool { return of.Ended.IsZero() })
			role := rapid.SampledFrom([]center.Role{center.RoleCustomer, center.RoleAgent}).Draw(l.t, "role")
			l.settled(l.one().SetTimers(l.ctx, instance, of.Current().ID, []center.TimerSetting{{Role: role, Type: center.TimerDisconnect, Minutes: 3}}))
		}),
		"customer leaves": on(func() { l.seldom(); l.settled(l.one().Leave(l.ctx, l.who())) }),
		"stop": on(func() {
			l.seldom()
			_, k := l.some(func(of *center.Chat, _ *center.Contact) bool { return of.Ended.IsZero() })
			l.settled(l.one().Stop(l.ctx, instance, k.ID))
		}),
		"pass": on(func() {
			l.clock.advance(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 20, 60, 200, 700}).Draw(l.t, "seconds")) * time.Second)
			l.settle()
		}),
		"": func(t *rapid.T) { l.t = t; l.check() },
	}
}

func (l *workingLives) settle() {
	if err := l.one().Settle(l.ctx); err != nil {
		l.t.Fatal(err)
	}
}

// check is what holds at any time: who has a contact is told the same by the contact, its agent and the rows.
func (l *workingLives) check() {
	slots := map[center.ContactID]map[center.UserID]center.AgentContact{}
	rows, err := l.store.Agents(l.ctx, instance)
	l.must(err)
	for i := range rows {
		seen, err := l.c.Look(l.ctx, center.KindAgent, center.StreamID(rows[i].Agent))
		l.must(err)
		a := seen.State.(*center.Agent)
		l.checkAgent(a, &rows[i])
		for _, s := range a.Contacts {
			if slots[s.Contact] == nil {
				slots[s.Contact] = map[center.UserID]center.AgentContact{}
			}
			slots[s.Contact][a.ID] = s
		}
	}
	active := 0
	for _, id := range l.chats {
		of, _, err := l.c.Contact(l.ctx, instance, id)
		l.must(err)
		if of.Ended.IsZero() {
			active++
		}
		(&lives{world: l.world, t: l.t}).checkItems(of, l.items(of.ID))
		l.checkWaiting(of)
		l.checkDue(of)
		for i := range of.Contacts {
			l.checkContact(of, i, slots[of.Contacts[i].ID])
		}
	}
	held, err := l.store.Claims(l.ctx, center.ClaimSlot, "")
	l.must(err)
	if len(held) != active {
		l.t.Fatalf("%d chats are active, and %d places taken", active, len(held))
	}
}

// checkAgent: the row is the stream's, each contact has one slot, and after-contact work alone has a timer.
func (l *workingLives) checkAgent(a *center.Agent, row *store.AgentAtWork) {
	if row.Status != a.Status || (row.Next == nil) != (a.Next == nil) || !row.Idle.Equal(a.Idle.Truncate(time.Millisecond)) {
		l.t.Fatalf("the row %+v is of the agent %+v", row, a)
	}
	stored := slices.Clone(row.Slots)
	want := slices.Clone(a.Contacts)
	byID := func(x, y center.AgentContact) int { return strings.Compare(string(x.Contact), string(y.Contact)) }
	slices.SortFunc(stored, byID)
	slices.SortFunc(want, byID)
	if len(stored) != len(want) {
		l.t.Fatalf("%d slots are stored of %+v", len(stored), a)
	}
	for i := range want {
		if s, w := &stored[i], &want[i]; s.Contact != w.Contact || s.State != w.State || s.Participant != w.Participant || s.Chat != w.Chat || s.Queue != w.Queue || s.Monitor != w.Monitor || !s.Since.Equal(w.Since) {
			l.t.Fatalf("stored is %+v of the slot %+v", s, w)
		}
		if i > 0 && want[i].Contact == want[i-1].Contact {
			l.t.Fatalf("two slots for the contact %s", want[i].Contact)
		}
	}
	if a.Next != nil && len(a.Contacts) == 0 {
		l.t.Fatalf("the next status waits for no contact: %+v", a)
	}
	if l.gone[a.ID] && (a.Status.Type != center.StatusOffline || len(a.Contacts) > 0) {
		l.t.Fatalf("a user who was deleted: %+v", a)
	}
}

// checkContact: a contact has the owner whose slot says so, and no other.
func (l *workingLives) checkContact(of *center.Chat, i int, slots map[center.UserID]center.AgentContact) {
	k := &of.Contacts[i]
	live := ""
	for user, s := range slots {
		live += s.State + " " + string(user) + " "
		offered := k.Offer != nil && k.Offer.User == user
		works := k.Agent != nil && k.Agent.User == user
		ok := false
		switch s.State {
		case center.SlotConnecting:
			ok = offered && k.Offer.Participant == s.Participant && k.Live() && k.Queued() != !k.Dequeued.IsZero()
		case center.SlotConnected:
			p, there := of.Participant(s.Participant)
			ok = works && k.Agent.Left.IsZero() && there && p.Active() && k.Live() && of.Ended.IsZero()
		case center.SlotEnded:
			ok = works && !k.Agent.Left.IsZero() && k.Agent.Done.IsZero()
		case center.SlotMissed, center.SlotRejected, center.SlotError:
			ok = !offered && !works
		}
		if !ok {
			l.t.Fatalf("the slot of %s is %+v, the contact %+v", user, s, k)
		}
		if s.Chat != of.ID {
			l.t.Fatalf("the slot %+v is of another chat than %s", s, of.ID)
		}
	}
	if k.Offer != nil {
		if s, ok := slots[k.Offer.User]; !ok || s.State != center.SlotConnecting {
			l.t.Fatalf("offered to %s, whose slots are %s", k.Offer.User, live)
		}
	}
	if w := k.Agent; w != nil && w.Done.IsZero() {
		if s, ok := slots[w.User]; !ok && !l.gone[w.User] || ok && s.State != center.SlotEnded && s.State != center.SlotConnected {
			l.t.Fatalf("%s works on it, whose slots are %q: %+v", w.User, live, k)
		}
	}
	if strings.Count(live, center.SlotConnecting)+strings.Count(live, center.SlotConnected) > 1 {
		l.t.Fatalf("two agents have the contact %+v: %s", k, live)
	}
	if !of.Ended.IsZero() && k.Live() || k.Offer != nil && k.Agent != nil {
		l.t.Fatalf("the contact is %+v, its chat ended at %v", k, of.Ended)
	}
	r, err := l.store.ContactRecord(l.ctx, k.ID)
	l.must(err)
	if r.DisconnectReason != k.DisconnectReason || !r.Disconnected.Equal(k.Disconnected) || (r.Agent == nil) != (k.Agent == nil) || r.Next != k.Next {
		l.t.Fatalf("the row is %+v of the contact %+v", r, k)
	}
	if w := k.Agent; w != nil && (r.Agent.User != w.User || !r.Agent.Connected.Equal(w.Connected) || !r.Agent.Left.Equal(w.Left) || !r.Agent.Done.Equal(w.Done)) {
		l.t.Fatalf("the row has the agent %+v, the contact %+v", r.Agent, w)
	}
}

// checkWaiting: the rows of those who wait equal a recount.
func (l *workingLives) checkWaiting(of *center.Chat) {
	rows, err := l.store.WaitingOf(l.ctx, instance, of.ID)
	l.must(err)
	var want []string
	for i := range of.Contacts {
		if w := of.Waiting(i); w != nil {
			want = append(want, fmt.Sprint(w.Contact, w.Queue, w.AgentQueue, w.OfferedTo, w.Rejecter, w.Enqueued.UnixMilli()))
		}
	}
	var got []string
	for i := range rows {
		w := &rows[i]
		got = append(got, fmt.Sprint(w.Contact, w.Queue, w.AgentQueue, w.OfferedTo, w.Rejecter, w.Enqueued.UnixMilli()))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		l.t.Fatalf("%q wait, the chat says %q", got, want)
	}
}

// checkDue: what a chat's contacts wait for has a row, no row is of a contact or a flow that is over, and nothing is due
// after the end.
func (l *workingLives) checkDue(of *center.Chat) {
	due, err := l.store.DueOf(l.ctx, center.StreamID(of.ID))
	l.must(err)
	var got, want []string
	for _, d := range due {
		if !of.Ended.IsZero() && !strings.HasPrefix(d.Key, "call:") { // what was asked outside comes back, and is dropped
			l.t.Fatalf("due after the end: %v", d)
		}
		if strings.HasPrefix(d.Key, center.DueOffer) || strings.HasPrefix(d.Key, center.DueWhisper) {
			got = append(got, d.Key+" "+d.Data)
		}
	}
	for i := range of.Contacts {
		k := &of.Contacts[i]
		switch {
		case k.Offer == nil:
		case k.Offer.Accepted.IsZero():
			want = append(want, center.DueOffer+string(k.ID)+" "+string(k.Offer.Participant))
		default:
			want = append(want, center.DueWhisper+string(k.ID)+" "+string(k.Offer.Participant))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !reflect.DeepEqual(got, want) {
		l.t.Fatalf("due are %q, the contacts say %q", got, want)
	}
}

// end ends all chats, clears all contacts, and finds nothing left.
func (l *workingLives) end() {
	for _, id := range l.chats {
		of, _, err := l.c.Contact(l.ctx, instance, id)
		l.must(err)
		l.settled(l.one().Stop(l.ctx, instance, of.Current().ID))
	}
	for _, id := range l.agents {
		if l.gone[id] {
			continue
		}
		a, _, err := l.c.Staff.Agent(l.ctx, instance, id)
		l.must(err)
		for _, s := range a.Contacts {
			if err := l.one().Agents.Clear(l.ctx, instance, id, s.Contact); err != nil {
				l.t.Fatal(err)
			}
		}
		if a, _, err = l.c.Staff.Agent(l.ctx, instance, id); err != nil || len(a.Contacts) > 0 || a.Next != nil {
			l.t.Fatalf("the agent is %+v, %v", a, err)
		}
	}
	l.clock.advance(2 * time.Hour)
	l.settle()
	l.check()
	for _, kind := range []string{center.ClaimSlot, center.ClaimQueuePlace} {
		held, err := l.store.Claims(l.ctx, kind, "")
		l.must(err)
		if len(held) > 0 {
			l.t.Fatalf("claims of the kind %s are held still: %v", kind, held)
		}
	}
	if due, err := l.store.AllDue(l.ctx, 10); err != nil || len(due) > 0 {
		l.t.Fatalf("due still: %v, %v", due, err)
	}
}

// TestWorkingLives makes a few histories; PARLEY_TEST_LIVES is how many more `make soak-lives` wants.
func TestWorkingLives(t *testing.T) {
	live := func(t *testing.T, histories int, database func() string) {
		set := map[string]int{"rapid.checks": histories, "rapid.steps": 60, "rapid.seed": 1} // the same histories each time
		if n, err := strconv.Atoi(os.Getenv("PARLEY_TEST_LIVES")); err == nil {
			set["rapid.checks"], set["rapid.seed"] = n, 0
		}
		for name, value := range set {
			before := flag.Lookup(name).Value.String()
			if err := flag.Set(name, strconv.Itoa(value)); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = flag.Set(name, before) }) // it was its value
		}
		rapid.Check(t, func(rt *rapid.T) {
			w := newWorldOn(t, database())
			defer w.store.Close() //nolint:errcheck // nobody reads it any more
			l := newWorkingLives(w, rt)
			rt.Repeat(l.actions())
			l.end()
		})
	}
	t.Run("sqlite", func(t *testing.T) { live(t, 10, func() string { return "sqlite::memory:" }) })
	t.Run("postgres", func(t *testing.T) { live(t, 3, func() string { return storetest.Postgres(t) }) })
}
