package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/systems"
)

// developing is what flows of a development server ask as systems. Without an endpoint for Wisdom it makes up the sessions of
// AI agents, so that flows for Amazon Q in Connect run on: nothing answers in such a session.
type developing struct {
	*systems.Client
	partition center.Partition
}

// Ask asks the system, or makes up the answer.
func (d developing) Ask(ctx context.Context, system string, request []byte) ([]byte, error) {
	answer, err := d.Client.Ask(ctx, system, request)
	if system != "Wisdom" || !errors.Is(err, systems.ErrNone) {
		return answer, err
	}
	var asked struct {
		Action     string
		Parameters struct {
			WisdomAssistantArn string
		}
		ContactData struct {
			ContactID string `json:"ContactId"`
		}
	}
	if json.Unmarshal(request, &asked) != nil || asked.Action != "CreateWisdomSession" {
		return nil, err
	}
	// The same session each time the question is asked: it may be asked again after a crash.
	assistant := asked.Parameters.WisdomAssistantArn
	id := center.SeededID("", "wisdom-session", asked.ContactData.ContactID+" "+assistant)
	session := fmt.Sprintf("arn:aws:wisdom:%s:%s:session/%s/%s", d.partition.Region, d.partition.Account, assistant, id)
	if before, name, ok := strings.Cut(assistant, ":assistant/"); ok {
		session = before + ":session/" + name + "/" + id
	}
	return json.Marshal(map[string]any{"Data": map[string]string{"SessionArn": session}})
}
