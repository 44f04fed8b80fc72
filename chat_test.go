package parley_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
	"pgregory.net/rapid"

	"github.com/parley-chat/parley"
	"github.com/parley-chat/parley/internal/server"
	"github.com/parley-chat/parley/parleytest"
)

// shown takes what a chat shows now, and waits for nothing. It lives in a bubble.
func shown(chat *parley.Chat) (events []parley.Event, err error) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
		e, err := chat.Next(ctx)
		cancel()
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return events, nil
		case err != nil:
			return events, err
		}
		events = append(events, e)
	}
}

// line is an event in one line.
func line(e parley.Event) string {
	who := e.EventHeader().DisplayName
	switch e := e.(type) {
	case parley.Message:
		return who + ": " + e.Content
	case parley.Typing:
		return who + " types"
	case parley.Receipt:
		if e.ReadAt.IsZero() {
			return "delivered"
		}
		return "read"
	case parley.Joined:
		return who + " joined"
	case parley.Left:
		return who + " left"
	case parley.Ended:
		return "ended"
	case parley.Notice:
		return e.Name()
	}
	return fmt.Sprintf("%T", e)
}

func lines(events []parley.Event) []string {
	all := []string{}
	for _, e := range events {
		all = append(all, line(e))
	}
	return all
}

// messages are the lines that transcripts hold too.
func transcribed(events []parley.Event) []string {
	return lines(slices.DeleteFunc(slices.Clone(events), func(e parley.Event) bool {
		switch e.(type) {
		case parley.Typing, parley.Receipt:
			return true
		}
		return false
	}))
}

// transcript reads what the server has, oldest first.
func transcript(t testing.TB, chat *parley.Chat) []string {
	var all []string
	for e, err := range chat.Transcript(context.Background()) {
		if err != nil {
			t.Fatalf("transcript: %v", err)
		}
		all = append(all, line(e))
	}
	slices.Reverse(all)
	return all
}

// say says something and returns the message's id.
func say(t testing.TB, chat *parley.Chat, text string) string {
	t.Helper()
	out, err := chat.Send(context.Background(), text)
	if err != nil {
		t.Fatal(err)
	}
	return *out.Id
}

func started(token string) *connect.StartChatContactOutput {
	return &connect.StartChatContactOutput{ContactId: aws.String("c"), ParticipantId: aws.String("p"), ParticipantToken: aws.String(token)}
}

var adaDetails = types.ParticipantDetails{DisplayName: aws.String("Ada")}

// quiet is a flow that waits for a week.
const quiet = `{"Version": "2019-10-30", "StartAction": "Wait", "Actions": [
  {"Identifier": "Wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "600000"},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
    "Conditions": [{"NextAction": "End", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}]}`

const hello = "SYSTEM_MESSAGE: Hello! You are talking to parley. Say something; a second participant can join and answer."

func TestChatShowsWhatHappensInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		ctx := t.Context()
		ada := w.join(w.start())
		defer ada.Close()
		bot := w.joinAs(w.invite(ada.ContactID()))
		defer bot.Close()
		hi := say(t, ada, "hi")
		for _, err := range []error{bot.Typing(ctx), bot.Delivered(ctx, hi), bot.Read(ctx, hi)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		say(t, bot, "yes?")
		if err := ada.Disconnect(ctx); err != nil {
			t.Fatal(err)
		}
		want := []string{"Ada joined", hello, "Bot joined", "Ada: hi", "Bot types", "delivered", "read", "Bot: yes?", "Ada left", "ended"}
		var got []parley.Event
		for e, err := range ada.Events() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		if !slices.Equal(lines(got), want) {
			t.Errorf("Ada saw\n%q, not\n%q", lines(got), want)
		}
		<-ada.Done()
		if ada.Err() != nil {
			t.Errorf("a chat that ended is no error: %v", ada.Err())
		}
		<-bot.Done()
		if ada.IsOwn(got[7]) || !ada.IsOwn(got[3]) {
			t.Error("Ada takes another's for her own")
		}
	})
}

func TestChatIsLeftByABot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		ada := w.join(w.start())
		defer ada.Close()
		bot := w.joinAs(w.invite(ada.ContactID()))
		defer bot.Close()
		if err := bot.Disconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, err := range bot.Events() {
			if err != nil {
				t.Errorf("leaving is no error: %v", err)
			}
		}
		<-bot.Done()
		if bot.Err() != nil {
			t.Errorf("leaving is no error: %v", bot.Err())
		}
		synctest.Wait()
		seen, _ := shown(ada)
		if got := lines(seen); got[len(got)-1] != "Bot left" {
			t.Errorf("Ada saw %q", got)
		}
	})
}

