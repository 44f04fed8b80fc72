package routing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Explanation says why a contact waits.
type Explanation struct {
	Contact Contact
	// Offered is the agent who is being offered the contact already, or would be by a pass at this time; "" for none. Now says
	// that it is the latter.
	Offered center.UserID
	Now     bool
	// Ahead is how many contacts of the same queue are before it.
	Ahead int
	// Step is the number of the routing step that it is in, from 1, of Steps, and Expires when the step expires, zero for never.
	// Step is 0 when any agent of the queue may have it.
	Step, Steps int
	Expires     time.Time
	// Next is when time alone changes something for any contact, zero for never.
	Next time.Time
	// Agents are all agents, in the order of their ids, and why each does not get the contact.
	Agents []Refusal
}

// Refusal is why an agent does not get a contact.
type Refusal struct {
	Agent  center.UserID
	Reason Reason
}

// Code is the kind of a reason.
type Code string

// The kinds of reasons, in the order in which they are looked for.
const (
	OtherAgentQueue Code = "OTHER_AGENT_QUEUE" // the contact waits in another agent's queue
	NotServed       Code = "QUEUE_NOT_SERVED"  // the routing profile does not have the queue
	ManualOnly      Code = "MANUAL_ASSIGNMENT" // the routing profile has the queue for manual assignment only
	NoProfile       Code = "NO_ROUTING_PROFILE"
	NoAccess        Code = "NO_ACCESS"    // no security profile lets the agent use the Contact Control Panel
	NotRoutable     Code = "NOT_ROUTABLE" // the agent's status
	NextStatus      Code = "NEXT_STATUS"  // the agent has chosen a next status
	NoChannel       Code = "NO_CHAT"      // the routing profile does not have the channel
	OtherChannel    Code = "OTHER_CHANNEL"
	NoSlot          Code = "NO_FREE_SLOT"
	InChat          Code = "IN_CHAT" // the agent takes part in the chat already
	Delayed         Code = "DELAY"
	StepNotMet      Code = "ROUTING_STEP"
	Rejected        Code = "REJECTED"    // the agent has rejected the contact, and there is another agent
	OtherContact    Code = "OTHER_FIRST" // the agent gets other contacts first, which fill its slots
	OtherAgent      Code = "OTHER_AGENT" // another agent is before it
	Chosen          Code = "OFFERED"     // the agent is being offered the contact
)

// Reason is why an agent does not get a contact. The other members depend on the code.
type Reason struct {
	Code         Code
	Status       string           // NotRoutable: the type of the status
	Channel      string           // OtherChannel: of the contact that the agent has
	Contact      center.ContactID // OtherChannel, OtherContact
	Agent        center.UserID    // Rejected, OtherAgent
	Slots, Limit int              // NoSlot: how many are taken, and how many there are
	Step         int              // StepNotMet: the number of the step, from 1
	Until        time.Time        // Delayed, StepNotMet: when it no longer holds; zero for never
}

