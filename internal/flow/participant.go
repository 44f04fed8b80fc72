package flow

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// prompts are the ways to give an action something to say. At most one is
// given; only GetParticipantInput may do without.
var prompts = []string{"Text", "SSML", "PromptId", "Media"}

var prompted = refers{"PromptId", ResourcePrompt}

// participantActions are attempted in the context of a participant (developer
// guide, "Participant actions").
var participantActions = []actionType{
	works(actionType{
		name: "MessageParticipant", module: "PlayPrompt",
		note:      "sends Text as a system message; audio and SSML take the error branch",
		params:    append([]string{"SkipWhenDTMFBufferEnabled"}, prompts...),
		refers:    []refers{prompted},
		mayErrors: onlyNoMatchingError,
		check:     (*checker).onePrompt,
		goesOn:    true,
	}, newMessageParticipant),
	works(actionType{
		name: "DisconnectParticipant", module: "Disconnect",
		note:     "ends the chat",
		params:   []string{},
		terminal: true,
	}, endsFlow(Disconnect{})),
	works(actionType{
		name: "ConnectParticipantWithLexBot", module: "GetUserInput",
		note:       "Amazon Lex V2 bots; a LexBot (V1, which has ended) takes the branch NoMatchingError",
		params:     append([]string{"LexInitializationData", "LexV2Bot", "LexBot", "LexSessionAttributes", "LexTimeoutSeconds"}, prompts...),
		refers:     []refers{prompted, {"LexV2Bot.AliasArn", ResourceBot}},
		errors:     []string{noMatchingError, "NoMatchingCondition"},
		mayErrors:  []string{inputTimeLimitExceeded},
		conditions: mayConditions,
		check:      (*checker).lex,
	}, newConnectParticipantWithLexBot),
	voiceOnly(actionType{
		name: "GetParticipantInput", module: "GetUserInput",
		params: append([]string{"InputTimeLimitSeconds", "StoreInput", "InputValidation", "InputEncryption",
			"DTMFConfiguration", "EnableDTMFBuffer"}, prompts...),
		refers:     []refers{prompted},
		errors:     onlyNoMatchingError,
		mayErrors:  []string{"NoMatchingCondition", "InputTimeLimitExceeded", "InvalidPhoneNumber"},
		conditions: mayConditions,
		check:      (*checker).participantInput,
	}),
	voiceOnly(actionType{
		name: "MessageParticipantIteratively", module: "LoopPrompts",
		note:        "takes its error branch; without one the flow ends and a queued contact stays queued",
		params:      []string{"Messages", "InterruptFrequencySeconds", "ContinueMessagingDuringInterrupt"},
		required:    []string{"Messages"},
		refers:      []refers{{"Messages[].PromptId", ResourcePrompt}},
		mayErrors:   onlyNoMatchingError,
		conditions:  mayConditions,
		nextMayLack: true,
	}),
	works(actionType{
		name:       "ShowView",
		note:       "shows the view, and waits for its action",
		params:     []string{"ViewResource", "InvocationTimeLimitSeconds", "ViewData", "SensitiveDataConfiguration"},
		required:   []string{"ViewResource", "InvocationTimeLimitSeconds"},
		refers:     []refers{{"ViewResource.Id", ResourceView}},
		errors:     []string{"NoMatchingCondition", noMatchingError, timeLimitExceeded},
		conditions: mayConditions,
		check:      (*checker).view,
	}, newShowView),
	asks(agenticCX, "AgenticCX", actionType{
		name:        "ConnectParticipantWithAgenticCX",
		note:        "Amazon Connect's own AI agents run nowhere else",
		params:      append([]string{"AgentConfiguration", "SpeechRecognitionConfiguration", "AudioFillerConfiguration"}, idleTimeouts...),
		unpublished: idleTimeouts,
		required:    []string{"AgentConfiguration"},
		entries: []entry{
			{name: "AgentConfiguration", is: anObject, of: []entry{
				{name: "WorkspaceId", is: aValue, needed: true}, {name: "ApplicationId", is: aValue, needed: true}, {name: "Alias", is: aValue, needed: true},
				{name: "ContextVariables", is: anObject, most: maxContextVariables, of: []entry{{name: "*", is: aValue}}},
			}},
			{name: "SpeechRecognitionConfiguration", is: anObject}, {name: "AudioFillerConfiguration", is: anObject},
		},
		errors:     []string{noMatchingError, noMatchingCondition, inputTimeLimitExceeded},
		conditions: mayConditions,
		check:      (*checker).equalsOnly,
	}),
	voiceOnly(actionType{
		name: "TransferParticipantToThirdParty", module: "Transfer",
		params: []string{"ThirdPartyPhoneNumber", "ThirdPartyConnectionTimeLimitSeconds", "ContinueFlowExecution",
			"ThirdPartyDTMFDigits", "CallerId"},
		errors:    onlyNoMatchingError,
		mayErrors: []string{"CallFailed", "ConnectionTimeLimitExceeded"},
	}),
}

