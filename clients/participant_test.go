package clients

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// Content types of Amazon Connect's chat events.
const (
	eventJoined    = "application/vnd.amazonaws.connect.event.participant.joined"
	eventLeft      = "application/vnd.amazonaws.connect.event.participant.left"
	eventTyping    = "application/vnd.amazonaws.connect.event.typing"
	eventDelivered = "application/vnd.amazonaws.connect.event.message.delivered"
	eventRead      = "application/vnd.amazonaws.connect.event.message.read"
	eventEnded     = "application/vnd.amazonaws.connect.event.chat.ended"
)

// item is one item of a chat, as the sockets and the transcript show it.
type item struct {
	AbsoluteTime     string
	ContactId        string
	Content          string
	ContentType      string
	DisplayName      string
	Id               string
	InitialContactId string
	ParticipantId    string
	ParticipantRole  string
	RelatedContactId string
	Type             string
	MessageMetadata  *struct {
		MessageId string
		Receipts  []struct {
			DeliveredTimestamp     string
			ReadTimestamp          string
			RecipientParticipantId string
		}
	}
}

func (i item) String() string {
	kind := strings.TrimPrefix(i.ContentType, "application/vnd.amazonaws.connect.")
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s %q", i.AbsoluteTime, i.ParticipantRole, i.Type, kind, i.Content))
}

// page is one page of a transcript.
type page struct {
	Transcript       []item
	NextToken        string
	InitialContactId string
}

// participantCredentials let a client in as one participant of one contact.
type participantCredentials struct {
	ContactId        string
	ParticipantId    string
	ParticipantToken string
}

// participant is somebody in a chat, driven through a foreign client. Its methods fail the test that it was made for.
type participant interface {
	connect()
	send(text string) item
	event(contentType, content string)
	transcript(maxResults int, nextToken string) page
	leave()
	// see waits until an item that matches has been shown to this participant.
	see(what string, match func(item) bool) item
	// shown is everything that a socket has shown so far; a client without one shows nothing.
	shown() []item
	live() bool
}

// inbox is what a client was shown on its socket, in order.
type inbox struct {
	t    testing.TB
	name string

	mu    sync.Mutex
	items []item
	news  chan struct{} // closed and replaced with every item
}

func newInbox(t testing.TB, name string) *inbox {
	return &inbox{t: t, name: name, news: make(chan struct{})}
}

func (b *inbox) put(i item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.items = append(b.items, i)
	close(b.news)
	b.news = make(chan struct{})
}

func (b *inbox) shown() []item {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]item(nil), b.items...)
}

func (b *inbox) see(what string, match func(item) bool) item {
	b.t.Helper()
	deadline := time.After(patience)
	next := 0
	for {
		b.mu.Lock()
		fresh, news := b.items[next:], b.news
		next = len(b.items)
		b.mu.Unlock()
		for _, i := range fresh {
			if match(i) {
				return i
			}
		}
		select {
		case <-news:
		case <-deadline:
			b.t.Fatalf("%s waited %v for %s; it was shown:\n%s", b.name, patience, what, lines(b.shown()))
		}
	}
}

func lines(items []item) string {
	var text strings.Builder
	for _, i := range items {
		fmt.Fprintln(&text, "  ", i)
	}
	return text.String()
}

// Matchers for see.

func withID(id string) func(item) bool {
	return func(i item) bool { return i.Id == id && i.Type == "MESSAGE" }
}

func eventBy(contentType, participantID string) func(item) bool {
	return func(i item) bool { return i.ContentType == contentType && i.ParticipantId == participantID }
}

func greeting(i item) bool { return i.Type == "MESSAGE" && i.ParticipantRole == "SYSTEM" }

func ended(i item) bool { return i.ContentType == eventEnded }

// receiptFor matches a receipt for a message, or the message itself with a receipt on it, as transcripts have it.
func receiptFor(messageID string, read bool) func(item) bool {
	return func(i item) bool {
		if i.MessageMetadata == nil || i.MessageMetadata.MessageId != messageID {
			return false
		}
		for _, r := range i.MessageMetadata.Receipts {
			if read && r.ReadTimestamp != "" || !read && r.DeliveredTimestamp != "" {
				return true
			}
		}
		return false
	}
}
