package door_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/door"
	"github.com/parley-chat/parley/internal/memnet"
)

// stage is an HTTP server in a bubble whose connections count against a budget. /read reads the body and says what came
// of it; /known does the same for a caller that is authenticated.
type stage struct {
	*testing.T
	budget *door.Budget
	listen *memnet.Listener
}

func story(t *testing.T, size int64, f func(*stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t, door.New(size, nil), memnet.Listen()}
		server := &http.Server{Handler: http.HandlerFunc(answer)}
		s.budget.Guard(server)
		go server.Serve(s.budget.Listen(s.listen)) //nolint:errcheck // it ends with Close
		f(s)
		_ = server.Close()
		time.Sleep(time.Second) // net/http lingers on connections that it closes with unread bytes
		if held := s.budget.Stats().Held; held != 0 {
			t.Errorf("%d bytes are held when all connections have ended", held)
		}
	})
}

func answer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/known" {
		door.Release(r.Context())
	}
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprint(w, errors.Is(err, door.ErrFull)) // a test's
		return
	}
	_, _ = fmt.Fprint(w, n) // a test's
}

// client is a connection to the server.
type client struct {
	s *stage
	net.Conn
}

func (s *stage) dial() client {
	s.Helper()
	c, err := s.listen.Dial(context.Background())
	if err != nil {
		s.Fatal(err)
	}
	return client{s, c}
}

// begin begins a request whose body has so many bytes, and sends a part of it.
func (c client) begin(path string, bytes, now int) {
	_, _ = fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: mem\r\nContent-Length: %d\r\n\r\n%s", path, bytes, strings.Repeat("x", now)) // the server may cut it
}

// send is begin, and waits until the server has read it.
func (c client) send(path string, bytes, now int) {
	c.begin(path, bytes, now)
	synctest.Wait()
}

func (c client) more(n int) {
	_, _ = io.WriteString(c, strings.Repeat("x", n)) // the server may have gone
	synctest.Wait()
}

// hears returns the answer's status and body.
func (c client) hears() string {
	c.s.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	var said [4 << 10]byte
	n, err := c.Read(said[:])
	if err != nil {
		return err.Error()
	}
	head, body, _ := strings.Cut(string(said[:n]), "\r\n\r\n")
	return strings.Fields(head)[1] + " " + body
}

// held compares what is held of the budget, in units of 4 KiB beyond the first 4 KiB of each request.
func (s *stage) held(want int64) {
	s.Helper()
	if held := s.budget.Stats().Held; held != want {
		s.Errorf("%d bytes are held, want %d", held, want)
	}
}

func TestABodyCountsUntilItsRequestIsAnswered(t *testing.T) {
	story(t, 1<<20, func(s *stage) {
		c := s.dial()
		c.send("/read", 100<<10, 3<<10)
		s.held(0) // as much as the connection's own buffer has room for
		c.more(47 << 10)
		s.held(48 << 10)
		c.more(50 << 10)
		if got := c.hears(); got != "200 102400" {
			t.Errorf("answered %q", got)
		}
		s.held(0)
		c.send("/read", 100<<10, 50<<10) // the next request of the same connection counts anew
		s.held(48 << 10)
		_ = c.Close()
		synctest.Wait()
		s.held(0)
	})
}

func TestTheBodyOfAKnownCallerDoesNotCount(t *testing.T) {
	story(t, 8<<10, func(s *stage) {
		c := s.dial()
		c.send("/known", 1<<20, 500<<10)
		s.held(0)
		c.more(524 << 10)
		if got := c.hears(); got != "200 1048576" {
			t.Errorf("answered %q", got)
		}
		c.send("/read", 10<<10, 10<<10-1) // nobody has said yet who sends this one
		s.held(8 << 10)
	})
}

func TestAHeaderCounts(t *testing.T) {
	story(t, 1<<20, func(s *stage) {
		c := s.dial()
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: mem\r\nX: "+strings.Repeat("x", 40<<10)) // a test's
		synctest.Wait()
		s.held(40 << 10)
	})
}

func TestTheBudgetIsNeverOverdrawn(t *testing.T) {
	const size = 256 << 10
	story(t, size, func(s *stage) {
		for range 100 {
			c := s.dial()
			go c.begin("/read", 1<<20, 20<<10)
		}
		time.Sleep(time.Minute)
		if st := s.budget.Stats(); st.Peak > size || st.Peak < size/2 || st.Refused == 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

// The connections that make room are those that have kept theirs the longest, and none that has had it for less than
// a second.
func TestASlowClientKeepsNobodyOut(t *testing.T) {
	story(t, 64<<10, func(s *stage) {
		slow, younger := s.dial(), s.dial()
		slow.send("/read", 1<<20, 40<<10)
		time.Sleep(500 * time.Millisecond)
		younger.send("/read", 1<<20, 20<<10)
		began := time.Now()
		c := s.dial()
		c.send("/read", 30<<10, 30<<10)
		if got := c.hears(); got != "200 30720" {
			t.Errorf("answered %q", got)
		}
		if waited := time.Since(began); waited < 400*time.Millisecond || waited > 700*time.Millisecond {
			t.Errorf("it waited for %v", waited)
		}
		if got := slow.hears(); got != "503 true" {
			t.Errorf("the slow one was answered %q", got)
		}
		s.held(20 << 10)
		younger.more(10 << 10)
		s.held(28 << 10)
		if n := s.budget.Stats().Refused; n != 1 {
			t.Errorf("%d were refused", n)
		}
	})
}

func TestWithoutRoomAReaderWaitsForTwoSeconds(t *testing.T) {
	story(t, 8<<10, func(s *stage) {
		began := time.Now()
		c := s.dial()
		c.send("/read", 100<<10, 100<<10) // more than there is, even alone
		if got := c.hears(); got != "503 true" {
			t.Errorf("answered %q", got)
		}
		if waited := time.Since(began); waited != 2*time.Second && waited != time.Second {
			t.Errorf("it waited for %v", waited)
		}
		d := s.dial()
		_, _ = io.WriteString(d, "GET / HTTP/1.1\r\nHost: mem\r\nX: "+strings.Repeat("x", 40<<10)) // a test's
		if got := d.hears(); got != "EOF" && !strings.Contains(got, "reset") {
			t.Errorf("a header that finds no room is answered %q", got)
		}
	})
}
