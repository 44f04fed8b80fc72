package hub_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/bus"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/hub"
	"github.com/parley-chat/parley/internal/memnet"
)

const (
	chat     = center.StreamID("c0000000-0000-4000-8000-000000000000")
	customer = center.ParticipantID("a0000000-0000-4000-8000-000000000000")
	agent    = center.ParticipantID("b0000000-0000-4000-8000-000000000000")
)

// source is a store in memory, with items committed by the story.
type source struct {
	mu        sync.Mutex
	items     map[center.StreamID][]center.Item
	connected []center.ParticipantID
	refuse    error
	fail      int           // how many of the next calls fail
	slow      time.Duration // of each read
	asked     int           // for last sequences
	pages     int           // asked for
	erased    []center.StreamID
	first     map[center.StreamID]int64 // of streams that are trimmed
}

func (s *source) commit(it center.Item) center.Item { return s.commitTo(chat, it) }

func (s *source) commitTo(stream center.StreamID, it center.Item) center.Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	it.Stream = stream
	it.Seq = int64(len(s.items[stream]) + 1)
	it.ID = center.ItemID(fmt.Sprint("item-", it.Seq))
	it.Time = time.Date(2026, 1, 1, 0, 0, 0, int(it.Seq)*1e6, time.UTC)
	if s.items == nil {
		s.items = make(map[center.StreamID][]center.Item)
	}
	s.items[stream] = append(s.items[stream], it)
	return it
}

func (s *source) behave(f func(*source)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// those are the participants reported connected.
func (s *source) those() []center.ParticipantID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.connected)
}

func (s *source) read(ctx context.Context) error {
	s.mu.Lock()
	slow := s.slow
	s.mu.Unlock()
	select {
	case <-time.After(slow):
	case <-ctx.Done():
	}
	if err := s.call(); err != nil {
		return err
	}
	return ctx.Err()
}

func (s *source) call() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail > 0 {
		s.fail--
		return errors.New("the disk is full")
	}
	return nil
}

func (s *source) ItemsAfter(ctx context.Context, stream center.StreamID, seq int64, limit int) ([]center.Item, error) {
	if err := s.read(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages++
	if slices.Contains(s.erased, stream) {
		return nil, nil
	}
	if first := s.first[stream]; seq+1 < first {
		return nil, &center.Trimmed{First: first}
	}
	rest := s.items[stream][max(0, min(int(seq), len(s.items[stream]))):]
	return append([]center.Item(nil), rest[:min(limit, len(rest))]...), nil
}

func (s *source) LastSeqs(ctx context.Context, streams []center.StreamID) (map[center.StreamID]int64, error) {
	if err := s.read(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	last := make(map[center.StreamID]int64)
	for _, id := range streams {
		if !slices.Contains(s.erased, id) {
			last[id] = int64(len(s.items[id]))
		}
	}
	return last, nil
}

func (s *source) Connected(_ context.Context, v hub.Viewer) error {
	if err := s.call(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return s.refuse
	}
	s.connected = append(s.connected, v.Participant)
	return nil
}

// stage is a node in a bubble: the hub behind a real HTTP server on a network in memory.
type stage struct {
	*testing.T
	source  *source
	bus     *bus.Local
	hub     *hub.Hub
	listen  *memnet.Listener
	server  *http.Server
	limit   int                  // of a principal's sockets
	sockets chan hub.Memberships // of the sockets that join streams
}

// story runs f in a bubble. A goroutine of the hub that outlives its Close fails the test: the bubble sees it.
func story(t *testing.T, opt hub.Options, f func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, opt)
		f(s)
		s.close()
	})
}

