package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/view"
	"github.com/parley-chat/parley/parleytest"
)

const pickerText = `{"templateType":"ListPicker","version":"1.0","data":{"content":{"title":"Which order?","subtitle":"Your last two","elements":[
	{"title":"Order 4711","subtitle":"on its way"},{"title":"Order 4712"},{"title":"Help","type":"hyperlink","url":"https://example.com/"}]}}}`

// What is chosen is sent as clients of Amazon Connect send it.
func TestChoicesAreSentAsClientsSendThem(t *testing.T) {
	for name, c := range map[string]struct {
		content, shown string
		sent           []reply
	}{
		"list": {pickerText, "Which order?|Your last two|Help https://example.com/|1  Order 4711 · on its way|2  Order 4712",
			[]reply{{flow.ContentTypePlain, "Order 4711"}, {flow.ContentTypePlain, "Order 4712"}}},
		"quick reply": {`{"templateType":"QuickReply","version":"1.0","data":{"content":{"title":"Ok?","elements":[{"title":"Yes"},{"title":"No"}]}}}`,
			"Ok?|1  Yes|2  No", []reply{{flow.ContentTypePlain, "Yes"}, {flow.ContentTypePlain, "No"}}},
		"times": {`{"templateType":"TimePicker","version":"1.0","data":{"content":{"title":"When?","timeZoneOffset":-450,"location":{"latitude":1,"longitude":2,"title":"Oscar"},"timeslots":[{"date":"2020-10-31T17:00+00:00","duration":60}]}}}`,
			"When?|Oscar|1  2020-10-31T17:00+00:00 (60 min)", []reply{{flow.ContentTypePlain, "2020-10-31T09:30:00.00+00:00"}}},
		"times as they are": {`{"templateType":"TimePicker","version":"1.0","data":{"content":{"title":"When?","timeslots":[{"date":"2020-10-31T17:00+00:00"}]}}}`,
			"When?|1  2020-10-31T17:00+00:00", []reply{{flow.ContentTypePlain, "2020-10-31T17:00+00:00"}}},
		"carousel": {`{"templateType":"Carousel","version":"1.0","data":{"content":{"title":"Rooms","elements":[{"templateIdentifier":"r1","templateType":"ListPicker","version":"1.0","data":{"content":{"title":"Rome","elements":[{"title":"Single"}]}}}]}}}`,
			"Rooms|1  Rome · Single", []reply{{flow.ContentTypePlain, `{"templateIdentifier":"r1","listTitle":"Rome","selectionText":"Single"}`}}},
		"pages": {`{"templateType":"ListPicker","version":"1.0","data":{"content":{"title":"Which?","preIndex":1,"nextIndex":5,"listId":"l","referenceId":"r","elements":[{"title":"More","actionDetail":"SHOW_MORE"}]}}}`,
			"Which?|1  More", []reply{{flow.ContentTypeInteractiveResponse, `{"version":"1.0","data":{"actionName":"SHOW_MORE","preIndex":1,"nextIndex":5,"listId":"l","templateType":"ListPicker","referenceId":"r"},"action":"SHOW_MORE"}`}}},
	} {
		p := promptOf(c.content)
		if p == nil {
			t.Errorf("%s: no prompt", name)
			continue
		}
		if got := strings.ReplaceAll(p.lines(), "\n", "|"); got != c.shown {
			t.Errorf("%s: shown %q, want %q", name, got, c.shown)
		}
		for i, want := range c.sent {
			_, sent, taken := (&answering{prompt: p}).take(fmt.Sprint(i + 1))
			if !taken || sent == nil || *sent != want {
				t.Errorf("%s: %d sends %+v, want %+v", name, i+1, sent, want)
			}
		}
		for _, line := range []string{"0", "9", "-1", "two", "2 please"} {
			if _, _, taken := (&answering{prompt: p}).take(line); taken {
				t.Errorf("%s: %q is taken for a choice", name, line)
			}
		}
	}
	for _, content := range []string{"hello", "{}", `{"templateType":"ListPicker"}`, `{"templateType":"ViewResource","version":"1.0","data":{"content":{"viewId":"form"}}}`} {
		if p := promptOf(content); p != nil {
			t.Errorf("%s is taken for %+v", content, p)
		}
	}
}

