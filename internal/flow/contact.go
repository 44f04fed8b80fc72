package flow

import (
	"maps"
	"strings"
	"unicode/utf8"
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
		note:   "AgentHold and CustomerHold take the error branch",
		params: []string{"EventHooks", "EventHooksConfiguration"},
		refers: []refers{{"EventHooks.*", ResourceFlow}},
		errors: onlyNoMatchingError,
		check:  (*checker).eventHooks,
	}, newUpdateContactEventHooks),
	works(actionType{
		name:     "CreatePersistentContactAssociation",
		params:   []string{"RehydrationType", "SourceContactId", "ClientToken"},
		required: []string{"RehydrationType", "SourceContactId"},
		errors:   onlyNoMatchingError,
		check:    func(c *checker) { c.oneOf("RehydrationType", "ENTIRE_PAST_SESSION", "FROM_SEGMENT") },
	}, newPersistChat),

	works(actionType{
		name: "UpdateContactTargetQueue", module: "SetQueue",
		note:   "chooses the working queue",
		params: []string{"QueueId", "AgentId"},
		refers: []refers{queued},
		errors: onlyNoMatchingError,
		check:  (*checker).queueOrAgent,
	}, newUpdateContactTargetQueue),
	works(actionType{
		name: "TransferContactToQueue", module: "Transfer",
		note:   "queues the contact in its working queue, and ends the flow",
		params: []string{},
		errors: []string{"QueueAtCapacity", noMatchingError},
	}, func(params) step { return transferContactToQueue{} }),
	works(actionType{
		name: "DequeueContactAndTransferToQueue", module: "Transfer",
		note:   "moves a queued contact to another queue, and ends the flow",
		params: []string{"QueueId", "AgentId"},
		refers: []refers{queued},
		errors: []string{"QueueAtCapacity", noMatchingError},
		check:  (*checker).queueOrAgent,
	}, newDequeueContactAndTransferToQueue),
	// It has no branches, so where it cannot be done the contact ends (inferred).
	works(actionType{
		name: "TransferContactToAgent", module: "Transfer",
		note:     "gives the contact to the agent that the flow was started for; without one the contact ends",
		params:   []string{},
		terminal: true,
	}, endsFlow(TransferToAgent{})),
	works(actionType{
		name: "UpdateContactData", module: "SetContactData",
		note: "writes Name, Description, LanguageCode, CustomerId, WisdomSessionArn and References; of Voice ID alone it takes the error branch",
		params: append([]string{"Name", "Description", "LanguageCode", "CustomerId", "WisdomSessionArn", "References", "TargetContact"},
			voiceIDParameters...),
		errors: onlyNoMatchingError,
		check:  (*checker).contactData,
	}, newUpdateContactData),
	works(actionType{
		name: "UpdateContactRoutingBehavior", module: "UpdateRoutingPriority",
		note:   "changes the contact's place in its queue",
		params: []string{"QueuePriority", "QueueTimeAdjustmentSeconds"},
		check:  (*checker).routingBehavior,
		goesOn: true,
	}, newUpdateContactRoutingBehavior),
	works(actionType{
		name:     "UpdateContactRoutingCriteria",
		note:     "says which agents the contact asks for once it is queued",
		params:   []string{"RoutingCriteria"},
		required: []string{"RoutingCriteria"},
		errors:   onlyNoMatchingError,
		check:    (*checker).routingCriteria,
	}, newUpdateContactRoutingCriteria),
	noEffect(actionType{
		name: "UpdateContactRecordingBehavior", module: "SetRecordingBehavior",
		params: []string{"RecordingBehavior", "AnalyticsBehavior"},
	}),
	works(actionType{
		name:      "UpdateContactRecordingAndAnalyticsBehavior",
		note:      "VoiceBehavior takes the branch ChannelMismatch; anything else succeeds and does nothing",
		params:    []string{"ChatBehavior", "VoiceBehavior", "ScreenRecordingBehavior"},
		errors:    []string{noMatchingError, "ChannelMismatch"},
		mayErrors: []string{redactionFailed},
		check:     (*checker).recordingAndAnalytics,
	}, newRecordingAndAnalytics),
	works(actionType{
		name:      "UpdateContactMediaProcessing",
		note:      "switching processing off succeeds; switching it on takes the branch NoMatchingError, for messages are not processed here",
		params:    []string{"ChatProcessor"},
		errors:    onlyNoMatchingError,
		mayErrors: []string{"ChannelMismatch"},
	}, newUpdateContactMediaProcessing),
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
	// Exports have it without a branch.
	voiceOnly(actionType{
		name:   "CompleteOutboundCall",
		params: []string{"CallerId", "VoiceConnector", "ConnectionTimeLimitSeconds"},
		entries: []entry{
			{name: "CallerId", is: anObject, of: []entry{{name: "Number", is: aValue, needed: true}}},
			{name: "VoiceConnector", is: anObject},
		},
		mayErrors: onlyNoMatchingError,
		check:     func(c *checker) { c.integer("ConnectionTimeLimitSeconds", 1, 600) },
	}),
	works(actionType{
		name:     "TagContact",
		params:   []string{"Tags"},
		required: []string{"Tags"},
		errors:   onlyNoMatchingError,
		check:    (*checker).contactTags,
	}, newTagContact),
	works(actionType{
		name:     "UntagContact",
		params:   []string{"TagKeys"},
		required: []string{"TagKeys"},
		errors:   onlyNoMatchingError,
		check:    (*checker).tagKeys,
	}, newUntagContact),
	asks(tasks, "Task", actionType{
		name: "CreateTask",
		params: []string{"ContactFlowId", "TaskTemplateId", "QuickConnectId", "Name", "Description", "Attributes", "References",
			"DelaySeconds", "ScheduledTime", "RelatedContactId"},
		entries: []entry{
			{name: "Name", is: aValue}, {name: "Description", is: aValue}, {name: "Attributes", is: anObject}, {name: "References", is: anObject},
		},
		refers: []refers{{"ContactFlowId", ResourceFlow}},
		errors: onlyNoMatchingError,
		check:  (*checker).task,
	}),
	asksCases(actionType{name: "CreateCase", required: []string{"CaseTemplateId"}}),
	asksCases(actionType{name: "GetCase"}),
	asksCases(actionType{name: "UpdateCase", required: []string{"CaseId"}}),
	asks(wisdom, "Wisdom", actionType{
		name:     "CreateWisdomSession",
		params:   []string{"WisdomAssistantArn"},
		required: []string{"WisdomAssistantArn"},
		entries:  []entry{{name: "WisdomAssistantArn", is: aValue}},
		errors:   onlyNoMatchingError,
	}),
	voiceOnly(actionType{name: "ResumeContact", params: []string{}, note: "tasks only; takes the branch NoMatchingError", errors: onlyNoMatchingError}),
	asks(contacts, "", actionType{
		name: "StartOutboundChatContact",
		params: []string{"SourceEndpoint", "DestinationEndpoint", "ContactFlowArn", "ContactFlowId", "ContactSubtype", "InitialSystemMessage",
			"InitialTemplatedSystemMessage", "RelatedContact", "RelatedContactId", "Attributes", "SegmentAttributes", "ChatDurationInMinutes",
			"ParticipantDetails", "SupportedMessagingContentTypes"},
		required: []string{"SourceEndpoint", "DestinationEndpoint"},
		entries: []entry{
			{name: "SourceEndpoint", is: anObject, of: endpointEntries}, {name: "DestinationEndpoint", is: anObject, of: endpointEntries},
			{name: "InitialSystemMessage", is: anObject}, {name: "Attributes", is: anObject}, {name: "SegmentAttributes", is: anObject},
		},
		refers: []refers{{"ContactFlowArn", ResourceFlow}, {"ContactFlowId", ResourceFlow}},
		errors: onlyNoMatchingError,
		check:  func(c *checker) { c.exactlyOne("ContactFlowArn", "ContactFlowId") },
	}),
	// Of the next two, what exports have, and what the operations of these names take.
	asks(contacts, "", actionType{
		name: "StartOutboundEmailContact",
		params: []string{"FromEmailAddress", "DestinationEmailAddress", "AdditionalRecipients", "EmailMessage", "ContactId", "RelatedContact",
			"RelatedContactId", "ContactFlowArn", "ContactFlowId", "Attributes", "SegmentAttributes"},
		entries: []entry{{name: "FromEmailAddress", is: anObject}, {name: "EmailMessage", is: anObject}},
		refers:  []refers{{"ContactFlowArn", ResourceFlow}, {"ContactFlowId", ResourceFlow}},
		errors:  onlyNoMatchingError,
	}),
	asks(contacts, "", actionType{
		name: "CreateContact",
		params: []string{"Attributes", "Channel", "Description", "ExpiryDurationInMinutes", "InitiateAs", "InitiationMethod", "Name",
			"PreviousContactId", "References", "RelatedContact", "RelatedContactId", "SegmentAttributes", "UserInfo", "ContactFlowArn", "ContactFlowId"},
		entries: []entry{{name: "Attributes", is: anObject}, {name: "References", is: anObject}, {name: "SegmentAttributes", is: anObject}},
		refers:  []refers{{"ContactFlowArn", ResourceFlow}, {"ContactFlowId", ResourceFlow}},
		errors:  onlyNoMatchingError,
	}),
	asks(wisdom, "", actionType{
		name:      "RenderMessageTemplate",
		params:    []string{"WisdomKnowledgeBaseArn", "WisdomMessageTemplateArn", "Attributes"},
		required:  []string{"WisdomKnowledgeBaseArn", "WisdomMessageTemplateArn"},
		entries:   []entry{{name: "WisdomKnowledgeBaseArn", is: aValue}, {name: "WisdomMessageTemplateArn", is: aValue}, {name: "Attributes", is: anObject}},
		errors:    onlyNoMatchingError,
		mayErrors: []string{"TemplateRenderingError"},
	}),
	notYet(actionType{
		name:     "RouteContactToAgent",
		note:     "takes the branch NoMatchingError; the service refuses it in flows of the API, and its parameters are unknown",
		errors:   onlyNoMatchingError,
		unlisted: true,
	}),
	voiceOnly(actionType{
		name: "LoadContactContent", note: "email only; takes the branch NoMatchingError",
		params:   []string{"ContentType"},
		required: []string{"ContentType"},
		entries:  []entry{{name: "ContentType", is: aValue}},
		errors:   onlyNoMatchingError,
	}),
}

