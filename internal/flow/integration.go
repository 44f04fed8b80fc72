package flow

// integrationActions call on other services (developer guide, "Interactions").
var integrationActions = []actionType{
	asksProfiles(actionType{name: "GetCustomerProfile", entries: []entry{searched}}),
	asksProfiles(actionType{name: "CreateCustomerProfile"}),
	asksProfiles(actionType{name: "UpdateCustomerProfile"}),
	asks(customerProfiles, "Customer", actionType{
		name:      "AssociateContactToCustomerProfile",
		params:    []string{"ProfileRequestData", "ProfileId", "ContactId"},
		entries:   []entry{{name: "ProfileRequestData", is: anObject, of: []entry{{name: "ProfileId", is: aValue, needed: true}}}},
		errors:    onlyNoMatchingError,
		mayErrors: profileErrors,
		check:     func(c *checker) { c.exactlyOne("ProfileRequestData", "ProfileId") },
	}),
	asksProfiles(actionType{name: "GetCustomerProfileObject", entries: []entry{
		{name: "ProfileRequestData", of: []entry{{name: "ProfileId", is: aValue, needed: true}, {name: "ObjectType", is: aValue, needed: true}}},
	}}),
	asksProfiles(actionType{name: "GetCalculatedAttributesForCustomerProfile", entries: []entry{
		{name: "ProfileRequestData", of: []entry{{name: "ProfileId", is: aValue, needed: true}}},
	}}),
	asks(customerProfiles, "Customer", actionType{
		name:        "CheckSegmentMembership",
		params:      append([]string{"ProfileRequestData", "ProfileResponseData"}, segmentParameters...),
		unpublished: segmentParameters,
		entries:     profileEntries,
		errors:      onlyNoMatchingError,
		mayErrors:   append([]string{noMatchingCondition}, profileErrors...),
		conditions:  mayConditions,
	}),
	asks(dataTables, "DataTables", actionType{
		name:     "EvaluateDataTableValues",
		params:   []string{"DataTableId", "Queries"},
		required: []string{"DataTableId", "Queries"},
		entries: []entry{
			{name: "DataTableId", is: aValue},
			{name: "Queries", is: aList, most: maxQueries, of: []entry{
				{name: "QueryName", is: aValue, needed: true},
				{name: "Attributes", is: aList, needed: true},
				{name: "PrimaryValues", is: aList},
			}},
		},
		errors: onlyNoMatchingError,
	}),
	asks(dataTables, "DataTableList", actionType{
		name:     "ListDataTableValues",
		params:   []string{"DataTableId", "PrimaryKeyGroups"},
		required: []string{"DataTableId"},
		entries: []entry{
			{name: "DataTableId", is: aValue},
			{name: "PrimaryKeyGroups", is: aTable, most: maxQueries, of: []entry{
				{name: "PrimaryKeyGroupName", is: aValue, needed: true},
				{name: "PrimaryValues", is: aList},
			}},
		},
		errors: onlyNoMatchingError,
	}),
	// What it writes may also be given as one text, whose form is not published.
	asks(dataTables, "", actionType{
		name:     "UpsertDataTableValues",
		params:   []string{"DataTableId", "DataTableUpsertAttributes", "LockVersion"},
		required: []string{"DataTableId", "DataTableUpsertAttributes"},
		entries: []entry{
			{name: "DataTableId", is: aValue},
			{name: "DataTableUpsertAttributes", most: maxUpserts, of: []entry{
				{name: "PrimaryKeyGroupName", is: aValue, needed: true},
				{name: "PrimaryValues", is: aList},
				{name: "Attributes", is: aList, most: maxUpserts, needed: true, of: []entry{{name: "Name", is: aValue, needed: true}}},
			}},
			{name: "LockVersion", is: aValue},
		},
		errors: onlyNoMatchingError,
	}),
	voiceOnly(actionType{
		name: "CreateCallbackContact", module: "CreateCallback",
		params: []string{"QueueId", "AgentId", "InitialCallDelaySeconds", "MaximumConnectionAttempts",
			"RetryDelaySeconds", "ContactFlowId", "CallerId", "CallbackMode"},
		refers: []refers{queued, {"ContactFlowId", ResourceFlow}},
		errors: onlyNoMatchingError,
	}),
}

// The most queries and groups of keys that one action reads, and groups and values that it writes (as exports of the console have
// them).
const (
	maxQueries = 5
	maxUpserts = 25
)

var profileErrors = []string{"MultipleFoundError", "NoneFoundError"}

// profileEntries are what the actions on profiles have: what is asked or written, and which fields of the answer are kept, a
// list as the console writes it or an object as the developer guide does.
var profileEntries = []entry{
	{name: "ProfileRequestData", is: anObject},
	{name: "ProfileResponseData", is: aTable},
}

// searched: a profile is found by one identifier, or by several.
var searched = entry{name: "ProfileRequestData", of: []entry{
	{name: "SearchCriteria", is: aList, most: 5, of: []entry{{name: "IdentifierName", is: aValue, needed: true}, {name: "IdentifierValue", is: aValue, needed: true}}},
	{name: "LogicalOperator", is: aValue, values: []string{"AND", "OR"}},
}}

// segmentParameters name the segment, in one of these ways (inferred from the console's words).
var segmentParameters = []string{"ProfileId", "SegmentId", "SegmentName", "SegmentDefinitionName", "SegmentDefinitionArn"}

// asksProfiles is a row of an action on profiles.
func asksProfiles(t actionType) actionType {
	t.params = []string{"ProfileRequestData", "ProfileResponseData"}
	t.required = []string{"ProfileRequestData"}
	t.entries = append(t.entries, profileEntries...)
	t.errors, t.mayErrors = onlyNoMatchingError, profileErrors
	return asks(customerProfiles, "Customer", t)
}
