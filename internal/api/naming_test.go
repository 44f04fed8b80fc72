package api

import (
	"go/types"
	"regexp"
	"testing"
)

// isReference knows the members that may name a resource.
var isReference = regexp.MustCompile(`(Id|Ids|Arn|Arns)$`)

// TestEveryReferenceIsHeldAgainstPolicies walks all members of all requests that are served: one that may name a resource is
// known to policies, or is here with the reason why not.
func TestEveryReferenceIsHeldAgainstPolicies(t *testing.T) {
	pkg, _, _ := checked(t)
	known := map[string]bool{}
	for _, op := range operations() {
		if op.Service == participantService {
			continue // its callers have tokens
		}
		walkMembers(wireType(t, pkg, op.Service, op.Name+"Input"), "", nil, func(path string, field *types.Var) bool {
			name := field.Name()
			if !isReference.MatchString(name) {
				return true
			}
			known[name] = true
			if _, excused := namesNothing[name]; excused == (naming[name] != "") {
				t.Errorf("%s %s: it must be in naming or in namesNothing, and not in both", op.Name, path)
			}
			return true
		})
	}
	for name := range namesNothing {
		if !known[name] {
			t.Errorf("%s is no member of a request that is served", name)
		}
	}
}

// namesNothing are the members that name nothing that a policy could be about by itself.
var namesNothing = map[string]string{
	"InstanceId": "the instance that all of the request is about",
	"TargetArn":  "the instance too: see instanceOf",

	"AliasId":                    "is a part of the flow or module that is named beside",
	"HoursOfOperationOverrideId": "is a part of the hours that are named beside",
	"AssociationId":              "is a part of the instance and has no ARN",
	"RegistrationId":             "is a part of the contact that is named beside",

	"MetricId": "names one of Amazon Connect's own metrics",

	"AliasArn":               "belongs to Amazon Lex",
	"FunctionArn":            "belongs to AWS Lambda",
	"IntegrationArn":         "belongs to another service",
	"PinpointAppArn":         "belongs to Amazon Pinpoint",
	"StreamArn":              "belongs to Amazon Kinesis",
	"FirehoseArn":            "belongs to Amazon Data Firehose",
	"KeyId":                  "belongs to AWS KMS",
	"DirectoryId":            "belongs to AWS Directory Service",
	"DirectoryUserId":        "belongs to the directory",
	"CustomerId":             "belongs to the caller",
	"StreamingEndpointArn":   "belongs to Amazon SNS",
	"EmailAddressId":         "is refused",
	"OutboundEmailAddressId": "is refused",
	"Arn":                    "is kept and leads nowhere: an AI agent of another service, or a reference of a contact",
	"ValueArn":               "is kept and leads nowhere: a value of a segment attribute",

	"Id": "names a field of a task template, is a condition of a search, or is refused",
	// What a search of contacts finds is what is told, not what is asked for.
	"AgentIds": "is a condition of a search",
	"QueueIds": "is a condition of a search",
	"L1Ids":    "is a condition of a search",
	"L2Ids":    "is a condition of a search",
	"L3Ids":    "is a condition of a search",
	"L4Ids":    "is a condition of a search",
	"L5Ids":    "is a condition of a search",
}
