package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Store is the facts of one parley. All methods may be called from any goroutine.
type Store struct {
	engine committer
	d      *dialect
	log    *slog.Logger
	fatal  func(error)
	queue  *queue

	committers sync.WaitGroup
	closing    sync.Once
	closed     error
	// dead is set when what was written may be lost: nothing is committed any more.
	dead atomic.Bool
	// trouble is why commits fail now, nil when the last one did not.
	trouble atomic.Pointer[error]
	tries   tries
	probing chan struct{} // held by the call of Health that writes
	damage  damage

	onResources func() // nil for none

	checking sync.WaitGroup // the check in the background
	endCheck func()

	mu       sync.Mutex
	prepared map[string]*sql.Stmt // reads, by text
}

// Options are what a Store needs of its surroundings; the zero value is useful.
type Options struct {
	// Log hears of trouble with the database. nil: slog.Default().
	Log *slog.Logger
	// Fatal is called when an fsync or a write failed for another reason than a full disk: what was acknowledged may be
	// lost, and the process must stop. nil: panic.
	Fatal func(error)
	// Locked says that the caller holds the lock of [LockFor]. Without it, the schema of a file from which another process
	// serves is not changed.
	Locked bool
	// MaxConns bounds the connections to PostgreSQL, those of the committers included. 0: 12.
	MaxConns int
}

// Open opens the database at url and makes or migrates its schema. url is
//
//   - sqlite:PATH, a file in an existing directory; made when it is not there
//   - sqlite::memory:, which lives and dies with the Store
//   - postgres://… or postgresql://…, as libpq reads it
func Open(ctx context.Context, url string, opt Options) (*Store, error) {
	s := &Store{
		log: opt.Log, fatal: opt.Fatal, queue: newQueue(), probing: make(chan struct{}, 1), prepared: map[string]*sql.Stmt{},
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.fatal == nil {
		s.fatal = func(err error) { panic(err) }
	}
	engine, err := openEngine(ctx, s, url, opt)
	if err != nil {
		return nil, err
	}
	s.engine, s.d = engine, engine.dialect()
	for range engine.loops() {
		s.committers.Go(s.commits)
	}
	return s, nil
}

func openEngine(ctx context.Context, s *Store, url string, opt Options) (committer, error) {
	scheme, path, _ := strings.Cut(url, ":")
	switch {
	case scheme == "sqlite" && path != "":
		return openSQLite(ctx, s, path, opt.Locked)
	case scheme == "postgres" || scheme == "postgresql":
		return openPostgres(ctx, s, url, opt.MaxConns)
	}
	return nil, errors.New("the database is neither sqlite:PATH, sqlite::memory:, nor postgres://…")
}

// commits is the life of one committer.
func (s *Store) commits() {
	batch := make([]*job, 0, batchMax)
	for {
		batch = s.queue.take(batch[:0])
		if len(batch) == 0 {
			return
		}
		if s.dead.Load() {
			fail(batch, unavailable(errClosed))
		} else {
			s.engine.commit(batch)
		}
		clear(batch)
	}
}

// Close refuses new commits, waits for those that are queued, and closes the database.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.queue.close()
		s.committers.Wait()
		if s.endCheck != nil {
			s.endCheck()
		}
		s.checking.Wait()
		s.mu.Lock()
		reads := s.prepared
		s.prepared = nil
		s.mu.Unlock()
		for _, stmt := range reads {
			s.closed = errors.Join(s.closed, stmt.Close())
		}
		s.closed = errors.Join(s.closed, s.engine.close())
	})
	return s.closed
}

// failure is what an engine's error means for the store.
type failure int

const (
	passing failure = iota // commits may succeed again: full disk, lost connection
	lost                   // what was acknowledged may not be there
)

// failed notes an engine's error and returns what the callers are told.
func (s *Store) failed(err error, f failure) error {
	if s.trouble.Swap(&err) == nil || f == lost {
		s.log.Error("nothing can be stored", "error", err)
	}
	if f == lost {
		s.dead.Store(true)
		s.queue.close()
		s.fatal(fmt.Errorf("the database may have lost what was stored: %w", err))
	}
	return unavailable(err)
}

// worked notes that a batch was committed.
func (s *Store) worked() {
	if s.trouble.Load() != nil && s.trouble.Swap(nil) != nil {
		s.log.Info("storing works again")
	}
}

// probeBytes are more than any Change needs in one piece.
const probeBytes = 64 << 10

// probeWithin is how long Health waits for its own write.
const probeWithin = 5 * time.Second

