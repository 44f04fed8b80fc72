package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Claim returns the claim of kind on key, and whether somebody holds it at now.
func (s *Store) Claim(ctx context.Context, kind, key string, now time.Time) (center.Claim, bool, error) {
	var (
		c       = center.Claim{Kind: kind, Key: key}
		value   []byte
		expires int64
	)
	err := s.row(ctx, `SELECT value, expires FROM claim WHERE kind = $1 AND key = $2`, []any{kind, []byte(key)}, &value, &expires)
	if errors.Is(err, ErrNotFound) || err == nil && expires > 0 && expires <= millis(now) {
		return center.Claim{}, false, nil
	}
	c.Value, c.Expires = string(value), timeOf(expires)
	return c, err == nil, err
}

// Claims returns the claims of kind whose key begins with prefix, expired or not, by key.
func (s *Store) Claims(ctx context.Context, kind, prefix string) ([]center.Claim, error) {
	text, args := `SELECT key, value, expires FROM claim WHERE kind = $1 AND key >= $2 `, []any{kind, []byte(prefix)}
	if end := afterPrefix(prefix); end != nil {
		text, args = text+`AND key < $3 `, append(args, end)
	}
	var all []center.Claim
	err := s.rows(ctx, text+`ORDER BY key`, args, func(r *sql.Rows) error {
		var (
			c          = center.Claim{Kind: kind}
			key, value []byte
			expires    int64
		)
		err := r.Scan(&key, &value, &expires)
		c.Key, c.Value, c.Expires = string(key), string(value), timeOf(expires)
		all = append(all, c)
		return err
	})
	return all, err
}

// afterPrefix is the first key after all that begin with prefix, nil when there is none.
func afterPrefix(prefix string) []byte {
	end := []byte(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}

// PurgeClaims removes the claims that expired at before or earlier, and returns how many.
func (s *Store) PurgeClaims(ctx context.Context, before time.Time) (n int, err error) {
	err = s.write(ctx, func(ses session) error {
		affected, err := ses.exec(`DELETE FROM claim WHERE expires > 0 AND expires <= $1`, millis(before))
		n = int(affected)
		return err
	})
	return n, err
}
