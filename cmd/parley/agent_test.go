package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
	"github.com/parley-chat/parley/parleytest"
)

// An agent in the background of a script takes chats until it gets a signal.
func TestAgentInAScript(t *testing.T) {
	t.Parallel()
	s := parleytest.New(t)
	queue := s.CreateQueueFlow(basicQueue)
	c := command(t, []string{"PARLEY_ENDPOINT=" + s.URL(), "PARLEY_PASSWORD=" + server.SeedPassword}, "agent", "--user", "agent-1", "--auto", "--say", "How can I help?")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines, said := bufio.NewScanner(out), ""
	await := func(kind string) {
		t.Helper()
		for lines.Scan() {
			said += lines.Text() + "\n"
			if strings.HasPrefix(lines.Text(), kind) {
				return
			}
		}
		t.Fatalf("it has not said %s:\n%s%s", kind, said, errs.String())
	}
	await("state")
	ada := s.Start(queue)
	ada.Hears("How can I help?")
	ada.Say("two\nlines")
	await("message\t" + ada.ContactID() + "\tCustomer")
	ada.Leave()
	await("cleared")
	bea := s.Start(queue)
	bea.Hears("How can I help?")
	await("message")
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	bea.Ends() // the agent leaves
	await("signed-out")
	if err := c.Wait(); err != nil {
		t.Error(err, errs.String())
	}
	want := `signed-in		agent-1	Offline
state			Available
offered	A	Customer	BasicQueue
connected	A	Customer
joined	A	Jane
message	A	Jane	How can I help?
message	A	Customer	two\nlines
left	A	Customer
chat-ended	A
ended	A	Customer
cleared	A	Customer
offered	B	Customer	BasicQueue
connected	B	Customer
joined	B	Jane
message	B	Jane	How can I help?
next-state			Offline
left	B	Jane
chat-ended	B
ended	B	Customer
cleared	B	Customer
state			Offline
signed-out		agent-1
`
	// Of two streams, what has happened to the agent and what in the chat, each is in order.
	got := strings.NewReplacer(ada.ContactID(), "A", bea.ContactID(), "B").Replace(said)
	for _, of := range []*regexp.Regexp{regexp.MustCompile(`(?m)^(earlier|joined|message|left|chat-ended).*$`), regexp.MustCompile(`(?m)^(signed|offered|connected|ended|cleared|state|next).*$`)} {
		if is, must := strings.Join(of.FindAllString(got, -1), "\n"), strings.Join(of.FindAllString(want, -1), "\n"); is != must {
			t.Errorf("printed\n%s\n, not\n%s", is, must)
		}
	}
}

// basicQueue is the queue of the seeded agents.
var basicQueue = center.SeededID(server.SeedInstance, "queue", center.BasicQueueName)

// A person types, in a bubble.
func TestAgentOnAScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := parleytest.New(t)
		flow := s.CreateQueueFlow(basicQueue)
		var out, complaints lockedBuffer
		typing, over := atADesk(t, s, s.HTTPClient(), &agentCmd{State: "Available"}, &screen{w: &out, complaints: &complaints})
		enter := func(line string) {
			_, _ = io.WriteString(typing, line+"\n")
			time.Sleep(time.Second)
		}
		enter("hello?")
		ada := s.Start(flow)
		ada.Say("before\tyou")
		time.Sleep(time.Second)
		enter("/accept")
		enter("/typing")
		enter("//slash")
		bea := s.Start(flow)
		time.Sleep(time.Second)
		enter("/reject " + bea.ContactID()[:36])
		enter("/state Nowhere")
		enter("/leave nobody")
		enter("/to " + ada.ContactID())
		enter("/transfer Nowhere")
		enter("/jump")
		ada.Hears("/slash")
		ada.Leave()
		time.Sleep(time.Second)
		enter("/clear")
		enter("/quit")
		if err := <-over; err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"agent-1 has signed in and is Offline.", "You are Available.\n", "Customer waits in BasicQueue. /accept or /reject", "You talk to Customer; /leave ends it.\nCustomer: before    you\n",
			"The contact was missed, rejected, or has gone. /clear frees its slot.\n", "The contact with Customer is over. /clear", "You are Offline.\nagent-1 has signed out.\n",
		} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("it does not say %q:\n%s", want, out.String())
			}
		}
		for _, want := range []string{
			"there is no contact to talk to", "/state: ResourceNotFoundException", `there is no contact "nobody" to leave`, "transfer: AccessDeniedException", "unknown command /jump",
		} {
			if !strings.Contains(complaints.String(), want) {
				t.Errorf("it does not complain %q:\n%s", want, complaints.String())
			}
		}
	})
}

