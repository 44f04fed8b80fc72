package chat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/engine"
)

const functionARN = "arn:aws:lambda:us-east-1:123456789012:function:"

// invokes is a flow that invokes a function, says how that went, and waits.
func invokes(function string) string {
	return `{"Version": "2019-10-30", "StartAction": "Ask", "Actions": [
  {"Identifier": "Ask", "Type": "InvokeLambdaFunction",
   "Parameters": {"LambdaFunctionARN": "` + function + `", "InvocationTimeLimitSeconds": "8",
    "LambdaInvocationAttributes": {"zip": "8000", "none": "$.Attributes.none", "again": "$.ContactId"}},
   "Transitions": {"NextAction": "Good", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "Bad"}]}},
  {"Identifier": "Good", "Type": "MessageParticipant", "Parameters": {"Text": "answered $.External.word"}, "Transitions": {"NextAction": "Wait"}},
  {"Identifier": "Bad", "Type": "MessageParticipant", "Parameters": {"Text": "no answer"}, "Transitions": {"NextAction": "Wait"}},
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "6000"},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "End", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
]}`
}

// company is the functions of a test, by name.
type company struct {
	distrusted bool
	functions  map[string]func(ctx context.Context) (string, error)

	mu    sync.Mutex
	asked map[string]int
	event []byte // the last
}

func (f *company) Trusts(string) bool { return !f.distrusted }

func (f *company) Invoke(ctx context.Context, function string, event []byte, _ bool) ([]byte, string, error) {
	function = strings.TrimPrefix(function, functionARN)
	f.mu.Lock()
	if f.asked == nil {
		f.asked = map[string]int{}
	}
	f.asked[function]++
	f.event = event
	f.mu.Unlock()
	answer, err := f.functions[function](ctx)
	return []byte(answer), "", err
}

func (f *company) count(function string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[function]
}

func word(w string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return `{"word":"` + w + `"}`, nil }
}

// takes is a function that answers after a time, unless nobody waits any more.
func takes(d time.Duration) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		select {
		case <-time.After(d):
			return `{"word":"late"}`, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// outside is a world in a bubble, whose time passes, with functions.
type outside struct {
	*world
	company
	log   bytes.Buffer
	flows map[string]center.FlowID
}

func inBubble(t *testing.T, f func(t *testing.T, o *outside)) {
	synctest.Test(t, func(t *testing.T) {
		o := &outside{world: newWorld(t), flows: map[string]center.FlowID{}}
		o.functions = map[string]func(context.Context) (string, error){}
		f(t, o)
	})
}

// node starts a node that works until the test ends or stop is called.
func (o *outside) node() (c *node, stop func()) {
	c = o.build(&told{}, true, chat.Config{
		Store: o.store, Catalog: o.catalog(time.Now), Sealer: o.sealer, Clock: engine.WallClock{}, Wall: time.Now, NewID: o.newID,
		Partition: partition, Settings: center.DefaultSettings(),
		Log: slog.New(slog.NewTextHandler(&o.log, nil)), Functions: &o.company, Trace: true,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-done
	}
	o.Cleanup(stop)
	return c, stop
}

// call starts a chat whose flow invokes a function.
func (o *outside) call(c *node, function string) (center.ChatID, chat.Caller) {
	o.Helper()
	id, ok := o.flows[function]
	if !ok {
		f, err := c.Catalog.CreateFlow(o.ctx, instance, center.ContactFlow{Name: function, Type: center.TypeContactFlow}, invokes(functionARN+function), true)
		o.must(err)
		id = f.ID
		o.flows[function] = id
	}
	started, err := c.Start(o.ctx, center.StartChat{Instance: instance, Flow: id, DisplayName: "Ana", Attributes: map[string]string{"name": "Ana & <co>"}})
	o.must(err)
	return center.ChatID(started.Contact), o.connect(c, started)
}

// said is what the system has said in a chat.
func (o *outside) said(id center.ChatID) (all []string) {
	for _, it := range o.items(id) {
		if it.Type == center.TypeMessage && it.Role == center.RoleSystem {
			all = append(all, it.Content)
		}
	}
	return all
}

func (o *outside) expect(id center.ChatID, want ...string) {
	o.Helper()
	synctest.Wait()
	if said := o.said(id); !slices.Equal(said, want) {
		o.Errorf("the system said %q, want %q", said, want)
	}
}

func TestFunctionGetsTheEvent(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.functions["f"] = word("yes")
		c, _ := o.node()
		id, _ := o.call(c, "f")
		o.expect(id, "answered yes")
		var got bytes.Buffer
		o.must(json.Indent(&got, o.event, "", "  "))
		got.WriteByte('\n')
		golden(t, "testdata/lambda_event.json", bytes.ReplaceAll(got.Bytes(), []byte(id), []byte("CONTACT")))
	})
}

