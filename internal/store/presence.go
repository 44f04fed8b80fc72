package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Present is an agent with an open window.
type Present struct {
	Agent    center.UserID
	Instance center.InstanceID
}

// KeepPresence says that a node has windows of some agents open at now, and of no others.
func (s *Store) KeepPresence(ctx context.Context, node string, all []Present, now time.Time) error {
	return s.writeAlone(ctx, func(ses session) error {
		for _, p := range all {
			if _, err := ses.exec(`INSERT INTO presence (agent, node, instance, seen) VALUES ($1, $2, $3, $4)
				ON CONFLICT (agent, node) DO UPDATE SET seen = excluded.seen`, []byte(p.Agent), node, string(p.Instance), millis(now)); err != nil {
				return err
			}
		}
		_, err := ses.exec(`DELETE FROM presence WHERE node = $1 AND seen < $2`, node, millis(now))
		return err
	})
}

// IsPresent says whether an agent has had a window open since a time, on any node.
func (s *Store) IsPresent(ctx context.Context, agent center.UserID, since time.Time) (bool, error) {
	var one int
	err := s.row(ctx, `SELECT 1 FROM presence WHERE agent = $1 AND seen >= $2 LIMIT 1`, []any{[]byte(agent), millis(since)}, &one)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Vanished returns up to limit agents whose windows a node had that has not been heard of since a time.
func (s *Store) Vanished(ctx context.Context, since time.Time, limit int) (all []Present, err error) {
	err = s.rows(ctx, `SELECT agent, instance FROM presence WHERE seen < $1 ORDER BY seen LIMIT $2`, []any{millis(since), limit}, func(r *sql.Rows) error {
		var p Present
		var agent []byte
		err := r.Scan(&agent, &p.Instance)
		p.Agent = center.UserID(agent)
		all = append(all, p)
		return err
	})
	return all, err
}

// ForgetPresence drops what nodes have said of an agent before a time.
func (s *Store) ForgetPresence(ctx context.Context, agent center.UserID, before time.Time) error {
	return s.writeAlone(ctx, func(ses session) error {
		_, err := ses.exec(`DELETE FROM presence WHERE agent = $1 AND seen < $2`, []byte(agent), millis(before))
		return err
	})
}
