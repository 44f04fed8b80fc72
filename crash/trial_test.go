package crash

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"

	"github.com/parley-chat/parley/bench/load"
)

const (
	chats    = 32
	starters = 4
	// recoverWithin is how long the sockets may take to be back after the last crash.
	recoverWithin = 20 * time.Second
)

// trial is one server under load, and all that its clients have seen.
type trial struct {
	site    *site
	pairs   [][2]*talker
	comers  []*newcomers
	working sync.WaitGroup // until over
	sockets sync.WaitGroup // until gone
}

// newTrial starts a server on an empty store and everybody who talks to it.
func newTrial(t *testing.T, database string) *trial {
	t.Helper()
	server, err := load.NewServer(database, newJournal(t))
	if err != nil {
		t.Fatal(err)
	}
	x := &trial{site: &site{Server: server, t: t}}
	t.Cleanup(func() {
		x.site.over.Store(true)
		x.site.gone.Store(true)
		server.Kill()
		x.working.Wait()
		x.sockets.Wait()
	})
	var l *load.Line
	for i := range chats {
		x.addPair(&l, i)
	}
	if t.Failed() {
		t.FailNow()
	}
	for i := range starters {
		w := &newcomers{site: x.site, name: fmt.Sprintf("desk %d", i)}
		x.comers = append(x.comers, w)
		x.working.Go(w.begin)
	}
	return x
}

// addPair begins a chat between a customer and a bot.
func (x *trial) addPair(l **load.Line, i int) {
	var customer, bot load.Credentials
	pair := [2]*talker{}
	for n, join := range []func(*load.Line) error{
		func(l *load.Line) (err error) {
			customer, err = x.site.StartChat(l, fmt.Sprintf("pair %d", i))
			pair[0] = newTalker(x.site, fmt.Sprintf("Customer %d", i), customer)
			return err
		},
		func(l *load.Line) (err error) {
			bot, err = x.site.AddBot(l, customer.ContactID, fmt.Sprintf("bot %d", i))
			pair[1] = newTalker(x.site, fmt.Sprintf("Bot %d", i), bot)
			return err
		},
	} {
		if !x.site.answered(l, join) {
			return
		}
		k := pair[n]
		socket := k.connect(l)
		if socket == nil {
			return
		}
		x.sockets.Go(func() {
			k.read(socket)
			socket.Close()
			k.listen()
		})
		if !k.joined(l) {
			return
		}
		x.working.Go(k.talk)
	}
	x.pairs = append(x.pairs, pair)
}

// calm lets the load go on for a random time, and fails when the server ends by itself meanwhile.
func (x *trial) calm() {
	x.site.t.Helper()
	select {
	case <-x.site.Exited():
		x.site.t.Fatal("the server ended by itself")
	case <-time.After(100*time.Millisecond + rand.N(600*time.Millisecond)):
	}
}

// crash kills the server, lets happen what happens to its disk, and starts it again.
func (x *trial) crash(meanwhile func()) {
	x.site.t.Helper()
	x.calm()
	x.site.Kill()
	meanwhile()
	if _, err := x.site.Start(); err != nil {
		x.site.t.Fatal(err)
	}
}

// finish lets everybody end what they are at, and holds what they saw against what is there.
func (x *trial) finish(crashes string) {
	t := x.site.t
	t.Helper()
	x.calm()
	x.site.over.Store(true)
	x.working.Wait()
	x.sayFarewell()
	var sum tally
	for _, p := range x.pairs {
		x.checkPair(p, &sum)
	}
	for _, w := range x.comers {
		x.checkNewcomers(w, &sum)
	}
	x.site.gone.Store(true)
	if err := x.site.Stop(); err != nil {
		t.Error(err)
	}
	x.sockets.Wait()
	x.checkStore(&sum)
	t.Logf("%s: %d messages answered, %d missing, %d twice; %d chats begun, %d greetings too few or too many; "+
		"%d requests repeated, %d of them after a 5xx; %d sockets opened again; %d items in the store, %d gaps",
		crashes, sum.acked, sum.missing, sum.twice, sum.begun, sum.greetings, x.site.retried.Load(), x.site.failed.Load(),
		x.site.reconnected.Load(), sum.items, sum.gaps)
}

// sayFarewell sends one more message in each chat, which the sockets of both must show.
func (x *trial) sayFarewell() {
	t := x.site.t
	t.Helper()
	var l *load.Line
	for _, p := range x.pairs {
		if !p[0].say(&l, p[0].name+" says goodbye.") {
			return
		}
	}
	deadline := time.Now().Add(recoverWithin)
	for _, p := range x.pairs {
		last := p[0].acks[len(p[0].acks)-1]
		for _, k := range p {
			for !k.wasShown(last.id) {
				if time.Now().After(deadline) {
					t.Errorf("%s's socket is not back: it has not shown %q within %v", k.name, last.content, recoverWithin)
					return
				}
				time.Sleep(breath)
			}
		}
	}
}

// tally is what the checks have counted.
type tally struct {
	acked, missing, twice int
	begun, greetings      int
	items, gaps           int
}

