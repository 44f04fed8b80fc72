package flow

import (
	"maps"
	"strings"
)

// contactActions work on the contact, whoever takes part in it (developer
// guide, "Contact actions").
var contactActions = []actionType{
	works(actionType{
		name: "UpdateContactAttributes", module: "SetAttributes",
		note:     "merges into the contact's attributes, all or none",
		params:   []string{"Attributes", "TargetContact"},
		required: []string{"Attributes"},
		errors:   onlyNoMatchingError,
		check:    (*checker).contactAttributes,
	}, newUpdateContactAttributes),
	works(actionType{
		name: "UpdateContactEventHooks", module: "SetEventHook",
		note:     "AgentHold and CustomerHold take the error branch",
		params:   []string{"EventHooks", "EventHooksConfiguration"},
		required: []string{"EventHooks"},
		errors:   onlyNoMatchingError,
		check:    (*checker).eventHooks,
	}, newUpdateContactEventHooks),
	works(actionType{
		name:     "CreatePersistentContactAssociation",
		params:   []string{"RehydrationType", "SourceContactId", "ClientToken"},
		required: []string{"RehydrationType", "SourceContactId"},
		errors:   onlyNoMatchingError,
		check:    func(c *checker) { c.oneOf("RehydrationType", "ENTIRE_PAST_SESSION", "FROM_SEGMENT") },
	}, newPersistChat),

	notYet(actionType{
		name: "UpdateContactTargetQueue", module: "SetQueue",
		params: []string{"QueueId", "AgentId"},
		errors: onlyNoMatchingError,
		check:  (*checker).queueOrAgent,
	}),
	notYet(actionType{
		name: "TransferContactToQueue", module: "Transfer",
		params: []string{},
		errors: []string{"QueueAtCapacity", noMatchingError},
	}),
	notYet(actionType{
		name: "DequeueContactAndTransferToQueue", module: "Transfer",
		params: []string{"QueueId", "AgentId"},
		errors: []string{"QueueAtCapacity", noMatchingError},
		check:  (*checker).queueOrAgent,
	}),
	// It has no branches, so where it cannot be done the contact ends (inferred).
	notYet(actionType{
		name: "TransferContactToAgent", module: "Transfer",
		note:     "ends the contact",
		params:   []string{},
		terminal: true,
	}),
	notYet(actionType{name: "UpdateContactData", module: "SetContactData", errors: onlyNoMatchingError}),
	notYet(actionType{
		name: "UpdateContactRoutingBehavior", module: "UpdateRoutingPriority",
		note:   "goes on",
		params: []string{"QueuePriority", "QueueTimeAdjustmentSeconds"},
		goesOn: true,
	}),
	notYet(actionType{
		name:   "UpdateContactRoutingCriteria",
		params: []string{"RoutingCriteria"},
		errors: onlyNoMatchingError,
	}),
	noEffect(actionType{
		name: "UpdateContactRecordingBehavior", module: "SetRecordingBehavior",
		params: []string{"RecordingBehavior", "AnalyticsBehavior"},
	}),
	works(actionType{
		name:      "UpdateContactRecordingAndAnalyticsBehavior",
		note:      "VoiceBehavior takes the branch ChannelMismatch; anything else succeeds and does nothing",
		params:    []string{"ChatBehavior", "VoiceBehavior", "ScreenRecordingBehavior"},
		errors:    []string{noMatchingError, "ChannelMismatch"},
		mayErrors: []string{"InFlightRedactionConfigurationFailed"},
		check:     func(c *checker) { c.exactlyOne("ChatBehavior", "VoiceBehavior", "ScreenRecordingBehavior") },
	}, newRecordingAndAnalytics),
	notYet(actionType{
		name:      "UpdateContactMediaProcessing",
		params:    []string{"ChatProcessor"},
		errors:    onlyNoMatchingError,
		mayErrors: []string{"ChannelMismatch"},
	}),
	voiceOnly(actionType{
		name: "UpdateContactMediaStreamingBehavior", module: "StartMediaStreaming",
		params: []string{"MediaStreamingState", "Participants", "MediaStreamType"},
		errors: onlyNoMatchingError,
	}),
	noEffect(actionType{
		name: "UpdateContactTextToSpeechVoice", module: "SetVoice",
		params:    []string{"TextToSpeechVoice", "TextToSpeechEngine", "TextToSpeechStyle"},
		mayErrors: onlyNoMatchingError,
	}),
	refuses(actionType{
		name: "UpdateContactCallbackNumber", module: "SetCallBackNumber",
		params:   []string{"CallbackNumber"},
		required: []string{"CallbackNumber"},
		errors:   []string{"InvalidCallbackNumber", "CallbackNumberNotDialable"},
	}, "InvalidCallbackNumber"),
	voiceOnly(actionType{
		name: "UpdatePreviousContactParticipantState", module: "SetHold",
		params: []string{"PreviousContactParticipantState"},
		errors: onlyNoMatchingError,
	}),
	voiceOnly(actionType{name: "CompleteOutboundCall", errors: onlyNoMatchingError}),
	notYet(actionType{
		name:     "TagContact",
		params:   []string{"Tags"},
		required: []string{"Tags"},
		errors:   onlyNoMatchingError,
		check:    (*checker).tags,
	}),
	notYet(actionType{
		name:     "UntagContact",
		params:   []string{"TagKeys"},
		required: []string{"TagKeys"},
		errors:   onlyNoMatchingError,
	}),
	notYet(actionType{name: "CreateTask", errors: onlyNoMatchingError}),
	notYet(actionType{name: "CreateCase", errors: onlyNoMatchingError, mayErrors: caseErrors}),
	notYet(actionType{name: "GetCase", errors: onlyNoMatchingError, mayErrors: caseErrors}),
	notYet(actionType{name: "UpdateCase", errors: onlyNoMatchingError, mayErrors: caseErrors}),
	notYet(actionType{name: "CreateWisdomSession", params: []string{"WisdomAssistantArn"}, errors: onlyNoMatchingError}),
	voiceOnly(actionType{name: "ResumeContact", note: "tasks only; takes the branch NoMatchingError", errors: onlyNoMatchingError}),
	notYet(actionType{name: "StartOutboundChatContact", errors: onlyNoMatchingError}),
	notYet(actionType{name: "StartOutboundEmailContact", errors: onlyNoMatchingError}),
	notYet(actionType{name: "CreateContact", errors: onlyNoMatchingError}),
	notYet(actionType{
		name:      "RenderMessageTemplate",
		errors:    onlyNoMatchingError,
		mayErrors: []string{"TemplateRenderingError"},
	}),
	notYet(actionType{name: "RouteContactToAgent", errors: onlyNoMatchingError, unlisted: true}),
	voiceOnly(actionType{name: "LoadContactContent", note: "email only; takes the branch NoMatchingError", errors: onlyNoMatchingError}),
}

