package parley

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
	"github.com/aws/aws-sdk-go-v2/service/connectparticipant"
	participant "github.com/aws/aws-sdk-go-v2/service/connectparticipant/types"
	"pgregory.net/rapid"
)

// started answers StartChatContact.
const started = `{"ContactId":"c-1","ParticipantId":"p-1","ParticipantToken":"token-1"}`

// startable is a builder with all that StartChatContact requires.
func startable(c *Client) *StartChatContactBuilder {
	return c.StartChatContact().InstanceID("i-1").ContactFlowID("f-1").ParticipantDetails(types.ParticipantDetails{DisplayName: aws.String("Ada")})
}

// constructionError fails the test unless err is one, and returns its text.
func constructionError(t *testing.T, err error) string {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindConstruction {
		t.Fatalf("error %v, want an *Error of kind construction", err)
	}
	if e.Attempts != 0 {
		t.Errorf("%d attempts, and nothing can have been sent", e.Attempts)
	}
	return err.Error()
}

func TestAsInputIsWhatIsSet(t *testing.T) {
	b := startable(New(aws.Config{})).Attribute("tier", "gold")
	want := &connect.StartChatContactInput{
		InstanceId: aws.String("i-1"), ContactFlowId: aws.String("f-1"), Attributes: map[string]string{"tier": "gold"},
		ParticipantDetails: &types.ParticipantDetails{DisplayName: aws.String("Ada")},
	}
	if got := b.AsInput(); !reflect.DeepEqual(got, want) {
		t.Errorf("AsInput is %v", Redact(got))
	}
	b.Attribute("lang", "de")
	if b.AsInput().Attributes["lang"] != "de" {
		t.Error("AsInput does not follow the builder")
	}
}

// TestEveryMemberIsSetClearedAndRead goes over all members of all builders.
func TestEveryMemberIsSetClearedAndRead(t *testing.T) {
	client := New(aws.Config{})
	for _, b := range builders(client) {
		input := b.inputOf()
		for i := range input.NumField() {
			f := input.Field(i)
			if !f.IsExported() {
				continue
			}
			t.Run(b.operation+"/"+f.Name, func(t *testing.T) {
				rapid.Check(t, func(t *rapid.T) { oneMember(t, b, f) })
			})
		}
	}
}

func oneMember(t *rapid.T, b builder, f reflect.StructField) {
	begun := b.begin.Call(nil)[0]
	get := func() any { return method(begun, "Get"+f.Name).Call(nil)[0].Interface() }
	set := method(begun, "Set"+f.Name)
	if v := reflect.ValueOf(get()); v.IsValid() && !v.IsNil() {
		t.Fatalf("a new builder has %v", v)
	}
	value := drawn(t, set.Type().In(0), f.Name, 0)
	set.Call([]reflect.Value{value})
	want := value.Interface()
	if v := reflect.ValueOf(want); f.Type.Kind() != reflect.Pointer && v.Kind() == reflect.Pointer && !v.IsNil() && f.Type.Kind() != reflect.Interface && v.Elem().IsZero() {
		want = reflect.Zero(v.Type()).Interface() // a member whose zero value means absent
	}
	if got := get(); !reflect.DeepEqual(got, want) {
		t.Fatalf("set to %v, reads %v", Redact(want), Redact(got))
	}
	set.Call([]reflect.Value{reflect.Zero(set.Type().In(0))})
	if v := reflect.ValueOf(get()); v.IsValid() && !v.IsNil() {
		t.Fatalf("cleared, and reads %v", v)
	}
}

