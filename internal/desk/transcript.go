package desk

import (
	"net/url"
	"strconv"

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

// showTranscript is GetTranscript for the contact, with the members of its items.
func (c *call) showTranscript() (any, error) {
	slot, err := c.own()
	if err != nil {
		return nil, err
	}
	q, err := transcriptQuery(c.r.URL.Query())
	if err != nil {
		return nil, err
	}
	caller, err := c.Agents.Caller(c.r.Context(), c.who.Instance, c.who.User, slot.Contact)
	if err != nil {
		return nil, err
	}
	page, err := c.Transcripts.Page(c.r.Context(), caller, q)
	if err != nil {
		return nil, err
	}
	out := transcriptOutput{Initial: page.Chat, Next: page.Next, Items: make([]itemView, len(page.Items))}
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
	return out, nil
}

// maxTranscript is the API model's bound of MaxResults.
const maxTranscript = 100

func transcriptQuery(from url.Values) (q chat.TranscriptQuery, err error) {
	q.NextToken = from.Get("nextToken")
	if s := from.Get("maxResults"); s != "" {
		if q.Max, err = strconv.Atoi(s); err != nil || q.Max < 1 || q.Max > maxTranscript {
			return q, center.Refuse(center.InvalidParameter, "maxResults must be 1 to %d", maxTranscript)
		}
	}
	for _, of := range []struct {
		name, yes, no string
		set           func(bool)
	}{
		{"scanDirection", "FORWARD", "BACKWARD", func(forward bool) { q.Forward = &forward }},
		{"sortOrder", "ASCENDING", "DESCENDING", func(ascending bool) { q.Ascending = ascending }},
	} {
		switch from.Get(of.name) {
		case "":
		case of.yes:
			of.set(true)
		case of.no:
			of.set(false)
		default:
			return q, center.Refuse(center.InvalidParameter, "%s must be %s or %s", of.name, of.yes, of.no)
		}
	}
	return q, nil
}
