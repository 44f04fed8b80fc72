package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// running is the record of a contact of a chat that has not ended.
func running(c *center.Change, id string) center.ContactRecord {
	return center.ContactRecord{ID: center.ContactID(id), Chat: center.ChatID(c.Stream), Instance: c.Instance, Channel: "CHAT", InitiationMethod: "API", Initiated: start}
}

// full is a record with a value in every member.
func full(c *center.Change, id string, ended time.Time) center.ContactRecord {
	r := running(c, id)
	r.ConnectedToSystem, r.Enqueued, r.Dequeued, r.Disconnected, r.Transferred = start.Add(1e9), start.Add(2e9), start.Add(3e9), ended, ended
	r.Previous, r.Next, r.Related, r.Queue = center.ContactID(newID()), center.ContactID(newID()), center.ContactID(newID()), center.QueueID(newID())
	r.PreDisconnectState, r.DisconnectReason, r.Subtype = "IN_QUEUE", "API", "connect:Chat"
	r.Routing = &center.RoutingCriteria{Steps: []center.RoutingStep{{Expression: center.RoutingExpression{Attribute: &center.RoutingAttribute{Name: "canary\x00"}}}}}
	r.Figures = &center.Figures{Contact: center.ContactFigures{TotalMessages: 7}, Customer: &center.ParticipantFigures{MessagesSent: 3, LastMessageTimestamp: start}}
	return r
}

func flowRun(contact center.ContactID, n int, started time.Time) center.FlowRun {
	return center.FlowRun{Number: n, Contact: contact, Resource: center.FlowID(newID()), Type: "CONTACT_FLOW", Started: started.UnixMilli(), Kept: true}
}

// recorded is a chat with two contacts of which all is known, the second ended, and its records.
func recorded(t testing.TB, s *Store, at center.InstanceID, ended time.Time) (*center.Change, []center.ContactRecord) {
	t.Helper()
	c := newChat()
	c.Instance, c.Ended, c.EndedAt = at, true, ended
	second := newID()
	c.Contacts = []center.ContactRecord{full(c, string(c.Stream), ended), full(c, second, ended)}
	c.FlowRuns = []center.FlowRun{flowRun(center.ContactID(second), 1, ended)}
	c.Attributes = []center.Attribute{{Name: "a", Value: "b"}}
	commit(t, s, c)
	return c, c.Contacts
}

func TestRecordsAreReadAsTheyWerePut(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		c, records := recorded(t, s, instance, start.Add(time.Hour))
		for i, want := range records {
			if got := must(s.ContactRecord(ctx, want.ID))(t); !reflect.DeepEqual(got, want) {
				t.Errorf("record %d is %+v, want %+v", i, got, want)
			}
		}
		equal(t, "committed again", s.Commit(ctx, c), nil)
		equal(t, "runs", fmt.Sprint(must(s.FlowRuns(ctx, records[1].ID))(t)), fmt.Sprint(c.FlowRuns))
		equal(t, "none", errOf(s.ContactRecord(ctx, center.ContactID(newID()))), ErrNotFound)
		equal(t, "no id", errOf(s.ContactRecord(ctx, "")), ErrNotFound)

		// What is put again is written over, but for figures that are not told anew; what is not known any more is NULL.
		next := say(c.Stream, 1, "x")
		next.State, next.Instance = []byte(`{}`), instance
		changed := records[1]
		changed.Figures, changed.Queue, changed.Next, changed.DisconnectReason = nil, "", "", "EXPIRED"
		run := c.FlowRuns[0]
		run.Ended, run.Outcome, run.NextQueue, run.NextResource, run.Module = start.Add(2*time.Hour).UnixMilli(), "TRANSFERED_TO_QUEUE", records[0].Queue, run.Resource, ""
		module := flowRun(records[1].ID, 2, start)
		module.Module = newID()
		next.Contacts, next.FlowRuns = []center.ContactRecord{changed}, []center.FlowRun{run, module}
		commit(t, s, next)
		changed.Figures = records[1].Figures
		if got := must(s.ContactRecord(ctx, changed.ID))(t); !reflect.DeepEqual(got, changed) {
			t.Errorf("the record is %+v, want %+v", got, changed)
		}
		equal(t, "runs", fmt.Sprint(must(s.FlowRuns(ctx, records[1].ID))(t)), fmt.Sprint([]center.FlowRun{run, module}))
	})
}

