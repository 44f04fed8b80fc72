package flowchart

import (
	"encoding/json"
	"html"
	"strconv"
	"strings"
)

// families give blocks their colours.
var families = map[string]string{
	"MessageParticipant": "participant", "MessageParticipantIteratively": "participant", "GetParticipantInput": "participant",
	"ConnectParticipantWithLexBot": "participant", "ConnectParticipantWithAgenticCX": "participant", "ShowView": "participant",
	"AuthenticateParticipant": "participant",

	"Compare": "control", "Loop": "control", "Wait": "control", "DistributeByPercentage": "control",
	"CheckHoursOfOperation": "control", "CheckMetricData": "control", "CheckOutboundCallStatus": "control", "CheckVoiceId": "control",
	"CheckSegmentMembership": "control",

	"TransferToFlow": "transfer", "TransferContactToQueue": "transfer", "DequeueContactAndTransferToQueue": "transfer",
	"TransferContactToAgent": "transfer", "TransferParticipantToThirdParty": "transfer", "UpdateContactTargetQueue": "transfer",
	"RouteContactToAgent": "transfer", "CreateCallbackContact": "transfer",

	"DisconnectParticipant": "end", "EndFlowExecution": "end", "EndFlowModuleExecution": "end",

	"InvokeLambdaFunction": "outside", "InvokeFlowModule": "outside", "CreateTask": "outside", "CreateWisdomSession": "outside",
}

// family of a type. Those not listed are told by what their names begin with.
func family(kind string) string {
	if f := families[kind]; f != "" {
		return f
	}
	for _, system := range []string{"CustomerProfile", "Case", "DataTable", "Wisdom", "Outbound", "MessageTemplate"} {
		if strings.Contains(kind, system) {
			return "outside"
		}
	}
	for _, verb := range []string{"Update", "Tag", "Untag", "Get", "Create", "Start", "Complete", "Resume", "Load"} {
		if strings.HasPrefix(kind, verb) {
			return "contact"
		}
	}
	return "unknown"
}

// name is what people call a block: its identifier, unless that is one of the console's making.
func name(id, kind string) string {
	if id == "" || isUUID(id) {
		return kind
	}
	return id
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f'):
			return false
		}
	}
	return true
}

