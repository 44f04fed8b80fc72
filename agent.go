package parley

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/parley-chat/parley/internal/shift"
)

// AgentOptions say how an [Agent] behaves. The zero value of each is the usual.
type AgentOptions struct {
	// Instance is the id, the ARN or the alias of the agent's instance. It may be left out when the server has one.
	Instance string
	// HTTPClient carries requests and sockets. Left out, it is what the aws.Config has.
	HTTPClient *http.Client
	// GiveUpAfter is how long to try to get the socket back before the session is given up: DefaultGiveUpAfter, if it is not
	// changed.
	GiveUpAfter time.Duration
	// OnConnection is told when the socket is lost, with the reason, and when it is back. It must not block, and not
	// call the Agent.
	OnConnection func(connected bool, why error)
}

// Agent is an agent's session: it says what the agent does, and shows what happens as [AgentEvent] values. It keeps a socket
// open, and opens another when that breaks, which goes on where the last one ended: [Agent.Events] shows each thing once and
// in order. When the session has ended, after twelve hours, it signs in again. Typing is of the moment: it may be missed over a
// broken connection.
//
// An Agent must be closed or signed out, unless the context of JoinAgent ends. Its methods may be called by several goroutines
// at once.
type Agent struct{ shift *shift.Shift }

// JoinAgent signs a user in at a parley server, the one that the client's aws.Config has as its BaseEndpoint. Amazon Connect has
// no such API. The agent's status stays what it is: a user who signs in for the first time is Offline, and [Agent.SetState] changes
// it. ctx is the session's: when it is done, so is the Agent.
func (c *Client) JoinAgent(ctx context.Context, username, password string, options ...func(*AgentOptions)) (*Agent, error) {
	refuse := func(why string) error {
		return &Error{Kind: KindConstruction, Operation: "JoinAgent", Err: errors.New(why)}
	}
	switch {
	case c == nil || c.participant == nil:
		return nil, refuse("the client is nil or was not made by parley.New")
	case aws.ToString(c.config.BaseEndpoint) == "":
		return nil, refuse("the aws.Config has no BaseEndpoint: agents sign in at a parley server, Amazon Connect has no API for that")
	case username == "" || password == "":
		return nil, refuse("the user name and the password are required")
	}
	if ctx == nil {
		ctx = context.Background()
	}
	o := AgentOptions{GiveUpAfter: DefaultGiveUpAfter}
	for _, change := range options {
		if change != nil {
			change(&o)
		}
	}
	if o.HTTPClient == nil {
		o.HTTPClient = socketClient(c.config.HTTPClient)
	}
	of := shift.Options{
		Endpoint: *c.config.BaseEndpoint, HTTP: o.HTTPClient, Instance: o.Instance, Username: username, Password: password, GiveUpAfter: o.GiveUpAfter,
	}
	if told := o.OnConnection; told != nil {
		of.OnConnection = func(connected bool, why error) { told(connected, explainAgent("WebSocket", of.Endpoint, why)) }
	}
	s, err := shift.Begin(ctx, of)
	if err != nil {
		return nil, explainAgent("JoinAgent", of.Endpoint, err)
	}
	return &Agent{s}, nil
}

// explainAgent makes an Error of what the agent's side has answered, so that it looks like what is wrong with operations.
func explainAgent(operation, endpoint string, err error) error {
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &Error{Kind: KindTimeout, Operation: operation, Attempts: 1, Endpoint: endpoint, Err: err}
	}
	e := &Error{Kind: KindDispatch, Operation: operation, Attempts: 1, Endpoint: endpoint, Err: err}
	if f, ok := errors.AsType[*shift.Fault](err); ok {
		e.Kind, e.StatusCode, e.Code, e.Err = KindService, f.Status, f.Type, errors.New(f.Message)
		if f.Type == "" {
			e.Kind = KindResponse
		}
	}
	return e
}

func (a *Agent) done(operation string, err error) error {
	return explainAgent(operation, a.shift.Endpoint(), err)
}

// UserID is who has signed in.
func (a *Agent) UserID() string { return a.shift.Session().User.ID }

// InstanceID is where the user is.
func (a *Agent) InstanceID() string { return a.shift.Session().Instance.ID }

