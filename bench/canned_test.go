package bench

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lxzan/gws"

	"github.com/parley-chat/parley/bench/load"
)

// cannedAddress, when set, makes this test binary the canned server at that address.
const cannedAddress = "PARLEY_BENCH_CANNED"

// canned is the baseline: net/http and gws answering as a parley answers, with tokens looked up in a map, and nothing
// decided, encoded, stored or told to anybody.
type canned struct {
	upgrader *gws.Upgrader
	last     atomic.Int64
	open     atomic.Int64 // sockets
	mu       sync.RWMutex
	seats    map[string]*seat
}

// table is a chat of two.
type table struct {
	mu    sync.Mutex
	seats []*seat
}

type seat struct {
	table  *table
	socket atomic.Pointer[gws.Conn]
	// state stands for what any server knows of a connected participant.
	state [1024]byte
}

func serveCanned(address string) {
	debug.SetGCPercent(400) // as parley
	c := &canned{seats: map[string]*seat{}}
	c.upgrader = gws.NewUpgrader(&cannedEvents{}, &gws.ServerOption{
		ParallelGolimit: 1, ReadBufferSize: 512, NewSession: func() gws.SessionStorage { return nil },
	})
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /contact/chat", func(w http.ResponseWriter, r *http.Request) { c.seatAt(w, r, &table{}) })
	mux.HandleFunc("POST /contact/create-participant", c.addBot)
	mux.HandleFunc("POST /participant/connection", c.connect)
	mux.HandleFunc("GET /participant/socket", c.upgrade)
	mux.HandleFunc("POST /participant/message", c.message)
	mux.HandleFunc("GET /health/ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /debug/free", func(http.ResponseWriter, *http.Request) { debug.FreeOSMemory() })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "\nparley_sockets %d\n", c.open.Load())
	})
	log.Fatal(http.ListenAndServe(address, mux))
}

const cannedID = "018f2d3e-7c1a-7b3e-9a51-0123456789ab"

// seatAt gives out a token of a new seat. It is as long as parley's.
func (c *canned) seatAt(w http.ResponseWriter, r *http.Request, t *table) {
	_, _ = io.Copy(io.Discard, r.Body) // what it says does not matter
	token := fmt.Sprintf("%d-%0390d", c.last.Add(1), 0)
	s := &seat{table: t}
	t.mu.Lock()
	t.seats = append(t.seats, s)
	t.mu.Unlock()
	c.mu.Lock()
	c.seats[token] = s
	c.mu.Unlock()
	id, _, _ := strings.Cut(token, "-")
	fmt.Fprintf(w, `{"ContactId":"%s","ParticipantId":"%s","ParticipantToken":"%s","ParticipantCredentials":{"ParticipantToken":"%[3]s"}}`, id, cannedID, token)
}

func (c *canned) find(token string) *seat {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.seats[token]
}

// addBot seats a second participant. ContactId is the first one's number.
func (c *canned) addBot(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // a body that is cut off has no number
	_, after, _ := strings.Cut(string(body), `"ContactId":"`)
	number, _, _ := strings.Cut(after, `"`)
	n, err := strconv.Atoi(number)
	if err != nil {
		http.Error(w, "no such contact", http.StatusNotFound)
		return
	}
	c.seatAt(w, r, c.find(fmt.Sprintf("%d-%0390d", n, 0)).table)
}

func (c *canned) connect(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	token := r.Header.Get("X-Amz-Bearer")
	fmt.Fprintf(w, `{"Websocket":{"Url":"ws://%s/participant/socket?token=%s","ConnectionExpiry":"2030-01-01T00:00:00.000Z"},`+
		`"ConnectionCredentials":{"ConnectionToken":"%[2]s","Expiry":"2030-01-01T00:00:00.000Z"}}`, r.Host, token)
}

func (c *canned) upgrade(w http.ResponseWriter, r *http.Request) {
	s := c.find(r.URL.Query().Get("token"))
	if s == nil {
		http.Error(w, "Access denied", http.StatusForbidden)
		return
	}
	ws, err := c.upgrader.Upgrade(w, r)
	if err != nil {
		return
	}
	s.state[0] = 1
	s.socket.Store(ws)
	c.open.Add(1)
	go func() { // inside the handler it would keep the request alive
		ws.ReadLoop()
		c.open.Add(-1)
	}()
}

// message copies the number of the message, which the client looks for, into a frame and sends it to both.
func (c *canned) message(w http.ResponseWriter, r *http.Request) {
	var body [256]byte
	n, _ := io.ReadFull(r.Body, body[:]) // shorter than that: no error of anybody's
	s := c.find(r.Header.Get("X-Amz-Bearer"))
	if s == nil || n < numberAt+numberLength {
		http.Error(w, "Access denied", http.StatusForbidden)
		return
	}
	frame := append([]byte(nil), cannedFrame...)
	copy(frame[cannedNumberAt:], body[numberAt:numberAt+numberLength])
	for _, other := range s.table.seats {
		if ws := other.socket.Load(); ws != nil {
			_ = ws.WriteMessage(gws.OpcodeText, frame) // who has gone is gone
		}
	}
	w.Header()["Content-Type"] = []string{"application/json"}
	_, _ = io.WriteString(w, `{"AbsoluteTime":"2026-01-02T15:04:05.678Z","Id":"`+cannedID+`"}`)
}

// numberAt is where the message's number begins in the body of SendMessage, and in its content.
var numberAt = strings.Index(string(load.AppendMessage(nil, []byte("#"), nil)), "#")

var cannedFrame = frameOf(strings.Repeat("#", numberLength) + filling)

var cannedNumberAt = strings.Index(string(cannedFrame), "#")

// frameOf is a frame as parley's: the same members, the same length.
func frameOf(content string) []byte {
	return fmt.Appendf(nil, `{"content":"{\"AbsoluteTime\":\"2026-01-02T15:04:05.678Z\",\"Content\":\"%s\",\"ContentType\":\"text/plain\",\"Id\":\"%s\",`+
		`\"Type\":\"MESSAGE\",\"ParticipantId\":\"%[2]s\",\"DisplayName\":\"Ana\",\"ParticipantRole\":\"CUSTOMER\",`+
		`\"InitialContactId\":\"%[2]s\",\"ContactId\":\"%[2]s\"}","contentType":"application/json","topic":"aws/chat"}`, content, cannedID)
}

// cannedEvents answers subscriptions, with the greeting behind.
type cannedEvents struct{ gws.BuiltinEventHandler }

func (*cannedEvents) OnMessage(ws *gws.Conn, m *gws.Message) {
	defer m.Close()
	_ = ws.WriteMessage(gws.OpcodeText, []byte(`{"topic":"aws/subscribe","content":{"status":"success","topics":["aws/chat"]}}`))
	_ = ws.WriteMessage(gws.OpcodeText, cannedGreeting)
}

var cannedGreeting = frameOf(load.Greeting)

// startCanned starts this test binary as the canned server.
func startCanned(b *testing.B) *load.Server {
	b.Helper()
	s, err := load.StartOther(os.Args[0], cannedAddress, b.Output())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Kill)
	return s
}
