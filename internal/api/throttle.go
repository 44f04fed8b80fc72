package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/participant"
)

// Rate is a token bucket: so many calls a second, and so many at once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Throttle limits how often operations may be called, by their names; those that it does not name are not limited,
// and nil limits nothing. A connect operation has one bucket for the whole server, which is one account and region;
// an operation of the Participant Service has one for each instance. SendEvent counts as SendMessage.
type Throttle map[string]Rate

// AWSThrottle returns the default quotas of Amazon Connect.
// Source: Amazon Connect Administrator Guide, "Amazon Connect service quotas", API throttling quotas.
func AWSThrottle() Throttle {
	t := Throttle{}
	for _, op := range operations() {
		if op.Service == connectService {
			t[op.Name] = Rate{2, 5}
		}
	}
	for _, of := range []struct {
		Rate
		names []string
	}{
		{Rate{0.5, 1}, []string{"SearchContacts"}},
		{Rate{5, 8}, []string{"CreateParticipant", "CreatePersistentContactAssociation", "GetCurrentMetricData", "GetMetricData", "StartChatContact", "UpdateParticipantRoleConfig"}},
		{Rate{10, 10}, []string{"GetMetricDataV2"}},
		{Rate{10, 15}, []string{"DescribeContact", "GetContactAttributes", "ListContactReferences", "StopContact", "UpdateContact", "UpdateContactAttributes"}},
		{Rate{20, 20}, []string{"UpdateContactRoutingData"}},
		{Rate{20, 25}, []string{"TagContact", "UntagContact"}},
		{Rate{25, 50}, []string{"ListIntegrationAssociations"}},
	} {
		for _, name := range of.names {
			t[name] = of.Rate
		}
	}
	t["CreateParticipantConnection"] = Rate{6, 9}
	t["SendMessage"] = Rate{10, 15}
	t["GetTranscript"] = Rate{8, 12}
	t["DisconnectParticipant"] = Rate{3, 5}
	return t
}

// Check refuses names that are no served operation's, and rates that nobody could ever call with.
func (t Throttle) Check() error {
	known := map[string]bool{}
	for _, op := range operations() {
		known[op.Name] = op.Name != sendEvent
	}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		switch r := t[name]; {
		case name == sendEvent:
			return fmt.Errorf("throttle: %s counts as %s, name that", sendEvent, sendMessage)
		case !known[name]:
			return fmt.Errorf("throttle: %q is not a served operation", name)
		case !(r.PerSecond > 0) || r.Burst < 1:
			return fmt.Errorf("throttle: %s needs a rate above 0 and a burst of at least 1, got %v and %d", name, r.PerSecond, r.Burst)
		}
	}
	return nil
}

const (
	sendMessage = "SendMessage"
	sendEvent   = "SendEvent"
)

// limits are the buckets of a Throttle. Those of instances appear with their first call, by the token of a
// participant, so there are never more than there were instances.
type limits struct {
	rates   Throttle
	mu      sync.Mutex
	buckets map[bucket]*rate.Limiter
}

type bucket struct {
	operation string
	instance  center.InstanceID // empty for connect operations
}

func newLimits(t Throttle) *limits {
	return &limits{rates: maps.Clone(t), buckets: map[bucket]*rate.Limiter{}}
}

// allow takes a token from a bucket.
func (l *limits) allow(b bucket, now time.Time) bool {
	r, limited := l.rates[b.operation]
	if !limited {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	limiter := l.buckets[b]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Limit(r.PerSecond), r.Burst)
		l.buckets[b] = limiter
	}
	return limiter.AllowN(now, 1)
}

// throttle refuses a caller over the operation's rate. On connect it is the gateway before the service that answers,
// with an exception that no operation declares.
func (x *exchange) throttle() *failure {
	if len(x.a.limits.rates) == 0 {
		return nil
	}
	b := bucket{operation: x.target.name, instance: x.who.Instance}
	if b.operation == sendEvent {
		b.operation = sendMessage
	}
	if x.a.limits.allow(b, x.a.Now()) {
		return nil
	}
	if x.service == participantService {
		return &failure{ErrorShape: participant.ThrottlingException, message: "Rate exceeded"}
	}
	return &failure{ErrorShape: wire.TooManyRequestsException, message: "Too Many Requests", gateway: true}
}

// A client whose connections keep failing calls CreateParticipantConnection again at once, hundreds of times a
// second, and ends its session for good when that is refused: chatjs has no backoff of its own there. So it is never
// refused but delayed.
const (
	stormCalls  = 5                // within stormWindow are answered at once
	stormWindow = 10 * time.Second // of real time
	stormDelay  = 2 * time.Second
	stormKept   = 100_000 // participants at most in each of two generations
)

// storm remembers who called CreateParticipantConnection lately. The zero value is ready. It keeps two generations,
// each at least a window long, so it forgets without looking for what is old.
type storm struct {
	mu           sync.Mutex
	now, earlier map[center.ParticipantID]*[stormCalls]time.Time
	began        time.Time // of the generation now
}

// count notes a call and says whether it is one too many: whether the fifth before it is within the window.
func (s *storm) count(id center.ParticipantID, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil || now.Sub(s.began) >= stormWindow || len(s.now) >= stormKept {
		s.earlier, s.now, s.began = s.now, map[center.ParticipantID]*[stormCalls]time.Time{}, now
	}
	calls := s.now[id]
	if calls == nil {
		if calls = s.earlier[id]; calls == nil {
			calls = new([stormCalls]time.Time)
		}
		s.now[id] = calls
	}
	oldest := calls[0]
	copy(calls[:], calls[1:])
	calls[stormCalls-1] = now
	return !oldest.IsZero() && now.Sub(oldest) < stormWindow
}

// calm lets a caller wait who calls too often. It fails only when the caller does not wait for the answer any more.
func (s *storm) calm(ctx context.Context, id center.ParticipantID, now time.Time) error {
	if !s.count(id, now) {
		return nil
	}
	wait := time.NewTimer(stormDelay)
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
