package center_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// chatOfOne is a chat of one contact, in no queue.
func chatOfOne() *center.Chat {
	return &center.Chat{
		ID: "c1", Instance: "i1",
		Contacts: []center.Contact{{ID: "c1", InitiationMethod: "API", Initiated: noon, Name: "Order", Tags: map[string]string{"a": "b"}}},
	}
}

func draft(c *center.Chat, now time.Time) *center.Draft {
	n := 0
	return center.NewDraft(c, 5, now, now, func() string { n++; return fmt.Sprintf("new%d", n) })
}

func finish(d *center.Draft) *center.Change {
	return d.Finish(func(c *center.Chat) []byte { return []byte("{}") })
}

// held names claims.
func held(claims []center.Claim) (all []string) {
	for _, c := range claims {
		all = append(all, c.Kind+" "+c.Key)
	}
	return all
}

func TestEnqueue(t *testing.T) {
	d := draft(chatOfOne(), noon)
	d.SetTargetQueue("q1")
	d.Enqueue("i1/q1/0", false)
	ch := finish(d)
	c := d.Chat.Current()
	if !c.Queued() || c.Queue != "q1" || !c.Enqueued.Equal(noon) || c.Priority != center.DefaultPriority {
		t.Errorf("got %+v", c)
	}
	want := []string{"queue-place i1/q1/0"}
	if got := held(ch.Take); !slices.Equal(got, want) {
		t.Errorf("took %v, want %v", got, want)
	}
	if len(ch.Waiting) != 1 || ch.Waiting[0].Contact != c.ID || ch.Waiting[0].Queue != "q1" || !ch.Waiting[0].Since.Equal(noon) {
		t.Errorf("waits as %+v", ch.Waiting)
	}

	d = draft(d.Chat, noon.Add(time.Minute))
	d.End(center.ReasonCustomer)
	ch = finish(d)
	if len(ch.Waiting) != 0 || len(ch.Left) != 1 || ch.Left[0] != c.ID {
		t.Errorf("at its end %v wait, %v left", ch.Waiting, ch.Left)
	}
	if got := held(ch.Release); !slices.Equal(got, want) {
		t.Errorf("at its end it released %v, want %v", got, want)
	}
	if c := d.Chat.Current(); c.Queued() || c.Queue != "q1" {
		t.Errorf("after its end: %+v", c)
	}
}

func TestRequeue(t *testing.T) {
	chat := chatOfOne()
	if err := chat.MayRequeue(); err == nil {
		t.Error("a contact in no queue may be requeued")
	}
	d := draft(chat, noon)
	d.SetTargetQueue("q1")
	d.Enqueue("", false)
	d = draft(d.Chat, noon.Add(time.Minute))
	if err := d.Chat.MayRequeue(); err != nil {
		t.Fatal(err)
	}
	d.Requeue("q2", "", false)
	ch := finish(d)
	old, next := d.Chat.Contacts[0], *d.Chat.Current()
	if old.Queued() || !old.Disconnected.Equal(noon.Add(time.Minute)) || old.Queue != "q1" {
		t.Errorf("the old contact is %+v", old)
	}
	if next.ID != "new1" || next.Previous != "c1" || next.InitiationMethod != "QUEUE_TRANSFER" || !next.Queued() ||
		next.Queue != "q2" || next.TargetQueue != "q2" || !next.Enqueued.Equal(noon.Add(time.Minute)) ||
		next.Name != "Order" || next.Tags["a"] != "b" || next.FirstSeq != 6 {
		t.Errorf("the new contact is %+v", next)
	}
	if len(ch.Contacts) != 2 || ch.Contacts[0].ID != "c1" || ch.Contacts[0].Next != "new1" || ch.Contacts[1].ID != "new1" || ch.Contacts[1].Previous != "c1" {
		t.Errorf("the change puts the contacts %+v", ch.Contacts)
	}
	if len(ch.Left) != 1 || ch.Left[0] != "c1" || len(ch.Waiting) != 1 || ch.Waiting[0].Contact != next.ID || ch.Waiting[0].Queue != "q2" {
		t.Errorf("%v left, %+v wait", ch.Left, ch.Waiting)
	}
	if chat.Contacts[0].Disconnected != (time.Time{}) || len(chat.Contacts) != 1 {
		t.Error("the chat that was seen has changed")
	}
}

