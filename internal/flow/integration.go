package flow

// integrationActions call on other services (developer guide, "Interactions").
var integrationActions = []actionType{
	notYet(actionType{name: "GetCustomerProfile", errors: onlyNoMatchingError, mayErrors: profileErrors}),
	notYet(actionType{name: "CreateCustomerProfile", errors: onlyNoMatchingError, mayErrors: profileErrors}),
	notYet(actionType{name: "UpdateCustomerProfile", errors: onlyNoMatchingError, mayErrors: profileErrors}),
	notYet(actionType{name: "AssociateContactToCustomerProfile", errors: onlyNoMatchingError, mayErrors: profileErrors}),
	notYet(actionType{name: "GetCustomerProfileObject", errors: onlyNoMatchingError, mayErrors: profileErrors}),
	notYet(actionType{name: "GetCalculatedAttributesForCustomerProfile", errors: onlyNoMatchingError, mayErrors: profileErrors}),
	notYet(actionType{
		name:       "CheckSegmentMembership",
		errors:     onlyNoMatchingError,
		mayErrors:  append([]string{"NoMatchingCondition"}, profileErrors...),
		conditions: mayConditions,
	}),
	notYet(actionType{name: "EvaluateDataTableValues", errors: onlyNoMatchingError}),
	notYet(actionType{name: "ListDataTableValues", errors: onlyNoMatchingError}),
	notYet(actionType{name: "UpsertDataTableValues", errors: onlyNoMatchingError}),
	voiceOnly(actionType{
		name: "CreateCallbackContact", module: "CreateCallback",
		params: []string{"QueueId", "AgentId", "InitialCallDelaySeconds", "MaximumConnectionAttempts",
			"RetryDelaySeconds", "ContactFlowId", "CallerId"},
		errors: onlyNoMatchingError,
	}),
}

var profileErrors = []string{"MultipleFoundError", "NoneFoundError"}