func newStage(t *testing.T, opt hub.Options) *stage {
	s := &stage{T: t, source: &source{}, bus: bus.NewLocal(), listen: memnet.Listen(), limit: 5, sockets: make(chan hub.Memberships, 1)}
	opt.Source = s.source
	if opt.Bus == nil {
		opt.Bus = s.bus
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	s.hub = hub.New(opt)
	s.server = &http.Server{Handler: http.HandlerFunc(s.serve)}
	go s.server.Serve(s.listen)
	return s
}

func (s *stage) serve(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if principal := q.Get("socket"); principal != "" {
		memberships, _ := s.hub.Serve(w, r, hub.Socket{Principal: principal, Limit: s.limit})
		s.sockets <- memberships
		return
	}
	who := participant(chat, center.ParticipantID(q.Get("p")))
	who.Limit = s.limit
	memberships, _ := s.hub.Serve(w, r, who)
	if q.Has("joins") {
		s.sockets <- memberships
	}
}

func participant(chat center.StreamID, p center.ParticipantID) hub.Socket {
	return hub.Socket{Principal: string(p), Limit: 5, Viewer: hub.Viewer{Chat: chat, Contact: "contact", Participant: p}}
}

func (s *stage) close() {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.hub.Close(ctx, 0); err != nil {
		s.Errorf("close: %v", err)
	}
	if n := s.hub.Stats().Sockets; n != 0 {
		s.Errorf("%d sockets after Close", n)
	}
	s.server.Close()
}

// say commits a message and publishes it.
func (s *stage) say(from center.ParticipantID, text string) center.Item {
	return s.sayIn(chat, from, text)
}

func (s *stage) sayIn(stream center.StreamID, from center.ParticipantID, text string) center.Item {
	it := s.source.commitTo(stream, message(from, text))
	s.bus.Publish(stream, []center.Item{it})
	return it
}

func message(from center.ParticipantID, text string) center.Item {
	return center.Item{Type: center.TypeMessage, ContentType: center.TextPlain, Content: text, Contact: "contact",
		ParticipantID: from, DisplayName: "Ana", Role: center.RoleCustomer, InTranscript: true}
}

func event(of center.ParticipantID, kind string) center.Item {
	it := message(of, "")
	it.Type, it.ContentType = center.TypeEvent, kind
	return it
}

// happens commits an event and publishes it.
func (s *stage) happens(of center.ParticipantID, kind string) {
	s.bus.Publish(chat, []center.Item{s.source.commit(event(of, kind))})
}

// client is a well-behaved one: all that arrives is in heard.
type client struct {
	s    *stage
	conn *websocket.Conn

	mu    sync.Mutex
	heard []string
	code  websocket.StatusCode
	at    time.Time
	over  chan struct{}
}

func (s *stage) dial(p center.ParticipantID) *client {
	s.Helper()
	return s.dialAs("p=" + string(p))
}

func (s *stage) dialAs(query string) *client {
	s.Helper()
	transport := &http.Transport{DialContext: s.listen.DialContext}
	conn, _, err := websocket.Dial(context.Background(), "ws://mem/?"+query, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport},
		HTTPHeader: http.Header{"Origin": {"https://elsewhere.example"}},
	})
	if err != nil {
		s.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	c := &client{s: s, conn: conn, over: make(chan struct{})}
	go c.listen()
	return c
}

func (c *client) listen() {
	defer close(c.over)
	for {
		_, frame, err := c.conn.Read(context.Background())
		c.mu.Lock()
		if err != nil {
			c.code, c.at = websocket.CloseStatus(err), time.Now()
			c.mu.Unlock()
			return
		}
		c.heard = append(c.heard, string(frame))
		c.mu.Unlock()
	}
}

func (c *client) send(frame string) {
	c.s.Helper()
	if err := c.conn.Write(context.Background(), websocket.MessageText, []byte(frame)); err != nil {
		c.s.Fatalf("send: %v", err)
	}
}

const subscribe = `{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}`

func (s *stage) join(p center.ParticipantID) *client {
	s.Helper()
	c := s.dial(p)
	c.send(subscribe)
	synctest.Wait()
	c.hears("subscribed")
	return c
}

// news returns what arrived since the last call, in short: the text of a message, the last word of an event.
func (c *client) news() []string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	var short []string
	for _, frame := range c.heard {
		short = append(short, inShort(frame))
	}
	c.heard = nil
	return short
}

