package conversation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	// beat is how often the socket is asked whether it lives, as chatjs does.
	beat = 10 * time.Second
	// silence is how long a socket may say nothing. Every beat is answered.
	silence = 25 * time.Second
	// dialTime is how long a socket has to open and to answer the subscription.
	dialTime = 15 * time.Second
	// partTime is how long a socket has to answer a good-bye.
	partTime = time.Second
	// maxFrame is far above the largest item: 16 KiB of content, twice written as JSON.
	maxFrame = 1 << 20
	// shownBytes is how much of a wrong answer errors show.
	shownBytes = 200
)

// The frames that clients send.
// Source: what amazon-connect-chatjs writes.
const (
	subscribeFrame = `{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}`
	heartbeatFrame = `{"topic":"aws/heartbeat"}`
	pingFrame      = `{"topic":"aws/ping"}`
)

// socket is one subscribed socket: a goroutine that reads, one that beats. What it hears is in frames, which is closed at
// its end; why is set by then.
type socket struct {
	conn     *websocket.Conn
	endpoint string // scheme and host, for errors: the rest of the URL is a secret
	opened   time.Time
	frames   chan frame
	why      error

	ctx     context.Context // ends the socket at once
	cancel  context.CancelFunc
	parting chan struct{} // closed when nobody takes frames any more
	part    sync.Once
	running sync.WaitGroup
}

// frame is an item, or the answer to a ping.
type frame struct {
	item *Item
	pong bool
}

// Failure says how far a socket came before it failed.
type Failure int

const (
	NoAnswer      Failure = iota // the connection failed or broke
	TimedOut                     // nothing came in time, or the context ended
	NotUnderstood                // what came is not what the service says
	Refused                      // the service said no
)

// SocketError is what was wrong with a socket. It never holds the socket's URL, which is a secret, or what was said.
type SocketError struct {
	Failure  Failure
	Endpoint string // scheme and host: wss://…
	Status   int    // of the answer to the handshake, if it was not the right one
	Err      error
}

func (e *SocketError) Error() string { return fmt.Sprintf("WebSocket to %s: %v", e.Endpoint, e.Err) }
func (e *SocketError) Unwrap() error { return e.Err }

// wrong makes the error of a socket.
func (s *socket) wrong(f Failure, status int, err error) *SocketError {
	return &SocketError{Failure: f, Endpoint: s.endpoint, Status: status, Err: err}
}

// dial opens the socket of a URL that CreateParticipantConnection gave out and subscribes it. ctx is for that alone: the
// socket outlives it.
func dial(ctx context.Context, client *http.Client, address string) (*socket, error) {
	s := &socket{opened: time.Now(), frames: make(chan frame, 64), parting: make(chan struct{})}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, s.wrong(NotUnderstood, 0, errors.New("CreateParticipantConnection gave out no socket's URL"))
	}
	s.endpoint = u.Scheme + "://" + u.Host
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	late := time.AfterFunc(dialTime, s.cancel)
	defer late.Stop()
	defer context.AfterFunc(ctx, s.cancel)()
	err = s.open(client, address)
	if err == nil {
		err = s.subscribe()
	}
	if err != nil {
		expired := s.ctx.Err() != nil
		s.cut()
		switch {
		case ctx.Err() != nil:
			err = s.wrong(TimedOut, 0, context.Cause(ctx))
		case expired:
			err = s.wrong(TimedOut, 0, fmt.Errorf("the socket was not subscribed within %v: %w", dialTime, context.DeadlineExceeded))
		}
		return nil, err
	}
	s.running.Go(s.listen)
	s.running.Go(s.beat)
	return s, nil
}

func (s *socket) open(client *http.Client, address string) error {
	conn, answer, err := websocket.Dial(s.ctx, address, &websocket.DialOptions{HTTPClient: client})
	if err == nil {
		conn.SetReadLimit(maxFrame)
		s.conn = conn
		return nil
	}
	if answer == nil {
		return s.wrong(NoAnswer, 0, WithoutURL(err))
	}
	var begin []byte
	if answer.Body != nil {
		begin, _ = io.ReadAll(io.LimitReader(answer.Body, shownBytes)) // at most what was kept of it
	}
	return s.wrong(NotUnderstood, answer.StatusCode, fmt.Errorf("no WebSocket handshake: status %d, content type %q: %q",
		answer.StatusCode, answer.Header.Get("Content-Type"), begin))
}

