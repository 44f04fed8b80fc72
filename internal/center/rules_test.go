package center_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/center"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// ids counts, from 1.
func ids() func() string {
	n := 0
	return func() string {
		n++
		return fmt.Sprintf("%08x-0000-4000-8000-000000000000", n)
	}
}

func start(s center.StartChat, related *center.Chat, past []center.PastSession) *center.Draft {
	s.DisplayName = "Ana"
	d, err := s.Begin(related, past, center.DefaultSettings(), noon, ids())
	if err != nil {
		panic(err)
	}
	return d
}

// next begins the next decision on what the last one decided.
func next(t *testing.T, d *center.Draft, after time.Duration) *center.Draft {
	t.Helper()
	ch := d.Finish(func(*center.Chat) []byte { return []byte("{}") })
	last := ch.Items[len(ch.Items)-1]
	return center.NewDraft(d.Chat, last.Seq, last.Time, d.Now.Add(after), d.NewID)
}

// running is a chat whose customer has connected.
func running(t *testing.T) *center.Draft {
	t.Helper()
	d := next(t, start(center.StartChat{}, nil, nil), time.Second)
	if _, err := d.Connect(d.Chat.Participants[0].ID); err != nil {
		t.Fatal(err)
	}
	return next(t, d, time.Second)
}

// code is the kind of a refusal, or -1 for none.
func code(t *testing.T, err error) center.Code {
	t.Helper()
	if err == nil {
		return -1
	}
	var refused *center.Error
	if !errors.As(err, &refused) {
		t.Fatalf("%v is no refusal", err)
	}
	return refused.Code
}

func text(s string) center.SegmentAttribute { return center.SegmentAttribute{ValueString: &s} }

