package chat

import (
	"context"
	"log/slog"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/staff"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/token"
)

// Sealer makes and opens the tokens of participants; [token.Sealer] is one. Open's errors say whether it is the token
// that is not good, or something else that went wrong.
type Sealer interface {
	Seal(token.Claims) string
	Open(text string, want token.Kind, now time.Time) (token.Claims, error)
}

// Config is what Chats are made of; the fields before Functions are required.
type Config struct {
	Engine    *engine.Engine
	Store     *store.Store
	Catalog   *catalog.Catalog
	Staff     *staff.Staff
	Sealer    Sealer
	Clock     engine.Clock
	Wall      func() time.Time // real time, for tokens
	NewID     func() string    // a new UUID
	Partition center.Partition
	Settings  center.Settings
	Log       *slog.Logger
	// What flows ask outside; nil where there is nobody to ask.
	Functions Functions
	Bots      Bots
	Systems   Systems
	SignIns   SignIns
	Figures   Figures       // nil: queues have no figures
	FlowLog   FlowLogWriter // gets the lines of flows whose logging is on; nil for nobody
	Trace     bool          // every action is remembered for a while, for [Overview.Traced]
}

// Chats is the contact centre's chats as this node works on them.
type Chats struct {
	archive
	flows     *flows
	engine    *engine.Engine
	catalog   *catalog.Catalog
	staff     *staff.Staff
	sealer    Sealer
	clock     engine.Clock
	wall      func() time.Time
	newID     func() string
	partition center.Partition
	settings  center.Settings
	log       *slog.Logger

	signIns SignIns

	flowLog *flowLog
}

// New returns Chats ready for use. It registers their streams with the engine.
func New(c Config) *Chats {
	chats := &Chats{
		archive: archive{c.Store}, flows: newFlows(c), engine: c.Engine, catalog: c.Catalog, staff: c.Staff, sealer: c.Sealer, clock: c.Clock, wall: c.Wall, newID: c.NewID,
		partition: c.Partition, settings: c.Settings, log: c.Log, signIns: c.SignIns, flowLog: newFlowLog(c),
	}
	c.Engine.Register(engine.Kind{
		Name:    center.KindChat,
		Decode:  func(row store.Stream) (any, error) { return chats.decode(row) },
		Ended:   func(s any) bool { return !s.(*state).Ended.IsZero() },
		Missing: func(id center.StreamID) error { return noContact(center.ContactID(id)) },
		Lost: func(taken center.Claim) bool { // another contact, or the same request, was faster
			return taken.Kind == center.ClaimQueuePlace || taken.Kind == center.ClaimMonitor
		},
		Due: chats.due(),
	})
	c.Engine.Handle(engine.Due{Key: dueGone, Lane: laneTimers, Answer: chats.userGone})
	c.Engine.Handle(engine.Due{Key: dueOver, Lane: laneTimers, Answer: func(ctx context.Context, due center.Due) error {
		chosen := due.At.Add(time.Millisecond - clearAgainAfter) // rows have times in whole milliseconds
		return chats.clearOver(ctx, center.UserID(due.Stream), chosen)
	}})
	c.Engine.Handle(engine.Due{Key: center.DueAfterContactWork, Lane: laneTimers, Answer: chats.afterContactWorkOver})
	return chats
}

// Now is contact time.
func (c *Chats) Now() time.Time { return c.clock.Now() }

// turn is one decision about one chat in the making: a draft of it, its flow, and what is to be said of it.
type turn struct {
	*center.Draft
	chats *Chats
	tx    *engine.Tx // nil for a chat that is new
	ctx   context.Context
	runs
	ephemeral []center.Item // shown, not stored
	logs      []told        // of the flow, for the flow log
	warnings  []func(*slog.Logger)
	committed *center.Change // what was decided last

	related    related // what the flow has set of the related contact
	relatedKey string  // of the due row that carries it there, "" for none
}

