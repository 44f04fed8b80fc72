package legacy

import (
	"strconv"
	"strings"
)

// rule says how one type of module becomes an action.
type rule struct {
	to       string
	params   []renamed
	ignored  []string     // parameters that say nothing the action needs
	special  func(*block) // what is more than renaming
	branches map[string]exit
	evaluate func(*block, *branch) (condition, bool) // of branches with a condition of their own, nil where there are none
	// nextCopies is the branch that NextAction repeats: the console writes it so where success takes other branches.
	nextCopies string
	// errorCopies is the branch that an error follows where the older block had no branch for it and went on.
	errorCopies string
}

// renamed is a parameter under its old and new names.
type renamed struct{ from, to string }

// exit is what a branch becomes: the next action, an error, or a condition.
type exit struct {
	next      bool
	err       string
	condition *condition
}

func equals(operand string) exit { return when("Equals", operand) }

func when(operator, operand string) exit {
	return exit{condition: &condition{Operator: operator, Operands: []string{operand}}}
}

var (
	next    = exit{next: true}
	failure = exit{err: "NoMatchingError"}
	noMatch = exit{err: "NoMatchingCondition"}

	plainBranches = map[string]exit{"Success": next, "Error": failure}
)

// with is plainBranches and more.
func with(more map[string]exit) map[string]exit {
	all := map[string]exit{"Success": next, "Error": failure}
	for name, e := range more {
		all[name] = e
	}
	return all
}

// formerNames are the later names of blocks by those that the console gave them in its first year.
var formerNames = map[string]string{
	"CheckCallAttribute":     "CheckAttribute",
	"CustomerInQueue":        "Transfer Queue",
	"InvokeExternal":         "InvokeExternalResource",
	"PlayAudioAndFetchInput": "GetUserInput",
	"TransferToFlow":         "Transfer Flow",
}

// ruleOf finds the rule for a module.
func ruleOf(m *module) (rule, bool) {
	if r, exact := rules[m.name()]; exact {
		return r, true
	}
	if later, former := formerNames[m.Type]; former {
		return rules[later], true
	}
	r, known := rules[m.Type]
	return r, known
}

