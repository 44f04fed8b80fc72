package parley_test

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/parley-chat/parley"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/memnet"
	"github.com/parley-chat/parley/internal/server"
)

// world is a server that can be restarted, on a network whose sockets can be disturbed. It lives in a bubble.
type world struct {
	t      testing.TB
	config server.Config
	client *parley.Client
	http   *http.Client // for requests, undisturbed
	socket *http.Client // for sockets
	net    *badNetwork
	stop   func()
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, net: &badNetwork{}}
	w.config = server.Config{
		Dev: true, Database: "sqlite:" + filepath.Join(t.TempDir(), "parley.db"),
		Partition: center.Partition{Account: server.SeedAccount, Region: server.SeedRegion},
		Secret:    strings.Repeat("a secret of the tests ", 3), Settings: center.DefaultSettings(),
		Log:   slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})),
		Fatal: func(err error) { t.Errorf("nothing may go on: %v", err) },
	}
	w.http = &http.Client{Transport: &http.Transport{DialContext: w.net.dial}}
	w.socket = &http.Client{Transport: &http.Transport{DialContext: w.net.dialBadly}}
	w.client = parley.New(aws.Config{
		Region: server.SeedRegion, BaseEndpoint: aws.String("http://127.0.0.1:4510"), HTTPClient: w.http,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	w.serve()
	return w
}

func (w *world) serve() {
	running, err := server.New(context.Background(), w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	l := memnet.Listen()
	w.net.lead(l)
	stop, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- running.Run(stop, make(chan os.Signal), server.Listeners{Public: l}) }()
	w.stop = func() {
		w.http.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("stop: %v", err)
		}
	}
}

// restart stops the server, and starts another on the same facts some time after.
func (w *world) restart(after time.Duration) {
	w.stop()
	time.Sleep(after)
	w.serve()
}

// close ends the world, and finds sockets that were left open.
func (w *world) close() {
	w.stop()
	w.http.CloseIdleConnections()
	w.socket.CloseIdleConnections()
	if n := w.net.open(); n != 0 {
		w.t.Errorf("%d sockets were left open", n)
	}
}

