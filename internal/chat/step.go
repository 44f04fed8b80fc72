package chat

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"strconv"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
)

// startFlow begins the contact's flow, nil for one that is gone. It is called in the turn in which the customer connects.
func (fs *flows) startFlow(t *turn, f runnable) error {
	if f.flow == nil {
		contact := t.Subject()
		t.warn("flow is gone", "contact", contact.ID, "flow", contact.Flow)
		t.end(center.ReasonSystemError)
		return nil
	}
	return fs.startOn(t, "", f)
}

// startOn begins the flow of a contact, "" for the customer's.
func (fs *flows) startOn(t *turn, of center.ContactID, f runnable) error {
	return fs.startAs(t, of, roleContact, f)
}

// startAs is startOn for a flow of another role, which runs beside those that the contact has.
func (fs *flows) startAs(t *turn, of center.ContactID, role runRole, f runnable) error {
	t.keep()
	t.On(of)
	h := fnv.New64a() // flows of one contact do not throw alike
	if role != roleContact {
		_, _ = h.Write([]byte(string(role) + " "))
	}
	_, _ = h.Write([]byte(t.Subject().ID))
	if role == roleAgent {
		_, _ = h.Write([]byte(strconv.Itoa(t.Chat.AgentFlows)))
	}
	t.beginOn(of, role, flow.New(f.id, f.content, h.Sum64()), f.flow.Type)
	t.BeginFlow(int(t.run.ID), f.flow.ID, f.flow.Type)
	return fs.feed(t, flow.Start{})
}

// feed gives the flow an event and carries out, within the turn, what it wants done. Questions it asks are answered
// in the same turn.
func (fs *flows) feed(t *turn, ev flow.Event) error {
	for ev != nil && t.run != nil && !t.run.Done {
		p, err := fs.program(t, t.run.Content)
		if err != nil {
			return err
		}
		at := t.run.State
		if at.Contact, err = fs.facts(t); err != nil {
			return err
		}
		next, effects := p.Step(at, ev, t.Now)
		if len(effects) == 0 && next.Waiting == at.Waiting && next.Behind == at.Behind {
			break // nothing that this flow waits for
		}
		r := *t.run
		r.State = next
		t.run, t.ran = &r, true
		t.botTakesOver(at.Waiting, next.Waiting)
		if next.Behind != at.Behind || !t.run.signsIn() {
			t.dropSignIn()
		}
		if ev, err = fs.carryOn(t, effects, p); err != nil {
			return err
		}
	}
	if t.run != nil && t.ran {
		r := *t.run
		r.Contact = flow.Contact{} // facts are the chat's; they are filled in before each step
		t.run = &r
	}
	if t.run != nil && t.run.Done && t.run.whispers() {
		return fs.whisperDone(t)
	}
	return nil
}

