package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/flow"
)

// chatCmd is a customer in a terminal, or in a script: it starts a chat and talks. Of the server it knows only what any
// client knows.
type chatCmd struct {
	Endpoint   string            `env:"PARLEY_ENDPOINT,AWS_ENDPOINT_URL" default:"http://127.0.0.1:4510" placeholder:"URL" help:"Server to talk to (${default}), or aws for Amazon Connect itself."`
	Region     string            `env:"AWS_REGION,AWS_DEFAULT_REGION" default:"us-east-1" placeholder:"REGION" help:"Region of the instance (${default})."`
	Instance   string            `env:"PARLEY_INSTANCE" default:"11111111-1111-4111-8111-111111111111" placeholder:"ID" help:"Instance (that of parley dev)."`
	Flow       string            `env:"PARLEY_FLOW" default:"22222222-2222-4222-8222-222222222222" placeholder:"ID" help:"Flow to begin with (that of parley dev)."`
	Name       string            `default:"Customer" placeholder:"NAME" help:"Display name (${default})."`
	Attribute  map[string]string `short:"a" mapsep:"none" placeholder:"KEY=VALUE" help:"Contact attribute, which flows can read; may be repeated."`
	Message    string            `placeholder:"TEXT" help:"First message, a part of the start itself."`
	Persistent string            `placeholder:"CONTACT" help:"Contact of an ended chat to continue."`
	Linger     time.Duration     `default:"2s" help:"How long to listen after the end of input that is no terminal (${default})."`
}

// Help says what scripts need to know.
func (*chatCmd) Help() string {
	return `Type to talk. /typing says that you are writing, /quit and the end of input leave, // begins a text with a slash. What a list or a view offers has numbers: type one to choose it. The fields of a form are asked for one by one; /back goes back to the choices.

When input or output is no terminal, each line of input is a message or one of those commands, and each line of output is one event: its kind, who, and what, separated by tabs, with \n, \r, \t and \\ for those characters. The kinds are started (what: the contact's id), message, interactive (what: the template, as JSON), view (what: JSON with the view's id, its actions and the data that it shows), response (what: the answer to a view, as JSON), attachment (the names of its files), typing, delivered and read (the id of the message), joined, left, ended, lost (the reason) and back of the connection, and for other events their own names, such as participant.idle. Own messages are among them. While a view is the last message, a line that is JSON with an action, such as {"action": "Next", "data": {"FormData": {"name": "Ana"}}}, answers it. A list is answered by the text of what is chosen.

The exit status is 0 when the chat has ended or was left, 1 when it was refused or lost, 80 when the arguments are wrong.

Credentials are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, with AWS_SESSION_TOKEN, or what the AWS CLI finds (aws configure export-credentials). A server on this machine is taken for parley dev, which accepts any, when the environment has none.`
}

func (c *chatCmd) Run() error {
	stop, _ := signals()
	service, err := c.service(stop)
	if err != nil {
		return err
	}
	plain := !isatty.IsTerminal(os.Stdin.Fd()) || !isatty.IsTerminal(os.Stdout.Fd())
	return c.talk(stop, service, os.Stdin, &screen{w: os.Stdout, plain: plain, colour: os.Getenv("NO_COLOR") == ""})
}

// talk starts the chat and goes on until it is over.
func (c *chatCmd) talk(stop context.Context, service *chatService, in io.Reader, shown *screen) error {
	started, err := c.start(stop, service)
	if err != nil {
		return err
	}
	shown.line("started", c.Name, started.ContactID)
	talk := &talker{service: service, shown: shown, linger: c.Linger}
	talk.Conversation, err = conversation.Join(context.WithoutCancel(stop), conversation.Options{
		Service: service, HTTP: service.http, Participant: started.ParticipantID,
		GiveUpAfter: patience, OnConnection: shown.connection,
	})
	if err != nil {
		return err
	}
	defer talk.Close()
	if err := talk.showPast(stop); err != nil {
		return err
	}
	go talk.listenTo(stop, in) // a terminal cannot be read with a deadline: this goes with the process
	go talk.leaveAt(stop)
	for {
		it, err := talk.Next(context.Background())
		switch {
		case errors.Is(err, io.EOF):
			return talk.trouble()
		case err != nil:
			return err
		}
		if own := it.ParticipantID == started.ParticipantID; !talk.prompt(&it, own) {
			shown.item(&it, own)
		}
	}
}

const (
	// patience is how long to try to get a lost connection back.
	patience = 5 * time.Minute
	// farewell is how long leaving may take.
	farewell = 5 * time.Second
)

