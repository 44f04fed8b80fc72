package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"
)

// Backup is what a backup has beside the database.
type Backup struct {
	Secret  string // the operator's, which keys in the database are sealed with
	Made    time.Time
	Program string // the version that made it
}

// backupTable holds a Backup; a database in use never has it.
const backupTable = `CREATE TABLE backup (secret TEXT NOT NULL, made BIGINT NOT NULL, program TEXT NOT NULL)`

// BackUp copies the SQLite database at path, as it is at one moment, into the file to, which is there and empty, and puts
// b into the copy. It reads as any reader does, so that who writes goes on; the schema of the database stays as it is. opens
// is asked about every resource of a kind that belongs to no instance: an error ends the backup.
func BackUp(ctx context.Context, path, to string, b Backup, kind string, opens func(id string, body []byte) error) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	// mode=rw: a database that is not there is not made.
	from, err := openPool(sqliteFile(path)+"?mode=rw&_pragma=busy_timeout("+busyTimeout+")", 1)
	if err != nil {
		return err
	}
	stop, err := syncWhileWritten(to)
	if err != nil {
		return errors.Join(err, from.Close())
	}
	_, err = from.ExecContext(ctx, `VACUUM INTO ?`, to)
	if err = errors.Join(err, stop(), from.Close()); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	return onCopy(to, func(db *sql.DB) error {
		if err := quickCheck(ctx, db); err != nil {
			return err
		}
		if err := openResources(ctx, db, kind, opens); err != nil {
			return err
		}
		if _, err := db.ExecContext(ctx, backupTable); err != nil {
			return err
		}
		_, err := db.ExecContext(ctx, `INSERT INTO backup VALUES ($1, $2, $3)`, b.Secret, millis(b.Made), b.Program)
		return err
	})
}

// syncWhileWritten brings what is written to a file to the disk again and again, until it is stopped. A file system may let
// the commits of a database beside it wait for all that is not there yet.
func syncWhileWritten(path string) (stop func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	stopped, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stopped:
				done <- nil
				return
			case <-time.After(syncEvery):
			}
			if err := f.Sync(); err != nil {
				done <- err
				return
			}
		}
	}()
	return func() error {
		close(stopped)
		return errors.Join(<-done, f.Close())
	}, nil
}

const syncEvery = 50 * time.Millisecond

// Unpack takes what [BackUp] put beside the database out of a copy of its file, and leaves the database.
func Unpack(ctx context.Context, path string) (b Backup, err error) {
	err = onCopy(path, func(db *sql.DB) error {
		var made int64
		if err := db.QueryRowContext(ctx, `SELECT secret, made, program FROM backup`).Scan(&b.Secret, &made, &b.Program); err != nil {
			return fmt.Errorf("this is not a file that parley backup has written: %w", err)
		}
		b.Made = timeOf(made)
		if err := quickCheck(ctx, db); err != nil {
			return err
		}
		_, err := db.ExecContext(ctx, `DROP TABLE backup`)
		return err
	})
	return b, err
}

// onCopy works on a database that nobody else has open, and leaves one file that is durable.
func onCopy(path string, work func(*sql.DB) error) error {
	db, err := openPool(sqliteFile(path)+"?mode=rw&_pragma=journal_mode(DELETE)&_pragma=synchronous(FULL)&_pragma=secure_delete(ON)", 1)
	if err != nil {
		return err
	}
	if err := errors.Join(work(db), db.Close()); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func quickCheck(ctx context.Context, db *sql.DB) error {
	var said string
	err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&said)
	if err == nil && said != "ok" {
		err = errors.New(said)
	}
	var erases bool // false in a database of before chats could be erased, whose items are not looked at
	if err == nil {
		err = db.QueryRowContext(ctx, `SELECT count(*) > 0 FROM sqlite_master WHERE name = 'erased'`).Scan(&erases)
	}
	if err == nil && erases {
		if err = db.QueryRowContext(ctx, sqlHole).Scan(&said); errors.Is(err, sql.ErrNoRows) {
			err = nil
		} else if err == nil {
			err = errors.New(said)
		}
	}
	if err != nil {
		return fmt.Errorf("the copy is damaged: %w", err)
	}
	return nil
}

func openResources(ctx context.Context, db *sql.DB, kind string, opens func(id string, body []byte) error) error {
	rows, err := db.QueryContext(ctx, `SELECT id, body FROM resource WHERE instance = '' AND kind = $1`, kind)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	for rows.Next() {
		var id, body []byte
		if err := rows.Scan(&id, &body); err != nil {
			return err
		}
		if err := opens(string(id), body); err != nil {
			return err
		}
	}
	return rows.Err()
}