func TestStartChatCheck(t *testing.T) {
	types := func(all ...string) []string { return all }
	guide := map[string]center.SegmentAttribute{"connect:Subtype": text("connect:Guide")}
	legacy := center.DefaultSettings()
	legacy.LegacySizes = true
	const fine = center.Code(-1)
	for _, c := range []struct {
		name string
		s    center.StartChat
		set  center.Settings
		want center.Code
	}{
		{"nothing special", center.StartChat{}, center.Settings{}, fine},
		{"attributes at the limit", center.StartChat{Attributes: map[string]string{"k": strings.Repeat("x", 32767)}}, center.Settings{}, fine},
		{"attributes over the limit", center.StartChat{Attributes: map[string]string{"k": strings.Repeat("x", 32768)}}, center.Settings{}, center.InvalidRequest},
		{"bytes count, not characters", center.StartChat{Attributes: map[string]string{"k": strings.Repeat("é", 16384)}}, center.Settings{}, center.InvalidRequest},
		{"a key of letters, digits, dash and underscore", center.StartChat{Attributes: map[string]string{"aZ09-_": ""}}, center.Settings{}, fine},
		{"a key with a dollar", center.StartChat{Attributes: map[string]string{"$x": ""}}, center.Settings{}, center.InvalidRequest},
		{"a key with a space", center.StartChat{Attributes: map[string]string{"a b": ""}}, center.Settings{}, center.InvalidRequest},
		{"an empty key", center.StartChat{Attributes: map[string]string{"": ""}}, center.Settings{}, center.InvalidRequest},
		{"all content types", center.StartChat{ContentTypes: types(center.TextMarkdown, center.ApplicationJSON, center.Interactive, center.InteractiveResponse, center.TextPlain)}, center.Settings{}, fine},
		{"no text/plain", center.StartChat{ContentTypes: types(center.TextMarkdown)}, center.Settings{}, center.InvalidRequest},
		{"an empty list", center.StartChat{ContentTypes: []string{}}, center.Settings{}, center.InvalidRequest},
		{"an unknown content type", center.StartChat{ContentTypes: types(center.TextPlain, "text/html")}, center.Settings{}, center.InvalidRequest},
		{"an initial message", center.StartChat{InitialMessage: &center.Message{ContentType: center.TextPlain, Content: strings.Repeat("x", 16384)}}, center.Settings{}, fine},
		{"too long an initial message", center.StartChat{InitialMessage: &center.Message{ContentType: center.TextPlain, Content: strings.Repeat("x", 16385)}}, center.Settings{}, center.InvalidRequest},
		{"at the older limit", center.StartChat{InitialMessage: &center.Message{ContentType: center.TextPlain, Content: strings.Repeat("é", 1024)}}, legacy, fine},
		{"over the older limit", center.StartChat{InitialMessage: &center.Message{ContentType: center.TextPlain, Content: strings.Repeat("x", 1025)}}, legacy, center.InvalidRequest},
		{"an initial message of an unsupported type", center.StartChat{InitialMessage: &center.Message{ContentType: "text/html", Content: "x"}}, center.Settings{}, center.InvalidRequest},
		{"an initial message of a type not listed", center.StartChat{InitialMessage: &center.Message{ContentType: center.TextMarkdown, Content: "x"}}, center.Settings{}, center.InvalidRequest},
		{"a persistent chat", center.StartChat{Persistent: &center.Persistence{Type: center.FromSegment, Source: "x"}}, center.Settings{}, fine},
		{"a persistent chat without a type", center.StartChat{Persistent: &center.Persistence{Source: "x"}}, center.Settings{}, center.InvalidRequest},
		{"a persistent chat without a source", center.StartChat{Persistent: &center.Persistence{Type: center.FromSegment}}, center.Settings{}, center.InvalidRequest},
		{"persistent and related", center.StartChat{Related: "x", Persistent: &center.Persistence{Type: center.FromSegment, Source: "x"}}, center.Settings{}, center.InvalidRequest},
		{"related", center.StartChat{Related: "x"}, center.Settings{}, fine},
		{"a guide with the types it needs", center.StartChat{SegmentAttributes: guide, ContentTypes: types(center.TextPlain, center.Interactive, center.InteractiveResponse)}, center.Settings{}, fine},
		{"a guide without them", center.StartChat{SegmentAttributes: guide, ContentTypes: types(center.TextPlain, center.Interactive)}, center.Settings{}, center.InvalidRequest},
		{"another subtype", center.StartChat{SegmentAttributes: map[string]center.SegmentAttribute{"connect:Subtype": text("connect:SMS")}}, center.Settings{}, center.InvalidRequest},
		{"another system key", center.StartChat{SegmentAttributes: map[string]center.SegmentAttribute{"connect:Direction": text("x")}}, center.Settings{}, center.InvalidRequest},
		{"an own segment attribute", center.StartChat{SegmentAttributes: map[string]center.SegmentAttribute{"own": text("x")}}, center.Settings{}, fine},
		{"a segment attribute without a value", center.StartChat{SegmentAttributes: map[string]center.SegmentAttribute{"own": {}}}, center.Settings{}, center.InvalidRequest},
		{"a segment attribute with two", center.StartChat{SegmentAttributes: map[string]center.SegmentAttribute{"own": {ValueString: new(string), ValueInteger: new(int64)}}}, center.Settings{}, center.InvalidRequest},
		{"a subtype with two", center.StartChat{SegmentAttributes: map[string]center.SegmentAttribute{"connect:Subtype": {ValueString: new("connect:Chat"), ValueInteger: new(int64)}}}, center.Settings{}, center.InvalidRequest},
		{"segment attributes in one another", center.StartChat{SegmentAttributes: map[string]center.SegmentAttribute{"own": {ValueMap: map[string]center.SegmentAttribute{"in": {ValueList: []center.SegmentAttribute{text("x")}}}}}}, center.Settings{}, fine},
		{"one in another without a value", center.StartChat{SegmentAttributes: map[string]center.SegmentAttribute{"own": {ValueMap: map[string]center.SegmentAttribute{"in": {ValueList: []center.SegmentAttribute{{}}}}}}}, center.Settings{}, center.InvalidRequest},
		{"a segment attribute with a bad key", center.StartChat{SegmentAttributes: map[string]center.SegmentAttribute{"o w n": text("x")}}, center.Settings{}, center.InvalidRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := code(t, c.s.Check(c.set)); got != c.want {
				t.Errorf("got code %d, want %d: %v", got, c.want, c.s.Check(c.set))
			}
		})
	}
}

