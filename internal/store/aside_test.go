package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/parley-chat/parley/internal/center"
)

// stranger is a session of somebody else, with a transaction that it leaves open.
type stranger struct {
	testing.TB
	conn *pgx.Conn
}

func newStranger(t testing.TB, url string) *stranger {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	x := &stranger{t, conn}
	x.exec(`BEGIN`)
	return x
}

func (x *stranger) exec(text string, args ...any) {
	x.Helper()
	if _, err := x.conn.Exec(context.Background(), text, args...); err != nil {
		x.Fatal(err)
	}
}

// hold inserts a chat's next item.
func (x *stranger) hold(chat center.StreamID, seq int64) {
	x.Helper()
	raw, _ := center.UUID(string(chat))
	x.exec(`INSERT INTO item (stream, seq, at, id, flags, body) VALUES ($1, $2, 0, $1, 0, '')`, raw[:], seq)
}

func (x *stranger) letGo() {
	x.Helper()
	x.exec(`ROLLBACK`)
}

// inOneBatch commits Changes so that one committer takes them up together, and returns their outcomes.
func inOneBatch(s *Store, changes []*center.Change) []error {
	return inOneBatchAll(s, slices.Collect(slices.Chunk(changes, 1)))
}

// inOneBatchAll is inOneBatch for commits of several Changes.
func inOneBatchAll(s *Store, commits [][]*center.Change) []error {
	open := make(chan struct{})
	busy := make(chan struct{}, 8)
	for range s.engine.loops() {
		go s.write(context.Background(), func(session) error {
			busy <- struct{}{}
			<-open
			return nil
		})
		<-busy
	}
	outcomes := make([]error, len(commits))
	var wg sync.WaitGroup
	for i, c := range commits {
		wg.Go(func() { outcomes[i] = s.Commit(context.Background(), c...) })
	}
	for queued := 0; queued < len(commits); {
		s.queue.mu.Lock()
		queued = len(s.queue.jobs)
		s.queue.mu.Unlock()
	}
	close(open)
	wg.Wait()
	return outcomes
}

// isLocked wants the refusal that a client may try again.
func isLocked(t testing.TB, err error) {
	t.Helper()
	var refused *center.Error
	if !errors.As(err, &refused) || refused.Code != center.Unavailable || !errors.Is(err, errLocked) {
		t.Errorf("what is locked answered %v", err)
	}
}

// A session that was left open holds the next items of two chats. These are refused, one by one, and all others commit,
// whatever batch they were in.
func TestLockedChatsAreRefusedAlone(t *testing.T) {
	url := postgresURL(t)
	s := open(t, url)
	s.engine.(*pgEngine).aside.limit = time.Hour // however slow this machine is
	const n = 30
	chats := make([]center.StreamID, n)
	for i := range chats {
		c := newChat()
		commit(t, s, c)
		chats[i] = c.Stream
	}
	locked := []int{7, 20}
	x := newStranger(t, url)
	for _, i := range locked {
		x.hold(chats[i], 2)
	}
	for round := range int64(3) {
		changes := make([]*center.Change, n)
		for i, id := range chats {
			changes[i] = say(id, 1+round, fmt.Sprint(round))
			if slices.Contains(locked, i) {
				changes[i] = say(id, 1, fmt.Sprint(round))
			}
			if i%2 == 1 { // some messages only, some with more
				changes[i].State = []byte("changed")
				changes[i].Due = []center.Due{{Key: "k", At: start}}
			}
		}
		for i, err := range inOneBatch(s, changes) {
			if slices.Contains(locked, i) {
				isLocked(t, err)
			} else if err != nil {
				t.Errorf("round %d: chat %d is not locked: %v", round, i, err)
			}
		}
		equal(t, "health", s.Health(t.Context()), nil)
		equal(t, "trouble", s.trouble.Load() == nil, true)
	}
	x.letGo()
	for i, id := range chats {
		if slices.Contains(locked, i) {
			commit(t, s, say(id, 1, "at last"))
			equal(t, "transcript of one that was locked", transcript(t, s, id), "1:hello 2:at last")
			continue
		}
		equal(t, "transcript", transcript(t, s, id), "1:hello 2:0 3:1 4:2")
	}
	equal(t, "locks that are remembered", s.engine.(*pgEngine).aside.known.Load(), false)
}

