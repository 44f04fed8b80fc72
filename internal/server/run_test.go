package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/memnet"
)

// running is a server that runs in a bubble.
type running struct {
	t        *testing.T
	s        *Server
	public   *memnet.Listener
	operator *memnet.Listener
	stop     context.CancelFunc
	again    chan os.Signal
	done     chan error
	client   *http.Client
}

func run(t *testing.T, s *Server) *running {
	stop, cancel := context.WithCancel(context.Background())
	n := &running{
		t: t, s: s, public: memnet.Listen(), operator: memnet.Listen(), stop: cancel,
		again: make(chan os.Signal, 1), done: make(chan error, 1),
	}
	n.client = &http.Client{Transport: &http.Transport{DialContext: n.public.DialContext, DisableKeepAlives: true}}
	go func() { n.done <- s.Run(stop, n.again, Listeners{Public: n.public, Operator: n.operator}) }()
	t.Cleanup(func() {
		cancel()
		n.again <- syscall.SIGTERM
		n.await()
	})
	return n
}

// await returns what Run returned.
func (n *running) await() error {
	err := <-n.done
	n.done <- err
	return err
}

// chatting runs a server as serve does, with a chat that has begun.
func chatting(t *testing.T) (*running, *visitor) {
	s := development(t, func(c *Config) {
		c.Dev, c.Database, c.PublicURL = false, "sqlite:"+t.TempDir()+"/parley.db", "http://127.0.0.1:4510"
	})
	if err := s.seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	started, err := s.chats.Start(t.Context(), center.StartChat{
		Instance: SeedInstance, Flow: SeedFlow, DisplayName: "Ana", ContentTypes: []string{center.TextPlain},
	})
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t, s, string(started.Contact), started.Token, ""}
	n := run(t, s)
	if w := v.connect(); w.Code != http.StatusOK {
		t.Fatalf("connect: %d %s", w.Code, w.Body)
	}
	return n, v
}

// socket is a visitor's.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
	over chan error
}

// dial opens a socket, which reads until its end.
func (n *running) dial(v *visitor) *socket {
	n.t.Helper()
	return n.open(v.connect())
}

// open opens the socket that an answer names.
func (n *running) open(answer *httptest.ResponseRecorder) *socket {
	n.t.Helper()
	out := get[struct{ Websocket struct{ Url string } }](n.t, answer)
	conn, _, err := websocket.Dial(context.Background(), out.Websocket.Url, &websocket.DialOptions{HTTPClient: n.client})
	if err != nil {
		n.t.Fatal(err)
	}
	s := &socket{n.t, conn, make(chan error, 1)}
	go func() {
		for {
			if _, _, err := conn.Read(context.Background()); err != nil {
				s.over <- err
				return
			}
		}
	}()
	n.t.Cleanup(func() { conn.CloseNow() }) //nolint:errcheck // it is over
	return s
}

func (s *socket) subscribe() {
	s.t.Helper()
	if err := s.conn.Write(context.Background(), websocket.MessageText, []byte(`{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}`)); err != nil {
		s.t.Fatal(err)
	}
	synctest.Wait()
}

// closed waits for the end of the socket, and returns its code.
func (s *socket) closed() websocket.StatusCode { return websocket.CloseStatus(<-s.over) }

// get asks on a new connection.
func (n *running) get(path string) (status int, body string, err error) {
	r, err := n.client.Get("http://127.0.0.1:4510" + path)
	if err != nil {
		return 0, "", err
	}
	defer r.Body.Close() //nolint:errcheck // read to its end
	raw, err := io.ReadAll(r.Body)
	return r.StatusCode, string(raw), err
}

// slow begins a request whose body is still to come. finish sends the body and returns the answer's status.
func (n *running) slow(v *visitor) (finish func() (int, error), abandon func()) {
	n.t.Helper()
	conn, err := n.public.Dial(context.Background())
	if err != nil {
		n.t.Fatal(err)
	}
	const body = `{"ContentType":"text/plain","Content":"Hello?"}`
	if _, err := fmt.Fprintf(conn, "POST /participant/message HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Bearer: %s\r\nContent-Length: %d\r\n\r\n", v.bearer, len(body)); err != nil {
		n.t.Fatal(err)
	}
	return func() (int, error) {
		if _, err := io.WriteString(conn, body); err != nil {
			return 0, err
		}
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return 0, err
		}
		return r.StatusCode, r.Body.Close()
	}, func() { conn.Close() }
}

func TestStoppingInGoodOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, v := chatting(t)
		first := n.dial(v)
		first.subscribe()
		finish, abandon := n.slow(v)
		defer abandon()
		synctest.Wait()

		begin := time.Now()
		n.stop()
		synctest.Wait()
		if code := first.closed(); code != 1001 {
			t.Errorf("the socket was closed with %d, want 1001: come back", code)
		}
		if status, body, err := n.get("/health/ready"); status != 503 || !strings.Contains(body, "stopping") {
			t.Errorf("/health/ready: %d %q %v, want 503", status, body, err)
		}
		if status, _, err := n.get("/health/live"); status != 200 {
			t.Errorf("/health/live: %d %v", status, err)
		}
		second := n.dial(v) // who was sent away comes back, and finds the server still there
		second.subscribe()
		time.Sleep(sendAway - time.Millisecond - time.Since(begin))
		synctest.Wait()
		if status, _, err := n.get("/health/ready"); status != 503 {
			t.Errorf("just before three seconds are over: %d %v", status, err)
		}
		time.Sleep(2 * time.Millisecond)
		if code := second.closed(); code != 1001 {
			t.Errorf("the second socket was closed with %d, want 1001", code)
		}
		if _, _, err := n.get("/health/live"); err == nil {
			t.Error("connections are accepted after three seconds")
		}
		time.Sleep(2 * time.Second)
		if status, err := finish(); status != 200 || err != nil {
			t.Errorf("a request that was under way: %d %v", status, err)
		}
		if err := n.await(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(begin); took > 6*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestWithoutSocketsAndConnectionsNothingIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, _ := chatting(t)
		if status, _, err := n.get("/health/live"); status != 200 { // by a connection that has ended since
			t.Fatalf("/health/live: %d %v", status, err)
		}
		begin := time.Now()
		n.stop()
		if err := n.await(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(begin); took > 0 {
			t.Errorf("it took %v", took)
		}
	})
}

