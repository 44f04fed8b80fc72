package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// Nodes counts the nodes that serve from this database, this one among them. A node is counted from its first call of
// Nodes until its session with PostgreSQL ends, however it ends. SQLite is for one node.
func (s *Store) Nodes(ctx context.Context) (int, error) {
	e, ok := s.engine.(*pgEngine)
	if !ok {
		return 1, nil
	}
	return e.nodes(ctx)
}

// presence is an advisory lock that all nodes hold together, each in a session of its own: whoever holds it, serves. It
// is one of the schema's, since a database may hold several parleys.
const presence = 0x7061726c

const (
	pgAttend = `SELECT pg_try_advisory_lock_shared($1, hashtext(current_schema()))`
	// Two keys of 32 bits are the lock's classid and objid, and objsubid is 2; see PostgreSQL's "pg_locks".
	pgPresent = `SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND classid::bigint = $1 AND objid::bigint = hashtext(current_schema())::bigint & 4294967295`
)

// nodes takes a connection out of the pool for as long as this node serves, or until it breaks.
func (e *pgEngine) nodes(ctx context.Context) (n int, err error) {
	e.attending.Lock()
	defer e.attending.Unlock()
	if e.attend != nil {
		if n, err = countNodes(ctx, e.attend); err == nil || ctx.Err() != nil {
			return n, err
		}
		e.leave() // the session is lost, and the lock with it
	}
	conn, err := e.read.Conn(ctx)
	if err != nil {
		return 0, err
	}
	var held bool // it always is: only an exclusive lock could be in the way, and there is none
	if err := conn.QueryRowContext(ctx, pgAttend, presence).Scan(&held); err != nil {
		return 0, errors.Join(err, conn.Close())
	}
	e.attend = conn
	return countNodes(ctx, conn)
}

func countNodes(ctx context.Context, conn *sql.Conn) (n int, err error) {
	err = conn.QueryRowContext(ctx, pgPresent, presence).Scan(&n)
	return n, err
}

// leave ends the session: back in the pool, it would go on holding the lock.
func (e *pgEngine) leave() {
	if e.attend == nil {
		return
	}
	_ = e.attend.Raw(func(any) error { return driver.ErrBadConn }) // has database/sql close it
	_ = e.attend.Close()
	e.attend = nil
}
