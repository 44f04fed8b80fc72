package routing_test

import (
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/routing"
)

// The rules of routing, one by one. Without other words a profile p serves q with two chats, and it is a minute past noon.
func TestRules(t *testing.T) {
	p := profile("p", 2, "q")
	for _, c := range []struct {
		rule  string
		world *world
		now   float64 // seconds after noon; 0 for a minute
		want  string
		next  float64 // 0: never
	}{
		// Which agents may be offered a contact.
		{rule: "an available agent is offered what waits", world: new(world).put(p, agent("a", 0), contact("k", "q", 0)), want: "k>a"},
		{rule: "an agent in a custom status is not", world: new(world).put(p, agent("a", 0, status(center.StatusCustom)), contact("k", "q", 0))},
		{rule: "an agent who is offline is not", world: new(world).put(p, agent("a", 0, status(center.StatusOffline)), contact("k", "q", 0))},
		{rule: "a next status stops routing", world: new(world).put(p, agent("a", 0, next), contact("k", "q", 0))},
		{rule: "without access to the CCP there is no routing", world: new(world).put(p, agent("a", 0, noAccess), contact("k", "q", 0))},
		{rule: "a profile without the queue", world: new(world).put(profile("p", 2, "r"), agent("a", 0), contact("k", "q", 0))},
		{rule: "an agent whose profile does not exist", world: new(world).put(p, agent("a", 0, of("gone")), contact("k", "q", 0))},
		{rule: "a profile without the channel", world: new(world).put(without(p, center.ChannelChat), agent("a", 0), contact("k", "q", 0))},
		{rule: "a queue for manual assignment only", world: new(world).put(manual(profile("p", 2), "q"), agent("a", 0), contact("k", "q", 0))},
		{rule: "a queue in both lists is routed", world: new(world).put(manual(p, "q"), agent("a", 0), contact("k", "q", 0)), want: "k>a"},
		{rule: "a contact that is being offered is not offered again", world: new(world).put(p, agent("a", 0), contact("k", "q", 0, offered("b")))},

		// An agent takes part in a chat once.
		{rule: "an agent in the chat is not offered another contact of it", world: new(world).put(p, agent("a", 0, in("h", "CONNECTED")), agent("b", 9), contact("k", "q", 0, ofChat("h"))), want: "k>b"},
		{rule: "… nor one who is offered a contact of it", world: new(world).put(p, agent("a", 0, in("h", "CONNECTING")), contact("k", "q", 0, ofChat("h")))},
		{rule: "… whatever queue it waits in", world: new(world).put(p, agent("a", 0, in("h", "CONNECTED")), contact("k", "a", 0, agentQueue, ofChat("h")))},
		{rule: "… nor two of them at once", world: new(world).put(p, agent("a", 0), contact("k1", "q", 0, ofChat("h")), contact("k2", "q", 0, ofChat("h"))), want: "k1>a"},
		{rule: "an agent who has left the chat may be offered it", world: new(world).put(p, agent("a", 0, in("h", "ENDED")), contact("k", "q", 0, ofChat("h"))), want: "k>a"},
		{rule: "an agent in the chat is no other agent for a rejected contact", world: new(world).put(p, agent("a", 0), agent("b", 9, in("h", "CONNECTED")), contact("k", "q", 0, ofChat("h"), rejectedBy("a"))), want: "k>a"},

		// Slots.
		{rule: "never more than the concurrency", world: new(world).put(p, agent("a", 0), contact("k1", "q", 0), contact("k2", "q", 1), contact("k3", "q", 2)), want: "k1>a k2>a"},
		{rule: "each contact that is not cleared takes a slot: CONNECTED", world: new(world).put(p, agent("a", 0, has("x", "CONNECTED"), has("y", "CONNECTED")), contact("k", "q", 0))},
		{rule: "… CONNECTING", world: new(world).put(p, agent("a", 0, has("x", "CONNECTED"), has("y", "CONNECTING")), contact("k", "q", 0))},
		{rule: "… ENDED, in after-contact work", world: new(world).put(p, agent("a", 0, has("x", "CONNECTED"), has("y", "ENDED")), contact("k", "q", 0))},
		{rule: "… MISSED", world: new(world).put(p, agent("a", 0, has("x", "CONNECTED"), has("y", "MISSED")), contact("k", "q", 0))},
		{rule: "… REJECTED", world: new(world).put(p, agent("a", 0, has("x", "CONNECTED"), has("y", "REJECTED")), contact("k", "q", 0))},
		{rule: "… ERROR", world: new(world).put(p, agent("a", 0, has("x", "CONNECTED"), has("y", "ERROR")), contact("k", "q", 0))},
		{rule: "a missed chat leaves the other slots to chats", world: new(world).put(p, agent("a", 0, has("x", "MISSED")), contact("k", "q", 0)), want: "k>a"},
		{rule: "a profile that allows fewer chats than there are", world: new(world).put(profile("p", 1, "q"), agent("a", 0, has("x", "CONNECTED"), has("y", "CONNECTED"), has("z", "CONNECTED")), contact("k", "q", 0))},

		// Other channels.
		{rule: "a task blocks chats by default", world: new(world).put(p, agent("a", 0, hasOf("TASK", "CONNECTED")), contact("k", "q", 0))},
		{rule: "a task that allows other channels does not", world: new(world).put(others(p, "TASK"), agent("a", 0, hasOf("TASK", "CONNECTED")), contact("k", "q", 0)), want: "k>a"},
		{rule: "it takes no slot of chats", world: new(world).put(others(profile("p", 1, "q"), "TASK"), agent("a", 0, hasOf("TASK", "CONNECTED")), contact("k", "q", 0)), want: "k>a"},
		{rule: "a missed task blocks chats always", world: new(world).put(others(p, "TASK"), agent("a", 0, hasOf("TASK", "MISSED")), contact("k", "q", 0))},
		{rule: "a rejected task blocks chats always", world: new(world).put(others(p, "TASK"), agent("a", 0, hasOf("TASK", "REJECTED")), contact("k", "q", 0))},
		{rule: "a task with an error blocks chats always", world: new(world).put(others(p, "TASK"), agent("a", 0, hasOf("TASK", "ERROR")), contact("k", "q", 0))},

		// Delays.
		{rule: "before the delay", world: new(world).put(profile("p", 2, "q 1 90"), agent("a", 0), contact("k", "q", 0)), next: 90},
		{rule: "at the delay", world: new(world).put(profile("p", 2, "q 1 60"), agent("a", 0), contact("k", "q", 0)), want: "k>a"},
		{rule: "the delay counts from the contact's own enqueue time, not from its age", world: new(world).put(profile("p", 2, "q 1 60"), agent("a", 0), contact("k", "q", 30, since(-600), adjusted(600))), next: 90},
		{rule: "one profile waits, another does not", world: new(world).put(profile("p", 2, "q 1 90"), profile("r", 2, "q"), agent("a", 0), agent("b", 30, of("r")), contact("k", "q", 0)), want: "k>b", next: 90},
		{rule: "a contact that has waited passes one before it that has not", world: new(world).put(profile("p", 1, "q 1 50"), agent("a", 0), contact("k1", "q", 30, priority(1)), contact("k2", "q", 0)), want: "k2>a"},
		{rule: "time changes nothing for an agent without a slot", world: new(world).put(profile("p", 1, "q 1 90"), agent("a", 0, has("x", "CONNECTED")), contact("k", "q", 0))},

		// The order of contacts.
		{rule: "the priority of the profile's row beats any wait", world: new(world).put(profile("p", 1, "q 2", "r 1"), agent("a", 0), contact("k1", "q", 0, priority(1)), contact("k2", "r", 59, priority(9))), want: "k2>a"},
		{rule: "then the contact's priority", world: new(world).put(profile("p", 1, "q 1", "r 1"), agent("a", 0), contact("k1", "q", 0), contact("k2", "r", 59, priority(4))), want: "k2>a"},
		{rule: "then the age, over all queues of one priority", world: new(world).put(profile("p", 1, "q 1", "r 1"), agent("a", 0), contact("k1", "q", 20), contact("k2", "r", 10)), want: "k2>a"},
		{rule: "a transfer by an agent keeps the first enqueue time", world: new(world).put(profile("p", 1, "q"), agent("a", 0), contact("k1", "q", 20), contact("k2", "q", 50, since(10))), want: "k2>a"},
		{rule: "an adjustment makes it older", world: new(world).put(profile("p", 1, "q"), agent("a", 0), contact("k1", "q", 20), contact("k2", "q", 50, adjusted(31))), want: "k2>a"},
		{rule: "or younger", world: new(world).put(profile("p", 1, "q"), agent("a", 0), contact("k1", "q", 0, adjusted(-21)), contact("k2", "q", 20)), want: "k2>a"},
		{rule: "of one age the one that was enqueued first", world: new(world).put(profile("p", 1, "q"), agent("a", 0), contact("k1", "q", 20), contact("k2", "q", 10, adjusted(-10))), want: "k2>a"},
		{rule: "its own queue comes before all others", world: new(world).put(profile("p", 1, "q 1"), agent("a", 0), contact("k1", "q", 0, priority(1)), contact("k2", "a", 59, agentQueue, priority(9))), want: "k2>a"},

		// The order of agents.
		{rule: "the agent who is idle longest", world: new(world).put(p, agent("a", 10), agent("b", 5), contact("k", "q", 0)), want: "k>b"},
		{rule: "an offer sends it to the end", world: new(world).put(p, agent("a", 10), agent("b", 5), contact("k1", "q", 0), contact("k2", "q", 1), contact("k3", "q", 2)), want: "k1>b k2>a k3>a"},
		{rule: "a contact that is ringing does too", world: new(world).put(p, agent("a", 10), agent("b", 5, ringing("x", 30)), contact("k", "q", 0)), want: "k>a"},
		{rule: "of two who are idle alike, the one with more free slots", world: new(world).put(p, agent("a", 5, has("x", "ENDED")), agent("b", 5), contact("k", "q", 0)), want: "k>b"},
		{rule: "then the lower id", world: new(world).put(p, agent("b", 5), agent("a", 5), contact("k", "q", 0)), want: "k>a"},
		{rule: "with TIME_SINCE_LAST_ACTIVITY outbound contacts count", world: new(world).put(p, agent("a", 20, inbound(5)), agent("b", 10), contact("k", "q", 0)), want: "k>b"},
		{rule: "with TIME_SINCE_LAST_INBOUND they do not", world: new(world).put(byInbound(p), agent("a", 20, inbound(5)), agent("b", 10), contact("k", "q", 0)), want: "k>a"},

		// Rejected contacts.
		{rule: "an agent who rejected a contact is not the next", world: new(world).put(p, agent("a", 5), agent("b", 10), contact("k", "q", 0, rejectedBy("a"))), want: "k>b"},
		{rule: "unless there is no other", world: new(world).put(p, agent("a", 5), agent("b", 10, status(center.StatusCustom)), contact("k", "q", 0, rejectedBy("a"))), want: "k>a"},
		{rule: "one who missed it may be the next", world: new(world).put(p, agent("a", 5, has("k", "MISSED")), agent("b", 10), contact("k", "q", 0)), want: "k>a"},
		{rule: "it takes another meanwhile", world: new(world).put(p, agent("a", 5), agent("b", 10), contact("k1", "q", 0, rejectedBy("a")), contact("k2", "q", 1)), want: "k2>a k1>b"},
		{rule: "it gets the contact when the other has taken another", world: new(world).put(profile("p", 3, "q"), profile("r", 1, "q 2", "s 1"), agent("a", 5), agent("b", 10, of("r")), contact("k1", "q", 0, rejectedBy("a")), contact("k2", "s", 1)), want: "k2>b k1>a"},
		{rule: "so do several at once", world: new(world).put(profile("p", 1, "q"), profile("r", 2, "q"), agent("a", 1, of("r")), agent("b", 2, of("r")), agent("c", 10),
			contact("k0", "q", 0, priority(1), steps(0, match("c"))), contact("k1", "q", 0, rejectedBy("a"), steps(0, match("a", "c"))), contact("k2", "q", 0, rejectedBy("b"), steps(0, match("b", "c")))), want: "k0>c k1>a k2>b"},
		{rule: "its own queue is the agent's even after a rejection", world: new(world).put(p, agent("a", 5), agent("b", 10), contact("k", "a", 0, agentQueue, rejectedBy("a"))), want: "k>a"},

		// Agents' queues.
		{rule: "only the agent is offered what waits in its queue", world: new(world).put(p, agent("a", 5), agent("b", 10), contact("k", "b", 0, agentQueue)), want: "k>b"},
		{rule: "whatever queues its profile has", world: new(world).put(profile("p", 1), agent("b", 10), contact("k", "b", 0, agentQueue)), want: "k>b"},
		{rule: "the profile must have the channel", world: new(world).put(without(p, center.ChannelChat), agent("b", 10), contact("k", "b", 0, agentQueue))},
		{rule: "routing criteria are not evaluated there", world: new(world).put(p, agent("b", 10), contact("k", "b", 0, agentQueue, steps(0, match("c")))), want: "k>b"},

		// Routing criteria.
		{rule: "who has the proficiency", world: new(world).put(p, agent("a", 0), agent("b", 10, skill("L", "fr", 3)), contact("k", "q", 0, steps(0, atLeast("L", "fr", 3)))), want: "k>b"},
		{rule: "not below the level", world: new(world).put(p, agent("b", 10, skill("L", "fr", 2.9)), contact("k", "q", 0, steps(0, atLeast("L", "fr", 3))))},
		{rule: "not of another value", world: new(world).put(p, agent("b", 10, skill("L", "FR", 5)), contact("k", "q", 0, steps(0, atLeast("L", "fr", 3))))},
		{rule: "in a range", world: new(world).put(p, agent("a", 0, skill("L", "fr", 4.5)), agent("b", 10, skill("L", "fr", 4)), agent("c", 0, skill("L", "fr", 1)), contact("k", "q", 0, steps(0, between("L", "fr", 2, 4)))), want: "k>b"},
		{rule: "a preferred agent", world: new(world).put(p, agent("a", 0), agent("b", 10), contact("k", "q", 0, steps(0, match("c", "b")))), want: "k>b"},
		{rule: "a preferred agent by ARN", world: new(world).put(p, agent("a", 0), agent("b", 10), contact("k", "q", 0, steps(0, match("arn:aws:connect:us-east-1:123456789012:instance/i/agent/B")))), want: "k>b"},
		{rule: "a preferred agent must serve the queue", world: new(world).put(p, profile("r", 1, "s"), agent("a", 0), agent("b", 10, of("r")), contact("k", "q", 0, steps(0, match("b"))))},
		{rule: "all of And", world: new(world).put(p, agent("a", 0, skill("L", "fr", 3)), agent("b", 10, skill("L", "fr", 3), skill("T", "db", 5)), contact("k", "q", 0, steps(0, and(atLeast("L", "fr", 3), atLeast("T", "db", 5))))), want: "k>b"},
		{rule: "any of Or", world: new(world).put(p, agent("a", 0), agent("b", 10, skill("T", "db", 5)), contact("k", "q", 0, steps(0, or(atLeast("L", "fr", 3), atLeast("T", "db", 5))))), want: "k>b"},
		{rule: "Or of a preferred agent and a proficiency", world: new(world).put(p, agent("a", 0), agent("b", 10, skill("T", "db", 5)), contact("k", "q", 0, steps(0, or(match("z"), atLeast("T", "db", 5))))), want: "k>b"},
		{rule: "And of a preferred agent and a proficiency", world: new(world).put(p, agent("a", 0, skill("T", "db", 5)), agent("b", 10), contact("k", "q", 0, steps(0, and(match("b"), atLeast("T", "db", 5)))))},
		{rule: "Not: no such proficiency", world: new(world).put(p, agent("a", 0, skill("L", "fr", 4)), agent("b", 10, skill("L", "fr", 2)), contact("k", "q", 0, steps(0, not(atLeast("L", "fr", 3))))), want: "k>b"},
		{rule: "Not: none in the range", world: new(world).put(p, agent("a", 0, skill("L", "fr", 4)), agent("b", 10), contact("k", "q", 0, steps(0, not(between("L", "fr", 3, 5))))), want: "k>b"},
		{rule: "Not: none of these agents", world: new(world).put(p, agent("a", 0), agent("b", 10), contact("k", "q", 0, steps(0, not(match("a"))))), want: "k>b"},
		{rule: "an unknown operator holds for no agent", world: new(world).put(p, agent("a", 0, skill("L", "fr", 4)), contact("k", "q", 0, steps(0, `{"AttributeCondition":{"Name":"L","Value":"fr","ComparisonOperator":"Like"}}`)))},
		{rule: "a step holds until it expires", world: new(world).put(p, agent("a", 0), contact("k", "q", 0, steps(61, match("b")))), next: 61},
		{rule: "after the last has expired any agent", world: new(world).put(p, agent("a", 0), contact("k", "q", 0, steps(60, match("b")))), want: "k>a"},
		{rule: "a step that never expires", world: new(world).put(p, agent("a", 0), contact("k", "q", 0, steps(0, match("b")))), now: 1e6},
		{rule: "a preferred agent who is busy keeps the contact waiting", world: new(world).put(p, agent("a", 0), agent("b", 0, has("x", "CONNECTED"), has("y", "CONNECTED")), contact("k", "q", 0, steps(90, match("b")))), next: 90},
		{rule: "a contact that waits for its step is passed by others", world: new(world).put(p, agent("a", 0), contact("k1", "q", 0, steps(90, match("b"))), contact("k2", "q", 50)), want: "k2>a", next: 90},
		{rule: "criteria that ended do not count", world: new(world).put(p, agent("a", 0), contact("k", "q", 0, steps(0, match("b")), func(c *routing.Contact) { c.Criteria = c.Criteria.End(center.StepJoined, at(1)) })), want: "k>a"},
	} {
		now := at(60)
		if c.now != 0 {
			now = at(c.now)
		}
		offers, next := c.world.index().Match(now)
		if got := told(offers); got != c.want {
			t.Errorf("%s: offers %q, want %q", c.rule, got, c.want)
		}
		if c.next == 0 != next.IsZero() || c.next != 0 && !next.Equal(at(c.next)) {
			t.Errorf("%s: next at %v, want %v", c.rule, next.Sub(noon), c.next)
		}
		if twin := told(c.world.match(now)); twin != c.want {
			t.Errorf("%s: the twin offers %q, want %q", c.rule, twin, c.want)
		}
	}
}

