package crash

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/parley-chat/parley/internal/bus"
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/router"
	"github.com/parley-chat/parley/internal/staff"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
)

// A contact with an agent, from StartChatContact to the end of after-contact work, is some dozen commits, of the chat, of the
// agent, and of both. A process that carries one out is killed at each of them in turn: behind the commit, before its answer,
// or a moment around the next one. The next process, or another node, goes on as clients do, who repeat what was not
// answered. Each process looks at its start and at its end at whether a contact has two owners, a slot no contact, a contact
// no owner, or a row another opinion than the states.

// agentsChild holds the errand of a process that is to be killed.
const agentsChild = "PARLEY_TEST_CRASH_AGENTS_CHILD"

// errand is what a process does.
type errand struct {
	Database string
	Shared   bool
	Instance center.InstanceID
	Flow     center.FlowID
	Agents   [2]center.UserID
	Token    string // ClientToken: another contact for each
	// Kill is at which announcement it is killed, counted from 1; 0 is never. Around lets it live on from there for up to as many
	// microseconds.
	Kill   int64
	Around int64
	// Waits has it look at the chat, so that it is decoded, until a line comes on its standard input.
	Waits bool
}

// told is what a process says of itself at its end.
type told struct {
	Contact  center.ContactID
	Agent    center.UserID
	Commits  int64 // announcements
	Problems []string
}

// TestCrashAgents kills at each commit of a whole contact: PARLEY_TEST_CRASH_AGENTS rounds, 3 with make crash.
func TestCrashAgents(t *testing.T) {
	if os.Getenv("PARLEY_TEST_CRASH_AGENTS") == "" && os.Getenv("PARLEY_TEST_CRASH") == "" {
		t.Skip("left out: kill -9 at each commit of a contact with an agent (set PARLEY_TEST_CRASH_AGENTS to how often)")
	}
	rounds, err := strconv.Atoi(cmp.Or(os.Getenv("PARLEY_TEST_CRASH_AGENTS"), "3"))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("sqlite", func(t *testing.T) {
		crashAgents(t, errand{Database: "sqlite:" + filepath.Join(t.TempDir(), "parley.db")}, rounds, false)
	})
	t.Run("postgres", func(t *testing.T) { crashAgents(t, errand{Database: newDatabase(t), Shared: true}, rounds, false) })
	t.Run("two nodes", func(t *testing.T) { crashAgents(t, errand{Database: newDatabase(t), Shared: true}, rounds, true) })
}

func crashAgents(t *testing.T, e errand, rounds int, beside bool) {
	e.furnish(t)
	e.Token = "whole"
	whole := e.run(t).finish(t, false)
	if whole.Commits < 10 {
		t.Fatalf("a whole contact was announced %d times", whole.Commits)
	}
	kills, contacts := 0, 1
	for range rounds {
		for n := int64(1); n <= whole.Commits; n++ {
			for _, around := range []int64{0, 3000} {
				e.Token, contacts = fmt.Sprintf("contact %d", contacts), contacts+1
				dies := e
				dies.Kill, dies.Around = n, around
				var other *process
				if beside {
					waits := e
					waits.Waits = true
					other = waits.run(t)
				}
				first := dies.run(t)
				if first.finish(t, true) == nil {
					kills++ // else it was through before
				}
				if other == nil {
					other = e.run(t)
				}
				_, _ = io.WriteString(other.in, "go on\n")
				got := other.finish(t, false)
				if len(got.Problems) > 0 || t.Failed() {
					t.Fatalf("killed at %d of %d (around: %v): %q", n, whole.Commits, around > 0, got.Problems)
				}
			}
		}
	}
	t.Logf("%d kills at %d commits, %d contacts: none lost, none with two owners, no slot leaked, no agent stuck", kills, whole.Commits, contacts)
}

// furnish makes what the processes find: an instance, a flow into a queue, two agents.
func (e *errand) furnish(t *testing.T) {
	t.Helper()
	w, err := e.open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx := t.Context()
	i, err := w.catalog.CreateInstance(ctx, center.Instance{Alias: "crash", IdentityManagementType: center.IdentityManaged}, "")
	if err != nil {
		t.Fatal(err)
	}
	e.Instance = i.ID
	f, err := w.catalog.CreateFlow(ctx, e.Instance, center.ContactFlow{Name: "in queue", Type: center.TypeContactFlow}, intoQueue(center.SeededID(e.Instance, "queue", center.BasicQueueName)), true)
	if err != nil {
		t.Fatal(err)
	}
	e.Flow = f.ID
	for n := range e.Agents {
		u := &center.User{
			Head: center.Head[center.UserID]{Name: fmt.Sprintf("agent-%d", n+1)}, Identity: center.Identity{FirstName: "Jane", LastName: "Roe"},
			SecurityProfiles: []center.SecurityProfileID{center.SecurityProfileID(center.SeededID(e.Instance, "security-profile", center.SecurityAgent))},
			RoutingProfile:   center.BasicRoutingProfileID(e.Instance),
		}
		password := "Secret-123"
		if err := w.catalog.CreateUser(ctx, e.Instance, u, &password); err != nil {
			t.Fatal(err)
		}
		e.Agents[n] = u.ID
	}
}