// String says the reason in words.
func (r Reason) String() string {
	until := func(what string) string {
		if r.Until.IsZero() {
			return ""
		}
		return what + r.Until.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	switch r.Code {
	case OtherAgentQueue:
		return "the contact waits in the queue of another agent"
	case NotServed:
		return "the routing profile does not have the queue for CHAT"
	case ManualOnly:
		return "the routing profile has the queue for manual assignment only"
	case NoProfile:
		return "the routing profile of the agent does not exist"
	case NoAccess:
		return "no security profile of the agent has the permission BasicAgentAccess"
	case NotRoutable:
		if r.Status == center.StatusCustom {
			return "the agent has a custom status, in which no contacts are routed"
		}
		return "the agent is offline"
	case NextStatus:
		return "the agent has chosen a next status"
	case NoChannel:
		return "MediaConcurrencies of the routing profile does not have CHAT"
	case OtherChannel:
		return fmt.Sprintf("the agent has the contact %s of the channel %s, which blocks CHAT", r.Contact, r.Channel)
	case NoSlot:
		return fmt.Sprintf("%d of %d slots are taken", r.Slots, r.Limit)
	case InChat:
		return "the agent takes part in the chat already"
	case Delayed:
		return "the delay of the queue in the routing profile is not over" + until("; it ends at ")
	case StepNotMet:
		return fmt.Sprintf("the agent does not meet routing step %d", r.Step) + until(", which expires at ")
	case Rejected:
		return fmt.Sprintf("the agent rejected the contact, and the agent %s is free for it", r.Agent)
	case OtherContact:
		return fmt.Sprintf("the agent gets the contact %s first", r.Contact)
	case OtherAgent:
		return fmt.Sprintf("the agent %s gets the contact", r.Agent)
	case Chosen:
		return "the agent is offered the contact"
	}
	return string(r.Code)
}

// String says in one sentence why the contact waits.
func (e *Explanation) String() string {
	switch {
	case e.Offered != "" && e.Now:
		return fmt.Sprintf("The next pass offers the contact to the agent %s.", e.Offered)
	case e.Offered != "":
		return fmt.Sprintf("The contact is being offered to the agent %s.", e.Offered)
	case len(e.Agents) == 0:
		return "The instance has no agents."
	}
	count := map[Code]int{}
	for _, a := range e.Agents {
		count[a.Reason.Code]++
	}
	var parts []string
	for _, c := range counted {
		switch n := count[c.code]; {
		case n == 1:
			parts = append(parts, "1 "+c.one)
		case n > 1:
			parts = append(parts, fmt.Sprint(n, " ", c.many))
		}
	}
	return fmt.Sprintf("No agent may be offered the contact. Of %d: %s.", len(e.Agents), strings.Join(parts, ", "))
}

// counted says of one agent and of many why they do not get a contact, in the order in which it is told.
var counted = []struct {
	code      Code
	one, many string
}{
	{OtherAgentQueue, "is not the agent whose queue it is", "are not the agent whose queue it is"},
	{NotServed, "does not serve the queue", "do not serve the queue"},
	{ManualOnly, "has the queue for manual assignment only", "have the queue for manual assignment only"},
	{NoProfile, "has no routing profile", "have no routing profile"},
	{NoAccess, "has no access to the Contact Control Panel", "have no access to the Contact Control Panel"},
	{NotRoutable, "is not available", "are not available"},
	{NextStatus, "has chosen a next status", "have chosen a next status"},
	{NoChannel, "takes no chats", "take no chats"},
	{OtherChannel, "is busy on another channel", "are busy on another channel"},
	{NoSlot, "has no free slot", "have no free slot"},
	{InChat, "takes part in the chat", "take part in the chat"},
	{Delayed, "must wait for the delay of the queue", "must wait for the delay of the queue"},
	{StepNotMet, "does not meet the routing step", "do not meet the routing step"},
	{Rejected, "has rejected it", "have rejected it"},
	{OtherContact, "gets other contacts first", "get other contacts first"},
	{OtherAgent, "comes after another agent", "come after another agent"},
}

// Explain says why a contact waits at a time, and why each agent does not get it. There is no explanation for a contact that
// does not wait.
func (x *Index) Explain(id center.ContactID, now time.Time) (*Explanation, bool) {
	w := x.contacts[id]
	if w == nil {
		return nil, false
	}
	p := x.match(now)
	e := &Explanation{Contact: w.Contact, Offered: w.Offered, Next: p.next}
	e.step(w, p.now)
	for _, other := range x.contacts {
		if other.Queue == w.Queue && other.AgentQueue == w.AgentQueue && other.compare(&w.Contact) < 0 {
			e.Ahead++
		}
	}
	for _, o := range p.offers {
		if o.Contact == id {
			e.Offered, e.Now = o.Agent, true
		}
	}
	for _, a := range x.agents {
		e.Agents = append(e.Agents, Refusal{a.ID, p.explain(a, w, e.Offered)})
	}
	slices.SortFunc(e.Agents, func(a, b Refusal) int { return cmp.Compare(a.Agent, b.Agent) })
	return e, true
}

// step says where the contact is in its routing criteria.
func (e *Explanation) step(w *waiting, now time.Time) {
	step, number, expires := w.step(now)
	if w.Criteria != nil {
		e.Steps = len(w.Criteria.Steps)
	}
	if step != nil {
		e.Step, e.Expires = number+1, expires
	}
}

// explain is why an agent does not get a contact, after the pass has offered what it could.
func (p *pass) explain(a *worker, w *waiting, offered center.UserID) Reason {
	if offered == a.ID {
		return Reason{Code: Chosen}
	}
	a.profile = p.profiles[a.Profile]
	var own *Profile
	if a.profile != nil {
		own = &a.profile.Profile
	}
	closed := a.closed(own)
	if own == nil {
		return closed
	}
	why := p.refusal(a, w)
	switch unserved := why.Code == OtherAgentQueue || why.Code == NotServed || why.Code == ManualOnly; {
	case closed.Code != "" && !unserved:
		return closed
	case why.Code != "":
		return why
	case w.Rejecter == a.ID && offered != "":
		return Reason{Code: Rejected, Agent: offered}
	}
	for _, o := range p.offers {
		if o.Agent == a.ID && (a.standing.free == 0 || w.Chat != "" && p.contacts[o.Contact].Chat == w.Chat) {
			return Reason{Code: OtherContact, Contact: o.Contact}
		}
	}
	return Reason{Code: OtherAgent, Agent: offered}
}
