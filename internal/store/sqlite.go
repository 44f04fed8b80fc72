package store

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/parley-chat/parley/internal/center"
)

// The rules of this engine: one writer, which is one goroutine with one connection; synchronous=FULL on every
// connection; checkpoints on a connection of their own, after commits and never before an answer; readers that cannot
// write. In memory there is one connection for all of it.
const (
	readers        = 4
	pageBytes      = 4096
	checkpointSize = 8 << 20  // of what is estimated to be in the WAL when it is copied back
	restartSize    = 32 << 20 // of the WAL when the writer waits for readers and begins it anew
	// SQLite walks its whole page cache in the commit of every transaction that split a page, so a large one costs more
	// than reading what falls out of a small one from the system's. In RAM the cache takes twice this, for the allocator
	// rounds a page and its header up to the next power of two.
	writerCache = "1024" // KiB
	busyTimeout = "5000" // ms that one waits for another process that writes
	readerWait  = "100"  // ms that the writer waits for readers, to begin the WAL anew
)

const sqliteNamed = `SELECT $1, $2, unhex(n.value ->> 0), unhex(n.value ->> 1) FROM json_each($3) AS n`

var sqliteDialect = &dialect{
	goose: "sqlite3",
	append: `INSERT OR IGNORE INTO item (stream, seq, at, id, flags, token, body)
		VALUES ($1, (SELECT seq + 1 FROM item WHERE stream = $1 AND seq = $2), $3, $4, $5, $6, $7)`,
	putAttributes: putNamed("contact_attribute", "stream", sqliteNamed),
	putTerms:      putNamed("contact_term", "contact", sqliteNamed),
	attributeArgs: func(all []center.Attribute) []any {
		var b []byte
		for i, a := range all {
			b = append(b, "[,"[min(i, 1)])
			b = fmt.Appendf(b, `["%x","%x"]`, a.Name, a.Value)
		}
		return []any{string(append(b, ']'))}
	},
	ids:    `(SELECT unhex(value) AS id FROM json_each($1)) AS v`,
	idsArg: hexArray,
	among: func(column, list string) string {
		return column + ` IN (SELECT unhex(value) FROM json_each(` + list + `))`
	},
	amongArg: hexArray,
	index:    func(name string) string { return " INDEXED BY " + name },
	contains: func(text, part string) string { return `instr(` + text + `, ` + part + `) > 0` },
	element: func(array string, n int) string {
		return fmt.Sprintf("CAST(CAST(%s AS TEXT) ->> %d AS BLOB)", array, n)
	},
	jsonNumber: sqliteMember,
	jsonFlag:   sqliteMember,
	jsonTime: func(column string, path ...string) string {
		return "CAST(round(unixepoch(CAST(" + column + " AS TEXT) ->> '$." + strings.Join(path, ".") + "', 'subsec') * 1000) AS INTEGER)"
	},
	least: "min", greatest: "max",
	hasVersions: `SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'`,
	damaged:     sqliteDamaged,
}

func sqliteMember(column string, path ...string) string {
	return "CAST(CAST(" + column + " AS TEXT) ->> '$." + strings.Join(path, ".") + "' AS INTEGER)"
}

func hexArray(ids [][]byte) any {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(hex.EncodeToString(id))
		b.WriteByte('"')
	}
	b.WriteByte(']')
	return b.String()
}

// sqliteEngine commits through one connection.
type sqliteEngine struct {
	store  *Store
	write  *sql.DB // of one connection
	read   *sql.DB // the same one in memory
	path   string  // of the file
	memory bool
	file   string // the data source of one more connection, but in memory
	// reading counts the long reads under way, which the writer must not wait for.
	reading atomic.Int32

	prepared map[string]driver.Stmt // of the writer's connection, by text
	on       driver.Conn            // the connection they are prepared on
	args     []driver.NamedValue

	written    int // bytes estimated to be in the WAL since the checkpointer was woken
	checkpoint chan struct{}
	restart    chan struct{} // holds one when the writer is to begin the WAL anew
	stopped    chan struct{}
}

