package center

import (
	"testing"
	"time"
)

// A slot has the times of its contact, which the record has too: the clock may be read twice.
func TestSlotsHaveTheTimesOfTheirContact(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	a := NewAgent("i", "u", WorkStatus{Type: StatusRoutable}, at)
	move := func(state string, since time.Time) {
		d := NewAgentDraft(a, 1, at, since.Add(time.Millisecond), func() string { return "id" })
		d.Apply(Move{"u", AgentContact{Contact: "c", State: state, Since: since, Offered: since}}, time.Minute)
		a = d.Agent
		if c, ok := a.Contact("c"); !ok || !c.Since.Equal(since) {
			t.Errorf("%s: %+v, want since %v", state, c, since)
		}
		if c := d.Finish(func(*Agent) []byte { return nil }); state == SlotEnded && !c.Due[0].At.Equal(since.Add(time.Minute)) {
			t.Errorf("after-contact work ends at %v", c.Due[0].At)
		}
	}
	move(SlotConnecting, at)
	move(SlotConnected, at.Add(time.Second))
	if c, _ := a.Contact("c"); !c.Connected.Equal(at.Add(time.Second)) {
		t.Errorf("connected at %v", c.Connected)
	}
	move(SlotEnded, at.Add(time.Minute))
}

// Supervisors do not take the room of those who transfer and invite, nor the other way round.
func TestRoomBesideTheCustomersContact(t *testing.T) {
	c := &Chat{Contacts: []Contact{{}}}
	for range maxBeside {
		c.Contacts = append(c.Contacts, Contact{Beside: true, Monitor: &Monitor{}})
	}
	d := &Draft{Chat: c}
	if err := d.roomBeside(false); err != nil {
		t.Errorf("a transfer after many monitorings: %v", err)
	}
	if err := d.roomBeside(true); !Is(err, QuotaExceeded) {
		t.Errorf("one more monitoring: %v", err)
	}
}
