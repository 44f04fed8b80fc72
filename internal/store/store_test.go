package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/parley-chat/parley/internal/center"
)

const instance = center.InstanceID("11111111-1111-4111-8111-111111111111")

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// forEachEngine runs f on an empty store of each kind.
func forEachEngine(t *testing.T, f func(t *testing.T, s *Store)) {
	t.Run("memory", func(t *testing.T) { f(t, open(t, "sqlite::memory:")) })
	t.Run("sqlite", func(t *testing.T) { f(t, open(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"))) })
	t.Run("postgres", func(t *testing.T) { f(t, open(t, postgresURL(t))) })
}

func open(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), url, Options{Fatal: func(err error) { t.Error("fatal:", err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error("close:", err)
		}
	})
	return s
}

// newID makes ids that rise, as UUIDv7 do.
func newID() string {
	var id [16]byte
	n := ids.Add(1)
	for i := range 6 {
		id[i] = byte(n >> (8 * (5 - i)))
	}
	if _, err := rand.Read(id[6:]); err != nil {
		panic(err)
	}
	return center.FormatUUID(id)
}

var ids atomic.Int64

func message(text string) center.Item {
	return center.Item{
		ID: center.ItemID(newID()), Time: start, Type: center.TypeMessage, ContentType: center.TextPlain, Content: text,
		Role: center.RoleCustomer, DisplayName: "Ana", InTranscript: true,
	}
}

func newChat(items ...center.Item) *center.Change {
	if len(items) == 0 {
		items = []center.Item{message("hello")}
	}
	return &center.Change{Stream: center.StreamID(newID()), Items: items, Kind: center.KindChat, Instance: instance, State: []byte(`{"n":1}`)}
}

// say is a message between two people: one item and nothing else.
func say(chat center.StreamID, after int64, text string) *center.Change {
	return &center.Change{Stream: chat, After: after, Items: []center.Item{message(text)}}
}

func commit(t testing.TB, s *Store, c *center.Change) {
	t.Helper()
	if err := s.Commit(context.Background(), c); err != nil {
		t.Fatal("commit:", err)
	}
}

// refuses commits c and returns the error of type E that it is refused with.
func refuses[E error](t testing.TB, s *Store, c *center.Change) E {
	t.Helper()
	err := s.Commit(context.Background(), c)
	var want E
	if !errors.As(err, &want) {
		t.Fatalf("commit answered %v, want a %T", err, want)
	}
	return want
}

func contents(items []center.Item) string {
	var all []string
	for _, it := range items {
		all = append(all, fmt.Sprintf("%d:%s", it.Seq, it.Content))
	}
	return strings.Join(all, " ")
}

func transcript(t testing.TB, s *Store, chat center.StreamID) string {
	t.Helper()
	return contents(must(s.ItemsAfter(context.Background(), chat, 0, 1000))(t))
}

// must makes a result of a result and an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestChatIsKeptAsItWasCommitted(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		first := message("grüße \x00 \u2028")
		first.Contact = center.ContactID(newID())
		first.ParticipantID = center.ParticipantID(newID())
		hidden := center.Item{ID: center.ItemID(newID()), Time: start.Add(time.Millisecond)}
		c := newChat(first, hidden)
		c.State = []byte(strings.Repeat("x", 20<<10))
		commit(t, s, c)

		got := must(s.Stream(t.Context(), c.Stream))(t)
		equal(t, "state", string(got.State), string(c.State))
		equal(t, "instance", got.Instance, instance)
		equal(t, "last sequence", got.LastSeq, 2)
		equal(t, "last time", got.LastTime, hidden.Time)
		equal(t, "ended", got.Ended, false)

		items := must(s.ItemsAfter(t.Context(), c.Stream, 0, 10))(t)
		first.Stream, first.Seq = c.Stream, 1
		hidden.Stream, hidden.Seq = c.Stream, 2
		equal(t, "items", len(items), 2)
		equal(t, "first item", items[0], first)
		equal(t, "second item", items[1], hidden)

		end := say(c.Stream, 2, "bye")
		end.State, end.Ended, end.EndedAt = []byte("over"), true, start.Add(time.Hour)
		commit(t, s, end)
		got = must(s.Stream(t.Context(), c.Stream))(t)
		equal(t, "state", string(got.State), "over")
		equal(t, "ended", got.Ended, true)
		equal(t, "ended at", got.EndedAt, start.Add(time.Hour))
	})
}

func TestWhoIsBehindIsToldSo(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		c := newChat()
		commit(t, s, c)
		commit(t, s, say(c.Stream, 1, "two"))
		withState := say(c.Stream, 1, "late")
		withState.State = []byte("late")
		again := newChat()
		again.Stream = c.Stream
		for name, late := range map[string]*center.Change{
			"message":              say(c.Stream, 1, "late"),
			"with state":           withState,
			"ahead of the chat":    say(c.Stream, 3, "early"),
			"chat exists":          again,
			"no such chat":         say(center.StreamID(newID()), 1, "lost"),
			"no such chat, state":  {Stream: center.StreamID(newID()), After: 1, State: []byte("x"), Items: []center.Item{message("lost")}},
			"ahead, with due rows": {Stream: c.Stream, After: 3, Due: []center.Due{{Key: "k"}}, Items: []center.Item{message("early")}},
		} {
			t.Run(name, func(t *testing.T) {
				equal(t, "chat", refuses[*Conflict](t, s, late).Stream, late.Stream)
			})
		}
		equal(t, "transcript", transcript(t, s, c.Stream), "1:hello 2:two")
		equal(t, "state", string(must(s.Stream(t.Context(), c.Stream))(t).State), `{"n":1}`)
	})
}

