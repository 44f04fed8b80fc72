package clients

import (
	"fmt"
	"slices"
	"testing"
)

const (
	customerName = "Ana"
	botName      = "Bot"
)

// persistentChat continues an ended chat, as StartChatContact's PersistentChat does.
type persistentChat struct {
	SourceContactId string
	RehydrationType string
}

// startedChat is StartChatContact's answer.
type startedChat struct {
	participantCredentials
	ContinuedFromContactId string
}

// desk is the business's own side: it starts chats and adds its bot to them.
type desk interface {
	start(*persistentChat) startedChat
	addBot(contactID string) participantCredentials
}

// judge is one foreign client, in all the roles that the story needs.
type judge struct {
	desk        func(testing.TB, server) desk
	participant func(t testing.TB, s server, creds participantCredentials, bot bool) participant
}

// The same story for every client: nothing in it knows which one is talking.

func TestStoryWithTheAWSSDKForGo(t *testing.T) {
	t.Parallel()
	judge{desk: sdkDeskOf, participant: newSDKParticipant}.run(t)
}

func TestStoryWithChatJSInNode(t *testing.T) {
	t.Parallel()
	program := node(t)
	judge{
		desk: sdkDeskOf,
		participant: func(t testing.TB, s server, creds participantCredentials, bot bool) participant {
			return newChatJSParticipant(t, program, s, creds, bot)
		},
	}.run(t)
}

func TestStoryWithBoto3(t *testing.T) {
	t.Parallel()
	program := python(t)
	judge{
		desk: func(t testing.TB, s server) desk { return newBoto3Desk(t, program, s) },
		participant: func(t testing.TB, s server, creds participantCredentials, bot bool) participant {
			return newBoto3Participant(t, program, s, creds, bot)
		},
	}.run(t)
}

func sdkDeskOf(t testing.TB, s server) desk { return newSDKDesk(t, s) }

func (j judge) run(t *testing.T) {
	s := startDev(t)
	desk := j.desk(t, s)
	step := steps(t)

	step("StartChatContact")
	first := desk.start(nil)
	if first.ContactId == "" || first.ParticipantId == "" || first.ParticipantToken == "" {
		t.Fatalf("StartChatContact answered %+v, want a contact, a participant and a token", first)
	}
	if first.ContinuedFromContactId != "" {
		t.Errorf("a chat that continues nothing is ContinuedFromContactId %s", first.ContinuedFromContactId)
	}

	step("the customer connects, and the flow greets")
	customer := j.participant(t, s, first.participantCredentials, false)
	customer.connect()
	greeted := customer.see("the flow's greeting", greeting)
	if greeted.DisplayName != "SYSTEM_MESSAGE" {
		t.Errorf("the greeting's DisplayName is %q, want SYSTEM_MESSAGE", greeted.DisplayName)
	}

	step("a custom participant joins")
	botCreds := desk.addBot(first.ContactId)
	bot := j.participant(t, s, botCreds, true)
	bot.connect()
	customer.see("the bot joining", eventBy(eventJoined, botCreds.ParticipantId))

	step("messages go both ways")
	said := []string{}
	asked := exchange(t, customer, bot, "Is anybody there? <b>ünïcödé</b> 🎈", &said)
	answered := exchange(t, bot, customer, "I am, ask away.", &said)

	if customer.live() {
		step("typing shows")
		customer.event(eventTyping, "")
		bot.see("the customer typing", eventBy(eventTyping, first.ParticipantId))
		bot.event(eventTyping, "")
		customer.see("the bot typing", eventBy(eventTyping, botCreds.ParticipantId))
	}

	step("delivered and read receipts come back")
	receipt(customer, answered, eventDelivered)
	bot.see("the delivered receipt", receiptFor(answered, false))
	receipt(customer, answered, eventRead)
	bot.see("the read receipt", receiptFor(answered, true))
	receipt(bot, asked, eventRead)
	customer.see("the bot's read receipt", receiptFor(asked, true))

	step("the transcript comes in pages")
	for n := range 4 {
		exchange(t, customer, bot, fmt.Sprintf("question %d", n), &said)
		exchange(t, bot, customer, fmt.Sprintf("answer %d", n), &said)
	}
	history, pages := readBack(t, customer, 5)
	if pages < 3 {
		t.Errorf("%d items came in %d pages of 5, want at least 3", len(history), pages)
	}
	checkCurrent(t, history, first, greeted, said)
	checkReceiptsInTranscript(t, history, answered)

	step("the customer leaves, and chat.ended is the last item")
	customer.leave()
	for _, who := range []participant{customer, bot} {
		checkEnd(t, who, first.ParticipantId)
	}

	step("the customer comes back to the whole past session")
	second := desk.start(&persistentChat{SourceContactId: first.ContactId, RehydrationType: "ENTIRE_PAST_SESSION"})
	returned := j.comeBack(t, s, second, first.ContactId)
	_, past := splitAt(t, returned, second.ContactId)
	checkPast(t, past, first.ContactId, said)

	step("and once more, from that segment on")
	third := desk.start(&persistentChat{SourceContactId: second.ContactId, RehydrationType: "FROM_SEGMENT"})
	returned = j.comeBack(t, s, third, second.ContactId)
	_, past = splitAt(t, returned, third.ContactId)
	nearer := slices.IndexFunc(past, func(i item) bool { return i.RelatedContactId == second.ContactId })
	if nearer < 0 {
		t.Fatalf("nothing of contact %s is in the past of %s:\n%s", second.ContactId, third.ContactId, lines(past))
	}
	checkPast(t, past[:nearer], first.ContactId, said)
	checkPast(t, past[nearer:], second.ContactId, nil)
}

