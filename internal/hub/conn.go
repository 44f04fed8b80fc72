package hub

import (
	"bufio"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/lxzan/gws"

	"github.com/parley-chat/parley/internal/wire/socket"
)

const (
	// readBuffer holds several of the clients' frames; the default of 4 KiB would be most of an idle socket's memory.
	readBuffer = 512
	// maxMessage bounds a client's message, fragments together. The longest that clients send has 60 bytes.
	maxMessage = 32 << 10
	// coalesce is how much of a queue is put into one write.
	coalesce = 16 << 10
	// drainLimit is how much is read from a client after its error, so that closing does not reset the connection
	// while the close frame is on its way.
	drainLimit = 256 << 10
)

// conn is one socket. Reading is gws's: conn is the net.Conn below it. Writing is conn's own, by a goroutine that
// lives only while frames wait, since gws writes under a mutex and closes with 1000 on a read error, which the Android
// SDK takes for a good-bye.
//
// Closing: shut queues the close frame as the last one; reading goes on until the client's answer, an error or the
// timeout; then forget; and the last of reader and writer closes the network connection.
type conn struct {
	net.Conn
	hub       *Hub
	principal string
	own       Membership // in the participant's chat; without a chat nothing but its gone is used
	early     []byte     // bytes that came behind the request, before the handshake's answer
	ws        *gws.Conn
	why       error // why reading ended

	mu       sync.Mutex
	raised   bool // the handshake is over: what gws writes from here on is dropped; not guarded
	asked    bool // it subscribed before
	answered bool // and got its answer
	held     bool // items wait for that, in late
	settled  bool // the source has taken or refused it, or is not asked any more
	closing  bool // the close frame is queued: nothing comes after it
	writing  bool // the writer runs
	finished bool // reading has ended
	late     [][]byte
	over     chan struct{} // closed once the subscription is settled or the socket gone; nil while nobody waits for that
	queue    [][]byte
	bytes    int // in queue
	endTimer *time.Timer
	joined   *joined // nil until it joins a stream beside its own
}

func newUpgrader() *gws.Upgrader {
	// permessage-deflate is offered by browsers and declined: a compressor costs more memory than the rest of an idle
	// socket, and a frame of half a kilobyte several times the CPU of its encoding.
	return gws.NewUpgrader(events{}, &gws.ServerOption{
		ParallelGolimit:    1,
		ReadMaxPayloadSize: maxMessage,
		ReadBufferSize:     readBuffer,
		CheckUtf8Enabled:   true, // RFC 6455, 8.1: text and reasons of closes that are not UTF-8 are answered with 1007
		NewSession:         func() gws.SessionStorage { return nil },
	})
}

// checkHandshake answers a request that cannot become a socket (RFC 6455, 4.2.1 and 4.4) and reports whether it can.
func checkHandshake(w http.ResponseWriter, r *http.Request) bool {
	refuse := func(status int, why string) bool {
		w.Header().Set("Connection", "close")
		http.Error(w, why, status)
		return false
	}
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
	switch {
	case r.Method != http.MethodGet || !hasToken(r.Header["Upgrade"], "websocket"):
		w.Header().Set("Upgrade", "websocket")
		return refuse(http.StatusUpgradeRequired, "this is the address of a WebSocket")
	case !r.ProtoAtLeast(1, 1):
		return refuse(http.StatusBadRequest, "a WebSocket needs HTTP/1.1")
	case !hasToken(r.Header["Connection"], "upgrade"):
		return refuse(http.StatusBadRequest, "the Connection header must name Upgrade")
	case len(r.Header["Sec-Websocket-Version"]) != 1 || r.Header.Get("Sec-WebSocket-Version") != version:
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Sec-WebSocket-Version", version)
		return refuse(http.StatusUpgradeRequired, "Sec-WebSocket-Version must be "+version)
	case len(r.Header["Sec-Websocket-Key"]) != 1 || err != nil || len(key) != keyBytes:
		return refuse(http.StatusBadRequest, "Sec-WebSocket-Key must be the Base64 of 16 bytes")
	}
	return true
}

