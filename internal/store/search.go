package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// ContactColumn is something of a contact that can be searched or sorted by.
type ContactColumn string

// The columns of contacts. Initiated is also the time at which a search shows them.
const (
	Initiated        ContactColumn = "shown"
	Enqueued         ContactColumn = "enqueued"
	ConnectedToAgent ContactColumn = "connected_to_agent"
	Disconnected     ContactColumn = "disconnected"
	InitiationMethod ContactColumn = "initiation_method"
	// Nowhere is a column that no contact has a value in.
	Nowhere ContactColumn = ""
)

// ContactSearch asks for contacts that a search may show.
type ContactSearch struct {
	Instance center.InstanceID
	// Range is what they must have a time in, From to To, both included.
	Range    ContactColumn
	From, To time.Time
	// Where must hold for them too.
	Where []ContactCondition
}

// ContactPage is the part of a search that is wanted, and in which order: by By, those without a value last, then by id.
type ContactPage struct {
	By        ContactColumn
	Ascending bool
	After     *ContactPlace // nil: from the first
	Limit     int
}

// ContactPlace is a place between two contacts in the order of a [ContactPage]: after the one with this value and id.
type ContactPlace struct {
	Value *string // a number for times, nil for none
	ID    center.ContactID
}

// FoundContact is what a search tells of a contact. What is not known is zero.
type FoundContact struct {
	ID               center.ContactID
	Chat             center.ChatID
	Previous         center.ContactID
	InitiationMethod string
	Initiated        time.Time
	Enqueued         time.Time
	Queue            center.QueueID
	ConnectedToAgent time.Time
	Agent            string
	Disconnected     time.Time
	Subtype          string
	Routing          *center.RoutingCriteria
	About            *center.About
}

// ContactCondition is something that a contact must meet.
type ContactCondition interface{ write(w *searchText) }

type (
	// All is met when all of them are, Any when one of them is, None when none is.
	All  []ContactCondition
	Any  []ContactCondition
	None []ContactCondition
	// Never is met by no contact.
	Never struct{}
	// Between is a time from From to To, both included.
	Between struct {
		Column   ContactColumn
		From, To time.Time
	}
	// Lacks is a time that is not there.
	Lacks struct{ Column ContactColumn }
	// OfQueues, ByAgents, ByMethods and OfSubtypes are one of the values.
	OfQueues   []center.QueueID
	ByAgents   []string
	ByMethods  []string
	OfSubtypes []string
	// OfCustomers are those of chats with one of the CustomerIds, OutsideChat those of all chats but one.
	OfCustomers []string
	OutsideChat center.ChatID
	// InGroups is an agent's group at a level, 0 for the first.
	InGroups struct {
		Level int
		IDs   []string
	}
	// NameHas is a name with a text in it, NameIs a whole name; without regard to case.
	NameHas string
	NameIs  string
	// HasAttribute is an attribute with one of the values, HasTerm a term with one; without Values it has any.
	HasAttribute struct {
		Name   string
		Values []string
	}
	HasTerm HasAttribute
)

// searchText is a query in the making.
type searchText struct {
	*dialect
	strings.Builder
	args []any
}

// arg adds an argument and returns its name.
func (w *searchText) arg(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *searchText) add(text ...string) {
	for _, t := range text {
		w.WriteString(t)
	}
}

// list joins conditions.
func (w *searchText) list(all []ContactCondition, word, empty string) {
	if len(all) == 0 {
		w.add(empty)
		return
	}
	w.add("(")
	for i, c := range all {
		if i > 0 {
			w.add(word)
		}
		c.write(w)
	}
	w.add(")")
}

func (c All) write(w *searchText) { w.list(c, " AND ", "1 = 1") }
func (c Any) write(w *searchText) { w.list(c, " OR ", "1 = 0") }
func (Never) write(w *searchText) { w.add("1 = 0") }
func (c None) write(w *searchText) {
	w.add("NOT coalesce(") // what is not known is not met
	Any(c).write(w)
	w.add(", 1 = 0)")
}

func (c Between) write(w *searchText) {
	if c.Column == Nowhere {
		w.add("1 = 0")
		return
	}
	w.add(string(c.Column), " >= ", w.arg(ceilMillis(c.From)), " AND ", string(c.Column), " <= ", w.arg(c.To.UnixMilli()))
}

func (c Lacks) write(w *searchText) {
	if c.Column == Nowhere {
		w.add("1 = 1")
		return
	}
	w.add(string(c.Column), " IS NULL")
}