// end ends the chat, and with it its flows.
func (t *turn) end(reason string) {
	t.End(reason)
	t.endRuns()
}

// in returns the decision about a chat that is part of tx.
func (c *Chats) in(tx *engine.Tx, id center.ChatID) (*turn, error) {
	p, err := tx.Join(center.KindChat, center.StreamID(id), func(seen *engine.Snapshot) engine.Part {
		s := seen.State.(*state)
		return &turn{
			chats: c, tx: tx, ctx: tx.Context(), runs: runs{all: s.Runs, last: s.LastRun},
			Draft: center.NewDraft(&s.Chat, seen.Seq, seen.Last, c.clock.Now(), tx.IDs()),
		}
	})
	if err != nil {
		return nil, err
	}
	return p.(*turn), nil
}

// change lets decide work on a chat as it stands, commits what it decided and announces it; see [engine.Engine.Change].
// What it does to agents' slots is part of it. agents are those that it is known to be about.
func (c *Chats) change(ctx context.Context, id center.ChatID, decide func(*turn) error, agents ...center.UserID) error {
	ids := append(make([]center.StreamID, 0, 1+len(agents)), center.StreamID(id))
	for _, a := range agents {
		ids = append(ids, center.StreamID(a))
	}
	return c.engine.Change(ctx, func(tx *engine.Tx) error {
		t, err := c.in(tx, id)
		if err == nil {
			err = decide(t)
		}
		if err == nil {
			t.endRunsOfEnded()
			err = t.moveAgents()
		}
		return err
	}, ids...)
}

// end ends a chat that may have ended. dues are the keys of due rows that are put with that, due at once.
func (c *Chats) end(ctx context.Context, id center.ChatID, dues ...string) error {
	return c.change(ctx, id, func(t *turn) error {
		t.end(center.ReasonAPI)
		for _, key := range dues {
			t.Schedule(key, t.Now, "")
		}
		return nil
	})
}

// begin commits a chat that is new.
func (c *Chats) begin(ctx context.Context, d *center.Draft) error {
	return c.engine.Begin(ctx, center.KindChat, center.StreamID(d.Chat.ID), &turn{chats: c, Draft: d, ctx: ctx})
}

// Finish returns what was decided.
func (t *turn) Finish() (*center.Change, any, error) {
	if !t.Chat.Ended.IsZero() {
		t.endRuns()
	}
	t.keep()
	if t.Empty() && !t.ran {
		return nil, nil, nil
	}
	if t.ran {
		t.Edit()
	}
	if err := t.chats.countFigures(t); err != nil {
		return nil, nil, err
	}
	var next any
	ch := t.Draft.Finish(func(chat *center.Chat) []byte {
		s := &state{Version: stateVersion, Chat: *chat, Runs: t.all, LastRun: t.last}
		next = s
		return s.encode()
	})
	t.committed = ch
	return ch, next, nil
}

// warn has the server's log told of something once the turn is committed.
func (t *turn) warn(what string, args ...any) {
	t.warnings = append(t.warnings, func(log *slog.Logger) { log.Warn(what, args...) })
}

// Announce tells of what is not stored, and the logs.
func (t *turn) Announce() {
	for _, tell := range t.warnings {
		tell(t.chats.log)
	}
	t.chats.engine.Publish(center.StreamID(t.Chat.ID), t.ephemeral)
	if t.committed != nil {
		if news, ok := center.NewsOf(t.committed); ok {
			t.chats.engine.Publish(center.RoutingNews, []center.Item{news})
		}
	}
	for _, l := range t.logs {
		t.chats.flowLog.write(t.ctx, t.Chat.Instance, t.Now, l)
	}
}

// view returns the chat as it stands, for reading only.
func (c *Chats) view(ctx context.Context, id center.ChatID) (*state, error) {
	seen, err := c.engine.Look(ctx, center.KindChat, center.StreamID(id))
	if err != nil {
		return nil, err
	}
	return seen.State.(*state), nil
}
