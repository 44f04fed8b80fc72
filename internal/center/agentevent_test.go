package center_test

import (
	"bytes"
	"cmp"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

var update = flag.Bool("update", false, "rewrite the golden events")

// jane is an agent of BasicQueue and of another queue, at the second level of a hierarchy.
func jane() *center.AgentSetup {
	one, three := int64(1), int64(3)
	return &center.AgentSetup{
		User: &center.User{
			Head:          center.Head[center.UserID]{ID: "55555555-5555-4555-8555-555555555555", Name: "jane"},
			Identity:      center.Identity{FirstName: "Jane", LastName: "Roe"},
			Proficiencies: []center.Proficiency{{Attribute: "Language", Value: "French", Level: 4}},
		},
		Profile: &center.RoutingProfile{
			Head:                 center.Head[center.RoutingProfileID]{ID: "66666666-6666-4666-8666-666666666666", Name: "Support & Sales"},
			DefaultOutboundQueue: basic,
			Concurrencies:        []center.MediaConcurrency{{Channel: center.ChannelChat, Concurrency: &three}, {Channel: center.ChannelVoice, Concurrency: &one}},
		},
		Routed: []center.ProfileQueue{
			{QueueChannel: center.QueueChannel{Queue: basic, Channel: center.ChannelChat}},
			{QueueChannel: center.QueueChannel{Queue: vip, Channel: center.ChannelChat}},
			{QueueChannel: center.QueueChannel{Queue: basic, Channel: center.ChannelVoice}},
		},
		Names:  map[center.QueueID]string{basic: "BasicQueue", vip: "VIP"},
		Groups: []center.HierarchyGroup{{Head: center.Head[center.HierarchyGroupID]{ID: "g1", Name: "Europe"}}, {Head: center.Head[center.HierarchyGroupID]{ID: "g2", Name: "Paris"}}},
	}
}

const (
	basic = center.QueueID("77777777-7777-4777-8777-777777777777")
	vip   = center.QueueID("88888888-8888-4888-8888-888888888888")
)

// eventsAt is the partition, the instance and the agent of the events below.
func eventsAt() center.AgentEvents {
	return center.AgentEvents{
		Partition: center.Partition{Account: "123456789012", Region: "us-east-1"}, Instance: "11111111-1111-4111-8111-111111111111",
		Agent: "55555555-5555-4555-8555-555555555555", NewID: ids(),
	}
}

// shift is an agent at work, and the events that tell of it.
type shift struct {
	t     *testing.T
	d     *center.AgentDraft
	setup *center.AgentSetup
	was   *center.AgentSetup // before the decision under way, if it was another one
	seen  center.Agent       // before the next transition
	told  []center.AgentEvent
	e     center.AgentEvents
}

var (
	offline   = center.WorkStatus{ID: "offline", Name: "Offline", Type: center.StatusOffline}
	available = center.WorkStatus{ID: "available", Name: "Available", Type: center.StatusRoutable}
	lunch     = center.WorkStatus{ID: "lunch", Name: "Lunch", Type: center.StatusCustom}
)

func newShift(t *testing.T) *shift {
	e := eventsAt()
	a := center.NewAgent(e.Instance, e.Agent, offline, noon)
	a.Profile = jane().Profile.ID
	s := &shift{t: t, setup: jane(), e: e, d: center.NewAgentDraft(a, 0, noon, noon, ids()), seen: *a}
	s.then(0)
	return s
}

// then commits what was decided, and begins the next decision some seconds later.
func (s *shift) then(seconds int) {
	s.t.Helper()
	ch := s.d.Finish(func(*center.Agent) []byte { return []byte("{}") })
	for i := range ch.Items {
		step, ok, err := ch.Items[i].Transition()
		if err != nil || !ok {
			continue
		}
		if event, ok := s.e.Of(&step, ch.Items[i].Time, &s.seen, cmp.Or(s.was, s.setup), s.setup); ok {
			s.told = append(s.told, event)
		}
		s.seen, s.was = step.Agent, nil
	}
	last := ch.Items[len(ch.Items)-1]
	s.d = center.NewAgentDraft(s.d.Agent, last.Seq, last.Time, s.d.Now.Add(time.Duration(seconds)*time.Second), s.d.NewID)
}

// is lets a contact of the basic queue become so.
func (s *shift) is(id, state string) {
	s.t.Helper()
	s.d.Apply(center.Move{User: s.e.Agent, Slot: center.AgentContact{
		Contact: center.ContactID(id), Chat: center.ChatID(id), Channel: center.ChannelChat, InitiationMethod: center.InitiatedByAPI, State: state,
		Since: s.d.Now, Offered: s.d.Now, Queue: basic, Enqueued: noon,
	}}, 0)
	s.then(10)
}

func (s *shift) status(to center.WorkStatus) {
	s.d.SetStatus(to)
	s.then(10)
}

func (s *shift) clear(id string) {
	s.t.Helper()
	if err := s.d.Clear(center.ContactID(id)); err != nil {
		s.t.Fatal(err)
	}
	s.then(10)
}

// TestAgentEvents holds the events of each transition of an agent byte for byte, one to a line.
func TestAgentEvents(t *testing.T) {
	for name, c := range map[string]struct {
		before, step func(*shift)
		n            int
	}{
		"login":      {func(*shift) {}, func(s *shift) { s.d.Tell(center.AgentSignedIn); s.then(0) }, 1},
		"logout":     {func(*shift) {}, func(s *shift) { s.d.Tell(center.AgentSignedOut); s.then(0) }, 1},
		"status":     {func(*shift) {}, func(s *shift) { s.status(available) }, 1},
		"heart_beat": {func(s *shift) { s.status(available) }, func(s *shift) { s.told = append(s.told, s.e.HeartBeat(noon.Add(time.Hour), &s.told[0])) }, 1},
		"offer":      {func(s *shift) { s.status(available) }, func(s *shift) { s.is("C1", center.SlotConnecting) }, 1},
		"offer_transferred": {func(s *shift) { s.status(available) }, func(s *shift) { // from the agent's own queue
			s.d.Apply(center.Move{User: s.e.Agent, Slot: center.AgentContact{
				Contact: "C2", Chat: "C1", Channel: center.ChannelChat, InitiationMethod: center.InitiatedByTransfer, State: center.SlotConnecting,
				Since: s.d.Now, Offered: s.d.Now, Queue: center.QueueID(s.e.Agent), AgentQueue: true, Enqueued: noon,
			}}, 0)
			s.then(0)
		}, 1},
		"accept": {func(s *shift) { s.status(available); s.is("C1", center.SlotConnecting) }, func(s *shift) { s.is("C1", center.SlotConnected) }, 1},
		"miss":   {func(s *shift) { s.status(available); s.is("C1", center.SlotConnecting) }, func(s *shift) { s.is("C1", center.SlotMissed) }, 1},
		"reject": {func(s *shift) { s.status(available); s.is("C1", center.SlotConnecting) }, func(s *shift) { s.is("C1", center.SlotRejected) }, 1},
		"error":  {func(s *shift) { s.status(available); s.is("C1", center.SlotConnecting) }, func(s *shift) { s.is("C1", center.SlotError) }, 1},
		"end":    {talking, func(s *shift) { s.is("C1", center.SlotEnded) }, 1},
		"clear":  {func(s *shift) { talking(s); s.is("C1", center.SlotEnded) }, func(s *shift) { s.clear("C1") }, 1},
		"clear_missed": {func(s *shift) {
			s.status(available)
			s.is("C1", center.SlotConnecting)
			s.is("C1", center.SlotMissed)
		}, func(s *shift) { s.clear("C1") }, 1},
		"next_set":       {talking, func(s *shift) { s.status(lunch) }, 1},
		"next_cancelled": {func(s *shift) { talking(s); s.status(lunch) }, func(s *shift) { s.status(available) }, 1},
		// The last contact is cleared, and the next status comes.
		"clear_then_next": {func(s *shift) { talking(s); s.status(lunch); s.is("C1", center.SlotEnded) }, func(s *shift) { s.clear("C1") }, 2},
		// A status is chosen in after-contact work: it is the next one, until the contact is cleared with that.
		"status_clears": {func(s *shift) { talking(s); s.is("C1", center.SlotEnded) }, func(s *shift) { s.status(lunch); s.clear("C1") }, 3},
		// One of two contacts is cleared: the next status waits for the other.
		"clear_one_of_two": {func(s *shift) {
			talking(s)
			s.is("C2", center.SlotConnecting)
			s.status(lunch)
			s.is("C1", center.SlotEnded)
		}, func(s *shift) { s.clear("C1") }, 1},
		"offer_second": {talking, func(s *shift) { s.is("C2", center.SlotConnecting) }, 1},
		// The agent has missed the contact, and has not cleared it: it takes the same slot.
		"offer_again": {func(s *shift) {
			s.status(available)
			s.is("C1", center.SlotConnecting)
			s.is("C1", center.SlotMissed)
		}, func(s *shift) { s.is("C1", center.SlotConnecting) }, 1},
		// In a custom status, by AssociateContactWithUser.
		"offer_assigned": {func(s *shift) { s.status(lunch) }, func(s *shift) { s.is("C1", center.SlotConnecting) }, 1},
		"monitor":        {func(s *shift) { s.status(available) }, func(s *shift) { s.monitors(center.MonitorSilent) }, 1},
		// Events do not know the mode of a supervisor.
		"monitor_barges": {func(s *shift) { s.status(available); s.monitors(center.MonitorSilent) }, func(s *shift) { s.monitors(center.MonitorBarge) }, 0},
		"monitor_ends":   {func(s *shift) { s.status(available); s.monitors(center.MonitorSilent) }, func(s *shift) { s.is("C3", center.SlotEnded) }, 1},
		"profile": {func(s *shift) { s.status(available) }, func(s *shift) {
			is := jane()
			is.Profile.ID, is.Profile.Name, is.Profile.Concurrencies, is.Routed = "99999999-9999-4999-8999-999999999999", "Sales", is.Profile.Concurrencies[:1], is.Routed[1:2]
			s.becomes(is)
		}, 1},
		"hierarchy": {func(*shift) {}, func(s *shift) {
			is := jane()
			is.Groups = is.Groups[:1]
			s.becomes(is)
		}, 1},
		"proficiencies": {func(*shift) {}, func(s *shift) {
			is := jane()
			is.User.Proficiencies = append(is.User.Proficiencies, center.Proficiency{Attribute: "Product", Value: "Phones", Level: 2.5})
			s.configured(is)
		}, 1},
		"queues": {func(*shift) {}, func(s *shift) {
			is := jane()
			is.Routed = is.Routed[:1]
			s.configured(is)
		}, 1},
		"auto_accept": {func(*shift) {}, func(s *shift) {
			is := jane()
			is.User.Channels.AutoAccept = []center.AutoAccept{{Channel: center.ChannelChat, On: true}}
			s.configured(is)
		}, 1},
		"nothing": {func(*shift) {}, func(s *shift) { s.configured(jane()); s.status(offline) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShift(t)
			c.before(s)
			already := len(s.told)
			c.step(s)
			if n := len(s.told) - already; n != c.n {
				t.Errorf("%d events, want %d", n, c.n)
			}
			var got bytes.Buffer
			for _, event := range s.told[already:] {
				raw, err := event.JSON()
				if err != nil {
					t.Fatal(err)
				}
				got.Write(append(raw, '\n'))
			}
			file := filepath.Join("testdata", "agent_events", name)
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("got\n%s\nwant\n%s", got.Bytes(), want)
			}
		})
	}
}

