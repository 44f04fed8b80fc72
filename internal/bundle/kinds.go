package bundle

import (
	"slices"
	"strings"
	"sync"
)

// kinds are what an instance consists of, in the order in which plans name them and, where nothing else decides, in which
// they are made.
var kinds = sync.OnceValue(func() []*kind {
	return []*kind{
		{
			word: "lambda-function", folder: "lambda-functions",
			list: "ListLambdaFunctions", under: "LambdaFunctions", derive: functionName, is: "FunctionArn",
			members: []member{{name: "FunctionArn", read: itself}},
			create:  "AssociateLambdaFunction", named: "-", replace: true,
			remove: "DisassociateLambdaFunction", removeAs: func(_ string, have *value) args {
				return args{"?functionArn": have.get("FunctionArn").str()}
			},
		},
		{
			word: "bot", folder: "bots",
			list: "ListBots", listArgs: args{"?lexVersion": "V2"}, under: "LexBots", derive: botName, is: "LexV2Bot.AliasArn",
			members: []member{{name: "LexV2Bot"}},
			create:  "AssociateBot", named: "-", replace: true,
			remove: "DisassociateBot", removeAs: func(_ string, have *value) args { return args{"LexV2Bot": have.get("LexV2Bot")} },
		},
		{
			word: "hours-of-operation", folder: "hours-of-operation",
			list: "ListHoursOfOperations", under: "HoursOfOperationSummaryList", summary: idArnName,
			describe: "DescribeHoursOfOperation", at: "HoursOfOperation", id: "HoursOfOperationId", stock: named("Basic Hours"),
			members: []member{
				{name: "Description"},
				{name: "TimeZone"},
				{name: "Config", clear: list()},
				{name: "ParentHoursOfOperationConfigs", set: true, part: set{
					under: "ParentHoursOfOperations", element: "Id", convert: func(id *value) *value { return one("HoursOfOperationId", id) },
					add: "AssociateHoursOfOperations", remove: "DisassociateHoursOfOperations", id: "HoursOfOperationId",
					in: "ParentHoursOfOperationConfigs", most: 3,
					removeIn: "ParentHoursOfOperationIds", removal: func(v *value) *value { return v.get("HoursOfOperationId") },
				}},
				{name: "Overrides", set: true, later: true, part: children{
					list: "ListHoursOfOperationOverrides", under: "HoursOfOperationOverrideList", id: "HoursOfOperationId",
					child: "HoursOfOperationOverrideId", childID: "HoursOfOperationOverrideId",
					members:   []string{"Name", "Description", "OverrideType", "EffectiveFrom", "EffectiveTill", "Config", "RecurrenceConfig"},
					fallbacks: map[string]*value{"OverrideType": text("STANDARD")},
					create:    "CreateHoursOfOperationOverride", update: "UpdateHoursOfOperationOverride", remove: "DeleteHoursOfOperationOverride",
				}},
				tagged,
			},
			create: "CreateHoursOfOperation", made: "HoursOfOperationId",
			createAs: func(in args) args {
				if in["Config"] == nil {
					in["Config"] = list() // required, and may be empty
				}
				return in
			},
			updates: []update{{op: "UpdateHoursOfOperation", members: []string{"Description", "TimeZone", "Config"}}},
			remove:  "DeleteHoursOfOperation",
		},
		{
			word: "view", folder: "views",
			list: "ListViews", listArgs: args{"?type": "CUSTOMER_MANAGED"}, under: "ViewsSummaryList", summary: idArnName,
			id: "ViewId", members: []member{{name: "Description"}, tagged},
			updates: []update{{op: "UpdateViewMetadata", members: []string{"Description"}}},
			create:  "CreateView", remove: "DeleteView", contents: viewContents,
		},
		{
			word: "module", folder: "modules",
			list: "ListContactFlowModules", under: "ContactFlowModulesSummaryList", summary: idArnName,
			id: "ContactFlowModuleId",
			members: []member{
				{name: "Description"},
				{name: "State", fallback: text("ACTIVE"), later: true},
				{name: "ExternalInvocationConfiguration", fallback: literal(`{"Enabled":false}`)},
				tagged,
			},
			updates: []update{{op: "UpdateContactFlowModuleMetadata", members: []string{"Description", "State"}}},
			create:  "CreateContactFlowModule", remove: "DeleteContactFlowModule", contents: moduleContents,
		},
		{
			word: "flow", folder: "flows",
			list: "ListContactFlows", under: "ContactFlowSummaryList", summary: idArnName,
			id: "ContactFlowId", stock: func(name string) bool {
				return strings.HasPrefix(name, "Default ") || strings.HasPrefix(name, "Sample ")
			},
			members: []member{
				{name: "Type"},
				{name: "Description"},
				{name: "State", fallback: text("ACTIVE"), later: true},
				tagged,
			},
			updates: []update{{op: "UpdateContactFlowMetadata", members: []string{"Description", "State"}, as: func(in args) args {
				in["ContactFlowState"] = in["State"]
				delete(in, "State")
				return in
			}}},
			create: "CreateContactFlow", remove: "DeleteContactFlow", contents: flowContents,
		},
		{
			word: "queue", folder: "queues",
			list: "ListQueues", listArgs: args{"?queueTypes": []string{"STANDARD"}}, under: "QueueSummaryList", summary: idArnName,
			describe: "DescribeQueue", at: "Queue", id: "QueueId", stock: named("BasicQueue"),
			members: []member{
				{name: "Description"},
				{name: "Status", fallback: text("ENABLED"), later: true},
				{name: "HoursOfOperationId"},
				{name: "MaxContacts", clear: number(0)},
				{name: "OutboundCallerConfig", clear: object()},
				{name: "QuickConnectIds", set: true, later: true, part: set{
					list: "ListQueueQuickConnects", under: "QuickConnectSummaryList", element: "Id",
					add: "AssociateQueueQuickConnects", remove: "DisassociateQueueQuickConnects", id: "QueueId", in: "QuickConnectIds", most: 50,
				}},
				tagged,
			},
			create: "CreateQueue", made: "QueueId",
			updates: []update{
				{op: "UpdateQueueName", members: []string{"Description"}},
				{op: "UpdateQueueStatus", members: []string{"Status"}},
				{op: "UpdateQueueHoursOfOperation", members: []string{"HoursOfOperationId"}},
				{op: "UpdateQueueMaxContacts", members: []string{"MaxContacts"}},
				{op: "UpdateQueueOutboundCallerConfig", members: []string{"OutboundCallerConfig"}},
			},
			remove: "DeleteQueue",
		},
		{
			word: "quick-connect", folder: "quick-connects",
			list: "ListQuickConnects", under: "QuickConnectSummaryList", summary: idArnName,
			describe: "DescribeQuickConnect", at: "QuickConnect", id: "QuickConnectId",
			members: []member{{name: "Description"}, {name: "QuickConnectConfig"}, tagged},
			create:  "CreateQuickConnect", made: "QuickConnectId",
			updates: []update{
				{op: "UpdateQuickConnectName", members: []string{"Description"}},
				{op: "UpdateQuickConnectConfig", members: []string{"QuickConnectConfig"}},
			},
			remove: "DeleteQuickConnect",
		},
		{
			word: "flow-association", folder: "flow-associations",
			list: "ListFlowAssociations", under: "FlowAssociationSummaryList",
			// What a phone number leads to is said by the number.
			keep: func(s *value) bool { return s.get("ResourceType").str() != "VOICE_PHONE_NUMBER" },
			derive: func(v *value) string {
				return v.get("ResourceType").str() + "/" + v.get("ResourceId").str()
			},
			members: []member{{name: "ResourceType"}, {name: "ResourceId"}, {name: "FlowId"}},
			create:  "AssociateFlow", named: "-", replace: true,
			remove: "DisassociateFlow", removeAs: func(_ string, have *value) args {
				return args{"ResourceType": have.get("ResourceType").str(), "ResourceId": have.get("ResourceId").str()}
			},
		},
	}
})

