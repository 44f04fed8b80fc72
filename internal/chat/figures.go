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
func (a archive) countFigures(t *turn) error {
	for _, contact := range t.Ending() {
		tally, err := a.tally(t, contact, t.After())
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

func (a archive) tally(t *turn, contact center.Contact, to int64) (tally center.Tally, err error) {
	for from := contact.FirstSeq; from <= to; {
		items, err := a.store.Page(t.ctx, store.PageQuery{Stream: center.StreamID(t.Chat.ID), From: from, To: to, Limit: figuresPage, Last: to})
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
func (fs *flows) carryOn(t *turn, effects []flow.Effect, p *flow.Program) (answer flow.Event, err error) {
	run := int(t.run.ID)
	for _, e := range effects { // what ends a flow by itself may end the chat with it
		switch e.(type) {
		case flow.End:
			t.EndFlows(run, center.OutcomeEnded, "", "")
		case flow.Fault:
			t.EndFlows(run, center.OutcomeDropped, "", "")
		}
	}
	answer, err = fs.carryOut(t, effects, p)
	if _, refused := answer.(flow.Refused); refused || err != nil || len(effects) == 0 || t.run == nil {
		return answer, err
	}
	_, begins := answer.(flow.Start)
	switch effects[len(effects)-1].(type) { // what asks is the last
	case flow.TransferToFlow:
		t.EndFlows(run, center.OutcomeToFlow, center.FlowID(t.run.Flow), "")
	case flow.Enqueue, flow.Requeue, flow.TransferToAgent:
		t.EndFlows(run, center.OutcomeToQueue, "", t.Subject().Queue)
	case flow.InvokeModule:
		t.BeginModule(run, t.run.Flow)
		return answer, nil
	case flow.Return:
		t.EndModule(run)
	}
	if begins {
		t.BeginFlow(int(t.run.ID), center.FlowID(t.run.Flow), t.run.Type)
	}
	return answer, nil
}
