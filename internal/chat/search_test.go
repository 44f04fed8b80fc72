package chat_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/insight"
	"github.com/parley-chat/parley/internal/store/storetest"
)

// A random search finds of random chats exactly those that its criteria hold for, judged by the chats themselves, in its
// order, whatever the length of its pages; and none of another instance's.
func TestSearchAgreesWithTheChats(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		w := newWorldOn(t, database)
		c := w.node(center.DefaultSettings(), &told{})
		r := rand.New(rand.NewPCG(7, 11))
		w.randomChats(c, r)
		var all []described
		for _, chat := range w.chats() {
			for i := range chat.Contacts {
				all = append(all, described{&chat, &chat.Contacts[i], i})
			}
		}
		searches, found := insight.NewContacts(w.store, w.clock.Now), 0
		for range 400 {
			s := w.randomSearch(r)
			want := w.judged(&s, all)
			var got []string
			total, limit, from := int64(-1), 1+r.IntN(7), ""
			for page := 0; page == 0 || from != ""; page++ {
				p, err := searches.Search(w.ctx, &s, limit, from)
				w.must(err)
				if total >= 0 && p.Total != total {
					t.Errorf("the total was %d and is %d", total, p.Total)
				}
				if page > 0 && len(p.Contacts) == 0 {
					t.Error("a page is empty")
				}
				for _, f := range p.Contacts {
					got = append(got, string(f.ID))
				}
				total, from = p.Total, p.Next
			}
			if !slices.Equal(got, want) || total != int64(len(want)) {
				t.Fatalf("%+v\nfound %d of %d %v\nwant %d %v", s, len(got), total, got, len(want), want)
			}
			found += len(want)
		}
		if found < 1000 {
			t.Errorf("the searches have found %d contacts in all: they say little", found)
		}
	})
}

const otherInstance = "99999999-1111-4111-8111-111111111111"

var (
	searchedWords = []string{"gold", "Silver", "", "grüße", "a \x00 b"}
	searchedNames = []string{"Order 4711", "order", "Grüße an Ana", ""}
	searchedKeys  = []string{"one", "two"}
)

func pick[V any](r *rand.Rand, all []V) V { return all[r.IntN(len(all))] }

// randomChats makes chats of two instances that have come more or less far.
func (w *world) randomChats(c *node, r *rand.Rand) {
	w.Helper()
	flow, q := w.makeFlow(c, "queues", center.TypeContactFlow, queues), []string{w.queue("q1", -1, center.QueueEnabled), w.queue("q2", -1, center.QueueEnabled)}
	_, err := c.Catalog.CreateInstance(w.ctx, center.Instance{ID: otherInstance, Alias: "other", IdentityManagementType: center.IdentityManaged}, "")
	w.must(err)
	other, err := c.Catalog.CreateFlow(w.ctx, otherInstance, center.ContactFlow{Name: "waits", Type: center.TypeContactFlow}, waits, true)
	w.must(err)
	for _, at := range []center.InstanceID{instance, otherInstance} {
		for _, key := range searchedKeys {
			_, err := catalog.PredefinedAttributes.Create(w.ctx, c.Catalog, at, &center.PredefinedAttribute{Name: key}, catalog.ClientToken{})
			w.must(err)
		}
	}
	for range 70 {
		w.clock.advance(time.Duration(r.IntN(2000)) * time.Millisecond)
		cmd := center.StartChat{Instance: instance, Flow: flow, DisplayName: "Ana", Attributes: map[string]string{}}
		if r.IntN(6) == 0 {
			cmd.Instance, cmd.Flow = otherInstance, other.ID
		} else if r.IntN(2) == 0 {
			cmd.Flow = w.flow
		} else {
			cmd.Attributes["queue"] = pick(r, q)
		}
		if r.IntN(2) == 0 {
			cmd.Attributes[pick(r, searchedKeys)] = strings.ReplaceAll(pick(r, searchedWords), "\x00", "")
		}
		if r.IntN(2) == 0 {
			cmd.CustomerID = pick(r, searchedWords[:4])
		}
		if r.IntN(3) == 0 {
			word := pick(r, searchedWords)
			cmd.SegmentAttributes = map[string]center.SegmentAttribute{pick(r, searchedKeys): {ValueString: &word}}
		}
		started, err := c.Start(w.ctx, cmd)
		w.must(err)
		if r.IntN(5) > 0 {
			w.connect(c, started)
		}
		if r.IntN(2) == 0 {
			name := pick(r, searchedNames)
			w.must(c.Update(w.ctx, cmd.Instance, started.Contact, center.ContactData{Name: &name}))
		}
		if r.IntN(2) == 0 {
			w.must(c.Tag(w.ctx, cmd.Instance, started.Contact, map[string]string{pick(r, searchedKeys): pick(r, searchedWords[:3])}, nil))
		}
		if r.IntN(3) == 0 {
			w.must(c.Tag(w.ctx, cmd.Instance, started.Contact, nil, searchedKeys[:1]))
		}
		w.clock.advance(time.Duration(r.IntN(3)) * time.Second)
		if r.IntN(3) == 0 {
			w.must(c.Stop(w.ctx, cmd.Instance, started.Contact))
		}
	}
}

