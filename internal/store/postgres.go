package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// The rules of this engine: two committers, each with a connection; the messages of a batch go as one statement; a
// batch touches chats in the order of their ids, so that nodes do not wait for each other in a ring, and is run again
// when they do. A Change whose commit was not answered is committed again: if it is there, that says so.
const (
	pgCommitters = 2
	pgMaxConns   = 12
	// patience is how long a batch waits for a database that does not answer; brief, when the last one waited in vain.
	patience      = 10 * time.Second
	briefPatience = time.Second
	// migrationLock keeps two programs that start at once from migrating side by side. Its value means nothing.
	migrationLock = 0x7061726c6579
)

var postgresDialect = &dialect{
	goose: "postgres",
	append: `INSERT INTO item (chat, seq, at, id, flags, token, body)
		SELECT $1::bytea, $2::bigint + 1, $3::bigint, $4::bytea, $5::bigint, $6::bytea, $7::bytea
		WHERE EXISTS (SELECT 1 FROM item p WHERE p.chat = $1 AND p.seq = $2) ON CONFLICT DO NOTHING`,
	skipLocked:  ` FOR UPDATE SKIP LOCKED`,
	ids:         `unnest($1::bytea[]) AS v(id)`,
	idsArg:      func(ids [][]byte) any { return ids },
	hasVersions: `SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'goose_db_version'`,
	dropped:     pgDropped,
	damaged:     pgDamaged,
	clock:       `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint`,
}

const pgAppendMany = `INSERT INTO item (chat, seq, at, id, flags, token, body)
	SELECT v.chat, v.after + 1, v.at, v.id, v.flags, v.token, v.body
	FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bytea[], $7::bytea[])
		AS v(chat, after, at, id, flags, token, body)
	WHERE EXISTS (SELECT 1 FROM item p WHERE p.chat = v.chat AND p.seq = v.after)
	ON CONFLICT DO NOTHING RETURNING chat`

// pgSettings are made on every connection. Every statement finds its rows by an index; a plan kept from when the tables
// were empty must not say otherwise. And what a cluster may have switched off for speed is what we promise.
const pgSettings = `SELECT set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
	set_config('enable_mergejoin', 'off', false), set_config('jit', 'off', false),
	CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END`

func pgConnect(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := pgSet(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

func pgSet(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, pgSettings, pgx.QueryExecModeSimpleProtocol)
	return err
}

// pgPool is for reads and migrations, which share their code, and database/sql's pool, with SQLite.
func pgPool(config *pgx.ConnConfig, size int) *sql.DB {
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(pgSet))
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db
}

// pgEngine commits through two connections.
type pgEngine struct {
	store  *Store
	config *pgx.ConnConfig
	read   *sql.DB
	slots  chan *pgx.Conn // the committers' connections, nil where one is to be opened
}

func openPostgres(ctx context.Context, s *Store, url string, maxConns int) (*pgEngine, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	if maxConns == 0 {
		maxConns = pgMaxConns
	}
	e := &pgEngine{store: s, config: config, slots: make(chan *pgx.Conn, pgCommitters)}
	e.read = pgPool(config, max(2, maxConns-pgCommitters)) // a migration needs two
	for range pgCommitters {
		e.slots <- nil
	}
	if err := e.migrate(ctx); err != nil {
		return nil, errors.Join(err, e.read.Close())
	}
	return e, nil
}

func (e *pgEngine) migrate(ctx context.Context) (err error) {
	conn, err := e.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return err
	}
	err = migrate(ctx, e.read, postgresDialect, migrations())
	_, unlock := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrationLock))
	return errors.Join(err, unlock)
}

func (e *pgEngine) loops() int        { return pgCommitters }
func (e *pgEngine) reader() *sql.DB   { return e.read }
func (e *pgEngine) dialect() *dialect { return postgresDialect }

func (e *pgEngine) close() error {
	var errs []error
	for range pgCommitters {
		if conn := <-e.slots; conn != nil {
			errs = append(errs, conn.Close(context.Background()))
		}
	}
	return errors.Join(append(errs, e.read.Close())...)
}

