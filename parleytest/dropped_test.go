package parleytest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/parley-chat/parley"
	"github.com/parley-chat/parley/parleytest"
)

// losesFirst loses the answer to the first StartChatContact after the server has given it.
type losesFirst struct {
	client *http.Client
	lost   int
}

func (l *losesFirst) Do(r *http.Request) (*http.Response, error) {
	answer, err := l.client.Do(r)
	if err == nil && r.URL.Path == "/contact/chat" && l.lost == 0 {
		l.lost++
		_ = answer.Body.Close() // nobody reads it
		return nil, errors.New("connection reset by peer")
	}
	return answer, err
}

// The answer was lost after the chat had begun: the second attempt finds it, by the same ClientToken.
func TestADroppedAnswerLeavesOneChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := parleytest.New(t)
		cfg := s.Config()
		flaky := &losesFirst{client: s.HTTPClient()}
		cfg.HTTPClient = flaky
		started, err := parley.New(cfg).StartChatContact().InstanceID(s.InstanceID).ContactFlowID(s.ContactFlowID).
			ParticipantDetails(types.ParticipantDetails{DisplayName: aws.String("Ada")}).Send(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if flaky.lost != 1 {
			t.Fatalf("%d answers were lost", flaky.lost)
		}
		s.Join("Ada", started).Hears(greeting)
		answer, err := s.HTTPClient().Get(s.Endpoint() + "/_parley/contacts")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		raw, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		var there struct{ Contacts []json.RawMessage }
		if err := json.Unmarshal(raw, &there); err != nil || len(there.Contacts) != 1 {
			t.Errorf("%d chats: %v\n%s", len(there.Contacts), err, raw)
		}
	})
}
