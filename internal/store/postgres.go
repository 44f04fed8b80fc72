package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/parley-chat/parley/internal/center"
)

// The rules of this engine: two committers, each with a connection; the messages of a batch go as one statement; a
// batch touches streams in the order of their ids, so that nodes do not wait for each other in a ring, and is run again
// when they do. A Change whose commit was not answered is committed again: if it is there, that says so. A batch that
// waits too long for a lock is handed to the side committers (aside.go), so that it delays no other batch.
const (
	pgCommitters = 2
	pgMaxConns   = 12
	// patience is how long a batch waits for a database that does not answer; brief, when the last one waited in vain.
	patience      = 10 * time.Second
	briefPatience = time.Second
	// migrationLock keeps two programs that start at once from migrating side by side. Its value means nothing.
	migrationLock = 0x7061726c6579
)

const postgresNamed = `SELECT $1::bytea, $2::text, n.name, n.value FROM unnest($3::bytea[], $4::bytea[]) AS n(name, value)`

var postgresDialect = &dialect{
	goose: "postgres",
	append: `INSERT INTO item (stream, seq, at, id, flags, token, body)
		SELECT $1::bytea, $2::bigint + 1, $3::bigint, $4::bytea, $5::bigint, $6::bytea, $7::bytea
		WHERE EXISTS (SELECT 1 FROM item p WHERE p.stream = $1 AND p.seq = $2) ON CONFLICT DO NOTHING`,
	putAttributes: putNamed("contact_attribute", "stream", postgresNamed),
	putTerms:      putNamed("contact_term", "contact", postgresNamed),
	attributeArgs: func(all []center.Attribute) []any {
		names, values := make([][]byte, len(all)), make([][]byte, len(all))
		for i, a := range all {
			names[i], values[i] = []byte(a.Name), []byte(a.Value)
		}
		return []any{names, values}
	},
	among:    func(column, list string) string { return column + ` = ANY (` + list + `::bytea[])` },
	amongArg: func(values [][]byte) any { return values },
	contains: func(text, part string) string { return `position(` + part + `::bytea in ` + text + `) > 0` },
	element: func(array string, n int) string {
		return fmt.Sprintf("convert_to(convert_from(%s, 'UTF8')::json ->> %d, 'UTF8')", array, n)
	},
	jsonNumber: func(column string, path ...string) string { return "(" + postgresMember(column, path) + ")::bigint" },
	jsonFlag: func(column string, path ...string) string {
		return "(" + postgresMember(column, path) + ")::boolean::int"
	},
	jsonTime: func(column string, path ...string) string {
		return "round(extract(epoch FROM (" + postgresMember(column, path) + ")::timestamptz) * 1000)::bigint"
	},
	least: "LEAST", greatest: "GREATEST",
	share:       ` FOR SHARE`,
	skipLocked:  ` FOR UPDATE SKIP LOCKED`,
	forUpdate:   ` FOR UPDATE`,
	ids:         `unnest($1::bytea[]) AS v(id)`,
	idsArg:      func(ids [][]byte) any { return ids },
	hasVersions: `SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'goose_db_version'`,
	dropped:     pgDropped,
	damaged:     pgDamaged,
	clock:       `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint`,

	eraseSettles: eraseSettles,
}

func postgresMember(column string, path []string) string {
	return "convert_from(" + column + ", 'UTF8')::json #>> '{" + strings.Join(path, ",") + "}'"
}

const pgAppendMany = `INSERT INTO item (stream, seq, at, id, flags, token, body)
	SELECT v.stream, v.after + 1, v.at, v.id, v.flags, v.token, v.body
	FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bytea[], $7::bytea[])
		AS v(stream, after, at, id, flags, token, body)
	WHERE EXISTS (SELECT 1 FROM item p WHERE p.stream = v.stream AND p.seq = v.after)
	ON CONFLICT DO NOTHING RETURNING stream`

// pgFixed are the settings that every connection needs. Every statement finds its rows by an index; a plan kept from
// when the tables were empty must not say otherwise. And what a cluster may have switched off for speed is what we
// promise.
const pgFixed = `SELECT set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
	set_config('enable_mergejoin', 'off', false), set_config('jit', 'off', false),
	CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END`

