// Package staff is the agents of a contact centre as streams: what a decision about an agent works on, whoever takes it. What
// involves a contact is decided in chat, what involves an agent alone in agent; both join an agent's stream here.
//
// It depends on engine, catalog and center, and decides nothing itself.
package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/store"
)

// Staff is the agents of one store. All methods may be called from any goroutine.
type Staff struct {
	engine  *engine.Engine
	store   *store.Store
	catalog *catalog.Catalog
	clock   engine.Clock
	newID   func() string
}

// New returns the agents, and registers their streams with the engine.
func New(e *engine.Engine, s *store.Store, c *catalog.Catalog, clock engine.Clock, newID func() string) *Staff {
	staff := &Staff{e, s, c, clock, newID}
	e.Register(engine.Kind{
		Name:    center.KindAgent,
		Decode:  func(row store.Stream) (any, error) { return staff.decode(row) },
		Ended:   func(any) bool { return false },
		Missing: func(id center.StreamID) error { return noAgent(center.UserID(id)) },
	})
	return staff
}

func noAgent(id center.UserID) error {
	return center.Refuse(center.NotFound, "Resource not found of Type: AGENT %s", center.Printable(string(id)))
}

// state is the stored form of an agent.
type state struct {
	Version int `json:"v"`
	center.Agent
}

// stateVersion is that of the states written here; docs/decisions/0040 says what a new version means.
const stateVersion = 1

func (s *Staff) decode(row store.Stream) (*center.Agent, error) {
	var st state
	err := json.Unmarshal(row.State, &st)
	if err == nil && st.Version > stateVersion {
		return nil, center.Refuse(center.Unavailable, "agent %s was changed by a newer version of parley, whose states have version %d; "+
			"this one reads versions up to %d: run the newer version on all nodes", row.ID, st.Version, stateVersion)
	}
	if err == nil && center.StreamID(st.ID) != row.ID {
		err = errors.New("it is that of another agent")
	}
	if err != nil {
		return nil, s.store.Damaged("stream", fmt.Errorf("the state of agent %s: %w", row.ID, err))
	}
	return &st.Agent, nil
}

func encode(a *center.Agent) []byte {
	raw, err := json.Marshal(state{stateVersion, *a})
	if err != nil {
		panic(err) // strings, numbers and times in range
	}
	return raw
}

// Member is an agent in a decision.
type Member struct {
	*center.AgentDraft
}

// Finish returns what was decided.
func (m *Member) Finish() (*center.Change, any, error) {
	if m.Empty() {
		return nil, nil, nil
	}
	var next any
	c := m.AgentDraft.Finish(func(a *center.Agent) []byte {
		next = a
		return encode(a)
	})
	return c, next, nil
}

// Announce has nothing to tell besides the items.
func (m *Member) Announce() {}

// In is Of for an agent of an instance.
func (s *Staff) In(tx *engine.Tx, at center.InstanceID, id center.UserID) (*Member, error) {
	m, err := s.Of(tx, id)
	if err == nil && m.Agent.Instance != at {
		return nil, noAgent(id)
	}
	return m, err
}

// Of returns the decision about an agent that is part of tx.
func (s *Staff) Of(tx *engine.Tx, id center.UserID) (*Member, error) {
	p, err := tx.Join(center.KindAgent, center.StreamID(id), func(seen *engine.Snapshot) engine.Part {
		return &Member{center.NewAgentDraft(seen.State.(*center.Agent), seen.Seq, seen.Last, s.clock.Now(), tx.IDs())}
	})
	if err != nil {
		return nil, err
	}
	return p.(*Member), nil
}

// Worker looks up who the agent of a decision is.
func (s *Staff) Worker(tx *engine.Tx, at center.InstanceID, id center.UserID) (*catalog.Worker, error) {
	return engine.Find(tx, "worker "+string(id), func(ctx context.Context) (*catalog.Worker, error) { return s.catalog.Worker(ctx, at, id) })
}

// Agent returns an agent as it stands, for reading only; one who has never worked is offline and has no contacts. seq is the
// number of the stream's last item, 0 for such a one.
func (s *Staff) Agent(ctx context.Context, at center.InstanceID, id center.UserID) (a *center.Agent, seq int64, err error) {
	seen, err := s.engine.Look(ctx, center.KindAgent, center.StreamID(id))
	if center.Is(err, center.NotFound) {
		if _, err := s.catalog.Worker(ctx, at, id); err != nil {
			return nil, 0, err
		}
		a, err := s.fresh(ctx, at, id)
		return a, 0, err
	}
	if err != nil {
		return nil, 0, err
	}
	if a = seen.State.(*center.Agent); a.Instance != at {
		return nil, 0, catalog.Users.NotFound(string(id))
	}
	return a, seen.Seq, nil
}

func (s *Staff) fresh(ctx context.Context, at center.InstanceID, id center.UserID) (*center.Agent, error) {
	offline, err := s.catalog.StatusOfType(ctx, at, center.StatusOffline)
	if err != nil {
		return nil, err
	}
	return center.NewAgent(at, id, offline.Work(), s.clock.Now()), nil
}

// Ensure begins the stream of an agent who has never worked. The user must exist.
func (s *Staff) Ensure(ctx context.Context, at center.InstanceID, id center.UserID) error {
	_, seq, err := s.Agent(ctx, at, id)
	if err != nil || seq > 0 {
		return err
	}
	w, err := s.catalog.Worker(ctx, at, id)
	if err != nil {
		return err
	}
	a, err := s.fresh(ctx, at, id)
	if err != nil {
		return err
	}
	a.Profile, a.Hierarchy = w.RoutingProfile, w.Groups
	d := center.NewAgentDraft(a, 0, a.Since, a.Since, s.newID)
	err = s.engine.Begin(ctx, center.KindAgent, center.StreamID(id), &Member{d})
	var there *store.Conflict
	if errors.As(err, &there) {
		return nil // another call was faster
	}
	return err
}

// Change lets decide work on an agent as it stands, commits what it decided and announces it. The stream begins with that, if
// the agent has never worked. What the user is now is noted with every change.
func (s *Staff) Change(ctx context.Context, at center.InstanceID, id center.UserID, decide func(*engine.Tx, *Member) error) error {
	if err := s.Ensure(ctx, at, id); err != nil {
		return err
	}
	return s.engine.Change(ctx, func(tx *engine.Tx) error {
		m, err := s.In(tx, at, id)
		if err != nil {
			return err
		}
		w, err := s.Worker(tx, at, id)
		if err != nil {
			return err
		}
		m.As(w.RoutingProfile, w.Groups)
		return decide(tx, m)
	}, center.StreamID(id))
}
