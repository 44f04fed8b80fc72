package clients

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
)

func TestHoursOfOperationWithTheAWSSDKForGo(t *testing.T) {
	t.Parallel()
	d := newSDKDesk(t, startDev(t))
	c, at := d.client, aws.String(devInstance)

	holidays := ask(t, c.CreateHoursOfOperation, &connect.CreateHoursOfOperationInput{
		InstanceId: at, Name: aws.String("Holidays"), TimeZone: aws.String("Europe/Berlin"), Config: []types.HoursOfOperationConfig{},
	})
	create := &connect.CreateHoursOfOperationInput{
		InstanceId: at, Name: aws.String("Office"), Description: aws.String("When we work"), TimeZone: aws.String("Europe/Berlin"),
		Config: []types.HoursOfOperationConfig{{
			Day:       types.HoursOfOperationDaysMonday,
			StartTime: &types.HoursOfOperationTimeSlice{Hours: aws.Int32(9), Minutes: aws.Int32(0)},
			EndTime:   &types.HoursOfOperationTimeSlice{Hours: aws.Int32(17), Minutes: aws.Int32(30)},
		}},
		ParentHoursOfOperationConfigs: []types.ParentHoursOfOperationConfig{{HoursOfOperationId: holidays.HoursOfOperationId}},
		Tags:                          map[string]string{"team": "blue"},
	}
	made := ask(t, c.CreateHoursOfOperation, create)
	whole(t, made)
	hours := made.HoursOfOperationId
	refused[*types.DuplicateResourceException](t, c.CreateHoursOfOperation, create)
	nowhere := *create
	nowhere.Name, nowhere.TimeZone = aws.String("Nowhere"), aws.String("Europe/Atlantis")
	refused[*types.InvalidParameterException](t, c.CreateHoursOfOperation, &nowhere)

	described := ask(t, c.DescribeHoursOfOperation, &connect.DescribeHoursOfOperationInput{InstanceId: at, HoursOfOperationId: hours}).HoursOfOperation
	whole(t, described)
	equal(t, "Config", described.Config, create.Config)
	equal(t, "the parent", *described.ParentHoursOfOperations[0].Id, *holidays.HoursOfOperationId)

	slice := func(hours, minutes int32) *types.OverrideTimeSlice {
		return &types.OverrideTimeSlice{Hours: aws.Int32(hours), Minutes: aws.Int32(minutes)}
	}
	override := &connect.CreateHoursOfOperationOverrideInput{
		InstanceId: at, HoursOfOperationId: hours, Name: aws.String("Lunch"), Description: aws.String("Nobody there"),
		EffectiveFrom: aws.String("2030-01-01"), EffectiveTill: aws.String("2030-12-31"), OverrideType: types.OverrideTypeClosed,
		Config:           []types.HoursOfOperationOverrideConfig{{Day: types.OverrideDaysMonday, StartTime: slice(12, 0), EndTime: slice(13, 0)}},
		RecurrenceConfig: &types.RecurrenceConfig{RecurrencePattern: &types.RecurrencePattern{Frequency: types.RecurrenceFrequencyWeekly, Interval: aws.Int32(1)}},
	}
	lunch := ask(t, c.CreateHoursOfOperationOverride, override)
	whole(t, lunch)
	refused[*types.DuplicateResourceException](t, c.CreateHoursOfOperationOverride, override)
	ask(t, c.CreateHoursOfOperationOverride, &connect.CreateHoursOfOperationOverrideInput{
		InstanceId: at, HoursOfOperationId: holidays.HoursOfOperationId, Name: aws.String("New Year"),
		EffectiveFrom: aws.String("2030-01-07"), EffectiveTill: aws.String("2030-01-07"), Config: []types.HoursOfOperationOverrideConfig{},
	})
	key := &connect.DescribeHoursOfOperationOverrideInput{InstanceId: at, HoursOfOperationId: hours, HoursOfOperationOverrideId: lunch.HoursOfOperationOverrideId}
	const pattern = "RecurrenceConfig.RecurrencePattern."
	weekly := []string{pattern + "ByMonth", pattern + "ByMonthDay", pattern + "ByWeekdayOccurrence"}
	whole(t, ask(t, c.DescribeHoursOfOperationOverride, key).HoursOfOperationOverride, weekly...)

	effective := func(from, till string) *connect.GetEffectiveHoursOfOperationsOutput {
		t.Helper()
		return ask(t, c.GetEffectiveHoursOfOperations, &connect.GetEffectiveHoursOfOperationsInput{
			InstanceId: at, HoursOfOperationId: hours, FromDate: aws.String(from), ToDate: aws.String(till),
		})
	}
	open := func(from, till *types.OverrideTimeSlice) types.OperationalHour {
		return types.OperationalHour{Start: from, End: till}
	}
	monday := effective("2030-01-14", "2030-01-14")
	whole(t, monday)
	equal(t, "a Monday", monday.EffectiveHoursOfOperationList[0].OperationalHours, []types.OperationalHour{open(slice(9, 0), slice(12, 0)), open(slice(13, 0), slice(17, 30))})
	equal(t, "its lunch", monday.EffectiveOverrideHoursList[0].OverrideHours[0].OperationalStatus, types.OperationalStatusClosed)
	equal(t, "the holiday of the parent", len(effective("2030-01-07", "2030-01-07").EffectiveHoursOfOperationList[0].OperationalHours), 0)

	ask(t, c.UpdateHoursOfOperationOverride, &connect.UpdateHoursOfOperationOverrideInput{
		InstanceId: at, HoursOfOperationId: hours, HoursOfOperationOverrideId: lunch.HoursOfOperationOverrideId, Name: aws.String("Long lunch"),
		Config: []types.HoursOfOperationOverrideConfig{{Day: types.OverrideDaysMonday, StartTime: slice(11, 15), EndTime: slice(14, 0)}},
	})
	ask(t, c.UpdateHoursOfOperation, &connect.UpdateHoursOfOperationInput{InstanceId: at, HoursOfOperationId: hours, Name: aws.String("Bureau")})
	equal(t, "a Monday with a long lunch", effective("2030-01-14", "2030-01-14").EffectiveHoursOfOperationList[0].OperationalHours,
		[]types.OperationalHour{open(slice(9, 0), slice(11, 15)), open(slice(14, 0), slice(17, 30))})
	overrides := ask(t, c.ListHoursOfOperationOverrides, &connect.ListHoursOfOperationOverridesInput{InstanceId: at, HoursOfOperationId: hours})
	absent := []string{"NextToken"}
	for _, member := range weekly {
		absent = append(absent, "HoursOfOperationOverrideList."+member)
	}
	whole(t, overrides, absent...)
	equal(t, "the override's new name", *overrides.HoursOfOperationOverrideList[0].Name, "Long lunch")

	var names []string
	for pages := connect.NewListHoursOfOperationsPaginator(c, &connect.ListHoursOfOperationsInput{InstanceId: at, MaxResults: aws.Int32(1)}); pages.HasMorePages(); {
		page := turn(t, pages.NextPage).HoursOfOperationSummaryList
		whole(t, page)
		names = append(names, *page[0].Name)
	}
	slices.Sort(names)
	equal(t, "the hours of the instance", names, []string{"Basic Hours", "Bureau", "Holidays"})
	children := ask(t, c.ListChildHoursOfOperations, &connect.ListChildHoursOfOperationsInput{InstanceId: at, HoursOfOperationId: holidays.HoursOfOperationId})
	whole(t, children, "NextToken")
	equal(t, "the child", *children.ChildHoursOfOperationsSummaryList[0].Id, *hours)

	ask(t, c.DisassociateHoursOfOperations, &connect.DisassociateHoursOfOperationsInput{
		InstanceId: at, HoursOfOperationId: hours, ParentHoursOfOperationIds: []string{*holidays.HoursOfOperationId},
	})
	equal(t, "the Monday without its holiday", len(effective("2030-01-07", "2030-01-07").EffectiveHoursOfOperationList[0].OperationalHours), 2)
	ask(t, c.AssociateHoursOfOperations, &connect.AssociateHoursOfOperationsInput{
		InstanceId: at, HoursOfOperationId: hours, ParentHoursOfOperationConfigs: create.ParentHoursOfOperationConfigs,
	})
	ask(t, c.DeleteHoursOfOperationOverride, &connect.DeleteHoursOfOperationOverrideInput{
		InstanceId: at, HoursOfOperationId: hours, HoursOfOperationOverrideId: lunch.HoursOfOperationOverrideId,
	})
	refused[*types.ResourceNotFoundException](t, c.DescribeHoursOfOperationOverride, key)
	ask(t, c.DeleteHoursOfOperation, &connect.DeleteHoursOfOperationInput{InstanceId: at, HoursOfOperationId: hours})
	refused[*types.ResourceNotFoundException](t, c.DescribeHoursOfOperation, &connect.DescribeHoursOfOperationInput{InstanceId: at, HoursOfOperationId: hours})
}

