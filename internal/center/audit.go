package center

import "time"

// AuditNote is the entry that the audit log gets with a [Change], for what a user does to the stream of another one. Who has
// asked for it is in no item and no state.
type AuditNote struct {
	Who, From, Action string    // as of a change of the configuration
	At                time.Time // real time
	Kind, ID          string    // what was changed
	Before, After     []byte    // JSON
}
