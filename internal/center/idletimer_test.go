package center_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/center"
)

func TestCheckTimerSettings(t *testing.T) {
	const fine = center.Code(-1)
	set := func(r center.Role, k center.TimerType, minutes int) center.TimerSetting {
		return center.TimerSetting{Role: r, Type: k, Minutes: minutes}
	}
	all := []center.TimerSetting{
		set(center.RoleCustomer, center.TimerIdle, 2), set(center.RoleCustomer, center.TimerDisconnect, 480),
		set(center.RoleAgent, center.TimerIdle, 0), set(center.RoleAgent, center.TimerDisconnect, 3),
	}
	for name, c := range map[string]struct {
		all  []center.TimerSetting
		want center.Code
	}{
		"all that there are":    {all, fine},
		"none":                  {nil, center.InvalidParameter},
		"seven":                 {append(slices.Clone(all), all[:3]...), center.InvalidParameter},
		"two for one timer":     {append(slices.Clone(all), set(center.RoleAgent, center.TimerIdle, 9)), center.InvalidRequest},
		"a minute":              {[]center.TimerSetting{set(center.RoleAgent, center.TimerIdle, 1)}, center.InvalidParameter},
		"more than eight hours": {[]center.TimerSetting{set(center.RoleAgent, center.TimerIdle, 481)}, center.InvalidParameter},
		"less than nothing":     {[]center.TimerSetting{set(center.RoleAgent, center.TimerIdle, -2)}, center.InvalidParameter},
		"another role":          {[]center.TimerSetting{set(center.RoleSupervisor, center.TimerIdle, 2)}, center.InvalidParameter},
		"another type":          {[]center.TimerSetting{set(center.RoleAgent, "NAP", 2)}, center.InvalidParameter},
	} {
		if got := code(t, center.CheckTimerSettings(c.all)); got != c.want {
			t.Errorf("%s: refusal %d, want %d", name, got, c.want)
		}
	}
}

// silence is a chat whose timers are worked off as the engine does it: by due rows and by the items.
type silence struct {
	t     *rapid.T
	d     *center.Draft
	now   time.Time
	items []center.Item
	due   map[string]time.Time
	told  []string // of idle timers, each with the minute
	began time.Time
}

// commit takes over what was decided.
func (s *silence) commit() {
	ch := s.d.Finish(func(*center.Chat) []byte { return []byte("{}") })
	for _, it := range ch.Items {
		switch it.ContentType {
		case center.EventIdle, center.EventReturned, center.EventAutoDisconnection:
			_, what, _ := strings.Cut(it.ContentType, "participant.")
			s.told = append(s.told, fmt.Sprintf("%s %s at %v", it.Role, what, it.Time.Sub(s.began).Round(time.Second)))
			if it.InTranscript {
				s.t.Fatalf("%s is in the transcript", it.ContentType)
			}
		}
	}
	s.items = append(s.items, ch.Items...)
	for _, key := range ch.Cancel {
		delete(s.due, key)
	}
	for _, due := range ch.Due {
		s.due[due.Key] = due.At
	}
	last := s.items[len(s.items)-1]
	s.d = center.NewDraft(s.d.Chat, last.Seq, last.Time, s.now, s.d.NewID)
}

// at makes it a time. The rows that are due until then are answered first.
func (s *silence) at(to time.Time) {
	for {
		key, first := "", to
		for k, at := range s.due {
			if strings.HasPrefix(k, center.DueIdle) && !at.After(first) {
				key, first = k, at
			}
		}
		if key == "" {
			break
		}
		s.now, s.d.Now = first, first
		delete(s.due, key)
		role := center.Role(strings.TrimPrefix(key, center.DueIdle))
		since, _ := s.d.Chat.TimerSince(role)
		var last *center.Item
		for i := range s.items {
			if s.items[i].Seq > since && s.items[i].Role == role && s.items[i].Type == center.TypeMessage {
				last = &s.items[i]
			}
		}
		s.d.TimerFired(role, last)
		s.commit()
	}
	s.now, s.d.Now = to, to
}

