package shift

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/conversation"
)

const (
	// beat is how often the socket is asked whether it lives, silence how long it may say nothing.
	beat    = 10 * time.Second
	silence = 25 * time.Second
	// dialTime is how long a socket has to open and to show the agent.
	dialTime = 15 * time.Second
	// firstPause and lastPause bound the pauses between tries; each is a random part of its bound.
	firstPause, lastPause = 100 * time.Millisecond, 10 * time.Second
	// soundAfter is how long a socket must have lived for its end to be no failure to connect.
	soundAfter = 30 * time.Second
	// firstTries is how often Begin tries to open the socket.
	firstTries = 3
	// partTime is how long a socket has to answer a good-bye.
	partTime = time.Second
	maxFrame = 8 << 20
)

// Options say whose shift it is.
type Options struct {
	Endpoint string // https://chat.example.com
	HTTP     *http.Client
	// Instance is the id, ARN or alias; it may be left out when the server has one instance.
	Instance           string
	Username, Password string
	// GiveUpAfter is how long to try to get a lost socket back.
	GiveUpAfter time.Duration
	// OnConnection is told when the socket is lost, with the reason, and when it is back. It must not block.
	OnConnection func(connected bool, why error)
}

// Shift is an agent's session. Its methods may be called by several goroutines at once.
type Shift struct {
	desk
	opt     Options
	session *Session
	events  *queue

	life context.Context
	end  context.CancelCauseFunc
	done chan struct{}

	mu      sync.Mutex
	shown   Snapshot
	began   bool    // there was a snapshot
	held    []Event // of chats, before the first snapshot: they are shown behind it
	cursors map[string]int64
	err     error
	socket  *websocket.Conn // nil while it is lost
	waiting []chan struct{} // for answers to pings, in their order
}

// errClosed is the cause of an end that the client wanted.
var errClosed = errors.New("closed")

// Begin signs in and opens the socket. It returns when the agent has been shown. ctx is the shift's: when it is done, so is the
// Shift.
func Begin(ctx context.Context, o Options) (*Shift, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("the endpoint must be the URL of a server, such as http://127.0.0.1:4510")
	}
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	s := &Shift{
		desk: desk{endpoint: strings.TrimSuffix(o.Endpoint, "/"), http: o.HTTP, instance: o.Instance, username: o.Username, password: o.Password},
		opt:  o, events: newQueue(), done: make(chan struct{}), cursors: map[string]int64{},
	}
	s.life, s.end = context.WithCancelCause(ctx)
	s.over = func() bool { return s.life.Err() != nil }
	if s.session, err = s.signIn(s.life); err != nil {
		s.end(err)
		return nil, err
	}
	for try := 1; ; try++ {
		conn, ended, err := s.open()
		if err == nil {
			go s.run(conn, ended)
			return s, nil
		}
		if final(err) || try == firstTries || pause(s.life, try) != nil {
			s.end(err)
			return nil, err
		}
	}
}

// open opens a socket and waits until it has shown the agent. ended gets the reason of the socket's end.
func (s *Shift) open() (conn *websocket.Conn, ended chan error, err error) {
	if conn, err = s.dial(); err != nil {
		return nil, nil, err
	}
	first := make(chan struct{})
	ended = make(chan error, 1)
	go func() { ended <- s.read(conn, first) }()
	select {
	case <-first:
		return conn, ended, nil
	case err = <-ended:
		return nil, nil, err
	case <-s.life.Done():
		_ = conn.CloseNow() // it may be closed
		<-ended
		return nil, nil, context.Cause(s.life)
	}
}

// final says that trying again leads nowhere.
func final(err error) bool {
	f, refused := errors.AsType[*Fault](err)
	return refused && f.Status < 500 && f.Status != http.StatusTooManyRequests
}

// maxCursors is how many cursors the server takes. Chats without one begin with the agent's joining again, and what is known
// of them is dropped.
const maxCursors = 500

