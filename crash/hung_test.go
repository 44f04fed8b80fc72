package crash

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/bench/load"
)

const (
	// pauseLasts is how long a node is stopped, and silentAtMost how long the other may take nothing.
	pauseLasts   = 20 * time.Second
	silentAtMost = 2 * time.Second
	// lateAtMost and rateAtLeast are what other chats must keep beside chats that are locked.
	lateAtMost  = time.Second
	rateAtLeast = 0.8

	sharedChats = 24
	askWithin   = 3 * time.Second
)

// TestSoakPause stops one of two nodes with SIGSTOP for 20 seconds, inside a transaction that it leaves open, while
// customers talk in the same chats through both. The other must go on taking messages, and nothing may be lost when the
// first goes on.
func TestSoakPause(t *testing.T) {
	pauses := asked(t, "PARLEY_TEST_PAUSE", "SIGSTOP of one of two nodes for 20 s")
	database := newDatabase(t)
	log := newJournal(t)
	survivor, err := load.NewServer(database, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(survivor.Kill)
	paused, err := survivor.Another(database+"&application_name=paused", log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = paused.Signal(syscall.SIGCONT)
		paused.Kill()
	})
	watch, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close(context.Background())

	var over atomic.Bool
	var working sync.WaitGroup
	var clock takes
	all := map[*load.Server][]*chatter{}
	for i := range sharedChats {
		who := begin(t, survivor, fmt.Sprint("shared ", i))
		for _, node := range []*load.Server{survivor, paused} {
			k := &chatter{node: node, who: who, name: fmt.Sprintf("%d through %s", i, node.Address), sets: 3}
			if node == survivor {
				k.takes = &clock
			}
			all[node] = append(all[node], k)
			working.Go(func() { k.talk(&over) })
		}
	}
	var worst time.Duration
	for n := range pauses {
		time.Sleep(time.Second)
		held := pauseInTransaction(t, paused, watch)
		stopped := time.Now()
		time.Sleep(pauseLasts)
		if err := paused.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		silence := clock.longest(stopped, time.Now())
		worst = max(worst, silence)
		t.Logf("pause %d: %d transactions were left open; the other node took %.0f requests/s, and nothing for %v at most", n+1, held,
			clock.rate(stopped, stopped.Add(pauseLasts)), silence.Round(time.Millisecond))
		if silence >= silentAtMost {
			t.Errorf("the other node took nothing for %v", silence)
		}
	}
	over.Store(true)
	working.Wait()
	sent, refused := 0, 0
	for i := range sharedChats {
		for _, node := range []*load.Server{survivor, paused} {
			k := all[node][i]
			k.check(t, survivor)
			sent += len(k.acks)
			refused += k.refused
		}
	}
	gaps := 0
	if err := watch.QueryRow(t.Context(), `SELECT count(*) FROM (SELECT stream FROM item GROUP BY stream HAVING min(seq) <> 1 OR max(seq) <> count(*)) AS broken`).Scan(&gaps); err != nil {
		t.Fatal(err)
	}
	if gaps > 0 {
		t.Errorf("%d chats have numbers missing in their sequence", gaps)
	}
	t.Logf("%d pauses of %v: the longest silence was %v; %d messages answered, all there once; %d requests refused or not answered",
		pauses, pauseLasts, worst.Round(time.Millisecond), sent, refused)
}