// rules by type, or by type and target. Where the target is not in the table the type alone counts.
var rules = map[string]rule{
	"PlayPrompt": {to: "MessageParticipant", special: (*block).prompt, branches: plainBranches},
	"PlayAudio":  {to: "MessageParticipant", special: (*block).prompt, branches: plainBranches},
	"LoopPrompts": {
		to: "MessageParticipantIteratively", special: (*block).prompts,
		params:   []renamed{{"InterruptSeconds", "InterruptFrequencySeconds"}},
		branches: map[string]exit{"Timeout": equals("MessagesInterrupted"), "Error": failure},
	},
	"GetUserInput": {
		to: "GetParticipantInput", special: (*block).digits,
		params:   []renamed{{"Timeout", "InputTimeLimitSeconds"}},
		ignored:  []string{"MaxDigits"},
		branches: map[string]exit{"Timeout": {err: "InputTimeLimitExceeded"}, "NoMatch": noMatch, "Error": failure},
		evaluate: compared, nextCopies: "NoMatch",
	},
	"GetUserInput Lex": {
		to: "ConnectParticipantWithLexBot", special: (*block).lex,
		ignored:  []string{"Timeout", "MaxDigits"},
		branches: map[string]exit{"NoMatch": noMatch, "Error": failure},
		evaluate: compared, nextCopies: "Error",
	},
	"StoreUserInput":     storeInput,
	"StoreCustomerInput": storeInput,
	"Disconnect":         {to: "DisconnectParticipant"},
	"Resume":             {to: "EndFlowExecution"},

	"SetAttributes": {to: "UpdateContactAttributes", special: (*block).attributes, branches: plainBranches},
	"SetScreenPop":  {to: "UpdateContactAttributes", special: (*block).screenPop, branches: plainBranches},
	"SetContactData": {
		to: "UpdateContactData", special: (*block).contactData, branches: plainBranches,
	},
	"SetQueue": {
		to: "UpdateContactTargetQueue", params: []renamed{{"Queue", "QueueId"}, {"Agent", "AgentId"}}, branches: plainBranches,
	},
	"SetEventHook": {to: "UpdateContactEventHooks", special: (*block).hook, branches: plainBranches},
	// It had no error branch, and went on.
	"SetContactFlow": {to: "UpdateContactEventHooks", special: (*block).hook, branches: plainBranches, errorCopies: "Success"},
	"SetVoice": {
		to:       "UpdateContactTextToSpeechVoice",
		params:   []renamed{{"GlobalVoice", "TextToSpeechVoice"}, {"GlobalEngine", "TextToSpeechEngine"}, {"SpeakingStyle", "TextToSpeechStyle"}},
		branches: plainBranches,
	},
	"SetRecordingBehavior": {to: "UpdateContactRecordingBehavior", special: (*block).recording, branches: plainBranches},
	"StartMediaStreaming":  {to: "UpdateContactMediaStreamingBehavior", special: (*block).startStreaming, branches: plainBranches},
	"StopMediaStreaming":   {to: "UpdateContactMediaStreamingBehavior", special: (*block).stopStreaming, branches: plainBranches},
	"SetCallBackNumber": {
		to: "UpdateContactCallbackNumber", params: []renamed{{"CallBackNumber", "CallbackNumber"}},
		branches: map[string]exit{
			"Success": next, "InvalidPhoneNumber": {err: "InvalidCallbackNumber"}, "NonDialableNumber": {err: "CallbackNumberNotDialable"},
		},
	},
	"UpdateRoutingPriority": {
		to: "UpdateContactRoutingBehavior", branches: plainBranches,
		params: []renamed{{"AbsolutePosition", "QueuePriority"}, {"TimeOffset", "QueueTimeAdjustmentSeconds"}},
	},
	"SetHold": {
		to: "UpdatePreviousContactParticipantState", params: []renamed{{"HoldOption", "PreviousContactParticipantState"}},
		branches: plainBranches,
	},

	"CheckAttribute": {
		to: "Compare", special: (*block).comparison,
		branches: map[string]exit{"NoMatch": noMatch}, evaluate: compared, nextCopies: "NoMatch",
	},
	"CheckHoursOfOperation": {
		to: "CheckHoursOfOperation", params: []renamed{{"Hours", "HoursOfOperationId"}},
		branches:   map[string]exit{"True": equals("True"), "False": equals("False"), "Error": failure},
		nextCopies: "Error",
	},
	"CheckStaffing": {
		to: "CheckMetricData", special: (*block).staffing,
		params:     []renamed{{"Queue", "QueueId"}, {"Agent", "AgentId"}},
		branches:   map[string]exit{"True": when("NumberGreaterThan", "0"), "False": noMatch, "Error": failure},
		nextCopies: "Error",
	},
	"CheckQueueStatus": {
		to: "CheckMetricData", evaluate: queueStatus,
		params:   []renamed{{"Queue", "QueueId"}, {"Agent", "AgentId"}},
		branches: map[string]exit{"NoMatch": noMatch, "Error": failure}, nextCopies: "Error",
	},
	"GetMetricData": {
		to: "GetMetricData", branches: plainBranches,
		params: []renamed{{"Queue", "QueueId"}, {"Agent", "AgentId"}, {"Channel", "QueueChannel"}},
	},
	"Loop": {
		to: "Loop", params: []renamed{{"LoopCount", "LoopCount"}},
		branches: map[string]exit{"Looping": equals("ContinueLooping"), "Complete": equals("DoneLooping")}, nextCopies: "Complete",
	},
	"Wait": {
		to: "Wait", special: (*block).wait,
		params: []renamed{{"TimeoutSeconds", "TimeLimitSeconds"}},
		branches: map[string]exit{
			"Timeout": equals("WaitCompleted"), "CustomerReturn": equals("CustomerReturned"), "Error": failure,
		},
		nextCopies: "Error",
	},
	"PercentileBranching": {
		to: "DistributeByPercentage", evaluate: percentage,
		branches: map[string]exit{"NoMatch": noMatch, "Default": noMatch}, nextCopies: "NoMatch",
	},
	"SetLoggingBehavior": {to: "UpdateFlowLoggingBehavior", special: (*block).logging, branches: plainBranches},

	"InvokeExternalResource": {to: "InvokeLambdaFunction", special: (*block).function, branches: plainBranches},
	"CreateCallback": {
		to: "CreateCallbackContact", branches: plainBranches,
		params: []renamed{
			{"InitialDelaySeconds", "InitialCallDelaySeconds"}, {"RetryDelaySeconds", "RetryDelaySeconds"},
			{"MaxRetryAttempts", "MaximumConnectionAttempts"}, {"Queue", "QueueId"}, {"Agent", "AgentId"},
		},
	},

	"Transfer Queue": {
		to: "TransferContactToQueue", special: (*block).transferToQueue,
		branches: map[string]exit{"AtCapacity": {err: "QueueAtCapacity"}, "Error": failure}, nextCopies: "Error",
	},
	"Transfer Flow": {
		to: "TransferToFlow", params: []renamed{{"ContactFlowId", "ContactFlowId"}},
		branches: map[string]exit{"Error": failure}, nextCopies: "Error",
	},
	"Transfer Agent": {to: "TransferContactToAgent"},
	"Transfer PhoneNumber": {
		to: "TransferParticipantToThirdParty", special: (*block).phone,
		params: []renamed{
			{"PhoneNumber", "ThirdPartyPhoneNumber"}, {"TimeLimit", "ThirdPartyConnectionTimeLimitSeconds"}, {"DTMF", "ThirdPartyDTMFDigits"},
		},
		branches: with(map[string]exit{
			"CallFailure": {err: "CallFailed"}, "CallFailed": {err: "CallFailed"}, "Timeout": {err: "ConnectionTimeLimitExceeded"},
		}),
		nextCopies: "Error",
	},
}