// talking is an agent with a contact.
func talking(s *shift) {
	s.status(available)
	s.is("C1", center.SlotConnecting)
	s.is("C1", center.SlotConnected)
}

// monitors lets the agent monitor a contact of another one, in a mode.
func (s *shift) monitors(mode string) {
	s.d.Apply(center.Move{User: s.e.Agent, Slot: center.AgentContact{
		Contact: "C3", Chat: "C1", Channel: center.ChannelChat, InitiationMethod: center.InitiatedByMonitor, State: center.SlotConnected,
		Since: s.d.Now, Offered: s.d.Now, Connected: s.d.Now, Monitor: mode,
	}}, 0)
	s.then(10)
}

// becomes gives the agent another routing profile or hierarchy, which the stream tells of.
func (s *shift) becomes(is *center.AgentSetup) {
	s.was, s.setup = s.setup, is
	groups := make([]center.HierarchyGroupID, len(is.Groups))
	for i := range is.Groups {
		groups[i] = is.Groups[i].ID
	}
	s.d.As(is.Profile.ID, groups)
	s.then(10)
}

func (s *shift) configured(is *center.AgentSetup) {
	if event, ok := s.e.Configured(s.d.Now, s.d.Agent, s.setup, is); ok {
		s.told = append(s.told, event)
	}
	s.setup = is
}