// A second who joins is shown the chat from its beginning, unless they ask for what is new.
func TestChatBeginsWithItsHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		started := w.start()
		ada := w.join(started)
		defer ada.Close()
		for i := range 250 {
			say(t, ada, fmt.Sprint(i))
		}
		all := w.join(started)
		defer all.Close()
		fresh := w.join(started, func(o *parley.JoinOptions) { o.SkipHistory = true })
		defer fresh.Close()
		say(t, ada, "now")
		synctest.Wait()
		if got, _ := shown(all); !slices.Equal(lines(got), transcript(t, ada)) || len(got) != 253 {
			t.Errorf("%d events, of which some differ from the transcript", len(got))
		}
		if got, _ := shown(fresh); !slices.Equal(lines(got), []string{"Ada: now"}) {
			t.Errorf("saw %q", lines(got))
		}
	})
}

// A chat of a week: sockets are replaced every hour and tokens every day, and nobody notices.
func TestChatOutlivesSocketsAndTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := parleytest.New(t)
		flow := s.CreateFlow("quiet", quiet)
		started, err := s.Client().StartChatContact().InstanceID(s.InstanceID).ContactFlowID(flow).
			ParticipantDetails(adaDetails).ChatDurationInMinutes(10080).Send(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		chat, err := s.Client().Join(t.Context(), started, func(o *parley.JoinOptions) {
			o.OnConnection = func(connected bool, why error) { t.Errorf("connected: %v, %v", connected, why) }
		})
		if err != nil {
			t.Fatal(err)
		}
		defer chat.Close()
		want := []string{"Ada joined"}
		for i := range 3 {
			s.Advance(11 * time.Hour)
			say(t, chat, fmt.Sprint(i))
			want = append(want, "Ada: "+fmt.Sprint(i))
		}
		synctest.Wait()
		if got, err := shown(chat); err != nil || !slices.Equal(lines(got), want) {
			t.Errorf("saw %q, %v", lines(got), err)
		}
	})
}

// Whatever frame a socket breaks after, or inside of, or says twice, or falls silent after: what is shown is what
// happened, once and in order.
func TestChatUnderEveryFault(t *testing.T) {
	for _, what := range []string{"cut", "cut inside", "double", "stall"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for after := range 9 {
					faulty(t, fault{after, what})
				}
			})
		})
	}
}

// faulty has a conversation over a socket with a fault.
func faulty(t *testing.T, f fault) {
	t.Helper()
	w := newWorld(t)
	defer w.close()
	w.net.plan(f)
	ctx := context.Background()
	chat := w.join(w.start())
	defer chat.Close()
	bot := w.joinAs(w.invite(chat.ContactID()))
	defer bot.Close()
	var last string
	for i := range 4 {
		last = say(t, bot, fmt.Sprint(i))
		synctest.Wait() // the fault is met now, and the next is said while the socket is gone
	}
	time.Sleep(time.Minute)
	if err := bot.Read(ctx, last); err == nil {
		t.Error("a bot has read its own message") // receipts of own messages are refused
	}
	synctest.Wait()
	got, err := shown(chat)
	want := transcript(t, bot)
	if err != nil || !slices.Equal(transcribed(got), want) {
		t.Errorf("%s after %d frames: saw\n%q, not\n%q, %v", f.what, f.after, lines(got), want, err)
	}
}

// A conversation with random faults, restarts and pauses.
func TestChatUnderRandomFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Of a *testing.T rapid asks the deadline, which a bubble does not have.
		rapid.Check(struct{ rapid.TB }{t}, func(r *rapid.T) {
			w := newWorld(t)
			defer w.close()
			for range rapid.IntRange(0, 6).Draw(r, "faults") {
				w.net.plan(fault{
					after: rapid.IntRange(1, 8).Draw(r, "after"),
					what:  rapid.SampledFrom([]string{"cut", "cut inside", "double", "stall"}).Draw(r, "what"),
				})
			}
			ctx := context.Background()
			chat := w.join(w.start())
			defer chat.Close()
			bot := w.joinAs(w.invite(chat.ContactID()))
			defer bot.Close()
			speakers := []*parley.Chat{chat, bot}
			for i := range rapid.IntRange(1, 12).Draw(r, "steps") {
				switch rapid.SampledFrom([]string{"say", "say", "say", "type", "read", "wait", "restart"}).Draw(r, "step") {
				case "say":
					speaker := rapid.IntRange(0, 1).Draw(r, "speaker")
					if _, err := speakers[speaker].Send(ctx, fmt.Sprint(i)); err != nil {
						r.Fatal(err)
					}
				case "type":
					if err := bot.Typing(ctx); err != nil {
						r.Fatal(err)
					}
				case "read":
					for e, err := range bot.Transcript(ctx) {
						if m, ok := e.(parley.Message); ok && err == nil && !bot.IsOwn(m) {
							if err := bot.Read(ctx, m.ID); err != nil {
								r.Fatal(err)
							}
							break
						}
					}
				case "wait":
					time.Sleep(time.Duration(rapid.IntRange(0, 40).Draw(r, "seconds")) * time.Second)
				case "restart":
					w.restart(time.Duration(rapid.IntRange(0, 20).Draw(r, "down")) * time.Second)
				}
			}
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			for _, one := range speakers {
				got, err := shown(one)
				want := transcript(t, one)
				if err != nil || !slices.Equal(transcribed(got), want) {
					r.Fatalf("saw\n%q, not\n%q, %v", lines(got), want, err)
				}
				for i := 1; i < len(got); i++ {
					if a, b := got[i-1].EventHeader(), got[i].EventHeader(); inTranscript(got[i-1]) && inTranscript(got[i]) && a.Time.After(b.Time) {
						r.Fatalf("%q at %v came before %q at %v", line(got[i-1]), a.Time, line(got[i]), b.Time)
					}
				}
			}
		})
	})
}