// comeBack connects the customer of a continued chat, reads everything back and leaves again.
func (j judge) comeBack(t *testing.T, s server, chat startedChat, from string) []item {
	t.Helper()
	if chat.ContinuedFromContactId != from {
		t.Errorf("ContinuedFromContactId is %q, want %s", chat.ContinuedFromContactId, from)
	}
	customer := j.participant(t, s, chat.participantCredentials, false)
	customer.connect()
	customer.see("the flow's greeting", func(i item) bool { return greeting(i) && i.ContactId == chat.ContactId })
	history, _ := readBack(t, customer, 5)
	customer.leave()
	checkEnd(t, customer, chat.ParticipantId)
	return history
}

// steps prints one line a step, so that a log reads as the story did.
func steps(t testing.TB) func(string) {
	n := 0
	return func(what string) {
		t.Helper()
		n++
		t.Logf("%d. %s", n, what)
	}
}

// exchange has one participant say something and the other see it under the same id, and gives that id.
func exchange(t *testing.T, from, to participant, text string, said *[]string) string {
	t.Helper()
	sent := from.send(text)
	got := to.see("the message "+text, withID(sent.Id))
	if got.Content != text || got.AbsoluteTime != sent.AbsoluteTime {
		t.Errorf("sent %q at %s, the other was shown %q at %s", text, sent.AbsoluteTime, got.Content, got.AbsoluteTime)
	}
	*said = append(*said, text)
	return sent.Id
}

func receipt(from participant, messageID, kind string) {
	from.event(kind, fmt.Sprintf(`{"messageId":%q}`, messageID))
}

// readBack pages from the newest item to the oldest there is, and gives them oldest first.
func readBack(t *testing.T, by participant, maxResults int) (items []item, pages int) {
	t.Helper()
	for token := ""; ; pages++ {
		p := by.transcript(maxResults, token)
		if len(p.Transcript) > maxResults {
			t.Errorf("a page of %d has %d items", maxResults, len(p.Transcript))
		}
		items = append(slices.Clone(p.Transcript), items...)
		if p.NextToken == "" {
			break
		}
		if len(p.Transcript) == 0 && token != "" || pages > 100 {
			t.Fatalf("page %d has %d items and yet a NextToken", pages+1, len(p.Transcript))
		}
		token = p.NextToken
	}
	seen := map[string]bool{}
	for n, i := range items {
		if seen[i.Id] {
			t.Errorf("item %s is in the transcript twice", i)
		}
		seen[i.Id] = true
		if n > 0 && items[n-1].AbsoluteTime > i.AbsoluteTime {
			t.Errorf("the transcript goes back in time:\n%s", lines(items[n-1:n+1]))
		}
	}
	return items, pages + 1
}

