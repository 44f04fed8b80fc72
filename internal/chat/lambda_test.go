package chat

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
)

// What an event has of a contact about whom much is known.
func TestLambdaEventOfAFullContact(t *testing.T) {
	text, number := "a", int64(7)
	f := &flow.Contact{
		ContactID: "c", InitialContactID: "i", PreviousContactID: "p", CustomerID: "u", Name: "n", Description: "d", Attributes: map[string]string{"k": "v"},
		References: map[string]flow.Reference{"doc": {Type: "URL", Value: "https://example.org/?a&b"}},
		Queue:      flow.Queue{Name: "BasicQueue", ARN: "arn:q", OutboundCallerID: "+4144"},
	}
	contact := &center.Contact{Related: "r", SegmentAttributes: map[string]center.SegmentAttribute{
		"list": {ValueList: []center.SegmentAttribute{{ValueInteger: &number}}},
		"map":  {ValueMap: map[string]center.SegmentAttribute{"in": {ValueString: &text}}},
	}}
	raw, err := plainJSON(newLambdaEvent(contactDataOf(f, contact), []flow.Parameter{
		{Name: "z", Value: "first"}, {Name: "a\"", Value: "<>&"}, {Name: "z", Null: true},
	}))
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	want, err := os.ReadFile("testdata/lambda_event_full.json")
	if err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%v; got\n%s", err, got.Bytes())
	}
}
