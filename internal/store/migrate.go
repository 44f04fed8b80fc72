package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var embedded embed.FS

// migrations are the schema's steps, one file each; a file that was released is never changed.
func migrations() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// migrate brings db to the newest version in steps. A newer one than that is refused: this program does not know what
// its rows mean.
func migrate(ctx context.Context, db *sql.DB, d *dialect, steps fs.FS) error {
	newest, err := newestVersion(steps)
	if err != nil {
		return err
	}
	version, err := schemaVersion(ctx, db, d)
	switch {
	case err != nil:
		return fmt.Errorf("read the schema's version: %w", err)
	case version == newest:
		return nil // goose would ask and lock; an existing database opens in a few milliseconds
	case version > newest:
		return fmt.Errorf("the database has schema version %d, and this program knows versions up to %d: use a newer program", version, newest)
	}
	provider, err := goose.NewProvider(goose.Dialect(d.goose), db, steps,
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	// Somebody else may be opening the same file. Each step is a transaction, so whoever finds one made goes on from
	// there.
	for range newest + 2 {
		if _, err = provider.Up(ctx); err == nil {
			return nil
		}
	}
	return fmt.Errorf("migrate from schema version %d to %d: %w", version, newest, err)
}

// SchemaVersion returns the version of the schema.
func (s *Store) SchemaVersion(ctx context.Context) (int64, error) {
	return schemaVersion(ctx, s.engine.reader(), s.d)
}

// schemaVersion returns 0 for an empty database.
func schemaVersion(ctx context.Context, db *sql.DB, d *dialect) (version int64, err error) {
	var tables int
	if err := db.QueryRowContext(ctx, d.hasVersions).Scan(&tables); err != nil || tables == 0 {
		return 0, err
	}
	err = db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version").Scan(&version)
	return version, err
}

func newestVersion(steps fs.FS) (newest int64, err error) {
	files, err := fs.Glob(steps, "*.sql")
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		v, err := goose.NumericComponent(path.Base(f))
		if err != nil {
			return 0, err
		}
		newest = max(newest, v)
	}
	return newest, nil
}
