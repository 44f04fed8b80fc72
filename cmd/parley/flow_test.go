package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	goodFlow = `{"Version":"2019-10-30","StartAction":"greet","Metadata":{"name":"Hello"},"Actions":[
  {"Identifier":"greet","Type":"MessageParticipant","Parameters":{"Text":"Hi"},"Transitions":{"NextAction":"bye"}},
  {"Identifier":"bye","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}
]}`
	badFlow = `{"Version":"2019-10-30","StartAction":"greet","Actions":[
  {"Identifier":"greet","Type":"MessageParticipant",
   "Parameters":{"Texte":"Hi"},
   "Transitions":{"NextAction":"by"}},
  {"Identifier":"bye","Type":"Disconnect\u001b[2J","Transitions":{}}
]}`
	oldFlow = `{"modules":[
  {"id":"greet","type":"PlayPrompt","branches":[{"condition":"Success","transition":"bye"}],"parameters":[{"name":"Text","value":"Hi"}]},
  {"id":"bye","type":"Disconnect","branches":[{"condition":"Success","transition":"moon"}],"parameters":[]}
],"version":"1","type":"contactFlow","start":"greet","metadata":{"name":"Old"}}`
)

// files writes files and returns their names.
func files(t *testing.T, contents ...string) (names []string) {
	t.Helper()
	dir := t.TempDir()
	for i, content := range contents {
		name := filepath.Join(dir, "flow"+string(rune('1'+i))+".json")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

func TestFlowCheck(t *testing.T) {
	f := files(t, goodFlow, badFlow, oldFlow, "{")
	stdout, stderr, code := parley(t, nil, append([]string{"flow", "check"}, f...)...)
	if code != 1 || stderr != "" {
		t.Errorf("exit %d, %s", code, stderr)
	}
	for _, want := range []string{
		f[0] + ": ok, 2 actions\n",
		f[1] + `:3: "greet" (MessageParticipant): Invalid Action property name. Path: Actions[0].Parameters.Texte` + "\n    did you mean Text?\n",
		f[1] + `:4: "greet" (MessageParticipant): Invalid Action property value. Path: Actions[0].Transitions.NextAction` + "\n    did you mean bye?\n",
		f[1] + `:5: "bye" (Disconnect?[2J): Invalid Action type.`,
		f[2] + ":1: Content is in the older export format",
		"parley flow convert",
		f[3] + ": Content is not valid JSON",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("it does not say %q:\n%s", want, stdout)
		}
	}
	if strings.Contains(stdout, "\x1b") {
		t.Error("a file writes to the terminal")
	}
}

func TestFlowCheckAnswersScripts(t *testing.T) {
	f := files(t, goodFlow, badFlow)
	if out, _, code := parley(t, nil, "flow", "check", f[0]); code != 0 || out != f[0]+": ok, 2 actions\n" {
		t.Errorf("of a good flow: exit %d, %s", code, out)
	}
	if _, stderr, code := parley(t, nil, "flow", "check", f[1], "/nowhere/flow.json", f[0]); code != 2 || !strings.Contains(stderr, "/nowhere/flow.json") {
		t.Errorf("of a file that is not there: exit %d, %s", code, stderr)
	}
	if _, _, code := parley(t, nil, "flow", "check"); code != 80 {
		t.Errorf("of no file: exit %d", code)
	}
	if _, _, code := parley(t, nil, "flow", "check", "--type", "MOON_FLOW", f[0]); code != 80 {
		t.Errorf("of a type that is none: exit %d", code)
	}
	stdout, _, code := parley(t, nil, "flow", "check", "--json", f[0], f[1], "/nowhere/flow.json")
	var all []checkedFile
	if err := json.Unmarshal([]byte(stdout), &all); err != nil || code != 2 || len(all) != 3 {
		t.Fatalf("--json: exit %d, %v, %s", code, err, stdout)
	}
	if len(all[0].Problems) != 0 || all[0].Actions != 2 || len(all[1].Problems) < 3 || all[2].Error == "" {
		t.Errorf("--json: %+v", all)
	}
	want := flowProblem{
		Path: "Actions[0].Parameters.Texte", Line: 3, Action: "greet", Type: "MessageParticipant",
		Problem: "Invalid Action property name. Path: Actions[0].Parameters.Texte", Suggestion: "did you mean Text?",
	}
	if all[1].Problems[0] != want {
		t.Errorf("--json: %+v, want %+v", all[1].Problems[0], want)
	}
}

func TestFlowCheckKnowsKinds(t *testing.T) {
	f := files(t, goodFlow)
	if out, _, code := parley(t, nil, "flow", "check", "--module", f[0]); code != 1 || !strings.Contains(out, "settings") {
		t.Errorf("as a module: exit %d, %s", code, out)
	}
	if out, _, code := parley(t, nil, "flow", "check", "--type", "CUSTOMER_WHISPER", f[0]); code != 1 || !strings.Contains(out, "flows of this type do not have it") {
		t.Errorf("as a whisper: exit %d, %s", code, out)
	}
	if _, _, code := parley(t, nil, "flow", "check", "--module", "--type", "CUSTOMER_QUEUE", f[0]); code != 80 {
		t.Errorf("as both: exit %d", code)
	}
	if out, _, code := parley(t, nil, "flow", "check", "--type", "CUSTOMER_QUEUE", f[0]); code != 0 {
		t.Errorf("as a queue flow: exit %d, %s", code, out)
	}
}

func TestFlowConvert(t *testing.T) {
	f := files(t, oldFlow, goodFlow)
	out := filepath.Join(t.TempDir(), "new.json")
	stdout, stderr, code := parley(t, nil, "flow", "convert", f[0], "-o", out)
	if code != 0 || stdout != "" || !strings.Contains(stderr, "modules[1].branches[0]: the branch Success of Disconnect has no counterpart") {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
	if said := good(t, nil, "flow", "check", out); said != out+": ok, 2 actions\n" {
		t.Errorf("what came of it: %s", said)
	}
	if printed := good(t, nil, "flow", "convert", f[0]); !strings.Contains(printed, `"StartAction": "greet"`) {
		t.Errorf("it printed %s", printed)
	}
	if _, stderr, code := parley(t, nil, "flow", "convert", f[1]); code != 1 || !strings.Contains(stderr, "2019-10-30 already") {
		t.Errorf("of a new one: exit %d, %s", code, stderr)
	}
	if _, _, code := parley(t, nil, "flow", "convert", "/nowhere/flow.json"); code != 2 {
		t.Errorf("of a file that is not there: exit %d", code)
	}
}

func TestFlowDraw(t *testing.T) {
	f := files(t, goodFlow, oldFlow, "{}")
	out := filepath.Join(t.TempDir(), "flow.svg")
	good(t, nil, "flow", "draw", f[0], "-o", out)
	picture, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(picture))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(string(picture), ">Hello</title>") {
		t.Errorf("the picture is %s", picture)
	}
	if printed := good(t, nil, "flow", "draw", "--title", "Older", f[1]); !strings.Contains(printed, ">Older</title>") || !strings.Contains(printed, "MessageParticipant") {
		t.Errorf("of an older export: %s", printed)
	}
	if _, stderr, code := parley(t, nil, "flow", "draw", f[2]); code != 1 || !strings.Contains(stderr, "no actions") {
		t.Errorf("of no flow: exit %d, %s", code, stderr)
	}
}

// What people take for a document is told apart from one that is wrong.
func TestWhatIsTakenForAFlow(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"\xef\xbb\xbf" + goodFlow, "byte order mark"},
		{"\xff\xfe{\x00}\x00", "UTF-16"},
		{`{"ContactFlow": {"Id": "x", "Content": "{}"}}`, "ContactFlow.Content"},
		{`{"ContactFlowModule": {"Content": "{}"}}`, "ContactFlowModule.Content"},
	} {
		f := files(t, c.file)
		for _, command := range []string{"check", "convert", "draw"} {
			stdout, stderr, code := parley(t, nil, "flow", command, f[0])
			if code != 1 || strings.Count(stdout+stderr, c.want) != 1 {
				t.Errorf("%s: exit %d, %s%s, want %q", command, code, stdout, stderr, c.want)
			}
		}
	}
}