// The version of the protocol, and the length of a client's nonce.
const (
	version  = "13"
	keyBytes = 16
)

// hasToken says whether a header that is a list of tokens has one, in any case.
func hasToken(values []string, token string) bool {
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

// upgrade takes the connection from net/http and answers the handshake.
func (h *Hub) upgrade(w http.ResponseWriter, r *http.Request, s Socket) (*conn, error) {
	raw, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: raw, hub: h, principal: s.Principal}
	c.own.conn, c.own.viewer = c, s.Viewer
	if n := buffered.Reader.Buffered(); n > 0 {
		c.early = make([]byte, n)
		io.ReadFull(buffered.Reader, c.early) // cannot fail: they are there
	}
	// gws compares these two with one spelling each; what they may be was checked.
	r.Header["Connection"], r.Header["Upgrade"] = []string{"Upgrade"}, []string{"websocket"}
	ws, err := h.upgrader.UpgradeFromConn(c, bufio.NewReaderSize(c, readBuffer), r)
	if err != nil {
		raw.Close()
		return nil, err
	}
	c.raised = true
	c.ws = ws
	return c, nil
}

// Read is gws's reading. Each read moves the moment at which silence ends the socket.
func (c *conn) Read(p []byte) (int, error) {
	if len(c.early) > 0 {
		n := copy(p, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	if err := c.allowSilence(); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// allowSilence moves the moment at which silence ends the socket. While closing it stays where end has set it.
func (c *conn) allowSilence() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return nil
	}
	return c.Conn.SetReadDeadline(time.Now().Add(c.hub.opt.IdleTimeout))
}

// Write is gws's writing: the handshake, and later only closes of its own, which are not ours.
func (c *conn) Write(p []byte) (int, error) {
	if c.raised {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// Close is gws's closing; ours is closeNetwork.
func (c *conn) Close() error { return nil }

// run reads until the end of the socket. A subscription that arrived before it counts: only when the source has taken it is
// the socket forgotten.
func (c *conn) run() {
	defer c.hub.reading.Done()
	c.read()
	code, clientErr := closeCode(c.why)
	c.shut(code, "")
	if clientErr {
		io.CopyN(io.Discard, c, drainLimit)
	}
	c.finish()
	c.awaitSubscription()
	c.hub.forget(c)
}

// subscribeWithin is how long the source may take for the subscription of a socket that has closed meanwhile.
const subscribeWithin = 10 * time.Second

func (c *conn) awaitSubscription() {
	if !c.isSubscribing() {
		return
	}
	late := time.NewTimer(subscribeWithin)
	defer late.Stop()
	select {
	case <-c.awaited():
	case <-late.C:
	case <-c.hub.ctx.Done():
	}
}

// errLength is a frame that announces more than 2^63 bytes.
var errLength = errors.New("frame of negative length")

// read lets gws read until the end of the socket, which events.OnClose is told. gws 1.8.9 slices by a length with the
// top bit set as by a negative number; the panic must end this client alone, not the server.
func (c *conn) read() {
	defer func() {
		if broken := recover(); broken != nil {
			c.hub.opt.Log.Warn("frame not read", "principal", c.principal, "chat", c.own.viewer.Chat, "panic", broken)
			c.why = errLength
		}
	}()
	ws := c.ws
	c.ws = nil
	ws.ReadLoop()
}

// closeCode is the answer to the end of reading, and whether the client's bytes were at fault.
func closeCode(why error) (code uint16, clientErr bool) {
	var closed *gws.CloseError
	var status interface{ Uint16() uint16 }
	var network net.Error
	switch {
	case errors.As(why, &closed) && !utf8.Valid(closed.Reason):
		return closeInvalidText, false
	case errors.As(why, &closed):
		return echo(closed.Code), false
	case errors.As(why, &status):
		return status.Uint16(), true
	case errors.Is(why, gws.ErrTextEncoding):
		return closeInvalidText, true
	case errors.Is(why, io.EOF), errors.Is(why, io.ErrUnexpectedEOF), errors.Is(why, net.ErrClosed), errors.As(why, &network):
		return closeGoingAway, false
	}
	return closeProtocol, true
}

// echo is the code that answers a client's close (RFC 6455, 7.4): its own, if it may be sent at all.
func echo(code uint16) uint16 {
	switch {
	case code == 0:
		return 0
	case code >= 3000 && code < 5000, code >= 1000 && code <= 1003, code >= 1007 && code <= 1013:
		return code
	}
	return closeProtocol
}

// events are gws's callbacks; the socket is the connection below.
type events struct{}

func (events) OnOpen(*gws.Conn)         {}
func (events) OnPong(*gws.Conn, []byte) {}

func (events) OnClose(ws *gws.Conn, err error) { ws.NetConn().(*conn).why = err }

func (events) OnPing(ws *gws.Conn, payload []byte) { ws.NetConn().(*conn).send(pongFrame(payload)) }

func (events) OnMessage(ws *gws.Conn, m *gws.Message) {
	if m.Opcode == gws.OpcodeText {
		ws.NetConn().(*conn).hear(m.Bytes())
	}
	m.Close()
}

// hear answers a client's frame. What is not understood is ignored, as the service does.
func (c *conn) hear(frame []byte) {
	switch r := socket.Parse(frame); r.Kind {
	case socket.Heartbeat:
		c.send(heartbeatFrame)
	case socket.Ping:
		c.send(pingFrame)
	case socket.Subscribe:
		c.subscribe(r)
	}
}

// subscribe answers for the chat and for all other topics, which do not exist, separately (inferred; clients ask for
// one).
func (c *conn) subscribe(r socket.Request) {
	chat := c.own.viewer.Chat != ""
	var unknown []string
	for _, topic := range r.Topics {
		if topic != socket.TopicChat || !chat {
			unknown = append(unknown, topic)
		}
	}
	if len(unknown) > 0 || len(r.Topics) == 0 {
		c.send(textFrame(socket.AppendRefusal(nil, unknown)))
	}
	if !r.Chat() || !chat {
		return
	}
	switch first, answered := c.ask(); {
	case first:
		// Not here: the store may be slow, and heartbeats must be answered meanwhile.
		c.hub.running.Add(1)
		go c.hub.subscribe(&c.own)
	case answered:
		c.send(subscribedFrame)
	}
}

func (c *conn) ask() (first, answered bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	first = !c.asked
	c.asked = true
	return first, c.answered
}

// admit makes items wait for the answer to the first subscription: it is given once the source has taken the participant
// as connected, so that whoever has read it may speak.
func (c *conn) admit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = true
}

// welcome queues the answer to the first subscription, and behind it the items that have come since.
func (c *conn) welcome() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answered, c.held = true, false
	c.push(subscribedFrame)
	for _, frame := range c.late {
		c.push(frame)
	}
	c.late = nil
}

// settle ends the waiting for the first subscription: the source has taken or refused it, or is not asked any more.
func (c *conn) settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settled = true
	c.tell()
}

