package center

import (
	"fmt"
	"time"
)

// Trimmed is the error of asking for items that a stream does not keep any more. First is the number of the first that it has.
type Trimmed struct{ First int64 }

func (e *Trimmed) Error() string {
	return fmt.Sprintf("the stream begins with item %d; those before it are not kept", e.First)
}

// KeepAgentItems is how long an agent's stream keeps its items, but for the last, which stays.
const KeepAgentItems = 24 * time.Hour
