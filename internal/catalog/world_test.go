package catalog_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

const instance = center.InstanceID("11111111-1111-4111-8111-111111111111")

var now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// ends is a flow that disconnects at once.
const ends = `{"Version": "2019-10-30", "StartAction": "End", "Actions": [
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

// world is a store in memory, with an instance and a flow.
type world struct {
	testing.TB
	ctx   context.Context
	store *store.Store
	ids   atomic.Uint64
	flow  center.FlowID
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, ctx: t.Context()}
	var err error
	w.store, err = store.Open(context.Background(), "sqlite::memory:", store.Options{Log: slog.New(slog.DiscardHandler), Fatal: func(err error) { t.Error(err) }})
	w.must(err)
	t.Cleanup(func() { _ = w.store.Close() })
	c := w.node()
	_, err = c.CreateInstance(w.ctx, center.Instance{ID: instance, Alias: "test", IdentityManagementType: center.IdentityManaged}, "")
	w.must(err)
	f, err := c.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "ends", Type: center.TypeContactFlow}, ends, true)
	w.must(err)
	w.flow = f.ID
	return w
}

// node is one of several that share the store, without quotas.
func (w *world) node() *catalog.Catalog { return catalog.New(w.config()) }

// limited is a node on which Amazon Connect's default quotas hold.
func (w *world) limited() *catalog.Catalog {
	c := w.config()
	c.Quotas = true
	return catalog.New(c)
}

func (w *world) config() catalog.Config {
	return catalog.Config{
		Store: w.store, Now: func() time.Time { return now }, NewID: w.newID,
		Partition: center.Partition{Account: "123456789012", Region: "us-east-1"},
	}
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
