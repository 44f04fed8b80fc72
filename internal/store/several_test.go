package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/parley-chat/parley/internal/center"
)

// change is a Change with a new state and a due row.
func change(stream center.StreamID, after int64, text string) *center.Change {
	c := say(stream, after, text)
	c.State = []byte(text)
	c.Due = []center.Due{{Key: text, At: start}}
	return c
}

// twoChats begins two chats, that of the lesser id first.
func twoChats(t testing.TB, s *Store) (a, b center.StreamID) {
	first, second := newChat(), newChat()
	commit(t, s, first)
	commit(t, s, second)
	return min(first.Stream, second.Stream), max(first.Stream, second.Stream)
}

// Changes of several streams are kept as a whole or not at all, whichever of them is refused for whatever reason, and the
// refusal is that of the one that it concerns.
func TestSeveralStreamsAreCommittedAllOrNone(t *testing.T) {
	for name, refuse := range map[string]func(t *testing.T, s *Store, c *center.Change) (is func(error) bool){
		"conflict": func(t *testing.T, s *Store, c *center.Change) func(error) bool {
			c.After, c.Items[0].Seq = 7, 0
			return isConflict(c.Stream)
		},
		"conflict of a message": func(t *testing.T, s *Store, c *center.Change) func(error) bool {
			*c = *say(c.Stream, 7, "too early")
			return isConflict(c.Stream)
		},
		"new stream that exists": func(t *testing.T, s *Store, c *center.Change) func(error) bool {
			c.After, c.Kind, c.Instance = 0, center.KindChat, instance
			return isConflict(c.Stream)
		},
		"stream that is not there": func(t *testing.T, s *Store, c *center.Change) func(error) bool {
			c.Stream = center.StreamID(newID())
			return isConflict(c.Stream)
		},
		"token": func(t *testing.T, s *Store, c *center.Change) func(error) bool {
			there := say(c.Stream, 1, "with a token")
			there.Items[0].Token = [16]byte{9}
			commit(t, s, there)
			c.After, c.Items[0].Token = 2, [16]byte{9}
			return func(err error) bool {
				taken, ok := errors.AsType[*TokenTaken](err)
				return ok && taken.Item.Stream == c.Stream && taken.Item.Content == "with a token"
			}
		},
		"claim": func(t *testing.T, s *Store, c *center.Change) func(error) bool {
			claim := center.Claim{Kind: "slot", Key: "held " + newID(), Value: "by another"}
			holder := newChat()
			holder.Take = []center.Claim{claim}
			commit(t, s, holder)
			c.Take = []center.Claim{{Kind: "slot", Key: "free"}, {Kind: "slot", Key: claim.Key}}
			return func(err error) bool {
				taken, ok := errors.AsType[*ClaimTaken](err)
				return ok && taken.Claim == claim
			}
		},
		"due row": func(t *testing.T, s *Store, c *center.Change) func(error) bool {
			c.Done = &center.Due{Stream: c.Stream, Key: "gone", At: start}
			return isStale(*c.Done)
		},
		"due row of another stream": func(t *testing.T, s *Store, c *center.Change) func(error) bool {
			c.Done = &center.Due{Stream: center.StreamID(newID()), Key: "gone", At: start}
			return isStale(*c.Done)
		},
		"contact of another stream": func(t *testing.T, s *Store, c *center.Change) func(error) bool {
			other := newChat()
			other.Contacts = []center.ContactRecord{{ID: center.ContactID(newID()), Chat: center.ChatID(other.Stream), Instance: instance, Channel: "CHAT"}}
			commit(t, s, other)
			c.Contacts = other.Contacts
			return isInternal
		},
		"value that does not fit": func(t *testing.T, s *Store, c *center.Change) func(error) bool {
			if s.d.clock == "" {
				t.Skip("SQLite stores any text")
			}
			c.Due = []center.Due{{Key: "zero \x00", At: start}}
			return isInternal
		},
	} {
		t.Run(name, func(t *testing.T) {
			forEachEngine(t, func(t *testing.T, s *Store) {
				for n := range 2 {
					a, b := twoChats(t, s)
					parts := []*center.Change{change(a, 1, "a"), change(b, 1, "b"), newChat(message("new"))}
					is := refuse(t, s, parts[n])
					chats := []center.StreamID{a, b, parts[2].Stream}
					before := all(t, s, chats)
					for range 2 { // in any order
						if err := s.Commit(t.Context(), parts...); !is(err) {
							t.Errorf("part %d is wrong: %v", n+1, err)
						}
						slices.Reverse(parts)
					}
					equal(t, "what is stored", all(t, s, chats), before)
				}
				// Nothing is in the way of the next one.
				a, b := twoChats(t, s)
				equal(t, "next", s.Commit(t.Context(), change(b, 1, "b"), change(a, 1, "a")), nil)
				equal(t, "a", transcript(t, s, a), "1:hello 2:a")
				equal(t, "b", transcript(t, s, b), "1:hello 2:b")
				equal(t, "health", s.Health(t.Context()), nil)
			})
		})
	}
}

