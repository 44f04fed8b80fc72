package center

import (
	"fmt"
	"slices"
	"time"
)

// Idle timers. A chat whose customer talks with an agent, or with a custom participant, has timers for how long a role
// may be silent. They belong to roles and not to participants; an agent's message resets the timers of all agents.
//
// A role's IDLE timer marks the role as idle, and its DISCONNECT_NONCUSTOMER timer takes out everyone but the customer.
// Where a role has both, the second starts when the first has fired; one alone starts at once.
//
// A message does not move a timer. Each role has one due row, and when its time has come, the last message of the role
// is looked for among the items: where there is one, the row is put anew. That a role is idle is part of the chat's
// state, so that its next message is known to be a return.
// Source: admin guide, "Set up chat timeouts for chat participants".

// TimerType says what a timer does when its time has come, as the API spells it.
type TimerType string

// The types of timers.
const (
	TimerIdle       TimerType = "IDLE"
	TimerDisconnect TimerType = "DISCONNECT_NONCUSTOMER"
)

// DueIdle is the key of a due row, with a role behind it: the timer of the role that runs.
const DueIdle = "idle:"

// TimerSetting sets one timer of a role. Minutes 0 unsets it.
type TimerSetting struct {
	Role    Role
	Type    TimerType
	Minutes int
}

// Limits of settings. Source: API reference, UpdateParticipantRoleConfig.
const (
	maxTimerSettings = 6
	minTimerMinutes  = 2
	maxTimerMinutes  = 480
)

// TimerMinutes are the lengths of a role's timers in minutes, 0 for none.
type TimerMinutes struct {
	Idle       int `json:"idle,omitempty"`
	Disconnect int `json:"disconnect,omitempty"`
}

// IdleTimers are a chat's. They are replaced as a whole.
type IdleTimers struct {
	// Customer and Agent are as they were last set. They count for the agent or custom participant who joins next.
	Customer TimerMinutes `json:"customer,omitzero"`
	Agent    TimerMinutes `json:"agent,omitzero"`
	// Running are the timers of the roles that have any, while there are two to talk.
	Running []IdleTimer `json:"running,omitempty"`
}

// IdleTimer is the timer of a role that runs: until the role is idle, the IDLE timer if there is one, else the other.
type IdleTimer struct {
	Role    Role         `json:"role"`
	Minutes TimerMinutes `json:"minutes"` // as they were when it started
	// From is when it began to count: at its start, with the role's last message, or when the role became idle. Seq is the
	// item up to which the items have been looked at.
	From time.Time `json:"from"`
	Seq  int64     `json:"seq"`
	// Last is the participant of the role whose message was the last, "" for none since the start.
	Last ParticipantID `json:"last,omitempty"`
	// IdleAs is the participant who was told of as idle, "" while the role is not idle.
	IdleAs ParticipantID `json:"idleAs,omitempty"`
}

// at is when the timer's time comes; zero for never.
func (t *IdleTimer) at() time.Time {
	minutes := t.Minutes.Idle
	if t.IdleAs != "" || minutes == 0 {
		minutes = t.Minutes.Disconnect
	}
	if minutes == 0 {
		return time.Time{}
	}
	return t.From.Add(time.Duration(minutes) * time.Minute)
}

// CheckTimerSettings refuses settings that cannot be together.
func CheckTimerSettings(all []TimerSetting) error {
	const list = "ChannelConfiguration.Chat.ParticipantTimerConfigList"
	if n := len(all); n == 0 || n > maxTimerSettings {
		return Refuse(InvalidParameter, "%s must have 1 to %d entries, got %d", list, maxTimerSettings, n)
	}
	for i, s := range all {
		at := fmt.Sprintf("%s[%d]", list, i)
		switch {
		case s.Role != RoleCustomer && s.Role != RoleAgent:
			return Refuse(InvalidParameter, "%s.ParticipantRole must be CUSTOMER or AGENT, got %d characters of something else", at, len([]rune(s.Role)))
		case s.Type != TimerIdle && s.Type != TimerDisconnect:
			return Refuse(InvalidParameter, "%s.TimerType must be IDLE or DISCONNECT_NONCUSTOMER, got %d characters of something else", at, len([]rune(s.Type)))
		case s.Minutes != 0 && (s.Minutes < minTimerMinutes || s.Minutes > maxTimerMinutes):
			return Refuse(InvalidParameter, "%s.TimerValue.ParticipantTimerDurationInMinutes must be %d to %d, got %d", at, minTimerMinutes, maxTimerMinutes, s.Minutes)
		}
		same := func(o TimerSetting) bool { return o.Role == s.Role && o.Type == s.Type }
		if first := slices.IndexFunc(all[:i], same); first >= 0 {
			return Refuse(InvalidRequest, "%s must have one entry at most for a ParticipantRole and TimerType; [%d] and [%d] are both for %s and %s", list, first, i, s.Role, s.Type)
		}
	}
	return nil
}

