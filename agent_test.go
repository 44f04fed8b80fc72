package parley_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/parley-chat/parley"
	"github.com/parley-chat/parley/internal/server"
	"github.com/parley-chat/parley/parleytest"
)

// watched keeps what an agent's session shows, and accepts what is offered.
type watched struct {
	mu  sync.Mutex
	all []string
	err error
}

func (w *watched) follow(a *parley.Agent) {
	for e, err := range a.Events() {
		if err == nil {
			if tr, ok := e.(parley.AgentTransition); ok && tr.What == parley.AgentOffered {
				err = a.Accept(context.Background(), tr.ContactID)
			}
		}
		w.mu.Lock()
		w.err = errors.Join(w.err, err)
		switch e := e.(type) {
		case parley.AgentTransition:
			w.all = append(w.all, "agent "+e.What)
		case parley.AgentChat:
			w.all = append(w.all, line(e.Event))
		}
		w.mu.Unlock()
	}
}

// of are the transitions, or all else, in order.
func (w *watched) of(transitions bool) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var some []string
	for _, s := range w.all {
		if what, ok := strings.CutPrefix(s, "agent "); ok == transitions {
			some = append(some, what)
		}
	}
	return some
}

// bySocket sends requests one way and sockets another.
type bySocket struct{ requests, sockets http.RoundTripper }

func (b bySocket) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Upgrade") != "" {
		return b.sockets.RoundTrip(r)
	}
	return b.requests.RoundTrip(r)
}

// desk has an agent's sockets go over the bad network.
func (w *world) desk() *http.Client {
	return &http.Client{Transport: bySocket{w.http.Transport, w.socket.Transport}}
}

// Whatever the agent's connections suffer, what is shown is what happened, once and in order.
func TestAgentUnderEveryFault(t *testing.T) {
	for _, what := range []string{"cut", "cut inside", "stall", "restart"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for after := range 7 {
					if what == "stall" && (after == 1 || after == 2) {
						continue // the offer comes while the socket is silent, and is over before that is noticed
					}
					faultyAgent(t, after, what)
				}
			})
		})
	}
}

func faultyAgent(t *testing.T, after int, what string) {
	t.Helper()
	w := newWorld(t)
	defer w.close()
	ctx := context.Background()
	if what != "restart" {
		w.net.plan(fault{after, what})
	}
	jane, err := w.client.JoinAgent(ctx, "agent-1", server.SeedPassword, func(o *parley.AgentOptions) { o.HTTPClient = w.desk() })
	if err != nil {
		t.Fatal(err)
	}
	seen := new(watched)
	done := make(chan struct{})
	go func() { defer close(done); seen.follow(jane) }()
	if err := jane.SetState(ctx, "Available"); err != nil {
		t.Fatal(err)
	}
	out, err := w.client.StartChatContact().InstanceID(string(server.SeedInstance)).ContactFlowID(string(server.SeedQueueFlow)).ParticipantDetails(adaDetails).Send(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ada, err := w.client.Join(ctx, out)
	if err != nil {
		t.Fatal(err)
	}
	defer ada.Close()
	time.Sleep(10 * time.Second)
	for i := range 6 {
		if what == "restart" && i == after {
			w.restart(3 * time.Second)
		}
		if _, err := ada.Send(ctx, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Minute)
	if err := ada.Disconnect(ctx); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	if err := jane.Close(); err != nil {
		t.Error(err)
	}
	<-done
	transitions := slices.DeleteFunc(seen.of(true), func(s string) bool { return s == parley.AgentBegins || s == parley.AgentHasSignedIn })
	if want := []string{parley.AgentStateSet, parley.AgentOffered, parley.AgentJoined, parley.AgentLeft}; !slices.Equal(transitions, want) || seen.err != nil {
		t.Errorf("%s after %d: the agent saw %q, not %q, %v", what, after, transitions, want, seen.err)
	}
	want := []string{"Jane joined", "Ada: 0", "Ada: 1", "Ada: 2", "Ada: 3", "Ada: 4", "Ada: 5", "Ada left", "ended"}
	if got := seen.of(false); !slices.Equal(got, want) {
		t.Errorf("%s after %d: the agent heard %q, not %q", what, after, got, want)
	}
}

func TestJoinAgentSaysWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := parleytest.New(t)
		nowhere := s.Config()
		nowhere.BaseEndpoint = nil
		odd := s.Config()
		odd.BaseEndpoint = aws.String("ftp://127.0.0.1")
		for _, c := range []struct {
			client         *parley.Client
			name, password string
			instance, want string
			kind           parley.Kind
		}{
			{nil, "agent-1", "x", "", "the client is nil", parley.KindConstruction},
			{parley.New(nowhere), "agent-1", "x", "", "the aws.Config has no BaseEndpoint", parley.KindConstruction},
			{parley.New(odd), "agent-1", "x", "", "the endpoint must be the URL of a server", parley.KindDispatch},
			{s.Client(), "", "x", "", "the user name and the password are required", parley.KindConstruction},
			{s.Client(), "agent-1", "", "", "the user name and the password are required", parley.KindConstruction},
			{s.Client(), "agent-1", "wrong", "", "UnauthorizedException", parley.KindService},
			{s.Client(), "agent-1", "x", "elsewhere", "Exception", parley.KindService},
		} {
			_, err := c.client.JoinAgent(t.Context(), c.name, c.password, func(o *parley.AgentOptions) { o.Instance = c.instance })
			e, ok := errors.AsType[*parley.Error](err)
			if !ok || e.Kind != c.kind || e.Operation != "JoinAgent" || !strings.Contains(err.Error(), c.want) || c.password != "" && strings.Contains(err.Error(), c.password+" ") {
				t.Errorf("%q: %v", c.want, err)
			}
		}
	})
}