var caseErrors = []string{"ContactNotLinked", "MultipleFound", "NoneFound"}

// asksCases is a row of an action on cases. That each takes the parameters of all is inferred: exports have some of the others'.
func asksCases(t actionType) actionType {
	t.params = []string{"LinkContactToCase", "CaseTemplateId", "CaseRequestFields", "CaseResponseFields", "CaseId", "CustomerId", "GetLastUpdatedCase"}
	t.entries = []entry{
		{name: "LinkContactToCase", is: aValue, values: trueOrFalse},
		{name: "CaseRequestFields", is: anObject},
		{name: "CaseResponseFields", is: aTable},
		{name: "GetLastUpdatedCase", is: aValue, values: trueOrFalse},
	}
	t.errors, t.mayErrors = onlyNoMatchingError, caseErrors
	return asks(cases, "Case", t)
}

var trueOrFalse = []string{"true", "false"}

// endpointEntries are what an address of another channel consists of.
var endpointEntries = []entry{{name: "Address", is: aValue, needed: true}, {name: "Type", is: aValue}}

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
	r.s.Steps += len(set)/attributesPerStep + size/bytesPerStep
	return set, ""
}

const tooLarge = "the attributes are too large"

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
	flows := p.get("EventHooks")
	entries := flows
	if !entries.present() {
		entries = p.get("EventHooksConfiguration") // switching a hook off needs no flow
	}
	if len(entries.names) != 1 {
		return updateContactEventHooks{}
	}
	hook := entries.names[0]
	return updateContactEventHooks{hook: hook, flow: newDynamic(flows.get(hook)), disable: switchesOff(p.node, hook)}
}

