package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// traces names every table of the schema, whichever there are, that has one of the texts in a row.
func traces(t testing.TB, s *Store, texts ...string) (found []string) {
	t.Helper()
	db := writePool(s)
	list := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
	if s.d == postgresDialect {
		list = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	var tables []string
	each(t, db, list, func(values []any) { tables = append(tables, asText(values[0])) })
	if len(tables) < 9 {
		t.Fatalf("the schema has the tables %v: there should be more", tables)
	}
	for _, table := range tables {
		each(t, db, `SELECT * FROM `+table, func(values []any) {
			for _, v := range values {
				for _, text := range texts {
					if strings.Contains(asText(v), text) {
						found = append(found, fmt.Sprintf("%s: %q", table, text))
					}
				}
			}
		})
	}
	return found
}

func each(t testing.TB, db *sql.DB, query string, row func(values []any)) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // Err says it
	columns := must(rows.Columns())(t)
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

func asText(v any) string {
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	return fmt.Sprint(v)
}

// fileTraces says which of a database's files has one of the texts, in a free page or in the write-ahead log too.
func fileTraces(t testing.TB, path string, texts ...string) (found []string) {
	t.Helper()
	files := must(filepath.Glob(path + "*"))(t)
	if len(files) == 0 {
		t.Fatal("there is no database at " + path)
	}
	for _, f := range files {
		raw := must(os.ReadFile(f))(t)
		for _, text := range texts {
			if bytes.Contains(raw, []byte(text)) {
				found = append(found, fmt.Sprintf("%s: %q", filepath.Base(f), text))
			}
		}
	}
	return found
}

// rawID is an identifier as it lies in the database.
func rawID[ID ~string](id ID) string {
	raw, _ := center.UUID(string(id))
	return string(raw[:])
}

// endedChat is a chat with a row in every table that chats have rows in, and the texts that are not to outlive it.
func endedChat(t testing.TB, s *Store, at time.Time) (c *center.Change, texts []string) {
	t.Helper()
	secret := func(what string) string {
		text := "canary-" + what + "-" + newID()
		texts = append(texts, text)
		return text
	}
	first := message(secret("content"))
	first.DisplayName = secret("name")
	first.Token = [16]byte([]byte(newID()))
	texts = append(texts, string(first.Token[:]))
	c = newChat(first, message(strings.Repeat("long ", 2000)+secret("long")))
	c.State = []byte(strings.Repeat("x", 9000) + secret("state"))
	c.Contacts = []center.ContactRecord{running(c, newID())}
	c.Attributes = []center.Attribute{{Name: secret("attribute"), Value: secret("value of it")}}
	c.Due = []center.Due{{Key: secret("duekey"), At: start, Data: secret("due")}}
	c.Take = []center.Claim{{Kind: "start", Key: secret("claim"), Value: secret("value")}}
	c.Receipts = []center.Receipt{{Message: c.Items[0].ID, Recipient: center.ParticipantID(secret("recipient")), Read: start}}
	texts = append(texts, rawID(c.Stream), rawID(c.Items[0].ID), string(c.Items[0].ID), rawID(c.Contacts[0].ID))
	commit(t, s, c)
	// The state is written anew at the end, as it is in life: the older one is a deleted row by then.
	end := say(c.Stream, 2, secret("last"))
	end.State, end.Ended, end.EndedAt = []byte(secret("last state")), true, at
	commit(t, s, end)
	return c, texts
}

// sweepAll sweeps until nothing is left, later and later.
func sweepAll(t testing.TB, s *Store, now time.Time) (gone Erased) {
	t.Helper()
	for {
		one, more, err := s.Sweep(context.Background(), now)
		if err != nil {
			t.Fatal(err)
		}
		gone.Add(one)
		if more {
			continue
		}
		at, ok, err := s.NextSweep(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return gone
		}
		now = at
	}
}

func TestErasedChatLeavesNothingBehind(t *testing.T) {
	forEachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		kept, keptTexts := endedChat(t, s, start.Add(2*time.Hour))
		c, texts := endedChat(t, s, start)
		for _, text := range texts {
			if !strings.HasPrefix(text, "canary-state") && len(traces(t, s, text)) == 0 {
				t.Errorf("the test does not see %q in the database", text)
			}
		}
		gone := must(s.EraseEnded(t.Context(), start.Add(time.Hour), start, 10))(t)
		gone.Add(sweepAll(t, s, start))
		equal(t, "erased", gone, Erased{Chats: 1, Contacts: 2, Items: 3, Receipts: 1, Due: 1, Claims: 1, Attributes: 1})
		if found := traces(t, s, texts...); len(found) > 0 {
			t.Errorf("it is still in %v", found)
		}
		for _, text := range keptTexts {
			if strings.HasPrefix(text, "canary-state") {
				continue // written over
			}
			if len(traces(t, s, text)) == 0 {
				t.Errorf("%q of another chat is gone too", text)
			}
		}
		equal(t, "the other chat", len(must(s.ItemsAfter(t.Context(), kept.Stream, 0, 9))(t)), 3)
		equal(t, "scrubbed", must(s.Scrub(t.Context()))(t), true)
		if e, ok := s.engine.(*sqliteEngine); ok && !e.memory {
			path := strings.TrimPrefix(url, "sqlite:")
			if found := fileTraces(t, path, texts...); len(found) > 0 {
				t.Errorf("it is still in the files: %v", found)
			}
			if len(fileTraces(t, path, keptTexts[0])) == 0 {
				t.Error("the test does not see what the files hold")
			}
		}
		equal(t, "chat", errOf(s.Stream(t.Context(), c.Stream)), ErrNotFound)
		equal(t, "contact", errOf(s.ChatOf(t.Context(), c.Contacts[0].ID)), ErrNotFound)
		_, err := s.EraseChat(t.Context(), c.Stream, start)
		equal(t, "erased twice", err, ErrNotFound)
	})
}

