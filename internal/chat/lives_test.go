package chat_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/token"
)

// lives are chats that random things happen to, on either of two nodes.
type lives struct {
	*world
	t      *rapid.T
	nodes  []*node       // share the store
	people []chat.Caller // who was ever given a token
	chats  []center.ContactID
	said   []center.Item
}

func (l *lives) one() *node { return rapid.SampledFrom(l.nodes).Draw(l.t, "node") }

func (l *lives) someone() chat.Caller {
	if len(l.people) == 0 {
		l.t.Skip("nobody is there")
	}
	return rapid.SampledFrom(l.people).Draw(l.t, "who")
}

func (l *lives) contact() center.ContactID {
	if len(l.chats) == 0 {
		l.t.Skip("there is no chat")
	}
	return rapid.SampledFrom(l.chats).Draw(l.t, "chat")
}

// settled accepts success and refusals that are the caller's fault.
func (l *lives) settled(err error) bool {
	var refused *center.Error
	if err != nil && (!errors.As(err, &refused) || refused.Code == center.Internal || refused.Code == center.Unavailable) {
		l.t.Fatalf("%v", err)
	}
	return err == nil
}

func (l *lives) enter(text string) {
	who, err := l.nodes[0].Authenticate(text, token.Participant)
	l.must(err)
	l.people = append(l.people, who)
}

func (l *lives) actions() map[string]func(*rapid.T) {
	on := func(f func()) func(*rapid.T) {
		return func(t *rapid.T) { l.t = t; f() }
	}
	return map[string]func(*rapid.T){
		"start": on(func() {
			cmd := center.StartChat{Instance: instance, Flow: l.flow, DisplayName: "Ana", DurationMinutes: 60}
			if len(l.chats) > 0 && rapid.Bool().Draw(l.t, "persistent") {
				cmd.Persistent = &center.Persistence{Type: center.EntirePastSession, Source: l.contact()}
			}
			started, err := l.one().Start(l.ctx, cmd)
			if l.settled(err) {
				l.chats = append(l.chats, started.Contact)
				l.enter(started.Token)
			}
		}),
		"custom participant": on(func() {
			b, err := l.one().AddCustomParticipant(l.ctx, instance, l.contact(), "Max", "")
			if l.settled(err) {
				l.enter(b.Token)
			}
		}),
		"connect": on(func() { l.settled(l.one().Connected(l.ctx, l.someone())) }),
		"send": on(func() {
			it, err := l.one().Send(l.ctx, l.someone(), center.Message{ContentType: center.TextPlain, Content: "x"},
				rapid.SampledFrom([]string{"", "a", "b"}).Draw(l.t, "token"))
			if l.settled(err) {
				l.said = append(l.said, it)
			}
		}),
		"type": on(func() {
			_, err := l.one().Event(l.ctx, l.someone(), center.EventTyping, "")
			l.settled(err)
		}),
		"read": on(func() {
			if len(l.said) == 0 {
				l.t.Skip("nothing was said")
			}
			id := rapid.SampledFrom(l.said).Draw(l.t, "message").ID
			_, err := l.one().Event(l.ctx, l.someone(), center.EventRead, `{"messageId":"`+string(id)+`"}`)
			l.settled(err)
		}),
		"timers": on(func() {
			minutes := rapid.SampledFrom([]int{0, 2, 3})
			l.settled(l.one().SetTimers(l.ctx, instance, l.contact(), []center.TimerSetting{
				{Role: center.RoleCustomer, Type: center.TimerIdle, Minutes: minutes.Draw(l.t, "idle")},
				{Role: center.RoleCustomer, Type: center.TimerDisconnect, Minutes: minutes.Draw(l.t, "disconnect")},
			}))
		}),
		"leave": on(func() { l.settled(l.one().Leave(l.ctx, l.someone())) }),
		"stop":  on(func() { l.settled(l.one().Stop(l.ctx, instance, l.contact())) }),
		"set": on(func() {
			l.settled(l.one().SetAttributes(l.ctx, instance, l.contact(), map[string]string{"k": "v"}))
		}),
		"associate": on(func() {
			_, err := l.one().Associate(l.ctx, instance, l.contact(), center.Persistence{Type: center.FromSegment, Source: l.contact()}, "")
			l.settled(err)
		}),
		"pass": on(func() {
			l.clock.advance(time.Duration(rapid.SampledFrom([]int{1, 20, 60, 400, 3600}).Draw(l.t, "seconds")) * time.Second)
			if err := l.one().Settle(l.ctx); err != nil {
				l.t.Fatal(err)
			}
		}),
		"": func(t *rapid.T) { l.t = t; l.check() },
	}
}

