package bundle

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/stock"
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
			word: "lex-v1-bot", folder: "lex-v1-bots",
			list: "ListBots", listArgs: args{"?lexVersion": "V1"}, under: "LexBots",
			derive: func(v *value) string {
				return v.get("LexBot", "Name").str() + " in " + v.get("LexBot", "LexRegion").str()
			},
			members: []member{{name: "LexBot"}},
			create:  "AssociateBot", named: "-", replace: true,
			remove: "DisassociateBot", removeAs: func(_ string, have *value) args { return args{"LexBot": have.get("LexBot")} },
		},
		{
			word: "instance-attribute", folder: "instance-attributes",
			list: "ListInstanceAttributes", under: "Attributes", summary: struct{ id, arn, name string }{"AttributeType", "", "AttributeType"},
			id: "AttributeType", derive: func(v *value) string { return v.get("AttributeType").str() },
			members: []member{{name: "AttributeType"}, {name: "Value"}},
			updates: []update{{op: "UpdateInstanceAttribute", members: []string{"Value"}}},
		},
		{
			word: "storage-config", folder: "storage-configs",
			list: "ListInstanceStorageConfigs", under: "StorageConfigs", summary: struct{ id, arn, name string }{id: "AssociationId"},
			each: struct {
				parameter, member string
				values            []string
			}{"?resourceType", "ResourceType", []string{
				"CHAT_TRANSCRIPTS", "CALL_RECORDINGS", "SCHEDULED_REPORTS", "MEDIA_STREAMS", "CONTACT_TRACE_RECORDS", "AGENT_EVENTS",
				"REAL_TIME_CONTACT_ANALYSIS_SEGMENTS", "ATTACHMENTS", "CONTACT_EVALUATIONS", "SCREEN_RECORDINGS",
				"REAL_TIME_CONTACT_ANALYSIS_CHAT_SEGMENTS", "REAL_TIME_CONTACT_ANALYSIS_VOICE_SEGMENTS", "EMAIL_MESSAGES",
			}},
			derive: func(v *value) string { return v.get("ResourceType").str() },
			members: []member{{name: "ResourceType"}, {name: "StorageConfig", read: func(v *value) *value {
				return only(v, "StorageType", "S3Config", "KinesisVideoStreamConfig", "KinesisStreamConfig", "KinesisFirehoseConfig")
			}}},
			// The service puts the alias behind the prefix of video streams.
			plain: func(alias string, v *value) {
				if stream := v.get("StorageConfig", "KinesisVideoStreamConfig"); stream != nil {
					stream.set("Prefix", text(strings.TrimSuffix(stream.get("Prefix").str(), "-connect-"+alias+"-contact-")))
				}
			},
			id: "AssociationId", create: "AssociateInstanceStorageConfig", named: "-", made: "AssociationId",
			updates: []update{{op: "UpdateInstanceStorageConfig", members: []string{"ResourceType", "StorageConfig"}, as: func(in args) args {
				return args{"?resourceType": textOf(in["ResourceType"]), "StorageConfig": in["StorageConfig"]}
			}}},
			remove: "DisassociateInstanceStorageConfig", removeAs: func(id string, have *value) args {
				return args{"AssociationId": id, "?resourceType": have.get("ResourceType").str()}
			},
		},
		{
			word: "approved-origin", folder: "approved-origins",
			list: "ListApprovedOrigins", under: "Origins", derive: func(v *value) string { return v.get("Origin").str() },
			members: []member{{name: "Origin", read: itself}},
			create:  "AssociateApprovedOrigin", named: "-", replace: true,
			remove: "DisassociateApprovedOrigin", removeAs: func(_ string, have *value) args {
				return args{"?origin": have.get("Origin").str()}
			},
		},
		{
			word: "security-key", folder: "security-keys",
			list: "ListSecurityKeys", under: "SecurityKeys", summary: struct{ id, arn, name string }{id: "AssociationId"},
			derive: func(v *value) string {
				if v.get("Key").str() == "" {
					return ""
				}
				return "key " + hash(v.get("Key").str())
			},
			members: []member{{name: "Key"}},
			create:  "AssociateSecurityKey", named: "-", replace: true, early: true,
			remove: "DisassociateSecurityKey", removeAs: func(id string, _ *value) args { return args{"AssociationId": id} },
		},
		{
			word: "integration-association", folder: "integration-associations",
			list: "ListIntegrationAssociations", under: "IntegrationAssociationSummaryList",
			summary: struct{ id, arn, name string }{id: "IntegrationAssociationId", arn: "IntegrationAssociationArn"},
			derive: func(v *value) string {
				return v.get("IntegrationType").str() + "/" + v.get("IntegrationArn").str()
			},
			id: "IntegrationAssociationId",
			members: []member{
				{name: "IntegrationType"}, {name: "IntegrationArn"},
				{name: "SourceApplicationUrl"}, {name: "SourceApplicationName"}, {name: "SourceType"},
				{name: "UseCases", set: true, later: true, part: useCases{}},
				{name: "Tags", part: listedTags{arn: "IntegrationAssociationArn"}},
			},
			create: "CreateIntegrationAssociation", named: "-", made: "IntegrationAssociationId", replace: true,
			remove: "DeleteIntegrationAssociation",
		},
		{
			word: "predefined-attribute", folder: "predefined-attributes",
			list: "ListPredefinedAttributes", under: "PredefinedAttributeSummaryList", summary: struct{ id, arn, name string }{"Name", "", "Name"},
			describe: "DescribePredefinedAttribute", at: "PredefinedAttribute", id: "Name",
			stock: attributesFromTheBeginning, fixed: func(name string) bool { return (&center.PredefinedAttribute{Name: name}).ReadOnly() },
			members: []member{
				{name: "Values", fallback: literal(`{"StringList":[]}`)},
				{name: "Purposes", clear: list()},
				{
					name: "AttributeConfiguration", fallback: literal(`{"EnableValueValidationOnAssociation":false}`),
					normal: func(v *value) *value { return without(v, "IsReadOnly") },
				},
			},
			create:  "CreatePredefinedAttribute",
			updates: []update{{op: "UpdatePredefinedAttribute", members: []string{"Values", "Purposes", "AttributeConfiguration"}}},
			remove:  "DeletePredefinedAttribute", early: true,
		},
		{
			word: "prompt", folder: "prompts",
			list: "ListPrompts", under: "PromptSummaryList", summary: idArnName,
			describe: "DescribePrompt", at: "Prompt", id: "PromptId",
			stock:   promptsFromTheBeginning,
			members: []member{{name: "Description"}, {name: "S3Uri", hidden: true}, tagged},
			create:  "CreatePrompt", made: "PromptId",
			updates: []update{{op: "UpdatePrompt", members: []string{"Description"}}},
			remove:  "DeletePrompt",
		},
		{
			word: "vocabulary", folder: "vocabularies",
			list: "SearchVocabularies", under: "VocabularySummaryList", summary: idArnName,
			describe: "DescribeVocabulary", at: "Vocabulary", id: "VocabularyId",
			keep:    func(s *value) bool { return s.get("State").str() != "DELETE_IN_PROGRESS" },
			members: []member{{name: "LanguageCode"}, {name: "Content"}, tagged},
			create:  "CreateVocabulary", named: "VocabularyName", made: "VocabularyId", replace: true,
			remove: "DeleteVocabulary",
		},
		{
			word: "default-vocabulary", folder: "default-vocabularies",
			list: "ListDefaultVocabularies", under: "DefaultVocabularyList", derive: func(v *value) string { return v.get("LanguageCode").str() },
			summary: struct{ id, arn, name string }{id: "LanguageCode"}, id: "LanguageCode",
			members: []member{{name: "LanguageCode"}, {name: "VocabularyId"}},
			create:  "AssociateDefaultVocabulary", named: "-",
			updates: []update{{op: "AssociateDefaultVocabulary", members: []string{"VocabularyId"}}},
			remove:  "AssociateDefaultVocabulary", removeAs: func(_ string, have *value) args {
				return args{"LanguageCode": have.get("LanguageCode").str()}
			},
		},
		{
			word: "agent-status", folder: "agent-statuses",
			list: "ListAgentStatuses", under: "AgentStatusSummaryList", summary: idArnName,
			describe: "DescribeAgentStatus", at: "AgentStatus", id: "AgentStatusId", stock: named("Available", "Offline"),
			members: []member{{name: "Description"}, {name: "State", fallback: text("ENABLED")}, {name: "DisplayOrder"}, tagged},
			create:  "CreateAgentStatus", made: "AgentStatusId",
			createAs: func(in args) args {
				if in["State"] == nil {
					in["State"] = "ENABLED"
				}
				return in
			},
			updates: []update{{op: "UpdateAgentStatus", members: []string{"Description", "State", "DisplayOrder"}, as: func(in args) args {
				if in["DisplayOrder"] == "" {
					delete(in, "DisplayOrder")
				}
				return in
			}}},
		},
		{
			word: "hierarchy-structure", folder: "hierarchy-structure", single: "structure",
			summary: idArnName, describe: "DescribeUserHierarchyStructure", at: "HierarchyStructure",
			members: []member{level("LevelOne"), level("LevelTwo"), level("LevelThree"), level("LevelFour"), level("LevelFive")},
			updates: []update{{
				op: "UpdateUserHierarchyStructure", members: []string{"LevelOne", "LevelTwo", "LevelThree", "LevelFour", "LevelFive"},
				as: func(in args) args {
					all := object()
					for _, name := range []string{"LevelOne", "LevelTwo", "LevelThree", "LevelFour", "LevelFive"} {
						if v, ok := in[name].(*value); ok {
							all.set(name, v)
						}
					}
					return args{"HierarchyStructure": all}
				},
			}},
		},
		{
			word: "hierarchy-group", folder: "hierarchy-groups",
			list: "ListUserHierarchyGroups", under: "UserHierarchyGroupSummaryList", summary: idArnName,
			describe: "DescribeUserHierarchyGroup", at: "HierarchyGroup", id: "HierarchyGroupId", path: groupPath, settle: groupParent,
			members: []member{{name: "ParentGroupId", read: parentGroup}, tagged},
			create:  "CreateUserHierarchyGroup", made: "HierarchyGroupId", remove: "DeleteUserHierarchyGroup", early: true,
			createAs: func(in args) args {
				if path, ok := in["Name"].(string); ok {
					in["Name"] = pathTexts.Replace(path[strings.LastIndexByte(path, '/')+1:])
				}
				return in
			},
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
			id: "ContactFlowId", stock: flowsFromTheBeginning,
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
			word: "phone-number", folder: "phone-numbers", cannot: func(number string) string {
				if _, _, ok := center.PoolOf(number); ok {
					return ""
				}
				return "the number is not in the instance and cannot be claimed here: parley has made-up numbers alone, those that SearchAvailablePhoneNumbers offers; " +
					"give it one of these, or leave phone numbers out with --skip phone-number"
			},
			list: "ListPhoneNumbersV2", listArgs: args{"InstanceId": thisInstance}, under: "ListPhoneNumbersSummaryList",
			summary:  struct{ id, arn, name string }{"PhoneNumberId", "PhoneNumberArn", "PhoneNumber"},
			describe: "DescribePhoneNumber", at: "ClaimedPhoneNumberSummary", id: "PhoneNumberId",
			members: []member{{name: "PhoneNumberDescription"}, {name: "ContactFlowId", later: true, part: numberFlow{}}, tagged},
			create:  "ClaimPhoneNumber", named: "PhoneNumber", made: "PhoneNumberId",
			createAs: func(in args) args { return in.with(args{"InstanceId": thisInstance}) },
			updates:  []update{{op: "UpdatePhoneNumberMetadata", members: []string{"PhoneNumberDescription"}}},
		},
		{
			word: "queue", folder: "queues",
			list: "ListQueues", listArgs: args{"?queueTypes": []string{"STANDARD"}}, under: "QueueSummaryList", summary: idArnName,
			describe: "DescribeQueue", at: "Queue", id: "QueueId", stock: named("BasicQueue"),
			members: []member{
				{name: "Description"},
				{name: "Status", fallback: text("ENABLED"), later: true},
				{name: "HoursOfOperationId"},
				{name: "MaxContacts", fallback: number(0)},
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
			word: "routing-profile", folder: "routing-profiles",
			list: "ListRoutingProfiles", under: "RoutingProfileSummaryList", summary: idArnName,
			describe: "DescribeRoutingProfile", at: "RoutingProfile", id: "RoutingProfileId", stock: named("Basic Routing Profile"),
			members: []member{
				{name: "Description"},
				{name: "DefaultOutboundQueueId"},
				{name: "MediaConcurrencies", set: true, clear: list(), normal: concurrencies},
				{name: "AgentAvailabilityTimer", fallback: text("TIME_SINCE_LAST_ACTIVITY")},
				{name: "QueueConfigs", set: true, later: true, part: set{
					list: "ListRoutingProfileQueues", under: "RoutingProfileQueueConfigSummaryList", convert: queueConfig,
					add: "AssociateRoutingProfileQueues", remove: "DisassociateRoutingProfileQueues", id: "RoutingProfileId", in: "QueueConfigs", most: 10,
					removeIn: "QueueReferences", removal: queueReference,
				}},
				{name: "ManualAssignmentQueueConfigs", set: true, later: true, part: set{
					list: "ListRoutingProfileManualAssignmentQueues", under: "RoutingProfileManualAssignmentQueueConfigSummaryList", convert: queueConfig,
					add: "AssociateRoutingProfileQueues", remove: "DisassociateRoutingProfileQueues", id: "RoutingProfileId", in: "ManualAssignmentQueueConfigs", most: 10,
					removeIn: "ManualAssignmentQueueReferences", removal: queueReference,
				}},
				tagged,
			},
			create: "CreateRoutingProfile", made: "RoutingProfileId",
			updates: []update{
				{op: "UpdateRoutingProfileName", members: []string{"Description"}},
				{op: "UpdateRoutingProfileDefaultOutboundQueue", members: []string{"DefaultOutboundQueueId"}},
				{op: "UpdateRoutingProfileConcurrency", members: []string{"MediaConcurrencies"}},
				{op: "UpdateRoutingProfileAgentAvailabilityTimer", members: []string{"AgentAvailabilityTimer"}},
			},
			remove: "DeleteRoutingProfile",
		},
		{
			word: "security-profile", folder: "security-profiles",
			list: "ListSecurityProfiles", under: "SecurityProfileSummaryList", summary: idArnName,
			describe: "DescribeSecurityProfile", at: "SecurityProfile", id: "SecurityProfileId",
			stock: named("Admin", "Agent", "CallCenterManager", "QualityAnalyst"),
			members: []member{
				{name: "Description"},
				{name: "Permissions", set: true, clear: list(), part: listed{"ListSecurityProfilePermissions", "Permissions", "SecurityProfileId"}},
				{name: "Applications", set: true, clear: list(), part: listed{"ListSecurityProfileApplications", "Applications", "SecurityProfileId"}},
				{name: "AllowedFlowModules", set: true, clear: list(), part: listed{"ListSecurityProfileFlowModules", "AllowedFlowModules", "SecurityProfileId"}},
				{name: "AllowedAccessControlTags", clear: object()},
				{name: "TagRestrictedResources", set: true, clear: list()},
				{name: "HierarchyRestrictedResources", set: true, clear: list()},
				{name: "AllowedAccessControlHierarchyGroupId"},
				{name: "GranularAccessControlConfiguration", clear: object()},
				tagged,
			},
			create: "CreateSecurityProfile", named: "SecurityProfileName", made: "SecurityProfileId",
			updates: []update{{op: "UpdateSecurityProfile", members: []string{
				"Description", "Permissions", "Applications", "AllowedFlowModules", "AllowedAccessControlTags", "TagRestrictedResources",
				"HierarchyRestrictedResources", "AllowedAccessControlHierarchyGroupId", "GranularAccessControlConfiguration",
			}}},
			remove: "DeleteSecurityProfile",
		},
		{
			word: "user", folder: "users",
			list: "ListUsers", under: "UserSummaryList", summary: struct{ id, arn, name string }{"Id", "Arn", "Username"},
			describe: "DescribeUser", at: "User", id: "UserId", settle: userChannels,
			members: []member{
				{name: "IdentityInfo", clear: object()},
				{name: "PhoneConfig"}, // in files alone: userChannels makes lists of it
				{name: "AutoAcceptConfigs", set: true, clear: list(), normal: telling("AutoAccept", "AgentFirstCallbackAutoAccept")},
				{name: "AfterContactWorkConfigs", set: true, clear: list(), normal: telling("AfterContactWorkConfig", "AgentFirstCallbackAfterContactWorkConfig")},
				{name: "PhoneNumberConfigs", set: true, clear: list(), normal: telling("PhoneType", "PhoneNumber")},
				{name: "PersistentConnectionConfigs", set: true, clear: list(), normal: telling("PersistentConnection")},
				{name: "VoiceEnhancementConfigs", set: true, clear: list()},
				{name: "DirectoryUserId", given: true},
				{name: "SecurityProfileIds", set: true, clear: list()},
				{name: "RoutingProfileId"},
				{name: "HierarchyGroupId"},
				{name: "Proficiencies", set: true, later: true, part: set{
					list: "ListUserProficiencies", under: "UserProficiencyList",
					add: "AssociateUserProficiencies", remove: "DisassociateUserProficiencies", id: "UserId", in: "UserProficiencies", most: 10,
					removal: func(v *value) *value { return without(v, "Level") },
				}},
				tagged,
			},
			create: "CreateUser", named: "Username", made: "UserId",
			createAs: func(in args) args { return in.with(args{"Password": newPassword}) },
			updates: []update{
				{op: "UpdateUserIdentityInfo", members: []string{"IdentityInfo"}},
				{op: "UpdateUserConfig", members: []string{
					"AutoAcceptConfigs", "AfterContactWorkConfigs", "PhoneNumberConfigs", "PersistentConnectionConfigs", "VoiceEnhancementConfigs",
				}},
				{op: "UpdateUserSecurityProfiles", members: []string{"SecurityProfileIds"}},
				{op: "UpdateUserRoutingProfile", members: []string{"RoutingProfileId"}},
				{op: "UpdateUserHierarchy", members: []string{"HierarchyGroupId"}, as: func(in args) args {
					if in["HierarchyGroupId"] == "" {
						delete(in, "HierarchyGroupId") // that is how a user is taken out of the hierarchy
					}
					return in
				}},
			},
			remove: "DeleteUser",
		},
		{
			word: "task-template", folder: "task-templates",
			list: "ListTaskTemplates", under: "TaskTemplates", summary: idArnName, describe: "GetTaskTemplate", id: "TaskTemplateId",
			members: []member{
				{name: "Description"}, {name: "ContactFlowId"}, {name: "SelfAssignFlowId"}, {name: "ContactHooks", clear: object()},
				{name: "Constraints", clear: object()}, {name: "Defaults", clear: object()}, {name: "Status", fallback: text("ACTIVE")},
				{name: "Fields", clear: list()}, {name: "Tags", later: true, part: tags{}},
			},
			create: "CreateTaskTemplate", made: "Id",
			updates: []update{{op: "UpdateTaskTemplate", named: "Name", members: []string{
				"Description", "ContactFlowId", "SelfAssignFlowId", "ContactHooks", "Constraints", "Defaults", "Status", "Fields",
			}, as: func(in args) args {
				for _, name := range []string{"Description", "ContactFlowId", "SelfAssignFlowId"} {
					if in[name] == "" {
						delete(in, name) // the update is of the whole template
					}
				}
				return in
			}}},
			remove: "DeleteTaskTemplate",
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

// What every instance has from its beginning, by the names that it has there.
var (
	attributesFromTheBeginning = fromTheBeginning(center.SystemAttributes(time.Time{}), func(a *center.PredefinedAttribute) string { return a.Name })
	promptsFromTheBeginning    = fromTheBeginning(center.DefaultPrompts("", time.Time{}), func(p *center.Prompt) string { return p.Name })
	flowsFromTheBeginning      = fromTheBeginning(stock.Flows(center.Partition{}, ""), func(f *stock.Flow) string { return f.Name })
)

func fromTheBeginning[T any](all []T, name func(*T) string) func(string) bool {
	var names []string
	for i := range all {
		names = append(names, name(&all[i]))
	}
	return named(names...)
}

// only is a value with some of its members, without a value without some.
func only(v *value, names ...string) *value {
	out := object()
	for _, name := range names {
		out.set(name, v.get(name))
	}
	return out
}

func without(v *value, names ...string) *value {
	if v.kind != '{' {
		return v
	}
	out := object()
	for i, name := range v.names {
		if !slices.Contains(names, name) {
			out.set(name, v.kids[i])
		}
	}
	out.at = v.at
	return out
}

// level is a level of the hierarchy: what is said of it is its name.
func level(name string) member {
	return member{name: name, normal: func(v *value) *value {
		if v.kind != '{' {
			return v
		}
		return without(v, "Id", "Arn", "LastModifiedTime", "LastModifiedRegion")
	}}
}

// groupPath is the name of a group in files: the names from the first level on, so that two of one name are told apart.
func groupPath(described *value) string {
	var names []string
	for _, level := range hierarchyLevels {
		if name := described.get("HierarchyPath", level, "Name").str(); name != "" {
			names = append(names, pathEscapes.Replace(name))
		}
	}
	if len(names) == 0 {
		names = append(names, pathEscapes.Replace(described.get("Name").str()))
	}
	return strings.Join(names, "/")
}

var (
	hierarchyLevels = []string{"LevelOne", "LevelTwo", "LevelThree", "LevelFour", "LevelFive"}
	// In a path, / and % of a name are written %2F and %25.
	pathEscapes = strings.NewReplacer("%", "%25", "/", "%2F")
	pathTexts   = strings.NewReplacer("%25", "%", "%2F", "/", "%2f", "/")
)

// groupParent takes the parent of a group from its path. A file that says another parent is refused.
func groupParent(name string, v *value) (*value, string) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		if !v.get("ParentGroupId").empty() {
			return v, "Name must be the path of the group, such as North/" + name + ", as it has a ParentGroupId"
		}
		return v, ""
	}
	parent := key{"hierarchy-group", name[:i]}.String()
	if said := v.get("ParentGroupId"); !said.empty() && said.str() != parent {
		return v, "ParentGroupId must be " + parent + ", the group above in the path that Name is"
	}
	v.set("ParentGroupId", text(parent))
	return v, ""
}

