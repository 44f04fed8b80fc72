package legacy

import "strings"

// From here on: what single modules need beyond new names.

func (b *block) set(name string, value any) { b.action.Parameters[name] = value }

// prompt is one thing to say. A block without one, which the console let people save, is noted.
func (b *block) prompt() {
	kind := b.text("TextToSpeechType")
	if p, path := b.find("Text"); p != nil {
		if v := b.value(p, path); v != "" {
			b.set(spoken(kind), v)
			return
		}
	}
	if p, path := b.find("AudioPrompt"); p != nil {
		if v := b.value(p, path); v != "" {
			b.set("PromptId", v)
			if p.ResourceName != "" {
				b.displayName("PromptId", p.ResourceName)
			}
			return
		}
	}
	b.note(b.path, "set Text", "%s has nothing to say", b.module.name())
}

func spoken(kind string) string {
	if strings.EqualFold(kind, "ssml") {
		return "SSML"
	}
	return "Text"
}

// prompts are said in turn, in the order of the export.
func (b *block) prompts() {
	messages := []any{}
	for i := range b.module.Parameters {
		p := &b.module.Parameters[i]
		if p.Name != "Text" && p.Name != "AudioPrompt" {
			continue
		}
		kind := "PromptId"
		if p.Name == "Text" {
			kind = spoken(p.Key)
		}
		q, path := b.find(p.Name)
		if v := b.value(q, path); v != "" {
			messages = append(messages, map[string]string{kind: v})
		} else {
			b.note(path, "", "an empty prompt is left out")
		}
	}
	b.set("Messages", messages)
}

func (b *block) digits() {
	b.prompt()
	b.set("StoreInput", "False")
}

// store asks for input to keep. What validates it depends on its kind.
func (b *block) store() {
	b.prompt()
	b.set("StoreInput", "True")
	if kind := b.text("CustomerInputType"); kind == "PhoneNumber" {
		number := map[string]any{"NumberFormat": b.text("PhoneNumberFormat")}
		if country := b.text("CountryCode"); country != "" {
			number["CountryCode"] = country
		}
		b.set("InputValidation", map[string]any{"PhoneNumberValidation": number})
		b.ignore("MaxDigits")
	} else {
		b.set("InputValidation", map[string]any{"CustomValidation": map[string]any{"MaximumLength": b.text("MaxDigits")}})
	}
	keys := map[string]any{}
	if v := b.text("DisableCancel"); v != "" {
		keys["DisableCancelKey"] = title(v)
	}
	if v := b.text("TerminatorDigits"); v != "" {
		keys["InputTerminationSequence"] = v
	}
	if v := b.text("InterdigitTimeout"); v != "" {
		keys["InterdigitTimeLimitSeconds"] = v
	}
	if len(keys) > 0 {
		b.set("DTMFConfiguration", keys)
	}
	if b.text("EncryptEntry") == "true" {
		b.set("InputEncryption", map[string]any{"EncryptionKeyId": b.text("EncryptionKeyId"), "Key": b.text("EncryptionKey")})
	}
}

// title writes booleans as the console does.
func title(boolean string) string {
	switch strings.ToLower(boolean) {
	case "true":
		return "True"
	case "false":
		return "False"
	}
	return boolean
}

func (b *block) lex() {
	b.prompt()
	if arn := b.text("BotAliasArn"); arn != "" || b.text("LexVersion") == "V2" {
		b.set("LexV2Bot", map[string]any{"AliasArn": arn})
	} else {
		bot := map[string]any{"Name": b.text("BotName"), "Alias": b.text("BotAlias")}
		if region := b.text("BotRegion"); region != "" {
			bot["Region"] = region
		}
		b.set("LexBot", bot)
		b.note(b.path, "use a bot of Lex V2: set LexV2Bot.AliasArn", "the bot %q is of Lex V1, which Amazon has ended", bot["Name"])
	}
	b.ignore("LexVersion")
	if attributes := b.carryMap("Parameter"); len(attributes) > 0 {
		b.set("LexSessionAttributes", attributes)
	}
}

func (b *block) attributes() { b.set("Attributes", b.carryMap("Attribute")) }

// screenPop sets one attribute, or as many as SetAttributes does: exports write it both ways.
func (b *block) screenPop() {
	attributes := b.carryMap("Attribute")
	if key := b.text("key"); key != "" {
		attributes[key] = b.text("value")
	}
	b.set("Attributes", attributes)
}

// contactData: the language is the one member that exports are known to carry.
func (b *block) contactData() {
	for p, path := b.find("ContactData"); p != nil; p, path = b.find("ContactData") {
		switch {
		case p.LanguageCode != "":
			b.set("LanguageCode", p.LanguageCode)
		case p.Key != "" && p.Value.text != "":
			b.set(p.Key, b.value(p, path))
		default:
			b.note(path, "set what the block has set", "it does not say which contact data is set")
		}
	}
}

func (b *block) hook() {
	hook := b.text("Type")
	p, path := b.find("ContactFlowId")
	if p == nil || hook == "" {
		b.note(b.path, "set EventHooks", "%s names no flow, or no event", b.module.name())
		return
	}
	b.set("EventHooks", map[string]string{hook: b.value(p, path)})
	if p.ResourceName != "" {
		b.names = map[string]any{"EventHooks": map[string]any{hook: map[string]string{"displayName": p.ResourceName}}}
	}
}

