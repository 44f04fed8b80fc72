package center

import (
	"time"
)

// RoutingProfileID names a routing profile.
type RoutingProfileID string

// RoutingProfile says which contacts agents get: of which channels and how many at once. The queues that they come from are
// rows of their own.
type RoutingProfile struct {
	Head[RoutingProfileID]
	DefaultOutboundQueue QueueID            `json:"defaultOutboundQueue"`
	Concurrencies        []MediaConcurrency `json:"concurrencies"`
	AvailabilityTimer    string             `json:"availabilityTimer"`
}

// MediaConcurrency is how many contacts of a channel an agent has at once.
type MediaConcurrency struct {
	Channel string `json:"channel"`
	// Concurrency is nil when only types of workload have figures.
	Concurrency *int64 `json:"concurrency,omitempty"`
	// CrossChannel is the BehaviorType of CrossChannelBehavior; "" when none was given, which is CrossChannelCurrentOnly.
	CrossChannel string                `json:"crossChannel,omitempty"`
	Workloads    []WorkloadConcurrency `json:"workloads,omitempty"`
}

// WorkloadConcurrency is how many contacts of a channel and a type of workload an agent has at once.
type WorkloadConcurrency struct {
	Type        string `json:"type"`
	Concurrency int64  `json:"concurrency"`
	// CrossChannel is the ChannelWorkloadBehaviorType; Crosses says that there is a CrossChannelWorkloadBehavior.
	CrossChannel string `json:"crossChannel,omitempty"`
	Crosses      bool   `json:"crosses,omitempty"`
}

// Slots is how many contacts of the channel an agent has at once. Where only types of workload have figures, their total
// counts (inferred).
func (m *MediaConcurrency) Slots() int {
	if m.Concurrency != nil {
		return int(*m.Concurrency)
	}
	total := int64(0)
	for _, w := range m.Workloads {
		total += w.Concurrency
	}
	return int(min(total, maxConcurrency))
}

// Channels, as the API spells them.
const (
	ChannelVoice = "VOICE"
	ChannelChat  = "CHAT"
	ChannelTask  = "TASK"
	ChannelEmail = "EMAIL"
)

// What AgentAvailabilityTimer and CrossChannelBehavior may be.
const (
	TimeSinceLastActivity   = "TIME_SINCE_LAST_ACTIVITY"
	TimeSinceLastInbound    = "TIME_SINCE_LAST_INBOUND"
	CrossChannelCurrentOnly = "ROUTE_CURRENT_CHANNEL_ONLY"
	CrossChannelAny         = "ROUTE_ANY_CHANNEL"
)

// Most contacts of a channel that an agent has at once (API Reference, MediaConcurrency). The reference has no figure for
// emails; theirs is the bound of the API model.
const maxConcurrency = 10

// Check refuses figures that a channel cannot have.
func (p *RoutingProfile) Check() error {
	seen := map[string]bool{}
	for i := range p.Concurrencies {
		m := &p.Concurrencies[i]
		if seen[m.Channel] {
			return Refuse(InvalidParameter, "MediaConcurrencies must name each channel once, got %s twice", m.Channel)
		}
		seen[m.Channel] = true
		if err := m.check(); err != nil {
			return err
		}
	}
	return nil
}

// ChatLimit is how many chats an agent has at once. Where types of workload have figures only, it is their sum (inferred).
func (p *RoutingProfile) ChatLimit() int {
	for i := range p.Concurrencies {
		m := &p.Concurrencies[i]
		switch {
		case m.Channel != ChannelChat:
		case m.Concurrency != nil:
			return int(*m.Concurrency)
		default:
			n := 0
			for _, w := range m.Workloads {
				n += int(w.Concurrency)
			}
			return min(n, maxConcurrency)
		}
	}
	return 0
}

func (m *MediaConcurrency) check() error {
	most := int64(maxConcurrency)
	if m.Channel == ChannelVoice {
		most = 1
	}
	within := func(field string, n int64) error {
		if n < 1 || n > most {
			return Refuse(InvalidParameter, "%s must be 1 to %d for the channel %s, got %d", field, most, m.Channel, n)
		}
		return nil
	}
	switch {
	case m.Concurrency != nil:
		if err := within("MediaConcurrencies.Concurrency", *m.Concurrency); err != nil {
			return err
		}
	case len(m.Workloads) == 0:
		return Refuse(InvalidParameter, "MediaConcurrencies.Concurrency is required for the channel %s, because it has no WorkloadTypeConcurrencies", m.Channel)
	}
	seen := map[string]bool{}
	for _, w := range m.Workloads {
		if seen[w.Type] {
			return Refuse(InvalidParameter, "MediaConcurrencies.WorkloadTypeConcurrencies must name each WorkloadType once for the channel %s", m.Channel)
		}
		seen[w.Type] = true
		if err := within("MediaConcurrencies.WorkloadTypeConcurrencies.Concurrency", w.Concurrency); err != nil {
			return err
		}
	}
	return nil
}

// QueueChannel is a channel of a queue.
type QueueChannel struct {
	Queue   QueueID `json:"queue"`
	Channel string  `json:"channel"`
}

// Key names it among those of a routing profile.
func (q *QueueChannel) Key() string { return string(q.Queue) + "/" + q.Channel }

// ProfileQueue is a channel of a queue whose contacts are routed to the agents of a routing profile.
type ProfileQueue struct {
	QueueChannel
	Priority int64 `json:"priority"` // 1 to 99; 1 is served first
	Delay    int64 `json:"delay"`    // in seconds
}

// BasicRoutingProfileName names the routing profile that every new instance has.
const BasicRoutingProfileName = "Basic Routing Profile"

// BasicRoutingProfileID is the id of the routing profile that an instance has from its beginning.
func BasicRoutingProfileID(at InstanceID) RoutingProfileID {
	return RoutingProfileID(SeededID(at, "routing-profile", BasicRoutingProfileName))
}

// BasicRoutingProfile is the routing profile that every new instance has, with its queues. Description and concurrencies were
// seen in several instances. That it has the basic queue for each channel, first and without a delay, is inferred.
func BasicRoutingProfile(at InstanceID, queue QueueID, now time.Time) (RoutingProfile, []ProfileQueue) {
	p := RoutingProfile{
		Head: Head[RoutingProfileID]{
			ID: BasicRoutingProfileID(at), Name: BasicRoutingProfileName, Description: "A simple routing profile.", Modified: now.UTC(),
		},
		DefaultOutboundQueue: queue, AvailabilityTimer: TimeSinceLastActivity,
	}
	var queues []ProfileQueue
	for _, m := range []struct {
		channel string
		most    int64
	}{{ChannelVoice, 1}, {ChannelChat, 2}, {ChannelTask, 1}} {
		p.Concurrencies = append(p.Concurrencies, MediaConcurrency{Channel: m.channel, Concurrency: &m.most})
		queues = append(queues, ProfileQueue{QueueChannel: QueueChannel{queue, m.channel}, Priority: 1})
	}
	return p, queues
}