// SetTimers merges settings into those of the chat that the contact is a segment of. Timers that run go on as they
// started. That an ended contact is not found is inferred.
func (d *Draft) SetTimers(id ContactID, all []TimerSetting) error {
	if err := CheckTimerSettings(all); err != nil {
		return err
	}
	c, ok := d.Chat.Contact(id)
	if !ok || !c.Disconnected.IsZero() {
		return Refuse(NotFound, "the contact %s has ended", Printable(string(id)))
	}
	set := IdleTimers{}
	if d.Chat.Timers != nil {
		set = *d.Chat.Timers
	}
	before := set
	for _, s := range all {
		of := set.of(s.Role)
		switch s.Type {
		case TimerIdle:
			of.Idle = s.Minutes
		case TimerDisconnect:
			of.Disconnect = s.Minutes
		}
	}
	if set.Customer != before.Customer || set.Agent != before.Agent {
		d.Edit().Timers = &set
	}
	return nil
}

func (t *IdleTimers) of(r Role) *TimerMinutes {
	if r == RoleAgent {
		return &t.Agent
	}
	return &t.Customer
}

// runningTimer finds the timer of a role that runs.
func (c *Chat) runningTimer(r Role) (IdleTimer, bool) {
	if c.Timers != nil {
		for i := range c.Timers.Running {
			if c.Timers.Running[i].Role == r {
				return c.Timers.Running[i], true
			}
		}
	}
	return IdleTimer{}, false
}

// TimerSince is the item behind which the messages of a role are of interest when its timer's time has come; ok says
// that there is a timer.
func (c *Chat) TimerSince(r Role) (seq int64, ok bool) {
	t, ok := c.runningTimer(r)
	return t.Seq, ok
}

// putTimer sets or replaces the timer of a role, with its due row.
func (d *Draft) putTimer(t IdleTimer) {
	set := *d.Edit().Timers
	set.Running = slices.DeleteFunc(slices.Clone(set.Running), func(o IdleTimer) bool { return o.Role == t.Role })
	set.Running = append(set.Running, t)
	d.Chat.Timers = &set
	if at := t.at(); at.IsZero() {
		d.Unschedule(DueIdle + string(t.Role))
	} else {
		d.Schedule(DueIdle+string(t.Role), at, "")
	}
}

// startTimers starts the timers when somebody has joined whom the customer can talk to, or the customer has, with the
// settings of now. A role that is known as idle stays so when another agent joins (inferred).
func (d *Draft) startTimers() {
	set := d.Chat.Timers
	if set == nil {
		return
	}
	_, customer := d.Chat.With(RoleCustomer)
	_, agent := d.Chat.With(RoleAgent)
	_, bot := d.Chat.With(RoleCustomParticipant)
	if !customer || !agent && !bot {
		return
	}
	d.startTimer(RoleCustomer, set.Customer)
	if agent { // a custom participant has no timers
		d.startTimer(RoleAgent, set.Agent)
	}
}

func (d *Draft) startTimer(r Role, lengths TimerMinutes) {
	t, runs := d.Chat.runningTimer(r)
	switch {
	case lengths == TimerMinutes{}:
		if runs {
			d.stopTimer(r)
		}
		return
	case !runs:
		t = IdleTimer{Role: r, From: d.millis(), Seq: d.After()}
	case t.Minutes == lengths:
		return
	case t.IdleAs != "" && lengths.Idle == 0: // nobody becomes idle any more
		t.IdleAs, t.From = "", d.millis()
	}
	t.Minutes = lengths
	d.putTimer(t)
}