func TestChangeCommittedTwiceIsCommittedOnce(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		c := newChat()
		c.Take = []center.Claim{{Kind: "slot", Key: "1"}}
		c.Due = []center.Due{{Key: "connect", At: start}}
		next := say(c.Stream, 1, "two")
		next.Done = &center.Due{Stream: c.Stream, Key: "connect", At: start}
		plain := say(c.Stream, 2, "three")
		for range 2 {
			for _, c := range []*center.Change{c, next, plain} {
				commit(t, s, c)
				commit(t, s, c)
			}
		}
		equal(t, "transcript", transcript(t, s, c.Stream), "1:hello 2:two 3:three")
	})
}

func TestTokenFindsTheFirstItem(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		c := newChat()
		commit(t, s, c)
		first := say(c.Stream, 1, "once")
		first.Items[0].Token = [16]byte{1}
		commit(t, s, first)
		commit(t, s, say(c.Stream, 2, "between"))

		again := say(c.Stream, 3, "twice")
		again.Items[0].Token = [16]byte{1}
		found := refuses[*TokenTaken](t, s, again).Item
		equal(t, "id", found.ID, first.Items[0].ID)
		equal(t, "sequence", found.Seq, 2)
		equal(t, "content", found.Content, "once")

		again.State = []byte("more than a message")
		equal(t, "id", refuses[*TokenTaken](t, s, again).Item.ID, first.Items[0].ID)

		behind := say(c.Stream, 1, "behind and twice")
		behind.Items[0].Token = [16]byte{1}
		equal(t, "id", refuses[*TokenTaken](t, s, behind).Item.ID, first.Items[0].ID)

		other := newChat()
		other.Items[0].Token = [16]byte{1}
		commit(t, s, other)
		equal(t, "transcript", transcript(t, s, c.Stream), "1:hello 2:once 3:between")
	})
}

func TestClaimIsHeldByOne(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		take := func(claim center.Claim, at time.Time) *center.Change {
			c := newChat()
			c.Items[0].Time = at
			c.Take = []center.Claim{claim}
			return c
		}
		token := center.Claim{Kind: "start", Key: "tok\x00en", Value: "first", Expires: start.Add(time.Hour)}
		commit(t, s, take(token, start))

		second := token
		second.Value = "second"
		refusedOne := take(second, start.Add(time.Hour-time.Millisecond))
		equal(t, "holder", refuses[*ClaimTaken](t, s, refusedOne).Claim, token)
		if _, err := s.Stream(t.Context(), refusedOne.Stream); !errors.Is(err, ErrNotFound) {
			t.Errorf("a chat that was refused is there: %v", err)
		}
		_, held, err := s.Claim(t.Context(), "start", token.Key, start.Add(time.Hour))
		equal(t, "held after it expired", held, false)
		equal(t, "error", err, nil)
		second.Expires = start.Add(3 * time.Hour)
		commit(t, s, take(second, start.Add(time.Hour)))
		got, held, err := s.Claim(t.Context(), "start", token.Key, start.Add(2*time.Hour))
		equal(t, "claim", got, second)
		equal(t, "held", held, true)
		equal(t, "error", err, nil)

		slot := center.Claim{Kind: "slot", Key: "a/1", Value: "x"}
		holder := take(slot, start)
		commit(t, s, holder)
		refuses[*ClaimTaken](t, s, take(slot, start.Add(1000*time.Hour)))
		swap := say(holder.Stream, 1, "swap")
		swap.Release = []center.Claim{slot, {Kind: "slot", Key: "never taken"}}
		swap.Take = []center.Claim{{Kind: "slot", Key: "a/1", Value: "y"}, {Kind: "slot", Key: "a/2"}, {Kind: "slot", Key: "b/1"}}
		commit(t, s, swap)
		held2 := must(s.Claims(t.Context(), "slot", "a/"))(t)
		equal(t, "claims", fmt.Sprint(held2), fmt.Sprint(swap.Take[:2]))
		equal(t, "all claims", len(must(s.Claims(t.Context(), "slot", ""))(t)), 3)
		for _, c := range []struct {
			prefix, before string
			n              int
			first          string
		}{{"", "", 3, "a/1"}, {"a/", "", 2, "a/1"}, {"a/", "a/2", 1, "a/1"}, {"a/", "a/1", 0, ""}, {"b/", "", 1, "b/1"}, {"c/", "", 0, ""}} {
			n, first, err := s.CountClaims(t.Context(), "slot", c.prefix, c.before)
			equal(t, "count of "+c.prefix+" before "+c.before, fmt.Sprint(n, first, err), fmt.Sprint(c.n, c.first, nil))
		}

		equal(t, "purged", must(s.PurgeClaims(t.Context(), start.Add(2*time.Hour)))(t), 0)
		equal(t, "purged", must(s.PurgeClaims(t.Context(), start.Add(3*time.Hour)))(t), 1)
	})
}