// spaced writes a name of the flow language as words: "MessageParticipant" as "Message participant".
func spaced(camel string) string {
	var b strings.Builder
	all := []rune(camel)
	for i, r := range all {
		if i > 0 && isUpper(r) {
			word := i+1 < len(all) && 'a' <= all[i+1] && all[i+1] <= 'z' // and not one of several capitals
			if word || !isUpper(all[i-1]) {
				b.WriteByte(' ')
			}
			if word {
				r += 'a' - 'A'
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isUpper(r rune) bool { return 'A' <= r && r <= 'Z' }

// lowered begins with a small letter, unless it begins with several capitals.
func lowered(words string) string {
	if len(words) > 1 && isUpper(rune(words[0])) && !isUpper(rune(words[1])) {
		return strings.ToLower(words[:1]) + words[1:]
	}
	return words
}

var failures = map[string]string{
	"NoMatchingError": "Error", "NoMatchingCondition": "No match", "InputTimeLimitExceeded": "Timeout",
	"TimeLimitExceeded": "Timeout", "QueueAtCapacity": "At capacity",
}

// failure labels the branch of an error.
func failure(errorType string) string {
	if label := failures[errorType]; label != "" {
		return label
	}
	return spaced(errorType)
}

var comparisons = map[string]string{
	"Equals": "= ", "TextContains": "contains ", "TextStartsWith": "starts with ", "TextEndsWith": "ends with ",
	"NumberGreaterThan": "> ", "NumberGreaterOrEqualTo": "≥ ", "NumberLessThan": "< ", "NumberLessOrEqualTo": "≤ ",
	"KeyExists": "has key ",
}

// results are those that actions have of themselves, in words.
var results = map[string]string{
	"ContinueLooping": "Loop", "DoneLooping": "Done", "WaitCompleted": "Waited", "CustomerReturned": "Customer returned",
	"BotParticipantDisconnected": "Bot left", "MessagesInterrupted": "Interrupted", "OptedOut": "Opted out",
}

// telling are the parameters that tell most of an action, the best first. Of other types the first parameter does.
var telling = map[string][]string{
	"MessageParticipant":           {"Text", "SSML", "PromptId", "Media"},
	"GetParticipantInput":          {"Text", "SSML", "PromptId", "Media"},
	"ConnectParticipantWithLexBot": {"Text", "SSML", "LexV2Bot", "LexBot"},
	"ShowView":                     {"ViewResource"},
	"InvokeLambdaFunction":         {"LambdaFunctionARN"},
	"CheckMetricData":              {"MetricType"},
	"UpdateContactAttributes":      {"Attributes"},

	"MessageParticipantIteratively": {"Messages"},

	"UpdateContactTextToSpeechVoice": {"TextToSpeechVoice"},
}

// detail is a line on what a block does.
func detail(kind string, parameters, metadata json.RawMessage) string {
	all := members(parameters)
	names := displayNames(metadata)
	for _, wanted := range telling[kind] {
		for _, m := range all {
			if m.name == wanted {
				if said := say(kind, m, names); said != "" {
					return said
				}
			}
		}
	}
	for _, m := range all {
		if said := say(kind, m, names); said != "" {
			return said
		}
	}
	return ""
}

// displayNames are the names that the console has kept of resources, by parameter.
func displayNames(metadata json.RawMessage) map[string]string {
	names := map[string]string{}
	for _, m := range members(metadata) {
		if m.name != "parameters" {
			continue
		}
		for _, p := range members(m.raw) {
			if shown := displayName(p.raw, 2); shown != "" {
				names[p.name] = shown
			}
		}
	}
	return names
}

// displayName is that of a parameter, or of one of its members.
func displayName(raw json.RawMessage, depth int) string {
	for _, m := range members(raw) {
		if m.name == "displayName" || m.name == "lexV2BotName" {
			return scalar(m.raw)
		}
		if depth > 0 {
			if shown := displayName(m.raw, depth-1); shown != "" {
				return shown
			}
		}
	}
	return ""
}

// say is one parameter in words.
func say(kind string, p member, names map[string]string) string {
	v := scalar(p.raw)
	switch shown := names[p.name]; {
	case p.name == "EventHooks":
		return hook(p.raw, shown)
	case shown != "":
		return shown
	case p.name == "LoopCount":
		return v + " times"
	case kind == "Wait" && p.name == "TimeLimitSeconds":
		return duration(v)
	case p.name == "Text" || p.name == "SSML":
		return spoken(v, p.name == "SSML")
	case p.name == "ComparisonValue" || p.name == "MetricType":
		return v
	case isNumber(v):
		return quantity(p.name, v)
	case strings.EqualFold(v, "true") || strings.EqualFold(v, "false"):
		return lowered(spaced(p.name)) + ": " + strings.ToLower(v)
	case v != "":
		return short(v)
	}
	first := firstElement(p.raw)
	if said := scalar(first); said != "" {
		return short(said)
	}
	if all := members(first); len(all) > 0 {
		return say(kind, all[0], names)
	}
	return pairs(p.raw)
}

// quantities are what numbers are, where their parameter's name does not say it.
var quantities = map[string]string{"QueuePriority": "priority", "QueueTimeAdjustmentSeconds": "time in queue"}

// quantity is a number with what it is: "priority 1".
func quantity(name, v string) string {
	label, unit := name, v
	if short, ok := strings.CutSuffix(name, "Seconds"); ok && short != "" {
		label, unit = short, duration(v)
	} else if short, ok := strings.CutSuffix(name, "Minutes"); ok && short != "" {
		label, unit = short, v+" min"
	}
	label = lowered(spaced(label))
	if known := quantities[name]; known != "" {
		label = known
	}
	if name == "QueueTimeAdjustmentSeconds" && !strings.HasPrefix(v, "-") {
		unit = "+" + unit
	}
	return label + " " + unit
}

// spoken is what a text or SSML says: without marks, and of an interactive message the title.
func spoken(v string, ssml bool) string {
	if ssml || strings.HasPrefix(v, "<speak") {
		return withoutMarks(v)
	}
	var template struct {
		Data struct{ Content struct{ Title text } }
	}
	if strings.HasPrefix(v, "{") && json.Unmarshal([]byte(v), &template) == nil && template.Data.Content.Title != "" {
		return string(template.Data.Content.Title)
	}
	return v
}

// parting are the marks of SSML that stand between words.
var parting = map[string]bool{"break": true, "p": true, "s": true, "speak": true, "audio": true}

// withoutMarks is the text of SSML.
func withoutMarks(ssml string) string {
	var b strings.Builder
	for {
		said, rest, found := strings.Cut(ssml, "<")
		b.WriteString(said)
		if !found {
			break
		}
		mark, after, _ := strings.Cut(rest, ">")
		if ssml = after; parting[strings.Trim(strings.SplitN(strings.TrimLeft(mark, "/"), " ", 2)[0], "/")] {
			b.WriteByte(' ')
		}
	}
	return html.UnescapeString(strings.Join(strings.Fields(b.String()), " "))
}

// pairs are the members of an object: "name = value, name = value".
func pairs(raw json.RawMessage) string {
	var all []string
	for _, m := range members(raw) {
		v := scalar(m.raw)
		if v == "" {
			if inner := members(m.raw); len(inner) > 0 {
				v = scalar(inner[0].raw)
			}
		}
		switch {
		case v == "" && len(all) == 0:
		case m.name == "Id" || m.name == "AliasArn" || m.name == "Uri" || m.name == "Name":
			return short(v)
		default:
			all = append(all, m.name+" = "+short(v))
		}
	}
	return strings.Join(all, ", ")
}

func hook(raw json.RawMessage, shown string) string {
	all := members(raw)
	if len(all) == 0 {
		return ""
	}
	if shown == "" {
		shown = short(scalar(all[0].raw))
	}
	return spaced(all[0].name) + ": " + shown
}

// scalar is the text of a string, number or boolean.
func scalar(raw json.RawMessage) string {
	var t text
	if len(raw) == 0 || json.Unmarshal(raw, &t) != nil {
		return ""
	}
	return strings.TrimSpace(string(t))
}

func firstElement(raw json.RawMessage) json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 {
		return nil
	}
	return list[0]
}

// short is the telling end of an ARN, and the beginning of an identifier that tells nothing.
func short(v string) string {
	if strings.HasPrefix(v, "arn:") {
		v = v[strings.LastIndexAny(v, "/:")+1:]
	}
	if isUUID(v) {
		return v[:8] + "…"
	}
	return v
}

// duration writes seconds for people.
func duration(seconds string) string {
	n, err := strconv.Atoi(seconds)
	switch {
	case err != nil:
		return seconds
	case n != 0 && n%86400 == 0:
		return strconv.Itoa(n/86400) + " d"
	case n != 0 && n%3600 == 0:
		return strconv.Itoa(n/3600) + " h"
	case n != 0 && n%60 == 0:
		return strconv.Itoa(n/60) + " min"
	}
	return seconds + " s"
}