var storeInput = rule{
	to: "GetParticipantInput", special: (*block).store,
	params:   []renamed{{"Timeout", "InputTimeLimitSeconds"}},
	branches: with(map[string]exit{"InvalidNumber": {err: "InvalidPhoneNumber"}}),
}

// branches connects the action.
func (b *block) branches(r rule) {
	for i := range b.module.Branches {
		br := &b.module.Branches[i]
		path := b.path + ".branches[" + strconv.Itoa(i) + "]"
		e, known := r.branches[br.Condition]
		if !known && br.ConditionType != "" && r.evaluate != nil {
			var c condition
			c, known = r.evaluate(b, br)
			e = exit{condition: &c}
		}
		if !known {
			name := strings.TrimSpace(br.Condition + " " + br.ConditionType)
			b.note(path, "", "the branch %s of %s has no counterpart and is left out", name, b.module.name())
			continue
		}
		b.connect(e, br, path)
	}
	t := &b.action.Transitions
	if t.NextAction == "" && r.nextCopies != "" {
		t.NextAction = b.leadsTo(r.nextCopies)
	}
	if to := b.leadsTo(r.errorCopies); r.errorCopies != "" && to != "" && len(t.Errors) == 0 {
		t.Errors = []errorBranch{{to, "NoMatchingError"}}
	}
}

// connect adds one branch, unless it leads nowhere.
func (b *block) connect(e exit, br *branch, path string) {
	to := b.ids[br.Transition]
	if to == "" {
		b.note(path, "connect it", "the branch %s of %s leads nowhere", br.Condition, b.module.name())
		return
	}
	t := &b.action.Transitions
	switch {
	case e.next:
		t.NextAction = to
	case e.err != "":
		t.Errors = append(t.Errors, errorBranch{to, e.err})
	default:
		if e.condition.Operands[0] == "" {
			b.note(path, "compare with a value", "the branch %s compares with nothing", br.Condition)
		}
		t.Conditions = append(t.Conditions, conditionBranch{to, *e.condition})
	}
}

// leadsTo is the action that the branch of a name leads to, "" where there is none.
func (b *block) leadsTo(name string) string {
	for _, br := range b.module.Branches {
		if br.Condition == name {
			return b.ids[br.Transition]
		}
	}
	return ""
}

// operators of the flow language by those of the older form.
var operators = map[string]string{
	"Equals": "Equals", "Contains": "TextContains", "StartsWith": "TextStartsWith", "EndsWith": "TextEndsWith",
	"GreaterThan": "NumberGreaterThan", "GreaterThanOrEqualTo": "NumberGreaterOrEqualTo",
	"LessThan": "NumberLessThan", "LessThanOrEqualTo": "NumberLessOrEqualTo",
}

// compared is a branch that compares with a value.
func compared(_ *block, br *branch) (condition, bool) {
	operator := operators[br.ConditionType]
	return condition{operator, []string{br.ConditionValue.text}}, operator != ""
}

// percentage is a branch with its share. The flow language draws a number from 1 to 100 and asks whether it is below
// the sum of the shares so far, and one.
func percentage(b *block, br *branch) (condition, bool) {
	share, err := strconv.Atoi(br.ConditionValue.text)
	b.shares += share
	return condition{"NumberLessThan", []string{strconv.Itoa(b.shares + 1)}}, err == nil
}

// metrics by the conditions that ask for them.
var metrics = map[string]string{
	"CheckQueueTime":     "OldestContactInQueueAgeSeconds",
	"CheckQueueCapacity": "NumberOfContactsInQueue",
	"CheckQueueSize":     "NumberOfContactsInQueue",
}

// queueStatus is a branch that compares a figure of the queue. One action knows one figure: the first that is asked for.
func queueStatus(b *block, br *branch) (condition, bool) {
	metric := metrics[br.Condition]
	if b.action.Parameters["MetricType"] == nil && metric != "" {
		b.action.Parameters["MetricType"] = metric
	}
	c, ok := compared(b, br)
	return c, ok && metric != "" && b.action.Parameters["MetricType"] == metric
}
