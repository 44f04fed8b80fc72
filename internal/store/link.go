package store

import (
	"context"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Link lets whoever has what ID is the hash of choose a user's password, once.
type Link struct {
	ID       [32]byte
	Instance center.InstanceID
	User     center.UserID
	Purpose  center.LinkPurpose
	// Credential is the version of the row of the user's password when the link was made, 0 for none. The link is void when that
	// changes.
	Credential int64
	Used       bool // or replaced by another one
	Expires    time.Time
}

// Ref is what the audit log calls a link. It is known by its user's id.
func (l *Link) Ref() InstanceRef {
	return InstanceRef{l.Instance, Ref{string(l.Purpose) + "-link", string(l.User)}}
}

// deadLinks is how long links are kept when nobody can use them any more, so that the audit log has who tries.
const deadLinks = 7 * 24 * time.Hour

// sqlVoidLinks makes the links of a user void that were not used.
const sqlVoidLinks = `UPDATE link SET used = $3 WHERE instance = $1 AND agent = $2 AND used = 0`

// MakeLink keeps a link. Earlier ones of its user are void from then on. The audit log has it.
func (s *Store) MakeLink(ctx context.Context, l *Link, now time.Time) error {
	return s.writeAlone(ctx, func(ses session) error {
		if _, err := ses.exec(sqlVoidLinks, string(l.Instance), []byte(l.User), millis(now)); err != nil {
			return err
		}
		if _, err := ses.exec(`INSERT INTO link (id, instance, agent, purpose, credential, used, expires) VALUES ($1, $2, $3, $4, $5, 0, $6)`,
			l.ID[:], string(l.Instance), []byte(l.User), string(l.Purpose), l.Credential, millis(l.Expires)); err != nil {
			return err
		}
		if _, err := ses.exec(`DELETE FROM link WHERE id IN (SELECT id FROM link WHERE expires <= $1 ORDER BY expires LIMIT $2`+s.d.skipLocked+`)`,
			millis(now.Add(-deadLinks)), int64(signInPurge)); err != nil {
			return err
		}
		return note(ctx, ses, Created, l.Ref())
	})
}

// Link returns a link, or ErrNotFound.
func (s *Store) Link(ctx context.Context, id [32]byte) (Link, error) {
	l := Link{ID: id}
	var user []byte
	var used, expires int64
	err := s.row(ctx, `SELECT instance, agent, purpose, credential, used, expires FROM link WHERE id = $1`, []any{id[:]},
		&l.Instance, &user, &l.Purpose, &l.Credential, &used, &expires)
	l.User, l.Used, l.Expires = center.UserID(user), used != 0, timeOf(expires)
	return l, err
}

// NewCredential is what goes with another password of a user: the links by which one could be chosen are void, and the user's
// sessions end.
type NewCredential struct {
	Instance center.InstanceID
	User     center.UserID
	// Link is the link that is used up by it; nil for none. If it has been used, or its time is over, nothing is changed.
	Link *Link
	// Keep is a session that goes on, with the row's new version if it depended on that; nil for none.
	Keep    *[32]byte
	Version int64
	Now     time.Time
}

// ErrUsed says that a link has been used, or that its time is over.
var ErrUsed = errors.New("store: the link cannot be used")

func (n *NewCredential) write(ctx context.Context, ses session) error {
	if n.Link != nil {
		used, err := ses.exec(`UPDATE link SET used = $2 WHERE id = $1 AND used = 0 AND expires > $2`, n.Link.ID[:], millis(n.Now))
		if err != nil {
			return err
		}
		if used == 0 {
			return ErrUsed
		}
		if err := note(ctx, ses, Used, n.Link.Ref()); err != nil {
			return err
		}
	}
	if _, err := ses.exec(sqlVoidLinks, string(n.Instance), []byte(n.User), millis(n.Now)); err != nil {
		return err
	}
	if n.Keep == nil {
		_, err := ses.exec(`DELETE FROM session WHERE instance = $1 AND agent = $2`, string(n.Instance), []byte(n.User))
		return err
	}
	if _, err := ses.exec(`DELETE FROM session WHERE instance = $1 AND agent = $2 AND id <> $3`, string(n.Instance), []byte(n.User), n.Keep[:]); err != nil {
		return err
	}
	_, err := ses.exec(`UPDATE session SET credential = $2 WHERE id = $1 AND credential <> 0`, n.Keep[:], n.Version)
	return err
}