func TestNamesOfFilesDoNotWriteToTheTerminal(t *testing.T) {
	there := filepath.Join(t.TempDir(), "a\x1b[2Jb")
	if err := os.WriteFile(there, []byte("{}"), 0o600); err != nil {
		t.Skip(err)
	}
	for _, command := range []string{"check", "convert", "draw"} {
		for _, name := range []string{there, "/nowhere/\x1b[2J"} {
			if stdout, stderr, code := parley(t, nil, "flow", command, name); code == 0 || strings.Contains(stdout+stderr, "\x1b") {
				t.Errorf("%s %q: exit %d, %q", command, name, code, stdout+stderr)
			}
		}
	}
}

func TestFlowsFromStandardInput(t *testing.T) {
	for _, c := range []struct{ command, in, want string }{
		{"check", goodFlow, "-: ok, 2 actions\n"},
		{"convert", oldFlow, `"Type": "MessageParticipant"`},
		{"draw", goodFlow, "<svg"},
	} {
		cmd := command(t, nil, "flow", c.command, "-")
		cmd.Stdin = strings.NewReader(c.in)
		out, err := cmd.Output()
		if err != nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v, %s", c.command, err, out)
		}
	}
}

func TestLinesOfPaths(t *testing.T) {
	lines := locate([]byte("{\n\"Actions\": [\n{\"Identifier\": \"a\"},\n{\"Parameters\":\n{\"Text\":\n\"x\"}},\n{\"Identi"))
	for path, want := range map[string]int{
		"Actions[0].Identifier": 3, "Actions[1].Parameters.Text": 6, "Actions[1].Parameters.SSML": 5, "Actions[1].Transitions.NextAction": 4,
		"1.Parameter": 4, "Actions[7]": 2, "Actions": 2, "StartAction": 0, "": 0,
	} {
		if got := lines.of(path); got != want {
			t.Errorf("%s is in line %d, want %d", path, got, want)
		}
	}
}

