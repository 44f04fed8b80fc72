package clients

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestChatJSReconnects drops the customer's socket under chatjs. Nothing is replayed by a socket, so what was said
// meanwhile must be in the transcript that chatjs reads when it is back.
func TestChatJSReconnects(t *testing.T) {
	t.Parallel()
	program := node(t)
	s := startDev(t)
	network, throughNetwork := startBadNetwork(t, s)
	desk := newSDKDesk(t, s)
	step := steps(t)

	step("a customer on chatjs and a bot talk")
	started := desk.start(nil)
	customer := newChatJSParticipant(t, program, throughNetwork, started.participantCredentials, false)
	customer.follow = true
	customer.connect()
	bot := newSDKParticipant(t, s, desk.addBot(started.ContactId), true)
	bot.connect()
	var said []string
	exchange(t, customer, bot, "hello", &said)

	step("the socket is lost, and things are said meanwhile")
	established := customer.told("onConnectionEstablished")
	network.lose()
	customer.await("onConnectionLost", func(notices []string, _ []item) bool { return slices.Contains(notices, "onConnectionLost") })
	missed := bot.send("did you hear that?")
	network.mend()

	step("chatjs comes back and reads what it missed")
	customer.await("another onConnectionEstablished", func(notices []string, _ []item) bool {
		return count(notices, "onConnectionEstablished") > established
	})
	customer.await("the missed message", func(_ []string, view []item) bool { return slices.ContainsFunc(view, withID(missed.Id)) })
	exchange(t, bot, customer, "and this?", &said)
	exchange(t, customer, bot, "now I do", &said)

	step("heartbeats go on being answered")
	beats := customer.told("onDeepHeartbeatSuccess")
	customer.await("two more heartbeats", func(notices []string, _ []item) bool {
		return count(notices, "onDeepHeartbeatSuccess") >= beats+2
	})
	checkUnbroken(t, customer.driven)
	if n := customer.told("onConnectionLost"); n != 1 {
		t.Errorf("the connection was lost %d times, want once", n)
	}
	customer.leave()
	customer.see("chat.ended", ended)
}

// checkUnbroken holds a chatjs session to never having been broken for good, nor left without an answer.
func checkUnbroken(t *testing.T, d *driven) {
	t.Helper()
	for _, bad := range []string{"onConnectionBroken", "onDeepHeartbeatFailure"} {
		if n := d.told(bad); n != 0 {
			t.Errorf("%s was told %s %d times", d.name, bad, n)
		}
	}
}

// TestChatJSLivesThroughRestarts replaces the server under two talking chatjs sessions, as systemd does with socket
// activation: the listening socket outlives each process, so that connections wait in its backlog and none is refused.
func TestChatJSLivesThroughRestarts(t *testing.T) {
	t.Parallel()
	program := node(t)
	const restarts = 3
	step := steps(t)

	step("parley serve takes its listener from LISTEN_FDS")
	site := newSite(t)
	running := site.serve()
	desk := site.desk()
	started := desk.start(nil)
	customer := newChatJSParticipant(t, program, site.server, started.participantCredentials, false)
	customer.follow = true
	customer.connect()
	botCreds := desk.addBot(started.ContactId)
	bot := newChatJSParticipant(t, program, site.server, botCreds, true)
	bot.follow = true
	bot.connect()
	customer.see("the bot joining", eventBy(eventJoined, botCreds.ParticipantId))

	step("both talk throughout, while the process is replaced")
	talking, stop := make(chan []string), make(chan struct{})
	go talk(customer.driven, "customer", stop, talking)
	go talk(bot.driven, "bot", stop, talking)
	for range restarts {
		before := customer.told("onConnectionEstablished")
		running.terminate()
		running = site.serve()
		customer.await("the socket again", func(notices []string, _ []item) bool {
			return count(notices, "onConnectionEstablished") > before
		})
	}
	close(stop)
	sent := append(<-talking, <-talking...)

	step("nobody was cut off, and nothing is lost or doubled")
	checkUnbroken(t, customer.driven)
	checkUnbroken(t, bot.driven)
	slices.Sort(sent)
	for _, d := range []*driven{customer.driven, bot.driven} {
		d.await("everything that was said", func(_ []string, view []item) bool { return slices.Equal(messages(view), sent) })
	}
	history, _ := readBack(t, customer, 100)
	if got := messages(history); !slices.Equal(got, sent) {
		t.Errorf("%d messages were acknowledged, %d are in the transcript", len(sent), len(got))
	}
	t.Logf("%d restarts, %d messages, each there once", restarts, len(sent))
}

// messages are the texts of all messages but the flow's, sorted.
func messages(items []item) []string {
	var texts []string
	for _, i := range items {
		if i.Type == "MESSAGE" && i.ParticipantRole != "SYSTEM" {
			texts = append(texts, i.Content)
		}
	}
	slices.Sort(texts)
	return texts
}

// talk sends numbered messages at an even pace until stop is closed, and gives those that were acknowledged.
func talk(d *driven, who string, stop <-chan struct{}, acknowledged chan<- []string) {
	pace := time.NewTicker(100 * time.Millisecond)
	defer pace.Stop()
	var sent []string
	for n := 0; ; n++ {
		text := fmt.Sprintf("%s %d", who, n)
		if err := d.ask("send", map[string]any{"content": text}, nil); err != nil {
			d.t.Errorf("%s: %v", d.name, err)
		} else {
			sent = append(sent, text)
		}
		select {
		case <-stop:
			acknowledged <- sent
			return
		case <-pace.C:
		}
	}
}
