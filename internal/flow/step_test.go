package flow

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func mustParse(t testing.TB, src string) *Program {
	t.Helper()
	p, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func last(effects []Effect) Effect {
	if len(effects) == 0 {
		return nil
	}
	return effects[len(effects)-1]
}

func TestAFlowThatNeverWaitsEndsInAFault(t *testing.T) {
	p := mustParse(t, document(`{"Identifier":"a","Type":"UpdateContactTextToSpeechVoice","Transitions":{"NextAction":"a"}}`))
	s, effects := p.Step(New("f", "", 0), Start{}, noon)
	if want := (Fault{Reason: "too many actions without a wait"}); last(effects) != want || !s.Done {
		t.Errorf("done %v, %+v", s.Done, effects)
	}

	p = mustParse(t, document(`{"Identifier":"a","Type":"MessageParticipant","Parameters":{"Text":"x"},"Transitions":{"NextAction":"a"}}`))
	s, effects = p.Step(New("f", "", 0), Start{}, noon)
	if want := (Fault{Reason: "too many messages without a wait"}); last(effects) != want || len(effects) != maxMessages+1 || !s.Done {
		t.Errorf("done %v, %d effects, last %+v", s.Done, len(effects), last(effects))
	}
}

func TestTwoFlowsThatTransferInCirclesEndInAFault(t *testing.T) {
	p := mustParse(t, document(`{"Identifier":"a","Type":"TransferToFlow","Parameters":{"ContactFlowId":"f"},"Transitions":{"NextAction":"z","Errors":[]}},`+end))
	s := New("f", "", 0)
	for range maxSteps + 1 {
		var effects []Effect
		s, effects = p.Step(s, Start{}, noon)
		if _, faulted := last(effects).(Fault); faulted {
			return
		}
		s = s.Enter("f", "")
	}
	t.Error("no fault")
}

func TestAWaitResetsTheGuard(t *testing.T) {
	p := mustParse(t, document(`{"Identifier":"a","Type":"MessageParticipant","Parameters":{"Text":"x"},"Transitions":{"NextAction":"w"}},
		{"Identifier":"w","Type":"Wait","Parameters":{"TimeLimitSeconds":1},"Transitions":{"NextAction":"a"}}`))
	s, _ := p.Step(New("f", "", 0), Start{}, noon)
	for i := range maxMessages + 1 {
		var effects []Effect
		s, effects = p.Step(s, TimerFired{ID: fmt.Sprintf("wait-%d", i+1)}, noon)
		if _, waits := last(effects).(StartTimer); !waits || s.Messages != 0 || s.Steps != 0 {
			t.Fatalf("round %d: %+v, guard %d %d", i, effects, s.Steps, s.Messages)
		}
	}
}

func TestAMessageHasAtMost3000Characters(t *testing.T) {
	for length, says := range map[int]bool{maxSpoken: true, maxSpoken + 1: false} {
		p := mustParse(t, document(`{"Identifier":"a","Type":"MessageParticipant","Parameters":{"Text":"`+strings.Repeat("é", length)+`"},"Transitions":{"NextAction":"z"}},`+end))
		_, effects := p.Step(New("f", "", 0), Start{}, noon)
		if _, said := effects[0].(Say); said != says {
			t.Errorf("%d characters: said %v", length, said)
		}
	}
}

func TestAttributesHaveAtMost32768Bytes(t *testing.T) {
	const branches = `"Transitions":{"NextAction":"z","Errors":[{"ErrorType":"NoMatchingError","NextAction":"full"}]}},
		{"Identifier":"full","Type":"MessageParticipant","Parameters":{"Text":"full"},"Transitions":{"NextAction":"z"}},` + end
	for _, typ := range []string{
		`"UpdateContactAttributes","Parameters":{"Attributes":{"kk":"$.Media.InitialMessage","one":"1"}}`,
		`"UpdateFlowAttributes","Parameters":{"FlowAttributes":{"kk":{"Value":"$.Media.InitialMessage"},"one":{"Value":1}}}`,
	} {
		p := mustParse(t, document(`{"Identifier":"a","Type":`+typ+`,`+branches))
		for size, fits := range map[int]bool{maxAttributes: true, maxAttributes + 1: false} {
			// "kk" is written over, so only its new value counts.
			have := map[string]string{"have": "x", "kk": "before"}
			s := New("f", "", 0)
			s.Contact.Attributes, s.FlowAttributes = have, have
			s.Contact.InitialMessage = strings.Repeat("x", size-len("kk"+"one1"+"havex"))
			after, effects := p.Step(s, Start{}, noon)
			if _, full := effects[0].(Say); full == fits {
				t.Errorf("%s, %d bytes: %T", typ, size, effects[0])
			}
			if wrote := len(after.Contact.Attributes) == 3 || len(after.FlowAttributes) == 3; wrote != fits {
				t.Errorf("%s, %d bytes: wrote %v", typ, size, wrote)
			}
		}
	}
}

// A small document must not be able to ask for gigabytes.
func TestReferencesDoNotGrowWithoutEnd(t *testing.T) {
	many := strings.Repeat("$.Media.InitialMessage", 10_000)
	var attributes strings.Builder
	for i := range 5_000 {
		fmt.Fprintf(&attributes, `"k%d":"x$.Media.InitialMessage",`, i)
	}
	for _, first := range []string{
		`"MessageParticipant","Parameters":{"Text":"` + many + `"}`,
		`"UpdateContactAttributes","Parameters":{"Attributes":{"k":"` + many + `"}}`,
		`"UpdateContactAttributes","Parameters":{"Attributes":{` + attributes.String() + `"k":"v"}}`,
	} {
		p := mustParse(t, document(`{"Identifier":"a","Type":`+first+`,"Transitions":{"NextAction":"z","Errors":[{"ErrorType":"NoMatchingError","NextAction":"failed"}]}},
			{"Identifier":"failed","Type":"EndFlowExecution","Transitions":{}},`+end))
		s := New("f", "", 0)
		s.Contact.InitialMessage = strings.Repeat("x", 16_384)
		if _, effects := p.Step(s, Start{}, noon); len(effects) != 1 || effects[0] != (End{}) {
			t.Errorf("%.40s: %d effects, last %T", first, len(effects), last(effects))
		}
		if size := len(newText(many).resolve(&s)); size > maxResolved+16_384 {
			t.Errorf("resolved to %d bytes", size)
		}
	}
}

func TestAProgramThatChangedUnderAWaitingFlowIsAFault(t *testing.T) {
	waiting := mustParse(t, document(`{"Identifier":"a","Type":"Wait","Parameters":{"TimeLimitSeconds":1},"Transitions":{"NextAction":"z"}},`+end))
	s, _ := waiting.Step(New("f", "", 0), Start{}, noon)
	for name, p := range map[string]*Program{
		"gone":         mustParse(t, document(end)),
		"another type": mustParse(t, document(`{"Identifier":"a","Type":"TransferToFlow","Transitions":{"NextAction":"z"}},`+end)),
		"not waiting":  mustParse(t, document(`{"Identifier":"a","Type":"Loop","Transitions":{"NextAction":"z"}},`+end)),
	} {
		after, effects := p.Step(s, TimerFired{ID: "wait-1"}, noon)
		if _, fault := last(effects).(Fault); !fault || !after.Done || after.Waiting != nil {
			t.Errorf("%s: %+v %+v", name, after, effects)
		}
	}
}

func TestDistributionFollowsThePercentages(t *testing.T) {
	p := mustParse(t, document(`{"Identifier":"a","Type":"DistributeByPercentage","Transitions":{"NextAction":"n",
		"Conditions":[{"NextAction":"y","Condition":{"Operator":"NumberLessThan","Operands":["31"]}}],"Errors":[{"NextAction":"n","ErrorType":"NoMatchingCondition"}]}},
		{"Identifier":"y","Type":"DisconnectParticipant","Transitions":{}},{"Identifier":"n","Type":"EndFlowExecution","Transitions":{}}`))
	const throws = 10_000
	thirty := 0
	for seed := range uint64(throws) {
		_, effects := p.Step(New("f", "", seed), Start{}, noon)
		if _, ok := effects[0].(Disconnect); ok {
			thirty++
		}
	}
	if thirty < throws*28/100 || thirty > throws*32/100 {
		t.Errorf("%d of %d for 30%%", thirty, throws)
	}
}

// seeds are the documents of the goldens.
func seeds(f *testing.F) [][]byte {
	f.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	var docs [][]byte
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for paragraph := range strings.SplitSeq(string(src), "\n\n") {
			if i := strings.Index(paragraph, "\n{"); i >= 0 {
				doc, _, _ := strings.Cut(paragraph[i+1:], "\n----")
				docs = append(docs, []byte(doc))
			}
		}
	}
	return docs
}

