package parleytest_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/parley-chat/parley"
	"github.com/parley-chat/parley/parleytest"
)

// The code of docs/testing.md, word for word.

// Support is the code under test: it knows the AWS SDK and nothing of parley.
type Support struct {
	connect            *connect.Client
	instanceID, flowID string
}

func NewSupport(cfg aws.Config, instanceID, flowID string) *Support {
	return &Support{connect.NewFromConfig(cfg), instanceID, flowID}
}

func (s *Support) Call(ctx context.Context, name, order string) (*connect.StartChatContactOutput, error) {
	return s.connect.StartChatContact(ctx, &connect.StartChatContactInput{
		InstanceId: &s.instanceID, ContactFlowId: &s.flowID,
		ParticipantDetails: &types.ParticipantDetails{DisplayName: &name},
		Attributes:         map[string]string{"order": order},
	})
}

func TestSupport(t *testing.T) {
	s := parleytest.New(t)
	support := NewSupport(s.Config(), s.InstanceID, s.CreateFlow("orders", ordersFlow))

	started, err := support.Call(t.Context(), "Ada", "4711")
	if err != nil {
		t.Fatal(err)
	}
	ada := s.Join("Ada", started) // as the customer's browser does
	ada.Hears("Hello! You ask about order 4711.")
}

func TestOrdersFlow(t *testing.T) {
	s := parleytest.New(t)
	flow := s.CreateFlow("orders", ordersFlow)
	ada := s.Start(flow, func(b *parley.StartChatContactBuilder) { b.Attribute("order", "4711") })
	ada.Hears("Hello! You ask about order 4711.")

	s.Advance(10 * time.Minute) // the customer says nothing
	ada.Hears("It has been quiet, so this chat ends. Goodbye!")
	ada.Ends()
}

func TestWithABot(t *testing.T) {
	s := parleytest.New(t)
	ada := s.Start("")
	ada.Hear() // the greeting of the flow that is there from the beginning
	s.Invite(ada.ContactID(), "Librarian", func(m parley.Message) string {
		if strings.Contains(m.Content, "book") {
			return "Which one?"
		}
		return "" // says nothing
	})
	ada.Say("Good morning")
	ada.Say("I look for a book")
	ada.Hears("Which one?")

	ada.Say("Never mind")
	s.Settle() // until nothing more is to be done
	ada.Leave()
	ada.Ends()
}

func TestTooManyChats(t *testing.T) {
	s := parleytest.New(t, func(o *parleytest.Options) { o.ActiveChats = 1 })
	support := NewSupport(s.Config(), s.InstanceID, s.ContactFlowID)
	if _, err := support.Call(t.Context(), "Ada", "1"); err != nil {
		t.Fatal(err)
	}
	_, err := support.Call(t.Context(), "Bob", "2")
	var quota *types.LimitExceededException
	if !errors.As(err, &quota) {
		t.Errorf("the second chat: %v", err)
	}
}

func TestInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := parleytest.New(t)
		ada := s.Start("")
		ada.Hear()
		time.AfterFunc(30*time.Minute, func() { ada.Say("Are you still there?") }) // your code
		time.Sleep(time.Hour + time.Minute)
		ada.Hears("It has been quiet for an hour, so this chat ends here. Goodbye!")
		ada.Ends()
	})
}

func TestOverTCP(t *testing.T) {
	s := parleytest.New(t)
	answer, err := http.Get(s.URL() + "/health/ready") // or AWS_ENDPOINT_URL=… of another program
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Error(answer.Status)
	}
}

func TestAgainstAWS(t *testing.T) {
	instanceID, flowID := os.Getenv("CONNECT_INSTANCE"), os.Getenv("CONNECT_FLOW")
	if instanceID == "" {
		t.Skip("needs an instance of Amazon Connect: set CONNECT_INSTANCE and CONNECT_FLOW")
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	started, err := NewSupport(cfg, instanceID, flowID).Call(t.Context(), "Ada", "4711")
	if err != nil {
		t.Fatal(err)
	}
	chat, err := parley.New(cfg).Join(t.Context(), started)
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Disconnect(t.Context())
	for event, err := range chat.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if m, ok := event.(parley.Message); ok {
			t.Logf("%s: %s", m.DisplayName, m.Content)
			break
		}
	}
}

//go:embed testdata/orders.json
var ordersFlow string

func TestDocsShowThisCode(t *testing.T) {
	page, err := os.ReadFile("../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("docs_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```go\n")[1:]
	for _, b := range blocks {
		if b, _, _ = strings.Cut(b, "```"); !strings.Contains(string(code), b) {
			t.Errorf("docs/testing.md shows what docs_test.go does not run:\n%s", b)
		}
	}
	if len(blocks) < 5 {
		t.Errorf("docs/testing.md shows %d pieces of code", len(blocks))
	}
	flows := strings.Split(string(page), "```json\n")[1:]
	for i, flow := range flows {
		flows[i], _, _ = strings.Cut(flow, "```")
	}
	if want := []string{ordersFlow, statusFlow}; !slices.Equal(flows, want) {
		t.Errorf("docs/testing.md shows these flows, which are not those of testdata:\n%s", strings.Join(flows, "\n"))
	}
}

func TestOrderStatus(t *testing.T) {
	s := parleytest.New(t, func(o *parleytest.Options) {
		o.Functions = map[string]parleytest.Function{
			"order-status": func(_ context.Context, event json.RawMessage) (any, error) {
				var asked struct {
					Details struct{ Parameters struct{ Order string } }
				}
				if err := json.Unmarshal(event, &asked); err != nil {
					return nil, err
				}
				if asked.Details.Parameters.Order != "4711" {
					return nil, errors.New("no such order")
				}
				return map[string]string{"status": "on its way"}, nil
			},
		}
	})
	flow := s.CreateFlow("status", statusFlow)

	ada := s.Start(flow, func(b *parley.StartChatContactBuilder) { b.Attribute("order", "4711") })
	ada.Hears("Your order is on its way.")

	bob := s.Start(flow, func(b *parley.StartChatContactBuilder) { b.Attribute("order", "1") })
	bob.Hears("We cannot say right now.")
}

//go:embed testdata/status.json
var statusFlow string

func TestOrderStatusInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := parleytest.New(t, func(o *parleytest.Options) {
			o.Functions = map[string]parleytest.Function{"order-status": func(ctx context.Context, _ json.RawMessage) (any, error) {
				<-ctx.Done() // longer than the flow waits
				return nil, ctx.Err()
			}}
		})
		ada := s.Start(s.CreateFlow("status", statusFlow))
		ada.Hears("We cannot say right now.")
	})
}

func TestHandOver(t *testing.T) {
	s := parleytest.New(t)
	support, billing := s.CreateQueue("Support"), s.CreateQueue("Billing")
	s.CreateQuickConnect("To billing", support, billing)
	jane, john := s.Agent("jane", support), s.Agent("john", billing)

	ada := s.Start(s.CreateQueueFlow(support)) // or your own flow
	jane.Misses()                              // the 20 seconds pass at once
	jane.Accepts()
	jane.Says("How can I help?")
	ada.Hears("How can I help?")
	ada.Say("My bill is wrong.")
	jane.Hears("My bill is wrong.")
	jane.TransfersTo("To billing")
	jane.Completes()

	john.Accepts()
	ada.Hears("You are being transferred to another team.") // the stock flow "Default queue transfer"
	john.Completes()
	ada.Ends()
}
