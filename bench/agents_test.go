package bench

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/bench/load"
)

// agentLoad is a crowd of agents at work: chats start at a rate, wait in a queue, are offered and accepted, have some messages
// from both sides and are left by their customers.
type agentLoad struct {
	agents   int
	offers   int // a second
	messages int // in each chat
	lasts    time.Duration
	during   time.Duration // is measured, after as long as a chat lasts
	frames   int           // of each agent, beside the socket that works
}

// live is how many chats there are at once.
func (l agentLoad) live() int { return int(float64(l.offers) * l.lasts.Seconds()) }

// aim is the time in which an offer is to be on the agent's socket, for 99 of 100.
const aim = 100 * time.Millisecond

// TestSoakAgents measures how long offers take to agents' sockets while many agents work: 500 agents, 2,000 chats at once, 50
// offers and 400 messages a second for the time that PARLEY_TEST_SOAK_AGENTS says, as make soak-agents does. Without that it is a
// small crowd for two seconds, which looks whether every chat finds its agent and is over in the end.
func TestSoakAgents(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("left out: memory is read from Linux's /proc")
	}
	of := agentLoad{agents: 6, offers: 10, messages: 4, lasts: time.Second, during: 2 * time.Second}
	if d := os.Getenv("PARLEY_TEST_SOAK_AGENTS"); d != "" {
		during, err := time.ParseDuration(d)
		if err != nil {
			t.Fatalf("PARLEY_TEST_SOAK_AGENTS: %v", err)
		}
		of = agentLoad{agents: 500, offers: 50, messages: 8, lasts: 40 * time.Second, during: during}
	} else if testing.Short() {
		t.Skip("left out: it builds and starts a server")
	}
	s := &staffed{t: t, of: of, deadline: time.Now().Add(of.during + 15*time.Minute), waiting: map[string]*loadChat{}}
	s.work()
}

// staffed is a server whose agents are at work.
type staffed struct {
	t        *testing.T
	of       agentLoad
	server   *load.Server
	deadline time.Time
	lines    chan *line
	agents   []*loadAgent
	frames   []*load.Socket
	began    time.Time

	mu       sync.Mutex
	waiting  map[string]*loadChat // by contact, from their start to their end
	offered, // from the decision to the agent's socket
	queued, // from the customer's request to the agent's socket
	accepted, // from the request to its answer
	heard []time.Duration // from a message's request to the agent's socket
	fail error

	sent, missed, done, live, most atomic.Int64
	used                           used // by the server, while there were chats
}

// used is a server's processor time, and its most memory.
type used struct {
	cpu    time.Duration
	memory int64
}

type loadAgent struct {
	*load.Agent
	socket *load.Socket
}

type loadChat struct {
	entered time.Time
	joined  chan *loadAgent // holds who has accepted
	ended   chan struct{}   // closed when the agent's part is over
}

func (s *staffed) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == nil {
		s.fail = err
	}
}

func (s *staffed) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// line is a connection; the server closes one that is idle.
type line struct {
	*load.Line
	used time.Time
}

const idleLine = 5 * time.Second

// with lends a connection.
func (s *staffed) with(do func(*load.Line) error) (err error) {
	l := <-s.lines
	defer func() { l.used = time.Now(); s.lines <- l }()
	if time.Since(l.used) > idleLine {
		if l.Line != nil {
			l.Close()
		}
		if l.Line, err = load.Dial(s.server.Address, s.deadline); err != nil {
			return err
		}
	}
	return do(l.Line)
}

// measured says that what happens now counts.
func (s *staffed) measured() bool {
	at := time.Since(s.began)
	return s.of.during < smallCrowd || at > s.of.lasts && at < s.of.lasts+s.of.during
}

// smallCrowd is a run too short to say anything about speed: all of it counts, whenever it happens.
const smallCrowd = 10 * time.Second

func (s *staffed) took(of *[]time.Duration, d time.Duration) {
	if !s.measured() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	*of = append(*of, d)
}

