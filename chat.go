package parley

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connectparticipant"

	"github.com/parley-chat/parley/internal/conversation"
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
	// GiveUpAfter is how long to try to get the socket back before the chat is given up: DefaultGiveUpAfter, if it is not
	// changed.
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
	client       *Client
	http         *http.Client // for attachments
	contact      string
	participant  string
	conversation *conversation.Conversation
}

// Join takes part in a chat as the customer whom StartChatContact was called for. It returns when
// the customer has joined: the flow begins then, and must within five minutes of StartChatContact. ctx is the conversation's: when it
// is done, so is the Chat.
//
// A customer who comes back, after their page was loaded anew, joins again with the same output.
func (c *Client) Join(ctx context.Context, started *connect.StartChatContactOutput, options ...func(*JoinOptions)) (*Chat, error) {
	if started == nil {
		return nil, cannotJoin("the output of StartChatContact is nil")
	}
	chat := &Chat{client: c, contact: given(started.ContactId), participant: given(started.ParticipantId)}
	return chat.join(ctx, given(started.ParticipantToken), options)
}

// JoinAs takes part in a chat as the custom participant, a bot for example, whom CreateParticipant was called for. It
// must within fifteen seconds of that. All else is as with [Client.Join].
func (c *Client) JoinAs(ctx context.Context, created *connect.CreateParticipantOutput, options ...func(*JoinOptions)) (*Chat, error) {
	if created == nil {
		return nil, cannotJoin("the output of CreateParticipant is nil")
	}
	chat, token := &Chat{client: c, participant: given(created.ParticipantId)}, ""
	if created.ParticipantCredentials != nil {
		token = given(created.ParticipantCredentials.ParticipantToken)
	}
	return chat.join(ctx, token, options)
}

func cannotJoin(why string) error {
	return &Error{Kind: KindConstruction, Operation: "Join", Err: errors.New(why)}
}

func (c *Chat) join(ctx context.Context, token string, options []func(*JoinOptions)) (*Chat, error) {
	if c.client == nil || c.client.participant == nil {
		return nil, cannotJoin("the client is nil or was not made by parley.New")
	}
	if token == "" {
		return nil, cannotJoin("there is no participant token")
	}
	if ctx == nil {
		ctx = context.Background()
	}
	o := JoinOptions{GiveUpAfter: DefaultGiveUpAfter}
	for _, change := range options {
		if change != nil {
			change(&o)
		}
	}
	if c.http = o.HTTPClient; c.http == nil {
		c.http = socketClient(c.client.config.HTTPClient)
	}
	talk := conversation.Options{
		Service: &participantService{c.client, token}, HTTP: c.http, Participant: c.participant,
		SkipHistory: o.SkipHistory, GiveUpAfter: o.GiveUpAfter,
	}
	if told := o.OnConnection; told != nil {
		talk.OnConnection = func(connected bool, why error) { told(connected, explain(why)) }
	}
	var err error
	if c.conversation, err = conversation.Join(ctx, talk); err != nil {
		return nil, explain(err)
	}
	return c, nil
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
			e, err := c.Next(context.Background())
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
func (c *Chat) Next(ctx context.Context) (Event, error) {
	it, err := c.conversation.Next(ctx)
	if err != nil {
		return nil, explain(err)
	}
	return event(&it), nil
}

// Happened is how many events there have been so far, taken from Events or still waiting there. A program that counts what
// it has dealt with knows by it whether it is up to date.
func (c *Chat) Happened() int { return c.conversation.Happened() }

// Done is closed when the chat is over for this participant, for any reason, and nothing of it runs any more.
func (c *Chat) Done() <-chan struct{} { return c.conversation.Done() }

// Err says why the chat is over: nil while it goes on, and after [Ended], Disconnect and Close.
func (c *Chat) Err() error { return explain(c.conversation.Err()) }

// Close closes the socket and waits until nothing of the Chat runs. The participant stays in the chat and can join
// again; [Chat.Disconnect] leaves it. Closing twice is fine.
func (c *Chat) Close() error {
	c.conversation.Close()
	return nil
}

func (c *Chat) connectionToken() string { return c.conversation.Token() }

// Ping asks the server, over the socket, for a sign of life. What the socket showed before the answer can be taken from
// Events when Ping returns.
func (c *Chat) Ping(ctx context.Context) error { return explain(c.conversation.Ping(ctx)) }

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
		c.conversation.Left()
	}
	return err
}
