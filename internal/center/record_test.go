package center_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// kept is chatOfOne with its rows, and a customer who is expected.
func kept() *center.Chat {
	c := chatOfOne()
	c.Rows = 3
	c.Participants = []center.Participant{{ID: "p1", Role: center.RoleCustomer}}
	c.Attributes = map[string]string{"a": "1", "b": "2"}
	return c
}

// rows says which rows a Change puts.
func rows(ch *center.Change) string {
	var all []string
	for _, r := range ch.Contacts {
		all = append(all, "contact "+string(r.ID))
	}
	for _, r := range ch.Connected {
		all = append(all, "connected "+string(r.ID))
	}
	for _, t := range ch.Terms {
		for _, a := range t.Put {
			all = append(all, a.Name+"="+a.Value)
		}
		for _, name := range t.Unset {
			all = append(all, "-"+name)
		}
	}
	for _, a := range ch.Attributes {
		all = append(all, a.Name+"="+a.Value)
	}
	for _, name := range ch.Unset {
		all = append(all, "-"+name)
	}
	for _, r := range ch.FlowRuns {
		all = append(all, fmt.Sprintf("run %d %s", r.Number, r.Outcome))
	}
	return strings.Join(all, ", ")
}

// Rows are put with what changes them, and with nothing else: a connection puts a mark, a message nothing.
func TestRowsFollowFromTheChat(t *testing.T) {
	long := strings.Repeat("ü", 101)
	for _, test := range []struct {
		name   string
		decide func(*center.Draft)
		want   string
	}{
		{"nothing", func(*center.Draft) {}, ""},
		{"a message", func(d *center.Draft) { d.Prompt(center.Message{Content: "x"}) }, ""},
		{"a connection with a flow", func(d *center.Draft) {
			if _, err := d.Connect("p1"); err != nil {
				t.Fatal(err)
			}
			d.BeginFlow(1, "f", "CONTACT_FLOW")
			d.BeginModule(1, "m")
			d.EndModule(1)
		}, "connected c1"},
		{"an attribute that stays", func(d *center.Draft) { d.PutAttributes(map[string]string{"a": "1", "b": "2"}) }, ""},
		{"attributes", func(d *center.Draft) {
			d.PutAttributes(map[string]string{"b": "2", "z": "", "c": strings.Repeat("ü", 100)})
		}, "c=" + strings.Repeat("ü", 100) + ", z=, -a"},
		{"what no search can name", func(d *center.Draft) { d.PutAttributes(map[string]string{"a": long, "b": "2", long: "x"}) }, "-a"},
		{"a name", func(d *center.Draft) { d.Edit().Current().Name = "other" }, "contact c1"},
		{"a description", func(d *center.Draft) { d.Edit().Current().Description = "other" }, ""},
		{"tags", func(d *center.Draft) {
			if err := d.Tag("c1", map[string]string{"team": "care", "x": ""}, nil); err != nil {
				t.Fatal(err)
			}
		}, "contact c1, tag/team=care, tag/x="},
		{"segment attributes", func(d *center.Draft) {
			text, long, number, other := "a", strings.Repeat("ü", 129), int64(-7), map[string]center.SegmentAttribute{}
			d.Edit().Current().SegmentAttributes = map[string]center.SegmentAttribute{
				"connect:Subtype": {ValueString: &text}, "s": {ValueString: &text}, "long": {ValueString: &long}, "n": {ValueInteger: &number}, "m": {ValueMap: other},
			}
		}, "contact c1, segment/n=-7, segment/s=a"},
		{"routing", func(d *center.Draft) {
			criteria, err := center.ParseRoutingCriteria(`{"steps":[{"Expression":{"AttributeCondition":{"MatchCriteria":{"AgentsCriteria":{"AgentIds":["A1"]}},"ComparisonOperator":"Match"}}}]}`)
			if err != nil {
				t.Fatal(err)
			}
			d.Edit().Current().Routing = criteria
		}, "contact c1, agent/a1="},
		{"a queue", func(d *center.Draft) { d.SetTargetQueue("q"); d.BeginFlow(1, "f", "T"); d.Enqueue("", false) }, "contact c1, run 1 "},
		{"the end", func(d *center.Draft) { d.BeginFlow(1, "f", "T"); d.BeginModule(1, "m"); d.End(center.ReasonExpired) }, "contact c1, run 1 DROPPED, run 2 DROPPED"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := kept()
			d := draft(c, noon.Add(time.Minute))
			test.decide(d)
			if got := rows(finish(d)); got != test.want {
				t.Errorf("put %q, want %q", got, test.want)
			}
			if c.Contacts[0].ID != "c1" || len(c.FlowRuns) != 0 || !maps.Equal(c.Attributes, kept().Attributes) {
				t.Error("the chat that was seen has changed")
			}
		})
	}
}