func (s *staffed) work() {
	t := s.t
	var err error
	s.server, err = load.NewServer("sqlite:"+filepath.Join(t.TempDir(), "parley.db"), os.Stderr)
	s.must(err)
	t.Cleanup(s.server.Kill)
	s.lines = make(chan *line, 48)
	for range cap(s.lines) {
		s.lines <- new(line)
	}
	defer func() {
		for range cap(s.lines) {
			if l := <-s.lines; l.Line != nil {
				l.Close()
			}
		}
	}()
	each := s.signIn()
	t.Logf("memory of an agent who is signed in and Available, with a socket: %.1f KiB, of %d", each, s.of.agents)

	var reading, chats sync.WaitGroup
	for _, a := range s.agents {
		reading.Go(func() { s.read(a, &chats) })
	}
	used := s.usedMeanwhile()
	stopBeating := s.beat()
	cpu := s.profileMeanwhile()
	s.began = time.Now()
	all := int(float64(s.of.offers) * (s.of.lasts + s.of.during).Seconds())
	for i := range all {
		time.Sleep(time.Until(s.began.Add(time.Duration(i) * time.Second / time.Duration(s.of.offers))))
		chats.Go(func() {
			if err := s.chat(); err != nil {
				s.failed(err)
			}
		})
	}
	chats.Wait()
	stopBeating()
	s.used = used()
	for _, a := range s.agents {
		a.socket.Close()
	}
	reading.Wait()
	s.report(all, cpu)
	s.must(s.server.Stop())
}

// signIn makes the agents, and returns the KiB that each adds who is signed in.
func (s *staffed) signIn() float64 {
	var staff load.Staffing
	s.must(s.with(func(l *load.Line) (err error) {
		if s.server.Flow, err = s.server.FlowNamed(l, "Sample queue customer"); err == nil {
			staff, err = s.server.Staff(l)
		}
		return err
	}))
	name := func(i int) string { return fmt.Sprint("agent-", i) }
	s.must(atOnce(s.of.agents, 4, func(i int) error {
		return s.with(func(l *load.Line) error { return s.server.CreateAgent(l, staff, name(i)) })
	}))
	before := collected(s.t, s.server)
	s.agents = make([]*loadAgent, s.of.agents)
	s.must(atOnce(s.of.agents, 4, func(i int) error {
		return s.with(func(l *load.Line) error {
			a, err := s.server.SignIn(l, name(i))
			if err != nil {
				return err
			}
			s.agents[i] = &loadAgent{Agent: a}
			if s.agents[i].socket, err = a.OpenSocket(s.deadline); err != nil {
				return err
			}
			for range s.of.frames {
				if err := s.frame(l, a); err != nil {
					return err
				}
			}
			return a.Do(l, "PUT", "state", `{"name":"Available"}`, &struct{}{})
		})
	}))
	return float64(collected(s.t, s.server)-before) / 1024 / float64(s.of.agents)
}

// beat keeps the sockets open, until it is stopped.
func (s *staffed) beat() (stop func()) {
	over := make(chan struct{})
	var beating sync.WaitGroup
	beating.Go(func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(time.Minute):
			}
			sockets := slices.Clone(s.frames)
			for _, a := range s.agents {
				sockets = append(sockets, a.socket)
			}
			for _, socket := range sockets {
				if err := socket.Beat(); err != nil {
					s.failed(err)
				}
			}
		}
	})
	return func() { close(over); beating.Wait() }
}

// read is what an agent does.
func (s *staffed) read(a *loadAgent, doing *sync.WaitGroup) {
	for {
		frame, err := a.socket.Next()
		if err != nil {
			return // it is closed at the end; a chat that waits for it says what is missing
		}
		now := time.Now()
		if i := bytes.Index(frame, []byte("sent at ")); i >= 0 {
			digits := frame[i+len("sent at "):]
			if at, err := strconv.ParseInt(string(digits[:19]), 10, 64); err == nil {
				s.took(&s.heard, now.Sub(time.Unix(0, at)))
			}
			continue
		}
		if !bytes.Contains(frame, []byte(`"type":"transition"`)) {
			continue
		}
		var of struct {
			Content struct {
				What, ContactID string
				Timestamp       float64
			}
		}
		if err := json.Unmarshal(frame, &of); err != nil {
			s.failed(err)
			return
		}
		id := of.Content.ContactID
		s.mu.Lock()
		chat := s.waiting[id]
		s.mu.Unlock()
		switch of.Content.What {
		case "offered":
			s.took(&s.offered, now.Sub(time.UnixMicro(int64(of.Content.Timestamp*1e6))))
			doing.Go(func() { s.accept(a, id) })
			if chat != nil {
				s.took(&s.queued, now.Sub(chat.entered))
			}
		case "connected":
			if chat == nil {
				s.failed(fmt.Errorf("an agent has the contact %s, which no customer has", id))
				continue
			}
			chat.joined <- a
		case "ended":
			if chat != nil {
				close(chat.ended)
			}
		case "failed":
			s.missed.Add(1)
			doing.Go(func() { s.clear(a, id) })
		}
	}
}