func isConflict(stream center.StreamID) func(error) bool {
	return func(err error) bool {
		conflict, ok := errors.AsType[*Conflict](err)
		return ok && conflict.Stream == stream
	}
}

func isStale(due center.Due) func(error) bool {
	return func(err error) bool {
		stale, ok := errors.AsType[*Stale](err)
		return ok && stale.Due == due
	}
}

func isInternal(err error) bool { return center.Is(err, center.Internal) }

// all writes what is stored of streams, and the claims.
func all(t testing.TB, s *Store, streams []center.StreamID) string {
	t.Helper()
	var b strings.Builder
	for _, id := range streams {
		row, err := s.Stream(t.Context(), id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %q %d %s %v\n", id, row.State, row.LastSeq, transcript(t, s, id), must(s.DueOf(t.Context(), id))(t))
	}
	fmt.Fprintln(&b, must(s.Claims(t.Context(), "slot", ""))(t))
	return b.String()
}

// The same Changes may be committed again, in any order of them, when it is not known what became of them.
func TestSeveralStreamsCommittedTwiceAreCommittedOnce(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		a, b := twoChats(t, s)
		c, d := change(a, 1, "a"), change(b, 1, "b")
		c.Take = []center.Claim{{Kind: "slot", Key: "1"}}
		e := newChat(message("new"))
		asks := say(b, 2, "b again")
		asks.Done = &center.Due{Stream: b, Key: "b", At: start}
		for _, parts := range [][]*center.Change{{c, d, e}, {e, d, c}, {d, c, e}} {
			equal(t, "error", s.Commit(t.Context(), parts...), nil)
		}
		equal(t, "error", s.Commit(t.Context(), asks, say(a, 2, "a again")), nil)
		other := say(a, 2, "another")
		equal(t, "another commit is behind", isConflict(a)(s.Commit(t.Context(), asks, other)), true)
		equal(t, "a", transcript(t, s, a), "1:hello 2:a 3:a again")
		equal(t, "b", transcript(t, s, b), "1:hello 2:b 3:b again")
		equal(t, "the new one", transcript(t, s, e.Stream), "1:new")
	})
}

// What no decision can mean is refused, and nothing of it is kept.
func TestSeveralChangesOfOneStreamAreRefused(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		a, b := twoChats(t, s)
		claim := []center.Claim{{Kind: "slot", Key: "1"}}
		twice, again := say(a, 1, "a"), say(b, 1, "b")
		twice.Take, again.Take = claim, claim
		for name, parts := range map[string][]*center.Change{
			"none":          {},
			"one stream":    {say(a, 1, "first"), say(b, 1, "b"), say(a, 2, "second")},
			"one claim":     {twice, again},
			"part is empty": {say(a, 1, "a"), {Stream: b, After: 1}},
		} {
			if err := s.Commit(t.Context(), parts...); !isInternal(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		equal(t, "a", transcript(t, s, a), "1:hello")
		equal(t, "b", transcript(t, s, b), "1:hello")
	})
}

