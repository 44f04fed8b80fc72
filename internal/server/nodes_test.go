package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/parley-chat/parley/internal/bus/nats"
	"github.com/parley-chat/parley/internal/desk/desktest"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/server"
)

// Stories of two nodes as in production: on one PostgreSQL, with the news between them over NATS. Nothing is fake but
// the contact time, where a story advances it.
func TestNodes(t *testing.T) {
	admin := os.Getenv("PARLEY_TEST_POSTGRES")
	if admin == "" {
		t.Skip("needs PostgreSQL: set PARLEY_TEST_POSTGRES to the URL of a database that may be written to")
	}
	for _, c := range []struct {
		name, file string
		by         func(*testing.T) busBetween
		real       bool // contact time
	}{
		{"talk with embedded servers", "testdata/nats/talk.txtar", newRoute, false},
		{"talk with an external server", "testdata/nats/talk.txtar", newExternal, false},
		{"one goes down", "testdata/nodes_one_goes_down.txtar", newRoute, false},
		{"timer of a node that is gone", "testdata/nats/timer_of_a_node_that_is_gone.txtar", newRoute, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			on := &realTime{url: ownSchema(t, admin), clock: server.NewManualClock(time.Now())}
			var where stage = on
			if c.real {
				where = &slowTime{*on}
			}
			tellOnNodes(t, c.file, where, c.by(t))
		})
	}
}

// slowTime is a stage where contact time passes by itself.
type slowTime struct{ realTime }

func (*slowTime) contactTime() engine.Clock { return nil }

// eventually waits twice as long: a node looks only so often for what others have left behind.
func (r *slowTime) eventually(s *story, condition func() bool) bool {
	for range 2 {
		if r.realTime.eventually(s, condition) {
			return true
		}
	}
	return false
}

// tellOnNodes tells a story that starts with two nodes. "cut-bus" and "mend-bus" are their bus's; "chatter" is what
// talk is, by people who do not give up.
func tellOnNodes(t *testing.T, file string, on stage, between busBetween) {
	s := newStory(t, on)
	s.lasting = true
	commands := s.commands()
	for name, f := range map[string]func() error{"cut-bus": between.cut, "mend-bus": between.mend} {
		commands[name] = func(ts *testscript.TestScript, _ bool, _ []string) { ts.Check(f()) }
	}
	commands["chatter"] = func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Check(s.cmdChatter(&call{TestScript: ts, args: args}))
	}
	testscript.RunT(teller{t}, testscript.Params{
		Files: []string{file}, RequireUniqueNames: true, Cmds: commands, Condition: on.is,
		Setup: func(e *testscript.Env) error {
			s.dir, s.config.Database = e.WorkDir, on.database(e.WorkDir, true)
			e.Defer(s.end)
			return errors.Join(s.addNode(between), s.addNode(between))
		},
	})
}

// addNode starts a node as parley serve does: its bus is there before it, and closed after it.
func (s *story) addNode(between busBetween) error {
	listener, dial, err := s.on.listen()
	if err != nil {
		return err
	}
	var running atomic.Pointer[server.Server]
	b, err := nats.Open(between.options(s.config.Log, func() {
		if r := running.Load(); r != nil {
			r.Resync()
		}
	}))
	if err != nil {
		return err
	}
	cfg := s.config
	cfg.Nodes = b
	r, err := server.New(context.Background(), cfg)
	if err != nil {
		b.Close()
		return err
	}
	running.Store(r)
	between.joined(b)
	stop, cancel := context.WithCancel(context.Background())
	n := &node{
		server: r, stop: cancel, done: make(chan error, 1),
		client: &http.Client{Transport: desktest.Transport(s.t, &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 16})},
	}
	go func() {
		err := r.Run(stop, make(chan os.Signal), server.Listeners{Public: listener})
		b.Close()
		n.done <- err
	}()
	s.nodes = append(s.nodes, n)
	return nil
}

// cmdChatter lets several people send many messages at the same time: "chatter 200 ana max". Everybody hears each of
// them once, everybody in the same order, and everyone's own in the order in which they were sent. On nodes that
// both write to one chat as fast as they can, one may lose the race for the next place so often that it answers 500;
// whoever is told so sends the same message again.
func (s *story) cmdChatter(c *call) error {
	count, err := strconv.Atoi(c.take())
	if err != nil {
		return err
	}
	var people []*person
	for _, name := range c.args {
		p, err := s.person(name)
		if err != nil {
			return err
		}
		people = append(people, p)
	}
	var talking sync.WaitGroup
	for _, p := range people {
		talking.Go(func() {
			for i := range count {
				if refused := p.insist(fmt.Sprint(i)); refused != nil {
					s.wrong("%s could not talk: %v", p.name, refused)
				}
			}
		})
	}
	talking.Wait()
	first, err := s.heardAll(people[0], people, count)
	if err != nil {
		return err
	}
	for _, p := range people[1:] {
		heard, err := s.heardAll(p, people, count)
		if err != nil {
			return err
		}
		if !slices.EqualFunc(first, heard, func(a, b item) bool { return a.ID == b.ID }) {
			return fmt.Errorf("%s heard it in another order", p.name)
		}
	}
	return nil
}

