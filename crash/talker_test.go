package crash

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/bench/load"
)

const (
	// pace is how long a talker rests after each message.
	pace = 20 * time.Millisecond
	// breath is how long a client waits before it tries again what did not work.
	breath = 5 * time.Millisecond
	// answerWithin bounds each exchange, the time of a restart included.
	answerWithin = 20 * time.Second
)

// site is the server and what all its clients share.
type site struct {
	*load.Server
	t    *testing.T
	over atomic.Bool // talkers begin nothing new
	gone atomic.Bool // sockets are not opened again

	retried, reconnected, failed atomic.Int64
}

// answered repeats a call until it is answered with a success, over a new connection after each loss. An answer of
// 4xx ends the test: nothing that the clients ask is wrong.
func (s *site) answered(l **load.Line, call func(*load.Line) error) bool {
	for deadline := time.Now().Add(answerWithin); time.Now().Before(deadline); {
		err := s.once(l, call)
		var refused *load.StatusError
		switch {
		case err == nil:
			return true
		case errors.As(err, &refused) && refused.Status < 500:
			s.t.Errorf("a client was refused: %v", err)
			return false
		case errors.As(err, &refused):
			s.failed.Add(1)
		}
		s.retried.Add(1)
		time.Sleep(breath)
	}
	s.t.Errorf("a call was not answered within %v", answerWithin)
	return false
}

func (s *site) once(l **load.Line, call func(*load.Line) error) (err error) {
	deadline := time.Now().Add(answerWithin)
	if *l == nil {
		if *l, err = load.Dial(s.Address, deadline); err != nil {
			return err
		}
	}
	if err = (*l).Until(deadline); err == nil {
		err = call(*l)
	}
	var refused *load.StatusError
	if err != nil && !errors.As(err, &refused) && !errors.Is(err, errNotJoined) && !errors.Is(err, errNoGreeting) {
		(*l).Close()
		*l = nil
	}
	return err
}

// talker is a participant: one goroutine sends, another keeps the socket.
type talker struct {
	site *site
	name string // unique in the test; no other content begins with it
	who  load.Credentials

	mu         sync.Mutex
	connection load.Connection
	acks       []ack
	seen       map[string]load.Item // all that was shown, on sockets and in transcripts
	shown      map[string]bool      // ids that were shown on a socket
}

// ack is an answered message.
type ack struct{ id, content, time string }

func newTalker(s *site, name string, who load.Credentials) *talker {
	return &talker{site: s, name: name, who: who, seen: map[string]load.Item{}, shown: map[string]bool{}}
}

// talk sends one message after the other until it is over.
func (k *talker) talk() {
	var l *load.Line
	for n := 1; !k.site.over.Load(); n++ {
		if !k.say(&l, fmt.Sprintf("%s says %d.", k.name, n)) {
			return
		}
		time.Sleep(pace)
	}
}