// A claim that one stream gives up can be taken by another in the same commit, whichever of them comes first.
func TestClaimMovesBetweenStreams(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		a, b := twoChats(t, s)
		slot := []center.Claim{{Kind: "slot", Key: "1", Value: "x"}}
		holds := say(a, 1, "takes it")
		holds.Take = slot
		commit(t, s, holds)
		for i, from := range []center.StreamID{a, b} {
			to := map[center.StreamID]center.StreamID{a: b, b: a}[from]
			gives, takes := say(from, int64(2+i), "gives"), say(to, int64(1+2*i), "takes")
			if from == b {
				gives, takes = say(b, 2, "gives"), say(a, 3, "takes")
			}
			gives.Release, takes.Take = slot, slot
			equal(t, "moved", s.Commit(t.Context(), takes, gives), nil)
		}
		equal(t, "claims", len(must(s.Claims(t.Context(), "slot", ""))(t)), 1)
		_, err := s.EraseChat(t.Context(), a, start)
		equal(t, "error", err, nil)
		equal(t, "claims when who took it last is gone", len(must(s.Claims(t.Context(), "slot", ""))(t)), 0)
	})
}

// wire is a connection to PostgreSQL that counts what is asked, and loses answers.
type wire struct {
	net.Conn
	of *wires
	in []byte // sent and not looked at yet
}

type wires struct {
	mu    sync.Mutex
	asked int  // requests that were sent and that the server answers as a whole
	lose  bool // the next answer: it is waited for, and the connection closed in its place
}

func watch(s *Store) *wires {
	of := new(wires)
	config := s.engine.(*pgEngine).config
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return &wire{Conn: conn, of: of}, err
	}
	return of
}

// Write counts the messages Sync and Query: the server answers each, and all before it, with one ReadyForQuery.
func (w *wire) Write(p []byte) (int, error) {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	w.in = append(w.in, p...)
	for len(w.in) >= 5 {
		head := 1
		if w.in[0] == 0 { // the first message has no type
			head = 0
		}
		n := head + int(uint32(w.in[head])<<24|uint32(w.in[head+1])<<16|uint32(w.in[head+2])<<8|uint32(w.in[head+3]))
		if len(w.in) < n {
			break
		}
		if w.in[0] == 'S' || w.in[0] == 'Q' {
			w.of.asked++
		}
		w.in = w.in[n:]
	}
	return w.Conn.Write(p)
}

// ready is the message ReadyForQuery of a session without a transaction: what was asked is done.
var ready = []byte{'Z', 0, 0, 0, 5, 'I'}

func (w *wire) Read(p []byte) (int, error) {
	w.of.mu.Lock()
	lose := w.of.lose
	w.of.mu.Unlock()
	if !lose {
		return w.Conn.Read(p)
	}
	var answer []byte
	for !bytes.HasSuffix(answer, ready) {
		n, err := w.Conn.Read(p)
		if err != nil {
			return n, err
		}
		answer = append(answer, p[:n]...)
	}
	w.of.mu.Lock()
	w.of.lose = false
	w.of.mu.Unlock()
	_ = w.Conn.Close()
	return 0, io.ErrUnexpectedEOF
}

func (of *wires) count() int {
	of.mu.Lock()
	defer of.mu.Unlock()
	return of.asked
}