func TestStaleDecisionHearsOfTheConflictAndNotOfItsOwnClaim(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		c := newChat()
		commit(t, s, c)
		won := say(c.Stream, 1, "won")
		won.Take = []center.Claim{{Kind: "slot", Key: "1"}}
		commit(t, s, won)
		late := say(c.Stream, 1, "late")
		late.Take = won.Take
		refuses[*Conflict](t, s, late)
	})
}

func TestDueRowsAreLeasedAndAnsweredOnce(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		if _, ok, err := s.NextDue(ctx, 0, start); ok || err != nil {
			t.Errorf("an empty store waits for something: %v %v", ok, err)
		}
		c := newChat()
		c.Due = []center.Due{
			{Key: "connect", At: start.Add(time.Minute), Data: "soon"},
			{Key: "duration", At: start.Add(time.Hour)},
			{Key: "gone", At: start.Add(time.Second)},
		}
		commit(t, s, c)
		undue := say(c.Stream, 1, "two")
		undue.Cancel = []string{"gone", "never there"}
		commit(t, s, undue)

		next, ok, err := s.NextDue(ctx, 0, start)
		equal(t, "next", next, start.Add(time.Minute))
		equal(t, "there is one", ok, true)
		equal(t, "error", err, nil)
		equal(t, "leased early", len(must(s.LeaseDue(ctx, 0, start.Add(time.Minute-time.Millisecond), time.Minute, 10))(t)), 0)

		at := start.Add(time.Minute)
		leased := must(s.LeaseDue(ctx, 0, at, 30*time.Second, 10))(t)
		want := center.Due{Stream: c.Stream, Key: "connect", At: at, Data: "soon"}
		equal(t, "leased", fmt.Sprint(leased), fmt.Sprint([]center.Due{want}))
		equal(t, "leased twice", len(must(s.LeaseDue(ctx, 0, at, time.Minute, 10))(t)), 0)
		next, _, _ = s.NextDue(ctx, 0, at)
		equal(t, "next is the lease's end", next, at.Add(30*time.Second))
		equal(t, "leased after the lease", len(must(s.LeaseDue(ctx, 0, at.Add(30*time.Second), time.Minute, 10))(t)), 1)

		done := say(c.Stream, 2, "done")
		done.Done = &leased[0]
		done.Due = []center.Due{{Key: "connect", At: at.Add(time.Minute)}}
		commit(t, s, done)
		late := say(c.Stream, 3, "late")
		late.Done = &leased[0]
		equal(t, "stale", refuses[*Stale](t, s, late).Due, leased[0])
		equal(t, "due rows", fmt.Sprint(must(s.DueOf(ctx, c.Stream))(t)), fmt.Sprint([]center.Due{
			{Stream: c.Stream, Key: "connect", At: at.Add(time.Minute)}, {Stream: c.Stream, Key: "duration", At: start.Add(time.Hour)},
		}))
		equal(t, "all due rows", len(must(s.AllDue(ctx, 10))(t)), 2)
		next, _, _ = s.NextDue(ctx, 0, start.Add(2*time.Hour))
		equal(t, "next is never in the past", next, start.Add(2*time.Hour))
		equal(t, "leased of two", len(must(s.LeaseDue(ctx, 0, start.Add(2*time.Hour), time.Minute, 1))(t)), 1)
	})
}

func TestLeasesAreExtendedByWhoHasThem(t *testing.T) {
	ctx := t.Context()
	forEachEngine(t, func(t *testing.T, s *Store) {
		c := newChat()
		c.Due = []center.Due{{Key: "call", At: start, Data: "ask"}}
		commit(t, s, c)
		held, until := start.Add(30*time.Second), start.Add(50*time.Second)
		leased := must(s.LeaseDue(ctx, 0, start, 30*time.Second, 10))(t)[0]

		brief := leased
		brief.Data = ""
		got, ok, err := s.ExtendDue(ctx, brief, held, until)
		equal(t, "extended", fmt.Sprint(got, ok, err), fmt.Sprint(leased, true, nil))
		next, _, _ := s.NextDue(ctx, 0, start)
		equal(t, "the lease's end", next, until)

		_, ok, err = s.ExtendDue(ctx, leased, held, until)
		equal(t, "extended by who had it before", fmt.Sprint(ok, err), "false <nil>")

		_, ok, err = s.ExtendDue(ctx, brief, until, brief.At)
		equal(t, "given back", fmt.Sprint(ok, err), "true <nil>")
		again := must(s.LeaseDue(ctx, 0, start, until.Sub(start), 10))(t)
		equal(t, "leased again", fmt.Sprint(again), fmt.Sprint([]center.Due{leased}))

		done := say(c.Stream, 1, "done")
		done.Done = &leased
		commit(t, s, done)
		_, ok, err = s.ExtendDue(ctx, leased, until, until.Add(time.Minute))
		equal(t, "extended when it is gone", fmt.Sprint(ok, err), "false <nil>")
	})
}