// userChannels makes the lists of settings of channels from a PhoneConfig, which is another view of them. The service shows
// both, and the lists say more; a file has one of them.
func userChannels(_ string, v *value) (*value, string) {
	p := v.get("PhoneConfig")
	v.set("PhoneConfig", nil)
	wrong := ""
	put := func(name string, elements ...*value) {
		if v.get(name) == nil {
			v.set(name, list(elements...))
		} else if wrong == "" {
			wrong = "PhoneConfig must not say what " + name + " says: it is another view of the same settings"
		}
	}
	voice := func(name string, to *value) *value {
		c := one("Channel", text("VOICE"))
		c.set(name, to)
		return c
	}
	if kind := p.get("PhoneType"); kind != nil {
		phone := voice("PhoneType", kind)
		phone.set("PhoneNumber", p.get("DeskPhoneNumber"))
		put("PhoneNumberConfigs", phone)
	}
	if on := p.get("AutoAccept"); on != nil {
		put("AutoAcceptConfigs", voice("AutoAccept", on))
	}
	if on := p.get("PersistentConnection"); on != nil {
		put("PersistentConnectionConfigs", voice("PersistentConnection", on))
	}
	if limit := p.get("AfterContactWorkTimeLimit"); limit != nil {
		var all []*value
		for _, channel := range []string{"VOICE", "CHAT", "TASK", "EMAIL"} {
			c := one("Channel", text(channel))
			c.set("AfterContactWorkConfig", one("AfterContactWorkTimeLimit", limit))
			all = append(all, c)
		}
		put("AfterContactWorkConfigs", all...)
	}
	return v, wrong
}

