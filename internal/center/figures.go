package center

import (
	"time"
	"unicode/utf8"
)

// Figures are what the messages of one contact come to: Amazon Connect's ChatMetrics, with the names of its members. Who
// the participants are is the chat's to say: figures outlive it. MultiParty is a setting, and no figure.
// Source: admin guide, "Data model for contact records", ChatMetrics. That a member is absent where nothing can be said is
// inferred.
type Figures struct {
	Contact ContactFigures `json:"ContactMetrics"`
	// Agent is nil for a contact without an agent.
	Agent    *ParticipantFigures `json:"AgentMetrics,omitempty"`
	Customer *ParticipantFigures `json:"CustomerMetrics,omitempty"`
}

// ContactFigures count for all who are in the contact. Times are in milliseconds; those that cannot be said are nil.
type ContactFigures struct {
	TotalMessages                  int
	TotalBotMessages               int // of bots, and of the system
	TotalBotMessageLengthInChars   int
	ConversationCloseTimeInMillis  *int64 `json:",omitempty"` // from the customer's last message to the end
	ConversationTurnCount          int
	AgentFirstResponseTimestamp    time.Time `json:",omitzero"`
	AgentFirstResponseTimeInMillis *int64    `json:",omitempty"` // from when the agent joined
}

// ParticipantFigures count for one side of a conversation.
type ParticipantFigures struct {
	ConversationAbandon       bool `json:",omitempty"` // they said nothing at all
	MessagesSent              int
	NumResponses              int
	MessageLengthInChars      int
	TotalResponseTimeInMillis int64
	MaxResponseTimeInMillis   int64
	LastMessageTimestamp      time.Time `json:",omitzero"`
}

// Tally counts the items of one contact, which are added in their sequence. The zero value has seen none.
//
// A response is the first message of the agent or the customer after messages of the other of the two, and takes as long
// as since the first of these. What the customer said before an agent was there is answered by nobody. A turn is a
// message of another participant after the customer's. Attachments and events are no messages.
type Tally struct {
	total, bot, botChars, turns int

	customer, agent side
	asked           bool      // the last message was the customer's
	joined          time.Time // when the first agent did
	first           time.Time // the first message of an agent
}

// side is the agent's or the customer's.
type side struct {
	sent, responses, chars int
	total, longest         int64
	last                   time.Time
	unanswered             time.Time // the first message that the other side has not answered
}

// Add counts an item.
func (t *Tally) Add(it *Item) {
	if it.Type == TypeEvent && it.ContentType == EventJoined && it.Role == RoleAgent && t.joined.IsZero() {
		t.joined = it.Time
		t.customer.unanswered = time.Time{}
	}
	if it.Type != TypeMessage {
		return
	}
	chars := utf8.RuneCountInString(it.Content)
	t.total++
	if t.asked && it.Role != RoleCustomer {
		t.turns++
	}
	t.asked = it.Role == RoleCustomer
	switch it.Role {
	case RoleCustomer:
		t.customer.say(it, chars, &t.agent)
	case RoleAgent:
		if t.first.IsZero() {
			t.first = it.Time
		}
		t.agent.say(it, chars, &t.customer)
	case RoleSystem, RoleCustomParticipant:
		t.bot++
		t.botChars += chars
	}
}

func (s *side) say(it *Item, chars int, other *side) {
	s.sent++
	s.chars += chars
	s.last = it.Time
	if !other.unanswered.IsZero() {
		took := it.Time.Sub(other.unanswered).Milliseconds()
		s.responses++
		s.total += took
		s.longest = max(s.longest, took)
		other.unanswered = time.Time{}
	}
	if s.unanswered.IsZero() {
		s.unanswered = it.Time
	}
}

// Figures are those of the contact, which ended at a time.
func (t *Tally) Figures(end time.Time) *Figures {
	f := &Figures{Contact: ContactFigures{
		TotalMessages: t.total, TotalBotMessages: t.bot, TotalBotMessageLengthInChars: t.botChars, ConversationTurnCount: t.turns,
		AgentFirstResponseTimestamp: t.first,
	}}
	if !t.customer.last.IsZero() {
		// Items may be dated ahead of the clock that the end is dated by.
		closing := max(0, end.UnixMilli()-t.customer.last.UnixMilli())
		f.Contact.ConversationCloseTimeInMillis = &closing
	}
	if !t.first.IsZero() && !t.joined.IsZero() {
		took := t.first.Sub(t.joined).Milliseconds()
		f.Contact.AgentFirstResponseTimeInMillis = &took
	}
	f.Customer = t.customer.figures()
	if t.agent.sent > 0 || !t.joined.IsZero() {
		f.Agent = t.agent.figures()
	}
	return f
}

func (s *side) figures() *ParticipantFigures {
	return &ParticipantFigures{
		ConversationAbandon: s.sent == 0, MessagesSent: s.sent, NumResponses: s.responses,
		MessageLengthInChars: s.chars, TotalResponseTimeInMillis: s.total, MaxResponseTimeInMillis: s.longest, LastMessageTimestamp: s.last,
	}
}
