// Command gen writes the wire types of wire/connect and wire/participant from Amazon Connect's API models.
//
//	go run ./internal/wire/gen                     writes both packages from the models in gen/models
//	go run ./internal/wire/gen connect             writes one of them
//	go run ./internal/wire/gen -prune DATA         takes the models anew from botocore's data folder
//
// Ordinary generation reads nothing but gen/models, which hold the facts that the served operations need and the name
// and route of every other operation. The output depends on the models alone. It depends on the standard library and
// never on the network.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	wire := flag.String("wire", "internal/wire", "the `folder` of package wire")
	prune := flag.String("prune", "", "take the models anew from this `folder`, the data folder of botocore")
	flag.Parse()
	if err := run(*wire, *prune, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(wire, botocore string, packages []string) error {
	for _, s := range services {
		if len(packages) > 0 && !slices.Contains(packages, s.Package) {
			continue
		}
		files := func() (map[string][]byte, error) { return s.generate(wire) }
		if botocore != "" {
			files = func() (map[string][]byte, error) { return s.prune(botocore) }
		}
		written, err := files()
		if err != nil {
			return fmt.Errorf("%s: %w", s.Package, err)
		}
		for name, content := range written {
			if err := os.WriteFile(filepath.Join(wire, name), content, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// A service is one API model, the package that is made of it, and the operations of it that parley serves.
type service struct {
	Package    string
	Model      string // the model's folder in botocore's data
	Operations []string
}

var services = []service{
	{
		Package: "connect",
		Model:   "connect/2017-08-08",
		Operations: []string{
			"AssociateApprovedOrigin",
			"AssociateBot",
			"AssociateContactWithUser",
			"AssociateDefaultVocabulary",
			"AssociateFlow",
			"AssociateHoursOfOperations",
			"AssociateInstanceStorageConfig",
			"AssociateLambdaFunction",
			"AssociateLexBot",
			"AssociatePhoneNumberContactFlow",
			"AssociateQueueQuickConnects",
			"AssociateRoutingProfileQueues",
			"AssociateSecurityKey",
			"AssociateUserProficiencies",
			"BatchGetFlowAssociation",
			"ClaimPhoneNumber",
			"CreateAgentStatus",
			"CreateContactFlow",
			"CreateContactFlowAlias",
			"CreateContactFlowModule",
			"CreateContactFlowModuleAlias",
			"CreateContactFlowModuleVersion",
			"CreateContactFlowVersion",
			"CreateHoursOfOperation",
			"CreateHoursOfOperationOverride",
			"CreateInstance",
			"CreateIntegrationAssociation",
			"CreateParticipant",
			"CreatePersistentContactAssociation",
			"CreatePredefinedAttribute",
			"CreatePrompt",
			"CreatePushNotificationRegistration",
			"CreateQueue",
			"CreateQuickConnect",
			"CreateRoutingProfile",
			"CreateSecurityProfile",
			"CreateTaskTemplate",
			"CreateUseCase",
			"CreateUser",
			"CreateUserHierarchyGroup",
			"CreateView",
			"CreateViewVersion",
			"CreateVocabulary",
			"DeleteAllEntitySessions",
			"DeleteContactData",
			"DeleteContactFlow",
			"DeleteContactFlowAlias",
			"DeleteContactFlowModule",
			"DeleteContactFlowModuleAlias",
			"DeleteContactFlowModuleVersion",
			"DeleteContactFlowVersion",
			"DeleteHoursOfOperation",
			"DeleteHoursOfOperationOverride",
			"DeleteInstance",
			"DeleteIntegrationAssociation",
			"DeletePredefinedAttribute",
			"DeletePrompt",
			"DeletePushNotificationRegistration",
			"DeleteQueue",
			"DeleteQuickConnect",
			"DeleteRoutingProfile",
			"DeleteSecurityProfile",
			"DeleteTaskTemplate",
			"DeleteUseCase",
			"DeleteUser",
			"DeleteUserHierarchyGroup",
			"DeleteView",
			"DeleteViewVersion",
			"DeleteVocabulary",
			"DescribeAgentStatus",
			"DescribeAttachedFilesConfiguration",
			"DescribeAuthenticationProfile",
			"DescribeContact",
			"DescribeContactFlow",
			"DescribeContactFlowAlias",
			"DescribeContactFlowModule",
			"DescribeContactFlowModuleAlias",
			"DescribeHoursOfOperation",
			"DescribeHoursOfOperationOverride",
			"DescribeInstance",
			"DescribeInstanceAttribute",
			"DescribeInstanceStorageConfig",
			"DescribePhoneNumber",
			"DescribePredefinedAttribute",
			"DescribePrompt",
			"DescribeQueue",
			"DescribeQuickConnect",
			"DescribeRoutingProfile",
			"DescribeSecurityProfile",
			"DescribeUser",
			"DescribeUserHierarchyGroup",
			"DescribeUserHierarchyStructure",
			"DescribeView",
			"DescribeVocabulary",
			"DisassociateApprovedOrigin",
			"DisassociateBot",
			"DisassociateFlow",
			"DisassociateHoursOfOperations",
			"DisassociateInstanceStorageConfig",
			"DisassociateLambdaFunction",
			"DisassociateLexBot",
			"DisassociatePhoneNumberContactFlow",
			"DisassociateQueueQuickConnects",
			"DisassociateRoutingProfileQueues",
			"DisassociateSecurityKey",
			"DisassociateUserProficiencies",
			"DismissUserContact",
			"GetContactAttributes",
			"GetContactMetrics",
			"GetCurrentMetricData",
			"GetCurrentUserData",
			"GetEffectiveHoursOfOperations",
			"GetFlowAssociation",
			"GetMetricData",
			"GetMetricDataV2",
			"GetTaskTemplate",
			"ListAgentStatuses",
			"ListApprovedOrigins",
			"ListAssociatedContacts",
			"ListAttachedFilesConfigurations",
			"ListAuthenticationProfiles",
			"ListBots",
			"ListChildHoursOfOperations",
			"ListContactFlowAliases",
			"ListContactFlowModuleAliases",
			"ListContactFlowModuleVersions",
			"ListContactFlowModules",
			"ListContactFlowVersions",
			"ListContactFlows",
			"ListContactReferences",
			"ListDefaultVocabularies",
			"ListFlowAssociations",
			"ListHoursOfOperationOverrides",
			"ListHoursOfOperations",
			"ListInstanceAttributes",
			"ListInstanceStorageConfigs",
			"ListInstances",
			"ListIntegrationAssociations",
			"ListLambdaFunctions",
			"ListLexBots",
			"ListPhoneNumbers",
			"ListPhoneNumbersV2",
			"ListPredefinedAttributes",
			"ListPrompts",
			"ListQueueQuickConnects",
			"ListQueues",
			"ListQuickConnects",
			"ListRoutingProfileManualAssignmentQueues",
			"ListRoutingProfileQueues",
			"ListRoutingProfiles",
			"ListSecurityKeys",
			"ListSecurityProfileApplications",
			"ListSecurityProfileFlowModules",
			"ListSecurityProfilePermissions",
			"ListSecurityProfiles",
			"ListTagsForResource",
			"ListTaskTemplates",
			"ListUseCases",
			"ListUserHierarchyGroups",
			"ListUserProficiencies",
			"ListUsers",
			"ListViewVersions",
			"ListViews",
			"MonitorContact",
			"PutUserStatus",
			"ReleasePhoneNumber",
			"SearchAgentStatuses",
			"SearchAvailablePhoneNumbers",
			"SearchContactFlowModules",
			"SearchContactFlows",
			"SearchContacts",
			"SearchHoursOfOperationOverrides",
			"SearchHoursOfOperations",
			"SearchPredefinedAttributes",
			"SearchPrompts",
			"SearchQueues",
			"SearchQuickConnects",
			"SearchResourceTags",
			"SearchRoutingProfiles",
			"SearchSecurityProfiles",
			"SearchUserHierarchyGroups",
			"SearchUsers",
			"SearchViews",
			"SearchVocabularies",
			"StartChatContact",
			"StopContact",
			"TagContact",
			"TagResource",
			"TransferContact",
			"UntagContact",
			"UntagResource",
			"UpdateAgentStatus",
			"UpdateAttachedFilesConfiguration",
			"UpdateAuthenticationProfile",
			"UpdateContact",
			"UpdateContactAttributes",
			"UpdateContactFlowAlias",
			"UpdateContactFlowContent",
			"UpdateContactFlowMetadata",
			"UpdateContactFlowModuleAlias",
			"UpdateContactFlowModuleContent",
			"UpdateContactFlowModuleMetadata",
			"UpdateContactFlowName",
			"UpdateContactRoutingData",
			"UpdateHoursOfOperation",
			"UpdateHoursOfOperationOverride",
			"UpdateInstanceAttribute",
			"UpdateInstanceStorageConfig",
			"UpdateParticipantAuthentication",
			"UpdateParticipantRoleConfig",
			"UpdatePhoneNumber",
			"UpdatePhoneNumberMetadata",
			"UpdatePredefinedAttribute",
			"UpdatePrompt",
			"UpdateQueueHoursOfOperation",
			"UpdateQueueMaxContacts",
			"UpdateQueueName",
			"UpdateQueueOutboundCallerConfig",
			"UpdateQueueStatus",
			"UpdateQuickConnectConfig",
			"UpdateQuickConnectName",
			"UpdateRoutingProfileAgentAvailabilityTimer",
			"UpdateRoutingProfileConcurrency",
			"UpdateRoutingProfileDefaultOutboundQueue",
			"UpdateRoutingProfileName",
			"UpdateRoutingProfileQueues",
			"UpdateSecurityProfile",
			"UpdateTaskTemplate",
			"UpdateUserConfig",
			"UpdateUserHierarchy",
			"UpdateUserHierarchyGroupName",
			"UpdateUserHierarchyStructure",
			"UpdateUserIdentityInfo",
			"UpdateUserPhoneConfig",
			"UpdateUserProficiencies",
			"UpdateUserRoutingProfile",
			"UpdateUserSecurityProfiles",
			"UpdateViewContent",
			"UpdateViewMetadata",
		},
	},
	{
		Package: "participant",
		Model:   "connectparticipant/2018-09-07",
		Operations: []string{
			"CancelParticipantAuthentication",
			"CreateParticipantConnection",
			"DescribeView",
			"DisconnectParticipant",
			"GetAuthenticationUrl",
			"GetTranscript",
			"SendEvent",
			"SendMessage",
		},
	},
}

// modelFile is where the service's pruned model lies, below package wire.
func (s service) modelFile() string { return filepath.Join("gen", "models", s.Package+".json") }

// generate makes the service's package from its pruned model: file name below wire → content.
func (s service) generate(wire string) (map[string][]byte, error) {
	text, err := os.ReadFile(filepath.Join(wire, s.modelFile()))
	if err != nil {
		return nil, err
	}
	m, err := parseModel(text)
	if err != nil {
		return nil, err
	}
	if err := m.correct(); err != nil {
		return nil, err
	}
	return s.emit(m)
}

// slips are patterns that contradict their own shape: the shape, what the model says and what it must mean. A view's
// hash has 1 to 64 characters and a pattern for one; the hashes of flows and modules have this one for 64. The pattern of
// phone numbers and of their prefixes is escaped twice, and so is one half of that of places in S3. That of passwords is a literal of JavaScript with lookaheads: center has its rule. That of a
// table's attribute begins with a lookahead which refuses nothing, since the pattern may match from any place on. That of ranges of addresses has no room for the
// dots of IPv4.
var slips = []struct{ shape, wrong, right string }{
	{"ViewContentSha256", "^[a-zA-Z0-9]$", "^[a-zA-Z0-9]{64}$"},
	{"Password", `/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[a-zA-Z\d\S]{8,64}$/`, ""},
	{"PrimaryAttributeContextKeyName", `(?!aws:|connect:)[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]+$`, `[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]+$`},
	{"S3Uri", `s3://\S+/.+|https://\\S+\\.s3\\.\\S+\\.amazonaws\\.com/\\S+`, `s3://\S+/.+|https://\S+\.s3\.\S+\.amazonaws\.com/\S+`},
	{"IpCidr", `^[A-Za-z0-9:/]*$`, `^[A-Za-z0-9.:/]*$`},
	{"PhoneNumberPrefix", `\\+?[0-9]{1,11}`, `\+?[0-9]{1,11}`},
	{"PhoneNumber", `\\+[1-9]\\d{1,14}$`, `\+[1-9]\d{1,14}$`},
}

// correct mends the model's slips. One that is mended in the model has no place in the table any more.
func (m *model) correct() error {
	for _, slip := range slips {
		s := m.Shapes.byName[slip.shape]
		if s == nil {
			continue
		}
		if s.Pattern != slip.wrong {
			return fmt.Errorf("shape %s has the pattern %s, not the slip %s", slip.shape, s.Pattern, slip.wrong)
		}
		s.Pattern = slip.right
	}
	return nil
}