// A connection puts a mark, and its runs with the next change of the row.
func TestConnectionIsWrittenWithTheNextChange(t *testing.T) {
	d := draft(kept(), noon)
	if _, err := d.Connect("p1"); err != nil {
		t.Fatal(err)
	}
	d.BeginFlow(1, "f", "CONTACT_FLOW")
	if got := finish(d).Connected; len(got) != 1 || got[0] != (center.Connected{ID: "c1", At: noon}) {
		t.Errorf("connected are %v", got)
	}
	next := draft(d.Chat, noon.Add(time.Minute))
	next.EndFlows(1, center.OutcomeToQueue, "", "q")
	next.SetTargetQueue("q")
	next.Enqueue("", false)
	next.BeginFlow(1, "g", "CUSTOMER_QUEUE")
	ch := finish(next)
	if got := rows(ch); got != "contact c1, run 1 TRANSFERED_TO_QUEUE, run 2 " || !ch.Contacts[0].ConnectedToSystem.Equal(noon) || ch.FlowRuns[0].Started != noon.UnixMilli() {
		t.Errorf("put %q, %+v", got, ch.Contacts)
	}
	// The run that goes on has a row by now: its end is written over it, and the one that is over is forgotten.
	last := draft(next.Chat, noon.Add(time.Hour))
	last.End(center.ReasonCustomer)
	ch = finish(last)
	if got := rows(ch); got != "contact c1, run 2 DROPPED" || len(last.Chat.FlowRuns) != 0 {
		t.Errorf("put %q", got)
	}
	if r := ch.Contacts[0]; r.PreDisconnectState != "IN_QUEUE" || !r.Dequeued.Equal(noon.Add(time.Hour)) || r.Queue != "q" {
		t.Errorf("the record is %+v", r)
	}
}

// A chat from before there were rows gets all of them with the first change of one, and none before.
func TestChatFromBeforeGetsItsRows(t *testing.T) {
	c := kept()
	c.Rows = 0
	c.Contacts = slices.Insert(c.Contacts, 0, center.Contact{ID: "c0", Disconnected: noon})
	d := draft(c, noon)
	if _, err := d.Connect("p1"); err != nil {
		t.Fatal(err)
	}
	if got := rows(finish(d)); got != "connected c1" || d.Chat.Rows != 0 {
		t.Errorf("a connection puts %q", got)
	}
	d = draft(d.Chat, noon)
	d.PutAttributes(map[string]string{"a": "2", "b": "2"})
	if got := rows(finish(d)); got != "contact c0, contact c1, tag/a=b, a=2, b=2" || d.Chat.Rows != 3 || c.Rows != 0 {
		t.Errorf("its first change puts %q", got)
	}
}

// Runs of modules do not pile up in a chat whose contact stays as it is.
func TestRunsThatAreOverDoNotPileUp(t *testing.T) {
	c, put := kept(), 0
	for i := range 100 {
		d := draft(c, noon)
		if i == 0 {
			d.BeginFlow(1, "f", "T")
		}
		d.BeginModule(1, "m")
		d.EndModule(1)
		put += len(finish(d).FlowRuns)
		if c = d.Chat; len(c.FlowRuns) > 17 {
			t.Fatalf("%d runs in the chat", len(c.FlowRuns))
		}
	}
	if put != 97 || c.FlowRunsBegun != 101 { // the flow, and six times sixteen modules
		t.Errorf("%d rows of %d runs", put, c.FlowRunsBegun)
	}
}