// Health returns nil, or why nothing can be committed now. When the last commit failed, or when commits have been tried
// for 5 seconds and none succeeded, it tries one itself. So a store that nobody uses because it was in trouble finds out
// that it is well again; and one whose only commits are to streams that another session has locked is known to take all
// others. A store that is idle is well.
func (s *Store) Health(ctx context.Context) error {
	if s.dead.Load() {
		return *s.trouble.Load()
	}
	stalled := s.tries.stalled()
	if s.trouble.Load() == nil && !stalled {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	outcome := make(chan error, 1)
	select {
	case s.probing <- struct{}{}:
		go func() {
			defer func() { <-s.probing }()
			outcome <- s.probe(ctx)
		}()
	case <-ctx.Done(): // another call's write is under way and does not come back
	}
	var err error
	select {
	case err = <-outcome:
	case <-ctx.Done():
		err = ctx.Err()
	}
	switch why := s.trouble.Load(); {
	case err == nil:
		return nil
	case why != nil:
		return unavailable(*why)
	case stalled:
		return fmt.Errorf("commits have been tried for %v and none succeeded: %w", stallsAfter, err)
	}
	return err
}

// probe writes, and needs the tables that every Change needs: a lock on one of them stops all.
func (s *Store) probe(ctx context.Context) error {
	var none [16]byte // no stream has this id
	err := s.write(ctx, func(ses session) error {
		if _, err := ses.exec(`INSERT INTO probe (pad) VALUES ($1)`, make([]byte, probeBytes)); err != nil {
			return err
		}
		for _, of := range []string{"stream WHERE id", "item WHERE stream", "contact WHERE id", "due WHERE stream", "claim WHERE stream", "receipt WHERE stream",
			"contact_attribute WHERE stream", "contact_term WHERE contact", "flow_run WHERE contact"} {
			if _, err := ses.exec(`DELETE FROM `+of+` = $1`, none[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = s.write(ctx, func(ses session) error {
			_, err := ses.exec(`DELETE FROM probe`)
			return err
		})
	}
	return err
}

// Clock returns the database's own time, to be compared with the caller's; ok is false when it has none of its own
// (SQLite).
func (s *Store) Clock(ctx context.Context) (now time.Time, ok bool, err error) {
	if s.d.clock == "" {
		return time.Time{}, false, nil
	}
	var ms int64
	if err := s.row(ctx, s.d.clock, nil, &ms); err != nil {
		return time.Time{}, false, err
	}
	return timeOf(ms), true, nil
}

// Reset removes everything but the schema.
func (s *Store) Reset(ctx context.Context) error {
	return s.do(ctx, &job{alone: true, work: func(ses session) error {
		// First, as every commit of resources does. Versions go on, so that a node that has resources in memory notices
		// that they are gone.
		if _, err := ses.exec(`UPDATE resource_version SET version = version + 1`); err != nil {
			return err
		}
		for _, table := range append([]string{"stream", "item", "due", "claim", "receipt", "resource", "reference", "erased", "session", "attempt", "presence"}, afterwards...) {
			if _, err := ses.exec("DELETE FROM " + table); err != nil {
				return err
			}
		}
		return nil
	}})
}

// Private says that no other process can read or write what is in the Store.
func (s *Store) Private() bool {
	e, ok := s.engine.(*sqliteEngine)
	return ok && e.memory
}

// statement prepares a read once. Preparing happens outside the lock: it is I/O.
func (s *Store) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	s.mu.Lock()
	stmt, closed := s.prepared[text], s.prepared == nil
	s.mu.Unlock()
	if closed {
		return nil, unavailable(errClosed)
	}
	if stmt != nil {
		return stmt, nil
	}
	stmt, err := s.engine.reader().PrepareContext(ctx, text)
	if sqliteForeign(err) {
		return nil, &Damage{"file", fmt.Errorf("its schema is not parley's: %w", err)}
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prepared == nil || s.prepared[text] != nil {
		// Closed, or another goroutine was faster. Closing one's own does no I/O that others wait for.
		defer stmt.Close()
		if s.prepared == nil {
			return nil, unavailable(errClosed)
		}
		return s.prepared[text], nil
	}
	s.prepared[text] = stmt
	return stmt, nil
}

// readAttempts is more than there are idle connections in the pool: when the database has dropped them all, each read
// that meets a dead one takes it out.
const readAttempts = 16

// rows runs a read and hands every row to scan, whose errors mean that the row cannot be what was stored. A read that meets
// a connection that died while it was idle is tried again.
func (s *Store) rows(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) error {
	return s.tried(func() (bool, error) {
		stmt, err := s.statement(ctx, text)
		if err != nil {
			return false, err
		}
		rows, err := stmt.QueryContext(ctx, args...)
		return scanned(ctx, rows, err, scan)
	})
}

// rowsOnce is rows for a text that will not come again soon.
func (s *Store) rowsOnce(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) error {
	return s.tried(func() (bool, error) {
		rows, err := s.engine.reader().QueryContext(ctx, text, args...)
		return scanned(ctx, rows, err, scan)
	})
}

// tried runs attempts at a read; one says whether a row has been scanned.
func (s *Store) tried(read func() (scanned bool, err error)) error {
	for try := 1; ; try++ {
		scanned, err := read()
		if err == nil || scanned || try == readAttempts || s.d.dropped == nil || !s.d.dropped(err) {
			return s.noted(err)
		}
	}
}

// scanned hands the rows of one attempt to scan; scanned says that it has seen one.
func scanned(ctx context.Context, rows *sql.Rows, err error, scan func(*sql.Rows) error) (scanned bool, _ error) {
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		scanned = true
		err := scan(rows)
		if _, known := errors.AsType[*Damage](err); err != nil && !known && ctx.Err() == nil {
			err = &Damage{"row", errors.New("a column has the wrong type")} // err may have the value
		}
		if err != nil {
			return true, err
		}
	}
	return scanned, rows.Err()
}

// row runs a read of one row, ErrNotFound when there is none.
func (s *Store) row(ctx context.Context, text string, args []any, dest ...any) error {
	found := false
	err := s.rows(ctx, text, args, func(r *sql.Rows) error {
		found = true
		return r.Scan(dest...)
	})
	if err == nil && !found {
		return ErrNotFound
	}
	return err
}