// say sends a message until it is answered, always with the same token.
func (k *talker) say(l **load.Line, content string) bool {
	body := load.AppendMessage(nil, []byte(content), []byte("token of "+content))
	var answer struct {
		ID           string `json:"Id"`
		AbsoluteTime string
	}
	ok := k.site.answered(l, func(l *load.Line) error {
		k.mu.Lock()
		r := k.site.MessageRequest(k.connection)
		k.mu.Unlock()
		raw, err := l.Call(r, body)
		if err != nil {
			return err
		}
		return json.Unmarshal(raw, &answer)
	})
	if !ok {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.acks = append(k.acks, ack{answer.ID, content, answer.AbsoluteTime})
	return true
}

// listen keeps a socket open until the test ends, and reads it.
func (k *talker) listen() {
	var l *load.Line
	for first := true; !k.site.gone.Load(); first = false {
		if !first {
			k.site.reconnected.Add(1)
		}
		socket := k.connect(&l)
		if socket == nil {
			return
		}
		k.read(socket)
		socket.Close()
	}
}

// connect opens a socket and then reads what the transcript has beyond what was seen.
func (k *talker) connect(l **load.Line) (socket *load.Socket) {
	ok := k.site.answered(l, func(l *load.Line) error {
		if k.site.gone.Load() {
			return nil
		}
		c, err := k.site.Connect(l, k.who.ParticipantToken)
		if err != nil {
			return err
		}
		opened, err := load.OpenSocket(c.SocketURL, time.Now().Add(answerWithin))
		if err != nil {
			return err
		}
		missed, err := k.site.Transcript(l, c.Token, k.hasSeen)
		if err != nil {
			opened.Close()
			return err
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.connection = c
		for _, it := range missed {
			k.seen[it.ID] = it
		}
		socket = opened
		return nil
	})
	if !ok {
		return nil
	}
	return socket
}

// joined waits until the transcript says that the talker is in the chat. A subscription is answered before that is
// stored, and a message that comes in between is refused.
func (k *talker) joined(l **load.Line) bool {
	return k.site.answered(l, func(l *load.Line) error {
		all, err := k.site.Transcript(l, k.connection.Token, everything)
		if err == nil && !slices.ContainsFunc(all, k.isJoining) {
			err = errNotJoined
		}
		return err
	})
}

func (k *talker) isJoining(it load.Item) bool {
	return it.ParticipantID == k.who.ParticipantID && strings.HasSuffix(it.ContentType, ".participant.joined")
}

var errNotJoined = errors.New("not joined yet")

// everything reads a transcript to its beginning.
func everything(load.Item) bool { return false }

func (k *talker) hasSeen(it load.Item) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, seen := k.seen[it.ID]
	return seen
}

// read notes what a socket shows, until its end. One socket shows nothing twice, and its times go on.
func (k *talker) read(socket *load.Socket) {
	here, last := map[string]bool{}, ""
	for {
		if err := socket.Until(time.Now().Add(time.Minute)); err != nil {
			return
		}
		frame, err := socket.Next()
		if err != nil {
			return // the server was killed
		}
		it, ok, err := load.ReadItem(frame)
		if err != nil {
			k.site.t.Errorf("%s: frame %s: %v", k.name, frame, err)
			return
		}
		if !ok {
			continue
		}
		if here[it.ID] {
			k.site.t.Errorf("%s: one socket showed %+v twice", k.name, it)
		}
		if it.AbsoluteTime <= last {
			k.site.t.Errorf("%s: a socket showed %+v after an item of %s", k.name, it, last)
		}
		here[it.ID], last = true, it.AbsoluteTime
		k.mu.Lock()
		k.seen[it.ID], k.shown[it.ID] = it, true
		k.mu.Unlock()
	}
}

// wasShown says whether one of the talker's sockets has shown an item.
func (k *talker) wasShown(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.shown[id]
}

// newcomers are customers who begin chats, one after the other.
type newcomers struct {
	site    *site
	name    string
	started []load.Credentials
}

// begin starts chats until it is over, each with a token of its own, and connects until the flow has greeted.
func (w *newcomers) begin() {
	var l *load.Line
	for n := 1; !w.site.over.Load(); n++ {
		token := fmt.Sprintf("%s starts %d", w.name, n)
		var who load.Credentials
		if !w.site.answered(&l, func(l *load.Line) (err error) {
			who, err = w.site.StartChat(l, token)
			return err
		}) || !w.greeted(&l, who) {
			return
		}
		w.started = append(w.started, who)
		time.Sleep(pace)
	}
}

// greeted connects until a socket is subscribed; the greeting is then for the transcript to show.
func (w *newcomers) greeted(l **load.Line, who load.Credentials) bool {
	return w.site.answered(l, func(l *load.Line) error {
		c, err := w.site.Connect(l, who.ParticipantToken)
		if err != nil {
			return err
		}
		socket, err := load.OpenSocket(c.SocketURL, time.Now().Add(answerWithin))
		if err != nil {
			return err
		}
		defer socket.Close()
		all, err := w.site.Transcript(l, c.Token, everything)
		if err != nil || count(all, load.Greeting) > 0 {
			return err
		}
		return errNoGreeting
	})
}

var errNoGreeting = errors.New("not greeted yet")

// count is how many items have this content.
func count(items []load.Item, content string) int {
	n := 0
	for _, it := range items {
		if it.Content == content {
			n++
		}
	}
	return n
}
