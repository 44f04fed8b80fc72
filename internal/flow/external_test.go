package flow

import (
	"fmt"
	"strings"
	"testing"
)

// asked is a flow of one action, up to its question, whose branches say their
// names.
func asked(t *testing.T, actionType, params string) (*Program, State) {
	t.Helper()
	p, err := Parse(oneAction(actionTypes[actionType], params))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := p.Step(New("f", "", 0), Start{}, noon)
	if s.Waiting == nil || s.Waiting.Call == "" {
		t.Fatalf("%s does not ask: %+v", actionType, s)
	}
	return p, s
}

func TestLimitsOfWhatASystemTells(t *testing.T) {
	for _, c := range []struct {
		action string
		bytes  int // of the value told
		branch string
	}{
		{"GetCustomerProfile", maxCustomer - 100, "NextAction"},
		{"GetCustomerProfile", maxCustomer, "NoMatchingError"},
		{"GetCase", maxCustomer, "NextAction"},
		{"GetCase", maxSystemAnswer, "NoMatchingError"},
	} {
		t.Run(fmt.Sprint(c.action, c.bytes), func(t *testing.T) {
			p, s := asked(t, c.action, "")
			_, effects := p.Step(s, Answered{ID: s.Waiting.Call, Body: `{"Data":{"a":"` + strings.Repeat("x", c.bytes) + `"}}`}, noon)
			if said := effects[0].(Say).Content; said != "branch "+c.branch {
				t.Error(said)
			}
		})
	}
}

// Answers that fit each by itself do not grow the state without end.
func TestLimitOfWhatSystemsTellTogether(t *testing.T) {
	p := mustParse(t, document(`{"Identifier":"a","Type":"GetCase","Transitions":{"NextAction":"a","Errors":[{"ErrorType":"NoMatchingError","NextAction":"z"}]}},`+end))
	s, _ := p.Step(New("f", "", 0), Start{}, noon)
	for i := range 10 {
		s, _ = p.Step(s, Answered{ID: s.Waiting.Call, Body: fmt.Sprintf(`{"Data":{"f%d":%q}}`, i, strings.Repeat("x", 10_000))}, noon)
		if s.Done {
			break
		}
	}
	if !s.Done || len(s.Data["Case"]) > maxSystemAnswer {
		t.Errorf("done %v with %d bytes", s.Done, len(s.Data["Case"]))
	}
}

func TestAQuestionThatIsTooLarge(t *testing.T) {
	p, err := Parse(oneAction(actionTypes["GetCase"], `{"CaseRequestFields":{"title":"`+strings.Repeat("x", maxSystemQuestion)+`"}}`))
	if err != nil {
		t.Fatal(err)
	}
	_, effects := p.Step(New("f", "", 0), Start{}, noon)
	if said := effects[0].(Say).Content; said != "branch NoMatchingError" {
		t.Error(said)
	}
}

// Whatever a system answers, the flow takes a branch, and its state stays
// small.
func FuzzSystemAnswer(f *testing.F) {
	for _, seed := range []string{`{}`, `{"Data":{"a":1,"a":2}}`, `{"Error":"NoneFoundError"}`, `{"Result":"True","Data":[]}`, `null`, ` {"Data": {"\u0000": "\ud800"}} `} {
		f.Add(seed)
	}
	p, err := Parse(oneAction(actionTypes["GetCustomerProfile"], ""))
	if err != nil {
		f.Fatal(err)
	}
	started, _ := p.Step(New("f", "", 0), Start{}, noon)
	f.Fuzz(func(t *testing.T, body string) {
		s, effects := p.Step(started, Answered{ID: started.Waiting.Call, Body: body}, noon)
		if _, said := effects[0].(Say); !said || !s.Done {
			t.Errorf("no branch: %+v", effects)
		}
		again, _ := p.Step(started, Answered{ID: started.Waiting.Call, Body: body}, noon)
		if string(stateJSON(t, reload(t, s))) != string(stateJSON(t, again)) || len(s.Data["Customer"]) > maxCustomer {
			t.Errorf("state %s", stateJSON(t, s))
		}
	})
}
