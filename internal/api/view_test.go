package api_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/api"
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/token"
)

// skippable is a view with one input and one action.
const skippable = `{"Head":{"Configuration":{}},"Body":[{"_id":"skip","Type":"Button","Props":{"Label":"$.Label","Action":"Skip"},"Content":[]}]}`

// prepareView makes views and versions, and shows them.
func (w *world) prepareView(ctx context.Context, verb, rest string) error {
	switch verb {
	case "view": // view NAME [SAVED]
		name, status, _ := strings.Cut(rest, " ")
		v, err := w.catalog.CreateView(ctx, instanceID, center.View{Name: name, Description: "A view"}, skippable, []string{"Skip"}, status != "SAVED", "")
		if err != nil {
			return err
		}
		w.names["view"], w.names["sha"] = string(v.Ref.ID), v.SHA256
		return nil
	case "view-version": // view-version DESCRIPTION, of another content each time
		ref := center.ViewRef{ID: center.ViewID(w.names["view"])}
		_, err := w.catalog.UpdateViewContent(ctx, instanceID, ref, strings.Replace(skippable, "skip", rest, 1), []string{"Skip"}, true)
		if err == nil {
			_, err = w.catalog.CreateViewVersion(ctx, instanceID, ref, rest, "")
		}
		return err
	}
	// shown REFERENCE
	v, err := w.catalog.View(ctx, instanceID, center.ParseView(w.fill(rest)))
	if err != nil {
		return err
	}
	w.names["viewToken"] = w.shown(string(w.contact), v, time.Now().Add(time.Hour))
	return nil
}

// shown is the token that a chat's message would have, had a flow shown the view.
func (w *world) shown(contact string, v *catalog.View, until time.Time) string {
	return w.sealer.Seal(token.Claims{
		Kind: token.View, Instance: instanceID, Chat: contact, Contact: contact, View: v.Ref.String() + " " + v.SHA256,
		Issued: time.Now(), Expires: until,
	})
}

// A view is opened with its own token by a participant of the chat that was shown it, and by no other combination.
func TestViewTokensAreOfOneChat(t *testing.T) {
	w := newWorld(t, func(*api.Config, *chat.Config) {})
	for _, line := range []string{"start", "connect", "start 2", "connect customer2", "view Own", "shown ${view}"} {
		w.prepare(line)
	}
	v, err := w.catalog.View(context.Background(), instanceID, center.ViewRef{ID: "form"})
	if err != nil {
		t.Fatal(err)
	}
	good := w.shown(w.names["contact"], v, time.Now().Add(time.Hour))
	connection := w.names["customerConnection"]
	for _, c := range []struct {
		name, bearer, token string
		status              int
	}{
		{"its own", connection, good, 200},
		{"another chat's participant", w.names["customer2Connection"], good, 403},
		{"of another chat", connection, w.shown(w.names["contact2"], v, time.Now().Add(time.Hour)), 403},
		{"of no chat", connection, w.shown("", v, time.Now().Add(time.Hour)), 403},
		{"expired", connection, w.shown(w.names["contact"], v, time.Now()), 403},
		{"changed", connection, good[:30] + "AAAA" + good[34:], 403},
		{"cut", connection, good[:len(good)-1], 403},
		{"a connection token as the view's", connection, connection, 403},
		{"a participant token as the view's", connection, w.names["customerToken"], 403},
		{"a socket token as the view's", connection, w.names["customerSocket"], 403},
		{"a view token as the bearer", good, good, 403},
		{"a participant token as the bearer", w.names["customerToken"], good, 403},
		{"no bearer", "", good, 403},
		{"no token", connection, "form", 403},
		{"a path", connection, "../../../views", 403},
		{"too long", connection, strings.Repeat("x", 1001), 400},
	} {
		got := w.call("GET", "/participant/views/"+url.PathEscape(c.token), c.bearer, "")
		if got.status != c.status || c.status == 200 != strings.Contains(got.body, `"Template"`) {
			t.Errorf("%s: %d %s, want %d", c.name, got.status, got.body, c.status)
		}
	}
	w.prepare("end")
	if got := w.call("GET", "/participant/views/"+url.PathEscape(w.names["viewToken"]), w.names["customer2Connection"], ""); got.status != 403 {
		t.Errorf("after the chat's end: %d %s", got.status, got.body)
	}
}
