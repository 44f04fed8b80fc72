package store

import (
	"context"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// A sign-in may be handed over: a user signs in on a page of its own, and a page in a frame, which has no cookies of that page,
// gets a session of the same sign-in. The right to it is a row of sessions too, so that it ends with the sign-in, with the
// password and by its time, and is found on every node; it opens nothing by itself.

// handOver stands in the column bearer of such a row.
const handOver = 2

// SameSignIn says that two sessions of browsers came of one sign-in: they end together.
func (s *Session) SameSignIn(o *Session) bool {
	return !s.Bearer && !o.Bearer && s.Instance == o.Instance && s.User == o.User && s.Began.Equal(o.Began)
}

// OfferSession keeps the right to one session more of a sign-in, until a time.
func (s *Store) OfferSession(ctx context.Context, id [32]byte, of *Session, until time.Time) error {
	return s.write(ctx, func(ses session) error {
		_, err := ses.exec(`INSERT INTO session (id, instance, agent, bearer, proof, credential, began, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			id[:], string(of.Instance), []byte(of.User), int64(handOver), of.Proof, of.Credential, millis(of.Began), millis(until))
		return err
	})
}

// OfferedSession returns the sign-in that a right to a session is of, or ErrNotFound.
func (s *Store) OfferedSession(ctx context.Context, id [32]byte, now time.Time) (Session, error) {
	var (
		b     Session
		user  []byte
		began int64
	)
	err := s.row(ctx, `SELECT s.instance, s.agent, s.proof, s.credential, s.began FROM session AS s`+sqlProven+
		`WHERE s.id = $1 AND s.bearer = $3 AND s.expires > $2`, []any{id[:], millis(now), int64(handOver)}, &b.Instance, &user, &b.Proof, &b.Credential, &began)
	b.User, b.Began = center.UserID(user), timeOf(began)
	return b, err
}

// TakeSession makes a session of the right to it, once: who comes second gets ErrNotFound. The audit log has that the user signed in.
func (s *Store) TakeSession(ctx context.Context, offered [32]byte, b *Session) error {
	return s.write(ctx, func(ses session) error {
		n, err := ses.exec(`DELETE FROM session WHERE id = $1 AND bearer = $2`, offered[:], int64(handOver))
		if err != nil {
			return err
		}
		if n != 1 {
			return ErrNotFound
		}
		if _, err := ses.exec(`INSERT INTO session (id, instance, agent, bearer, proof, credential, began, active, expires) VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8)`,
			b.ID[:], string(b.Instance), []byte(b.User), b.Proof, b.Credential, millis(b.Began), millis(b.Active), millis(b.Expires)); err != nil {
			return err
		}
		return note(ctx, ses, Created, b.ref())
	})
}
