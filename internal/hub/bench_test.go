package hub_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/bus"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/hub"
)

// node is a hub on loopback TCP, each socket's chat and participant named by its URL.
func node(tb testing.TB, opt hub.Options) (*bus.Local, *hub.Hub, *httptest.Server) {
	local := bus.NewLocal()
	opt.Source, opt.Bus = &source{}, local
	h := hub.New(opt)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		h.Serve(w, r, participant(center.StreamID(q.Get("c")), center.ParticipantID(q.Get("p"))))
	}))
	tb.Cleanup(func() {
		server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		h.Close(ctx, 0)
	})
	return local, h, server
}

// dialRaw upgrades and subscribes a socket, and returns after the answer.
func dialRaw(tb testing.TB, server *httptest.Server, chat, participant string) (net.Conn, *bufio.Reader) {
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	fmt.Fprintf(c, handshake, "c="+chat+"&p="+participant)
	br := bufio.NewReaderSize(c, 1024)
	if _, err := http.ReadResponse(br, nil); err != nil {
		tb.Fatal(err)
	}
	c.Write(frame(0x81, subscribe))
	readFrame(tb, br)
	return c, br
}

func readFrame(tb testing.TB, br *bufio.Reader) {
	head, err := br.Peek(4)
	if err != nil {
		tb.Error(err)
		return
	}
	n := 2 + int(head[1])
	if head[1] == 126 {
		n = 4 + int(head[2])<<8 + int(head[3])
	}
	if _, err := br.Discard(n); err != nil {
		tb.Error(err)
	}
}

// BenchmarkFanOut is one message to n sockets of a chat over loopback TCP: from Publish until all have read it.
func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{1, 2, 10, 100, 1000, 9000} { // two descriptors a socket: 10,000 would be beyond the usual limit of 20,000
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			local, _, server := node(b, hub.Options{})
			var read sync.WaitGroup
			for i := range n {
				c, br := dialRaw(b, server, string(chat), fmt.Sprint("p", i))
				b.Cleanup(func() { c.Close() })
				go func() {
					for {
						if head, err := br.Peek(4); err != nil || head[0] != 0x81 {
							return
						}
						readFrame(b, br)
						read.Done()
					}
				}()
			}
			it := message(agent, strings.Repeat("The quick brown fox. ", 9))
			it.ID, it.Time = "33333333-be0d-4a44-889d-d2a86fc06f0c", time.Now()
			b.ReportAllocs()
			for b.Loop() {
				it.Seq++
				read.Add(n)
				local.Publish(chat, []center.Item{it})
				read.Wait()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/socket")
		})
	}
}

var idleClient = flag.String("idle-client", "", "used by TestMemoryOfIdleSockets: hold sockets to this address")

const idleSockets = 10000

// TestMemoryOfIdleSockets prints what a connected, subscribed, beating socket costs at 10,000, each of its own
// participant and chat. The client is a process of its own, so that all memory measured is the server's.
func TestMemoryOfIdleSockets(t *testing.T) {
	if *idleClient != "" {
		holdSockets(t, *idleClient)
		return
	}
	if os.Getenv("PARLEY_MEASURE") == "" {
		t.Skip("measures for some seconds: set PARLEY_MEASURE=1")
	}
	local, h, server := node(t, hub.Options{})
	before := memory()
	client, stop := startClient(t, server.Listener.Addr().String())
	defer stop()
	client.ReadString('\n') // all are subscribed

	settled := func(what string) {
		s := h.Stats()
		if s.Sockets != idleSockets || s.Streams != idleSockets {
			t.Fatalf("stats %+v", s)
		}
		now := memory()
		t.Logf("%s: RSS %.2f KiB a socket, heap %.2f, stacks %.2f, goroutines %d", what,
			float64(now.rss-before.rss)/idleSockets/1024, float64(now.heap-before.heap)/idleSockets/1024,
			float64(now.stack-before.stack)/idleSockets/1024, runtime.NumGoroutine())
	}
	settled("subscribed")
	debug.FreeOSMemory()
	settled("subscribed, after GC")

	text := message(agent, strings.Repeat("x", 200))
	text.Seq = 1
	for i := range idleSockets {
		local.Publish(center.StreamID(fmt.Sprintf("c0000000-0000-4000-8000-%012d", i)), []center.Item{text})
	}
	client.ReadString('\n') // all have read it
	settled("after a message each")
	debug.FreeOSMemory()
	settled("after a message each and GC")
}

type usage struct{ rss, heap, stack int64 }

func memory() usage {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u := usage{heap: int64(m.HeapAlloc), stack: int64(m.StackInuse)}
	statm, _ := os.ReadFile("/proc/self/statm")
	if fields := strings.Fields(string(statm)); len(fields) > 1 {
		pages, _ := strconv.ParseInt(fields[1], 10, 64)
		u.rss = pages * int64(os.Getpagesize())
	}
	return u
}

func startClient(t *testing.T, addr string) (*bufio.Reader, func()) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := os.StartProcess(self, []string{self, "-test.run", "^TestMemoryOfIdleSockets$", "-idle-client", addr},
		&os.ProcAttr{Files: []*os.File{nil, nil, os.Stderr, in}})
	if err != nil {
		t.Fatal(err)
	}
	in.Close()
	return bufio.NewReader(out), func() {
		p.Kill()
		p.Wait()
		out.Close()
	}
}

// holdSockets is the client process: it says so on descriptor 3 when all sockets are subscribed, and when each has
// read one more frame.
func holdSockets(t *testing.T, addr string) {
	server := &httptest.Server{Listener: addrOnly(addr)}
	said := os.NewFile(3, "said")
	readers := make([]*bufio.Reader, idleSockets)
	conns := make([]net.Conn, idleSockets)
	var next atomic.Int64
	var dialling sync.WaitGroup
	for range 8 {
		dialling.Go(func() {
			for i := next.Add(1) - 1; i < idleSockets; i = next.Add(1) - 1 {
				conns[i], readers[i] = dialRaw(t, server, fmt.Sprintf("c0000000-0000-4000-8000-%012d", i), fmt.Sprintf("a0000000-0000-4000-8000-%012d", i))
				conns[i].Write(frame(0x81, `{"topic":"aws/heartbeat"}`))
				readFrame(t, readers[i])
			}
		})
	}
	dialling.Wait()
	io.WriteString(said, "subscribed\n")
	for _, br := range readers {
		readFrame(t, br)
	}
	io.WriteString(said, "read\n")
	io.Copy(io.Discard, conns[0]) // until killed
}

type addrOnly string

func (addrOnly) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (addrOnly) Close() error              { return nil }
func (a addrOnly) Addr() net.Addr          { return a }
func (addrOnly) Network() string           { return "tcp" }
func (a addrOnly) String() string          { return string(a) }
