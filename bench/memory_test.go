package bench

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/bench/load"
)

// idleSockets returns how many sockets the limit on open files lets two processes hold, up to ten thousand.
func idleSockets(b *testing.B) int {
	b.Helper()
	n := 10_000
	if testing.Short() {
		n = 1000
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		b.Fatal(err)
	}
	if most := int(limit.Cur) - 200; most < n {
		b.Logf("only %d sockets: the limit on open files is %d", most, limit.Cur)
		return most
	}
	return n
}

// BenchmarkIdleSockets is the memory of connected, subscribed customers to whom nothing happens, each in a chat of
// their own: what the process has in RAM beyond what it had before, by the socket. It is read as it stands, and after
// a collection that returns to the system what is free.
func BenchmarkIdleSockets(b *testing.B) {
	needProc(b)
	for _, subject := range subjects(b) {
		b.Run(subject.name, func(b *testing.B) {
			for b.Loop() {
				measureIdle(b, subject, idleSockets(b))
			}
		})
	}
}

func measureIdle(b *testing.B, subject subject, n int) {
	s := subject.start(b)
	before := collected(b, s)
	openIdle(b, s, n)
	loaded, err := resident(s.PID())
	if err != nil {
		b.Fatal(err)
	}
	each := func(bytes int64) float64 { return float64(bytes-before) / 1024 / float64(n) }
	after := each(collected(b, s))
	profile(b, s, "heap")
	x := amount{
		what: fmt.Sprintf("an idle socket of %d", n), of: subject.name, value: after, unit: "KiB",
		note: fmt.Sprintf("%.2f before the collection", each(loaded)),
	}
	if subject.name != baseline && n == 10_000 {
		x.goal = goal{"10 KiB", after <= 10}
	}
	x.publish(b)
}

// openIdle opens sockets that stay open until the benchmark is over.
func openIdle(b *testing.B, s *load.Server, n int) {
	b.Helper()
	const workers = 16
	deadline := time.Now().Add(3 * time.Minute)
	lines := make(chan *load.Line, workers)
	for range workers {
		l, err := load.Dial(s.Address, deadline)
		if err != nil {
			b.Fatal(err)
		}
		lines <- l
		b.Cleanup(func() { l.Close() })
	}
	sockets := make([]*load.Socket, n)
	b.Cleanup(func() {
		for _, socket := range sockets {
			if socket != nil {
				socket.Close()
			}
		}
	})
	if err := atOnce(n, workers, func(i int) error {
		l := <-lines
		defer func() { lines <- l }()
		customer, err := s.StartChat(l, "")
		if err != nil {
			return err
		}
		if _, sockets[i], err = join(s, l, customer, deadline); err != nil {
			return err
		}
		return await(sockets[i], []byte(load.Greeting))
	}); err != nil {
		b.Fatal(err)
	}
}

// collected makes the server collect its garbage twice, for what finalizers let go of, and returns its memory in RAM.
func collected(b *testing.B, s *load.Server) int64 {
	b.Helper()
	for range 2 {
		if err := freeMemory(s); err != nil {
			b.Fatal(err)
		}
	}
	bytes, err := resident(s.PID())
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}

func freeMemory(s *load.Server) error {
	l, err := load.Dial(s.Operator, time.Now().Add(time.Minute))
	if err != nil {
		return err
	}
	defer l.Close()
	_, err = l.Call(load.NewRequest(s.Operator, "POST", "/debug/free"), nil)
	return err
}

// publish reports an amount as this benchmark's, and keeps it for the table.
func (x amount) publish(b *testing.B) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(x.value, x.unit)
	figures.amount(x)
}