// The example of the guide: French ≥ 4 and DynamoDB ≥ 5 for 30 s, then ≥ 4 for 30 s, then French ≥ 3. An agent with (3, 5) gets the
// contact after a minute, not before.
func TestStepsInTheirTime(t *testing.T) {
	french, db := "Technology:Language", "Technology:AWS"
	w := new(world).put(profile("p", 1, "q"), agent("a", 0, skill(french, "French", 3), skill(db, "DynamoDB", 5)),
		contact("k", "q", 0, steps(
			30, and(atLeast(french, "French", 4), atLeast(db, "DynamoDB", 5)),
			30, and(atLeast(french, "French", 4), atLeast(db, "DynamoDB", 4)),
			0, and(atLeast(french, "French", 3), atLeast(db, "DynamoDB", 4)))))
	x := w.index()
	for _, c := range []struct {
		now, next float64
		want      string
	}{{0, 30, ""}, {29.999, 30, ""}, {30, 60, ""}, {59.999, 60, ""}, {60, 0, "k>a"}} {
		offers, next := x.Match(at(c.now))
		if got := told(offers); got != c.want || c.next != 0 && !next.Equal(at(c.next)) || c.next == 0 && !next.IsZero() {
			t.Errorf("after %v s: %q, next %v, want %q, %v", c.now, got, next.Sub(noon), c.want, c.next)
		}
	}
}

