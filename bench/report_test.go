package bench

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(cannedAddress); address != "" {
		serveCanned(address)
	}
	code := m.Run()
	figures.print()
	os.Exit(code)
}

// figures are all that was measured, printed when all of it was. What is measured again replaces what was.
var figures report

type report struct {
	mu      sync.Mutex
	rates   []rate
	amounts []amount
}

// rate is a figure of many operations in a time.
type rate struct {
	what, of  string // what was measured, and of which subject
	perSecond float64
	p50, p99  time.Duration
	server    time.Duration // CPU an operation
	database  time.Duration
	client    time.Duration
	foreign   float64 // cores
	goal      goal
}

// amount is a figure of its own.
type amount struct {
	what, of string
	value    float64
	unit     string
	goal     goal
	note     string
}

// goal is a bound on a figure, in words and met or not. The zero value is no goal.
type goal struct {
	text string
	met  bool
}

func (g goal) String() string {
	switch {
	case g.text == "":
		return ""
	case g.met:
		return g.text + ": met"
	}
	return g.text + ": MISSED"
}

// undisturbed is how many cores may be busy with other things before a rate says more about them.
const undisturbed = 0.2

// verdict is the goal, and whether the machine was ours when it was missed.
func (x rate) verdict() string {
	if v := x.goal.String(); x.goal.met || v == "" || x.foreign <= undisturbed {
		return v
	}
	return x.goal.String() + ", disturbed"
}

func (r *report) rate(x rate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rates = append(slices.DeleteFunc(r.rates, func(old rate) bool { return old.what == x.what && old.of == x.of }), x)
}

func (r *report) amount(x amount) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.amounts = append(slices.DeleteFunc(r.amounts, func(old amount) bool { return old.what == x.what && old.of == x.of }), x)
}

// share is a figure as a share of the baseline's in the same run.
func share(value, canned float64) string {
	if canned == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", value/canned)
}

func (r *report) print() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.rates)+len(r.amounts) == 0 {
		return
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	defer w.Flush() //nolint:errcheck // standard output is there, or nobody reads
	if len(r.rates) > 0 {
		fmt.Fprint(w, "\nwhat\tof\t/s\tof canned\tp50 ms\tp99 ms\tserver µs\tdatabase µs\tclient µs\tforeign cores\tgoal\n")
	}
	for _, x := range r.rates {
		fmt.Fprintf(w, "%s\t%s\t%.0f\t%s\t%.2f\t%.2f\t%.1f\t%.1f\t%.1f\t%.2f\t%s\n", x.what, x.of, x.perSecond,
			share(x.perSecond, r.cannedRate(x.what)), milliseconds(x.p50), milliseconds(x.p99),
			microseconds(x.server), microseconds(x.database), microseconds(x.client), x.foreign, x.verdict())
	}
	if len(r.amounts) > 0 {
		fmt.Fprint(w, "\nwhat\tof\tfigure\tof canned\tgoal\t\n")
	}
	for _, x := range r.amounts {
		fmt.Fprintf(w, "%s\t%s\t%.2f %s\t%s\t%s\t%s\n", x.what, x.of, x.value, x.unit,
			share(x.value, r.cannedAmount(x.what)), x.goal, x.note)
	}
}

func (r *report) cannedRate(what string) float64 {
	for _, x := range r.rates {
		if x.what == what && x.of == baseline {
			return x.perSecond
		}
	}
	return 0
}

func (r *report) cannedAmount(what string) float64 {
	for _, x := range r.amounts {
		if x.what == what && x.of == baseline {
			return x.value
		}
	}
	return 0
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