// carryOut does what a step wants done and returns the answer to what it asked last, if it asked.
func (fs *flows) carryOut(t *turn, effects []flow.Effect, p *flow.Program) (answer flow.Event, err error) {
	for _, e := range effects {
		switch e := e.(type) {
		case flow.Say:
			t.say(e)
		case flow.SetAttributes:
			t.PutAttributes(t.run.Contact.Attributes)
		case flow.StartTimer:
			t.startTimer(e)
		case flow.CancelTimer:
			t.cancelTimer(e)
		case flow.SetRelatedAttributes:
			answer, err = fs.setRelated(t, e.Set)
		case flow.SetEventHook:
			answer, err = fs.setHook(t, e)
		case flow.PersistChat:
			answer, err = fs.persist(t, e)
		case flow.TransferToFlow:
			answer, err = fs.transfer(t, e, p)
		case flow.InvokeModule:
			answer, err = fs.invokeModule(t, e)
		case flow.Return:
			answer = flow.Returned{}
		case flow.SetTargetQueue:
			answer, err = fs.setTargetQueue(t, e)
		case flow.Enqueue:
			answer, err = fs.enqueue(t, p)
		case flow.Requeue:
			answer, err = fs.requeue(t, e, p)
		case flow.CheckHours:
			answer, err = fs.checkHours(t, e)
		case flow.CheckMetric:
			answer, err = fs.checkMetric(t, e)
		case flow.GetMetrics:
			answer, err = fs.getMetrics(t, e)
		case flow.ShowView:
			answer, err = fs.showView(t, e)
		case flow.BeginSignIn:
			answer = fs.beginSignIn(t, e)
		case flow.EndSignIn:
			answer = fs.endSignIn(t, e.Came)
		case flow.SetContactData:
			answer, err = fs.setContactData(t, e)
		case flow.SetTags:
			answer, err = fs.setTags(t, e)
		case flow.SetRouting:
			t.SetRouting(e.Priority, e.TimeAdjustmentSeconds)
		case flow.SetRoutingCriteria:
			fs.setRoutingCriteria(t, e)
		case flow.Call:
			err = fs.call(t, e)
		case flow.Log:
			t.log(e)
		case flow.Fault:
			t.log(e)
			t.overWith(center.ReasonSystemError)
		case flow.End:
			t.overWith(center.ReasonFlow)
		case flow.TransferToAgent:
			answer, err = fs.transferToAgent(t, p)
		case flow.Disconnect:
			t.disconnect()
		default:
			return nil, fmt.Errorf("a flow wants %T, which nothing here carries out", e)
		}
	}
	return answer, err
}

func (fs *flows) invokeModule(t *turn, e flow.InvokeModule) (flow.Event, error) {
	m, err := fs.moduleToRun(t, e.ModuleID)
	if err != nil {
		return no(err, "no published module to run")
	}
	t.run = t.run.with(t.run.Call(m.id, m.content, e.Input), t.run.Type)
	return flow.Start{}, nil
}

// overWith is the end of the flow by itself. A flow that carries the contact takes it along; one that accompanies a
// contact in a queue leaves it there, with all that was counted for it.
func (t *turn) overWith(reason string) {
	switch t.run.Role {
	case roleContact:
		t.end(reason)
	case roleConnect:
		t.FailConnect(t.run.Of)
	}
}

// disconnect is the end of the contact by its flow. The flow of a quick connect ends what it was to connect, and one that an
// agent has started ends by itself: the conversation goes on (inferred).
func (t *turn) disconnect() {
	switch t.run.Role {
	case roleConnect:
		t.FailConnect(t.run.Of)
	case roleAgent:
	default:
		t.end(center.ReasonFlow)
	}
}

// typeCustomerQueue is the type of the flows that customers in a queue run.
const typeCustomerQueue = "CUSTOMER_QUEUE"

func (fs *flows) setRoutingCriteria(t *turn, e flow.SetRoutingCriteria) {
	criteria, err := center.ParseRoutingCriteria(e.Criteria)
	if err != nil {
		t.warn("routing criteria were refused", "contact", t.Subject().ID, "why", err)
		return
	}
	t.SetRoutingCriteria(criteria)
}

func (fs *flows) setContactData(t *turn, e flow.SetContactData) (flow.Event, error) {
	set := center.ContactData{
		Name: e.Name, Description: e.Description, LanguageCode: e.LanguageCode, CustomerID: e.CustomerID, WisdomSession: e.WisdomSessionARN,
	}
	if len(e.References) > 0 {
		set.References = make(map[string]center.Reference, len(e.References))
		for key, r := range e.References {
			set.References[key] = center.Reference(r)
		}
	}
	if e.Related {
		return fs.toRelated(t, related{Data: set})
	}
	if err := t.SetContactData(t.Subject().ID, set); err != nil {
		return no(err, err.Error())
	}
	return flow.Granted{}, nil
}

func (fs *flows) setTags(t *turn, e flow.SetTags) (flow.Event, error) {
	if err := t.Tag(t.Subject().ID, e.Set, e.Remove); err != nil {
		return no(err, err.Error())
	}
	return flow.Granted{}, nil
}

