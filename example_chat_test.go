package parley_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/parley-chat/parley"
	"github.com/parley-chat/parley/parleytest"
)

// A customer starts a chat and talks. The contact centre of this example is one of package parleytest; against AWS the
// client is parley.New(cfg), with what config.LoadDefaultConfig returns, and the ids are your own.
func ExampleClient_Join() {
	here := exampleServer()
	defer here.end()
	client, ctx := here.Client(), context.Background()

	started, err := client.StartChatContact().
		InstanceID(here.InstanceID).
		ContactFlowID(here.ContactFlowID).
		ParticipantDetails(types.ParticipantDetails{DisplayName: aws.String("Ada")}).
		Send(ctx)
	if err != nil {
		log.Fatal(err)
	}
	chat, err := client.Join(ctx, started)
	if err != nil {
		log.Fatal(err)
	}
	defer chat.Close()
	for event, err := range chat.Events() {
		if err != nil {
			log.Fatal(err) // the connection is gone for good, or the chat is
		}
		switch e := event.(type) {
		case parley.Joined:
			fmt.Println(e.DisplayName, "joined")
		case parley.Message:
			fmt.Printf("%s: %.6s\n", e.DisplayName, e.Content)
			if !chat.IsOwn(e) {
				_, err = chat.Send(ctx, "Goodbye")
			} else {
				err = chat.Disconnect(ctx)
			}
			if err != nil {
				log.Fatal(err)
			}
		case parley.Ended:
			fmt.Println("ended")
		}
	}
	// Output:
	// Ada joined
	// SYSTEM_MESSAGE: Hello!
	// Ada: Goodby
	// ended
}

// A bot joins a chat as a custom participant and answers what the customer says.
func ExampleClient_JoinAs() {
	here := exampleServer()
	defer here.end()
	client, ctx := here.Client(), context.Background()
	customer := here.Start("")

	created, err := client.CreateParticipant().
		InstanceID(here.InstanceID).
		ContactID(customer.ContactID()).
		ParticipantDetails(types.ParticipantDetailsToAdd{
			DisplayName: aws.String("Echo"), ParticipantRole: types.ParticipantRoleCustomBot,
		}).
		Send(ctx)
	if err != nil {
		log.Fatal(err)
	}
	bot, err := client.JoinAs(ctx, created, func(o *parley.JoinOptions) { o.SkipHistory = true })
	if err != nil {
		log.Fatal(err)
	}
	defer bot.Close()
	customer.Say("hello")
	for event, err := range bot.Events() {
		if err != nil {
			log.Fatal(err)
		}
		m, ok := event.(parley.Message)
		if !ok || bot.IsOwn(m) {
			continue
		}
		if _, err := bot.Send(ctx, strings.ToUpper(m.Content)); err != nil {
			log.Fatal(err)
		}
		break // a real bot goes on
	}
	customer.Hear() // the flow's greeting
	fmt.Println(customer.Hear().Content)
	// Output:
	// HELLO
}

// An agent signs in, takes what is offered and answers.
func ExampleClient_JoinAgent() {
	here := exampleServer()
	defer here.end()
	client, ctx := here.Client(), context.Background()
	queue := here.CreateQueue("Support")
	here.Agent("jane", queue).Close() // a user who serves the queue, and is Available

	jane, err := client.JoinAgent(ctx, "jane", "Parleytest-1")
	if err != nil {
		log.Fatal(err)
	}
	defer jane.SignOut(ctx)
	ada := here.Start(here.CreateQueueFlow(queue))
	for event, err := range jane.Events() {
		if err != nil {
			log.Fatal(err)
		}
		switch e := event.(type) {
		case parley.AgentTransition:
			fmt.Println(e.What)
			switch e.What {
			case parley.AgentOffered:
				err = jane.Accept(ctx, e.ContactID)
			case parley.AgentJoined:
				err = jane.Send(ctx, e.ContactID, "How can I help?")
			}
		case parley.AgentChat:
			if m, ok := e.Event.(parley.Message); ok {
				fmt.Printf("%s: %s\n", m.DisplayName, m.Content)
				err = jane.Leave(ctx, m.ContactID)
			}
		}
		if err != nil {
			log.Fatal(err)
		}
		if e, ok := event.(parley.AgentTransition); ok && e.What == parley.AgentLeft {
			break
		}
	}
	ada.Hears("How can I help?")
	// Output:
	// offered
	// connected
	// jane: How can I help?
	// ended
}

// The transcript is read newest first, and in a persistent chat goes on into the sessions before.
func ExampleChat_Transcript() {
	here := exampleServer()
	defer here.end()
	chat := here.Start("")
	chat.Say("one")
	chat.Say("two")

	for event, err := range chat.Transcript(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		if m, ok := event.(parley.Message); ok && chat.IsOwn(m) {
			fmt.Println(m.Content)
		}
	}
	// Output:
	// two
	// one
}

// exampleTest stands in for the *testing.T that examples do not have.
type exampleTest struct {
	testing.TB
	after []func()
}

func (*exampleTest) Helper()                           {}
func (*exampleTest) Output() io.Writer                 { return io.Discard }
func (*exampleTest) Errorf(format string, args ...any) { log.Fatalf(format, args...) }
func (*exampleTest) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }
func (t *exampleTest) Cleanup(f func())                { t.after = append(t.after, f) }

// exampleCentre is a server for one example.
type exampleCentre struct {
	*parleytest.Server
	t *exampleTest
}

func exampleServer() *exampleCentre {
	t := new(exampleTest)
	return &exampleCentre{parleytest.New(t), t}
}

func (c *exampleCentre) end() {
	for _, f := range slices.Backward(c.t.after) {
		f()
	}
}
