package center

import "time"

// Rules of signing in with a user name and a password. Amazon Connect documents none of its own.
const (
	// SessionLife is how long a session lasts: 12 hours (admin guide, "Authentication profiles").
	SessionLife = 12 * time.Hour
	// MaxSessions is how many sessions a user may have; one more ends the oldest.
	MaxSessions = 100
	// MaxUserFailures and MaxAddressFailures are how many attempts to sign in may fail in a row, each within LockFor of
	// the one before, with a user name and from an address. From then on all are refused for LockFor.
	MaxUserFailures    = 10
	MaxAddressFailures = 100
	LockFor            = 15 * time.Minute
)

// Attempts are the attempts to sign in that have not succeeded, with one user name or from one address.
type Attempts struct {
	Count int
	Last  time.Time
}

// Locked returns until when no attempt is taken. ok is false when one is taken now.
func (a Attempts) Locked(limit int, now time.Time) (until time.Time, ok bool) {
	until = a.Last.Add(LockFor)
	return until, a.Count >= limit && now.Before(until)
}

// Add counts an attempt, which is forgotten when it succeeds.
func (a Attempts) Add(now time.Time) Attempts {
	if !now.Before(a.Last.Add(LockFor)) {
		a.Count = 0
	}
	return Attempts{Count: a.Count + 1, Last: now}
}
