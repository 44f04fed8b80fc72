package bench

import (
	"fmt"
	"strings"
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
// their own: what the process has in RAM beyond what it had before, by the socket. First the chats are begun and their
// flows greet: that is a chat and its socket, and much of it is the caches of SQLite's connections, whose size does not
// go with the sockets. All sockets are closed and opened again, which reads the chats from the store and fills what was
// left of those caches; then once more: that is a socket. Both are read after a collection that returns to the system
// what is free.
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
	crowd := &crowd{b: b, server: subject.start(b), customers: make([]load.Credentials, n), sockets: make([]*load.Socket, n)}
	crowd.dial(16)
	b.Cleanup(crowd.leave)
	x := amount{what: fmt.Sprintf("a chat and its idle socket, of %d", n), of: subject.name, unit: "KiB"}
	x.value, x.note = crowd.growth(func() { crowd.each(crowd.begin) })
	x.publish(b)
	crowd.disperse()
	crowd.each(crowd.open)
	crowd.disperse()
	x.what = fmt.Sprintf("an idle socket of %d", n)
	x.value, x.note = crowd.growth(func() { crowd.each(crowd.open) })
	if subject.name != baseline && n == 10_000 {
		x.goal = goal{"10 KiB", x.value <= 10}
	}
	x.publish(b)
	profile(b, crowd.server, "heap")
}

// crowd is many customers, each with a chat and a socket.
type crowd struct {
	b         *testing.B
	server    *load.Server
	deadline  time.Time
	lines     chan *load.Line
	customers []load.Credentials
	sockets   []*load.Socket
}

func (c *crowd) dial(lines int) {
	c.deadline = time.Now().Add(5 * time.Minute)
	c.lines = make(chan *load.Line, lines)
	for range lines {
		l, err := load.Dial(c.server.Address, c.deadline)
		if err != nil {
			c.b.Fatal(err)
		}
		c.lines <- l
		c.b.Cleanup(func() { l.Close() })
	}
}

// each does something for every customer, as many at a time as there are lines.
func (c *crowd) each(do func(l *load.Line, i int) error) {
	if err := atOnce(len(c.customers), cap(c.lines), func(i int) error {
		l := <-c.lines
		defer func() { c.lines <- l }()
		return do(l, i)
	}); err != nil {
		c.b.Fatal(err)
	}
}

// begin starts a chat and opens its socket, and returns when the flow has greeted.
func (c *crowd) begin(l *load.Line, i int) (err error) {
	if c.customers[i], err = c.server.StartChat(l, ""); err != nil {
		return err
	}
	if err := c.open(l, i); err != nil {
		return err
	}
	return await(c.sockets[i], []byte(load.Greeting))
}

func (c *crowd) open(l *load.Line, i int) (err error) {
	_, c.sockets[i], err = join(c.server, l, c.customers[i], c.deadline)
	return err
}

// leave closes all sockets.
func (c *crowd) leave() {
	for i, socket := range c.sockets {
		if socket != nil {
			socket.Close()
			c.sockets[i] = nil
		}
	}
}

// disperse closes all sockets, and returns when the server has noticed.
func (c *crowd) disperse() {
	c.leave()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		metrics, err := operate(c.server, "GET", "/metrics")
		if err != nil {
			c.b.Fatal(err)
		}
		if strings.Contains(metrics, "\nparley_sockets 0\n") {
			return
		}
		if time.Now().After(deadline) {
			c.b.Fatalf("the server still has sockets: %s", metrics)
		}
	}
}

// growth is the memory in KiB that each customer adds by what is done, and in words how much there was before the
// collection.
func (c *crowd) growth(do func()) (float64, string) {
	before := collected(c.b, c.server)
	do()
	loaded, err := resident(c.server.PID())
	if err != nil {
		c.b.Fatal(err)
	}
	each := func(bytes int64) float64 { return float64(bytes-before) / 1024 / float64(len(c.customers)) }
	return each(collected(c.b, c.server)), fmt.Sprintf("%.2f before the collection", each(loaded))
}

// collected makes the server collect its garbage twice, for what finalizers let go of, and returns its memory in RAM.
func collected(b testing.TB, s *load.Server) int64 {
	b.Helper()
	for range 2 {
		if _, err := operate(s, "POST", "/debug/free"); err != nil {
			b.Fatal(err)
		}
	}
	bytes, err := resident(s.PID())
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}

// operate asks for one of the operator's pages.
func operate(s *load.Server, method, path string) (string, error) {
	l, err := load.Dial(s.Operator, time.Now().Add(time.Minute))
	if err != nil {
		return "", err
	}
	defer l.Close()
	page, err := l.Call(load.NewRequest(s.Operator, method, path), nil)
	return string(page), err
}

// publish reports an amount as this benchmark's, and keeps it for the table.
func (x amount) publish(b *testing.B) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(x.value, x.unit)
	figures.amount(x)
}