func TestAddersAddAndSettersReplace(t *testing.T) {
	b := New(aws.Config{}).StartChatContact()
	mine := map[string]string{"a": "1"}
	b.SetAttributes(mine).Attribute("b", "2").Attribute("a", "3")
	if got := b.GetAttributes(); len(got) != 2 || got["a"] != "3" || got["b"] != "2" {
		t.Errorf("attributes are %v", got)
	}
	if len(mine) != 1 || mine["a"] != "1" {
		t.Errorf("the caller's map became %v", mine)
	}
	list := make([]string, 1, 10)
	list[0] = "text/plain"
	b.SetSupportedMessagingContentTypes(list).SupportedMessagingContentType("text/markdown")
	if got := b.GetSupportedMessagingContentTypes(); !slices.Equal(got, []string{"text/plain", "text/markdown"}) {
		t.Errorf("content types are %v", got)
	}
	if got := list[:2][1]; got != "" {
		t.Errorf("the caller's list became %v", list[:2])
	}
	guide := types.SegmentAttributeValue{ValueString: aws.String("connect:Guide")}
	b.SegmentAttribute("connect:Subtype", guide).DisconnectOnCustomerExit(types.DisconnectOnCustomerExitParticipantTypeAgent)
	*guide.ValueString = "changed"
	if got := *b.GetSegmentAttributes()["connect:Subtype"].ValueString; got != "connect:Guide" {
		t.Errorf("the segment attribute became %q with the caller's", got)
	}
	if got := b.GetDisconnectOnCustomerExit(); len(got) != 1 || got[0] != "AGENT" {
		t.Errorf("DisconnectOnCustomerExit is %v", got)
	}
	if got := b.SetAttributes(nil).SetSupportedMessagingContentTypes([]string{}).GetSupportedMessagingContentTypes(); got == nil || len(got) != 0 {
		t.Errorf("an empty list became %v", got)
	}
	if got := b.GetAttributes(); got != nil {
		t.Errorf("cleared attributes are %v", got)
	}
}

func TestCloneIsDeepAndIndependent(t *testing.T) {
	client := New(aws.Config{})
	for _, b := range builders(client) {
		t.Run(b.operation, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				begun := b.begin.Call(nil)[0]
				input := drawn(t, b.inputOf(), "input", 0)
				fill(t, begun, input)
				clone := method(begun, "Clone").Call(nil)[0]
				original := method(begun, "AsInput").Call(nil)[0].Elem()
				copied := method(clone, "AsInput").Call(nil)[0].Elem()
				if !reflect.DeepEqual(original.Interface(), copied.Interface()) {
					t.Fatalf("cloned\n%v\nto\n%v", Redact(original.Interface()), Redact(copied.Interface()))
				}
				if at := sharedMemory(original, copied, "input"); at != "" {
					t.Fatalf("the clone shares %s", at)
				}
			})
		})
	}
}

// sharedMemory names something that two equal values both lead to.
func sharedMemory(a, b reflect.Value, path string) string {
	switch a.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if a.IsNil() {
			return ""
		}
		if a.Pointer() == b.Pointer() && (a.Kind() == reflect.Pointer || a.Len() > 0) {
			return path
		}
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !a.IsNil() {
			return sharedMemory(a.Elem(), b.Elem(), path)
		}
	case reflect.Slice:
		for i := range a.Len() {
			if at := sharedMemory(a.Index(i), b.Index(i), fmt.Sprintf("%s[%d]", path, i)); at != "" {
				return at
			}
		}
	case reflect.Map:
		for _, k := range a.MapKeys() {
			if at := sharedMemory(a.MapIndex(k), b.MapIndex(k), fmt.Sprintf("%s[%v]", path, k)); at != "" {
				return at
			}
		}
	case reflect.Struct:
		for i := range a.NumField() {
			if f := a.Type().Field(i); f.IsExported() {
				if at := sharedMemory(a.Field(i), b.Field(i), path+"."+f.Name); at != "" {
					return at
				}
			}
		}
	}
	return ""
}

func TestBuilderIsSentOnce(t *testing.T) {
	var rec recorder
	client := New(rec.service().config())
	b := startable(client)
	if _, err := b.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.Attribute("late", "1")
	_, err := b.Send(t.Context())
	if text := constructionError(t, err); !strings.Contains(text, "StartChatContact: not sent: the builder was used up") {
		t.Errorf("a second Send says %q", text)
	}
	if b.GetAttributes() != nil {
		t.Error("a builder that was sent still changes")
	}
	if _, err := b.Clone().Send(t.Context()); err != nil {
		t.Errorf("a clone of a builder that was sent: %v", err)
	}
	if len(rec.requests) != 2 {
		t.Errorf("%d requests were sent, want 2", len(rec.requests))
	}
	custom := startable(client).Customize()
	if _, err := custom.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = custom.Send(t.Context())
	constructionError(t, err)
	_, err = b.Customize().Send(t.Context())
	constructionError(t, err)
}