// Whatever the program and whatever happens, Step returns, leaves its input
// alone, and asks only as its last effect.
func FuzzStep(f *testing.F) {
	for _, src := range seeds(f) {
		f.Add(src, []byte("stmrbg"))
		f.Add(src, []byte("sxtttt"))
		f.Add(src, []byte("saaaam"))
		f.Add(src, []byte("sadcaRvt"))
	}
	f.Fuzz(func(t *testing.T, src, happens []byte) {
		p, err := Parse(src)
		if err != nil {
			return
		}
		s := New("f", "", uint64(len(src)))
		s.Contact.Attributes = map[string]string{"name": "Ana"}
		for i, c := range happens[:min(len(happens), 30)] {
			if c == 'c' && s.Waiting != nil && s.Waiting.For == invokeFlowModuleType {
				s = s.Call("f", "", `{"k":"v"}`)
				c = 's'
			}
			e := fuzzEvent(c, &s)
			s.Contact.CustomParticipant = i%2 == 0
			before, attributes := stateJSON(t, s), maps.Clone(s.Contact.Attributes)
			next, effects := p.Step(s, e, noon)
			if !bytes.Equal(before, stateJSON(t, s)) || !maps.Equal(attributes, s.Contact.Attributes) {
				t.Fatalf("%T changed the state it was given", e)
			}
			if s.Done && (len(effects) > 0 || !next.Done) {
				t.Fatal("something happened after the end")
			}
			for j, effect := range effects {
				if _, asks := effect.(Asking); asks && (j != len(effects)-1 || next.Waiting == nil) {
					t.Fatalf("asked in between: %+v", effects)
				}
			}
			if !next.Done && next.At != "" && next.Waiting == nil {
				t.Fatalf("neither waits nor is done: %+v", next)
			}
			s = reload(t, next)
		}
	})
}