// The settings that bound what a connection holds and waits for; docs/decisions/0030 argues the values.
const (
	pgLockTimeout          = "250ms" // of a batch
	pgReadLockTimeout      = "5s"    // reads wait for changes of the schema and nothing else
	pgMigrationLockTimeout = "30s"
	pgIdleInTransaction    = "1s" // then PostgreSQL ends the session and its transaction
	pgMigrationIdle        = "60s"

	keepAliveIdle     = 10 * time.Second
	keepAliveInterval = 5 * time.Second
	keepAliveCount    = 3
	// userTimeout is how long sent data may stay unacknowledged: as long as keepalives take to find a dead peer.
	userTimeout = keepAliveIdle + keepAliveCount*keepAliveInterval
)

// pgSetting is one setting of a session.
type pgSetting struct{ name, value string }

// pgBounds are the settings of a connection that waits for locks and for its own node as long as given. What the
// operator has set in the URL (or in PGOPTIONS) is left out, so that it holds.
func pgBounds(config *pgx.ConnConfig, lockTimeout, idleInTransaction string) []pgSetting {
	all := []pgSetting{
		{"lock_timeout", lockTimeout},
		{"idle_in_transaction_session_timeout", idleInTransaction},
		{"tcp_keepalives_idle", strconv.Itoa(int(keepAliveIdle.Seconds()))},
		{"tcp_keepalives_interval", strconv.Itoa(int(keepAliveInterval.Seconds()))},
		{"tcp_keepalives_count", strconv.Itoa(keepAliveCount)},
		{"tcp_user_timeout", strconv.Itoa(int(userTimeout.Milliseconds()))},
	}
	return slices.DeleteFunc(all, func(s pgSetting) bool { return pgOperatorSet(config, s.name) })
}

// pgOperatorSet reports whether the URL sets a setting: as a parameter of its own, or as -c NAME=… or --NAME=… among the
// options, where a dash may stand for each underscore.
func pgOperatorSet(config *pgx.ConnConfig, name string) bool {
	for param := range config.RuntimeParams {
		if strings.EqualFold(param, name) {
			return true
		}
	}
	options := strings.ToLower(strings.ReplaceAll(config.RuntimeParams["options"], "-", "_"))
	return strings.Contains(options, name)
}

// pgSet returns what makes the settings on a new connection, in one round trip.
func pgSet(bounds []pgSetting) func(context.Context, *pgx.Conn) error {
	text := pgFixed
	for _, s := range bounds {
		text += fmt.Sprintf(", set_config('%s', '%s', false)", s.name, s.value)
	}
	return func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, text, pgx.QueryExecModeSimpleProtocol)
		return err
	}
}

// keepAlive makes connections that notice a dead server, with the connect timeout that config has.
func keepAlive(config *pgx.ConnConfig) {
	dialer := &net.Dialer{
		Timeout: config.ConnectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: keepAliveIdle, Interval: keepAliveInterval, Count: keepAliveCount,
		},
	}
	config.DialFunc = dialer.DialContext
}

func pgConnect(ctx context.Context, config *pgx.ConnConfig, set func(context.Context, *pgx.Conn) error) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := set(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

// pgPool is for reads and migrations, which share their code, and database/sql's pool, with SQLite.
func pgPool(config *pgx.ConnConfig, size int, bounds []pgSetting) *sql.DB {
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(pgSet(bounds)))
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db
}

// pgEngine commits through two connections, and through two more what waits for locks.
type pgEngine struct {
	store  *Store
	config *pgx.ConnConfig
	set    func(context.Context, *pgx.Conn) error // makes the settings on a committer's connection
	read   *sql.DB
	// usualLockTimeout undoes what ready has set.
	usualLockTimeout string

	slots chan *pgConn // the committers' connections
	aside *aside

	attending sync.Mutex
	attend    *sql.Conn // the session that says that this node serves, nil for none
}

// pgConn is a committer's connection, opened when it is needed and again when it broke.
type pgConn struct {
	*pgx.Conn
	lockTimeout time.Duration // as it was set last, 0 for what every connection begins with
}

