package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
	"github.com/aws/aws-sdk-go-v2/service/connectparticipant"
	participant "github.com/aws/aws-sdk-go-v2/service/connectparticipant/types"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
)

// A flow that invokes a function of AWS's, once it is associated: the server's own AWS SDK against an endpoint shaped as
// Lambda's, and all that a company and a customer do by their AWS SDKs.
func TestFunctionInAWS(t *testing.T) {
	const function = "arn:aws:lambda:us-east-1:123456789012:function:greet"
	events := make(chan []byte, 10)
	lambda := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != "POST" || r.URL.Path != "/2015-03-31/functions/"+function+"/invocations" || !strings.Contains(r.Header.Get("Authorization"), "/us-east-1/lambda/") {
			http.NotFound(w, r)
			return
		}
		events <- body
		_, _ = w.Write([]byte(`{"word":"Grüezi"}`))
	}))
	defer lambda.Close()
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_LAMBDA": lambda.URL, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "",
		"AWS_DEFAULT_REGION": "", "AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none,
	} {
		t.Setenv(name, value)
	}

	s, err := server.New(t.Context(), server.Config{
		Dev: true, Database: "sqlite::memory:", Settings: center.DefaultSettings(),
		Partition: center.Partition{Account: server.SeedAccount, Region: server.SeedRegion},
	})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		front.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})

	ctx := t.Context()
	config := aws.Config{Region: "us-east-1", BaseEndpoint: &front.URL, Credentials: credentials.NewStaticCredentialsProvider("dev", "dev", "")}
	company, customer := connect.NewFromConfig(config), connectparticipant.NewFromConfig(config)
	id := aws.String(instance)
	associate := func() {
		t.Helper()
		if _, err := company.AssociateLambdaFunction(ctx, &connect.AssociateLambdaFunctionInput{InstanceId: id, FunctionArn: aws.String(function)}); err != nil {
			t.Fatal(err)
		}
	}
	associate() // as publishing asks
	flow, err := company.CreateContactFlow(ctx, &connect.CreateContactFlowInput{
		InstanceId: id, Name: aws.String("greet"), Type: types.ContactFlowTypeContactFlow, Content: aws.String(`{"Version": "2019-10-30", "StartAction": "Ask", "Actions": [
			{"Identifier": "Ask", "Type": "InvokeLambdaFunction", "Parameters": {"LambdaFunctionARN": "` + function + `", "InvocationTimeLimitSeconds": "8"},
			 "Transitions": {"NextAction": "Say", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Sorry"}]}},
			{"Identifier": "Say", "Type": "MessageParticipant", "Parameters": {"Text": "$.External.word"}, "Transitions": {"NextAction": "Wait"}},
			{"Identifier": "Sorry", "Type": "MessageParticipant", "Parameters": {"Text": "sorry"}, "Transitions": {"NextAction": "Wait"}},
			{"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "600"}, "Transitions": {"NextAction": "End",
			 "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}], "Conditions": [{"NextAction": "End", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}}]}},
			{"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}

	// talk has a chat, and returns what the system said in it.
	talk := func() (contact, said string) {
		t.Helper()
		started, err := company.StartChatContact(ctx, &connect.StartChatContactInput{
			InstanceId: id, ContactFlowId: flow.ContactFlowId, ParticipantDetails: &types.ParticipantDetails{DisplayName: aws.String("Ana")},
		})
		if err != nil {
			t.Fatal(err)
		}
		connection, err := customer.CreateParticipantConnection(ctx, &connectparticipant.CreateParticipantConnectionInput{
			ParticipantToken: started.ParticipantToken, ConnectParticipant: aws.Bool(true),
			Type: []participant.ConnectionType{participant.ConnectionTypeConnectionCredentials},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		read, err := customer.GetTranscript(ctx, &connectparticipant.GetTranscriptInput{ConnectionToken: connection.ConnectionCredentials.ConnectionToken})
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range read.Transcript {
			if it.Type == participant.ChatItemTypeMessage {
				said += *it.Content
			}
		}
		return *started.ContactId, said
	}

	if _, err := company.DisassociateLambdaFunction(ctx, &connect.DisassociateLambdaFunctionInput{InstanceId: id, FunctionArn: aws.String(function)}); err != nil {
		t.Fatal(err)
	}
	if _, said := talk(); said != "sorry" || len(events) != 0 {
		t.Errorf("a function that is not associated led to %q and %d invocations", said, len(events))
	}
	associate()
	contact, said := talk()
	if said != "Grüezi" || len(events) != 1 {
		t.Fatalf("the function led to %q and %d invocations", said, len(events))
	}
	var event struct {
		Name    string
		Details struct {
			ContactData struct{ ContactID, Channel string }
		}
	}
	if err := json.Unmarshal(<-events, &event); err != nil || event.Name != "ContactFlowEvent" || event.Details.ContactData.ContactID != contact {
		t.Errorf("the event was %+v, %v", event, err)
	}
}