func (e *pgEngine) commit(batch []*job) {
	sortByChat(batch)
	limit := patience
	if e.store.trouble.Load() != nil {
		limit = briefPatience
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	conn := <-e.slots
	defer func() { e.slots <- conn }()
	careful := false
	for pause := time.Duration(0); len(batch) > 0; pause = min(2*pause+10*time.Millisecond, time.Second/2) {
		var err error
		if conn, err = e.connected(ctx, conn, pause); err == nil {
			err = e.transact(ctx, conn, batch, careful)
		}
		var lost *lostAnswer
		switch {
		case err == nil:
			e.store.worked()
			for _, j := range batch {
				j.answer()
			}
			return
		case err == errCareful:
			careful = true
		case !pgPassing(err) || ctx.Err() != nil:
			fail(batch, e.store.failed(err, passing))
			return
		case errors.As(err, &lost):
			batch = failUnknown(batch, err)
		}
	}
}

// connected returns conn, or a new connection after a pause when it is none or broken.
func (e *pgEngine) connected(ctx context.Context, conn *pgx.Conn, pause time.Duration) (*pgx.Conn, error) {
	if conn != nil && !conn.IsClosed() {
		return conn, nil
	}
	select {
	case <-time.After(pause):
		return pgConnect(ctx, e.config)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// lostAnswer says that the connection broke while a commit was on its way.
type lostAnswer struct{ cause error }

func (e *lostAnswer) Error() string { return "no answer to a commit: " + e.cause.Error() }
func (e *lostAnswer) Unwrap() error { return e.cause }

// failUnknown answers those jobs that cannot tell whether they are committed, and returns the Changes, which can.
func failUnknown(batch []*job, cause error) (changes []*job) {
	for _, j := range batch {
		if j.change != nil {
			changes = append(changes, j)
			continue
		}
		fail([]*job{j}, unavailable(cause))
	}
	return changes
}

// transact runs a batch in one transaction. When it returns nil the batch is durable.
func (e *pgEngine) transact(ctx context.Context, conn *pgx.Conn, batch []*job, careful bool) (err error) {
	ses := &pgSession{ctx, conn}
	defer func() {
		if err != nil && err != errCareful && !pgAborted(err) {
			_ = conn.Close(ctx) // whatever state it is in; the error is what counts
		}
	}()
	if plainRun(batch) == len(batch) {
		// One statement is its own transaction. Reasons for what is left out can be read after it.
		if err := appendRun(ses, batch); err != nil {
			return &lostAnswer{err}
		}
		return nil
	}
	if _, err := ses.exec(`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE`); err != nil {
		return err
	}
	if err := postgresDialect.apply(ses, batch, careful); err != nil {
		if _, rollback := ses.exec(`ROLLBACK`); rollback != nil && err == errCareful {
			return rollback
		}
		return err
	}
	tag, err := conn.Exec(ctx, `COMMIT`)
	if err != nil {
		return &lostAnswer{err}
	}
	if tag.String() != "COMMIT" {
		return fmt.Errorf("a commit was answered with %s", tag)
	}
	return nil
}

// pgCode is the SQLSTATE of an error, "" when the server did not send it.
func pgCode(err error) string {
	var sent *pgconn.PgError
	if errors.As(err, &sent) {
		return sent.Code
	}
	return ""
}

// pgAborted: PostgreSQL chose this transaction to end a wait in a ring.
func pgAborted(err error) bool {
	code := pgCode(err)
	return code == "40001" || code == "40P01"
}

// pgPassing says that the same batch may succeed soon: the server restarts, has no connection to spare, has become a
// standby, or cannot be reached; see PostgreSQL's appendix A, "PostgreSQL Error Codes".
func pgPassing(err error) bool {
	code := pgCode(err)
	switch code {
	case "", "57P01", "57P02", "57P03", "53300", "25006":
		return true
	}
	return pgAborted(err) || strings.HasPrefix(code, "08")
}

// pgDropped says that a connection was there and is no more. One that could not be made is another thing: it would not
// be made a moment later either.
func pgDropped(err error) bool {
	var unmade *pgconn.ConnectError
	if errors.As(err, &unmade) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || strings.HasPrefix(pgCode(err), "57P0") ||
		strings.HasPrefix(pgCode(err), "08")
}

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

func (s *pgSession) appendItems(jobs []*job) (left []*job, err error) {
	n := len(jobs)
	var (
		chats, ids, tokens, bodies = make([][]byte, n), make([][]byte, n), make([][]byte, n), make([][]byte, n)
		afters, ats, flags         = make([]int64, n), make([]int64, n), make([]int64, n)
	)
	for i, j := range jobs {
		row := &j.rows[0]
		chats[i], afters[i], ats[i], ids[i], flags[i], bodies[i] = j.chat[:], j.change.After, row.at, row.id, row.flags, row.body
		tokens[i], _ = row.token.([]byte)
	}
	rows, err := s.conn.Query(s.ctx, pgAppendMany, chats, afters, ats, ids, flags, tokens, bodies)
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
		if !kept[j.chat] {
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