func openPostgres(ctx context.Context, s *Store, url string, maxConns int) (*pgEngine, error) {
	config, err := parsePostgres(url)
	if err != nil {
		return nil, fmt.Errorf("the database's URL: %w", err)
	}
	keepAlive(config)
	if maxConns == 0 {
		maxConns = pgMaxConns
	}
	e := &pgEngine{store: s, config: config, slots: make(chan *pgConn, pgCommitters)}
	e.set = pgSet(pgBounds(config, pgLockTimeout, pgIdleInTransaction))
	e.usualLockTimeout = `SET lock_timeout = '` + pgLockTimeout + `'`
	if pgOperatorSet(config, "lock_timeout") {
		e.usualLockTimeout = `RESET lock_timeout`
	}
	if err := e.migrate(ctx); err != nil {
		return nil, err
	}
	e.read = pgPool(config, max(1, maxConns-pgCommitters-sideCommitters), pgBounds(config, pgReadLockTimeout, pgIdleInTransaction))
	for range pgCommitters {
		e.slots <- new(pgConn)
	}
	e.aside = newAside(e)
	return e, nil
}

// migrate brings the schema up to date, over connections of its own: its steps may have to wait for transactions of
// other nodes, and their statements may lie further apart.
func (e *pgEngine) migrate(ctx context.Context) (err error) {
	const conns = 2 // one holds the lock
	db := pgPool(e.config, conns, pgBounds(e.config, pgMigrationLockTimeout, pgMigrationIdle))
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// Another program's migration takes as long as it takes.
	if _, err := conn.ExecContext(ctx, `SET lock_timeout = 0`); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return err
	}
	if err = e.alone(ctx, db); err == nil {
		err = migrate(ctx, db, postgresDialect, migrations())
	}
	_, unlock := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrationLock))
	return errors.Join(err, unlock)
}

