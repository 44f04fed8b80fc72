package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// chatOf100 is a chat of a hundred items, a second apart. Every third is not in the transcript.
func chatOf100(t testing.TB, s *Store) center.StreamID {
	t.Helper()
	var items []center.Item
	for i := range 100 {
		it := message(fmt.Sprint(i + 1))
		it.Time = start.Add(time.Duration(i) * time.Second)
		it.InTranscript = i%3 != 2
		items = append(items, it)
	}
	c := newChat(items...)
	commit(t, s, c)
	return c.Stream
}

// spoil changes rows behind the store's back; what is the literal of a chat's id where text says CHAT.
func spoil(t testing.TB, s *Store, chat center.StreamID, text string) {
	t.Helper()
	raw, _ := center.UUID(string(chat))
	literal := `X'` + hex.EncodeToString(raw[:]) + `'`
	if _, sqlite := s.engine.(*sqliteEngine); !sqlite {
		literal = `'\x` + hex.EncodeToString(raw[:]) + `'::bytea`
		text = strings.ReplaceAll(text, "X'", `'\x`)
	}
	if _, err := writePool(s).Exec(strings.ReplaceAll(text, "CHAT", literal)); err != nil {
		t.Fatal(err)
	}
}

func damaged(t testing.TB, what string, err error) {
	t.Helper()
	var answer *center.Error
	if !errors.Is(err, center.ErrDamaged) || !errors.As(err, &answer) || answer.Code != center.Internal {
		t.Errorf("%s: %v, want damage", what, err)
	}
}

func sound(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// A read that would cross a missing item fails. One that does not is as good as ever.
func TestReadsDoNotCrossHoles(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		chat := chatOf100(t, s)
		id := must(s.Page(t.Context(), PageQuery{Stream: chat, From: 50, Limit: 1}))(t)[0].ID
		near := must(s.Page(t.Context(), PageQuery{Stream: chat, From: 80, Limit: 1}))(t)[0].ID
		spoil(t, s, chat, `DELETE FROM item WHERE stream = CHAT AND seq = 50`)
		if s.Damage() != nil {
			t.Fatal("damage before anything was read")
		}
		page := func(q PageQuery) error {
			q.Stream = chat
			_, err := s.Page(t.Context(), q)
			return err
		}
		sound(t, "forwards up to it", page(PageQuery{From: 1, To: 49, Limit: 1000}))
		sound(t, "forwards, full before it", page(PageQuery{From: 40, Limit: 10}))
		sound(t, "forwards from behind it", page(PageQuery{From: 51, Limit: 1000}))
		sound(t, "backwards down to it", page(PageQuery{From: 51, Backward: true, Limit: 1000}))
		sound(t, "backwards, full before it", page(PageQuery{From: 1, Backward: true, Limit: 50}))
		sound(t, "backwards from before it", page(PageQuery{From: 1, To: 49, Backward: true, Limit: 1000}))
		if err := s.Damage(); err != nil {
			t.Fatal("damage was not crossed, and noted:", err)
		}
		for _, only := range []bool{false, true} { // item 50 is shown by transcripts, item 51 is not
			damaged(t, "forwards", page(PageQuery{From: 1, Limit: 1000, TranscriptOnly: only}))
			damaged(t, "forwards from it", page(PageQuery{From: 50, Limit: 1000, TranscriptOnly: only}))
			damaged(t, "forwards onto it", page(PageQuery{From: 1, To: 50, Limit: 1000, TranscriptOnly: only}))
			damaged(t, "it alone", page(PageQuery{From: 50, To: 50, Limit: 1, TranscriptOnly: only}))
			damaged(t, "backwards", page(PageQuery{From: 1, Backward: true, Limit: 1000, TranscriptOnly: only}))
			damaged(t, "backwards onto it", page(PageQuery{From: 50, Backward: true, Limit: 1000, TranscriptOnly: only}))
			damaged(t, "backwards from it", page(PageQuery{From: 1, To: 50, Backward: true, Limit: 1000, TranscriptOnly: only}))
			damaged(t, "it alone, backwards", page(PageQuery{From: 50, To: 50, Backward: true, Limit: 1, TranscriptOnly: only}))
		}
		_, err := s.ItemsAfter(t.Context(), chat, 49, 100)
		damaged(t, "items after the one before it", err)
		_, err = s.Item(t.Context(), chat, id)
		damaged(t, "the item itself", err)
		_, err = s.Item(t.Context(), chat, near)
		sound(t, "an item behind it", err)
		_, err = s.SeqAt(t.Context(), chat, start.Add(70*time.Second))
		damaged(t, "the first at a time behind it", err)
		_, err = s.SeqAt(t.Context(), chat, start.Add(time.Hour))
		damaged(t, "the first at a time that never was", err)
		if seq, err := s.SeqAt(t.Context(), chat, start.Add(20*time.Second)); err != nil || seq != 21 {
			t.Errorf("the first at a time before it: %d, %v", seq, err)
		}
		_, err = s.TranscriptBytes(t.Context(), chat, 0)
		damaged(t, "its size", err)
		_, err = s.TranscriptBytes(t.Context(), chat, 49)
		sound(t, "its size before it", err)
		if s.Damage() == nil {
			t.Error("the damage was not noted")
		}
	})
}

