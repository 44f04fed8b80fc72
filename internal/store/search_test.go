package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// found are the ids that a search finds.
func found(t *testing.T, s *Store, where ...ContactCondition) (ids []center.ContactID) {
	t.Helper()
	q := &ContactSearch{Instance: instance, Range: Initiated, From: start.Add(-time.Hour), To: start.Add(time.Hour), Where: where}
	for _, f := range must(s.SearchContacts(t.Context(), q, ContactPage{By: Initiated, Limit: 10_000}))(t) {
		ids = append(ids, f.ID)
	}
	equal(t, "count", must(s.CountContacts(t.Context(), q))(t), int64(len(ids)))
	return ids
}

// shownChat commits a chat that a search shows, with attributes and terms.
func shownChat(t *testing.T, s *Store, attributes, terms []center.Attribute) center.ContactID {
	t.Helper()
	c := newChat()
	c.Instance = instance
	r := running(c, string(c.Stream))
	r.Shown, r.ConnectedToSystem = true, start
	c.Contacts, c.Attributes = []center.ContactRecord{r}, attributes
	if terms != nil {
		c.Terms = []center.ContactTerms{{Contact: r.ID, Put: terms}}
	}
	commit(t, s, c)
	return r.ID
}

// What few contacts have leads to them; what many have does not, and finds the same.
func TestSearchByWhatFewOrManyHave(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		for range few + 5 {
			shownChat(t, s, []center.Attribute{{Name: "all", Value: "1"}}, []center.Attribute{{Name: "tag/all", Value: ""}})
		}
		one := shownChat(t, s, []center.Attribute{{Name: "all", Value: "2"}}, []center.Attribute{{Name: "tag/one", Value: "x"}})
		equal(t, "many by an attribute", len(found(t, s, HasAttribute{"all", []string{"1"}})), few+5)
		equal(t, "many by a term", len(found(t, s, HasTerm{"tag/all", nil})), few+5)
		equal(t, "one by an attribute", fmt.Sprint(found(t, s, HasAttribute{"all", []string{"2", "3"}})), fmt.Sprint([]center.ContactID{one}))
		equal(t, "one by a term", fmt.Sprint(found(t, s, HasTerm{"tag/one", nil}, HasAttribute{"all", []string{"1", "2"}})), fmt.Sprint([]center.ContactID{one}))
		equal(t, "none", len(found(t, s, HasTerm{"tag/one", []string{}})), 0)
	})
}

// Rows of agents are searched by the agent, and by the groups that they were in.
func TestSearchByAgents(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		id, agent := shownChat(t, s, nil, nil), newID()
		shownChat(t, s, nil, nil)
		raw, _ := center.UUID(agent)
		contact, _ := center.UUID(string(id))
		err := s.write(t.Context(), func(ses session) error {
			_, err := ses.exec(`UPDATE contact SET agent = $1, connected_to_agent = $2, hierarchy = $3 WHERE id = $4`, raw[:], start.UnixMilli(), []byte(`["g1","g2"]`), contact[:])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for what, c := range map[string]ContactCondition{
			"agent": ByAgents{newID(), agent}, "first level": InGroups{0, []string{"g1"}}, "second level": InGroups{1, []string{"g0", "g2"}},
			"time": Between{ConnectedToAgent, start, start},
		} {
			equal(t, what, fmt.Sprint(found(t, s, c)), fmt.Sprint([]center.ContactID{id}))
		}
		for what, c := range map[string]ContactCondition{
			"other agent": ByAgents{newID()}, "no id": ByAgents{"x"}, "other level": InGroups{0, []string{"g2"}}, "no level": InGroups{4, []string{"g1"}},
		} {
			equal(t, what, len(found(t, s, c)), 0)
		}
		equal(t, "without an agent", len(found(t, s, Lacks{ConnectedToAgent})), 1)
		equal(t, "none of the groups", len(found(t, s, None{InGroups{0, []string{"g1"}}})), 1)
	})
}

// A connection marks the row of its contact, and no other chat's.
func TestConnectionShowsAContact(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		c, other := newChat(), newChat()
		for _, c := range []*center.Change{c, other} {
			c.Instance = instance
			c.Contacts = []center.ContactRecord{running(c, string(c.Stream))}
			commit(t, s, c)
		}
		equal(t, "before", len(found(t, s)), 0)
		next := say(c.Stream, 1, "x")
		next.State, next.Instance = []byte(`{}`), instance
		next.Connected = []center.Connected{{ID: center.ContactID(c.Stream), At: start.Add(time.Second)}, {ID: center.ContactID(other.Stream), At: start}}
		commit(t, s, next)
		equal(t, "after", fmt.Sprint(found(t, s)), fmt.Sprint([]center.StreamID{c.Stream}))
		if r := must(s.ContactRecord(t.Context(), center.ContactID(c.Stream)))(t); !r.Shown || !r.ConnectedToSystem.Equal(start.Add(time.Second)) {
			t.Errorf("the record is %+v", r)
		}
	})
}

// A row that is too old takes its terms along, though its chat stays.
func TestTermsGoWithARowThatIsOld(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		c, records := recorded(t, s, instance, start)
		next := say(c.Stream, 1, "x")
		next.State, next.Instance, next.Ended, next.EndedAt = []byte(`{}`), instance, true, start
		for _, r := range records {
			next.Terms = append(next.Terms, center.ContactTerms{Contact: r.ID, Put: []center.Attribute{{Name: "tag/a", Value: "b"}}})
		}
		commit(t, s, next)
		equal(t, "terms", count(t, s, "contact_term"), 2)
		must(s.EraseRecords(t.Context(), start))(t)
		equal(t, "terms of old rows", count(t, s, "contact_term"), 0)
	})
}
