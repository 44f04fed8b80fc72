package center

import "time"

// Due is work that waits for its time: timers and calls outside. At-least-once outside, exactly-once inside: the
// Change that answers it takes the row away.
type Due struct {
	Stream StreamID
	Key    string // unique within the stream: "connect", "duration", "flow:<run>", "join:<participant>", "idle:<role>"
	At     time.Time
	Data   string // meant for whoever put it
	Lane   Lane
}

// Lane is a line of due rows. What waits in one does not delay what waits in another.
type Lane int

// Keys of due rows.
const (
	DueConnect           = "connect"  // the customer must have connected by then
	DueDuration          = "duration" // the chat expires
	DueCustomParticipant = "join:"    // + participant id: a custom participant must have connected by then
)
