package chat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
)

// Publisher carries the news of committed items to whoever listens, on this node and others. It may lose them: the
// store is the truth. It must not block for long.
type Publisher interface {
	Publish(stream center.StreamID, items []center.Item)
}

// Sealer makes and opens the tokens of participants; [token.Sealer] is one. Open's errors say whether it is the token
// that is not good, or something else that went wrong.
type Sealer interface {
	Seal(token.Claims) string
	Open(text string, want token.Kind, now time.Time) (token.Claims, error)
}

// Config is what Chats are made of; the fields before Shared are required.
type Config struct {
	Store     *store.Store
	Catalog   *catalog.Catalog
	Bus       Publisher
	Sealer    Sealer
	Clock     Clock
	Wall      func() time.Time // real time, for tokens
	NewID     func() string    // a new UUID
	Partition center.Partition
	Settings  center.Settings
	Log       *slog.Logger
	// Shared says that other nodes write to the same store, so that due rows may appear that this node did not put.
	Shared bool
	// What flows ask outside; nil where there is nobody to ask.
	Functions Functions
	Bots      Bots
	Systems   Systems
	SignIns   SignIns
	FlowLog   FlowLog // gets the lines of flows whose logging is on; nil for nobody
	Trace     bool    // every action is remembered for a while, for [Chats.Traced]
}

// Chats is the contact centre's chats as this node works on them.
type Chats struct {
	Config
	calls    *calls
	erasures erasures
	traces   traces
	names    names
	wake     chan struct{} // an earlier due row than Run knows of may be there
	turns    *turns
	firing   chan struct{} // held by the one that leases due rows
	forgot   atomic.Int64  // how often everything was forgotten

	mu      sync.Mutex
	entries map[center.ChatID]*entry
	idle    lru // entries nobody works on, oldest first
}

// New returns Chats ready for use.
func New(c Config) *Chats {
	return &Chats{
		Config: c, calls: newCalls(), turns: newTurns(), erasures: erasures{wake: make(chan struct{}, 1)}, wake: make(chan struct{}, 1),
		firing: make(chan struct{}, 1), entries: map[center.ChatID]*entry{},
	}
}

// state is the stored form of a chat: the aggregate, and where its flow stands.
type state struct {
	center.Chat
	Run *run `json:"run,omitempty"`
}

// run is a flow under way. Its Content names the version it began with: publishing another does not move it.
type run struct {
	flow.State
	Type  string `json:"type"`
	Timer string `json:"timer,omitempty"` // id of the timer under DueFlowToo
	Asked string `json:"asked,omitempty"` // key of the due row whose answer it waits for, "" for none
	// Hidden keeps what the customer answers to the view that was shown last out of the transcript.
	Hidden bool `json:"hidden,omitempty"`
	// SignIn is the session in which the customer signs in, nil for none.
	SignIn *signIn `json:"signIn,omitempty"`
}

// hides says whether what the customer sends now stays out of the transcript: it answers a view that asks for that.
func (r *run) hides() bool {
	return r != nil && r.Hidden && r.Waiting != nil && r.Waiting.For == "ShowView"
}

// snapshot is a chat as of item seq.
type snapshot struct {
	state *state
	seq   int64
	last  time.Time
	age   int64 // Chats.forgot when it was read
}

// cached is how many chats nobody works on are kept decoded.
const cached = 1024

// entry is one chat's place in the queue: whoever holds turn works on it.
type entry struct {
	id    center.ChatID
	turn  chan struct{}
	users int       // waiting or working; guarded by Chats.mu
	snap  *snapshot // nil: not loaded. Belongs to whoever holds the turn

	prev, next *entry // among the idle
}

// lru is a list of idle entries, guarded by Chats.mu.
type lru struct {
	head, tail *entry
	n          int
}

func (l *lru) push(e *entry) {
	e.prev, e.next = l.tail, nil
	if l.tail != nil {
		l.tail.next = e
	} else {
		l.head = e
	}
	l.tail = e
	l.n++
}

func (l *lru) remove(e *entry) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		l.head = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		l.tail = e.prev
	}
	e.prev, e.next = nil, nil
	l.n--
}