func managedView(t *testing.T, id, data string) *prompt {
	t.Helper()
	v, ok := view.FindManaged(id)
	if !ok {
		t.Fatalf("there is no view %s", id)
	}
	return (&shownView{id: id, template: v.Template, actions: v.Actions, managed: true, data: json.RawMessage(data)}).prompt()
}

// filled answers a prompt line by line, and returns what is asked and what is sent.
func filled(p *prompt, lines ...string) (asked []string, sent *reply) {
	a := &answering{prompt: p}
	for _, line := range lines {
		ask, answer, _ := a.take(line)
		if ask != "" {
			asked = append(asked, ask)
		}
		sent = answer
	}
	return asked, sent
}

const formData = `{"Heading":"About you","ErrorText":"Try again","Next":"Go on","Back":{"Label":"Go back"},"Sections":[{"Type":"FormSection","Heading":"Name","Items":[
	{"Type":"FormInput","Name":"name","Label":"Your name","Required":true},
	{"LayoutConfiguration":{},"Items":[{"Type":"FormInput","Name":"age","Label":"Age","InputType":"number"},{"Type":"Dropdown","Name":"city","Label":"City","Options":[{"Label":"Rome","Value":"rm"},{"Label":"Oslo","Value":"os"}]}]},
	{"Type":"CheckboxGroup","Name":"extras","Label":"Extras","Options":[{"Label":"Bed","Value":"bed"},{"Label":"Cot","Value":"cot"}]},
	{"Type":"Toggle","Name":"news","Label":"News?","DefaultValue":true}]}]}`

func TestFormsAreAskedFieldByField(t *testing.T) {
	p := managedView(t, "form", formData)
	if got := strings.ReplaceAll(p.lines(), "\n", "|"); got != "About you|Try again|Name|1  Go back|2  Go on" {
		t.Errorf("shown %q", got)
	}
	asked, sent := filled(p, "2", "", "Ana", "old", "41", "2", "1, Cot", "")
	want := []string{
		"Your name", "A value is required.\nYour name", "Age (Enter for none)", "That is not a number.\nAge (Enter for none)",
		"City (Enter for none)\n1  Rome\n2  Oslo", "Extras (several with commas between; Enter for none)\n1  Bed\n2  Cot", "News? (y or n; Enter for y)",
	}
	if strings.Join(asked, "|") != strings.Join(want, "|") {
		t.Errorf("asked\n%s", strings.Join(asked, "\n"))
	}
	if sent == nil || sent.contentType != flow.ContentTypeInteractiveResponse ||
		sent.content != `{"action":"Next","data":{"FormData":{"age":"41","city":["os"],"extras":["bed","cot"],"name":"Ana","news":true}},"templateType":"ViewResource","version":"1.0"}` {
		t.Errorf("sent %+v", sent)
	}
	if _, sent = filled(p, "1"); sent == nil || sent.content != `{"action":"Back","data":{},"templateType":"ViewResource","version":"1.0"}` {
		t.Errorf("Back sends %+v", sent)
	}
	a := &answering{prompt: p}
	a.take("2")
	if !a.abandon() || a.abandon() {
		t.Error("a form cannot be left, or twice")
	}
	if ask, _, _ := a.take("2"); ask != "Your name" {
		t.Errorf("after leaving it asks %q", ask)
	}
}