// maxContextVariables is how many context variables a flow may hand to an application (admin guide, "Agentic CX").
const maxContextVariables = 10

// idleTimeouts may be the name of the setting "Idle chat timeout": exports that are published have it under none.
var idleTimeouts = []string{"ChatTimeoutSeconds", "IdleChatTimeout", "IdleChatTimeoutSeconds", "InputTimeLimitSeconds", "ChatConfiguration"}

// endsFlow is a step that ends the flow with an effect.
func endsFlow(e Effect) func(params) step { return always(outcome{ending: terminal, effect: e}) }

type messageParticipant struct {
	text  text
	audio bool // a prompt that only a voice contact can hear
}

func newMessageParticipant(p params) step {
	return messageParticipant{
		text:  p.text("Text"),
		audio: p.has("SSML") || p.has("PromptId") || p.has("Media"),
	}
}

func (m messageParticipant) run(r *run) outcome {
	if !m.text.present() {
		if m.audio {
			return fail("the chat channel supports only Text")
		}
		return fail("there is no text")
	}
	return r.say(m.text.resolve(&r.s), false)
}

// The most characters that a message may have: those that are read out, and
// all of them (admin guide, "Play prompt"). Nothing of an interactive message
// is read out.
const (
	maxSpoken = 3_000
	maxText   = 6_000
)

// say sends a message. A blank text is how flows satisfy the parameter and say
// nothing (inferred from published flows).
func (r *run) say(content string, bot bool) outcome {
	if strings.TrimSpace(content) == "" {
		return success
	}
	m := Say{ContentType: contentType(content), Content: content, Bot: bot}
	most := maxSpoken
	if m.ContentType == ContentTypeInteractive {
		most = maxText
	}
	if len(content) > most && utf8.RuneCountInString(content) > most {
		return fail("the text is too long")
	}
	if r.s.Messages >= maxMessages {
		return outcome{ending: faulted, why: "too many messages without a wait"}
	}
	r.s.Messages++
	r.do(m)
	return success
}

// listen suspends the flow until the customer answers, or until a limit has
// passed; 0 is no limit.
func (r *run) listen(limit time.Duration) outcome {
	r.s.Steps, r.s.Messages = 0, 0
	w := &Waiting{For: r.current.name}
	if limit > 0 {
		r.s.Waits++
		w.Timer, w.Until = "wait-"+strconv.Itoa(r.s.Waits), r.now.Add(limit)
		r.do(StartTimer{ID: w.Timer, At: w.Until})
	}
	r.s.Waiting = w
	return outcome{ending: suspended}
}

// unlisten cancels the timer of a wait that ended before it.
func (r *run) unlisten() {
	if r.s.Waiting.Timer != "" {
		r.do(CancelTimer{ID: r.s.Waiting.Timer})
	}
}

// contentType tells an interactive message template from a text: the service
// shows a message whose text is one as an interactive message (admin guide,
// "Add interactive messages to chat").
func contentType(content string) string {
	if !strings.HasPrefix(strings.TrimLeft(content, " \t\r\n"), "{") {
		return ContentTypePlain
	}
	var template struct {
		TemplateType string          `json:"templateType"`
		Version      string          `json:"version"`
		Data         json.RawMessage `json:"data"`
	}
	if json.Unmarshal([]byte(content), &template) != nil {
		return ContentTypePlain
	}
	if template.TemplateType == "" || template.Version == "" || len(template.Data) == 0 {
		return ContentTypePlain
	}
	return ContentTypeInteractive
}
