package desk_test

import (
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/desk"
)

// What a user is told that they may do is what they may do: every operation answers as it was said, for each kind of user, and
// after their permissions have changed.
func TestPermissionsInOneAnswer(t *testing.T) {
	w := newWorld(t)
	ann := w.named("ann")
	for _, profile := range []string{center.SecurityAdmin, center.SecurityManager, center.SecurityAnalyst} {
		w.user(instance, strings.ToLower(profile), profile)
	}
	said := func(c *client) (operations, rights map[string]any) {
		a := c.wants(200, "", "GET", "/agent/v1/permissions", "")
		return a.json["operations"].(map[string]any), a.json["rights"].(map[string]any)
	}
	none := strings.NewReplacer("{", "", "}", "")
	for _, name := range []string{"ann", "admin", "callcentermanager", "qualityanalyst"} {
		c := w.program(name)
		operations, _ := said(c)
		tried := 0
		for _, rt := range desk.Routes() {
			if rt.Open {
				continue
			}
			tried++
			id := desk.OperationID(rt)
			may, ok := operations[id].(bool)
			if !ok {
				t.Errorf("%s: nothing is said about %s", name, id)
				continue
			}
			if id == "deleteSession" || id == "getSocket" {
				continue // with the one nothing more is allowed, and the other is no answer
			}
			a := c.ask(rt.Method, none.Replace(rt.Path), "{}")
			if refused := a.status == 403 && strings.Contains(a.message(), "permission"); refused == may {
				t.Errorf("%s may call %s: %v, and the answer is %d %s", name, id, may, a.status, a.text)
			}
		}
		if tried != len(operations) {
			t.Errorf("%s: %d operations, %d are told of", name, tried, len(operations))
		}
	}
	c := w.program("ann")
	operations, rights := said(c)
	if operations["getPermissions"] != true || operations["postHistory"] != false || operations["postContactsContactNotes"] != true || rights["bargeIn"] != false || rights["searchByContactAttributes"] != false {
		t.Errorf("ann may %v, %v", operations, rights)
	}
	u := &center.User{}
	u.ID = ann
	w.permits(u, center.PermitMonitor, center.PermitBarge, center.PermitContacts, center.PermitAttributes)
	if operations, rights := said(c); operations["postHistory"] != true || operations["postContactsContactMonitor"] != true || rights["bargeIn"] != true || rights["searchByContactAttributes"] != true {
		t.Errorf("with another profile ann may %v, %v", operations, rights)
	}
}
