package parleytest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/parley-chat/parley/parleytest"
)

// moment is a test within a benchmark: its end is when the benchmark says.
type moment struct {
	testing.TB
	after []func()
}

func (m *moment) Cleanup(f func()) { m.after = append(m.after, f) }

func (m *moment) end() {
	for _, f := range slices.Backward(m.after) {
		f()
	}
}

// BenchmarkGreeting is the time from nothing to the first greeting of a flow, of which it shows the median too: it shall
// be less than 10 ms.
func BenchmarkGreeting(b *testing.B) {
	var took []time.Duration
	for b.Loop() {
		m := &moment{TB: b}
		begin := time.Now()
		parleytest.New(m).Start("").Hears(greeting)
		took = append(took, time.Since(begin))
		m.end()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/median")
}
