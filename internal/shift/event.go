package shift

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/conversation"
)

// Event is one thing that happened: exactly one of its members is set.
type Event struct {
	Snapshot   *Snapshot   // what the agent's client is to show, whenever something of it has changed
	Transition *Transition // something happened to the agent
	Item       *Item       // something happened in one of the agent's chats
}

// State is an agent status.
type State struct {
	ARN  string   `json:"agentStateARN"`
	Type string   `json:"type"` // routable, not_routable, offline
	Name string   `json:"name"`
	From *float64 `json:"startTimestamp"`
}

// Slot is a contact that takes one of the agent's slots, as a transition tells it.
type Slot struct {
	Contact     string  `json:"contactId"`
	Initial     string  `json:"initialContactId"`
	Participant string  `json:"participantId"`
	State       string  `json:"state"` // connecting, connected, ended, error
	Since       float64 `json:"timestamp"`
}

// Transition is what happened to the agent, and how the agent is after it.
type Transition struct {
	What    string  `json:"what"`
	At      float64 `json:"timestamp"`
	Contact string  `json:"contactId"`
	Slot    *Slot   `json:"contact"` // as it is then; nil without a contact, and when it was cleared
	State   State   `json:"state"`
	Next    *State  `json:"nextState"`
}

// Snapshot is the agent as it is.
type Snapshot struct {
	State    State     `json:"state"`
	Next     *State    `json:"nextState"`
	Contacts []Contact `json:"contacts"`
	At       float64   `json:"snapshotTimestamp"`

	// Anew says that what happened before it was not shown: it is the first one of a session, or the server has
	// lost what there was.
	Anew bool `json:"-"`
}

// Contact is one of the agent's contacts.
type Contact struct {
	ID      string  `json:"contactId"`
	Initial *string `json:"initialContactId"`
	State   struct {
		Type string  `json:"type"` // connecting, connected, ended, error
		At   float64 `json:"timestamp"`
	} `json:"state"`
	Queue *struct {
		Name *string `json:"name"`
		ARN  string  `json:"queueARN"`
	} `json:"queue"`
	Attributes map[string]struct {
		Value string `json:"value"`
	} `json:"attributes"`
	Connections []struct {
		ID    string `json:"connectionId"`
		Type  string `json:"type"`
		State struct {
			Type string `json:"type"`
		} `json:"state"`
		Chat *struct {
			CustomerName *string `json:"customerName"`
		} `json:"chatMediaInfo"`
	} `json:"connections"`
}

// Chat is the InitialContactId: the id of the chat that the contact is a part of.
func (c *Contact) Chat() string {
	if c.Initial != nil && *c.Initial != "" {
		return *c.Initial
	}
	return c.ID
}

// Participant is the agent's id in the chat.
func (c *Contact) Participant() string {
	if len(c.Connections) == 0 {
		return ""
	}
	return c.Connections[0].ID
}

// Customer is the customer's display name.
func (c *Contact) Customer() string {
	for _, k := range c.Connections {
		if k.Chat != nil && k.Chat.CustomerName != nil {
			return *k.Chat.CustomerName
		}
	}
	return ""
}

// QueueName is the name of the queue that the contact came through, "" for an agent's own.
func (c *Contact) QueueName() string {
	if c.Queue == nil || c.Queue.Name == nil {
		return ""
	}
	return *c.Queue.Name
}

// Contact finds a contact.
func (s *Snapshot) Contact(id string) (*Contact, bool) {
	for i := range s.Contacts {
		if s.Contacts[i].ID == id {
			return &s.Contacts[i], true
		}
	}
	return nil, false
}

// Item is an item of a chat.
type Item struct {
	conversation.Item
	InitialContactID string `json:"InitialContactId"` // the chat
}

// Time is a time of snapshots and transitions, which are seconds since 1970.
func Time(seconds float64) time.Time {
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.Round(part*1000))*int64(time.Millisecond)).UTC()
}

// readFrame reads a frame of an agent's socket; stream and seq say which item it stands for, if for one. One that means nothing
// has no event.
func readFrame(raw []byte) (e Event, stream string, seq int64, err error) {
	var frame struct {
		Topic, Cursor string
		Content       json.RawMessage
	}
	if err := json.Unmarshal(raw, &frame); err != nil {
		return e, "", 0, fmt.Errorf("a frame of %d bytes is not JSON: %w", len(raw), err)
	}
	if at, number, ok := strings.Cut(frame.Cursor, ":"); ok {
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			stream, seq = at, n
		}
	}
	switch frame.Topic {
	case "aws/chat":
		var text string
		if err = json.Unmarshal(frame.Content, &text); err == nil {
			e.Item = new(Item)
			err = json.Unmarshal([]byte(text), e.Item)
		}
	case "parley/agent":
		var of struct{ Type string }
		if err = json.Unmarshal(frame.Content, &of); err != nil {
			break
		}
		switch of.Type {
		case "snapshot":
			var shown struct{ Snapshot *Snapshot }
			err = json.Unmarshal(frame.Content, &shown)
			e.Snapshot = shown.Snapshot
		case "transition":
			e.Transition = new(Transition)
			err = json.Unmarshal(frame.Content, e.Transition)
		}
	}
	if err != nil {
		return Event{}, "", 0, fmt.Errorf("a frame of %d bytes, topic %q, is not understood: %w", len(raw), frame.Topic, err)
	}
	return e, stream, seq, nil
}