func TestChatMayAnswerADueRowOfAnother(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		asks, answers := newChat(), newChat()
		asks.Due = []center.Due{{Key: "ask", At: start}}
		commit(t, s, asks)
		commit(t, s, answers)
		c := say(answers.Stream, 1, "answer")
		c.Done = &center.Due{Stream: asks.Stream, Key: "ask", At: start}
		commit(t, s, c)
		equal(t, "due rows", len(must(s.AllDue(t.Context(), 9))(t)), 0)
	})
}

func TestReceiptsAddUp(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		c := newChat()
		commit(t, s, c)
		id, ana, bob := c.Items[0].ID, center.ParticipantID("ana"), center.ParticipantID("bob")
		for i, rc := range []center.Receipt{
			{Message: id, Recipient: ana, Delivered: start},
			{Message: id, Recipient: ana, Read: start.Add(time.Minute)},
			{Message: id, Recipient: bob, Delivered: start},
			{Message: center.ItemID(newID()), Recipient: bob, Delivered: start},
		} {
			change := say(c.Stream, int64(i+1), "receipt")
			change.Receipts = []center.Receipt{rc}
			commit(t, s, change)
		}
		got := must(s.Receipts(t.Context(), c.Stream, []center.ItemID{id}))(t)
		equal(t, "receipts", fmt.Sprint(got), fmt.Sprint(map[center.ItemID][]center.Receipt{id: {
			{Message: id, Recipient: ana, Delivered: start, Read: start.Add(time.Minute)},
			{Message: id, Recipient: bob, Delivered: start},
		}}))
	})
}

func TestReads(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		c := newChat()
		commit(t, s, c)
		for i := int64(1); i < 6; i++ {
			m := say(c.Stream, i, fmt.Sprint("m", i+1))
			m.Items[0].Time = start.Add(time.Duration(i) * time.Second)
			m.Items[0].InTranscript = i%2 == 0
			commit(t, s, m)
		}
		page := func(q PageQuery) string {
			q.Stream = c.Stream
			return contents(must(s.Page(ctx, q))(t))
		}
		equal(t, "from", page(PageQuery{From: 2, Limit: 2}), "2:m2 3:m3")
		equal(t, "from to", page(PageQuery{From: 2, To: 4, Limit: 9}), "2:m2 3:m3 4:m4")
		equal(t, "backward", page(PageQuery{To: 4, Backward: true, Limit: 2}), "4:m4 3:m3")
		equal(t, "backward from the end", page(PageQuery{Backward: true, Limit: 2}), "6:m6 5:m5")
		equal(t, "transcript", page(PageQuery{TranscriptOnly: true, Limit: 9}), "1:hello 3:m3 5:m5")
		equal(t, "items after", contents(must(s.ItemsAfter(ctx, c.Stream, 4, 9))(t)), "5:m5 6:m6")

		it := must(s.Item(ctx, c.Stream, c.Items[0].ID))(t)
		equal(t, "item", it.Content, "hello")
		for name, err := range map[string]error{
			"item":           errOf(s.Item(ctx, c.Stream, center.ItemID(newID()))),
			"no item id":     errOf(s.Item(ctx, c.Stream, "' OR 1=1")),
			"chat":           errOf(s.Stream(ctx, center.StreamID(newID()))),
			"no chat id":     errOf(s.Stream(ctx, "../etc")),
			"contact":        errOf(s.ChatOf(ctx, center.ContactID(newID()))),
			"no contact id":  errOf(s.ChatOf(ctx, "")),
			"after the last": errOf(s.SeqAt(ctx, c.Stream, start.Add(5*time.Second+1))),
		} {
			if !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", name, err)
			}
		}
		equal(t, "sequence at", must(s.SeqAt(ctx, c.Stream, start))(t), 1)
		equal(t, "sequence at", must(s.SeqAt(ctx, c.Stream, start.Add(2*time.Second)))(t), 3)
		equal(t, "sequence at", must(s.SeqAt(ctx, c.Stream, start.Add(2*time.Second+1)))(t), 4)

		second := newChat()
		second.Ended = true
		commit(t, s, second)
		segment := center.ContactID(newID())
		more := say(second.Stream, 1, "again")
		more.Contacts, more.State, more.Ended = []center.ContactRecord{running(c, string(segment))}, []byte(`{}`), true
		commit(t, s, more)
		equal(t, "chat of a later segment", must(s.ChatOf(ctx, segment))(t), second.Stream)
		equal(t, "chat of the first", must(s.ChatOf(ctx, center.ContactID(second.Stream)))(t), second.Stream)

		equal(t, "active", must(s.ActiveStreams(ctx, center.KindChat, instance))(t), 1)
		list := func(after center.StreamID, activeOnly bool, limit int) (all []center.StreamID) {
			for _, c := range must(s.Streams(ctx, center.KindChat, instance, after, activeOnly, limit))(t) {
				all = append(all, c.ID)
			}
			return all
		}
		equal(t, "chats", fmt.Sprint(list("", false, 9)), fmt.Sprint([]center.StreamID{second.Stream, c.Stream}))
		equal(t, "chats", fmt.Sprint(list(second.Stream, false, 9)), fmt.Sprint([]center.StreamID{c.Stream}))
		equal(t, "active chats", fmt.Sprint(list("", true, 9)), fmt.Sprint([]center.StreamID{c.Stream}))
		equal(t, "one chat", fmt.Sprint(list("", false, 1)), fmt.Sprint([]center.StreamID{second.Stream}))
		last := must(s.LastSeqs(ctx, []center.StreamID{c.Stream, second.Stream, center.StreamID(newID()), "none"}))(t)
		equal(t, "last sequences", fmt.Sprint(last), fmt.Sprint(map[center.StreamID]int64{c.Stream: 6, second.Stream: 2}))
		equal(t, "last sequences of none", len(must(s.LastSeqs(ctx, nil))(t)), 0)
	})
}

