package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Rows for what is asked afterwards: docs/decisions/0042. They are put with the Change that decides. When a chat is erased,
// its attributes go and the figures stay; these go by their own age.

// afterwards are the tables of such rows.
var afterwards = []string{"contact", "contact_attribute", "contact_term", "flow_run", "offer", "agent", "agent_interval", "waiting", "slot", "figure_snapshot"}

// contactColumns are those that a Change writes, beside the contact's id and its chat. figures come last.
var contactColumns = []string{
	"instance", "channel", "initiation_method", "initiated", "connected_to_system", "enqueued", "dequeued", "disconnected",
	"transferred", "previous_contact", "next_contact", "related_contact", "pre_disconnect_state", "disconnect_reason", "queue",
	"subtype", "routing", "association", "shown", "about", "name", "customer", "figures",
}

// agentColumns are those of a contact that only agents fill.
var agentColumns = []string{"connected_to_agent", "acw_begun", "acw_ended", "agent", "routing_profile", "hierarchy"}

// sqlPutContact puts a contact's row, whether it is there or not; one of another chat is left alone. Figures that are there
// stay when there are no new ones.
var sqlPutContact = func() string {
	var values, set []string
	for i, column := range contactColumns {
		values = append(values, fmt.Sprintf("$%d", i+3))
		set = append(set, column+" = excluded."+column)
	}
	set[len(set)-1] = "figures = coalesce(excluded.figures, contact.figures)"
	return `INSERT INTO contact (id, stream, ` + strings.Join(contactColumns, ", ") + `) VALUES ($1, $2, ` + strings.Join(values, ", ") + `)
		ON CONFLICT (id) DO UPDATE SET ` + strings.Join(set, ", ") + ` WHERE contact.stream = excluded.stream`
}()

const (
	// sqlBeginContact puts the row of a contact that begins with its chat, as most do: by a third of the columns.
	sqlBeginContact = `INSERT INTO contact (id, stream, instance, channel, initiation_method, initiated, subtype, about, name, customer)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`
	sqlUnsetAttribute = `DELETE FROM contact_attribute WHERE stream = $1 AND name = $2`
	sqlConnected      = `UPDATE contact SET connected_to_system = $3, shown = initiated WHERE id = $1 AND stream = $2`
	sqlContactAgent   = `UPDATE contact SET connected_to_agent = $3, acw_begun = $4, acw_ended = $5, agent = $6, routing_profile = $7, hierarchy = $8 WHERE id = $1 AND stream = $2`
	sqlUnsetTerm      = `DELETE FROM contact_term WHERE contact = $1 AND name = $2`
	sqlPutFlowRun     = `INSERT INTO flow_run (contact, run, instance, resource, module, type, started, ended, outcome, next_resource, next_queue)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (contact, run) DO UPDATE SET ended = excluded.ended, outcome = excluded.outcome,
			next_resource = excluded.next_resource, next_queue = excluded.next_queue`
)

// checkAfterwards refuses ids that cannot be stored.
func checkAfterwards(c *center.Change) error {
	var ids []string
	for i := range c.Contacts {
		r := &c.Contacts[i]
		ids = append(ids, string(r.ID), string(cmp.Or(r.Previous, r.ID)), string(cmp.Or(r.Next, r.ID)), string(cmp.Or(r.Related, r.ID)), string(cmp.Or(r.Association, r.ID)),
			cmp.Or(string(r.Queue), string(r.ID)))
		if r.Agent != nil {
			ids = append(ids, string(r.Agent.User), orNowhere(r.Agent.Profile))
		}
	}
	for _, r := range c.FlowRuns {
		contact := string(r.Contact)
		ids = append(ids, contact, string(r.Resource), cmp.Or(r.Module, contact), cmp.Or(string(r.NextResource), contact), cmp.Or(string(r.NextQueue), contact))
	}
	for _, r := range c.Connected {
		ids = append(ids, string(r.ID))
	}
	for i := range c.Terms {
		ids = append(ids, string(c.Terms[i].Contact))
	}
	for _, id := range ids {
		if _, ok := center.UUID(id); !ok {
			return fmt.Errorf("id %q in a row of a contact or a flow's run", id)
		}
	}
	if len(c.Contacts)+len(c.Connected)+len(c.Terms)+len(c.Attributes)+len(c.Unset)+len(c.FlowRuns) > 0 && c.State == nil {
		return errors.New("rows of a state that is not there")
	}
	return nil
}