func TestRecordOfAChatThatBeginsIsReadAsItWasPut(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		plain, described, related := newChat(), newChat(), newChat()
		for _, c := range []*center.Change{plain, described, related} {
			c.Contacts = []center.ContactRecord{running(c, string(c.Stream))}
		}
		described.Contacts[0].Subtype, described.Contacts[0].About = "connect:Chat", &center.About{Name: "Order 7"}
		related.Contacts[0].Related, related.Contacts[0].Association = center.ContactID(plain.Stream), center.ContactID(plain.Stream)
		equal(t, "columns of the beginning", fmt.Sprint(begins(&plain.Contacts[0]), begins(&described.Contacts[0]), begins(&related.Contacts[0])), "true true false")
		for _, c := range []*center.Change{plain, described, related} {
			commit(t, s, c)
			equal(t, "committed again", s.Commit(ctx, c), nil)
			if got := must(s.ContactRecord(ctx, c.Contacts[0].ID))(t); !reflect.DeepEqual(got, c.Contacts[0]) {
				t.Errorf("the record is %+v, want %+v", got, c.Contacts[0])
			}
		}

		// The row of another chat's contact is left alone.
		other := newChat()
		other.Contacts = []center.ContactRecord{running(plain, string(plain.Stream))}
		if err := s.Commit(ctx, other); err == nil || !strings.Contains(fmt.Sprint(errors.Unwrap(err)), "another chat's") {
			t.Errorf("a chat with a contact of another one: %v", err)
		}
		equal(t, "the other chat", errOf(s.Stream(ctx, other.Stream)), ErrNotFound)
		equal(t, "the contact's chat", must(s.ChatOf(ctx, plain.Contacts[0].ID))(t), plain.Stream)

		// What comes later is put over it.
		next := say(plain.Stream, 1, "x")
		next.State, next.Instance = []byte(`{}`), instance
		full := full(plain, string(plain.Stream), start.Add(time.Hour))
		next.Contacts = []center.ContactRecord{full}
		commit(t, s, next)
		if got := must(s.ContactRecord(ctx, full.ID))(t); !reflect.DeepEqual(got, full) {
			t.Errorf("the record is %+v, want %+v", got, full)
		}
	})
}

func TestAttributesAreReadAsTheyWerePut(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		c := newChat()
		var want []center.Attribute
		for i := range 3000 {
			want = append(want, center.Attribute{Name: fmt.Sprintf("key%05d", i), Value: strings.Repeat("ü", i%101)})
		}
		want[7].Value = "zero \x00 byte, \" and \xff"
		c.Attributes = want
		commit(t, s, c)
		read := func() []center.Attribute { return must(s.Attributes(ctx, c.Stream))(t) }
		if got := read(); !reflect.DeepEqual(got, want) {
			t.Errorf("%d attributes, want %d", len(got), len(want))
		}
		next := say(c.Stream, 1, "x")
		next.State, next.Instance = []byte(`{}`), instance
		next.Attributes, next.Unset = []center.Attribute{{Name: "key00001", Value: ""}, {Name: "", Value: "x"}}, []string{want[0].Name, "never there"}
		commit(t, s, next)
		got := read()
		equal(t, "attributes", len(got), 3000)
		equal(t, "first", got[0], center.Attribute{Name: "", Value: "x"})
		equal(t, "second", got[1], center.Attribute{Name: "key00001", Value: ""})

		// A search by name and value finds the chat by one index.
		var found []byte
		if err := s.row(ctx, `SELECT stream FROM contact_attribute WHERE instance = $1 AND name = $2 AND value = $3`,
			[]any{string(instance), []byte(want[7].Name), []byte(want[7].Value)}, &found); err != nil || string(found) != rawID(c.Stream) {
			t.Errorf("found %x, %v", found, err)
		}
	})
}

