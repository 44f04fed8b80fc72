package flow

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestALexReplyThatIsTooLarge(t *testing.T) {
	body := `{"sessionState":{"sessionAttributes":{"a":"` + strings.Repeat("x", maxLexReply) + `"}}}`
	if _, why := readLexReply(body); why != "the bot's response is too large" {
		t.Errorf("why: %q", why)
	}
}

// A bot that says more than a message may have is no bot to go on with.
func TestALexMessageThatIsTooLong(t *testing.T) {
	for length, wants := range map[int]string{maxSpoken: "Say", maxSpoken + 1: "error"} {
		p := mustParse(t, document(`{"Identifier":"a","Type":"ConnectParticipantWithLexBot","Parameters":{"Text":" ","LexV2Bot":{"AliasArn":"b"}},
			"Transitions":{"NextAction":"z","Errors":[{"ErrorType":"NoMatchingError","NextAction":"err"}]}},
			{"Identifier":"err","Type":"MessageParticipant","Parameters":{"Text":"error"},"Transitions":{"NextAction":"z"}},`+end))
		s, _ := p.Step(New("f", "", 0), Start{}, noon)
		s, _ = p.Step(s, CustomerMessage{ContentType: ContentTypePlain, Content: "hi"}, noon)
		body := `{"messages":[{"contentType":"PlainText","content":"` + strings.Repeat("é", length) + `"}],"sessionState":{}}`
		_, effects := p.Step(s, Answered{ID: s.Waiting.Call, Body: body}, noon)
		said, ok := effects[0].(Say)
		if !ok || said.Bot != (wants == "Say") {
			t.Errorf("%d characters: %+v", length, effects)
		}
	}
}

// What waits for the bot is bounded in bytes too.
func TestTheInboxOfABotIsBounded(t *testing.T) {
	p := mustParse(t, document(`{"Identifier":"a","Type":"ConnectParticipantWithLexBot","Parameters":{"Text":" ","LexV2Bot":{"AliasArn":"b"}},"Transitions":{"NextAction":"z"}},`+end))
	s, _ := p.Step(New("f", "", 0), Start{}, noon)
	s.Contact.Trace = true
	var missed int
	for range 5 {
		var effects []Effect
		s, effects = p.Step(s, CustomerMessage{ContentType: ContentTypePlain, Content: strings.Repeat("x", 6_000)}, noon)
		if line, ok := last(effects).(Log); ok && line.Why != "" {
			missed++
		}
	}
	if missed != 2 { // one with the bot, two waiting
		t.Errorf("%d messages missed", missed)
	}
	if size := len(s.Waiting.Kept); size > maxInboxBytes+1_000 {
		t.Errorf("%d bytes kept", size)
	}
}

// A flow that loops over a bot that answers by itself comes to an end.
func TestABotThatNeedsNoCustomerDoesNotResetTheGuard(t *testing.T) {
	p := mustParse(t, document(`{"Identifier":"a","Type":"ConnectParticipantWithLexBot","Parameters":{"LexInitializationData":{"InitialMessage":"hi"},"LexV2Bot":{"AliasArn":"b"}},"Transitions":{"NextAction":"a"}},`+end))
	s, effects := p.Step(New("f", "", 0), Start{}, noon)
	for range maxSteps + 1 {
		if s.Done {
			break
		}
		s, effects = p.Step(s, Answered{ID: s.Waiting.Call, Body: `{"sessionState":{"dialogAction":{"type":"Close"}}}`}, noon)
	}
	if _, faulted := last(effects).(Fault); !faulted {
		t.Errorf("no fault: %+v", effects)
	}
}

func TestSpeechWithoutItsMarks(t *testing.T) {
	for ssml, want := range map[string]string{
		"":                              "",
		"plain":                         "plain",
		"<speak>a <b>c</b></speak>":     "a c",
		"one<break time='1s'/>two":      "one two",
		"Tom &amp; Ann &lt;3":           "Tom & Ann <3",
		"<speak>\n  spread\n  </speak>": "spread",
		"never <closed":                 "never",
		"a > b":                         "a > b",
	} {
		if got := withoutMarks(ssml); got != want {
			t.Errorf("%q: %q, not %q", ssml, got, want)
		}
	}
}

// Whatever a bot answers: it is read or refused, what is read can be stored,
// and reading it from the store gives the same.
func FuzzLexReply(f *testing.F) {
	for _, seed := range []string{
		`{"sessionState":{"dialogAction":{"type":"Close"},"intent":{"name":"I","state":"Fulfilled","slots":{"s":{"value":{"interpretedValue":"v"}},"l":{"values":[null,{"value":{"originalValue":"o"}}]},"c":{"subSlots":{"d":null}}}}}}`,
		`{"messages":[{"contentType":"SSML","content":"<speak>&amp;"},{"imageResponseCard":{"title":"t","buttons":[{"text":"b"}]}}],"interpretations":[{"nluConfidence":{"score":1e9},"sentimentResponse":{"sentimentScore":{"":0,"é":1}}}],"sessionState":{}}`,
		`{"sessionState":null}`, `[]`, `null`, `{"sessionState":{"intent":{"slots":[]}}}`, `{"interpretations":[{"nluConfidence":{"score":"x"}}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		reply, why := readLexReply(body)
		if why != "" {
			if reply.facts != nil || reply.ended {
				t.Errorf("refused and read: %+v", reply)
			}
			return
		}
		if _, ok := facts(string(reply.facts)); !ok {
			t.Errorf("no object: %s", reply.facts)
		}
		if reply.failed && !reply.ended {
			t.Error("failed and not ended")
		}
		stored := encoded(Data{"Lex": reply.facts})
		var loaded Data
		if err := json.Unmarshal(stored, &loaded); err != nil || string(loaded["Lex"]) != string(reply.facts) {
			t.Errorf("stored as %s: %v", stored, err)
		}
	})
}
