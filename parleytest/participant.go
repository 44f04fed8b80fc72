package parleytest

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/parley-chat/parley"
)

// Participant is somebody in a chat, as tests tell it: whatever does not happen ends the test. Its methods must be called
// by the test's own goroutine; those of the [parley.Chat] beneath may be called by all.
type Participant struct {
	*parley.Chat
	Name string

	s   *Server
	bot *bot // nil for those who speak for themselves
}

// Start starts a chat, joins it as its customer and returns them. The flow, "" for the one that is there from the
// beginning, begins to run then. The request can be filled in further: attributes, content types, a persistent chat.
func (s *Server) Start(contactFlowID string, fill ...func(*parley.StartChatContactBuilder)) *Participant {
	s.t.Helper()
	if contactFlowID == "" {
		contactFlowID = s.ContactFlowID
	}
	request := s.client.StartChatContact().InstanceID(s.InstanceID).ContactFlowID(contactFlowID).
		ParticipantDetails(types.ParticipantDetails{DisplayName: aws.String("Customer")})
	for _, f := range fill {
		f(request)
	}
	name := aws.ToString(request.GetParticipantDetails().DisplayName)
	started, err := request.Send(s.ctx)
	if err != nil {
		s.t.Fatalf("parleytest: start a chat: %v", err)
	}
	return s.Join(name, started)
}

// Join joins a chat that the code under test has started.
func (s *Server) Join(name string, started *connect.StartChatContactOutput) *Participant {
	s.t.Helper()
	chat, err := s.client.Join(s.ctx, started)
	if err != nil {
		s.t.Fatalf("parleytest: %s joins: %v", name, err)
	}
	return s.enter(&Participant{Chat: chat, Name: name, s: s})
}

// Invite adds a custom participant to a contact and joins as them. Each message that others say, the flow among them, is
// given to answer, and what it returns is said, unless it is "". A nil answer makes a participant who speaks for
// themselves.
func (s *Server) Invite(contactID, name string, answer func(parley.Message) string) *Participant {
	s.t.Helper()
	created, err := s.client.CreateParticipant().InstanceID(s.InstanceID).ContactID(contactID).
		ParticipantDetails(types.ParticipantDetailsToAdd{DisplayName: aws.String(name), ParticipantRole: types.ParticipantRoleCustomBot}).Send(s.ctx)
	if err != nil {
		s.t.Fatalf("parleytest: invite %s: %v", name, err)
	}
	// A bot answers what is said while it is there.
	chat, err := s.client.JoinAs(s.ctx, created, func(o *parley.JoinOptions) { o.SkipHistory = answer != nil })
	if err != nil {
		s.t.Fatalf("parleytest: %s joins: %v", name, err)
	}
	p := &Participant{Chat: chat, Name: name, s: s}
	if answer != nil {
		p.bot = &bot{chat: chat, answer: answer, news: make(chan struct{}, 1)}
		p.bot.running.Go(func() { p.bot.run(s.ctx) })
		s.t.Cleanup(func() { chat.Close(); p.bot.running.Wait() }) //nolint:errcheck // returns nothing else than nil
	}
	return s.enter(p)
}

func (s *Server) enter(p *Participant) *Participant {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.here = append(s.here, p)
	return p
}

// Say says something in plain text.
func (p *Participant) Say(text string) {
	p.s.t.Helper()
	if _, err := p.Send(p.s.ctx, text); err != nil {
		p.fatalf("%s says %q: %v", p.Name, text, err)
	}
}

// Hear waits for the next message that somebody else says, and passes over all else.
func (p *Participant) Hear() parley.Message {
	p.s.t.Helper()
	for {
		e, err := p.next()
		if err != nil {
			p.fatalf("%s heard no further message: %v", p.Name, err)
		}
		if m, ok := e.(parley.Message); ok && !m.Partial && !p.IsOwn(m) {
			return m
		}
	}
}

// Hears waits for the next message that somebody else says, which must be this one.
func (p *Participant) Hears(want string) {
	p.s.t.Helper()
	if got := p.Hear(); got.Content != want {
		p.fatalf("%s heard %q from %s, not %q", p.Name, got.Content, got.DisplayName, want)
	}
}

// Leave disconnects from the chat.
func (p *Participant) Leave() {
	p.s.t.Helper()
	if err := p.Disconnect(p.s.ctx); err != nil {
		p.fatalf("%s leaves: %v", p.Name, err)
	}
}

// Ends waits until the chat is over, which must be in good order and without a further message.
func (p *Participant) Ends() {
	p.s.t.Helper()
	for {
		e, err := p.next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			p.fatalf("the chat of %s has not ended: %v", p.Name, err)
		}
		if m, ok := e.(parley.Message); ok && !p.IsOwn(m) {
			p.fatalf("the chat of %s has not ended; %s said %q", p.Name, m.DisplayName, m.Content)
		}
	}
}

func (p *Participant) next() (parley.Event, error) {
	return await(p.s, p.Next, p.s.timer(p.ContactID()))
}

// settle waits until the participant has been shown, and if it is a bot has dealt with, what there is, and counts it.
func (p *Participant) settle(ctx context.Context) (int, error) {
	if err := p.Ping(ctx); err != nil {
		select {
		case <-p.Done(): // there is no more to come
		case <-ctx.Done():
			return 0, err
		default:
			return -1, nil // between two sockets: look again
		}
	}
	if p.bot != nil {
		return p.bot.settle(ctx)
	}
	return p.Happened(), nil
}

// bot is a goroutine that answers.
type bot struct {
	chat    *parley.Chat
	answer  func(parley.Message) string
	running sync.WaitGroup
	news    chan struct{} // holds one when it has dealt with something

	mu   sync.Mutex
	done int // events dealt with
	err  error
}

func (b *bot) run(ctx context.Context) {
	for e, err := range b.chat.Events() {
		if err == nil {
			err = b.hear(ctx, e)
		}
		b.mu.Lock()
		b.done++
		b.err = err
		b.mu.Unlock()
		select {
		case b.news <- struct{}{}:
		default:
		}
	}
}

func (b *bot) hear(ctx context.Context, e parley.Event) error {
	m, ok := e.(parley.Message)
	if !ok || m.Partial || b.chat.IsOwn(m) {
		return nil
	}
	text := b.answer(m)
	if text == "" {
		return nil
	}
	_, err := b.chat.Send(ctx, text)
	return err
}

func (b *bot) settle(ctx context.Context) (int, error) {
	for {
		b.mu.Lock()
		done, err := b.done, b.err
		b.mu.Unlock()
		if n := b.chat.Happened(); done >= n || err != nil {
			return n, err
		}
		select {
		case <-b.news:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}
