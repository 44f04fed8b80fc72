package flow

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// prompts are the ways to give an action something to say. Exactly one is
// given.
var prompts = []string{"Text", "SSML", "PromptId", "Media"}

// participantActions are attempted in the context of a participant (developer
// guide, "Participant actions").
var participantActions = []actionType{
	works(actionType{
		name: "MessageParticipant", module: "PlayPrompt",
		note:      "sends Text as a system message; audio and SSML take the error branch",
		params:    append([]string{"SkipWhenDTMFBufferEnabled"}, prompts...),
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
	notYet(actionType{
		name: "ConnectParticipantWithLexBot", module: "GetUserInput",
		params:     append([]string{"LexInitializationData", "LexV2Bot", "LexBot", "LexSessionAttributes", "LexTimeoutSeconds"}, prompts...),
		errors:     []string{noMatchingError, "NoMatchingCondition"},
		mayErrors:  []string{"InputTimeLimitExceeded"},
		conditions: mayConditions,
		check:      (*checker).lexBot,
	}),
	voiceOnly(actionType{
		name: "GetParticipantInput", module: "GetUserInput",
		params: append([]string{"InputTimeLimitSeconds", "StoreInput", "InputValidation", "InputEncryption",
			"DTMFConfiguration", "EnableDTMFBuffer"}, prompts...),
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
		mayErrors:   onlyNoMatchingError,
		conditions:  mayConditions,
		nextMayLack: true,
	}),
	notYet(actionType{
		name:       "ShowView",
		params:     []string{"ViewResource", "InvocationTimeLimitSeconds", "ViewData", "SensitiveDataConfiguration"},
		required:   []string{"ViewResource", "InvocationTimeLimitSeconds"},
		errors:     []string{"NoMatchingCondition", noMatchingError, "TimeLimitExceeded"},
		conditions: mayConditions,
	}),
	notYet(actionType{
		name:       "AuthenticateParticipant",
		params:     []string{"CognitoConfiguration", "CustomerProfilesConfiguration", "TimeLimitMinutes"},
		errors:     []string{noMatchingError, "TimeLimitExceeded"},
		conditions: mayConditions,
	}),
	notYet(actionType{
		name:       "ConnectParticipantWithAgenticCX",
		errors:     onlyNoMatchingError,
		mayErrors:  []string{"NoMatchingCondition", "InputTimeLimitExceeded"},
		conditions: mayConditions,
	}),
	voiceOnly(actionType{
		name: "TransferParticipantToThirdParty", module: "Transfer",
		params: []string{"ThirdPartyPhoneNumber", "ThirdPartyConnectionTimeLimitSeconds", "ContinueFlowExecution",
			"ThirdPartyDTMFDigits", "CallerId"},
		errors:    onlyNoMatchingError,
		mayErrors: []string{"CallFailed", "ConnectionTimeLimitExceeded"},
	}),
}

// endsFlow is a step that ends the flow with an effect.
func endsFlow(e Effect) func(params) step { return always(outcome{ending: terminal, effect: e}) }

// maxText is the most characters a message may have (admin guide, "Play
// prompt").
const maxText = 6_000

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
	content := m.text.resolve(&r.s)
	if strings.TrimSpace(content) == "" {
		// A blank text is how flows satisfy the parameter and say nothing
		// (inferred from published flows).
		return success
	}
	if len(content) > maxText && utf8.RuneCountInString(content) > maxText {
		return fail("the text is too long")
	}
	if r.s.Messages >= maxMessages {
		return outcome{ending: faulted, why: "too many messages without a wait"}
	}
	r.s.Messages++
	r.do(Say{ContentType: contentType(content), Content: content})
	return success
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