// Events shows what happens, each event once and in order, waiting for it where necessary. The first is an [AgentSnapshot].
// It ends without an error after SignOut and after Close; otherwise its last pair is no event and the reason. One that was left
// with break can be gone on with by calling Events again.
func (a *Agent) Events() iter.Seq2[AgentEvent, error] {
	return func(yield func(AgentEvent, error) bool) {
		for {
			e, err := a.Next(context.Background())
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

// Next waits for the next event, as [Agent.Events] does, for as long as ctx allows. After the last one it returns io.EOF, or
// the reason.
func (a *Agent) Next(ctx context.Context) (AgentEvent, error) {
	e, err := a.shift.Next(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, a.done("Events", err)
	case e.Snapshot != nil:
		return snapshotOf(e.Snapshot), nil
	case e.Transition != nil:
		return transitionOf(e.Transition), nil
	}
	return AgentChat{ChatID: e.Item.InitialContactID, Event: event(&e.Item.Item)}, nil
}

// Snapshot is the agent as the last snapshot has shown it.
func (a *Agent) Snapshot() AgentSnapshot {
	shown := a.shift.Shown()
	return snapshotOf(&shown)
}

// Happened is how many events there have been so far, taken from Events or still waiting there.
func (a *Agent) Happened() int { return a.shift.Happened() }

// Done is closed when the session is over, for any reason, and nothing of it runs any more.
func (a *Agent) Done() <-chan struct{} { return a.shift.Done() }

// Err says why the session is over: nil while it goes on, and after SignOut and Close.
func (a *Agent) Err() error { return a.done("Events", a.shift.Err()) }

// Close closes the socket and waits until nothing of the Agent runs. The agent's status and contacts stay as they are, as when
// a browser is closed; [Agent.SignOut] ends the session too. Closing twice is fine.
func (a *Agent) Close() error {
	a.shift.Close()
	return nil
}

// SignOut closes the Agent, and ends the session. The agent becomes Offline, after the last contact if there are any.
func (a *Agent) SignOut(ctx context.Context) error { return a.done("SignOut", a.shift.SignOut(ctx)) }

// Ping asks the server, over the socket, for a sign of life. What the socket showed before the answer can be taken from
// Events when Ping returns.
func (a *Agent) Ping(ctx context.Context) error { return a.done("Ping", a.shift.Ping(ctx)) }

// SetState gives the agent a status of the instance, by its name: Available, Offline, or one of its own. While a contact is
// offered or connected, it becomes the next one; naming the present status takes the next one away.
func (a *Agent) SetState(ctx context.Context, name string) error {
	return a.done("SetState", a.shift.SetState(ctx, name))
}

// Accept takes a contact that is offered.
func (a *Agent) Accept(ctx context.Context, contactID string) error {
	return a.done("Accept", a.shift.Accept(ctx, contactID))
}

// Reject refuses a contact that is offered: others are offered it. It takes one of the agent's slots until [Agent.Clear].
func (a *Agent) Reject(ctx context.Context, contactID string) error {
	return a.done("Reject", a.shift.Reject(ctx, contactID))
}

// Leave ends the agent's part in a contact. After-contact work begins, which Clear ends.
func (a *Agent) Leave(ctx context.Context, contactID string) error {
	return a.done("Leave", a.shift.Leave(ctx, contactID))
}

// Clear frees the slot of a contact that is over for the agent: ended, missed or rejected.
func (a *Agent) Clear(ctx context.Context, contactID string) error {
	return a.done("Clear", a.shift.Clear(ctx, contactID))
}

// Send says something in a contact, in plain text.
func (a *Agent) Send(ctx context.Context, contactID, text string) error {
	return a.SendContent(ctx, contactID, TextPlain, text)
}

// SendContent says something of any content type that the chat supports. It is retried with the same ClientToken, so that it
// is said once.
func (a *Agent) SendContent(ctx context.Context, contactID, contentType, content string) error {
	return a.done("SendMessage", a.shift.Say(ctx, contactID, contentType, content))
}

// SendEvent sends an event of any type in a contact; content may be empty.
func (a *Agent) SendEvent(ctx context.Context, contactID, contentType, content string) error {
	return a.done("SendEvent", a.shift.Tell(ctx, contactID, contentType, content))
}

// Typing tells the others in a contact that the agent is writing.
func (a *Agent) Typing(ctx context.Context, contactID string) error {
	return a.SendEvent(ctx, contactID, EventTyping, "")
}

// AgentQuickConnect is where an agent can transfer contacts to.
type AgentQuickConnect struct {
	ARN  string
	Name string
	Type string // agent, queue or flow
}

// QuickConnects are the quick connects of the queues of the agent's routing profile.
func (a *Agent) QuickConnects(ctx context.Context) ([]AgentQuickConnect, error) {
	found, err := a.shift.QuickConnects(ctx)
	all := make([]AgentQuickConnect, len(found))
	for i, q := range found {
		all[i] = AgentQuickConnect{q.ARN, q.Name, q.Type}
	}
	return all, a.done("QuickConnects", err)
}

// Transfer transfers a contact to a quick connect. How it went is told by Events: the notice transfer.succeeded or
// transfer.failed.
func (a *Agent) Transfer(ctx context.Context, contactID string, to AgentQuickConnect) error {
	return a.done("Transfer", a.shift.Transfer(ctx, contactID, to.ARN))
}