var caseErrors = []string{"ContactNotLinked", "MultipleFound", "NoneFound"}

// maxAttributes is the most bytes that all keys and values of a map of
// attributes may have together (admin guide, "Amazon Connect service quotas").
const maxAttributes = 32_768

// assignment is one attribute to write; its key may be dynamic too.
type assignment struct{ key, value text }

// resolve is the map to write, or why there can be none. A key that resolves to
// nothing is left out, for flows list more keys than they may have at run time
// (inferred from published flows). Keys with $ or . could never be read back.
func (r *run) resolve(assignments []assignment) (set map[string]string, why string) {
	if len(assignments) == 0 {
		return nil, "there are no attributes"
	}
	set = make(map[string]string, len(assignments))
	size := 0
	for _, a := range assignments {
		key := a.key.resolve(&r.s)
		if strings.ContainsAny(key, "$.") {
			return nil, "an attribute's name has $ or . in it"
		}
		if key == "" {
			continue
		}
		set[key] = a.value.resolve(&r.s)
		if size += len(key) + len(set[key]); size > maxAttributes {
			return nil, tooLarge
		}
	}
	// Writing many attributes is more work than one action.
	r.s.Steps += len(set) / attributesPerStep
	return set, ""
}

const (
	tooLarge          = "the attributes are too large"
	attributesPerStep = 10 // as many count as one action for the guard
)

