package participant_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/participant"
)

var sent = []byte(`{"ContentType":"text/plain","Content":"Hello, my order 4711 has not arrived yet. Can you have a look?",` +
	`"ClientToken":"0b0e9f0e-4a63-4d0c-9b5e-0b5e5b8f4f0a"}`)

func sendMessage() *wire.Request {
	return &wire.Request{Body: sent, Header: http.Header{"X-Amz-Bearer": {"v4.local.token"}}}
}

// BenchmarkSendMessage decodes and checks a request and encodes its answer, beside encoding/json doing the same
// without the checks.
func BenchmarkSendMessage(b *testing.B) {
	answer := &participant.SendMessageOutput{
		Id:           new("01938f0e-4a63-7d0c-9b5e-0b5e5b8f4f0a"),
		AbsoluteTime: new("2026-01-02T03:04:05.678Z"),
	}
	b.Run("wire", func(b *testing.B) {
		b.ReportAllocs()
		q := sendMessage()
		buf := make([]byte, 0, 512)
		for b.Loop() {
			in := new(participant.SendMessageInput)
			if err := in.Decode(q); err != nil {
				b.Fatal(err)
			}
			buf = answer.AppendJSON(buf[:0])
		}
	})
	b.Run("encoding_json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			in := new(struct{ ContentType, Content, ClientToken *string })
			if err := json.Unmarshal(sent, in); err != nil {
				b.Fatal(err)
			}
			if _, err := json.Marshal(struct{ Id, AbsoluteTime *string }{answer.Id, answer.AbsoluteTime}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// The message path runs thousands of times a second: the input, one copy of the body, and a pointer a member.
func TestSendMessageAllocatesLittle(t *testing.T) {
	q := sendMessage()
	got := testing.AllocsPerRun(100, func() {
		in := new(participant.SendMessageInput)
		if err := in.Decode(q); err != nil {
			t.Fatal(err)
		}
	})
	if got > 6 {
		t.Errorf("decoding SendMessage allocates %v times, at most 6 were promised", got)
	}
}
