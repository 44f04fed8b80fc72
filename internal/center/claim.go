package center

import (
	"strconv"
	"time"
)

// Claim is a unique right: a client token's first answer, a slot among the concurrent active chats.
type Claim struct {
	Kind    string // "start", "slot", …
	Key     string
	Value   string    // what the next one to ask is told
	Expires time.Time // zero: until released
}

// Kinds of claims.
const (
	ClaimStart             = "start"   // by instance and ClientToken: the first answer to StartChatContact
	ClaimSlot              = "slot"    // by instance and number: one of the concurrent active chats
	ClaimAssoc             = "assoc"   // by chat and ClientToken: CreatePersistentContactAssociation
	ClaimCustomParticipant = "bot"     // by chat and ClientToken: CreateParticipant
	ClaimMonitor           = "monitor" // by instance and ClientToken: the first answer to MonitorContact
)

// ClaimQueuePlace is what contacts in a queue with MaxContacts hold, by instance, queue and number: one of its places.
const ClaimQueuePlace = "queue-place"

// FreeClaim is the first key that is not held of a limited number of numbered ones, from the one numbered first on and
// around; "" for none.
func FreeClaim(prefix string, held []string, limit, first int) string {
	taken := make(map[string]bool, len(held))
	for _, key := range held {
		taken[key] = true
	}
	for n := range limit {
		if key := prefix + strconv.Itoa((first+n)%limit); !taken[key] {
			return key
		}
	}
	return ""
}

// SlotPrefix begins the keys of an instance's places for active chats.
func SlotPrefix(at InstanceID) string { return string(at) + "/" }

// TakeSlot takes one of the instance's places for active chats, of which so many are held: a free one from the one
// numbered first on, or it refuses.
func (d *Draft) TakeSlot(held []string, limit, first int) error {
	key := FreeClaim(SlotPrefix(d.Chat.Instance), held, limit, first)
	if key == "" {
		return Refuse(LimitExceeded, "the instance has %d active chats, its limit of concurrent active chats; end some or raise the limit", len(held))
	}
	d.Edit().Slot = key
	d.Take(Claim{Kind: ClaimSlot, Key: key, Value: string(d.Chat.ID)})
	return nil
}