func fuzzEvent(c byte, s *State) Event {
	switch c {
	case 's':
		return Start{}
	case 't':
		if s.Waiting != nil {
			return TimerFired{ID: s.Waiting.Timer}
		}
		return TimerFired{ID: "wait-0"}
	case 'm':
		return CustomerMessage{ContentType: ContentTypePlain, Content: "hi"}
	case 'b':
		return CustomParticipantLeft{}
	case 'g':
		return Granted{}
	case 'd':
		return Granted{Result: "True", Data: `{"k":1}`}
	case 'a', 'e':
		a := Answered{ID: "call-0", Body: `{"k":"v","sessionState":{"intent":{"name":"i","state":"Fulfilled"}},"Result":"r","Data":{"k":{"v":[1]}}}`}
		if s.Waiting != nil {
			a.ID = s.Waiting.Call
		}
		if c == 'e' {
			a.Error = "NoMatchingError"
		}
		return a
	case 'v':
		return CustomerMessage{ContentType: contentTypeResponse, Content: `{"templateType":"ViewResource","version":"1.0","action":"Next","data":{"k":["v"]}}`}
	case 'R':
		return Returned{}
	case 'n':
		return nil
	}
	return Refused{Reason: "no"}
}

// A function that answers at once could keep a flow running for ever.
func TestCallsAreNoWaits(t *testing.T) {
	p := mustParse(t, document(`{"Identifier":"a","Type":"InvokeLambdaFunction","Parameters":{"LambdaFunctionARN":"f"},"Transitions":{"NextAction":"a"}}`))
	s, effects := p.Step(New("f", "", 0), Start{}, noon)
	for range maxSteps {
		s, effects = p.Step(s, Answered{ID: s.Waiting.Call, Body: `{}`}, noon)
		if s.Done {
			break
		}
	}
	if want := (Fault{Reason: "too many actions without a wait"}); last(effects) != want {
		t.Errorf("%+v", effects)
	}
}

// References into a long value are work that a short document must not ask for
// without end.
func TestManyReferencesCountAsMoreActions(t *testing.T) {
	p := mustParse(t, document(`{"Identifier":"a","Type":"UpdateContactAttributes","Parameters":{"Attributes":{"k":"`+strings.Repeat("$.External.none ", 1_000)+`"}},"Transitions":{"NextAction":"a"}}`))
	s := New("f", "", 0)
	s.Data = Data{"External": []byte(`{"k":"v"}`)}
	_, effects := p.Step(s, Start{}, noon)
	if want := (Fault{Reason: "too many actions without a wait"}); last(effects) != want || len(effects) > maxSteps*referencesPerStep/1_000+1 {
		t.Errorf("%d effects, last %+v", len(effects), last(effects))
	}
}

func TestAModuleThatIsGoneEndsItsCallers(t *testing.T) {
	caller := mustParse(t, document(`{"Identifier":"a","Type":"InvokeFlowModule","Parameters":{"FlowModuleId":"m"},"Transitions":{"NextAction":"z"}},`+end))
	s, _ := caller.Step(New("f", "", 0), Start{}, noon)
	var none *Program
	s, effects := none.Step(s.Call("m", "", "{}"), Start{}, noon)
	if _, fault := last(effects).(Fault); !fault || !s.Done || s.Callers != nil {
		t.Errorf("%+v %+v", s, effects)
	}
}