// insist sends a message until the server is not at fault any more.
func (p *person) insist(content string) *refusal {
	m := message{request: map[string]string{"ContentType": "text/plain", "Content": content, "ClientToken": p.s.newID()}}
	for begin := time.Now(); ; {
		refused := p.send(&m)
		if refused == nil || refused.status < 500 || time.Since(begin) > patience {
			return refused
		}
	}
}

// busBetween is what carries the news between two nodes, and can be cut.
type busBetween interface {
	// options are the next node's.
	options(log *slog.Logger, reconnected func()) nats.Options
	joined(*nats.Bus)
	// cut and mend return when the nodes have noticed.
	cut() error
	mend() error
}

// noticed waits for what happens to a bus, of which nothing tells.
func noticed(what string, condition func() bool) error {
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(2 * time.Millisecond) {
		if condition() {
			return nil
		}
	}
	return fmt.Errorf("not in time: %s", what)
}

// route is the connection between two nodes' embedded servers: the first listens, the second dials it through here.
type route struct {
	first string // address
	buses []*nats.Bus
	open  net.Listener

	mu    sync.Mutex
	isCut bool
	conns []net.Conn
}

func newRoute(t *testing.T) busBetween {
	r := &route{first: freeAddress(t)}
	var err error
	if r.open, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	var carrying sync.WaitGroup
	carrying.Go(func() {
		for {
			near, err := r.open.Accept()
			if err != nil {
				return
			}
			carrying.Go(func() { r.carry(near) })
		}
	})
	t.Cleanup(func() {
		_ = r.open.Close() // a test's
		r.closeAll(true)
		carrying.Wait()
	})
	return r
}

func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // a test's
	return l.Addr().String()
}

func (r *route) carry(near net.Conn) {
	defer near.Close() //nolint:errcheck // a test's
	far, err := net.Dial("tcp", r.first)
	if err != nil {
		return
	}
	defer far.Close() //nolint:errcheck // a test's
	r.mu.Lock()
	if r.isCut {
		r.mu.Unlock()
		return
	}
	r.conns = append(r.conns, near, far)
	r.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { pour(near, far) })
	both.Go(func() { pour(far, near) })
	both.Wait()
}

// pour carries one way, and ends the other with it.
func pour(to, from net.Conn) {
	_, _ = io.Copy(to, from) // it ends when it is cut
	_ = to.Close()
	_ = from.Close()
}

func (r *route) closeAll(isCut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isCut = isCut
	for _, c := range r.conns {
		_ = c.Close() // it may be closed already
	}
	r.conns = nil
}

func (r *route) options(log *slog.Logger, _ func()) nats.Options {
	cluster := nats.Cluster{Listen: r.first, Secret: "the nodes' secret"}
	if len(r.buses) > 0 {
		cluster.Listen, cluster.Routes = "127.0.0.1:-1", []string{r.open.Addr().String()}
	}
	return nats.Options{Log: log, Cluster: cluster}
}

func (r *route) joined(b *nats.Bus) { r.buses = append(r.buses, b) }

func (r *route) cut() error {
	met := func() bool { return r.peers() == 2 }
	if err := noticed("the nodes meet", met); err != nil {
		return err
	}
	r.closeAll(true)
	return noticed("the nodes are apart", func() bool { return r.peers() == 0 })
}

func (r *route) mend() error {
	r.closeAll(false)
	return noticed("the nodes meet again", func() bool { return r.peers() == 2 })
}

func (r *route) peers() (sum int) {
	for _, b := range r.buses {
		sum += b.Peers()
	}
	return sum
}

// external is a NATS server outside the nodes.
type external struct {
	t      *testing.T
	server *natsserver.Server
	port   int
	url    string
	back   chan struct{} // one for each node that is connected again
}

func newExternal(t *testing.T) busBetween {
	x := &external{t: t, port: natsserver.RANDOM_PORT, back: make(chan struct{}, 16)}
	if err := x.start(); err != nil {
		t.Fatal(err)
	}
	x.port, x.url = x.server.Addr().(*net.TCPAddr).Port, x.server.ClientURL()
	t.Cleanup(func() { x.server.Shutdown() })
	return x
}

func (x *external) start() (err error) {
	if x.server, err = natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: x.port, NoSigs: true, NoLog: true}); err != nil {
		return err
	}
	x.server.Start()
	if !x.server.ReadyForConnections(patience) {
		return errors.New("the NATS server does not start")
	}
	return nil
}

func (x *external) options(log *slog.Logger, reconnected func()) nats.Options {
	return nats.Options{Log: log, URL: x.url, Reconnected: func() {
		reconnected()
		x.back <- struct{}{}
	}}
}

func (x *external) joined(*nats.Bus) {}

func (x *external) cut() error {
	x.server.Shutdown()
	x.server.WaitForShutdown()
	return nil
}

func (x *external) mend() error {
	if err := x.start(); err != nil {
		return err
	}
	late := time.After(patience)
	for range 2 {
		select {
		case <-x.back:
		case <-late:
			return errors.New("the nodes do not come back to the bus")
		}
	}
	return nil
}