// On PostgreSQL a commit of several streams is one request, and one transaction that has nothing of others.
func TestSeveralStreamsAreOneRoundTrip(t *testing.T) {
	url := postgresURL(t)
	s := open(t, url)
	of := watch(s)
	<-s.engine.(*pgEngine).slots // one committer's, so that all goes over the other
	t.Cleanup(func() { s.engine.(*pgEngine).slots <- new(pgConn) })
	a, b := twoChats(t, s)
	both := func(n int64) []*center.Change {
		c, d := change(a, n, fmt.Sprint("a", n)), change(b, n, fmt.Sprint("b", n))
		c.Take, d.Done = []center.Claim{{Kind: "slot", Key: fmt.Sprint(n)}}, &center.Due{Stream: b, Key: fmt.Sprint("b", n-1), At: start}
		if n == 1 {
			d.Done = nil
		}
		return []*center.Change{d, c}
	}
	for n := range int64(2) { // statements are prepared when they are first met
		equal(t, "error", s.Commit(t.Context(), both(n+1)...), nil)
	}
	before := of.count()
	equal(t, "error", s.Commit(t.Context(), both(3)...), nil)
	equal(t, "requests", of.count()-before, 1)

	// Beside messages of other chats, which share a transaction.
	var messages []*center.Change
	for range 4 {
		c := newChat()
		commit(t, s, c)
		messages = append(messages, say(c.Stream, 1, "hello"))
	}
	s.engine.(*pgEngine).slots <- new(pgConn)
	errs := inOneBatchAll(s, append([][]*center.Change{both(4)}, slices.Collect(slices.Chunk(messages, 1))...))
	<-s.engine.(*pgEngine).slots
	for _, err := range errs {
		equal(t, "error", err, nil)
	}
	conn := must(pgx.Connect(t.Context(), url))(t)
	defer conn.Close(context.Background()) //nolint:errcheck // nothing is under way
	transaction := func(stream center.StreamID, seq int64) (id string) {
		raw, _ := center.UUID(string(stream))
		if err := conn.QueryRow(t.Context(), `SELECT xmin::text FROM item WHERE stream = $1 AND seq = $2`, raw[:], seq).Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	own := transaction(a, 5)
	equal(t, "transaction of the other stream", transaction(b, 5), own)
	common := transaction(messages[0].Stream, 2)
	for _, m := range messages[1:] {
		equal(t, "transaction of the messages", transaction(m.Stream, 2), common)
	}
	if own == common {
		t.Error("a commit of several streams shares its transaction with messages")
	}
}

// The answer to a commit of several streams is lost after it was made, and before: both times it is there once.
func TestLostAnswerToSeveralStreams(t *testing.T) {
	s := open(t, postgresURL(t))
	of := watch(s)
	<-s.engine.(*pgEngine).slots
	t.Cleanup(func() { s.engine.(*pgEngine).slots <- new(pgConn) })
	a, b := twoChats(t, s)
	equal(t, "error", s.Commit(t.Context(), change(a, 1, "a1"), change(b, 1, "b1")), nil) // prepares the statements
	of.mu.Lock()
	of.lose = true
	of.mu.Unlock()
	c, d, e := change(a, 2, "a2"), change(b, 2, "b2"), newChat(message("new"))
	c.Take = []center.Claim{{Kind: "slot", Key: "1"}}
	d.Done = &center.Due{Stream: b, Key: "b1", At: start}
	equal(t, "error", s.Commit(t.Context(), d, c, e), nil)
	of.mu.Lock()
	equal(t, "an answer is still to be lost", of.lose, false)
	of.mu.Unlock()
	equal(t, "error", s.Commit(t.Context(), c, e, d), nil)
	equal(t, "a", transcript(t, s, a), "1:hello 2:a1 3:a2")
	equal(t, "b", transcript(t, s, b), "1:hello 2:b1 3:b2")
	equal(t, "the new one", transcript(t, s, e.Stream), "1:new")
	equal(t, "due rows of b", len(must(s.DueOf(t.Context(), b))(t)), 1)
}

// PostgreSQL ends the sessions again and again while moves between chats are committed: each is there once, and on both
// sides.
func TestDroppedConnectionsHalveNothing(t *testing.T) {
	url := postgresURL(t)
	s := open(t, url+"&application_name=halves")
	const writers, each = 4, 20
	var wg sync.WaitGroup
	progress := make(chan struct{}, writers*each)
	pairs := make([][2]center.StreamID, writers)
	for w := range pairs {
		pairs[w][0], pairs[w][1] = twoChats(t, s)
		wg.Go(func() {
			for n := range int64(each) {
				err := s.Commit(t.Context(), change(pairs[w][1], n+1, fmt.Sprint(n)), say(pairs[w][0], n+1, fmt.Sprint(n)))
				if err != nil {
					t.Error(err)
				}
				progress <- struct{}{}
			}
		})
	}
	for range writers * each / 4 {
		for range 4 {
			<-progress
		}
		onPostgres(t, url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'halves'`)
	}
	wg.Wait()
	for _, pair := range pairs {
		equal(t, "transcripts", transcript(t, s, pair[0]), transcript(t, s, pair[1]))
		equal(t, "items", len(must(s.ItemsAfter(t.Context(), pair[0], 0, 1000))(t)), each+1)
	}
}

// Another session holds the next item of a chat. A commit to it and to another is refused, the other chat's own are not, nor
// are those of other pairs; and all is well when it lets go.
func TestLockedStreamRefusesOnlyCommitsToIt(t *testing.T) {
	url := postgresURL(t)
	s := open(t, url)
	s.engine.(*pgEngine).aside.limit = time.Hour // however slow this machine is
	const pairs = 6
	var jobs [][]*center.Change
	var chats [][2]center.StreamID
	for range pairs {
		a, b := twoChats(t, s)
		chats = append(chats, [2]center.StreamID{a, b})
	}
	x := newStranger(t, url)
	x.hold(chats[2][1], 2)
	for round := range int64(2) {
		jobs = jobs[:0]
		for i, pair := range chats {
			after := 1 + round
			if i == 2 {
				after = 1
			}
			jobs = append(jobs, []*center.Change{change(pair[0], after, "x"), change(pair[1], after, "x")})
		}
		for i, err := range inOneBatchAll(s, jobs) {
			if i == 2 {
				isLocked(t, err)
			} else if err != nil {
				t.Errorf("pair %d is not locked: %v", i, err)
			}
		}
	}
	commit(t, s, say(chats[2][0], 1, "alone"))
	x.letGo()
	equal(t, "error", s.Commit(t.Context(), change(chats[2][0], 2, "y"), change(chats[2][1], 1, "y")), nil)
	equal(t, "transcript", transcript(t, s, chats[2][0]), "1:hello 2:alone 3:y")
	equal(t, "transcript", transcript(t, s, chats[2][1]), "1:hello 2:y")
}

// In a batch of PostgreSQL claims come after all streams. Those that are held, or cannot be stored, are refused, and hold up
// no others, which may want what was given up in the same batch.
func TestClaimsOfABatch(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		slot := func(key string) []center.Claim { return []center.Claim{{Kind: "slot", Key: key}} }
		holder, giver := newChat(), newChat()
		holder.Take, giver.Take = slot("held"), slot("given up")
		commit(t, s, holder)
		commit(t, s, giver)
		gives := say(giver.Stream, 1, "gives")
		gives.Release = slot("given up")
		jobs := []*center.Change{gives}
		for _, take := range [][]center.Claim{
			slot("free"), slot("held"), slot("contended"), slot("contended"), {{Kind: "zero \x00", Key: "1"}}, slot("another"),
		} {
			c := newChat()
			c.Take = take
			jobs = append(jobs, c)
		}
		behind := change(holder.Stream, 7, "behind") // whoever is refused for another reason
		errs := inOneBatch(s, append(jobs, behind))
		equal(t, "gives", errs[0], nil)
		equal(t, "free", errs[1], nil)
		if taken, ok := errors.AsType[*ClaimTaken](errs[2]); !ok || taken.Claim.Key != "held" {
			t.Errorf("held: %v", errs[2])
		}
		if (errs[3] == nil) == (errs[4] == nil) {
			t.Errorf("two took one claim, or none did: %v, %v", errs[3], errs[4])
		}
		equal(t, "another", errs[6], nil)
		equal(t, "behind", isConflict(holder.Stream)(errs[7]), true)
		if s.d.clock == "" {
			equal(t, "any text", errs[5], nil)
		} else if !isInternal(errs[5]) {
			t.Errorf("what cannot be stored: %v", errs[5])
		}
		equal(t, "claims", len(must(s.Claims(t.Context(), "slot", ""))(t)), 4) // held, free, contended, another
		for i, c := range jobs {
			_, err := s.Stream(t.Context(), c.Stream)
			equal(t, fmt.Sprint("chat ", i, " is there"), err == nil, errs[i] == nil)
		}
		equal(t, "health", s.Health(t.Context()), nil)
	})
}

// Whatever is committed, its statements touch streams in the order of their ids, also where a due row of another stream is
// answered, and claims after all streams, in the order of their kinds and keys. So no two transactions wait for each other.
func TestStepsAreInOneOrder(t *testing.T) {
	var chats []center.StreamID
	for range 5 {
		chats = append(chats, center.StreamID(newID()))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var parts []*center.Change
		key := 0
		for _, n := range rng.Perm(len(chats))[:1+rng.IntN(4)] {
			c := change(chats[n], 1, "x")
			if rng.IntN(2) == 0 {
				c.State = nil
			}
			c.Cancel = []string{"y"}
			if rng.IntN(2) == 0 {
				c.Done = &center.Due{Stream: chats[rng.IntN(len(chats))], Key: "z", At: start}
			}
			for range rng.IntN(3) {
				key++ // each once
				claim := center.Claim{Kind: string("ab"[rng.IntN(2)]), Key: fmt.Sprint(rng.IntN(10), key)}
				if rng.IntN(2) == 0 {
					c.Take = append(c.Take, claim)
				} else {
					c.Release = append(c.Release, claim)
				}
			}
			parts = append(parts, c)
		}
		j := must(newChanges(parts))(t)
		equal(t, "has a transaction of its own", j.alone, len(parts) > 1 || parts[0].Done != nil && parts[0].Done.Stream != parts[0].Stream)
		var last string
		for _, st := range postgresDialect.steps(j) {
			next := fmt.Sprintf("%x", st.args[0]) // a stream's id: they begin with zeros
			if st.sql == sqlTake || st.sql == sqlRelease {
				next = fmt.Sprintf("claim %s %s", st.args...)
			}
			if next < last {
				t.Fatalf("%s comes after %s", next, last)
			}
			last = next
		}
	}
}

// A batch goes from stream to stream. Of each, what begins with its row comes first, and what touches its due rows alone
// last; what belongs to no stream comes after all, since it has locked rows of many, and waits for none.
func TestBatchIsInOneOrder(t *testing.T) {
	a, b := center.StreamID(newID()), center.StreamID(newID())
	want := []string{"a state", "a due", "a message", "a lease", "b state", "b message", "lease of many"}
	jobs := map[string]*job{"lease of many": {}}
	for name, id := range map[string]center.StreamID{"a": a, "b": b} {
		state, due := change(id, 1, name), change(id, 1, name)
		due.State = nil
		jobs[name+" state"], jobs[name+" message"] = must(newChanges([]*center.Change{state}))(t), must(newChanges([]*center.Change{say(id, 1, name)}))(t)
		jobs[name+" due"] = must(newChanges([]*center.Change{due}))(t)
	}
	raw, _ := center.UUID(string(a))
	jobs["a lease"] = &job{part: part{stream: raw}}
	var batch []*job
	for _, name := range slices.Backward(want) {
		batch = append(batch, jobs[name])
	}
	sortByStream(batch)
	for i, name := range want {
		equal(t, name, batch[i] == jobs[name], true)
	}
}

// A commit that needs a transaction of its own is tried, and committed, although the last one failed.
func TestCommitAloneAfterTrouble(t *testing.T) {
	s := open(t, postgresURL(t))
	_ = s.failed(errors.New("the database was away"), passing)
	equal(t, "insert", s.InsertResource(t.Context(), Resource{Instance: instance, Kind: "flow", ID: "a"}), nil)
	equal(t, "trouble is over", s.trouble.Load() == nil, true)
}
