package desk_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// TestSoakAgentMemory measures what an agent who is signed in takes: PARLEY_TEST_AGENTS of them, each with a socket and the
// contacts that PARLEY_TEST_CHATS says. Clients are connections that read little, and take next to nothing.
func TestSoakAgentMemory(t *testing.T) {
	many, err := strconv.Atoi(os.Getenv("PARLEY_TEST_AGENTS"))
	if err != nil {
		t.Skip("PARLEY_TEST_AGENTS says how many agents sign in: make soak-agents")
	}
	chats, _ := strconv.Atoi(os.Getenv("PARLEY_TEST_CHATS"))
	w := newWorld(t)
	srv := httptest.NewServer(w.desk)
	defer srv.Close()
	users := make([]*client, many)
	for i := range users {
		name := "agent-" + strconv.Itoa(i)
		w.user(instance, name, center.SecurityAgent)
		users[i] = w.client()
		users[i].address = fmt.Sprintf("10.0.%d.%d:1", i/250, i%250)
		users[i].wants(200, "", "POST", "/agent/v1/session", credentials(name, password, `"bearer":true`))
		for range chats {
			c := w.customer()
			c.offerTo(name)
			w.must(w.agents.Accept(context.Background(), instance, w.named(name), c.contact))
		}
	}
	before := inUse()
	conns := make([]net.Conn, many)
	for i, u := range users {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		w.must(err)
		defer conn.Close() //nolint:errcheck // the test is over
		conns[i] = conn
		_, err = fmt.Fprintf(conn, "GET /agent/v1/socket HTTP/1.1\r\nHost: parley.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer %s\r\n\r\n", u.token)
		w.must(err)
		// The first frame is the snapshot.
		r := bufio.NewReaderSize(conn, 16)
		for text := ""; text != "\r\n"; {
			text = ""
			for b := byte(0); b != '\n'; {
				b, err = r.ReadByte()
				w.must(err)
				text += string(b)
			}
		}
		_, err = r.ReadByte()
		w.must(err)
	}
	after := inUse()
	t.Logf("%d agents with %d chats each: %d bytes of heap and stacks for an agent", many, chats, (after-before)/int64(many))
	runtime.KeepAlive(conns)
}

// inUse is what the heap and the stacks take.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