func intoQueue(queue string) string {
	return `{"Version": "2019-10-30", "StartAction": "Set", "Actions": [
  {"Identifier": "Set", "Type": "UpdateContactTargetQueue", "Parameters": {"QueueId": "` + queue + `"},
   "Transitions": {"NextAction": "Enter", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Enter", "Type": "TransferContactToQueue", "Parameters": {},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "End"}, {"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`
}

// process is one that carries an errand out.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   io.ReadCloser
	fault *bytes.Buffer
	over  func() error
}

func (e *errand) run(t *testing.T) *process {
	t.Helper()
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	p := &process{cmd: exec.CommandContext(ctx, os.Args[0], "-test.run=^TestAContactUntilKilled$"), fault: new(bytes.Buffer)}
	p.cmd.Env = append(os.Environ(), agentsChild+"="+string(raw))
	p.cmd.Stderr = p.fault
	if p.in, err = p.cmd.StdinPipe(); err == nil {
		if p.out, err = p.cmd.StdoutPipe(); err == nil {
			err = p.cmd.Start()
		}
	}
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	p.over = sync.OnceValue(func() error {
		defer cancel()
		_ = p.cmd.Process.Kill() // it has said all, or never will
		return p.cmd.Wait()
	})
	t.Cleanup(func() { _ = p.over() })
	return p
}

// finish waits for what the process tells. nil: it was killed, as it may be.
func (p *process) finish(t *testing.T, mayDie bool) *told {
	t.Helper()
	line, err := bufio.NewReader(p.out).ReadBytes('\n')
	_ = p.over()
	if errors.Is(err, io.EOF) && len(line) == 0 && mayDie && !p.cmd.ProcessState.Exited() {
		return nil
	}
	var w told
	if err == nil {
		err = json.Unmarshal(line, &w)
	}
	if err != nil {
		t.Fatalf("the process has ended: %v, %v\n%s%s", err, p.cmd.ProcessState, line, p.fault)
	}
	return &w
}

// rooms is what a process works by.
type rooms struct {
	errand  *errand
	store   *store.Store
	catalog *catalog.Catalog
	staff   *staff.Staff
	chats   *chat.Chats
	agents  *chat.Agents
	news    *bus.Local

	said     atomic.Int64
	watching bool // another process is at work: two reads are not of one moment
}

// Publish counts, and dies in time: what is announced is committed, and not answered yet.
func (w *rooms) Publish(stream center.StreamID, items []center.Item) {
	w.news.Publish(stream, items)
	if stream == center.RoutingNews {
		return // of a commit that is announced by itself
	}
	if n := w.said.Add(1); w.errand.Kill == 0 || n != w.errand.Kill {
		return
	}
	die := func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) }
	if w.errand.Around > 0 {
		time.AfterFunc(time.Duration(rand.Int64N(w.errand.Around))*time.Microsecond, die)
		return
	}
	die()
	select {} // the signal is on its way
}

func (e *errand) open() (*rooms, error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	s, err := store.Open(context.Background(), e.Database, store.Options{Log: log})
	if err != nil {
		return nil, err
	}
	sealer, err := token.NewSealer([]token.Key{{ID: "crash", Secret: [32]byte{1}, Created: time.Now()}})
	if err != nil {
		return nil, err
	}
	partition := center.Partition{Account: "123456789012", Region: "us-east-1"}
	w := &rooms{errand: e, store: s, news: bus.NewLocal()}
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	w.catalog = catalog.New(catalog.Config{Store: s, Now: time.Now, NewID: newID, Partition: partition})
	clock := engine.WallClock{}
	on := engine.New(engine.Config{Store: s, Bus: w, Clock: clock, NewID: newID, Log: log, Shared: e.Shared})
	w.staff = staff.New(on, s, w.catalog, clock, newID)
	w.chats = chat.New(chat.Config{
		Engine: on, Store: s, Catalog: w.catalog, Staff: w.staff, Sealer: sealer, Clock: clock, Wall: time.Now, NewID: newID, Partition: partition,
		Settings: center.DefaultSettings(), Log: log,
	})
	w.agents = chat.NewAgents(w.chats)
	return w, nil
}

