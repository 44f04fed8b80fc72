package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// lockSuffix makes the name of a database's lock file. The database file itself must not be opened for this: closing any
// handle of it drops SQLite's own locks, which belong to the process.
const lockSuffix = ".lock"

const (
	// LockPatience is how long Lock waits for a process that may be stopping, which takes it up to 10 s.
	LockPatience = 15 * time.Second
	lockRetry    = 100 * time.Millisecond
)

// Lock says that one process alone serves from a SQLite file. The kernel releases it when the process ends, however it
// ends. A nil Lock locks nothing.
type Lock struct {
	file     *os.File
	release  sync.Once
	released error
}

// LockFor locks the database at url for serving. Another process that holds it gets LockPatience to stop; then the error
// names that process. Only SQLite files need the lock: any number of nodes may share PostgreSQL, and no other process has
// a database in memory.
func LockFor(ctx context.Context, url string, log *slog.Logger) (*Lock, error) {
	path, isFile := strings.CutPrefix(url, "sqlite:")
	if !isFile || path == ":memory:" {
		return nil, nil
	}
	path, err := realPath(path)
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	f, err := os.OpenFile(path+lockSuffix, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	if err := takeLock(ctx, f, path, log); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := writeHolder(f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the database: %w", err), f.Close())
	}
	return &Lock{file: f}, nil
}

// takeLock returns once the file is locked.
func takeLock(ctx context.Context, f *os.File, path string, log *slog.Logger) error {
	patience := time.NewTimer(LockPatience)
	defer patience.Stop()
	for first := true; ; first = false {
		locked, err := tryLock(f)
		if err != nil {
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		if locked {
			return nil
		}
		if first {
			log.Warn("another process serves from the database; waiting for it to stop",
				"database", path, "holder", holder(f), "at_most", LockPatience.String())
		}
		select {
		case <-time.After(lockRetry):
		case <-patience.C:
			return fmt.Errorf("%s serves from %s, and has not stopped within %v: a SQLite database is for one process; stop that one, or give this one a database of its own",
				holder(f), path, LockPatience)
		case <-ctx.Done():
			return fmt.Errorf("told to stop while waiting for %s, which serves from %s", holder(f), path)
		}
	}
}

// Release gives the lock back. The file stays: removing it could let two processes lock two files of one name.
func (l *Lock) Release() error {
	if l == nil {
		return nil
	}
	l.release.Do(func() { l.released = errors.Join(l.file.Truncate(0), l.file.Close()) })
	return l.released
}

// writeHolder says in the lock file which process has it.
func writeHolder(f *os.File) error {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(fmt.Appendf(nil, "pid %d\nhost %s\n", os.Getpid(), host), 0)
	return err
}

// holder describes the process that has the lock, as the lock file names it.
func holder(f *os.File) string {
	text, _ := io.ReadAll(io.NewSectionReader(f, 0, 1<<10)) // what cannot be read names nobody
	var pid int
	var host string
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch name {
		case "pid":
			pid, _ = strconv.Atoi(value)
		case "host":
			host = value
		}
	}
	if pid == 0 || host == "" {
		return "another process"
	}
	return fmt.Sprintf("process %d on host %s", pid, strings.Trim(strconv.QuoteToGraphic(host), `"`))
}

// realPath resolves symbolic links, so that one database has one lock file. The database need not be there yet.
func realPath(path string) (string, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return resolved, err
	}
	if target, err := os.Readlink(path); err == nil {
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		return realPath(target)
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	return filepath.Join(dir, filepath.Base(path)), err
}
