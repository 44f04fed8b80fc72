package clients

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
	"github.com/aws/smithy-go/middleware"
)

// The operations of flows and of what flows use, as the AWS SDK for Go sees them: each answer is judged whole, so that
// a member that AWS sets and parley forgets fails here.

// whole checks that every member of an answer is set, as deep as it goes, but for those that absent names by their
// path ("Module.Tags"), which must not be. Times are of this test, ARNs and regions of the development instance.
func whole(t testing.TB, answer any, absent ...string) {
	t.Helper()
	for _, finding := range unset(reflect.ValueOf(answer), "", absent) {
		t.Errorf("%T%s", answer, finding)
	}
}

func unset(v reflect.Value, path string, absent []string) []string {
	if slices.Contains(absent, strings.TrimPrefix(path, ".")) {
		if !v.IsZero() {
			return []string{fmt.Sprintf("%s is set: %+v", path, v)}
		}
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return []string{path + " is not set"}
		}
		return unset(v.Elem(), path, absent)
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			return offTime(at, path)
		}
		return unsetMembers(v, path, absent)
	case reflect.Slice, reflect.Map:
		if v.Len() == 0 {
			return []string{path + " is empty"}
		}
		if v.Kind() == reflect.Slice && v.Len() > 0 {
			return unset(v.Index(0), path, absent)
		}
	case reflect.String:
		return badText(v.String(), path)
	}
	return nil
}

func unsetMembers(v reflect.Value, path string, absent []string) (found []string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || f.Type == reflect.TypeFor[middleware.Metadata]() {
			continue
		}
		found = append(found, unset(v.Field(i), path+"."+f.Name, absent)...)
	}
	return found
}

func offTime(at time.Time, path string) []string {
	if age := time.Since(at); age < -time.Minute || age > time.Hour {
		return []string{fmt.Sprintf("%s is %v, want a moment ago", path, at)}
	}
	return nil
}

func badText(s, path string) []string {
	switch {
	case s == "":
		return []string{path + " is empty"}
	case strings.HasSuffix(path, "Arn") && !strings.HasPrefix(s, devARN) && !strings.HasPrefix(s, managedViewARN):
		return []string{fmt.Sprintf("%s is %s, want it to begin with %s", path, s, devARN)}
	case strings.HasSuffix(path, "Region") && s != "us-east-1":
		return []string{fmt.Sprintf("%s is %s, want us-east-1", path, s)}
	}
	return nil
}

const (
	devARN         = "arn:aws:connect:us-east-1:123456789012:instance/" + devInstance + "/"
	managedViewARN = "arn:aws:connect:us-east-1:aws:view/"
)

// ask calls an operation of the SDK, which must answer.
func ask[In, Out any](t testing.TB, operation func(context.Context, *In, ...func(*connect.Options)) (*Out, error), in *In) *Out {
	t.Helper()
	out, err := operation(t.Context(), in)
	if err != nil {
		t.Fatalf("%T: %v", in, err)
	}
	return out
}

// refused calls an operation of the SDK, which must fail with an error of type E.
func refused[E error, In, Out any](t testing.TB, operation func(context.Context, *In, ...func(*connect.Options)) (*Out, error), in *In, options ...func(*connect.Options)) E {
	t.Helper()
	_, err := operation(t.Context(), in, options...)
	var want E
	if !errors.As(err, &want) {
		t.Fatalf("%T: got %v, want a %T", in, err, want)
	}
	return want
}

func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s is %+v, want %+v", what, got, want)
	}
}

// saying is the content of a flow or module that says a text and then does last. Modules must have Settings, flows may.
func saying(text, last string) *string {
	return aws.String(fmt.Sprintf(`{"Version":"2019-10-30","StartAction":"say","Metadata":{},"Settings":{},"Actions":[
 {"Identifier":"say","Type":"MessageParticipant","Parameters":{"Text":%q},
  "Transitions":{"NextAction":"last","Errors":[{"NextAction":"last","ErrorType":"NoMatchingError"}]}},
 {"Identifier":"last",%s,"Transitions":{}}]}`, text, last))
}

