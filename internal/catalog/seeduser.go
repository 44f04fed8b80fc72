package catalog

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// HasKnownPassword says whether the password of a user is the one of [Config.KnownHash], with which the user cannot sign in.
func (c *Catalog) HasKnownPassword(ctx context.Context, at center.InstanceID, id center.UserID) (bool, error) {
	p, err := userPasswords.Get(ctx, c, at, string(id))
	if center.Is(err, center.NotFound) {
		return false, nil
	}
	return err == nil && c.KnownHash != "" && p.Hash == c.KnownHash, err
}

// SeedUser makes a user with an id of the caller's and a password that was hashed before, in the PHC string format: a hash costs
// tens of milliseconds, and a development server starts in a few. The user must be right otherwise.
func (c *Catalog) SeedUser(ctx context.Context, at center.InstanceID, u *center.User, hash string) error {
	if _, _, _, err := decodePHC(hash); err != nil {
		return err
	}
	now := c.Now()
	queue := center.AgentQueue(u, now)
	own, err := Queues.fresh(at, &queue, now)
	if err != nil {
		return err
	}
	password, err := userPasswords.fresh(at, &userPassword{User: u.ID, Hash: hash}, now)
	if err != nil {
		return err
	}
	_, err = Users.Create(ctx, c, at, u, ClientToken{}, []store.Resource{own, password}...)
	return err
}
