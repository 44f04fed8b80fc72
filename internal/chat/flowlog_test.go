package chat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/token"
)

// logged is a flow log that remembers.
type logged struct {
	mu    sync.Mutex
	lines []string
}

func (l *logged) Write(line chat.FlowLogLine) {
	raw, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(raw))
}

// logs is a flow that is logged between two messages.
const logs = `{"Version": "2019-10-30", "StartAction": "Before", "Actions": [
  {"Identifier": "Before", "Type": "MessageParticipant", "Parameters": {"Text": "secret"}, "Transitions": {"NextAction": "On"}},
  {"Identifier": "On", "Type": "UpdateFlowLoggingBehavior", "Parameters": {"FlowLoggingBehavior": "Enabled"}, "Transitions": {"NextAction": "Say"}},
  {"Identifier": "Say", "Type": "MessageParticipant", "Parameters": {"Text": "Hello $.Attributes.name"}, "Transitions": {"NextAction": "Queue"}},
  {"Identifier": "Queue", "Type": "UpdateContactTargetQueue", "Parameters": {"QueueId": "$.Attributes.queue"},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`

func TestFlowLogLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, l := newWorld(t), new(logged)
		var own strings.Builder
		c := w.build(&told{}, false, chat.Config{
			Store: w.store, Catalog: w.catalog(w.clock.Now), Sealer: w.sealer, Clock: w.clock, Wall: time.Now, NewID: w.newID,
			Partition: partition, Settings: center.DefaultSettings(),
			Log: slog.New(slog.NewTextHandler(&own, nil)), FlowLog: l,
		})
		f, err := c.Catalog.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "logs", Type: center.TypeContactFlow}, logs, true)
		w.must(err)
		started, err := c.Start(w.ctx, center.StartChat{Instance: instance, Flow: f.ID, DisplayName: "Ana", Attributes: map[string]string{"name": "Ana"}})
		w.must(err)
		w.connect(c, started)

		head := fmt.Sprintf(`{"ContactId":"%s","ContactFlowId":"arn:aws:connect:us-east-1:123456789012:instance/%s/contact-flow/%s","ContactFlowName":"logs",`,
			started.Contact, instance, f.ID)
		for i, want := range []string{
			`"ContactFlowModuleType":"PlayPrompt","Identifier":"Say","Timestamp":"2026-01-01T00:00:00.000Z","Parameters":{"Text":"Hello Ana"}}`,
			`"ContactFlowModuleType":"SetQueue","Identifier":"Queue","Timestamp":"2026-01-01T00:00:00.000Z","Parameters":{"QueueId":""},"Results":"NoMatchingError: `,
			`"ContactFlowModuleType":"Disconnect","Identifier":"End","Timestamp":"2026-01-01T00:00:00.000Z","Parameters":{}}`,
		} {
			i += len(l.lines) - 3
			if i < 0 || !strings.HasPrefix(l.lines[i], head+want) {
				t.Fatalf("the flow log has\n%s\nwant\n%s", strings.Join(l.lines, "\n"), head+want)
			}
		}
		if len(l.lines) > 4 {
			t.Errorf("the flow log has\n%s", strings.Join(l.lines, "\n"))
		}
		if text := own.String(); !strings.Contains(text, "action=Queue") || strings.Contains(text, "Ana") || strings.Contains(text, "secret") {
			t.Errorf("the server's own log has %s", text)
		}
		if lines := c.Overview.Traced(started.Contact); len(lines) != 0 {
			t.Errorf("traced although nobody asked for it: %v", lines)
		}
	})
}

// An instance whose attribute CONTACTFLOW_LOGS is false has no flow log. A node notices within a minute.
func TestFlowLogOfAnInstanceWithoutLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, l := newWorld(t), new(logged)
		c := w.build(&told{}, false, chat.Config{
			Store: w.store, Catalog: w.catalog(w.clock.Now), Sealer: w.sealer, Clock: w.clock, Wall: time.Now, NewID: w.newID,
			Partition: partition, Settings: center.DefaultSettings(), Log: slog.New(slog.DiscardHandler), FlowLog: l,
		})
		f, err := c.Catalog.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "logs", Type: center.TypeContactFlow}, logs, true)
		w.must(err)
		chat := func() (lines int) {
			before := len(l.lines)
			started, err := c.Start(w.ctx, center.StartChat{Instance: instance, Flow: f.ID, DisplayName: "Ana"})
			w.must(err)
			w.connect(c, started)
			return len(l.lines) - before
		}
		if chat() == 0 {
			t.Error("an instance that was made by its operator has no flow log")
		}
		for _, on := range []string{"false", "true"} {
			w.must(c.Catalog.SetInstanceAttribute(w.ctx, instance, center.FlowLogs, on))
			time.Sleep(time.Minute)
			if n := chat(); n > 0 != (on == "true") {
				t.Errorf("with CONTACTFLOW_LOGS %s a chat has %d lines", on, n)
			}
		}
	})
}

func TestTracesAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.functions["f"] = word("yes")
		c, _ := o.node()
		first, _ := o.call(c, "f")
		synctest.Wait() // its function has answered before any other's
		for range 199 {
			o.call(c, "f")
		}
		synctest.Wait()
		if lines := c.Overview.Traced(center.ContactID(first)); len(lines) == 0 || lines[0].Action != "Ask" || lines[0].Content == "" || lines[0].Next != "Good" {
			t.Errorf("the trace is %+v", lines)
		}
		o.call(c, "f")
		synctest.Wait()
		if lines := c.Overview.Traced(center.ContactID(first)); len(lines) != 0 {
			t.Errorf("201 contacts are remembered: %+v", lines)
		}
	})
}

// interruption is a bus that ends the request whose news it gets.
type interruption struct{ cancel context.CancelFunc }

func (b *interruption) Publish(center.StreamID, []center.Item) {
	if b.cancel != nil {
		b.cancel()
	}
}

// A customer who has gone when the flow is logged takes its name neither from this line nor from those to come.
func TestFlowLogNamesFlowsForWhoHasGone(t *testing.T) {
	w, l, bus := newWorld(t), new(logged), new(interruption)
	c := w.build(bus, false, chat.Config{
		Store: w.store, Catalog: w.catalog(w.clock.Now), Sealer: w.sealer, Clock: w.clock, Wall: w.clock.Now, NewID: w.newID,
		Partition: partition, Settings: center.DefaultSettings(),
		Log: slog.New(slog.DiscardHandler), FlowLog: l,
	})
	f, err := c.Catalog.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "logs", Type: center.TypeContactFlow}, logs, true)
	w.must(err)
	started, err := c.Start(w.ctx, center.StartChat{Instance: instance, Flow: f.ID, DisplayName: "Ana"})
	w.must(err)
	who, err := c.Authenticate(started.Token, token.Participant)
	w.must(err)
	ctx, cancel := context.WithCancel(w.ctx)
	bus.cancel = cancel
	_, _ = c.Connection(ctx, who, true) // nobody waits for its answer
	if ctx.Err() == nil || len(l.lines) == 0 {
		t.Fatalf("the request goes on, with %d lines", len(l.lines))
	}
	for _, line := range l.lines {
		if !strings.Contains(line, `"ContactFlowName":"logs"`) {
			t.Errorf("a line without a name: %s", line)
		}
	}
}