func errOf[T any](_ T, err error) error { return err }

func TestChangeThatCannotBeMeantIsAFault(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		c := newChat()
		commit(t, s, c)
		misnumbered := say(c.Stream, 1, "x")
		misnumbered.Items[0].Seq = 7
		unnamed := say(c.Stream, 1, "x")
		unnamed.Items[0].ID = ""
		stateless := newChat()
		stateless.State = nil
		twice := say(c.Stream, 1, "x")
		other := newChat()
		commit(t, s, other)
		theirs := say(other.Stream, 1, "y")
		theirs.Contacts, theirs.State = []center.ContactRecord{running(other, newID())}, []byte(`{}`)
		commit(t, s, theirs)
		twice.Contacts, twice.State = theirs.Contacts, []byte(`{}`)
		unknown := say(c.Stream, 1, "x")
		unknown.Contacts, unknown.State = []center.ContactRecord{{ID: "no id"}}, []byte(`{}`)
		rowless := say(c.Stream, 1, "x")
		rowless.Attributes = []center.Attribute{{Name: "a", Value: "b"}}
		for name, bad := range map[string]*center.Change{
			"no item":                   {Stream: c.Stream, After: 1},
			"no chat":                   {After: 1, Items: []center.Item{message("x")}},
			"misnumbered":               misnumbered,
			"item without id":           unnamed,
			"no state":                  stateless,
			"contact is another chat's": twice,
			"contact without id":        unknown,
			"rows without a state":      rowless,
		} {
			t.Run(name, func(t *testing.T) {
				equal(t, "code", refuses[*center.Error](t, s, bad).Code, center.Internal)
			})
		}
		equal(t, "transcript", transcript(t, s, c.Stream), "1:hello")
	})
}

// Writers race for the same chats, decide again on a conflict, and every sequence comes out dense with every message
// once.
func TestSequencesAreDenseUnderRacingWriters(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		const writers, each = 16, 20
		var chats []center.StreamID
		for range 3 {
			c := newChat()
			commit(t, s, c)
			chats = append(chats, c.Stream)
		}
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for n := range each {
					chat := chats[(w+n)%len(chats)]
					for {
						seen, err := s.Stream(context.Background(), chat)
						if err != nil {
							t.Error(err)
							return
						}
						c := say(chat, seen.LastSeq, fmt.Sprint(w, ".", n))
						if n%4 == 0 {
							c.State = []byte(c.Items[0].Content)
						}
						err = s.Commit(context.Background(), c)
						var conflict *Conflict
						if errors.As(err, &conflict) {
							continue
						}
						if err != nil {
							t.Error(err)
							return
						}
						break
					}
				}
			})
		}
		wg.Wait()
		seen := map[string]bool{}
		for _, chat := range chats {
			for i, it := range must(s.ItemsAfter(t.Context(), chat, 0, 10000))(t) {
				equal(t, "sequence", it.Seq, int64(i+1))
				if i > 0 && seen[it.Content] {
					t.Errorf("%q is there twice", it.Content)
				}
				seen[it.Content] = true
			}
		}
		equal(t, "messages", len(seen), writers*each+1)
	})
}

// Changes that arrive together share a transaction; one that fails halfway takes nothing and nobody with it.
func TestFailingChangeLeavesItsBatchAlone(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		held := newChat()
		held.Take = []center.Claim{{Kind: "slot", Key: "held"}}
		commit(t, s, held)
		open := make(chan struct{})
		busy := make(chan struct{}, 8)
		for range s.engine.loops() { // keep the committers busy until all of the batch is queued
			go s.write(context.Background(), func(session) error {
				busy <- struct{}{}
				<-open
				return nil
			})
			<-busy
		}
		const n = 30
		outcomes := make(chan error, n)
		changes := make([]*center.Change, n)
		for i := range changes {
			c := newChat()
			c.Due = []center.Due{{Key: "k", At: start}}
			switch i % 3 {
			case 1:
				c.Take = []center.Claim{{Kind: "slot", Key: fmt.Sprint(i)}, {Kind: "slot", Key: "held"}}
			case 2:
				c = say(held.Stream, 1, "one of these")
			}
			changes[i] = c
			go func() { outcomes <- s.Commit(context.Background(), c) }()
		}
		for queued := 0; queued < n; {
			s.queue.mu.Lock()
			queued = len(s.queue.jobs)
			s.queue.mu.Unlock()
		}
		close(open)
		var kept, taken, behind int
		for range n {
			err := <-outcomes
			var claim *ClaimTaken
			var conflict *Conflict
			switch {
			case err == nil:
				kept++
			case errors.As(err, &claim):
				taken++
			case errors.As(err, &conflict):
				behind++
			default:
				t.Error(err)
			}
		}
		equal(t, "kept", kept, n/3+1)
		equal(t, "taken", taken, n/3)
		equal(t, "behind", behind, n/3-1)
		for i, c := range changes {
			_, err := s.Stream(t.Context(), c.Stream)
			equal(t, fmt.Sprint("chat ", i, " is there"), err == nil, i%3 != 1)
		}
		equal(t, "due rows", len(must(s.AllDue(t.Context(), 100))(t)), n/3)
		equal(t, "claims", len(must(s.Claims(t.Context(), "slot", ""))(t)), 1)
	})
}