func inShort(frame string) string {
	var outer struct {
		Topic   string
		Content any
	}
	if err := json.Unmarshal([]byte(frame), &outer); err != nil {
		return "not JSON: " + frame
	}
	switch content := outer.Content.(type) {
	case string:
		var it struct{ Type, ContentType, Content string }
		if err := json.Unmarshal([]byte(content), &it); err != nil {
			return "not an item: " + content
		}
		if it.Type == "MESSAGE" {
			return it.Content
		}
		return it.ContentType[strings.LastIndex(it.ContentType, "event.")+len("event."):]
	case map[string]any:
		if content["status"] == "success" {
			return "subscribed"
		}
		return fmt.Sprint(content["status"], content["topics"])
	}
	return strings.TrimPrefix(outer.Topic, "aws/")
}

func (c *client) hears(want ...string) {
	c.s.Helper()
	if got := c.news(); strings.Join(got, "|") != strings.Join(want, "|") {
		c.s.Errorf("heard %q, want %q", got, want)
	}
}

// leaves waits for the socket's end.
func (c *client) leaves(want websocket.StatusCode) {
	c.s.Helper()
	<-c.over
	if c.code != want {
		c.s.Errorf("closed with %d, want %d", c.code, want)
	}
}

func (c *client) isOpen() bool {
	synctest.Wait()
	select {
	case <-c.over:
		return false
	default:
		return true
	}
}

func TestAChat(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana := s.join(customer)
		if got := fmt.Sprint(s.source.those()); got != fmt.Sprint([]center.ParticipantID{customer}) {
			t.Errorf("connected %v", got)
		}
		s.say(center.ParticipantID("system"), "Hello")
		bob := s.join(agent)
		s.say(customer, "hi")
		s.bus.Publish(chat, []center.Item{event(customer, center.EventTyping)})
		s.say(agent, "how are you?")
		ana.hears("Hello", "hi", "how are you?")
		bob.hears("hi", "typing", "how are you?")
		if s := s.hub.Stats(); s.Sockets != 2 || s.Streams != 1 || s.Delivered != 6 || s.Repaired != 0 || s.Queued != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestASocketHearsNothingBeforeItSubscribes(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana, bob := s.join(customer), s.dial(agent)
		s.say(customer, "one")
		ana.hears("one")
		bob.hears()
		bob.send(subscribe)
		bob.hears("subscribed")
		bob.send(subscribe) // again, as when an answer is late
		bob.hears("subscribed")
		s.say(customer, "two")
		bob.hears("two")
	})
}

func TestSubscribingToOtherTopics(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana := s.dial(customer)
		ana.send(`{"topic":"aws/subscribe","content":{"topics":["aws/weather"]}}`)
		ana.hears("failure[aws/weather]")
		ana.send(`{"topic":"aws/subscribe","content":{"topics":[]}}`)
		ana.hears("failure[]")
		ana.send(`{"topic":"aws/subscribe","content":{"topics":["x","aws/chat"]}}`)
		ana.hears("failure[x]", "subscribed")
	})
}

func TestMarkersAndReceipts(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana, bob := s.join(customer), s.join(agent)
		s.bus.Publish(chat, []center.Item{s.source.commit(center.Item{Type: center.Marker})})
		receipt := s.source.commit(center.Item{Type: center.TypeMetadata, ContentType: center.EventMetadata,
			Receipt: &center.Receipt{Message: "m", Recipient: agent, Read: time.Unix(1, 0)}})
		s.bus.Publish(chat, []center.Item{receipt})
		s.say(agent, "after")
		ana.hears("message.metadata", "after")
		bob.hears("message.metadata", "after")
	})
}

func TestFiveMinutesOfHeartbeats(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana := s.join(customer)
		for range 30 {
			time.Sleep(10 * time.Second)
			ana.send(`{"topic":"aws/heartbeat"}`)
			ana.send(`{"topic":"aws/ping"}`)
			ana.hears("heartbeat", "ping")
		}
		s.say(agent, "still there?")
		ana.hears("still there?")
	})
}

func TestProtocolPingsKeepASocketAndAreAnswered(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana := s.join(customer)
		for range 10 {
			time.Sleep(time.Minute)
			if err := ana.conn.Ping(context.Background()); err != nil { // waits for the pong
				t.Fatal(err)
			}
		}
	})
}