func inTranscript(e parley.Event) bool {
	switch e.(type) {
	case parley.Typing, parley.Receipt:
		return false
	}
	return true
}

// A receipt that was given while the socket was gone is shown with what was missed.
func TestChatShowsReceiptsGivenInAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.net.plan(fault{6, "cut"}) // subscribed, joined, hello, Bot joined, hi, then typing
		chat := w.join(w.start())
		defer chat.Close()
		bot := w.joinAs(w.invite(chat.ContactID()))
		defer bot.Close()
		hi := say(t, chat, "hi")
		synctest.Wait()
		if err := errors.Join(bot.Typing(t.Context()), bot.Read(t.Context(), hi)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		got, _ := shown(chat)
		if want := []string{"Ada joined", hello, "Bot joined", "Ada: hi", "Bot types", "read"}; !slices.Equal(lines(got), want) {
			t.Errorf("saw %q, not %q", lines(got), want)
		}
	})
}

// A chat that ends while the socket is gone cannot be read any more: the reason says so.
func TestChatThatEndsInAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.net.plan(fault{4, "cut"}) // subscribed, joined, hello, hi
		chat := w.join(w.start())
		defer chat.Close()
		w.net.refuse(true)
		say(t, chat, "hi")
		time.Sleep(time.Minute)
		if _, err := w.client.StopContact().InstanceID(string(server.SeedInstance)).ContactID(chat.ContactID()).Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-chat.Done()
		if err := chat.Err(); !parley.IsAccessDenied(err) || !strings.Contains(err.Error(), "the chat is over") {
			t.Errorf("ended with %v", err)
		}
		got, err := shown(chat)
		if want := []string{"Ada joined", hello, "Ada: hi"}; !slices.Equal(lines(got), want) || !errors.Is(err, chat.Err()) {
			t.Errorf("saw %q, %v", lines(got), err)
		}
	})
}

func TestChatIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.net.plan(fault{3, "cut"})
		begin := time.Now()
		chat := w.join(w.start(), func(o *parley.JoinOptions) { o.GiveUpAfter = time.Minute })
		w.net.refuse(true)
		<-chat.Done()
		if took := time.Since(begin); took < time.Minute || took > 2*time.Minute {
			t.Errorf("took %v", took)
		}
		if err := chat.Err(); err == nil || !strings.Contains(err.Error(), "not connected again within 1m0s: parley: WebSocket: no answer from ws://127.0.0.1:4510") {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestChatEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		ctx, cancel := context.WithCancelCause(t.Context())
		chat, err := w.client.Join(ctx, w.start(), w.disturbed)
		if err != nil {
			t.Fatal(err)
		}
		why := errors.New("enough")
		cancel(why)
		<-chat.Done()
		if !errors.Is(chat.Err(), why) {
			t.Errorf("ended with %v", chat.Err())
		}
		var last error
		for _, err := range chat.Events() {
			last = err
		}
		if !errors.Is(last, why) {
			t.Errorf("events ended with %v", last)
		}
		if _, err := w.client.Join(ctx, w.start()); err == nil {
			t.Error("joined in a context that is done")
		}
	})
}

func TestChatIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		started := w.start()
		chat := w.join(started)
		synctest.Wait()
		for e := range chat.Events() {
			if _, ok := e.(parley.Joined); ok {
				break // and go on below
			}
		}
		for range 2 {
			if err := chat.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := shown(chat); !slices.Equal(lines(got), []string{hello}) || !errors.Is(err, io.EOF) {
			t.Errorf("saw %q, %v", lines(got), err)
		}
		if err := chat.Ping(t.Context()); err == nil {
			t.Error("a closed chat was pinged")
		}
		again := w.join(started) // who closes has not left
		defer again.Close()
		if err := again.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestJoinSaysWhatIsMissing(t *testing.T) {
	var none *parley.Client
	for want, join := range map[string]func() (*parley.Chat, error){
		"the output of StartChatContact is nil":  func() (*parley.Chat, error) { return parleytest.New(t).Client().Join(t.Context(), nil) },
		"the output of CreateParticipant is nil": func() (*parley.Chat, error) { return none.JoinAs(t.Context(), nil) },
		"not made by parley.New":                 func() (*parley.Chat, error) { return none.Join(t.Context(), started("p")) },
		"there is no participant token":          func() (*parley.Chat, error) { return parleytest.New(t).Client().Join(t.Context(), started("")) },
	} {
		chat, err := join()
		if chat != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
		var e *parley.Error
		if !errors.As(err, &e) || e.Kind != parley.KindConstruction {
			t.Errorf("%s: kind of %v", want, err)
		}
	}
}
