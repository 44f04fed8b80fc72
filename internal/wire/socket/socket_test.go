package socket

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestWhatClientsSend(t *testing.T) {
	chat := Request{Kind: Subscribe, Topics: []string{"aws/chat"}}
	for _, c := range []struct {
		name, frame string
		want        Request
	}{
		{"chatjs subscribe", `{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}`, chat},
		{"chatjs ping", `{"topic":"aws/ping"}`, Request{Kind: Ping}},
		{"chatjs heartbeat", `{"topic":"aws/heartbeat"}`, Request{Kind: Heartbeat}},
		{"Android subscribe", `{"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}}`, chat},
		{"iOS subscribe", `{"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}})`, chat},
		{"any spacing", "\n{ \"content\" : {\"topics\":[ \"aws/chat\" ]} ,\t\"topic\":\"aws/subscribe\"}xx", chat},
		{"members we do not know", `{"topic":"aws/ping","content":{"a":[1]},"x":null}`, Request{Kind: Ping}},
		{"content of another type where none is read", `{"topic":"aws/ping","content":7}`, Request{Kind: Ping}},
		{"two topics", `{"topic":"aws/subscribe","content":{"topics":["a","aws/chat"]}}`,
			Request{Kind: Subscribe, Topics: []string{"a", "aws/chat"}}},
		{"no topics", `{"topic":"aws/subscribe","content":{}}`, Request{Kind: Subscribe}},
		{"subscribe without content", `{"topic":"aws/subscribe"}`, Request{}},
		{"topics of the wrong type", `{"topic":"aws/subscribe","content":{"topics":"aws/chat"}}`, Request{}},
		{"unsubscribe", `{"topic":"aws/unsubscribe","content":{"topics":["aws/chat"]}}`, Request{}},
		{"empty", ``, Request{}},
		{"garbage", `}{`, Request{}},
		{"not an object", `[1,2]`, Request{}},
		{"topic of the wrong type", `{"topic":1}`, Request{}},
		{"cut short", `{"topic":"aws/ping"`, Request{}},
		{"deep", strings.Repeat(`{"topic":`, 3000), Request{}},
	} {
		if got := Parse([]byte(c.frame)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestTheUsualFramesMeanWhatTheyDecodeTo(t *testing.T) {
	for frame, want := range usual {
		if got := decode([]byte(frame)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: decodes to %+v, listed as %+v", frame, got, want)
		}
	}
}

func TestAnItemIsAStringOfJSON(t *testing.T) {
	got := string(AppendItem(nil, &Item{
		AbsoluteTime: "2023-03-21T06:33:01.515Z", Content: "say \"hé\\\"\n\x01", ContentType: "text/plain", ID: "i",
		Type: "MESSAGE", ParticipantID: "p", DisplayName: "Jane", ParticipantRole: "CUSTOMER",
		InitialContactID: "c0", ContactID: "c1",
	}))
	want := `{"content":"{\"AbsoluteTime\":\"2023-03-21T06:33:01.515Z\",\"Content\":\"say \\\"hé\\\\\\\"\\n\\u0001\",` +
		`\"ContentType\":\"text/plain\",\"Id\":\"i\",\"Type\":\"MESSAGE\",\"ParticipantId\":\"p\",\"DisplayName\":\"Jane\",` +
		`\"ParticipantRole\":\"CUSTOMER\",\"InitialContactId\":\"c0\",\"ContactId\":\"c1\"}",` +
		`"contentType":"application/json","topic":"aws/chat"}`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTextThatIsNotUTF8IsReplaced(t *testing.T) {
	frame := AppendItem(nil, &Item{Content: "a\xff\xc3b\xe2\x82"})
	if !utf8.Valid(frame) || !strings.Contains(string(frame), "a\ufffd\ufffdb\ufffd\ufffd") {
		t.Errorf("%q", frame)
	}
}

func TestRefusal(t *testing.T) {
	if got, want := string(AppendRefusal(nil, []string{"a\"", "b"})),
		`{"topic":"aws/subscribe","content":{"status":"failure","topics":["a\"","b"]}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := string(AppendRefusal(nil, nil)),
		`{"topic":"aws/subscribe","content":{"status":"failure","topics":[]}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEncodingAnItemAllocatesNothing(t *testing.T) {
	it := message()
	buf := make([]byte, 0, 4096)
	// Not AppendItem itself: its pool forgets at random under the race detector.
	raw := make([]byte, 0, 2048)
	if n := testing.AllocsPerRun(100, func() {
		raw = appendItemJSON(raw[:0], it)
		buf = appendEscaped(buf[:0], raw)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	frame := []byte(`{"topic":"aws/heartbeat"}`)
	if n := testing.AllocsPerRun(100, func() { Parse(frame) }); n > 0 {
		t.Errorf("reading a heartbeat: %v allocations", n)
	}
}

// jsonItem is how a client sees an item, for the standard decoder to judge ours by.
type jsonItem struct {
	AbsoluteTime, Content, ContentType, Id, Type, ParticipantId, DisplayName, ParticipantRole string
	InitialContactId, ContactId                                                               string
	MessageMetadata                                                                           *struct {
		MessageId string
		Receipts  []struct{ DeliveredTimestamp, ReadTimestamp, RecipientParticipantId string }
	}
}

func open(t *testing.T, frame []byte) jsonItem {
	t.Helper()
	var outer struct{ Content, ContentType, Topic string }
	if err := json.Unmarshal(frame, &outer); err != nil {
		t.Fatalf("%v in %q", err, frame)
	}
	if outer.Topic != TopicChat || outer.ContentType != "application/json" {
		t.Fatalf("envelope %q", frame)
	}
	var it jsonItem
	if err := json.Unmarshal([]byte(outer.Content), &it); err != nil {
		t.Fatalf("%v in %q", err, outer.Content)
	}
	return it
}

func FuzzServerFrame(f *testing.F) {
	f.Add("2023-03-21T06:33:01.515Z", "hello \"there\"\n", "text/plain", "Jane \\ \u2028", "\xff")
	f.Add("", "\x00\x1f\x7f", "a", "", "\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, at, content, kind, name, id string) {
		frame := AppendItem(nil, &Item{
			AbsoluteTime: at, Content: content, ContentType: kind, ID: id, ParticipantID: id, DisplayName: name,
			Metadata: &MessageMetadata{MessageID: id, Receipts: []Receipt{{ReadTimestamp: at, RecipientParticipantID: name}}},
		})
		if !utf8.Valid(frame) {
			t.Fatalf("not UTF-8: %q", frame)
		}
		v := func(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
		got := open(t, frame)
		// ToValidUTF8 makes one mark of a run of bad bytes, JSON one of each: compare with runs folded.
		fold := func(s string) string {
			for strings.Contains(s, "\ufffd\ufffd") {
				s = strings.ReplaceAll(s, "\ufffd\ufffd", "\ufffd")
			}
			return s
		}
		for _, c := range [][2]string{
			{got.AbsoluteTime, at}, {got.Content, content}, {got.ContentType, kind}, {got.Id, id}, {got.ParticipantId, id},
			{got.MessageMetadata.MessageId, id}, {got.MessageMetadata.Receipts[0].ReadTimestamp, at},
			{got.MessageMetadata.Receipts[0].RecipientParticipantId, name},
		} {
			if fold(c[0]) != fold(v(c[1])) {
				t.Errorf("came back as %q, was %q", c[0], c[1])
			}
		}
		if id != "" && fold(got.DisplayName) != fold(v(name)) {
			t.Errorf("DisplayName came back as %q, was %q", got.DisplayName, name)
		}
	})
}

func FuzzClientFrame(f *testing.F) {
	for frame := range usual {
		f.Add([]byte(frame))
	}
	f.Add([]byte(`{"topic":"aws/subscribe","content":{"topics":["x",null]}}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		if got, want := Parse(frame), decode(frame); !cmp.Equal(got, want) {
			t.Errorf("%q: %+v by the table, %+v by the decoder", frame, got, want)
		}
	})
}

func message() *Item {
	return &Item{
		AbsoluteTime: "2023-03-21T06:33:01.515Z", Content: strings.Repeat("The quick brown fox. ", 9),
		ContentType: "text/plain", ID: "33333333-be0d-4a44-889d-d2a86fc06f0c", Type: "MESSAGE",
		ParticipantID: "33333333-be0d-4a44-889d-d2a86fc06f0d", DisplayName: "Jane", ParticipantRole: "CUSTOMER",
		InitialContactID: "33333333-be0d-4a44-889d-d2a86fc06f0e", ContactID: "33333333-be0d-4a44-889d-d2a86fc06f0f",
	}
}

func BenchmarkItem(b *testing.B) {
	it := message()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendItem(buf[:0], it)
	}
}

func BenchmarkParseHeartbeat(b *testing.B) {
	frame := []byte(`{"topic":"aws/heartbeat"}`)
	for b.Loop() {
		Parse(frame)
	}
}
