package chat

import (
	"errors"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/store"
)

// figuresPage is how many items are in memory while a contact's messages are counted.
const figuresPage = 256

// countFigures counts the messages of the contacts that a turn ends: those that are stored, up to the item that the turn
// was decided on, and then the turn's own. A turn that is decided again counts again. The figures of a contact with a
// damaged item stay unknown, so that it can end.
func (c *Chats) countFigures(t *turn) error {
	for _, contact := range t.Ending() {
		tally, err := c.tally(t, contact, t.After())
		if errors.Is(err, center.ErrDamaged) {
			continue
		}
		if err != nil {
			return err
		}
		t.Count(contact.ID, tally)
	}
	return nil
}

func (c *Chats) tally(t *turn, contact center.Contact, to int64) (tally center.Tally, err error) {
	for from := contact.FirstSeq; from <= to; {
		items, err := c.Store.Page(t.ctx, store.PageQuery{Chat: center.StreamID(t.Chat.ID), From: from, To: to, Limit: figuresPage})
		if err != nil || len(items) == 0 {
			return tally, err
		}
		for i := range items {
			if items[i].Contact == contact.ID {
				tally.Add(&items[i])
			}
		}
		from = items[len(items)-1].Seq + 1
	}
	return tally, nil
}

// carryOn is carryOut, and notes which flows and modules have begun and ended with it.
func (c *Chats) carryOn(t *turn, effects []flow.Effect, p *flow.Program) (answer flow.Event, err error) {
	for _, e := range effects { // what ends a flow by itself may end the chat with it
		switch e.(type) {
		case flow.End:
			t.EndFlows(center.OutcomeEnded, "", "")
		case flow.Fault:
			t.EndFlows(center.OutcomeDropped, "", "")
		}
	}
	answer, err = c.carryOut(t, effects, p)
	if _, refused := answer.(flow.Refused); refused || err != nil || len(effects) == 0 || t.run == nil {
		return answer, err
	}
	_, begins := answer.(flow.Start)
	switch effects[len(effects)-1].(type) { // what asks is the last
	case flow.TransferToFlow:
		t.EndFlows(center.OutcomeToFlow, center.FlowID(t.run.Flow), "")
	case flow.Enqueue, flow.Requeue:
		t.EndFlows(center.OutcomeToQueue, "", t.Chat.Current().Queue)
	case flow.InvokeModule:
		t.BeginModule(t.run.Flow)
		return answer, nil
	case flow.Return:
		t.EndModule()
	}
	if begins {
		t.BeginFlow(center.FlowID(t.run.Flow), t.run.Type)
	}
	return answer, nil
}
