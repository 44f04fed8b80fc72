package bench

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/bench/load"
)

// A message's content begins with its number, by which both sockets' frames are recognised, and makes a body of 190
// bytes.
const numberLength = 9

var filling = strings.Repeat(" The quick brown fox jumps over the lazy dog.", 2)

// pair is a customer who writes and a bot who reads, one message under way at a time.
type pair struct {
	line                 *load.Line
	writer, reader       *load.Socket
	request              load.Request
	next                 int
	content, token, body []byte
}

func newPair(s *load.Server, name int, deadline time.Time) (*pair, error) {
	l, err := load.Dial(s.Address, deadline)
	if err != nil {
		return nil, err
	}
	p := &pair{line: l, token: fmt.Appendf(nil, "018f2d3e-7c1a-7b3e-%04x-", name)}
	customer, err := s.StartChat(l, "")
	if err != nil {
		return nil, fmt.Errorf("start a chat: %w", err)
	}
	var c load.Connection
	if c, p.writer, err = join(s, l, customer, deadline); err != nil {
		return nil, err
	}
	bot, err := s.AddBot(l, customer.ContactID, "")
	if err != nil {
		return nil, fmt.Errorf("add a bot: %w", err)
	}
	if _, p.reader, err = join(s, l, bot, deadline); err != nil {
		return nil, err
	}
	p.request = s.MessageRequest(c)
	return p, nil
}

func join(s *load.Server, l *load.Line, who load.Credentials, deadline time.Time) (load.Connection, *load.Socket, error) {
	c, err := s.Connect(l, who.ParticipantToken)
	if err != nil {
		return c, nil, fmt.Errorf("connect: %w", err)
	}
	socket, err := load.OpenSocket(c.SocketURL, deadline)
	if err != nil {
		return c, nil, fmt.Errorf("open the socket: %w", err)
	}
	return c, socket, nil
}

func (p *pair) close() {
	p.line.Close()
	p.writer.Close()
	p.reader.Close()
}

// exchange sends a message and returns how long it took until the answer was there and the reader had it. It returns
// when the writer has its echo.
func (p *pair) exchange() (time.Duration, error) {
	p.next++
	p.content = fmt.Appendf(p.content[:0], "#%07d;%s", p.next, filling)
	number := p.content[:numberLength]
	token := fmt.Appendf(p.token, "%012d", p.next)
	p.body = load.AppendMessage(p.body[:0], p.content, token)
	began := time.Now()
	answer, err := p.line.Call(p.request, p.body)
	if err != nil {
		return 0, fmt.Errorf("send a message: %w, %s", err, answer)
	}
	if err := await(p.reader, number); err != nil {
		return 0, fmt.Errorf("the reader's frame: %w", err)
	}
	took := time.Since(began)
	if err := await(p.writer, number); err != nil {
		return 0, fmt.Errorf("the writer's echo: %w", err)
	}
	return took, nil
}

// await reads frames until the one with the number.
func await(s *load.Socket, number []byte) error {
	for {
		frame, err := s.Next()
		if err != nil || bytes.Contains(frame, number) {
			return err
		}
	}
}

// atOnce does something n times, some at a time, and returns the first error.
func atOnce(n, workers int, do func(int) error) error {
	var next atomic.Int64
	var working sync.WaitGroup
	errs := make(chan error, workers)
	for range workers {
		working.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				if err := do(i - 1); err != nil {
					errs <- err
					next.Store(int64(n))
					return
				}
			}
		})
	}
	working.Wait()
	close(errs)
	return <-errs
}

func newPairs(b *testing.B, s *load.Server, n int) []*pair {
	b.Helper()
	deadline := time.Now().Add(time.Minute + warmUp + window())
	pairs := make([]*pair, n)
	if err := atOnce(n, 16, func(i int) (err error) {
		pairs[i], err = newPair(s, i, deadline)
		return err
	}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		for _, p := range pairs {
			p.close()
		}
	})
	return pairs
}

// BenchmarkSendMessage is SendMessage over HTTP until both sockets of the chat have the message, which is durable by
// then: as many at a time as there are pairs.
func BenchmarkSendMessage(b *testing.B) {
	needProc(b)
	for _, n := range []int{20, 100, 500} {
		b.Run(fmt.Sprintf("pairs=%d", n), func(b *testing.B) {
			for _, subject := range subjects(b) {
				b.Run(subject.name, func(b *testing.B) {
					for b.Loop() {
						measurePairs(b, subject, n)
					}
				})
			}
		})
	}
}

func measurePairs(b *testing.B, subject subject, n int) {
	s := subject.start(b)
	var workers []worker
	for _, p := range newPairs(b, s, n) {
		workers = append(workers, repeat(p.exchange))
	}
	r := run(b, s, subject.postmaster, workers)
	r.what, r.of = fmt.Sprintf("SendMessage, %d pairs", n), subject.name
	if subject.name == onSQLite && n == 100 {
		r.goal = goal{"10,000/s, server 135 µs", r.perSecond >= 10_000 && r.server <= 135*time.Microsecond}
	}
	r.publish(b)
}

// BenchmarkSendMessageAtRate is the same for 100 pairs at a fixed rate. The time counts from the moment at which a
// message was due.
func BenchmarkSendMessageAtRate(b *testing.B) {
	needProc(b)
	for _, subject := range subjects(b) {
		b.Run(subject.name, func(b *testing.B) {
			for b.Loop() {
				measureAtRate(b, subject)
			}
		})
	}
}

func measureAtRate(b *testing.B, subject subject) {
	const n, perSecond = 100, 6000
	s := subject.start(b)
	var workers []worker
	pairs := newPairs(b, s, n)
	due := time.Now()
	for _, p := range pairs {
		due = due.Add(time.Second / perSecond)
		workers = append(workers, schedule(due, n*time.Second/perSecond, p.exchange))
	}
	r := run(b, s, subject.postmaster, workers)
	r.what, r.of = "SendMessage, 6,000/s", subject.name
	if subject.name == onSQLite {
		r.goal = goal{"p99 20 ms", r.p99 <= 20*time.Millisecond}
	}
	r.publish(b)
}