func (s *staffed) accept(a *loadAgent, id string) {
	err := s.with(func(l *load.Line) error {
		began := time.Now()
		err := a.Do(l, "POST", "contacts/"+id+"/accept", "", &struct{}{})
		s.took(&s.accepted, time.Since(began))
		return err
	})
	if err != nil && !strings.Contains(err.Error(), "status 409") { // it is over, which the socket says
		s.failed(err)
	}
}

func (s *staffed) clear(a *loadAgent, id string) {
	err := s.with(func(l *load.Line) error { return a.Do(l, "POST", "contacts/"+id+"/clear", "", &struct{}{}) })
	if err != nil && !strings.Contains(err.Error(), "status 409") { // it is offered again
		s.failed(err)
	}
}

// chat is one chat, from its start to the end of the agent's after-contact work.
func (s *staffed) chat() error {
	c := &loadChat{joined: make(chan *loadAgent, 1), ended: make(chan struct{})}
	var id string
	var customer load.Connection
	err := s.with(func(l *load.Line) error {
		started, err := s.server.StartChat(l, "")
		if err != nil {
			return err
		}
		id, c.entered = started.ContactID, time.Now()
		s.mu.Lock()
		s.waiting[id] = c
		s.mu.Unlock()
		customer, err = s.server.Enter(l, started.ParticipantToken)
		return err
	})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	live := s.live.Add(1)
	for most := s.most.Load(); live > most && !s.most.CompareAndSwap(most, live); most = s.most.Load() {
	}
	defer s.live.Add(-1)
	var agent *loadAgent
	select {
	case agent = <-c.joined:
	case <-time.After(time.Minute):
		return fmt.Errorf("no agent has the contact %s after a minute", id)
	}
	if err := s.talk(agent, customer, id, c.entered); err != nil {
		return fmt.Errorf("talk: %w", err)
	}
	if err := s.with(func(l *load.Line) error { return s.server.Leave(l, customer) }); err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	select {
	case <-c.ended:
	case <-time.After(time.Minute):
		return fmt.Errorf("the agent's part in the contact %s is not over after a minute", id)
	}
	s.clear(agent, id)
	s.mu.Lock()
	delete(s.waiting, id)
	s.mu.Unlock()
	s.done.Add(1)
	return nil
}

// talk sends messages from both sides, evenly over the time that a chat lasts.
func (s *staffed) talk(a *loadAgent, customer load.Connection, id string, began time.Time) error {
	var own load.Connection
	if err := s.with(func(l *load.Line) (err error) { own, err = a.Participant(l, id); return err }); err != nil {
		return err
	}
	sides := [2]load.Request{s.server.MessageRequest(customer), s.server.MessageRequest(own)}
	for i := range s.of.messages {
		time.Sleep(time.Until(began.Add(s.of.lasts * time.Duration(i+1) / time.Duration(s.of.messages+1))))
		err := s.with(func(l *load.Line) error {
			text := fmt.Appendf(nil, "sent at %d", time.Now().UnixNano())
			_, err := l.Call(sides[i%2], load.AppendMessage(nil, text, fmt.Appendf(nil, "%s-%d", id, i)))
			return err
		})
		if err != nil {
			return err
		}
		if s.measured() {
			s.sent.Add(1)
		}
	}
	time.Sleep(time.Until(began.Add(s.of.lasts)))
	return nil
}

// profileMeanwhile takes a CPU profile of the server in the midst of a long run, which says what costs time.
func (s *staffed) profileMeanwhile() func() string {
	const seconds = 10
	if s.of.during < 2*seconds*time.Second {
		return func() string { return "" }
	}
	file := filepath.Join(cmp.Or(profileFolder, os.TempDir()), "soak-agents-cpu.pprof")
	var fetching sync.WaitGroup
	var err error
	fetching.Go(func() {
		time.Sleep(s.of.lasts + s.of.during/2)
		err = fetch(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.server.Operator, seconds), file)
	})
	return func() string {
		fetching.Wait()
		if err != nil {
			return "no profile: " + err.Error()
		}
		top, err := exec.Command("go", "tool", "pprof", "-top", "-cum", "-nodecount=60", file).Output()
		if err != nil {
			return file
		}
		return file + "\n" + string(top)
	}
}