func TestViewsOfferWhatTheyShow(t *testing.T) {
	for _, c := range []struct{ id, data, shown, choose, sent string }{
		{"cards", `{"Heading":"Help","Cards":[{"Summary":{"Id":"c1","Heading":"Card","Description":"lost"},"Detail":{"Heading":"d","Actions":["Block it"]}},{"Summary":{"Id":"c2","Heading":"Account"}}],"NoMatchFound":"Else"}`,
			"Help|1  Card · lost: Block it|2  Account|3  Else", "2", `{"action":"ActionSelected","data":{"actionName":"c2"},"templateType":"ViewResource","version":"1.0"}`},
		{"list", `{"Items":[{"Heading":"One","Id":"1"},{"Heading":"only text"}]}`,
			"only text|1  One", "1", `{"action":"ActionSelected","data":{"actionName":"1"},"templateType":"ViewResource","version":"1.0"}`},
		{"detail", `{"Sections":[{"Label":"Order","Value":"4711"},"It is late."],"Actions":["Cancel it"],"Back":"Back"}`,
			"Order: 4711|It is late.|1  Back|2  Cancel it", "2", `{"action":"ActionSelected","data":{"actionName":"Cancel it"},"templateType":"ViewResource","version":"1.0"}`},
		{"confirmation", `{"Heading":"Done","Next":{"Label":"Thanks"}}`,
			"Done|1  Thanks", "1", `{"action":"Next","data":{"Label":"Thanks"},"templateType":"ViewResource","version":"1.0"}`},
	} {
		p := managedView(t, c.id, c.data)
		if got := strings.ReplaceAll(p.lines(), "\n", "|"); got != c.shown {
			t.Errorf("%s: shown %q, want %q", c.id, got, c.shown)
		}
		if _, sent := filled(p, c.choose); sent == nil || sent.content != c.sent {
			t.Errorf("%s: %s sends %+v", c.id, c.choose, sent)
		}
	}
	own := (&shownView{id: "own", data: json.RawMessage(`{"step":2,"name":"Ana"}`), template: `{"Body":[{"_id":"c","Type":"Container","Props":{},"Content":[
		{"_id":"h","Type":"Header","Props":{},"Content":["Step $.step, $.name."]},
		{"_id":"f","Type":"Form","Props":{},"Content":[{"_id":"i","Type":"FormInput","Props":{"Name":"mail","Label":"Mail","DefaultValue":"$.none"},"Content":[]},{"_id":"s","Type":"SubmitButton","Props":{"Label":"Send","Action":"Sent"},"Content":[]}]},
		{"_id":"b","Type":"Button","Props":{"Action":"Stop"},"Content":["Stop here"]}]}]}`}).prompt()
	if got := strings.ReplaceAll(own.lines(), "\n", "|"); got != "Step 2, Ana.|1  Send|2  Stop here" {
		t.Errorf("a view of one's own: %q", got)
	}
	if _, sent := filled(own, "1", "a@example.com"); sent == nil || sent.content != `{"action":"Sent","data":{"mail":"a@example.com"},"templateType":"ViewResource","version":"1.0"}` {
		t.Errorf("it sends %+v", sent)
	}
}

// asking is a flow that offers a list, and then a form.
var asking = `{"Version":"2019-10-30","StartAction":"list","Actions":[
  {"Identifier":"list","Type":"MessageParticipant","Parameters":{"Text":` + quoted(pickerText) + `},"Transitions":{"NextAction":"wait","Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"}]}},
  {"Identifier":"wait","Type":"Wait","Parameters":{"TimeLimitSeconds":"900","Events":["CustomerReturned"]},"Transitions":{"NextAction":"end","Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"}],
   "Conditions":[{"NextAction":"form","Condition":{"Operator":"Equals","Operands":["CustomerReturned"]}},{"NextAction":"end","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}}]}},
  {"Identifier":"form","Type":"ShowView","Parameters":{"ViewResource":{"Id":"form","Version":"1"},"InvocationTimeLimitSeconds":"400","ViewData":{"Heading":"You","Next":"Go on","Sections":[{"Type":"FormSection","Items":[{"Type":"FormInput","Name":"name","Label":"Your name"}]}]}},
   "Transitions":{"NextAction":"end","Errors":[{"ErrorType":"NoMatchingCondition","NextAction":"end"},{"ErrorType":"NoMatchingError","NextAction":"end"},{"ErrorType":"TimeLimitExceeded","NextAction":"end"}],
    "Conditions":[{"NextAction":"thanks","Condition":{"Operator":"Equals","Operands":["Next"]}}]}},
  {"Identifier":"thanks","Type":"MessageParticipant","Parameters":{"Text":"Thanks, $.Views.ViewResultData.FormData.name."},"Transitions":{"NextAction":"end","Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"}]}},
  {"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`

