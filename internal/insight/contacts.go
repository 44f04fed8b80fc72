package insight

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// reach is how many contacts a search gives out: "search results are limited to the first 10K" (administrator guide, "Search
// for completed and in-progress contacts").
const reach = 10_000

// Contacts answers searches for contacts.
type Contacts struct {
	store *store.Store
	now   func() time.Time // real time

	mu     sync.Mutex
	totals map[[sha256.Size]byte]total
}

// total is how many contacts a search was found to have.
type total struct {
	from, to int64 // its range, in ms
	n        int64
	counted  time.Time
}

// remembered is how long a total is good for that is at least reach, and rememberedTotals how many there are.
const (
	remembered       = 10 * time.Second
	rememberedTotals = 64
)

// NewContacts returns Contacts ready for use. now is real time.
func NewContacts(s *store.Store, now func() time.Time) *Contacts {
	return &Contacts{store: s, now: now, totals: map[[sha256.Size]byte]total{}}
}

// Contact is what a search tells of a contact.
type Contact = store.FoundContact

// Associated is a contact of the chats that were begun from one another.
type Associated = store.AssociatedContact

// Page is what a search found.
type Page struct {
	Contacts []Contact
	Total    int64
	Next     string // the token of the next page, "" on the last
}

// token says where the next page begins. It is good for the search that it was given out for, on every node.
type token struct {
	Search []byte  `json:"s"`
	Value  *string `json:"v,omitempty"`
	ID     string  `json:"i"`
	Served int     `json:"n"`
	Total  int64   `json:"t"`
}

// Search answers one page of a search, of at most limit contacts, the first one for an empty token. The total is counted
// for the first page; the others repeat it.
func (c *Contacts) Search(ctx context.Context, s *Search, limit int, from string) (*Page, error) {
	q, page, err := s.plan()
	if err != nil {
		return nil, err
	}
	print := digest(s)
	var at token
	if from != "" {
		if at, err = open(from, print[:], &page); err != nil {
			return nil, err
		}
	}
	limit = min(limit, reach-at.Served)
	page.Limit = limit + 1
	found, err := c.store.SearchContacts(ctx, &q, page)
	if err != nil {
		return nil, err
	}
	if from == "" {
		at.Total = int64(len(found))
		if len(found) > limit {
			if at.Total, err = c.count(ctx, s, q); err != nil {
				return nil, err
			}
		}
	}
	answer := &Page{Contacts: found, Total: at.Total}
	if len(found) > limit {
		answer.Contacts = found[:limit]
		if served := at.Served + limit; served < reach {
			last := page.Place(&found[limit-1])
			answer.Next = sealed(token{Search: print[:], Value: last.Value, ID: string(last.ID), Served: served, Total: at.Total})
		}
	}
	return answer, nil
}

// ofCustomer is what the tokens of [Contacts.OfCustomer] are bound to.
type ofCustomer struct {
	Instance center.InstanceID
	Customer string
	Beside   center.ChatID
	Scope    center.ContactScope
}

// OfCustomer returns the contacts of a customer that are in a scope, the latest first, without those of one chat: a page of at
// most limit, the first one for an empty token. None are counted.
func (c *Contacts) OfCustomer(ctx context.Context, at center.InstanceID, customer string, beside center.ChatID, scope center.ContactScope, limit int, from string) (*Page, error) {
	if customer == "" {
		return &Page{}, nil
	}
	q := store.ContactSearch{Instance: at, Range: store.Initiated, To: time.UnixMilli(math.MaxInt64)}
	q.Where = append(inScope(scope), store.OfCustomers{customer}, store.OutsideChat(beside))
	page := store.ContactPage{By: store.Initiated, Limit: limit + 1}
	print := digest(ofCustomer{at, customer, beside, scope})
	served := 0
	if from != "" {
		t, err := open(from, print[:], &page)
		if err != nil {
			return nil, err
		}
		served = t.Served
	}
	found, err := c.store.SearchContacts(ctx, &q, page)
	if err != nil {
		return nil, err
	}
	if len(found) <= limit || served+limit >= reach {
		return &Page{Contacts: found[:min(limit, len(found))]}, nil
	}
	last := page.Place(&found[limit-1])
	return &Page{Contacts: found[:limit], Next: sealed(token{Search: print[:], Value: last.Value, ID: string(last.ID), Served: served + limit})}, nil
}

// digest tells one search from another.
func digest(request any) [sha256.Size]byte {
	raw, err := json.Marshal(request)
	if err != nil {
		panic(err) // texts, numbers and times in range
	}
	return sha256.Sum256(raw)
}

func sealed(t any) string {
	raw, err := json.Marshal(t)
	if err != nil {
		panic(err) // texts and numbers
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// open reads a token. One that this search has not given out is refused.
func open(text string, search []byte, page *store.ContactPage) (t token, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &t)
	}
	page.After = &store.ContactPlace{Value: t.Value, ID: center.ContactID(t.ID)}
	if err != nil || page.Check() != nil || t.Served <= 0 || t.Served >= reach || t.Total < 0 {
		return t, center.Refuse(center.InvalidParameter, "NextToken must be one that this operation gave out")
	}
	if string(t.Search) != string(search) {
		return t, center.Refuse(center.InvalidParameter, "NextToken must be used with the same InstanceId, TimeRange, SearchCriteria and Sort as the request that it answered")
	}
	return t, nil
}

// count counts what a search finds. Totals of reach and more are remembered for a short while, also for ranges that are
// somewhat earlier or later: of these only the difference is counted.
func (c *Contacts) count(ctx context.Context, s *Search, q store.ContactSearch) (int64, error) {
	same := *s
	same.Sort, same.Range.From, same.Range.To = Sort{}, time.Time{}, time.Time{}
	key, now := digest(&same), c.now()
	from, to := ceilMillis(q.From), q.To.UnixMilli()
	c.mu.Lock()
	known, ok := c.totals[key]
	c.mu.Unlock()
	if ok && now.Sub(known.counted) < remembered && from <= known.to && known.from <= to {
		n := known.n
		for _, part := range []struct{ sign, from, to int64 }{
			{1, from, known.from - 1}, {-1, known.from, from - 1}, {1, known.to + 1, to}, {-1, to + 1, known.to},
		} {
			if part.from > part.to {
				continue
			}
			q.From, q.To = time.UnixMilli(part.from), time.UnixMilli(part.to)
			more, err := c.store.CountContacts(ctx, &q)
			if err != nil {
				return 0, err
			}
			n += part.sign * more
		}
		if n >= reach {
			return n, nil
		}
		q.From, q.To = s.Range.From, s.Range.To
	}
	n, err := c.store.CountContacts(ctx, &q)
	if err == nil && n >= reach {
		c.remember(key, total{from: from, to: to, n: n, counted: now})
	}
	return n, err
}

func (c *Contacts) remember(key [sha256.Size]byte, t total) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.totals) >= rememberedTotals {
		clear(c.totals)
	}
	c.totals[key] = t
}

// ceilMillis is the first whole millisecond that is not before t.
func ceilMillis(t time.Time) int64 { return t.Add(time.Millisecond - time.Nanosecond).UnixMilli() }

// Associated returns the contacts of the chats that were begun from one another; see [store.Store.AssociatedContacts].
func (c *Contacts) Associated(ctx context.Context, at center.InstanceID, root center.ContactID, after int64, id center.ContactID, limit int) ([]Associated, error) {
	return c.store.AssociatedContacts(ctx, at, root, after, id, limit)
}

func digestOf(request any) []byte { sum := digest(request); return sum[:] }
