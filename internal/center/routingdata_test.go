package center_test

import (
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Criteria that replace others have the next number, and begin with their first step: at once for a contact that waits. The
// last of those that were replaced are known, as they were then.
func TestRoutingDataReplacesCriteria(t *testing.T) {
	criteria := func(name string) *center.RoutingCriteria {
		c := center.Condition{Name: name, Value: "x", Operator: center.CompareAtLeast, Level: 3}
		return &center.RoutingCriteria{Steps: []center.RoutingStep{center.NewRoutingStep(center.RoutingExpression{Attribute: c.Attribute()}, 0)}}
	}
	d := running(t)
	id := d.Chat.Current().ID
	set := func(r *center.RoutingCriteria) *center.Contact {
		t.Helper()
		data := center.RoutingData{Criteria: r}
		if err := data.Check(); err != nil {
			t.Fatal(err)
		}
		if err := d.SetRoutingData(id, data); err != nil {
			t.Fatal(err)
		}
		d = next(t, d, time.Minute)
		return d.Chat.Current()
	}
	if c := set(criteria("a")); c.Routing.Index != 0 || !c.Routing.Activated.IsZero() || len(c.PastRouting) != 0 {
		t.Errorf("the first are %+v", c.Routing)
	}
	d.SetTargetQueue(basic)
	d.Enqueue("", false)
	d = next(t, d, time.Minute)
	since := d.Now
	c := set(criteria("b"))
	if c.Routing.Index != 1 || !c.Routing.Activated.Equal(since) {
		t.Errorf("the second are %+v", c.Routing)
	}
	if _, states := c.PastRouting[0].At(d.Now); states[0].Status != center.StepInterrupted || !c.PastRouting[0].Ended.Equal(since) {
		t.Errorf("the first are then %+v, %+v", c.PastRouting[0], states)
	}
	if c = set(new(center.RoutingCriteria)); c.Routing != nil || len(c.PastRouting) != 2 {
		t.Errorf("none are %+v", c)
	}
	for range 3 {
		c = set(criteria("c"))
	}
	if c.Routing.Index != 4 || len(c.PastRouting) != 2 || c.PastRouting[0].Index != 2 {
		t.Errorf("the last are %+v after %+v", c.Routing, c.PastRouting)
	}
	d.End(center.ReasonAPI)
	if err := d.SetRoutingData(id, center.RoutingData{Criteria: criteria("d")}); !center.Is(err, center.InvalidState) {
		t.Errorf("for an ended contact: %v", err)
	}
}
