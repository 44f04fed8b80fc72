package chat_test

import (
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// With DisconnectOnCustomerExit the customer's leaving takes the agents out, and the customer stays for the disconnect flow.
func TestCustomerExitsInTheDisconnectFlow(t *testing.T) {
	w := newWorld(t)
	d := w.atDesk(w.node(center.DefaultSettings(), &told{}), true, center.ExitsToAgents)
	d.answer(d.jane)
	d.must(d.c.Leave(d.ctx, d.ada))
	d.sees(d.ada.Chat, "joined CUSTOMER", "joined AGENT", "left AGENT", "DISCONNECT")
	d.ended(d.ada.Contact, center.ReasonCustomer, "Available ENDED")
	d.send(d.c, d.ada, "a survey?") // the flow puts them into the queue again
	second := d.current(d.c, d.ada.Chat)
	if second.ID == d.ada.Contact || !second.Queued() {
		t.Fatalf("the contact is %+v", second)
	}
	d.must(d.c.Leave(d.ctx, d.ada)) // without an agent, they just leave
	d.sees(d.ada.Chat, "joined CUSTOMER", "joined AGENT", "left AGENT", "DISCONNECT", "a survey?", "left CUSTOMER", "ended")
	d.ended(second.ID, center.ReasonCustomer, "Available ENDED")
}

// At the end of the flow the customer leaves.
func TestDisconnectFlowOfOneWhoExits(t *testing.T) {
	w := newWorld(t)
	d := w.atDesk(w.node(center.DefaultSettings(), &told{}), true, center.ExitsToAgents)
	d.answer(d.jane)
	d.must(d.c.Leave(d.ctx, d.ada))
	d.pass(d.c, 61)
	d.sees(d.ada.Chat, "joined CUSTOMER", "joined AGENT", "left AGENT", "DISCONNECT", "left CUSTOMER", "ended")
	d.ended(d.current(d.c, d.ada.Chat).ID, center.ReasonFlow, "Available ENDED")
	if err := d.c.Leave(d.ctx, d.ada); !center.Is(err, center.AccessDenied) {
		t.Errorf("leaving once more: %v", err)
	}
}

// Without a disconnect flow, without an agent, and without asking for it, the customer just leaves.
func TestCustomersWhoJustLeave(t *testing.T) {
	for name, c := range map[string]struct {
		remaining, answered bool
		exit                []string
		want                []string
	}{
		"no disconnect flow": {false, true, []string{center.ExitsToAgents}, []string{"joined CUSTOMER", "joined AGENT", "left CUSTOMER", "ended"}},
		"no agent":           {true, false, []string{center.ExitsToAgents}, []string{"joined CUSTOMER", "left CUSTOMER", "ended"}},
		"not asked for":      {true, true, nil, []string{"joined CUSTOMER", "joined AGENT", "left CUSTOMER", "ended"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.atDesk(w.node(center.DefaultSettings(), &told{}), c.remaining, c.exit...)
			if c.answered {
				d.answer(d.jane)
			}
			d.must(d.c.Leave(d.ctx, d.ada))
			d.sees(d.ada.Chat, c.want...)
		})
	}
}
