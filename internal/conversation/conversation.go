package conversation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Service is how operations are called.
type Service interface {
	// Connect calls CreateParticipantConnection for a socket and credentials.
	Connect(ctx context.Context) (Credentials, error)
	// Transcript calls GetTranscript for a page of the most items that there may be, newest first, from the newest on, or
	// from where an earlier page says.
	Transcript(ctx context.Context, token, next string) (Page, error)
	// IsDenied says whether an error of these means that the token is no good: the chat is over, for example.
	IsDenied(err error) bool
	// IsFinal says whether an error of these means that another try gets the same answer.
	IsFinal(err error) bool
}

// Credentials are what CreateParticipantConnection gives out.
type Credentials struct {
	URL    string // of the socket
	Token  string // for the operations
	Expiry time.Time
}

// Page is a part of a transcript.
type Page struct {
	Items []Item
	Next  string // "" at its end
}

// Options say what a conversation is.
type Options struct {
	Service     Service
	HTTP        *http.Client // opens sockets
	Participant string       // who takes part; "" if it is not known
	// SkipHistory leaves out what happened before.
	SkipHistory bool
	// GiveUpAfter is how long to try to get a socket back.
	GiveUpAfter time.Duration
	// OnConnection, if not nil, is told when the socket is lost and when it is back. It must not block.
	OnConnection func(connected bool, why error)
}

// Conversation is a participant's end of a chat. Its methods may be called by several goroutines at once.
type Conversation struct {
	Options
	joined bool // before Join was called

	life   context.Context
	end    context.CancelCauseFunc
	queue  *queue
	done   chan struct{} // closed when nothing runs any more
	err    error         // why, once done
	leave  sync.Once
	leaves chan struct{} // closed when this participant has disconnected

	mu     sync.Mutex
	token  string // the connection token
	socket *socket
	pings  map[*socket][]chan struct{}
	known  map[string]bool // identities of the items that were shown
}

// errClosed is the cause of a life that Close ended.
var errClosed = errors.New("closed")

// Join opens the socket and returns when the participant has joined. When ctx is done, so is the conversation.
func Join(ctx context.Context, o Options) (*Conversation, error) {
	c := &Conversation{Options: o, queue: newQueue(), done: make(chan struct{}), leaves: make(chan struct{})}
	c.life, c.end = context.WithCancelCause(ctx)
	c.pings, c.known = map[*socket][]chan struct{}{}, map[string]bool{}
	first, err := c.begin()
	if err != nil {
		c.end(err)
		return nil, err
	}
	c.adopt(first)
	go c.run(first)
	return c, nil
}

// Next waits for the next item. After the last one it returns io.EOF, or why the conversation is over.
func (c *Conversation) Next(ctx context.Context) (Item, error) { return c.queue.take(ctx) }

// Happened is how many items there have been so far, taken or not.
func (c *Conversation) Happened() int { return c.queue.total() }

// Done is closed when the conversation is over and nothing of it runs any more.
func (c *Conversation) Done() <-chan struct{} { return c.done }

// Err says why it is over: nil while it goes on, and after an end in good order.
func (c *Conversation) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// Close closes the socket and waits until nothing runs. Closing twice is fine.
func (c *Conversation) Close() {
	c.end(errClosed)
	<-c.done
}

// Left is to be called when the participant has disconnected: what comes is waited for a little, and a socket that
// closes is no loss.
func (c *Conversation) Left() { c.leave.Do(func() { close(c.leaves) }) }

// Token is what operations are called with. It changes.
func (c *Conversation) Token() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.token
}

// Ping asks the server, over the socket, for a sign of life. What the socket showed before the answer can be taken by Next
// when Ping returns.
func (c *Conversation) Ping(ctx context.Context) error {
	answered := make(chan struct{})
	c.mu.Lock()
	s := c.socket
	if s != nil {
		c.pings[s] = append(c.pings[s], answered)
	}
	c.mu.Unlock()
	if s == nil {
		return errors.New("ping: there is no socket at the moment")
	}
	if err := s.write(s.ctx, pingFrame); err != nil {
		return fmt.Errorf("ping: %w", s.wrong(NoAnswer, 0, err))
	}
	select {
	case <-answered:
		return nil
	case <-s.ctx.Done():
		return errors.New("ping: the socket broke before it was answered")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ponged answers the oldest ping of a socket.
func (c *Conversation) ponged(s *socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if waiting := c.pings[s]; len(waiting) > 0 {
		close(waiting[0])
		c.pings[s] = waiting[1:]
	}
}
