package parley

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

// link is one subscribed socket: a goroutine that reads, one that beats. What it hears is in frames, which is closed at
// its end; why is set by then.
type link struct {
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
	item *item
	pong bool
}

// wrong makes the error of a socket.
func (l *link) wrong(kind Kind, status int, err error) *Error {
	return &Error{Kind: kind, Operation: "WebSocket", Attempts: 1, Endpoint: l.endpoint, StatusCode: status, Err: err}
}

// dial opens the socket of a URL that CreateParticipantConnection gave out and subscribes it. ctx is for that alone: the
// socket outlives it.
func dial(ctx context.Context, client *http.Client, address string) (*link, error) {
	l := &link{opened: time.Now(), frames: make(chan frame, 64), parting: make(chan struct{})}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, l.wrong(KindResponse, 0, errors.New("CreateParticipantConnection gave out no socket's URL"))
	}
	l.endpoint = u.Scheme + "://" + u.Host
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	late := time.AfterFunc(dialTime, l.cancel)
	defer late.Stop()
	defer context.AfterFunc(ctx, l.cancel)()
	err = l.open(client, address)
	if err == nil {
		err = l.subscribe()
	}
	if err != nil {
		expired := l.ctx.Err() != nil
		l.cut()
		switch {
		case ctx.Err() != nil:
			err = l.wrong(KindTimeout, 0, context.Cause(ctx))
		case expired:
			err = l.wrong(KindTimeout, 0, fmt.Errorf("the socket was not subscribed within %v: %w", dialTime, context.DeadlineExceeded))
		}
		return nil, err
	}
	l.running.Go(l.listen)
	l.running.Go(l.beat)
	return l, nil
}

func (l *link) open(client *http.Client, address string) error {
	conn, answer, err := websocket.Dial(l.ctx, address, &websocket.DialOptions{HTTPClient: client})
	if err == nil {
		conn.SetReadLimit(maxFrame)
		l.conn = conn
		return nil
	}
	if answer == nil {
		return l.wrong(KindDispatch, 0, withoutURL(err))
	}
	var begin []byte
	if answer.Body != nil {
		begin, _ = io.ReadAll(io.LimitReader(answer.Body, shownBytes)) // at most what was kept of it
	}
	return l.wrong(KindResponse, answer.StatusCode, fmt.Errorf("no WebSocket handshake: status %d, content type %q: %q",
		answer.StatusCode, answer.Header.Get("Content-Type"), begin))
}

// withoutURL takes the URL, with its token, out of an error.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// subscribe asks for the chat and waits for the answer. Items may come before it.
func (l *link) subscribe() error {
	if err := l.write(l.ctx, subscribeFrame); err != nil {
		return l.wrong(KindDispatch, 0, fmt.Errorf("subscribe: %w", err))
	}
	for {
		topic, f, err := l.read(l.ctx)
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
		case l.frames <- f:
		default:
			return l.wrong(KindResponse, 0, errors.New("the subscription was not answered, but items came"))
		}
	}
}

// read waits for a frame that means something. Topics that nobody knows mean nothing.
func (l *link) read(ctx context.Context) (topic string, f frame, err error) {
	_, raw, err := l.conn.Read(ctx)
	switch {
	case websocket.CloseStatus(err) >= 0:
		return "", f, l.wrong(KindDispatch, 0, fmt.Errorf("the server closed the socket: %w", err))
	case err != nil:
		return "", f, l.wrong(KindDispatch, 0, err)
	case len(bytes.TrimSpace(raw)) == 0:
		return "", f, nil
	}
	var said struct {
		Topic   string
		Content json.RawMessage
	}
	if err := json.Unmarshal(raw, &said); err != nil {
		return "", f, l.garbage("a frame", raw, err)
	}
	switch said.Topic {
	case "aws/subscribe":
		return said.Topic, f, l.subscribed(said.Content)
	case "aws/ping":
		f.pong = true
	case "aws/chat":
		if f.item, err = readItem(said.Content); err != nil {
			return "", f, l.garbage("the content of a frame", said.Content, err)
		}
	}
	return said.Topic, f, nil
}

// readItem reads an item, which is JSON inside a JSON string.
func readItem(content json.RawMessage) (*item, error) {
	var text string
	if err := json.Unmarshal(content, &text); err != nil {
		return nil, err
	}
	it := new(item)
	if err := json.Unmarshal([]byte(text), it); err != nil {
		return nil, err
	}
	return it, nil
}

// garbage shows what was not understood, but of an item only the length: it is what people say to each other.
func (l *link) garbage(what string, raw []byte, err error) *Error {
	return l.wrong(KindResponse, 0, fmt.Errorf("%s of %d bytes is not what a chat shows: %w", what, len(raw), err))
}

func (l *link) subscribed(content json.RawMessage) error {
	var answer struct{ Status string }
	if err := json.Unmarshal(content, &answer); err != nil {
		return l.garbage("the answer to the subscription", content, err)
	}
	if answer.Status != "success" {
		return l.wrong(KindService, 0, fmt.Errorf("the subscription was answered with %q", answer.Status))
	}
	return nil
}

// listen reads until the end of the socket.
func (l *link) listen() {
	defer close(l.frames)
	defer l.cancel()
	for {
		ctx, cancel := context.WithTimeout(l.ctx, silence)
		_, f, err := l.read(ctx)
		quiet := ctx.Err() != nil && l.ctx.Err() == nil
		cancel()
		if quiet {
			err = l.wrong(KindTimeout, 0, fmt.Errorf("the socket has said nothing for %v, not even answered a heartbeat", silence))
		}
		if err != nil {
			l.why = err
			return
		}
		if f.item == nil && !f.pong {
			continue
		}
		select {
		case l.frames <- f:
		case <-l.parting:
		case <-l.ctx.Done():
			l.why = l.wrong(KindDispatch, 0, context.Cause(l.ctx))
			return
		}
	}
}

// beat asks for a sign of life, so that listen hears one.
func (l *link) beat() {
	t := time.NewTicker(beat)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if l.write(l.ctx, heartbeatFrame) != nil {
				return // listen finds out
			}
		case <-l.ctx.Done():
			return
		}
	}
}

// write sends a frame. One that does not get through within a beat ends the socket.
func (l *link) write(ctx context.Context, frame string) error {
	ctx, cancel := context.WithTimeout(ctx, beat)
	defer cancel()
	return l.conn.Write(ctx, websocket.MessageText, []byte(frame))
}

// close says good-bye and waits until both goroutines are gone.
func (l *link) close() {
	l.part.Do(func() { close(l.parting) })
	late := time.AfterFunc(partTime, l.cancel)
	defer late.Stop()
	_ = l.conn.Close(websocket.StatusNormalClosure, "") // the server may have gone
	l.cut()
}

// cut ends the socket without a word.
func (l *link) cut() {
	l.part.Do(func() { close(l.parting) })
	l.cancel()
	if l.conn != nil {
		_ = l.conn.CloseNow() // it may be closed
	}
	l.running.Wait()
}