// no is the flow's answer when something is refused. A store that fails answers nothing: the turn fails, and what the
// flow was told happens again.
func no(err error, reason string) (flow.Event, error) {
	if err != nil && !center.Refused(err) {
		return nil, err
	}
	return flow.Refused{Reason: reason}, nil
}

func (fs *flows) setHook(t *turn, e flow.SetEventHook) (flow.Event, error) {
	if e.FlowID == "" {
		t.SetHook(e.Hook, "")
		return flow.Granted{}, nil
	}
	f, err := fs.flowToRun(t, e.FlowID)
	if err != nil || !f.flow.MayHook(e.Hook) {
		return no(err, "no published flow of the right type for "+e.Hook)
	}
	ref := center.ParseFlow(e.FlowID)
	set := ref.ID
	if ref.Qualifier != "" {
		set += center.FlowID(":" + ref.Qualifier)
	}
	t.SetHook(e.Hook, set)
	return flow.Granted{}, nil
}

func (fs *flows) transfer(t *turn, e flow.TransferToFlow, p *flow.Program) (flow.Event, error) {
	if t.run.Type == typeCustomerQueue {
		return flow.Refused{Reason: "a customer queue flow does not transfer to another flow"}, nil
	}
	f, err := fs.flowToRun(t, e.FlowID)
	if err != nil || !f.flow.MayEnter() {
		return no(err, "no published flow to transfer to")
	}
	if _, err := fs.program(t, f.content); err != nil {
		return nil, err
	}
	t.grantedTo(p)
	t.run = t.run.with(t.run.Enter(f.id, f.content), f.flow.Type)
	return flow.Start{}, nil
}

// grantedTo lets a program that goes no further, because it was granted what ends it, tell so in the flow log.
func (t *turn) grantedTo(p *flow.Program) {
	_, last := p.Step(t.run.State, flow.Granted{}, t.Now)
	for _, l := range last {
		if l, ok := l.(flow.Log); ok {
			t.log(l)
		}
	}
}

func (fs *flows) persist(t *turn, e flow.PersistChat) (flow.Event, error) {
	past, err := fs.earlier(t, center.Persistence{Type: e.RehydrationType, Source: center.ContactID(e.SourceContactID)})
	if err == nil {
		err = t.Associate(past)
	}
	if err != nil {
		return no(err, "the past chat cannot be continued")
	}
	return flow.Granted{}, nil
}

// setRelated writes attributes of the related contact.
func (fs *flows) setRelated(t *turn, set map[string]string) (flow.Event, error) {
	return fs.toRelated(t, related{Set: set})
}

// related is what a flow writes of the contact that its own is related to.
type related struct {
	Contact center.ContactID   `json:"contact"`
	Set     map[string]string  `json:"set,omitempty"` // attributes
	Data    center.ContactData `json:"data,omitzero"`
}

// and is r with what came later written over it.
func (r related) and(later related) related {
	set := maps.Clone(r.Set)
	if set == nil {
		set = later.Set
	} else {
		maps.Copy(set, later.Set)
	}
	return related{Set: set, Data: r.Data.And(later.Data)}
}

// write carries it out in the related contact's chat.
func (r related) write(d *center.Draft) error {
	if len(r.Set) > 0 {
		if err := d.SetAttributes(r.Set); err != nil {
			return err
		}
	}
	return d.SetContactData(r.Contact, r.Data)
}

// toRelated writes something of the related contact, which is another chat's: a due row carries it there, so that a
// crash between the two loses nothing. What a turn sets travels together, so that what it set last holds. What the
// related contact has no room for by now is refused at once, for the flow to take its error branch.
func (fs *flows) toRelated(t *turn, set related) (flow.Event, error) {
	other, err := fs.chatRelated(t)
	if err != nil {
		return no(err, "the contact has no related contact")
	}
	all := t.related.and(set)
	all.Contact = t.Subject().Related
	if err := all.write(center.NewDraft(&other.Chat, 0, t.Now, t.Now, t.NewID)); err != nil {
		return no(err, "the related contact does not take this")
	}
	raw, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	if t.relatedKey == "" {
		t.relatedKey = dueRelated + strconv.FormatInt(t.Seq(), 10)
	}
	t.related = all
	t.Schedule(t.relatedKey, t.Now, string(raw))
	return flow.Granted{}, nil
}

