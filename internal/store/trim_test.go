package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// agentOf is an agent's stream of n items, a minute apart.
func agentOf(t testing.TB, s *Store, n int) center.StreamID {
	t.Helper()
	var items []center.Item
	for i := range n {
		it := message(fmt.Sprint(i + 1))
		it.Time, it.InTranscript = start.Add(time.Duration(i)*time.Minute), false
		items = append(items, it)
	}
	c := newChat(items...)
	c.Kind = center.KindAgent
	commit(t, s, c)
	return c.Stream
}

// trim trims all, and returns how many items each step has deleted.
func trim(t testing.TB, s *Store, before time.Time) (steps []int64) {
	t.Helper()
	for {
		n := must(s.TrimAgents(t.Context(), before))(t)
		if n == 0 {
			return steps
		}
		steps = append(steps, n)
	}
}

func seqs(items []center.Item) (all []int64) {
	for i := range items {
		all = append(all, items[i].Seq)
	}
	return all
}

func TestAgentsItemsAreTrimmed(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		long, short, idle, chat := agentOf(t, s, 600), agentOf(t, s, 3), agentOf(t, s, 1), chatOf100(t, s)
		equal(t, "nothing is old", len(trim(t, s, start)), 0)

		// The steps are bounded; what is not old stays, and the last item whatever its age.
		steps := trim(t, s, start.Add(590*time.Minute))
		equal(t, "steps", fmt.Sprint(steps), fmt.Sprint([]int64{256, 256, 80}))
		equal(t, "again", len(trim(t, s, start.Add(590*time.Minute))), 0)
		for _, c := range []struct {
			of         center.StreamID
			first, end int64
		}{{long, 591, 600}, {short, 3, 3}, {idle, 1, 1}, {chat, 1, 100}} {
			all := must(s.Page(t.Context(), PageQuery{Stream: c.of, From: c.first, Limit: 1000}))(t)
			equal(t, "first", all[0].Seq, c.first)
			equal(t, "how many", int64(len(all)), c.end-c.first+1)
			equal(t, "last", must(s.Stream(t.Context(), c.of))(t).LastSeq, c.end)
		}

		// Backwards the items end where the stream begins.
		for _, q := range []PageQuery{
			{From: 1, Limit: 1000}, {From: 590, Limit: 1000}, {From: 591, Limit: 1000}, {From: 1, To: 600, Limit: 10}, {From: 1, Limit: 1000, Last: 600}, {From: 1, To: 605, Limit: 11},
		} {
			q.Stream, q.Backward = long, true
			all := must(s.Page(t.Context(), q))(t)
			equal(t, fmt.Sprintf("backwards %+v", q), fmt.Sprint(seqs(all)), "[600 599 598 597 596 595 594 593 592 591]")
		}
		equal(t, "backwards from what is gone", len(must(s.Page(t.Context(), PageQuery{Stream: long, From: 1, To: 300, Backward: true, Limit: 10}))(t)), 0)

		// Forwards from before it, the reader is told.
		for _, after := range []int64{0, 1, 300, 589} {
			_, err := s.ItemsAfter(t.Context(), long, after, 100)
			var gone *center.Trimmed
			if !errors.As(err, &gone) || gone.First != 591 {
				t.Errorf("items after %d: %v", after, err)
			}
		}
		_, err := s.Page(t.Context(), PageQuery{Stream: long, From: 5, To: 9, Limit: 100})
		if _, gone := errors.AsType[*center.Trimmed](err); !gone {
			t.Errorf("a page of what is gone: %v", err)
		}
		equal(t, "just what is kept", len(must(s.ItemsAfter(t.Context(), long, 590, 100))(t)), 10)
		equal(t, "beyond the end", len(must(s.ItemsAfter(t.Context(), long, 600, 100))(t)), 0)
		equal(t, "the first at a time", must(s.SeqAt(t.Context(), long, start.Add(595*time.Minute)))(t), int64(596))
		equal(t, "the first of all", must(s.SeqAt(t.Context(), long, start))(t), int64(591))
		_, err = s.SeqAt(t.Context(), long, start.Add(1000*time.Hour))
		equal(t, "a time that never was", errors.Is(err, ErrNotFound), true)
		_, err = s.Item(t.Context(), long, center.ItemID(newID()))
		equal(t, "an item that is not there", errors.Is(err, ErrNotFound), true)
		_, err = s.TranscriptBytes(t.Context(), long, 0)
		sound(t, "its size", err)

		// It goes on.
		commit(t, s, say(long, 600, "601"))
		refuses[*Conflict](t, s, say(long, 300, "late"))
		refuses[*Conflict](t, s, say(long, 590, "late"))
		equal(t, "the new one", must(s.ItemsAfter(t.Context(), long, 600, 100))(t)[0].Seq, int64(601))
		if err := s.Damage(); err != nil {
			t.Error("trimming is no damage:", err)
		}
	})
}

