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

// startFlow begins the contact's flow. It is called in the turn in which the customer connects.
func (c *Chats) startFlow(t *turn) error {
	contact := t.Chat.Current()
	f, content, err := c.Catalog.FlowToBegin(t.ctx, t.Chat.Instance, center.FlowRef{ID: contact.Flow, Qualifier: contact.FlowQualifier})
	if err != nil && !center.Refused(err) {
		return err
	}
	if err != nil {
		c.Log.Warn("flow is gone", "contact", contact.ID, "flow", contact.Flow)
		t.end(center.ReasonSystemError)
		return nil
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.Chat.ID))
	t.run = &run{State: flow.New(string(f.ID), content, h.Sum64()), Type: f.Type}
	t.BeginFlow(f.ID, f.Type)
	return c.feed(t, flow.Start{})
}

// feed gives the flow an event and carries out, within the turn, what it wants done. Questions it asks are answered
// in the same turn.
func (c *Chats) feed(t *turn, ev flow.Event) error {
	for ev != nil && t.run != nil && !t.run.Done {
		p, err := c.Catalog.Program(t.ctx, t.Chat.Instance, t.run.Content)
		if err != nil {
			return err
		}
		at := t.run.State
		if at.Contact, err = c.facts(t); err != nil {
			return err
		}
		next, effects := p.Step(at, ev, t.Now)
		if len(effects) == 0 && next.Waiting == at.Waiting && next.Behind == at.Behind {
			break // nothing that this flow waits for
		}
		r := *t.run
		r.State = next
		t.run, t.ran = &r, true
		if next.Behind != at.Behind || !t.run.signsIn() {
			t.dropSignIn()
		}
		if ev, err = c.carryOn(t, effects, p); err != nil {
			return err
		}
	}
	if t.run != nil && t.ran {
		r := *t.run
		r.Contact = flow.Contact{} // facts are the chat's; they are filled in before each step
		t.run = &r
	}
	return nil
}

// carryOut does what a step wants done and returns the answer to what it asked last, if it asked.
func (c *Chats) carryOut(t *turn, effects []flow.Effect, p *flow.Program) (answer flow.Event, err error) {
	for _, e := range effects {
		switch e := e.(type) {
		case flow.Say:
			it := t.Prompt(center.Message{ContentType: e.ContentType, Content: e.Content})
			if e.Bot {
				it.DisplayName = center.BotDisplayName
			}
		case flow.SetAttributes:
			t.PutAttributes(t.run.Contact.Attributes)
		case flow.StartTimer:
			t.startTimer(e)
		case flow.CancelTimer:
			t.cancelTimer(e)
		case flow.SetRelatedAttributes:
			answer, err = c.setRelated(t, e.Set)
		case flow.SetEventHook:
			answer, err = c.setHook(t, e)
		case flow.PersistChat:
			answer, err = c.persist(t, e)
		case flow.TransferToFlow:
			answer, err = c.transfer(t, e, p)
		case flow.InvokeModule:
			answer, err = c.invokeModule(t, e)
		case flow.Return:
			answer = flow.Returned{}
		case flow.SetTargetQueue:
			answer, err = c.setTargetQueue(t, e)
		case flow.Enqueue:
			answer, err = c.enqueue(t, p)
		case flow.Requeue:
			answer, err = c.requeue(t, e, p)
		case flow.CheckHours:
			answer, err = c.checkHours(t, e)
		case flow.CheckMetric:
			answer, err = c.checkMetric(t, e)
		case flow.GetMetrics:
			answer, err = c.getMetrics(t, e)
		case flow.ShowView:
			answer, err = c.showView(t, e)
		case flow.BeginSignIn:
			answer = c.beginSignIn(t, e)
		case flow.EndSignIn:
			answer = c.endSignIn(t, e.Came)
		case flow.SetContactData:
			answer, err = c.setContactData(t, e)
		case flow.SetTags:
			answer, err = c.setTags(t, e)
		case flow.SetRouting:
			t.SetRouting(e.Priority, e.TimeAdjustmentSeconds)
		case flow.SetRoutingCriteria:
			c.setRoutingCriteria(t, e)
		case flow.Call:
			err = c.call(t, e)
		case flow.Log:
			t.log(e)
		case flow.Fault:
			t.log(e)
			t.overWith(center.ReasonSystemError)
		case flow.End:
			t.overWith(center.ReasonFlow)
		case flow.Disconnect, flow.TransferToAgent:
			// Nobody can be an agent here, so there is nobody to give the contact to.
			t.end(center.ReasonFlow)
		default:
			return nil, fmt.Errorf("a flow wants %T, which nothing here carries out", e)
		}
	}
	return answer, err
}

func (c *Chats) invokeModule(t *turn, e flow.InvokeModule) (flow.Event, error) {
	id, content, err := c.Catalog.ModuleToRun(t.ctx, t.Chat.Instance, e.ModuleID)
	if err != nil {
		return no(err, "no published module to run")
	}
	t.run = &run{State: t.run.Call(id, content, e.Input), Type: t.run.Type}
	return flow.Start{}, nil
}

// A flow has one timer, and while a Wait goes on behind it one more.

func (t *turn) startTimer(e flow.StartTimer) {
	if b := t.run.Behind; b == nil || b.Waiting.Timer == e.ID {
		t.Schedule(center.DueFlow, e.At, e.ID)
		return
	}
	t.run.Timer = e.ID
	t.Schedule(center.DueFlowToo, e.At, e.ID)
}