const disconnects = `"Type":"DisconnectParticipant","Parameters":{}`

// hears starts a chat of a flow and returns when the customer has heard the text.
func (d *sdkDesk) hears(flow *string, text string) *sdkParticipant {
	d.t.Helper()
	started := ask(d.t, d.client.StartChatContact, &connect.StartChatContactInput{
		InstanceId: aws.String(devInstance), ContactFlowId: flow,
		ParticipantDetails: &types.ParticipantDetails{DisplayName: aws.String(customerName)},
	})
	customer := newSDKParticipant(d.t, d.server, participantCredentials{
		ContactId: *started.ContactId, ParticipantId: *started.ParticipantId, ParticipantToken: *started.ParticipantToken,
	}, false).(*sdkParticipant)
	customer.connect()
	customer.see(text, func(i item) bool { return i.Content == text })
	return customer
}

func TestModulesWithTheAWSSDKForGo(t *testing.T) {
	t.Parallel()
	d := newSDKDesk(t, startDev(t))
	c, at := d.client, aws.String(devInstance)

	const contract = `{"input":{"schema":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}},` +
		`"resultData":{"schema":{"type":"object","properties":{"greeting":{"type":"string"}}}},` +
		`"transitions":{"results":[{"name":"known","description":"The customer is known"}]}}`
	knows := func(version string) *string {
		return saying(version+" for $.Modules.Input.name",
			`"Type":"EndFlowModuleExecution","Parameters":{"Result":"known","ResultData":{"greeting":"Hello $.Modules.Input.name"}}`)
	}
	create := &connect.CreateContactFlowModuleInput{
		InstanceId: at, Name: aws.String("Who"), Description: aws.String("Says who it is"), Content: knows("first"), Settings: aws.String(contract),
		ClientToken: aws.String("once"), Tags: map[string]string{"team": "blue"},
		ExternalInvocationConfiguration: &types.ExternalInvocationConfiguration{Enabled: true},
	}
	made := ask(t, c.CreateContactFlowModule, create)
	whole(t, made)
	module := made.Id
	equal(t, "the module made by the same request again", *ask(t, c.CreateContactFlowModule, create).Id, *module)

	other := *create
	other.Description = aws.String("another")
	refused[*types.IdempotencyException](t, c.CreateContactFlowModule, &other)
	other.ClientToken = nil
	refused[*types.DuplicateResourceException](t, c.CreateContactFlowModule, &other)
	wrong := *create
	wrong.ClientToken, wrong.Name = nil, aws.String("Wrong")
	wrong.Content = saying("hm", `"Type":"EndFlowModuleExecution","Parameters":{"Result":"unknown","Loud":true}`)
	invalid := refused[*types.InvalidContactFlowModuleException](t, c.CreateContactFlowModule, &wrong)
	problems := []string{"Invalid Action property name. Path: Actions[1].Parameters.Loud", "Invalid Action property value. Path: Actions[1].Parameters.Result"}
	if len(invalid.Problems) != 2 || !slices.ContainsFunc(invalid.Problems, func(p types.ProblemDetail) bool { return *p.Message == problems[0] }) ||
		!slices.ContainsFunc(invalid.Problems, func(p types.ProblemDetail) bool { return *p.Message == problems[1] }) {
		whole(t, invalid.Problems)
		t.Errorf("%d problems, want %q", len(invalid.Problems), problems)
	}

	described := ask(t, c.DescribeContactFlowModule, &connect.DescribeContactFlowModuleInput{InstanceId: at, ContactFlowModuleId: module}).ContactFlowModule
	whole(t, described, "Version", "VersionDescription")
	equal(t, "Content", *described.Content, *create.Content)
	equal(t, "Settings", *described.Settings, contract)
	equal(t, "Status", described.Status, types.ContactFlowModuleStatusPublished)
	equal(t, "State", described.State, types.ContactFlowModuleStateActive)
	equal(t, "Enabled", described.ExternalInvocationConfiguration.Enabled, true)

	version := &connect.CreateContactFlowModuleVersionInput{
		InstanceId: at, ContactFlowModuleId: module, Description: aws.String("as it began"), FlowModuleContentSha256: described.FlowModuleContentSha256,
	}
	first := ask(t, c.CreateContactFlowModuleVersion, version)
	whole(t, first)
	equal(t, "the first version", *first.ContactFlowModuleArn, *made.Arn+":1")
	alias := &connect.CreateContactFlowModuleAliasInput{
		InstanceId: at, ContactFlowModuleId: module, AliasName: aws.String("live"), Description: aws.String("what callers get"), ContactFlowModuleVersion: first.Version,
	}
	live := ask(t, c.CreateContactFlowModuleAlias, alias)
	whole(t, live)
	refused[*types.DuplicateResourceException](t, c.CreateContactFlowModuleAlias, alias)

	ask(t, c.UpdateContactFlowModuleContent, &connect.UpdateContactFlowModuleContentInput{InstanceId: at, ContactFlowModuleId: module, Content: knows("second")})
	refused[*types.InvalidRequestException](t, c.CreateContactFlowModuleVersion, version) // the hash is that of the old content
	version.FlowModuleContentSha256, version.Description = nil, aws.String("as it is")
	equal(t, "the second version", *ask(t, c.CreateContactFlowModuleVersion, version).Version, 2)

	flow := ask(t, c.CreateContactFlow, &connect.CreateContactFlowInput{
		InstanceId: at, Name: aws.String("Caller"), Type: types.ContactFlowTypeContactFlow,
		Content: aws.String(strings.Replace(callsModule, "MODULE", *module+":live", 1)),
	})
	whole(t, flow)
	d.hears(flow.ContactFlowId, "first for Ana").see("the result", func(i item) bool { return i.Content == "known: Hello Ana" })

	key := &connect.DescribeContactFlowModuleAliasInput{InstanceId: at, ContactFlowModuleId: module, AliasId: live.Id}
	before := ask(t, c.DescribeContactFlowModuleAlias, key).ContactFlowModuleAlias
	whole(t, before)
	ask(t, c.UpdateContactFlowModuleAlias, &connect.UpdateContactFlowModuleAliasInput{
		InstanceId: at, ContactFlowModuleId: module, AliasId: live.Id, ContactFlowModuleVersion: aws.Int64(2),
	})
	after := ask(t, c.DescribeContactFlowModuleAlias, key).ContactFlowModuleAlias
	whole(t, after)
	if *after.Version != 2 || *after.Name != "live" || after.LastModifiedTime.Before(*before.LastModifiedTime) {
		t.Errorf("the alias that was moved is %d %s of %v", *after.Version, *after.Name, after.LastModifiedTime)
	}
	d.hears(flow.ContactFlowId, "second for Ana").see("the result", func(i item) bool { return i.Content == "known: Hello Ana" })

	aliases := ask(t, c.ListContactFlowModuleAliases, &connect.ListContactFlowModuleAliasesInput{InstanceId: at, ContactFlowModuleId: module})
	whole(t, aliases, "NextToken")
	var versions []types.ContactFlowModuleVersionSummary
	for pages := connect.NewListContactFlowModuleVersionsPaginator(c, &connect.ListContactFlowModuleVersionsInput{
		InstanceId: at, ContactFlowModuleId: module, MaxResults: aws.Int32(1),
	}); pages.HasMorePages(); {
		versions = append(versions, turn(t, pages.NextPage).ContactFlowModuleVersionSummaryList...)
	}
	equal(t, "the number of versions", len(versions), 2)
	whole(t, versions)
	old := ask(t, c.DescribeContactFlowModule, &connect.DescribeContactFlowModuleInput{InstanceId: at, ContactFlowModuleId: aws.String(*module + ":1")}).ContactFlowModule
	whole(t, old)
	equal(t, "the first version's content", *old.Content, *create.Content)

	ask(t, c.UpdateContactFlowModuleMetadata, &connect.UpdateContactFlowModuleMetadataInput{
		InstanceId: at, ContactFlowModuleId: module, Name: aws.String("Whose"), State: types.ContactFlowModuleStateArchived,
	})
	for i := range 3 {
		ask(t, c.CreateContactFlowModule, &connect.CreateContactFlowModuleInput{
			InstanceId: at, Name: aws.String(fmt.Sprintf("Other %d", i)), Content: saying("Bye", `"Type":"EndFlowModuleExecution","Parameters":{}`),
		})
	}
	listed := map[types.ContactFlowModuleState]int{}
	for pages := connect.NewListContactFlowModulesPaginator(c, &connect.ListContactFlowModulesInput{InstanceId: at, MaxResults: aws.Int32(3)}); pages.HasMorePages(); {
		page := turn(t, pages.NextPage).ContactFlowModulesSummaryList
		whole(t, page)
		for _, m := range page {
			listed[m.State]++
		}
	}
	equal(t, "modules by state", listed, map[types.ContactFlowModuleState]int{types.ContactFlowModuleStateActive: 3, types.ContactFlowModuleStateArchived: 1})

	remove := &connect.DeleteContactFlowModuleVersionInput{InstanceId: at, ContactFlowModuleId: module, ContactFlowModuleVersion: aws.Int64(2)}
	refused[*types.InvalidRequestException](t, c.DeleteContactFlowModuleVersion, remove) // the alias stands for it
	ask(t, c.DeleteContactFlowModuleAlias, &connect.DeleteContactFlowModuleAliasInput{InstanceId: at, ContactFlowModuleId: module, AliasId: live.Id})
	ask(t, c.DeleteContactFlowModuleVersion, remove)
	ask(t, c.DeleteContactFlowModule, &connect.DeleteContactFlowModuleInput{InstanceId: at, ContactFlowModuleId: module})
	refused[*types.ResourceNotFoundException](t, c.DescribeContactFlowModule, &connect.DescribeContactFlowModuleInput{InstanceId: at, ContactFlowModuleId: module})
	d.hears(flow.ContactFlowId, "no module")
}

