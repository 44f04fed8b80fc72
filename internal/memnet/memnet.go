// Package memnet is a network inside the process: a [Listener] whose connections are bounded buffers in memory.
//
// It exists for tests of whole servers inside testing/synctest bubbles, where real sockets stop fake time: every
// wait here is on a condition or a timer of the bubble, deadlines obey its clock, and a peer that does not read
// blocks the writer once the buffer is full, as TCP does. It depends on nothing of parley. It never opens a file
// descriptor.
package memnet

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// bufferSize is how much one direction holds before the writer blocks.
const bufferSize = 64 << 10

// Addr is the address of every end of this network.
type Addr struct{}

func (Addr) Network() string { return "mem" }
func (Addr) String() string  { return "127.0.0.1:0" }

// Listener hands the server ends of dialled connections to Accept.
type Listener struct {
	conns chan *Conn
	done  chan struct{}
	once  sync.Once
}

// Listen returns an open listener. Inside a bubble it must be called inside the bubble.
func Listen() *Listener {
	return &Listener{conns: make(chan *Conn), done: make(chan struct{})}
}

// Accept waits for the next Dial.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close makes waiting and later Accept and Dial fail. Connections already made stay open.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *Listener) Addr() net.Addr { return Addr{} }

// Dial connects to the listener: it waits for an Accept as a connection in a backlog does.
func (l *Listener) Dial(ctx context.Context) (*Conn, error) {
	client, server := Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, &net.OpError{Op: "dial", Net: "mem", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// DialContext has the shape that http.Transport asks for; the address is not looked at.
func (l *Listener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return l.Dial(ctx)
}

// Pipe returns the two ends of one connection.
func Pipe() (*Conn, *Conn) {
	a, b := newStream(), newStream()
	return &Conn{in: a, out: b}, &Conn{in: b, out: a}
}

// Conn is one end of a connection.
type Conn struct {
	in, out *stream
}

func (c *Conn) Read(p []byte) (int, error)         { return c.in.read(p) }
func (c *Conn) Write(p []byte) (int, error)        { return c.out.write(p) }
func (c *Conn) LocalAddr() net.Addr                { return Addr{} }
func (c *Conn) RemoteAddr() net.Addr               { return Addr{} }
func (c *Conn) SetReadDeadline(t time.Time) error  { return c.in.reader.set(c.in, t) }
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.out.writer.set(c.out, t) }

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// Close ends both directions. What was written before stays readable at the other end; if this end leaves bytes
// unread, the other end meets a reset after them instead of EOF, as on TCP.
func (c *Conn) Close() error {
	unread, err := c.in.closeReader()
	c.out.closeWriter(unread)
	return err
}

// stream is one direction of a connection.
type stream struct {
	mu      sync.Mutex
	changed *sync.Cond // any field below
	buf     []byte
	reader  deadline
	writer  deadline
	noRead  bool // the reading end is closed
	noWrite bool // the writing end is closed
	reset   bool // the writing end was closed with unread bytes on its other direction
}

func newStream() *stream {
	s := &stream{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.noRead:
			return 0, net.ErrClosed
		case s.reader.passed:
			return 0, os.ErrDeadlineExceeded
		case len(s.buf) > 0:
			n := copy(p, s.buf)
			s.buf = s.buf[n:]
			s.changed.Broadcast()
			return n, nil
		case s.reset:
			return 0, syscall.ECONNRESET
		case s.noWrite:
			return 0, io.EOF
		case len(p) == 0:
			return 0, nil
		}
		s.changed.Wait()
	}
}

func (s *stream) write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.noWrite:
			return n, net.ErrClosed
		case s.noRead:
			return n, syscall.EPIPE
		case s.writer.passed:
			return n, os.ErrDeadlineExceeded
		case len(p) == 0:
			return n, nil
		}
		if room := bufferSize - len(s.buf); room > 0 {
			m := min(room, len(p))
			s.buf = append(s.buf, p[:m]...)
			p, n = p[m:], n+m
			s.changed.Broadcast()
			continue
		}
		s.changed.Wait()
	}
}

// closeReader reports whether bytes were left unread.
func (s *stream) closeReader() (unread bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noRead {
		return false, net.ErrClosed
	}
	unread = len(s.buf) > 0
	s.noRead, s.buf = true, nil
	s.reader.stop()
	s.changed.Broadcast()
	return unread, nil
}

func (s *stream) closeWriter(reset bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noWrite {
		return
	}
	s.noWrite, s.reset = true, reset
	s.writer.stop()
	s.changed.Broadcast()
}

// deadline is guarded by its stream's mutex.
type deadline struct {
	timer  *time.Timer
	passed bool
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

func (d *deadline) set(s *stream, t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if (d == &s.reader && s.noRead) || (d == &s.writer && s.noWrite) {
		return net.ErrClosed
	}
	d.stop()
	d.passed = false
	switch left := time.Until(t); {
	case t.IsZero():
	case left <= 0:
		d.passed = true
	default:
		var timer *time.Timer
		timer = time.AfterFunc(left, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if d.timer == timer { // not replaced meanwhile
				d.passed = true
				s.changed.Broadcast()
			}
		})
		d.timer = timer
	}
	s.changed.Broadcast()
	return nil
}