// awaited is closed when the first subscription is settled, or the socket is gone.
func (c *conn) awaited() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over == nil {
		c.over = make(chan struct{})
		if c.settled || c.forgotten() {
			close(c.over)
		}
	}
	return c.over
}

// tell wakes those who wait for the first subscription; c.mu is held.
func (c *conn) tell() {
	if c.over == nil {
		return
	}
	select {
	case <-c.over:
	default:
		close(c.over)
	}
}

// isSubscribing says that the first subscription has arrived and is not settled.
func (c *conn) isSubscribing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked && !c.settled
}

// isConnected says that the source has taken the first subscription.
func (c *conn) isConnected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answered
}

// show is send for the frames of a membership's items.
func (c *conn) show(m *Membership, frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case m.gone.Load():
	case !c.held || c.closing:
		c.push(frame)
	case len(c.late) < c.hub.opt.Queue:
		c.late = append(c.late, frame)
	default: // the source has not answered for that long; the client may come back
		c.end(closeGoingAway, "not connected in time")
	}
}

// send queues a frame, or closes the socket when too many wait already. It never blocks.
func (c *conn) send(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.push(frame)
}

// push is send with c.mu held.
func (c *conn) push(frame []byte) {
	if c.closing {
		return
	}
	if n := len(c.queue); n > 0 && (n >= c.hub.opt.Queue || c.bytes+len(frame) > c.hub.opt.QueueBytes) {
		c.hub.slow.Add(1)
		c.drop()
		c.end(closeGoingAway, "slow reader")
		return
	}
	c.enqueue(frame)
}