// dueRelated is the key, with the number of a turn's item behind it, of what is on its way to a related chat.
const dueRelated = "related:"

// facts is what a flow may know of the contact.
func (fs *flows) facts(t *turn) (flow.Contact, error) {
	chat, contact := t.Chat, t.Subject()
	f := flow.Contact{
		ContactID: string(contact.ID), InitialContactID: string(chat.ID), PreviousContactID: string(contact.Previous),
		InstanceARN: fs.partition.InstanceARN(chat.Instance), InitiationMethod: contact.InitiationMethod,
		AwsRegion: fs.partition.Region, LanguageCode: contact.LanguageCode, Name: contact.Name,
		Description: contact.Description, CustomerID: chat.CustomerID, Attributes: chat.Attributes,
		FlowType: t.run.Type, Trace: fs.trace,
	}
	if f.PreviousContactID == "" {
		f.PreviousContactID = f.ContactID
	}
	if chat.InitialMessage != nil {
		f.InitialMessage = chat.InitialMessage.Content
	}
	if len(contact.SegmentAttributes) > 0 {
		f.SegmentAttributes = make(map[string]string, len(contact.SegmentAttributes))
		for k, v := range contact.SegmentAttributes {
			text, err := segmentFact(v)
			if err != nil {
				return f, err
			}
			if text != "" {
				f.SegmentAttributes[k] = text
			}
		}
	}
	f.Tags = make(map[string]string, 1+len(contact.Tags))
	maps.Copy(f.Tags, contact.Tags)
	f.Tags["aws:connect:instanceId"] = string(chat.Instance)
	if len(contact.References) > 0 {
		f.References = make(map[string]flow.Reference, len(contact.References))
		for key, r := range contact.References {
			f.References[key] = flow.Reference(r)
		}
	}
	f.Beside = t.run.Role == roleAgent
	_, f.CustomParticipant = chat.With(center.RoleCustomParticipant)
	if contact.TargetQueue != "" {
		q, err := fs.targetQueue(t)
		if err != nil && !center.Refused(err) {
			return f, err
		}
		if err == nil { // otherwise it was deleted, and there is none
			f.Queue = flow.Queue{Name: q.Name, ARN: fs.queueARN(t, q)}
		}
	}
	var err error
	f.Agent, err = fs.agentFacts(t)
	return f, err
}

// agentFacts is what a flow may know of the agent whom it is about.
func (fs *flows) agentFacts(t *turn) (a flow.Agent, err error) {
	id := t.aboutAgent()
	if id == "" {
		return a, nil
	}
	a.ARN = fs.partition.InstanceARN(t.Chat.Instance) + "/agent/" + string(id)
	w, err := t.chats.staff.Worker(t.tx, t.Chat.Instance, id)
	if center.Refused(err) {
		return a, nil // the user was deleted
	}
	if err == nil {
		a.UserName, a.FirstName, a.LastName = w.Name, w.Identity.FirstName, w.Identity.LastName
	}
	return a, err
}

// aboutAgent is the agent whom the flow is about that is stepped, "" for none: who has accepted the contact, in whispers; whom
// a quick connect leads to; who has left, in a disconnect flow.
func (t *turn) aboutAgent() center.UserID {
	c := t.Subject()
	switch {
	case t.run.whispers():
		if c.Offer != nil {
			return c.Offer.User
		}
	case t.run.Type == typeAgentTransfer && c.TargetUser != "":
		return c.TargetUser
	case t.run.Role == roleContact && c.InitiationMethod == center.InitiatedByDisconnect:
		if previous, ok := t.Chat.Contact(c.Previous); ok && previous.Agent != nil {
			return previous.Agent.User
		}
	}
	return ""
}
