package routing_test

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/routing"
)

// crowd is 10,000 contacts that wait in 50 queues, for 1,000 agents of 25 routing profiles with ten queues each. Of the contacts
// 40 of 100 ask for one of 400 combinations of proficiencies, and 10 of 100 for one agent of their own.
func crowd(contacts, agents, queues int, slots func(i int) []routing.Slot) *world {
	dice := rand.New(rand.NewPCG(1, 2))
	w := &world{}
	languages, topics := 20, 20
	for i := range 25 {
		p := profile(fmt.Sprint("p", i), 5)
		for j := range 10 {
			p.Queues = append(p.Queues, routing.Row{
				Queue: center.QueueID(fmt.Sprint("q", (2*i+j*3)%queues)), Priority: 1 + j%3, Delay: []time.Duration{0, 0, 10 * time.Second, 30 * time.Second}[dice.IntN(4)],
			})
		}
		p.Queues = distinctRows(p.Queues)
		w.put(p)
	}
	for i := range agents {
		a := agent(fmt.Sprintf("a%04d", i), float64(dice.IntN(600)), of(fmt.Sprint("p", i%25)),
			skill("Language", fmt.Sprint(dice.IntN(languages)), float64(1+dice.IntN(5))), skill("Topic", fmt.Sprint(dice.IntN(topics)), float64(1+dice.IntN(5))))
		a.Slots = slots(i)
		w.put(a)
	}
	for i := range contacts {
		c := contact(fmt.Sprintf("k%06d", i), fmt.Sprint("q", dice.IntN(queues)), float64(dice.IntN(600)), priority(1+dice.IntN(5)))
		switch n := dice.IntN(10); {
		case n < 4:
			c.Criteria = criteria(
				300, and(atLeast("Language", fmt.Sprint(dice.IntN(languages)), 4), atLeast("Topic", fmt.Sprint(dice.IntN(topics)), 3)),
				0, atLeast("Language", fmt.Sprint(dice.IntN(languages)), 2)).Activate(c.Enqueued)
		case n < 5:
			c.Criteria = criteria(600, match(fmt.Sprintf("a%04d", dice.IntN(agents)))).Activate(c.Enqueued)
		}
		w.put(c)
	}
	return w
}

func distinctRows(rows []routing.Row) (out []routing.Row) {
	seen := map[center.QueueID]bool{}
	for _, r := range rows {
		if !seen[r.Queue] {
			seen[r.Queue] = true
			out = append(out, r)
		}
	}
	return out
}

func none(int) []routing.Slot { return nil }

func full(i int) (all []routing.Slot) {
	for j := range 5 {
		all = append(all, slot(center.ContactID(fmt.Sprint("x", i, j)), "CONNECTED", noon))
	}
	return all
}

func allButOne(i int) []routing.Slot { return full(i)[1:] }

// processor reports how long the processors were busy for an operation, which other programs on them do not change.
func processor(b *testing.B) (report func()) {
	busy := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	began := busy()
	return func() { b.ReportMetric(float64((busy()-began).Microseconds())/1000/float64(b.N), "cpu-ms/op") }
}

// BenchmarkMatch is a pass over 10,000 contacts, 1,000 agents and 50 queues, which may take 20 ms. Its baseline is the twin that the
// tests compare it with, on a tenth of that.
func BenchmarkMatch(b *testing.B) {
	for _, c := range []struct {
		name  string
		slots func(int) []routing.Slot
		leave int // contacts that are left of those that no agent may have; 0: all
	}{
		{"all agents free", none, 0},
		{"each agent has one slot", allButOne, 0},
		{"no agent is free", full, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			x := crowd(10_000, 1_000, 50, c.slots).index()
			x.Match(at(600))
			offers := 0
			defer processor(b)()
			for b.Loop() {
				got, _ := x.Match(at(600))
				offers = len(got)
			}
			b.ReportMetric(float64(offers), "offers")
		})
	}
	// What remains when all that can be offered is offered: every agent looks at everything and takes nothing.
	b.Run("agents are free and nothing is for them", func(b *testing.B) {
		w := crowd(20_000, 1_000, 50, none)
		for i := range w.profiles {
			for j := range w.profiles[i].Channels {
				w.profiles[i].Channels[j].Limit = 10
			}
		}
		x := w.index()
		taken := map[center.ContactID]bool{}
		for round := 0; ; round++ {
			offers, _ := x.Match(at(600))
			if len(offers) == 0 {
				break
			}
			for _, o := range offers {
				taken[o.Contact] = true
				x.RemoveContact(o.Contact)
			}
		}
		contacts, agents := x.Len()
		b.Logf("%d contacts, %d agents", contacts, agents)
		defer processor(b)()
		for b.Loop() {
			if got, _ := x.Match(at(600)); len(got) != 0 {
				b.Fatal(len(got))
			}
		}
		b.ReportMetric(float64(contacts), "contacts")
	})
	b.Run("a tenth, each agent has one slot", func(b *testing.B) {
		x := crowd(1_000, 100, 50, allButOne).index()
		defer processor(b)()
		for b.Loop() {
			x.Match(at(600))
		}
	})
	b.Run("a tenth, by the twin", func(b *testing.B) {
		w := crowd(1_000, 100, 50, allButOne)
		defer processor(b)()
		for b.Loop() {
			w.match(at(600))
		}
	})
	// A contact comes and is offered, while 1,000 agents are free and nothing else waits.
	b.Run("one contact comes", func(b *testing.B) {
		w := crowd(0, 1_000, 50, none)
		x := w.index()
		defer processor(b)()
		for b.Loop() {
			x.PutContact(contact("k", "q0", 0))
			if offers, _ := x.Match(at(600)); len(offers) != 1 {
				b.Fatal(len(offers))
			}
		}
	})
}

// BenchmarkIndex builds the index of the same crowd, and makes its first pass, which evaluates all criteria.
func BenchmarkIndex(b *testing.B) {
	w := crowd(10_000, 1_000, 50, none)
	b.Run("built", func(b *testing.B) {
		defer processor(b)()
		for b.Loop() {
			w.index()
		}
	})
	b.Run("built, and the first pass", func(b *testing.B) {
		defer processor(b)()
		for b.Loop() {
			w.index().Match(at(600))
		}
	})
}

// BenchmarkExplain explains one of 10,000 contacts for 1,000 agents.
func BenchmarkExplain(b *testing.B) {
	x := crowd(10_000, 1_000, 50, full).index()
	defer processor(b)()
	for b.Loop() {
		if e, ok := x.Explain("k000500", at(600)); !ok || len(e.Agents) != 1000 {
			b.Fatal("no explanation")
		}
	}
}
