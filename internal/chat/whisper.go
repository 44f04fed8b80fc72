package chat

import (
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/stock"
)

// Whispers are flows between an agent's accept and the agent's joining: first one for the agent alone, while the contact is
// still in its queue, then one for the customer alone. A chat has none unless a flow has set it.
// Source: admin guide, "Set whisper flow"; agents.md 1.2.

const (
	roleAgentWhisper    runRole = "agent-whisper"
	roleCustomerWhisper runRole = "customer-whisper"
)

// whispers are what each whisper is: the event hook that sets it, and the role of its run.
var whispers = map[string]struct {
	hook string
	role runRole
}{
	center.WhisperToAgent:    {"AgentWhisper", roleAgentWhisper},
	center.WhisperToCustomer: {"CustomerWhisper", roleCustomerWhisper},
}

// whispers says whether the run is a whisper.
func (r *run) whispers() bool { return r.Role == roleAgentWhisper || r.Role == roleCustomerWhisper }

// accepted goes on with a contact that an agent has accepted.
func (fs *flows) accepted(t *turn, contact center.ContactID) error {
	return fs.whisper(t, contact, center.WhisperToAgent)
}

// whisper runs a whisper of a contact, or goes on without it.
func (fs *flows) whisper(t *turn, contact center.ContactID, which string) error {
	w := whispers[which]
	ref, set := t.Chat.HooksOf(contact)[w.hook]
	if set {
		f, err := fs.flowToRun(t, string(ref))
		switch {
		case err != nil && !center.Refused(err):
			return err
		case err == nil && f.flow.MayHook(w.hook):
			t.BeginWhisper(contact, which)
			return fs.startAs(t, contact, w.role, f)
		}
		t.warn("the whisper flow is gone", "contact", contact, "flow", ref)
	}
	return fs.whispered(t, contact, which)
}

// whispered goes on with a contact whose whisper has come to its end.
func (fs *flows) whispered(t *turn, contact center.ContactID, which string) error {
	if which == center.WhisperToAgent {
		t.Dequeue(contact)
		t.endRunsThat(t.queueFlowOf(contact))
		return fs.whisper(t, contact, center.WhisperToCustomer)
	}
	return fs.join(t, contact)
}

// whisperDone goes on when the whisper that is stepped is done.
func (fs *flows) whisperDone(t *turn) error {
	r := t.run
	t.keep()
	c, ok := t.Chat.Contact(r.Of)
	if !ok || c.Offer == nil || c.Offer.Whisper == "" || whispers[c.Offer.Whisper].role != r.Role {
		return nil
	}
	which := c.Offer.Whisper
	t.EndWhisper(r.Of)
	return fs.whispered(t, r.Of, which)
}

// whisperTooLong takes a contact from an agent whose whisper has not come to an end in time.
func (fs *flows) whisperTooLong(t *turn, due center.Due) error {
	contact := center.ContactID(strings.TrimPrefix(due.Key, center.DueWhisper))
	if !t.WhisperTooLong(contact, center.ParticipantID(due.Data)) {
		return nil
	}
	return fs.putBack(t, contact)
}

// putBack goes on with a contact whose agent has accepted it and does not join: its whispers are over, and if it was taken out
// of its queue, the flow of those who wait begins anew.
func (fs *flows) putBack(t *turn, contact center.ContactID) error {
	t.endRunsThat(func(r *run) bool { return r.whispers() && r.Of == contact })
	c, ok := t.Chat.Contact(contact)
	if !ok || !c.Queued() || c.Beside {
		return nil
	}
	waits := t.queueFlowOf(contact)
	for _, r := range t.all {
		if waits(r) {
			return nil // it was in the queue all the time
		}
	}
	of := contact
	if contact == t.Chat.Current().ID {
		of = ""
	}
	f, ok, err := fs.customerQueueFlow(t)
	if err != nil || !ok {
		return err
	}
	return fs.startAs(t, of, roleQueue, f)
}

// queueFlowOf knows the run of a contact's flow for those who wait.
func (t *turn) queueFlowOf(contact center.ContactID) func(*run) bool {
	current := contact == t.Chat.Current().ID
	return func(r *run) bool { return r.Role == roleQueue && (r.Of == contact || r.Of == "" && current) }
}

// customerQueueFlow is the flow that a contact in a queue runs: the one that was set for it, or the instance's default. ok is
// false when there is none to run.
// Source: admin guide, "Set customer queue flow".
func (fs *flows) customerQueueFlow(t *turn) (f runnable, ok bool, err error) {
	ref, set := t.Chat.HooksOf(t.Subject().ID)[hookCustomerQueue]
	if !set {
		ref = stock.FlowID(t.Chat.Instance, stock.CustomerQueue)
	}
	f, err = fs.flowToRun(t, string(ref))
	if err != nil && !center.Refused(err) {
		return f, false, err
	}
	if err != nil || !f.flow.MayHook(hookCustomerQueue) {
		t.warn("the customer queue flow is gone", "contact", t.Subject().ID, "flow", ref)
		return f, false, nil
	}
	return f, true, nil
}

// say adds what a flow says. A whisper is for one side, and no transcript has it.
func (t *turn) say(e flow.Say) {
	it := t.Prompt(center.Message{ContentType: e.ContentType, Content: e.Content})
	if e.Bot {
		it.DisplayName = center.BotDisplayName
	}
	switch t.run.Role {
	case roleAgentWhisper:
		it.To, it.InTranscript = center.Audience(t.Subject().Offer.Participant), false
	case roleCustomerWhisper:
		it.To, it.InTranscript = center.ToCustomer, false
	}
}