// switchesOff says whether the parameters switch a hook off.
func switchesOff(parameters *node, hook string) bool {
	off, _ := parameters.get("EventHooksConfiguration").get(hook).get("DisableExecution").scalar()
	return strings.EqualFold(off, "true")
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

// redactionFailed is a branch of those that set how a chat is analysed, and of no
// others.
const redactionFailed = "InFlightRedactionConfigurationFailed"

func (c *checker) recordingAndAnalytics() {
	c.exactlyOne("ChatBehavior", "VoiceBehavior", "ScreenRecordingBehavior")
	if c.param("ChatBehavior").present() {
		c.needError(redactionFailed)
	} else if c.a.errorBranch(redactionFailed) != nil {
		c.invalidError(redactionFailed)
	}
}

func newRecordingAndAnalytics(p params) step {
	if p.has("VoiceBehavior") {
		return takes{ending: failed, name: "ChannelMismatch", why: "not supported by the chat channel"}
	}
	return takes(success)
}

// updateContactData changes what is known of the contact. A field that is given
// and resolves to nothing is cleared, as an attribute would be (inferred).
type updateContactData struct {
	fields     []contactField
	references []contactReference
	related    bool
}

// contactField is one of the texts that the action may write.
type contactField struct {
	name  string
	limit int // most characters
	value text
}

type contactReference struct {
	name      string
	value     text
	valueType text
}

// The fields with their limits (API model: UpdateContact, LanguageCode,
// CustomerId and ARN).
var contactFields = []contactField{
	{name: "Name", limit: 512},
	{name: "Description", limit: 4_096},
	{name: "LanguageCode", limit: 100},
	{name: "CustomerId", limit: 128},
	{name: "WisdomSessionArn", limit: 1_000},
}

// maxReference is the most characters that the name and the value of a
// reference may have (API model, ReferenceKey and ReferenceValue).
const maxReference = 4_096

// voiceIDParameters say how Amazon Connect Voice ID, which has ended, was to
// listen. A chat has no voice.
var voiceIDParameters = []string{
	"IsVoiceIdStreamingEnabled", "IsFraudDetectionEnabled", "IsVoiceAuthenticationEnabled",
	"VoiceAuthenticationThreshold", "VoiceAuthenticationResponseTime", "FraudDetectionThreshold", "WatchlistId",
}

func newUpdateContactData(p params) step {
	u := updateContactData{related: p.static("TargetContact") == "Related"}
	for _, f := range contactFields {
		if f.value = p.text(f.name); f.value.present() {
			u.fields = append(u.fields, f)
		}
	}
	references := p.get("References")
	for i, name := range references.names {
		r := params{&references.kids[i]}
		u.references = append(u.references, contactReference{name: name, value: r.text("Value"), valueType: r.text("Type")})
	}
	return u
}

func (u updateContactData) run(r *run) outcome {
	if len(u.fields)+len(u.references) == 0 {
		return fail("no data that a chat has is to be changed")
	}
	data := SetContactData{Related: u.related}
	for _, f := range u.fields {
		v := f.value.resolve(&r.s)
		if utf8.RuneCountInString(v) > f.limit {
			return fail(f.name + " is too long")
		}
		*data.field(f.name) = &v
	}
	for _, ref := range u.references {
		v := Reference{Value: ref.value.resolve(&r.s), Type: ref.valueType.resolve(&r.s)}
		if utf8.RuneCountInString(v.Value) > maxReference || utf8.RuneCountInString(ref.name) > maxReference {
			return fail("a reference is too long")
		}
		if data.References == nil {
			data.References = make(map[string]Reference, len(u.references))
		}
		data.References[ref.name] = v
	}
	return r.ask(data)
}

func (u updateContactData) resume(_ *run, e Event) (outcome, bool) { return answered(e) }

// field is where the named one of contactFields goes.
func (d *SetContactData) field(name string) **string {
	switch name {
	case "Name":
		return &d.Name
	case "Description":
		return &d.Description
	case "LanguageCode":
		return &d.LanguageCode
	case "CustomerId":
		return &d.CustomerID
	case "WisdomSessionArn":
		return &d.WisdomSessionARN
	}
	panic("flow: no place for the field " + name)
}

// What tags may be (API model, ContactTagKey and ContactTagValue; the service
// keeps names that begin with aws: to itself).
const (
	maxTagKey    = 128
	maxTagValue  = 256
	reservedTags = "aws:"
)

type tagContact struct{ tags []assignment }

func newTagContact(p params) step {
	var t tagContact
	tags := p.get("Tags")
	for i, name := range tags.names {
		v, _ := tags.kids[i].scalar()
		t.tags = append(t.tags, assignment{key: newText(name), value: newText(v)})
	}
	return t
}

func (t tagContact) run(r *run) outcome {
	if len(t.tags) == 0 || len(t.tags) > maxTags {
		return fail("not 1 to 6 tags")
	}
	set := make(map[string]string, len(t.tags))
	for _, tag := range t.tags {
		key, v := tag.key.resolve(&r.s), tag.value.resolve(&r.s)
		if why := badTagKey(key); why != "" {
			return fail(why)
		}
		if utf8.RuneCountInString(v) > maxTagValue {
			return fail("a tag's value is too long")
		}
		set[key] = v
	}
	return r.ask(SetTags{Set: set})
}

func (t tagContact) resume(_ *run, e Event) (outcome, bool) { return answered(e) }

// badTagKey is why a tag cannot have the key, "" when it can.
func badTagKey(key string) string {
	switch {
	case key == "":
		return "a tag's key is empty"
	case utf8.RuneCountInString(key) > maxTagKey:
		return "a tag's key is too long"
	case strings.HasPrefix(key, reservedTags):
		return "a tag's key begins with aws:"
	}
	return ""
}

type untagContact struct{ keys []text }

func newUntagContact(p params) step {
	var u untagContact
	keys := p.get("TagKeys")
	for i := range keys.kids {
		key, _ := keys.kids[i].scalar()
		u.keys = append(u.keys, newText(key))
	}
	return u
}

func (u untagContact) run(r *run) outcome {
	if len(u.keys) == 0 {
		return fail("there are no tags")
	}
	remove := make([]string, len(u.keys))
	for i, key := range u.keys {
		remove[i] = key.resolve(&r.s)
		if why := badTagKey(remove[i]); why != "" {
			return fail(why)
		}
	}
	return r.ask(SetTags{Remove: remove})
}

func (u untagContact) resume(_ *run, e Event) (outcome, bool) { return answered(e) }

// newUpdateContactMediaProcessing: there is no processing to switch off, and
// none can be switched on. A flow that asks for messages to be processed, to
// redact them perhaps, must not believe that they are.
func newUpdateContactMediaProcessing(p params) step {
	if on, _ := p.get("ChatProcessor").get("ProcessingEnabled").scalar(); strings.EqualFold(on, "false") {
		return takes(success)
	}
	return takes(outcome{ending: failed, name: noMatchingError, why: "messages are not processed here", unavailable: true})
}