// TestBuilderSharedByGoroutines uses one builder from many: whatever the timing, at most one request leaves, nothing
// panics, and the others learn why.
func TestBuilderSharedByGoroutines(t *testing.T) {
	for range 50 {
		var mu sync.Mutex
		sent := 0
		b := startable(New(new(recorder).service().config()))
		var done sync.WaitGroup
		for g := range 8 {
			done.Go(func() {
				for i := range 20 {
					b.Attribute(fmt.Sprint(g, "-", i), "v")
					b.SupportedMessagingContentType("text/plain")
					_ = b.GetAttributes()
					_ = b.String()
				}
				_, err := b.Send(context.Background())
				var e *Error
				switch {
				case err == nil:
					mu.Lock()
					sent++
					mu.Unlock()
				case !errors.As(err, &e) || e.Kind != KindConstruction:
					t.Errorf("error %v", err)
				}
			})
		}
		done.Wait()
		if sent > 1 {
			t.Fatalf("one builder was sent %d times", sent)
		}
	}
}

// TestBuilderSaysThatItWasShared is the same without luck: one goroutine is inside the builder when another comes.
func TestBuilderSaysThatItWasShared(t *testing.T) {
	b := startable(New(aws.Config{Region: "us-east-1"}))
	b.r.use(func(*connect.StartChatContactInput) {
		var done sync.WaitGroup
		done.Go(func() { b.Attribute("other", "1") })
		done.Wait()
	})
	if text := constructionError(t, second(b.Send(t.Context()))); !strings.Contains(text, "two goroutines") {
		t.Errorf("a shared builder says %q", text)
	}
}

func second[A, B any](_ A, b B) B { return b }

func TestStringHidesEverySensitiveMember(t *testing.T) {
	const secret = "Pst-7f3a"
	for _, v := range []any{
		&connect.StartChatContactInput{CustomerId: aws.String(secret), Attributes: map[string]string{"k": secret}, InitialMessage: &types.ChatMessage{Content: aws.String(secret)}},
		&connect.StartChatContactOutput{ParticipantToken: aws.String(secret)},
		&connect.UpdateContactAttributesInput{Attributes: map[string]string{"k": secret}},
		&connect.GetContactAttributesOutput{Attributes: map[string]string{"k": secret}},
		&connect.UpdateContactInput{Name: aws.String(secret), Description: aws.String(secret)},
		&connect.DescribeContactOutput{Contact: &types.Contact{Name: aws.String(secret), Description: aws.String(secret), CustomerId: aws.String(secret), Attributes: map[string]string{"k": secret}}},
		&connect.CreateInstanceInput{InstanceAlias: aws.String(secret)},
		&connect.DescribeInstanceOutput{Instance: &types.Instance{InstanceAlias: aws.String(secret)}},
		&connect.ListInstancesOutput{InstanceSummaryList: []types.InstanceSummary{{InstanceAlias: aws.String(secret)}}},
		&connect.UpdateParticipantAuthenticationInput{Code: aws.String(secret), Error: aws.String(secret), ErrorDescription: aws.String(secret), State: aws.String(secret)},
		&connect.CreateParticipantOutput{ParticipantCredentials: &types.ParticipantTokenCredentials{ParticipantToken: aws.String(secret)}},
		&connect.SendChatIntegrationEventInput{Event: &types.ChatEvent{Content: aws.String(secret)}, NewSessionDetails: &types.NewSessionDetails{Attributes: map[string]string{"k": secret}}},
		&connect.StartOutboundChatContactInput{Attributes: map[string]string{"k": secret}, InitialSystemMessage: &types.ChatMessage{Content: aws.String(secret)}, InitialTemplatedSystemMessage: &types.TemplatedMessageConfig{
			TemplateAttributes: &types.TemplateAttributes{CustomAttributes: map[string]string{"k": secret}, CustomerProfileAttributes: aws.String(secret)},
		}},
		&connectparticipant.CreateParticipantConnectionInput{ParticipantToken: aws.String(secret)},
		&connectparticipant.CreateParticipantConnectionOutput{
			ConnectionCredentials: &participant.ConnectionCredentials{ConnectionToken: aws.String(secret)},
			Websocket:             &participant.Websocket{Url: aws.String("wss://host/?token=" + secret)},
			WebRTCConnection:      &participant.ConnectionData{Attendee: &participant.Attendee{JoinToken: aws.String(secret)}},
		},
		&connectparticipant.SendMessageInput{ConnectionToken: aws.String(secret), Content: aws.String(secret)},
		&connectparticipant.SendEventInput{ConnectionToken: aws.String(secret), Content: aws.String(secret)},
		&connectparticipant.GetTranscriptOutput{Transcript: []participant.Item{{Content: aws.String(secret)}}},
		&connectparticipant.DescribeViewInput{ViewToken: aws.String(secret)},
		&connectparticipant.DescribeViewOutput{View: &participant.View{Name: aws.String(secret), Content: &participant.ViewContent{
			Actions: []string{secret}, InputSchema: aws.String(secret), Template: aws.String(secret),
		}}},
		&connectparticipant.GetAttachmentOutput{Url: aws.String(secret)},
		&connectparticipant.GetAuthenticationUrlInput{SessionId: aws.String(secret)},
		&connectparticipant.GetAuthenticationUrlOutput{AuthenticationUrl: aws.String(secret)},
		&connectparticipant.StartAttachmentUploadOutput{UploadMetadata: &participant.UploadMetadata{Url: aws.String(secret), HeadersToInclude: map[string]string{"k": secret}}},
	} {
		r := Redact(v)
		for _, text := range []string{r.String(), fmt.Sprint(r), fmt.Sprintf("%+v", r), fmt.Sprintf("%#v", r), r.LogValue().String()} {
			if strings.Contains(text, secret) || !strings.Contains(text, redacted) {
				t.Errorf("shown as %s", text)
			}
		}
	}
}

