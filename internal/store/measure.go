package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Sums over rows that decisions have left, for figures of the past: docs/decisions/0053. What is summed is written in SQL over
// the columns of a source, which are the same on both engines; times are milliseconds.

// Source is where rows come from that figures are made of, and to which bucket of time each belongs.
type Source int

const (
	// CompletedContacts are contacts by the time they ended, once after-contact work is over too. Beside the columns of the table
	// they have: waited, handled (when an agent joined), talked, worked (after-contact work), resolved, led (by a flow, until it
	// waited, went on or ended), abandoned (0 or 1), and the figures of messages.
	CompletedContacts Source = iota
	// Enqueued and Connected are contacts by the time at which they were put into a queue, or an agent joined.
	EnqueuedContacts
	ConnectedContacts
	// Offers are offers to agents by the time they were made, with the agent's routing profile and hierarchy then:
	// rang is how long they took.
	Offers
	// Runs are runs of flows and modules by the time they began: ran is how long, of those that are over.
	Runs
	// Presence are the times that agents spent in a status other than Offline, cut to the bucket: spent is how long.
	Presence
	// Busy and Engaged are the part of the time in a routable status in which an agent had a contact that was connected or in
	// after-contact work; Engaged counts missed and rejected ones too. Contacts at the same time count once.
	Busy
	Engaged
	// Work are the times that agents spent with a contact, each contact by itself, and Wall is when there was one at all.
	Work
	Wall
	// Steps are routing steps that contacts have come to. [Store.Routed] has them; Measure does not.
	Steps
)

// Dimension is what rows are grouped and filtered by.
type Dimension string

// The dimensions. Not all sources have all of them.
const (
	ByQueue            Dimension = "queue"
	ByChannel          Dimension = "channel"
	ByRoutingProfile   Dimension = "routing_profile"
	ByAgent            Dimension = "agent"
	ByLevel1           Dimension = "hierarchy 0"
	ByLevel2           Dimension = "hierarchy 1"
	ByLevel3           Dimension = "hierarchy 2"
	ByLevel4           Dimension = "hierarchy 3"
	ByLevel5           Dimension = "hierarchy 4"
	BySubtype          Dimension = "subtype"
	ByInitiationMethod Dimension = "initiation_method"
	ByDisconnectReason Dimension = "disconnect_reason"
	ByFlowType         Dimension = "type"
	ByFlow             Dimension = "resource"
	ByModule           Dimension = "module"
	ByOutcome          Dimension = "outcome"
	ByNextFlow         Dimension = "next_resource"
	ByNextQueue        Dimension = "next_queue"
	ByStep             Dimension = "step"
	// ByNothing is a dimension that no row has a value in.
	ByNothing Dimension = ""
)

// words are the dimensions whose values are words, not ids.
var wordDimensions = []Dimension{ByChannel, BySubtype, ByInitiationMethod, ByDisconnectReason, ByFlowType, ByOutcome}

// DimensionFilter asks for rows with one of the values; with Absent, for rows without any; with Negate, for the others of
// those that have one.
type DimensionFilter struct {
	By             Dimension
	Values         []string
	Absent, Negate bool
}

// Bucket is a span of time, its end excluded, in milliseconds.
type Bucket struct{ From, To int64 }

// Measurement asks for sums.
type Measurement struct {
	Instance center.InstanceID
	Source   Source
	// Buckets follow one another.
	Buckets []Bucket
	// AsOf is when the question was first asked, not before the end of the last bucket: what has happened since does not
	// count.
	AsOf   time.Time
	Groups []Dimension
	Where  []DimensionFilter
	Sums   []Sum
}

// Sum is an aggregate of an expression over the rows: of those for which Where holds, if there is any.
type Sum struct {
	Of        string // "sum", "max" or "min"
	Expr      string
	Where     []DimensionFilter
	Threshold string // what stands for each ? in Expr: a comparison with a number
}

// Measured are the sums over the rows of a bucket and a group. Values without any row to sum are nil.
type Measured struct {
	Bucket int
	Groups []string
	Values []*int64
}

