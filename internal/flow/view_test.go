package flow

import (
	"strings"
	"testing"
)

// The view's data and the contact's attributes share one limit.
func TestLimitOfTheDataOfAView(t *testing.T) {
	const fixed = len(`{"a":""}`)
	for _, c := range []struct {
		data, attributes int
		branch           string
	}{
		{data: maxViewData - fixed},
		{data: maxViewData - fixed + 1, branch: "NoMatchingError"},
		{data: maxViewData - fixed - 1_000, attributes: 999},
		{data: maxViewData - fixed - 1_000, attributes: 1_000, branch: "NoMatchingError"},
		{data: 1, attributes: maxAttributes - 1, branch: "NoMatchingError"},
	} {
		p, err := Parse(oneAction(actionTypes["ShowView"],
			`{"ViewResource":{"Id":"form"},"InvocationTimeLimitSeconds":60,"ViewData":{"a":"`+strings.Repeat("x", c.data)+`"}}`))
		if err != nil {
			t.Fatal(err)
		}
		s := New("f", "", 0)
		s.Contact.Attributes = map[string]string{"n": strings.Repeat("y", c.attributes)}
		if c.attributes == 0 {
			s.Contact.Attributes = nil
		}
		_, effects := p.Step(s, Start{}, noon)
		switch e := effects[0].(type) {
		case ShowView:
			if c.branch != "" {
				t.Errorf("%+v: shown", c)
			}
		case Say:
			if e.Content != "branch "+c.branch {
				t.Errorf("%+v: %s", c, e.Content)
			}
		}
	}
}

// The log names actions of the view, and never what a customer's client sent
// instead.
func TestTheLogNamesOnlyActionsOfTheView(t *testing.T) {
	p := mustParse(t, document(`{"Identifier":"a","Type":"ShowView","Parameters":{"ViewResource":{"Id":"form"},"InvocationTimeLimitSeconds":60},"Transitions":{"NextAction":"z",
		"Conditions":[{"NextAction":"z","Condition":{"Operator":"Equals","Operands":["Next"]}}],"Errors":[{"ErrorType":"NoMatchingCondition","NextAction":"z"}]}},`+end))
	for action, logged := range map[string]string{"Next": "Next", "my card is 4111": ""} {
		s := New("f", "", 0)
		s.Contact.Trace = true
		s, _ = p.Step(s, Start{}, noon)
		s, _ = p.Step(s, Granted{}, noon)
		_, effects := p.Step(s, CustomerMessage{ContentType: ContentTypeInteractiveResponse, Content: `{"templateType":"ViewResource","action":"` + action + `"}`}, noon)
		if line := effects[1].(Log); line.Result != logged {
			t.Errorf("%q is logged as %q", action, line.Result)
		}
	}
}