// millis is the time as due rows and items have it.
func (d *Draft) millis() time.Time { return d.Now.Truncate(time.Millisecond) }

func (d *Draft) stopTimer(r Role) {
	set := *d.Edit().Timers
	set.Running = slices.DeleteFunc(slices.Clone(set.Running), func(o IdleTimer) bool { return o.Role == r })
	d.Chat.Timers = &set
	d.Unschedule(DueIdle + string(r))
}

// stopTimers ends all timers. What was set stays for who joins next.
func (d *Draft) stopTimers() {
	if d.Chat.Timers == nil {
		return
	}
	for _, t := range slices.Clone(d.Chat.Timers.Running) {
		d.stopTimer(t.Role)
	}
}

// stopTimersAlone ends the timers when the customer has nobody left to talk to.
func (d *Draft) stopTimersAlone() {
	_, agent := d.Chat.With(RoleAgent)
	_, bot := d.Chat.With(RoleCustomParticipant)
	if !agent && !bot {
		d.stopTimers()
	}
}

// spoke is called right before a message or an attachment of p is added: a role that was idle is not any more. The one who was
// told of as idle is told of as returned, whichever agent spoke, so that clients can match the two (inferred).
func (d *Draft) spoke(p *Participant) {
	if d.Chat.Timers == nil {
		return
	}
	t, ok := d.Chat.runningTimer(p.Role)
	if !ok || t.IdleAs == "" {
		return
	}
	d.event(EventReturned, d.participantOr(t.IdleAs, p), false)
	t.IdleAs, t.From, t.Last, t.Seq = "", d.millis(), p.ID, d.Seq()
	d.putTimer(t)
}

// participantOr finds a participant who is still there, else it is p.
func (d *Draft) participantOr(id ParticipantID, p *Participant) *Participant {
	if known, ok := d.Chat.Participant(id); ok && known.Active() {
		return known
	}
	return p
}

// TimerFired lets the time of a role's timer have come. last is the role's last message or attachment behind
// [Chat.TimerSince], nil for none. It returns the participants whom it took out.
func (d *Draft) TimerFired(r Role, last *Item) (removed []Participant) {
	t, ok := d.Chat.runningTimer(r)
	if !ok {
		return nil
	}
	t.Seq = d.After()
	if last != nil {
		t.From, t.Last = last.Time, last.ParticipantID
	}
	if at := t.at(); at.IsZero() || at.After(d.Now) {
		d.putTimer(t)
		return nil
	}
	of, ok := d.Chat.With(r)
	if !ok {
		return nil
	}
	of = d.participantOr(t.Last, of)
	if t.Minutes.Idle == 0 || t.IdleAs != "" {
		return d.autoDisconnect(d.participantOr(t.IdleAs, of))
	}
	d.event(EventIdle, of, false)
	t.IdleAs, t.From = of.ID, d.millis()
	d.putTimer(t)
	return nil
}

// TimerUnsure is [Draft.TimerFired] for when the items cannot be read: nobody is taken out for that.
func (d *Draft) TimerUnsure(r Role) {
	if t, ok := d.Chat.runningTimer(r); ok {
		t.From, t.Seq = d.millis(), d.After()
		d.putTimer(t)
	}
}

// autoDisconnect takes out everyone but the customer, because of the silence of one. Those who are taken out do not see
// the event that says so. Where agents were taken out, what follows is the caller's to decide, as for [Draft.Leave].
func (d *Draft) autoDisconnect(silent *Participant) (removed []Participant) {
	told := *silent
	removed = d.takeOthersOut()
	d.event(EventAutoDisconnection, &told, false)
	d.agentsLeft(removed, ReasonIdle)
	return removed
}

// DropCustomParticipant takes the custom participant out, because a Lex bot or an agent joins. The timers end with that.
// Source: admin guide, "Customize chat flow experiences by integrating custom participants".
func (d *Draft) DropCustomParticipant() {
	for _, p := range d.Chat.Participants {
		if p.Role == RoleCustomParticipant && p.Left.IsZero() {
			d.takeOut(p.ID)
			d.stopTimers()
		}
	}
}