func TestASilentSocketLeaves(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		start := time.Now()
		ana := s.join(customer)
		ana.leaves(websocket.StatusGoingAway)
		if silent := ana.at.Sub(start); silent != 150*time.Second {
			t.Errorf("after %v", silent)
		}
	})
}

func TestTheSixthSocketClosesTheOldest(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		var sockets []*client
		for range 6 {
			sockets = append(sockets, s.join(customer))
		}
		other := s.join(agent)
		sockets[0].leaves(websocket.StatusGoingAway)
		s.say(agent, "hi")
		for _, c := range append(sockets[1:], other) {
			c.hears("hi")
		}
		sockets = append(sockets, s.join(customer))
		sockets[1].leaves(websocket.StatusGoingAway)
		if !sockets[2].isOpen() || s.hub.Stats().Sockets != 6 {
			t.Errorf("%d sockets", s.hub.Stats().Sockets)
		}
	})
}

func TestChatEnded(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana, bob := s.join(customer), s.join(agent)
		start := time.Now()
		items := []center.Item{s.source.commit(event(customer, center.EventLeft)), s.source.commit(event("", center.EventEnded))}
		s.bus.Publish(chat, items)
		ana.hears("participant.left", "chat.ended")
		bob.hears("participant.left", "chat.ended")
		// A chatjs session closes its socket by itself; the other waits to be closed.
		ana.conn.Close(websocket.StatusNormalClosure, "")
		bob.leaves(websocket.StatusNormalClosure)
		if grace := bob.at.Sub(start); grace != 2*time.Second {
			t.Errorf("closed after %v", grace)
		}
	})
}

func TestWhoHasLeftHearsNothingMore(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana, bob := s.join(customer), s.join(agent)
		s.happens(agent, center.EventLeft)
		s.say(customer, "he is gone")
		s.bus.Publish(chat, []center.Item{event(customer, center.EventTyping)})
		ana.hears("participant.left", "he is gone")
		bob.hears("participant.left")
		bob.leaves(websocket.StatusNormalClosure)
		if !ana.isOpen() {
			t.Error("the other's socket was closed")
		}
	})
}

func TestARefusedConnectionIsSentToAskAgain(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		s.source.refuse = center.Refuse(center.AccessDenied, "Access denied")
		ana := s.dial(customer)
		ana.send(subscribe)
		ana.leaves(websocket.StatusGoingAway)
	})
}

func TestAStoreThatFailsIsAskedAgain(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		s.source.behave(func(src *source) { src.fail = 3 }) // the last sequence fails
		ana, bob := s.dial(customer), s.dial(agent)
		ana.send(subscribe)
		bob.send(subscribe)
		ana.send(subscribe)
		ana.send(`{"topic":"aws/heartbeat"}`)
		ana.hears("heartbeat") // is answered all the while
		s.say(agent, "too early")
		time.Sleep(time.Second)
		ana.hears("subscribed")
		bob.hears("subscribed")
		if got := len(s.source.those()); got != 2 {
			t.Errorf("%d connected", got)
		}

		// While connecting fails there is no answer, so that nobody speaks who is not there yet; what is said meanwhile
		// comes behind it, in order.
		s.source.behave(func(src *source) { src.fail = 2 })
		cyd := s.dial(agent)
		cyd.send(subscribe)
		synctest.Wait()
		s.say(customer, "meanwhile")
		cyd.hears()
		time.Sleep(time.Second)
		cyd.hears("subscribed", "meanwhile")
		ana.hears("meanwhile")
		bob.hears("meanwhile")
		if got := len(s.source.those()); got != 3 {
			t.Errorf("%d connected", got)
		}

		s.source.commit(message(agent, "lost by the bus"))
		s.source.behave(func(src *source) { src.fail = 4 }) // reading the gap fails
		s.say(agent, "two")
		ana.hears()
		time.Sleep(time.Second)
		ana.hears("lost by the bus", "two")
		bob.hears("lost by the bus", "two")
	})
}