func openSQLite(ctx context.Context, s *Store, path string, locked bool) (*sqliteEngine, error) {
	e := &sqliteEngine{store: s, path: path, memory: path == ":memory:", prepared: map[string]driver.Stmt{}}
	pragmas := "_pragma=busy_timeout(" + busyTimeout + ")&_pragma=synchronous(FULL)&_pragma=secure_delete(ON)"
	if e.memory {
		db, err := openPool("file::memory:?"+pragmas, 1)
		if err != nil {
			return nil, err
		}
		e.write, e.read = db, db
		return e, e.migrate(ctx, true)
	}
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	file := sqliteFile(path) + "?" + pragmas
	e.file = file
	var err error
	e.write, err = openPool(file+"&_pragma=cache_size(-"+writerCache+")&_pragma=journal_mode(WAL)&_pragma=wal_autocheckpoint(0)&_pragma=journal_size_limit(67108864)", 1)
	if err != nil {
		return nil, err
	}
	if err := e.migrate(ctx, locked); err != nil {
		if sqliteDamaged(err) {
			return nil, errors.Join(damagedFile(path, err), e.write.Close())
		}
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), e.write.Close())
	}
	e.read, err = openPool(file+"&_pragma=cache_size(-8192)&_pragma=query_only(1)", readers)
	if err != nil {
		return nil, errors.Join(err, e.write.Close())
	}
	e.checkpoint = make(chan struct{}, 1)
	e.restart = make(chan struct{}, 1)
	e.stopped = make(chan struct{})
	checkpoints, err := openPool(file+"&_pragma=cache_size(-256)", 1)
	if err != nil {
		return nil, errors.Join(err, e.write.Close(), e.read.Close())
	}
	go e.checkpoints(checkpoints)
	return e, nil
}

