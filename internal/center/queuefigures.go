package center

import "time"

// QueueFigures are figures of the present of a queue: of the agents who serve it, and of the contacts that wait in it.
type QueueFigures struct {
	Online, Staffed, Available, NonProductive, OnContact, Missed int // agents
	AfterContactWork                                             int // contacts
	Contacts                                                     int
	Oldest                                                       time.Time // when the contact came that came first; zero for none
}

// Age is how long the contact has waited that came first, 0 for none.
func (f *QueueFigures) Age(now time.Time) time.Duration {
	if f.Oldest.IsZero() {
		return 0
	}
	return max(0, now.Sub(f.Oldest))
}
