package routing

import (
	"cmp"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// Agent is a user whom contacts may be routed to.
type Agent struct {
	ID      center.UserID
	Profile center.RoutingProfileID
	Status  string // the type of the agent's status
	// Next says that the agent has chosen a next status, which stops routing.
	Next bool
	// Access says that a security profile of the agent lets it use the Contact Control Panel.
	Access        bool
	Proficiencies []center.Proficiency
	// Slots are all contacts of the agent that are not cleared, monitored ones included.
	Slots []Slot
	// Activity is when the agent was last active: the latest of its status becoming routable, and of accepting, missing,
	// rejecting and clearing a contact. Inbound is the same without outbound contacts.
	Activity, Inbound time.Time
}

// Slot is what one contact takes of an agent.
type Slot struct {
	Contact center.ContactID
	Chat    center.ChatID
	Channel string
	State   string
	Since   time.Time // of State
}

// Profile is a routing profile.
type Profile struct {
	ID       center.RoutingProfileID
	Channels []Channel
	// Queues are those whose chats are routed to the agents of the profile.
	Queues []Row
	// Manual are the queues whose chats are assigned by hand.
	Manual []center.QueueID
	// Timer is the AgentAvailabilityTimer.
	Timer string
}

// Channel is a channel that agents of a profile work on.
type Channel struct {
	Name  string
	Limit int // how many contacts at once
	// Others says that an agent with a contact of this channel may be offered contacts of other channels.
	Others bool
}

// Row is a queue of a routing profile.
type Row struct {
	Queue    center.QueueID
	Priority int // 1 is served first
	Delay    time.Duration
}

// maxLimit is the most chats that an agent has at once (API Reference, MediaConcurrency).
const maxLimit = 10

// NewProfile takes what routing needs from a routing profile, its queues, and its queues for manual assignment.
func NewProfile(p *center.RoutingProfile, queues []center.ProfileQueue, manual []center.QueueChannel) Profile {
	out := Profile{ID: p.ID, Timer: p.AvailabilityTimer}
	for i := range p.Concurrencies {
		m := &p.Concurrencies[i]
		c := Channel{Name: m.Channel, Others: m.CrossChannel == center.CrossChannelAny}
		switch {
		case m.Concurrency != nil:
			c.Limit = int(*m.Concurrency)
		default: // only types of workload have figures, and only their total is enforced (inferred)
			for _, w := range m.Workloads {
				c.Limit += int(w.Concurrency)
			}
			c.Limit = min(c.Limit, maxLimit)
		}
		out.Channels = append(out.Channels, c)
	}
	for _, q := range queues {
		if q.Channel == center.ChannelChat {
			out.Queues = append(out.Queues, Row{q.Queue, int(q.Priority), time.Duration(q.Delay) * time.Second})
		}
	}
	for _, q := range manual {
		if q.Channel == center.ChannelChat {
			out.Manual = append(out.Manual, q.Queue)
		}
	}
	return out
}

// channel finds a channel of the profile.
func (p *Profile) channel(name string) (c Channel, ok bool) {
	i := slices.IndexFunc(p.Channels, func(c Channel) bool { return c.Name == name })
	if i < 0 {
		return Channel{Name: name}, false
	}
	return p.Channels[i], true
}

// row finds a queue of the profile.
func (p *Profile) row(q center.QueueID) (r *Row, ok bool) {
	for i := range p.Queues {
		if p.Queues[i].Queue == q {
			return &p.Queues[i], true
		}
	}
	return nil, false
}

// free is how many more chats the agent may have, which is below zero when its profile allows fewer than before.
func (a *Agent) free(p *Profile) int {
	chat, _ := p.channel(center.ChannelChat)
	n := chat.Limit
	for i := range a.Slots {
		if a.Slots[i].Channel == center.ChannelChat {
			n--
		}
	}
	return n
}

// in says whether the agent is offered a contact of a chat, talks in it or monitors it.
func (a *Agent) in(chat center.ChatID) bool {
	for i := range a.Slots {
		if s := &a.Slots[i]; chat != "" && s.Chat == chat && (s.State == center.SlotConnecting || s.State == center.SlotConnected) {
			return true
		}
	}
	return false
}

// closed is why the agent may be offered no chat at all; it has no code if the agent may be. p is the agent's profile, nil if
// there is none.
func (a *Agent) closed(p *Profile) Reason {
	switch {
	case p == nil:
		return Reason{Code: NoProfile}
	case !a.Access:
		return Reason{Code: NoAccess}
	case a.Status != center.StatusRoutable:
		return Reason{Code: NotRoutable, Status: a.Status}
	case a.Next:
		return Reason{Code: NextStatus}
	}
	if _, ok := p.channel(center.ChannelChat); !ok {
		return Reason{Code: NoChannel}
	}
	for i := range a.Slots {
		s := &a.Slots[i]
		if s.Channel == center.ChannelChat {
			continue
		}
		broken := s.State == center.SlotMissed || s.State == center.SlotRejected || s.State == center.SlotError
		if c, _ := p.channel(s.Channel); broken || !c.Others {
			return Reason{Code: OtherChannel, Channel: s.Channel, Contact: s.Contact}
		}
	}
	if free := a.free(p); free <= 0 {
		chat, _ := p.channel(center.ChannelChat)
		return Reason{Code: NoSlot, Slots: chat.Limit - free, Limit: chat.Limit}
	}
	return Reason{}
}

// idle is since when the agent is idle, for finding the one who is longest. A contact that is being offered to it counts as one
// that it has taken: else of two contacts that come together one agent would get both (inferred).
func (a *Agent) idle(p *Profile) time.Time {
	since := a.Activity
	if p.Timer == center.TimeSinceLastInbound {
		since = a.Inbound
	}
	for i := range a.Slots {
		if s := &a.Slots[i]; s.State == center.SlotConnecting && s.Since.After(since) {
			since = s.Since
		}
	}
	return since
}

// standing is an agent's place among those who are free, which offers change as they are made.
type standing struct {
	idle  time.Time
	free  int
	limit int
	id    center.UserID
}

// compare puts the agent first who is idle longest, then who has more free slots.
func (s *standing) compare(t *standing) int {
	return cmp.Or(s.idle.Compare(t.idle), cmp.Compare(t.free, s.free), cmp.Compare(s.id, t.id))
}
