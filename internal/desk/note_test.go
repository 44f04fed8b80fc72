package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
)

// permits gives a user one more security profile, with some permissions, and returns it.
func (w *world) permits(user *center.User, permissions ...string) *center.SecurityProfile {
	w.Helper()
	ctx := context.Background()
	p := &center.SecurityProfile{Head: center.Head[center.SecurityProfileID]{Name: fmt.Sprintf("profile %d", w.ids.Add(1))}, Permissions: permissions}
	_, err := catalog.SecurityProfiles.Create(ctx, w.catalog, instance, p, catalog.ClientToken{})
	w.must(err)
	w.must(catalog.Users.Update(ctx, w.catalog, instance, string(user.ID), 0, func(u *center.User) error {
		u.SecurityProfiles = append(u.SecurityProfiles, p.ID)
		return nil
	}))
	return p
}

// revokes takes a security profile away from a user.
func (w *world) revokes(user *center.User, p *center.SecurityProfile) {
	w.Helper()
	w.must(catalog.Users.Update(context.Background(), w.catalog, instance, string(user.ID), 0, func(u *center.User) error {
		u.SecurityProfiles = slices.DeleteFunc(u.SecurityProfiles, func(id center.SecurityProfileID) bool { return id == p.ID })
		return nil
	}))
}

func note(text string, more ...string) string {
	return fmt.Sprintf(`{"content":%q%s}`, text, strings.Join(append([]string{""}, more...), ","))
}

// told are the texts of a transcript, oldest first, those of notes in brackets.
func told(a *answer) (all []string) {
	for _, it := range a.json["Transcript"].([]any) {
		it := it.(map[string]any)
		switch text, _ := it["Content"].(string); it["Type"] {
		case "NOTE":
			all = append(all, "["+text+"]")
		case "MESSAGE":
			all = append(all, text)
		}
	}
	return all
}

// reads are the texts that a participant gets of GetTranscript, oldest first.
func (w *world) reads(who chat.Caller) (all []string) {
	w.Helper()
	page, err := w.desk.Transcripts.Page(context.Background(), who, chat.TranscriptQuery{Max: 100})
	w.must(err)
	for _, it := range page.Items {
		if it.Type != center.TypeEvent {
			all = append(all, it.Content)
		}
	}
	slices.Reverse(all)
	return all
}

// Notes are for agents: at once on their sockets, marked in their transcripts, in after-contact work too, after a restart, and
// nowhere else.
func TestNotes(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	w.user(instance, "boss", center.SecurityAdmin)
	w.user(instance, "bob", center.SecurityAgent)
	ann, bob, mia := w.program("ann"), w.program("bob"), w.program("boss")
	hers, watching := ann.connect(), mia.connect()
	mia.wants(200, "", "PUT", "/agent/v1/state", `{"name":"Available"}`)
	ada := w.customer()
	ada.offerTo("ann")
	path := "/agent/v1/contacts/" + string(ada.contact)
	notes := path + "/notes"
	ann.wants(409, "InvalidStateException", "POST", notes, note("too early"))
	ann.wants(200, "", "POST", path+"/accept", "")
	made, _ := mia.wants(200, "", "POST", path+"/monitor", "").json["contactId"].(string)
	watching.shows("monitors", func(s map[string]any) bool { return len(contactsOf(s)) == 1 })
	hers.hears("participant.joined")

	for body, field := range map[string]string{
		``: "content", `{}`: "content", note(" \n\t"): "content", note(strings.Repeat("ü", 4097)): "4096", `{"content":7}`: "content must be a string",
		note("x", `"clientToken":"`+strings.Repeat("x", 501)+`"`): "clientToken", note("x", `"visibility":"ALL"`): "unknown member",
	} {
		if a := ann.wants(400, "InvalidParameterException", "POST", notes, body); !strings.Contains(a.message(), field) {
			t.Errorf("%.40s is refused with %q", body, a.message())
		}
	}
	ada.say("hello")
	first := ann.wants(200, "", "POST", notes, note("promised a call", `"clientToken":"one"`))
	again := ann.wants(200, "", "POST", notes, note("promised a call", `"clientToken":"one"`))
	if first.json["Id"] != again.json["Id"] || first.json["AbsoluteTime"] != again.json["AbsoluteTime"] {
		t.Errorf("a repeated note is %s, the first %s", again.text, first.text)
	}
	ann.wants(200, "", "POST", notes, note(strings.Repeat("ü", 4096)))
	for _, l := range []*line{hers, watching} {
		l.hears("hello")
		if it, _ := l.hears("promised a call"); it.Type != "NOTE" || it.ParticipantRole != "AGENT" || it.DisplayName != "First" || it.ContactId != string(ada.contact) {
			t.Errorf("the note %+v", it)
		}
		l.hears(strings.Repeat("ü", 4096))
	}
	// Who only listens writes none.
	its := "/agent/v1/contacts/" + made
	mia.wants(403, "AccessDeniedException", "POST", its+"/notes", note("psst"))
	bob.wants(404, "ContactNotFoundException", "POST", notes, note("mine?"))
	mia.wants(200, "", "POST", its+"/leave", "")
	mia.wants(200, "", "POST", its+"/clear", "")

	ann.wants(200, "", "POST", path+"/leave", "")
	hers.shows("after-contact work", in("ended"))
	ann.wants(200, "", "POST", notes, note("refund sent"))
	hers.hears("refund sent")
	late := ann.connect() // a window that is opened now gets what is noted from now on
	late.shows("after-contact work", in("ended"))
	ann.wants(200, "", "POST", notes, note("done"))
	hers.hears("done")
	late.hears("done")

	w.restart()
	a := ann.wants(200, "", "GET", path+"/transcript?sortOrder=ASCENDING&maxResults=100", "")
	if got, want := told(a), []string{"hello", "[promised a call]", "[" + strings.Repeat("ü", 4096) + "]", "[refund sent]", "[done]"}; !slices.Equal(got, want) {
		t.Errorf("the agent reads %q, want %q", got, want)
	}
	agent, err := w.agents.Caller(ctx, instance, w.named("ann"), ada.contact)
	w.must(err)
	if got := w.reads(agent); !slices.Equal(got, []string{"hello"}) { // GetTranscript has no word for notes
		t.Errorf("the agent gets %q of the Participant Service", got)
	}
	ann.wants(200, "", "POST", path+"/clear", "")
	ann.wants(404, "ContactNotFoundException", "POST", notes, note("too late"))
}

