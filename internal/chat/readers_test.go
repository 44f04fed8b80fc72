package chat_test

import (
	"slices"
	"testing"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
)

// reads are the texts and events of the transcript that a caller gets, page by page, oldest first.
func (o *office) reads(who chat.Caller, q chat.TranscriptQuery) (all []string) {
	o.Helper()
	for {
		page, err := o.c.Transcripts.Page(o.ctx, who, q)
		o.must(err)
		for _, it := range page.Items {
			what := it.Content
			if it.Type == center.TypeEvent {
				what = it.ContentType[len("application/vnd.amazonaws.connect.event."):]
			}
			all = append(all, what)
		}
		if page.Next == "" {
			break
		}
		q.NextToken, q.Start = page.Next, nil
	}
	if q.Forward == nil || !*q.Forward {
		slices.Reverse(all)
	}
	return all
}

// Who has left a conversation reads on what was said until then, and nothing of what others say after that.
func TestThoseWhoHaveLeftReadNothingNew(t *testing.T) {
	inOffices(t, func(o *office) {
		o.on(center.MultiPartyChat, center.EnhancedChatMonitoring)
		jane, john, eve := o.agent(o.c, "jane", center.StatusNameAvailable), o.agent(o.c, "john", center.StatusNameAvailable), o.supervisor("eve")
		sales := o.toQueue("Sales", o.sales, handsOver)
		ada := o.answered(jane)
		o.send(o.c, ada, "for jane")
		watched, err := o.monitor(eve, ada.Contact, center.MonitorSilent)
		o.must(err)
		first, over := o.caller(jane, ada.Contact), o.caller(eve, watched)
		o.must(o.c.Agents.Leave(o.ctx, instance, eve, watched))
		next, err := o.c.Agents.Transfer(o.ctx, instance, jane, ada.Contact, sales)
		o.must(err)
		o.join(next, john)
		secret := o.send(o.c, ada, "for john")

		want := []string{"participant.joined", "participant.joined", "for jane", "One moment.", "transfer.succeeded", "participant.left"}
		forward, backward, one := true, false, 1
		for name, q := range map[string]chat.TranscriptQuery{
			"at once":      {Max: 100},
			"one by one":   {Max: 1},
			"from the end": {Max: 1, Forward: &backward, Start: &chat.StartPosition{ID: secret.ID}},
			"of the time":  {Max: 2, Forward: &backward, Start: &chat.StartPosition{AbsoluteTime: secret.Time}},
		} {
			if got := o.reads(first, q); !slices.Equal(got, want) {
				t.Errorf("%s, the first agent reads\n%q, want\n%q", name, got, want)
			}
		}
		for name, q := range map[string]chat.TranscriptQuery{
			"the next contact":      {Contact: next},
			"what follows a secret": {Forward: &forward, Start: &chat.StartPosition{ID: secret.ID}},
		} {
			if got := o.reads(first, q); len(got) != 0 {
				t.Errorf("%s: the first agent reads %q", name, got)
			}
		}
		if got := o.reads(first, chat.TranscriptQuery{Forward: &forward, Start: &chat.StartPosition{MostRecent: &one}}); !slices.Equal(got, want[5:]) {
			t.Errorf("the most recent item of the first agent is %q", got)
		}
		if got := o.reads(over, chat.TranscriptQuery{}); slices.Contains(got, "One moment.") || !slices.Contains(got, "for jane") {
			t.Errorf("the supervisor reads %q", got)
		}
		// Another agent who is taken out; the one who is there when the chat ends reads all.
		leg, err := o.c.Agents.Invite(o.ctx, instance, john, next, sales)
		o.must(err)
		o.must(o.c.Agents.Clear(o.ctx, instance, jane, ada.Contact))
		o.join(leg, jane)
		invited, last := o.caller(jane, leg), o.caller(john, next)
		o.must(o.c.Agents.Remove(o.ctx, instance, john, next, invited.Participant))
		o.send(o.c, ada, "for john again")
		o.must(o.c.Agents.Leave(o.ctx, instance, john, next))
		if got := o.reads(invited, chat.TranscriptQuery{}); slices.Contains(got, "for john again") || got[len(got)-1] != "participant.left" {
			t.Errorf("the agent who was taken out reads %q", got)
		}
		if got := o.reads(last, chat.TranscriptQuery{}); !slices.Equal(got[len(got)-3:], []string{"for john again", "participant.left", "chat.ended"}) {
			t.Errorf("the last agent reads %q", got)
		}
	})
}