// one writes that a column of bytes has one of the values.
func (w *searchText) one(column string, values [][]byte) {
	if len(values) == 1 {
		w.add(column, " = ", w.arg(values[0]))
		return
	}
	w.add(w.among(column, w.arg(w.amongArg(values))))
}

// words writes that a column of words that the program chose has one of the values.
func (w *searchText) words(column string, values []string) {
	w.add(column, " IN (")
	for i, v := range values {
		w.add(", "[:2*min(i, 1)], w.arg(v))
	}
	w.add(")")
}

// bytesOf are the bytes of ids, without those that are none.
func bytesOf[ID ~string](ids []ID) (raw [][]byte) {
	for _, id := range ids {
		if b, ok := center.UUID(string(id)); ok {
			raw = append(raw, b[:])
		}
	}
	return raw
}

func textsOf(values []string) [][]byte {
	raw := make([][]byte, len(values))
	for i, v := range values {
		raw[i] = []byte(v)
	}
	return raw
}

func (c OfQueues) write(w *searchText)   { w.one("queue", bytesOf(c)) }
func (c ByAgents) write(w *searchText)   { w.one("agent", bytesOf(c)) }
func (c ByMethods) write(w *searchText)  { w.words("initiation_method", c) }
func (c OfSubtypes) write(w *searchText) { w.words("subtype", c) }

func (c OfCustomers) write(w *searchText) { w.one("customer", textsOf(c)) }

func (c OutsideChat) write(w *searchText) {
	raw, _ := center.UUID(string(c))
	w.add("stream <> ", w.arg(raw[:]))
}

func (c InGroups) write(w *searchText) { w.one(w.element("hierarchy", c.Level), textsOf(c.IDs)) }
func (c NameHas) write(w *searchText)  { w.add(w.contains("name", w.arg([]byte(c)))) }
func (c NameIs) write(w *searchText)   { w.add("name = ", w.arg([]byte(c))) }

func (c HasAttribute) write(w *searchText) {
	w.add("EXISTS (SELECT 1 FROM contact_attribute AS a WHERE a.stream = contact.stream AND a.name = ", w.arg([]byte(c.Name)))
	c.writeValues(w)
	w.add(" AND EXISTS (SELECT 1 FROM stream WHERE stream.id = a.stream))") // it may be erased, with its attributes to follow
}

func (c HasTerm) write(w *searchText) {
	w.add("EXISTS (SELECT 1 FROM contact_term AS a WHERE a.contact = contact.id AND a.name = ", w.arg([]byte(c.Name)))
	HasAttribute(c).writeValues(w)
	w.add(")")
}

func (c HasAttribute) writeValues(w *searchText) {
	if c.Values != nil {
		w.add(" AND ")
		w.one("a.value", textsOf(c.Values))
	}
}

// few is up to how many contacts of an attribute or term a search looks at one by one.
const few = 1000

// from writes where the contacts are found that a search may be about: by an attribute or a term that few have, else by
// the index of its range.
func (s *Store) from(ctx context.Context, w *searchText, q *ContactSearch) error {
	for _, c := range q.Where {
		find := searchText{dialect: s.d}
		on := "(contact.id = rare.id OR contact.id <> contact.stream AND contact.stream = rare.id)"
		switch c := c.(type) {
		case HasAttribute:
			find.add("SELECT DISTINCT a.stream FROM contact_attribute AS a WHERE a.instance = ", find.arg(string(q.Instance)), " AND a.name = ", find.arg([]byte(c.Name)))
			c.writeValues(&find)
		case HasTerm:
			on = "contact.id = rare.id"
			find.add("SELECT DISTINCT a.contact FROM contact_term AS a WHERE a.instance = ", find.arg(string(q.Instance)), " AND a.name = ", find.arg([]byte(c.Name)))
			HasAttribute(c).writeValues(&find)
		default:
			continue
		}
		find.add(" LIMIT ", strconv.Itoa(few+1))
		var ids [][]byte
		if err := s.search(ctx, &find, func(rows *sql.Rows) error {
			var id []byte
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		}); err != nil {
			return err
		}
		if len(ids) <= few {
			// The first table of a CROSS JOIN is SQLite's outer loop.
			w.add(" FROM (", strings.ReplaceAll("SELECT v.id FROM "+s.d.ids, "$1", w.arg(s.d.idsArg(ids))), ") AS rare CROSS JOIN contact WHERE ", on, " AND")
			return nil
		}
	}
	w.add(" FROM contact", w.indexed(q.index()), " WHERE")
	return nil
}