// TestSecretsAreMembers holds the table of what is hidden to the SDK's types, so that a renamed member is noticed.
func TestSecretsAreMembers(t *testing.T) {
	found := map[string]bool{}
	seen := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			visit(typ.Elem())
		case reflect.Struct:
			if seen[typ] {
				return
			}
			seen[typ] = true
			for i := range typ.NumField() {
				f := typ.Field(i)
				found[f.Name] = true
				found[memberPath(typ, f.Name)] = true
				visit(f.Type)
			}
		}
	}
	for _, b := range builders(New(aws.Config{})) {
		visit(b.inputOf())
		m, _ := b.begin.Type().Out(0).MethodByName("Send")
		visit(m.Type.Out(0))
	}
	for _, table := range []map[string]bool{secretMembers, secretMembersOf} {
		for path := range table {
			if !found[path] {
				t.Errorf("%s is hidden, and there is no such member", path)
			}
		}
	}
}

func TestBuilderPrints(t *testing.T) {
	b := startable(New(aws.Config{})).CustomerID("4711").Attribute("tier", "gold").Attribute("lang", "de").
		ChatDurationInMinutes(60).SupportedMessagingContentType("text/plain")
	const want = `StartChatContact{ContactFlowId: "f-1", InstanceId: "i-1", ParticipantDetails: ParticipantDetails{DisplayName: "Ada"}, ` +
		`Attributes: {"lang": REDACTED, "tier": REDACTED}, ChatDurationInMinutes: 60, CustomerId: REDACTED, SupportedMessagingContentTypes: ["text/plain"]}`
	for verb, got := range map[string]string{"%v": fmt.Sprintf("%v", b), "%+v": fmt.Sprintf("%+v", b), "%#v": fmt.Sprintf("%#v", b)} {
		if got != want {
			t.Errorf("%s prints\n%s\nwant\n%s", verb, got, want)
		}
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("about to start", "chat", b)
	if strings.Contains(log.String(), "4711") || !strings.Contains(log.String(), "REDACTED") {
		t.Errorf("logged as %s", log.String())
	}
	if got := b.Customize().String(); got != want {
		t.Errorf("customised, it prints\n%s", got)
	}
}
