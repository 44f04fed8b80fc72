package desk

import (
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
)

type transcriptOutput struct {
	Initial center.ChatID `json:"InitialContactId"`
	Next    string        `json:"NextToken,omitempty"`
	Items   []itemView    `json:"Transcript"`
}

type itemView struct {
	AbsoluteTime string               `json:"AbsoluteTime"`
	Content      string               `json:"Content,omitempty"`
	ContentType  string               `json:"ContentType,omitempty"`
	ID           center.ItemID        `json:"Id"`
	Type         string               `json:"Type"`
	Participant  center.ParticipantID `json:"ParticipantId,omitempty"`
	DisplayName  string               `json:"DisplayName,omitempty"`
	Role         center.Role          `json:"ParticipantRole,omitempty"`
	Contact      center.ContactID     `json:"ContactId,omitempty"`
	Related      center.ContactID     `json:"RelatedContactId,omitempty"`
}

type transcriptInput struct {
	contactInput
	Next      string `query:"nextToken" about:"The NextToken of the page before."`
	Max       int    `query:"maxResults" rule:"min=1,max=100"`
	Direction string `query:"scanDirection" rule:"enum=FORWARD|BACKWARD"`
	Order     string `query:"sortOrder" rule:"enum=ASCENDING|DESCENDING"`
}

// query is what is asked for, with notes.
func (in *transcriptInput) query() chat.TranscriptQuery {
	q := chat.TranscriptQuery{NextToken: in.Next, Max: in.Max, Ascending: in.Order == "ASCENDING", Notes: true}
	if in.Direction != "" {
		forward := in.Direction == "FORWARD"
		q.Forward = &forward
	}
	return q
}

// showTranscript is GetTranscript for the contact, with the members of its items, and with the notes of agents, which have the
// type NOTE.
func (c *call) showTranscript(in transcriptInput) (*transcriptOutput, error) {
	slot, err := c.own(in.Contact)
	if err != nil {
		return nil, err
	}
	q := in.query()
	caller, err := c.Agents.Caller(c.r.Context(), c.who.Instance, c.who.User, slot.Contact)
	if err != nil {
		return nil, err
	}
	page, err := c.Transcripts.Page(c.r.Context(), caller, q)
	if err != nil {
		return nil, err
	}
	return transcriptOut(page), nil
}

func transcriptOut(page *chat.TranscriptPage) *transcriptOutput {
	out := &transcriptOutput{Initial: page.Chat, Next: page.Next, Items: make([]itemView, len(page.Items))}
	for i := range page.Items {
		it := &page.Items[i]
		v := itemView{
			AbsoluteTime: center.FormatTime(it.Time), Content: it.Content, ContentType: it.ContentType, ID: it.ID, Type: string(it.Type),
			Participant: it.ParticipantID, DisplayName: it.DisplayName, Role: it.Role,
		}
		if it.Past {
			v.Related = it.Contact
		} else {
			v.Contact = it.Contact
		}
		out.Items[i] = v
	}
	return out
}