// index is the index that leads to what a search is about, "" for that of its range. SQLite, which has no statistics, would take
// that of the range for any.
func (q *ContactSearch) index() string {
	for _, c := range q.Where {
		switch c := c.(type) {
		case OfCustomers:
			return "contact_customer"
		case ByAgents:
			if len(c) == 1 && q.Range == Initiated { // in its order
				return "contact_agent"
			}
		}
	}
	return ""
}

// where writes what a search is about.
func (w *searchText) where(q *ContactSearch) {
	w.add(" instance = ", w.arg(string(q.Instance)), " AND shown IS NOT NULL AND ", string(q.Range), " IS NOT NULL AND ")
	Between{q.Range, q.From, q.To}.write(w)
	for _, c := range q.Where {
		w.add(" AND ")
		c.write(w)
	}
}

// CountContacts counts what a search finds.
func (s *Store) CountContacts(ctx context.Context, q *ContactSearch) (n int64, err error) {
	if q.Range == Nowhere {
		return 0, nil
	}
	w := searchText{dialect: s.d}
	w.add("SELECT count(*)")
	if err := s.from(ctx, &w, q); err != nil {
		return 0, err
	}
	w.where(q)
	return n, s.search(ctx, &w, func(rows *sql.Rows) error { return rows.Scan(&n) })
}

// SearchContacts returns a page of what a search finds.
func (s *Store) SearchContacts(ctx context.Context, q *ContactSearch, page ContactPage) (all []FoundContact, err error) {
	if q.Range == Nowhere {
		return nil, nil
	}
	w, err := s.contactSearch(ctx, q, page)
	if err != nil {
		return nil, err
	}
	err = s.search(ctx, w, func(rows *sql.Rows) error {
		var f FoundContact
		var id, chat, previous, queue, agent, routing, about []byte
		var method, subtype sql.NullString
		var initiated, enqueued, connected, disconnected sql.NullInt64
		if err := rows.Scan(&id, &chat, &previous, &method, &initiated, &enqueued, &queue, &connected, &agent, &disconnected, &subtype, &routing, &about); err != nil {
			return err
		}
		f.ID, f.Chat, f.Previous = center.ContactID(idOf(id)), center.ChatID(idOf(chat)), center.ContactID(idOf(previous))
		f.InitiationMethod, f.Subtype, f.Queue, f.Agent = method.String, subtype.String, center.QueueID(idOf(queue)), idOf(agent)
		f.Initiated, f.Enqueued, f.ConnectedToAgent, f.Disconnected = timeOf(initiated.Int64), timeOf(enqueued.Int64), timeOf(connected.Int64), timeOf(disconnected.Int64)
		var bad, worse error
		f.Routing, bad = decoded[center.RoutingCriteria](routing)
		f.About, worse = decoded[center.About](about)
		all = append(all, f)
		return cmp.Or(bad, worse)
	})
	return all, err
}

// contactSearch is the query of a page.
func (s *Store) contactSearch(ctx context.Context, q *ContactSearch, page ContactPage) (*searchText, error) {
	w := &searchText{dialect: s.d}
	w.add("SELECT contact.id, stream, previous_contact, initiation_method, initiated, enqueued, queue, connected_to_agent, agent, disconnected, subtype, routing, about")
	if err := s.from(ctx, w, q); err != nil {
		return nil, err
	}
	w.where(q.upTo(page))
	w.after(page, page.By == q.Range)
	w.order(page, q)
	return w, nil
}

// upTo is the search from or up to the place that a page is after, when its order is that of the range: one bound on either
// side, so that every planner begins there.
func (q *ContactSearch) upTo(page ContactPage) *ContactSearch {
	if page.After == nil || page.After.Value == nil || page.By != q.Range {
		return q
	}
	ms, _ := strconv.ParseInt(*page.After.Value, 10, 64)
	rest := *q
	if at := time.UnixMilli(ms); page.Ascending && at.After(q.From) {
		rest.From = at
	} else if !page.Ascending && at.Before(q.To) {
		rest.To = at
	}
	return &rest
}

// order writes the order of a page, and its end.
func (w *searchText) order(page ContactPage, q *ContactSearch) {
	direction := " DESC"
	if page.Ascending {
		direction = ""
	}
	w.add(" ORDER BY ")
	if by := page.By; by != Nowhere {
		if by != q.Range && by != Initiated {
			w.add(string(by), " IS NULL, ")
		}
		w.add(string(by), direction, ", ")
	}
	w.add("contact.id", direction, " LIMIT ", w.arg(int64(page.Limit)))
}