// check is what holds at any time, whatever has happened.
func (l *lives) check() {
	active := 0
	for _, id := range l.chats {
		// Either node, if it looks at the store, tells the same.
		of, contact, err := l.nodes[0].Contact(l.ctx, instance, id)
		l.must(err)
		l.checkItems(of, l.items(of.ID))
		if of.Ended.IsZero() != contact.Disconnected.IsZero() || of.Ended.IsZero() != (contact.DisconnectReason == "") {
			l.t.Fatalf("ended %v, disconnected %v for %q", of.Ended, contact.Disconnected, contact.DisconnectReason)
		}
		due, err := l.store.DueOf(l.ctx, center.StreamID(of.ID))
		l.must(err)
		switch {
		case of.Ended.IsZero():
			active++
			l.checkTimers(of, due)
			if of.ExpiresAt().Before(l.clock.Now().Add(-time.Hour)) {
				l.t.Fatalf("active after its time: %v", of.ExpiresAt())
			}
		case len(due) != 0:
			l.t.Fatalf("still due after the end: %v", due)
		}
	}
	held, err := l.store.Claims(l.ctx, center.ClaimSlot, "")
	l.must(err)
	if len(held) != active {
		l.t.Fatalf("%d chats are active, and %d places taken", active, len(held))
	}
}

// checkTimers: the timers that run are those that have a row, and they run between two who are there.
func (l *lives) checkTimers(of *center.Chat, due []center.Due) {
	rows := 0
	for _, row := range due {
		if strings.HasPrefix(row.Key, center.DueIdle) {
			rows++
		}
	}
	_, customer := of.With(center.RoleCustomer)
	_, bot := of.With(center.RoleCustomParticipant)
	waiting := 0
	if of.Timers != nil {
		for _, t := range of.Timers.Running {
			if t.IdleAs == "" || t.Minutes.Disconnect > 0 {
				waiting++
			}
			if !customer || !bot {
				l.t.Fatalf("a timer runs for %s alone", t.Role)
			}
		}
	}
	if rows != waiting {
		l.t.Fatalf("%d timers wait, and there are %d rows", waiting, rows)
	}
}

// checkItems: dense, dated in order, nothing shown after the end, and everybody speaks between joining and leaving.
func (l *lives) checkItems(of *center.Chat, items []center.Item) {
	in := map[center.ParticipantID]bool{of.System: true}
	ids := map[center.ItemID]bool{}
	ended := false
	for i, it := range items {
		if ids[it.ID] {
			l.t.Fatalf("two items have the id %s", it.ID)
		}
		ids[it.ID] = true
		if it.Seq != int64(i+1) || i > 0 && !it.Time.After(items[i-1].Time) {
			l.t.Fatalf("item %d is numbered %d at %v", i+1, it.Seq, it.Time)
		}
		if it.Type == center.Marker {
			continue
		}
		if ended {
			l.t.Fatalf("shown after the end: %+v", it)
		}
		switch {
		case it.Role == center.RoleSupervisor && it.To != "": // of one who listened silently, told to them alone
		case it.ContentType == center.EventAutoDisconnection: // those who were taken out do not see it
		case it.ContentType == center.EventJoined && in[it.ParticipantID]:
			l.t.Fatalf("joined twice: %+v", it)
		case it.ContentType == center.EventJoined:
			in[it.ParticipantID] = true
		case it.ParticipantID != "" && !in[it.ParticipantID]:
			l.t.Fatalf("of somebody who is not there: %+v", it)
		case it.ContentType == center.EventLeft:
			delete(in, it.ParticipantID)
		case it.ContentType == center.EventEnded:
			ended = true
		}
	}
	if ended == of.Ended.IsZero() {
		l.t.Fatalf("ended at %v, items say %v", of.Ended, ended)
	}
}

func TestLives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		defer w.store.Close() //nolint:errcheck // in memory
		set := center.DefaultSettings()
		set.ActiveChats = 3
		l := &lives{world: w, t: rt, nodes: []*node{w.node(set, &told{}), w.node(set, &told{})}}
		if rapid.Bool().Draw(rt, "a flow that watches") {
			f, err := l.nodes[0].Catalog.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "returns", Type: center.TypeContactFlow}, returns, true)
			w.must(err)
			w.flow = f.ID
		}
		rt.Repeat(l.actions())
	})
}