// Measure returns the sums for each bucket and group that has rows. Rows without a value in a dimension that is grouped by
// belong to no group.
func (s *Store) Measure(ctx context.Context, m *Measurement) (all []Measured, err error) {
	w := searchText{dialect: s.d}
	w.measure(m)
	err = s.rowsOnce(ctx, w.String(), w.args, func(rows *sql.Rows) error {
		row := Measured{Groups: make([]string, len(m.Groups)), Values: make([]*int64, len(m.Sums))}
		raw, values := make([][]byte, len(m.Groups)), make([]sql.NullInt64, len(m.Sums))
		dest := []any{&row.Bucket}
		for i := range raw {
			dest = append(dest, &raw[i])
		}
		for i := range values {
			dest = append(dest, &values[i])
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i, b := range raw {
			row.Groups[i] = m.Groups[i].text(b)
		}
		for i, v := range values {
			if v.Valid {
				row.Values[i] = &v.Int64
			}
		}
		all = append(all, row)
		return nil
	})
	return all, err
}

// text is a value as it came from the database.
func (d Dimension) text(raw []byte) string {
	if slices.Contains(wordDimensions, d) || d.level() >= 0 {
		return string(raw)
	}
	return idOf(raw)
}

// level is the level of the hierarchy that it is, from 0; -1 for none.
func (d Dimension) level() int {
	if n, ok := strings.CutPrefix(string(d), "hierarchy "); ok {
		return int(n[0] - '0')
	}
	return -1
}

// dimension is the column of a dimension.
func (w *searchText) dimension(d Dimension) string {
	if n := d.level(); n >= 0 {
		return w.element("r.hierarchy", n)
	}
	return "r." + string(d)
}

// filters writes " AND" and what rows must meet.
func (w *searchText) filters(all []DimensionFilter) {
	for _, f := range all {
		w.add(" AND ")
		w.filter(f)
	}
}

func (w *searchText) filter(f DimensionFilter) {
	if f.By == ByNothing {
		if f.Absent {
			w.add("1 = 1")
		} else {
			w.add("1 = 0")
		}
		return
	}
	column := w.dimension(f.By)
	switch {
	case f.Absent:
		w.add(column, " IS NULL")
		return
	case f.Negate:
		w.add("NOT (")
		defer w.add(")")
	}
	if len(f.Values) == 0 {
		w.add("1 = 0")
		return
	}
	switch {
	case slices.Contains(wordDimensions, f.By):
		w.words(column, f.Values)
	case f.By.level() >= 0:
		w.one(column, textsOf(f.Values))
	default:
		w.one(column, bytesOf(f.Values))
	}
}

// measure writes the whole query.
func (w *searchText) measure(m *Measurement) {
	instance, asOf := w.arg(string(m.Instance)), milliseconds(m.AsOf.UnixMilli())
	first, last := milliseconds(m.Buckets[0].From), milliseconds(m.Buckets[len(m.Buckets)-1].To)
	// from has the rows of r, bucket is the number of a row's bucket.
	from, where, bucket := "", "", ""
	at := func(column string) {
		where = "r.instance = " + instance + " AND r." + column + " >= " + first + " AND r." + column + " < " + last
		bucket = bucketOf("r."+column, m.Buckets)
	}
	switch m.Source {
	case CompletedContacts, EnqueuedContacts, ConnectedContacts:
		from = "(" + w.contactFacts() + ") AS r"
		at(map[Source]string{CompletedContacts: "disconnected", EnqueuedContacts: "enqueued", ConnectedContacts: "connected_to_agent"}[m.Source])
		if m.Source == CompletedContacts {
			where += " AND (r.acw_begun IS NULL OR r.acw_ended <= " + asOf + ")"
		}
		if m.Source == ConnectedContacts {
			where += " AND r.handled IS NOT NULL"
		}
	case Offers:
		from = "(" + offerFacts(asOf) + ") AS r"
		at("started")
	case Runs:
		from = "(" + runFacts(asOf) + ") AS r"
		at("started")
	default:
		w.spans(m, instance, asOf, first, last)
		from, where, bucket = "cut AS r", "1 = 1", "r.n"
	}
	// The groups of Wall are columns by then.
	wall := m.Source == Wall
	column := func(i int) string {
		if wall {
			return "r.d" + strconv.Itoa(i)
		}
		return w.dimension(m.Groups[i])
	}
	w.add(" SELECT ", bucket, " AS bucket")
	for i := range m.Groups {
		w.add(", ", column(i))
	}
	for _, sum := range m.Sums {
		w.sum(&sum)
	}
	w.add(" FROM ", from, " WHERE ", where)
	if !wall {
		w.filters(m.Where)
	}
	for i := range m.Groups {
		w.add(" AND ", column(i), " IS NOT NULL")
	}
	w.add(" GROUP BY 1")
	for i := range m.Groups {
		w.add(", ", strconv.Itoa(i+2))
	}
}

func milliseconds(ms int64) string { return strconv.FormatInt(ms, 10) }

// bucketOf is the number of the bucket that a time of a row is in.
func bucketOf(at string, all []Bucket) string {
	if len(all) == 1 {
		return "0"
	}
	step, even := int64(0), len(all) > 2
	if even {
		step = all[1].To - all[1].From
	}
	for i := 1; i < len(all)-1; i++ {
		even = even && all[i].To-all[i].From == step
	}
	if even && all[0].To-all[0].From <= step && all[len(all)-1].To-all[len(all)-1].From <= step {
		return "(" + at + " - " + milliseconds(all[1].From-step) + ") / " + milliseconds(step)
	}
	var text strings.Builder
	text.WriteString("CASE")
	for i, b := range all[:len(all)-1] {
		fmt.Fprintf(&text, " WHEN %s < %d THEN %d", at, b.To, i)
	}
	fmt.Fprintf(&text, " ELSE %d END", len(all)-1)
	return text.String()
}

// sum writes an aggregate.
func (w *searchText) sum(sum *Sum) {
	w.add(", CAST(", sum.Of, "(")
	expr := strings.ReplaceAll(sum.Expr, "?", sum.Threshold)
	if len(sum.Where) > 0 {
		w.add("CASE WHEN 1 = 1")
		w.filters(sum.Where)
		w.add(" THEN ", expr, " END")
	} else {
		w.add(expr)
	}
	w.add(") AS BIGINT)")
}

// spans writes cut, the parts of times that are in each bucket, for sources whose rows are times.
func (w *searchText) spans(m *Measurement, instance, asOf, first, last string) {
	w.add("WITH bucket (n, b, e) AS (VALUES ")
	for i, b := range m.Buckets {
		w.add(", "[:2*min(i, 1)], fmt.Sprintf("(%d, %d, %d)", i, b.From, b.To))
	}
	w.add(")")
	switch m.Source {
	case Presence:
		w.add(", span AS (", attendance(instance, asOf, first, last), ")")
		w.cut("span")
	case Busy, Engaged:
		w.add(", span AS (", attendance(instance, asOf, first, last), "), piece AS (", contactPieces(instance, asOf, first, last))
		if m.Source == Engaged {
			w.add(" UNION ALL ", failedPieces(instance, asOf, first, last))
		}
		w.add(")")
		w.union("agent")
		// What of the time in a routable status was busy.
		w.add(", busy AS (SELECT s.agent, s.routing_profile, s.hierarchy, s.status_type, ", w.greatest, "(s.began, u.began) AS began, ", w.least,
			"(s.ended, u.ended) AS ended FROM span AS s JOIN whole AS u ON u.agent = s.agent AND u.began < s.ended AND u.ended > s.began WHERE s.status_type = 'ROUTABLE')")
		w.cut("busy")
	case Work, Wall:
		w.add(", every AS (", contactPieces(instance, asOf, first, last), "), piece AS (SELECT * FROM every AS r WHERE 1 = 1")
		w.filters(m.Where)
		for _, d := range m.Groups {
			w.add(" AND ", w.dimension(d), " IS NOT NULL")
		}
		w.add(")")
		if m.Source == Work {
			w.cut("piece")
			return
		}
		w.unionBy(m.Groups)
		w.cut("whole")
	}
}

// handledAt is when an agent joined a contact. A supervisor who monitors one handles none. inferred
const handledAt = "CASE WHEN c.initiation_method <> '" + center.InitiatedByMonitor + "' THEN c.connected_to_agent END"

// contactFacts selects contacts with what figures need of them. An agent of several may leave a contact before it ends: talked
// is how long they were in it.
func (w *searchText) contactFacts() string {
	number := func(name string, path ...string) string {
		return ", " + w.jsonNumber("c.figures", path...) + " AS " + name
	}
	return `SELECT c.*, c.dequeued - c.enqueued AS waited, ` + handledAt + ` AS handled, coalesce(c.acw_begun, c.disconnected) - ` + handledAt + ` AS talked,
		CASE WHEN ` + handledAt + ` IS NOT NULL THEN coalesce(c.acw_ended - c.acw_begun, 0) END AS worked,
		` + w.greatest + `(` + w.greatest + `(c.disconnected, coalesce(c.acw_ended, c.disconnected)) - c.initiated, 0) AS resolved,
		CASE WHEN c.initiation_method IN ('INBOUND', 'TRANSFER', 'QUEUE_TRANSFER', 'API')
			THEN ` + w.greatest + `(coalesce(c.enqueued, c.transferred, c.disconnected) - coalesce(c.connected_to_system, c.enqueued, c.transferred, c.disconnected), 0) END AS led,
		CASE WHEN c.enqueued IS NOT NULL AND c.connected_to_agent IS NULL AND c.next_contact IS NULL
			AND NOT (coalesce(c.pre_disconnect_state, '') = 'IN_QUEUE' AND c.transferred IS NOT NULL) THEN 1 ELSE 0 END AS abandoned` +
		number("messages", "ContactMetrics", "TotalMessages") + number("bot_messages", "ContactMetrics", "TotalBotMessages") +
		number("closed", "ContactMetrics", "ConversationCloseTimeInMillis") + number("first_response", "ContactMetrics", "AgentFirstResponseTimeInMillis") +
		", " + w.jsonTime("c.figures", "ContactMetrics", "AgentFirstResponseTimestamp") + " AS first_responded" +
		number("agent_messages", "AgentMetrics", "MessagesSent") + number("agent_chars", "AgentMetrics", "MessageLengthInChars") +
		number("agent_responses", "AgentMetrics", "NumResponses") + number("agent_response", "AgentMetrics", "TotalResponseTimeInMillis") +
		", " + w.jsonFlag("c.figures", "AgentMetrics", "ConversationAbandon") + " AS agent_silent" +
		number("customer_messages", "CustomerMetrics", "MessagesSent") + number("customer_chars", "CustomerMetrics", "MessageLengthInChars") +
		number("customer_responses", "CustomerMetrics", "NumResponses") + number("customer_response", "CustomerMetrics", "TotalResponseTimeInMillis") +
		", " + w.jsonFlag("c.figures", "CustomerMetrics", "ConversationAbandon") + ` AS customer_silent
		FROM contact AS c`
}

// offerFacts selects offers. One that ended after asOf counts as not ended.
func offerFacts(asOf string) string {
	return `SELECT o.contact, o.agent, o.started, o.instance, o.queue, o.routing_profile, o.hierarchy, c.channel, c.initiation_method, c.subtype,
		CASE WHEN o.ended <= ` + asOf + ` THEN o.ended - o.started END AS rang, CASE WHEN o.ended <= ` + asOf + ` THEN o.outcome END AS outcome
		FROM offer AS o LEFT JOIN contact AS c ON c.id = o.contact`
}

// runFacts selects runs of flows and modules. One that ended after asOf counts as not ended.
func runFacts(asOf string) string {
	return `SELECT f.instance, f.resource, f.module, f.type, f.started, CASE WHEN f.ended <= ` + asOf + ` THEN f.ended - f.started END AS ran,
		CASE WHEN f.ended <= ` + asOf + ` THEN f.outcome END AS outcome, CASE WHEN f.ended <= ` + asOf + ` THEN f.next_resource END AS next_resource,
		CASE WHEN f.ended <= ` + asOf + ` THEN f.next_queue END AS next_queue, c.channel, c.initiation_method, c.subtype
		FROM flow_run AS f LEFT JOIN contact AS c ON c.id = f.contact`
}

// attendance selects the times of agents that overlap a span, but for those in which they were offline. Those that go on are few
// and are found by that: "began + 0" keeps SQLite from going through all that began before.
func attendance(instance, asOf, first, last string) string {
	of := func(ended, where string) string {
		return `SELECT agent, routing_profile, hierarchy, status_type, began, ` + ended + ` AS ended FROM agent_interval
			WHERE instance = ` + instance + ` AND ` + where + ` AND began + 0 < ` + last + ` AND status_type <> 'OFFLINE'`
	}
	return of("ended", "ended > "+first) + " UNION ALL " + of(asOf, "ended IS NULL")
}

// longestWork is how long before a span a contact may have begun whose agent still works on it: a chat lasts seven days at the
// longest, and one more is for what comes after.
const longestWork = 8 * 24 * time.Hour

// RoutedContact is a contact with routing criteria.
type RoutedContact struct {
	Queue   center.QueueID
	Routing *center.RoutingCriteria
}

// Routed returns the contacts with routing criteria whose steps may have begun in a span of time, its end excluded.
func (s *Store) Routed(ctx context.Context, at center.InstanceID, from, to time.Time) (all []RoutedContact, err error) {
	err = s.rowsOnce(ctx, `SELECT queue, routing FROM contact WHERE instance = $1 AND enqueued >= $2 AND enqueued < $3 AND queue IS NOT NULL AND routing IS NOT NULL`,
		[]any{string(at), from.Add(-longestWork).UnixMilli(), to.UnixMilli()}, func(rows *sql.Rows) error {
			var queue, routing []byte
			if err := rows.Scan(&queue, &routing); err != nil {
				return err
			}
			r, err := decoded[center.RoutingCriteria](routing)
			all = append(all, RoutedContact{center.QueueID(idOf(queue)), r})
			return err
		})
	return all, err
}

// contactPieces selects the times from when an agent joined a contact to the end of after-contact work.
func contactPieces(instance, asOf, first, last string) string {
	ended := `coalesce(acw_ended, CASE WHEN acw_begun IS NULL THEN disconnected END, ` + asOf + `)`
	return `SELECT agent, queue, channel, routing_profile, hierarchy, connected_to_agent AS began, ` + ended + ` AS ended FROM contact
		WHERE instance = ` + instance + ` AND agent IS NOT NULL AND initiation_method <> '` + center.InitiatedByMonitor + `' AND connected_to_agent >= ` + first + ` - ` + strconv.FormatInt(longestWork.Milliseconds(), 10) +
		` AND connected_to_agent < ` + last + ` AND ` + ended + ` > ` + first
}

// failedPieces selects the times from when an offer failed to when the agent cleared it.
func failedPieces(instance, asOf, first, last string) string {
	return `SELECT agent, queue, NULL, NULL, NULL, ended, coalesce(cleared, ` + asOf + `) FROM offer
		WHERE instance = ` + instance + ` AND started >= ` + first + ` - ` + strconv.FormatInt(longestWork.Milliseconds(), 10) + ` AND started < ` + last +
		` AND ended < ` + last + ` AND outcome <> '` + center.OfferAccepted + `' AND coalesce(cleared, ` + asOf + `) > ` + first
}

// union writes whole, which is piece with those of the same key joined that touch.
func (w *searchText) union(key string) {
	w.add(`, marked AS (SELECT piece.*, CASE WHEN began <= max(ended) OVER (PARTITION BY `, key, ` ORDER BY began, ended ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
			THEN 0 ELSE 1 END AS fresh FROM piece),
		numbered AS (SELECT marked.*, sum(fresh) OVER (PARTITION BY `, key, ` ORDER BY began, ended ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island FROM marked),
		whole AS (SELECT `, key, `, min(began) AS began, max(ended) AS ended FROM numbered GROUP BY `, key, `, island)`)
}

// unionBy is union by agent and groups, which become columns d0, d1 ….
func (w *searchText) unionBy(groups []Dimension) {
	w.add(", grouped AS (SELECT r.agent, r.began, r.ended")
	key := "agent"
	for i, d := range groups {
		name := "d" + strconv.Itoa(i)
		w.add(", ", w.dimension(d), " AS ", name)
		key += ", " + name
	}
	w.add(" FROM piece AS r)")
	text := searchText{dialect: w.dialect}
	text.union(key)
	w.add(strings.ReplaceAll(text.String(), "piece", "grouped"))
}

// cut writes cut, which is the parts of times that are in each bucket.
func (w *searchText) cut(of string) {
	w.add(", cut AS (SELECT t.*, bucket.n, ", w.least, "(t.ended, bucket.e) - ", w.greatest, "(t.began, bucket.b) AS spent FROM bucket CROSS JOIN ", of,
		" AS t WHERE t.began < bucket.e AND t.ended > bucket.b)")
}