// atADesk has an agent work in a bubble.
func atADesk(t *testing.T, s *parleytest.Server, through *http.Client, c *agentCmd, shown *screen) (typing *io.PipeWriter, over chan error) {
	t.Helper()
	read, typing := io.Pipe()
	ctx, stop := context.WithCancel(context.Background())
	over = make(chan error, 1)
	c.Endpoint, c.User, c.Password = s.Endpoint(), "agent-1", server.SeedPassword
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		over <- c.work(ctx, through, read, shown)
	}()
	time.Sleep(time.Second)
	t.Cleanup(func() {
		stop()
		_ = typing.Close() // returns nil
		<-gone
	})
	return typing, over
}

// lockedBuffer is written and read at once.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A cut line is mended, and what happened meanwhile is shown, once. Contacts of an earlier run are taken over.
func TestAgentGoesOnAfterACut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := parleytest.New(t)
		flow := s.CreateQueueFlow(basicQueue)
		line := &cuttable{base: s.HTTPClient()}
		var out lockedBuffer
		c := &agentCmd{State: "Available", Auto: true, Say: "hello"}
		atADesk(t, s, line.client(), c, &screen{w: &out, plain: true})
		ada := s.Start(flow)
		ada.Hears("hello")
		line.cut()
		ada.Say("are you there?")
		bea := s.Start(flow)
		bea.Hears("hello")
		time.Sleep(time.Second)
		for _, once := range []string{"lost\t", "back", "\tare you there?", "offered\t" + ada.ContactID(), "offered\t" + bea.ContactID(), "connected\t" + ada.ContactID()} {
			if n := strings.Count(out.String(), once); n != 1 {
				t.Errorf("it says %q %d times:\n%s", once, n, out.String())
			}
		}
		var second lockedBuffer
		atADesk(t, s, s.HTTPClient(), &agentCmd{State: "Available", Auto: true, Say: "hello"}, &screen{w: &second, plain: true})
		ada.Leave()
		time.Sleep(time.Second)
		got := second.String()
		if !strings.HasPrefix(got, "signed-in\t\tagent-1\tAvailable\nconnected\t"+ada.ContactID()+"\tCustomer\n") || !strings.Contains(got, "cleared\t"+ada.ContactID()) {
			t.Errorf("another run shows\n%s", got)
		}
		if n := strings.Count(got, "message\t"+ada.ContactID()+"\tJane\thello"); n != 1 {
			t.Errorf("the greeting of the first run is shown %d times\n%s", n, got)
		}
	})
}

func TestAgentSaysWhyItIsRefused(t *testing.T) {
	t.Parallel()
	s := parleytest.New(t)
	for _, c := range []struct {
		want, input string
		env, args   []string
	}{
		{"there is no password: set PARLEY_PASSWORD", "", nil, []string{"--endpoint", s.URL(), "--user", "agent-1"}},
		{"--user is missing", "", nil, []string{"--endpoint", "https://parley.invalid"}},
		{"the first line of the input is empty", "\n", nil, []string{"--endpoint", s.URL(), "--user", "agent-1", "--password", "-"}},
		{"sign in: UnauthorizedException", "wrong\n", nil, []string{"--endpoint", s.URL(), "--user", "agent-1", "--password", "-"}},
		{`"nobody" is not one or has another password`, "", []string{"PARLEY_PASSWORD=x"}, []string{"--endpoint", s.URL(), "--user", "nobody"}},
		{"does a server run at http://127.0.0.1:1?", "", nil, []string{"--endpoint", "http://127.0.0.1:1"}},
		{"--endpoint must be the URL of a parley server", "", nil, []string{"--endpoint", "aws"}},
		{"sign in: ", "", nil, []string{"--endpoint", s.URL(), "--instance", "elsewhere"}},
	} {
		cmd := command(t, c.env, append([]string{"agent"}, c.args...)...)
		var out, errs bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(c.input), &out, &errs
		_ = cmd.Run() // the exit code says it
		if code := cmd.ProcessState.ExitCode(); code != 1 || out.Len() > 0 || !strings.HasPrefix(errs.String(), "parley: ") || !strings.Contains(errs.String(), c.want) {
			t.Errorf("%q: exit %d, %s%s", c.args, code, out.String(), errs.String())
		}
	}
}

// cuttable is a network whose connections can be cut.
type cuttable struct {
	base *http.Client
	mu   sync.Mutex
	open []net.Conn
}

func (c *cuttable) client() *http.Client {
	t := c.base.Transport.(*http.Transport)
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := t.DialContext(ctx, network, address)
		if err == nil {
			c.mu.Lock()
			c.open = append(c.open, conn)
			c.mu.Unlock()
		}
		return conn, err
	}}}
}

func (c *cuttable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.open {
		_ = conn.Close() // it may be closed
	}
	c.open = nil
}