func TestViewsWithTheAWSSDKForGo(t *testing.T) {
	t.Parallel()
	d := newSDKDesk(t, startDev(t, "--throttle", "DescribeView=0.001/4"))
	c, at := d.client, aws.String(devInstance)
	content := &types.ViewInputContent{Template: aws.String(offer), Actions: []string{"CardSelected", "Skip"}}
	latest := []string{"Version", "VersionDescription"}

	create := &connect.CreateViewInput{
		InstanceId: at, Name: aws.String("Offer"), Description: aws.String("Coffee and cake"), Status: types.ViewStatusPublished,
		Content: content, ClientToken: aws.String("once"), Tags: map[string]string{"team": "blue"},
	}
	made := ask(t, c.CreateView, create).View
	whole(t, made, latest...)
	equal(t, "the view made by the same request again", *ask(t, c.CreateView, create).View.Id, *made.Id)
	other := *create
	other.ClientToken = nil
	refused[*types.DuplicateResourceException](t, c.CreateView, &other)
	broken := other
	broken.Name, broken.Content = aws.String("Broken"), &types.ViewInputContent{Template: aws.String(`{"Head":{}}`), Actions: []string{}}
	refused[*types.InvalidParameterException](t, c.CreateView, &broken)

	first := ask(t, c.CreateViewVersion, &connect.CreateViewVersionInput{
		InstanceId: at, ViewId: made.Id, VersionDescription: aws.String("as it began"), ViewContentSha256: made.ViewContentSha256,
	}).View
	whole(t, first)
	equal(t, "the first version", first.Version, 1)
	saved := ask(t, c.UpdateViewContent, &connect.UpdateViewContentInput{
		InstanceId: at, ViewId: made.Id, Status: types.ViewStatusSaved, Content: &types.ViewInputContent{Template: aws.String(offer), Actions: []string{"CardSelected", "Skip", "More"}},
	}).View
	whole(t, saved, latest...)
	equal(t, "the draft's actions", saved.Content.Actions, []string{"CardSelected", "Skip", "More"})
	ask(t, c.UpdateViewMetadata, &connect.UpdateViewMetadataInput{InstanceId: at, ViewId: made.Id, Name: aws.String("Cakes")})

	described := ask(t, c.DescribeView, &connect.DescribeViewInput{InstanceId: at, ViewId: made.Id}).View
	whole(t, described, latest...)
	equal(t, "the view's actions", described.Content.Actions, content.Actions)
	equal(t, "the view's name", *described.Name, "Cakes")
	equal(t, "the view's template", *described.Content.Template, offer)
	managed := ask(t, c.DescribeView, &connect.DescribeViewInput{InstanceId: at, ViewId: aws.String("form")}).View
	whole(t, managed, "CreatedTime", "LastModifiedTime", "Tags", "VersionDescription")
	equal(t, "the form's type", managed.Type, types.ViewTypeAwsManaged)
	refused[*types.InvalidRequestException](t, c.DeleteView, &connect.DeleteViewInput{InstanceId: at, ViewId: managed.Id})

	listed := map[types.ViewType]int{}
	for _, kind := range []types.ViewType{"", types.ViewTypeCustomerManaged, types.ViewTypeAwsManaged} {
		for pages := connect.NewListViewsPaginator(c, &connect.ListViewsInput{InstanceId: at, Type: kind, MaxResults: aws.Int32(4)}); pages.HasMorePages(); {
			page := turn(t, pages.NextPage).ViewsSummaryList
			whole(t, page)
			listed[kind] += len(page)
		}
	}
	if own := listed[types.ViewTypeCustomerManaged]; own != 1 || listed[""] != own+listed[types.ViewTypeAwsManaged] || listed[""] < 5 {
		t.Errorf("there are so many views: %v", listed)
	}
	second := ask(t, c.CreateView, &connect.CreateViewInput{InstanceId: at, Name: aws.String("Second"), Status: types.ViewStatusPublished, Content: content}).View
	ask(t, c.CreateViewVersion, &connect.CreateViewVersionInput{InstanceId: at, ViewId: second.Id})
	versions := ask(t, c.ListViewVersions, &connect.ListViewVersionsInput{InstanceId: at, ViewId: made.Id})
	whole(t, versions, "NextToken")

	ask(t, c.DeleteViewVersion, &connect.DeleteViewVersionInput{InstanceId: at, ViewId: made.Id, ViewVersion: aws.Int32(1)})
	ask(t, c.DeleteView, &connect.DeleteViewInput{InstanceId: at, ViewId: made.Id})
	refused[*types.ResourceNotFoundException](t, c.DescribeView, &connect.DescribeViewInput{InstanceId: at, ViewId: made.Id})
	_, _ = c.DescribeView(t.Context(), &connect.DescribeViewInput{InstanceId: at, ViewId: managed.Id}) // the fourth: the next is one too many
	once := func(o *connect.Options) { o.RetryMaxAttempts = 1 }
	refused[*types.TooManyRequestsException](t, c.DescribeView, &connect.DescribeViewInput{InstanceId: at, ViewId: managed.Id}, once)
}