// Paths of what is nested deep would take the square of its depth.
func TestPlacesOfADeepDocumentAreFew(t *testing.T) {
	deep := locate([]byte(strings.Repeat("[", 200_000)))
	if len(deep.at) > 100 {
		t.Errorf("it knows %d places", len(deep.at))
	}
	nested := locate([]byte(`{"Actions":[{"Parameters":` + "\n" + strings.Repeat(`{"a":`, 30) + "1" + strings.Repeat("}", 30) + "},\n{}]}"))
	if line := nested.of("Actions[1]"); line != 3 {
		t.Errorf("what follows is in line %d", line)
	}
	if line := nested.of("Actions[0].Parameters" + strings.Repeat(".a", 30)); line != 2 {
		t.Errorf("the innermost is in line %d", line)
	}
}

// What only an instance knows is said, place by place; a warning is no problem.
func TestFlowCheckSaysWhatItCannotKnow(t *testing.T) {
	const flow = `{"Version":"2019-10-30","StartAction":"queue","Metadata":{"type":"customerQueue"},"Actions":[
  {"Identifier":"queue","Type":"UpdateContactTargetQueue","Parameters":{"QueueId":"support"},"Transitions":{"NextAction":"ask","Errors":[{"ErrorType":"NoMatchingError","NextAction":"ask"}]}},
  {"Identifier":"ask","Type":"InvokeLambdaFunction","Parameters":{"LambdaFunctionARN":"arn:f","InvocationTimeLimitSeconds":"8"},"Transitions":{"NextAction":"view","Errors":[{"ErrorType":"NoMatchingError","NextAction":"view"}]}},
  {"Identifier":"view","Type":"ShowView","Parameters":{"ViewResource":{"Id":"form"},"InvocationTimeLimitSeconds":"8"},"Transitions":{"NextAction":"bye","Errors":[
   {"ErrorType":"NoMatchingError","NextAction":"bye"},{"ErrorType":"NoMatchingCondition","NextAction":"bye"},{"ErrorType":"TimeLimitExceeded","NextAction":"bye"}]}},
  {"Identifier":"bye","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}
]}`
	f := files(t, flow)
	out, _, code := parley(t, nil, "flow", "check", f[0])
	want := f[0] + ": ok, 4 actions\n" +
		f[0] + `:2: "queue" (UpdateContactTargetQueue): warning: The administrator guide does not offer the action in flows of type CUSTOMER_QUEUE` + "\n" +
		f[0] + `:4: "view" (ShowView): warning: The administrator guide does not offer the action in flows of type CUSTOMER_QUEUE` + "\n" +
		f[0] + `:2: "queue" (UpdateContactTargetQueue): not checked: that the instance has the queue support` + "\n" +
		f[0] + `:3: "ask" (InvokeLambdaFunction): not checked: that the function arn:f is associated with the instance` + "\n"
	if code != 0 || out != want {
		t.Errorf("exit %d, got\n%s\nwant\n%s", code, out, want)
	}
	var all []checkedFile
	if err := json.Unmarshal([]byte(good(t, nil, "flow", "check", "--json", "--type", "CONTACT_FLOW", f[0])), &all); err != nil {
		t.Fatal(err)
	}
	needs := []flowNeed{
		{"Actions[0].Parameters.QueueId", 2, "queue", "UpdateContactTargetQueue", "queue", "support"},
		{"Actions[1].Parameters.LambdaFunctionARN", 3, "ask", "InvokeLambdaFunction", "function", "arn:f"},
	}
	if len(all[0].Warnings) != 0 || !slices.Equal(all[0].Needs, needs) {
		t.Errorf("--json: %+v", all[0])
	}
}

// The case of Loop prompts in an inbound flow.
func TestFlowCheckKnowsTypesOfFlows(t *testing.T) {
	file, err := filepath.Abs("../../../shared/cases/08-loop-prompts-inbound.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Skipf("left out: %v", err)
	}
	if out, _, code := parley(t, nil, "flow", "check", "--type", "CONTACT_FLOW", file); code != 1 || !strings.Contains(out, "Invalid Action type. Type: MessageParticipantIteratively") {
		t.Errorf("in an inbound flow: exit %d, %s", code, out)
	}
	if out, _, code := parley(t, nil, "flow", "check", "--type", "CUSTOMER_HOLD", file); code != 0 {
		t.Errorf("in a hold flow: exit %d, %s", code, out)
	}
}