func TestAChainOfContactsHasALimit(t *testing.T) {
	d := draft(chatOfOne(), noon)
	d.SetTargetQueue("q1")
	d.Enqueue("", false)
	for range 11 {
		if err := d.Chat.MayRequeue(); err != nil {
			t.Fatalf("after %d contacts: %v", len(d.Chat.Contacts), err)
		}
		d.Requeue("q1", "", false)
	}
	if err := d.Chat.MayRequeue(); err == nil || len(d.Chat.Contacts) != 12 {
		t.Errorf("%d contacts, %v", len(d.Chat.Contacts), err)
	}
}

// Within a priority, contacts are served by their age, which an adjustment changes.
func TestAged(t *testing.T) {
	line := []center.Contact{
		{ID: "older by the greatest adjustment", Enqueued: noon.Add(time.Hour), TimeAdjustment: math.MaxInt32},
		{ID: "older than it is", Enqueued: noon.Add(time.Minute), TimeAdjustment: 61},
		{ID: "early", Enqueued: noon},
		{ID: "of an older one", Enqueued: noon.Add(time.Hour), WaitsSince: noon.Add(time.Minute)},
		{ID: "late", Enqueued: noon.Add(2 * time.Minute)},
		{ID: "younger by the greatest adjustment", Enqueued: noon, TimeAdjustment: -math.MaxInt32},
	}
	chat := center.Chat{Contacts: line}
	for i := range line[1:] {
		if a, b := chat.Waiting(i), chat.Waiting(i+1); a.Aged() >= b.Aged() {
			t.Errorf("%s does not come before %s", a.Contact, b.Contact)
		}
	}
}

// A contact that waits already moves in its line; one that does not yet will stand where it was told.
func TestSetRouting(t *testing.T) {
	one, minus := 1, -30
	d := draft(chatOfOne(), noon)
	d.SetTargetQueue("q1")
	d.SetRouting(&one, nil)
	if len(finish(d).Waiting) != 0 {
		t.Error("a contact in no queue stands in line")
	}
	d = draft(d.Chat, noon)
	d.Enqueue("", false)
	before := d.Chat.Waiting(0).Aged()
	finish(d)
	d = draft(d.Chat, noon.Add(time.Minute))
	d.SetRouting(&one, nil)
	if ch := finish(d); len(ch.Waiting)+len(ch.Left) != 0 {
		t.Error("a contact stands in line anew, where it was")
	}
	d = draft(d.Chat, noon.Add(time.Minute))
	d.SetRouting(nil, &minus)
	ch := finish(d)
	if len(ch.Waiting) != 1 || ch.Waiting[0].Aged() <= before || ch.Waiting[0].Priority != 1 {
		t.Errorf("waits as %+v", ch.Waiting)
	}
}

// What is asked for and given back in one decision is never asked for; what is held is given back once.
func TestAQueueThatIsLeftAtOnce(t *testing.T) {
	one := 1
	d := draft(chatOfOne(), noon)
	d.SetTargetQueue("q1")
	d.Enqueue("i1/q1/0", false)
	d.SetRouting(&one, nil)
	d.Requeue("q2", "", false)
	d.End(center.ReasonFlow)
	if ch := finish(d); len(ch.Take)+len(ch.Release) != 0 {
		t.Errorf("takes %v, releases %v", held(ch.Take), held(ch.Release))
	}

	d = draft(chatOfOne(), noon)
	d.SetTargetQueue("q1")
	d.Enqueue("i1/q1/0", false)
	have := held(finish(d).Take)
	d = draft(d.Chat, noon)
	d.SetRouting(&one, nil)
	d.Requeue("q1", "i1/q1/1", false)
	d.End(center.ReasonFlow)
	ch := finish(d)
	released := held(ch.Release)
	slices.Sort(have)
	slices.Sort(released)
	if len(ch.Take) != 0 || !slices.Equal(have, released) {
		t.Errorf("takes %v, releases %v, had %v", held(ch.Take), released, have)
	}
}

func TestParseQueue(t *testing.T) {
	arn := "arn:aws:connect:us-east-1:123456789012:instance/i/queue/"
	for _, c := range []struct {
		in    string
		id    center.QueueID
		agent bool
	}{
		{"AB-1", "ab-1", false}, {arn + "Q", "q", false}, {arn + "agent/U", "u", true}, {"arn:aws:sqs:us-east-1:1:q", "arn:aws:sqs:us-east-1:1:q", false},
	} {
		if id, agent := center.ParseQueue(c.in); id != c.id || agent != c.agent {
			t.Errorf("%s: %s %v", c.in, id, agent)
		}
	}
}

