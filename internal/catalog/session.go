package catalog

import (
	"context"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Sessions of users are rows of their own, which last at most as long as what the user signed in with: those of a password end
// when it changes, those of a provider outside with the user. Proofs are the kinds of rows that sessions depend on.
var (
	ProofPassword = userPasswords.rows
	ProofUser     = Users.rows
)

// Session returns a session that has not ended, by the hash of what its user's client holds, or a refusal with NotFound. One that
// has ended for inactivity is returned with ErrInactive: it is there until somebody ends it. now is real time.
func (c *Catalog) Session(ctx context.Context, id [32]byte, now time.Time) (store.Session, error) {
	s, err := c.Store.Session(ctx, id, now)
	if errors.Is(err, store.ErrNotFound) {
		return s, center.Refuse(center.NotFound, "the session has ended")
	}
	if err != nil {
		return s, err
	}
	longest, err := c.Inactivity(ctx, s.Instance)
	if err == nil && longest > 0 && now.Sub(s.Active) >= longest {
		err = ErrInactive
	}
	return s, err
}

// ErrInactive says that a session has ended because its user did nothing.
var ErrInactive = errors.New("catalog: the session has ended for inactivity")

// Inactivity is how long users may do nothing before their sessions end; 0 where inactivity ends none.
func (c *Catalog) Inactivity(ctx context.Context, at center.InstanceID) (time.Duration, error) {
	all, err := AuthenticationProfiles.all(ctx, c, at)
	if err != nil {
		return 0, err
	}
	for i := range all {
		if all[i].Default {
			return all[i].InactiveFor(), nil
		}
	}
	return 0, nil
}

// Sessions returns those of some sessions that have not ended, each with the time when its user was last active.
func (c *Catalog) Sessions(ctx context.Context, ids [][]byte, now time.Time) (map[[32]byte]time.Time, error) {
	return c.Store.Sessions(ctx, ids, now)
}

// SignedIn says whether a user has a session that has not ended.
func (c *Catalog) SignedIn(ctx context.Context, at center.InstanceID, id center.UserID, now time.Time) (bool, error) {
	return c.Store.HasSession(ctx, at, id, now)
}

// EndSessions ends all sessions of a user.
func (c *Catalog) EndSessions(ctx context.Context, at center.InstanceID, user string) error {
	if _, err := Users.Get(ctx, c, at, user); err != nil {
		return err
	}
	_, err := c.Store.EndSessions(ctx, at, center.UserID(user))
	return err
}

// Principal returns a user as it is now, and what its security profiles allow it.
func (c *Catalog) Principal(ctx context.Context, at center.InstanceID, id center.UserID) (center.Principal, *center.User, error) {
	u, err := Users.Get(ctx, c, at, string(id))
	if err != nil {
		return center.Principal{}, nil, err
	}
	profiles, err := SecurityProfiles.all(ctx, c, at)
	if err != nil {
		return center.Principal{}, nil, err
	}
	return center.NewPrincipal(at, u, profiles), u, nil
}

// OfferedSession returns the sign-in that a right to a session is of, or a refusal with NotFound.
func (c *Catalog) OfferedSession(ctx context.Context, id [32]byte, now time.Time) (store.Session, error) {
	s, err := c.Store.OfferedSession(ctx, id, now)
	if errors.Is(err, store.ErrNotFound) {
		return s, center.Refuse(center.NotFound, "there is no such sign-in to take over")
	}
	return s, err
}
