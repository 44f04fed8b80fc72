// Package parleytest starts a whole parley server inside a Go test: the same server that cmd/parley runs, over its real
// HTTP API and real WebSockets, with its facts in memory and a network in memory. It is there in milliseconds, no two
// share anything, and it goes with its test.
//
//	func TestMyFlow(t *testing.T) {
//		s := parleytest.New(t)
//		ada := s.Start(s.CreateFlow("orders", ordersJSON))
//		ada.Hears("Hello! What is your order number?")
//		ada.Say("4711")
//		ada.Hears("It is on its way.")
//		s.Advance(time.Hour)
//		ada.Ends()
//	}
//
// Agents are there as well, who are offered what waits in queues by the same rules as anywhere:
//
//	queue := s.CreateQueue("Support")
//	jane := s.Agent("agent-1", queue)
//	ada := s.Start(s.CreateQueueFlow(queue))
//	jane.Accepts()
//	jane.Says("How can I help?")
//	ada.Hears("How can I help?")
//
// Code under test is given [Server.Config], an aws.Config that leads to the server, in place of the one that
// config.LoadDefaultConfig would make; it goes on using the AWS SDK's own clients. What cannot be given an HTTP client,
// another process for example, is given [Server.URL], which opens a TCP port.
//
// Contact time, by which flows wait and chats expire, stands still until [Server.Advance]. Inside a bubble of
// testing/synctest it is the bubble's time, which passes when all sleep; there nothing may use the URL.
//
// It depends on package parley and on the server; it never leaves a goroutine, a file or a port behind.
package parleytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/parley-chat/parley"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/memnet"
	"github.com/parley-chat/parley/internal/server"
)

// patience is how long anything may take before the test fails. In a bubble it takes no time.
const patience = time.Minute

// endpoint is how the server is called on its network in memory, which leads nowhere else.
const endpoint = "http://127.0.0.1:4510"

// Options are what may differ from one server to another.
type Options struct {
	// ActiveChats is the quota of concurrent active chats; 0 is none.
	ActiveChats int
	// RehydrationDelay is how long after its end a chat can be continued as a persistent one. Amazon Connect: 30 to 60 s.
	RehydrationDelay time.Duration
	// Functions answer in place of AWS Lambda functions, by the name or the ARN that flows have for them.
	Functions map[string]Function
	// Patience is how long an assertion waits for what the code under test does, when the server has nothing left to do and
	// contact time stands still; 0 is three seconds.
	Patience time.Duration
	// Log is told what the server logs. Left out, warnings are in the test's output.
	Log *slog.Logger
}

// Server is a running server of one test. Its methods may be called by several goroutines, but for those that end the
// test when something goes wrong: they say so.
type Server struct {
	// InstanceID and ContactFlowID are there from the beginning: an instance, and in it a flow that says hello, waits for
	// an hour and says goodbye.
	InstanceID    string
	ContactFlowID string
	Region        string

	t        testing.TB
	server   *server.Server
	http     *http.Client
	client   *parley.Client
	bubble   bool
	patience time.Duration
	clock    *server.ManualClock // nil in a bubble
	ctx      context.Context     // of everything that the server's own clients do; done when the test is

	mu     sync.Mutex
	tcp    *http.Server // nil until the URL is asked for
	url    string
	here   []*Participant
	desks  []*Agent
	agents string // the security profile of agents, once there is one
}

// New starts a server that stops when the test is over. Call it inside the bubble, if there is one.
func New(t testing.TB, options ...func(*Options)) *Server {
	t.Helper()
	o := Options{Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
	for _, change := range options {
		change(&o)
	}
	s := &Server{
		InstanceID: string(server.SeedInstance), ContactFlowID: string(server.SeedFlow), Region: server.SeedRegion,
		t: t, bubble: inBubble(),
	}
	cfg := server.Config{
		Dev: true, Database: "sqlite::memory:", Partition: center.Partition{Account: server.SeedAccount, Region: s.Region},
		Settings: center.DefaultSettings(), Log: o.Log, Fatal: func(err error) { t.Errorf("the server cannot go on: %v", err) },
	}
	if s.patience = o.Patience; s.patience == 0 {
		s.patience = 3 * time.Second
	}
	cfg.Settings.ActiveChats, cfg.Settings.RehydrationDelay = o.ActiveChats, o.RehydrationDelay
	if !s.bubble {
		s.clock = server.NewManualClock(time.Now())
		cfg.Clock = s.clock
	}
	s.serveFunctions(&cfg, o.Functions)
	s.run(cfg)
	s.client = parley.New(s.Config())
	return s
}

// inBubble says whether the caller is in a bubble of testing/synctest, outside which Wait panics.
func inBubble() (yes bool) {
	defer func() { yes = recover() == nil }()
	synctest.Wait()
	return true
}

// run starts the server, and has the test's end stop it.
func (s *Server) run(cfg server.Config) {
	s.t.Helper()
	running, err := server.New(context.Background(), cfg)
	if err != nil {
		s.t.Fatalf("parleytest: start the server: %v", err)
	}
	s.server = running
	listener := memnet.Listen()
	transport := &http.Transport{DialContext: listener.DialContext, MaxIdleConnsPerHost: 64}
	s.http = &http.Client{Transport: transport}
	stop, cancel := context.WithCancel(context.Background())
	alive, over := context.WithCancel(context.Background())
	s.ctx = alive
	done := make(chan error, 1)
	go func() { done <- running.Run(stop, make(chan os.Signal), server.Listeners{Public: listener}) }()
	s.t.Cleanup(func() {
		for _, p := range s.everybody() {
			p.Close() //nolint:errcheck // returns nothing else than nil
		}
		for _, a := range s.atWork() {
			a.Close() //nolint:errcheck // returns nothing else than nil
		}
		over()
		s.closeURL()
		transport.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("parleytest: stop the server: %v", err)
		}
		transport.CloseIdleConnections()
	})
}