// What operators look for in the log names a chat as such; other streams are streams.
func TestTheLogNamesChats(t *testing.T) {
	var log bytes.Buffer
	story(t, hub.Options{Remote: true, Log: slog.New(slog.NewTextHandler(&log, nil))}, func(s *stage) {
		next := func(want string) {
			s.Helper()
			time.Sleep(2500 * time.Millisecond)
			synctest.Wait()
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, want) {
				s.Errorf("logged %q, want %q", got, want)
			}
			log.Reset()
		}
		s.source.behave(func(src *source) { src.fail = 1 })
		ana, bob := s.dial(customer), s.socket("bob")
		ana.send(subscribe)
		next(`msg="chat not opened for its sockets, trying again" chat=` + string(chat))
		s.source.behave(func(src *source) { src.fail = 1 })
		next(`msg="sockets not compared with the store" chats=1`)
		s.source.commit(message(agent, "lost"))
		s.source.behave(func(src *source) { src.fail = 1 })
		s.say(agent, "two")
		next(`msg="gap not read, trying again" chat=` + string(chat))
		s.source.behave(func(src *source) { src.fail = 1 })
		bob.joins(work, 0)
		next(`msg="stream not opened for its sockets, trying again" stream=` + string(work))
	})
}

func TestNewsOfWhatIsNotInTheStore(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		ana := s.join(customer)
		false7 := message(agent, "never committed")
		false7.Seq = 7
		s.bus.Publish(chat, []center.Item{false7})
		ana.hears()
		s.say(agent, "one")
		ana.hears("one")
	})
}

func TestSocketsLeaveWhileTheStoreIsSlow(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		s.source.behave(func(src *source) { src.slow = time.Minute })
		ana, bob := s.dial(customer), s.dial(agent)
		ana.send(subscribe)
		bob.send(subscribe)
		synctest.Wait()
		ana.conn.CloseNow()
		time.Sleep(11 * time.Second) // its subscription counts if the store takes it in ten
		if st := s.hub.Stats(); st.Sockets != 1 || st.Streams != 1 {
			t.Errorf("stats %+v", st)
		}
		bob.conn.CloseNow()
		time.Sleep(11 * time.Second)
		if st := s.hub.Stats(); st.Sockets != 0 || st.Streams != 0 {
			t.Errorf("stats %+v", st)
		}
		s.source.behave(func(src *source) { src.slow = 0 })
		s.join(customer) // a new room, while the old one is still being opened
		s.say(agent, "hi")
		time.Sleep(time.Minute)
		if st := s.hub.Stats(); st.Sockets != 1 || st.Streams != 1 || st.Delivered != 1 {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestClosingIsSpread(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		s.limit = 100
		var sockets []*client
		for range 30 {
			sockets = append(sockets, s.join(customer))
		}
		start := time.Now()
		done := make(chan error)
		go func() { done <- s.hub.Close(context.Background(), 3*time.Second) }()
		time.Sleep(1500 * time.Millisecond)
		late := s.join(agent) // clients that come back meanwhile are served
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		perSecond := make(map[int]int)
		for _, c := range append(sockets, late) {
			c.leaves(websocket.StatusGoingAway)
			perSecond[int(c.at.Sub(start)/time.Second)]++
		}
		if got := fmt.Sprint(perSecond); got != "map[0:10 1:10 2:11]" {
			t.Errorf("closed per second: %v", got)
		}
		w := httptest.NewRecorder()
		s.hub.Serve(w, upgradeRequest(), hub.Socket{})
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("after Close: %d", w.Code)
		}
	})
}

func upgradeRequest() *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Sec-WebSocket-Version", "13")
	r.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	return r
}