// A chat of any length is gone with the first commit, whatever is left to delete.
func TestChatVanishesAsAWhole(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		ctx, n := t.Context(), int64(3*eraseRows+7)
		c := newChat()
		commit(t, s, c)
		for after := int64(1); after < n; after++ {
			commit(t, s, say(c.Stream, after, "again"))
		}
		gone := must(s.EraseChat(ctx, c.Stream, start))(t)
		equal(t, "first step", gone, Erased{Chats: 1, Contacts: 1})
		for steps := int64(0); ; steps++ {
			equal(t, "items", len(must(s.ItemsAfter(ctx, c.Stream, 0, 10))(t)), 0)
			equal(t, "item", errOf(s.Item(ctx, c.Stream, c.Items[0].ID)), ErrNotFound)
			equal(t, "first at", errOf(s.SeqAt(ctx, c.Stream, start)), ErrNotFound)
			equal(t, "bytes", must(s.TranscriptBytes(ctx, c.Stream, 0))(t), 0)
			equal(t, "last", len(must(s.LastSeqs(ctx, []center.StreamID{c.Stream}))(t)), 0)
			for _, after := range []int64{1, steps*eraseRows + 1, n - 1, n} {
				if after < n { // what follows the last item is refused by the rules of an ended chat
					refuses[*Conflict](t, s, say(c.Stream, after, "too late"))
				}
				state := say(c.Stream, after, "too late")
				state.State = []byte("{}")
				refuses[*Conflict](t, s, state)
			}
			one, more, err := s.Sweep(ctx, start)
			if err != nil {
				t.Fatal(err)
			}
			if one.Items > eraseRows {
				t.Errorf("one step deleted %d items", one.Items)
			}
			gone.Add(one)
			if !more {
				break
			}
		}
		gone.Add(sweepAll(t, s, start))
		equal(t, "erased", gone, Erased{Chats: 1, Contacts: 1, Items: n})
	})
}