// telling leaves out of a list of settings of channels those that say what holds without them: a soft phone, nothing
// accepted by itself, no bound of the work after a contact, no line that is kept open.
func telling(names ...string) func(*value) *value {
	return func(v *value) *value {
		if v.kind != '[' {
			return v
		}
		out := &value{kind: '[', at: v.at}
		for _, c := range v.kids {
			for _, name := range names {
				if said := c.get(name); name == names[0] && !usual(said) || name != names[0] && said != nil {
					out.kids = append(out.kids, c)
					break
				}
			}
		}
		return out
	}
}

// usual says that a setting of a channel is what holds when nothing is said.
func usual(v *value) bool {
	if v.empty() || v.text == "false" || v.text == "SOFT_PHONE" {
		return true
	}
	limit := v.get("AfterContactWorkTimeLimit")
	return v.kind == '{' && (limit == nil || limit.text == "0")
}

func textOf(v any) string {
	t, _ := v.(*value)
	return t.str()
}

// parentGroup is the group above one, the last but one in its path.
func parentGroup(described *value) *value {
	var above, last *value
	for _, name := range hierarchyLevels {
		if id := described.get("HierarchyPath", name, "Id"); id != nil {
			above, last = last, id
		}
	}
	return above
}

// queueConfig is a queue of a routing profile as requests have it.
func queueConfig(s *value) *value {
	c := one("QueueReference", only(s, "QueueId", "Channel"))
	c.set("Priority", s.get("Priority"))
	c.set("Delay", s.get("Delay"))
	return c
}

