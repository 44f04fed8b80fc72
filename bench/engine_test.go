package bench

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/parley-chat/parley/bench/load"
)

// The servers that are measured.
const (
	baseline   = "canned"
	onSQLite   = "SQLite"
	onPostgres = "PostgreSQL"
)

// subject is a server to measure, on an empty store.
type subject struct {
	name       string
	start      func(*testing.B) *load.Server
	postmaster int // pid of the PostgreSQL behind it, or 0
}

// subjects are the baseline first, and parley on each engine that is there.
func subjects(b *testing.B) []subject {
	b.Helper()
	all := []subject{
		{name: baseline, start: startCanned},
		{name: onSQLite, start: func(b *testing.B) *load.Server {
			return startParley(b, "sqlite:"+filepath.Join(b.TempDir(), "parley.db"))
		}},
	}
	base := os.Getenv("PARLEY_TEST_POSTGRES")
	if base == "" {
		return all
	}
	s := subject{name: onPostgres, start: func(b *testing.B) *load.Server { return startParley(b, newDatabase(b, base)) }}
	if file := os.Getenv("PARLEY_TEST_POSTGRES_PIDFILE"); file != "" {
		var err error
		if s.postmaster, err = load.Postmaster(file); err != nil {
			b.Fatal(err)
		}
	}
	return append(all, s)
}

func startParley(b *testing.B, database string) *load.Server {
	b.Helper()
	s, err := load.NewServer(database, b.Output())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Kill)
	return s
}

func newDatabase(b *testing.B, base string) string {
	b.Helper()
	database, drop, err := load.NewDatabase(context.Background(), base)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := drop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return database
}
