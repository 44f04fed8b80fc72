package flow

// integrationActions call on other services (developer guide, "Interactions").
var integrationActions = []actionType{
	asks(customerProfiles, "Customer", actionType{name: "GetCustomerProfile", errors: onlyNoMatchingError, mayErrors: profileErrors}),
	asks(customerProfiles, "Customer", actionType{name: "CreateCustomerProfile", errors: onlyNoMatchingError, mayErrors: profileErrors}),
	asks(customerProfiles, "Customer", actionType{name: "UpdateCustomerProfile", errors: onlyNoMatchingError, mayErrors: profileErrors}),
	asks(customerProfiles, "Customer", actionType{name: "AssociateContactToCustomerProfile", errors: onlyNoMatchingError, mayErrors: profileErrors}),
	asks(customerProfiles, "Customer", actionType{name: "GetCustomerProfileObject", errors: onlyNoMatchingError, mayErrors: profileErrors}),
	asks(customerProfiles, "Customer", actionType{name: "GetCalculatedAttributesForCustomerProfile", errors: onlyNoMatchingError, mayErrors: profileErrors}),
	asks(customerProfiles, "Customer", actionType{
		name:       "CheckSegmentMembership",
		errors:     onlyNoMatchingError,
		mayErrors:  append([]string{"NoMatchingCondition"}, profileErrors...),
		conditions: mayConditions,
	}),
	asks(dataTables, "DataTables", actionType{name: "EvaluateDataTableValues", errors: onlyNoMatchingError}),
	asks(dataTables, "DataTableList", actionType{name: "ListDataTableValues", errors: onlyNoMatchingError}),
	asks(dataTables, "", actionType{name: "UpsertDataTableValues", errors: onlyNoMatchingError}),
	voiceOnly(actionType{
		name: "CreateCallbackContact", module: "CreateCallback",
		params: []string{"QueueId", "AgentId", "InitialCallDelaySeconds", "MaximumConnectionAttempts",
			"RetryDelaySeconds", "ContactFlowId", "CallerId", "CallbackMode"},
		errors: onlyNoMatchingError,
	}),
}

var profileErrors = []string{"MultipleFoundError", "NoneFoundError"}
