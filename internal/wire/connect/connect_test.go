package connect_test

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
)

func TestStartChatContactReadsEveryMember(t *testing.T) {
	body := `{"InstanceId":"i","ContactFlowId":"f","Attributes":{"b":"2","a":"1"},"ParticipantDetails":{"DisplayName":"Ana"},` +
		`"ParticipantConfiguration":{"ResponseMode":"COMPLETE"},"InitialMessage":{"ContentType":"text/plain","Content":"Hi"},` +
		`"ClientToken":"t","ChatDurationInMinutes":60,"SupportedMessagingContentTypes":["text/plain"],` +
		`"PersistentChat":{"RehydrationType":"FROM_SEGMENT","SourceContactId":"s"},"RelatedContactId":"r",` +
		`"SegmentAttributes":{"k":{"ValueString":"v"},"m":{"ValueMap":{"n":{"ValueInteger":7}}},"l":{"ValueList":[{"ValueArn":"a"}]}},` +
		`"CustomerId":"c","DisconnectOnCustomerExit":["AGENT"]}`
	got := new(connect.StartChatContactInput)
	if err := got.Decode(&wire.Request{Body: []byte(body)}); err != nil {
		t.Fatal(err)
	}
	want := &connect.StartChatContactInput{
		InstanceId:                     new("i"),
		ContactFlowId:                  new("f"),
		Attributes:                     map[string]string{"a": "1", "b": "2"},
		ParticipantDetails:             &connect.ParticipantDetails{DisplayName: new("Ana")},
		ParticipantConfiguration:       &connect.ParticipantConfiguration{ResponseMode: new("COMPLETE")},
		InitialMessage:                 &connect.ChatMessage{ContentType: new("text/plain"), Content: new("Hi")},
		ClientToken:                    new("t"),
		ChatDurationInMinutes:          new(int64(60)),
		SupportedMessagingContentTypes: []string{"text/plain"},
		PersistentChat:                 &connect.PersistentChat{RehydrationType: new("FROM_SEGMENT"), SourceContactId: new("s")},
		RelatedContactId:               new("r"),
		SegmentAttributes: map[string]connect.SegmentAttributeValue{
			"k": {ValueString: new("v")},
			"m": {ValueMap: map[string]connect.SegmentAttributeValue{"n": {ValueInteger: new(int64(7))}}},
			"l": {ValueList: []connect.SegmentAttributeValue{{ValueArn: new("a")}}},
		},
		CustomerId:               new("c"),
		DisconnectOnCustomerExit: []string{"AGENT"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %s", got.AppendJSON(nil))
	}
	// Encoded again, members are in the model's order and keys sorted.
	sorted := strings.NewReplacer(`{"b":"2","a":"1"}`, `{"a":"1","b":"2"}`,
		`"k":{"ValueString":"v"},"m":{"ValueMap":{"n":{"ValueInteger":7}}},"l":{"ValueList":[{"ValueArn":"a"}]}`,
		`"k":{"ValueString":"v"},"l":{"ValueList":[{"ValueArn":"a"}]},"m":{"ValueMap":{"n":{"ValueInteger":7}}}`).Replace(body)
	if again := string(got.AppendJSON(nil)); again != sorted {
		t.Errorf("encoded as\n%s\nwant\n%s", again, sorted)
	}
}

func TestMembersOutsideTheBody(t *testing.T) {
	in := new(connect.ListContactFlowsInput)
	err := in.Decode(&wire.Request{
		Path:  []string{"arn:aws:connect:us-east-1:123456789012:instance/i"},
		Query: url.Values{"contactFlowTypes": {"CONTACT_FLOW", "CAMPAIGN"}, "maxResults": {"7"}, "nextToken": {"n"}, "unknown": {"x"}},
		Body:  []byte("a GET has no body to read"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &connect.ListContactFlowsInput{
		InstanceId:       new("arn:aws:connect:us-east-1:123456789012:instance/i"),
		ContactFlowTypes: []string{"CONTACT_FLOW", "CAMPAIGN"},
		MaxResults:       new(int64(7)),
		NextToken:        new("n"),
	}
	if !reflect.DeepEqual(in, want) {
		t.Errorf("read %v", in)
	}
	if got := string(in.AppendJSON(nil)); got != "{}" {
		t.Errorf("members outside the body were encoded in it: %s", got)
	}
}

// Members in a path count as the model orders them, not as the path does.
func TestPathArgumentsInTheTemplatesOrder(t *testing.T) {
	in := new(connect.DescribeContactInput)
	if err := in.Decode(&wire.Request{Path: []string{"instance", "contact"}}); err != nil {
		t.Fatal(err)
	}
	if *in.InstanceId != "instance" || *in.ContactId != "contact" {
		t.Errorf("read instance %s, contact %s", *in.InstanceId, *in.ContactId)
	}
}

// Timestamps of the API model have no format of their own, so they are seconds as a number.
func TestDescribeContactAnswer(t *testing.T) {
	out := &connect.DescribeContactOutput{Contact: &connect.Contact{
		Id:                  new("c"),
		InitiationTimestamp: new(time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)),
		QueuePriority:       new(int64(5)),
		CustomerId:          new(""),
		Tags:                map[string]string{},
		SegmentAttributes:   map[string]connect.SegmentAttributeValue{"connect:Subtype": {ValueString: new("connect:Chat")}},
		RoutingCriteria: &connect.RoutingCriteria{Steps: []connect.Step{{Expression: &connect.Expression{
			AttributeCondition: &connect.AttributeCondition{ProficiencyLevel: new(4.5)}}}}},
		ChatMetrics: &connect.ChatMetrics{ChatContactMetrics: &connect.ChatContactMetrics{MultiParty: new(false)}},
	}}
	got := string(out.AppendJSON(nil))
	for _, want := range []string{
		`{"Contact":{`, `"Id":"c"`, `"InitiationTimestamp":1767323045.678`, `"QueuePriority":5`, `"CustomerId":""`, `"Tags":{}`,
		`"SegmentAttributes":{"connect:Subtype":{"ValueString":"connect:Chat"}}`, `"ProficiencyLevel":4.5`, `"MultiParty":false`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s has no %s", got, want)
		}
	}
	if strings.Contains(got, "null") || strings.Contains(got, ",}") {
		t.Errorf("encoded as %s", got)
	}
}

// InvalidContactFlowException is the one error without a Message; its problems are in lower case.
func TestInvalidContactFlowBody(t *testing.T) {
	body := &connect.InvalidContactFlowExceptionBody{Problems: []connect.ProblemDetail{{Message: new("m")}}}
	if got, want := string(body.AppendJSON(nil)), `{"problems":[{"message":"m"}]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOperationTable(t *testing.T) {
	find := func(name string) wire.Op {
		i := slices.IndexFunc(connect.Ops, func(op wire.Op) bool { return op.Name == name })
		if i < 0 {
			t.Fatalf("%s is not in the table", name)
		}
		return connect.Ops[i]
	}
	stop := find("StopContact")
	if stop.Method != http.MethodPost || stop.Path != "/contact/stop" || stop.Status != http.StatusOK || stop.Auth != wire.SigV4 || stop.Paginated {
		t.Errorf("StopContact is %s %s, %d", stop.Method, stop.Path, stop.Status)
	}
	// Unlike everything else that is not found.
	if !slices.Contains(stop.Errors, wire.ErrorShape{Code: "ContactNotFoundException", Status: http.StatusGone}) {
		t.Errorf("StopContact's errors are %v", stop.Errors)
	}
	if !find("ListInstances").Paginated {
		t.Error("ListInstances is not paginated")
	}
	// Every operation of the model is in one table or the other.
	if n := len(connect.Ops) + len(connect.Others); n != 371 {
		t.Errorf("the tables have %d operations, the model 371", n)
	}
	for _, r := range connect.Others {
		if slices.ContainsFunc(connect.Ops, func(op wire.Op) bool { return op.Name == r.Name }) {
			t.Errorf("%s is in both tables", r.Name)
		}
	}
}
