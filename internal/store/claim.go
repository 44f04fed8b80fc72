package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Claim returns the claim of kind on key, and whether it is held at now.
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

// CountClaims counts the claims of kind whose key begins with prefix, expired or not, and, unless before is "", sorts
// before it. first is the least of their keys.
func (s *Store) CountClaims(ctx context.Context, kind, prefix, before string) (n int, first string, err error) {
	end := afterPrefix(prefix)
	if before != "" {
		end = []byte(before)
	}
	where, args := ` FROM claim WHERE kind = $1 AND key >= $2`, []any{kind, []byte(prefix)}
	if end != nil {
		where, args = where+` AND key < $3`, append(args, end)
	}
	if err := s.row(ctx, `SELECT count(*)`+where, args, &n); err != nil || n == 0 {
		return n, "", err
	}
	var key []byte
	err = s.row(ctx, `SELECT key`+where+` ORDER BY key LIMIT 1`, args, &key)
	if errors.Is(err, ErrNotFound) { // it was released in between
		return 0, "", nil
	}
	return n, string(key), err
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

// PurgeClaims removes the claims that expired at before or earlier, and returns how many. Those that another transaction
// holds are left for the next time.
func (s *Store) PurgeClaims(ctx context.Context, before time.Time) (n int, err error) {
	text := `WITH expired AS (SELECT kind, key FROM claim WHERE expires > 0 AND expires <= $1` + s.d.skipLocked + `)
		DELETE FROM claim WHERE (kind, key) IN (SELECT kind, key FROM expired)`
	err = s.writeAlone(ctx, func(ses session) error {
		affected, err := ses.exec(text, millis(before))
		n = int(affected)
		return err
	})
	return n, err
}
