package api_test

// publicKey is a security key.
const publicKey = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnc7SBbVN0QDp6CBPB8w5
b9QO/f2xEv0EdZLTIPyhjALaGI9714+fdQAAf0yQRRLbdv3wFe4dsShBap/RBM2p
YPttrtnktz3fwwinbKEaMti6KdPnazDn1P0kJX3nnKRRxmG6wW4RbRCRp3h8uWe0
mVE7W6M3Jv7Ac42DK6BnSKiq8CTFhgvQxrOkZCdrlHd2ca3wZcprgFyrR8UYuijh
nZSinkDOabfyXZ7eVYYjqlaFwcFqHpR4/Z2LE+U2fnsv3LO83oSCnuwdXp3MxrkY
PB2UTJ9j45ijfiWI8cBhVirMfgB9Zv+l4GW/LKXHzdBCvgcvQlBpGM9vf3lDZPlt
DwIDAQAB
-----END PUBLIC KEY-----
`

// walks are the lives of the resources of every kind.
var walks = []walk{
	{
		kind: "queue", id: "QueueId", arn: "QueueArn",
		before: `CreateQuickConnect {"Name":"for the queue","QuickConnectConfig":{"QuickConnectType":"PHONE_NUMBER","PhoneConfig":{"PhoneNumber":"+15550100"}}} -> QuickConnectId`,
		create: `CreateQueue {"Name":"Billing / é 🦜","HoursOfOperationId":"${hours}","Description":"d"} -> QueueId QueueArn`, twice: "DuplicateResourceException",
		describe: `DescribeQueue`, shows: `${QueueId}|"Status":"ENABLED"|${hours}`,
		lists: `ListQueues QueueSummaryList Id
			SearchQueues Queues QueueId`,
		steps: `UpdateQueueName {"Name":"Bills"}
			UpdateQueueMaxContacts {"MaxContacts":3}
			UpdateQueueHoursOfOperation {"HoursOfOperationId":"${hours}"}
			UpdateQueueStatus {"Status":"ENABLED"}
			UpdateQueueOutboundCallerConfig {"OutboundCallerConfig":{"OutboundCallerIdName":"Us"}}
			AssociateQueueQuickConnects {"QuickConnectIds":["${QuickConnectId}"]}
			ListQueueQuickConnects
			DisassociateQueueQuickConnects {"QuickConnectIds":["${QuickConnectId}"]}`,
		use:   `CreateQuickConnect {"Name":"to bills","QuickConnectConfig":{"QuickConnectType":"QUEUE","QueueConfig":{"QueueId":"${QueueId}","ContactFlowId":"${flow}"}}} -> QuickConnectId`,
		unuse: `DeleteQuickConnect`, remove: `DeleteQueue`,
	},
	{
		kind: "quick connect", id: "QuickConnectId", arn: "QuickConnectARN",
		create: `CreateQuickConnect {"Name":"Home","QuickConnectConfig":{"QuickConnectType":"PHONE_NUMBER","PhoneConfig":{"PhoneNumber":"+15550100"}}} -> QuickConnectId QuickConnectARN`,
		twice:  "DuplicateResourceException", describe: `DescribeQuickConnect`, shows: `+15550100`, lists: `ListQuickConnects QuickConnectSummaryList Id
			SearchQuickConnects QuickConnects QuickConnectId`,
		steps: `UpdateQuickConnectName {"Name":"House","Description":""}
			UpdateQuickConnectConfig {"QuickConnectConfig":{"QuickConnectType":"PHONE_NUMBER","PhoneConfig":{"PhoneNumber":"+15550100"}}}`,
		remove: `DeleteQuickConnect`,
	},
	{
		kind: "hours of operation", id: "HoursOfOperationId", arn: "HoursOfOperationArn",
		create: `CreateHoursOfOperation {"Name":"Office","TimeZone":"UTC","Config":[{"Day":"MONDAY","StartTime":{"Hours":9,"Minutes":0},"EndTime":{"Hours":17,"Minutes":0}}]} -> HoursOfOperationId HoursOfOperationArn`,
		twice:  "DuplicateResourceException", describe: `DescribeHoursOfOperation`, shows: `MONDAY`, lists: `ListHoursOfOperations HoursOfOperationSummaryList Id
			SearchHoursOfOperations HoursOfOperations HoursOfOperationId`,
		steps: `UpdateHoursOfOperation {"Name":"Desk","TimeZone":"UTC"}
			AssociateHoursOfOperations {"ParentHoursOfOperationConfigs":[{"HoursOfOperationId":"${hours}"}]}
			ListChildHoursOfOperations
			GetEffectiveHoursOfOperations {"FromDate":"2026-11-30","ToDate":"2026-12-01"}
			DisassociateHoursOfOperations {"ParentHoursOfOperationIds":["${hours}"]}`,
		use:    `CreateQueue {"Name":"of the hours","HoursOfOperationId":"${HoursOfOperationId}"} -> QueueId`,
		unuse:  `DeleteQueue`,
		remove: `DeleteHoursOfOperation`,
	},
	{
		kind: "flow", id: "ContactFlowId", arn: "ContactFlowArn",
		create: `CreateContactFlow {"Name":"Walk","Type":"CONTACT_FLOW","Content":"${greeting}"} -> ContactFlowId ContactFlowArn`,
		twice:  "DuplicateResourceException", describe: `DescribeContactFlow`, shows: `PUBLISHED`, lists: `ListContactFlows ContactFlowSummaryList Id
			SearchContactFlows ContactFlows Id`,
		steps: `UpdateContactFlowName {"Name":"Stroll","Description":""}
			UpdateContactFlowContent {"Content":"${greeting}"}
			UpdateContactFlowMetadata {"ContactFlowState":"ACTIVE"}`,
		remove: `DeleteContactFlow`,
	},
	{
		kind: "flow module", id: "ContactFlowModuleId", arn: "Arn",
		create: `CreateContactFlowModule {"Name":"Walk","Content":"${farewell}"} -> Id=ContactFlowModuleId Arn`,
		twice:  "DuplicateResourceException", describe: `DescribeContactFlowModule`, lists: `ListContactFlowModules ContactFlowModulesSummaryList Id
			SearchContactFlowModules ContactFlowModules Id`,
		steps: `UpdateContactFlowModuleContent {"Content":"${farewell}"}
			UpdateContactFlowModuleMetadata {"Name":"Stroll","State":"ACTIVE"}`,
		remove: `DeleteContactFlowModule`,
	},
	{
		kind: "routing profile", id: "RoutingProfileId", arn: "RoutingProfileArn",
		before: `CreateQueue {"Name":"of the profile","HoursOfOperationId":"${hours}"} -> QueueId`,
		create: `CreateRoutingProfile {"Name":"Chatters","Description":"d","DefaultOutboundQueueId":"${basic}","MediaConcurrencies":[{"Channel":"CHAT","Concurrency":3}]} -> RoutingProfileId RoutingProfileArn`,
		twice:  "DuplicateResourceException", describe: `DescribeRoutingProfile`, shows: `"Concurrency":3`, lists: `ListRoutingProfiles RoutingProfileSummaryList Id
			SearchRoutingProfiles RoutingProfiles RoutingProfileId`,
		steps: `UpdateRoutingProfileName {"Name":"Talkers"}
			UpdateRoutingProfileConcurrency {"MediaConcurrencies":[{"Channel":"CHAT","Concurrency":3}]}
			UpdateRoutingProfileDefaultOutboundQueue {"DefaultOutboundQueueId":"${basic}"}
			UpdateRoutingProfileAgentAvailabilityTimer {"AgentAvailabilityTimer":"TIME_SINCE_LAST_INBOUND"}
			AssociateRoutingProfileQueues {"QueueConfigs":[{"QueueReference":{"QueueId":"${QueueId}","Channel":"CHAT"},"Priority":1,"Delay":0}],"ManualAssignmentQueueConfigs":[{"QueueReference":{"QueueId":"${QueueId}","Channel":"CHAT"}}]}
			UpdateRoutingProfileQueues {"QueueConfigs":[{"QueueReference":{"QueueId":"${QueueId}","Channel":"CHAT"},"Priority":2,"Delay":5}]}
			ListRoutingProfileQueues
			ListRoutingProfileManualAssignmentQueues
			DisassociateRoutingProfileQueues {"QueueReferences":[{"QueueId":"${QueueId}","Channel":"CHAT"}],"ManualAssignmentQueueReferences":[{"QueueId":"${QueueId}","Channel":"CHAT"}]}`,
		remove: `DeleteRoutingProfile`,
	},
	{
		kind: "predefined attribute", id: "Name", value: "Language", unknown: "Mood",
		create: `CreatePredefinedAttribute {"Name":"${Name}","Values":{"StringList":["French"]}}`, twice: "DuplicateResourceException",
		describe: `DescribePredefinedAttribute {"Name":"${Name}"}`, shows: `French`,
		lists: `ListPredefinedAttributes PredefinedAttributeSummaryList Name
			SearchPredefinedAttributes PredefinedAttributes Name`,
		steps:  `UpdatePredefinedAttribute {"Name":"${Name}","Values":{"StringList":["French","German"]}}`,
		remove: `DeletePredefinedAttribute {"Name":"${Name}"}`,
	},
	{
		kind: "security profile", id: "SecurityProfileId", arn: "SecurityProfileArn",
		create: `CreateSecurityProfile {"SecurityProfileName":"Readers","Permissions":["Users.View"]} -> SecurityProfileId SecurityProfileArn`,
		twice:  "DuplicateResourceException", describe: `DescribeSecurityProfile`, shows: `Readers`, lists: `ListSecurityProfiles SecurityProfileSummaryList Id
			SearchSecurityProfiles SecurityProfiles Id`,
		steps: `UpdateSecurityProfile {"Description":"who read","Permissions":["Users.View","Queues.View"]}
			ListSecurityProfilePermissions
			ListSecurityProfileApplications
			ListSecurityProfileFlowModules`,
		use:    `CreateUser {"Username":"reader","Password":"Secret123","SecurityProfileIds":["${SecurityProfileId}"],"RoutingProfileId":"${basicProfile}"} -> UserId`,
		unuse:  `DeleteUser`,
		remove: `DeleteSecurityProfile`,
	},
	{
		kind: "user", id: "UserId", arn: "UserArn",
		before: `CreatePredefinedAttribute {"Name":"Skill","Values":{"StringList":["Chess"]}}`,
		create: `CreateUser {"Username":"ann","Password":"Secret123","SecurityProfileIds":["${securityProfile}"],"RoutingProfileId":"${basicProfile}","IdentityInfo":{"FirstName":"Ann","LastName":"Lee"}} -> UserId UserArn`,
		twice:  "DuplicateResourceException", describe: `DescribeUser`, shows: `"Username":"ann"|"DirectoryUserId":`, lists: `ListUsers UserSummaryList Id
			SearchUsers Users Id`,
		steps: `UpdateUserIdentityInfo {"IdentityInfo":{"FirstName":"Anna","LastName":"Lee"}}
			UpdateUserPhoneConfig {"PhoneConfig":{"PhoneType":"SOFT_PHONE","AutoAccept":true,"AfterContactWorkTimeLimit":30}}
			UpdateUserRoutingProfile {"RoutingProfileId":"${basicProfile}"}
			UpdateUserSecurityProfiles {"SecurityProfileIds":["${securityProfile}"]}
			UpdateUserHierarchy
			UpdateUserConfig {"AutoAcceptConfigs":[{"Channel":"CHAT","AutoAccept":true}]}
			AssociateUserProficiencies {"UserProficiencies":[{"AttributeName":"Skill","AttributeValue":"Chess","Level":2.5}]}
			UpdateUserProficiencies {"UserProficiencies":[{"AttributeName":"Skill","AttributeValue":"Chess","Level":3}]}
			ListUserProficiencies
			DisassociateUserProficiencies {"UserProficiencies":[{"AttributeName":"Skill","AttributeValue":"Chess"}]}
			DeleteAllEntitySessions {"EntityId":"${UserId}","EntityType":"USER"}`,
		remove: `DeleteUser`,
	},
	{
		kind: "agent status", id: "AgentStatusId", arn: "AgentStatusARN",
		create: `CreateAgentStatus {"Name":"Lunch","State":"ENABLED","DisplayOrder":3} -> AgentStatusId AgentStatusARN`, twice: "DuplicateResourceException",
		describe: `DescribeAgentStatus`, shows: `"Type":"CUSTOM"`, lists: `ListAgentStatuses AgentStatusSummaryList Id
			SearchAgentStatuses AgentStatuses AgentStatusId`,
		steps: `UpdateAgentStatus {"Name":"Break","State":"DISABLED","ResetOrderNumber":true}`,
	},
	{
		kind: "hierarchy group", id: "HierarchyGroupId", arn: "HierarchyGroupArn",
		before: `UpdateUserHierarchyStructure {"HierarchyStructure":{"LevelOne":{"Name":"Country"},"LevelTwo":{"Name":"City"}}}
			DescribeUserHierarchyStructure`,
		create: `CreateUserHierarchyGroup {"Name":"France"} -> HierarchyGroupId HierarchyGroupArn`, twice: "DuplicateResourceException",
		describe: `DescribeUserHierarchyGroup`, shows: `"LevelOne":`, lists: `ListUserHierarchyGroups UserHierarchyGroupSummaryList Id
			SearchUserHierarchyGroups UserHierarchyGroups Id`,
		steps:  `UpdateUserHierarchyGroupName {"Name":"Belgium"}`,
		use:    `CreateUserHierarchyGroup {"Name":"Ghent","ParentGroupId":"${HierarchyGroupId}"} -> HierarchyGroupId=Child`,
		unuse:  `DeleteUserHierarchyGroup {"HierarchyGroupId":"${Child}"}`,
		remove: `DeleteUserHierarchyGroup`,
	},
	{
		kind: "prompt", id: "PromptId", arn: "PromptARN",
		create: `CreatePrompt {"Name":"Chime","S3Uri":"s3://sounds/chime.wav"} -> PromptId PromptARN`, twice: "DuplicateResourceException",
		describe: `DescribePrompt`, shows: `Chime`, lists: `ListPrompts PromptSummaryList Id
			SearchPrompts Prompts PromptId`,
		steps:  `UpdatePrompt {"Description":"a bell"}`,
		remove: `DeletePrompt`,
	},
	{
		kind: "task template", id: "TaskTemplateId", arn: "Arn",
		create:   `CreateTaskTemplate {"Name":"Call back","ContactFlowId":"${flow}","Constraints":{"RequiredFields":[{"Id":{"Name":"Task name"}}]},"Fields":[{"Id":{"Name":"Task name"},"Type":"NAME"}]} -> Id=TaskTemplateId Arn`,
		describe: `GetTaskTemplate`, shows: `Call back`, lists: `ListTaskTemplates TaskTemplates Id`,
		steps:  `UpdateTaskTemplate {"Name":"Call back","Description":"later","Status":"INACTIVE","ContactFlowId":"${flow}","Constraints":{"RequiredFields":[{"Id":{"Name":"Task name"}}]},"Fields":[{"Id":{"Name":"Task name"},"Type":"NAME"}]}`,
		remove: `DeleteTaskTemplate`,
	},
	{
		kind: "vocabulary", id: "VocabularyId", arn: "VocabularyArn",
		create: `CreateVocabulary {"VocabularyName":"Words","LanguageCode":"en-US","Content":"Phrase\tIPA\tSoundsLike\tDisplayAs\nLos-Angeles\t\t\tLos Angeles\n"} -> VocabularyId VocabularyArn`,
		twice:  "ResourceConflictException", describe: `DescribeVocabulary`, shows: `"State":"ACTIVE"`,
		lists: `SearchVocabularies VocabularySummaryList Id`,
		steps: `AssociateDefaultVocabulary {"LanguageCode":"en-US","VocabularyId":"${VocabularyId}"}
			ListDefaultVocabularies
			AssociateDefaultVocabulary {"LanguageCode":"en-US"}`,
		remove: `DeleteVocabulary`,
	},
	{
		kind: "phone number", id: "PhoneNumberId", arn: "PhoneNumberArn",
		before:   `SearchAvailablePhoneNumbers {"InstanceId":"${instance}","PhoneNumberCountryCode":"US","PhoneNumberType":"DID"} -> AvailableNumbersList.0.PhoneNumber=PhoneNumber`,
		create:   `ClaimPhoneNumber {"InstanceId":"${instance}","PhoneNumber":"${PhoneNumber}"} -> PhoneNumberId PhoneNumberArn`,
		describe: `DescribePhoneNumber`, shows: `CLAIMED`,
		steps: `UpdatePhoneNumberMetadata {"PhoneNumberDescription":"front desk"}
			UpdatePhoneNumber {"InstanceId":"${instance}"}
			ListPhoneNumbers
			ListPhoneNumbersV2 {"InstanceId":"${instance}"}
			AssociatePhoneNumberContactFlow {"ContactFlowId":"${flow}"}
			DisassociatePhoneNumberContactFlow`,
		remove: `ReleasePhoneNumber`,
	},
	{
		kind: "storage config", id: "AssociationId",
		create: `AssociateInstanceStorageConfig {"ResourceType":"CHAT_TRANSCRIPTS","StorageConfig":{"StorageType":"S3","S3Config":{"BucketName":"transcripts","BucketPrefix":"chats"}}} -> AssociationId`,
		twice:  "ResourceConflictException", describe: `DescribeInstanceStorageConfig {"ResourceType":"CHAT_TRANSCRIPTS"}`, shows: `transcripts`,
		lists:  `ListInstanceStorageConfigs StorageConfigs AssociationId {"ResourceType":"CHAT_TRANSCRIPTS"}`,
		steps:  `UpdateInstanceStorageConfig {"ResourceType":"CHAT_TRANSCRIPTS","StorageConfig":{"StorageType":"S3","S3Config":{"BucketName":"transcripts","BucketPrefix":"talks"}}}`,
		remove: `DisassociateInstanceStorageConfig {"ResourceType":"CHAT_TRANSCRIPTS"}`,
	},
	{
		kind: "integration association", id: "IntegrationAssociationId", arn: "IntegrationAssociationArn",
		create: `CreateIntegrationAssociation {"IntegrationType":"APPLICATION","IntegrationArn":"arn:aws:app-integrations:us-east-1:123456789012:application/22222222-2222-4222-8222-222222222222"} -> IntegrationAssociationId IntegrationAssociationArn`,
		twice:  "DuplicateResourceException", lists: `ListIntegrationAssociations IntegrationAssociationSummaryList IntegrationAssociationId`,
		use: `CreateUseCase {"UseCaseType":"RULES_EVALUATION"} -> UseCaseId
			ListUseCases`,
		unuse:  `DeleteUseCase`,
		remove: `DeleteIntegrationAssociation`,
	},
	{
		kind: "security key", id: "AssociationId",
		create: `AssociateSecurityKey {"Key":"${publicKey}"} -> AssociationId`, twice: "ResourceConflictException",
		lists: `ListSecurityKeys SecurityKeys AssociationId`, remove: `DisassociateSecurityKey`,
	},
	{
		kind: "approved origin", id: "Origin", value: "https://shop.example.com", unknown: "https://other.example.com",
		create: `AssociateApprovedOrigin {"Origin":"${Origin}"}`, twice: "ResourceConflictException",
		lists: `ListApprovedOrigins Origins Origin`, remove: `DisassociateApprovedOrigin {"Origin":"${Origin}"}`,
	},
	{
		kind: "Lex bot of the first version", id: "BotName", value: "OrderFlowers", unknown: "BookHotels",
		create: `AssociateLexBot {"LexBot":{"Name":"${BotName}","LexRegion":"us-east-1"}}`, twice: "ResourceConflictException",
		lists: `ListLexBots LexBots Name`, remove: `DisassociateLexBot {"BotName":"${BotName}","LexRegion":"us-east-1"}`,
	},
	{
		kind: "Lex bot", id: "AliasArn", value: "arn:aws:lex:us-east-1:123456789012:bot-alias/ABCDEFGHIJ/KLMNOPQRST", unknown: "arn:aws:lex:us-east-1:123456789012:bot-alias/ABCDEFGHIJ/UVWXYZABCD",
		create: `AssociateBot {"LexV2Bot":{"AliasArn":"${AliasArn}"}}`, twice: "ResourceConflictException",
		lists: `ListBots LexBots LexV2Bot.AliasArn {"LexVersion":"V2"}`, remove: `DisassociateBot {"LexV2Bot":{"AliasArn":"${AliasArn}"}}`,
	},
	{
		kind: "Lambda function", id: "FunctionArn", value: "arn:aws:lambda:us-east-1:123456789012:function:greet", unknown: "arn:aws:lambda:us-east-1:123456789012:function:other",
		create: `AssociateLambdaFunction {"FunctionArn":"${FunctionArn}"}`, twice: "ResourceConflictException",
		lists: `ListLambdaFunctions LambdaFunctions FunctionArn`, remove: `DisassociateLambdaFunction {"FunctionArn":"${FunctionArn}"}`,
	},
	{
		kind: "version of a flow", id: "ContactFlowVersion", unknown: "77",
		before: `CreateContactFlow {"Name":"with versions","Type":"CONTACT_FLOW","Content":"${greeting}"} -> ContactFlowId`,
		create: `CreateContactFlowVersion -> Version=ContactFlowVersion`,
		lists:  `ListContactFlowVersions ContactFlowVersionSummaryList Version`,
		use:    `CreateContactFlowAlias {"ContactFlowVersion":${ContactFlowVersion},"AliasName":"live"} -> Id=AliasId`,
		unuse:  `DeleteContactFlowAlias`, remove: `DeleteContactFlowVersion`,
	},
	{
		kind: "alias of a flow", id: "AliasId",
		before: `CreateContactFlow {"Name":"with an alias","Type":"CONTACT_FLOW","Content":"${greeting}"} -> ContactFlowId
			CreateContactFlowVersion -> Version=ContactFlowVersion`,
		create: `CreateContactFlowAlias {"ContactFlowVersion":${ContactFlowVersion},"AliasName":"live"} -> Id=AliasId`, twice: "DuplicateResourceException",
		describe: `DescribeContactFlowAlias`, shows: `"Version":1`, lists: `ListContactFlowAliases ContactFlowAliasSummaryList AliasId`,
		steps:  `UpdateContactFlowAlias {"Name":"test","ContactFlowVersion":${ContactFlowVersion}}`,
		remove: `DeleteContactFlowAlias`,
	},
	{
		kind: "version of a flow module", id: "ContactFlowModuleVersion", unknown: "77",
		before: `CreateContactFlowModule {"Name":"with versions","Content":"${farewell}"} -> Id=ContactFlowModuleId`,
		create: `CreateContactFlowModuleVersion -> Version=ContactFlowModuleVersion`,
		lists:  `ListContactFlowModuleVersions ContactFlowModuleVersionSummaryList Version`,
		use:    `CreateContactFlowModuleAlias {"ContactFlowModuleVersion":${ContactFlowModuleVersion},"AliasName":"live"} -> Id=AliasId`,
		unuse:  `DeleteContactFlowModuleAlias`, remove: `DeleteContactFlowModuleVersion`,
	},
	{
		kind: "alias of a flow module", id: "AliasId",
		before: `CreateContactFlowModule {"Name":"with an alias","Content":"${farewell}"} -> Id=ContactFlowModuleId
			CreateContactFlowModuleVersion -> Version=ContactFlowModuleVersion`,
		create: `CreateContactFlowModuleAlias {"ContactFlowModuleVersion":${ContactFlowModuleVersion},"AliasName":"live"} -> Id=AliasId`, twice: "DuplicateResourceException",
		describe: `DescribeContactFlowModuleAlias`, shows: `"Version":1`, lists: `ListContactFlowModuleAliases ContactFlowModuleAliasSummaryList AliasId`,
		steps:  `UpdateContactFlowModuleAlias {"Name":"test","ContactFlowModuleVersion":${ContactFlowModuleVersion}}`,
		remove: `DeleteContactFlowModuleAlias`,
	},
	{
		kind: "override of hours of operation", id: "HoursOfOperationOverrideId",
		before: `CreateHoursOfOperation {"Name":"with overrides","TimeZone":"UTC","Config":[]} -> HoursOfOperationId`,
		create: `CreateHoursOfOperationOverride {"Name":"Holiday","Config":[{"Day":"MONDAY","StartTime":{"Hours":9,"Minutes":0},"EndTime":{"Hours":10,"Minutes":0}}],"EffectiveFrom":"2026-12-24","EffectiveTill":"2026-12-26"} -> HoursOfOperationOverrideId`,
		twice:  "DuplicateResourceException", describe: `DescribeHoursOfOperationOverride`, shows: `2026-12-26`,
		lists: `ListHoursOfOperationOverrides HoursOfOperationOverrideList HoursOfOperationOverrideId
			SearchHoursOfOperationOverrides HoursOfOperationOverrides HoursOfOperationOverrideId`,
		steps:  `UpdateHoursOfOperationOverride {"Name":"Feast"}`,
		remove: `DeleteHoursOfOperationOverride`,
	},
	{
		kind: "view", id: "ViewId", arn: "ViewArn",
		create: `CreateView {"Name":"Card","Status":"PUBLISHED","Content":{"Template":"${template}","Actions":["Skip"]}} -> View.Id=ViewId View.Arn=ViewArn`,
		twice:  "DuplicateResourceException", describe: `DescribeView`, shows: `CUSTOMER_MANAGED`,
		lists: `ListViews ViewsSummaryList Id
			SearchViews Views Id`,
		steps: `UpdateViewMetadata {"Name":"Sheet"}
			UpdateViewContent {"Status":"PUBLISHED","Content":{"Template":"${template}","Actions":["Skip"]}}`,
		remove: `DeleteView`,
	},
	{
		kind: "version of a view", id: "ViewVersion", unknown: "77",
		before: `CreateView {"Name":"with versions","Status":"PUBLISHED","Content":{"Template":"${template}","Actions":["Skip"]}} -> View.Id=ViewId`,
		create: `CreateViewVersion -> View.Version=ViewVersion`,
		lists:  `ListViewVersions ViewVersionSummaryList Version`, remove: `DeleteViewVersion`,
	},
	{
		kind: "flow association", id: "ResourceId", before: `BatchGetFlowAssociation {"ResourceIds":["another"]}`, value: "arn:aws:connect:us-east-1:123456789012:email-address/a", unknown: "arn:aws:connect:us-east-1:123456789012:email-address/b",
		create:   `AssociateFlow {"ResourceId":"${ResourceId}","FlowId":"${flow}","ResourceType":"INBOUND_EMAIL"}`,
		describe: `GetFlowAssociation {"ResourceType":"INBOUND_EMAIL"}`, shows: `INBOUND_EMAIL`, lists: `ListFlowAssociations FlowAssociationSummaryList ResourceId`,
		remove: `DisassociateFlow {"ResourceType":"INBOUND_EMAIL"}`,
	},
	{
		kind: "what every instance has",
		before: `ListAuthenticationProfiles -> AuthenticationProfileSummaryList.0.Id=AuthenticationProfileId
			DescribeAuthenticationProfile
			UpdateAuthenticationProfile {"Name":"Ours"}
			ListAttachedFilesConfigurations
			DescribeAttachedFilesConfiguration {"AttachmentScope":"CHAT"}
			UpdateAttachedFilesConfiguration {"AttachmentScope":"CHAT","MaximumSizeLimitInBytes":5242880}
			UpdateInstanceAttribute {"AttributeType":"EARLY_MEDIA","Value":"false"}
			DescribeInstanceAttribute {"AttributeType":"EARLY_MEDIA"}
			ListInstanceAttributes
			SearchResourceTags`,
	},
}