// checkPair holds what the two of a chat were answered and saw against their transcripts.
func (x *trial) checkPair(p [2]*talker, sum *tally) {
	t := x.site.t
	t.Helper()
	transcripts := [2][]load.Item{x.transcript(p[0].who), x.transcript(p[1].who)}
	if !slices.Equal(transcripts[0], transcripts[1]) {
		t.Errorf("%s and %s have different transcripts, of %d and %d items", p[0].name, p[1].name, len(transcripts[0]), len(transcripts[1]))
	}
	there := map[string]load.Item{}
	contents := map[string]int{}
	last := ""
	for _, it := range transcripts[0] {
		if _, twice := there[it.ID]; twice {
			t.Errorf("the transcript of %s has %+v twice", p[0].name, it)
		}
		if it.AbsoluteTime <= last {
			t.Errorf("the transcript of %s has %+v after an item of %s", p[0].name, it, last)
		}
		there[it.ID], last = it, it.AbsoluteTime
		contents[it.Content]++
	}
	if n := contents[load.Greeting]; n != 1 {
		sum.greetings++
		t.Errorf("%s was greeted %d times", p[0].name, n)
	}
	for _, k := range p {
		k.checkAcks(there, contents, sum)
		k.checkOrder(transcripts[0])
		k.checkSeen(there)
	}
}

// checkAcks looks for each answered message.
func (k *talker) checkAcks(there map[string]load.Item, contents map[string]int, sum *tally) {
	t := k.site.t
	t.Helper()
	for _, a := range k.acks {
		sum.acked++
		it, ok := there[a.id]
		if !ok || it.Content != a.content || it.AbsoluteTime != a.time {
			sum.missing++
			t.Errorf("%q was answered with id %s and time %s; the transcript has %+v", a.content, a.id, a.time, it)
		}
		if contents[a.content] > 1 {
			sum.twice++
			t.Errorf("%q is in the transcript %d times", a.content, contents[a.content])
		}
	}
}

// checkOrder wants the talker's messages in the order in which they were sent.
func (k *talker) checkOrder(transcript []load.Item) {
	t := k.site.t
	t.Helper()
	next := 0
	for _, it := range transcript {
		if !strings.HasPrefix(it.Content, k.name+" says ") {
			continue
		}
		if next >= len(k.acks) || it.Content != k.acks[next].content {
			t.Errorf("%s: %q is out of order, or was never answered", k.name, it.Content)
			return
		}
		next++
	}
}

// checkSeen wants everything seen that is there, and everything there that was seen, as it was seen.
func (k *talker) checkSeen(there map[string]load.Item) {
	t := k.site.t
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, it := range there {
		if k.seen[id] != it {
			t.Errorf("%s has seen %+v where the transcript has %+v", k.name, k.seen[id], it)
		}
	}
	for id, it := range k.seen {
		if _, ok := there[id]; !ok {
			t.Errorf("%s was shown %+v, and it is not in the transcript", k.name, it)
		}
	}
}

// checkNewcomers wants each begun chat once, greeted once.
func (x *trial) checkNewcomers(w *newcomers, sum *tally) {
	t := x.site.t
	t.Helper()
	for _, who := range w.started {
		sum.begun++
		if n := count(x.transcript(who), load.Greeting); n != 1 {
			sum.greetings++
			t.Errorf("contact %s was greeted %d times", who.ContactID, n)
		}
	}
}

// transcript is the whole transcript as a participant reads it, oldest first.
func (x *trial) transcript(who load.Credentials) []load.Item {
	x.site.t.Helper()
	var l *load.Line
	var all []load.Item
	x.site.answered(&l, func(l *load.Line) error {
		c, err := x.site.Connect(l, who.ParticipantToken)
		if err == nil {
			all, err = x.site.Transcript(l, c.Token, everything)
		}
		return err
	})
	if l != nil {
		l.Close()
	}
	slices.Reverse(all)
	return all
}

// checkStore looks into the store itself: no chat more than were begun, and no number missing in any.
func (x *trial) checkStore(sum *tally) {
	t := x.site.t
	t.Helper()
	var stored int
	for query, n := range map[string]*int{
		"SELECT count(*) FROM stream": &stored,
		"SELECT count(*) FROM item":   &sum.items,
		"SELECT count(*) FROM (SELECT stream FROM item GROUP BY stream HAVING min(seq) <> 1 OR max(seq) <> count(*)) AS broken": &sum.gaps,
	} {
		if err := ask(t.Context(), x.site.Database, query, n); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	if sum.gaps > 0 {
		t.Errorf("%d chats have numbers missing in their sequence", sum.gaps)
	}
	if begun := len(x.pairs) + sum.begun; stored != begun {
		t.Errorf("%d chats are stored, %d were begun", stored, begun)
	}
}

// ask asks a store for one number.
func ask(ctx context.Context, database, query string, n *int) error {
	if file, ok := strings.CutPrefix(database, "sqlite:"); ok {
		db, err := sql.Open("sqlite", file)
		if err != nil {
			return err
		}
		return errors.Join(db.QueryRowContext(ctx, query).Scan(n), db.Close())
	}
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	return errors.Join(conn.QueryRow(ctx, query).Scan(n), conn.Close(ctx))
}
