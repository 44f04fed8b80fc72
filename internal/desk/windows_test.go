package desk_test

import (
	"context"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// A supervisor who may not monitor any more stops doing so.
func TestMonitorsEndWithTheirPermission(t *testing.T) {
	w := newWorld(t)
	boss := w.user(instance, "boss", center.SecurityAgent)
	permit := w.permits(boss, center.PermitMonitor)
	ann, mia := w.program("ann"), w.program("boss")
	watching := mia.connect()
	mia.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	_, path := ann.accepted("ann")
	mia.wants(200, "", "POST", path+"/monitor", "")
	watching.shows("monitors", in("connected"))
	w.must(w.desk.CloseEnded(context.Background()))
	if got := contactsOf(mia.wants(200, "", "GET", "/agent/v1/snapshot", "").json["snapshot"].(map[string]any)); got[0]["state"].(map[string]any)["type"] != "connected" {
		t.Errorf("who may monitor is interrupted: %v", got)
	}
	w.revokes(boss, permit)
	w.must(w.desk.CloseEnded(context.Background()))
	watching.shows("over", in("ended"))
	mia.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Offline","enqueueNextState":true}`) // the socket and all else go on
}
