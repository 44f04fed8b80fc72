package chat_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // beside the store, to look into every table
	_ "modernc.org/sqlite"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
	"github.com/parley-chat/parley/internal/token"
)

// remembers is a flow that writes what it was told into every place that a flow can, and waits.
const remembers = `{"Version": "2019-10-30", "StartAction": "Data", "Actions": [
  {"Identifier": "Data", "Type": "UpdateContactData", "Parameters": {"Name": "$.Attributes.name", "Description": "$.Attributes.description",
     "CustomerId": "$.Attributes.customer", "References": {"Order": {"Value": "$.Attributes.url", "Type": "URL"}}},
   "Transitions": {"NextAction": "Tags", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Tags", "Type": "TagContact", "Parameters": {"Tags": {"Order": "$.Attributes.tag"}},
   "Transitions": {"NextAction": "Word", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Word", "Type": "UpdateFlowAttributes", "Parameters": {"FlowAttributes": {"word": {"Value": "$.Attributes.word"}}},
   "Transitions": {"NextAction": "Say", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Say", "Type": "MessageParticipant", "Parameters": {"Text": "Hello, $.Attributes.name!"}, "Transitions": {"NextAction": "Wait"}},
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "600"},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "End", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// canary is in all that is said and set in the chats of erasable.
const canary = "canary"

// canaries are the attributes that the flow remembers writes elsewhere.
func canaries() map[string]string {
	all := map[string]string{"url": "https://example.com/canary-url"}
	for _, key := range []string{"name", "description", "customer", "tag", "word", "other"} {
		all[key] = canary + "-" + key
	}
	return all
}

// predefined makes a predefined attribute, unless it is there.
func (w *world) predefined(c *node, name string) {
	w.Helper()
	_, err := catalog.PredefinedAttributes.Create(w.ctx, c.Catalog, instance, &center.PredefinedAttribute{Name: name}, catalog.ClientToken{})
	if !center.Is(err, center.Duplicate) {
		w.must(err)
	}
}

// erasable is a running chat with text in every place that people and flows can write to, and its ids.
func (w *world) erasable(c *node) (ana chat.Caller, ids []string) {
	w.Helper()
	f, err := c.Catalog.CreateFlow(w.ctx, instance, center.ContactFlow{Name: w.newID(), Type: center.TypeContactFlow}, remembers, true)
	w.must(err)
	segment := "canary-segment"
	w.predefined(c, "order")
	started, err := c.Start(w.ctx, center.StartChat{
		Instance: instance, Flow: f.ID, DisplayName: "canary-customer", ClientToken: "canary-token", Attributes: canaries(),
		InitialMessage:    &center.Message{ContentType: center.TextPlain, Content: "canary-first"},
		SegmentAttributes: map[string]center.SegmentAttribute{"order": {ValueString: &segment}},
	})
	w.must(err)
	ana = w.connect(c, started)
	b, err := c.AddCustomParticipant(w.ctx, instance, started.Contact, "canary-bot", "canary-bot-token")
	w.must(err)
	bot, err := c.Authenticate(b.Token, token.Participant)
	w.must(err)
	w.must(c.Connected(w.ctx, bot))
	said := w.send(c, ana, "canary-message "+long(9000)+" canary-tail")
	_, err = c.Event(w.ctx, bot, center.EventRead, `{"messageId":"`+string(said.ID)+`"}`)
	w.must(err)
	w.must(c.SetAttributes(w.ctx, instance, started.Contact, map[string]string{"other": "canary-later"}))
	w.must(c.Tag(w.ctx, instance, started.Contact, map[string]string{"tag": "canary-tag"}, nil))
	name, reference := "canary-name", map[string]center.Reference{"canary-reference": {Type: "STRING", Value: "canary-value"}}
	w.must(c.Update(w.ctx, instance, started.Contact, center.ContactData{Name: &name, Description: &name, References: reference,
		SegmentAttributes: map[string]center.SegmentAttribute{"order": {ValueString: &segment}}}))
	for _, id := range []string{string(started.Contact), string(ana.Participant), string(bot.Participant), string(said.ID)} {
		raw, _ := center.UUID(id)
		ids = append(ids, id, string(raw[:]))
	}
	return ana, ids
}

// inTables names the tables, of all that the schema has, in which one of the texts is, with how often.
func inTables(t *testing.T, database string, texts ...string) map[string]int {
	t.Helper()
	driver, source, list := "pgx", database, `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	if path, is := strings.CutPrefix(database, "sqlite:"); is {
		driver, source = "sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(5000)"
		list = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test's
	read := func(query string, row func([]any)) {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close() //nolint:errcheck // Err says it
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			row(values)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	var tables []string
	read(list, func(v []any) { tables = append(tables, string(fmt.Append(nil, v[0]))) })
	if len(tables) < 9 {
		t.Fatalf("the schema has the tables %v: there should be more", tables)
	}
	found := map[string]int{}
	for _, table := range tables {
		read(`SELECT * FROM `+table, func(values []any) {
			for _, v := range values {
				raw, is := v.([]byte)
				if !is {
					raw = fmt.Append(nil, v)
				}
				for _, text := range texts {
					if bytes.Contains(raw, []byte(text)) {
						found[table]++
					}
				}
			}
		})
	}
	return found
}

// left fails unless all that is left of an erasable chat is the id of its contact, with figures.
func left(t *testing.T, database string, ids []string) {
	t.Helper()
	if found := inTables(t, database, append(slices.Clone(ids[2:]), canary)...); len(found) > 0 {
		t.Errorf("it is still in %v", found)
	}
	found := inTables(t, database, ids[:2]...)
	delete(found, "contact")
	delete(found, "flow_run")
	if len(found) > 0 {
		t.Errorf("the contact's id is still in %v", found)
	}
}

// Nothing of a chat that people and flows have filled is in any table, in the files, or in the decoded chats afterwards.
func TestErasedChatIsInNoTable(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		w := newWorldOn(t, database)
		c := w.node(center.DefaultSettings(), &told{})
		ana, ids := w.erasable(c)
		_, other := w.start(c, nil)
		found := inTables(t, database, canary)
		for _, table := range []string{"stream", "item", "contact", "contact_attribute", "contact_term"} {
			if found[table] == 0 {
				t.Errorf("the test does not see the text in table %s", table)
			}
		}
		found = inTables(t, database, ids...)
		for _, table := range []string{"stream", "item", "due", "claim", "receipt", "contact"} {
			if found[table] == 0 {
				t.Errorf("the test does not see the ids in table %s", table)
			}
		}
		var refused *center.Error
		if _, err := c.Erasures.Erase(w.ctx, ana.Contact, false); !errors.As(err, &refused) || refused.Code != center.NotTerminated {
			t.Fatalf("a running chat: %v", err)
		}
		w.must(c.Leave(w.ctx, ana))
		had, err := c.Erasures.Erase(w.ctx, ana.Contact, false)
		w.must(err)
		if had.Chats != 1 || had.Contacts != 1 || had.Items < 6 || had.Receipts != 1 || had.Claims != 2 {
			t.Errorf("erased %+v", had)
		}
		ctx, stop := context.WithCancel(w.ctx)
		stop()
		c.Erasures.Run(ctx) // it can stop at once
		w.settleErasing(c)

		left(t, database, ids)
		if path, is := strings.CutPrefix(database, "sqlite:"); is {
			files, err := filepath.Glob(path + "*")
			w.must(err)
			for _, file := range files {
				raw, err := os.ReadFile(file)
				w.must(err)
				for _, text := range append(slices.Clone(ids[2:]), canary) { // but the contact's
					if bytes.Contains(raw, []byte(text)) {
						t.Errorf("%q is still in the file %s", text, filepath.Base(file))
					}
				}
			}
		}
		if n := c.Decoded(ana.Chat); n != 0 {
			t.Error("it is still decoded")
		}
		for what, err := range map[string]error{
			"contact":    second(c.Erasures.Erase(w.ctx, ana.Contact, false)),
			"attributes": c.SetAttributes(w.ctx, instance, ana.Contact, map[string]string{"a": "b"}),
			"stop":       c.Stop(w.ctx, instance, ana.Contact),
			"transcript": second(c.Transcripts.Page(w.ctx, ana, chat.TranscriptQuery{})),
			"message":    second(c.Send(w.ctx, ana, center.Message{ContentType: center.TextPlain, Content: "x"}, "")),
		} {
			if !errors.As(err, &refused) {
				t.Errorf("%s of an erased chat: %v", what, err)
			}
		}
		if _, _, err := c.Contact(w.ctx, instance, other.Contact); err != nil {
			t.Errorf("another chat: %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// settleErasing sweeps until nothing is left, later and later.
func (w *world) settleErasing(*node) {
	w.Helper()
	for {
		at, ok, err := w.store.NextSweep(w.ctx)
		w.must(err)
		if !ok {
			return
		}
		_, _, err = w.store.Sweep(w.ctx, at)
		w.must(err)
	}
}

// The same ClientToken begins a new chat when the first one's is erased: nothing answers for it any more.
func TestClientTokenOfAnErasedChat(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	cmd := center.StartChat{Instance: instance, Flow: w.flow, DisplayName: "Ana", ClientToken: "once"}
	first, err := c.Start(w.ctx, cmd)
	w.must(err)
	w.must(c.Leave(w.ctx, w.connect(c, first)))
	again, err := c.Start(w.ctx, cmd)
	w.must(err)
	if again.Contact != first.Contact {
		t.Fatal("the token was not remembered")
	}
	w.must(second(c.Erasures.Erase(w.ctx, first.Contact, false)))
	again, err = c.Start(w.ctx, cmd)
	w.must(err)
	if again.Contact == first.Contact {
		t.Error("the answer is a chat that is not there")
	}
}

// A chat that continues an erased one has its own items alone, and keeps what it copied.
func TestChatThatContinuesAnErasedOne(t *testing.T) {
	w := newWorld(t)
	c := w.node(center.DefaultSettings(), &told{})
	ana, started := w.start(c, nil)
	w.send(c, ana, "long ago")
	w.must(c.Leave(w.ctx, ana))
	bea, later := w.start(c, &center.Persistence{Type: center.EntirePastSession, Source: started.Contact})
	texts := func() (all []string) {
		for next := ""; ; {
			page, err := c.Transcripts.Page(w.ctx, bea, chat.TranscriptQuery{Max: 2, NextToken: next})
			w.must(err)
			for _, it := range page.Items {
				all = append(all, it.Content)
			}
			if next = page.Next; next == "" {
				return all
			}
		}
	}
	if !slices.Contains(texts(), "long ago") {
		t.Fatalf("the transcript is %q", texts())
	}
	w.must(second(c.Erasures.Erase(w.ctx, started.Contact, false)))
	if all := texts(); slices.Contains(all, "long ago") || !slices.Contains(all, "Welcome!") {
		t.Errorf("the transcript is %q", all)
	}
	_, contact, err := c.Contact(w.ctx, instance, later.Contact)
	w.must(err)
	if contact.Related != started.Contact {
		t.Errorf("it is related to %q", contact.Related)
	}
	w.must(c.Leave(w.ctx, bea))
	third, _ := w.start(c, &center.Persistence{Type: center.EntirePastSession, Source: later.Contact})
	bea = third
	if all := texts(); !slices.Contains(all, "Welcome!") || slices.Contains(all, "long ago") {
		t.Errorf("the third chat reads %q", all)
	}
	var refused *center.Error
	_, err = c.Start(w.ctx, center.StartChat{
		Instance: instance, Flow: w.flow, DisplayName: "Ana", Persistent: &center.Persistence{Type: center.EntirePastSession, Source: started.Contact},
	})
	if !errors.As(err, &refused) || refused.Code != center.NotFound {
		t.Errorf("continue an erased chat: %v", err)
	}
}

// real is a node alone, with contact time that is real time.
func (w *world) real(s center.Settings) *node {
	return w.build(&told{}, false, chat.Config{
		Store: w.store, Catalog: w.catalog(time.Now), Sealer: w.sealer, Clock: engine.WallClock{}, Wall: time.Now, NewID: w.newID,
		Partition: partition, Settings: s, Log: slog.New(slog.DiscardHandler),
	})
}

// keeper is a contact centre in a bubble of fake time that erases old chats.
func keeper(t *testing.T, keep time.Duration, story func(*world, *node)) {
	keeperOn(t, "sqlite::memory:", keep, story)
}

func keeperOn(t *testing.T, database string, keep time.Duration, story func(*world, *node)) {
	s := center.DefaultSettings()
	s.KeepChats = keep
	keeperWith(t, database, s, story)
}

func keeperWith(t *testing.T, database string, s center.Settings, story func(*world, *node)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorldOn(t, database)
		c := w.real(s)
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { c.Erasures.Run(ctx); close(done) }()
		synctest.Wait()
		story(w, c)
		stop()
		<-done
	})
}

func (w *world) there(id center.ContactID) bool {
	w.Helper()
	_, err := w.store.ChatOf(w.ctx, id)
	if !errors.Is(err, store.ErrNotFound) {
		w.must(err)
	}
	return err == nil
}

func TestChatsAreErasedWhenTheirTimeHasCome(t *testing.T) {
	keeper(t, 24*time.Hour, func(w *world, c *node) {
		var ended []center.ContactID
		for range 40 {
			who, started := w.start(c, nil)
			w.send(c, who, "hello")
			w.must(c.Leave(w.ctx, who))
			ended = append(ended, started.Contact)
		}
		_, running := w.start(c, nil)
		time.Sleep(24*time.Hour - time.Minute)
		late, lateStarted := w.start(c, nil)
		w.must(c.Leave(w.ctx, late))
		if !w.there(ended[0]) {
			t.Error("a chat is gone before its time")
		}
		time.Sleep(4 * time.Minute)
		for _, id := range ended {
			if w.there(id) {
				t.Errorf("chat %s is still there", id)
			}
		}
		if !w.there(running.Contact) || !w.there(lateStarted.Contact) {
			t.Error("a chat that runs, or has just ended, is gone")
		}
		stats := c.Erasures.Stats()
		if stats.Chats != 40 || stats.Items < 40*4 || stats.Failures != 0 || stats.Overdue != 0 {
			t.Errorf("%+v", stats)
		}
		time.Sleep(25 * time.Hour)
		if w.there(lateStarted.Contact) || !w.there(running.Contact) {
			t.Error("a day later the other is still there, or the running one is gone")
		}
	})
}

func TestChatsAreKeptUnlessOneSaysHowLong(t *testing.T) {
	keeper(t, 0, func(w *world, c *node) {
		who, started := w.start(c, nil)
		w.must(c.Leave(w.ctx, who))
		time.Sleep(100 * 24 * time.Hour)
		if !w.there(started.Contact) {
			t.Error("a chat is gone")
		}
	})
}

// What an erasure that was broken off has left is deleted by the next process, whether it erases old chats or not.
func TestBrokenOffErasureIsFinished(t *testing.T) {
	keeper(t, 0, func(w *world, c *node) {
		who, started := w.start(c, nil)
		for range 600 {
			w.send(c, who, canary)
		}
		w.must(c.Leave(w.ctx, who))
		id, err := w.store.ChatOf(w.ctx, started.Contact)
		w.must(err)
		w.must(second(w.store.EraseChat(w.ctx, id, time.Now()))) // and then the process ends
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { w.real(center.DefaultSettings()).Erasures.Run(ctx); close(done) }()
		time.Sleep(time.Second)
		stop()
		<-done
		rows, err := w.store.Rows(w.ctx, id)
		w.must(err)
		if rows != (store.Erased{}) {
			t.Errorf("there are still %+v", rows)
		}
	})
}

// A running chat that a command, which is another process, is to erase: the server shows its sockets the end, and nothing
// of the chat stays in its memory. Without a server the command does it alone.
func TestRunningChatIsErasedByTheServerThatHasIt(t *testing.T) {
	database := "sqlite:" + filepath.Join(t.TempDir(), "parley.db")
	keeperOn(t, database, 0, func(w *world, c *node) {
		heard := c.bus.(*told)
		command := w.real(center.DefaultSettings())
		ana, ids := w.erasable(c)
		before := heard.count.Load()
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { c.Run(ctx); close(done) }()
		synctest.Wait()
		if c.Decoded(ana.Chat) == 0 {
			t.Error("the test does not see what is decoded")
		}
		had, err := command.Erasures.Erase(w.ctx, ana.Contact, true)
		w.must(err)
		if had.Chats != 1 || heard.count.Load() == before || c.Decoded(ana.Chat) != 0 || c.Erasures.Stats().Chats != 1 {
			t.Errorf("erased %+v, heard %d, decoded %d, %+v", had, heard.count.Load()-before, c.Decoded(ana.Chat), c.Erasures.Stats())
		}
		left(t, database, ids)
		stop()
		<-done
		bea, _ := w.erasable(command)
		began := time.Now()
		w.must(second(command.Erasures.Erase(w.ctx, bea.Contact, true)))
		if w.there(bea.Contact) || time.Since(began) > time.Minute {
			t.Errorf("without a server it took %v", time.Since(began))
		}
	})
}

// Contents of flows go an hour after the last reference, but not while a chat is in them.
func TestContentsThatNothingNeedsAreDeleted(t *testing.T) {
	keeper(t, 0, func(w *world, c *node) {
		text := func(n int) string { return strings.Replace(waits, "Welcome!", fmt.Sprint("Welcome ", n), 1) }
		there := func() (n int) {
			ids, err := w.store.ResourceIDs(w.ctx, instance, "flow-content", "", 1000)
			w.must(err)
			return len(ids)
		}
		f, err := c.Catalog.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "changes", Type: center.TypeContactFlow}, text(0), true)
		w.must(err)
		started, err := c.Start(w.ctx, center.StartChat{Instance: instance, Flow: f.ID, DisplayName: "Ana", DurationMinutes: 10080})
		w.must(err)
		who := w.connect(c, started) // it is in text 0 from here on
		ref := center.FlowRef{ID: f.ID}
		all := there()
		for n := 1; n <= 4; n++ {
			w.must(c.Catalog.UpdateFlowContent(w.ctx, instance, ref, text(n)))
		}
		if n := there(); n != all+4 {
			t.Fatalf("there are %d contents, want %d", n, all+4)
		}
		v, err := c.Catalog.CreateFlowVersion(w.ctx, instance, ref, center.Version{}) // text 4
		w.must(err)
		w.must(c.Catalog.UpdateFlowContent(w.ctx, instance, ref, text(5)))
		time.Sleep(50 * time.Minute)
		w.must(c.Catalog.UpdateFlowContent(w.ctx, instance, center.FlowRef{ID: f.ID, Qualifier: center.SavedQualifier}, text(3))) // it is needed again
		time.Sleep(2*time.Hour + 30*time.Minute)
		if n := there(); n != all+3 { // beside text 0: 3, 4 and 5
			t.Errorf("there are %d contents, want %d", n, all+3)
		}
		if n := c.Erasures.Stats().Contents; n != 2 {
			t.Errorf("%d contents were deleted, want 2", n)
		}
		w.send(c, who, "it goes on") // in text 0
		w.must(c.Leave(w.ctx, who))
		w.must(catalog.FlowVersions.Delete(w.ctx, c.Catalog, instance, string(f.ID), v.Number))
		time.Sleep(3 * time.Hour)
		if n := there(); n != all+1 { // text 0 and 4 are gone
			t.Errorf("there are %d contents, want %d", n, all+1)
		}
		w.must(c.Catalog.UpdateFlowContent(w.ctx, instance, ref, text(1))) // one that was deleted
		if v, err := c.Catalog.Flow(w.ctx, instance, ref); err != nil || v.Content != text(1) {
			t.Errorf("%v", err)
		}
	})
}