// everybody lists who was started or invited by this server's methods.
func (s *Server) everybody() []*Participant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Participant(nil), s.here...)
}

// atWork lists who was signed in by this server's methods.
func (s *Server) atWork() []*Agent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Agent(nil), s.desks...)
}

// Config leads every client of the AWS SDK for Go to the server, over the network in memory. Any credentials are as good
// as these.
func (s *Server) Config() aws.Config {
	return aws.Config{
		Region: s.Region, BaseEndpoint: aws.String(endpoint), HTTPClient: s.http,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "parleytest", SecretAccessKey: "parleytest", Source: "parleytest"}, nil
		}),
	}
}

// Client is a client of the server.
func (s *Server) Client() *parley.Client { return s.client }

// HTTPClient reaches the server over the network in memory, whatever address it is asked for: WebSocket clients that take
// an HTTP client, and requests to [Server.Endpoint].
func (s *Server) HTTPClient() *http.Client { return s.http }

// Endpoint is the base of URLs on the network in memory; see [Server.HTTPClient].
func (s *Server) Endpoint() string { return endpoint }

// URL is an address that any program on this machine reaches the server by. The first call opens a TCP port on loopback,
// which closes with the test. Not for bubbles: waiting for real sockets holds their time. It may end the test.
func (s *Server) URL() string {
	s.t.Helper()
	if s.bubble {
		s.t.Fatal("parleytest: a TCP port would hold the bubble's time: use Config or HTTPClient")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.url != "" {
		return s.url
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatalf("parleytest: open a port: %v", err)
	}
	s.tcp, s.url = &http.Server{Handler: s.server.Handler(), ReadHeaderTimeout: patience}, "http://"+ln.Addr().String()
	go s.tcp.Serve(ln) //nolint:errcheck // returns when it is closed
	return s.url
}

func (s *Server) closeURL() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tcp != nil {
		_ = s.tcp.Close() // the listener may be closed
	}
}

// CreateFlow publishes a flow of the given content, in Amazon Connect's flow language, and returns its id. It ends the
// test if the flow is refused, and says why.
func (s *Server) CreateFlow(name, content string) (contactFlowID string) {
	s.t.Helper()
	out, err := s.client.CreateContactFlow().InstanceID(s.InstanceID).Name(name).
		Type(types.ContactFlowTypeContactFlow).Content(content).Send(s.ctx)
	var wrong *types.InvalidContactFlowException
	if errors.As(err, &wrong) {
		for _, p := range wrong.Problems {
			s.t.Logf("parleytest: flow %q: %s", name, aws.ToString(p.Message))
		}
	}
	if err != nil {
		s.t.Fatalf("parleytest: flow %q: %v", name, err)
	}
	return aws.ToString(out.ContactFlowId)
}

// Now is the contact time.
func (s *Server) Now() time.Time {
	if s.clock != nil {
		return s.clock.Now()
	}
	return time.Now()
}

// Advance lets contact time pass, with all that it makes due, and settles. In a bubble it sleeps. It may end the test.
func (s *Server) Advance(by time.Duration) {
	s.t.Helper()
	if by < 0 {
		s.t.Fatalf("parleytest: advance by %v: time does not go back", by)
	}
	if s.bubble {
		time.Sleep(by)
		synctest.Wait()
		return
	}
	body, _ := json.Marshal(map[string]string{"advance": by.String()}) // strings
	if err := s.post("/_parley/clock", body); err != nil {
		s.t.Fatalf("parleytest: advance by %v: %v", by, err)
	}
	s.Settle()
}

func (s *Server) post(path string, body []byte) error {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := s.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end
	said, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = errors.New(string(said))
	}
	return err
}

// Settle waits until nothing goes on any more: what is due has happened, what happened has been shown to everybody whom
// [Server.Start], [Server.Join] and [Server.Invite] brought here, and every bot has answered. In a bubble it waits until
// all of the bubble waits. Agents whom [Server.Agent] and [Server.SignIn] brought here count as well; that a waiting contact is
// offered may take a moment longer, for which [Agent.Accepts] waits. It may end the test.
func (s *Server) Settle() {
	s.t.Helper()
	if s.bubble {
		synctest.Wait()
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	if err := s.settle(ctx); err != nil {
		s.t.Fatalf("parleytest: settle: %v", err)
	}
}

func (s *Server) settle(ctx context.Context) error {
	for before := -1; ; {
		if err := s.server.Settle(ctx); err != nil {
			return err
		}
		now := 0
		for _, p := range s.everybody() {
			n, err := p.settle(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", p.Name, err)
			}
			now += n
		}
		for _, a := range s.atWork() {
			n, err := a.settle(ctx)
			if err != nil {
				return fmt.Errorf("agent %s: %w", a.Name, err)
			}
			now += n
		}
		if now == before {
			return nil
		}
		before = now
	}
}
