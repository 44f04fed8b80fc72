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

// steps are what brings a schema from one version to the next: files of SQL, and code for what SQL cannot do. A step that
// was released is never changed.
type steps struct {
	files fs.FS
	code  []*goose.Migration
}

// migrations are the steps of this program.
func migrations() steps {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return steps{sub, coded()}
}

// migrate brings db to the newest version in steps. A newer one than that is refused: this program does not know what
// its rows mean.
func migrate(ctx context.Context, db *sql.DB, d *dialect, steps steps) error {
	newest, err := steps.newest()
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
	provider, err := goose.NewProvider(goose.Dialect(d.goose), db, steps.files,
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(steps.code...))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	// Another process may be opening the same file. Each step is a transaction, so whoever finds one made goes on from there;
	// an error counts only when it comes again and nobody gets further.
	for attempt := 0; ; attempt++ {
		_, failed := provider.Up(ctx)
		now, err := schemaVersion(ctx, db, d)
		switch {
		case failed == nil || err == nil && now == newest:
			return nil
		case err == nil && now > version:
			version, attempt = now, 0
		case attempt == 2:
			return fmt.Errorf("migrate from schema version %d to %d: %w", version, newest, failed)
		}
	}
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

func (s steps) newest() (newest int64, err error) {
	for _, m := range s.code {
		newest = max(newest, m.Version)
	}
	files, err := fs.Glob(s.files, "*.sql")
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
