package chat_test

import (
	"maps"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// setsRelated writes three times to the related contact without a pause.
const setsRelated = `{"Version": "2019-10-30", "StartAction": "One", "Actions": [
  {"Identifier": "One", "Type": "UpdateContactAttributes", "Parameters": {"TargetContact": "Related", "Attributes": {"a": "1", "b": "1"}},
   "Transitions": {"NextAction": "Two", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Two", "Type": "UpdateContactAttributes", "Parameters": {"TargetContact": "Related", "Attributes": {"b": "2"}},
   "Transitions": {"NextAction": "Say", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Say", "Type": "MessageParticipant", "Parameters": {"Text": "Noted."}, "Transitions": {"NextAction": "Three"}},
  {"Identifier": "Three", "Type": "UpdateContactAttributes", "Parameters": {"TargetContact": "Related", "Attributes": {"b": "3", "c": "3"}},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// fillsRelated writes to the related contact and says which branch it took.
const fillsRelated = `{"Version": "2019-10-30", "StartAction": "Fill", "Actions": [
  {"Identifier": "Fill", "Type": "UpdateContactAttributes", "Parameters": {"TargetContact": "Related", "Attributes": {"b": "$.Attributes.big"}},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Full"}]}},
  {"Identifier": "Full", "Type": "MessageParticipant", "Parameters": {"Text": "No room."}, "Transitions": {"NextAction": "End"}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// A related contact has no more room than any other: the flow learns of it.
func TestARelatedContactThatIsFull(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	_, first := w.start(c, nil)
	f, err := c.Catalog.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "fills", Type: center.TypeContactFlow}, fillsRelated, true)
	w.must(err)
	second, err := c.Start(w.ctx, center.StartChat{
		Instance: instance, Flow: f.ID, DisplayName: "Ana", Related: first.Contact, Attributes: map[string]string{"big": long(20000)},
	})
	w.must(err)
	w.must(c.SetAttributes(w.ctx, instance, first.Contact, map[string]string{"a": long(20000)}))
	who := w.connect(c, second)
	said := false
	for _, it := range w.items(who.Chat) {
		said = said || it.Content == "No room."
	}
	if !said {
		t.Error("the flow went on as if there were room")
	}
	w.clock.advance(time.Millisecond)
	w.must(c.Settle(w.ctx))
	chat, _, err := c.Contact(w.ctx, instance, first.Contact)
	w.must(err)
	if _, set := chat.Attributes["b"]; set {
		t.Error("the attribute was set")
	}
}

func TestAttributesOfTheRelatedContact(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	_, first := w.start(c, nil)
	f, err := c.Catalog.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "sets", Type: center.TypeContactFlow}, setsRelated, true)
	w.must(err)
	second, err := c.Start(w.ctx, center.StartChat{Instance: instance, Flow: f.ID, DisplayName: "Ana", Related: first.Contact})
	w.must(err)
	w.connect(c, second)
	w.clock.advance(time.Millisecond)
	w.must(c.Settle(w.ctx))
	chat, _, err := c.Contact(w.ctx, instance, first.Contact)
	w.must(err)
	if want := map[string]string{"a": "1", "b": "3", "c": "3"}; !maps.Equal(chat.Attributes, want) {
		t.Errorf("got %v, want %v", chat.Attributes, want)
	}
}