func TestContextEndsTheWaitOnlyBeforeTheCommitBegins(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		c := newChat()
		commit(t, s, c)
		open, busy := make(chan struct{}), make(chan struct{}, 8)
		taken := make(chan error, 8)
		ctx, cancel := context.WithCancel(t.Context())
		for range s.engine.loops() {
			go func() {
				taken <- s.write(ctx, func(session) error {
					busy <- struct{}{}
					<-open
					return nil
				})
			}()
			<-busy
		}
		waiting := make(chan error)
		go func() { waiting <- s.Commit(ctx, say(c.Stream, 1, "never")) }()
		for queued := 0; queued == 0; {
			s.queue.mu.Lock()
			queued = len(s.queue.jobs)
			s.queue.mu.Unlock()
		}
		cancel()
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Errorf("a commit that waited answered %v", err)
		}
		close(open)
		for range s.engine.loops() {
			equal(t, "a commit that had begun", <-taken, nil)
		}
		equal(t, "a dead context", s.Commit(ctx, say(c.Stream, 1, "x")), context.Canceled)
		commit(t, s, say(c.Stream, 1, "two"))
		equal(t, "transcript", transcript(t, s, c.Stream), "1:hello 2:two")
	})
}

func TestFullQueueAndClosedStoreTurnCommitsAway(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		c := newChat()
		commit(t, s, c)
		s.queue.mu.Lock()
		s.queue.jobs = make([]*job, queueMax)
		s.queue.mu.Unlock()
		equal(t, "full", refuses[*center.Error](t, s, say(c.Stream, 1, "x")).Code, center.Unavailable)
		s.queue.mu.Lock()
		s.queue.jobs = nil
		s.queue.mu.Unlock()
		for range 2 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		equal(t, "closed", refuses[*center.Error](t, s, say(c.Stream, 1, "x")).Code, center.Unavailable)
		if _, err := s.Stream(t.Context(), c.Stream); err == nil {
			t.Error("a closed store answers")
		}
	})
}

func TestResources(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		flow := func(id, name string) Resource {
			return Resource{Instance: instance, Kind: "flow", ID: id, Name: name, Body: []byte(`{}`), Created: start, Modified: start}
		}
		a := flow("a", "Welcome")
		equal(t, "insert", s.InsertResource(ctx, a), nil)
		a.Version = 1
		equal(t, "resource", fmt.Sprint(must(s.Resource(ctx, instance, "flow", "a"))(t)), fmt.Sprint(a))
		equal(t, "by name", must(s.ResourceByName(ctx, instance, "flow", "Welcome"))(t).ID, "a")

		for name, r := range map[string]Resource{"id": flow("a", "Other"), "name": flow("x", "Welcome")} {
			var e *center.Error
			if err := s.CommitResources(ctx, ResourceCommit{Insert: []Resource{flow("ok", "Fine"), r}}); !errors.As(err, &e) || e.Code != center.Duplicate {
				t.Errorf("same %s: %v, want Duplicate", name, err)
			}
		}
		if _, err := s.Resource(ctx, instance, "flow", "ok"); !errors.Is(err, ErrNotFound) {
			t.Errorf("half of a refused insert is there: %v", err)
		}
		other := flow("a", "Welcome")
		other.Instance = ""
		key := Resource{Kind: "key", ID: "k"}
		equal(t, "insert", s.CommitResources(ctx, ResourceCommit{Insert: []Resource{flow("B", ""), flow("c", ""), flow("b", "welcome"), other, key}}), nil)
		var order []string
		for _, r := range must(s.Resources(ctx, instance, "flow", "", 3))(t) {
			order = append(order, r.ID)
		}
		for _, r := range must(s.Resources(ctx, instance, "flow", "b", 3))(t) {
			order = append(order, r.ID)
		}
		equal(t, "order", fmt.Sprint(order), "[B a b c]")

		later := start.Add(time.Hour)
		equal(t, "update", updateResource(s, ctx, instance, "flow", "a", func(old Resource) (Resource, error) {
			old.Name, old.Body, old.Modified, old.ID, old.Version = "Hello", []byte("new"), later, "ignored", 99
			return old, nil
		}), nil)
		want := Resource{Instance: instance, Kind: "flow", ID: "a", Name: "Hello", Body: []byte("new"), Version: 2, Created: start, Modified: later}
		equal(t, "resource", fmt.Sprint(must(s.Resource(ctx, instance, "flow", "a"))(t)), fmt.Sprint(want))
		var e *center.Error
		err := updateResource(s, ctx, instance, "flow", "a", func(old Resource) (Resource, error) {
			old.Name = "welcome"
			return old, nil
		})
		if !errors.As(err, &e) || e.Code != center.Duplicate {
			t.Errorf("rename to a name that is there: %v, want Duplicate", err)
		}
		own := errors.New("no")
		equal(t, "refused update", updateResource(s, ctx, instance, "flow", "a", func(Resource) (Resource, error) { return Resource{}, own }), own)

		equal(t, "delete", s.DeleteResource(ctx, instance, "flow", "a"), nil)
		equal(t, "delete again", s.DeleteResource(ctx, instance, "flow", "a"), ErrNotFound)
		equal(t, "update", updateResource(s, ctx, instance, "flow", "a", func(r Resource) (Resource, error) { return r, nil }), ErrNotFound)
	})
}

