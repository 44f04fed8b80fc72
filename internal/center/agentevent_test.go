package center_test

import (
	"bytes"
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

// agentIs is an agent with contacts, in a status since noon.
func agentIs(status string, contacts ...center.EventContact) center.AgentSnapshot {
	e := eventsAt()
	s := center.AgentSnapshot{
		AgentStatus:   center.EventStatus{ARN: statusARN(status), Name: status, StartTimestamp: center.EventTime(noon), Type: center.StatusRoutable},
		Configuration: jane().Configuration(e.Partition, e.Instance, func(channel string) int { return map[string]int{center.ChannelChat: len(contacts)}[channel] }),
		Contacts:      contacts,
	}
	if contacts == nil {
		s.Contacts = []center.EventContact{}
	}
	switch status {
	case "Offline":
		s.AgentStatus.Type = center.StatusOffline
	case "Lunch":
		s.AgentStatus.Type = center.StatusCustom
	}
	return s
}

func statusARN(name string) string {
	return "arn:aws:connect:us-east-1:123456789012:instance/11111111-1111-4111-8111-111111111111/agent-state/" + name
}

func andNext(s center.AgentSnapshot, name string) center.AgentSnapshot {
	s.NextAgentStatus = &center.EventNextStatus{ARN: statusARN(name), Name: name, EnqueuedTimestamp: center.EventTime(noon.Add(time.Minute))}
	return s
}

// contactIn is a contact of BasicQueue in a state since some seconds after noon.
func contactIn(id, state string, seconds int) center.EventContact {
	name, at := "BasicQueue", noon.Add(time.Duration(seconds)*time.Second)
	c := center.EventContact{
		Channel: center.ChannelChat, ContactID: id, InitiationMethod: "API", State: state, StateStartTimestamp: center.EventTime(at),
		Queue: &center.EventOfQueue{ARN: eventsAt().Partition.QueueARN("11111111-1111-4111-8111-111111111111", basic), Name: &name}, QueueTimestamp: center.EventTime(noon),
	}
	if state == "CONNECTED" || state == "ENDED" {
		c.ConnectedToAgentTimestamp = center.EventTime(noon.Add(10 * time.Second))
	}
	return c
}

// TestAgentEvents holds the events of each change of an agent byte for byte, one to a line.
func TestAgentEvents(t *testing.T) {
	at := noon.Add(time.Hour)
	e := eventsAt()
	changes := func(before, after center.AgentSnapshot) []center.AgentEvent {
		e = eventsAt()
		return e.Changes(at, before, after)
	}
	one := func(event center.AgentEvent) []center.AgentEvent { return []center.AgentEvent{event} }
	available, offline, lunch := agentIs("Available"), agentIs("Offline"), agentIs("Lunch")
	with := func(contacts ...center.EventContact) center.AgentSnapshot { return agentIs("Available", contacts...) }
	initial, own := "C1", "arn:aws:connect:us-east-1:123456789012:instance/11111111-1111-4111-8111-111111111111/queue/agent/55555555-5555-4555-8555-555555555555"
	transferred := contactIn("C2", "CONNECTING", 30)
	transferred.InitialContactID, transferred.InitiationMethod, transferred.Queue = &initial, "TRANSFER", &center.EventOfQueue{ARN: own}
	monitored := contactIn("C3", "CONNECTED", 10)
	monitored.InitiationMethod, monitored.InitialContactID, monitored.Queue, monitored.QueueTimestamp = "MONITOR", &initial, nil, center.EventTime{}
	for name, c := range map[string]struct {
		events []center.AgentEvent
		n      int
	}{
		"login":             {one(eventsAt().Login(at, offline)), 1},
		"logout":            {one(eventsAt().Logout(at, offline)), 1},
		"heart_beat":        {one(eventsAt().HeartBeat(at, &offline, available)), 1},
		"heart_beat_first":  {one(eventsAt().HeartBeat(at, nil, offline)), 1},
		"reconfigured":      {one(eventsAt().Reconfigured(at, available)), 1},
		"status":            {changes(offline, available), 1},
		"offer":             {changes(available, with(contactIn("C1", "CONNECTING", 5))), 1},
		"offer_transferred": {changes(with(contactIn("C1", "ENDED", 20)), with(contactIn("C1", "ENDED", 20), transferred)), 1},
		"accept":            {changes(with(contactIn("C1", "CONNECTING", 5)), with(contactIn("C1", "CONNECTED", 10))), 1},
		"miss":              {changes(with(contactIn("C1", "CONNECTING", 5)), with(contactIn("C1", "MISSED", 25))), 1},
		"reject":            {changes(with(contactIn("C1", "CONNECTING", 5)), with(contactIn("C1", "REJECTED", 9))), 1},
		"error":             {changes(with(contactIn("C1", "CONNECTING", 5)), with(contactIn("C1", "ERROR", 9))), 1},
		"end":               {changes(with(contactIn("C1", "CONNECTED", 10)), with(contactIn("C1", "ENDED", 60))), 1},
		"clear":             {changes(with(contactIn("C1", "ENDED", 60)), available), 1},
		"next_set":          {changes(with(contactIn("C1", "CONNECTED", 10)), andNext(with(contactIn("C1", "CONNECTED", 10)), "Lunch")), 1},
		"next_cancelled":    {changes(andNext(with(contactIn("C1", "CONNECTED", 10)), "Lunch"), with(contactIn("C1", "CONNECTED", 10))), 1},
		// The last contact is cleared, and the next status comes.
		"clear_then_next": {changes(andNext(with(contactIn("C1", "ENDED", 60)), "Lunch"), lunch), 2},
		// A status is chosen in after-contact work.
		"status_clears": {changes(with(contactIn("C1", "ENDED", 60)), lunch), 3},
		// A next status is chosen with a contact in after-contact work, and another that goes on.
		"next_clears": {changes(with(contactIn("C1", "ENDED", 60), contactIn("C4", "CONNECTED", 10)), andNext(with(contactIn("C4", "CONNECTED", 10)), "Lunch")), 2},
		"monitor":     {changes(available, with(monitored)), 1},
		"nothing":     {changes(available, available), 0},
	} {
		t.Run(name, func(t *testing.T) {
			if len(c.events) != c.n {
				t.Errorf("%d events, want %d", len(c.events), c.n)
			}
			var got bytes.Buffer
			for _, event := range c.events {
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