// enqueue puts the frame into the queue and sees that a writer runs. c.mu is held.
func (c *conn) enqueue(frame []byte) {
	c.queue = append(c.queue, frame)
	c.bytes += len(frame)
	if !c.writing {
		c.writing = true
		c.hub.reading.Add(1) // reading has not ended, so the count is above zero
		go c.write()
	}
}

func (c *conn) drop() {
	c.queue, c.bytes = nil, 0
}

// shut closes the socket after what is queued. Only the first call of all counts.
func (c *conn) shut(code uint16, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end(code, reason)
}

// end is shut with c.mu held.
func (c *conn) end(code uint16, reason string) {
	if c.closing {
		return
	}
	c.enqueue(closeFrame(code, reason))
	c.closing = true
	if c.endTimer != nil {
		c.endTimer.Stop()
	}
	// Wakes a read under way; an error here is a closed connection.
	c.Conn.SetReadDeadline(time.Now().Add(c.hub.opt.CloseTimeout))
}

// endAfter closes the socket for good when the client has not done so by then.
func (c *conn) endAfter(grace time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.endTimer == nil && !c.closing {
		c.endTimer = time.AfterFunc(grace, func() { c.shut(closeNormal, "") })
	}
}

func (c *conn) leaving() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing
}

func (c *conn) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue)
}

// cut ends the socket without a word.
func (c *conn) cut() { c.Conn.Close() }

var writeBuffers = sync.Pool{New: func() any { b := make([]byte, 0, coalesce); return &b }}

// write empties the queue and ends.
func (c *conn) write() {
	defer c.hub.reading.Done()
	buf := writeBuffers.Get().(*[]byte)
	defer writeBuffers.Put(buf)
	for {
		chunk := c.next((*buf)[:0])
		if chunk == nil {
			return
		}
		err := c.Conn.SetWriteDeadline(time.Now().Add(c.hub.opt.WriteTimeout))
		if err == nil {
			_, err = c.Conn.Write(chunk)
		}
		if err != nil {
			c.fail()
			return
		}
	}
}

// next takes what one write can carry from the queue: one frame as it is, or several copied into buf. With nothing
// left it ends the writing, and if reading has ended too, the connection.
func (c *conn) next(buf []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		c.drained()
		c.writing = false
		if c.finished {
			c.Conn.Close()
		}
		return nil
	}
	n, size := 1, len(c.queue[0])
	for n < len(c.queue) && size+len(c.queue[n]) <= coalesce {
		size += len(c.queue[n])
		n++
	}
	chunk := c.queue[0]
	if n > 1 {
		for _, frame := range c.queue[:n] {
			buf = append(buf, frame...)
		}
		chunk = buf
	}
	c.take(n)
	c.bytes -= size
	return chunk
}

// keepQueue is the largest queue whose memory an idle socket keeps.
const keepQueue = 4

// take removes the first n frames of the queue. c.mu is held.
func (c *conn) take(n int) {
	rest := copy(c.queue, c.queue[n:])
	clear(c.queue[rest:])
	c.queue = c.queue[:rest]
	if rest == 0 && cap(c.queue) > keepQueue {
		c.queue = nil
	}
}

// fail ends a socket that cannot be written to: reading meets the closed connection.
func (c *conn) fail() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop()
	c.drained()
	c.closing, c.writing = true, false
	c.Conn.Close()
}

// finish is the end of reading. A writer at work closes the connection when it is through.
func (c *conn) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finished = true
	if c.endTimer != nil {
		c.endTimer.Stop()
	}
	if !c.writing {
		c.Conn.Close()
	}
}
