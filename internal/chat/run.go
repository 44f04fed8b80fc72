package chat

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
)

// run is a flow under way. Its Content names the version it began with: publishing another does not move it. A chat may
// have several. A run is never changed once it is part of a state.
type run struct {
	ID   runID   `json:"id"`
	Role runRole `json:"role"`
	// Of is the contact that it runs for; "" for the customer's, whichever that is.
	Of center.ContactID `json:"of,omitempty"`
	flow.State
	Type  string `json:"type"`
	Timer string `json:"timer,omitempty"` // id of the timer under dueFlowBehind
	Asked string `json:"asked,omitempty"` // key of the due row whose answer it waits for, "" for none
	// Hidden keeps what the customer answers to the view that was shown last out of the transcript.
	Hidden bool `json:"hidden,omitempty"`
	// SignIn is the session in which the customer signs in, nil for none.
	SignIn *signIn `json:"signIn,omitempty"`
}

// runID tells the runs of a chat apart. No number is used twice in a chat.
type runID int

// runRole says what a run is for.
type runRole string

const (
	roleContact runRole = "contact" // the flow that the contact began with, and those that it is transferred to
	roleQueue   runRole = "queue"   // the flow of a contact that waits in a queue
	roleConnect runRole = "connect" // the flow of a quick connect by which an agent transfers or invites
	roleAgent   runRole = "agent"   // a flow that an agent has started beside the conversation
)

// Keys of due rows, each with the id of its run behind it. Data is the timer's id.
const (
	dueFlow       = "flow:"     // what the flow waits for
	dueFlowBehind = "flow-too:" // what it waits for besides, while a Wait goes on
)

// key is the key of a due row of the run.
func (id runID) key(prefix string) string {
	switch { // most chats have one run
	case id == 1 && prefix == dueFlow:
		return dueFlow + "1"
	case id == 1 && prefix == dueFlowBehind:
		return dueFlowBehind + "1"
	}
	return prefix + strconv.Itoa(int(id))
}

// runOf is the run that a key names: the number behind its first colon. 0 is none.
func runOf(key string) runID {
	_, rest, _ := strings.Cut(key, ":")
	number, _, _ := strings.Cut(rest, ":")
	id, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return runID(id)
}

// hides says whether what the customer sends now stays out of the transcript: it answers a view that asks for that.
func (r *run) hides() bool { return r.Hidden && r.Waiting != nil && r.Waiting.For == "ShowView" }

// with returns the run with another state, of a flow of the given type: nothing else of what it was told goes along.
func (r *run) with(s flow.State, flowType string) *run {
	return &run{ID: r.ID, Role: r.Role, Of: r.Of, State: s, Type: flowType}
}

// runs are the flows of a chat in a turn: as they will be. One of them at a time is stepped.
type runs struct {
	all    []*run
	last   runID // given out
	run    *run  // the one that is stepped, nil for none
	picked runID // which of all that is
	ran    bool  // a run has changed
}

// begin makes a new run the one that is stepped. It takes the place of the one that is stepped now, if any, whose timers
// end with it.
func (t *turn) begin(role runRole, s flow.State, flowType string) {
	var of center.ContactID
	if t.run != nil {
		t.unscheduleTimers(t.run)
		of = t.run.Of
	}
	t.beginOn(of, role, s, flowType)
}

// beginOn is begin for a run of a contact beside the customer's.
func (t *turn) beginOn(of center.ContactID, role runRole, s flow.State, flowType string) {
	t.last++
	t.run, t.ran = &run{ID: t.last, Role: role, Of: of, State: s, Type: flowType}, true
	t.On(of)
}

// pick makes a run the one that is stepped, and says whether it is there.
func (t *turn) pick(id runID) bool {
	t.keep()
	i := slices.IndexFunc(t.all, func(r *run) bool { return r.ID == id })
	if i < 0 {
		return false
	}
	t.run, t.picked = t.all[i], id
	t.On(t.run.Of)
	return true
}

// pickBy is pick for the first run that fits.
func (t *turn) pickBy(fits func(*run) bool) bool {
	t.keep()
	i := slices.IndexFunc(t.all, fits)
	return i >= 0 && t.pick(t.all[i].ID)
}

// keep puts the run that was stepped back among all. One that is done has no timers any more. Of a flow beside the
// contact's nothing is kept once it is done.
func (t *turn) keep() {
	i, after := slices.IndexFunc(t.all, func(r *run) bool { return r.ID == t.picked }), t.run
	t.run, t.picked = nil, 0
	t.On("")
	if after == nil || i >= 0 && t.all[i] == after {
		return
	}
	if after.Done && (i < 0 || !t.all[i].Done) {
		t.unscheduleTimers(after)
	}
	all := make([]*run, 0, len(t.all)+1)
	for n, r := range t.all {
		if n == i {
			all = after.appendTo(all)
		} else {
			all = append(all, r)
		}
	}
	if i < 0 {
		all = after.appendTo(all)
	}
	t.all = all
}