func TestProfilesOfTheCatalog(t *testing.T) {
	three, seven := int64(3), int64(7)
	p := routing.NewProfile(&center.RoutingProfile{
		Head: center.Head[center.RoutingProfileID]{ID: "p"}, AvailabilityTimer: center.TimeSinceLastInbound,
		Concurrencies: []center.MediaConcurrency{
			{Channel: center.ChannelChat, Concurrency: &three, Workloads: []center.WorkloadConcurrency{{Type: "w", Concurrency: 1}}},
			{Channel: center.ChannelTask, CrossChannel: center.CrossChannelAny, Workloads: []center.WorkloadConcurrency{{Type: "w", Concurrency: seven}, {Type: "v", Concurrency: seven}}},
		},
	}, []center.ProfileQueue{
		{QueueChannel: center.QueueChannel{Queue: "q", Channel: center.ChannelChat}, Priority: 2, Delay: 30},
		{QueueChannel: center.QueueChannel{Queue: "r", Channel: center.ChannelTask}, Priority: 1},
	}, []center.QueueChannel{{Queue: "s", Channel: center.ChannelChat}, {Queue: "t", Channel: center.ChannelVoice}})
	if len(p.Channels) != 2 || p.Channels[0] != (routing.Channel{Name: "CHAT", Limit: 3}) || p.Channels[1] != (routing.Channel{Name: "TASK", Limit: 10, Others: true}) {
		t.Errorf("the channels are %+v", p.Channels)
	}
	if len(p.Queues) != 1 || p.Queues[0] != (routing.Row{Queue: "q", Priority: 2, Delay: 30 * time.Second}) || len(p.Manual) != 1 || p.Manual[0] != "s" {
		t.Errorf("the queues are %+v and %v", p.Queues, p.Manual)
	}
}

func without(p routing.Profile, channel string) routing.Profile {
	var rest []routing.Channel
	for _, c := range p.Channels {
		if c.Name != channel {
			rest = append(rest, c)
		}
	}
	p.Channels = rest
	return p
}

func manual(p routing.Profile, queues ...center.QueueID) routing.Profile {
	p.Manual = queues
	return p
}

func others(p routing.Profile, channel string) routing.Profile {
	p.Channels = append(p.Channels[:1:1], routing.Channel{Name: channel, Limit: 1, Others: true})
	return p
}

func byInbound(p routing.Profile) routing.Profile {
	p.Timer = center.TimeSinceLastInbound
	return p
}
