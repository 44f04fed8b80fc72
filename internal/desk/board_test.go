package desk_test

import (
	"context"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// All sockets of an agent show the same snapshot, which is computed at most once for each change.
func TestASnapshotIsComputedOnceForAllSockets(t *testing.T) {
	w := newWorld(t)
	ann := w.signIn("ann")
	const sockets = 8
	lines := make([]*line, sockets)
	for i := range lines {
		lines[i] = ann.connect()
		lines[i].shows("nothing", none)
	}
	if n := w.desk.Computed(); n != sockets {
		t.Fatalf("%d snapshots for %d sockets that were opened", n, sockets)
	}
	all := func(what string, fits func(map[string]any) bool) {
		t.Helper()
		for _, l := range lines {
			l.shows(what, fits)
		}
	}
	c := w.customer()
	changes := func() int64 {
		t.Helper()
		last, err := w.store.LastSeqs(context.Background(), []center.StreamID{center.StreamID(w.named("ann")), center.StreamID(c.contact)})
		w.must(err)
		n := int64(0)
		for _, seq := range last {
			n += seq
		}
		return n
	}
	before, computed := changes(), w.desk.Computed()
	path := "/agent/v1/contacts/" + string(c.contact)
	ann.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	all("available", func(s map[string]any) bool { return s["state"].(map[string]any)["type"] == "routable" })
	c.offerTo("ann")
	all("offered", in("connecting"))
	ann.wants(200, "", "POST", path+"/accept", "")
	all("connected", in("connected"))
	ann.wants(200, "", "POST", path+"/leave", "")
	all("ended", in("ended"))
	ann.wants(200, "", "POST", path+"/clear", "")
	all("cleared", none)
	if n, most := w.desk.Computed()-computed, changes()-before; n < 5 || n > most {
		t.Errorf("%d snapshots for %d changes and %d sockets", n, most, sockets)
	}
}
