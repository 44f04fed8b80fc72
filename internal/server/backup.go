package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/keys"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
)

// errNotSQLite is what to do where BackUp cannot help.
var errNotSQLite = errors.New(`parley backup copies SQLite databases. PostgreSQL has its own tools:
  pg_dump --format=custom --file=FILE DATABASE     now and then, while servers run
  continuous archiving (pg_basebackup and WAL)     to lose nothing
Keep PARLEY_SECRET with the backup, in another place: keys in the database are sealed with it, and without it no access key
and no participant's token of that backup works. docs/operating.md says more`)

// BackUp writes a copy of a configuration's SQLite database and its secret to a new file, readable by its owner only, and
// returns how large it is. Servers may be running on the database.
func BackUp(ctx context.Context, cfg Config, file string) (size int64, err error) {
	path, isFile := strings.CutPrefix(cfg.Database, "sqlite:")
	switch {
	case isPostgres(cfg.Database):
		return 0, errNotSQLite
	case cfg.Database == "" || !isFile || path == "" || path == memory:
		return 0, cfg.checkBackedUp()
	}
	if err := missing(file); err != nil {
		return 0, err
	}
	if _, err := os.Stat(path); err != nil {
		return 0, fmt.Errorf("the database: %w", err)
	}
	secret, err := cfg.knownSecret(path)
	if err != nil {
		return 0, err
	}
	master, err := token.NewMasterKey(secret)
	if err != nil {
		return 0, err
	}
	err = replaceNothing(file, func(tmp string) error {
		made := store.Backup{Secret: secret, Made: time.Now(), Program: Version()}
		if err := store.BackUp(ctx, path, tmp, made, keys.TokenKind, func(id string, body []byte) error { return keys.Opens(master, id, body) }); err != nil {
			return err
		}
		info, err := os.Stat(tmp)
		if err == nil {
			size = info.Size()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("back up: %w", err)
	}
	return size, nil
}

func (c *Config) checkBackedUp() error {
	if err := c.checkDatabase(); err != nil {
		return err
	}
	return errors.New("--db: there is no file to back up")
}

// knownSecret is the secret of a database that is there; none is made.
func (c *Config) knownSecret(database string) (string, error) {
	if c.Secret != "" {
		return c.Secret, nil
	}
	raw, err := os.ReadFile(filepath.Join(filepath.Dir(database), secretFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no %s beside the database: set PARLEY_SECRET to the server's, or the backup's keys could not be used", secretFile)
	}
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// Restore makes a database and its secret, in a directory that has neither, of a file that BackUp has written.
func Restore(ctx context.Context, file, dir string) error {
	database, secret := filepath.Join(dir, databaseFile), filepath.Join(dir, secretFile)
	for _, name := range []string{database, database + "-wal", database + "-journal", secret} {
		if err := missing(name); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return replaceNothing(database, func(tmp string) error {
		if err := copyFile(file, tmp); err != nil {
			return err
		}
		b, err := store.Unpack(ctx, tmp)
		if err != nil {
			return err
		}
		// The secret first: beside a database without one, a server would make another.
		return replaceNothing(secret, func(tmp string) error {
			return writeDurably(tmp, strings.NewReader(b.Secret+"\n"))
		})
	})
}

// missing refuses a name that something has.
func missing(name string) error {
	_, err := os.Lstat(name)
	switch {
	case err == nil:
		return fmt.Errorf("%s exists; choose another name, nothing is overwritten", name)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// replaceNothing makes a file that is there whole and durable, or not at all. make fills an empty file under another name,
// which only its owner can read, and leaves it durable.
func replaceNothing(name string, make func(tmp string) error) error {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, "."+filepath.Base(name)+"-*") // 0600
	if err != nil {
		return err
	}
	tmp := f.Name()
	defer func() {
		for _, suffix := range []string{"", "-journal"} {
			_ = os.Remove(tmp + suffix) // gone or not, it is only a name
		}
	}()
	if err := f.Close(); err != nil {
		return err
	}
	if err := make(tmp); err != nil {
		return err
	}
	if err := os.Link(tmp, name); errors.Is(err, fs.ErrExist) {
		return missing(name)
	} else if err != nil {
		// A file system without links: between the look and the renaming another may take the name.
		if err := missing(name); err != nil {
			return err
		}
		if err := os.Rename(tmp, name); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	return errors.Join(writeDurably(to, src), src.Close())
}

func writeDurably(name string, from io.Reader) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Sync(), f.Close())
}
