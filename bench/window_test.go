package bench

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/bench/load"
)

// warmUp is how long everything runs before it is measured.
const warmUp = time.Second

// window is how long is measured.
func window() time.Duration {
	if testing.Short() {
		return 2 * time.Second
	}
	return 8 * time.Second
}

// phases of a measurement, which all workers look at.
const (
	warming int32 = iota
	measuring
	over
)

// bench is one measurement: workers repeat an operation, and what they do between two moments counts.
type bench struct {
	phase atomic.Int32
	mu    sync.Mutex
	took  []time.Duration
	err   error // the first
}

// worker repeats the operation until the measurement is over. It returns how long each took of those that were over
// while it was measured.
type worker func(*bench) ([]time.Duration, error)

// run lets the workers work and returns what they did.
func run(b *testing.B, s *load.Server, postmaster int, workers []worker) rate {
	b.Helper()
	m := meter{s.PID(), postmaster}
	var x bench
	var working, profiling sync.WaitGroup
	for _, w := range workers {
		working.Go(func() { x.add(w(&x)) })
	}
	time.Sleep(warmUp)
	before := m.read(b)
	x.phase.Store(measuring)
	profiling.Go(func() { profile(b, s, fmt.Sprintf("profile?seconds=%.0f", window().Seconds())) })
	time.Sleep(window())
	x.phase.Store(over)
	after := m.read(b)
	working.Wait()
	profiling.Wait()
	if x.err != nil {
		b.Fatal(x.err)
	}
	if len(x.took) == 0 {
		b.Fatal("not one operation was over in time")
	}
	return x.rate(after.since(before), after.at.Sub(before.at))
}

func (x *bench) add(took []time.Duration, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.took = append(x.took, took...)
	if x.err == nil {
		x.err = err
	}
	if err != nil {
		x.phase.Store(over)
	}
}

func (x *bench) rate(used usage, elapsed time.Duration) rate {
	slices.Sort(x.took)
	n := len(x.took)
	each := func(d time.Duration) time.Duration { return d / time.Duration(n) }
	return rate{
		perSecond: float64(n) / elapsed.Seconds(),
		p50:       x.took[n/2], p99: x.took[n*99/100],
		server: each(used.server), database: each(used.database), client: each(used.client),
		foreign: used.foreign(elapsed),
	}
}

// repeat is the worker of an operation without a schedule.
func repeat(operation func() (time.Duration, error)) worker {
	return func(x *bench) (took []time.Duration, err error) {
		took = make([]time.Duration, 0, 1<<12)
		for x.phase.Load() != over {
			d, err := operation()
			if err != nil {
				return nil, err
			}
			if x.phase.Load() == measuring {
				took = append(took, d)
			}
		}
		return took, nil
	}
}

// schedule is the worker of an operation that is due at fixed moments, whether the one before it is over or not: its
// time counts from the moment it was due.
func schedule(first time.Time, every time.Duration, operation func() (time.Duration, error)) worker {
	return func(x *bench) (took []time.Duration, err error) {
		took = make([]time.Duration, 0, 1<<12)
		for due := first; x.phase.Load() != over; due = due.Add(every) {
			time.Sleep(time.Until(due))
			if _, err := operation(); err != nil {
				return nil, err
			}
			if x.phase.Load() == measuring {
				took = append(took, time.Since(due))
			}
		}
		return took, nil
	}
}

// publish reports a rate as this benchmark's, and keeps it for the table.
func (r rate) publish(b *testing.B) {
	b.ReportMetric(0, "ns/op") // the time of a whole measurement says nothing
	b.ReportMetric(r.perSecond, "op/s")
	b.ReportMetric(microseconds(r.server), "server-µs/op")
	b.ReportMetric(microseconds(r.client), "client-µs/op")
	b.ReportMetric(milliseconds(r.p50), "p50-ms")
	b.ReportMetric(milliseconds(r.p99), "p99-ms")
	b.ReportMetric(r.foreign, "foreign-cores")
	if r.database > 0 {
		b.ReportMetric(microseconds(r.database), "database-µs/op")
	}
	figures.rate(r)
}
