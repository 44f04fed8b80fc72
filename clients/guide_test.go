package clients

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	connecttypes "github.com/aws/aws-sdk-go-v2/service/connect/types"
)

const (
	interactive         = "application/vnd.amazonaws.connect.message.interactive"
	interactiveResponse = interactive + ".response"
)

// offer is a view of the company's own: a card with an input, and a button.
const offer = `{"Head":{"Title":"Offer","Configuration":{"Layout":{"Columns":["10","2"]}}},"Body":[
 {"_id":"cards","Type":"Container","Props":{},"Content":[
  {"_id":"cake","Type":"Card","Props":{"Id":"Cake","Heading":"$.CakeHeading","Action":"CardSelected"},"Content":[]}]},
 {"_id":"skip","Type":"Button","Props":{"Action":"Skip"},"Content":["Skip"]}]}`

// guideFlow asks with the managed form, offers with the view VIEW, and says what it has heard.
const guideFlow = `{"Version":"2019-10-30","StartAction":"form","Metadata":{},"Actions":[
 {"Identifier":"form","Type":"ShowView","Parameters":{"ViewResource":{"Id":"form","Version":"Latest"},"InvocationTimeLimitSeconds":"300",
  "ViewData":{"Heading":"Your order","Sections":[{"Type":"FormSection","Items":[{"Type":"FormInput","Name":"drink","Label":"Drink","Required":true}]}],"Next":{"Label":"Go on"}}},
  "Transitions":{"NextAction":"lost","Conditions":[{"NextAction":"offer","Condition":{"Operator":"Equals","Operands":["Next"]}}],
  "Errors":[{"NextAction":"lost","ErrorType":"NoMatchingCondition"},{"NextAction":"lost","ErrorType":"NoMatchingError"},{"NextAction":"lost","ErrorType":"TimeLimitExceeded"}]}},
 {"Identifier":"offer","Type":"UpdateContactAttributes","Parameters":{"Attributes":{"drink":"$.Views.ViewResultData.FormData.drink"}},
  "Transitions":{"NextAction":"show","Errors":[{"NextAction":"lost","ErrorType":"NoMatchingError"}]}},
 {"Identifier":"show","Type":"ShowView","Parameters":{"ViewResource":{"Id":"VIEW"},"InvocationTimeLimitSeconds":"300","ViewData":{"CakeHeading":"A cake with your $.Attributes.drink?"}},
  "Transitions":{"NextAction":"lost","Conditions":[{"NextAction":"done","Condition":{"Operator":"Equals","Operands":["CardSelected"]}}],
  "Errors":[{"NextAction":"lost","ErrorType":"NoMatchingCondition"},{"NextAction":"lost","ErrorType":"NoMatchingError"},{"NextAction":"lost","ErrorType":"TimeLimitExceeded"}]}},
 {"Identifier":"done","Type":"MessageParticipant","Parameters":{"Text":"$.Attributes.drink and $.Views.ViewResultData.Id"},
  "Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},
 {"Identifier":"lost","Type":"MessageParticipant","Parameters":{"Text":"lost"},
  "Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},
 {"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`

// startGuide makes the view and the flow, and starts a chat of the guide, all with the AWS SDK for Go.
func (d *sdkDesk) startGuide() participantCredentials {
	d.t.Helper()
	ctx, at := d.t.Context(), aws.String(d.server.instance)
	made, err := d.client.CreateView(ctx, &connect.CreateViewInput{
		InstanceId: at, Name: aws.String("Offer"), Status: connecttypes.ViewStatusPublished,
		Content: &connecttypes.ViewInputContent{Template: aws.String(offer), Actions: []string{"CardSelected", "Skip"}},
	})
	if err != nil {
		d.t.Fatalf("CreateView: %v", err)
	}
	version, err := d.client.CreateViewVersion(ctx, &connect.CreateViewVersionInput{
		InstanceId: at, ViewId: made.View.Id, ViewContentSha256: made.View.ViewContentSha256,
	})
	if err != nil {
		d.t.Fatalf("CreateViewVersion: %v", err)
	}
	flow, err := d.client.CreateContactFlow(ctx, &connect.CreateContactFlowInput{
		InstanceId: at, Name: aws.String("Guide"), Type: connecttypes.ContactFlowTypeContactFlow,
		Content: aws.String(strings.Replace(guideFlow, "VIEW", aws.ToString(version.View.Arn), 1)),
	})
	if err != nil {
		d.t.Fatalf("CreateContactFlow: %v", err)
	}
	started, err := d.client.StartChatContact(ctx, &connect.StartChatContactInput{
		InstanceId: at, ContactFlowId: flow.ContactFlowId,
		ParticipantDetails:             &connecttypes.ParticipantDetails{DisplayName: aws.String(customerName)},
		SupportedMessagingContentTypes: []string{"text/plain", interactive, interactiveResponse},
		SegmentAttributes:              map[string]connecttypes.SegmentAttributeValue{"connect:Subtype": {ValueString: aws.String("connect:Guide")}},
	})
	if err != nil {
		d.t.Fatalf("StartChatContact: %v", err)
	}
	return participantCredentials{
		ContactId: aws.ToString(started.ContactId), ParticipantId: aws.ToString(started.ParticipantId), ParticipantToken: aws.ToString(started.ParticipantToken),
	}
}