// dial opens a socket that goes on where the last one ended. When the session has ended, another begins.
func (s *Shift) dial() (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(s.life, dialTime)
	defer cancel()
	for again := false; ; again = true {
		after := url.Values{}
		s.mu.Lock()
		name := func(stream string, seq int64) { after.Add("after", stream+":"+strconv.FormatInt(seq, 10)) }
		if seq, known := s.cursors[s.session.User.ID]; known {
			name(s.session.User.ID, seq)
		}
		for stream, seq := range s.cursors {
			if stream != s.session.User.ID && len(after["after"]) < maxCursors {
				name(stream, seq)
			}
		}
		s.mu.Unlock()
		conn, answer, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(s.endpoint, "http")+"/agent/v1/socket?"+after.Encode(), &websocket.DialOptions{
			HTTPClient: s.http, HTTPHeader: http.Header{"Authorization": {"Bearer " + s.bearer()}},
		})
		if err == nil {
			conn.SetReadLimit(maxFrame)
			return conn, nil
		}
		switch {
		case answer == nil || answer.StatusCode == http.StatusOK:
			return nil, fmt.Errorf("no socket from %s: %w", s.endpoint, conversation.WithoutURL(err))
		case answer.StatusCode == http.StatusUnauthorized && !again:
			in, err := s.signIn(ctx)
			if err != nil {
				return nil, err
			}
			s.mu.Lock()
			delete(s.cursors, in.User.ID) // the snapshot says what was before
			s.mu.Unlock()
		default:
			f := &Fault{Status: answer.StatusCode, Message: "the server refuses the agent's socket"}
			if answer.Body != nil {
				raw, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
				if said := fault(raw); said != nil {
					f.Type, f.Message = said.Type, said.Message
				}
			}
			return nil, f
		}
	}
}

// read takes all frames of a socket. first is closed with the first snapshot.
func (s *Shift) read(conn *websocket.Conn, first chan struct{}) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.life))
	var beating sync.WaitGroup
	defer beating.Wait()
	defer cancel()
	defer conn.CloseNow() //nolint:errcheck // it may be closed
	s.mu.Lock()
	s.socket = conn
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.socket = nil
		for _, w := range s.waiting {
			close(w)
		}
		s.waiting = nil
	}()
	beating.Go(func() {
		t := time.NewTicker(beat)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				if write(ctx, conn, `{"topic":"aws/heartbeat"}`) != nil {
					return // read finds out
				}
			case <-ctx.Done():
				return
			}
		}
	})
	seen := false
	for {
		limit := silence
		if !seen {
			limit = dialTime
		}
		within, stop := context.WithTimeout(ctx, limit)
		_, raw, err := conn.Read(within)
		quiet := within.Err() != nil && ctx.Err() == nil
		stop()
		switch {
		case quiet:
			return fmt.Errorf("the socket to %s has said nothing for %v", s.endpoint, limit)
		case err != nil:
			return fmt.Errorf("the socket to %s broke: %w", s.endpoint, err)
		}
		e, stream, seq, err := readFrame(raw)
		if err != nil {
			return err
		}
		if s.take(e, stream, seq, raw, !seen) && !seen {
			seen = true
			close(first)
		}
	}
}

func write(ctx context.Context, conn *websocket.Conn, text string) error {
	ctx, cancel := context.WithTimeout(ctx, beat)
	defer cancel()
	return conn.Write(ctx, websocket.MessageText, []byte(text))
}

// take notes what a frame says, each thing once, and reports whether it was a snapshot. first is that the socket has shown none
// before.
func (s *Shift) take(e Event, stream string, seq int64, raw []byte, first bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case e.Snapshot != nil:
		cursor, known := s.cursors[stream]
		switch {
		case stream == "":
		case !known, first && seq < cursor:
			// Items of before the snapshot may follow it, on a socket that goes on: it is no place to go on from, but the
			// first, and that of a server which has lost what there was.
			s.cursors[stream] = seq
			e.Snapshot.Anew = true
		case seq < cursor:
			return true // what was shown is newer, and the next snapshot will be
		}
		s.shown, s.began = *e.Snapshot, true
		live := map[string]bool{stream: true}
		for i := range s.shown.Contacts {
			live[s.shown.Contacts[i].Chat()] = true
		}
		maps.DeleteFunc(s.cursors, func(of string, _ int64) bool { return !live[of] && of != s.session.User.ID })
		s.events.put(e)
		for _, earlier := range s.held {
			s.events.put(earlier)
		}
		s.held = nil
		return true
	case e.Transition == nil && e.Item == nil:
		if isPong(raw) && len(s.waiting) > 0 {
			close(s.waiting[0])
			s.waiting = s.waiting[1:]
		}
		return false
	case stream != "" && seq <= s.cursors[stream]:
		return false // it is known
	case stream != "":
		s.cursors[stream] = seq
	}
	if !s.began {
		s.held = append(s.held, e)
		return false
	}
	s.events.put(e)
	return false
}

