package wiretest_test

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"testing"

	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
	"github.com/parley-chat/parley/internal/wire/participant"
	"github.com/parley-chat/parley/internal/wire/wiretest"
)

// served is every operation with its constraints.
func served() map[*wire.Op][]wire.Constraint {
	all := map[*wire.Op][]wire.Constraint{}
	constraints := connect.Constraints()
	for i, op := range connect.Ops {
		all[&connect.Ops[i]] = constraints[op.Name]
	}
	constraints = participant.Constraints()
	for i, op := range participant.Ops {
		all[&participant.Ops[i]] = constraints[op.Name]
	}
	return all
}

func TestExampleOfEveryOperationIsValid(t *testing.T) {
	for op, constraints := range served() {
		if err := op.NewInput().Decode(wiretest.Example(*op, constraints)); err != nil {
			t.Errorf("%s: %v", op.Name, err)
		}
	}
}

func TestEveryConstraintHolds(t *testing.T) {
	n := 0
	for op, constraints := range served() {
		for _, c := range wiretest.Cases(*op, constraints) {
			n++
			if got, want := finding(op.NewInput().Decode(c.Request)), wanted(c); got != want {
				t.Errorf("%s: %s: got %s, want %s", op.Name, c.Name, got, want)
			}
		}
	}
	if n < 400 {
		t.Errorf("only %d cases were made", n)
	}
}

func wanted(c wiretest.Case) string {
	switch {
	case c.WantSyntax:
		return "syntax " + c.WantField
	case c.Want != nil:
		return fmt.Sprintf("rule %d of %s, key %v", c.Want.Rule, c.Want.Field, c.Want.Key)
	default:
		return "nothing"
	}
}

func finding(err error) string {
	var field *wire.FieldError
	var syntax *wire.SyntaxError
	switch {
	case err == nil:
		return "nothing"
	case errors.As(err, &field):
		return fmt.Sprintf("rule %d of %s, key %v", field.Rule, field.Field, field.Key)
	case errors.As(err, &syntax):
		return "syntax " + syntax.Field
	default:
		return err.Error()
	}
}

// An accepted request, encoded and decoded again, is the same request.
func TestAcceptedBodiesRoundTrip(t *testing.T) {
	for op, constraints := range served() {
		for _, c := range wiretest.Cases(*op, constraints) {
			in := op.NewInput()
			if in.Decode(c.Request) != nil {
				continue
			}
			again := *c.Request
			again.Body = in.AppendJSON(nil)
			second := op.NewInput()
			if err := second.Decode(&again); err != nil {
				t.Errorf("%s: %s: decoding what was encoded: %v", op.Name, c.Name, err)
			} else if got := second.AppendJSON(nil); !slices.Equal(got, again.Body) {
				t.Errorf("%s: %s: body changed from %s to %s", op.Name, c.Name, again.Body, got)
			}
		}
	}
}

func TestTargetEscapesArguments(t *testing.T) {
	op := wire.Op{Path: "/contact-flows/{InstanceId}/{ContactFlowId}/name"}
	q := &wire.Request{Path: []string{"a/b", "c:$SAVED"}, Query: url.Values{"maxResults": {"5"}}}
	if got, want := wiretest.Target(op, q), "/contact-flows/a%2Fb/c:$SAVED/name?maxResults=5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A path's arguments are decoded by position, so every template must name exactly the members in the path.
func TestPathTemplatesNameTheMembersInThePath(t *testing.T) {
	argument := regexp.MustCompile(`\{([^}]*)\}`)
	for op, constraints := range served() {
		var inTemplate, inInput []string
		for _, m := range argument.FindAllStringSubmatch(op.Path, -1) {
			inTemplate = append(inTemplate, m[1])
		}
		for _, c := range constraints {
			if c.Location == wire.Path {
				inInput = append(inInput, c.Wire)
			}
		}
		slices.Sort(inTemplate)
		slices.Sort(inInput)
		if !slices.Equal(inTemplate, inInput) {
			t.Errorf("%s: path %s has %v, input has %v", op.Name, op.Path, inTemplate, inInput)
		}
	}
}