// shownView is what a message of a view carries.
type shownView struct {
	TemplateType string
	Version      string
	Data         struct {
		Content struct {
			ViewID    string `json:"viewId"`
			ViewData  map[string]any
			ViewToken string
		}
	}
}

// openedView is a view as chatjs's describeView answers, its texts parsed.
type openedView struct {
	Name    string
	Version int
	Content struct {
		Template    struct{ Body []map[string]any }
		InputSchema struct{ Required []string }
		Actions     []string
	}
}

// seeView waits for the view with the given heading, and opens it as a widget does.
func (p *chatJSParticipant) seeView(heading string, in string) openedView {
	p.t.Helper()
	var shown shownView
	message := p.see("the view with "+heading, func(i item) bool {
		return i.ContentType == interactive && strings.Contains(i.Content, heading)
	})
	if err := json.Unmarshal([]byte(message.Content), &shown); err != nil {
		p.t.Fatalf("%v in %s", err, message.Content)
	}
	if message.ParticipantRole != "SYSTEM" || shown.TemplateType != "ViewResource" || shown.Version != "1.0" || shown.Data.Content.ViewData[in] != heading {
		p.t.Errorf("the view came as %s", message)
	}
	var opened openedView
	p.must("view", map[string]any{"viewToken": shown.Data.Content.ViewToken}, &opened)
	if len(opened.Content.Template.Body) == 0 {
		p.t.Errorf("%s has nothing to draw", opened.Name)
	}
	return opened
}

// answer answers a view as a widget does.
func (p *chatJSParticipant) answer(action string, data map[string]any) {
	p.t.Helper()
	content, err := json.Marshal(map[string]any{"templateType": "ViewResource", "version": "1.0", "action": action, "data": data})
	if err != nil {
		p.t.Fatal(err)
	}
	p.must("send", map[string]any{"content": string(content), "contentType": interactiveResponse}, nil)
}

// A step-by-step guide with chatjs: its views are opened with describeView and answered, and the flow gets the answers.
func TestAGuideWithChatJSInNode(t *testing.T) {
	t.Parallel()
	program := node(t)
	s := startDev(t)
	customer := newChatJSParticipant(t, program, s, newSDKDesk(t, s).startGuide(), false)
	customer.connect()

	form := customer.seeView("Your order", "Heading")
	if form.Name != "Form" || form.Version != 1 || !slices.Equal(form.Content.InputSchema.Required, []string{"Sections"}) || !slices.Contains(form.Content.Actions, "Next") {
		t.Errorf("the form is %+v", form)
	}
	customer.answer("Next", map[string]any{"FormData": map[string]string{"drink": "espresso"}, "StepName": "Your order"})

	card := customer.seeView("A cake with your espresso?", "CakeHeading")
	if card.Name != "Offer" || card.Version != 1 || !slices.Equal(card.Content.InputSchema.Required, []string{"CakeHeading"}) || !slices.Equal(card.Content.Actions, []string{"CardSelected", "Skip"}) {
		t.Errorf("the company's view is %+v", card)
	}
	if err := customer.ask("view", map[string]any{"viewToken": "no+token/at=all"}, nil); err == nil || !strings.Contains(err.Error(), "AccessDeniedException (403)") {
		t.Errorf("a token that is none: %v", err)
	}
	customer.answer("CardSelected", map[string]any{"Heading": "A cake with your espresso?", "Id": "Cake"})
	customer.see("what the flow has heard", func(i item) bool { return i.Content == "espresso and Cake" })
	customer.see("the end", ended)
}