// golden compares with a file that was written by hand.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	want, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s", file, got)
	}
}

func TestSlowFunctionHoldsUpNobodyElse(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.functions["fast"] = word("yes")
		const slowOnes = 10
		for n := range slowOnes {
			o.functions[fmt.Sprint("slow", n)] = takes(time.Hour)
		}
		c, _ := o.node()
		var slow []center.ChatID
		for n := range 70 * slowOnes {
			id, _ := o.call(c, fmt.Sprint("slow", n%slowOnes))
			slow = append(slow, id)
		}
		id, _ := o.call(c, "fast")
		o.expect(id, "answered yes")
		for n := range slowOnes {
			if count := o.count(fmt.Sprint("slow", n)); count < 4 || count > 64 || n == 0 && count < 40 {
				t.Errorf("slow%d is asked by %d at once", n, count)
			}
		}

		time.Sleep(17 * time.Second)
		for _, id := range slow {
			o.expect(id, "no answer")
		}
	})
}

func TestFunctionOfManyAnswersAll(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.functions["brief"] = takes(100 * time.Millisecond)
		c, _ := o.node()
		var all []center.ChatID
		for range 500 {
			id, _ := o.call(c, "brief")
			all = append(all, id)
		}
		time.Sleep(2 * time.Second)
		for _, id := range all {
			o.expect(id, "answered late")
		}
		if n := o.count("brief"); n != 500 {
			t.Errorf("it was asked %d times", n)
		}
	})
}

func TestWhatCountsAsNoAnswer(t *testing.T) {
	for name, f := range map[string]func(context.Context) (string, error){
		"late":        takes(time.Minute),
		"error":       func(context.Context) (string, error) { return "", errors.New("the function failed") },
		"long":        func(context.Context) (string, error) { return `{"word":"` + long(40_000) + `"}`, nil },
		"no JSON":     func(context.Context) (string, error) { return `word`, nil },
		"nested":      func(context.Context) (string, error) { return `{"word":{"a":"b"}}`, nil },
		"a number":    func(context.Context) (string, error) { return `{"word":1}`, nil },
		"a list":      func(context.Context) (string, error) { return `["word"]`, nil },
		"nothing":     func(context.Context) (string, error) { return ``, nil },
		"null":        func(context.Context) (string, error) { return `null`, nil },
		"bad UTF-8":   func(context.Context) (string, error) { return "{\"word\":\"\xff\"}", nil },
		"two of them": func(context.Context) (string, error) { return `{"word":"a"}{"word":"b"}`, nil },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, o *outside) {
				o.functions["f"] = f
				c, _ := o.node()
				id, _ := o.call(c, "f")
				time.Sleep(8 * time.Second)
				o.expect(id, "no answer")
				if n := o.count("f"); n != 1 {
					t.Errorf("it was asked %d times", n)
				}
				lines := c.Overview.Traced(center.ContactID(id))
				if len(lines) < 2 || lines[0].Error != "NoMatchingError" || lines[0].Why == "" || lines[0].Next != "Bad" || lines[1].Action != "Bad" {
					t.Errorf("the trace is %+v", lines)
				}
				if text := o.log.String(); strings.Contains(text, "xxx") || strings.Contains(text, "co>") {
					t.Errorf("the log has values: %s", text)
				}
			})
		})
	}
}

