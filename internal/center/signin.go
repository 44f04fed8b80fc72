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
	// SecondStepWithin is how long after the password the one-time code may come, and how long a sign-in at a provider may take.
	SecondStepWithin = 10 * time.Minute
	// InactivityWarning is how long before its end a client is told that a session ends for inactivity.
	InactivityWarning = time.Minute
	// ActivityEvery is how often activity of a session is written down at most.
	ActivityEvery = 30 * time.Second
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

// SignInSettings are what an instance asks of those who sign in with a password. Amazon Connect leaves a second factor to the
// company's identity provider.
type SignInSettings struct {
	// CodeRequired says that a one-time code is asked for beside the password.
	CodeRequired bool      `json:"codeRequired"`
	Modified     time.Time `json:"modified"`
}

// LinkPurpose is what a link for choosing a password is for.
type LinkPurpose string

// Purposes of links. A user who gets an invitation has never signed in; one whose password is reset has forgotten it.
const (
	LinkInvite LinkPurpose = "invite"
	LinkReset  LinkPurpose = "reset"
)

// Life is how long a link can be used.
func (p LinkPurpose) Life() time.Duration {
	if p == LinkInvite {
		return 72 * time.Hour
	}
	return 24 * time.Hour
}
