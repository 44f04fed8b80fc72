package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/bench/load"
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

const (
	// offeredWithin is how long customers wait, while agents are free, when the node that routes has been killed.
	offeredWithin = 5 * time.Second
	// comeAtOnce is how many customers come while it dies.
	comeAtOnce = 6
)

// TestCrashRouter kills that one of two nodes that routes, while it offers contacts. The other offers what is left within 5
// seconds, and no contact is offered to two agents. It kills PARLEY_TEST_CRASH_ROUTER times, 3 with make crash, which waits longer.
func TestCrashRouter(t *testing.T) {
	// Beside other tests only that the offers come is looked at, before those of before the kill are over.
	kills, within := 3, 15*time.Second
	if os.Getenv("PARLEY_TEST_CRASH_ROUTER") != "" || os.Getenv("PARLEY_TEST_CRASH") == "" {
		within = offeredWithin
		kills = asked(t, "PARLEY_TEST_CRASH_ROUTER", "kill -9 of that one of two nodes that routes")
	}
	database := newDatabase(t)
	first, err := load.NewServer(database, newJournal(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(first.Kill)
	second, err := first.Another(database, newJournal(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.Kill)
	e := &errand{Database: database, Shared: true, Instance: center.InstanceID(first.Instance)}
	w, err := e.open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	}()
	w.staffed(t)
	var worst, sum time.Duration
	for n := range kills {
		dies, lives := routing(t, first, second)
		waited := w.offeredAfter(t, dies, lives, n, within)
		worst, sum = max(worst, waited), sum+waited
		if problems := w.problems(t.Context(), e.Agents); len(problems) > 0 {
			t.Fatalf("kill %d: %q", n+1, problems)
		}
		w.serveAll(t)
		if _, err := dies.Start(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills of the node that routes: the last of %d customers was offered after %v at most, %v on average", kills, comeAtOnce,
		worst.Round(time.Millisecond), (sum / time.Duration(kills)).Round(time.Millisecond))
}

// staffed makes a flow into the basic queue and two agents who are available, for as many chats as come at once.
func (w *rooms) staffed(t *testing.T) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	e, ctx := w.errand, t.Context()
	f, err := w.catalog.CreateFlow(ctx, e.Instance, center.ContactFlow{Name: "in queue", Type: center.TypeContactFlow}, intoQueue(center.SeededID(e.Instance, "queue", center.BasicQueueName)), true)
	must(err)
	e.Flow = f.ID
	chats := int64(comeAtOnce)
	must(catalog.RoutingProfiles.Update(ctx, w.catalog, e.Instance, string(center.BasicRoutingProfileID(e.Instance)), 0, func(p *center.RoutingProfile) error {
		p.Concurrencies = []center.MediaConcurrency{{Channel: center.ChannelChat, Concurrency: &chats}}
		return nil
	}))
	for n := range e.Agents {
		u := &center.User{
			Head: center.Head[center.UserID]{Name: fmt.Sprintf("agent-%d", n+1)}, Identity: center.Identity{FirstName: "Jane", LastName: "Roe"},
			SecurityProfiles: []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(e.Instance, "security-profile", center.SecurityAgent))},
			RoutingProfile:   center.BasicRoutingProfileID(e.Instance),
		}
		password := "Secret-123"
		must(w.catalog.CreateUser(ctx, e.Instance, u, &password))
		e.Agents[n] = u.ID
		must(w.agents.SetStatus(ctx, e.Instance, u.ID, center.SeededID(e.Instance, "agent-status", center.StatusNameAvailable), false))
	}
}

// routing waits until one of two nodes routes and says which.
func routing(t *testing.T, first, second *load.Server) (routes, other *load.Server) {
	t.Helper()
	leads := func(s *load.Server) bool {
		l, err := load.Dial(s.Operator, time.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		figures, err := l.Call(load.NewRequest(s.Operator, "GET", "/metrics"), nil)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(figures), "\nparley_router_leads 1\n")
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * breath) {
		switch a, b := leads(first), leads(second); {
		case a && !b:
			return first, second
		case b && !a:
			return second, first
		}
	}
	t.Fatal("no node routes, or both do")
	return nil, nil
}

// offeredAfter kills a node while customers come through the other one, and returns how long the last of them waited for an
// offer from then on.
func (w *rooms) offeredAfter(t *testing.T, dies, lives *load.Server, round int, within time.Duration) time.Duration {
	t.Helper()
	l, err := load.Dial(lives.Address, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	door := *lives
	door.Flow = string(w.errand.Flow)
	killed := make(chan time.Time, 1)
	time.AfterFunc(time.Duration(rand.Int64N(int64(2*time.Second))), func() {
		dies.Kill()
		killed <- time.Now()
	})
	var at time.Time
	for i := range comeAtOnce {
		if i == comeAtOnce-1 { // one comes after it
			at = <-killed
		}
		who, err := door.StartChat(l, fmt.Sprintf("round %d customer %d", round, i))
		if err == nil {
			_, err = door.Enter(l, who.ParticipantToken)
		}
		if err != nil {
			t.Fatal(err)
		}
		if i < comeAtOnce-2 {
			time.Sleep(time.Duration(rand.Int64N(int64(500 * time.Millisecond))))
		}
	}
	for {
		waiting, err := w.store.Waiting(t.Context(), w.errand.Instance, "")
		if err != nil {
			t.Fatal(err)
		}
		offered := 0
		for i := range waiting {
			if waiting[i].OfferedTo != "" {
				offered++
			}
		}
		if offered == comeAtOnce {
			return time.Since(at)
		}
		if time.Since(at) > within {
			t.Fatalf("%d of %d customers are offered %v after the node that routes was killed", offered, comeAtOnce, within)
		}
		time.Sleep(breath)
	}
}

// serveAll accepts, ends and clears all that the agents have.
func (w *rooms) serveAll(t *testing.T) {
	t.Helper()
	ctx, at := context.Background(), w.errand.Instance
	served := 0
	for _, id := range w.errand.Agents {
		a, _, err := w.staff.Agent(ctx, at, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range a.Contacts {
			for _, do := range []func(context.Context, center.InstanceID, center.UserID, center.ContactID) error{w.agents.Accept, w.agents.Leave, w.agents.Clear} {
				if err := again(func() error { return do(ctx, at, id, c.Contact) }); err != nil {
					t.Fatal(err)
				}
			}
			served++
		}
	}
	if served != comeAtOnce {
		t.Fatalf("the agents had %d contacts, and %d customers came", served, comeAtOnce)
	}
}