// run keeps a socket open until the end.
func (s *Shift) run(conn *websocket.Conn, ended chan error) {
	defer close(s.done)
	for {
		began := time.Now()
		var why error
		select {
		case why = <-ended:
		case <-s.life.Done():
			late := time.AfterFunc(partTime, func() { _ = conn.CloseNow() }) // it may be closed
			_ = conn.Close(websocket.StatusNormalClosure, "")                // the server may have gone
			<-ended
			late.Stop()
		}
		if s.life.Err() != nil {
			s.finish(context.Cause(s.life))
			return
		}
		s.tell(false, why)
		try := 1
		if time.Since(began) < soundAfter {
			try = 2
		}
		lost := time.Now()
		var err error
		if conn, ended, err = s.back(lost, try); err != nil {
			s.finish(err)
			return
		}
		s.tell(true, nil)
	}
}

// back opens another socket.
func (s *Shift) back(lost time.Time, try int) (*websocket.Conn, chan error, error) {
	for ; ; try++ {
		if err := pause(s.life, try); err != nil {
			return nil, nil, err
		}
		conn, ended, err := s.open()
		if err == nil {
			return conn, ended, nil
		}
		if s.life.Err() != nil {
			return nil, nil, context.Cause(s.life)
		}
		if final(err) || time.Since(lost) > s.opt.GiveUpAfter {
			return nil, nil, fmt.Errorf("the connection is lost: %w", err)
		}
	}
}

func (s *Shift) tell(connected bool, why error) {
	if s.opt.OnConnection != nil {
		s.opt.OnConnection(connected, why)
	}
}

func (s *Shift) finish(err error) {
	if errors.Is(err, errClosed) {
		err = nil
	}
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
	s.end(errClosed)
	s.events.end(err)
}

func pause(ctx context.Context, try int) error {
	bound := min(firstPause<<min(try-1, 10), lastPause)
	t := time.NewTimer(rand.N(bound))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Session is who has signed in.
func (s *Shift) Session() *Session { return s.session }

// Next waits for the next event. After the last one it returns io.EOF, or why the shift is over.
func (s *Shift) Next(ctx context.Context) (Event, error) { return s.events.take(ctx) }

// Happened is how many events there have been, taken or not.
func (s *Shift) Happened() int { return s.events.total() }

// Shown is the last snapshot. It must not be changed.
func (s *Shift) Shown() Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown
}

// Done is closed when the shift is over and nothing of it runs.
func (s *Shift) Done() <-chan struct{} { return s.done }

// Err says why it is over: nil while it goes on and after Close.
func (s *Shift) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close closes the socket and waits until nothing runs. The session and the agent's status stay as they are.
func (s *Shift) Close() {
	s.end(errClosed)
	<-s.done
}

// SignOut closes the socket and ends the session, and the shift with it. The server makes the agent Offline, with live contacts as
// the next status.
func (s *Shift) SignOut(ctx context.Context) error {
	s.Close()
	err := s.send(ctx, http.MethodDelete, "session?offline=true", s.bearer(), nil, nil)
	if f, ok := errors.AsType[*Fault](err); ok && f.Status == http.StatusUnauthorized {
		err = nil // it has ended
	}
	return err
}

