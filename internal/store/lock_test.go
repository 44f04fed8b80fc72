package store

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// locked locks a database, and returns what was logged meanwhile.
func locked(t *testing.T, path string) (*Lock, string, error) {
	t.Helper()
	var log bytes.Buffer
	l, err := LockFor(t.Context(), "sqlite:"+path, slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { l.Release() }) //nolint:errcheck // most are released already
	return l, log.String(), err
}

// us is how this process is named to others.
func us(t *testing.T) string {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("process %d on host %s", os.Getpid(), host)
}

func TestALockIsWaitedForAndThenRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "parley.db")
		if _, said, err := locked(t, path); err != nil || said != "" {
			t.Fatalf("%v, %s", err, said)
		}
		begin := time.Now()
		_, said, err := locked(t, path)
		if err == nil || !strings.Contains(err.Error(), us(t)) || !strings.Contains(err.Error(), path) {
			t.Errorf("refused with %v, which does not name %s and %s", err, us(t), path)
		}
		equal(t, "waited", time.Since(begin), LockPatience)
		if strings.Count(said, "level=WARN") != 1 || !strings.Contains(said, us(t)) {
			t.Errorf("while waiting it said %s", said)
		}
	})
}

func TestALockIsTakenOverFromOneThatStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "parley.db")
		first, _, err := locked(t, path)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(10*time.Second, func() { first.Release() }) //nolint:errcheck // the second gets it or not
		begin := time.Now()
		if _, _, err := locked(t, path); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("it was taken over after %v", took)
		}
		if err := first.Release(); err != nil { // a second time: the lock is another's now
			t.Error(err)
		}
		if _, _, err := locked(t, path); err == nil {
			t.Error("the second has no lock")
		}
	})
}

func TestWaitingForALockCanBeCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "parley.db")
		if _, _, err := locked(t, path); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, err := LockFor(ctx, "sqlite:"+path, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), us(t)) || time.Since(begin) != time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	})
}

// One database has one lock, whichever name it is opened by.
func TestALockIsOfTheFileNotOfItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "data/there.db"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for link, target := range map[string]string{"there.db": "data/there.db", "new.db": "data/new.db", "link": "data"} {
			if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct{ real, alias string }{
			{"data/there.db", "there.db"}, {"data/new.db", "new.db"}, {"data/another.db", "link/another.db"},
		} {
			if _, _, err := locked(t, filepath.Join(dir, c.real)); err != nil {
				t.Fatal(err)
			}
			if _, _, err := locked(t, filepath.Join(dir, c.alias)); err == nil {
				t.Errorf("%s is locked, and %s too", c.real, c.alias)
			}
		}
	})
}

// What is left in the lock file of a process that was killed names it, and locks nothing.
func TestAStaleLockFileIsNoObstacle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	if err := os.WriteFile(path+".lock", []byte("pid 1\nhost elsewhere.example with a longer name than ours can be\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, said, err := locked(t, path)
	if err != nil || said != "" {
		t.Fatalf("%v, %s", err, said)
	}
	equal(t, "holder", holder(l.file), us(t))
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadFile(path + ".lock"); err != nil || len(left) != 0 {
		t.Errorf("after the release: %q, %v", left, err)
	}
}

func TestTheHolderOfALock(t *testing.T) {
	for text, want := range map[string]string{
		"pid 17\nhost here\n":          "process 17 on host here",
		"pid 17\nhost he\x1b[2Jre\n":   `process 17 on host he\x1b[2Jre`,
		"pid 17\nhost here\nmore x\n":  "process 17 on host here",
		"":                             "another process",
		"pid x\nhost here\n":           "another process",
		"pid 17\n":                     "another process",
		strings.Repeat("pid 1\n", 999): "another process",
	} {
		name := filepath.Join(t.TempDir(), "lock")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, text, holder(f), want)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNodesAreCounted(t *testing.T) {
	url := postgresURL(t)
	counted := func(s *Store, want int) {
		t.Helper()
		// A session ends a moment after its client has gone.
		for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
			n, err := s.Nodes(t.Context())
			if err == nil && n == want {
				return
			}
			if time.Since(begin) > 20*time.Second {
				t.Fatalf("%d nodes, %v, want %d", n, err, want)
			}
		}
	}
	first, second := open(t, url), open(t, url)
	counted(first, 1)
	counted(first, 1)
	open(t, postgresURL(t)).Nodes(t.Context()) //nolint:errcheck // of another schema, it does not count here
	counted(second, 2)
	counted(first, 2)
	open(t, url) // an operator's command opens the store and is no node
	counted(first, 2)

	t.Log("a node that is gone does not count any more, and one whose session was lost counts again")
	var pid int
	if err := first.engine.(*pgEngine).attend.QueryRowContext(t.Context(), `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
		t.Fatal(err)
	}
	onPostgres(t, url, fmt.Sprintf(`SELECT pg_terminate_backend(%d)`, pid))
	counted(second, 1)
	counted(first, 2)
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	counted(first, 1)
	equal(t, "nodes on SQLite", must(open(t, "sqlite::memory:").Nodes(t.Context()))(t), 1)
}

func TestWhatNeedsNoLock(t *testing.T) {
	for _, url := range []string{"sqlite::memory:", "postgres://parley@db/parley", "postgresql://parley@db/parley"} {
		for range 2 {
			if l, err := LockFor(t.Context(), url, nil); l != nil || err != nil || l.Release() != nil {
				t.Errorf("%s: %v, %v", url, l, err)
			}
		}
	}
	if _, err := LockFor(t.Context(), "sqlite:/no/such/folder/parley.db", nil); err == nil {
		t.Error("a lock in a folder that is not there")
	}
}

// A program that is newer than the process that serves from a file leaves the file's schema alone.
func TestTheSchemaOfAServedFileIsNotChanged(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "parley.db")
	equal(t, "close", databaseAt(t, url, 4).Close(), nil)
	serving := must(LockFor(t.Context(), url, slog.New(slog.DiscardHandler)))(t)
	_, err := Open(t.Context(), url, Options{})
	if err == nil || !strings.Contains(err.Error(), "serves from it by schema version 4") {
		t.Errorf("beside a process that serves: %v", err)
	}
	s := must(Open(t.Context(), url, Options{Locked: true}))(t)
	equal(t, "version", must(s.SchemaVersion(t.Context()))(t), must(migrations().newest())(t))
	equal(t, "close", s.Close(), nil)
	open(t, url) // nothing is to be changed any more
	equal(t, "release", serving.Release(), nil)
}