// afterwards adds the steps that put the rows of a Change.
func (d *dialect) afterwards(c *center.Change, chat []byte, add func(must func(session) error, sql string, args ...any)) {
	for i := range c.Contacts {
		r := &c.Contacts[i]
		taken := func(session) error { return fault(fmt.Errorf("contact %s is another chat's", r.ID)) }
		if c.After == 0 && begins(r) {
			add(taken, sqlBeginContact, known(r.ID), chat, string(c.Instance), r.Channel, word(r.InitiationMethod), moment(r.Initiated), word(r.Subtype),
				encoded(r.About), folded(r), text(r.Customer))
			continue
		}
		add(taken, sqlPutContact, known(r.ID), chat,
			string(c.Instance), r.Channel, word(r.InitiationMethod), moment(r.Initiated), moment(r.ConnectedToSystem), moment(r.Enqueued),
			moment(r.Dequeued), moment(r.Disconnected), moment(r.Transferred), known(r.Previous), known(r.Next), known(r.Related),
			word(r.PreDisconnectState), word(r.DisconnectReason), known(r.Queue), word(r.Subtype), encoded(r.Routing), known(r.Association), shown(r),
			encoded(r.About), folded(r), text(r.Customer), encoded(r.Figures))
	}
	for i := range c.Contacts {
		if a := c.Contacts[i].Agent; a != nil {
			add(nil, sqlContactAgent, known(c.Contacts[i].ID), chat, moment(a.Connected), moment(a.Left), moment(a.Done), known(a.User), known(a.Profile), groups(a.Hierarchy))
		}
	}
	for _, r := range c.Connected {
		add(nil, sqlConnected, known(r.ID), chat, moment(r.At))
	}
	for i := range c.Terms {
		terms := &c.Terms[i]
		for _, name := range terms.Unset {
			add(nil, sqlUnsetTerm, known(terms.Contact), []byte(name))
		}
		if len(terms.Put) > 0 {
			add(nil, d.putTerms, append([]any{known(terms.Contact), string(c.Instance)}, d.attributeArgs(terms.Put)...)...)
		}
	}
	for _, name := range c.Unset {
		add(nil, sqlUnsetAttribute, chat, []byte(name))
	}
	if len(c.Attributes) > 0 {
		add(nil, d.putAttributes, append([]any{chat, string(c.Instance)}, d.attributeArgs(c.Attributes)...)...)
	}
	for _, r := range c.FlowRuns {
		add(nil, sqlPutFlowRun, known(r.Contact), int64(r.Number), string(c.Instance), known(r.Resource), known(r.Module), r.Type,
			r.Started, whenKnown(r.Ended), word(r.Outcome), known(r.NextResource), known(r.NextQueue))
	}
}

// begins says that a contact has nothing but what sqlBeginContact puts.
func begins(r *center.ContactRecord) bool {
	return *r == center.ContactRecord{ID: r.ID, Chat: r.Chat, Instance: r.Instance, Channel: r.Channel, InitiationMethod: r.InitiationMethod,
		Initiated: r.Initiated, Subtype: r.Subtype, About: r.About, Customer: r.Customer}
}

// putNamed puts names with their values under a key, over what is there: (key, instance, names with values), which selected
// makes rows of.
func putNamed(table, key, selected string) string {
	return `INSERT INTO ` + table + ` (` + key + `, instance, name, value) ` + selected + ` WHERE true
		ON CONFLICT (` + key + `, name) DO UPDATE SET value = excluded.value`
}

// shown is when a contact was initiated, NULL while no search shows it.
func shown(r *center.ContactRecord) any {
	if !r.Shown {
		return nil
	}
	return moment(r.Initiated)
}

// folded is a contact's name as it is searched, NULL for none.
func folded(r *center.ContactRecord) any {
	if name := r.FoldedName(); name != "" {
		return []byte(name)
	}
	return nil
}

// known is an identifier's bytes, NULL for none.
func known[ID ~string](id ID) any {
	raw, ok := center.UUID(string(id))
	if !ok {
		return nil
	}
	return raw[:]
}

// moment is a time in milliseconds, NULL for none.
func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// whenKnown is a time in milliseconds, NULL for 0.
func whenKnown(ms int64) any {
	if ms == 0 {
		return nil
	}
	return ms
}