// Ping waits until the server has answered over the socket: what it showed before can be taken.
func (s *Shift) Ping(ctx context.Context) error {
	answered := make(chan struct{})
	s.mu.Lock()
	conn := s.socket
	if conn != nil {
		s.waiting = append(s.waiting, answered)
	}
	s.mu.Unlock()
	if conn == nil {
		return errors.New("the connection is lost")
	}
	if err := write(ctx, conn, `{"topic":"aws/ping"}`); err != nil {
		return err
	}
	select {
	case <-answered:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// SetState gives the agent a status by its name: with contacts that are connected or offered, as the next one.
func (s *Shift) SetState(ctx context.Context, name string) error {
	return s.call(ctx, http.MethodPut, "state", map[string]any{"name": name, "enqueueNextState": true}, nil)
}

// Accept takes a contact that is offered. When a try has got no answer and the next one is refused, the contact's state says
// whether the first was carried out: an offer that is over for another reason has failed, or is gone.
func (s *Shift) Accept(ctx context.Context, contact string) error {
	refused := s.act(ctx, contact, "accept", nil)
	if !doneBefore(refused) {
		return refused
	}
	c, err := s.Contact(ctx, contact)
	switch {
	case Is(err, "ContactNotFoundException"):
		return refused
	case err != nil:
		return err
	case c.State.Type == "error":
		return refused
	}
	return nil // connecting, while the agent's whisper runs; connected; or ended since
}

// Reject refuses a contact that is offered. It takes a slot until it is cleared.
func (s *Shift) Reject(ctx context.Context, contact string) error {
	return s.release(ctx, contact, "reject")
}

// Leave ends the agent's part in a contact. After-contact work begins.
func (s *Shift) Leave(ctx context.Context, contact string) error {
	return s.release(ctx, contact, "leave")
}

// Contact is one of the agent's contacts, as a snapshot has it.
func (s *Shift) Contact(ctx context.Context, contact string) (*Contact, error) {
	out := new(Contact)
	if err := s.call(ctx, http.MethodGet, "contacts/"+url.PathEscape(contact), nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// Before is what was said and happened in a contact's chat, as far as its last hundred items go, oldest first.
func (s *Shift) Before(ctx context.Context, contact string) ([]conversation.Item, error) {
	var out struct{ Transcript []conversation.Item }
	err := s.call(ctx, http.MethodGet, "contacts/"+url.PathEscape(contact)+"/transcript?maxResults=100&scanDirection=BACKWARD&sortOrder=ASCENDING", nil, &out)
	return out.Transcript, err
}

// Clear frees the slot of a contact that is over.
func (s *Shift) Clear(ctx context.Context, contact string) error {
	err := s.release(ctx, contact, "clear")
	if err == nil {
		s.forget(contact)
	}
	return err
}

// Transfer transfers a contact to a quick connect, by its ARN.
func (s *Shift) Transfer(ctx context.Context, contact, quickConnect string) error {
	return s.act(ctx, contact, "transfer", map[string]string{"endpointARN": quickConnect})
}

// QuickConnect is where contacts can be transferred to.
type QuickConnect struct {
	ARN  string `json:"endpointARN"`
	Type string `json:"type"` // agent, queue, flow, phone_number
	Name string `json:"name"`
}

// QuickConnects are those of the queues of the agent's routing profile.
func (s *Shift) QuickConnects(ctx context.Context) ([]QuickConnect, error) {
	var out struct{ Endpoints []QuickConnect }
	err := s.call(ctx, http.MethodGet, "quick-connects", nil, &out)
	return out.Endpoints, err
}

// Say says something in a contact.
func (s *Shift) Say(ctx context.Context, contact, contentType, content string) error {
	return s.participate(ctx, contact, "message", map[string]string{"Content": content, "ContentType": contentType})
}

// Tell sends an event in a contact; content may be empty.
func (s *Shift) Tell(ctx context.Context, contact, contentType, content string) error {
	in := map[string]string{"ContentType": contentType}
	if content != "" {
		in["Content"] = content
	}
	return s.participate(ctx, contact, "event", in)
}

// Endpoint is the server.
func (s *Shift) Endpoint() string { return s.endpoint }