// fits says whether have with set written over it keeps within the limit.
func fits(have, set map[string]string) bool {
	size := 0
	for k, v := range set {
		size += len(k) + len(v)
	}
	for k, v := range have {
		if _, replaced := set[k]; !replaced {
			size += len(k) + len(v)
		}
	}
	return size <= maxAttributes
}

type updateContactAttributes struct {
	set     []assignment
	related bool
}

func newUpdateContactAttributes(p params) step {
	u := updateContactAttributes{related: p.static("TargetContact") == "Related"}
	attributes := p.get("Attributes")
	for i, name := range attributes.names {
		v, _ := attributes.kids[i].scalar()
		u.set = append(u.set, assignment{key: newText(name), value: newText(v)})
	}
	return u
}

func (u updateContactAttributes) run(r *run) outcome {
	set, why := r.resolve(u.set)
	switch {
	case why != "":
		return fail(why)
	case len(set) == 0:
		return success
	case u.related:
		return r.ask(SetRelatedAttributes{Set: set})
	case !fits(r.s.Contact.Attributes, set):
		return fail(tooLarge)
	}
	maps.Copy(r.attributes(), set)
	r.do(SetAttributes{Set: set})
	return success
}

func (u updateContactAttributes) resume(_ *run, e Event) (outcome, bool) { return answered(e) }

// hooks are the points in a contact's life that a flow can be set for. In a
// chat nobody is put on hold.
var hooks = map[string]bool{
	"AgentHold": false, "AgentWhisper": true, "CustomerHold": false, "CustomerQueue": true,
	"CustomerRemaining": true, "CustomerWhisper": true, "DefaultAgentUI": true,
	"DisconnectAgentUI": true, "PauseContact": true, "ResumeContact": true,
}

type updateContactEventHooks struct {
	hook    string // "" unless there is exactly one
	flow    dynamic
	disable bool // EventHooksConfiguration switches the hook off, as console exports write it
}

func newUpdateContactEventHooks(p params) step {
	entries := p.get("EventHooks")
	if len(entries.names) != 1 {
		return updateContactEventHooks{}
	}
	u := updateContactEventHooks{hook: entries.names[0], flow: newDynamic(&entries.kids[0])}
	off, _ := p.get("EventHooksConfiguration").get(u.hook).get("DisableExecution").scalar()
	u.disable = strings.EqualFold(off, "true")
	return u
}

func (u updateContactEventHooks) run(r *run) outcome {
	switch set, known := hooks[u.hook]; {
	case !known:
		return fail("there is no such hook")
	case !set:
		return fail("the chat channel has no hold")
	case u.disable:
		return r.ask(SetEventHook{Hook: u.hook})
	}
	id, ok := u.flow.resolve(&r.s)
	if !ok {
		return fail("the flow of the hook is empty")
	}
	return r.ask(SetEventHook{Hook: u.hook, FlowID: id})
}

func (u updateContactEventHooks) resume(_ *run, e Event) (outcome, bool) { return answered(e) }

type persistChat struct {
	source      text
	rehydration string
}

func newPersistChat(p params) step {
	return persistChat{source: p.text("SourceContactId"), rehydration: p.static("RehydrationType")}
}

func (s persistChat) run(r *run) outcome {
	source := s.source.resolve(&r.s)
	if source == "" || s.rehydration == "" {
		return fail("the earlier chat is not named")
	}
	return r.ask(PersistChat{SourceContactID: source, RehydrationType: s.rehydration})
}

func (s persistChat) resume(_ *run, e Event) (outcome, bool) { return answered(e) }

func newRecordingAndAnalytics(p params) step {
	if p.has("VoiceBehavior") {
		return takes{ending: failed, name: "ChannelMismatch", why: "not supported by the chat channel"}
	}
	return takes(success)
}