// What is missing of a stream that is trimmed is damage as of any other.
func TestATrimmedStreamMayBeDamaged(t *testing.T) {
	for _, c := range []struct {
		name, spoil string
		q           PageQuery
	}{
		{"the first", `DELETE FROM item WHERE stream = CHAT AND seq = 11`, PageQuery{From: 11, Limit: 100}},
		{"one within", `DELETE FROM item WHERE stream = CHAT AND seq = 15`, PageQuery{From: 11, Limit: 100}},
		{"the first, backwards", `DELETE FROM item WHERE stream = CHAT AND seq = 11`, PageQuery{From: 1, Backward: true, Limit: 100}},
		{"one within, backwards", `DELETE FROM item WHERE stream = CHAT AND seq = 15`, PageQuery{From: 1, Backward: true, Limit: 100}},
		{"the last", `DELETE FROM item WHERE stream = CHAT AND seq = 20`, PageQuery{From: 11, Backward: true, Limit: 100, Last: 20}},
		{"where it begins", `UPDATE stream SET first_seq = NULL WHERE id = CHAT`, PageQuery{From: 1, Backward: true, Limit: 100}},
	} {
		t.Run(c.name, func(t *testing.T) {
			forEachEngine(t, func(t *testing.T, s *Store) {
				agent := agentOf(t, s, 20)
				equal(t, "trimmed", trim(t, s, start.Add(10*time.Minute))[0], int64(10))
				spoil(t, s, agent, c.spoil)
				c.q.Stream = agent
				_, err := s.Page(t.Context(), c.q)
				damaged(t, "the page", err)
			})
		})
	}
}

// The check of a file at the start takes a trimmed stream for sound, and one with a hole not.
func TestTheCheckKnowsWhereStreamsBegin(t *testing.T) {
	for _, hole := range []bool{false, true} {
		s := open(t, "sqlite:"+t.TempDir()+"/parley.db")
		agent := agentOf(t, s, 20)
		trim(t, s, start.Add(10*time.Minute))
		if hole {
			spoil(t, s, agent, `DELETE FROM item WHERE stream = CHAT AND seq = 11`)
		}
		sound(t, "check", s.Check(1<<30))
		if found := s.Damage() != nil; found != hole {
			t.Errorf("with a hole %v: damage is %v", hole, s.Damage())
		}
	}
}

// A stream whose row is lost is missed by its items, also when it was trimmed.
func TestALostRowOfATrimmedStreamIsDamage(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		agent := agentOf(t, s, 20)
		trim(t, s, start.Add(10*time.Minute))
		spoil(t, s, agent, `DELETE FROM stream WHERE id = CHAT`)
		_, err := s.Stream(t.Context(), agent)
		damaged(t, "the stream", err)
	})
}

// Changes to an agent that are committed while it is trimmed lose nothing and make no hole.
func TestTrimmingBesideChanges(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		agent := agentOf(t, s, 50)
		done := make(chan error)
		go func() {
			var err error
			for after := int64(50); after < 150 && err == nil; after++ {
				c := say(agent, after, fmt.Sprint(after+1))
				c.State = []byte(`{}`)
				err = s.Commit(t.Context(), c)
			}
			done <- err
		}()
		for busy := true; busy; {
			select {
			case err := <-done:
				sound(t, "the changes", err)
				busy = false
			default:
				must(s.TrimAgents(t.Context(), start.Add(24*time.Hour)))(t)
			}
		}
		trim(t, s, start.Add(24*time.Hour))
		all := must(s.Page(t.Context(), PageQuery{Stream: agent, From: 1, Backward: true, Limit: 1000, Last: 150}))(t)
		equal(t, "what is left", fmt.Sprint(seqs(all)), "[150]")
	})
}

// What is to be trimmed is found without a look at each chat. PostgreSQL scans a table that is empty whatever indexes it has.
func TestTrimmedStreamsAreFoundByAnIndex(t *testing.T) {
	plan := ""
	err := open(t, "sqlite::memory:").rows(t.Context(), `EXPLAIN QUERY PLAN `+sqlTrimmable, []any{int64(1), int64(1)}, func(r *sql.Rows) error {
		var id, parent, none int64
		var step string
		err := r.Scan(&id, &parent, &none, &step)
		plan += step + "\n"
		return err
	})
	if err != nil || !strings.Contains(plan, "stream_agent") {
		t.Errorf("%v; the plan is\n%s", err, plan)
	}
}