// recording: the console's later form lists those who are recorded.
func (b *block) recording() {
	recorded := []string{}
	who := b.text("RecordingParticipantOption")
	if b.text("RecordingBehaviorOption") != "Disable" {
		switch who {
		case "Agent", "Customer":
			recorded = []string{who}
		default:
			recorded = []string{"Agent", "Customer"}
		}
	}
	b.set("RecordingBehavior", map[string]any{"RecordedParticipants": recorded})
	if b.text("AnalyticsBehaviorOption") != "Enable" {
		b.ignore("AnalyticsLanguageLocaleCode", "AnalyticsRedactionOption", "AnalyticsRedactionPolicy", "AnalyticsMode", "AnalyticsCustomVocabulary")
		return
	}
	redaction, results := "Disabled", "None"
	if b.text("AnalyticsRedactionOption") == "Enable" {
		redaction = "Enabled"
	}
	if policy := b.text("AnalyticsRedactionPolicy"); policy != "" {
		results = policy
	}
	modes := []string{}
	if mode := b.text("AnalyticsMode"); mode != "" {
		modes = []string{mode}
	}
	if p, path := b.find("AnalyticsCustomVocabulary"); p != nil && p.Value.text != "None" {
		b.note(path, "", "the custom vocabulary %q is left out", p.Value.text)
	}
	b.set("AnalyticsBehavior", map[string]any{
		"Enabled": "True", "AnalyticsLanguage": b.text("AnalyticsLanguageLocaleCode"),
		"AnalyticsRedactionBehavior": redaction, "AnalyticsRedactionResults": results,
		"ChannelConfiguration": map[string]any{
			"Chat": map[string]any{"AnalyticsModes": []string{}}, "Voice": map[string]any{"AnalyticsModes": modes},
		},
	})
}

func (b *block) startStreaming() { b.streaming("Enabled") }
func (b *block) stopStreaming()  { b.streaming("Disabled") }

// streaming: a block names the tracks it means, and older ones none, which is both.
func (b *block) streaming(state string) {
	directions := []string{}
	for p, _ := b.find("Track"); p != nil; p, _ = b.find("Track") {
		directions = append(directions, strings.TrimSuffix(p.Value.text, "Customer"))
	}
	if len(directions) == 0 {
		directions = []string{"To", "From"}
	}
	who := "Customer"
	if v := b.text("ParticipantTypes"); v != "" {
		who = v
	}
	kind := "Audio"
	if v := b.text("MediaStreamTypes"); v != "" {
		kind = v
	}
	b.set("MediaStreamingState", state)
	b.set("MediaStreamType", kind)
	b.set("Participants", []any{map[string]any{"ParticipantType": who, "MediaDirections": directions}})
}

// comparison: the attribute and its namespace are two parameters, or one.
func (b *block) comparison() {
	namespace := b.text("Namespace")
	p, path := b.find("Attribute")
	if p == nil {
		b.note(b.path, "set ComparisonValue", "%s names no attribute", b.module.name())
		return
	}
	if p.Namespace == "" {
		p.Namespace = namespace
	}
	b.set("ComparisonValue", b.value(p, path))
}

// staffing asks whether there is any agent of the given kind.
func (b *block) staffing() {
	status := b.text("Status")
	b.set("MetricType", "NumberOfAgents"+status)
	if status != "Available" && status != "Staffed" && status != "Online" {
		b.note(b.path, "choose NumberOfAgentsAvailable, NumberOfAgentsStaffed or NumberOfAgentsOnline", "the status %q is unknown", status)
	}
}

// wait: a block that says it is interrupted, or has the branch for it, is.
func (b *block) wait() {
	if b.text("InterruptOnCustomerReturn") == "true" || b.leadsTo("CustomerReturn") != "" {
		b.set("Events", []string{"CustomerReturned"})
	}
	b.ignore("InterruptOnCustomerReturn")
}

func (b *block) logging() {
	switch v := b.text("LoggingBehavior"); v {
	case "Enable", "Disable":
		b.set("FlowLoggingBehavior", v+"d")
	default:
		b.note(b.path, "choose Enabled or Disabled", "the logging behavior %q is neither Enable nor Disable", v)
		b.set("FlowLoggingBehavior", "Enabled")
	}
}

// function: answers were flat maps of strings.
func (b *block) function() {
	if b.module.Target.text != "" && b.module.Target.text != "Lambda" {
		b.note(b.path, "", "the target %q is taken for Lambda", b.module.Target.text)
	}
	b.carry("FunctionArn", "LambdaFunctionARN")
	b.carry("TimeLimit", "InvocationTimeLimitSeconds")
	if parameters := b.carryMap("Parameter"); len(parameters) > 0 {
		b.set("LambdaInvocationAttributes", parameters)
	}
	b.set("ResponseValidation", map[string]string{"ResponseType": "STRING_MAP"})
}

// transferToQueue: with a queue of its own it takes a queued contact to another queue.
func (b *block) transferToQueue() {
	b.carry("Queue", "QueueId")
	b.carry("Agent", "AgentId")
	if len(b.action.Parameters) > 0 {
		b.action.Type = "DequeueContactAndTransferToQueue"
	}
}

// phone: a blind transfer does not come back to the flow.
func (b *block) phone() {
	goesOn := "True"
	if b.text("BlindTransfer") == "true" {
		goesOn = "False"
	}
	b.set("ContinueFlowExecution", goesOn)
	caller := map[string]any{}
	if v := b.text("CallerIdNumber"); v != "" {
		caller["Number"] = v
	}
	if v := b.text("CallerIdName"); v != "" {
		caller["Name"] = v
	}
	if len(caller) > 0 {
		b.set("CallerId", caller)
	}
}
