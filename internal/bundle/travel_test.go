package bundle_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-chat/parley/internal/bundle"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
)

// place is a parley with an instance, in the test's process.
type place struct {
	t       *testing.T
	handler http.Handler
	client  *bundle.Client
}

// newPlace makes a parley with an empty instance in a region of its own, so that ids and ARNs differ from another's.
func newPlace(t *testing.T, database, region string) *place {
	t.Helper()
	s, err := server.New(t.Context(), server.Config{
		Dev: true, Database: database, Secret: "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=",
		Partition: center.Partition{Account: "123456789012", Region: region}, Settings: center.DefaultSettings(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	p := &place{t: t, handler: s.Handler()}
	made := p.call("PUT", "/instance", fmt.Sprintf(`{"InstanceAlias":"travel-%s","IdentityManagementType":"CONNECT_MANAGED","InboundCallsEnabled":true,"OutboundCallsEnabled":true}`, region))
	p.client = &bundle.Client{URL: "http://parley", HTTP: bundle.Within(s.Handler()), Instance: made["Id"].(string)}
	return p
}

// call calls an operation that must succeed. ${i} in the path is the instance.
func (p *place) call(method, path, body string) map[string]any {
	p.t.Helper()
	if p.client != nil {
		path = strings.ReplaceAll(path, "${i}", p.client.Instance)
		body = strings.ReplaceAll(body, "${i}", p.client.Instance)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, "http://parley"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := bundle.Within(p.handler).RoundTrip(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&out); answer.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %s: %s %s %v %v", method, path, answer.Status, answer.Header.Get("X-Amzn-Errortype"), out, err)
	}
	return out
}

// export writes the instance to a directory.
func (p *place) export(dir string) {
	p.t.Helper()
	b, err := p.client.Read(p.t.Context())
	if err == nil {
		err = b.Write(dir)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// plan plans what a directory says; problems fail the test.
func (p *place) plan(dir string, remove bool) *bundle.Plan {
	p.t.Helper()
	plan, problems := p.tryPlan(dir, remove)
	if len(problems) > 0 {
		p.t.Fatalf("problems:\n%v", problems)
	}
	return plan
}

func (p *place) tryPlan(dir string, remove bool) (*bundle.Plan, bundle.Problems) {
	p.t.Helper()
	b, problems, err := bundle.Open(dir)
	if err != nil {
		p.t.Fatal(err)
	}
	plan, more, err := p.client.Plan(p.t.Context(), b, remove)
	if err != nil {
		p.t.Fatal(err)
	}
	return plan, append(problems, more...)
}

// apply applies a directory and returns the lines of the plan.
func (p *place) apply(dir string, remove bool) (lines []string) {
	p.t.Helper()
	plan := p.plan(dir, remove)
	for _, c := range plan.Changes {
		lines = append(lines, c.String())
	}
	if err := plan.Apply(p.t.Context(), nil); err != nil {
		p.t.Fatalf("%v\nplan:\n%s", err, strings.Join(lines, "\n"))
	}
	return lines
}

// files are the files of a directory by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(name)] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// put writes a file of a test.
func put(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// quoted is a text as JSON writes it.
func quoted(s string) string {
	raw, _ := json.Marshal(s)
	return string(raw)
}

// say is a flow that says something and goes to another flow.
func say(text, next string) string {
	return fmt.Sprintf(`{"Version":"2019-10-30","StartAction":"say","Metadata":{},"Actions":[`+
		`{"Identifier":"say","Type":"MessageParticipant","Parameters":{"Text":%s},"Transitions":{"NextAction":"go","Errors":[{"NextAction":"go","ErrorType":"NoMatchingError"}]}},`+
		`{"Identifier":"go","Type":"TransferToFlow","Parameters":{"ContactFlowId":%s},"Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},`+
		`{"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`, quoted(text), quoted(next))
}

// Public keys of 2048 bits, as JSON has them.
var publicKeys = []string{
	`"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuHqBUcsjjB0QLiUX2sw3\naX7m1S6Y5sOsEa5/Uj+KLjBWF40i6V7o3VCb0w5bDCOpv+cIg+I4DEgRPOwbjIM3\nnoAwg27kAp+HDyAYI8YeHu7tUP8YllQqo+xRulENsnFBUdPNdBqH0+IBqcMUoW3e\nfIyO/VrjArdKP28a0ugjsiWifGO6jIGBec3UGADfWgJ4SOPnShAhw/RpN7shP3YK\nuiSJoCC4YyJxFUfg6Wov4Yd1JBp7KtIofdKhogEwVagXDi5yl2pNusHlWkU2B1Mg\nh0BLgbawYRvBnhrINg0TqnzLEyKht1p6TyLju43vPK95osSPZfa6l9mROeJy2BJx\nlQIDAQAB\n-----END PUBLIC KEY-----\n"`,
	`"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuCP3i0oOpFjEHbzwzlz4\n1jTas0KnASbyrVBPzBC2HqMVgyXlguvN9jrxztGsuQpsbn4qcE974C+2hRubfEB7\n6YtKRQO7x2XlXBYWKr+w9KBDkxen7MS9v2kNOrRIUGQ9n3PyGq3levgAgZoCoRxn\n+HZtN5sV4OYMLWdrdoxebzCXJy17QHMg35unfoj3ysEpnbNO1RlWlIutGTuwYARi\npzehoPP7JlnZKIyH5SJpS5VnLhPn07YwU+L/FOdDPP9K3St7WE1CGk3Dp5eO+iGN\n/IZH7DE33WYdLuyy/sMat8km8r74Zpqx9kzI/3JAdjdDVdLQRg/VyxwG6D552+ub\ndQIDAQAB\n-----END PUBLIC KEY-----\n"`,
	`"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqY/bWnprey0NEqf6CQoC\nhdoQy7T6nzk0Nj+9fDVcXeIp60mselkmKcan0Zl8/NcRXyoGDXD2gYVtx97pyJF1\n1ols5iN3aE9Y2M8DjrNcA3PRomU4ICf1bQ4CMY5GyxYiugUeKGeuGsv0/Z+Xv3sL\nT8ObPL6BO3Y50LsG+AOAWuYyWtvgw4g/XQ7iT6XjYm0atLe496r5/9+lYaesAqH1\nK/LdAwvpS5eteSITYpdvU4sWTXTwMvC4ATmtDKNhVKxinXlT+qET6zckP5R7POR2\n2RVtGbffCGjKDNGpOksvaxBEL26dOOAuFGQkS4CD5m6Xe3Q7VGSQxldcpo6H8vVv\nWwIDAQAB\n-----END PUBLIC KEY-----\n"`,
}

const endModule = `{"Version":"2019-10-30","StartAction":"end","Metadata":{},"Actions":[` +
	`{"Identifier":"end","Type":"EndFlowModuleExecution","Parameters":{},"Transitions":{}}],"Settings":{"InputParameters":[],"OutputParameters":[],"Transitions":[]}}`

// furnish gives an instance one of everything, with names that are hard on file systems and circles where they are legal.
func (p *place) furnish() {
	region := "us-east-1"
	arn := "arn:aws:connect:" + region + ":123456789012:instance/" + p.client.Instance
	hours := p.call("PUT", "/hours-of-operations/${i}", `{"Name":"Office / Berlin","Description":"By day","TimeZone":"Europe/Berlin","Tags":{"team":"a","cost":"${$}"},
		"Config":[{"Day":"MONDAY","StartTime":{"Hours":9,"Minutes":0},"EndTime":{"Hours":17,"Minutes":30}}]}`)["HoursOfOperationId"].(string)
	child := p.call("PUT", "/hours-of-operations/${i}", `{"Name":"office / berlin","TimeZone":"Europe/Berlin","Config":[],"ParentHoursOfOperationConfigs":[{"HoursOfOperationId":"`+hours+`"}]}`)["HoursOfOperationId"].(string)
	p.call("PUT", "/hours-of-operations/${i}/"+child+"/overrides", `{"Name":"Christmas","OverrideType":"CLOSED","EffectiveFrom":"2030-12-24","EffectiveTill":"2030-12-26","Config":[{"Day":"TUESDAY","StartTime":{"Hours":0,"Minutes":0},"EndTime":{"Hours":23,"Minutes":59}}]}`)
	p.call("PUT", "/instance/${i}/lambda-function", `{"FunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:orders"}`)
	p.call("PUT", "/instance/${i}/bot", `{"LexV2Bot":{"AliasArn":"arn:aws:lex:us-east-1:123456789012:bot-alias/ABCDEFGHIJ/TSTALIASID"}}`)
	p.call("PUT", "/instance/${i}/bot", `{"LexBot":{"Name":"Orders","LexRegion":"us-west-2"}}`)
	events := p.call("PUT", "/instance/${i}/integration-associations", `{"IntegrationType":"EVENT","IntegrationArn":"arn:aws:events:us-east-1:123456789012:event-bus/shop",
		"SourceApplicationUrl":"https://shop.example/app","SourceApplicationName":"Shop","SourceType":"ZENDESK","Tags":{"team":"a"}}`)["IntegrationAssociationId"].(string)
	p.call("PUT", "/instance/${i}/integration-associations/"+events+"/use-cases", `{"UseCaseType":"RULES_EVALUATION"}`)

	a := p.call("PUT", "/contact-flows/${i}", `{"Name":"A 🚀","Type":"CONTACT_FLOW","Status":"SAVED","Content":`+quoted(say("${queue:not one}, ${$} and ${other:thing}", "$.Attributes.next"))+`}`)["ContactFlowId"].(string)
	b := p.call("PUT", "/contact-flows/${i}", `{"Name":"../B","Type":"CONTACT_FLOW","Description":"<b> & \u00fc","Content":`+quoted(say("id "+a, arn+"/contact-flow/"+a+":$LATEST"))+`}`)["ContactFlowId"].(string)
	p.call("POST", "/contact-flows/${i}/"+a+"/content", `{"Content":`+quoted(say("first", arn+"/contact-flow/"+b))+`}`)
	p.call("PUT", "/contact-flows/${i}/"+a+"/version", `{"Description":"the first"}`)
	p.call("POST", "/contact-flows/${i}/"+a+"/content", `{"Content":`+quoted(say("second arn:aws:lambda:us-east-1:123456789012:function:orders", arn+"/contact-flow/"+b))+`}`)
	p.call("PUT", "/contact-flows/${i}/"+a+"/version", `{"ContactFlowVersion":7}`)
	p.call("PUT", "/contact-flows/${i}/"+a+"/alias", `{"AliasName":"live","ContactFlowVersion":1}`)
	p.call("POST", "/contact-flows/${i}/"+a+"/content", `{"Content":`+quoted(say("third in "+arn, arn+"/contact-flow/"+b))+`}`)
	p.call("POST", "/contact-flows/${i}/"+a+":$SAVED/content", `{"Content":`+quoted(say("draft", b))+`}`)
	p.call("POST", "/contact-flows/${i}/"+b+"/metadata", `{"ContactFlowState":"ARCHIVED"}`)

	module := p.call("PUT", "/contact-flow-modules/${i}", `{"Name":"M%}","Content":`+quoted(endModule)+`,"Settings":`+quoted(`{"Transitions":{"Results":[{"Name":"paid"}]}}`)+`}`)["Id"].(string)
	p.call("PUT", "/contact-flow-modules/${i}/"+module+"/version", `{}`)
	p.call("PUT", "/contact-flow-modules/${i}/"+module+"/version", `{"Description":"gone"}`)
	p.call("PUT", "/contact-flow-modules/${i}/"+module+"/version", `{"Description":"kept"}`)
	p.call("DELETE", "/contact-flow-modules/${i}/"+module+"/version/2", ``)
	p.call("PUT", "/contact-flow-modules/${i}/"+module+"/alias", `{"AliasName":"live","Description":"d","ContactFlowModuleVersion":3}`)

	view := p.call("PUT", "/views/${i}", `{"Name":"Card","Status":"PUBLISHED","Content":{"Template":"{\"Head\":{\"Title\":\"T\",\"Configuration\":{\"Layout\":{\"Columns\":[\"12\"]}}},\"Body\":[{\"_id\":\"b\",\"Type\":\"Button\",\"Props\":{\"Action\":\"Go\"},\"Content\":[\"Go\"]}]}","Actions":["Go"]}}`)["View"].(map[string]any)["Id"].(string)
	p.call("PUT", "/views/${i}/"+view+"/versions", `{"VersionDescription":"v"}`)
	p.call("POST", "/views/${i}/"+view, `{"Status":"PUBLISHED","Content":{"Template":"{\"Head\":{\"Title\":\"U\",\"Configuration\":{\"Layout\":{\"Columns\":[\"12\"]}}},\"Body\":[{\"_id\":\"b\",\"Type\":\"Button\",\"Props\":{\"Action\":\"Go\"},\"Content\":[\"Go\"]}]}","Actions":["Go"]}}`)
	p.call("PUT", "/views/${i}/"+view+"/versions", `{"VersionDescription":"w"}`)
	p.call("DELETE", "/views/${i}/"+view+"/versions/1", ``)

	queue := p.call("PUT", "/queues/${i}", `{"Name":"`+strings.Repeat("ä", 127)+`","HoursOfOperationId":"`+hours+`","MaxContacts":5,"OutboundCallerConfig":{"OutboundCallerIdName":"us","OutboundFlowId":"`+a+`"}}`)["QueueId"].(string)
	quick := p.call("PUT", "/quick-connects/${i}", `{"Name":"CON","Description":"to the queue","QuickConnectConfig":{"QuickConnectType":"QUEUE","QueueConfig":{"QueueId":"`+queue+`","ContactFlowId":"`+b+`"}}}`)["QuickConnectId"].(string)
	p.call("PUT", "/quick-connects/${i}", `{"Name":"Phone","QuickConnectConfig":{"QuickConnectType":"PHONE_NUMBER","PhoneConfig":{"PhoneNumber":"+4930123456"}}}`)
	p.call("POST", "/queues/${i}/"+queue+"/associate-quick-connects", `{"QuickConnectIds":["`+quick+`"]}`)
	p.call("POST", "/queues/${i}/"+queue+"/status", `{"Status":"DISABLED"}`)
	profile := p.call("PUT", "/routing-profiles/${i}", `{"Name":"Chat","Description":"of chats","DefaultOutboundQueueId":"`+queue+`","MediaConcurrencies":[{"Channel":"VOICE","Concurrency":1},{"Channel":"CHAT","Concurrency":3}],
		"QueueConfigs":[{"QueueReference":{"QueueId":"`+queue+`","Channel":"CHAT"},"Priority":2,"Delay":5}],"ManualAssignmentQueueConfigs":[{"QueueReference":{"QueueId":"`+queue+`","Channel":"CHAT"}}],"AgentAvailabilityTimer":"TIME_SINCE_LAST_INBOUND","Tags":{"team":"a"}}`)["RoutingProfileId"].(string)
	p.call("PUT", "/predefined-attributes/${i}", `{"Name":"Skill / level","Values":{"StringList":["b","a"]}}`)
	p.call("PUT", "/instance/${i}/storage-config", `{"ResourceType":"CHAT_TRANSCRIPTS","StorageConfig":{"StorageType":"S3","S3Config":{"BucketName":"bucket","BucketPrefix":"chats"}}}`)
	p.call("POST", "/instance/${i}/attribute/CONTACTFLOW_LOGS", `{"Value":"true"}`)
	words := p.call("POST", "/vocabulary/${i}", `{"VocabularyName":"Words","LanguageCode":"en-US","Content":"Phrase\tIPA\tSoundsLike\tDisplayAs\nParley\t\tpar-lee\tparley"}`)["VocabularyId"].(string)
	p.call("PUT", "/instance/${i}/task/template", `{"Name":"Refund","Description":"d","ContactFlowId":"`+a+`","Fields":[{"Id":{"Name":"Name"},"Type":"NAME"}],"Constraints":{"RequiredFields":[{"Id":{"Name":"Name"}}]}}`)
	p.call("PUT", "/flow-associations/${i}", `{"ResourceId":"arn:aws:connect:us-east-1:123456789012:email-address/x","FlowId":"`+arn+`/contact-flow/`+a+`","ResourceType":"INBOUND_EMAIL"}`)

	p.call("PUT", "/instance/${i}/approved-origin", `{"Origin":"https://shop.example"}`)
	for _, key := range publicKeys[:2] {
		p.call("PUT", "/instance/${i}/security-key", `{"Key":`+key+`}`)
	}
	for kind, config := range map[string]string{
		"CALL_RECORDINGS":       `{"StorageType":"S3","S3Config":{"BucketName":"calls","BucketPrefix":"c","EncryptionConfig":{"EncryptionType":"KMS","KeyId":"arn:aws:kms:us-east-1:123456789012:key/1234abcd"}}}`,
		"AGENT_EVENTS":          `{"StorageType":"KINESIS_STREAM","KinesisStreamConfig":{"StreamArn":"arn:aws:kinesis:us-east-1:123456789012:stream/agents"}}`,
		"CONTACT_TRACE_RECORDS": `{"StorageType":"KINESIS_FIREHOSE","KinesisFirehoseConfig":{"FirehoseArn":"arn:aws:firehose:us-east-1:123456789012:deliverystream/records"}}`,
		"MEDIA_STREAMS":         `{"StorageType":"KINESIS_VIDEO_STREAM","KinesisVideoStreamConfig":{"Prefix":"p","RetentionPeriodHours":24,"EncryptionConfig":{"EncryptionType":"KMS","KeyId":"arn:aws:kms:us-east-1:123456789012:key/1234abcd"}}}`,
	} {
		p.call("PUT", "/instance/${i}/storage-config", `{"ResourceType":"`+kind+`","StorageConfig":`+config+`}`)
	}
	p.call("PUT", "/agent-status/${i}", `{"Name":"Lunch","Description":"Out to eat","State":"DISABLED","DisplayOrder":3,"Tags":{"team":"care"}}`)
	p.call("POST", "/user-hierarchy-structure/${i}", `{"HierarchyStructure":{"LevelOne":{"Name":"Site"},"LevelTwo":{"Name":"Team"}}}`)
	groups := map[string]string{}
	for _, site := range []string{"North", "South / East"} {
		groups[site] = p.call("PUT", "/user-hierarchy-groups/${i}", `{"Name":"`+site+`"}`)["HierarchyGroupId"].(string)
		groups[site+" team"] = p.call("PUT", "/user-hierarchy-groups/${i}", `{"Name":"Team A","ParentGroupId":"`+groups[site]+`","Tags":{"site":"x"}}`)["HierarchyGroupId"].(string)
	}
	security := p.call("PUT", "/security-profiles/${i}", `{"SecurityProfileName":"Clerk","Description":"d","Permissions":["BasicAgentAccess","OutboundCallAccess"],
		"AllowedAccessControlTags":{"team":"care"},"TagRestrictedResources":["User"],"AllowedFlowModules":[{"Type":"MCP","FlowModuleId":"`+module+`"}],"Tags":{"team":"a"}}`)["SecurityProfileId"].(string)
	p.call("PUT", "/users/${i}", `{"Username":"ann","Password":"Secret123","IdentityInfo":{"FirstName":"Ann","LastName":"Lee","SecondaryEmail":"lee@example.com","Mobile":"+15550100"},
		"SecurityProfileIds":["`+security+`"],"RoutingProfileId":"`+profile+`","HierarchyGroupId":"`+groups["South / East team"]+`","Tags":{"team":"a"},
		"AutoAcceptConfigs":[{"Channel":"CHAT","AutoAccept":true},{"Channel":"VOICE","AutoAccept":false,"AgentFirstCallbackAutoAccept":true}],
		"AfterContactWorkConfigs":[{"Channel":"CHAT","AfterContactWorkConfig":{"AfterContactWorkTimeLimit":60}}],
		"PhoneNumberConfigs":[{"Channel":"VOICE","PhoneType":"DESK_PHONE","PhoneNumber":"+15550100"}],
		"PersistentConnectionConfigs":[{"Channel":"VOICE","PersistentConnection":true}],
		"VoiceEnhancementConfigs":[{"Channel":"VOICE","VoiceEnhancementMode":"NOISE_SUPPRESSION"}]}`)
	bob := p.call("PUT", "/users/${i}", `{"Username":"bob","Password":"Secret123","IdentityInfo":{"FirstName":"Bob","LastName":"Lee"},
		"PhoneConfig":{"PhoneType":"SOFT_PHONE","AutoAccept":true,"AfterContactWorkTimeLimit":20},"SecurityProfileIds":["`+security+`"],"RoutingProfileId":"`+profile+`"}`)["UserId"].(string)
	p.call("POST", "/users/${i}/"+bob+"/associate-proficiencies", `{"UserProficiencies":[{"AttributeName":"Skill / level","AttributeValue":"a","Level":3}]}`)
	p.call("PUT", "/quick-connects/${i}", `{"Name":"Bob","QuickConnectConfig":{"QuickConnectType":"USER","UserConfig":{"UserId":"`+bob+`","ContactFlowId":"`+b+`"}}}`)
	number := p.call("POST", "/phone-number/claim", `{"InstanceId":"${i}","PhoneNumber":"+12025550100","PhoneNumberDescription":"the shop","Tags":{"team":"a"}}`)["PhoneNumberId"].(string)
	p.call("PUT", "/phone-number/"+number+"/contact-flow", `{"InstanceId":"${i}","ContactFlowId":"`+a+`"}`)
	p.call("POST", "/queues/${i}/"+queue+"/outbound-caller-config", `{"OutboundCallerConfig":{"OutboundCallerIdName":"us","OutboundFlowId":"`+a+`","OutboundCallerIdNumberId":"`+number+`"}}`)
	p.call("PUT", "/default-vocabulary/${i}/en-US", `{"VocabularyId":"`+words+`"}`)
	prompts := p.call("GET", "/prompts-summary/${i}", "")["PromptSummaryList"].([]any)
	p.call("POST", "/prompts/${i}/"+prompts[0].(map[string]any)["Id"].(string), `{"Description":"it beeps"}`)
}

func TestThereAndBack(t *testing.T) {
	first := newPlace(t, "sqlite::memory:", "us-east-1")
	first.furnish()
	dir := t.TempDir()
	first.export(dir)
	exported := files(t, dir)

	if lines := first.apply(dir, true); len(lines) > 0 {
		t.Errorf("what was exported is not what is there:\n%s", strings.Join(lines, "\n"))
	}

	second := newPlace(t, "sqlite::memory:", "eu-west-2")
	t.Log(strings.Join(second.apply(dir, true), "\n"))
	if lines := second.apply(dir, true); len(lines) > 0 {
		t.Errorf("a second apply changes something:\n%s", strings.Join(lines, "\n"))
	}
	again := t.TempDir()
	second.export(again)
	same(t, exported, files(t, again))
}

func same(t *testing.T, before, after map[string]string) {
	t.Helper()
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
}
