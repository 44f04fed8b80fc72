package load_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/bench/load"
)

// TestTalk holds the client to what the figures and crash tests rely on: a message that is answered arrives on both
// sockets under the answer's id, once more from the transcript, and a repeated ClientToken changes nothing.
func TestTalk(t *testing.T) {
	if testing.Short() {
		t.Skip("left out: builds and starts the binary")
	}
	s, err := load.NewServer("sqlite:"+filepath.Join(t.TempDir(), "parley.db"), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	deadline := time.Now().Add(20 * time.Second)
	l := value(load.Dial(s.Address, deadline))
	t.Cleanup(func() { l.Close() })

	ana := value(s.StartChat(l, "start"))
	again := value(s.StartChat(l, "start"))
	if again.ContactID != ana.ContactID {
		t.Errorf("the same ClientToken started %s and %s", ana.ContactID, again.ContactID)
	}
	customer, customerSocket := join(t, s, l, ana, deadline)
	see(t, customerSocket, load.Greeting)
	bot, botSocket := join(t, s, l, value(s.AddBot(l, ana.ContactID, "bot")), deadline)

	body := load.AppendMessage(nil, []byte("hello"), []byte("token-1"))
	first := string(value(l.Call(s.MessageRequest(customer), body)))
	second := string(value(l.Call(s.MessageRequest(customer), body)))
	if first != second {
		t.Errorf("the same ClientToken was answered with %s and %s", first, second)
	}
	for _, socket := range []*load.Socket{customerSocket, botSocket} {
		if it := see(t, socket, "hello"); !strings.Contains(first, it.ID) {
			t.Errorf("the socket shows message %s, the answer was %s", it.ID, first)
		}
	}
	all := value(s.Transcript(l, bot.Token, func(load.Item) bool { return false }))
	if n := len(all); n < 2 || all[0].Content != "hello" || slices.ContainsFunc(all[1:], func(it load.Item) bool { return it.Content == "hello" }) {
		t.Errorf("the transcript is %+v, want one hello, the newest", all)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

func join(t *testing.T, s *load.Server, l *load.Line, who load.Credentials, deadline time.Time) (load.Connection, *load.Socket) {
	t.Helper()
	c := value(s.Connect(l, who.ParticipantToken))
	socket := value(load.OpenSocket(c.SocketURL, deadline))
	t.Cleanup(func() { socket.Close() })
	return c, socket
}

func see(t *testing.T, socket *load.Socket, content string) load.Item {
	t.Helper()
	for {
		frame, err := socket.Next()
		if err != nil {
			t.Fatalf("waiting for %q: %v", content, err)
		}
		it, ok, err := load.ReadItem(frame)
		if err != nil {
			t.Fatal(err)
		}
		if ok && it.Content == content {
			return it
		}
	}
}

// value is a result that must be there.
func value[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
