package parley

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connectparticipant"
)

// DefaultGiveUpAfter is how long a [Chat] tries to get its socket back.
const DefaultGiveUpAfter = 5 * time.Minute

// JoinOptions say how a [Chat] behaves. The zero value of each is the usual.
type JoinOptions struct {
	// HTTPClient opens sockets and transfers attachments. Left out, it is what the aws.Config has.
	HTTPClient *http.Client
	// SkipHistory leaves out of [Chat.Events] what happened in the contact before it was joined, which is otherwise
	// where they begin. [Chat.Transcript] shows it in any case.
	SkipHistory bool
	// GiveUpAfter is how long to try to get the socket back before the chat is given up; 0 is DefaultGiveUpAfter.
	GiveUpAfter time.Duration
	// OnConnection is told when the socket is lost, with the reason, and when it is back. It must not block, and not
	// call the Chat.
	OnConnection func(connected bool, why error)
}

// Chat is a participant's end of a chat: it says things, and shows what happens as [Event] values. It keeps a socket
// open, and opens another when that breaks or grows old; what happened meanwhile it reads from the transcript, so
// that [Chat.Events] shows each thing once and in order. Typing, and receipts that another has followed, are of the
// moment: they may be missed over a broken connection.
//
// A Chat must be closed, unless the chat ends or the context of Join does. Its methods may be called by several
// goroutines at once.
type Chat struct {
	client      *Client
	http        *http.Client
	options     JoinOptions
	contact     string
	participant string
	token       string // the participant token, which opens connections
	joined      bool   // before Join was called

	life   context.Context
	end    context.CancelCauseFunc
	queue  *eventQueue
	done   chan struct{} // closed when nothing runs any more
	err    error         // why, once done
	leave  sync.Once
	leaves chan struct{} // closed when this participant has disconnected

	mu         sync.Mutex
	connection string // the connection token, which everything else is sent with
	link       *link
	pings      map[*link][]chan struct{}
	known      map[string]bool // identities of the events that were shown
}

// errClosed is the cause of a life that Close ended.
var errClosed = errors.New("closed")

// Join takes part in a chat as the customer whom StartChatContact was called for. It returns when
// the customer has joined: the flow begins then, and must within five minutes of StartChatContact. ctx is the conversation's: when it
// is done, so is the Chat.
//
// A customer who comes back, after their page was loaded anew, joins again with the same output.
func (c *Client) Join(ctx context.Context, started *connect.StartChatContactOutput, options ...func(*JoinOptions)) (*Chat, error) {
	if started == nil {
		return nil, cannotJoin("the output of StartChatContact is nil")
	}
	chat := &Chat{contact: given(started.ContactId), participant: given(started.ParticipantId), token: given(started.ParticipantToken)}
	return c.join(ctx, chat, options)
}

// JoinAs takes part in a chat as the custom participant, a bot for example, whom CreateParticipant was called for. It
// must within fifteen seconds of that. All else is as with [Client.Join].
func (c *Client) JoinAs(ctx context.Context, created *connect.CreateParticipantOutput, options ...func(*JoinOptions)) (*Chat, error) {
	if created == nil {
		return nil, cannotJoin("the output of CreateParticipant is nil")
	}
	chat := &Chat{participant: given(created.ParticipantId)}
	if created.ParticipantCredentials != nil {
		chat.token = given(created.ParticipantCredentials.ParticipantToken)
	}
	return c.join(ctx, chat, options)
}

func cannotJoin(why string) error {
	return &Error{Kind: KindConstruction, Operation: "Join", Err: errors.New(why)}
}

func (c *Client) join(ctx context.Context, chat *Chat, options []func(*JoinOptions)) (*Chat, error) {
	if c == nil || c.participant == nil {
		return nil, cannotJoin("the client is nil or was not made by parley.New")
	}
	if chat.token == "" {
		return nil, cannotJoin("there is no participant token")
	}
	if ctx == nil {
		ctx = context.Background()
	}
	for _, o := range options {
		if o != nil {
			o(&chat.options)
		}
	}
	if chat.options.GiveUpAfter <= 0 {
		chat.options.GiveUpAfter = DefaultGiveUpAfter
	}
	chat.client, chat.http = c, chat.options.HTTPClient
	if chat.http == nil {
		chat.http = socketClient(c.config.HTTPClient)
	}
	chat.life, chat.end = context.WithCancelCause(ctx)
	chat.queue, chat.done, chat.leaves = newEventQueue(), make(chan struct{}), make(chan struct{})
	chat.pings, chat.known = map[*link][]chan struct{}{}, map[string]bool{}
	first, err := chat.begin()
	if err != nil {
		chat.end(err)
		return nil, err
	}
	chat.adopt(first)
	go chat.run(first)
	return chat, nil
}

// socketClient is an HTTP client that reaches what the AWS configuration's reaches, and follows no redirects: sockets
// have none, and their URLs are secrets.
func socketClient(configured aws.HTTPClient) *http.Client {
	switch c := configured.(type) {
	case nil:
		configured = &http.Client{Transport: http.DefaultTransport}
	case *http.Client:
		if c == nil {
			configured = &http.Client{Transport: http.DefaultTransport}
		}
	case *awshttp.BuildableClient:
		// direct understands it.
	default:
		configured = &http.Client{Transport: doer{c}}
	}
	return direct(configured).(*http.Client)
}