// What is too long for an index of one engine is refused by both.
func TestLongKeysOfResources(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		random := make([]byte, 3000) // which do not shrink when they are compressed
		_, _ = rand.Read(random)
		for _, n := range []int{maxKey, maxKey + 1, len(random)} {
			key := string(random[:n])
			inserted := s.InsertResource(t.Context(), Resource{Kind: "k", ID: key})
			named := s.InsertResource(t.Context(), Resource{Kind: "named", ID: fmt.Sprint(n), Name: key})
			other := s.InsertResource(t.Context(), Resource{Kind: "renamed", ID: fmt.Sprint(n)})
			equal(t, "insert", other, nil)
			renamed := updateResource(s, t.Context(), "", "renamed", fmt.Sprint(n), func(r Resource) (Resource, error) {
				r.Name = key
				return r, nil
			})
			for what, err := range map[string]error{"id": inserted, "name": named, "new name": renamed} {
				var e *center.Error
				if good := n <= maxKey; good && err != nil || !good && (!errors.As(err, &e) || e.Code != center.InvalidParameter) {
					t.Errorf("%s of %d bytes: %v", what, n, err)
				}
			}
		}
	})
}

func TestRacingUpdatesOfAResourceAllCount(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		equal(t, "insert", s.InsertResource(t.Context(), Resource{Kind: "k", ID: "i"}), nil)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 5 {
					if err := updateResource(s, context.Background(), "", "k", "i", func(r Resource) (Resource, error) {
						r.Body = append(r.Body, 'x')
						return r, nil
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		r := must(s.Resource(t.Context(), "", "k", "i"))(t)
		equal(t, "body", len(r.Body), 40)
		equal(t, "version", r.Version, 41)
	})
}

func TestDeletedInstanceLeavesOthersAlone(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		const other = center.InstanceID("22222222-2222-4222-8222-222222222222")
		make1 := func(i center.InstanceID) *center.Change {
			c := newChat()
			c.Instance = i
			c.Take = []center.Claim{{Kind: "slot", Key: string(c.Stream)}}
			c.Due = []center.Due{{Key: "k", At: start}}
			c.Contacts = []center.ContactRecord{running(c, newID())}
			c.Receipts = []center.Receipt{{Message: c.Items[0].ID, Recipient: "ana", Read: start}}
			commit(t, s, c)
			return c
		}
		kept := make1(other)
		var gone *center.Change
		for range instanceChats + 5 {
			gone = make1(instance)
		}
		equal(t, "insert", s.CommitResources(ctx, ResourceCommit{Insert: []Resource{{Instance: instance, Kind: "flow", ID: "a"}, {Instance: other, Kind: "flow", ID: "a"}}}), nil)
		equal(t, "delete", s.DeleteInstance(ctx, instance, start), nil)

		equal(t, "chat is gone", errOf(s.Stream(ctx, gone.Stream)), ErrNotFound)
		equal(t, "contact is gone", errOf(s.ChatOf(ctx, gone.Contacts[0].ID)), ErrNotFound)
		equal(t, "resource is gone", errOf(s.Resource(ctx, instance, "flow", "a")), ErrNotFound)
		refuses[*Conflict](t, s, say(gone.Stream, 1, "to nobody"))
		equal(t, "resource", errOf(s.Resource(ctx, other, "flow", "a")), nil)
		equal(t, "transcript", transcript(t, s, kept.Stream), "1:hello")
		equal(t, "due rows", len(must(s.AllDue(ctx, 1000))(t)), 1)
		equal(t, "claims", len(must(s.Claims(ctx, "slot", ""))(t)), 1)
		equal(t, "receipts", len(must(s.Receipts(ctx, kept.Stream, []center.ItemID{kept.Items[0].ID}))(t)), 1)

		equal(t, "reset", s.Reset(ctx), nil)
		equal(t, "chat is gone", errOf(s.Stream(ctx, kept.Stream)), ErrNotFound)
		equal(t, "resource is gone", errOf(s.Resource(ctx, other, "flow", "a")), ErrNotFound)
		commit(t, s, kept)
	})
}

func TestUnknownDatabase(t *testing.T) {
	for _, url := range []string{"", "sqlite:", "mysql://secret@host/db", "/var/lib/parley.db", "sqlite:/no/such/folder/parley.db"} {
		_, err := Open(t.Context(), url, Options{})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("open %q: %v", url, err)
		}
	}
}

