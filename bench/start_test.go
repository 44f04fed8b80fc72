package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/bench/load"
)

// starts is how often each kind of start is measured.
const starts = 15

// BenchmarkStart is from fork to the first 200 of /health/ready, the median of 15 starts, and what the process has in
// RAM when it has idled for a moment. The baseline is a process with no store to open.
func BenchmarkStart(b *testing.B) {
	needProc(b)
	for _, subject := range subjects(b) {
		b.Run(subject.name, func(b *testing.B) {
			for b.Loop() {
				startExisting(b, subject)
			}
		})
	}
	b.Run(onSQLite+"-new", func(b *testing.B) {
		for b.Loop() {
			s := startParley(b, "sqlite:"+filepath.Join(b.TempDir(), "parley.db"))
			medianStart(b, s, amount{what: "start, new database", of: onSQLite}, 40, func() {
				s.Database = "sqlite:" + filepath.Join(b.TempDir(), "parley.db")
			})
		}
	})
}

func startExisting(b *testing.B, subject subject) {
	s := subject.start(b)
	x := amount{what: "start, existing database", of: subject.name}
	within := 25.0
	if subject.name == baseline {
		within = 0
	}
	medianStart(b, s, x, within, func() {})
	time.Sleep(1500 * time.Millisecond)
	bytes, err := resident(s.PID())
	if err != nil {
		b.Fatal(err)
	}
	idle := amount{what: "memory when idle", of: subject.name, value: float64(bytes) / (1 << 20), unit: "MiB"}
	if subject.name != baseline {
		idle.goal = goal{"25 MiB", idle.value <= 25}
	}
	idle.publish(b)
}

// medianStart stops and starts a server again and again, each time after prepare, and publishes the median. The server
// runs when it returns. A goal of 0 is none.
func medianStart(b *testing.B, s *load.Server, x amount, within float64, prepare func()) {
	b.Helper()
	took := make([]time.Duration, starts)
	for i := range took {
		s.Kill()
		prepare()
		var err error
		if took[i], err = s.Start(); err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(took)
	x.value, x.unit = milliseconds(took[starts/2]), "ms"
	x.note = fmt.Sprintf("%.1f to %.1f", milliseconds(took[0]), milliseconds(took[starts-1]))
	if within > 0 {
		x.goal = goal{fmt.Sprintf("%.0f ms", within), x.value <= within}
	}
	x.publish(b)
}

// BenchmarkColdBuild is `go build ./cmd/parley` with an empty build cache: the first command in a fresh clone, the
// download of modules aside. It keeps the machine busy for a minute, so it is asked for with PARLEY_BENCH_COLD_BUILD=1.
func BenchmarkColdBuild(b *testing.B) {
	if os.Getenv("PARLEY_BENCH_COLD_BUILD") == "" {
		b.Skip("left out: set PARLEY_BENCH_COLD_BUILD=1 to build with an empty cache")
	}
	for b.Loop() {
		buildCold(b)
	}
}

func buildCold(b *testing.B) {
	cmd := exec.Command("go", "build", "-o", filepath.Join(b.TempDir(), "parley"), "../cmd/parley")
	cmd.Env = append(os.Environ(), "GOCACHE="+b.TempDir())
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	// Of a process and all that it has waited for.
	used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	cpu := time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
	amount{
		what: "cold build", of: "go build", value: cpu, unit: "CPU-s", goal: goal{"110 CPU-s", cpu <= 110},
		note: fmt.Sprintf("%.1f s by the clock", time.Since(began).Seconds()),
	}.publish(b)
}