// doer is an HTTP client of some other kind as a transport.
type doer struct{ aws.HTTPClient }

func (d doer) RoundTrip(r *http.Request) (*http.Response, error) { return d.Do(r) }

// ContactID is the contact that the customer started; "" for a custom participant, who is not told it.
func (c *Chat) ContactID() string { return c.contact }

// ParticipantID is who takes part.
func (c *Chat) ParticipantID() string { return c.participant }

// IsOwn says whether an event is this participant's own: everybody is shown what they said themselves.
func (c *Chat) IsOwn(e Event) bool {
	return c.participant != "" && e.EventHeader().ParticipantID == c.participant
}

// Events shows what happens, each event once and in order, waiting for it where necessary. It ends without an error
// after [Ended], after Disconnect and after Close; otherwise its last pair is no event and the reason. One that was left
// with break can be gone on with by calling Events again. The events of several calls at the same time are shared
// among them.
func (c *Chat) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			e, err := c.queue.take(context.Background())
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(nil, err)
				return
			case !yield(e, nil):
				return
			}
		}
	}
}

// Next waits for the next event, as [Chat.Events] does, for as long as ctx allows. After the last one it returns io.EOF,
// or the reason.
func (c *Chat) Next(ctx context.Context) (Event, error) { return c.queue.take(ctx) }

// Happened is how many events there have been so far, taken from Events or still waiting there. A program that counts what
// it has dealt with knows by it whether it is up to date.
func (c *Chat) Happened() int { return c.queue.total() }

// Done is closed when the chat is over for this participant, for any reason, and nothing of it runs any more.
func (c *Chat) Done() <-chan struct{} { return c.done }

// Err says why the chat is over: nil while it goes on, and after [Ended], Disconnect and Close.
func (c *Chat) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// Close closes the socket and waits until nothing of the Chat runs. The participant stays in the chat and can join
// again; [Chat.Disconnect] leaves it. Closing twice is fine.
func (c *Chat) Close() error {
	c.end(errClosed)
	<-c.done
	return nil
}

func (c *Chat) connectionToken() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.connection
}

// Send says something in plain text.
func (c *Chat) Send(ctx context.Context, text string) (*connectparticipant.SendMessageOutput, error) {
	return c.SendContent(ctx, TextPlain, text)
}

// SendContent says something of any content type that the chat supports. It is retried with the same ClientToken, so
// that it is said once.
func (c *Chat) SendContent(ctx context.Context, contentType, content string) (*connectparticipant.SendMessageOutput, error) {
	return c.client.SendMessage().ConnectionToken(c.connectionToken()).ContentType(contentType).Content(content).Send(ctx)
}

// SendEvent sends an event of any type; content may be empty.
func (c *Chat) SendEvent(ctx context.Context, contentType, content string) (*connectparticipant.SendEventOutput, error) {
	event := c.client.SendEvent().ConnectionToken(c.connectionToken()).ContentType(contentType)
	if content != "" {
		event.Content(content)
	}
	return event.Send(ctx)
}

// Typing tells the others that this participant is writing. Clients show it for some seconds; amazon-connect-chatjs sends
// it at most every ten.
func (c *Chat) Typing(ctx context.Context) error {
	_, err := c.SendEvent(ctx, EventTyping, "")
	return err
}

// Delivered tells the others that a message has arrived here.
func (c *Chat) Delivered(ctx context.Context, messageID string) error {
	return c.acknowledge(ctx, EventDelivered, messageID)
}

// Read tells the others that a message, and with it all before, has been read.
func (c *Chat) Read(ctx context.Context, messageID string) error {
	return c.acknowledge(ctx, EventRead, messageID)
}

func (c *Chat) acknowledge(ctx context.Context, contentType, messageID string) error {
	_, err := c.SendEvent(ctx, contentType, `{"messageId":`+strconv.Quote(messageID)+`}`)
	return err
}

// Disconnect leaves the chat. When the customer leaves, it ends; Events shows how. The token is no good afterwards.
func (c *Chat) Disconnect(ctx context.Context) error {
	_, err := c.client.DisconnectParticipant().ConnectionToken(c.connectionToken()).Send(ctx)
	if err == nil {
		c.leave.Do(func() { close(c.leaves) })
	}
	return err
}

// Ping asks the server, over the socket, for a sign of life. What the socket showed before the answer can be taken from
// Events when Ping returns.
func (c *Chat) Ping(ctx context.Context) error {
	answered := make(chan struct{})
	c.mu.Lock()
	l := c.link
	if l != nil {
		c.pings[l] = append(c.pings[l], answered)
	}
	c.mu.Unlock()
	if l == nil {
		return errors.New("parley: ping: there is no socket at the moment")
	}
	if err := l.write(l.ctx, pingFrame); err != nil {
		return fmt.Errorf("parley: ping: %w", l.wrong(KindDispatch, 0, err))
	}
	select {
	case <-answered:
		return nil
	case <-l.ctx.Done():
		return errors.New("parley: ping: the socket broke before it was answered")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ponged answers the oldest ping of a link.
func (c *Chat) ponged(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if waiting := c.pings[l]; len(waiting) > 0 {
		close(waiting[0])
		c.pings[l] = waiting[1:]
	}
}
