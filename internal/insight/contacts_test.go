package insight

import (
	"context"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

const instance = "11111111-1111-4111-8111-111111111111"

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// put commits chats that ended, one a second from a time on.
func put(t *testing.T, s *store.Store, from time.Time, n int, prefix byte) {
	t.Helper()
	for i := range n {
		var raw [16]byte
		raw[0], raw[12], raw[13], raw[14] = prefix, byte(i>>16), byte(i>>8), byte(i)
		id, at := center.FormatUUID(raw), from.Add(time.Duration(i)*time.Second)
		if err := s.Commit(context.Background(), &center.Change{
			Stream: center.StreamID(id), Kind: center.KindChat, Instance: instance, State: []byte(`{}`), Ended: true, EndedAt: at,
			Items: []center.Item{{Stream: center.StreamID(id), Seq: 1, ID: center.ItemID(id), Time: at, Type: center.Marker, Contact: center.ContactID(id)}},
			Contacts: []center.ContactRecord{{
				ID: center.ContactID(id), Chat: center.ChatID(id), Instance: instance, Channel: "CHAT", Initiated: at, Disconnected: at, Shown: true,
			}},
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// A search gives out 10,000 contacts and tells of all. A large total is remembered for ten seconds, for ranges nearby too; a
// small one is counted each time.
func TestSearchOfMoreThanItGivesOut(t *testing.T) {
	s, err := store.Open(t.Context(), "sqlite::memory:", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put(t, s, noon, reach+50, 1)
	now := noon
	c := NewContacts(s, func() time.Time { return now })
	search := Search{Instance: instance, Range: TimeRange{"INITIATION_TIMESTAMP", noon, noon.Add(24 * time.Hour)}}
	find := func(s Search, limit int, token string) *Page {
		t.Helper()
		p, err := c.Search(t.Context(), &s, limit, token)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	total := func(what string, s Search, want int64) {
		t.Helper()
		if p := find(s, 10, ""); p.Total != want {
			t.Errorf("%s: %d, want %d", what, p.Total, want)
		}
	}
	seen, token := map[center.ContactID]bool{}, ""
	for pages := 1; ; pages++ {
		p := find(search, 99, token)
		for _, f := range p.Contacts {
			seen[f.ID] = true
		}
		if p.Total != reach+50 {
			t.Fatalf("page %d tells of %d", pages, p.Total)
		}
		if token = p.Next; token == "" {
			break
		}
	}
	if len(seen) != reach {
		t.Errorf("gave out %d", len(seen))
	}
	later, narrow := search, search
	later.Range.From, later.Range.To = noon.Add(10*time.Second), noon.Add(25*time.Hour)
	narrow.Range.To = noon.Add(99 * time.Second)
	put(t, s, noon.Add(25*time.Hour), 3, 2)
	total("remembered", search, reach+50)
	total("another range", later, reach+50-10+1)
	total("few", narrow, 100)
	put(t, s, noon.Add(90*time.Minute), 1, 3)
	total("still remembered", search, reach+50)
	now = now.Add(remembered)
	total("counted again", search, reach+51)

	// Tokens: of this search alone, and none that is made up.
	p := find(search, 10, "")
	for what, token := range map[string]string{
		"no token": "x", "empty": sealed(place{}), "no id": sealed(place{Search: digestOf(&search), ID: "x", Served: 1}),
		"a value that is none": sealed(place{Search: digestOf(&search), ID: instance, Value: new(string), Served: 1}),
		"all given out":        sealed(place{Search: digestOf(&search), ID: instance, Served: reach}),
	} {
		if _, err := c.Search(t.Context(), &search, 10, token); !center.Is(err, center.InvalidParameter) {
			t.Errorf("%s: %v", what, err)
		}
	}
	other := search
	other.Sort = Sort{"INITIATION_TIMESTAMP", "ASCENDING"}
	if _, err := c.Search(t.Context(), &other, 10, p.Next); !center.Is(err, center.InvalidParameter) {
		t.Errorf("a token of another search: %v", err)
	}
}

type place = token