func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// A person at a terminal talks to a flow by numbers, and fills in what is asked for.
func TestFlowRunAsksAPerson(t *testing.T) {
	dir := inFolder(t, map[string]string{"flow.json": asking})
	c := runFlowCmd{File: dir + "/flow.json"}
	script, err := readScript(c.File, "")
	if err != nil {
		t.Fatal(err)
	}
	staged, err := c.stage()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r := &rehearsing{staged: staged, shown: &playScreen{screen{w: &out}}}
	r.begin(script, time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), 1)
	if err := r.talk(strings.NewReader("2\n1\n/back\n1\nAna\n")); err != nil {
		t.Fatal(err)
	}
	want := "System: Which order?\n  Your last two\n  Help https://example.com/\n  1  Order 4711 · on its way\n  2  Order 4712\nType a number to choose.\n" +
		"(Wait until 2026-01-05T09:15:00Z: /wait)\n" +
		"form: You\n  1  Go on\nType a number to choose.\n(ShowView until 2026-01-05T09:06:40Z: /wait)\n" +
		"  Your name (Enter for none)\n  You\n  1  Go on\n(ShowView until 2026-01-05T09:06:40Z: /wait)\n  Your name (Enter for none)\n" +
		"System: Thanks, Ana.\nThe chat has ended.\n"
	if out.String() != want {
		t.Errorf("showed\n%s", out.String())
	}
}

// A script is given JSON, and gives JSON.
func TestFlowRunAsksAScript(t *testing.T) {
	dir := inFolder(t, map[string]string{"flow.json": asking})
	out, _, code := rehearseFlow(t, "1\n"+`{"action":"Next","data":{"FormData":{"name":"Ana"}}}`+"\n", dir+"/flow.json", "--time", "2026-01-05T09:00:00Z")
	want := "interactive\tSystem\t" + forScripts.Replace(pickerText) + "\nwaiting\tWait\t2026-01-05T09:15:00Z\n" +
		"view\tform\t" + `{"Heading":"You","Next":"Go on","Sections":[{"Type":"FormSection","Items":[{"Type":"FormInput","Name":"name","Label":"Your name"}]}]}` + "\n" +
		"waiting\tShowView\t2026-01-05T09:06:40Z\nmessage\tSystem\tThanks, Ana.\nended\n"
	if code != 0 || out != want {
		t.Errorf("exit %d, printed\n%s", code, out)
	}
}

func TestChatAsksAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := parleytest.New(t)
		s.ContactFlowID = s.CreateFlow("asking", asking)
		var out bytes.Buffer
		typing, over, _ := onScreen(t, s, &chatCmd{}, &screen{w: &out})
		for _, line := range []string{"2", "1", "Ana"} {
			_, _ = fmt.Fprintln(typing, line)
			synctest.Wait()
		}
		if err := <-over; err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"SYSTEM_MESSAGE: Which order?\n  Your last two\n  Help https://example.com/\n  1  Order 4711 · on its way\n  2  Order 4712\nType a number to choose.\n",
			"SYSTEM_MESSAGE: You\n  1  Go on\nType a number to choose.\n  Your name (Enter for none)\n",
			"SYSTEM_MESSAGE: Thanks, Ana.\nThe chat has ended.\n",
		} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("it does not show\n%s\nbut\n%s", want, out.String())
			}
		}
	})
}

func TestChatAsksAScript(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := parleytest.New(t)
		s.ContactFlowID = s.CreateFlow("asking", asking)
		var out bytes.Buffer
		typing, over, _ := onScreen(t, s, &chatCmd{Linger: time.Second}, &screen{w: &out, plain: true})
		for _, line := range []string{"1", `{"action":"Next","data":{"FormData":{"name":"Ana"}}}`} {
			_, _ = fmt.Fprintln(typing, line)
			synctest.Wait()
		}
		if err := <-over; err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"interactive\tSYSTEM_MESSAGE\t" + forScripts.Replace(pickerText) + "\n", "message\tAda\t1\n",
			"view\tSYSTEM_MESSAGE\t" + `{"view":"form","actions":["Next","Back","Step"],"data":{"Heading":"You","Next":"Go on",`,
			"response\tAda\t" + `{"action":"Next","data":{"FormData":{"name":"Ana"}},"templateType":"ViewResource","version":"1.0"}` + "\n",
			"message\tSYSTEM_MESSAGE\tThanks, Ana.\n",
		} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("it does not print\n%s\nbut\n%s", want, out.String())
			}
		}
	})
}
