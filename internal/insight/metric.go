package insight

import (
	"fmt"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// metric is the definition of a figure of the past: (num − less) ÷ den, each a sum over the columns of a source (see
// [store.Source]). One table of them answers GetMetricDataV2 and GetMetricData, and the tests recount each in plain Go.
//
// Units, groupings and filters are those of the API model's text of GetMetricDataV2, formulas those of the administrator
// guide, "Metrics definitions", and "Data model for contact records". What both leave open is inferred, and named at its
// row.
type metric struct {
	kind           kind
	seconds        bool // sums are times in milliseconds, the value is in seconds
	num, less, den part
	// by are the keys that it can be grouped and filtered by, filters those of metric filters: letters of keys.
	by, filters string
	threshold   bool // its parts compare with a threshold where they have "?"
	// numOnly says that metric filters are for num alone: for a share of all.
	numOnly bool
}

// part is a sum over the rows of a source. The zero value is nothing.
type part struct {
	source store.Source
	of     string // an aggregate; "" for none
	expr   string
}

// kind is how a value is made of its parts, and what it is when there is nothing to be summed.
type kind int

const (
	summed  kind = iota // num − less; 0
	mean                // num ÷ den; null without den
	percent             // of num in den, 0 to 100; null without den
	ratio               // (num − less) ÷ den, 0 to 1; null without den
	extreme             // num as it is; null
	unknown             // what no chat has: null
)

// Letters of keys: Q queue, C channel, R routing profile, A agent, H hierarchy levels, S subtype, F feature (a filter only), E
// routing step expression (of the steps' own metrics: contacts have none), D disconnect reason, I initiation method, K Q in Connect; and of flows: T type, L resource, M
// module, N next resource, U its queue, O outcome, P published timestamp.
const (
	ofContact  = "QCRAHSK"
	ofMessages = "QCRAHSFDIK"
	ofAgent    = "RAH"
	ofOffer    = "QCRAH"
	ofStart    = "CSTLMIP"
	ofRun      = "CSTLMNUOIP"
)

// Conditions on contacts.
const (
	queued   = "enqueued IS NOT NULL"
	handled  = "handled IS NOT NULL"
	gone     = "transferred IS NOT NULL"
	inQueue  = "coalesce(pre_disconnect_state, '') = 'IN_QUEUE'"
	accepted = "outcome = '" + center.OfferAccepted + "'"
)

func one(condition string) string { return when(condition, "1") }

func when(condition, expr string) string { return "CASE WHEN " + condition + " THEN " + expr + " END" }

func sum(source store.Source, expr string) part { return part{source, "sum", expr} }

// count counts the rows that meet a condition.
func count(source store.Source, condition, by, filters string) metric {
	return metric{kind: summed, num: sum(source, one(condition)), by: by, filters: filters}
}

// average is the mean of an expression over the rows that have it.
func average(source store.Source, expr, by, filters string) metric {
	return metric{kind: mean, num: sum(source, expr), den: sum(source, one("("+expr+") IS NOT NULL")), by: by, filters: filters}
}

// quotient is a ratio of sums over contacts that ended.
func quotient(num, den string) metric {
	c := store.CompletedContacts
	return metric{kind: mean, num: sum(c, num), den: sum(c, when("("+num+") IS NOT NULL", den)), by: ofMessages}
}

func (m metric) inSeconds() metric { m.seconds = true; return m }

// within compares with a threshold.
func (m metric) within() metric { m.threshold = true; return m }

func share(num, den part, by, filters string) metric {
	return metric{kind: percent, num: num, den: den, by: by, filters: filters}
}

func spent(num, less, den part, k kind) metric {
	return metric{kind: k, num: num, less: less, den: den, by: ofAgent, seconds: k == summed}
}

// metrics are the figures that chats have.
var metrics = func() map[string]metric {
	const c = store.CompletedContacts
	// A contact that an agent handled has been talked about and worked on; a chat has no hold and no pause.
	const handling = "talked + worked"
	sumOf := func(expr, by string) metric { return metric{kind: summed, num: sum(c, expr), by: by, seconds: true} }
	averageOf := func(expr, by, filters string) metric { return average(c, expr, by, filters).inSeconds() }
	none := func(by string) metric { return metric{kind: unknown, num: sum(c, "0"), by: by} }
	zero := func(by, filters string) metric { return count(c, "1 = 0", by, filters) }
	routable := sum(store.Presence, when("status_type = 'ROUTABLE'", "spent"))
	busy, engaged := sum(store.Busy, "spent"), sum(store.Engaged, "spent")
	removed := "waited ?"
	rung, entered := sum(store.Offers, "1"), sum(store.Steps, stepEntered)
	all := map[string]metric{
		"CONTACTS_CREATED":                       count(c, "1 = 1", "QCRFSK", "I"),
		"CONTACTS_QUEUED":                        count(c, queued, ofContact, ""),
		"CONTACTS_QUEUED_BY_ENQUEUE":             count(store.EnqueuedContacts, "1 = 1", "QCAHS", ""),
		"CONTACTS_HANDLED":                       count(c, handled, "QCRAHFSK", "ID"),
		"CONTACTS_HANDLED_BY_CONNECTED_TO_AGENT": count(store.ConnectedContacts, "1 = 1", "QCAHSK", "I"),
		"CONTACTS_ABANDONED":                     count(c, "abandoned = 1", "QCRAHSK", "I"),
		"ABANDONMENT_RATE":                       share(sum(c, "abandoned"), sum(c, one(queued)), "QCRAHFSK", ""),
		"AVG_ABANDON_TIME":                       averageOf(when("abandoned = 1", "waited"), "QCRAHFSK", "I"),
		"SUM_CONTACTS_ABANDONED_IN_X":            count(c, "abandoned = 1 AND waited ?", "QCRSK", "").within(),
		"SUM_CONTACTS_ANSWERED_IN_X":             count(c, handled+" AND waited ?", "QCRSK", "").within(),
		"CONTACTS_REMOVED_FROM_QUEUE_IN_X":       count(c, removed, "QCRK", "").within(),
		// Contacts that were abandoned in time count as a success: seen at the live service.
		"SERVICE_LEVEL":                        share(sum(c, one(removed)), sum(c, one(queued)), "QCRK", "").within(),
		"AVG_QUEUE_ANSWER_TIME":                averageOf(when(handled, "waited"), "QCRFSK", "IDF"),
		"MAX_QUEUED_TIME":                      {kind: extreme, num: part{c, "max", "waited"}, by: ofContact, seconds: true},
		"AVG_CONTACT_DURATION":                 averageOf("disconnected - initiated", "QCRAHFSK", ""),
		"AVG_RESOLUTION_TIME":                  averageOf("resolved", "QCRSK", ""),
		"CONTACTS_RESOLVED_IN_X":               count(c, "resolved ?", "QCRSK", "").within(),
		"SUM_CONTACT_FLOW_TIME":                sumOf("led", "QCRAHK"),
		"AVG_HANDLE_TIME":                      averageOf(handling, "QCRAHFS", ""),
		"SUM_HANDLE_TIME":                      sumOf(handling, "QCRAHK"),
		"AVG_INTERACTION_TIME":                 averageOf("talked", "QCRAFSK", "I"), // by agent is not listed, but the live service answers it
		"SUM_INTERACTION_TIME":                 sumOf("talked", "QCRAH"),
		"AVG_INTERACTION_AND_HOLD_TIME":        averageOf("talked", ofContact, ""),
		"SUM_INTERACTION_AND_HOLD_TIME":        sumOf("talked", "QCRAHK"),
		"AVG_ACTIVE_TIME":                      averageOf(handling, "QCRAHK", ""), // of the contacts that were handled; inferred
		"AVG_AFTER_CONTACT_WORK_TIME":          averageOf("worked", "QCRAHFSK", "I"),
		"SUM_AFTER_CONTACT_WORK_TIME":          sumOf("worked", "QCRAHK"),
		"AVG_AGENT_PAUSE_TIME":                 averageOf(when(handled, "0"), "QCRAHK", ""),
		"AVG_HOLD_TIME":                        none("QCRAHFSK"),
		"AVG_HOLD_TIME_ALL_CONTACTS":           none(ofContact),
		"SUM_HOLD_TIME":                        zero("QCRAHK", ""),
		"AVG_HOLDS":                            {kind: mean, num: sum(c, "0"), den: sum(c, "1"), by: "QCRAHFSK"},
		"CONTACTS_PUT_ON_HOLD":                 zero("QCRAHK", "I"),
		"CONTACTS_HOLD_ABANDONS":               zero(ofContact, "I"),
		"CONTACTS_ON_HOLD_AGENT_DISCONNECT":    zero("QCRAHK", ""),
		"CONTACTS_ON_HOLD_CUSTOMER_DISCONNECT": zero("QCRAHK", ""),
		"SUM_CONTACTS_DISCONNECTED":            count(c, inQueue, ofContact, "D"),
		"CONTACTS_TRANSFERRED_OUT":             count(c, gone, "QCRAHFSK", ""),
		"CONTACTS_TRANSFERRED_OUT_BY_AGENT":    count(c, gone+" AND "+handled, ofContact, ""),
		"CONTACTS_TRANSFERRED_OUT_FROM_QUEUE":  count(c, gone+" AND "+inQueue, ofContact, ""),
		"CONTACTS_TRANSFERRED_OUT_INTERNAL":    count(c, gone+" AND "+handled, "QCRAHK", ""),
		"CONTACTS_TRANSFERRED_OUT_EXTERNAL":    zero("QCRAHK", ""), // chats go to no phone number

		// All that an agent did not accept counts, also when the customer left meanwhile.
		"AGENT_NON_RESPONSE": count(store.Offers, "rang IS NOT NULL AND NOT ("+accepted+")", ofOffer, ""),
		// It is for voice alone.
		"AGENT_NON_RESPONSE_WITHOUT_CUSTOMER_ABANDONS": {kind: unknown, num: rung, by: ofOffer},
		"AGENT_ANSWER_RATE":                            share(sum(store.Offers, one(accepted)), rung, ofOffer, ""),
		"AVG_AGENT_CONNECTING_TIME":                    average(store.Offers, "rang", ofOffer, "I").inSeconds(),
		"SUM_CONNECTING_TIME_AGENT":                    {kind: summed, num: sum(store.Offers, "rang"), by: ofOffer, filters: "I", seconds: true},

		// The text of the guide on concurrency is not available: contact time over the time with any contact is inferred.
		"AVG_AGENT_CONCURRENCY":         {kind: mean, num: sum(store.Work, "spent"), den: sum(store.Wall, "spent"), by: "QCRAHK"},
		"AGENT_OCCUPANCY":               spent(busy, part{}, routable, ratio), // "Percentage" by its unit, but 0 to 1 at the live service
		"SUM_ONLINE_TIME_AGENT":         spent(sum(store.Presence, "spent"), part{}, part{}, summed),
		"SUM_NON_PRODUCTIVE_TIME_AGENT": spent(sum(store.Presence, when("status_type = 'CUSTOM'", "spent")), part{}, part{}, summed),
		"SUM_CONTACT_TIME_AGENT":        spent(busy, part{}, part{}, summed),
		"SUM_IDLE_TIME_AGENT":           spent(routable, busy, part{}, summed),
		"SUM_ERROR_STATUS_TIME_AGENT":   spent(engaged, busy, part{}, summed), // a part of idle time: not beside a contact

		"AVG_MESSAGES":                          average(c, "messages", ofMessages, ""),
		"AVG_MESSAGES_BOT":                      average(c, "bot_messages", ofMessages, ""),
		"AVG_MESSAGES_AGENT":                    average(c, "agent_messages", ofMessages, ""),
		"AVG_MESSAGES_CUSTOMER":                 average(c, "customer_messages", ofMessages, ""),
		"AVG_MESSAGE_LENGTH_AGENT":              quotient("agent_chars", "agent_messages"),
		"AVG_MESSAGE_LENGTH_CUSTOMER":           quotient("customer_chars", "customer_messages"),
		"AVG_RESPONSE_TIME_AGENT":               quotient("agent_response", "agent_responses").inSeconds(),
		"AVG_RESPONSE_TIME_CUSTOMER":            quotient("customer_response", "customer_responses").inSeconds(),
		"AVG_FIRST_RESPONSE_TIME_AGENT":         averageOf("first_response", ofMessages, ""),
		"AVG_CONTACT_FIRST_RESPONSE_TIME_AGENT": averageOf("first_responded - enqueued", ofMessages, ""),
		"AVG_CONVERSATION_CLOSE_TIME":           averageOf("closed", ofMessages, ""),
		"CONVERSATIONS_ABANDONED":               count(c, "agent_silent = 1 OR customer_silent = 1", ofMessages, ""),

		"STEP_CONTACTS_QUEUED":          {kind: summed, num: entered, by: "QE"},
		"PERCENT_CONTACTS_STEP_JOINED":  share(sum(store.Steps, stepJoined), entered, "QE", ""),
		"PERCENT_CONTACTS_STEP_EXPIRED": share(sum(store.Steps, stepExpired), entered, "QE", ""),

		"FLOWS_STARTED": count(store.Runs, "1 = 1", ofStart, ""),
		"FLOWS_OUTCOME": count(store.Runs, "ran IS NOT NULL", ofRun, ""),
		"PERCENT_FLOWS_OUTCOME": {
			kind: percent, num: sum(store.Runs, one("ran IS NOT NULL")), den: sum(store.Runs, one("ran IS NOT NULL")),
			by: strings.ReplaceAll(ofRun, "O", ""), filters: "O", numOnly: true,
		},
		"AVG_FLOW_TIME": average(store.Runs, "ran", ofRun, "").inSeconds(),
		"MIN_FLOW_TIME": {kind: extreme, num: part{store.Runs, "min", "ran"}, by: ofRun, seconds: true},
		"MAX_FLOW_TIME": {kind: extreme, num: part{store.Runs, "max", "ran"}, by: ofRun, seconds: true},
	}
	// The guide and the live service also know it by this name.
	all["CONTACTS_HANDLED_CONNECTED_TO_AGENT_TIME"] = all["CONTACTS_HANDLED_BY_CONNECTED_TO_AGENT"]
	return all
}()

// foreign are Amazon Connect's other metrics: those of channels and features that are not here. They are no mistake in a
// request, and no row has a value of them.
var foreign = func() map[string]bool {
	all := map[string]bool{}
	for _, name := range strings.Fields(`
ACTIVE_AI_AGENTS AGENT_ADHERENT_TIME AGENT_NON_ADHERENT_TIME AGENT_SCHEDULED_TIME AGENT_SCHEDULE_ADHERENCE
AI_AGENT_COLLABORATION_INVOCATIONS AI_AGENT_COLLABORATORS AI_AGENT_INVOCATIONS AI_AGENT_INVOCATION_SUCCESS
AI_AGENT_INVOCATION_SUCCESS_RATE AI_AGENT_RESPONSE_HELPFUL AI_AGENT_RESPONSE_NOT_HELPFUL AI_AGENT_SELECTION_ACCURACY
AI_HANDOFFS AI_HANDOFF_RATE AI_INVOLVED_CONTACTS AI_PROMPT_INVOCATIONS AI_PROMPT_INVOCATION_SUCCESS
AI_PROMPT_INVOCATION_SUCCESS_RATE AI_RESPONSE_COMPLETION_RATE AI_TOOL_INVOCATIONS AI_TOOL_INVOCATION_SUCCESS
AI_TOOL_INVOCATION_SUCCESS_RATE AI_TOOL_PARAMETER_ACCURACY AI_TOOL_SELECTION_ACCURACY AI_TOOL_UTILIZATION_ACCURACY
AVG_AI_AGENT_CONVERSATION_TURNS AVG_AI_AGENT_INVOCATION_LATENCY AVG_AI_CONVERSATION_TURNS
AVG_AI_PROMPT_INVOCATION_LATENCY AVG_AI_TOOL_INVOCATION_LATENCY AVG_BOT_CONVERSATION_TIME AVG_BOT_CONVERSATION_TURNS
AVG_CASE_RELATED_CONTACTS AVG_CASE_RESOLUTION_TIME AVG_CONVERSATION_DURATION AVG_DIALS_PER_MINUTE AVG_EVALUATION_SCORE
AVG_EVALUATION_SCORE_BY_SUBMIT_TIME AVG_GREETING_TIME_AGENT AVG_INTERRUPTIONS_AGENT AVG_INTERRUPTION_TIME_AGENT
AVG_NON_TALK_TIME AVG_QUEUE_ANSWER_TIME_CUSTOMER_FIRST_CALLBACK AVG_TALK_TIME AVG_TALK_TIME_AGENT
AVG_TALK_TIME_CUSTOMER AVG_WAIT_TIME_AFTER_CUSTOMER_CONNECTION AVG_WAIT_TIME_AFTER_CUSTOMER_FIRST_CALLBACK_CONNECTION
AVG_WEIGHTED_EVALUATION_SCORE BOT_CONVERSATIONS_COMPLETED BOT_INTENTS_COMPLETED CAMPAIGN_CONTACTS_ABANDONED_AFTER_X
CAMPAIGN_CONTACTS_ABANDONED_AFTER_X_RATE CAMPAIGN_INTERACTIONS CAMPAIGN_PROGRESS_RATE CAMPAIGN_SEND_ATTEMPTS
CAMPAIGN_SEND_EXCLUSIONS CASES_CREATED COMPLETENESS_SCORE CONTEXT_FIDELITY_SCORE CURRENT_CASES DELIVERY_ATTEMPTS
DELIVERY_ATTEMPT_DISPOSITION_RATE EVALUATED_CHURN_PROPENSITY_RATE EVALUATED_CSAT_PERCENT
EVALUATED_PARTIAL_SELF_SERVICE_SUCCESS_RATE EVALUATED_SELF_SERVICE_SUCCESS_RATE EVALUATED_SUCCESSFUL_SALE_RATE
EVALUATIONS_PERFORMED EVALUATIONS_PERFORMED_BY_SUBMIT_TIME FAITHFULNESS_SCORE GOAL_SUCCESS_RATE HUMAN_ANSWERED_CALLS
KNOWLEDGE_CONTENT_REFERENCES PERCENT_AUTOMATIC_FAILS PERCENT_BOT_CONVERSATIONS_OUTCOME PERCENT_BOT_INTENTS_OUTCOME
PERCENT_CASES_FIRST_CONTACT_RESOLVED PERCENT_NON_TALK_TIME
PERCENT_TALK_TIME PERCENT_TALK_TIME_AGENT PERCENT_TALK_TIME_CUSTOMER PROACTIVE_INTENTS_ANSWERED
PROACTIVE_INTENTS_DETECTED PROACTIVE_INTENTS_ENGAGED PROACTIVE_INTENT_ENGAGEMENT_RATE PROACTIVE_INTENT_RESPONSE_RATE
RECIPIENTS_ATTEMPTED RECIPIENTS_INTERACTED RECIPIENTS_TARGETED REOPENED_CASE_ACTIONS RESOLVED_CASE_ACTIONS
SUM_RETRY_CALLBACK_ATTEMPTS
`) {
		all[name] = true
	}
	return all
}()

// value is a metric's value of its sums, nil for none.
func (m *metric) value(num, less, den *int64) *float64 {
	n, d := number(num)-number(less), number(den)
	switch m.kind {
	case unknown:
		return nil
	case extreme:
		if num == nil {
			return nil
		}
	case mean, percent, ratio:
		if d == 0 {
			return nil
		}
		n /= d
	}
	switch {
	case m.seconds:
		n /= 1000
	case m.kind == percent:
		n *= 100
	}
	return &n
}

func number(n *int64) float64 {
	if n == nil {
		return 0
	}
	return float64(*n)
}

// parts are those of a metric that there are.
func (m *metric) parts() []*part {
	all := []*part{&m.num}
	for _, p := range []*part{&m.less, &m.den} {
		if p.of != "" {
			all = append(all, p)
		}
	}
	return all
}

// key is what a metric can be grouped or filtered by.
type key struct {
	letter byte
	by     store.Dimension
	kind   string // of a resource, as ARNs have it; "" for what is none
	// authorizes says that a filter by it is enough to ask for figures.
	authorizes bool
}

// keys are the keys that chats have values of. Others of Amazon Connect's are unknown here.
var keys = map[string]key{
	"QUEUE":                        {'Q', store.ByQueue, "queue", true},
	"CHANNEL":                      {'C', store.ByChannel, "", false},
	"ROUTING_PROFILE":              {'R', store.ByRoutingProfile, "routing-profile", true},
	"AGENT":                        {'A', store.ByAgent, "agent", true},
	"AGENT_HIERARCHY_LEVEL_ONE":    {'H', store.ByLevel1, "agent-group", true},
	"AGENT_HIERARCHY_LEVEL_TWO":    {'H', store.ByLevel2, "agent-group", true},
	"AGENT_HIERARCHY_LEVEL_THREE":  {'H', store.ByLevel3, "agent-group", true},
	"AGENT_HIERARCHY_LEVEL_FOUR":   {'H', store.ByLevel4, "agent-group", true},
	"AGENT_HIERARCHY_LEVEL_FIVE":   {'H', store.ByLevel5, "agent-group", true},
	subtypeKey:                     {'S', store.BySubtype, "", false},
	"FEATURE":                      {'F', store.ByNothing, "", false},
	"ROUTING_STEP_EXPRESSION":      {'E', store.ByStep, "", false},
	"Q_CONNECT_ENABLED":            {'K', store.ByNothing, "", false},
	"DISCONNECT_REASON":            {'D', store.ByDisconnectReason, "", false},
	"INITIATION_METHOD":            {'I', store.ByInitiationMethod, "", false},
	"FLOW_TYPE":                    {'T', store.ByFlowType, "", false},
	"FLOWS_RESOURCE_ID":            {'L', store.ByFlow, "contact-flow", false},
	"FLOWS_MODULE_RESOURCE_ID":     {'M', store.ByModule, "flow-module", false},
	"FLOWS_NEXT_RESOURCE_ID":       {'N', store.ByNextFlow, "contact-flow", false},
	"FLOWS_NEXT_RESOURCE_QUEUE_ID": {'U', store.ByNextQueue, "queue", false},
	"FLOWS_OUTCOME_TYPE":           {'O', store.ByOutcome, "", false},
	"RESOURCE_PUBLISHED_TIMESTAMP": {'P', store.ByNothing, "", false}, // runs do not know it
}

const subtypeKey = "contact/segmentAttributes/connect:Subtype"

// can says whether a metric can be grouped, or else filtered, by a key.
func (m *metric) can(k key, group bool) bool {
	if k.letter == 'F' && group {
		return false
	}
	if m.num.source == store.Runs && !group && k.authorizes {
		return true // it authorizes the request, and no run of a flow has it; inferred
	}
	return strings.IndexByte(m.by, k.letter) >= 0
}

// comparisons of thresholds.
var comparisons = map[string]string{"LT": "<", "LTE": "<="}

func compared(comparison string, seconds int64) string {
	return fmt.Sprintf("%s %d", comparisons[comparison], seconds*1000)
}

// foreignKeys are Amazon Connect's other keys: of channels and features that are not here. No row has a value in them.
var foreignKeys = func() map[string]bool {
	all := map[string]bool{}
	for _, name := range strings.Fields(`
AI_AGENT AI_AGENT_ID AI_AGENT_NAME AI_AGENT_NAME_VERSION AI_AGENT_TYPE AI_PROMPT AI_PROMPT_ID AI_PROMPT_NAME
AI_PROMPT_NAME_VERSION AI_PROMPT_TYPE AI_TOOL_ID AI_TOOL_NAME AI_TOOL_TYPE AI_USE_CASE ANSWERING_MACHINE_DETECTION_STATUS
BOT_ALIAS BOT_ID BOT_INTENT_NAME BOT_LOCALE BOT_VERSION BROWSER_NAME CAMPAIGN CAMPAIGN_DELIVERY_EVENT_TYPE
CAMPAIGN_EXCLUDED_EVENT_TYPE CAMPAIGN_EXECUTION_TIMESTAMP CASE_STATUS CASE_TEMPLATE_ARN DEVICE_MODEL DEVICE_TYPE
contact/segmentAttributes/connect:ValidationTestType EVALUATION_FORM EVALUATION_QUESTION EVALUATION_SECTION EVALUATION_SOURCE
EVALUATOR_ID FLOW_ACTION_ID FORM_VERSION INITIATING_FLOW INVOKING_RESOURCE_PUBLISHED_TIMESTAMP INVOKING_RESOURCE_TYPE
KNOWLEDGE_ARTICLE_NAME KNOWLEDGE_BASE_NAME LIFETIME_VALUE PARENT_FLOWS_RESOURCE_ID REPEAT_CALLER SESSION_ID TEST_CASE
TEST_CASE_EXECUTION_FAILURE_REASON TEST_CASE_EXECUTION_RESULT TEST_CASE_EXECUTION_STATE TEST_CASE_INVOCATION_METHOD
WEB_NOTIFICATION_TYPE
`) {
		all[name] = true
	}
	return all
}()

// authorizingForeign are those of them that authorize a request.
var authorizingForeign = map[string]bool{"CAMPAIGN": true, "EVALUATION_FORM": true, "EVALUATOR_ID": true}