// A chat that was transferred goes on with another agent: what the first one notes in after-contact work reaches both, and what
// the other notes then does not reach the first.
func TestNotesAfterATransfer(t *testing.T) {
	w := newWorld(t)
	w.user(instance, "lea", center.SecurityAdmin)
	w.user(instance, "bob", center.SecurityAgent)
	sales := w.queue(center.Queue{Head: headed("sales")})
	to := w.quickConnect("sales", center.QuickConnect{Type: center.QuickConnectQueue, Queue: sales, Flow: w.makeFlow("to queue", "QUEUE_TRANSFER", toQueue)})
	first, second := w.program("lea"), w.program("bob")
	hers, his := first.connect(), second.connect()
	ada, path := first.accepted("lea")
	hers.hears("participant.joined")
	first.wants(200, "", "POST", path+"/notes", note("before"))
	next, _ := first.wants(200, "", "POST", path+"/transfer", named(to)).json["contactId"].(string)
	hers.shows("after-contact work", in("ended"))
	w.must(w.agents.Offer(context.Background(), instance, center.ContactID(next), w.named("bob"), 0))
	second.wants(200, "", "POST", "/agent/v1/contacts/"+next+"/accept", "")
	his.hears("participant.joined")
	second.wants(200, "", "POST", "/agent/v1/contacts/"+next+"/notes", note("of the second"))
	his.hears("of the second")
	first.wants(200, "", "POST", path+"/notes", note("after"))
	hers.hears("after")
	his.hears("after")
	hers.never("of the second")
	if got, want := told(first.wants(200, "", "GET", path+"/transcript?sortOrder=ASCENDING&maxResults=100", "")), []string{"[before]", "[after]"}; !slices.Equal(got, want) {
		t.Errorf("the first agent reads %q, want %q", got, want)
	}
	if got, want := told(second.wants(200, "", "GET", "/agent/v1/contacts/"+next+"/transcript?sortOrder=ASCENDING&maxResults=100", "")), []string{"[before]", "[of the second]", "[after]"}; !slices.Equal(got, want) {
		t.Errorf("the second agent reads %q, want %q", got, want)
	}
	ada.must(ada.chats.Leave(context.Background(), ada.who))
	his.hears("chat.ended")
	first.wants(200, "", "POST", path+"/notes", note("last"))
	hers.hears("last")
	hers.never("chat.ended")
}

// An agent who is in after-contact work and gets the chat again hears it, in a window that was opened in between.
func TestAChatThatComesBackInAfterContactWork(t *testing.T) {
	w := newWorld(t)
	w.user(instance, "lea", center.SecurityAdmin)
	sales := w.queue(center.Queue{Head: headed("sales")})
	to := w.quickConnect("sales", center.QuickConnect{Type: center.QuickConnectQueue, Queue: sales, Flow: w.makeFlow("to queue", "QUEUE_TRANSFER", toQueue)})
	lea := w.program("lea")
	ada, path := lea.accepted("lea")
	next, _ := lea.wants(200, "", "POST", path+"/transfer", named(to)).json["contactId"].(string)
	late := lea.connect()
	late.shows("after-contact work", in("ended"))
	ada.say("meanwhile")
	w.must(w.agents.Offer(context.Background(), instance, center.ContactID(next), w.named("lea"), 0))
	lea.wants(200, "", "POST", "/agent/v1/contacts/"+next+"/accept", "")
	late.hears("participant.joined")
	ada.say("you again")
	late.hears("you again")
	late.never("meanwhile")
}

// never checks that nothing of what the socket has got so far has a text in it.
func (l *line) never(text string) {
	l.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.all {
		if raw, _ := json.Marshal(f); strings.Contains(string(raw), text) {
			l.Errorf("the socket has %q: %s", text, raw)
		}
	}
}