// What a chat's erasure leaves is what figures are made of.
func TestRecordsOutliveTheirChat(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		c, records := recorded(t, s, instance, start)
		must(s.EraseEnded(ctx, start, start, 10))(t)
		equal(t, "attributes at once", len(must(s.Attributes(ctx, c.Stream))(t)), 0)
		sweepAll(t, s, start)
		for _, want := range records {
			want.Routing = nil
			if got := must(s.ContactRecord(ctx, want.ID))(t); !reflect.DeepEqual(got, want) {
				t.Errorf("the record is %+v, want %+v", got, want)
			}
			equal(t, "its chat", errOf(s.ChatOf(ctx, want.ID)), ErrNotFound)
		}
		equal(t, "runs", len(must(s.FlowRuns(ctx, records[1].ID))(t)), 1)
		if found := traces(t, s, "canary"); len(found) > 0 {
			t.Errorf("what the flow has written is in %v", found)
		}
		equal(t, "rows of attributes", count(t, s, "contact_attribute"), 0)

		// Of an instance that is deleted nothing stays, and of others all.
		const other = center.InstanceID("22222222-2222-4222-8222-222222222222")
		fillAgents(t, s, instance, 3, start)
		fillAgents(t, s, other, 2, start)
		_, kept := recorded(t, s, other, start)
		equal(t, "delete", s.DeleteInstance(ctx, instance, start), nil)
		equal(t, "record", errOf(s.ContactRecord(ctx, records[0].ID)), ErrNotFound)
		equal(t, "another's record", errOf(s.ContactRecord(ctx, kept[0].ID)), nil)
		for table, want := range map[string]int64{"contact": 2, "flow_run": 1, "contact_attribute": 1, "offer": 2, "agent": 2, "agent_interval": 4} {
			equal(t, "rows of "+table, count(t, s, table), want)
		}
		if err := s.Reset(ctx); err != nil {
			t.Fatal(err)
		}
		for _, table := range afterwards {
			equal(t, "rows of "+table+" after a reset", count(t, s, table), 0)
		}
	})
}

