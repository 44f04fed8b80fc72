package chat_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/insight"
	"github.com/parley-chat/parley/internal/staff"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
)

const instance = center.InstanceID("11111111-1111-4111-8111-111111111111")

// waits is a flow that greets and waits for ten minutes.
const waits = `{"Version": "2019-10-30", "StartAction": "Greet", "Actions": [
  {"Identifier": "Greet", "Type": "MessageParticipant", "Parameters": {"Text": "Welcome!"}, "Transitions": {"NextAction": "Wait"}},
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "600"},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "End", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// clock stands still until it is moved.
type clock struct{ now atomic.Int64 }

func (c *clock) Now() time.Time { return time.Unix(0, c.now.Load()).UTC() }

// Timer is for Run, which no test of this package needs.
func (c *clock) Timer(time.Time) (<-chan struct{}, func()) { return make(chan struct{}), func() {} }

func (c *clock) advance(by time.Duration) { c.now.Add(int64(by)) }

// told is a bus that remembers.
type told struct{ count atomic.Int64 }

func (b *told) Publish(_ center.StreamID, items []center.Item) { b.count.Add(int64(len(items))) }

// world is a store in memory, with an instance and a flow.
type world struct {
	testing.TB
	ctx    context.Context
	store  *store.Store
	sealer *token.Sealer
	clock  *clock
	ids    atomic.Uint64
	flow   center.FlowID
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, "sqlite::memory:")
}

// newWorldOn is newWorld on a database of the test's.
func newWorldOn(t testing.TB, database string) *world {
	t.Helper()
	w := &world{TB: t, ctx: t.Context(), clock: &clock{}}
	w.clock.advance(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Sub(time.Unix(0, 0)))
	var err error
	w.store, err = store.Open(context.Background(), database, store.Options{Log: slog.New(slog.DiscardHandler), Fatal: func(err error) { t.Error(err) }})
	w.must(err)
	t.Cleanup(func() { _ = w.store.Close() })
	w.sealer, err = token.NewSealer([]token.Key{token.NewKey("k", w.clock.Now())})
	w.must(err)
	c := w.node(center.DefaultSettings(), &told{})
	_, err = c.Catalog.CreateInstance(w.ctx, center.Instance{ID: instance, Alias: "test", IdentityManagementType: center.IdentityManaged}, "")
	w.must(err)
	f, err := c.Catalog.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "waits", Type: center.TypeContactFlow}, waits, true)
	w.must(err)
	w.flow = f.ID
	return w
}

// node is what one node works by.
type node struct {
	*chat.Chats
	Agents *chat.Agents
	Staff  *staff.Staff
	*engine.Engine
	Catalog     *catalog.Catalog
	Transcripts *chat.Transcripts
	Erasures    *chat.Erasures
	Overview    *chat.Overview
	config      chat.Config
	bus         engine.Publisher
	shared      bool
	newID       func() string // may be replaced
}

// build makes a node of a Config without an engine.
func (w *world) build(bus engine.Publisher, shared bool, c chat.Config) *node {
	n := &node{Catalog: c.Catalog, config: c, bus: bus, shared: shared, newID: c.NewID}
	c.NewID = func() string { return n.newID() }
	n.Engine = engine.New(engine.Config{Store: c.Store, Bus: bus, Clock: c.Clock, NewID: c.NewID, Log: c.Log, Shared: shared})
	c.Engine = n.Engine
	c.Staff = staff.New(n.Engine, c.Store, c.Catalog, c.Clock, c.NewID)
	n.Staff = c.Staff
	c.Figures = insight.NewPresent(c.Store, c.Catalog, c.Clock.Now, c.Wall, c.NewID)
	n.Chats = chat.New(c)
	n.Agents = chat.NewAgents(n.Chats)
	n.Transcripts, n.Erasures, n.Overview = chat.NewTranscripts(n.Chats), chat.NewErasures(n.Chats), chat.NewOverview(n.Chats)
	return n
}

// node is one of several that share the store.
func (w *world) node(s center.Settings, b engine.Publisher) *node {
	return w.build(b, true, chat.Config{
		Store: w.store, Catalog: w.catalog(w.clock.Now), Sealer: w.sealer, Clock: w.clock, Wall: w.clock.Now, NewID: w.newID,
		Partition: partition, Settings: s,
		Log: slog.New(slog.DiscardHandler),
	})
}

var partition = center.Partition{Account: "123456789012", Region: "us-east-1"}

// catalog is a node's catalog, with a clock.
func (w *world) catalog(now func() time.Time) *catalog.Catalog {
	return catalog.New(catalog.Config{
		Store: w.store, Now: now, NewID: w.newID, Partition: partition, TrustedFunction: everyone, TrustedBot: everyone,
	})
}

func (w *world) newID() string {
	return fmt.Sprintf("%08x-0000-7000-8000-%012x", w.ids.Add(1), w.ids.Load())
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// start starts a chat and connects its customer.
func (w *world) start(c *node, past *center.Persistence) (chat.Caller, *chat.Started) {
	w.Helper()
	started, err := c.Start(w.ctx, center.StartChat{Instance: instance, Flow: w.flow, DisplayName: "Ana", Persistent: past})
	w.must(err)
	return w.connect(c, started), started
}

// connect connects the customer of a chat that was started.
func (w *world) connect(c *node, started *chat.Started) chat.Caller {
	w.Helper()
	who, err := c.Authenticate(started.Token, token.Participant)
	w.must(err)
	_, err = c.Connection(w.ctx, who, true)
	w.must(err)
	return who
}

// customParticipant brings one in, connected.
func (w *world) customParticipant(c *node, id center.ContactID) chat.Caller {
	w.Helper()
	b, err := c.AddCustomParticipant(w.ctx, instance, id, "Max", "")
	w.must(err)
	who, err := c.Authenticate(b.Token, token.Participant)
	w.must(err)
	_, err = c.Connection(w.ctx, who, true)
	w.must(err)
	return who
}

func (w *world) send(c *node, who chat.Caller, text string) center.Item {
	w.Helper()
	it, err := c.Send(w.ctx, who, center.Message{ContentType: center.TextPlain, Content: text}, "")
	w.must(err)
	return it
}

// items are all that the chat's store has, in sequence.
func (w *world) items(id center.ChatID) []center.Item {
	w.Helper()
	all, err := w.store.ItemsAfter(w.ctx, center.StreamID(id), 0, 100_000)
	w.must(err)
	return all
}

func long(n int) string { return strings.Repeat("x", n) }

// everyone may be asked: whether a function or bot is associated is looked at when it is.
func everyone(string) bool { return true }