// The end of the context is the end of the session, and after the end nothing waits.
func TestAgentEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := parleytest.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		jane, err := s.Client().JoinAgent(ctx, "agent-1", server.SeedPassword)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jane.Next(t.Context()); err != nil {
			t.Fatal(err) // the snapshot
		}
		cancel()
		<-jane.Done()
		for range jane.Events() { // what came before the end
		}
		if err := jane.Err(); !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
		if _, err := jane.Next(t.Context()); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("after the end there is %v", err)
		}
		if err := jane.Ping(t.Context()); err == nil {
			t.Error("a ping was answered after the end")
		}
	})
}

// The agent is given up when the server does not come back.
func TestAgentIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		lost := make(chan error, 10)
		jane, err := w.client.JoinAgent(t.Context(), "agent-1", server.SeedPassword, func(o *parley.AgentOptions) {
			o.GiveUpAfter = time.Minute
			o.HTTPClient = w.desk()
			o.OnConnection = func(connected bool, why error) {
				if !connected {
					lost <- why
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		w.net.refuse(true)
		w.stop()
		<-jane.Done()
		if err := jane.Err(); err == nil || !strings.Contains(err.Error(), "the connection is lost") {
			t.Errorf("given up with %v", err)
		}
		if why := <-lost; why == nil {
			t.Error("it was told of no reason")
		}
		w.socket.CloseIdleConnections()
		w.http.CloseIdleConnections()
	})
}

// losing loses requests to a path, or their answers: one each time that it is told to.
type losing struct {
	http.RoundTripper
	path      string // how the path ends
	meanwhile func() // if it is not nil, it is the request that is lost, and this happens before it is repeated
}

func (l *losing) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.path == "" || !strings.HasSuffix(r.URL.Path, l.path) {
		return l.RoundTripper.RoundTrip(r)
	}
	l.path = ""
	if l.meanwhile != nil {
		l.meanwhile()
		return nil, errors.New("lost")
	}
	answer, err := l.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	_ = answer.Body.Close() // nobody reads it
	return nil, errors.New("lost")
}

// When an action is refused because it is repeated, nothing is wrong. When it is refused and was never carried out, that is told.
func TestAgentsActionsWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		ctx := t.Context()
		lose := &losing{RoundTripper: w.http.Transport}
		work := func(name string) *parley.Agent {
			t.Helper()
			a, err := w.client.JoinAgent(ctx, name, server.SeedPassword, func(o *parley.AgentOptions) { o.HTTPClient = &http.Client{Transport: lose} })
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		jane, boss := work("agent-1"), work("supervisor")
		defer jane.Close() //nolint:errcheck // returns nil
		defer boss.Close() //nolint:errcheck // returns nil
		if err := jane.SetState(ctx, "Available"); err != nil {
			t.Fatal(err)
		}
		offer := func() (string, *parley.Chat) {
			t.Helper()
			out, err := w.client.StartChatContact().InstanceID(string(server.SeedInstance)).ContactFlowID(string(server.SeedQueueFlow)).ParticipantDetails(adaDetails).Send(ctx)
			if err != nil {
				t.Fatal(err)
			}
			ada, err := w.client.Join(ctx, out)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
			return *out.ContactId, ada
		}
		without := func(path string, meanwhile func(), do func() error, want string) {
			t.Helper()
			lose.path, lose.meanwhile = path, meanwhile
			err := do()
			if e := (*parley.Error)(nil); want == "" && err != nil || want != "" && (!errors.As(err, &e) || e.Code != want) || lose.path != "" {
				t.Errorf("%s: %v, not %q", path, err, want)
			}
		}
		first, ada := offer()
		defer ada.Close() //nolint:errcheck // returns nil
		without("/accept", nil, func() error { return jane.Accept(ctx, first) }, "")
		without("/leave", nil, func() error { return jane.Leave(ctx, first) }, "")
		without("/clear", nil, func() error { return jane.Clear(ctx, first) }, "")
		without("/transfer", func() {}, func() error {
			return boss.Transfer(ctx, first, parley.AgentQuickConnect{ARN: "any"})
		}, "ContactNotFoundException")
		second, bea := offer()
		defer bea.Close() //nolint:errcheck // returns nil
		without("/accept", func() {
			if err := bea.Disconnect(ctx); err != nil {
				t.Error(err)
			}
		}, func() error { return jane.Accept(ctx, second) }, "InvalidStateException")
		third, cleo := offer()
		defer cleo.Close() //nolint:errcheck // returns nil
		without("/reject", nil, func() error { return jane.Reject(ctx, third) }, "")
	})
}