// twin says what timers that start at zero tell, given the times of the customer's messages: by the text of the admin guide.
func twin(idle, disconnect time.Duration, messages []time.Duration, until time.Duration) (told []string) {
	isIdle, from := false, time.Duration(0)
	messages = append(slices.Clone(messages), until)
	for {
		at := until + 1
		switch {
		case idle > 0 && !isIdle:
			at = from + idle
		case disconnect > 0:
			at = from + disconnect
		}
		if message := messages[0]; message < at {
			if messages = messages[1:]; len(messages) == 0 {
				return told
			}
			if isIdle {
				told = append(told, fmt.Sprintf("CUSTOMER returned at %v", message))
			}
			isIdle, from = false, message
			continue
		}
		if isIdle || idle == 0 {
			return append(told, fmt.Sprintf("CUSTOMER autodisconnection at %v", at))
		}
		isIdle, from = true, at
		told = append(told, fmt.Sprintf("CUSTOMER idle at %v", at))
	}
}

// The timers, which look at the items when they are due, tell what timers tell that are moved by every message.
func TestTimersTellWhatTheirTwinTells(t *testing.T) {
	length := rapid.SampledFrom([]int{0, 2, 3, 7})
	rapid.Check(t, func(rt *rapid.T) {
		idle, disconnect := length.Draw(rt, "idle"), length.Draw(rt, "disconnect")
		s := &silence{t: rt, now: noon, due: map[string]time.Time{}}
		s.d = start(center.StartChat{}, nil, nil)
		s.commit()
		customer := s.d.Chat.Participants[0].ID
		must := func(err error) {
			if err != nil {
				rt.Fatal(err)
			}
		}
		must(s.d.SetTimers(s.d.Chat.Current().ID, []center.TimerSetting{
			{Role: center.RoleCustomer, Type: center.TimerIdle, Minutes: idle},
			{Role: center.RoleCustomer, Type: center.TimerDisconnect, Minutes: disconnect},
		}))
		_, err := s.d.Connect(customer)
		must(err)
		s.commit()
		bot, err := s.d.AddCustomParticipant("Max", center.DefaultSettings())
		must(err)
		s.commit()
		s.at(noon.Add(time.Second))
		s.began = s.now
		_, err = s.d.Connect(bot.ID)
		must(err)
		s.commit()

		var messages []time.Duration
		m := center.Message{ContentType: center.TextPlain, Content: "x"}
		until := time.Duration(0)
		for range rapid.IntRange(0, 12).Draw(rt, "messages") {
			// Half seconds: timers fire on whole ones.
			until += time.Duration(rapid.IntRange(0, 500).Draw(rt, "seconds"))*time.Second + 500*time.Millisecond
			until = until.Truncate(time.Second) + 500*time.Millisecond
			s.at(s.began.Add(until))
			if p, _ := s.d.Chat.Participant(bot.ID); p.Active() && rapid.IntRange(0, 3).Draw(rt, "who") == 0 {
				_, err := s.d.Send(bot.ID, m, [16]byte{}, center.DefaultSettings())
				must(err)
				s.commit()
				continue
			}
			_, err := s.d.Send(customer, m, [16]byte{}, center.DefaultSettings())
			must(err)
			s.commit()
			messages = append(messages, until)
		}
		until += 30 * time.Minute
		s.at(s.began.Add(until))

		minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
		want := twin(minutes(idle), minutes(disconnect), messages, until)
		for i := range want { // the items are dated in whole milliseconds, one after the other
			at, _ := time.ParseDuration(want[i][strings.LastIndex(want[i], " ")+1:])
			want[i] = want[i][:strings.LastIndex(want[i], " ")+1] + at.Round(time.Second).String()
		}
		if !slices.Equal(s.told, want) {
			rt.Fatalf("idle after %d minutes, disconnect after %d, messages at %v:\ntold %q\nwant %q", idle, disconnect, messages, s.told, want)
		}
	})
}