// enter waits for the chat's turn. Changes of one chat on one node queue behind each other here, so conflicts at
// the commit come from other nodes only.
func (c *Chats) enter(ctx context.Context, id center.ChatID) (*entry, error) {
	c.mu.Lock()
	e := c.entries[id]
	switch {
	case e == nil:
		e = &entry{id: id, turn: make(chan struct{}, 1)}
		c.entries[id] = e
		if len(c.entries) == 1 {
			c.nudgeErasing() // from now on another process may ask for something
		}
	case e.users == 0:
		c.idle.remove(e)
	}
	e.users++
	c.mu.Unlock()
	select {
	case e.turn <- struct{}{}:
		return e, nil
	default:
	}
	select {
	case e.turn <- struct{}{}:
		return e, nil
	case <-ctx.Done():
		c.release(e)
		return nil, ctx.Err()
	}
}

// leave gives the turn back.
func (c *Chats) leave(e *entry) {
	<-e.turn
	c.mu.Lock()
	defer c.mu.Unlock()
	e.users--
	if e.users > 0 {
		return
	}
	// A chat that has ended is not kept: it is rarely asked for, and when it is erased nothing of it may stay here.
	if e.snap == nil || !e.snap.state.Ended.IsZero() {
		delete(c.entries, e.id)
		return
	}
	c.idle.push(e)
	for c.idle.n > cached {
		old := c.idle.head
		c.idle.remove(old)
		delete(c.entries, old.id)
	}
}

// release is leave for one who never had the turn.
func (c *Chats) release(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.users--
	if e.users == 0 {
		delete(c.entries, e.id)
	}
}

// Forget drops every decoded chat; the next use reads it from the store again.
func (c *Chats) Forget() {
	c.forgot.Add(1) // those that somebody is working on now
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.idle.head != nil {
		e := c.idle.head
		c.idle.remove(e)
		delete(c.entries, e.id)
	}
}

// load makes the snapshot current if it is not there.
func (c *Chats) load(ctx context.Context, e *entry) error {
	age := c.forgot.Load()
	if e.snap != nil && e.snap.age == age {
		return nil
	}
	e.snap = nil
	row, err := c.Store.Chat(ctx, center.StreamID(e.id))
	if errors.Is(err, store.ErrNotFound) {
		return noContact(center.ContactID(e.id))
	}
	if err != nil {
		return err
	}
	s, err := c.decode(row)
	if err != nil {
		return err
	}
	e.snap = &snapshot{state: s, seq: row.LastSeq, last: row.LastTime, age: age}
	return nil
}

// decode reads the state of a chat. One that cannot be what was stored is damage.
func (c *Chats) decode(row store.Chat) (*state, error) {
	s := new(state)
	err := checkSum(row.State)
	if err == nil {
		err = json.Unmarshal(row.State, s)
	}
	if err == nil && center.StreamID(s.ID) != row.ID {
		err = errors.New("it is that of another chat")
	}
	if err != nil {
		return nil, c.Store.Damaged("chat", fmt.Errorf("the state of chat %s: %w", row.ID, err))
	}
	return s, nil
}

func (s *state) encode() []byte {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings, numbers and times in range
	}
	return withSum(raw)
}

// A state ends with a member that is the checksum of all before it. States from before there were checksums have none.
const sumMember = `,"sum":"`

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// withSum adds the checksum to an encoded state.
func withSum(raw []byte) []byte {
	raw = bytes.TrimSuffix(raw, []byte("}"))
	return fmt.Appendf(raw, sumMember+"%08x\"}", crc32.Checksum(raw, castagnoli))
}

func checkSum(raw []byte) error {
	end := len(raw) - len(sumMember) - len(`00000000"}`)
	if end < 0 || string(raw[end:end+len(sumMember)]) != sumMember {
		return nil
	}
	if !bytes.Equal(withSum(append(raw[:end:end], '}')), raw) {
		return errors.New("its checksum is wrong")
	}
	return nil
}

// attempts is how often a decision is taken again because another node moved the chat on.
const attempts = 20

// turn is one decision about one chat in the making: a draft of it, its flow, and what is to be said of it.
type turn struct {
	*center.Draft
	ctx       context.Context
	run       *run          // as it will be
	ran       bool          // run has changed
	ephemeral []center.Item // shown, not stored
	logs      []told        // of the flow, for the flow log

	related    related       // what the flow has set of the related contact
	relatedKey string        // of the due row that carries it there, "" for none
	queue      *center.Queue // the contact's working queue, nil until it was read
}

// end ends the chat, and with it whatever its flow waited for.
func (t *turn) end(reason string) {
	t.End(reason)
	if t.run != nil {
		t.run, t.ran = nil, true
	}
}