func TestAssociationsWithTheAWSSDKForGo(t *testing.T) {
	t.Parallel()
	d := newSDKDesk(t, startDev(t))
	c, at := d.client, aws.String(devInstance)

	functions := []string{"arn:aws:lambda:us-east-1:123456789012:function:a", "arn:aws:lambda:us-east-1:123456789012:function:b", "arn:aws:lambda:us-east-1:123456789012:function:c:live"}
	for _, f := range functions {
		ask(t, c.AssociateLambdaFunction, &connect.AssociateLambdaFunctionInput{InstanceId: at, FunctionArn: aws.String(f)})
	}
	refused[*types.ResourceConflictException](t, c.AssociateLambdaFunction, &connect.AssociateLambdaFunctionInput{InstanceId: at, FunctionArn: &functions[0]})
	var listed []string
	for pages := connect.NewListLambdaFunctionsPaginator(c, &connect.ListLambdaFunctionsInput{InstanceId: at, MaxResults: aws.Int32(2)}); pages.HasMorePages(); {
		listed = append(listed, turn(t, pages.NextPage).LambdaFunctions...)
	}
	equal(t, "the functions", listed, functions)
	forbid := &connect.DisassociateLambdaFunctionInput{InstanceId: at, FunctionArn: &functions[1]}
	ask(t, c.DisassociateLambdaFunction, forbid)
	equal(t, "the functions left", ask(t, c.ListLambdaFunctions, &connect.ListLambdaFunctionsInput{InstanceId: at}).LambdaFunctions, []string{functions[0], functions[2]})

	bot := &types.LexV2Bot{AliasArn: aws.String("arn:aws:lex:us-east-1:123456789012:bot-alias/ABCDEFGHIJ/TSTALIASID")}
	ask(t, c.AssociateBot, &connect.AssociateBotInput{InstanceId: at, LexV2Bot: bot})
	refused[*types.ResourceConflictException](t, c.AssociateBot, &connect.AssociateBotInput{InstanceId: at, LexV2Bot: bot})
	classic := &types.LexBot{Name: aws.String("Orders"), LexRegion: aws.String("us-east-1")}
	ask(t, c.AssociateBot, &connect.AssociateBotInput{InstanceId: at, LexBot: classic})
	refused[*types.ResourceConflictException](t, c.AssociateBot, &connect.AssociateBotInput{InstanceId: at, LexBot: classic})
	bots := func(version types.LexVersion) []types.LexBotConfig {
		t.Helper()
		return ask(t, c.ListBots, &connect.ListBotsInput{InstanceId: at, LexVersion: version}).LexBots
	}
	equal(t, "the bots", bots(types.LexVersionV2), []types.LexBotConfig{{LexV2Bot: bot}})
	equal(t, "the bots of Lex Classic", bots(types.LexVersionV1), []types.LexBotConfig{{LexBot: classic}})
	ask(t, c.DisassociateBot, &connect.DisassociateBotInput{InstanceId: at, LexV2Bot: bot})
	ask(t, c.DisassociateBot, &connect.DisassociateBotInput{InstanceId: at, LexBot: classic})
	equal(t, "the bots left", len(bots(types.LexVersionV2))+len(bots(types.LexVersionV1)), 0)

	number := aws.String("arn:aws:connect:us-east-1:123456789012:phone-number/33333333-3333-4333-8333-333333333333")
	const whatsApp = types.FlowAssociationResourceTypeWhatsappMessagingPhoneNumber
	ask(t, c.AssociateFlow, &connect.AssociateFlowInput{InstanceId: at, ResourceId: number, ResourceType: whatsApp, FlowId: aws.String(welcomeFlow)})
	get := &connect.GetFlowAssociationInput{InstanceId: at, ResourceId: number, ResourceType: whatsApp}
	got := ask(t, c.GetFlowAssociation, get)
	whole(t, got)
	equal(t, "the flow", *got.FlowId, welcomeFlow)
	batch := ask(t, c.BatchGetFlowAssociation, &connect.BatchGetFlowAssociationInput{InstanceId: at, ResourceIds: []string{*number, *number + "4"}})
	whole(t, batch)
	equal(t, "the associations of two resources", len(batch.FlowAssociationSummaryList), 1)
	whole(t, ask(t, c.ListFlowAssociations, &connect.ListFlowAssociationsInput{InstanceId: at}), "NextToken")
	ask(t, c.DisassociateFlow, &connect.DisassociateFlowInput{InstanceId: at, ResourceId: number, ResourceType: whatsApp})
	refused[*types.ResourceNotFoundException](t, c.GetFlowAssociation, get)
}

