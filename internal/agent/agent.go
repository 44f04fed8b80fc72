// Package agent decides what involves an agent alone, and no contact: that a user has signed in or out, and that a user who is
// signed in has no window open any more. What involves a contact is chat's to decide.
//
// It works on agents' streams by package staff, and depends on engine, center and store beside it.
package agent

import (
	"context"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/staff"
	"github.com/parley-chat/parley/internal/store"
)

// Agents are the decisions about agents. All methods may be called from any goroutine.
type Agents struct {
	staff *staff.Staff
	store *store.Store
	wall  func() time.Time
}

// New returns the decisions about agents. wall is real time.
func New(s *staff.Staff, db *store.Store, wall func() time.Time) *Agents {
	return &Agents{staff: s, store: db, wall: wall}
}

// SignedIn notes in an agent's stream that the user has signed in. The status stays what it was.
func (a *Agents) SignedIn(ctx context.Context, at center.InstanceID, id center.UserID) error {
	return a.tell(ctx, at, id, center.AgentSignedIn)
}

// SignedOut notes that the user has signed out. The status and the contacts stay what they are.
func (a *Agents) SignedOut(ctx context.Context, at center.InstanceID, id center.UserID) error {
	return a.tell(ctx, at, id, center.AgentSignedOut)
}

func (a *Agents) tell(ctx context.Context, at center.InstanceID, id center.UserID, what string) error {
	return a.staff.Change(ctx, at, id, func(_ *engine.Tx, m *staff.Member) error {
		m.Tell(what)
		return nil
	})
}