func TestCloseDoesNotWaitForever(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		s.source.behave(func(src *source) { src.slow = time.Second })
		rude := s.rude(customer) // never reads
		rude.text(subscribe)
		time.Sleep(2 * time.Second)
		s.fill()
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		if err := s.hub.Close(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close: %v", err)
		}
		if took := time.Since(start); took != 100*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

// RFC 6455, 4.2.1 and 4.4.
func TestWrongHandshakes(t *testing.T) {
	const (
		connection = "Connection: keep-alive, Upgrade"
		upgrade    = "Upgrade: WebSocket"
		version    = "Sec-WebSocket-Version: 13"
		key        = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
	)
	for _, c := range []struct {
		name    string
		headers []string
		want    string // the answer's status and what its headers ask for
	}{
		{"right", []string{connection, upgrade, version, key}, "101"},
		{"lists over several lines", []string{"Connection: keep-alive", "Connection: Upgrade", "Upgrade: h2c, websocket", version, key}, "101"},
		{"no key", []string{connection, upgrade, version}, "400"},
		{"an empty key", []string{connection, upgrade, version, "Sec-WebSocket-Key:"}, "400"},
		{"a key of 15 bytes", []string{connection, upgrade, version, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j"}, "400"},
		{"a key of 17 bytes", []string{connection, upgrade, version, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWU="}, "400"},
		{"a key that is not Base64", []string{connection, upgrade, version, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!Q=="}, "400"},
		{"two keys", []string{connection, upgrade, version, key, key}, "400"},
		{"an older version", []string{connection, upgrade, "Sec-WebSocket-Version: 8", key}, "426 13"},
		{"no version", []string{connection, upgrade, key}, "426 13"},
		{"no Connection", []string{upgrade, version, key}, "400"},
		{"another Connection", []string{"Connection: keep-alive", upgrade, version, key}, "400"},
		{"another Upgrade", []string{connection, "Upgrade: h2c", version, key}, "426"},
	} {
		t.Run(c.name, func(t *testing.T) {
			story(t, hub.Options{}, func(s *stage) {
				conn, err := s.listen.Dial(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				fmt.Fprintf(conn, "GET /?p=a HTTP/1.1\r\nHost: mem\r\n%s\r\n\r\n", strings.Join(c.headers, "\r\n"))
				answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				got := strings.TrimSpace(fmt.Sprint(answer.StatusCode, " ", answer.Header.Get("Sec-WebSocket-Version")))
				if got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
		})
	}
}

// A subscription that has arrived counts, though the socket closes right behind it, and the participant may speak.
func TestASubscriptionCountsThoughTheSocketCloses(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		s.source.behave(func(src *source) { src.slow = time.Second })
		r := s.rude(customer, append(frame(0x81, subscribe), frame(0x88, "\x03\xe8")...)...)
		if got := r.end(); got != "close:1000 EOF" {
			t.Errorf("heard %q", got)
		}
		r.c.Close()
		synctest.Wait()
		if those := s.source.those(); len(those) != 0 {
			t.Fatalf("connected before the store has answered: %v", those)
		}
		if !s.hub.Joining(context.Background(), string(customer)) {
			t.Error("who speaks meanwhile is not waited for")
		}
		if those := s.source.those(); !slices.Equal(those, []center.ParticipantID{customer}) {
			t.Errorf("connected: %v", those)
		}
		synctest.Wait()
		if st := s.hub.Stats(); st.Sockets != 0 || st.Streams != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

// The source is asked again for a socket that has closed meanwhile, but not for ever.
func TestTheSubscriptionOfAClosedSocketIsTriedForTenSeconds(t *testing.T) {
	for fails, want := range map[int]int{5: 1, 1000: 0} {
		t.Run(fmt.Sprint(fails), func(t *testing.T) {
			story(t, hub.Options{}, func(s *stage) {
				other := s.join(agent) // so that the room is open
				s.source.behave(func(src *source) { src.fail = fails; src.connected = nil })
				r := s.rude(customer, append(frame(0x81, subscribe), frame(0x88, "\x03\xe8")...)...)
				r.end()
				r.c.Close()
				time.Sleep(15 * time.Second)
				if n := len(s.source.those()); n != want {
					t.Errorf("connected %d times, want %d", n, want)
				}
				if st := s.hub.Stats(); st.Sockets != 1 {
					t.Errorf("stats %+v", st)
				}
				s.source.behave(func(src *source) { src.fail = 0 })
				other.conn.CloseNow()
			})
		})
	}
}

func TestAnOrdinaryRequestIsToldWhatThisIs(t *testing.T) {
	story(t, hub.Options{}, func(s *stage) {
		w := httptest.NewRecorder()
		s.hub.Serve(w, httptest.NewRequest("GET", "/", nil), hub.Socket{})
		if w.Code != http.StatusUpgradeRequired {
			t.Errorf("%d", w.Code)
		}
	})
}
