package legacy

import "strings"

// systemNames are the attributes of namespace System that exports call by the words of the console ("System attributes"
// in the administrator guide's list of contact attributes), in lower case and without spaces.
var systemNames = map[string]string{
	"storedcustomerinput":    "$.StoredCustomerInput",
	"customernumber":         "$.CustomerEndpoint.Address",
	"customercallbacknumber": "$.CustomerCallbackNumber.Address",
	"dialednumber":           "$.SystemEndpoint.Address",
	"contactid":              "$.ContactId",
	"initialcontactid":       "$.InitialContactId",
	"previouscontactid":      "$.PreviousContactId",
	"channel":                "$.Channel",
	"instancearn":            "$.InstanceARN",
	"initiationmethod":       "$.InitiationMethod",
	"language":               "$.LanguageCode",
	"awsregion":              "$.AwsRegion",
	"queuename":              "$.Queue.Name",
	"queuearn":               "$.Queue.ARN",
	"workingqueuename":       "$.Queue.Name",
	"workingqueuearn":        "$.Queue.ARN",
	"texttospeechvoice":      "$.TextToSpeechVoiceId",
	"systemendpointtype":     "$.SystemEndpoint.Type",
	"customerendpointtype":   "$.CustomerEndpoint.Type",
	"agentusername":          "$.Agent.UserName",
	"agentfirstname":         "$.Agent.FirstName",
	"agentlastname":          "$.Agent.LastName",
	"agentarn":               "$.Agent.ARN",
}

// namespaces lead to where the flow language keeps the same thing.
var namespaces = map[string]string{
	"External":         "$.External",
	"User Defined":     "$.Attributes",
	"Flow":             "$.FlowAttributes",
	"Agent":            "$.Agent",
	"Lex":              "$.Lex",
	"Customer":         "$.Customer",
	"Customer Profile": "$.Customer",
	"Case":             "$.Case",
	"Loop":             "$.Loop",
	"Wisdom":           "$.Wisdom",
	"Segment":          "$.SegmentAttributes",
	"Queue Metrics":    "$.Metrics",
	"Media Streams":    "$.MediaStreams",
}

// reference is the path of the flow language to a key of a namespace, and whether there is one.
func reference(namespace, key string) (string, bool) {
	if strings.HasPrefix(key, "$.") {
		return key, true
	}
	if namespace == "System" {
		if path := systemNames[strings.ToLower(strings.ReplaceAll(key, " ", ""))]; path != "" {
			return path, true
		}
		return "$." + key, plainPath(key)
	}
	root, rest, _ := strings.Cut(namespace, ".")
	base := namespaces[namespace]
	if base == "" && namespaces[root] != "" && plainPath(rest) {
		base = namespaces[root] + "." + rest
	}
	switch {
	case base == "" || key == "":
		return "", false
	case namespace != "User Defined" && plainPath(key), plainName(key):
		return base + "." + key, true
	case strings.Contains(key, "'"):
		return base + `["` + key + `"]`, !strings.Contains(key, `"`)
	}
	return base + "['" + key + "']", true
}

// plainPath says whether s is names separated by dots.
func plainPath(s string) bool {
	for _, segment := range strings.Split(s, ".") {
		if !plainName(segment) {
			return false
		}
	}
	return true
}