// A message costs nothing more while timers run.
func TestTimersCostMessagesNothing(t *testing.T) {
	d := running(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(d.SetTimers(d.Chat.Current().ID, []center.TimerSetting{{Role: center.RoleCustomer, Type: center.TimerIdle, Minutes: 2}}))
	bot, err := d.AddCustomParticipant("Max", center.DefaultSettings())
	must(err)
	_, err = d.Connect(bot.ID)
	must(err)
	d = next(t, d, time.Second)
	_, err = d.Send(d.Chat.Participants[0].ID, center.Message{ContentType: center.TextPlain, Content: "x"}, [16]byte{}, center.DefaultSettings())
	must(err)
	ch := d.Finish(func(*center.Chat) []byte { t.Error("the state is written"); return nil })
	if len(ch.Items) != 1 || len(ch.Due) != 0 || len(ch.Cancel) != 0 {
		t.Errorf("%d items, due rows %v, %v", len(ch.Items), ch.Due, ch.Cancel)
	}
}

// withAgent brings another agent into a chat, on a contact beside the customer's.
func withAgent(t *testing.T, d *center.Draft, name string) (*center.Draft, center.ParticipantID) {
	t.Helper()
	id := center.ContactID(d.NewID())
	chat := d.Edit()
	chat.Contacts = append(chat.Contacts, center.Contact{ID: id, Beside: true, Queue: basic, Enqueued: d.Now})
	p, err := d.Offer(id, center.Offeree{User: center.UserID(name), DisplayName: name})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Accept(id, center.UserID(name)); err != nil {
		t.Fatal(err)
	}
	d.Join(id, "", nil)
	return d, p.ID
}

// Of several agents any one's message counts for all, and whoever wrote last is told of. Another agent who joins brings the
// settings of then.
func TestTimersOfSeveralAgents(t *testing.T) {
	d := running(t)
	set := func(minutes int) {
		t.Helper()
		if err := d.SetTimers(d.Chat.Current().ID, []center.TimerSetting{{Role: center.RoleAgent, Type: center.TimerIdle, Minutes: minutes}}); err != nil {
			t.Fatal(err)
		}
	}
	var told []string
	commit := func(after time.Duration) {
		t.Helper()
		ch := d.Finish(func(*center.Chat) []byte { return []byte("{}") })
		for _, it := range ch.Items {
			if it.ContentType == center.EventIdle || it.ContentType == center.EventReturned {
				told = append(told, it.DisplayName)
			}
		}
		last := ch.Items[len(ch.Items)-1]
		d = center.NewDraft(d.Chat, last.Seq, last.Time, d.Now.Add(after), d.NewID)
	}
	say := func(from center.ParticipantID) *center.Item {
		t.Helper()
		it, err := d.Send(from, center.Message{ContentType: center.TextPlain, Content: "x"}, [16]byte{}, center.DefaultSettings())
		if err != nil {
			t.Fatal(err)
		}
		return it
	}
	is := func(want ...string) {
		t.Helper()
		if !slices.Equal(told, want) {
			t.Errorf("told of %q, want %q", told, want)
		}
	}
	set(10)
	d, jane := withAgent(t, d, "jane")
	commit(time.Minute)
	d, john := withAgent(t, d, "john")
	commit(time.Minute)
	last := *say(john)
	commit(8 * time.Minute)
	d.TimerFired(center.RoleAgent, &last) // ten minutes after jane has joined, and eight after john has spoken
	commit(2 * time.Minute)
	is()
	d.TimerFired(center.RoleAgent, nil)
	commit(time.Minute)
	is("john")
	say(jane)
	commit(time.Minute)
	is("john", "john")

	// The settings of the third agent's joining, from the last message on.
	set(3)
	d, _ = withAgent(t, d, "jack")
	commit(2 * time.Minute)
	d.TimerFired(center.RoleAgent, nil)
	commit(0)
	is("john", "john", "jane")

	// A fourth, and nobody is idle any more.
	set(0)
	d, _ = withAgent(t, d, "jill")
	ch := d.Finish(func(*center.Chat) []byte { return []byte("{}") })
	if len(d.Chat.Timers.Running) != 0 || !slices.Contains(ch.Cancel, center.DueIdle+"AGENT") {
		t.Errorf("still running: %+v", d.Chat.Timers.Running)
	}
}
