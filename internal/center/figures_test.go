package center_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/center"
)

// conversation reads items: a second, a role's first letter (c, a, s, b for custom bot, v for supervisor), and what is
// said; "+" for joining, "." for an event of another kind, "@" for an attachment.
func conversation(text string) (all []center.Item) {
	roles := map[byte]center.Role{'c': center.RoleCustomer, 'a': center.RoleAgent, 's': center.RoleSystem, 'b': center.RoleCustomParticipant, 'v': center.RoleSupervisor}
	for _, line := range strings.Split(text, ";") {
		fields := strings.SplitN(strings.TrimSpace(line), " ", 3)
		after, err := time.ParseDuration(fields[0] + "s")
		if err != nil {
			panic(err)
		}
		it := center.Item{Time: noon.Add(after), Role: roles[fields[1][0]], Type: center.TypeMessage, Content: fields[2]}
		switch fields[2] {
		case "+":
			it.Type, it.ContentType = center.TypeEvent, center.EventJoined
		case ".":
			it.Type, it.ContentType = center.TypeEvent, center.EventLeft
		case "@":
			it.Type = center.TypeAttachment
		}
		all = append(all, it)
	}
	return all
}

func tally(items []center.Item) (t center.Tally) {
	for i := range items {
		t.Add(&items[i])
	}
	return t
}

// The definitions of ChatMetrics, one by one.
func TestFiguresAreWhatChatMetricsSays(t *testing.T) {
	type m = map[string]any
	for _, test := range []struct {
		name, items string
		want        map[string]m
	}{
		{"nothing was said", "0 c +", map[string]m{
			"ContactMetrics":  {"TotalMessages": 0.0, "TotalBotMessages": 0.0, "TotalBotMessageLengthInChars": 0.0, "ConversationTurnCount": 0.0},
			"CustomerMetrics": {"ConversationAbandon": true, "MessagesSent": 0.0, "NumResponses": 0.0, "MessageLengthInChars": 0.0, "TotalResponseTimeInMillis": 0.0, "MaxResponseTimeInMillis": 0.0},
		}},
		{"a bot and the system, with no agent", "0 s hello; 1 c grüß; 2 b näh?; 3 b yes; 4 c @; 5 s bye; 6 v hm", map[string]m{
			"ContactMetrics":  {"TotalMessages": 6.0, "TotalBotMessages": 4.0, "TotalBotMessageLengthInChars": 15.0, "ConversationTurnCount": 1.0, "ConversationCloseTimeInMillis": 59000.0},
			"CustomerMetrics": {"ConversationAbandon": nil, "MessagesSent": 1.0, "NumResponses": 0.0, "MessageLengthInChars": 4.0, "TotalResponseTimeInMillis": 0.0, "LastMessageTimestamp": "2026-01-01T12:00:01Z"},
		}},
		// What was said before the agent came is answered by nobody; the first unanswered message counts, and the longest is the
		// longest.
		{"an agent", "0 c early; 10 a +; 13 a hi; 14 a there; 20 c one; 21 c two; 24 a three; 30 c four; 32 a five; 33 a .", map[string]m{
			"ContactMetrics": {"TotalMessages": 8.0, "ConversationTurnCount": 3.0, "AgentFirstResponseTimestamp": "2026-01-01T12:00:13Z", "AgentFirstResponseTimeInMillis": 3000.0, "ConversationCloseTimeInMillis": 30000.0},
			"AgentMetrics":   {"ConversationAbandon": nil, "MessagesSent": 4.0, "NumResponses": 2.0, "MessageLengthInChars": 16.0, "TotalResponseTimeInMillis": 6000.0, "MaxResponseTimeInMillis": 4000.0, "LastMessageTimestamp": "2026-01-01T12:00:32Z"},
			"CustomerMetrics": {"MessagesSent": 4.0, "NumResponses": 2.0, "MessageLengthInChars": 15.0, "TotalResponseTimeInMillis": 13000.0, "MaxResponseTimeInMillis": 7000.0,
				"LastMessageTimestamp": "2026-01-01T12:00:30Z"},
		}},
		{"a silent agent", "0 a +; 5 c hello?", map[string]m{
			"ContactMetrics": {"AgentFirstResponseTimestamp": nil, "AgentFirstResponseTimeInMillis": nil, "ConversationTurnCount": 0.0},
			"AgentMetrics":   {"ConversationAbandon": true, "MessagesSent": 0.0, "LastMessageTimestamp": nil},
		}},
		{"items dated after the end", "61 c late", map[string]m{"ContactMetrics": {"ConversationCloseTimeInMillis": 0.0}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			fold := tally(conversation(test.items))
			raw, err := json.Marshal(fold.Figures(noon.Add(time.Minute)))
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]m
			if err := json.Unmarshal(raw, &got); err != nil {
				t.Fatal(err)
			}
			for part, members := range test.want {
				for member, want := range members {
					if got[part][member] != want {
						t.Errorf("%s.%s is %v, want %v", part, member, got[part][member], want)
					}
				}
			}
			if _, agent := test.want["AgentMetrics"]; got["AgentMetrics"] != nil != agent {
				t.Errorf("the agent's are %v", got["AgentMetrics"])
			}
		})
	}
}

// Where the items of a contact are parted, in pages or between what is stored and what is decided, is no matter.
func TestPartsOfAConversationDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roles := []center.Role{center.RoleCustomer, center.RoleAgent, center.RoleSystem, center.RoleCustomParticipant, center.RoleSupervisor}
		at := noon
		var items []center.Item
		for range rapid.IntRange(0, 40).Draw(t, "items") {
			at = at.Add(time.Duration(rapid.IntRange(1, 5000).Draw(t, "ms")) * time.Millisecond)
			it := center.Item{Time: at, Contact: "c1", Role: rapid.SampledFrom(roles).Draw(t, "role"), Type: center.TypeMessage, Content: rapid.StringN(0, 9, -1).Draw(t, "content")}
			if rapid.IntRange(0, 5).Draw(t, "event") == 0 {
				it.Type, it.ContentType = center.TypeEvent, center.EventJoined
			}
			items = append(items, it)
		}
		whole := tally(items)
		cut := rapid.IntRange(0, len(items)).Draw(t, "cut")
		d := center.NewDraft(chatOfOne(), 5, noon, at.Add(time.Second), func() string { return "id" })
		for _, it := range items[cut:] {
			d.Now = it.Time
			d.Add(it)
		}
		d.Now = at.Add(time.Second)
		d.End(center.ReasonAPI)
		ends := d.Ending()
		if len(ends) != 1 || ends[0].ID != "c1" {
			t.Fatalf("ends %v", ends)
		}
		d.Count("c1", tally(items[:cut]))
		got := finish(d).Contacts[0].Figures
		want := whole.Figures(d.Now)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("parted at %d of %d: %+v, want %+v", cut, len(items), got, want)
		}
		// Sums of both sides are those of all.
		n := want.Contact.TotalMessages - want.Contact.TotalBotMessages - want.Customer.MessagesSent
		if want.Agent != nil {
			n -= want.Agent.MessagesSent
		}
		if n < 0 || want.Customer.NumResponses > want.Customer.MessagesSent || want.Customer.MaxResponseTimeInMillis > want.Customer.TotalResponseTimeInMillis ||
			want.Contact.ConversationTurnCount > want.Customer.MessagesSent {
			t.Errorf("%+v %+v", want.Contact, want.Customer)
		}
	})
}