// alone refuses to change the schema under nodes that serve by the older one: their statements would not fit it any more, and
// they would not read what newer nodes write.
func (e *pgEngine) alone(ctx context.Context, db *sql.DB) error {
	version, err := schemaVersion(ctx, db, postgresDialect)
	if err != nil || version == 0 {
		return err
	}
	newest, err := migrations().newest()
	if err != nil || version >= newest {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	serving, err := countNodes(ctx, conn)
	if err = errors.Join(err, conn.Close()); err == nil && serving > 0 {
		err = fmt.Errorf("%d nodes of an older version of parley serve this database, whose schema has version %d; this program needs version %d: "+
			"stop them, start this one, then start the others in the new version", serving, version, newest)
	}
	return err
}

func (e *pgEngine) loops() int        { return pgCommitters }
func (e *pgEngine) reader() *sql.DB   { return e.read }
func (e *pgEngine) dialect() *dialect { return postgresDialect }

func (e *pgEngine) scrub(context.Context) (bool, error) { return true, nil }

func (e *pgEngine) close() error {
	e.aside.close()
	e.attending.Lock()
	e.leave()
	e.attending.Unlock()
	var errs []error
	for range pgCommitters {
		errs = append(errs, (<-e.slots).close())
	}
	return errors.Join(append(errs, e.read.Close())...)
}

func (e *pgEngine) commit(batch []*job) {
	sortByStream(batch)
	if batch = e.aside.divert(batch); len(batch) == 0 {
		return
	}
	conn := <-e.slots
	waiting := e.try(conn, batch, 0)
	e.slots <- conn
	e.aside.halve(waiting)
}

// try commits a batch over conn, and after it one by one those of its jobs that need a transaction of their own. It answers
// all, but those for whose locks PostgreSQL gives up the wait, and what would have come after these: it returns them, and
// nothing of them is kept. lockTimeout is for this batch; 0 is the usual one.
func (e *pgEngine) try(conn *pgConn, batch []*job, lockTimeout time.Duration) (waiting []*job) {
	together, alone := apart(batch)
	waiting, refused := e.tryTogether(conn, together, lockTimeout)
	waiting = slices.Clone(waiting)
	alone = append(alone, refused...)
	tried := len(together) > 0
	for i := range alone {
		if len(waiting) > 0 {
			return append(waiting, alone[i:]...) // one wait is enough for a committer
		}
		if why := e.store.trouble.Load(); tried && why != nil {
			fail(alone[i:], unavailable(*why)) // and so is one failure
			return nil
		}
		waiting, _ = e.tryTogether(conn, alone[i:i+1:i+1], lockTimeout)
		tried = true
	}
	return waiting
}

// apart takes those out of a batch that need a transaction of their own.
func apart(batch []*job) (together, alone []*job) {
	if slices.ContainsFunc(batch, func(j *job) bool { return j.alone }) {
		alone = slices.DeleteFunc(slices.Clone(batch), func(j *job) bool { return !j.alone })
		batch = slices.DeleteFunc(batch, func(j *job) bool { return j.alone })
	}
	return batch, alone
}

// tryTogether is try for one transaction. alone are jobs that were found to need their own.
func (e *pgEngine) tryTogether(conn *pgConn, batch []*job, lockTimeout time.Duration) (waiting, alone []*job) {
	limit := patience
	if e.store.trouble.Load() != nil {
		limit = briefPatience
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	careful := false
	for pause := time.Duration(0); len(batch) > 0; pause = min(2*pause+10*time.Millisecond, time.Second/2) {
		err := e.ready(ctx, conn, pause, lockTimeout)
		if err == nil {
			err = e.transact(ctx, conn.Conn, batch, careful)
		}
		var lost *lostAnswer
		switch {
		case err == nil:
			e.store.worked()
			for _, j := range batch {
				j.answer()
			}
			return nil, alone
		case err == errCareful:
			careful = true
		case err == errApart:
			var more []*job
			batch, more = apart(batch)
			alone = append(alone, more...)
		case pgLocked(err):
			return batch, alone
		case !pgPassing(err) || ctx.Err() != nil:
			fail(batch, e.store.failed(err, passing))
			return nil, alone
		case errors.As(err, &lost):
			batch = failUnknown(batch, err)
		}
	}
	return nil, alone
}

// errApart says that claims of a batch are held. Those who want them are tried again, each alone: so they are told why, and
// the others are not held up.
var errApart = errors.New("claims of a batch are held")

// ready makes conn a connection with the given lock_timeout. When there is none or it is broken, it opens one after a
// pause.
func (e *pgEngine) ready(ctx context.Context, conn *pgConn, pause, lockTimeout time.Duration) error {
	if conn.Conn == nil || conn.IsClosed() {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		opened, err := pgConnect(ctx, e.config, e.set)
		if err != nil {
			return err
		}
		*conn = pgConn{Conn: opened}
	}
	if conn.lockTimeout == lockTimeout {
		return nil
	}
	text := e.usualLockTimeout
	if lockTimeout > 0 {
		text = `SET lock_timeout = ` + strconv.FormatInt(lockTimeout.Milliseconds(), 10)
	}
	if _, err := conn.Exec(ctx, text, pgx.QueryExecModeSimpleProtocol); err != nil {
		return err
	}
	conn.lockTimeout = lockTimeout
	return nil
}

func (c *pgConn) close() error {
	if c.Conn == nil {
		return nil
	}
	return c.Conn.Close(context.Background())
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
		if err != nil && err != errCareful && err != errApart && !pgAborted(err) && !pgLocked(err) {
			_ = conn.Close(ctx) // whatever state it is in; the error is what counts
		}
	}()
	for _, j := range batch {
		j.later = len(j.claims) > 0 && len(batch) > 1
	}
	if len(batch) == 1 && batch[0].alone && batch[0].change != nil {
		return ses.together(batch[0])
	}
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
	err = postgresDialect.apply(ses, batch, careful)
	if err == nil {
		err = ses.claims(batch)
	}
	if err != nil {
		if _, rollback := ses.exec(`ROLLBACK`); rollback != nil && (err == errCareful || err == errApart || pgLocked(err)) {
			return rollback
		}
		return err
	}
	tag, err := conn.Exec(ctx, `COMMIT`)
	if pgCode(err) == pgIdleTooLong {
		return err // it was ended before the COMMIT came
	}
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

// pgIdleTooLong: the session was idle in a transaction for too long, and PostgreSQL has ended both.
const pgIdleTooLong = "25P03"

// pgLocked: another transaction held a lock for longer than lock_timeout. The statement did nothing.
func pgLocked(err error) bool { return pgCode(err) == "55P03" }

// pgPassing says that the same batch may succeed soon: the server restarts, has no connection to spare, has become a
// standby, has ended a session that was idle in a transaction, or cannot be reached; see PostgreSQL's appendix A,
// "PostgreSQL Error Codes".
func pgPassing(err error) bool {
	code := pgCode(err)
	switch code {
	case "", "57P01", "57P02", "57P03", "57P05", pgIdleTooLong, "53300", "25006":
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