func queueReference(v *value) *value { return v.get("QueueReference") }

// concurrencies leaves out what a channel does while an agent is busy with others, where it is what the service takes
// when nothing is said.
func concurrencies(v *value) *value {
	if v.kind != '[' {
		return v
	}
	out := &value{kind: '[', at: v.at}
	for _, kid := range v.kids {
		if kid.get("CrossChannelBehavior", "BehaviorType").str() == "ROUTE_CURRENT_CHANNEL_ONLY" {
			kid = without(kid, "CrossChannelBehavior")
		}
		out.kids = append(out.kids, kid)
	}
	return out
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
	"HoursOfOperationId":                   "hours-of-operation",
	"QuickConnectIds":                      "quick-connect",
	"QueueId":                              "queue",
	"DefaultOutboundQueueId":               "queue",
	"ContactFlowId":                        "flow",
	"OutboundFlowId":                       "flow",
	"FlowId":                               "flow",
	"SelfAssignFlowId":                     "flow",
	"UserId":                               "user",
	"RoutingProfileId":                     "routing-profile",
	"SecurityProfileIds":                   "security-profile",
	"HierarchyGroupId":                     "hierarchy-group",
	"ParentGroupId":                        "hierarchy-group",
	"OutboundCallerIdNumberId":             "phone-number",
	"VocabularyId":                         "vocabulary",
	"AllowedAccessControlHierarchyGroupId": "hierarchy-group",
	"FlowModuleId":                         "module",
}