// sqliteFile is a path as a data source's name begins.
func sqliteFile(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

// migrate waits for others who open the same file: turning a file into WAL mode and removing the WAL on close lock it
// without waiting themselves.
func (e *sqliteEngine) migrate(ctx context.Context, locked bool) error {
	if !locked {
		held, err := e.lockToMigrate(ctx)
		if err != nil {
			return err
		}
		defer held.Release() //nolint:errcheck // the schema is what counts
	}
	for tries := 0; ; tries++ {
		err := e.create(ctx)
		if err == nil {
			err = migrate(ctx, e.write, sqliteDialect, migrations())
		}
		var coded *sqlite.Error
		if !errors.As(err, &coded) || coded.Code()&0xff != sqlite3.SQLITE_BUSY || tries == 100 {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// created is the schema of a new database, as the steps have made it before in this process; nil while they have not. SQLite
// needs ten times as long for steps that rename columns as for making the tables that come of them.
var created atomic.Pointer[[]string]

// create makes the schema of a database that is empty, if it is known, in one transaction. What another process makes
// meanwhile stays as it is.
func (e *sqliteEngine) create(ctx context.Context) error {
	version, err := schemaVersion(ctx, e.write, sqliteDialect)
	if err != nil || version > 0 {
		return err
	}
	texts := created.Load()
	if texts == nil {
		return e.learn(ctx)
	}
	conn, err := e.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // back into the pool
	if _, err := conn.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	var tables int
	err = conn.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&tables)
	for i := 0; err == nil && tables == 0 && i < len(*texts); i++ {
		_, err = conn.ExecContext(ctx, (*texts)[i])
	}
	end := `COMMIT`
	if err != nil {
		end = `ROLLBACK`
	}
	_, ended := conn.ExecContext(ctx, end)
	return errors.Join(err, ended)
}

// learn takes the steps on an empty database in memory, and keeps the schema that comes of them.
func (e *sqliteEngine) learn(ctx context.Context) (err error) {
	db, err := openPool("file::memory:", 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := migrate(ctx, db, sqliteDialect, migrations()); err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, `SELECT sql FROM (SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid)
		UNION ALL SELECT 'INSERT INTO goose_db_version (version_id, is_applied) VALUES (' || version_id || ', ' || is_applied || ')' FROM goose_db_version`)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says it
	var texts []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	created.Store(&texts)
	return e.create(ctx)
}

// lockToMigrate takes the lock of a file whose schema is to be changed, nil for one that is new or up to date. It refuses
// when another process serves from the file: by the new schema, that one could neither read nor write any more.
func (e *sqliteEngine) lockToMigrate(ctx context.Context) (*Lock, error) {
	version, err := schemaVersion(ctx, e.write, sqliteDialect)
	if err != nil || version == 0 {
		return nil, nil //nolint:nilerr // migrate meets the error, too
	}
	newest, err := migrations().newest()
	if err != nil || version >= newest {
		return nil, err
	}
	path, err := realPath(e.path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path+lockSuffix, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	free, err := tryLock(f)
	if err == nil && !free {
		err = fmt.Errorf("%s serves from it by schema version %d, and this program needs version %d: stop that process, start it in the new version, and then run this",
			holder(f), version, newest)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Lock{file: f}, nil
}

// createPrivate makes a new database file that only its owner can read: it holds what customers said. An existing one
// is left alone, unopened: closing any handle of a file drops SQLite's locks on it. The new file has its first page when it
// gets its name, so that a file without content is never one whose making was interrupted.
func createPrivate(path string) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*.db") // 0600
	if err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // it is only a name
	db, err := openPool("file:"+(&url.URL{Path: tmp.Name()}).EscapedPath()+"?_pragma=synchronous(FULL)&_pragma=journal_mode(WAL)", 1)
	if err != nil {
		return err
	}
	if err := errors.Join(db.Ping(), db.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func openPool(dsn string, size int) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

func (e *sqliteEngine) loops() int        { return 1 }
func (e *sqliteEngine) reader() *sql.DB   { return e.read }
func (e *sqliteEngine) dialect() *dialect { return sqliteDialect }

func (e *sqliteEngine) close() error {
	if !e.memory {
		close(e.checkpoint)
		<-e.stopped
	}
	for _, stmt := range e.prepared {
		_ = stmt.Close()
	}
	if e.memory {
		return e.write.Close()
	}
	// The writer last: as the last connection it copies the WAL back and removes it.
	return errors.Join(e.read.Close(), e.write.Close())
}

func (e *sqliteEngine) commit(batch []*job) {
	sortByStream(batch)
	conn, err := e.write.Conn(context.Background())
	if err == nil {
		err = conn.Raw(func(on any) error {
			err := e.transact(on.(driver.Conn), batch, false)
			if err == errCareful {
				err = e.transact(on.(driver.Conn), batch, true)
			}
			return err
		})
		err = errors.Join(err, conn.Close())
	}
	if err != nil {
		fail(batch, e.store.failed(err, sqliteFailure(err)))
		return
	}
	e.store.worked()
	e.account(batch) // before the answers: the Changes are their owners' again then
	for _, j := range batch {
		j.answer()
	}
	e.copyBack()
}

// transact runs a batch in one transaction. When it returns nil the batch is durable.
//
// It is tried without savepoints first. Within one, SQLite copies each page before its first change, and when those of a
// transaction exceed 64 KiB, which the rows of one new chat do, it writes all of them to a temporary file.
func (e *sqliteEngine) transact(on driver.Conn, batch []*job, careful bool) error {
	if e.on != on {
		e.on = on
		clear(e.prepared)
	}
	if _, err := e.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := sqliteDialect.apply(e, batch, careful)
	if err == nil {
		_, err = e.exec("COMMIT")
	}
	if err != nil {
		// SQLite may have rolled back by itself; then this says so, and nothing is lost by it.
		_, _ = e.exec("ROLLBACK")
	}
	return err
}

// account estimates what a batch added to the WAL. A row costs its own bytes and the page of the index entry it lands
// on.
func (e *sqliteEngine) account(batch []*job) {
	for _, j := range batch {
		for p := range j.parts {
			for i := range p.rows {
				e.written += len(p.rows[i].body) + pageBytes
			}
			if !j.plain() {
				e.written += max(4, j.pages) * pageBytes
			}
			if c := p.change; c != nil {
				e.written += len(c.State) + (3*len(c.Contacts)+2*len(c.Attributes)+len(c.Unset)+2*len(c.FlowRuns))*pageBytes
			}
		}
	}
}

// copyBack wakes the checkpointer when enough was written since it last looked, and begins the WAL anew when it asked
// for that: it has just copied all but the last of it.
func (e *sqliteEngine) copyBack() {
	if e.memory {
		return
	}
	if e.written >= checkpointSize {
		e.written = 0
		select {
		case e.checkpoint <- struct{}{}:
		default:
		}
	}
	select {
	case <-e.restart:
		if e.reading.Load() == 0 { // else the checkpointer asks again
			e.restartWAL()
		}
	default:
	}
}

// restartWAL begins the WAL anew, unless a reader is in the way for longer than reads of ours take: a backup, for
// example, which reads for as long as the database is large. Commits do not wait for it; the WAL grows meanwhile.
func (e *sqliteEngine) restartWAL() {
	_, err := e.write.Exec("PRAGMA busy_timeout(" + readerWait + ")")
	if err == nil {
		e.walCheckpoint(e.write, "RESTART")
		_, err = e.write.Exec("PRAGMA busy_timeout(" + busyTimeout + ")")
	}
	if err != nil {
		e.store.log.Warn("the write-ahead log was not begun anew", "error", err)
	}
}

// checkpoints copies the WAL back into the database, beside the writer.
func (e *sqliteEngine) checkpoints(db *sql.DB) {
	defer close(e.stopped)
	defer db.Close()
	for range e.checkpoint {
		if size, _ := e.walCheckpoint(db, "PASSIVE"); size > restartSize {
			select {
			case e.restart <- struct{}{}:
			default:
			}
		}
	}
}

// walCheckpoint copies back what it can, and returns how large the WAL is and whether the mode's work was done to its
// end. That others were in the way, or that there is no room, is no trouble as long as commits succeed.
func (e *sqliteEngine) walCheckpoint(db *sql.DB, mode string) (size int, done bool) {
	var busy, pages, copied int
	err := db.QueryRow("PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &pages, &copied)
	switch {
	case err != nil && sqliteFailure(err) == lost:
		_ = e.store.failed(err, lost)
	case err != nil:
		e.store.log.Warn("the write-ahead log was not copied back", "error", err)
	}
	return pages * pageBytes, err == nil && busy == 0
}

// scrub empties the WAL. The greater part of it is copied back beside the writer, the rest while the writer waits.
func (e *sqliteEngine) scrub(context.Context) (done bool, err error) {
	if e.memory {
		return true, nil
	}
	if e.reading.Load() > 0 {
		return false, nil // a long read would keep the writer waiting
	}
	db, err := openPool(e.file+"&_pragma=cache_size(-256)", 1)
	if err != nil {
		return false, err
	}
	// Not in the data source: of two settings of one name there, the driver does not say which holds.
	if _, err := db.Exec("PRAGMA busy_timeout = " + readerWait); err != nil {
		return false, errors.Join(err, db.Close())
	}
	e.walCheckpoint(db, "PASSIVE")
	_, done = e.walCheckpoint(db, "TRUNCATE")
	return done, db.Close()
}

// sqliteFailure says what an error of a commit or checkpoint means for the store.
func sqliteFailure(err error) failure {
	var coded *sqlite.Error
	if !errors.As(err, &coded) {
		return passing
	}
	switch code := coded.Code(); {
	case code == sqlite3.SQLITE_IOERR_SHMSIZE: // no room for the index of the WAL
		return passing
	case code&0xff == sqlite3.SQLITE_IOERR:
		return lost
	}
	return passing
}

// The session of the writer. Statements are prepared once; a driver connection is used directly, because
// database/sql would prepare or wrap each one anew.

func (e *sqliteEngine) exec(text string, args ...any) (int64, error) {
	stmt, err := e.prepare(text)
	if err != nil {
		return 0, err
	}
	res, err := stmt.(driver.StmtExecContext).ExecContext(context.Background(), e.named(args))
	if err != nil {
		var coded *sqlite.Error
		if errors.As(err, &coded) && coded.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE {
			err = fmt.Errorf("%w: %w", errUnique, err)
		}
		return 0, err
	}
	return res.RowsAffected()
}

func (e *sqliteEngine) query(text string, args ...any) ([][]driver.Value, error) {
	stmt, err := e.prepare(text)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.(driver.StmtQueryContext).QueryContext(context.Background(), e.named(args))
	if err != nil {
		return nil, err
	}
	var all [][]driver.Value
	for {
		row := make([]driver.Value, len(rows.Columns()))
		switch err := rows.Next(row); err {
		case nil:
			all = append(all, row)
		case io.EOF:
			return all, rows.Close()
		default:
			return nil, errors.Join(err, rows.Close())
		}
	}
}

func (e *sqliteEngine) prepare(text string) (driver.Stmt, error) {
	if stmt := e.prepared[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := e.on.(driver.ConnPrepareContext).PrepareContext(context.Background(), text)
	if err == nil {
		e.prepared[text] = stmt
	}
	return stmt, err
}

func (e *sqliteEngine) named(args []any) []driver.NamedValue {
	e.args = e.args[:0]
	for i, v := range args {
		e.args = append(e.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return e.args
}

func (e *sqliteEngine) run(steps []step) (int, error) {
	for i, st := range steps {
		n, err := e.exec(st.sql, st.args...)
		if err != nil || n == 0 && st.must != nil {
			return i, err
		}
	}
	return len(steps), nil
}

func (e *sqliteEngine) appendItems(jobs []*job) (left []*job, err error) {
	for _, j := range jobs {
		row := &j.rows[0]
		n, err := e.exec(sqliteDialect.append, j.stream[:], j.change.After, row.at, row.id, row.flags, row.token, row.body)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			left = append(left, j)
		}
	}
	return left, nil
}

// spoiled: these are the errors after which SQLite may have ended the transaction by itself.
func (e *sqliteEngine) spoiled(err error) bool {
	var coded *sqlite.Error
	if !errors.As(err, &coded) {
		return true
	}
	switch coded.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE:
		return false
	}
	return true
}