// pauseInTransaction stops a node so that it leaves a transaction open, and says how many it left.
func pauseInTransaction(t *testing.T, node *load.Server, watch *pgx.Conn) (held int) {
	t.Helper()
	for range 2000 {
		if err := node.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond) // statements that are under way end
		if err := watch.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'paused'
			AND datname = current_database() AND state = 'idle in transaction' AND backend_xid IS NOT NULL`).Scan(&held); err != nil {
			t.Fatal(err)
		}
		if held > 0 {
			return held
		}
		if err := node.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Millisecond)
	}
	t.Fatal("no stop left a transaction open")
	return 0
}

// TestSoakLocked leaves a transaction open that holds the next items of two chats, and compares what the other chats
// are given with what they were given just before.
func TestSoakLocked(t *testing.T) {
	rounds := asked(t, "PARLEY_TEST_LOCKED", "two chats locked by another session")
	database := newDatabase(t)
	server, err := load.NewServer(database, newJournal(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	stranger, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close(context.Background())

	var over atomic.Bool
	var working sync.WaitGroup
	var others, pair takes
	late := &lateness{}
	listen(t, server, late, &working, &over)
	var all []*chatter
	var locked []string
	for i := range sharedChats + 2 {
		who := begin(t, server, fmt.Sprint("chat ", i))
		k := &chatter{node: server, who: who, name: fmt.Sprint(i), takes: &others, sets: 20}
		if i >= sharedChats {
			k.takes, k.rests = &pair, pace
			locked = append(locked, who.contact)
		}
		all = append(all, k)
		working.Go(func() { k.talk(&over) })
	}
	// The slices alternate, so that what else the machine does is in all alike. Finding out which chats are locked costs the
	// others about half a second, and is part of the slice.
	const lasts = 10 * time.Second
	phases := []*phase{{name: "free"}, {name: "beside an open transaction"}, {name: "beside a locked pair"}}
	for range rounds {
		for i, p := range phases {
			switch i {
			case 1: // for which PostgreSQL keeps all versions of what others update
				hold(t, stranger, []string{"00000000-0000-4000-8000-000000000000"})
			case 2:
				hold(t, stranger, locked)
			}
			late.reset()
			at := time.Now()
			time.Sleep(lasts)
			p.took += others.rate(at, time.Now()) / float64(rounds)
			if n := pair.rate(at.Add(lasts/4), time.Now()); i == 2 && n > 0 {
				t.Errorf("chats that are locked took %.1f requests/s", n)
			}
			p.late = max(p.late, late.reset())
			if i > 0 {
				if _, err := stranger.Exec(t.Context(), `ROLLBACK`); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(lasts / 5)
		}
	}
	over.Store(true)
	working.Wait()
	for i := range rounds { // of which each left room for it
		if len(pair.all) <= i {
			t.Error("what was locked takes nothing after that")
			break
		}
	}
	for _, k := range all {
		k.check(t, server)
	}
	for _, p := range phases {
		t.Logf("%-28s other chats took %.0f requests/s (%.0f %%), their timers were late by %v at most", p.name+":", p.took, 100*p.took/phases[0].took, p.late.Round(time.Millisecond))
	}
	held := phases[2]
	if held.took < rateAtLeast*phases[0].took {
		t.Errorf("beside a locked pair other chats kept less than %.0f %% of their rate", 100*rateAtLeast)
	}
	if held.late >= lateAtMost {
		t.Errorf("timers of other chats were late by %v, want less than %v", held.late, lateAtMost)
	}
}

// phase is one of the conditions that are compared.
type phase struct {
	name string
	took float64 // requests/s
	late time.Duration
}

// hold leaves a transaction open in which the next item of each chat is inserted.
func hold(t *testing.T, stranger *pgx.Conn, contacts []string) {
	t.Helper()
	if _, err := stranger.Exec(t.Context(), `BEGIN`); err != nil {
		t.Fatal(err)
	}
	for _, id := range contacts {
		// The chat goes on until one of its next items is held.
		for from := 1; ; from++ {
			tag, err := stranger.Exec(t.Context(), `INSERT INTO item (stream, seq, at, id, flags, body)
				SELECT c, (SELECT coalesce(max(seq), 0) FROM item WHERE stream = c) + 1, 0, c, 0, '' FROM (SELECT decode(replace($1, '-', ''), 'hex') AS c) AS one
				ON CONFLICT DO NOTHING`, id)
			if err != nil {
				t.Fatal(err)
			}
			if tag.RowsAffected() == 1 {
				break
			}
		}
	}
}

// ticks is a flow that says "tick" every second.
const ticks = `{"Version":"2019-10-30","StartAction":"Wait","Metadata":{},"Actions":[
{"Identifier":"Wait","Type":"Wait","Parameters":{"TimeLimitSeconds":"1"},
 "Transitions":{"NextAction":"End","Errors":[{"NextAction":"End","ErrorType":"NoMatchingError"}],
  "Conditions":[{"NextAction":"Tick","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}}]}},
{"Identifier":"Tick","Type":"MessageParticipant","Parameters":{"Text":"tick"},
 "Transitions":{"NextAction":"Wait","Errors":[{"NextAction":"End","ErrorType":"NoMatchingError"}],"Conditions":[]}},
{"Identifier":"End","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`

const ticking = 12 // chats

// lateness is by how much ticks came late.
type lateness struct {
	mu   sync.Mutex
	most time.Duration
	n    int
}

func (l *lateness) note(by time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.most = max(l.most, by)
	l.n++
}

// reset returns the most since it was called last: an hour if no tick came.
func (l *lateness) reset() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	most := l.most
	if l.n == 0 {
		most = time.Hour
	}
	l.most, l.n = 0, 0
	return most
}

// listen opens chats that tick, and notes when their sockets show it.
func listen(t *testing.T, server *load.Server, late *lateness, working *sync.WaitGroup, over *atomic.Bool) {
	t.Helper()
	l, err := load.Dial(server.Address, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	flow, err := server.CreateFlow(l, "ticks", ticks)
	if err != nil {
		t.Fatal(err)
	}
	clocks := *server
	clocks.Flow = flow
	for i := range ticking {
		who, err := clocks.StartChat(l, fmt.Sprint("ticking ", i))
		if err != nil {
			t.Fatal(err)
		}
		c, err := server.Connect(l, who.ParticipantToken)
		if err != nil {
			t.Fatal(err)
		}
		socket, err := load.OpenSocket(c.SocketURL, time.Now().Add(askWithin))
		if err != nil {
			t.Fatal(err)
		}
		working.Go(func() {
			defer socket.Close()
			var last time.Time
			for !over.Load() {
				if err := socket.Until(time.Now().Add(time.Minute)); err != nil {
					t.Error(err)
					return
				}
				frame, err := socket.Next()
				if err != nil {
					t.Errorf("the socket of a chat that ticks: %v", err)
					return
				}
				it, ok, err := load.ReadItem(frame)
				if err != nil || !ok || it.Content != "tick" {
					continue
				}
				at, err := time.Parse(time.RFC3339, it.AbsoluteTime)
				if err != nil {
					t.Error(err)
					return
				}
				if !last.IsZero() {
					late.note(time.Since(last.Add(time.Second)))
				}
				last = at
			}
		})
	}
}

// guest is a customer who is in a chat.
type guest struct {
	contact, token string // of the participant
	connection     load.Connection
}

func begin(t *testing.T, node *load.Server, name string) guest {
	t.Helper()
	l, err := load.Dial(node.Address, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	who, err := node.StartChat(l, name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := node.Enter(l, who.ParticipantToken)
	if err != nil {
		t.Fatal(err)
	}
	return guest{who.ContactID, who.ParticipantToken, c}
}

// chatter sends messages and sets attributes in a chat, one after the other, through one node. It repeats what is not
// answered.
type chatter struct {
	node    *load.Server
	who     guest
	name    string        // in all that it says
	takes   *takes        // of the node; nil for nobody
	rests   time.Duration // after each answer, and after each refusal
	sets    int           // every so many times it sets an attribute, which is a transaction of several statements
	acks    []ack
	refused int
}

func (k *chatter) talk(over *atomic.Bool) {
	var l *load.Line
	for n := 1; ; n++ {
		content := fmt.Sprintf("%s says %d.", k.name, n)
		ask := func(l *load.Line) error { return k.say(l, content) }
		if n%k.sets == 0 {
			ask = func(l *load.Line) error { return k.node.SetAttribute(l, k.who.contact, "said", fmt.Sprint(n)) }
		}
		for {
			if over.Load() {
				return
			}
			if k.once(&l, ask) == nil {
				break
			}
			k.refused++
			time.Sleep(max(breath, k.rests))
		}
		if k.takes != nil {
			k.takes.note()
		}
		time.Sleep(k.rests)
	}
}

func (k *chatter) once(l **load.Line, ask func(*load.Line) error) (err error) {
	deadline := time.Now().Add(askWithin)
	if *l == nil {
		if *l, err = load.Dial(k.node.Address, deadline); err != nil {
			return err
		}
	}
	if err = (*l).Until(deadline); err == nil {
		err = ask(*l)
	}
	var refused *load.StatusError
	if err != nil && !errors.As(err, &refused) {
		(*l).Close()
		*l = nil
	}
	return err
}

func (k *chatter) say(l *load.Line, content string) error {
	raw, err := l.Call(k.node.MessageRequest(k.who.connection), load.AppendMessage(nil, []byte(content), []byte(content)))
	if err != nil {
		return err
	}
	var answer struct {
		ID           string `json:"Id"`
		AbsoluteTime string
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return err
	}
	k.acks = append(k.acks, ack{answer.ID, content, answer.AbsoluteTime})
	return nil
}

// check wants what was answered in the transcript, once and in order, and at most one more that was not answered.
func (k *chatter) check(t *testing.T, node *load.Server) {
	t.Helper()
	l, err := load.Dial(node.Address, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	transcript, err := node.Transcript(l, k.who.connection.Token, everything)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(transcript)
	var said []ack
	for _, it := range transcript {
		if strings.HasPrefix(it.Content, k.name+" says ") {
			said = append(said, ack{it.ID, it.Content, it.AbsoluteTime})
		}
	}
	if len(said) == len(k.acks)+1 {
		said = said[:len(k.acks)]
	}
	if !slices.Equal(said, k.acks) {
		t.Errorf("%s: %d messages were answered, %d are in the transcript, or others, or in another order", k.name, len(k.acks), len(said))
	}
}

// takes are the times at which something was taken.
type takes struct {
	mu  sync.Mutex
	all []time.Time
}

func (x *takes) note() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.all = append(x.all, time.Now())
}

// between returns the times after from and before to.
func (x *takes) between(from, to time.Time) []time.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	first, _ := slices.BinarySearchFunc(x.all, from, time.Time.Compare)
	end, _ := slices.BinarySearchFunc(x.all, to, time.Time.Compare)
	return slices.Clone(x.all[first:end])
}

func (x *takes) rate(from, to time.Time) float64 {
	return float64(len(x.between(from, to))) / to.Sub(from).Seconds()
}

// longest is the longest time without any.
func (x *takes) longest(from, to time.Time) (silence time.Duration) {
	for _, at := range append(x.between(from, to), to) {
		silence = max(silence, at.Sub(from))
		from = at
	}
	return silence
}