// postgresURL names an empty schema of its own, which goes when the test ends.
func postgresURL(t testing.TB) string {
	t.Helper()
	base := os.Getenv("PARLEY_TEST_POSTGRES")
	if base == "" {
		t.Skip("PARLEY_TEST_POSTGRES is not set: give it the URL of a PostgreSQL database that tests may make schemas in, as postgres://user@127.0.0.1:5432/db")
	}
	schema := "parley_" + strings.ReplaceAll(newID(), "-", "")
	onPostgres(t, base, `CREATE SCHEMA `+schema)
	t.Cleanup(func() { onPostgres(t, base, `DROP SCHEMA `+schema+` CASCADE`) })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// onPostgres runs one statement beside the store.
func onPostgres(t testing.TB, url, text string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), text); err != nil {
		t.Fatal(err)
	}
}

// updateResource replaces a resource by what change makes of it. change is called again, with the newer row, when
// another writer was faster; its error is returned as it is. Name, Body, Modified and Refs are taken from what it
// returns.
func updateResource(s *Store, ctx context.Context, instance center.InstanceID, kind, id string, change func(old Resource) (Resource, error)) error {
	for {
		old, err := s.Resource(ctx, instance, kind, id)
		if err != nil {
			return err
		}
		r, err := change(old)
		if err != nil {
			return err
		}
		r.Instance, r.Kind, r.ID, r.Version = old.Instance, old.Kind, old.ID, old.Version
		if err = s.CommitResources(ctx, ResourceCommit{Replace: []Resource{r}}); !errors.Is(err, ErrStale) {
			return err
		}
	}
}

// Two resources and a claim are read at once as they are read one by one.
func TestTwoAndClaim(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		a := Resource{Kind: "instance", ID: string(instance), Name: "an alias", Body: []byte(`{}`), Created: start, Modified: start.Add(time.Hour)}
		b := Resource{Instance: instance, Kind: "flow", ID: newID(), Body: []byte("body \x00"), Created: start, Modified: start}
		other := Resource{Instance: instance, Kind: "flow", ID: newID(), Created: start, Modified: start}
		equal(t, "error", s.CommitResources(ctx, ResourceCommit{Insert: []Resource{a, b, other}}), nil)
		c := newChat()
		for key, expires := range map[string]time.Time{"kept": {}, "live": start.Add(time.Minute), "over": start} {
			c.Take = append(c.Take, center.Claim{Kind: center.ClaimStart, Key: key, Value: "holder of " + key, Expires: expires})
		}
		commit(t, s, c)
		for _, of := range []struct{ a, b, key string }{
			{a.ID, b.ID, "kept"}, {a.ID, b.ID, "live"}, {a.ID, b.ID, "over"}, {a.ID, b.ID, "none"}, {newID(), b.ID, ""}, {a.ID, newID(), "live"}, {"", "", "kept"},
		} {
			got, err := s.TwoAndClaim(ctx, InstanceRef{"", Ref{"instance", of.a}}, InstanceRef{instance, Ref{"flow", of.b}}, center.ClaimStart, of.key, nil, start)
			equal(t, "error", err, nil)
			for _, r := range []struct {
				at       center.InstanceID
				kind, id string
				got      *Resource
			}{{"", "instance", of.a, got.A}, {instance, "flow", of.b, got.B}} {
				want, err := s.Resource(ctx, r.at, r.kind, r.id)
				if (r.got == nil) != errors.Is(err, ErrNotFound) || r.got != nil && !reflect.DeepEqual(*r.got, want) {
					t.Errorf("%+v: the %s is %+v, want %+v, %v", of, r.kind, r.got, want, err)
				}
			}
			want, taken, err := s.Claim(ctx, center.ClaimStart, of.key, start)
			if got.Claim != want || got.Held != taken || got.First != nil || err != nil {
				t.Errorf("%+v: the claim is %+v, %v, want %+v, %v, %v", of, got.Claim, got.Held, want, taken, err)
			}
		}
		// The first of a fourth kind from an id on, of this instance alone.
		row := func(at center.InstanceID, id string) Resource {
			return Resource{Instance: at, Kind: "row", ID: id, Body: []byte(id), Created: start, Modified: start}
		}
		equal(t, "error", s.CommitResources(ctx, ResourceCommit{Insert: []Resource{row(instance, "b"), row(instance, "d"), row("", "e")}}), nil)
		for from, want := range map[string]string{"0": "b", "b": "b", "c": "d", "d": "d", "e": ""} {
			got, err := s.TwoAndClaim(ctx, InstanceRef{"", Ref{"instance", a.ID}}, InstanceRef{instance, Ref{"flow", b.ID}}, center.ClaimStart, "kept", &InstanceRef{instance, Ref{"row", from}}, start)
			equal(t, "error", err, nil)
			if (got.First == nil) != (want == "") || got.First != nil && (got.First.ID != want || string(got.First.Body) != want) || got.A == nil || got.B == nil || !got.Held {
				t.Errorf("from %s: %+v, want %s", from, got, want)
			}
		}
	})
}