// checkCurrent holds a transcript to its order: the customer joined, the flow greeted, then everything that was said.
func checkCurrent(t *testing.T, history []item, chat startedChat, greeted item, said []string) {
	t.Helper()
	if len(history) < 3 {
		t.Fatalf("the transcript has only:\n%s", lines(history))
	}
	if !eventBy(eventJoined, chat.ParticipantId)(history[0]) {
		t.Errorf("the transcript begins with %s, want the customer joining", history[0])
	}
	if history[1].Id != greeted.Id {
		t.Errorf("after the joining comes %s, want the greeting", history[1])
	}
	for _, i := range history {
		if i.ContactId != chat.ContactId || i.RelatedContactId != "" {
			t.Errorf("%s has ContactId %q and RelatedContactId %q, want %s and none", i, i.ContactId, i.RelatedContactId, chat.ContactId)
		}
	}
	checkSaid(t, history, said)
}

func checkSaid(t *testing.T, history []item, said []string) {
	t.Helper()
	var got []string
	for _, i := range history {
		if i.Type == "MESSAGE" && i.ParticipantRole != "SYSTEM" {
			got = append(got, i.Content)
		}
	}
	if !slices.Equal(got, said) {
		t.Errorf("the transcript says\n  %q, want\n  %q", got, said)
	}
}

func checkReceiptsInTranscript(t *testing.T, history []item, messageID string) {
	t.Helper()
	if !slices.ContainsFunc(history, func(i item) bool { return i.Id == messageID && receiptFor(messageID, true)(i) }) {
		t.Errorf("message %s carries no read receipt in the transcript:\n%s", messageID, lines(history))
	}
}

// checkEnd waits for the end on a participant's socket: the customer left, and chat.ended came last and once.
func checkEnd(t *testing.T, who participant, leaverID string) {
	t.Helper()
	if !who.live() {
		return
	}
	who.see("chat.ended", ended)
	shown := who.shown()
	last := shown[len(shown)-1]
	if !ended(last) {
		t.Errorf("the last item shown is %s, want chat.ended", last)
	}
	if last.ParticipantId != "" {
		t.Errorf("chat.ended has ParticipantId %s, want none", last.ParticipantId)
	}
	if !slices.ContainsFunc(shown, eventBy(eventLeft, leaverID)) {
		t.Errorf("nobody was told that the customer left:\n%s", lines(shown))
	}
	times := map[string]int{}
	for _, i := range shown {
		if times[i.Id]++; times[i.Id] > 1 && i.ContentType != eventTyping {
			t.Errorf("shown more than once: %s", i)
		}
	}
}

// splitAt parts a returned customer's transcript into the past and what belongs to the contact of today.
func splitAt(t *testing.T, history []item, contactID string) (current, past []item) {
	t.Helper()
	at := slices.IndexFunc(history, func(i item) bool { return i.ContactId == contactID })
	if at < 0 {
		t.Fatalf("nothing in the transcript is of contact %s:\n%s", contactID, lines(history))
	}
	for _, i := range history[at:] {
		if i.ContactId != contactID || i.RelatedContactId != "" {
			t.Errorf("after the past comes %s with ContactId %q and RelatedContactId %q", i, i.ContactId, i.RelatedContactId)
		}
	}
	return history[at:], history[:at]
}

// checkPast holds the items of a past contact to what was said then, ended by chat.ended.
func checkPast(t *testing.T, past []item, contactID string, said []string) {
	t.Helper()
	if len(past) == 0 {
		t.Fatalf("nothing of contact %s is in the past", contactID)
	}
	for _, i := range past {
		if i.RelatedContactId != contactID {
			t.Errorf("past item %s has RelatedContactId %q, want %s", i, i.RelatedContactId, contactID)
		}
	}
	if last := past[len(past)-1]; !ended(last) {
		t.Errorf("contact %s ends with %s, want chat.ended", contactID, last)
	}
	checkSaid(t, past, said)
}
