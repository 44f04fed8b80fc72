package bench

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/bench/load"
)

// idle is how long nothing is asked of a server, to see what it does by itself.
const idle = 10 * time.Second

// BenchmarkWaitingChats is chats whose customers are connected without a socket and whose flows wait for seven days:
// the memory that each adds, read after a collection that returns to the system what is free; the CPU time that all of
// them take while nothing happens to them; and how fast they come to be. In the first kind a flow greets and waits. In
// the second the instance's own sample inbound flow greets and puts them in a queue, and they wait in the flow that
// goes with the queue.
//
// The memory counts from a server that has had a hundred such chats already, so the code that they run is in RAM, which
// is a file's. What the caches of SQLite's connections come to hold is part of it.
func BenchmarkWaitingChats(b *testing.B) {
	needProc(b)
	b.Run("flow", func(b *testing.B) {
		for _, subject := range subjects(b) {
			b.Run(subject.name, func(b *testing.B) {
				for b.Loop() {
					measureWaiting(b, subject, &waiting{where: "a flow", last: load.Greeting})
				}
			})
		}
	})
	b.Run("queue", func(b *testing.B) {
		for _, subject := range subjects(b)[1:] { // the baseline has no queues
			b.Run(subject.name, func(b *testing.B) {
				for b.Loop() {
					measureWaiting(b, subject, &waiting{where: "a queue's flow", last: "You are the next one.", inQueue: true})
				}
			})
		}
	})
}

// waiting is a crowd whose chats wait.
type waiting struct {
	*crowd
	where   string
	last    string // what the flow says before it waits
	inQueue bool
	took    []time.Duration
}

func waitingChats() int {
	if testing.Short() {
		return 1000
	}
	return 10_000
}

func measureWaiting(b *testing.B, subject subject, w *waiting) {
	n := waitingChats()
	w.crowd = &crowd{b: b, server: subject.start(b)}
	w.dial(16)
	if w.inQueue {
		w.useQueue()
	}
	w.expect(100)
	w.each(w.enter)
	w.expect(n)
	m := meter{w.server.PID(), subject.postmaster}
	var rate rate
	each := amount{what: fmt.Sprintf("a chat waiting in %s, of %d", w.where, n), of: subject.name, unit: "KiB"}
	each.value, each.note = w.growth(func() { rate = w.enterAll(m) })
	rate.what, rate.of = "StartChatContact to waiting in "+w.where, subject.name
	profile(b, w.server, "heap")
	spent := amount{what: fmt.Sprintf("%d chats waiting in %s for %v", n, w.where, idle), of: subject.name, unit: "CPU-ms"}
	spent.value, spent.note = idleTime(b, m)
	if subject.name == onSQLite && n == 10_000 {
		each.goal = goal{"4 KiB", each.value <= 4}
		spent.goal = goal{"10 CPU-ms", spent.value <= 10} // one unit of /proc's
	}
	each.publish(b)
	spent.publish(b)
	rate.publish(b)
	if subject.name != baseline {
		w.check()
	}
}

// expect makes room for new chats in the place of those that there were; these go on.
func (w *waiting) expect(n int) {
	w.customers, w.took = make([]load.Credentials, n), make([]time.Duration, n)
}

// useQueue makes the chats start in the sample inbound flow, and wait in the flow that it sets for the queue.
func (w *waiting) useQueue() {
	l := <-w.lines
	defer func() { w.lines <- l }()
	inbound, err := w.server.FlowNamed(l, "Sample inbound flow (first contact experience)")
	if err != nil {
		w.b.Fatal(err)
	}
	queue, err := w.server.FlowNamed(l, "Sample interruptible queue flow with callback")
	if err != nil {
		w.b.Fatal(err)
	}
	if err := w.server.ReplaceFlow(l, queue, load.GreetAndWait(w.last)); err != nil {
		w.b.Fatal(err)
	}
	w.server.Flow = inbound
}

// enterAll starts all chats and connects their customers.
func (w *waiting) enterAll(m meter) rate {
	before := m.read(w.b)
	w.each(w.enter)
	after := m.read(w.b)
	x := bench{took: slices.Clone(w.took)}
	return x.rate(after.since(before), after.at.Sub(before.at))
}

// enter starts a chat and connects its customer; the flow has greeted, and waits, when that is answered.
func (w *waiting) enter(l *load.Line, i int) (err error) {
	began := time.Now()
	if w.customers[i], err = w.server.StartChat(l, ""); err != nil {
		return err
	}
	_, err = w.server.Enter(l, w.customers[i].ParticipantToken)
	w.took[i] = time.Since(began)
	return err
}

// idleTime is the CPU time in milliseconds that a server, and its database, takes when it is asked for nothing, and in
// words how much else went on.
func idleTime(b *testing.B, m meter) (float64, string) {
	time.Sleep(warmUp)
	before := m.read(b)
	time.Sleep(idle)
	used := m.read(b).since(before)
	return milliseconds(used.server + used.database), fmt.Sprintf("%.2f foreign cores", used.foreign(idle))
}

// check looks at some of the chats: they wait where they should.
func (w *waiting) check() {
	for i := 0; i < len(w.customers); i += len(w.customers) / 20 {
		if err := w.checkOne(i); err != nil {
			w.b.Fatalf("chat %d: %v", i, err)
		}
	}
}

func (w *waiting) checkOne(i int) error {
	l := <-w.lines
	defer func() { w.lines <- l }()
	c, err := w.server.Enter(l, w.customers[i].ParticipantToken)
	if err != nil {
		return err
	}
	all, err := w.server.Transcript(l, c.Token, func(load.Item) bool { return false })
	if err != nil {
		return err
	}
	if len(all) == 0 || !strings.HasPrefix(all[0].Content, w.last) {
		return fmt.Errorf("the newest item is not %q: %+v", w.last, all)
	}
	return nil
}