var (
	timeTypes  = []string{"INITIATION_TIMESTAMP", "DISCONNECT_TIMESTAMP", "ENQUEUE_TIMESTAMP", "CONNECTED_TO_AGENT_TIMESTAMP", "SCHEDULED_TIMESTAMP"}
	matchTypes = []string{"", "MATCH_ALL", "MATCH_ANY", "MATCH_NONE", "MATCH_EXACT"}
)

func (w *world) randomRange(r *rand.Rand) insight.TimeRange {
	from := w.clock.Now().Add(-time.Duration(r.IntN(150)) * time.Second)
	return insight.TimeRange{Type: timeTypes[r.IntN(5)*r.IntN(5)/5], From: from, To: from.Add(time.Duration(r.IntN(150)) * time.Second)}
}

func (w *world) randomSearch(r *rand.Rand) insight.Search {
	s := insight.Search{Instance: instance, Range: w.randomRange(r)}
	if r.IntN(2) == 0 {
		s.Sort = insight.Sort{Field: pick(r, []string{"INITIATION_TIMESTAMP", "DISCONNECT_TIMESTAMP", "INITIATION_METHOD", "CHANNEL", "EXPIRY_TIMESTAMP"}), Order: pick(r, []string{"ASCENDING", "DESCENDING"})}
	}
	words := func() (all []insight.Values) {
		for range 1 + r.IntN(2) {
			v := insight.Values{Key: pick(r, searchedKeys)}
			for range r.IntN(3) {
				v.Values = append(v.Values, pick(r, searchedWords))
			}
			all = append(all, v)
		}
		return all
	}
	c := &s.Criteria
	if r.IntN(4) == 0 {
		c.Attributes = insight.Match[insight.Values]{Type: pick(r, matchTypes), List: words()}
	}
	if r.IntN(4) == 0 {
		c.SegmentAttributes = insight.Match[insight.Values]{Type: pick(r, matchTypes), List: words()}
	}
	if r.IntN(4) == 0 {
		c.Names = insight.Match[string]{Type: pick(r, matchTypes), List: []string{pick(r, searchedNames), strings.ToUpper(pick(r, searchedNames))}}
	}
	if r.IntN(4) == 0 {
		for range 1 + r.IntN(2) {
			criterion := insight.TimeCriterion{Missing: pick(r, timeTypes)}
			if r.IntN(2) == 0 {
				times := w.randomRange(r)
				criterion = insight.TimeCriterion{Range: &times}
			}
			c.Times.List = append(c.Times.List, criterion)
		}
		c.Times.Type = pick(r, matchTypes)
	}
	if r.IntN(4) == 0 {
		for range 1 + r.IntN(2) {
			word := pick(r, searchedWords[:3])
			c.Tags = append(c.Tags, []insight.Tag{{Key: pick(r, searchedKeys), Value: pick(r, []*string{nil, &word})}, {Key: pick(r, []string{searchedKeys[0], insight.InstanceTag})}})
		}
	}
	if r.IntN(6) == 0 {
		c.Customers = []string{pick(r, searchedWords[:2]), pick(r, searchedWords[3:4])}
	}
	if r.IntN(8) == 0 {
		c.InitiationMethods = []string{pick(r, []string{"API", "TRANSFER"})}
	}
	return s
}