// idArnName is how most summaries spell what they name.
var idArnName = struct{ id, arn, name string }{"Id", "Arn", "Name"}

// tagged are the tags that most resources have. The request that creates takes them.
var tagged = member{name: "Tags", part: tags{}}

// itself reads a summary that is the value.
func itself(v *value) *value { return v }

// named says whether a name is one of these.
func named(all ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(all, name) }
}

func one(name string, v *value) *value {
	o := object()
	o.set(name, v)
	return o
}

// functionName is what people call a Lambda function: what stands behind :function: in its ARN.
func functionName(v *value) string { return after(v.get("FunctionArn").str(), ":function:") }

// botName is what stands behind :bot-alias/ in the ARN of a bot's alias.
func botName(v *value) string { return after(v.get("LexV2Bot", "AliasArn").str(), ":bot-alias/") }

func after(s, mark string) string {
	if _, rest, ok := strings.Cut(s, mark); ok && rest != "" {
		return rest
	}
	return s
}

// refersTo are the members whose values name a resource of a kind, outside of contents.
var refersTo = map[string]string{
	"HoursOfOperationId":     "hours-of-operation",
	"QuickConnectIds":        "quick-connect",
	"QueueId":                "queue",
	"DefaultOutboundQueueId": "queue",
	"ContactFlowId":          "flow",
	"OutboundFlowId":         "flow",
	"FlowId":                 "flow",
	"SelfAssignFlowId":       "flow",
	"UserId":                 "user",
	"RoutingProfileId":       "routing-profile",
	"SecurityProfileIds":     "security-profile",
	"HierarchyGroupId":       "hierarchy-group",
	"ParentGroupId":          "hierarchy-group",
}
