package center

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// StartChat is what StartChatContact asks for, its members already within the model's own constraints.
type StartChat struct {
	Instance          InstanceID
	Flow              FlowID
	FlowQualifier     string // "" for what is published when the flow begins
	DisplayName       string
	Attributes        map[string]string
	ResponseMode      string // "", INCREMENTAL, COMPLETE
	InitialMessage    *Message
	ClientToken       string
	DurationMinutes   int      // 0: absent
	ContentTypes      []string // nil: absent
	Persistent        *Persistence
	Related           ContactID
	SegmentAttributes map[string]SegmentAttribute
	CustomerID        string
	OnCustomerExit    []string
	Connect           bool // the answer has credentials for a connection
}

const defaultChatMinutes = 1500 // 25 hours

// Check applies the rules that hold between members of StartChatContact, in the order of the members.
// Sources: the API reference of StartChatContact; where it names no exception, shape violations are
// InvalidParameterException and business rules InvalidRequestException, as the service does elsewhere (inferred).
func (s *StartChat) Check(set Settings) error {
	if err := checkAttributes(s.Attributes); err != nil {
		return err
	}
	for _, t := range s.ContentTypes {
		if t != Interactive && !slices.Contains(sendable, t) {
			return Refuse(InvalidRequest, "SupportedMessagingContentTypes has an unsupported type; it may hold %s and %s", strings.Join(sendable, ", "), Interactive)
		}
	}
	if s.ContentTypes != nil && !slices.Contains(s.ContentTypes, TextPlain) {
		return Refuse(InvalidRequest, "SupportedMessagingContentTypes must contain text/plain")
	}
	if m := s.InitialMessage; m != nil {
		if !slices.Contains(sendable, m.ContentType) {
			return Refuse(InvalidRequest, "InitialMessage.ContentType must be one of %s", strings.Join(sendable, ", "))
		}
		if m.ContentType != TextPlain && !slices.Contains(s.ContentTypes, m.ContentType) {
			return Refuse(InvalidRequest, "InitialMessage.ContentType must be among SupportedMessagingContentTypes")
		}
		if err := checkSize("InitialMessage.Content", *m, set); err != nil {
			return Refuse(InvalidRequest, "%s", err)
		}
	}
	if p := s.Persistent; p != nil {
		if p.Type == "" || p.Source == "" {
			return Refuse(InvalidRequest, "PersistentChat needs both RehydrationType and SourceContactId")
		}
		if p.Type != EntirePastSession && p.Type != FromSegment {
			return Refuse(InvalidParameter, "PersistentChat.RehydrationType must be %s or %s", EntirePastSession, FromSegment)
		}
		if s.Related != "" {
			return Refuse(InvalidRequest, "RelatedContactId and PersistentChat must not be given together")
		}
	}
	return s.checkSegmentAttributes()
}

func (s *StartChat) checkSegmentAttributes() error {
	if err := checkUserSegments(UserSegments(s.SegmentAttributes)); err != nil {
		return err
	}
	sub, ok := s.SegmentAttributes[SubtypeKey]
	switch {
	case !ok:
	case !sub.whole():
		return Refuse(InvalidRequest, "SegmentAttributes values must have exactly one member set, at every depth")
	case sub.ValueString == nil || (*sub.ValueString != "connect:Guide" && *sub.ValueString != "connect:Chat"):
		return Refuse(InvalidRequest, "SegmentAttributes connect:Subtype must have the ValueString connect:Chat or connect:Guide")
	case *sub.ValueString == "connect:Guide" && !(slices.Contains(s.ContentTypes, Interactive) && slices.Contains(s.ContentTypes, InteractiveResponse)):
		return Refuse(InvalidRequest, "connect:Guide needs %s and %s in SupportedMessagingContentTypes", Interactive, InteractiveResponse)
	}
	return nil
}

// Begin decides a new chat: the contact is there and its customer is expected; nothing is in the transcript and no
// flow runs until they connect. newID gives the chat its ids. related is the chat of the contact whose properties are
// copied, nil for none; past are the sessions that the chat continues.
func (s *StartChat) Begin(related *Chat, past []PastSession, set Settings, now time.Time, newID func() string) (*Draft, error) {
	now = now.UTC()
	id := newID()
	c := &Chat{
		ID: ChatID(id), Instance: s.Instance, Association: ContactID(id), System: ParticipantID(newID()),
		ContentTypes: s.ContentTypes, DurationMinutes: s.DurationMinutes, ResponseMode: s.ResponseMode,
		OnCustomerExit: s.OnCustomerExit, CustomerID: s.CustomerID, InitialMessage: s.InitialMessage,
		Attributes: maps.Clone(s.Attributes), Past: past,
		Participants: []Participant{{ID: ParticipantID(newID()), Role: RoleCustomer, DisplayName: s.DisplayName, Created: now}},
		Contacts: []Contact{{
			ID: ContactID(id), InitiationMethod: "API", Flow: s.Flow, FlowQualifier: s.FlowQualifier, Initiated: now, LastUpdate: now, FirstSeq: 1,
			LanguageCode: "en-US", SegmentAttributes: maps.Clone(s.SegmentAttributes), Related: s.Related,
		}},
	}
	if c.ContentTypes == nil {
		c.ContentTypes = []string{TextPlain}
	}
	if c.DurationMinutes == 0 {
		c.DurationMinutes = defaultChatMinutes
	}
	if c.ResponseMode == "" {
		c.ResponseMode = "COMPLETE"
	}
	contact := c.Current()
	if contact.SegmentAttributes == nil {
		contact.SegmentAttributes = map[string]SegmentAttribute{}
	}
	if _, ok := contact.SegmentAttributes[SubtypeKey]; !ok {
		chat := "connect:Chat"
		contact.SegmentAttributes[SubtypeKey] = SegmentAttribute{ValueString: &chat}
	}
	if len(past) > 0 {
		contact.Related = past[0].Contact
	}
	if related != nil {
		c.inherit(related)
		if n := attributeBytes(c.Attributes); n > maxAttributeBytes {
			return nil, Refuse(InvalidRequest, "Attributes must be at most %d bytes of UTF-8 over all keys and values, with those of the related contact it would be %d", maxAttributeBytes, n)
		}
	}
	// Clients sort all sessions they read together by time, so this one begins after those it continues.
	var last time.Time
	for _, p := range past {
		last = later(last, p.Ended)
	}
	d := NewDraft(c, 0, last, now, newID)
	d.edited = true
	d.Schedule(DueConnect, now.Add(set.ConnectWithin), "")
	d.Schedule(DueDuration, now.Add(time.Duration(c.DurationMinutes)*time.Minute), "")
	return d, nil
}

// inherit copies the contact properties of a related chat; what the request gave goes before.
// Source: Amazon Connect Administrator Guide, "Enable persistent chat", RelatedContactId.
func (c *Chat) inherit(from *Chat) {
	c.Association = from.Association
	own := c.Attributes
	c.Attributes = maps.Clone(from.Attributes)
	if c.Attributes == nil {
		c.Attributes = own
	} else {
		maps.Copy(c.Attributes, own)
	}
	if c.CustomerID == "" {
		c.CustomerID = from.CustomerID
	}
	to := c.Current()
	src, ok := from.Contact(to.Related)
	if !ok {
		src = from.Current()
	}
	to.Name, to.Description, to.LanguageCode = src.Name, src.Description, src.LanguageCode
}