// Place is where a contact is in the order of the page.
func (p ContactPage) Place(f *FoundContact) ContactPlace {
	place, at := ContactPlace{ID: f.ID}, time.Time{}
	switch p.By {
	case Initiated:
		at = f.Initiated
	case Enqueued:
		at = f.Enqueued
	case ConnectedToAgent:
		at = f.ConnectedToAgent
	case Disconnected:
		at = f.Disconnected
	case InitiationMethod:
		place.Value = &f.InitiationMethod
	}
	if !at.IsZero() {
		ms := strconv.FormatInt(at.UnixMilli(), 10)
		place.Value = &ms
	}
	return place
}

// after writes that contacts come after a place.
func (w *searchText) after(page ContactPage, always bool) {
	if page.After == nil {
		return
	}
	raw, _ := center.UUID(string(page.After.ID))
	less := " < "
	if page.Ascending {
		less = " > "
	}
	id := w.arg(raw[:])
	if page.By == Nowhere || page.After.Value == nil {
		if page.By != Nowhere {
			w.add(" AND ", string(page.By), " IS NULL")
		}
		w.add(" AND contact.id", less, id)
		return
	}
	var value any = *page.After.Value
	if page.By != InitiationMethod {
		ms, _ := strconv.ParseInt(*page.After.Value, 10, 64)
		value = ms
	}
	w.add(" AND (")
	if !always && page.By != Initiated {
		w.add(string(page.By), " IS NULL OR ")
	}
	v := w.arg(value)
	if w.comparesRows {
		w.add("(", string(page.By), ", contact.id)", less, "(", v, ", ", id, "))")
		return
	}
	w.add(string(page.By), less, v, " OR ", string(page.By), " = ", v, " AND contact.id", less, id, ")")
}

// keptSearches is up to how many arguments a search has whose text is prepared and kept: those with many come in too many
// forms.
const keptSearches = 8

// search runs a query.
func (s *Store) search(ctx context.Context, w *searchText, scan func(*sql.Rows) error) error {
	if len(w.args) <= keptSearches {
		return s.rows(ctx, w.String(), w.args, scan)
	}
	return s.rowsOnce(ctx, w.String(), w.args, scan)
}

// Check refuses a place that no page of this order gave out.
func (p ContactPage) Check() error {
	if p.After == nil {
		return nil
	}
	if _, ok := center.UUID(string(p.After.ID)); !ok {
		return errors.New("its id is none")
	}
	if v := p.After.Value; v != nil && p.By != InitiationMethod {
		if _, err := strconv.ParseInt(*v, 10, 64); err != nil || p.By == Nowhere {
			return fmt.Errorf("its value is none of %q", p.By)
		}
	}
	return nil
}

// AssociatedContact is a contact of the chats that were begun from one another.
type AssociatedContact struct {
	ID, Previous, Related   center.ContactID
	Chat                    center.ChatID
	InitiationMethod        string
	Initiated, Disconnected time.Time
}

// AssociatedContacts returns up to limit contacts of the chats that were begun from the one whose first contact is root, of
// that chat too, in the order in which they began: those after the one that began at a time (in milliseconds) with an id.
func (s *Store) AssociatedContacts(ctx context.Context, at center.InstanceID, root center.ContactID, after int64, id center.ContactID, limit int) (all []AssociatedContact, err error) {
	tree, ok := center.UUID(string(root))
	if !ok {
		return nil, nil
	}
	begin, _ := center.UUID(string(id))
	err = s.rows(ctx, `SELECT id, stream, previous_contact, related_contact, initiation_method, initiated, disconnected FROM contact
		WHERE instance = $1 AND (id = $2 OR id <> stream AND stream = $2 OR association = $2) AND (initiated, id) > ($3, $4) ORDER BY initiated, id LIMIT $5`,
		[]any{string(at), tree[:], after, begin[:], int64(limit)}, func(rows *sql.Rows) error {
			var a AssociatedContact
			var id, chat, previous, related []byte
			var method sql.NullString
			var initiated, disconnected sql.NullInt64
			if err := rows.Scan(&id, &chat, &previous, &related, &method, &initiated, &disconnected); err != nil {
				return err
			}
			a.ID, a.Chat, a.Previous, a.Related = center.ContactID(idOf(id)), center.ChatID(idOf(chat)), center.ContactID(idOf(previous)), center.ContactID(idOf(related))
			a.InitiationMethod, a.Initiated, a.Disconnected = method.String, timeOf(initiated.Int64), timeOf(disconnected.Int64)
			all = append(all, a)
			return nil
		})
	return all, err
}