// change lets decide work on the chat as it stands, commits what it decided and announces it. decide must be free
// of effects: it is called again when the chat has moved on meanwhile. A decide that decides nothing commits nothing.
func (c *Chats) change(ctx context.Context, id center.ChatID, decide func(*turn) error) error {
	e, err := c.enter(ctx, id)
	if err != nil {
		return err
	}
	defer c.leave(e)
	for range attempts {
		known := e.snap != nil
		if err := c.load(ctx, e); err != nil {
			return err
		}
		t := &turn{
			Draft: center.NewDraft(&e.snap.state.Chat, e.snap.seq, e.snap.last, c.Clock.Now(), c.NewID),
			run:   e.snap.state.Run, ctx: ctx,
		}
		err := decide(t)
		nothing := err == nil && t.Empty() && !t.ran
		if (err != nil || nothing) && known {
			// What commits nothing, a refusal too, holds only if it looked at the chat as it is.
			stale, err := c.stale(ctx, e)
			if err != nil {
				return err
			}
			if stale {
				continue
			}
		}
		switch {
		case err != nil:
			return err
		case nothing:
			c.announce(t, nil)
			return nil
		}
		err = c.commit(ctx, e, t)
		var conflict *store.Conflict
		var taken *store.ClaimTaken
		lost := errors.As(err, &taken) && taken.Claim.Kind == center.ClaimQueuePlace // another contact was faster
		if !errors.As(err, &conflict) && !lost {
			return err
		}
		if err := stepAside(ctx); err != nil {
			return err
		}
	}
	return center.Refuse(center.Internal, "the chat was changed by others %d times over; try again", attempts)
}

// stepAside waits a little, by chance, so that nodes that want the next place in a sequence do not go on colliding.
// Waiting longer the more often one has lost would help the other, whose snapshot is the fresh one.
func stepAside(ctx context.Context) error {
	t := time.NewTimer(rand.N(2 * time.Millisecond))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stale says that another node has moved the chat on since its snapshot was taken, and drops the snapshot then.
func (c *Chats) stale(ctx context.Context, e *entry) (bool, error) {
	if !c.Shared || e.snap == nil {
		return false, nil
	}
	last, err := c.Store.LastSeqs(ctx, []center.StreamID{center.StreamID(e.id)})
	if err != nil || last[center.StreamID(e.id)] == e.snap.seq {
		return false, err
	}
	e.snap = nil
	return true, nil
}

// commit makes a turn's decision durable, then current, then known, in this order.
func (c *Chats) commit(ctx context.Context, e *entry, t *turn) error {
	s, age := (*state)(nil), c.forgot.Load()
	if e.snap != nil {
		s, age = e.snap.state, e.snap.age
	}
	if t.ran {
		t.Edit()
	}
	if err := c.countFigures(t); err != nil {
		return err
	}
	ch := t.Finish(func(chat *center.Chat) []byte {
		s = &state{Chat: *chat, Run: t.run}
		return s.encode()
	})
	if err := c.Store.Commit(ctx, ch); err != nil {
		e.snap = nil // what is stored is known only after another look
		return err
	}
	last := &ch.Items[len(ch.Items)-1]
	e.snap = &snapshot{state: s, seq: last.Seq, last: last.Time, age: age}
	c.announce(t, ch.Items)
	if len(ch.Due) > 0 {
		c.nudge()
	}
	return nil
}

// announce tells the bus, and the flow log, what a turn has decided.
func (c *Chats) announce(t *turn, items []center.Item) {
	if len(items) > 0 {
		c.Bus.Publish(center.StreamID(t.Chat.ID), items)
	}
	if len(t.ephemeral) > 0 {
		c.Bus.Publish(center.StreamID(t.Chat.ID), t.ephemeral)
	}
	for _, l := range t.logs {
		c.logFlow(t, l)
	}
}

// nudge wakes Run, which may be sleeping past a due row just put.
func (c *Chats) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// begin commits a chat that is new.
func (c *Chats) begin(ctx context.Context, d *center.Draft) error {
	e, err := c.enter(ctx, d.Chat.ID)
	if err != nil {
		return err
	}
	defer c.leave(e)
	return c.commit(ctx, e, &turn{Draft: d, ctx: ctx})
}

// view returns the chat as it stands, for reading only.
func (c *Chats) view(ctx context.Context, id center.ChatID) (*state, error) {
	e, err := c.enter(ctx, id)
	if err != nil {
		return nil, err
	}
	defer c.leave(e)
	if _, err := c.stale(ctx, e); err != nil {
		return nil, err
	}
	if err := c.load(ctx, e); err != nil {
		return nil, err
	}
	return e.snap.state, nil
}