// turn is a page of a paginator.
func turn[Out any](t testing.TB, next func(context.Context, ...func(*connect.Options)) (*Out, error)) *Out {
	t.Helper()
	out, err := next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// callsModule asks MODULE who the customer is and says what it has answered.
const callsModule = `{"Version":"2019-10-30","StartAction":"ask","Metadata":{},"Actions":[
 {"Identifier":"ask","Type":"InvokeFlowModule","Parameters":{"FlowModuleId":"MODULE","Input":{"name":"Ana"}},
  "Transitions":{"NextAction":"none","Conditions":[{"NextAction":"known","Condition":{"Operator":"Equals","Operands":["known"]}}],
  "Errors":[{"NextAction":"none","ErrorType":"NoMatchingCondition"},{"NextAction":"none","ErrorType":"NoMatchingError"}]}},
 {"Identifier":"known","Type":"MessageParticipant","Parameters":{"Text":"$.Modules.Result: $.Modules.ResultData.greeting"},
  "Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},
 {"Identifier":"none","Type":"MessageParticipant","Parameters":{"Text":"no module"},
  "Transitions":{"NextAction":"end","Errors":[{"NextAction":"end","ErrorType":"NoMatchingError"}]}},
 {"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`

func TestFlowVersionsWithTheAWSSDKForGo(t *testing.T) {
	t.Parallel()
	d := newSDKDesk(t, startDev(t))
	c, at := d.client, aws.String(devInstance)

	create := &connect.CreateContactFlowInput{
		InstanceId: at, Name: aws.String("Draft"), Type: types.ContactFlowTypeContactFlow, Description: aws.String("A draft"),
		Content: saying("first", disconnects), Status: types.ContactFlowStatusSaved, Tags: map[string]string{"team": "blue"},
	}
	made := ask(t, c.CreateContactFlow, create)
	whole(t, made)
	flow := made.ContactFlowId
	refused[*types.DuplicateResourceException](t, c.CreateContactFlow, create)
	refused[*types.ContactFlowNotPublishedException](t, c.DescribeContactFlow, &connect.DescribeContactFlowInput{InstanceId: at, ContactFlowId: flow})
	refused[*types.InvalidRequestException](t, c.CreateContactFlowVersion, &connect.CreateContactFlowVersionInput{InstanceId: at, ContactFlowId: flow})
	draft := func() *types.ContactFlow {
		t.Helper()
		f := ask(t, c.DescribeContactFlow, &connect.DescribeContactFlowInput{InstanceId: at, ContactFlowId: aws.String(*flow + ":$SAVED")}).ContactFlow
		whole(t, f, "Version", "VersionDescription")
		equal(t, "the draft's Status", f.Status, types.ContactFlowStatusSaved)
		return f
	}
	equal(t, "the draft", *draft().Content, *create.Content)

	publish := func(content *string) {
		t.Helper()
		ask(t, c.UpdateContactFlowContent, &connect.UpdateContactFlowContentInput{InstanceId: at, ContactFlowId: flow, Content: content})
	}
	publish(create.Content)
	published := ask(t, c.DescribeContactFlow, &connect.DescribeContactFlowInput{InstanceId: at, ContactFlowId: flow}).ContactFlow
	whole(t, published, "Version", "VersionDescription")
	equal(t, "Status", published.Status, types.ContactFlowStatusPublished)
	one := ask(t, c.CreateContactFlowVersion, &connect.CreateContactFlowVersionInput{
		InstanceId: at, ContactFlowId: flow, Description: aws.String("as it began"), FlowContentSha256: published.FlowContentSha256,
	})
	whole(t, one)
	equal(t, "the first version", *one.ContactFlowArn, *made.ContactFlowArn+":1")
	invalid := refused[*types.InvalidContactFlowException](t, c.UpdateContactFlowContent, &connect.UpdateContactFlowContentInput{
		InstanceId: at, ContactFlowId: flow, Content: saying("second", `"Type":"Shout","Parameters":{}`),
	})
	if len(invalid.Problems) != 1 || aws.ToString(invalid.Problems[0].Message) != "Invalid Action type. Type: Shout, Path: Actions[1].Type" {
		t.Errorf("the problems are not that Shout is no action: %d", len(invalid.Problems))
	}
	publish(saying("second", disconnects))
	ask(t, c.UpdateContactFlowContent, &connect.UpdateContactFlowContentInput{
		InstanceId: at, ContactFlowId: aws.String(*flow + ":$SAVED"), Content: saying("third", disconnects),
	})
	equal(t, "the draft", *draft().Content, *saying("third", disconnects))
	two := ask(t, c.CreateContactFlowVersion, &connect.CreateContactFlowVersionInput{InstanceId: at, ContactFlowId: flow, Description: aws.String("as it is")})
	equal(t, "the second version", *two.Version, 2)
	d.hears(flow, "second")

	old := ask(t, c.DescribeContactFlow, &connect.DescribeContactFlowInput{InstanceId: at, ContactFlowId: aws.String(*flow + ":1")}).ContactFlow
	whole(t, old)
	equal(t, "the first version's content", *old.Content, *create.Content)
	equal(t, "the first version's hash", *old.FlowContentSha256, *published.FlowContentSha256)
	var versions []types.ContactFlowVersionSummary
	for pages := connect.NewListContactFlowVersionsPaginator(c, &connect.ListContactFlowVersionsInput{InstanceId: at, ContactFlowId: flow, MaxResults: aws.Int32(1)}); pages.HasMorePages(); {
		versions = append(versions, turn(t, pages.NextPage).ContactFlowVersionSummaryList...)
	}
	equal(t, "the number of versions", len(versions), 2)
	whole(t, versions)

	remove := &connect.DeleteContactFlowVersionInput{InstanceId: at, ContactFlowId: flow, ContactFlowVersion: aws.Int64(1)}
	ask(t, c.DeleteContactFlowVersion, remove)
	refused[*types.ResourceNotFoundException](t, c.DeleteContactFlowVersion, remove)
	ask(t, c.DeleteContactFlow, &connect.DeleteContactFlowInput{InstanceId: at, ContactFlowId: flow})
	refused[*types.ResourceNotFoundException](t, c.DescribeContactFlow, &connect.DescribeContactFlowInput{InstanceId: at, ContactFlowId: flow})
}