// TestAContactUntilKilled is the process.
func TestAContactUntilKilled(t *testing.T) {
	raw := os.Getenv(agentsChild)
	if raw == "" {
		t.Skip("it is run by TestCrashAgents")
	}
	e := new(errand)
	if err := json.Unmarshal([]byte(raw), e); err != nil {
		t.Fatal(err)
	}
	w, err := e.open()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	var said told
	if e.Waits {
		w.watch(ctx)
	}
	said.Problems = w.problems(ctx, e.Agents)
	if err := w.carryOut(ctx, &said); err != nil {
		said.Problems = append(said.Problems, err.Error())
	}
	said.Problems = append(said.Problems, w.problems(ctx, e.Agents)...)
	said.Problems = append(said.Problems, w.over(ctx, &said)...)
	said.Commits = w.said.Load()
	_ = json.NewEncoder(os.Stdout).Encode(said)
	os.Exit(0)
}

// watch keeps the agents and their chats decoded until a line comes, as a node does that shows them on sockets.
func (w *rooms) watch(ctx context.Context) {
	come := make(chan struct{})
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		close(come)
	}()
	w.watching = true
	defer func() { w.watching = false }()
	for {
		_ = w.problems(ctx, w.errand.Agents)
		select {
		case <-come:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// again repeats what may be repeated while the database holds a lock of the process that died.
func again(f func() error) error {
	for deadline := time.Now().Add(20 * time.Second); ; {
		err := f()
		if !center.Is(err, center.Unavailable) || time.Now().After(deadline) {
			return err
		}
	}
}

// carryOut does all of a contact that is not done yet.
func (w *rooms) carryOut(ctx context.Context, said *told) error {
	e := w.errand
	at := e.Instance
	var started *chat.Started
	err := again(func() (err error) {
		started, err = w.chats.Start(ctx, center.StartChat{Instance: at, Flow: e.Flow, DisplayName: "Ana", ClientToken: e.Token})
		return err
	})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	id := started.Contact
	said.Contact = id
	customer, err := w.chats.Authenticate(started.Token, token.Participant)
	if err != nil {
		return fmt.Errorf("authenticate: %w", err)
	}
	_, c, err := w.chats.Contact(ctx, at, id)
	if err != nil {
		return fmt.Errorf("contact: %w", err)
	}
	status := func(to string) error {
		for _, agent := range e.Agents {
			if err := again(func() error {
				return w.agents.SetStatus(ctx, at, agent, center.SeededID(at, "agent-status", to), false)
			}); err != nil {
				return fmt.Errorf("status %s: %w", to, err)
			}
		}
		return nil
	}
	if c.Agent == nil && c.Disconnected.IsZero() {
		if err := again(func() error { _, err := w.chats.Connection(ctx, customer, true); return err }); err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		if err := status(center.StatusNameAvailable); err != nil {
			return err
		}
	}
	owner, err := w.own(ctx, id)
	if err != nil {
		return err
	}
	said.Agent = owner
	if err := w.talk(ctx, id, owner, customer); err != nil {
		return err
	}
	return status(center.StatusNameOffline)
}

// own has the contact offered by two routers at once, to one of the two agents, and accepted.
func (w *rooms) own(ctx context.Context, id center.ContactID) (center.UserID, error) {
	at := w.errand.Instance
	_, c, err := w.chats.Contact(ctx, at, id)
	if err != nil {
		return "", fmt.Errorf("contact: %w", err)
	}
	if c.Agent != nil {
		return c.Agent.User, nil
	}
	routing, stop := context.WithTimeout(ctx, 20*time.Second)
	var routers sync.WaitGroup
	for range 2 {
		r := router.New(router.Config{
			Store: w.store, Catalog: w.catalog, Bus: w.news, Clock: engine.WallClock{}, Now: time.Now, Offer: w.agents.Offer, Holder: uuid.Must(uuid.NewV4()).String(), Log: slog.New(slog.DiscardHandler),
		})
		routers.Go(func() { r.Run(routing) })
	}
	defer routers.Wait()
	defer stop()
	for c.Offer == nil {
		if _, c, err = w.chats.Contact(ctx, at, id); err != nil {
			return "", fmt.Errorf("contact: %w", err)
		}
		if routing.Err() != nil {
			return "", errors.New("the contact was offered to no agent in 20 seconds")
		}
		time.Sleep(time.Millisecond)
	}
	owner := c.Offer.User
	err = again(func() error { return w.agents.Accept(ctx, at, owner, id) })
	if err != nil {
		return "", fmt.Errorf("accept: %w", err)
	}
	return owner, nil
}

// talk is the rest of the contact: two messages, leaving, clearing.
func (w *rooms) talk(ctx context.Context, id center.ContactID, owner center.UserID, customer chat.Caller) error {
	at := w.errand.Instance
	_, c, err := w.chats.Contact(ctx, at, id)
	if err != nil {
		return fmt.Errorf("contact: %w", err)
	}
	if c.Agent.Left.IsZero() {
		agent, err := w.agents.Caller(ctx, at, owner, id)
		if err != nil {
			return fmt.Errorf("the agent as a participant: %w", err)
		}
		for _, says := range []struct {
			who  chat.Caller
			text string
		}{{agent, "How can I help?"}, {customer, "All is well."}} {
			err := again(func() error {
				_, err := w.chats.Send(ctx, says.who, center.Message{ContentType: center.TextPlain, Content: says.text}, "once")
				return err
			})
			if err != nil {
				return fmt.Errorf("send %q: %w", says.text, err)
			}
		}
		if err := again(func() error { return w.agents.Leave(ctx, at, owner, id) }); err != nil {
			return fmt.Errorf("leave: %w", err)
		}
	}
	err = again(func() error { return w.agents.Clear(ctx, at, owner, id) })
	if err != nil && !center.Is(err, center.NotFound) { // it is cleared
		return fmt.Errorf("clear: %w", err)
	}
	return nil
}

// problems holds what agents and chats say of each other against each other, and against the rows.
func (w *rooms) problems(ctx context.Context, agents [2]center.UserID) (all []string) {
	at := w.errand.Instance
	bad := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	rows, err := w.store.Agents(ctx, at)
	if err != nil {
		return []string{"rows of agents: " + err.Error()}
	}
	owners := map[center.ContactID]center.UserID{}
	for _, id := range agents {
		a, seq, err := w.staff.Agent(ctx, at, id)
		if err != nil {
			bad("agent: %v", err)
			continue
		}
		var slots []center.ContactID
		for _, slot := range a.Contacts {
			slots = append(slots, slot.Contact)
			if other, two := owners[slot.Contact]; two {
				bad("contact %s has the owners %s and %s", slot.Contact, other, id)
			}
			owners[slot.Contact] = id
			_, c, err := w.chats.Contact(ctx, at, slot.Contact)
			switch {
			case err != nil:
				bad("a slot of contact %s: %v", slot.Contact, err)
			case w.watching:
			case slot.State == center.SlotConnecting && (c.Offer == nil || c.Offer.User != id):
				bad("contact %s is not offered to the agent who has a slot for it", slot.Contact)
			case slot.State == center.SlotConnected && (c.Agent == nil || c.Agent.User != id || !c.Agent.Left.IsZero()):
				bad("contact %s does not have the agent who is connected", slot.Contact)
			case slot.State == center.SlotEnded && (c.Agent == nil || c.Agent.Left.IsZero() || !c.Agent.Done.IsZero()):
				bad("contact %s does not know the agent's after-contact work", slot.Contact)
			}
		}
		if w.watching {
			continue
		}
		i := slices.IndexFunc(rows, func(r store.AgentAtWork) bool { return r.Agent == id })
		switch {
		case i < 0 && seq > 0:
			bad("agent %s has no row", id)
		case i >= 0:
			var stored []center.ContactID
			for _, s := range rows[i].Slots {
				stored = append(stored, s.Contact)
			}
			if !slices.Equal(stored, slots) {
				bad("agent %s has the slots %v and rows of %v", id, slots, stored)
			}
		}
	}
	return all
}

// over holds what is left against a contact that has ended.
func (w *rooms) over(ctx context.Context, said *told) (all []string) {
	at := w.errand.Instance
	bad := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	waiting, err := w.store.Waiting(ctx, at, "")
	if err != nil || len(waiting) > 0 {
		bad("%d contacts wait: %v", len(waiting), err)
	}
	for _, id := range w.errand.Agents {
		a, _, err := w.staff.Agent(ctx, at, id)
		if err != nil || len(a.Contacts) > 0 || a.Status.Type != center.StatusOffline || a.Next != nil {
			bad("agent %s is stuck: %+v, %v", id, a, err)
		}
	}
	r, err := w.store.ContactRecord(ctx, said.Contact)
	if err != nil || r.Agent == nil || r.Agent.User != said.Agent || r.Agent.Done.IsZero() || r.DisconnectReason != center.ReasonAgent {
		bad("the record of the contact is %+v, %v", r, err)
	}
	chat, err := w.store.ChatOf(ctx, said.Contact)
	if err != nil {
		bad("the contact is lost: %v", err)
		return all
	}
	shown := map[string]int{}
	items, err := w.store.ItemsAfter(ctx, chat, 0, 1000)
	if err != nil {
		bad("items: %v", err)
	}
	for i := range items {
		if items[i].InTranscript {
			shown[cmp.Or(items[i].Content, items[i].ContentType+" "+string(items[i].Role))]++
		}
	}
	for _, once := range []string{
		center.EventJoined + " CUSTOMER", center.EventJoined + " AGENT", "How can I help?", "All is well.", center.EventLeft + " AGENT", center.EventEnded + " ",
	} {
		if shown[once] != 1 {
			bad("%q is in the transcript %d times: %v", once, shown[once], shown)
		}
	}
	return all
}