// A fault of ours in one chat's turn is that chat's: it is tried again when its lease is over, and the others go on.
func TestPanicsEndNobodyElse(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		faults := 1
		o.functions["bad"] = func(context.Context) (string, error) {
			if faults--; faults >= 0 {
				panic("a fault")
			}
			return `{"word":"late"}`, nil
		}
		o.functions["good"] = word("yes")
		c, _ := o.node()
		bad, _ := o.call(c, "bad")
		synctest.Wait()
		good, _ := o.call(c, "good")
		o.expect(good, "answered yes")
		o.expect(bad)
		if !strings.Contains(o.log.String(), "a fault") {
			t.Error("the log does not tell of the fault")
		}
		time.Sleep(time.Minute)
		o.expect(bad, "answered late")
	})
}

func TestFunctionMustBeAssociated(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.distrusted = true
		o.functions["f"] = word("yes")
		c, _ := o.node()
		id, _ := o.call(c, "f")
		o.expect(id, "no answer")
		if n := o.count("f"); n != 0 {
			t.Errorf("it was asked %d times", n)
		}
		o.must(c.Catalog.Allow(o.ctx, instance, catalog.Functions, functionARN+"f", ""))
		id, _ = o.call(c, "f")
		o.expect(id, "answered yes")
	})
}

// A node that stops in the middle of a call gives the row back. Another asks again at once, and what was answered counts
// once.
func TestCallSurvivesANode(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.functions["f"] = takes(5 * time.Second)
		c, stop := o.node()
		const all = 70 // some of them wait for their turn
		var ids []center.ChatID
		for range all {
			id, _ := o.call(c, "f")
			ids = append(ids, id)
		}
		synctest.Wait()
		stop()
		if n := o.count("f"); n != 64 {
			t.Fatalf("it was asked %d times", n)
		}
		_, stop = o.node()
		synctest.Wait()
		stop() // what was asked under a lease of its own is given back too
		o.node()
		time.Sleep(12 * time.Second)
		for _, id := range ids {
			if said := o.said(id); len(said) != 1 {
				t.Errorf("the system said %q", said)
			}
		}
		time.Sleep(5 * time.Minute)
		for _, id := range ids {
			o.expect(id, "answered late")
		}
		if n := o.count("f"); n != 64+64+all {
			t.Errorf("it was asked %d times", n)
		}
	})
}

// stopping is a clock that ends ctx while the first row is being answered.
type stopping struct {
	engine.WallClock
	asked int
	end   func()
}

func (s *stopping) Now() time.Time {
	if s.asked++; s.asked == 2 { // the first is for the lease
		s.end()
	}
	return s.WallClock.Now()
}

// A timer that the end of a node breaks off is due for the next one at once.
func TestTimersBrokenOffAreGivenBack(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.functions["f"] = word("yes")
		c, stop := o.node()
		id, _ := o.call(c, "f")
		o.expect(id, "answered yes")
		stop()
		time.Sleep(6000 * time.Second)
		ctx, end := context.WithCancel(o.ctx)
		config := c.config
		config.Clock = &stopping{end: end}
		if err := o.build(c.bus, c.shared, config).Settle(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("it settled: %v", err)
		}
		due, err := o.store.LeaseDue(o.ctx, 0, time.Now(), time.Minute, 10)
		o.must(err)
		if len(due) != 1 || due[0].Key != "flow:1" {
			t.Errorf("due is %v", due)
		}
	})
}