func TestLostEndsOfAChatAreDamage(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		first, last, all, state := chatOf100(t, s), chatOf100(t, s), chatOf100(t, s), chatOf100(t, s)
		spoil(t, s, first, `DELETE FROM item WHERE stream = CHAT AND seq = 1`)
		_, err := s.Page(t.Context(), PageQuery{Stream: first, From: 1, Limit: 3})
		damaged(t, "forwards without the first item", err)
		_, err = s.Page(t.Context(), PageQuery{Stream: first, From: 1, Backward: true, Limit: 200})
		damaged(t, "backwards without the first item", err)

		spoil(t, s, last, `DELETE FROM item WHERE stream = CHAT AND seq > 90`)
		_, err = s.Page(t.Context(), PageQuery{Stream: last, From: 1, To: 100, Backward: true, Limit: 10, Last: 100})
		damaged(t, "backwards from a last item that is known", err)
		_, err = s.Page(t.Context(), PageQuery{Stream: last, From: 1, To: 90, Backward: true, Limit: 10, Last: 100})
		sound(t, "backwards from an earlier one", err)

		spoil(t, s, all, `DELETE FROM item WHERE stream = CHAT`)
		_, err = s.Stream(t.Context(), all)
		damaged(t, "a chat without items", err)
		_, err = s.Streams(t.Context(), center.KindChat, instance, "", false, 100)
		damaged(t, "a list with one", err)

		spoil(t, s, state, `DELETE FROM stream WHERE id = CHAT`)
		_, err = s.Stream(t.Context(), state)
		damaged(t, "items without a chat", err)
		_, err = s.ChatOf(t.Context(), center.ContactID(state))
		damaged(t, "their contact", err)
	})
}

// A chat that was removed as a whole, and questions about what never was, are not damage.
func TestWhatIsGoneIsNotDamage(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		chat, other := chatOf100(t, s), chatOf100(t, s)
		if err := s.DeleteInstance(t.Context(), instance, start); err != nil {
			t.Fatal(err)
		}
		left := newChat()
		commit(t, s, left)
		for _, id := range []center.StreamID{chat, other, center.StreamID(newID())} {
			if _, err := s.Stream(t.Context(), id); !errors.Is(err, ErrNotFound) {
				t.Errorf("chat: %v", err)
			}
			if _, err := s.ChatOf(t.Context(), center.ContactID(id)); !errors.Is(err, ErrNotFound) {
				t.Errorf("contact: %v", err)
			}
			items, err := s.Page(t.Context(), PageQuery{Stream: id, From: 1, To: 100, Backward: true, Limit: 10, Last: 100})
			if len(items) != 0 || err != nil {
				t.Errorf("%d items, %v", len(items), err)
			}
			if _, err := s.SeqAt(t.Context(), id, start); !errors.Is(err, ErrNotFound) {
				t.Errorf("time: %v", err)
			}
		}
		for _, q := range []PageQuery{
			{From: 1, To: 1000, Backward: true, Limit: 10}, {From: 1, To: 1000, Backward: true, Limit: 1}, {From: 2, Limit: 10}, {From: 900, Limit: 10},
			{From: 900, To: 1000, Backward: true, Limit: 10}, {From: -5, Limit: 10}, {From: 5, To: 3, Limit: 10},
		} {
			q.Stream = left.Stream
			_, err := s.Page(t.Context(), q)
			sound(t, fmt.Sprintf("%+v", q), err)
		}
		if _, err := s.Item(t.Context(), left.Stream, center.ItemID(newID())); !errors.Is(err, ErrNotFound) {
			t.Errorf("item: %v", err)
		}
		if err := s.Damage(); err != nil {
			t.Error(err)
		}
	})
}

