package chat

import (
	"context"
	"errors"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Summary is a chat at a glance, without anything that was said and without attribute values.
type Summary struct {
	Contact      center.ContactID     `json:"contactId"`
	Initial      center.ChatID        `json:"initialContactId"`
	Instance     center.InstanceID    `json:"instanceId"`
	Initiated    string               `json:"initiated"`
	Ended        string               `json:"ended,omitempty"`
	Reason       string               `json:"disconnectReason,omitempty"`
	Flow         string               `json:"flow,omitempty"`
	At           string               `json:"action,omitempty"`
	Attributes   []string             `json:"attributeNames"`
	Participants []SummaryParticipant `json:"participants"`
	Items        int64                `json:"items"`
}

// SummaryParticipant is one who is or was in it.
type SummaryParticipant struct {
	ID     center.ParticipantID `json:"participantId"`
	Role   center.Role          `json:"role"`
	Active bool                 `json:"active"`
}

// Overview is what the pages for developers and operators show of chats. It reads them as they are stored and waits for no
// turn.
type Overview struct {
	archive
	catalog *catalog.Catalog
	traces  *traces
}

// NewOverview returns the overview of chats.
func NewOverview(c *Chats) *Overview {
	return &Overview{archive: c.archive, catalog: c.catalog, traces: &c.flowLog.traces}
}

// Chats lists up to limit chats.
func (o *Overview) Chats(ctx context.Context, limit int) ([]Summary, error) {
	instances, err := o.catalog.Instances(ctx, "", 1000)
	if err != nil {
		return nil, err
	}
	all := []Summary{}
	for _, i := range instances {
		rows, err := o.store.Streams(ctx, center.KindChat, i.ID, "", false, limit-len(all))
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			s, err := o.decode(row)
			if err != nil {
				return nil, err
			}
			all = append(all, s.summary(row.LastSeq))
		}
		if len(all) >= limit {
			break
		}
	}
	return all, nil
}

// Detail is one chat, and what waits for its time in it.
type Detail struct {
	Summary
	Timers []Timer `json:"timers"`
}

// Timer is a due row, without what it says.
type Timer struct {
	Timer string `json:"timer"`
	At    string `json:"at"`
}

// InstanceOf is the instance of a contact.
func (o *Overview) InstanceOf(ctx context.Context, contact center.ContactID) (center.InstanceID, error) {
	_, _, s, err := o.find(ctx, contact)
	if err != nil {
		return "", err
	}
	return s.Instance, nil
}

func (o *Overview) find(ctx context.Context, contact center.ContactID) (center.StreamID, store.Stream, *state, error) {
	id, err := o.store.ChatOf(ctx, contact)
	if errors.Is(err, store.ErrNotFound) {
		return "", store.Stream{}, nil, noContact(contact)
	}
	if err != nil {
		return "", store.Stream{}, nil, err
	}
	row, err := o.store.Stream(ctx, id)
	if err != nil {
		return "", row, nil, err
	}
	s, err := o.decode(row)
	return id, row, s, err
}

// Detail returns the chat that a contact belongs to.
func (o *Overview) Detail(ctx context.Context, contact center.ContactID) (*Detail, error) {
	id, row, s, err := o.find(ctx, contact)
	if err != nil {
		return nil, err
	}
	due, err := o.store.DueOf(ctx, id)
	if err != nil {
		return nil, err
	}
	d := &Detail{Summary: s.summary(row.LastSeq), Timers: []Timer{}}
	for _, one := range due {
		d.Timers = append(d.Timers, Timer{TimerName(one.Key), center.FormatTime(one.At)})
	}
	return d, nil
}

// Traced returns what a contact's flows have lately done, in order, when Config.Trace is set.
func (o *Overview) Traced(contact center.ContactID) []TraceLine { return o.traces.of(contact) }

func (s *state) summary(items int64) Summary {
	contact := s.Current()
	sum := Summary{
		Contact: contact.ID, Initial: s.ID, Instance: s.Instance, Initiated: center.FormatTime(contact.Initiated),
		Reason: contact.DisconnectReason, Flow: string(contact.Flow), Attributes: []string{}, Items: items,
	}
	if !s.Ended.IsZero() {
		sum.Ended = center.FormatTime(s.Ended)
	}
	if len(s.Runs) > 0 {
		sum.Flow, sum.At = s.Runs[0].Flow, s.Runs[0].At
	}
	for k := range s.Attributes {
		sum.Attributes = append(sum.Attributes, k)
	}
	for _, p := range s.Participants {
		sum.Participants = append(sum.Participants, SummaryParticipant{p.ID, p.Role, p.Active()})
	}
	return sum
}
