package parley_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/parley-chat/parley"
)

const (
	instanceID = "11111111-1111-4111-8111-111111111111"
	flowID     = "22222222-2222-4222-8222-222222222222"
)

// contactCentre stands for Amazon Connect in these examples: it answers each request with the next of its answers.
func contactCentre(answers ...string) (cfg aws.Config, close func()) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := answers[0]
		if len(answers) > 1 {
			answers = answers[1:]
		}
		w.Header().Set("Content-Type", "application/json")
		switch answer {
		case "LimitExceededException", "TooManyRequestsException":
			w.Header().Set("X-Amzn-Errortype", answer)
			w.WriteHeader(http.StatusTooManyRequests)
			answer = `{"Message":"no"}`
		}
		fmt.Fprintln(w, answer)
	}))
	return aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(server.URL),
		Credentials:  credentials.NewStaticCredentialsProvider("dev", "dev", ""),
	}, server.Close
}

// Start a chat for a customer. The token in the answer is for them: it opens CreateParticipantConnection.
func Example() {
	cfg, done := contactCentre(`{"ContactId":"c-1","ParticipantId":"p-1","ParticipantToken":"…"}`)
	defer done()

	client := parley.New(cfg)
	chat, err := client.StartChatContact().
		InstanceID(instanceID).
		ContactFlowID(flowID).
		ParticipantDetails(types.ParticipantDetails{DisplayName: aws.String("Ada")}).
		Send(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("started", *chat.ContactId)
	// Output: started c-1
}

// Give a chat attributes that its flow can branch on, and say what the customer's client can show.
func Example_attributes() {
	cfg, done := contactCentre(`{"ContactId":"c-1"}`)
	defer done()

	request := parley.New(cfg).StartChatContact().
		InstanceID(instanceID).
		ContactFlowID(flowID).
		ParticipantDetails(types.ParticipantDetails{DisplayName: aws.String("Ada")}).
		Attribute("tier", "gold").
		Attribute("language", "de").
		SupportedMessagingContentType("text/plain").
		SupportedMessagingContentType("text/markdown").
		CustomerID("4711")
	fmt.Println(request) // what must not be logged is not shown
	_, err := request.Send(context.Background())
	fmt.Println(err)
	// Output:
	// StartChatContact{ContactFlowId: "22222222-2222-4222-8222-222222222222", InstanceId: "11111111-1111-4111-8111-111111111111", ParticipantDetails: ParticipantDetails{DisplayName: "Ada"}, Attributes: {"language": REDACTED, "tier": REDACTED}, CustomerId: REDACTED, SupportedMessagingContentTypes: ["text/plain", "text/markdown"]}
	// <nil>
}

// Continue a chat that has ended, with all that was said in it.
func Example_persistentChat() {
	cfg, done := contactCentre(`{"ContactId":"c-2","ContinuedFromContactId":"c-1"}`)
	defer done()

	chat, err := parley.New(cfg).StartChatContact().
		InstanceID(instanceID).
		ContactFlowID(flowID).
		ParticipantDetails(types.ParticipantDetails{DisplayName: aws.String("Ada")}).
		PersistentChat(types.PersistentChat{
			RehydrationType: types.RehydrationTypeEntirePastSession,
			SourceContactId: aws.String("c-1"),
		}).
		Send(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*chat.ContactId, "continues", *chat.ContinuedFromContactId)
	// Output: c-2 continues c-1
}

// Tell the quota of active chats from throttling, which has the same status, and do not wait for it.
func Example_quota() {
	cfg, done := contactCentre("LimitExceededException")
	defer done()

	client := parley.New(cfg, parley.WithoutQuotaRetries())
	_, err := client.StartChatContact().
		InstanceID(instanceID).
		ContactFlowID(flowID).
		ParticipantDetails(types.ParticipantDetails{DisplayName: aws.String("Ada")}).
		Send(context.Background())
	var e *parley.Error
	switch {
	case parley.IsActiveChatQuota(err) && errors.As(err, &e):
		fmt.Printf("all places are taken (%s, %d attempt)\n", e.Code, e.Attempts)
	case parley.IsThrottling(err):
		fmt.Println("slow down")
	case err != nil:
		log.Fatal(err)
	}
	// Output: all places are taken (LimitExceededException, 1 attempt)
}

// Set how often and how long requests are tried, for all of a client's and for one.
func Example_retries() {
	cfg, done := contactCentre("TooManyRequestsException", `{"ContactId":"c-1"}`)
	defer done()

	client := parley.New(cfg, parley.WithMaxAttempts(5), parley.WithTimeout(30*time.Second))
	chat := client.StartChatContact().
		InstanceID(instanceID).
		ContactFlowID(flowID).
		ParticipantDetails(types.ParticipantDetails{DisplayName: aws.String("Ada")})

	_, err := chat.Clone().Customize().Override(parley.WithMaxAttempts(1)).Send(context.Background())
	fmt.Println("one attempt, throttled:", parley.IsThrottling(err))

	out, err := chat.Send(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("started", *out.ContactId)
	// Output:
	// one attempt, throttled: true
	// started c-1
}

// Change one request before it is signed, and watch its attempts.
func Example_customize() {
	cfg, done := contactCentre(`{}`)
	defer done()

	_, err := parley.New(cfg).StopContact().
		InstanceID(instanceID).
		ContactID("c-1").
		Customize().
		MutateRequest(func(r *smithyhttp.Request) error {
			r.Header.Set("X-Trace", "42")
			return nil
		}).
		Intercept(parley.Interceptor{
			AfterAttempt: func(_ context.Context, a *parley.Attempt) {
				fmt.Println(a.Operation, "attempt", a.Number, "status", a.Response.StatusCode, "trace", a.Request.Header.Get("X-Trace"))
			},
		}).
		Send(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	// Output: StopContact attempt 1 status 200 trace 42
}

// Go through all flows of an instance, page by page as far as the loop goes.
func Example_pages() {
	cfg, done := contactCentre(
		`{"ContactFlowSummaryList":[{"Name":"Welcome"}],"NextToken":"more"}`,
		`{"ContactFlowSummaryList":[{"Name":"Goodbye"}]}`)
	defer done()

	for flow, err := range parley.New(cfg).ListContactFlows().InstanceID(instanceID).Items(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(*flow.Name)
	}
	// Output:
	// Welcome
	// Goodbye
}

// Against AWS, the configuration says all: profile, environment, role.
func Example_againstAWS() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	client := parley.New(cfg)
	for instance, err := range client.ListInstances().Items(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(*instance.Id)
	}
}

// Against parley, only the endpoint differs. `parley dev` takes any credentials, and has these ids from the start.
func Example_againstParley() {
	client := parley.New(aws.Config{
		Region:      "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("dev", "dev", ""),
	}, parley.WithEndpoint("http://127.0.0.1:4510"))
	_, err := client.StartChatContact().
		InstanceID(instanceID).
		ContactFlowID(flowID).
		ParticipantDetails(types.ParticipantDetails{DisplayName: aws.String("Ada")}).
		Send(context.Background())
	if err != nil {
		log.Fatal(err)
	}
}