func (c *chatCmd) start(ctx context.Context, service *chatService) (*startedChat, error) {
	request := startChat{
		InstanceID: c.Instance, ContactFlowID: c.Flow, Attributes: c.Attribute, ParticipantDetails: displayName{c.Name},
		SupportedMessagingContentTypes: []string{"text/plain", "text/markdown", flow.ContentTypeInteractive, flow.ContentTypeInteractiveResponse},
	}
	if c.Message != "" {
		request.InitialMessage = &chatMessage{ContentType: "text/plain", Content: c.Message}
	}
	if c.Persistent != "" {
		request.PersistentChat = &persistentChat{RehydrationType: "ENTIRE_PAST_SESSION", SourceContactID: c.Persistent}
	}
	return service.start(ctx, request)
}

// talker says what comes from the input.
type talker struct {
	*conversation.Conversation
	service *chatService
	shown   *screen
	linger  time.Duration

	mu    sync.Mutex
	err   error
	asked *answering // what can be answered by choosing, nil for nothing
}

// fail ends the chat with an error, the first of which counts.
func (t *talker) fail(err error) {
	t.mu.Lock()
	if t.err == nil {
		t.err = err
	}
	t.mu.Unlock()
	t.Close()
}

func (t *talker) trouble() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// showPast shows the sessions that the chat continues, oldest first.
func (t *talker) showPast(ctx context.Context) error {
	var before []conversation.Item
	for next := ""; ; {
		page, err := t.service.Transcript(ctx, t.Token(), next)
		switch {
		case err != nil && t.service.IsDenied(err):
			return nil // it has ended, which shows
		case err != nil:
			return err
		}
		for _, it := range page.Items {
			if it.IsPast() && it.ContentType != conversation.EventEnded {
				before = append(before, it)
			}
		}
		if page.Next == "" || page.Next == next {
			break
		}
		next = page.Next
	}
	for _, it := range slices.Backward(before) {
		t.shown.item(&it, false)
	}
	return nil
}

// leaveAt leaves when the process is asked to stop.
func (t *talker) leaveAt(stop context.Context) {
	select {
	case <-stop.Done():
		t.leave()
	case <-t.Done():
	}
}

// leave disconnects, unless the chat is over.
func (t *talker) leave() {
	select {
	case <-t.Done():
		return
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	err := t.service.disconnect(ctx, t.Token())
	if err != nil && !t.service.IsDenied(err) { // which is: it has ended
		t.fail(err)
		return
	}
	t.Left()
}

// listenTo says line after line, and leaves after the last one.
func (t *talker) listenTo(ctx context.Context, in io.Reader) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		quit, err := t.say(ctx, lines.Text())
		var refused *refusal
		switch {
		case quit:
			t.leave()
			return
		case errors.As(err, &refused) && refused.Status == 400:
			t.shown.complain(err) // a message too long, for example
		case err != nil && t.endsSoon(ctx):
			return
		case err != nil:
			t.fail(err)
			return
		}
	}
	if err := lines.Err(); err != nil {
		t.fail(fmt.Errorf("read the input: %w", err))
		return
	}
	if t.shown.plain {
		select {
		case <-time.After(t.linger):
		case <-t.Done():
		}
	}
	t.leave()
}

// endsSoon says that an error is only that of a chat whose end is about to be shown, or of a process that stops.
func (t *talker) endsSoon(ctx context.Context) bool {
	select {
	case <-t.Done():
		return true
	case <-ctx.Done():
		return true
	case <-time.After(farewell):
		return false
	}
}

// say does what a line says.
func (t *talker) say(ctx context.Context, line string) (quit bool, err error) {
	switch text := strings.TrimSuffix(line, "\r"); {
	case strings.TrimSpace(text) == "" && !t.fills():
		return false, nil
	case text == "/quit":
		return true, nil
	case text == "/typing":
		return false, t.service.event(ctx, t.Token(), conversation.EventTyping)
	case text == "/back" && t.back():
		return false, nil
	case strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//"):
		t.shown.complain(fmt.Errorf("%s is neither /typing nor /back nor /quit; // begins a text with a slash", text))
		return false, nil
	default:
		if answer, taken := t.answer(text); taken {
			if answer == nil {
				return false, nil
			}
			return false, t.service.message(ctx, t.Token(), *answer)
		}
		return false, t.service.message(ctx, t.Token(), reply{flow.ContentTypePlain, strings.TrimPrefix(text, "/")})
	}
}