// A waiting flow is stored with its chat: what is not there costs nothing.
func TestAWaitingStateIsSmall(t *testing.T) {
	p := mustParse(t, document(`{"Identifier":"a","Type":"Wait","Parameters":{"TimeLimitSeconds":60},"Transitions":{"NextAction":"z"}},`+end))
	s, _ := p.Step(New("22222222-2222-4222-8222-222222222222", strings.Repeat("0", 64), 7), Start{}, noon)
	if size := len(stateJSON(t, s)); size > 250 {
		t.Errorf("%d bytes: %s", size, stateJSON(t, s))
	}
}

// BenchmarkStep is one action of each type, up to where it is left or waits.
func BenchmarkStep(b *testing.B) {
	parameters := map[string]string{
		"Compare":                      `{"ComparisonValue":"$.Attributes.tier"}`,
		"ConnectParticipantWithLexBot": `{"Text":"Hello","LexV2Bot":{"AliasArn":"arn"}}`,
		"InvokeFlowModule":             `{"FlowModuleId":"m","Input":{"name":"$.Attributes.name"}}`,
		"InvokeLambdaFunction":         `{"LambdaFunctionARN":"f","InvocationTimeLimitSeconds":"8","LambdaInvocationAttributes":{"name":"$.Attributes.name"}}`,
		"Loop":                         `{"LoopCount":"3"}`,
		"MessageParticipant":           `{"Text":"Hello $.Attributes.name"}`,
		"ShowView":                     `{"ViewResource":{"Id":"detail"},"InvocationTimeLimitSeconds":"60","ViewData":{"Heading":"Hello $.Attributes.name"}}`,
		"TransferToFlow":               `{"ContactFlowId":"f"}`,
		"UpdateContactAttributes":      `{"Attributes":{"name":"$.External.name"}}`,
		"UpdateContactTargetQueue":     `{"QueueId":"q"}`,
		"UpdateFlowAttributes":         `{"FlowAttributes":{"k":{"Value":"v"}}}`,
		"Wait":                         `{"TimeLimitSeconds":"60"}`,
	}
	for _, name := range slices.Sorted(maps.Keys(actionTypes)) {
		b.Run(name, func(b *testing.B) {
			p, err := Parse(oneAction(actionTypes[name], parameters[name]))
			if err != nil {
				b.Fatal(err)
			}
			// Where the action goes on, the flow ends at once.
			for i := range p.actions[1:] {
				p.actions[1+i].step = takes{ending: terminal}
			}
			s := New("f", "", 0)
			s.Contact.Attributes = map[string]string{"name": "Ana", "tier": "gold"}
			s.Data = Data{"External": []byte(`{"name":"Ana"}`)}
			b.ReportAllocs()
			for b.Loop() {
				p.Step(s, Start{}, noon)
			}
		})
	}
}

// One action each of the kinds a conversation is made of.
func BenchmarkStepPerAction(b *testing.B) {
	var actions strings.Builder
	const rounds = 50
	for i := range rounds {
		fmt.Fprintf(&actions, `{"Identifier":"m%[1]d","Type":"MessageParticipant","Parameters":{"Text":"Hello $.Attributes.name"},"Transitions":{"NextAction":"c%[1]d"}},
			{"Identifier":"c%[1]d","Type":"Compare","Parameters":{"ComparisonValue":"$.Attributes.tier"},"Transitions":{"NextAction":"z","Conditions":[{"NextAction":"u%[1]d","Condition":{"Operator":"Equals","Operands":["gold"]}}],"Errors":[]}},
			{"Identifier":"u%[1]d","Type":"UpdateContactAttributes","Parameters":{"Attributes":{"step":"%[1]d"}},"Transitions":{"NextAction":"m%[2]d"}},`, i, i+1)
	}
	src := strings.Replace(document(actions.String()+`{"Identifier":"m50","Type":"DisconnectParticipant","Transitions":{}},`+end), `"StartAction":"a"`, `"StartAction":"m0"`, 1)
	p := mustParse(b, src)
	s := New("f", "", 0)
	s.Contact.Attributes = map[string]string{"name": "Ana", "tier": "gold"}
	b.ReportAllocs()
	for b.Loop() {
		if done, _ := p.Step(s, Start{}, noon); !done.Done {
			b.Fatal("not done")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(3*rounds+1), "ns/action")
}