// What a chat has that was not asked for.
func TestBeginDefaults(t *testing.T) {
	d := start(center.StartChat{}, nil, nil)
	c := d.Chat
	if c.DurationMinutes != 1500 || c.ResponseMode != "COMPLETE" || len(c.ContentTypes) != 1 || c.ContentTypes[0] != center.TextPlain {
		t.Errorf("defaults: %d minutes, %s, %v", c.DurationMinutes, c.ResponseMode, c.ContentTypes)
	}
	if v := c.Current().SegmentAttributes["connect:Subtype"]; *v.ValueString != "connect:Chat" {
		t.Errorf("subtype %v", v)
	}
	if string(c.ID) != string(c.Current().ID) {
		t.Errorf("the chat is %s, its first contact %s", c.ID, c.Current().ID)
	}
	ch := d.Finish(func(*center.Chat) []byte { return []byte("{}") })
	if len(ch.Items) != 1 || ch.Items[0].Type != center.Marker || ch.Items[0].InTranscript {
		t.Errorf("items %+v", ch.Items)
	}
	at := map[string]time.Duration{}
	for _, due := range ch.Due {
		at[due.Key] = due.At.Sub(noon)
	}
	if at[center.DueConnect] != 5*time.Minute || at[center.DueDuration] != 25*time.Hour || len(at) != 2 {
		t.Errorf("due %v", at)
	}
}

// ended is a chat of n segments that is over. Segment i, from 0, begins with item 10i+1.
func ended(n int) *center.Chat {
	c := &center.Chat{ID: "chat", Ended: noon}
	for i := range n {
		c.Contacts = append(c.Contacts, center.Contact{ID: center.ContactID(fmt.Sprint("c", i+1)), FirstSeq: int64(10*i + 1)})
	}
	return c
}

func past(name string, contacts int) center.PastSession {
	return center.PastSession{Chat: center.ChatID(name), Contact: center.ContactID(name), Contacts: contacts, Ended: noon.Add(-time.Hour)}
}