func TestChangedRowsAreDamage(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		for what, set := range map[string]string{
			"a body that does not decode":      `body = X'7b7b'`,
			"another text":                     `body = (SELECT body FROM item WHERE stream = CHAT AND seq = 6)`,
			"an empty body":                    `body = X''`,
			"another time":                     `at = at + 1`,
			"another id":                       `id = (SELECT id FROM item WHERE stream = CHAT AND seq = 6)`,
			"no longer part of the transcript": `flags = flags - 1`,
			"another checksum":                 `flags = flags + 256`,
			"no checksum, part by flags alone": `flags = 0`,
			"no checksum, the body of another": `flags = 1, body = (SELECT body FROM item WHERE stream = CHAT AND seq = 7)`,
		} {
			chat := chatOf100(t, s)
			spoil(t, s, chat, `UPDATE item SET `+set+` WHERE stream = CHAT AND seq = 5`)
			for _, q := range []PageQuery{
				{From: 1, Limit: 1000}, {From: 1, Limit: 1000, TranscriptOnly: true}, {From: 1, Backward: true, Limit: 1000, TranscriptOnly: true},
				{From: 5, Limit: 1}, {From: 1, To: 5, Backward: true, Limit: 1},
			} {
				q.Stream = chat
				_, err := s.Page(t.Context(), q)
				damaged(t, what, err)
			}
			_, err := s.Page(t.Context(), PageQuery{Stream: chat, From: 6, Limit: 1000})
			sound(t, what+", behind it", err)
		}
	})
}

// Times of rows are believed while one is looked for, and not when it is found.
func TestATimeThatIsWrongDoesNotLeadASearchAstray(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		for _, set := range []string{`at = 0`, `at = at * 2`} {
			chat := chatOf100(t, s)
			spoil(t, s, chat, `UPDATE item SET `+set+` WHERE stream = CHAT AND seq = 50`)
			_, err := s.SeqAt(t.Context(), chat, start.Add(49*time.Second))
			damaged(t, set, err)
		}
		chat := chatOf100(t, s)
		spoil(t, s, chat, `UPDATE item SET at = 0 WHERE stream = CHAT AND seq = 100`)
		_, err := s.SeqAt(t.Context(), chat, start.Add(99*time.Second))
		damaged(t, "the last", err)
	})
}

func TestItemsFromBeforeThereWereChecksumsAreRead(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		chat := chatOf100(t, s)
		spoil(t, s, chat, `UPDATE item SET flags = flags & 1 WHERE stream = CHAT`)
		equal(t, "items", len(must(s.Page(t.Context(), PageQuery{Stream: chat, From: 1, Limit: 1000}))(t)), 100)
		equal(t, "in the transcript", len(must(s.Page(t.Context(), PageQuery{Stream: chat, From: 1, Limit: 1000, TranscriptOnly: true}))(t)), 67)
		commit(t, s, say(chat, 100, "new"))
		items := must(s.ItemsAfter(t.Context(), chat, 99, 10))(t)
		equal(t, "the last", contents(items), "100:100 101:new")
	})
}

func TestDamageIsLoggedOncePerKind(t *testing.T) {
	var log bytes.Buffer
	s, err := Open(t.Context(), "sqlite::memory:", Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // in memory
	for range 3 {
		chat := chatOf100(t, s)
		spoil(t, s, chat, `DELETE FROM item WHERE stream = CHAT AND seq = 50`)
		for range 3 {
			_, err := s.Page(t.Context(), PageQuery{Stream: chat, From: 1, Limit: 1000})
			damaged(t, "page", err)
		}
	}
	err = s.Damaged("resource", errors.New("instance 1 does not decode"))
	damaged(t, "what others decode", err)
	for _, want := range []string{"level=ERROR", "restore a backup", "kind=item", "kind=resource"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in %s", want, &log)
		}
	}
	equal(t, "lines", strings.Count(log.String(), "\n"), 2)
	if strings.Contains(log.String(), "content") {
		t.Error("the log has a body:", &log)
	}
}