// WithoutURL takes the URL, with its token, out of an error of an HTTP client.
func WithoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// subscribe asks for the chat and waits for the answer. Items may come before it.
func (s *socket) subscribe() error {
	if err := s.write(s.ctx, subscribeFrame); err != nil {
		return s.wrong(NoAnswer, 0, fmt.Errorf("subscribe: %w", err))
	}
	for {
		topic, f, err := s.read(s.ctx)
		if err != nil {
			return err
		}
		if topic == "aws/subscribe" {
			return nil
		}
		if f.item == nil {
			continue
		}
		select {
		case s.frames <- f:
		default:
			return s.wrong(NotUnderstood, 0, errors.New("the subscription was not answered, but items came"))
		}
	}
}

// read waits for a frame that means something. Topics that nobody knows mean nothing.
func (s *socket) read(ctx context.Context) (topic string, f frame, err error) {
	_, raw, err := s.conn.Read(ctx)
	switch {
	case websocket.CloseStatus(err) >= 0:
		return "", f, s.wrong(NoAnswer, 0, fmt.Errorf("the server closed the socket: %w", err))
	case err != nil:
		return "", f, s.wrong(NoAnswer, 0, err)
	case len(bytes.TrimSpace(raw)) == 0:
		return "", f, nil
	}
	var said struct {
		Topic   string
		Content json.RawMessage
	}
	if err := json.Unmarshal(raw, &said); err != nil {
		return "", f, s.garbage("a frame", raw, err)
	}
	switch said.Topic {
	case "aws/subscribe":
		return said.Topic, f, s.subscribed(said.Content)
	case "aws/ping":
		f.pong = true
	case "aws/chat":
		if f.item, err = readItem(said.Content); err != nil {
			return "", f, s.garbage("the content of a frame", said.Content, err)
		}
	}
	return said.Topic, f, nil
}

// readItem reads an item, which is JSON inside a JSON string.
func readItem(content json.RawMessage) (*Item, error) {
	var text string
	if err := json.Unmarshal(content, &text); err != nil {
		return nil, err
	}
	it := new(Item)
	if err := json.Unmarshal([]byte(text), it); err != nil {
		return nil, err
	}
	return it, nil
}

// garbage shows what was not understood, but of an item only the length: it is what people say to each other.
func (s *socket) garbage(what string, raw []byte, err error) *SocketError {
	return s.wrong(NotUnderstood, 0, fmt.Errorf("%s of %d bytes is not what a chat shows: %w", what, len(raw), err))
}

func (s *socket) subscribed(content json.RawMessage) error {
	var answer struct{ Status string }
	if err := json.Unmarshal(content, &answer); err != nil {
		return s.garbage("the answer to the subscription", content, err)
	}
	if answer.Status != "success" {
		return s.wrong(Refused, 0, fmt.Errorf("the subscription was answered with %q", answer.Status))
	}
	return nil
}

// listen reads until the end of the socket.
func (s *socket) listen() {
	defer close(s.frames)
	defer s.cancel()
	for {
		ctx, cancel := context.WithTimeout(s.ctx, silence)
		_, f, err := s.read(ctx)
		quiet := ctx.Err() != nil && s.ctx.Err() == nil
		cancel()
		if quiet {
			err = s.wrong(TimedOut, 0, fmt.Errorf("the socket has said nothing for %v, not even answered a heartbeat", silence))
		}
		if err != nil {
			s.why = err
			return
		}
		if f.item == nil && !f.pong {
			continue
		}
		select {
		case s.frames <- f:
		case <-s.parting:
		case <-s.ctx.Done():
			s.why = s.wrong(NoAnswer, 0, context.Cause(s.ctx))
			return
		}
	}
}

// beat asks for a sign of life, so that listen hears one.
func (s *socket) beat() {
	t := time.NewTicker(beat)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if s.write(s.ctx, heartbeatFrame) != nil {
				return // listen finds out
			}
		case <-s.ctx.Done():
			return
		}
	}
}

// write sends a frame. One that does not get through within a beat ends the socket.
func (s *socket) write(ctx context.Context, frame string) error {
	ctx, cancel := context.WithTimeout(ctx, beat)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, []byte(frame))
}

// close says good-bye and waits until both goroutines are gone.
func (s *socket) close() {
	s.part.Do(func() { close(s.parting) })
	late := time.AfterFunc(partTime, s.cancel)
	defer late.Stop()
	_ = s.conn.Close(websocket.StatusNormalClosure, "") // the server may have gone
	s.cut()
}

// cut ends the socket without a word.
func (s *socket) cut() {
	s.part.Do(func() { close(s.parting) })
	s.cancel()
	if s.conn != nil {
		_ = s.conn.CloseNow() // it may be closed
	}
	s.running.Wait()
}