// report prints what was measured, and fails when a chat was lost.
func (s *staffed) report(all int, cpu func() string) {
	t := s.t
	s.mu.Lock()
	defer s.mu.Unlock()
	seconds := s.of.during.Seconds()
	t.Logf("%d agents, %d chats, at most %d at once (%d are meant); %.0f offers and %.0f messages a second; %d offers missed",
		s.of.agents, all, s.most.Load(), s.of.live(), float64(len(s.offered))/seconds, float64(s.sent.Load())/seconds, s.missed.Load())
	for _, of := range []struct {
		what string
		took []time.Duration
	}{
		{"offer to the agent's socket", s.offered}, {"customer's request to the agent's socket", s.queued}, {"accept", s.accepted}, {"message to the agent's socket", s.heard},
	} {
		if len(of.took) == 0 {
			t.Errorf("%s: nothing was measured", of.what)
			continue
		}
		slices.Sort(of.took)
		at := func(part float64) time.Duration {
			return of.took[int(part*float64(len(of.took)-1))].Round(100 * time.Microsecond)
		}
		t.Logf("%-42s p50 %8v  p99 %8v  most %8v  of %d", of.what, at(0.5), at(0.99), at(1), len(of.took))
	}
	if n := len(s.offered); n > 0 && s.offered[int(0.99*float64(n-1))] > aim {
		t.Logf("the aim of %v is missed", aim)
	}
	if profile := cpu(); profile != "" {
		t.Logf("where the server's time goes: %s", strings.TrimSpace(profile))
	}
	if s.fail != nil {
		t.Error(s.fail)
	}
	if n := s.done.Load(); n != int64(all) {
		t.Errorf("%d of %d chats had an agent and are over; %d offers were missed", n, all, s.missed.Load())
	}
}

// TestSoakFrames measures what the frames of the Contact Control Panel cost: 200 agents with 1,000 chats at once, without frames and with
// one for each agent, for the time that PARLEY_TEST_SOAK_FRAMES says. A frame is a second socket of the agent's, and asks what the page asks:
// the session, and a token for each contact that is offered.
func TestSoakFrames(t *testing.T) {
	during, err := time.ParseDuration(os.Getenv("PARLEY_TEST_SOAK_FRAMES"))
	if err != nil {
		t.Skip("PARLEY_TEST_SOAK_FRAMES says for how long: make soak-frames")
	}
	var all []used
	for frames := range 2 {
		s := &staffed{
			t: t, of: agentLoad{agents: 200, offers: 25, messages: 8, lasts: 40 * time.Second, during: during, frames: frames},
			deadline: time.Now().Add(during + 15*time.Minute), waiting: map[string]*loadChat{},
		}
		s.work()
		all = append(all, s.used)
		t.Logf("with %d frames: the server used %.1f s of processor time and at most %.0f MiB", frames*s.of.agents, s.used.cpu.Seconds(), float64(s.used.memory)/(1<<20))
	}
	t.Logf("frames cost %.2f times the processor time and %.2f times the memory of the same without", all[1].cpu.Seconds()/all[0].cpu.Seconds(), float64(all[1].memory)/float64(all[0].memory))
}

// frame opens a frame of an agent's.
func (s *staffed) frame(l *load.Line, a *load.Agent) error {
	if err := a.Do(l, "GET", "session", "", &struct{}{}); err != nil {
		return err
	}
	socket, err := a.OpenSocket(s.deadline)
	if err != nil {
		return err
	}
	s.t.Cleanup(func() { socket.Close() })
	s.mu.Lock()
	s.frames = append(s.frames, socket)
	s.mu.Unlock()
	go func() {
		offered := []byte(`"what":"offered"`)
		for {
			frame, err := socket.Next()
			if err != nil {
				return
			}
			if !bytes.Contains(frame, offered) {
				continue
			}
			var of struct{ Content struct{ ContactID string } }
			if json.Unmarshal(frame, &of) != nil {
				continue
			}
			_ = s.with(func(l *load.Line) error { // the offer may be over
				_, err := a.Participant(l, of.Content.ContactID)
				return err
			})
		}
	}()
	return nil
}

// usedMeanwhile begins to measure what the server uses.
func (s *staffed) usedMeanwhile() (end func() used) {
	before, err := processTime(s.server.PID(), false)
	s.must(err)
	over, most := make(chan struct{}), make(chan int64, 1)
	go func() {
		largest := int64(0)
		for {
			if now, err := resident(s.server.PID()); err == nil {
				largest = max(largest, now)
			}
			select {
			case <-over:
				most <- largest
				return
			case <-time.After(time.Second):
			}
		}
	}()
	return func() used {
		after, err := processTime(s.server.PID(), false)
		s.must(err)
		close(over)
		return used{after - before, <-most}
	}
}