// A due row that is none must not end the process, nor keep the others from their time.
func TestADueRowThatDoesNotDecodeIsLeftOut(t *testing.T) {
	s := open(t, "sqlite::memory:") // PostgreSQL's columns keep their types
	c := newChat()
	for i := range 4 {
		c.Due = append(c.Due, center.Due{Key: fmt.Sprint(i), At: start.Add(time.Duration(i) * time.Second)})
	}
	commit(t, s, c)
	spoil(t, s, c.Stream, `UPDATE due SET key = X'00' WHERE key = '0'`)
	spoil(t, s, c.Stream, `UPDATE due SET at = 'x' WHERE key = '1'`)
	spoil(t, s, c.Stream, `UPDATE due SET stream = X'0102' WHERE key = '2'`)
	due := must(s.LeaseDue(t.Context(), 0, start.Add(time.Minute), time.Minute, 10))(t)
	if len(due) != 1 || due[0].Key != "3" {
		t.Errorf("leased %v", due)
	}
	if s.Damage() == nil {
		t.Error("the damage was not noted")
	}
	if again := must(s.LeaseDue(t.Context(), 0, start.Add(time.Minute), time.Minute, 10))(t); len(again) != 0 {
		t.Errorf("leased again: %v", again)
	}
	_, err := s.AllDue(t.Context(), 10)
	damaged(t, "a list", err)
}

// A commit that meets a damaged row is answered, and the process lives.
func TestCommitsThatMeetDamage(t *testing.T) {
	s := open(t, "sqlite::memory:")
	c := newChat()
	c.Take = []center.Claim{{Kind: "slot", Key: "1", Value: "x"}}
	c.Items[0].Token = [16]byte{1}
	commit(t, s, c)
	taken := newChat()
	taken.Take = c.Take
	again := say(c.Stream, 1, "again")
	again.Items[0].Token = [16]byte{1}
	for text, change := range map[string]*center.Change{
		`UPDATE claim SET expires = 'never'`: taken,
		`UPDATE item SET at = 'x'`:           again,
		`UPDATE item SET body = X'7b'`:       again,
	} {
		spoil(t, s, c.Stream, text)
		damaged(t, text, s.Commit(t.Context(), change))
		if err := s.Health(t.Context()); err != nil {
			t.Errorf("%s: nothing can be stored: %v", text, err)
		}
	}
}

func TestPostgreSQLsOwnFindings(t *testing.T) {
	s := open(t, postgresURL(t))
	for _, code := range []string{"XX001", "XX002"} {
		spoil(t, s, "", `CREATE OR REPLACE FUNCTION page() RETURNS bigint LANGUAGE plpgsql AS
			$$ BEGIN RAISE EXCEPTION 'invalid page in block 3 of relation base/1/2' USING ERRCODE = '`+code+`'; END $$`)
		var n int64
		damaged(t, "a read", s.row(t.Context(), `SELECT page() AS "`+code+`"`, nil, &n))
		damaged(t, "a write", s.write(context.Background(), func(ses session) error {
			_, err := ses.exec(`INSERT INTO probe SELECT '' FROM page()`)
			return err
		}))
	}
	commit(t, s, newChat())
	if s.Damage() == nil {
		t.Error("the damage was not noted")
	}
}

// What quick_check does not compare, indexes with their tables, shows as a hole in the numbers.
func TestCheckFindsHoles(t *testing.T) {
	for _, atOnce := range []int64{1 << 30, 0} {
		s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"))
		chat := chatOf100(t, s)
		chatOf100(t, s)
		spoil(t, s, chat, `DELETE FROM item WHERE stream = CHAT AND seq = 50`)
		sound(t, "check", s.Check(atOnce))
		s.checking.Wait()
		if s.Damage() == nil {
			t.Errorf("a hole was not found; at once up to %d bytes", atOnce)
		}
	}
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"))
	chatOf100(t, s)
	sound(t, "check", s.Check(0))
	s.checking.Wait()
	if err := s.Damage(); err != nil {
		t.Error("a sound database:", err)
	}
}

// A store that is closed does not wait for its check.
func TestCloseEndsTheCheck(t *testing.T) {
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"))
	chatOf100(t, s)
	sound(t, "check", s.Check(0))
	sound(t, "close", s.Close())
	if err := s.Damage(); err != nil {
		t.Error("a check that was broken off found", err)
	}
}

// What SQLite itself sees refuses a small file, and turns a large one's store unhealthy.
func TestCheckFindsPagesThatCannotBe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	s := open(t, "sqlite:"+path)
	for range 50 {
		chatOf100(t, s)
	}
	sound(t, "close", s.Close())
	raw := must(os.ReadFile(path))(t)
	for page := 20 * 4096; page < len(raw); page += 4096 {
		raw[page+5] ^= 0x10 // where the cells begin
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, "sqlite:"+path)
	err := s.Check(1 << 30)
	if !errors.Is(err, center.ErrDamaged) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "restore a backup") {
		t.Errorf("at once: %v", err)
	}
	sound(t, "in the background", s.Check(0))
	s.checking.Wait()
	if s.Damage() == nil {
		t.Error("in the background: nothing was found")
	}
}
