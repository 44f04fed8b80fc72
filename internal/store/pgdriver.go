package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// database/sql over pgx: reads and migrations share their code, and database/sql's pool, with SQLite. pgx's own such
// driver is built on its connection pool, of which nothing would be used here.

// pgConnector opens connections for database/sql.
type pgConnector struct{ config *pgx.ConnConfig }

func (c pgConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := pgConnect(ctx, c.config)
	if err != nil {
		return nil, err
	}
	return &pgConn{conn}, nil
}

func (c pgConnector) Driver() driver.Driver { return pgDriver{} }

// pgDriver is what database/sql wants to be told; connections come from a pgConnector.
type pgDriver struct{}

func (pgDriver) Open(url string) (driver.Conn, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	return pgConnector{config}.Connect(context.Background())
}

// pgConn is one connection. pgx prepares what it is given and keeps it by its text.
type pgConn struct{ conn *pgx.Conn }

func (c *pgConn) Close() error { return c.conn.Close(context.Background()) }

// IsValid keeps a dead connection out of the pool.
func (c *pgConn) IsValid() bool { return !c.conn.IsClosed() }

// CheckNamedValue leaves all encoding to pgx, which knows arrays.
func (c *pgConn) CheckNamedValue(*driver.NamedValue) error { return nil }

func (c *pgConn) Prepare(text string) (driver.Stmt, error) { return &pgStmt{c, text}, nil }

func (c *pgConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func (c *pgConn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	tx, err := c.conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return pgTx{tx}, nil
}

func (c *pgConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	tag, err := c.conn.Exec(ctx, text, pgArgs(args)...)
	if err != nil {
		if pgconn.SafeToRetry(err) {
			err = driver.ErrBadConn
		}
		return nil, err
	}
	return driver.RowsAffected(tag.RowsAffected()), nil
}

// QueryContext reads as far as the first row, so that a connection that died while it was idle shows here, where
// database/sql takes another one. Nothing but reads comes this way.
func (c *pgConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.conn.Query(ctx, text, pgArgs(args)...)
	more := err == nil && rows.Next()
	if err == nil && !more {
		err = rows.Err()
	}
	if err != nil {
		if c.conn.IsClosed() && ctx.Err() == nil {
			err = driver.ErrBadConn
		}
		return nil, err
	}
	return &pgRows{rows: rows, first: more}, nil
}

func pgArgs(named []driver.NamedValue) []any {
	args := make([]any, len(named))
	for i, v := range named {
		args[i] = v.Value
	}
	return args
}

type pgStmt struct {
	conn *pgConn
	text string
}

func (s *pgStmt) Close() error  { return nil }
func (s *pgStmt) NumInput() int { return -1 }

func (s *pgStmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), pgNamed(args))
}

func (s *pgStmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), pgNamed(args))
}

func (s *pgStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.ExecContext(ctx, s.text, args)
}

func (s *pgStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.QueryContext(ctx, s.text, args)
}

func pgNamed(args []driver.Value) []driver.NamedValue {
	named := make([]driver.NamedValue, len(args))
	for i, v := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return named
}

type pgTx struct{ tx pgx.Tx }

func (t pgTx) Commit() error   { return t.tx.Commit(context.Background()) }
func (t pgTx) Rollback() error { return t.tx.Rollback(context.Background()) }

type pgRows struct {
	rows  pgx.Rows
	first bool // rows stands on a row that Next has not given yet
}

func (r *pgRows) Columns() []string {
	fields := r.rows.FieldDescriptions()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

func (r *pgRows) Close() error {
	r.rows.Close()
	return r.rows.Err()
}

func (r *pgRows) Next(dest []driver.Value) error {
	if !r.first && !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	r.first = false
	values, err := r.rows.Values()
	if err != nil {
		return err
	}
	for i, v := range values {
		dest[i] = pgValue(v)
	}
	return nil
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

func pgPool(config *pgx.ConnConfig, size int) *sql.DB {
	db := sql.OpenDB(pgConnector{config})
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db
}