func (t *turn) cancelTimer(e flow.CancelTimer) {
	if e.ID == t.run.Timer {
		t.Unschedule(center.DueFlowToo)
		return
	}
	t.Unschedule(center.DueFlow)
}

// overWith is the end of the flow by itself. A flow that carries the contact takes it along; one that accompanies a
// contact in a queue leaves it there, with all that was counted for it.
func (t *turn) overWith(reason string) {
	if t.run.Type != typeCustomerQueue {
		t.end(reason)
	}
}

// typeCustomerQueue is the type of the flows that customers in a queue run.
const typeCustomerQueue = "CUSTOMER_QUEUE"

func (c *Chats) setRoutingCriteria(t *turn, e flow.SetRoutingCriteria) {
	criteria, err := center.ParseRoutingCriteria(e.Criteria)
	if err != nil {
		c.Log.Warn("routing criteria were refused", "contact", t.Chat.Current().ID, "why", err)
		return
	}
	t.Edit().Current().Routing = criteria
}

func (c *Chats) setContactData(t *turn, e flow.SetContactData) (flow.Event, error) {
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
		return c.toRelated(t, related{Data: set})
	}
	if err := t.SetContactData(t.Chat.Current().ID, set); err != nil {
		return no(err, err.Error())
	}
	return flow.Granted{}, nil
}

func (c *Chats) setTags(t *turn, e flow.SetTags) (flow.Event, error) {
	if err := t.Tag(t.Chat.Current().ID, e.Set, e.Remove); err != nil {
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

func (c *Chats) setHook(t *turn, e flow.SetEventHook) (flow.Event, error) {
	if e.FlowID == "" {
		delete(t.Edit().Hooks, e.Hook)
		return flow.Granted{}, nil
	}
	f, _, err := c.Catalog.FlowToRun(t.ctx, t.Chat.Instance, e.FlowID)
	if err != nil || !f.MayHook(e.Hook) {
		return no(err, "no published flow of the right type for "+e.Hook)
	}
	chat := t.Edit()
	if chat.Hooks == nil {
		chat.Hooks = map[string]center.FlowID{}
	}
	ref := center.ParseFlow(e.FlowID)
	if chat.Hooks[e.Hook] = ref.ID; ref.Qualifier != "" {
		chat.Hooks[e.Hook] += center.FlowID(":" + ref.Qualifier)
	}
	return flow.Granted{}, nil
}

func (c *Chats) transfer(t *turn, e flow.TransferToFlow, p *flow.Program) (flow.Event, error) {
	if t.run.Type == typeCustomerQueue {
		return flow.Refused{Reason: "a customer queue flow does not transfer to another flow"}, nil
	}
	f, content, err := c.Catalog.FlowToRun(t.ctx, t.Chat.Instance, e.FlowID)
	if err != nil || !f.MayEnter() {
		return no(err, "no published flow to transfer to")
	}
	if _, err := c.Catalog.Program(t.ctx, t.Chat.Instance, content); err != nil {
		return nil, err
	}
	t.grantedTo(p)
	t.run = &run{State: t.run.Enter(string(f.ID), content), Type: f.Type}
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

func (c *Chats) persist(t *turn, e flow.PersistChat) (flow.Event, error) {
	_, past, err := c.past(t.ctx, t.Chat.Instance, center.Persistence{Type: e.RehydrationType, Source: center.ContactID(e.SourceContactID)})
	if err == nil {
		err = t.Associate(past)
	}
	if err != nil {
		return no(err, "the past chat cannot be continued")
	}
	return flow.Granted{}, nil
}

// setRelated writes attributes of the related contact.
func (c *Chats) setRelated(t *turn, set map[string]string) (flow.Event, error) {
	return c.toRelated(t, related{Set: set})
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
func (c *Chats) toRelated(t *turn, set related) (flow.Event, error) {
	other, err := c.chatOf(t.ctx, t.Chat.Instance, t.Chat.Current().Related)
	if err != nil {
		return no(err, "the contact has no related contact")
	}
	all := t.related.and(set)
	all.Contact = t.Chat.Current().Related
	if err := all.write(center.NewDraft(&other.Chat, 0, t.Now, t.Now, c.NewID)); err != nil {
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
func (c *Chats) facts(t *turn) (flow.Contact, error) {
	chat, contact := t.Chat, t.Chat.Current()
	f := flow.Contact{
		ContactID: string(contact.ID), InitialContactID: string(chat.ID), PreviousContactID: string(contact.Previous),
		InstanceARN: c.Partition.InstanceARN(chat.Instance), InitiationMethod: contact.InitiationMethod,
		AwsRegion: c.Partition.Region, LanguageCode: contact.LanguageCode, Name: contact.Name,
		Description: contact.Description, CustomerID: chat.CustomerID, Attributes: chat.Attributes,
		FlowType: t.run.Type, Trace: c.Trace,
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
	_, f.Bot = chat.With(center.RoleCustomBot)
	if contact.TargetQueue != "" {
		q, err := c.targetQueue(t)
		if err != nil && !center.Refused(err) {
			return f, err
		}
		if err == nil { // otherwise it was deleted, and there is none
			f.Queue = flow.Queue{Name: q.Name, ARN: c.Partition.QueueARN(chat.Instance, q.ID)}
		}
	}
	return f, nil
}