func count(t testing.TB, s *Store, table string) (n int64) {
	t.Helper()
	if err := s.row(context.Background(), `SELECT count(*) FROM `+table, nil, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// fillAgents makes agents, with an interval and an offer each.
func fillAgents(t testing.TB, s *Store, at center.InstanceID, n int, began time.Time) {
	t.Helper()
	id := func() []byte { return []byte(rawID(newID())) }
	err := s.write(context.Background(), func(ses session) error {
		for range n {
			agent := id()
			for _, st := range []step{
				{sql: `INSERT INTO agent (instance, id, routing_profile, status, status_type, status_since) VALUES ($1, $2, $2, $2, 'ROUTABLE', $3)`, args: []any{string(at), agent, began.UnixMilli()}},
				{sql: `INSERT INTO agent_interval (agent, began, ended, instance, status, status_type, routing_profile) VALUES ($1, $2, $2, $3, $1, 'CUSTOM', $1)`, args: []any{agent, began.UnixMilli(), string(at)}},
				{sql: `INSERT INTO agent_interval (agent, began, instance, status, status_type, routing_profile) VALUES ($1, $2, $3, $1, 'ROUTABLE', $1)`, args: []any{agent, began.UnixMilli() + 1, string(at)}},
				{sql: `INSERT INTO offer (contact, agent, started, instance, queue) VALUES ($1, $2, $3, $4, $1)`, args: []any{id(), agent, began.UnixMilli(), string(at)}},
			} {
				if _, err := ses.exec(st.sql, st.args...); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOldRecordsAreErasedInBoundedSteps(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		const other = center.InstanceID("22222222-2222-4222-8222-222222222222")
		_, young := recorded(t, s, other, start.Add(time.Hour))
		old, oldRecords := recorded(t, s, instance, start)
		erased, erasedRecords := recorded(t, s, other, start)
		must(s.EraseChat(ctx, erased.Stream, start))(t)
		sweepAll(t, s, start)
		begun := newChat()
		begun.Contacts = []center.ContactRecord{running(begun, string(begun.Stream))}
		commit(t, s, begun)
		fillAgents(t, s, instance, 3, start)
		fillAgents(t, s, other, 1, start.Add(time.Hour))
		many := say(old.Stream, 1, "x")
		many.State, many.Instance, many.Ended, many.EndedAt = []byte(`{}`), instance, true, start
		for i := range eraseRows + 10 {
			many.FlowRuns = append(many.FlowRuns, flowRun(oldRecords[0].ID, i+10, start))
		}
		commit(t, s, many)

		var gone int64
		for {
			n, err := s.EraseRecords(ctx, start)
			if err != nil {
				t.Fatal(err)
			}
			if n > 2*eraseRows {
				t.Errorf("one call deleted %d rows", n)
			}
			if gone += n; n == 0 {
				break
			}
		}
		equal(t, "deleted", gone, 2+2+1+1+eraseRows+10+3+3)
		for _, r := range append(oldRecords, erasedRecords...) {
			equal(t, "an old record", errOf(s.ContactRecord(ctx, r.ID)), ErrNotFound)
		}
		// A chat that is kept longer is found by all of its contacts, and goes as a whole.
		for _, r := range oldRecords {
			equal(t, "its chat", must(s.ChatOf(ctx, r.ID))(t), old.Stream)
		}
		equal(t, "contacts of it", must(s.Rows(ctx, old.Stream))(t).Contacts, 2)
		must(s.EraseChat(ctx, old.Stream, start))(t)
		sweepAll(t, s, start)

		equal(t, "a younger record", errOf(s.ContactRecord(ctx, young[1].ID)), nil)
		equal(t, "one that has not ended", errOf(s.ContactRecord(ctx, begun.Contacts[0].ID)), nil)
		// An agent's interval that goes on stays, however long ago it began.
		for table, want := range map[string]int64{"contact": 3, "flow_run": 1, "offer": 1, "agent_interval": 3 + 2, "agent": 4} {
			equal(t, "rows of "+table, count(t, s, table), want)
		}
	})
}

// A database whose contacts have no rows, or rows with nothing but their chat in them, goes on.
func TestContactsOfOlderSchemaAreFound(t *testing.T) {
	forEachDatabase(t, func(t *testing.T, url string) {
		later, first := newID(), newID()
		db := databaseAt(t, url, 4)
		for _, st := range []step{
			{sql: `INSERT INTO chat (id, instance, ended, ended_at, state) VALUES ($1, $2, 1, $3, $1)`, args: []any{[]byte(rawID(first)), string(instance), start.UnixMilli()}},
			{sql: `INSERT INTO item (chat, seq, at, id, flags, body) VALUES ($1, 1, 0, $1, 0, $2)`, args: []any{[]byte(rawID(first)), fmt.Appendf(nil, `{"i":"%s","c":"%s"}`, first, first)}},
			{sql: `INSERT INTO contact (id, chat) VALUES ($1, $2)`, args: []any{[]byte(rawID(later)), []byte(rawID(first))}},
		} {
			if _, err := db.Exec(st.sql, st.args...); err != nil {
				t.Fatal(err)
			}
		}
		equal(t, "close", db.Close(), nil)
		s, ctx := open(t, url), t.Context()
		for _, id := range []string{first, later} {
			equal(t, "chat", must(s.ChatOf(ctx, center.ContactID(id)))(t), center.StreamID(first))
			equal(t, "record", errOf(s.ContactRecord(ctx, center.ContactID(id))), ErrNotFound)
		}
		next := say(center.StreamID(first), 1, "x")
		next.State, next.Instance, next.Ended, next.EndedAt = []byte(`{}`), instance, true, start
		next.Contacts = []center.ContactRecord{running(next, first), full(next, later, start)}
		commit(t, s, next)
		equal(t, "record", errOf(s.ContactRecord(ctx, center.ContactID(later))), nil)
		equal(t, "contacts", must(s.Rows(ctx, next.Stream))(t).Contacts, 2)
		equal(t, "erased", must(s.EraseChat(ctx, next.Stream, start))(t).Contacts, 2)
		equal(t, "rows", count(t, s, "contact"), 1) // of the one that had ended
	})
}
