package store

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// plain shows all of a row but its secrets, and nothing of rows that are no configuration.
func plain(kind string, body []byte) ([]byte, bool) {
	switch kind {
	case "token":
		return nil, false
	case "password":
		return nil, true
	}
	return bytes.ToUpper(body), true
}

func TestAuditIsWrittenWithTheChange(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		at := start.Add(time.Hour)
		by := By(t.Context(), Author{Who: "AKIA", From: "192.0.2.1", Action: "connect:Test", At: at})
		row := func(kind, id, body string) Resource {
			return Resource{Instance: instance, Kind: kind, ID: id, Name: "named " + id, Body: []byte(body)}
		}
		commit := func(c ResourceCommit) error {
			c.Show = plain
			return s.CommitResources(by, c)
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(commit(ResourceCommit{Insert: []Resource{row("queue", "a", "one"), row("token", "x", "hidden"), row("password", "p", "hidden")}}))
		replace := row("queue", "a", "two")
		replace.Version = 1
		must(commit(ResourceCommit{Replace: []Resource{replace}}))
		replace.Version = 2
		must(commit(ResourceCommit{Replace: []Resource{replace}})) // which changes nothing
		// What is refused leaves nothing, and neither does what nobody asks for.
		if err := commit(ResourceCommit{Insert: []Resource{row("queue", "b", "b"), row("queue", "a", "again")}}); err == nil {
			t.Error("a name twice")
		}
		if err := commit(ResourceCommit{Replace: []Resource{replace}}); !errors.Is(err, ErrStale) {
			t.Errorf("a stale row: %v", err)
		}
		must(s.CommitResources(t.Context(), ResourceCommit{Insert: []Resource{row("queue", "c", "c")}, Show: plain}))
		// What goes with a row has entries too.
		refers := row("link", "l", "to a")
		refers.Refs = []Ref{{"queue", "a"}}
		must(s.CommitResources(t.Context(), ResourceCommit{Insert: []Resource{refers, row("part", "a/1", "first"), row("part", "a/2", "second"), row("part", "b/1", "stays"), row("token", "a/1", "hidden")}, Show: plain}))
		must(commit(ResourceCommit{Delete: []Deletion{{InstanceRef: InstanceRef{instance, Ref{"queue", "a"}}, Below: []string{"part", "token"}, With: []string{"link"}}}}))

		all, err := s.Audit(t.Context(), AuditPlace{}, 100)
		must(err)
		var got []string
		for _, e := range all {
			if e.Who != "AKIA" || e.From != "192.0.2.1" || e.Action != "connect:Test" || e.Instance != instance || !e.At.Equal(at) {
				t.Errorf("%+v", e)
			}
			got = append(got, fmt.Sprintf("%s %s %s %q: %q %v %q %v", e.Change, e.Kind, e.ID, e.Name, e.Before, e.Before == nil, e.After, e.After == nil))
		}
		equal(t, "entries", strings.Join(got, "\n"), strings.Join([]string{
			`create queue a "named a": "" true "ONE" false`,
			`create password p "named p": "" true "" true`,
			`update queue a "named a": "ONE" false "TWO" false`,
			`delete queue a "named a": "TWO" false "" true`,
			`delete part a/1 "named a/1": "FIRST" false "" true`,
			`delete part a/2 "named a/2": "SECOND" false "" true`,
			`delete link l "named l": "TO A" false "" true`,
		}, "\n"))
		// In pages of one it is the same.
		var behind AuditPlace
		for i := range all {
			page, err := s.Audit(t.Context(), behind, 1)
			must(err)
			if len(page) != 1 || page[0].AuditPlace != all[i].AuditPlace {
				t.Fatalf("page %d: %+v", i, page)
			}
			behind = page[0].AuditPlace
		}
		if page, err := s.Audit(t.Context(), behind, 1); err != nil || len(page) != 0 {
			t.Errorf("behind the last: %v, %v", page, err)
		}
		if page, err := s.Audit(t.Context(), From(at.Add(time.Millisecond)), 1); err != nil || len(page) != 0 {
			t.Errorf("later: %v, %v", page, err)
		}
		for _, c := range []struct {
			before time.Time
			gone   int64
		}{{at, 0}, {at.Add(time.Millisecond), 7}, {at.Add(time.Hour), 0}} {
			gone, err := s.EraseAudit(t.Context(), c.before)
			must(err)
			equal(t, "gone", gone, c.gone)
		}
	})
}

// A Change of a stream brings its entry with it, or neither is there.
func TestAuditOfAChangeOfAStream(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		note := &center.AuditNote{Who: "mia", From: "192.0.2.1", Action: "agent:Test", At: start, Kind: "agent-state", ID: "jane", Before: []byte(`{"a":1}`), After: []byte(`{"a":2}`)}
		c := newChat()
		c.Audit = note
		commit(t, s, c)
		stale := newChat()
		stale.Stream, stale.Audit = c.Stream, note
		refuses[*Conflict](t, s, stale)
		next := say(c.Stream, 1, "more")
		next.State, next.Kind, next.Instance, next.Audit = []byte(`{"n":2}`), center.KindChat, instance, &center.AuditNote{Who: "mia", Action: "agent:Test", At: start, Kind: "agent-state", ID: "jane"}
		commit(t, s, next)
		all, err := s.Audit(t.Context(), AuditPlace{}, 100)
		equal(t, "error", err, nil)
		if len(all) != 2 {
			t.Fatalf("%d entries", len(all))
		}
		e := all[0]
		if e.Who != "mia" || e.From != "192.0.2.1" || e.Action != "agent:Test" || !e.At.Equal(start) || e.Change != Updated || e.Instance != instance || e.Kind != "agent-state" || e.ID != "jane" || string(e.Before) != `{"a":1}` || string(e.After) != `{"a":2}` {
			t.Errorf("the entry is %+v", e)
		}
	})
}
