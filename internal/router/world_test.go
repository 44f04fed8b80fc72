package router_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/parley-chat/parley/internal/bus"
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/router"
	"github.com/parley-chat/parley/internal/staff"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
)

const instance = center.InstanceID("11111111-1111-4111-8111-111111111111")

// inQueue is a flow that puts the contact into the queue that its attribute names, with its priority.
const inQueue = `{"Version": "2019-10-30", "StartAction": "Set", "Actions": [
  {"Identifier": "Set", "Type": "UpdateContactTargetQueue", "Parameters": {"QueueId": "$.Attributes.queue"},
   "Transitions": {"NextAction": "Priority", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Priority", "Type": "UpdateContactRoutingBehavior", "Parameters": {"QueuePriority": "$.Attributes.priority"}, "Transitions": {"NextAction": "Enter", "Errors": []}},
  {"Identifier": "Enter", "Type": "TransferContactToQueue", "Parameters": {},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "End"}, {"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// failer is a *testing.T or a *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// world is a contact centre without its HTTP face: a store with an instance, and nodes that work on it.
type world struct {
	failer
	ctx    context.Context
	end    context.CancelFunc
	own    sync.WaitGroup
	store  *store.Store
	sealer *token.Sealer
	flow   center.FlowID
	queues []center.QueueID
	at     *node // where people are
}

// node is what one node works by.
type node struct {
	*chat.Chats
	Agents  *chat.Agents
	Staff   *staff.Staff
	Catalog *catalog.Catalog
	Router  *router.Router
	stop    context.CancelFunc
	stopped chan struct{}
	// hangs makes the node's offers wait until the world ends, as if its process stood still.
	hangs atomic.Bool
	hung  chan struct{} // receives when the first offer hangs
	// refuses, if it is not nil, refuses offers that rows would allow, as a chat does whose state is damaged.
	refuses func(center.ContactID, center.UserID) error
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func newWorld(t failer, database string) *world {
	t.Helper()
	w := &world{failer: t}
	w.ctx, w.end = context.WithCancel(context.Background())
	var err error
	w.store, err = store.Open(w.ctx, database, store.Options{Log: slog.New(slog.DiscardHandler), Fatal: func(err error) { t.Errorf("%v", err) }})
	w.must(err)
	w.sealer, err = token.NewSealer([]token.Key{token.NewKey("k", time.Now())})
	w.must(err)
	return w
}

// close stops everything.
func (w *world) close() {
	w.end()
	w.own.Wait()
	_ = w.store.Close()
}

// furnish makes the instance with two queues, by a node.
func (w *world) furnish(n *node) {
	w.Helper()
	_, err := n.Catalog.CreateInstance(w.ctx, center.Instance{ID: instance, Alias: "test", IdentityManagementType: center.IdentitySAML}, "")
	w.must(err)
	f, err := n.Catalog.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "in queue", Type: center.TypeContactFlow}, inQueue, true)
	w.must(err)
	w.flow = f.ID
	w.queues = []center.QueueID{center.QueueID(center.SeededID(instance, "queue", center.BasicQueueName))}
	q := center.Queue{Head: center.Head[center.QueueID]{Name: "second"}, Type: center.QueueStandard, Status: center.QueueEnabled, Hours: center.HoursID(center.SeededID(instance, "hours-of-operation", center.BasicHoursName))}
	id, err := catalog.Queues.Create(w.ctx, n.Catalog, instance, &q, catalog.ClientToken{})
	w.must(err)
	w.queues = append(w.queues, center.QueueID(id))
	w.at = n
}

// node begins to work: its timers, and its router.
func (w *world) node(between *bus.Local, shared bool) *node {
	w.Helper()
	clock, log := engine.WallClock{}, slog.New(slog.DiscardHandler)
	n := &node{stopped: make(chan struct{}), hung: make(chan struct{}, 1)}
	n.Catalog = catalog.New(catalog.Config{Store: w.store, Now: clock.Now, NewID: newID, Partition: center.Partition{Account: "123456789012", Region: "us-east-1"}})
	e := engine.New(engine.Config{Store: w.store, Bus: between, Clock: clock, NewID: newID, Log: log, Shared: shared})
	c := chat.Config{
		Engine: e, Store: w.store, Catalog: n.Catalog, Sealer: w.sealer, Clock: clock, Wall: clock.Now, NewID: newID, Settings: center.DefaultSettings(), Log: log,
		Partition: center.Partition{Account: "123456789012", Region: "us-east-1"}, Staff: staff.New(e, w.store, n.Catalog, clock, newID),
	}
	n.Chats, n.Staff = chat.New(c), c.Staff
	n.Agents = chat.NewAgents(n.Chats)
	n.Router = router.New(router.Config{
		Store: w.store, Catalog: n.Catalog, Bus: between, Clock: clock, Now: clock.Now, Holder: newID(), Shared: shared, Log: log,
		Offer: func(ctx context.Context, at center.InstanceID, contact center.ContactID, to center.UserID, limit int) error {
			if n.hangs.Load() {
				select {
				case n.hung <- struct{}{}:
				default:
				}
				<-w.ctx.Done()
			}
			if n.refuses != nil {
				if err := n.refuses(contact, to); err != nil {
					return err
				}
			}
			return n.Agents.Offer(ctx, at, contact, to, limit)
		},
	})
	w.store.OnResources(n.Router.Changed)
	ctx, stop := context.WithCancel(w.ctx)
	n.stop = stop
	w.own.Go(func() { e.Run(ctx) })
	w.own.Go(func() {
		n.Router.Run(ctx)
		close(n.stopped)
	})
	return n
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("%v", err)
	}
}

// agent makes a user of the basic routing profile, with a status.
func (w *world) agent(name, status string) center.UserID {
	w.Helper()
	u := &center.User{
		Head: center.Head[center.UserID]{Name: name}, Identity: center.Identity{FirstName: strings.ToUpper(name)},
		SecurityProfiles: []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(instance, "security-profile", center.SecurityAgent))},
		RoutingProfile:   center.BasicRoutingProfileID(instance),
	}
	w.must(w.at.Catalog.CreateUser(w.ctx, instance, u, nil))
	w.becomes(u.ID, status)
	return u.ID
}

func (w *world) becomes(id center.UserID, status string) {
	w.Helper()
	w.must(w.at.Agents.SetStatus(w.ctx, instance, id, center.SeededID(instance, "agent-status", status), false))
}

// customer starts a chat that enters a queue.
func (w *world) customer(queue center.QueueID, priority int) chat.Caller {
	w.Helper()
	who, err := w.enter(queue, priority)
	w.must(err)
	return who
}

func (w *world) enter(queue center.QueueID, priority int) (who chat.Caller, err error) {
	started, err := w.at.Start(w.ctx, center.StartChat{
		Instance: instance, Flow: w.flow, DisplayName: "Ana", Attributes: map[string]string{"queue": string(queue), "priority": fmt.Sprint(priority)},
	})
	if err != nil {
		return who, err
	}
	if who, err = w.at.Authenticate(started.Token, token.Participant); err == nil {
		_, err = w.at.Connection(w.ctx, who, true)
	}
	return who, err
}

// waiting is the row of a contact, nil if it does not wait.
func (w *world) waiting(id center.ContactID) *center.WaitingRecord {
	w.Helper()
	all, err := w.store.Waiting(w.ctx, instance, "")
	w.must(err)
	for i := range all {
		if all[i].Contact == id {
			return &all[i]
		}
	}
	return nil
}

// offeredTo is whom a contact is offered to.
func (w *world) offeredTo(id center.ContactID) center.UserID {
	w.Helper()
	if r := w.waiting(id); r != nil {
		return r.OfferedTo
	}
	return ""
}