// A connection that waits for its next request may get it while the server stops, and it is answered: on it, nobody
// can tell what a cut connection has swallowed.
func TestAKeptConnectionIsAnsweredWhileStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, _ := chatting(t)
		kept := &http.Client{Transport: &http.Transport{DialContext: n.public.DialContext}}
		get := func() error {
			r, err := kept.Get("http://127.0.0.1:4510/health/live")
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, r.Body)
			return errors.Join(err, r.Body.Close())
		}
		if err := get(); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		n.stop()
		time.Sleep(sendAway + time.Second)
		if _, _, err := n.get("/health/live"); err == nil {
			t.Error("a new connection is accepted, though there was no socket")
		}
		if err := get(); err != nil {
			t.Errorf("the kept connection: %v", err)
		}
		if err := n.await(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(begin); took > leaveIdle {
			t.Errorf("it took %v, although no connection was left", took)
		}
	})
}

// Clients speak as soon as their socket is open, by another connection, which may be the faster one.
func TestAMessageMayOvertakeTheSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := development(t, nil)
		started, err := s.chats.Start(t.Context(), center.StartChat{
			Instance: SeedInstance, Flow: SeedFlow, DisplayName: "Ana", ContentTypes: []string{center.TextPlain},
		})
		if err != nil {
			t.Fatal(err)
		}
		n := run(t, s)
		answer := ask(s, "POST", "/participant/connection", `{"Type":["CONNECTION_CREDENTIALS","WEBSOCKET"]}`, "X-Amz-Bearer", started.Token)
		bearer := get[struct {
			ConnectionCredentials struct{ ConnectionToken string }
		}](t, answer).ConnectionCredentials.ConnectionToken
		say := func() int {
			return ask(s, "POST", "/participant/message", `{"ContentType":"text/plain","Content":"Hello?"}`, "X-Amz-Bearer", bearer).Code
		}
		first := n.open(answer)
		if status := say(); status != 400 {
			t.Errorf("without a subscription: %d, want 400", status)
		}
		said := make(chan int)
		go func() { said <- say() }()
		synctest.Wait()
		first.subscribe()
		if status := <-said; status != 200 {
			t.Errorf("a message that overtook the subscription: %d", status)
		}
	})
}

func TestNobodyIsWaitedForLongerThanTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, v := chatting(t)
		_, abandon := n.slow(v)
		defer abandon()
		synctest.Wait()
		begin := time.Now()
		n.stop()
		if err := n.await(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(begin); took != stopWithin {
			t.Errorf("it took %v, want %v", took, stopWithin)
		}
	})
}

func TestASecondSignalStopsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, v := chatting(t)
		n.dial(v).subscribe()
		n.dial(v).subscribe()
		_, abandon := n.slow(v)
		defer abandon()
		synctest.Wait()
		n.stop()
		time.Sleep(time.Second)
		begin := time.Now()
		n.again <- syscall.SIGTERM
		if err := n.await(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(begin); took > 0 {
			t.Errorf("it took %v more", took)
		}
	})
}

func TestDevelopmentStopsWithoutWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := run(t, development(t, nil))
		v := visit(t, n.s, "")
		n.dial(v).subscribe()
		begin := time.Now()
		n.stop()
		if err := n.await(); err != nil || time.Since(begin) > time.Second {
			t.Errorf("Run: %v after %v", err, time.Since(begin))
		}
	})
}

func TestAListenerThatFailsEndsTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, which := range []func(*running) net.Listener{
			func(n *running) net.Listener { return n.public },
			func(n *running) net.Listener { return n.operator },
		} {
			n := run(t, development(t, nil))
			synctest.Wait()
			if err := which(n).Close(); err != nil {
				t.Fatal(err)
			}
			if err := n.await(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Run: %v, want net.ErrClosed", err)
			}
		}
	})
}

func TestListen(t *testing.T) {
	ln, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // a test's
	if _, err := Listen(ln.Addr().String()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a taken address: %v", err)
	}
	t.Setenv("LISTEN_FDS", "1")
	t.Setenv("LISTEN_PID", "1") // somebody else's
	other, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatalf("a listener for another process: %v", err)
	}
	defer other.Close() //nolint:errcheck // a test's
	t.Setenv("LISTEN_PID", fmt.Sprint(os.Getpid()))
	for _, count := range []string{"", "0", "-1", "x"} {
		t.Setenv("LISTEN_FDS", count)
		if _, err := Listen("127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "LISTEN_FDS") {
			t.Errorf("LISTEN_FDS=%q: %v", count, err)
		}
	}
}
