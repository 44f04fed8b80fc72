package store

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// pgSession is a committer's connection within one attempt.
type pgSession struct {
	ctx  context.Context
	conn *pgx.Conn
}

func (s *pgSession) exec(text string, args ...any) (int64, error) {
	tag, err := s.conn.Exec(s.ctx, text, args...)
	if pgCode(err) == "23505" {
		err = fmt.Errorf("%w: %w", errUnique, err)
	}
	return tag.RowsAffected(), err
}

func (s *pgSession) query(text string, args ...any) ([][]driver.Value, error) {
	rows, err := s.conn.Query(s.ctx, text, args...)
	if err != nil {
		return nil, err
	}
	var all [][]driver.Value
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			rows.Close()
			return nil, err
		}
		row := make([]driver.Value, len(values))
		for i, v := range values {
			row[i] = pgValue(v)
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// run sends all steps at once: a Change costs one round trip.
func (s *pgSession) run(steps []step) (int, error) {
	var b pgx.Batch
	for _, st := range steps {
		b.Queue(st.sql, st.args...)
	}
	results := s.conn.SendBatch(s.ctx, &b)
	failed := len(steps)
	for i, st := range steps {
		tag, err := results.Exec()
		if err != nil {
			_ = results.Close() // says the same
			return i, err
		}
		if st.must != nil && tag.RowsAffected() == 0 {
			failed = min(failed, i)
		}
	}
	return failed, results.Close()
}

// claims does to claims what the jobs of a batch do, in one round trip.
func (s *pgSession) claims(batch []*job) error {
	var (
		all []claiming
		of  = map[*part]*job{}
	)
	for _, j := range batch {
		if j.later && j.err == nil {
			all = append(all, j.claims...)
			of[&j.part] = j
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, compareClaims)
	var b pgx.Batch
	for i := range all {
		st := all[i].step()
		b.Queue(st.sql, st.args...)
	}
	results := s.conn.SendBatch(s.ctx, &b)
	var held error
	for i := range all {
		tag, err := results.Exec()
		if err != nil {
			_ = results.Close() // says the same
			if s.spoiled(err) {
				return err
			}
			for _, j := range of { // one of them is the one
				j.alone = true
			}
			return errApart
		}
		if all[i].take && tag.RowsAffected() == 0 {
			of[all[i].part].alone, held = true, errApart
		}
	}
	return cmp.Or(results.Close(), held)
}

// together commits what has a transaction of its own, the Changes of a decision over several streams, in one round trip: what
// is sent as one batch is one transaction, and a statement that does not do what it must ends it by an error.
func (s *pgSession) together(j *job) error {
	steps := postgresDialect.steps(j)
	var b pgx.Batch
	for _, st := range steps {
		text := st.sql
		if st.must != nil {
			text = `WITH done AS (` + st.sql + ` RETURNING 1) SELECT 1 / count(*) FROM done`
		}
		b.Queue(text, st.args...)
	}
	results := s.conn.SendBatch(s.ctx, &b)
	var (
		failed int
		err    error
	)
	for failed = range steps {
		if _, err = results.Exec(); err != nil {
			break
		}
	}
	if closed := results.Close(); err == nil {
		err = closed
	}
	j.err = nil
	switch {
	case err == nil:
		return nil
	case pgCode(err) == "":
		return &lostAnswer{err}
	case pgCode(err) == "22012" && steps[failed].must != nil: // division_by_zero
		j.err = settle(s, j, steps[failed].must)
	case !s.spoiled(err):
		j.err = fault(err)
	default:
		return err
	}
	if !refused(j.err) {
		return j.err
	}
	return nil
}

func (s *pgSession) appendItems(jobs []*job) (left []*job, err error) {
	n := len(jobs)
	var (
		streams, ids, tokens, bodies = make([][]byte, n), make([][]byte, n), make([][]byte, n), make([][]byte, n)
		afters, ats, flags           = make([]int64, n), make([]int64, n), make([]int64, n)
	)
	for i, j := range jobs {
		row := &j.rows[0]
		streams[i], afters[i], ats[i], ids[i], flags[i], bodies[i] = j.stream[:], j.change.After, row.at, row.id, row.flags, row.body
		tokens[i], _ = row.token.([]byte)
	}
	rows, err := s.conn.Query(s.ctx, pgAppendMany, streams, afters, ats, ids, flags, tokens, bodies)
	if err != nil {
		return nil, err
	}
	kept := make(map[[16]byte]bool, n)
	for rows.Next() {
		kept[[16]byte(rows.RawValues()[0])] = true
	}
	if err := rows.Err(); err != nil || len(kept) == n {
		return nil, err
	}
	for _, j := range jobs {
		if !kept[j.stream] {
			left = append(left, j)
		}
	}
	return left, nil
}

// spoiled: a value that does not fit, or a constraint, concerns one job; its savepoint mends the transaction.
func (s *pgSession) spoiled(err error) bool {
	code := pgCode(err)
	return !strings.HasPrefix(code, "22") && !strings.HasPrefix(code, "23")
}

// pgValue makes what pgx decodes one of database/sql's types.
func pgValue(v any) driver.Value {
	switch v := v.(type) {
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	}
	return v
}
