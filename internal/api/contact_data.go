package api

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/insight"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// updateContact writes what users say of a contact. "At least one field to be updated must be present"; queue, user and
// endpoints "can only be updated for external audio contacts", recipients are an email's (API reference of UpdateContact;
// which error it is is inferred).
func updateContact(c call, in *connect.UpdateContactInput) error {
	for _, other := range []struct {
		member string
		given  bool
	}{
		{"QueueInfo", in.QueueInfo != nil}, {"UserInfo", in.UserInfo != nil}, {"CustomerEndpoint", in.CustomerEndpoint != nil},
		{"SystemEndpoint", in.SystemEndpoint != nil}, {"AdditionalRecipients", in.AdditionalRecipients != nil},
	} {
		if other.given {
			return center.Refuse(center.InvalidRequest, "%s cannot be updated for a chat; leave it out", other.member)
		}
	}
	if in.Name == nil && in.Description == nil && in.References == nil && in.SegmentAttributes == nil {
		return center.Refuse(center.InvalidRequest, "at least one of Name, Description, References and SegmentAttributes must be given")
	}
	set := center.ContactData{Name: in.Name, Description: in.Description, SegmentAttributes: segmentAttributes(in.SegmentAttributes)}
	if in.References != nil {
		set.References = make(map[string]center.Reference, len(in.References))
		for name, r := range in.References {
			set.References[name] = center.Reference{Type: *r.Type, Value: value(r.Value)}
		}
	}
	return c.Chats.Update(c.ctx(), c.at, contactID(in.ContactId), set)
}

// listContactReferences lists the references of a contact by name. "NextToken … is always returned as null" (API reference of
// ListContactReferences).
func listContactReferences(c call, in *connect.ListContactReferencesInput) (*connect.ListContactReferencesOutput, error) {
	if in.NextToken != nil {
		return nil, center.Refuse(center.InvalidParameter, "NextToken must be one that this operation gave out, and it gives out none")
	}
	if len(in.ReferenceTypes) == 0 {
		return nil, center.Refuse(center.InvalidParameter, "ReferenceTypes must have 1 to 6 elements, got 0")
	}
	_, contact, err := c.Chats.Contact(c.ctx(), c.at, contactID(in.ContactId))
	if err != nil {
		return nil, err
	}
	out := &connect.ListContactReferencesOutput{ReferenceSummaryList: []connect.ReferenceSummary{}}
	for _, name := range slices.Sorted(maps.Keys(contact.References)) {
		if r := contact.References[name]; slices.Contains(in.ReferenceTypes, r.Type) {
			out.ReferenceSummaryList = append(out.ReferenceSummaryList, referenceSummary(name, r))
		}
	}
	return out, nil
}

func referenceSummary(name string, r center.Reference) (s connect.ReferenceSummary) {
	switch r.Type {
	case center.ReferenceURL:
		s.Url = &connect.UrlReference{Name: &name, Value: &r.Value}
	case center.ReferenceNumber:
		s.Number = &connect.NumberReference{Name: &name, Value: &r.Value}
	case center.ReferenceDate:
		s.Date = &connect.DateReference{Name: &name, Value: &r.Value}
	case center.ReferenceEmail:
		s.Email = &connect.EmailReference{Name: &name, Value: &r.Value}
	default:
		s.StringMember = &connect.StringReference{Name: &name, Value: &r.Value}
	}
	return s
}

// associatedContacts lists the contacts of the chats that were begun from one another, in the order in which they began.
var associatedContacts = listing[*connect.ListAssociatedContactsInput, insight.Associated, *connect.ListAssociatedContactsOutput]{
	standard: 100,
	valid:    func(key string) bool { _, _, ok := associatedPlace(key); return ok },
	key:      func(a *insight.Associated) string { return fmt.Sprintf("%d/%s", a.Initiated.UnixMilli(), a.ID) },
	find: func(c call, in *connect.ListAssociatedContactsInput, after string, limit int) ([]insight.Associated, error) {
		chat, _, err := c.Chats.Contact(c.ctx(), c.at, contactID(in.ContactId))
		if err != nil {
			return nil, err
		}
		began, id, _ := associatedPlace(after)
		return c.Insight.Associated(c.ctx(), c.at, chat.Association, began, id, limit)
	},
	answer: func(c call, found []insight.Associated, next *string) *connect.ListAssociatedContactsOutput {
		out := &connect.ListAssociatedContactsOutput{ContactSummaryList: make([]connect.AssociatedContactSummary, len(found)), NextToken: next}
		for i := range found {
			a := &found[i]
			arn, channel := c.Partition.ContactARN(c.at, a.ID), "CHAT"
			out.ContactSummaryList[i] = connect.AssociatedContactSummary{
				ContactId: text(a.ID), ContactArn: &arn, InitiationTimestamp: instant(a.Initiated), DisconnectTimestamp: instant(a.Disconnected),
				InitialContactId: initialContact(a.ID, a.Chat), PreviousContactId: text(a.Previous), RelatedContactId: text(a.Related),
				InitiationMethod: text(a.InitiationMethod), Channel: &channel,
			}
		}
		return out
	},
}

// associatedPlace reads a place in the order of associated contacts: before all of them for none.
func associatedPlace(key string) (began int64, id center.ContactID, ok bool) {
	at, of, ok := strings.Cut(key, "/")
	began, err := strconv.ParseInt(at, 10, 64)
	return began, center.ContactID(of), ok && err == nil && began < 1<<53 && isUUID(of)
}

// initialContact is the first contact of a chat, nothing for that contact itself.
func initialContact(id center.ContactID, chat center.ChatID) *string {
	if string(id) == string(chat) {
		return nil
	}
	return text(chat)
}