// A contact that waits in a queue, with tags of the business.
func TestQueuedContactWithTheAWSSDKForGo(t *testing.T) {
	t.Parallel()
	d := newSDKDesk(t, startDev(t))
	c, at := d.client, aws.String(devInstance)
	var inbound *string
	for pages := connect.NewListContactFlowsPaginator(c, &connect.ListContactFlowsInput{InstanceId: at, MaxResults: aws.Int32(5)}); pages.HasMorePages(); {
		page := turn(t, pages.NextPage).ContactFlowSummaryList
		whole(t, page)
		for _, f := range page {
			if *f.Name == stockInbound {
				inbound = f.Id
			}
		}
	}
	customer := d.hears(inbound, "You are now in the queue. Somebody will be with you in less than five minutes.")
	contact := aws.String(customer.creds.ContactId)

	tag := &connect.TagContactInput{InstanceId: at, ContactId: contact, Tags: map[string]string{"team": "blue", "case": "1"}}
	ask(t, c.TagContact, tag)
	ask(t, c.UntagContact, &connect.UntagContactInput{InstanceId: at, ContactId: contact, TagKeys: []string{"case"}})
	tag.Tags = map[string]string{"aws:team": "blue"}
	refused[*types.InvalidParameterException](t, c.TagContact, tag)

	queued := ask(t, c.DescribeContact, &connect.DescribeContactInput{InstanceId: at, ContactId: contact}).Contact
	equal(t, "Tags", queued.Tags, map[string]string{"team": "blue", "aws:connect:instanceId": devInstance})
	whole(t, queued.QueueInfo)
	for what, found := range map[string][]string{
		"Arn": badText(*queued.Arn, "Arn"), "InitiationTimestamp": offTime(*queued.InitiationTimestamp, "InitiationTimestamp"),
		"LastUpdateTimestamp":        offTime(*queued.LastUpdateTimestamp, "LastUpdateTimestamp"),
		"ConnectedToSystemTimestamp": offTime(*queued.ConnectedToSystemTimestamp, "ConnectedToSystemTimestamp"),
	} {
		if len(found) > 0 {
			t.Errorf("%s: %s", what, found)
		}
	}
	equal(t, "QueuePriority", aws.ToInt64(queued.QueuePriority), 5)
	equal(t, "Channel", queued.Channel, types.ChannelChat)
	equal(t, "InitiationMethod", queued.InitiationMethod, types.ContactInitiationMethodApi)
	equal(t, "the subtype", aws.ToString(queued.SegmentAttributes["connect:Subtype"].ValueString), "connect:Chat")
	if queued.DisconnectTimestamp != nil || queued.DisconnectReason != nil {
		t.Errorf("a contact that waits was disconnected %v: %v", queued.DisconnectTimestamp, aws.ToString(queued.DisconnectReason))
	}
	customer.leave()
	customer.see("the end", ended)
	left := ask(t, c.DescribeContact, &connect.DescribeContactInput{InstanceId: at, ContactId: contact}).Contact
	equal(t, "DisconnectReason", aws.ToString(left.DisconnectReason), "CUSTOMER_DISCONNECT")
	if left.DisconnectTimestamp == nil || left.DisconnectTimestamp.Before(*left.QueueInfo.EnqueueTimestamp) {
		t.Errorf("the contact came to the queue at %v and left at %v", left.QueueInfo.EnqueueTimestamp, left.DisconnectTimestamp)
	}
}

const stockInbound = "Sample inbound flow (first contact experience)"