// word is a text that the program chose, NULL for none.
func word(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// encoded is a value as JSON, NULL for nil.
func encoded[V any](v *V) any {
	if v == nil {
		return nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings, numbers and times in range
	}
	return raw
}

// decoded reads what encoded wrote.
func decoded[V any](raw []byte) (*V, error) {
	if raw == nil {
		return nil, nil
	}
	v := new(V)
	if err := json.Unmarshal(raw, v); err != nil {
		return nil, &Damage{"contact", err}
	}
	return v, nil
}

// ContactRecord returns the row of a contact, also when its chat was erased; ErrNotFound for a contact of which there is
// none.
func (s *Store) ContactRecord(ctx context.Context, id center.ContactID) (r center.ContactRecord, err error) {
	raw, ok := center.UUID(string(id))
	if !ok {
		return r, ErrNotFound
	}
	err = ErrNotFound
	read := s.rows(ctx, `SELECT stream, `+strings.Join(append(contactColumns, agentColumns...), ", ")+` FROM contact WHERE id = $1 AND instance IS NOT NULL`, []any{raw[:]}, func(rows *sql.Rows) error {
		var chat, previous, next, related, queue, routing, association, about, name, customer, figures []byte
		var initiated, connected, enqueued, dequeued, disconnected, transferred, shown sql.NullInt64
		var method, state, reason, subtype sql.NullString
		var toAgent, left, done sql.NullInt64
		var agent, profile, hierarchy []byte
		if err := rows.Scan(&chat, &r.Instance, &r.Channel, &method, &initiated, &connected, &enqueued, &dequeued, &disconnected, &transferred,
			&previous, &next, &related, &state, &reason, &queue, &subtype, &routing, &association, &shown, &about, &name, &customer, &figures,
			&toAgent, &left, &done, &agent, &profile, &hierarchy); err != nil {
			return err
		}
		if agent != nil {
			r.Agent = &center.ContactAgent{
				User: center.UserID(idOf(agent)), Connected: timeOf(toAgent.Int64), Left: timeOf(left.Int64), Done: timeOf(done.Int64), Profile: center.RoutingProfileID(idOf(profile)),
			}
			if r.Agent.Hierarchy, err = decodedGroups(hierarchy); err != nil {
				return err
			}
		}
		r.ID, r.Chat, r.Previous, r.Next = id, center.ChatID(idOf(chat)), center.ContactID(idOf(previous)), center.ContactID(idOf(next))
		r.Related, r.Queue = center.ContactID(idOf(related)), center.QueueID(idOf(queue))
		r.InitiationMethod, r.PreDisconnectState, r.DisconnectReason, r.Subtype = method.String, state.String, reason.String, subtype.String
		r.Initiated, r.ConnectedToSystem, r.Enqueued = timeOf(initiated.Int64), timeOf(connected.Int64), timeOf(enqueued.Int64)
		r.Dequeued, r.Disconnected, r.Transferred = timeOf(dequeued.Int64), timeOf(disconnected.Int64), timeOf(transferred.Int64)
		r.Association, r.Shown, r.Customer = center.ContactID(idOf(association)), shown.Valid, string(customer)
		var bad, worse error
		r.Routing, bad = decoded[center.RoutingCriteria](routing)
		r.About, worse = decoded[center.About](about)
		r.Figures, err = decoded[center.Figures](figures)
		return cmp.Or(bad, worse, err)
	})
	return r, cmp.Or(read, err)
}

// Attributes returns the attributes of a chat that a search can name, by name; none of a chat that was erased.
func (s *Store) Attributes(ctx context.Context, chat center.StreamID) (all []center.Attribute, err error) {
	raw, ok := center.UUID(string(chat))
	if !ok {
		return nil, nil
	}
	err = s.rows(ctx, `SELECT name, value FROM contact_attribute WHERE stream = $1`+notErased+` ORDER BY name`, []any{raw[:]}, func(rows *sql.Rows) error {
		var name, value []byte
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		all = append(all, center.Attribute{Name: string(name), Value: string(value)})
		return nil
	})
	return all, err
}

// FlowRuns returns the runs of a contact that have a row, in the order in which they began.
func (s *Store) FlowRuns(ctx context.Context, contact center.ContactID) (all []center.FlowRun, err error) {
	raw, ok := center.UUID(string(contact))
	if !ok {
		return nil, nil
	}
	err = s.rows(ctx, `SELECT run, resource, module, type, started, ended, outcome, next_resource, next_queue FROM flow_run
		WHERE contact = $1 ORDER BY run`, []any{raw[:]}, func(rows *sql.Rows) error {
		r := center.FlowRun{Contact: contact, Kept: true}
		var resource, module, flow, queue []byte
		var started int64
		var ended sql.NullInt64
		var outcome sql.NullString
		if err := rows.Scan(&r.Number, &resource, &module, &r.Type, &started, &ended, &outcome, &flow, &queue); err != nil {
			return err
		}
		r.Resource, r.Module, r.Started, r.Ended = center.FlowID(idOf(resource)), idOf(module), started, ended.Int64
		r.Outcome, r.NextResource, r.NextQueue = outcome.String, center.FlowID(idOf(flow)), center.QueueID(idOf(queue))
		all = append(all, r)
		return nil
	})
	return all, err
}

// aged says how the rows of a table grow old: by a time of theirs, in an index that begins with their instance. A table's
// key is what a row is found by.
var aged = []struct{ table, key, at string }{
	{"contact", "id", "disconnected"},
	{"flow_run", "contact, run", "started"},
	{"offer", "contact, agent, started", "started"},
	{"agent_interval", "agent, began", "ended"},
}

// EraseRecords deletes some of the rows of contacts that ended at before or earlier, of runs and offers that began then, and
// of intervals of agents that ended then. It says how many; 0 when there are none left.
//
// A contact's row whose chat is still there keeps what the contact is found by.
func (s *Store) EraseRecords(ctx context.Context, before time.Time) (gone int64, err error) {
	for _, of := range aged {
		for instance := ""; ; {
			var next sql.NullString
			if err := s.row(ctx, `SELECT min(instance) FROM `+of.table+` WHERE instance > $1 AND `+of.at+` IS NOT NULL`, []any{instance}, &next); err != nil {
				return gone, err
			}
			if !next.Valid {
				break
			}
			instance = next.String
			var oldest sql.NullInt64
			if err := s.row(ctx, `SELECT min(`+of.at+`) FROM `+of.table+` WHERE instance = $1 AND `+of.at+` IS NOT NULL`, []any{instance}, &oldest); err != nil {
				return gone, err
			}
			if !oldest.Valid || oldest.Int64 > before.UnixMilli() {
				continue
			}
			n, err := s.eraseAged(ctx, of.table, of.key, of.at, center.InstanceID(instance), before.UnixMilli())
			gone += n
			if err != nil || gone >= eraseRows {
				return gone, err
			}
		}
	}
	return gone, nil
}

// eraseAged deletes at most eraseRows rows of a table, those of an instance that are oldest. Rows that another node is at
// are left to it.
func (s *Store) eraseAged(ctx context.Context, table, key, at string, instance center.InstanceID, before int64) (gone int64, err error) {
	j := new(job)
	old := `WITH old AS (SELECT ` + key + ` FROM ` + table + ` WHERE instance = $1 AND ` + at + ` <= $2 ORDER BY ` + at + ` LIMIT $3` + s.d.skipLocked + `) `
	of := `(` + key + `) IN (SELECT ` + key + ` FROM old)`
	j.work = func(ses session) error {
		args := []any{string(instance), before, int64(eraseRows)}
		drop := old + `DELETE FROM ` + table + ` WHERE ` + of
		if table == "contact" {
			if _, err := ses.exec(old+`DELETE FROM contact_term WHERE contact IN (SELECT id FROM old)`, args...); err != nil {
				return err
			}
			drop += ` AND (id = stream OR NOT EXISTS (SELECT 1 FROM stream WHERE stream.id = contact.stream))`
		}
		if gone, err = ses.exec(drop, args...); err != nil {
			return err
		}
		if table == "contact" {
			n, err := ses.exec(old+`UPDATE contact SET `+strings.Join(contactColumns, " = NULL, ")+` = NULL, `+strings.Join(agentColumns, " = NULL, ")+` = NULL
				WHERE `+of+` AND id <> stream AND EXISTS (SELECT 1 FROM stream WHERE stream.id = contact.stream)`, args...)
			if err != nil {
				return err
			}
			gone += n
		}
		j.pages = int(gone) * pagesPerRow
		return nil
	}
	err = s.do(ctx, j)
	return gone, err
}

// eraseInstanceRecords deletes what is left of an instance whose chats are gone, in bounded steps.
func (s *Store) eraseInstanceRecords(ctx context.Context, instance center.InstanceID) error {
	err := s.writeAlone(ctx, func(ses session) error {
		for _, of := range []string{"waiting WHERE", "slot WHERE", "agent WHERE", "agent_interval WHERE ended IS NULL AND"} {
			if _, err := ses.exec(`DELETE FROM `+of+` instance = $1`, string(instance)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, of := range aged {
		for n := int64(eraseRows); n > 0; {
			var err error
			if n, err = s.eraseAged(ctx, of.table, of.key, of.at, instance, math.MaxInt64); err != nil {
				return err
			}
		}
	}
	return nil
}
