package bench

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/bench/load"
)

// TestSyscalls sends messages to `parley serve` on SQLite, one at a time, until both sockets of the chat have each, and has
// strace count the server's system calls meanwhile, and no others. It is asked for by PARLEY_BENCH_SYSCALLS=FILE, where
// strace writes its table, and PARLEY_BENCH_MESSAGES is how many messages; scripts/syscalls calls it.
func TestSyscalls(t *testing.T) {
	file := os.Getenv("PARLEY_BENCH_SYSCALLS")
	if file == "" {
		t.Skip("needs strace: scripts/syscalls")
	}
	n, err := strconv.Atoi(os.Getenv("PARLEY_BENCH_MESSAGES"))
	if err != nil {
		t.Fatal("PARLEY_BENCH_MESSAGES: ", err)
	}
	s, err := load.NewServer("sqlite:"+filepath.Join(t.TempDir(), "parley.db"), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	p, err := newPair(s, 0, time.Now().Add(10*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	say := func(n int) {
		for range n {
			if _, err := p.exchange(); err != nil {
				t.Fatal(err)
			}
		}
	}
	say(100) // what is used for the first time is prepared
	stop := trace(t, s.PID(), file)
	say(n)
	stop()
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

// attachTime is how long strace may take to hold on to a process.
const attachTime = 30 * time.Second

// trace counts a process's system calls until stop is called.
func trace(t *testing.T, pid int, file string) (stop func()) {
	t.Helper()
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("strace", "-c", "-f", "-o", file, "-p", strconv.Itoa(pid))
	told, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(attachTime, func() { _ = cmd.Process.Kill() }) // which ends its lines
	// It tells of each thread that it holds on to.
	lines := bufio.NewScanner(told)
	for attached := 0; attached < len(threads); {
		if !lines.Scan() {
			if err := cmd.Wait(); late.Stop() {
				t.Fatalf("strace has ended: %v", err)
			}
			t.Fatalf("strace has not attached to %d threads within %v", len(threads), attachTime)
		}
		if !strings.Contains(lines.Text(), "attached") {
			t.Log(lines.Text())
			continue
		}
		attached++
		if strings.Contains(lines.Text(), "with") { // "Process 1 attached with 7 threads"
			break
		}
	}
	if !late.Stop() {
		t.Fatalf("strace has not attached to %d threads within %v: %v", len(threads), attachTime, cmd.Wait())
	}
	return func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // to its end
		}
		if err := cmd.Wait(); err != nil && cmd.ProcessState.Exited() && cmd.ProcessState.ExitCode() > 1 {
			t.Errorf("strace: %v", err)
		}
	}
}