// The example of "Enable persistent chat": C1, C2 and a survey C3.
func TestContinue(t *testing.T) {
	for _, c := range []struct {
		name    string
		source  *center.Chat
		from    center.ContactID
		how     string
		contact center.ContactID // continued from
		lastSeq int64
		shown   int
	}{
		{"the entire session", ended(3), "c1", center.EntirePastSession, "c3", 0, 3},
		{"from a segment", ended(3), "c2", center.FromSegment, "c2", 20, 2},
		{"from the first segment", ended(3), "c1", center.FromSegment, "c1", 10, 1},
		{"from the last segment", ended(3), "c3", center.FromSegment, "c3", 0, 3},
		{"one segment", ended(1), "c1", center.FromSegment, "c1", 0, 1},
	} {
		got, err := center.Continue(c.source, c.from, c.how)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if p := got[0]; len(got) != 1 || p.Contact != c.contact || p.LastSeq != c.lastSeq || p.Contacts != c.shown {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	active := ended(1)
	active.Ended = time.Time{}
	if _, err := center.Continue(active, "c1", center.EntirePastSession); code(t, err) != center.InvalidRequest {
		t.Errorf("an active chat: %v", err)
	}
}

// Links are cumulative, up to a hundred contacts; a session is shown whole or not at all, the newest always.
func TestContinueAHundredContacts(t *testing.T) {
	for _, c := range []struct {
		own  int
		past []int
		want int // sessions
	}{
		{1, []int{1, 1, 1}, 4},
		{1, []int{98, 1, 1}, 3},
		{1, []int{99, 1}, 2},
		{1, []int{100, 1}, 1}, // what lies behind a session that is left out is left out, too
		{100, []int{1}, 1},
		{101, nil, 1},
		{1, []int{50, 50}, 2},
	} {
		source := ended(c.own)
		for i, n := range c.past {
			source.Past = append(source.Past, past(fmt.Sprint("past", i), n))
		}
		got, err := center.Continue(source, "c1", center.EntirePastSession)
		if err != nil || len(got) != c.want || got[0].Chat != "chat" {
			t.Errorf("%d and %v: %d sessions, %v; want %d", c.own, c.past, len(got), err, c.want)
		}
	}
}

// A chat begins after the last item of those it continues, even where these are dated ahead of the clock.
func TestBeginAfterThePast(t *testing.T) {
	p := past("past", 1)
	p.Ended = noon.Add(3 * time.Millisecond)
	d := start(center.StartChat{}, nil, []center.PastSession{p, past("older", 1)})
	ch := d.Finish(func(*center.Chat) []byte { return []byte("{}") })
	if got := ch.Items[0].Time; !got.After(p.Ended) {
		t.Errorf("begins at %v, the past ended at %v", got, p.Ended)
	}
	if d.Chat.Current().Related != "past" {
		t.Errorf("related to %q", d.Chat.Current().Related)
	}
}

func TestInherit(t *testing.T) {
	from := &center.Chat{
		Attributes: map[string]string{"a": "old", "b": "old"}, CustomerID: "customer",
		Contacts: []center.Contact{{ID: "c", Name: "name", Description: "description", LanguageCode: "de-DE"}},
	}
	d := start(center.StartChat{Related: "c", Attributes: map[string]string{"b": "new"}}, from, nil)
	c := d.Chat
	if c.Attributes["a"] != "old" || c.Attributes["b"] != "new" || c.CustomerID != "customer" {
		t.Errorf("%v, %s", c.Attributes, c.CustomerID)
	}
	if k := c.Current(); k.Name != "name" || k.Description != "description" || k.LanguageCode != "de-DE" || k.Related != "c" {
		t.Errorf("%+v", k)
	}
	if from.Attributes["b"] != "old" {
		t.Error("the related contact was changed")
	}
}

// What is copied counts: a chain of related contacts does not grow without bound.
func TestInheritTooMuch(t *testing.T) {
	from := &center.Chat{Attributes: map[string]string{"a": strings.Repeat("x", 32767)}, Contacts: []center.Contact{{ID: "c"}}}
	for own, want := range map[string]center.Code{"a": -1, "b": center.InvalidRequest} {
		s := center.StartChat{DisplayName: "Ana", Related: "c", Attributes: map[string]string{own: "new"}}
		if _, err := s.Begin(from, nil, center.DefaultSettings(), noon, ids()); code(t, err) != want {
			t.Errorf("%s beside a: %v", own, err)
		}
	}
}

// Times rise strictly with the number of an item, by whole milliseconds, whatever the clocks say.
func TestItemTimesRise(t *testing.T) {
	d := running(t)
	last := *d.Prompt(center.Message{ContentType: center.TextPlain, Content: "x"})
	for _, after := range []time.Duration{0, 0, -time.Hour, 500 * time.Microsecond, 1500 * time.Microsecond, 2 * time.Hour} {
		d = next(t, d, after)
		for range 100 {
			it := *d.Prompt(center.Message{ContentType: center.TextPlain, Content: "x"})
			if it.Seq != last.Seq+1 || !it.Time.After(last.Time) || it.Time.Nanosecond()%1e6 != 0 || it.Time.Location() != time.UTC {
				t.Fatalf("after %v: %d at %v follows %d at %v", after, it.Seq, it.Time, last.Seq, last.Time)
			}
			last = it
		}
	}
	if got := last.Time.Sub(d.Now); got != 99*time.Millisecond {
		t.Errorf("the last item is dated %v ahead", got)
	}
}

func TestAddCustomParticipant(t *testing.T) {
	set := center.DefaultSettings()
	add := func(d *center.Draft) center.Code {
		_, err := d.AddCustomParticipant("Max", set)
		return code(t, err)
	}
	d := running(t)
	if got := add(d); got != -1 {
		t.Fatalf("the first: %d", got)
	}
	if got := add(d); got != center.QuotaExceeded {
		t.Errorf("a second: %d", got)
	}
	d = next(t, d, time.Minute)
	late := d.Chat.Participants[1].ID
	d.DropLateCustomParticipant(late)
	if _, err := d.Connect(late); code(t, err) != center.NotFound {
		t.Errorf("one who comes too late: %v", err)
	}
	if got := add(d); got != -1 {
		t.Errorf("after one who did not come: %d", got)
	}
	d = running(t)
	d.Edit().Participants = append(d.Chat.Participants, center.Participant{ID: "agent", Role: center.RoleAgent, Joined: noon})
	if got := add(d); got != center.Conflict {
		t.Errorf("beside an agent: %d", got)
	}
	d = running(t)
	d.End(center.ReasonAPI)
	if got := add(d); got != center.InvalidRequest {
		t.Errorf("after the end: %d", got)
	}
}

func TestSend(t *testing.T) {
	plain := func(n int) center.Message {
		return center.Message{ContentType: center.TextPlain, Content: strings.Repeat("x", n)}
	}
	legacy := center.Settings{LegacySizes: true}
	for _, c := range []struct {
		name string
		m    center.Message
		set  center.Settings
		want center.Code
	}{
		{"the longest", plain(16384), center.Settings{}, -1},
		{"longer", plain(16385), center.Settings{}, center.InvalidParameter},
		{"bytes count", center.Message{ContentType: center.TextPlain, Content: strings.Repeat("é", 8193)}, center.Settings{}, center.InvalidParameter},
		{"the older limit", plain(1024), legacy, -1},
		{"over the older limit", plain(1025), legacy, center.InvalidParameter},
		{"the older limit of JSON", center.Message{ContentType: center.ApplicationJSON, Content: strings.Repeat("x", 12000)}, legacy, -1},
		{"over the older limit of JSON", center.Message{ContentType: center.ApplicationJSON, Content: strings.Repeat("x", 12001)}, legacy, center.InvalidParameter},
		{"the older limit of a response", center.Message{ContentType: center.InteractiveResponse, Content: strings.Repeat("x", 12288)}, legacy, -1},
		{"over the older limit of a response", center.Message{ContentType: center.InteractiveResponse, Content: strings.Repeat("x", 12289)}, legacy, center.InvalidParameter},
		{"a type the chat does not support", center.Message{ContentType: center.TextMarkdown, Content: "x"}, center.Settings{}, center.InvalidParameter},
		{"a type only flows send", center.Message{ContentType: center.Interactive, Content: "{}"}, center.Settings{}, center.InvalidParameter},
		{"no message's type", center.Message{ContentType: center.EventTyping, Content: "x"}, center.Settings{}, center.InvalidParameter},
	} {
		d := running(t)
		d.Edit().ContentTypes = []string{center.TextPlain, center.ApplicationJSON, center.Interactive, center.InteractiveResponse}
		if _, err := d.Send(d.Chat.Participants[0].ID, c.m, [16]byte{}, c.set); code(t, err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Who may speak: those who have joined and not left, while the chat lasts.
func TestSpeakers(t *testing.T) {
	hello := center.Message{ContentType: center.TextPlain, Content: "hello"}
	d := running(t)
	b, err := d.AddCustomParticipant("Max", center.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name string
		do   func() error
		want center.Code
	}{
		{"invited", func() error { return nil }, center.InvalidParameter},
		{"joined", func() error { _, err := d.Connect(b.ID); return err }, -1},
		{"left", func() error { _, err := d.Leave(b.ID); return err }, center.AccessDenied},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Send(b.ID, hello, [16]byte{}, center.Settings{}); code(t, err) != step.want {
			t.Errorf("%s, sending: %v", step.name, err)
		}
		if _, err := d.Typing(b.ID); code(t, err) != step.want {
			t.Errorf("%s, typing: %v", step.name, err)
		}
	}
	d.End(center.ReasonAPI)
	for _, id := range []center.ParticipantID{d.Chat.Participants[0].ID, b.ID, "a stranger", ""} {
		if _, err := d.Send(id, hello, [16]byte{}, center.Settings{}); code(t, err) != center.AccessDenied {
			t.Errorf("after the end: %v", err)
		}
	}
}

func TestAcknowledge(t *testing.T) {
	d := running(t)
	b, err := d.AddCustomParticipant("Max", center.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Connect(b.ID); err != nil {
		t.Fatal(err)
	}
	customer := d.Chat.Participants[0].ID
	message := d.Prompt(center.Message{ContentType: center.TextPlain, Content: "x"})
	d = next(t, d, time.Second)

	read, err := d.Acknowledge(b.ID, message, center.Receipt{}, true)
	if err != nil || read.Receipt.Delivered != d.Now || read.Receipt.Read != d.Now || read.InTranscript {
		t.Fatalf("%+v, %v", read, err)
	}
	// What was told first stays.
	known := *read.Receipt
	d = next(t, d, time.Minute)
	again, err := d.Acknowledge(b.ID, message, known, false)
	if err != nil || *again.Receipt != known {
		t.Errorf("%+v, %v", again, err)
	}
	own, err := d.Send(customer, center.Message{ContentType: center.TextPlain, Content: "x"}, [16]byte{}, center.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Acknowledge(customer, own, center.Receipt{}, true); code(t, err) != center.InvalidParameter {
		t.Errorf("one's own message: %v", err)
	}
	if _, err := d.Acknowledge(b.ID, again, center.Receipt{}, true); code(t, err) != center.InvalidParameter {
		t.Errorf("what is no message: %v", err)
	}
	d.Edit().Participants = append(d.Chat.Participants, center.Participant{ID: "agent", Role: center.RoleAgent, Joined: noon})
	if _, err := d.Acknowledge(b.ID, own, center.Receipt{}, true); code(t, err) != center.Conflict {
		t.Errorf("with three in the chat: %v", err)
	}
}

// The end of a chat is its last item, takes away all that waits, and gives its place back.
func TestEnd(t *testing.T) {
	d := running(t)
	b, err := d.AddCustomParticipant("Max", center.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	d.Edit().Slot = "instance/0"
	d.End(center.ReasonExpired)
	d.End(center.ReasonAPI) // it has ended: nothing happens
	ch := d.Finish(func(*center.Chat) []byte { return []byte("{}") })
	if last := ch.Items[len(ch.Items)-1]; last.ContentType != center.EventEnded || last.ParticipantID != "" || !last.Time.Equal(d.Chat.Ended) {
		t.Errorf("last item %+v, ended %v", last, d.Chat.Ended)
	}
	if k := d.Chat.Current(); k.DisconnectReason != center.ReasonExpired || !k.Disconnected.Equal(d.Now) {
		t.Errorf("%+v", k)
	}
	if len(ch.Due) != 0 {
		t.Errorf("still due: %v", ch.Due)
	}
	want := []string{center.DueConnect, center.DueDuration, center.DueCustomParticipant + string(b.ID)}
	if !slices.Equal(ch.Cancel, want) {
		t.Errorf("taken away are %v, want %v", ch.Cancel, want)
	}
	if len(ch.Release) != 1 || ch.Release[0].Kind != center.ClaimSlot || ch.Release[0].Key != "instance/0" {
		t.Errorf("released %v", ch.Release)
	}
	if !ch.Ended || ch.State == nil {
		t.Errorf("the change does not say so: %+v", ch)
	}
}

// A decision never changes what others may be reading.
func TestEditLeavesTheSnapshotAlone(t *testing.T) {
	d := running(t)
	seen := d.Chat
	d = center.NewDraft(seen, 5, noon, noon, d.NewID)
	if err := d.SetAttributes(map[string]string{"k": "v"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.AddCustomParticipant("Max", center.DefaultSettings()); err != nil {
		t.Fatal(err)
	}
	d.End(center.ReasonAPI)
	if len(seen.Attributes) != 0 || len(seen.Participants) != 1 || !seen.Ended.IsZero() || !seen.Current().Disconnected.IsZero() {
		t.Errorf("the snapshot is now %+v", seen)
	}
}

func TestSetAttributes(t *testing.T) {
	d := running(t)
	for _, c := range []struct {
		set  map[string]string
		want center.Code
	}{
		{map[string]string{"a": strings.Repeat("x", 32767)}, -1},
		{map[string]string{"b": ""}, center.InvalidRequest},
		{map[string]string{"a": "", "b": strings.Repeat("x", 32766)}, -1},
		{map[string]string{"a": "x"}, center.InvalidRequest},
		{map[string]string{"b": "x"}, -1},
		{map[string]string{"c d": "x"}, center.InvalidRequest},
	} {
		if got := code(t, d.SetAttributes(c.set)); got != c.want {
			t.Errorf("%.40v: %d, want %d", c.set, got, c.want)
		}
	}
	if len(d.Chat.Attributes) != 2 || d.Chat.Attributes["b"] != "x" || d.Chat.Attributes["a"] != "" {
		t.Errorf("%v", d.Chat.Attributes)
	}
}

func TestSchedule(t *testing.T) {
	d := running(t)
	d.Schedule("a", noon, "1")
	d.Schedule("b", noon, "2")
	d.Unschedule("a")
	d.Unschedule("c")
	d.Unschedule("c")
	d.Schedule("c", noon, "3")
	ch := d.Finish(func(*center.Chat) []byte { return nil })
	if got := fmt.Sprintf("%d %s %s %v", len(ch.Due), ch.Due[0].Key, ch.Due[1].Key, ch.Cancel); got != "2 b c [a]" {
		t.Errorf("got %s", got)
	}
}

// The stored form of an item keeps all that columns do not.
func TestItemBody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.String()
		it := center.Item{
			ID: center.ItemID(rapid.StringMatching(`[0-9a-f-]{36}`).Draw(t, "id")), Type: center.TypeMessage,
			Contact:     center.ContactID(rapid.StringMatching(`[0-9a-f-]{36}`).Draw(t, "contact")),
			ContentType: words.Draw(t, "content type"), Content: strings.ToValidUTF8(words.Draw(t, "content"), "\ufffd"),
			ParticipantID: center.ParticipantID(words.Draw(t, "participant")), DisplayName: words.Draw(t, "name"),
			Role: center.RoleCustomer, InTranscript: rapid.Bool().Draw(t, "in transcript"),
		}
		if rapid.Bool().Draw(t, "receipt") {
			it.Receipt = &center.Receipt{Message: "m", Recipient: "p", Delivered: noon}
		}
		var got center.Item
		if err := got.SetBody(it.AppendBody([]byte(nil))); err != nil {
			t.Fatal(err)
		}
		if it.Receipt != nil {
			if *got.Receipt != *it.Receipt {
				t.Fatalf("receipt %+v", got.Receipt)
			}
			got.Receipt = it.Receipt
		}
		if got != it {
			t.Fatalf("got %+v, want %+v", got, it)
		}
	})
}

func TestUUID(t *testing.T) {
	const lower = "0123abcd-ef01-4567-89ab-cdef01234567"
	id, ok := center.UUID(strings.ToUpper(lower))
	if !ok || center.FormatUUID(id) != lower {
		t.Errorf("%v, %s", ok, center.FormatUUID(id))
	}
	for _, bad := range []string{"", lower[1:], lower + "0", strings.ReplaceAll(lower, "-", "0"), "g" + lower[1:], " " + lower[1:], lower[:35] + "é"} {
		if _, ok := center.UUID(bad); ok {
			t.Errorf("%q is taken for a UUID", bad)
		}
	}
}

func TestReferences(t *testing.T) {
	const id = "0123abcd-ef01-4567-89ab-cdef01234567"
	const arn = "arn:aws:connect:us-east-1:123456789012:instance/11111111-1111-4111-8111-111111111111"
	for in, want := range map[string]center.FlowRef{
		id:                                      {ID: id},
		strings.ToUpper(id):                     {ID: id},
		id + ":$SAVED":                          {ID: id, Qualifier: center.SavedQualifier},
		arn + "/contact-flow/" + id:             {ID: id},
		arn + "/contact-flow/" + id + ":$SAVED": {ID: id, Qualifier: center.SavedQualifier},
		id + ":3":                               {ID: id, Qualifier: "3"},
	} {
		if got := center.ParseFlow(in); got != want {
			t.Errorf("%s: %+v", in, got)
		}
	}
	if got := center.ParseInstance(arn); got != "11111111-1111-4111-8111-111111111111" {
		t.Errorf("%s", got)
	}
}

func TestStartable(t *testing.T) {
	for _, c := range []struct {
		f    center.ContactFlow
		want center.Code
	}{
		{center.ContactFlow{Type: center.TypeContactFlow, Published: "x"}, -1},
		{center.ContactFlow{Type: center.TypeContactFlow}, center.NotFound},
		{center.ContactFlow{Type: center.TypeContactFlow, Published: "x", Archived: true}, center.NotFound},
		{center.ContactFlow{Type: "CUSTOMER_QUEUE", Published: "x"}, center.InvalidRequest},
	} {
		if got := code(t, c.f.Startable()); got != c.want {
			t.Errorf("%+v: %d", c.f, got)
		}
	}
}
