package store

import (
	"context"
	"time"
)

// Lease takes the lease of a task until a time, or takes it again, and says whether the holder has it. Another holder's lease
// must have ended by now. It is an optimisation and no lock: clocks differ, and a holder may be slower than its lease.
func (s *Store) Lease(ctx context.Context, task, holder string, now, until time.Time) (held bool, err error) {
	err = s.writeAlone(ctx, func(ses session) error {
		n, err := ses.exec(`INSERT INTO lease (task, holder, until) VALUES ($1, $2, $3)
			ON CONFLICT (task) DO UPDATE SET holder = excluded.holder, until = excluded.until
			WHERE lease.holder = excluded.holder OR lease.until <= $4`, task, holder, millis(until), millis(now))
		held = n > 0
		return err
	})
	return held, err
}

// EndLease gives the lease of a task back, if the holder has it.
func (s *Store) EndLease(ctx context.Context, task, holder string) error {
	return s.writeAlone(ctx, func(ses session) error {
		_, err := ses.exec(`DELETE FROM lease WHERE task = $1 AND holder = $2`, task, holder)
		return err
	})
}
