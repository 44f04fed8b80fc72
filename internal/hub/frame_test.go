package hub

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

var update = flag.Bool("update", false, "rewrite the golden frames")

const chatOfTests = center.StreamID("66666666-be0d-4a44-889d-d2a86fc06f0c")

// TestGoldenFrames holds every kind of frame byte for byte. Their shapes are those that amazon-connect-chatjs 5.0.0
// accepts and the item samples of the Amazon Connect administrator guide.
func TestGoldenFrames(t *testing.T) {
	at := time.Date(2023, 3, 21, 6, 33, 1, 515e6, time.UTC)
	jane := center.Item{
		ID: "33333333-be0d-4a44-889d-d2a86fc06f0c", Time: at, Type: center.TypeMessage, ContentType: center.TextPlain,
		Contact: "44444444-be0d-4a44-889d-d2a86fc06f0c", ParticipantID: "55555555-be0d-4a44-889d-d2a86fc06f0c",
		DisplayName: "Jane", Role: center.RoleCustomer,
	}
	with := func(change func(*center.Item)) []byte {
		it := jane
		change(&it)
		return itemFrame(chatOfTests, &it)
	}
	event := func(kind string) func(*center.Item) {
		return func(it *center.Item) { it.Type, it.ContentType = center.TypeEvent, kind }
	}
	for name, frame := range map[string][]byte{
		"subscribed": subscribedFrame,
		"heartbeat":  heartbeatFrame,
		"ping":       pingFrame,
		"message":    with(func(it *center.Item) { it.Content = "help" }),
		"message_escaped": with(func(it *center.Item) {
			it.Content = "a \"quote\", a \\, <b>&amp;</b>,\na tab\t, grüße \U0001f600 \u2028"
		}),
		"message_json": with(func(it *center.Item) {
			it.ContentType, it.Content = center.ApplicationJSON, `{"a":["\"x\"",1]}`
		}),
		"interactive": with(func(it *center.Item) {
			it.ContentType, it.Role, it.DisplayName = center.Interactive, center.RoleSystem, "BOT"
			it.Content = `{"templateType":"QuickReply","version":"1.0","data":{"content":{"title":"Well?","elements":[{"title":"Yes"}]}}}`
		}),
		"participant_joined":   with(event(center.EventJoined)),
		"participant_left":     with(event(center.EventLeft)),
		"participant_idle":     with(event(center.EventIdle)),
		"participant_returned": with(event(center.EventReturned)),
		"autodisconnection":    with(event(center.EventAutoDisconnection)),
		"typing":               with(event(center.EventTyping)),
		"participant_unnamed":  with(func(it *center.Item) { event(center.EventJoined)(it); it.DisplayName = "" }),
		"chat_ended":           with(event(center.EventEnded)),
		"chat_rehydrated":      with(func(it *center.Item) { event(center.EventRehydrated)(it); it.ParticipantID = "" }),
		"receipt_delivered":    with(receipt(at, time.Time{})),
		"receipt_read":         with(receipt(time.Time{}, at)),
		"receipt_both":         with(receipt(at, at.Add(time.Second))),
		"close_1001":           closeFrame(closeGoingAway, "going away"),
		"close_without_a_code": closeFrame(0, ""),
		"pong":                 pongFrame([]byte("x")),
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", "frames", name)
			if *update {
				if err := os.WriteFile(file, frame, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(frame, want) {
				t.Errorf("got\n%q\nwant\n%q", frame, want)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	for n, want := range map[int]string{
		0: "\x81\x00", 125: "\x81\x7d", 126: "\x81\x7e\x00\x7e", 65535: "\x81\x7e\xff\xff",
		65536: "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
	} {
		text := bytes.Repeat([]byte("x"), n)
		if got := textFrame(text); string(got) != want+string(text) {
			t.Errorf("%d bytes: header %q, want %q", n, got[:len(got)-n], want)
		}
	}
	long := itemFrame(chatOfTests, &center.Item{Content: strings.Repeat("x", 70000)})
	if string(long[:8]) != "\x81\x7f\x00\x00\x00\x00\x00\x01" || !bytes.HasPrefix(long[10:], []byte(`{"content":"{`)) {
		t.Errorf("a long item begins with %q", long[:24])
	}
}

func receipt(delivered, read time.Time) func(*center.Item) {
	return func(it *center.Item) {
		it.Type, it.ContentType = center.TypeMetadata, center.EventMetadata
		it.Receipt = &center.Receipt{
			Message: "77777777-be0d-4a44-889d-d2a86fc06f0c", Recipient: it.ParticipantID, Delivered: delivered, Read: read,
		}
	}
}