// All of a batch is locked, more than can be told apart in time: all of it is refused. When the locks go, all commit.
func TestWhollyLockedBatchIsRefused(t *testing.T) {
	url := postgresURL(t)
	s := open(t, url)
	const n = 200
	changes := make([]*center.Change, n)
	x := newStranger(t, url)
	for i := range changes {
		c := newChat()
		commit(t, s, c)
		x.hold(c.Stream, 2)
		changes[i] = say(c.Stream, 1, "at last")
	}
	for _, err := range inOneBatch(s, changes) {
		isLocked(t, err)
	}
	commit(t, s, newChat())
	x.letGo()
	for _, c := range changes {
		commit(t, s, c)
		equal(t, "transcript", transcript(t, s, c.Stream), "1:hello 2:at last")
	}
}

// What other writes need may be locked too: they are refused alone, or leave out what is locked.
func TestLockedRowsOfOtherWrites(t *testing.T) {
	url := postgresURL(t)
	s := open(t, url)
	ctx := t.Context()
	held, free := newChat(), newChat()
	held.Take = []center.Claim{{Kind: "k", Key: "held", Expires: start}}
	free.Take = []center.Claim{{Kind: "k", Key: "free", Expires: start}}
	for _, c := range []*center.Change{held, free} {
		c.Due = []center.Due{{Key: "k", At: start}}
		commit(t, s, c)
	}
	names := []string{"held", "free"}
	for _, name := range names {
		if err := s.InsertResource(ctx, Resource{Kind: "flow", ID: name, Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	x := newStranger(t, url)
	raw, _ := center.UUID(string(held.Stream))
	x.exec(`UPDATE due SET data = 'x' WHERE stream = $1`, raw[:])
	x.exec(`UPDATE claim SET value = 'x' WHERE key = 'held'`)
	x.exec(`UPDATE resource SET body = 'x' WHERE id = 'held'`)
	x.exec(`INSERT INTO resource (instance, kind, id, name, version, created, modified) VALUES ('', 'flow', 'new', 'new', 1, 0, 0)`)

	// Twice: what is known to be locked takes another way than what is found out.
	for range 2 {
		leased := must(s.LeaseDue(ctx, 0, start, 0, 9))(t)
		if len(leased) != 1 || leased[0].Stream != free.Stream {
			t.Errorf("leased %v", leased)
		}
		_, _, err := s.ExtendDue(ctx, center.Due{Stream: held.Stream, Key: "k", At: start}, start, start.Add(time.Minute))
		isLocked(t, err)
		isLocked(t, s.DeleteResource(ctx, "", "flow", "held"))
		isLocked(t, s.InsertResource(ctx, Resource{Kind: "flow", ID: "newer", Name: "new"}))
		for _, name := range names {
			err := updateResource(s, ctx, "", "flow", name, func(old Resource) (Resource, error) {
				old.Body = []byte("ours")
				return old, nil
			})
			if name == "held" {
				isLocked(t, err)
			} else if err != nil {
				t.Error(err)
			}
		}
		// Another chat needs the claim.
		c := newChat()
		c.Take = []center.Claim{{Kind: "k", Key: "held"}}
		isLocked(t, s.Commit(ctx, c))
	}
	equal(t, "purged claims", must(s.PurgeClaims(ctx, start))(t), 1)

	x.letGo()
	equal(t, "purged claims", must(s.PurgeClaims(ctx, start))(t), 1)
	c := newChat()
	c.Take = []center.Claim{{Kind: "k", Key: "held"}}
	commit(t, s, c)
	equal(t, "leased", len(must(s.LeaseDue(ctx, 0, start, 0, 9))(t)), 2)
	if err := s.DeleteResource(ctx, "", "flow", "held"); err != nil {
		t.Error(err)
	}
	if err := s.InsertResource(ctx, Resource{Kind: "flow", ID: "newer", Name: "new"}); err != nil {
		t.Error(err)
	}
}

// A node that hangs inside a transaction loses it, and what it held is free again. It does the same once more when it
// goes on.
func TestTransactionOfAHungNodeEnds(t *testing.T) {
	url := postgresURL(t)
	hung, other := open(t, url), open(t, url)
	c := newChat()
	commit(t, hung, c)
	raw, _ := center.UUID(string(c.Stream))
	goesOn := make(chan struct{})
	holds := make(chan struct{}, 9)
	outcome := make(chan error)
	go func() {
		outcome <- hung.write(context.Background(), func(ses session) error {
			_, err := ses.exec(`UPDATE stream SET ended_at = 5 WHERE id = $1`, raw[:])
			holds <- struct{}{}
			<-goesOn
			return err
		})
	}()
	<-holds
	m := say(c.Stream, 1, "taken")
	m.State = []byte("next")
	for {
		err := other.Commit(t.Context(), m)
		if err == nil {
			break
		}
		isLocked(t, err)
	}
	close(goesOn)
	equal(t, "what hung", <-outcome, nil)
	got := must(other.Stream(t.Context(), c.Stream))(t)
	equal(t, "ended_at", got.EndedAt.UnixMilli(), 5)
	equal(t, "state", string(got.State), "next")
}

func TestSettingsOfConnections(t *testing.T) {
	for _, test := range []struct{ params, commit, read string }{
		{"", "250ms 1s 10 5 3 25000", "5s 1s 10 5 3 25000"},
		{"&lock_timeout=7s&tcp_keepalives_idle=77", "7s 1s 77 5 3 25000", "7s 1s 77 5 3 25000"},
		{"&options=-c%20lock_timeout%3D7s%20--idle-in-transaction-session-timeout%3D9s", "7s 9s 10 5 3 25000", "7s 9s 10 5 3 25000"},
	} {
		s := open(t, postgresURL(t)+test.params)
		names := []string{"lock_timeout", "idle_in_transaction_session_timeout", "tcp_keepalives_idle", "tcp_keepalives_interval",
			"tcp_keepalives_count", "tcp_user_timeout"}
		var commit, read []string
		for _, name := range names {
			err := s.write(t.Context(), func(ses session) error {
				rows, err := ses.query(`SELECT current_setting($1)`, name)
				if err == nil {
					commit = append(commit, rows[0][0].(string))
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			var value string
			if err := s.row(t.Context(), `SELECT current_setting($1)`, []any{name}, &value); err != nil {
				t.Fatal(err)
			}
			read = append(read, value)
		}
		equal(t, test.params+": committers", strings.Join(commit, " "), test.commit)
		equal(t, test.params+": reads", strings.Join(read, " "), test.read)

		// What is tried again aside sets another lock_timeout, and then this one again.
		e := s.engine.(*pgEngine)
		conn := <-e.slots
		for _, timeout := range []time.Duration{probeTimeout, 0} {
			if err := e.ready(t.Context(), conn, 0, timeout); err != nil {
				t.Fatal(err)
			}
			var value string
			if err := conn.QueryRow(t.Context(), `SHOW lock_timeout`).Scan(&value); err != nil {
				t.Fatal(err)
			}
			want := probeTimeout.String()
			if timeout == 0 {
				want, _, _ = strings.Cut(test.commit, " ")
			}
			equal(t, "lock_timeout", value, want)
		}
		e.slots <- conn
	}
}

// A migration waits for as long as another node holds what it changes, if that is not forever.
func TestMigrationWaitsForLocks(t *testing.T) {
	url := postgresURL(t)
	s := open(t, url)
	x := newStranger(t, url)
	x.exec(`SELECT pg_advisory_lock($1)`, int64(migrationLock)) // another node migrates
	opened := make(chan error)
	go func() {
		s, err := Open(context.Background(), url+"&application_name=opens", Options{})
		if err == nil {
			err = s.Close()
		}
		opened <- err
	}()
	var waits bool
	for !waits {
		// Longer than a batch would.
		err := s.row(t.Context(), `SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'opens'
			AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '400 ms'`, nil, &waits)
		if err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-opened:
			t.Fatal("it did not wait:", err)
		default:
		}
	}
	x.exec(`SELECT pg_advisory_unlock($1)`, int64(migrationLock))
	equal(t, "opened", <-opened, nil)
}

// inVain makes it as if all commits of the last seconds had failed, and one was being tried.
func inVain(s *Store) {
	s.tries.mu.Lock()
	defer s.tries.mu.Unlock()
	s.tries.last = time.Now()
	s.tries.since = s.tries.last.Add(-stallsAfter)
}

func TestStoreThatTakesNothingIsNotWell(t *testing.T) {
	url := postgresURL(t)
	s := open(t, url)
	c := newChat()
	commit(t, s, c)
	x := newStranger(t, url)

	// One chat is locked: all others can be committed to.
	x.hold(c.Stream, 2)
	isLocked(t, s.Commit(t.Context(), say(c.Stream, 1, "locked")))
	equal(t, "health when a commit has failed", s.Health(t.Context()), nil)
	inVain(s)
	equal(t, "health beside a locked chat", s.Health(t.Context()), nil)

	// All are.
	x.exec(`LOCK TABLE receipt, item IN ACCESS EXCLUSIVE MODE`)
	isLocked(t, s.Commit(t.Context(), newChat()))
	equal(t, "health when a commit has failed", s.Health(t.Context()), nil)
	inVain(s)
	if err := s.Health(t.Context()); err == nil || !strings.Contains(err.Error(), "none succeeded") {
		t.Errorf("nothing can be committed, and health is %v", err)
	}
	x.letGo()
	equal(t, "health when the locks are gone", s.Health(t.Context()), nil)
	equal(t, "stalled", s.tries.stalled(), false)
}

func TestStalledIsWhatTriesInVain(t *testing.T) {
	unavail, conflict := unavailable(errLocked), &Conflict{}
	for _, test := range []struct {
		name string
		do   func(*tries)
		want bool
	}{
		{"idle", func(*tries) { time.Sleep(time.Hour) }, false},
		{"one failed, then idle", func(tr *tries) { tr.begin(); tr.end(unavail); time.Sleep(time.Hour) }, false},
		{"one hangs", func(tr *tries) { tr.begin(); time.Sleep(5 * time.Second) }, true},
		{"one hangs, not for long", func(tr *tries) { tr.begin(); time.Sleep(4 * time.Second) }, false},
		{"all fail", func(tr *tries) {
			for range 6 {
				tr.begin()
				tr.end(unavail)
				time.Sleep(time.Second)
			}
		}, true},
		{"one hangs, others succeed", func(tr *tries) {
			tr.begin()
			for range 9 {
				tr.begin()
				tr.end(conflict)
				time.Sleep(time.Second)
			}
		}, false},
		{"one succeeds, another hangs since", func(tr *tries) { tr.begin(); tr.begin(); tr.end(nil); time.Sleep(5 * time.Second) }, true},
		{"one fails after a long while", func(tr *tries) {
			tr.begin()
			tr.end(unavail)
			time.Sleep(time.Hour)
			tr.begin()
			tr.end(unavail)
		}, false},
		{"one succeeds after a long while", func(tr *tries) {
			tr.begin()
			time.Sleep(time.Hour)
			tr.end(nil)
			time.Sleep(time.Hour)
			tr.begin()
		}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			var tr tries
			test.do(&tr)
			equal(t, test.name, tr.stalled(), test.want)
		})
	}
}
