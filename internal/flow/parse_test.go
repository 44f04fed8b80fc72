package flow

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// document is a flow of the given actions that starts at "a".
func document(actions string) string {
	return `{"Version":"2019-10-30","StartAction":"a","Actions":[` + actions + `]}`
}

const end = `{"Identifier":"z","Type":"DisconnectParticipant","Transitions":{}}`

func TestParseNamesWhatIsWrongAndWhere(t *testing.T) {
	for name, tt := range map[string]struct {
		src  string
		want []string
	}{
		"nothing":           {``, []string{`Content is not valid JSON: unexpected end of JSON input at byte 0`}},
		"broken JSON":       {`{"Version": }`, []string{`Content is not valid JSON: invalid character '}' looking for beginning of value at byte 13`}},
		"bad UTF-8":         {"{\"\xff\":1}", []string{`Content is not valid UTF-8`}},
		"not an object":     {`[]`, []string{`Content is not a JSON object`}},
		"too long":          {`{"a":"` + strings.Repeat("ä", maxChars) + `"}`, []string{`Content has 256008 characters. Limit: 256000`}},
		"empty":             {`{}`, []string{`Missing required property. Path: Version`, `Missing required property. Path: StartAction`, `Missing required property. Path: Actions`}},
		"other version":     {`{"Version":"2020","StartAction":"z","Actions":[` + end + `]}`, []string{`Unknown version of the flow language: 2020, known is 2019-10-30. Path: Version`}},
		"names have case":   {`{"version":"2019-10-30","StartAction":"z","Actions":[` + end + `]}`, []string{`Missing required property. Path: Version`}},
		"older format":      {`{"modules":[],"version":"1"}`, []string{"Content is in the older export format (modules and branches), which the flow language of version 2019-10-30 replaced: turn it into that with `parley flow convert FILE`. Path: modules"}},
		"no actions":        {document(``), []string{`A flow has at least one action. Path: Actions`}},
		"actions an object": {`{"Version":"2019-10-30","StartAction":"z","Actions":{}}`, []string{`Property is not a list. Path: Actions`}},
		"action a string":   {document(`"a"`), []string{`Action is not an object. Path: Actions[0]`}},
		"no identifier":     {document(`{"Type":"Loop"}`), []string{`Missing required property. Path: Actions[0].Identifier`}},
		"empty identifier":  {document(`{"Identifier":"","Type":"Loop"}`), []string{`Property is empty. Path: Actions[0].Identifier`}},
		"twice":             {document(end + `,` + end), []string{`Identifier is used before, by Actions[0]. Path: Actions[1].Identifier`}},
		"wrong kinds": {document(`{"Identifier":1,"Type":null,"Parameters":[],"Transitions":{"NextAction":1,"Errors":{},"Conditions":[1,{"Condition":{"Operands":1}}]}}`), []string{
			`Property is not a string. Path: Actions[0].Identifier`,
			`Missing required property. Path: Actions[0].Type`,
			`Property is not an object. Path: Actions[0].Parameters`,
			`Property is not a string. Path: Actions[0].Transitions.NextAction`,
			`Property is not a list. Path: Actions[0].Transitions.Errors`,
			`Condition is not an object. Path: Actions[0].Transitions.Conditions[0]`,
			`Property is not a list. Path: Actions[0].Transitions.Conditions[1].Condition.Operands`,
			`Missing required property. Path: Actions[0].Transitions.Conditions[1].Condition.Operator`,
		}},
		"error branches": {document(`{"Identifier":"a","Type":"Loop","Transitions":{"Errors":["x",{"NextAction":"a"}]}}`), []string{
			`Error branch is not an object. Path: Actions[0].Transitions.Errors[0]`,
			`Missing required property. Path: Actions[0].Transitions.Errors[1].ErrorType`,
		}},
		"251 actions": {document(manyActions(251)), []string{`A flow has at most 250 actions, not 251. Path: Actions`}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse([]byte(tt.src))
			var parse *ParseError
			if p != nil || !errors.As(err, &parse) {
				t.Fatalf("program %v, error %v", p, err)
			}
			if got := messages(parse.Problems); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func messages(problems []Problem) []string {
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.Message)
	}
	return texts
}

func manyActions(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"Identifier":"%d","Type":"MessageParticipant","Parameters":{"Text":"Hello $.Attributes.name, this is number %d"},`+
			`"Transitions":{"NextAction":"%d","Errors":[{"NextAction":"%d","ErrorType":"NoMatchingError"}]}}`, i, i, i+1, i+1)
	}
	return b.String()
}

func TestPrintingKeepsMetadataAsWritten(t *testing.T) {
	metadata := "{ \"entryPointPosition\" : {\"x\": 1.50, \"x\": 2e0},\n\t\"n\": \"<\\u00e9>\" }"
	src := `{"StartAction":"z", "Metadata":` + metadata + `, "Version":"2019-10-30", "Settings": [ 1 ], "Actions":[` + end + `]}`
	p, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Version":"2019-10-30","StartAction":"z","Metadata":` + metadata +
		`,"Actions":[{"Identifier":"z","Type":"DisconnectParticipant","Transitions":{}}],"Settings":[ 1 ]}`
	if got := string(p.JSON()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	samePrinted(t, p)
}

func TestTheLastOfTwoMembersCounts(t *testing.T) {
	p, err := Parse([]byte(`{"Version":"1","Version":"2019-10-30","StartAction":"z","Actions":[` + end + `]}`))
	if err != nil || p.start.at != 0 {
		t.Errorf("error %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, src := range seeds(f) {
		f.Add(src)
	}
	f.Add([]byte(document(end)))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := Parse(src)
		if err != nil {
			if p != nil {
				t.Error("an error and a program")
			}
			return
		}
		samePrinted(t, p)
		if again, err := Parse(p.JSON()); err != nil || !slices.Equal(Validate(again), Validate(p)) {
			t.Errorf("the printed document has other problems: %v, error %v", Validate(again), err)
		}
	})
}

func BenchmarkParse250Actions(b *testing.B) {
	src := []byte(document(manyActions(250)))
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(src); err != nil {
			b.Fatal(err)
		}
	}
}
