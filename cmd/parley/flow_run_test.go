package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/rehearsal"
)

// rehearseFlow runs parley flow run with lines of input.
func rehearseFlow(t *testing.T, input string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	c := command(t, nil, append([]string{"flow", "run"}, args...)...)
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(input), &out, &errs
	var exit *exec.ExitError
	if err := c.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

// inFolder writes files, by name, and returns their folder.
func inFolder(t *testing.T, contents map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range contents {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const orderFlow = `{"Version":"2019-10-30","StartAction":"ask","Actions":[
  {"Identifier":"ask","Type":"InvokeLambdaFunction","Parameters":{"LambdaFunctionARN":"arn:aws:lambda:us-east-1:1:function:orders","InvocationTimeLimitSeconds":"3"},
   "Transitions":{"NextAction":"tell","Errors":[{"ErrorType":"NoMatchingError","NextAction":"sorry"}]}},
  {"Identifier":"tell","Type":"MessageParticipant","Parameters":{"Text":"$.Attributes.name, your order is $.External.state."},"Transitions":{"NextAction":"wait"}},
  {"Identifier":"wait","Type":"Wait","Parameters":{"TimeLimitSeconds":"900","Events":["CustomerReturned"]},
   "Transitions":{"NextAction":"sorry","Errors":[{"ErrorType":"NoMatchingError","NextAction":"sorry"}],"Conditions":[
    {"NextAction":"ask","Condition":{"Operator":"Equals","Operands":["CustomerReturned"]}},
    {"NextAction":"queue","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}}]}},
  {"Identifier":"queue","Type":"UpdateContactTargetQueue","Parameters":{"QueueId":"support"},"Transitions":{"NextAction":"transfer","Errors":[{"ErrorType":"NoMatchingError","NextAction":"sorry"}]}},
  {"Identifier":"transfer","Type":"TransferContactToQueue","Transitions":{"NextAction":"sorry","Errors":[{"ErrorType":"QueueAtCapacity","NextAction":"sorry"},{"ErrorType":"NoMatchingError","NextAction":"sorry"}]}},
  {"Identifier":"sorry","Type":"MessageParticipant","Parameters":{"Text":"Sorry."},"Transitions":{"NextAction":"end"}},
  {"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}
]}`

func TestFlowRun(t *testing.T) {
	dir := inFolder(t, map[string]string{"flow.json": orderFlow, "sent.json": `{"state":"sent"}`})
	file := filepath.Join(dir, "flow.json")
	out, stderr, code := rehearseFlow(t, "still there?\n/advance 14m\n/wait\n/accept\n/leave\n", file,
		"-a", "name=Ana", "--lambda", `orders={"state":"open"}`, "--time", "2026-01-05T09:00:00Z")
	want := "message\tSystem\tAna, your order is open.\n" +
		"waiting\tWait\t2026-01-05T09:15:00Z\n" +
		"message\tSystem\tAna, your order is open.\n" +
		"waiting\tWait\t2026-01-05T09:15:00Z\n" +
		"waiting\tWait\t2026-01-05T09:15:00Z\n" +
		"queued\tsupport\n" +
		"accepted\n" +
		"ended\n"
	if code != 0 || stderr != "" || out != want {
		t.Errorf("exit %d, %s\n%s", code, stderr, out)
	}

	out, _, _ = rehearseFlow(t, "", file, "-v", "--lambda", "orders=@"+filepath.Join(dir, "sent.json"))
	if !strings.HasPrefix(out, "action\task\tInvokeLambdaFunction: NextAction\nmessage\tSystem\t, your order is sent.\naction\ttell\tMessageParticipant: NextAction\nwaiting\tWait\t") {
		t.Errorf("verbose:\n%s", out)
	}

	out, _, code = rehearseFlow(t, "", file)
	if code != 0 || out != "note\t\tno stub for function arn:aws:lambda:us-east-1:1:function:orders\n"+
		"error\task\tInvokeLambdaFunction: NoMatchingError (it has no stub)\nmessage\tSystem\tSorry.\nended\n" {
		t.Errorf("without a stub: exit %d\n%s", code, out)
	}
}

func TestFlowRunWithStubs(t *testing.T) {
	dir := inFolder(t, map[string]string{
		"flow.json": `{"Version":"2019-10-30","StartAction":"bot","Actions":[
  {"Identifier":"bot","Type":"ConnectParticipantWithLexBot","Parameters":{"Text":"Hello $.Attributes.name","LexV2Bot":{"AliasArn":"arn:aws:lex:us-east-1:1:bot-alias/B/A"}},
   "Transitions":{"NextAction":"end","Errors":[{"ErrorType":"NoMatchingCondition","NextAction":"end"},{"ErrorType":"NoMatchingError","NextAction":"end"}],
    "Conditions":[{"NextAction":"module","Condition":{"Operator":"Equals","Operands":["Book"]}}]}},
  {"Identifier":"module","Type":"InvokeFlowModule","Parameters":{"FlowModuleId":"prices"},"Transitions":{"NextAction":"view","Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"}]}},
  {"Identifier":"view","Type":"ShowView","Parameters":{"ViewResource":{"Id":"price-form"},"InvocationTimeLimitSeconds":"400","ViewData":{"Heading":"$.Modules.ResultData.price"}},
   "Transitions":{"NextAction":"end","Errors":[{"ErrorType":"NoMatchingCondition","NextAction":"end"},{"ErrorType":"NoMatchingError","NextAction":"end"},{"ErrorType":"TimeLimitExceeded","NextAction":"end"}],
    "Conditions":[{"NextAction":"again","Condition":{"Operator":"Equals","Operands":["Next"]}}]}},
  {"Identifier":"again","Type":"TransferToFlow","Parameters":{"ContactFlowId":"hours"},"Transitions":{"NextAction":"end","Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"}]}},
  {"Identifier":"end","Type":"DisconnectParticipant","Transitions":{}}]}`,
		"prices.json": `{"Version":"2019-10-30","StartAction":"end","Settings":{},"Actions":[
  {"Identifier":"end","Type":"EndFlowModuleExecution","Parameters":{"ResultData":{"price":"12"}},"Transitions":{}}]}`,
		"hours.json": `{"Version":"2019-10-30","StartAction":"open","Actions":[
  {"Identifier":"open","Type":"CheckHoursOfOperation","Parameters":{},"Transitions":{"NextAction":"end","Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"}],
   "Conditions":[{"NextAction":"end","Condition":{"Operator":"Equals","Operands":["True"]}},{"NextAction":"closed","Condition":{"Operator":"Equals","Operands":["False"]}}]}},
  {"Identifier":"closed","Type":"MessageParticipant","Parameters":{"Text":"We are closed."},"Transitions":{"NextAction":"end"}},
  {"Identifier":"end","Type":"DisconnectParticipant","Transitions":{}}]}`,
		"stubs.yaml": `
time: 2026-01-05T09:00:00Z
contact:
  attributes: {name: Ana}
lex:
  A:
    - {hears: book, intent: Book, says: [Gladly., Wait a moment.]}
    - {intent: Other, state: InProgress, says: "What?"}
views:
  price-form: {action: Next, data: {FormData: {ok: true}}}
hours: {queue: closed}
modules: {prices: prices.json}
flows: {hours: hours.json}
`,
	})
	out, stderr, code := rehearseFlow(t, "/state\nhm\nto book a room\n", filepath.Join(dir, "flow.json"), "--stubs", filepath.Join(dir, "stubs.yaml"))
	_, after, _ := strings.Cut(out, "state\t\t{")
	_, after, _ = strings.Cut(after, "\n")
	want := "waiting\tConnectParticipantWithLexBot\n" +
		"message\tBot\tWhat?\nwaiting\tConnectParticipantWithLexBot\n" +
		"message\tBot\tGladly.\nmessage\tBot\tWait a moment.\n" +
		"view\tprice-form\t{\"Heading\":\"12\"}\nnote\t\tthe view is answered: Next\nmessage\tSystem\tWe are closed.\nended\n"
	if code != 0 || stderr != "" || after != want {
		t.Errorf("exit %d, %s\n%s", code, stderr, out)
	}
}

func TestFlowRunAnswersScripts(t *testing.T) {
	dir := inFolder(t, map[string]string{
		"flow.json": orderFlow, "bad.yaml": "lambda: {orders: {return: {}}}", "old.json": oldFlow,
		"circle.json": `{"Version":"2019-10-30","StartAction":"a","Actions":[{"Identifier":"a","Type":"UpdateFlowLoggingBehavior","Parameters":{"FlowLoggingBehavior":"Disabled"},"Transitions":{"NextAction":"a"}}]}`,
	})
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct {
		name   string
		args   []string
		code   int
		stderr string
		stdout string
	}{
		{"a file that is not there", []string{file("none.json")}, 2, "none.json", ""},
		{"a file that is no flow", []string{file("bad.yaml")}, 2, "bad.yaml", ""},
		{"stubs with a wrong name", []string{file("flow.json"), "--stubs", file("bad.yaml")}, 2, "field return not found", ""},
		{"a stub that is not JSON", []string{file("flow.json"), "--lambda", "orders=open"}, 2, "--lambda orders: it is not JSON", ""},
		{"a flow in circles", []string{file("circle.json")}, 1, "", "fault\t\ttoo many actions without a wait\n"},
		{"an older export", []string{file("old.json")}, 0, "", "message\tSystem\tHi\nended\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, stderr, code := rehearseFlow(t, "", c.args...)
			if code != c.code || !strings.Contains(stderr, c.stderr) || out != c.stdout {
				t.Errorf("exit %d\n%s\n%s", code, stderr, out)
			}
		})
	}
	out, _, _ := rehearseFlow(t, "/moon\n/view Next\n/advance far\n/accept\n//quit\n/quit\nlost\n", file("flow.json"), "--lambda", `orders={"state":"\u001b[2J"}`)
	for _, want := range []string{"there is no /moon", "no view is shown", "say how far", "the contact is in no queue"} {
		if !strings.Contains(out, "note\t\t"+want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if strings.Count(out, "message\t") != 2 { // at the start, and for //quit, which is the customer's return
		t.Errorf("%s", out)
	}
}

func TestFlowRunOfASignIn(t *testing.T) {
	dir := inFolder(t, map[string]string{"flow.json": `{"Version":"2019-10-30","StartAction":"ask","Actions":[
  {"Identifier":"ask","Type":"AuthenticateParticipant","Parameters":{"CognitoConfiguration":{"UserPoolArn":"pool","AppClientId":"app"},"TimeLimitMinutes":"3"},
   "Transitions":{"NextAction":"in","Conditions":[{"NextAction":"later","Condition":{"Operator":"Equals","Operands":["OptedOut"]}}],
    "Errors":[{"ErrorType":"TimeLimitExceeded","NextAction":"late"},{"ErrorType":"NoMatchingError","NextAction":"failed"}]}},
  {"Identifier":"in","Type":"MessageParticipant","Parameters":{"Text":"Welcome."},"Transitions":{"NextAction":"end"}},
  {"Identifier":"later","Type":"MessageParticipant","Parameters":{"Text":"As you like."},"Transitions":{"NextAction":"end"}},
  {"Identifier":"late","Type":"MessageParticipant","Parameters":{"Text":"Too late."},"Transitions":{"NextAction":"end"}},
  {"Identifier":"failed","Type":"MessageParticipant","Parameters":{"Text":"That failed."},"Transitions":{"NextAction":"end"}},
  {"Identifier":"end","Type":"DisconnectParticipant","Transitions":{}}]}`})
	for input, want := range map[string]string{"/sign-in": "Welcome.", "/sign-in later": "As you like.", "/sign-in fails": "That failed.", "/wait": "Too late."} {
		out, _, code := rehearseFlow(t, input+"\n", filepath.Join(dir, "flow.json"))
		if code != 0 || !strings.HasPrefix(out, "sign-in\tpool\n") || !strings.Contains(out, "message\tSystem\t"+want+"\nended\n") {
			t.Errorf("%s: exit %d\n%s", input, code, out)
		}
	}
}

func TestFlowRunOfEveryBranch(t *testing.T) {
	dir := inFolder(t, map[string]string{"flow.json": orderFlow, "circle.json": strings.Replace(orderFlow, `"NextAction":"end"`, `"NextAction":"sorry"`, 1)})
	out, _, code := rehearseFlow(t, "", filepath.Join(dir, "flow.json"), "--every-branch")
	if code != 0 || !strings.Contains(out, `"wait" (Wait) NoMatchingError: not taken: the flow itself decides what becomes of it`) ||
		!strings.Contains(out, "7 of 7 actions reached, 11 of 12 branches taken, in ") {
		t.Errorf("exit %d\n%s", code, out)
	}
	out, _, code = rehearseFlow(t, "", filepath.Join(dir, "circle.json"), "--every-branch")
	if code != 1 || !strings.Contains(out, "broken off: too many messages without a wait") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// The inputs that once showed faults, as copies: good flows exit with 0, a circle is named.
func TestFlowRunOfEveryBranchDoesNotLie(t *testing.T) {
	for name, want := range map[string]string{
		"lexcmp": "4 of 4 actions reached, ", "loop": "4 of 4 actions reached, ", "const3": `goes another way at "s" before`,
		"unreach": `"b" (Compare) NoMatchingCondition: not taken: in a chat $.Channel is CHAT`, "channel": `"voice" (MessageParticipant) NextAction: not taken: only branches`,
		"hotloop": `goes round without a wait: "ask" → "say" → "in" → "ask"`,
	} {
		out, _, code := rehearseFlow(t, "", absolute(t, "../../internal/rehearsal/testdata/"+name+".json"), "--every-branch")
		if bad := name == "hotloop"; code != 0 != bad || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d\n%s", name, code, out)
		}
	}
}

func TestFlowRunSaysWhichErrorBranchesAreTaken(t *testing.T) {
	dir := inFolder(t, map[string]string{"flow.json": `{"Version":"2019-10-30","StartAction":"bot","Actions":[
  {"Identifier":"bot","Type":"ConnectParticipantWithLexBot","Parameters":{"Text":"Type help","LexBot":{"Name":"OldBot","Region":"us-west-2","Alias":"latest"}},
   "Transitions":{"NextAction":"sorry","Errors":[{"ErrorType":"NoMatchingCondition","NextAction":"sorry"},{"ErrorType":"NoMatchingError","NextAction":"sorry"}]}},
  {"Identifier":"sorry","Type":"MessageParticipant","Parameters":{"Text":"Sorry."},"Transitions":{"NextAction":"end"}},
  {"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`})
	out, _, code := rehearseFlow(t, "", filepath.Join(dir, "flow.json"))
	want := "error\tbot\tConnectParticipantWithLexBot: NoMatchingError (Amazon Lex V1 has ended: the action needs a LexV2Bot)\nmessage\tSystem\tSorry.\nended\n"
	if code != 0 || out != want {
		t.Errorf("exit %d, printed\n%s", code, out)
	}
	if given := absolute(t, "../../../shared/cases/13-legacy-lex-in-flow-run.json"); isFile(given) {
		if out, _, code := rehearseFlow(t, "", given); code != 0 || !strings.HasPrefix(out, "error\tbot\tConnectParticipantWithLexBot: NoMatchingError (Amazon Lex V1 has ended") {
			t.Errorf("the case: exit %d, printed\n%s", code, out)
		}
	}
}

// absolute is a path of this folder for a command that runs in another.
func absolute(t *testing.T, path string) string {
	t.Helper()
	full, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return full
}

func isFile(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// The reference of stubs in the documentation is a file of stubs.
func TestFlowRunReadsWhatItsDocumentationSays(t *testing.T) {
	text, err := os.ReadFile("../../docs/flows.md")
	if err != nil {
		t.Fatal(err)
	}
	_, reference, _ := strings.Cut(string(text), "```yaml\n")
	reference, _, _ = strings.Cut(reference, "```")
	dir := inFolder(t, map[string]string{"stubs.yaml": reference})
	var stubs rehearsal.Stubs
	if err := readStubs(filepath.Join(dir, "stubs.yaml"), &stubs); err != nil {
		t.Fatal(err)
	}
	if err := stubs.Check(); err != nil {
		t.Error(err)
	}
	if stubs.Contact.References["ticket"].Type != "URL" || len(stubs.Lambda["orders"]) != 2 || len(stubs.Lex["BOOKING"][1].Says) != 2 ||
		stubs.Queues["support"].Oldest != 6*time.Minute || stubs.Modules["greeting"] != filepath.Join(dir, "greeting.json") {
		t.Errorf("read: %+v", stubs)
	}
}

// A stub that no flow asks for is named, and one that no flow can ask for is an error.
func TestFlowRunSaysWhichStubsAreOfNoUse(t *testing.T) {
	dir := inFolder(t, map[string]string{
		"flow.json": `{"Version":"2019-10-30","StartAction":"ai","Actions":[
  {"Identifier":"ai","Type":"ConnectParticipantWithAgenticCX","Parameters":{"AgentConfiguration":{"WorkspaceId":"w","ApplicationId":"a","Alias":"l"}},
   "Transitions":{"NextAction":"end","Conditions":[{"NextAction":"price","Condition":{"Operator":"Equals","Operands":["Escalation"]}}],
    "Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"},{"ErrorType":"NoMatchingCondition","NextAction":"end"},{"ErrorType":"InputTimeLimitExceeded","NextAction":"end"}]}},
  {"Identifier":"price","Type":"EvaluateDataTableValues","Parameters":{"DataTableId":"t","Queries":[{"QueryName":"prices","Attributes":["basic"]}]},
   "Transitions":{"NextAction":"say","Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"}]}},
  {"Identifier":"say","Type":"MessageParticipant","Parameters":{"Text":"Order $.AgenticCX.ContextVariables.orderId for $.DataTables.prices.basic."},"Transitions":{"NextAction":"end"}},
  {"Identifier":"end","Type":"DisconnectParticipant","Transitions":{}}]}`,
		"stubs.yaml": `
systems:
  ConnectParticipantWithAgenticCX: {result: Escalation, data: {ContextVariables: {orderId: "7"}}}
  DataTables: {data: {prices: {basic: 9}}}
  GetCase: {data: {}}
lex: {BOOKING: {intent: Book}}
queues: {support: {contacts: 1}, "*": {}}
`,
		"unknown.yaml": "systems: {GetCustomerProfil: {data: {}}}\n",
	})
	out, stderr, code := rehearseFlow(t, "", filepath.Join(dir, "flow.json"), "--stubs", filepath.Join(dir, "stubs.yaml"), "--lambda", "orders={}")
	if code != 0 || out != "message\tSystem\tOrder 7 for 9.\nended\n" {
		t.Errorf("exit %d\n%s%s", code, out, stderr)
	}
	want := ""
	for _, name := range []string{"function orders", "bot BOOKING", "system GetCase", "queue support"} {
		want += "parley: no flow asked for the stub: " + name + "\n"
	}
	if stderr != want {
		t.Errorf("it said\n%s, want\n%s", stderr, want)
	}
	_, stderr, code = rehearseFlow(t, "", filepath.Join(dir, "flow.json"), "--stubs", filepath.Join(dir, "unknown.yaml"))
	if code != 2 || !strings.Contains(stderr, "systems: no action asks GetCustomerProfil: name a type of action or a system; did you mean GetCustomerProfile?") {
		t.Errorf("an unknown system: exit %d, %s", code, stderr)
	}
}
