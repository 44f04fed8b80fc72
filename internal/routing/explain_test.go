package routing_test

import (
	"testing"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/routing"
)

// Each reason why an agent does not get a contact, in words. The agent is a, the contact k.
func TestReasons(t *testing.T) {
	p := profile("p", 2, "q")
	waits := contact("k", "q", 0)
	for _, c := range []struct {
		world        *world
		code         routing.Code
		words, sum   string
		ahead, steps int
	}{
		{world: new(world).put(p, agent("a", 0, status(center.StatusCustom)), waits),
			code: routing.NotRoutable, words: "the agent has a custom status, in which no contacts are routed", sum: "No agent may be offered the contact. Of 1: 1 is not available."},
		{world: new(world).put(p, agent("a", 0, status(center.StatusOffline)), waits), code: routing.NotRoutable, words: "the agent is offline"},
		{world: new(world).put(p, agent("a", 0, next), waits), code: routing.NextStatus, words: "the agent has chosen a next status"},
		{world: new(world).put(p, agent("a", 0, noAccess), waits), code: routing.NoAccess, words: "no security profile of the agent has the permission BasicAgentAccess"},
		{world: new(world).put(p, agent("a", 0, of("gone")), waits), code: routing.NoProfile, words: "the routing profile of the agent does not exist"},
		{world: new(world).put(without(p, "CHAT"), agent("a", 0), waits), code: routing.NoChannel, words: "MediaConcurrencies of the routing profile does not have CHAT"},
		{world: new(world).put(profile("p", 2, "r"), agent("a", 0), waits), code: routing.NotServed, words: "the routing profile does not have the queue for CHAT", sum: "No agent may be offered the contact. Of 1: 1 does not serve the queue."},
		{world: new(world).put(profile("p", 2, "r"), agent("a", 0, status(center.StatusOffline)), waits), code: routing.NotServed, words: "the routing profile does not have the queue for CHAT"},
		{world: new(world).put(manual(profile("p", 2), "q"), agent("a", 0), waits), code: routing.ManualOnly, words: "the routing profile has the queue for manual assignment only"},
		{world: new(world).put(p, agent("a", 0), contact("k", "b", 0, agentQueue)), code: routing.OtherAgentQueue, words: "the contact waits in the queue of another agent"},
		{world: new(world).put(p, agent("a", 0, has("x", "MISSED"), has("y", "ENDED")), waits), code: routing.NoSlot, words: "2 of 2 slots are taken", sum: "No agent may be offered the contact. Of 1: 1 has no free slot."},
		{world: new(world).put(p, agent("a", 0, hasOf("TASK", "CONNECTED")), waits), code: routing.OtherChannel, words: "the agent has the contact other of the channel TASK, which blocks CHAT"},
		{world: new(world).put(p, agent("a", 0, in("h", "CONNECTED")), contact("k", "q", 0, ofChat("h"))), code: routing.InChat, words: "the agent takes part in the chat already", sum: "No agent may be offered the contact. Of 1: 1 takes part in the chat."},
		{world: new(world).put(profile("p", 2, "q 1 90"), agent("a", 0), waits), code: routing.Delayed, words: "the delay of the queue in the routing profile is not over; it ends at 2026-01-01T12:01:30.000Z"},
		{world: new(world).put(p, agent("a", 0), contact("k", "q", 0, steps(30, match("c"), 60, match("b")))), steps: 2,
			code: routing.StepNotMet, words: "the agent does not meet routing step 2, which expires at 2026-01-01T12:01:30.000Z"},
		{world: new(world).put(p, agent("a", 0), contact("k", "q", 0, steps(0, match("b")))), steps: 1, code: routing.StepNotMet, words: "the agent does not meet routing step 1"},
		{world: new(world).put(p, agent("a", 0), agent("b", 9), contact("k", "q", 0, rejectedBy("a"))), code: routing.Rejected, words: "the agent rejected the contact, and the agent b is free for it", sum: "The next pass offers the contact to the agent b."},
		{world: new(world).put(profile("p", 1, "q"), agent("a", 0), waits, contact("j", "q", 0)), ahead: 1, code: routing.OtherContact, words: "the agent gets the contact j first", sum: "No agent may be offered the contact. Of 1: 1 gets other contacts first."},
		{world: new(world).put(p, agent("a", 9), agent("b", 0), waits), code: routing.OtherAgent, words: "the agent b gets the contact"},
		{world: new(world).put(p, agent("a", 0), waits), code: routing.Chosen, words: "the agent is offered the contact", sum: "The next pass offers the contact to the agent a."},
		{world: new(world).put(p, agent("a", 0), contact("k", "q", 0, offered("a"))), code: routing.Chosen, words: "the agent is offered the contact", sum: "The contact is being offered to the agent a."},
	} {
		e, ok := c.world.index().Explain("k", at(60))
		if !ok {
			t.Fatalf("%s: not explained", c.code)
		}
		if r := e.Agents[0]; r.Agent != "a" || r.Reason.Code != c.code || r.Reason.String() != c.words {
			t.Errorf("%s: %s: %s, %q", c.code, r.Agent, r.Reason.Code, r.Reason)
		}
		if got := e.String(); c.sum != "" && got != c.sum {
			t.Errorf("%s: %q, want %q", c.code, got, c.sum)
		}
		if e.Ahead != c.ahead || e.Steps != c.steps {
			t.Errorf("%s: %d ahead, %d steps", c.code, e.Ahead, e.Steps)
		}
	}
	x := new(world).put(p, waits).index()
	if e, _ := x.Explain("k", at(60)); e.String() != "The instance has no agents." {
		t.Errorf("without agents: %q", e)
	}
	if _, ok := x.Explain("other", at(60)); ok {
		t.Error("a contact that does not wait is explained")
	}
}