func (w *world) start() *connect.StartChatContactOutput {
	out, err := w.client.StartChatContact().InstanceID(string(server.SeedInstance)).ContactFlowID(string(server.SeedFlow)).
		ParticipantDetails(adaDetails).ChatDurationInMinutes(10080).Send(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// invite makes a custom participant.
func (w *world) invite(contactID string) *connect.CreateParticipantOutput {
	out, err := w.client.CreateParticipant().InstanceID(string(server.SeedInstance)).ContactID(contactID).
		ParticipantDetails(types.ParticipantDetailsToAdd{DisplayName: aws.String("Bot"), ParticipantRole: types.ParticipantRoleCustomBot}).Send(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// disturbed has a chat's sockets go over the bad network.
func (w *world) disturbed(o *parley.JoinOptions) { o.HTTPClient = w.socket }

// join joins as the customer, over the bad network.
func (w *world) join(started *connect.StartChatContactOutput, options ...func(*parley.JoinOptions)) *parley.Chat {
	chat, err := w.client.Join(context.Background(), started, append(options, w.disturbed)...)
	if err != nil {
		w.t.Fatal(err)
	}
	return chat
}

// joinAs joins as a custom participant, undisturbed.
func (w *world) joinAs(created *connect.CreateParticipantOutput, options ...func(*parley.JoinOptions)) *parley.Chat {
	chat, err := w.client.JoinAs(context.Background(), created, options...)
	if err != nil {
		w.t.Fatal(err)
	}
	return chat
}

// fault is what happens to a socket when a number of the server's frames have come through it.
type fault struct {
	after int
	what  string // "cut", "cut inside" the next frame, "stall", or "double" the frame before
}

// badNetwork leads to the server of the moment, and does to each socket what is next on its list.
type badNetwork struct {
	mu     sync.Mutex
	to     *memnet.Listener
	faults []fault
	living int
	closed bool // to new sockets
}

func (n *badNetwork) lead(to *memnet.Listener) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.to = to
}

func (n *badNetwork) plan(faults ...fault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = append(n.faults, faults...)
}

func (n *badNetwork) open() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.living
}

func (n *badNetwork) dial(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	to := n.to
	n.mu.Unlock()
	return to.DialContext(ctx, network, address)
}

// refuse has new sockets refused, or not any more.
func (n *badNetwork) refuse(yes bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = yes
}

func (n *badNetwork) dialBadly(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	closed := n.closed
	n.mu.Unlock()
	if closed {
		return nil, &net.OpError{Op: "dial", Net: "mem", Err: syscall.ECONNREFUSED}
	}
	conn, err := n.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.living++
	c := &badConn{Conn: conn, n: n, fault: fault{after: -1}}
	if len(n.faults) > 0 {
		c.fault, n.faults = n.faults[0], n.faults[1:]
	}
	return c, nil
}

// badConn reads a WebSocket's frames whole and meets its fault between or inside them. It is read by one goroutine.
type badConn struct {
	net.Conn
	n     *badNetwork
	fault fault

	once   sync.Once
	raised bool   // the handshake is over
	raw    []byte // read, not yet a whole frame
	ready  []byte // may be handed out
	last   []byte // the last frame
	frames int
}

var errCut = errors.New("cut")

func (c *badConn) Close() error {
	c.once.Do(func() {
		c.n.mu.Lock()
		defer c.n.mu.Unlock()
		c.n.living--
	})
	return c.Conn.Close()
}

func (c *badConn) Read(p []byte) (int, error) {
	for len(c.ready) == 0 {
		if c.raised && c.frames == c.fault.after {
			if err := c.meet(); err != nil {
				return 0, err
			}
		}
		if c.frame() {
			continue
		}
		n, err := c.Conn.Read(p)
		if err != nil {
			return 0, err
		}
		c.raw = append(c.raw, p[:n]...)
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

// frame moves one frame, or the answer to the handshake, from raw to ready, if it is whole.
func (c *badConn) frame() bool {
	size := 0
	if c.raised {
		size = frameSize(c.raw)
	} else if end := strings.Index(string(c.raw), "\r\n\r\n"); end >= 0 {
		size = end + 4
	}
	if size == 0 || len(c.raw) < size {
		return false
	}
	c.ready, c.raw = c.raw[:size:size], c.raw[size:]
	if c.raised {
		c.frames++
		c.last = c.ready
	}
	c.raised = true
	return true
}

// frameSize is the length of the frame of a server that b begins with; 0 if its header is not whole (RFC 6455, 5.2).
func frameSize(b []byte) int {
	switch {
	case len(b) < 2:
		return 0
	case b[1] < 126:
		return 2 + int(b[1])
	case b[1] == 126 && len(b) >= 4:
		return 4 + int(binary.BigEndian.Uint16(b[2:]))
	case b[1] == 127 && len(b) >= 10:
		return 10 + int(binary.BigEndian.Uint64(b[2:]))
	}
	return 0
}

// meet does what the fault says.
func (c *badConn) meet() error {
	what := c.fault.what
	c.fault.after = -1
	switch what {
	case "cut":
		c.Conn.Close() //nolint:errcheck // it is gone
		return errCut
	case "cut inside":
		c.raw = append(c.raw, 0x81, 50, '{') // a frame that never gets whole
		c.ready, c.raw = c.raw[len(c.raw)-3:], nil
		c.Conn.Close() //nolint:errcheck // it is gone
	case "double":
		c.ready = c.last
	case "stall":
		one := make([]byte, 1)
		for { // what comes is lost
			if _, err := c.Conn.Read(one); err != nil {
				return err
			}
		}
	}
	return nil
}