func (r *run) appendTo(all []*run) []*run {
	if r.Done && r.Role != roleContact && r.Role != roleQueue {
		return all
	}
	return append(all, r)
}

// unscheduleTimers takes a run's timers away, whatever it waits for: a flow that ends does not say that its timers do.
func (t *turn) unscheduleTimers(r *run) {
	t.Unschedule(r.ID.key(dueFlow))
	t.Unschedule(r.ID.key(dueFlowBehind))
}

// endRunsThat ends the flows that fit, and with them what they waited for.
func (t *turn) endRunsThat(fit func(*run) bool) {
	t.keep()
	var left []*run
	for _, r := range t.all {
		if fit(r) {
			t.unscheduleTimers(r)
			t.EndFlows(int(r.ID), center.OutcomeDropped, "", "")
			continue
		}
		left = append(left, r)
	}
	if len(left) < len(t.all) {
		t.all, t.ran = left, true
	}
}

// endOtherRuns ends all flows but the one that is stepped.
func (t *turn) endOtherRuns() {
	var left []*run
	for _, r := range t.all {
		if r.ID == t.picked {
			left = append(left, r)
			continue
		}
		t.unscheduleTimers(r)
		t.EndFlows(int(r.ID), center.OutcomeDropped, "", "")
	}
	t.all, t.ran = left, true
}

// endRunsOfEnded ends the flows of contacts beside the customer's that have ended.
func (t *turn) endRunsOfEnded() {
	some := t.run != nil && t.outlives(t.run)
	for _, r := range t.all {
		some = some || t.outlives(r)
	}
	if some {
		t.endRunsThat(t.outlives)
	}
}

// outlives says that a flow goes on whose contact beside the customer's has ended.
func (t *turn) outlives(r *run) bool {
	if r.Of == "" {
		return false
	}
	c, ok := t.Chat.Contact(r.Of)
	return !ok || !c.Live()
}

// endRuns ends all flows, and with them what they waited for.
func (t *turn) endRuns() {
	t.keep()
	for _, r := range t.all {
		t.unscheduleTimers(r)
	}
	if len(t.all) > 0 {
		t.all, t.ran = nil, true
	}
}

// feedAll gives an event to each run that goes on. Most wait for something else.
func (fs *flows) feedAll(t *turn, ev flow.Event) error {
	t.keep()
	for _, r := range t.all {
		if t.pick(r.ID) {
			if err := fs.feed(t, ev); err != nil {
				return err
			}
		}
	}
	return nil
}

// awaiting is the flow that waits for the answer to a due row, if one does.
func (s *state) awaiting(key string) (*run, bool) {
	for _, r := range s.Runs {
		if r.Asked == key {
			return r, true
		}
	}
	return nil, false
}

// A timer is scheduled and taken away under the key of its run. A flow has one timer, and while a Wait goes on behind it
// one more.

func (t *turn) startTimer(e flow.StartTimer) {
	if b := t.run.Behind; b == nil || b.Waiting.Timer == e.ID {
		t.Schedule(t.run.ID.key(dueFlow), e.At, e.ID)
		return
	}
	t.run.Timer = e.ID
	t.Schedule(t.run.ID.key(dueFlowBehind), e.At, e.ID)
}

func (t *turn) cancelTimer(e flow.CancelTimer) {
	if e.ID == t.run.Timer {
		t.Unschedule(t.run.ID.key(dueFlowBehind))
		return
	}
	t.Unschedule(t.run.ID.key(dueFlow))
}

// callKey is a new key of a call outside of the run that is stepped.
func (t *turn) callKey() string {
	return t.run.ID.key(dueCall) + ":" + strconv.FormatInt(t.Seq(), 10)
}

// TimerName is the key of a due row without the number of its run, for people to read.
func TimerName(key string) string {
	switch prefix, rest, _ := strings.Cut(key, ":"); prefix + ":" {
	case dueFlow, dueFlowBehind:
		return prefix
	case dueCall:
		_, item, _ := strings.Cut(rest, ":")
		return dueCall + item
	}
	return key
}

// fired lets the time of a flow's timer have come.
func (fs *flows) fired(t *turn, due center.Due) error {
	if !t.pick(runOf(due.Key)) {
		return nil // it has ended
	}
	return fs.feed(t, flow.TimerFired{ID: due.Data})
}
