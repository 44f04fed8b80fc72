package participant_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/participant"
)

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer wire.Output
		want   string
	}{
		{"an answer without members", &participant.DisconnectParticipantOutput{}, `{}`},
		{"nothing set", &participant.CreateParticipantConnectionOutput{}, `{}`},
		{"members in the model's order", &participant.CreateParticipantConnectionOutput{
			ConnectionCredentials: &participant.ConnectionCredentials{ConnectionToken: new("t"), Expiry: new("2019-11-09T02:41:28.172Z")},
			Websocket:             &participant.Websocket{Url: new("wss://host/path?a=b&c=<d>"), ConnectionExpiry: new("2019-11-08T02:41:28.172Z")},
		}, `{"Websocket":{"Url":"wss://host/path?a=b&c=<d>","ConnectionExpiry":"2019-11-08T02:41:28.172Z"},` +
			`"ConnectionCredentials":{"ConnectionToken":"t","Expiry":"2019-11-09T02:41:28.172Z"}}`},
		{"an empty list", &participant.GetTranscriptOutput{Transcript: []participant.Item{}}, `{"Transcript":[]}`},
		{"a list of structures", &participant.GetTranscriptOutput{
			InitialContactId: new("c"),
			Transcript: []participant.Item{
				{AbsoluteTime: new("2026-01-02T03:04:05.678Z"), Content: new("line\nnext\u2028"), Id: new("1"), Type: new("MESSAGE")},
				{Id: new("2"), MessageMetadata: &participant.MessageMetadata{Receipts: []participant.Receipt{{ReadTimestamp: new("2026-01-02T03:04:06.000Z")}}}},
			},
		}, `{"InitialContactId":"c","Transcript":[` +
			`{"AbsoluteTime":"2026-01-02T03:04:05.678Z","Content":"line\nnext\u2028","Id":"1","Type":"MESSAGE"},` +
			`{"Id":"2","MessageMetadata":{"Receipts":[{"ReadTimestamp":"2026-01-02T03:04:06.000Z"}]}}]}`},
	} {
		if got := string(c.answer.AppendJSON(nil)); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// The request that chatjs 5.0.0 sends for a transcript.
func TestTranscriptRequestOfChatJS(t *testing.T) {
	in := new(participant.GetTranscriptInput)
	err := in.Decode(&wire.Request{
		Header: http.Header{"X-Amz-Bearer": {"token"}},
		Body:   []byte(`{"MaxResults":15,"ScanDirection":"BACKWARD","SortOrder":"ASCENDING","StartPosition":{}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if *in.MaxResults != 15 || *in.ScanDirection != "BACKWARD" || *in.SortOrder != "ASCENDING" || in.StartPosition == nil || *in.ConnectionToken != "token" {
		t.Errorf("read %+v", in)
	}
}

// Of several violations the first in the order of the model's members is reported, not in that of the request.
func TestFirstBadFieldInTheModelsOrder(t *testing.T) {
	for body, want := range map[string]string{
		`{"ClientToken":"` + strings.Repeat("x", 501) + `"}`:                                          "ContentType is a required parameter",
		`{"ClientToken":"` + strings.Repeat("x", 501) + `","Content":"","ContentType":"a"}`:           "Content must have length greater than or equal to 1, got 0",
		`{"ClientToken":"` + strings.Repeat("x", 501) + `","Content":"a","ContentType":"text/plain"}`: "ClientToken must have length less than or equal to 500, got 501",
		`{"Content":"a","ContentType":"text/plain"}`:                                                  "ConnectionToken is a required parameter",
	} {
		err := new(participant.SendMessageInput).Decode(&wire.Request{Body: []byte(body)})
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Message texts and tokens pass through these structures and must not reach a log by any of the usual ways.
func TestValuesStayOutOfLogs(t *testing.T) {
	in := &participant.SendMessageInput{Content: new("SECRET"), ConnectionToken: new("SECRET")}
	out := participant.GetTranscriptOutput{Transcript: []participant.Item{{Content: new("SECRET")}}}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "in", in, "value", *in, "out", out)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "in", in, "value", *in, "out", out)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&log, format+" "+format+" "+format, in, *in, out)
	}
	if strings.Contains(log.String(), "SECRET") || strings.Contains(log.String(), "534543524554") {
		t.Errorf("a value was logged: %s", log.String())
	}
	if want := "SendMessageInput{Content ConnectionToken}"; in.String() != want {
		t.Errorf("got %s, want %s", in, want)
	}
}
