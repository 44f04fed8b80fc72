package catalog

import (
	"context"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Sessions of users are rows of their own, which last at most as long as the password that the user signed in with: they
// end when it changes, and with the user.

// Session returns a session that has not ended, by the hash of what its user's client holds, or a refusal with
// NotFound. now is real time.
func (c *Catalog) Session(ctx context.Context, id [32]byte, now time.Time) (store.Session, error) {
	s, err := c.Store.Session(ctx, id, userPasswords.rows, now)
	if errors.Is(err, store.ErrNotFound) {
		return s, center.Refuse(center.NotFound, "the session has ended")
	}
	return s, err
}

// Sessions says which of some sessions have not ended.
func (c *Catalog) Sessions(ctx context.Context, ids [][]byte, now time.Time) (map[[32]byte]bool, error) {
	return c.Store.Sessions(ctx, ids, userPasswords.rows, now)
}

// SignedIn says whether a user has a session that has not ended.
func (c *Catalog) SignedIn(ctx context.Context, at center.InstanceID, id center.UserID, now time.Time) (bool, error) {
	return c.Store.HasSession(ctx, at, id, userPasswords.rows, now)
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
	s, err := c.Store.OfferedSession(ctx, id, userPasswords.rows, now)
	if errors.Is(err, store.ErrNotFound) {
		return s, center.Refuse(center.NotFound, "there is no such sign-in to take over")
	}
	return s, err
}