func TestSeededID(t *testing.T) {
	a := center.SeededID("i1", "queue", "BasicQueue")
	if _, ok := center.UUID(a); !ok || a[14] != '8' || a != center.SeededID("i1", "queue", "BasicQueue") {
		t.Errorf("%s", a)
	}
	for _, b := range []string{center.SeededID("i2", "queue", "BasicQueue"), center.SeededID("i1", "hours", "BasicQueue"), center.SeededID("i1", "queue", "Basic")} {
		if a == b {
			t.Errorf("%s twice", a)
		}
	}
}

const criteria = `{"Steps":[
	{"Expression":{"AttributeCondition":{"Name":"Language","Value":"French","ProficiencyLevel":"3","ComparisonOperator":"NumberGreaterOrEqualTo"}},"Expiry":{"DurationInSeconds":"30"}},
	{"Expression":{"OrExpression":[{"AttributeCondition":{"ComparisonOperator":"Match","MatchCriteria":{"AgentsCriteria":{"AgentIds":["u1"]}}}},{"AttributeCondition":{"Name":"Language"}}]},"Expiry":{"DurationInSeconds":60}},
	{"Expression":{"AttributeCondition":{"Name":"Level","Value":3}}}]}`

func TestRoutingCriteria(t *testing.T) {
	r, err := center.ParseRoutingCriteria(criteria)
	if err != nil {
		t.Fatal(err)
	}
	a := r.Steps[0].Expression.Attribute
	if v := r.Steps[2].Expression.Attribute.Value; v != "3" {
		t.Errorf("a number is read as %q", v)
	}
	if a.Level != 3 || r.Steps[0].Expiry.Seconds != 30 || r.Steps[1].Expression.Or[0].Attribute.Match.Agents.IDs[0] != "u1" {
		t.Errorf("got %+v", r)
	}
	const A, I, X = center.StepActive, center.StepInactive, center.StepExpired
	for _, c := range []struct {
		activated bool
		after     time.Duration
		index     int
		states    []string
	}{
		{false, time.Hour, 0, []string{I, I, I}},
		{true, 0, 0, []string{A, I, I}},
		{true, 30*time.Second - 1, 0, []string{A, I, I}},
		{true, 30 * time.Second, 1, []string{X, A, I}},
		{true, 90 * time.Second, 2, []string{X, X, A}},
		{true, 9000 * time.Hour, 2, []string{X, X, A}},
	} {
		r.Activated = time.Time{}
		if c.activated {
			r.Activated = noon
		}
		index, states := r.At(noon.Add(c.after))
		var got []string
		for _, s := range states {
			got = append(got, s.Status)
		}
		if index != c.index || !slices.Equal(got, c.states) {
			t.Errorf("%v after: %d %v, want %d %v", c.after, index, got, c.index, c.states)
		}
	}
}

func TestRoutingCriteriaThatAreWrong(t *testing.T) {
	step := `{"Expression":{"AttributeCondition":{"Name":"a"}}}`
	for name, text := range map[string]string{
		"no JSON":           `{`,
		"no steps":          `{"Steps":[]}`,
		"six steps":         `{"Steps":[` + strings.Repeat(step+",", 5) + step + `]}`,
		"no expression":     `{"Steps":[{}]}`,
		"two expressions":   `{"Steps":[{"Expression":{"AttributeCondition":{},"NotAttributeCondition":{}}}]}`,
		"an empty one deep": `{"Steps":[{"Expression":{"AndExpression":[{}]}}]}`,
		"no number":         `{"Steps":[{"Expression":{"AttributeCondition":{"ProficiencyLevel":"high"}}}]}`,
		"a time before":     `{"Steps":[{"Expression":{"AttributeCondition":{}},"Expiry":{"DurationInSeconds":-1}}]}`,
		"many attributes":   `{"Steps":[{"Expression":{"OrExpression":[` + strings.Repeat(`{"AttributeCondition":{}},`, 50) + `{"AttributeCondition":{}}]}}]}`,
	} {
		if _, err := center.ParseRoutingCriteria(text); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