// described is a contact as DescribeContact tells of it.
type described struct {
	chat *center.Chat
	*center.Contact
	number int
}

func (d described) time(kind string) time.Time {
	switch kind {
	case "INITIATION_TIMESTAMP":
		return d.Initiated.Truncate(time.Millisecond)
	case "DISCONNECT_TIMESTAMP":
		return d.Disconnected.Truncate(time.Millisecond)
	case "ENQUEUE_TIMESTAMP":
		return d.Enqueued.Truncate(time.Millisecond)
	}
	return time.Time{}
}

func (d described) in(r insight.TimeRange) bool {
	at := d.time(r.Type)
	return !at.IsZero() && !at.Before(r.From) && !at.After(r.To)
}

// holds combines criteria by their match type.
func holds[C any](m insight.Match[C], each func(C) bool) bool {
	n := 0
	for _, c := range m.List {
		if each(c) {
			n++
		}
	}
	switch {
	case len(m.List) == 0:
		return true
	case m.Type == "MATCH_ANY":
		return n > 0
	case m.Type == "MATCH_NONE":
		return n == 0
	}
	return n == len(m.List)
}

func (d described) meets(s *insight.Search) bool {
	c := &s.Criteria
	if d.chat.Instance != s.Instance || d.ConnectedToSystem.IsZero() && d.Disconnected.IsZero() && d.number == 0 || !d.in(s.Range) {
		return false
	}
	names := c.Names
	if names.Type == "MATCH_EXACT" {
		names.Type = "MATCH_ANY"
	}
	tags := len(c.Tags) == 0
	for _, list := range c.Tags {
		tags = tags || !slices.ContainsFunc(list, func(t insight.Tag) bool {
			value, ok := d.Tags[t.Key]
			return t.Key != insight.InstanceTag && (!ok || t.Value != nil && *t.Value != value)
		})
	}
	return tags && (len(c.Customers) == 0 || slices.Contains(c.Customers, d.chat.CustomerID)) &&
		(len(c.InitiationMethods) == 0 || slices.Contains(c.InitiationMethods, d.InitiationMethod)) &&
		holds(names, func(text string) bool {
			name, text := strings.ToLower(d.Name), strings.ToLower(text)
			return name != "" && (c.Names.Type == "MATCH_EXACT" && name == text || c.Names.Type != "MATCH_EXACT" && strings.Contains(name, text))
		}) &&
		holds(c.Times, func(t insight.TimeCriterion) bool {
			if t.Range == nil {
				return d.time(t.Missing).IsZero()
			}
			return d.in(*t.Range)
		}) &&
		holds(c.Attributes, func(v insight.Values) bool {
			value, ok := d.chat.Attributes[v.Key]
			return ok && slices.Contains(v.Values, value)
		}) &&
		holds(c.SegmentAttributes, func(v insight.Values) bool {
			value := d.SegmentAttributes[v.Key].ValueString
			return value != nil && slices.Contains(v.Values, *value)
		})
}

// judged are the ids of the contacts that a search is to find, in its order.
func (w *world) judged(s *insight.Search, all []described) (found []string) {
	var met []described
	for _, d := range all {
		if d.meets(s) {
			met = append(met, d)
		}
	}
	field, up := s.Sort.Field, s.Sort.Order == "ASCENDING"
	if field == "" {
		field = "INITIATION_TIMESTAMP"
	}
	slices.SortFunc(met, func(a, b described) int {
		at, bt := a.time(field), b.time(field)
		switch {
		case at.IsZero() != bt.IsZero():
			return cmp.Compare(fmt.Sprint(at.IsZero()), fmt.Sprint(bt.IsZero())) // "false" first
		case up:
			return cmp.Or(at.Compare(bt), cmp.Compare(a.ID, b.ID))
		}
		return cmp.Or(bt.Compare(at), cmp.Compare(b.ID, a.ID))
	})
	for _, d := range met {
		found = append(found, string(d.ID))
	}
	return found
}