// A node that is gone without a word keeps its leases until they end.
func TestCallSurvivesACrash(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.functions["f"] = takes(5 * time.Second)
		c, stop := o.node()
		stop()
		id, _ := o.call(c, "f")
		_, err := o.store.LeaseDue(o.ctx, 1, time.Now(), 30*time.Second, 10)
		o.must(err)
		o.node()
		time.Sleep(20 * time.Second)
		o.expect(id)
		time.Sleep(16 * time.Second)
		o.expect(id, "answered late")
	})
}

// Whoever waits in line learns that there will be no answer when its own limit is over, not when a slot is free.
func TestWaitingInLineHasALimit(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.functions["slow"] = takes(time.Hour)
		c, _ := o.node()
		for range 64 {
			o.call(c, "slow")
		}
		brief := strings.Replace(invokes(functionARN+"slow"), `Seconds": "8"`, `Seconds": "1"`, 1)
		f, err := c.Catalog.CreateFlow(o.ctx, instance, center.ContactFlow{Name: "brief", Type: center.TypeContactFlow}, brief, true)
		o.must(err)
		o.flows["slow"] = f.ID
		var ids []center.ChatID
		for range 200 {
			id, _ := o.call(c, "slow")
			ids = append(ids, id)
		}
		synctest.Wait()
		time.Sleep(999 * time.Millisecond)
		o.expect(ids[0])
		time.Sleep(2 * time.Millisecond)
		for _, id := range ids {
			o.expect(id, "no answer")
		}
		if n := o.count("slow"); n != 64 {
			t.Errorf("it was asked %d times", n)
		}
		lines := c.Overview.Traced(center.ContactID(ids[0]))
		if len(lines) == 0 || lines[0].Why != "too many others are asking the same" {
			t.Errorf("the trace is %+v", lines)
		}
	})
}

// Two nodes work on the same rows, and functions are asked once as long as both live.
func TestTwoNodesAskOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.functions["f"] = takes(7 * time.Second)
		a, _ := o.node()
		o.node()
		var all []center.ChatID
		for range 150 {
			id, _ := o.call(a, "f")
			all = append(all, id)
		}
		time.Sleep(2 * time.Minute)
		for _, id := range all {
			if said := o.said(id); len(said) != 1 {
				t.Errorf("the system said %q", said)
			}
		}
		if n := o.count("f"); n > 150 {
			t.Errorf("it was asked %d times", n)
		}
	})
}

func TestEndedChatsDropTheirCalls(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.functions["f"] = takes(7 * time.Second)
		c, _ := o.node()
		var last chat.Caller
		var id center.ChatID
		for range 65 { // one more than may be under way
			id, last = o.call(c, "f")
		}
		synctest.Wait()
		o.must(c.Leave(o.ctx, last))
		time.Sleep(time.Minute)
		if n := o.count("f"); n != 64 {
			t.Errorf("it was asked %d times", n)
		}
		due, err := o.store.DueOf(o.ctx, center.StreamID(id))
		o.must(err)
		if len(due) != 0 {
			t.Errorf("the ended chat waits for %v", due)
		}
	})
}

// The customer's messages do not disturb a call, and the flow does not hear them.
func TestMessagesDuringACall(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.functions["f"] = takes(5 * time.Second)
		c, _ := o.node()
		id, ana := o.call(c, "f")
		synctest.Wait()
		o.send(c, ana, "hello?")
		o.expect(id)
		time.Sleep(5 * time.Second)
		o.expect(id, "answered late")
	})
}

func TestSettleWaitsForCalls(t *testing.T) {
	inBubble(t, func(t *testing.T, o *outside) {
		o.functions["f"] = takes(5 * time.Second)
		c, stop := o.node()
		stop() // nobody but Settle answers
		c = o.build(c.bus, c.shared, c.config)
		id, _ := o.call(c, "f")
		begun := time.Now()
		o.must(c.Settle(o.ctx))
		if took := time.Since(begun); took != 5*time.Second {
			t.Errorf("it took %v", took)
		}
		o.expect(id, "answered late")
	})
}