// What a batch of another node put into a place that was just emptied goes too, before the chat is forgotten.
func TestLateRowsOfAnErasedChatGoToo(t *testing.T) {
	url := postgresURL(t)
	s := open(t, url)
	c, texts := endedChat(t, s, start)
	must(s.EraseChat(t.Context(), c.Stream, start))(t)
	for more := true; more; {
		_, more, _ = s.Sweep(t.Context(), start)
	}
	late := "canary-late-" + newID()
	err := s.write(t.Context(), func(ses session) error {
		raw := []byte(rawID(c.Stream))
		for _, insert := range []string{
			`INSERT INTO item (stream, seq, at, id, flags, body) VALUES ($1, 3, 1, $1, 1, $2)`,
			`INSERT INTO due (stream, key, at, wake, data) VALUES ($1, 'k', 1, 1, $2)`,
			`INSERT INTO claim (kind, key, value, stream, expires) VALUES ('k', $2, $2, $1, 0)`,
			`INSERT INTO receipt (stream, item, participant, delivered, read) VALUES ($1, $1, encode($2, 'escape'), 1, 1)`,
		} {
			if _, err := ses.exec(insert, raw, []byte(late)); err != nil {
				return err
			}
		}
		return nil
	})
	equal(t, "late rows", err, nil)
	equal(t, "they are there", len(traces(t, s, late)) > 0, true)
	gone := sweepAll(t, s, start)
	equal(t, "swept", gone, Erased{Items: 1, Receipts: 1, Due: 1, Claims: 1})
	if found := traces(t, s, append(texts, late)...); len(found) > 0 {
		t.Errorf("it is still in %v", found)
	}
}

func TestNodesShareErasing(t *testing.T) {
	forEachDatabase(t, func(t *testing.T, url string) {
		nodes := []*Store{open(t, url), open(t, url)}
		const chats = 60
		for i := range chats {
			endedChat(t, nodes[0], start.Add(time.Duration(i)*time.Second))
		}
		results := make(chan Erased, len(nodes))
		for _, s := range nodes {
			go func() {
				var gone Erased
				for {
					one, err := s.EraseEnded(context.Background(), start.Add(time.Hour), start, 7)
					if err != nil {
						t.Error(err)
					}
					gone.Add(one)
					swept, more, err := s.Sweep(context.Background(), start)
					if err != nil {
						t.Error(err)
					}
					gone.Add(swept)
					if one.Chats == 0 && !more || t.Failed() {
						results <- gone
						return
					}
				}
			}()
		}
		var gone Erased
		for range nodes {
			gone.Add(<-results)
		}
		gone.Add(sweepAll(t, nodes[0], start))
		if left := must(nodes[0].Streams(t.Context(), center.KindChat, instance, "", false, 9))(t); len(left) > 0 {
			more := must(nodes[0].EraseEnded(t.Context(), start.Add(time.Hour), start, chats))(t) // what the other was just at
			gone.Add(more)
			gone.Add(sweepAll(t, nodes[0], start))
		}
		equal(t, "erased by both", gone, Erased{Chats: chats, Contacts: 2 * chats, Items: 3 * chats, Receipts: chats, Due: chats, Claims: chats, Attributes: chats})
	})
}

func TestChatsThatEndedFirstAreErasedFirst(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		_, ok, err := s.OldestEnd(t.Context())
		equal(t, "an end", ok, false)
		equal(t, "error", err, nil)
		var chats []center.StreamID
		for i := range 5 {
			c, _ := endedChat(t, s, start.Add(-time.Duration(i)*time.Hour))
			chats = append(chats, c.Stream)
		}
		running := newChat()
		commit(t, s, running)
		at, _, err := s.OldestEnd(t.Context())
		equal(t, "the first end", at, start.Add(-4*time.Hour))
		equal(t, "error", err, nil)
		equal(t, "erased", must(s.EraseEnded(t.Context(), start, start, 2))(t).Chats, 2)
		for i, id := range chats {
			want := error(nil)
			if i >= 3 {
				want = ErrNotFound
			}
			equal(t, fmt.Sprint("chat ", i), errOf(s.Stream(t.Context(), id)), want)
		}
		equal(t, "erased", must(s.EraseEnded(t.Context(), start.Add(-time.Millisecond), start, 9))(t).Chats, 2)
		equal(t, "erased", must(s.EraseEnded(t.Context(), start, start, 9))(t).Chats, 1)
		equal(t, "a running chat", errOf(s.Stream(t.Context(), running.Stream)), nil)
	})
}
