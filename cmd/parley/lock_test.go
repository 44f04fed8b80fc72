package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// waiting starts a process beside the holder of its database, and returns once it says that it waits.
func waiting(t *testing.T, holder *exec.Cmd, args ...string) (c *exec.Cmd, rest func() string) {
	t.Helper()
	c = command(t, nil, args...)
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill() //nolint:errcheck // it may be gone
		c.Wait()         //nolint:errcheck // a second time is refused
	})
	lines := bufio.NewReader(stderr)
	said, err := lines.ReadString('\n')
	if err != nil || !strings.Contains(said, "waiting") || !strings.Contains(said, named(t, holder)) {
		t.Fatalf("beside %s it said %q, %v", named(t, holder), said, err)
	}
	return c, func() string {
		left, _ := io.ReadAll(lines) // to the end of the process
		return string(left)
	}
}

// named is a process as the lock file names it.
func named(t *testing.T, c *exec.Cmd) string {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("process %d on host %s", c.Process.Pid, host)
}

// Two processes that serve from one SQLite file would not hear of each other's messages.
func TestOneProcessServesFromASQLiteFile(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	serve := []string{"serve", "--db", "sqlite:" + filepath.Join(data, "parley.db"), "--public-url", "https://chat.example.com", "--operator-listen", ""}
	first, endpoint := started(t, nil, serve...)
	address := strings.TrimPrefix(endpoint, "http://")

	t.Log("a second one waits, whether it has the same address or another, and names the first")
	for _, args := range [][]string{
		append(serve, "--listen", address),
		{"dev", "--data", data, "--listen", "127.0.0.1:0"},
	} {
		second, rest := waiting(t, first, args...)
		if err := second.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		said := rest()
		if err := second.Wait(); second.ProcessState.ExitCode() != 1 || !strings.Contains(said, named(t, first)) {
			t.Errorf("%v, %s", err, said)
		}
	}
	answers(t, endpoint, http.StatusOK)

	t.Log("an operator's commands wait for nothing")
	good(t, nil, "instance", "create", "support", "--db", serve[2])
	good(t, nil, "key", "create", "--db", serve[2])

	t.Log("a second one serves as soon as the first has stopped, from the same address")
	second, _ := waiting(t, first, append(serve, "--listen", address)...)
	stop(t, first)
	answers(t, endpoint, http.StatusOK)

	t.Log("a process that was killed leaves nothing behind that is in the way")
	if err := second.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	second.Wait() //nolint:errcheck // it was killed
	third, _ := started(t, nil, serve...)
	stop(t, third)
}
