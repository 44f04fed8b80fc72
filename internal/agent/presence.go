package agent

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/staff"
	"github.com/parley-chat/parley/internal/store"
)

// As on Amazon Connect, a window that is closed changes nothing: an agent whose browser has crashed stays available. Presence
// is for those who want it otherwise: an agent whose last window, on any node, has been closed for a while becomes offline.

const (
	// dueGrace is the key of the due row of an agent's stream: at its time the agent has been gone for long enough, if no
	// window was opened meanwhile.
	dueGrace = "grace"
	// beat is how often a node says which agents have windows there; one that has not for beats times as long is gone.
	beat = 5 * time.Second
	// pause is how long a node waits after it has said so: each time costs a statement for each agent.
	pause = 500 * time.Millisecond
	beats = 4
	// swept is how many agents of nodes that are gone are looked at in one step.
	swept = 100
)

// Presence knows which agents have windows open.
type Presence struct {
	*Agents
	engine *engine.Engine
	grace  time.Duration
	gone   func(ctx context.Context, at center.InstanceID, id center.UserID) error
	node   string
	log    *slog.Logger
	news   chan struct{} // of capacity 1: a window was opened or closed

	mu   sync.Mutex
	open map[store.Present]int
}

// PresenceConfig is what a [Presence] is made of.
type PresenceConfig struct {
	Engine *engine.Engine
	Grace  time.Duration
	Node   string // names this process among those that share the store
	Log    *slog.Logger
	// Gone is called when an agent has been gone for Grace. It may be called again when it has failed, or when the process was
	// stopped.
	Gone func(ctx context.Context, at center.InstanceID, id center.UserID) error
}

// NewPresence registers the due rows of presence with the engine. Run must run.
func (a *Agents) NewPresence(c PresenceConfig) *Presence {
	p := &Presence{Agents: a, engine: c.Engine, grace: c.Grace, gone: c.Gone, node: c.Node, log: c.Log, news: make(chan struct{}, 1), open: map[store.Present]int{}}
	c.Engine.Handle(engine.Due{Key: dueGrace, Answer: p.answer})
	return p
}

// Opened notes a window of an agent.
func (p *Presence) Opened(at center.InstanceID, id center.UserID) { p.count(at, id, 1) }

// Closed notes that a window of an agent was closed.
func (p *Presence) Closed(at center.InstanceID, id center.UserID) { p.count(at, id, -1) }

func (p *Presence) count(at center.InstanceID, id center.UserID, by int) {
	p.mu.Lock()
	of := store.Present{Agent: id, Instance: at}
	p.open[of] += by
	p.mu.Unlock()
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// here are the agents with windows on this node, and those whose last one was closed since the last call.
func (p *Presence) here() (there, left []store.Present) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for of, n := range p.open {
		if n > 0 {
			there = append(there, of)
			continue
		}
		left = append(left, of)
		delete(p.open, of)
	}
	return there, left
}

// Run says what is open on this node until ctx ends, and looks for agents whose node is gone.
func (p *Presence) Run(ctx context.Context) {
	again := time.NewTicker(beat)
	defer again.Stop()
	var owed []store.Present // agents who have left, and whose due row is not put yet
	for ctx.Err() == nil {
		there, left := p.here()
		owed = append(owed, left...)
		var err error
		if owed, err = p.say(ctx, there, owed); err != nil && ctx.Err() == nil {
			p.log.Warn("presence of agents not kept, trying again", "error", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		select {
		case <-p.news:
		case <-again.C:
		case <-ctx.Done():
		}
	}
}

// say keeps what is open here, and starts the time of those who are gone. It returns those whose time it could not start.
func (p *Presence) say(ctx context.Context, there, owed []store.Present) ([]store.Present, error) {
	now := p.wall()
	if err := p.store.KeepPresence(ctx, p.node, there, now); err != nil {
		return owed, err
	}
	for len(owed) > 0 {
		if err := p.begin(ctx, owed[0]); err != nil {
			return owed, err
		}
		owed = owed[1:]
	}
	dead := now.Add(-beats * beat)
	lost, err := p.store.Vanished(ctx, dead, swept)
	for _, of := range lost {
		if err == nil {
			err = p.begin(ctx, of)
		}
		if err == nil {
			err = p.store.ForgetPresence(ctx, of.Agent, dead)
		}
	}
	return nil, err
}

// begin puts the due row of an agent who is gone.
func (p *Presence) begin(ctx context.Context, of store.Present) error {
	err := p.staff.Change(ctx, of.Instance, of.Agent, func(_ *engine.Tx, m *staff.Member) error {
		if m.Agent.Status.Type == center.StatusOffline && m.Agent.Next == nil && !m.Agent.Live() {
			return nil // nothing would change
		}
		m.Schedule(dueGrace, m.Now.Add(p.grace), "")
		return nil
	})
	if center.Is(err, center.NotFound) {
		return nil // the user was deleted
	}
	return err
}

// answer is the time at which an agent has been gone for long enough, unless a window is open.
func (p *Presence) answer(ctx context.Context, due center.Due) error {
	id := center.UserID(due.Stream)
	present, err := p.present(ctx, id)
	if err != nil {
		return err
	}
	if !present {
		seen, err := p.engine.Look(ctx, center.KindAgent, due.Stream)
		if err == nil {
			err = p.gone(ctx, seen.State.(*center.Agent).Instance, id)
		}
		if err != nil && !center.Is(err, center.NotFound) { // else the user was deleted
			return err
		}
	}
	return p.answered(ctx, p.engine, due)
}

// WithoutGrace answers the due rows that an earlier start with a grace has left behind, and does nothing else about them.
func (a *Agents) WithoutGrace(e *engine.Engine) {
	e.Handle(engine.Due{Key: dueGrace, Answer: func(ctx context.Context, due center.Due) error { return a.answered(ctx, e, due) }})
}

// answered takes a due row away.
func (a *Agents) answered(ctx context.Context, e *engine.Engine, due center.Due) error {
	return e.Change(ctx, func(tx *engine.Tx) error {
		m, err := a.staff.Of(tx, center.UserID(due.Stream))
		if err == nil {
			m.Answers(due)
		}
		return err
	}, due.Stream)
}

// present says whether an agent has a window open, on this node or another one.
func (p *Presence) present(ctx context.Context, id center.UserID) (bool, error) {
	if p.isHere(id) {
		return true, nil
	}
	return p.store.IsPresent(ctx, id, p.wall().Add(-beats*beat))
}

func (p *Presence) isHere(id center.UserID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for of, n := range p.open {
		if of.Agent == id && n > 0 {
			return true
		}
	}
	return false
}
