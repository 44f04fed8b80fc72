package store

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
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

// Contacts are found by their customer, in the order in which they began, and not by those of before or of others.
func TestSearchByCustomers(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		of := func(customer string, at time.Time) center.ContactID {
			c := newChat()
			c.Instance = instance
			r := running(c, string(c.Stream))
			r.Initiated, r.Shown, r.ConnectedToSystem, r.Customer = at, true, at, customer
			c.Contacts = []center.ContactRecord{r}
			commit(t, s, c)
			return r.ID
		}
		first, second := of("grüße \x00 '1", start), of("grüße \x00 '1", start.Add(time.Second))
		of("grüße", start)
		of("", start)
		equal(t, "of one", fmt.Sprint(found(t, s, OfCustomers{"grüße \x00 '1"})), fmt.Sprint([]center.ContactID{second, first}))
		equal(t, "of several", len(found(t, s, OfCustomers{"grüße \x00 '1", "grüße", "x"})), 3)
		equal(t, "of none", len(found(t, s, OfCustomers{""})), 0)
		equal(t, "outside a chat", fmt.Sprint(found(t, s, OfCustomers{"grüße \x00 '1"}, OutsideChat(second))), fmt.Sprint([]center.ContactID{first}))
		equal(t, "the record", must(s.ContactRecord(t.Context(), first))(t).Customer, "grüße \x00 '1")
		must(s.EraseChat(t.Context(), center.StreamID(second), start))(t)
		equal(t, "after an erasure", fmt.Sprint(found(t, s, OfCustomers{"grüße \x00 '1"})), fmt.Sprint([]center.ContactID{first}))
	})
}

// Among 100,000 contacts, those of a customer and those of an agent are found by an index of theirs, in its order: the first
// page, and one behind it.
func TestSearchesThatDoNotScan(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 100,000 rows")
	}
	forEachEngine(t, func(t *testing.T, s *Store) {
		agent := newID()
		raw, _ := center.UUID(agent)
		rows, id, analyze := `generate_series(%d, %d) AS n(i)`, `decode(md5(i::text), 'hex')`, `ANALYZE contact`
		typed := strings.NewReplacer("$1", "$1::text", "$2", "$2::bigint", "$3", "$3::bytea", "$4", "$4::bytea")
		if s.d == sqliteDialect { // which gathers no statistics
			rows, id, analyze = `(WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n) AS n`, `unhex(printf('%%032x', i))`, `SELECT 1`
			typed = strings.NewReplacer()
		}
		for from := 1; from <= 100_000; from += 5000 {
			fill := fmt.Sprintf(`INSERT INTO contact (id, stream, instance, channel, initiation_method, initiated, shown, disconnected, customer, agent, connected_to_agent)
				SELECT `+id+`, `+id+`, $1, 'CHAT', 'API', $2 + i, $2 + i, $2 + i, CASE WHEN i %% 1000 = 0 THEN $3 ELSE `+id+` END, CASE WHEN i %% 1000 = 1 THEN $4 ELSE `+id+` END, $2 + i FROM `+rows, from, from+4999)
			if err := s.write(t.Context(), func(ses session) error {
				_, err := ses.exec(typed.Replace(fill), string(instance), start.UnixMilli(), []byte("ada"), raw[:])
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.rowsOnce(t.Context(), analyze, nil, func(*sql.Rows) error { return nil }); err != nil {
			t.Fatal(err)
		}
		for index, where := range map[string]ContactCondition{"contact_customer": OfCustomers{"ada"}, "contact_agent": ByAgents{agent}} {
			q := &ContactSearch{Instance: instance, Range: Initiated, From: start, To: start.Add(time.Hour), Where: []ContactCondition{where}}
			page := ContactPage{By: Initiated, Limit: 10}
			var times []time.Time
			for range 3 {
				w := must(s.contactSearch(t.Context(), q, page))(t)
				var plan []string
				explain := "EXPLAIN "
				if s.d == sqliteDialect {
					explain = "EXPLAIN QUERY PLAN "
				}
				if err := s.rowsOnce(t.Context(), explain+w.String(), w.args, func(rows *sql.Rows) error {
					columns, err := rows.Columns()
					if err != nil {
						return err
					}
					line := make([]any, len(columns))
					for i := range line {
						line[i] = new(any)
					}
					err = rows.Scan(line...)
					plan = append(plan, fmt.Sprint(*line[len(line)-1].(*any)))
					return err
				}); err != nil {
					t.Fatal(err)
				}
				text := strings.Join(plan, "\n")
				if !strings.Contains(text, index) || strings.Contains(text, "Seq Scan") || strings.Contains(text, "SCAN contact") || strings.Contains(text, "TEMP B-TREE") || strings.Contains(text, "Sort") {
					t.Errorf("the plan for %s is\n%s", index, text)
				}
				found := must(s.SearchContacts(t.Context(), q, page))(t)
				for _, f := range found {
					times = append(times, f.Initiated)
				}
				place := page.Place(&found[len(found)-1])
				page.After = &place
			}
			if len(times) != 30 || !slices.IsSortedFunc(times, func(a, b time.Time) int { return b.Compare(a) }) {
				t.Errorf("%s: %d contacts, at %v", index, len(times), times)
			}
		}
	})
}

// What was read of a contact is in the audit log, with who read it.
func TestReadingsAreAudited(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Store) {
		of := InstanceRef{instance, Ref{"contact", newID()}}
		if err := s.NoteRead(t.Context(), of); err == nil {
			t.Error("a reading without an author is noted")
		}
		by := By(t.Context(), Author{Who: "ann", From: "192.0.2.1", Action: "agent:ReadTranscript", At: start})
		if err := s.NoteRead(by, of); err != nil {
			t.Fatal(err)
		}
		all := must(s.Audit(t.Context(), AuditPlace{}, 10))(t)
		if len(all) != 1 || all[0].Who != "ann" || all[0].Change != Read || all[0].Kind != "contact" || all[0].ID != of.ID || all[0].Instance != instance || all[0].Before != nil || all[0].After != nil {
			t.Errorf("audited %+v", all)
		}
	})
}
