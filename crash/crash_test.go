package crash

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/parley-chat/parley/bench/load"
)

// asked returns the number in an environment variable, or skips: these tests take long.
func asked(t *testing.T, variable, what string) int {
	t.Helper()
	given := os.Getenv(variable)
	if given == "" {
		t.Skipf("left out: %s (set %s to how often)", what, variable)
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 {
		t.Fatalf("%s must be a number, it is %q", variable, given)
	}
	return n
}

// needed returns an environment variable's value, or skips.
func needed(t *testing.T, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		t.Skipf("left out: %s is not set (scripts/postgres run sets it)", variable)
	}
	return value
}

// TestCrashSQLite kills parley.
func TestCrashSQLite(t *testing.T) {
	kills := asked(t, "PARLEY_TEST_CRASH", "kill -9 of parley on SQLite")
	x := newTrial(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"))
	for range kills {
		x.crash(func() {})
	}
	x.finish(fmt.Sprintf("%d kills on SQLite", kills))
}

// TestCrashPostgres kills parley.
func TestCrashPostgres(t *testing.T) {
	kills := asked(t, "PARLEY_TEST_CRASH", "kill -9 of parley on PostgreSQL")
	x := newTrial(t, newDatabase(t))
	for range kills {
		x.crash(func() {})
	}
	x.finish(fmt.Sprintf("%d kills on PostgreSQL", kills))
}

// TestCrashPostmaster kills PostgreSQL's postmaster, and with it all of PostgreSQL, under a parley that goes on: a
// quarter as often as the others are killed, since each takes longer.
func TestCrashPostmaster(t *testing.T) {
	kills := max(1, asked(t, "PARLEY_TEST_CRASH", "kill -9 of PostgreSQL")/4)
	pidFile, start := needed(t, "PARLEY_TEST_POSTGRES_PIDFILE"), needed(t, "PARLEY_TEST_POSTGRES_START")
	x := newTrial(t, newDatabase(t))
	for range kills {
		x.calm()
		pid, err := load.Postmaster(pidFile)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatalf("kill the postmaster: %v", err)
		}
		if out, err := exec.Command(start).CombinedOutput(); err != nil {
			t.Fatalf("start PostgreSQL again: %v\n%s", err, out)
		}
	}
	x.finish(fmt.Sprintf("%d kills of the postmaster", kills))
}

func newDatabase(t *testing.T) string {
	t.Helper()
	database, drop, err := load.NewDatabase(context.Background(), needed(t, "PARLEY_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return database
}
