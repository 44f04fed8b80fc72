package clients

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
)

// page is how many the provider asks a List for.
var (
	instancesPage    = aws.Int32(10)
	associationsPage = aws.Int32(25)
	listPage         = aws.Int32(60)
)

// key is the state that a read begins with: the user's own instance id, and the resource's id.
func key(id string) (state values, instance, rest *string) {
	at, own := divide(id)
	return values{"instance_id": at}, aws.String(at), aws.String(own)
}

func keyOf(state values) (instance, rest *string) {
	_, instance, rest = key(state.text("id"))
	return instance, rest
}

// in makes the ids of states from those of resources of an instance.
func in(instance string, ids []string) []string {
	for i := range ids {
		ids[i] = instance + ":" + ids[i]
	}
	return ids
}

func sameJSON(state, config any) bool {
	var a, b any
	is, _ := state.(string)
	want, _ := config.(string)
	return json.Unmarshal([]byte(is), &a) == nil && json.Unmarshal([]byte(want), &b) == nil && reflect.DeepEqual(a, b)
}

// without compares sets of blocks, or blocks of blocks, whose attributes of these names the server gives.
func without(names ...string) func(state, config any) bool {
	var drop func(v any) any
	drop = func(v any) any {
		switch v := v.(type) {
		case values:
			out := values{}
			for name, member := range v {
				if !slices.Contains(names, name) {
					out[name] = drop(member)
				}
			}
			return out
		case set:
			out := set{}
			for _, one := range v {
				out = append(out, drop(one))
			}
			return out
		}
		return v
	}
	return func(state, config any) bool { return same(drop(state), drop(config)) }
}

// The attributes of an instance in the provider's schema.
var instanceAttributes = map[types.InstanceAttributeType]string{
	types.InstanceAttributeTypeAutoResolveBestVoices: "auto_resolve_best_voices_enabled",
	types.InstanceAttributeTypeContactflowLogs:       "contact_flow_logs_enabled",
	types.InstanceAttributeTypeContactLens:           "contact_lens_enabled",
	types.InstanceAttributeTypeEarlyMedia:            "early_media_enabled",
	types.InstanceAttributeTypeInboundCalls:          "inbound_calls_enabled",
	types.InstanceAttributeTypeMultiPartyConference:  "multi_party_conference_enabled",
	types.InstanceAttributeTypeOutboundCalls:         "outbound_calls_enabled",
}

func (p *provider) instanceStatus(id string) func() (string, error) {
	return func() (string, error) {
		out, err := p.client.DescribeInstance(p.t.Context(), &connect.DescribeInstanceInput{InstanceId: aws.String(id)})
		if err != nil {
			return "", err
		}
		return string(must(p, "Instance", out.Instance).InstanceStatus), nil
	}
}

func (p *provider) setInstanceAttribute(id string, attribute types.InstanceAttributeType, on bool) {
	p.t.Helper()
	_, err := p.client.UpdateInstanceAttribute(p.t.Context(), &connect.UpdateInstanceAttributeInput{
		InstanceId: aws.String(id), AttributeType: attribute, Value: aws.String(strconv.FormatBool(on)),
	})
	var denied *types.AccessDeniedException
	if err != nil && !errors.As(err, &denied) {
		p.t.Fatalf("UpdateInstanceAttribute %s: %v", attribute, err)
	}
}

var terraformInstance = &resource{
	computed: "arn created_time service_role status",
	replace:  "directory_id identity_management_type instance_alias", unread: "directory_id", tagged: true,
	defaults: values{
		"auto_resolve_best_voices_enabled": true, "contact_flow_logs_enabled": false, "contact_lens_enabled": true, "early_media_enabled": true,
		"multi_party_conference_enabled": false,
	},
	create: func(p *provider, c values) string {
		out := ask(p.t, p.client.CreateInstance, &connect.CreateInstanceInput{
			ClientToken: uniqueID(), IdentityManagementType: types.DirectoryType(c.text("identity_management_type")),
			InboundCallsEnabled: aws.Bool(c.yes("inbound_calls_enabled")), OutboundCallsEnabled: aws.Bool(c.yes("outbound_calls_enabled")),
			InstanceAlias: c.given("instance_alias"), DirectoryId: c.given("directory_id"), Tags: p.tagsOf(c),
		})
		id := *must(p, "Id", out.Id)
		p.await("the instance", p.instanceStatus(id), "CREATION_IN_PROGRESS", "ACTIVE")
		for attribute, name := range instanceAttributes { // in any order
			p.setInstanceAttribute(id, attribute, c.yes(name))
		}
		return id
	},
	read: func(p *provider, id string) (values, error) {
		out, err := p.client.DescribeInstance(p.t.Context(), &connect.DescribeInstanceInput{InstanceId: aws.String(id)})
		if err != nil {
			return nil, err
		}
		i := must(p, "Instance", out.Instance)
		state := values{
			"arn": aws.ToString(i.Arn), "created_time": must(p, "CreatedTime", i.CreatedTime).String(), "identity_management_type": string(i.IdentityManagementType),
			"instance_alias": aws.ToString(i.InstanceAlias), "service_role": aws.ToString(i.ServiceRole), "status": string(i.InstanceStatus),
			"inbound_calls_enabled": aws.ToBool(i.InboundCallsEnabled), "outbound_calls_enabled": aws.ToBool(i.OutboundCallsEnabled), "tags_all": tags(i.Tags),
		}
		for attribute, name := range instanceAttributes {
			out := ask(p.t, p.client.DescribeInstanceAttribute, &connect.DescribeInstanceAttributeInput{InstanceId: aws.String(id), AttributeType: attribute})
			on, err := strconv.ParseBool(aws.ToString(must(p, "Attribute", out.Attribute).Value))
			if err != nil {
				return nil, err
			}
			if described, also := state[name]; also && described != on {
				p.t.Errorf("DescribeInstance says %v of %s, DescribeInstanceAttribute %v", described, name, on)
			}
			state[name] = on
		}
		return state, nil
	},
	update: func(p *provider, state, c values, changed func(...string) bool) {
		for attribute, name := range instanceAttributes {
			if changed(name) {
				p.setInstanceAttribute(state.text("id"), attribute, c.yes(name))
			}
		}
	},
	remove: func(p *provider, state values) {
		ask(p.t, p.client.DeleteInstance, &connect.DeleteInstanceInput{InstanceId: state.given("id")})
		p.await("the end of the instance", p.instanceStatus(state.text("id")), "ACTIVE")
	},
	// The data source takes all but the attributes from the summary.
	find: func(p *provider, state values) (ids []string) {
		all, err := listed(p, connect.NewListInstancesPaginator(p.client, &connect.ListInstancesInput{MaxResults: instancesPage}),
			func(out *connect.ListInstancesOutput) []types.InstanceSummary { return out.InstanceSummaryList })
		if err != nil {
			p.t.Fatal(err)
		}
		for _, i := range all {
			if aws.ToString(i.InstanceAlias) != state.text("instance_alias") {
				continue
			}
			ids = append(ids, aws.ToString(i.Id))
			for name, is := range map[string]any{
				"arn": aws.ToString(i.Arn), "created_time": must(p, "CreatedTime", i.CreatedTime).String(), "identity_management_type": string(i.IdentityManagementType),
				"service_role": aws.ToString(i.ServiceRole), "status": string(i.InstanceStatus),
				"inbound_calls_enabled": *must(p, "InboundCallsEnabled", i.InboundCallsEnabled), "outbound_calls_enabled": *must(p, "OutboundCallsEnabled", i.OutboundCallsEnabled),
			} {
				if !same(is, state[name]) {
					p.t.Errorf("%s is %v in the summary, want %v", name, is, state[name])
				}
			}
		}
		return ids
	},
}

// flowContent is the content of the configuration, or that of its file.
func flowContent(p *provider, c values) *string {
	if c.text("filename") == "" {
		return c.given("content")
	}
	text, err := os.ReadFile(c.text("filename"))
	if err != nil {
		p.t.Fatal(err)
	}
	return aws.String(string(text))
}

var terraformContactFlow = &resource{
	computed: "arn contact_flow_id", optional: "content", replace: "instance_id type", unread: "filename content_hash", tagged: true,
	defaults: values{"type": "CONTACT_FLOW"}, same: map[string]func(state, config any) bool{"content": sameJSON},
	create: func(p *provider, c values) string {
		out := ask(p.t, p.client.CreateContactFlow, &connect.CreateContactFlowInput{
			InstanceId: c.sent("instance_id"), Name: c.sent("name"), Type: types.ContactFlowType(c.text("type")), Content: flowContent(p, c),
			Description: c.given("description"), Tags: p.tagsOf(c),
		})
		return p.join(c.text("instance_id"), out.ContactFlowId)
	},
	read: func(p *provider, id string) (values, error) {
		state, at, own := key(id)
		out, err := p.client.DescribeContactFlow(p.t.Context(), &connect.DescribeContactFlowInput{InstanceId: at, ContactFlowId: own})
		if err != nil {
			return nil, err
		}
		f := must(p, "ContactFlow", out.ContactFlow)
		return state.with(values{
			"arn": aws.ToString(f.Arn), "contact_flow_id": aws.ToString(f.Id), "name": aws.ToString(f.Name), "description": aws.ToString(f.Description),
			"type": string(f.Type), "content": aws.ToString(f.Content), "tags_all": tags(f.Tags),
		}), nil
	},
	update: func(p *provider, state, c values, changed func(...string) bool) {
		at, own := keyOf(state)
		if changed("name", "description") {
			ask(p.t, p.client.UpdateContactFlowName, &connect.UpdateContactFlowNameInput{
				InstanceId: at, ContactFlowId: own, Name: c.sent("name"), Description: c.sent("description"),
			})
		}
		if changed("content", "content_hash", "filename") {
			ask(p.t, p.client.UpdateContactFlowContent, &connect.UpdateContactFlowContentInput{InstanceId: at, ContactFlowId: own, Content: flowContent(p, c)})
		}
	},
	remove: func(p *provider, state values) {
		at, own := keyOf(state)
		ask(p.t, p.client.DeleteContactFlow, &connect.DeleteContactFlowInput{InstanceId: at, ContactFlowId: own})
	},
	find: func(p *provider, state values) []string {
		return in(state.text("instance_id"), named(p, connect.NewListContactFlowsPaginator(p.client, &connect.ListContactFlowsInput{InstanceId: state.sent("instance_id"), MaxResults: listPage}),
			func(out *connect.ListContactFlowsOutput) []types.ContactFlowSummary {
				return out.ContactFlowSummaryList
			},
			func(s *types.ContactFlowSummary) (name, id *string) { return s.Name, s.Id }, state.text("name")))
	},
}

var terraformModule = &resource{
	computed: "arn contact_flow_module_id", optional: "content", replace: "instance_id", unread: "filename content_hash", tagged: true,
	same: map[string]func(state, config any) bool{"content": sameJSON},
	create: func(p *provider, c values) string {
		out := ask(p.t, p.client.CreateContactFlowModule, &connect.CreateContactFlowModuleInput{
			InstanceId: c.sent("instance_id"), Name: c.sent("name"), Content: flowContent(p, c), Description: c.given("description"), Tags: p.tagsOf(c),
		})
		return p.join(c.text("instance_id"), out.Id)
	},
	read: func(p *provider, id string) (values, error) {
		state, at, own := key(id)
		out, err := p.client.DescribeContactFlowModule(p.t.Context(), &connect.DescribeContactFlowModuleInput{InstanceId: at, ContactFlowModuleId: own})
		if err != nil {
			return nil, err
		}
		m := must(p, "ContactFlowModule", out.ContactFlowModule)
		return state.with(values{
			"arn": aws.ToString(m.Arn), "contact_flow_module_id": aws.ToString(m.Id), "name": aws.ToString(m.Name), "description": aws.ToString(m.Description),
			"content": aws.ToString(m.Content), "tags_all": tags(m.Tags),
		}), nil
	},
	update: func(p *provider, state, c values, changed func(...string) bool) {
		at, own := keyOf(state)
		if changed("name", "description") {
			ask(p.t, p.client.UpdateContactFlowModuleMetadata, &connect.UpdateContactFlowModuleMetadataInput{
				InstanceId: at, ContactFlowModuleId: own, Name: c.sent("name"), Description: c.sent("description"),
			})
		}
		if changed("content", "content_hash", "filename") {
			ask(p.t, p.client.UpdateContactFlowModuleContent, &connect.UpdateContactFlowModuleContentInput{InstanceId: at, ContactFlowModuleId: own, Content: flowContent(p, c)})
		}
	},
	remove: func(p *provider, state values) {
		at, own := keyOf(state)
		ask(p.t, p.client.DeleteContactFlowModule, &connect.DeleteContactFlowModuleInput{InstanceId: at, ContactFlowModuleId: own})
	},
	find: func(p *provider, state values) []string {
		return in(state.text("instance_id"), named(p, connect.NewListContactFlowModulesPaginator(p.client, &connect.ListContactFlowModulesInput{InstanceId: state.sent("instance_id"), MaxResults: listPage}),
			func(out *connect.ListContactFlowModulesOutput) []types.ContactFlowModuleSummary {
				return out.ContactFlowModulesSummaryList
			},
			func(s *types.ContactFlowModuleSummary) (name, id *string) { return s.Name, s.Id }, state.text("name")))
	},
}

func expandHours(c values) []types.HoursOfOperationConfig {
	list := []types.HoursOfOperationConfig{}
	for _, one := range c.set("config") {
		day := one.(values)
		slice := func(name string) *types.HoursOfOperationTimeSlice {
			at := day.block(name)
			return &types.HoursOfOperationTimeSlice{Hours: aws.Int32(at.number("hours")), Minutes: aws.Int32(at.number("minutes"))}
		}
		list = append(list, types.HoursOfOperationConfig{Day: types.HoursOfOperationDays(day.text("day")), StartTime: slice("start_time"), EndTime: slice("end_time")})
	}
	return list
}

var terraformHours = &resource{
	computed: "arn hours_of_operation_id", replace: "instance_id", tagged: true,
	create: func(p *provider, c values) string {
		out := ask(p.t, p.client.CreateHoursOfOperation, &connect.CreateHoursOfOperationInput{
			InstanceId: c.sent("instance_id"), Name: c.sent("name"), TimeZone: c.sent("time_zone"), Config: expandHours(c), Description: c.given("description"), Tags: p.tagsOf(c),
		})
		return p.join(c.text("instance_id"), out.HoursOfOperationId)
	},
	read: func(p *provider, id string) (values, error) {
		state, at, own := key(id)
		out, err := p.client.DescribeHoursOfOperation(p.t.Context(), &connect.DescribeHoursOfOperationInput{InstanceId: at, HoursOfOperationId: own})
		if err != nil {
			return nil, err
		}
		h := must(p, "HoursOfOperation", out.HoursOfOperation)
		config := set{}
		for _, day := range h.Config {
			slice := func(at *types.HoursOfOperationTimeSlice) values {
				return values{"hours": int(aws.ToInt32(at.Hours)), "minutes": int(aws.ToInt32(at.Minutes))}
			}
			config = append(config, values{
				"day": string(day.Day), "start_time": slice(must(p, "StartTime", day.StartTime)), "end_time": slice(must(p, "EndTime", day.EndTime)),
			})
		}
		return state.with(values{
			"arn": aws.ToString(h.HoursOfOperationArn), "hours_of_operation_id": aws.ToString(h.HoursOfOperationId), "name": aws.ToString(h.Name),
			"description": aws.ToString(h.Description), "time_zone": aws.ToString(h.TimeZone), "config": config, "tags_all": tags(h.Tags),
		}), nil
	},
	update: func(p *provider, state, c values, changed func(...string) bool) {
		at, own := keyOf(state)
		if changed("config", "description", "name", "time_zone") {
			ask(p.t, p.client.UpdateHoursOfOperation, &connect.UpdateHoursOfOperationInput{
				InstanceId: at, HoursOfOperationId: own, Config: expandHours(c), Description: c.sent("description"), Name: c.sent("name"), TimeZone: c.sent("time_zone"),
			})
		}
	},
	remove: func(p *provider, state values) {
		at, own := keyOf(state)
		ask(p.t, p.client.DeleteHoursOfOperation, &connect.DeleteHoursOfOperationInput{InstanceId: at, HoursOfOperationId: own})
	},
	find: func(p *provider, state values) []string {
		return in(state.text("instance_id"), named(p, connect.NewListHoursOfOperationsPaginator(p.client, &connect.ListHoursOfOperationsInput{InstanceId: state.sent("instance_id"), MaxResults: listPage}),
			func(out *connect.ListHoursOfOperationsOutput) []types.HoursOfOperationSummary {
				return out.HoursOfOperationSummaryList
			},
			func(s *types.HoursOfOperationSummary) (name, id *string) { return s.Name, s.Id }, state.text("name")))
	},
}

// A Lambda function's association has the id <instance>,<ARN>.
var terraformLambda = &resource{
	replace: "instance_id function_arn",
	create: func(p *provider, c values) string {
		ask(p.t, p.client.AssociateLambdaFunction, &connect.AssociateLambdaFunctionInput{InstanceId: c.sent("instance_id"), FunctionArn: c.sent("function_arn")})
		return c.text("instance_id") + "," + c.text("function_arn")
	},
	read: func(p *provider, id string) (values, error) {
		at, arn, _ := strings.Cut(id, ",")
		all, err := listed(p, connect.NewListLambdaFunctionsPaginator(p.client, &connect.ListLambdaFunctionsInput{InstanceId: aws.String(at), MaxResults: associationsPage}),
			func(out *connect.ListLambdaFunctionsOutput) []string { return out.LambdaFunctions })
		if err == nil && !slices.Contains(all, arn) {
			err = errGone
		}
		return values{"instance_id": at, "function_arn": arn}, err
	},
	remove: func(p *provider, state values) {
		ask(p.t, p.client.DisassociateLambdaFunction, &connect.DisassociateLambdaFunctionInput{InstanceId: state.sent("instance_id"), FunctionArn: state.sent("function_arn")})
	},
}

// A bot's association has the id <instance>:<name>:<region>. The provider repeats AssociateBot for five minutes when it is
// answered with an InvalidRequestException.
var terraformBot = &resource{
	replace: "instance_id lex_bot",
	create: func(p *provider, c values) string {
		ask(p.t, p.client.AssociateBot, &connect.AssociateBotInput{InstanceId: c.sent("instance_id"), LexBot: expandBot(c)})
		return c.text("instance_id") + ":" + c.block("lex_bot").text("name") + ":" + c.block("lex_bot").text("lex_region")
	},
	read: func(p *provider, id string) (values, error) {
		at, rest := divide(id)
		name, region := divide(rest)
		all, err := listed(p, connect.NewListBotsPaginator(p.client, &connect.ListBotsInput{InstanceId: aws.String(at), LexVersion: types.LexVersionV1, MaxResults: associationsPage}),
			func(out *connect.ListBotsOutput) []types.LexBotConfig { return out.LexBots })
		if err != nil {
			return nil, err
		}
		for _, bot := range all {
			if bot.LexBot != nil && aws.ToString(bot.LexBot.Name) == name && aws.ToString(bot.LexBot.LexRegion) == region {
				return values{"instance_id": at, "lex_bot": values{"name": name, "lex_region": region}}, nil
			}
		}
		return nil, errGone
	},
	remove: func(p *provider, state values) {
		ask(p.t, p.client.DisassociateBot, &connect.DisassociateBotInput{InstanceId: state.sent("instance_id"), LexBot: expandBot(state)})
	},
}

func expandBot(c values) *types.LexBot {
	bot := c.block("lex_bot")
	return &types.LexBot{Name: bot.sent("name"), LexRegion: bot.sent("lex_region")}
}

// An approved origin has the id <instance>,<origin>.
var terraformOrigin = &resource{
	replace: "instance_id origin",
	create: func(p *provider, c values) string {
		ask(p.t, p.client.AssociateApprovedOrigin, &connect.AssociateApprovedOriginInput{InstanceId: c.sent("instance_id"), Origin: c.sent("origin")})
		return c.text("instance_id") + "," + c.text("origin")
	},
	read: func(p *provider, id string) (values, error) {
		at, origin, _ := strings.Cut(id, ",")
		all, err := listed(p, connect.NewListApprovedOriginsPaginator(p.client, &connect.ListApprovedOriginsInput{InstanceId: aws.String(at), MaxResults: associationsPage}),
			func(out *connect.ListApprovedOriginsOutput) []string { return out.Origins })
		if err == nil && !slices.Contains(all, origin) {
			err = errGone
		}
		return values{"instance_id": at, "origin": origin}, err
	},
	remove: func(p *provider, state values) {
		ask(p.t, p.client.DisassociateApprovedOrigin, &connect.DisassociateApprovedOriginInput{InstanceId: state.sent("instance_id"), Origin: state.sent("origin")})
	},
}

func expandCaller(c values) *types.OutboundCallerConfig {
	caller := c.block("outbound_caller_config")
	if caller == nil {
		return nil
	}
	return &types.OutboundCallerConfig{
		OutboundCallerIdName: caller.given("outbound_caller_id_name"), OutboundCallerIdNumberId: caller.given("outbound_caller_id_number_id"),
		OutboundFlowId: caller.given("outbound_flow_id"),
	}
}

var terraformQueue = &resource{
	computed: "arn queue_id", optional: "status", replace: "instance_id", tagged: true,
	create: func(p *provider, c values) string {
		in := &connect.CreateQueueInput{
			InstanceId: c.sent("instance_id"), Name: c.sent("name"), HoursOfOperationId: c.sent("hours_of_operation_id"), Description: c.given("description"),
			OutboundCallerConfig: expandCaller(c), Tags: p.tagsOf(c),
		}
		if n := c.number("max_contacts"); n != 0 {
			in.MaxContacts = &n
		}
		if ids := c.texts("quick_connect_ids"); len(ids) > 0 {
			in.QuickConnectIds = ids
		}
		return p.join(c.text("instance_id"), ask(p.t, p.client.CreateQueue, in).QueueId)
	},
	read: func(p *provider, id string) (values, error) {
		state, at, own := key(id)
		out, err := p.client.DescribeQueue(p.t.Context(), &connect.DescribeQueueInput{InstanceId: at, QueueId: own})
		if err != nil {
			return nil, err
		}
		q := must(p, "Queue", out.Queue)
		state = state.with(values{
			"arn": aws.ToString(q.QueueArn), "queue_id": aws.ToString(q.QueueId), "name": aws.ToString(q.Name), "description": aws.ToString(q.Description),
			"hours_of_operation_id": aws.ToString(q.HoursOfOperationId), "max_contacts": int(aws.ToInt32(q.MaxContacts)), "status": string(q.Status), "tags_all": tags(q.Tags),
		})
		if caller := q.OutboundCallerConfig; caller != nil {
			state["outbound_caller_config"] = values{
				"outbound_caller_id_name": aws.ToString(caller.OutboundCallerIdName), "outbound_caller_id_number_id": aws.ToString(caller.OutboundCallerIdNumberId),
				"outbound_flow_id": aws.ToString(caller.OutboundFlowId),
			}
		}
		all, err := listed(p, connect.NewListQueueQuickConnectsPaginator(p.client, &connect.ListQueueQuickConnectsInput{InstanceId: at, QueueId: own, MaxResults: listPage}),
			func(out *connect.ListQueueQuickConnectsOutput) []types.QuickConnectSummary {
				return out.QuickConnectSummaryList
			})
		ids := set{}
		for _, q := range all {
			ids = append(ids, aws.ToString(q.Id))
		}
		state["quick_connect_ids"] = ids
		return state, err
	},
	update: func(p *provider, state, c values, changed func(...string) bool) {
		at, own := keyOf(state)
		if changed("hours_of_operation_id") {
			ask(p.t, p.client.UpdateQueueHoursOfOperation, &connect.UpdateQueueHoursOfOperationInput{InstanceId: at, QueueId: own, HoursOfOperationId: c.sent("hours_of_operation_id")})
		}
		if changed("max_contacts") {
			ask(p.t, p.client.UpdateQueueMaxContacts, &connect.UpdateQueueMaxContactsInput{InstanceId: at, QueueId: own, MaxContacts: aws.Int32(c.number("max_contacts"))})
		}
		if changed("name", "description") {
			ask(p.t, p.client.UpdateQueueName, &connect.UpdateQueueNameInput{InstanceId: at, QueueId: own, Name: c.sent("name"), Description: c.sent("description")})
		}
		if changed("outbound_caller_config") {
			ask(p.t, p.client.UpdateQueueOutboundCallerConfig, &connect.UpdateQueueOutboundCallerConfigInput{InstanceId: at, QueueId: own, OutboundCallerConfig: expandCaller(c)})
		}
		if changed("status") {
			ask(p.t, p.client.UpdateQueueStatus, &connect.UpdateQueueStatusInput{InstanceId: at, QueueId: own, Status: types.QueueStatus(c.text("status"))})
		}
		if changed("quick_connect_ids") {
			is, want := state.set("quick_connect_ids"), c.set("quick_connect_ids")
			if added := (values{"new": want.lacks(is)}).texts("new"); len(added) > 0 {
				ask(p.t, p.client.AssociateQueueQuickConnects, &connect.AssociateQueueQuickConnectsInput{InstanceId: at, QueueId: own, QuickConnectIds: added})
			}
			if removed := (values{"old": is.lacks(want)}).texts("old"); len(removed) > 0 {
				ask(p.t, p.client.DisassociateQueueQuickConnects, &connect.DisassociateQueueQuickConnectsInput{InstanceId: at, QueueId: own, QuickConnectIds: removed})
			}
		}
	},
	remove: func(p *provider, state values) {
		at, own := keyOf(state)
		ask(p.t, p.client.DeleteQueue, &connect.DeleteQueueInput{InstanceId: at, QueueId: own})
	},
	find: func(p *provider, state values) []string {
		return in(state.text("instance_id"), named(p, connect.NewListQueuesPaginator(p.client, &connect.ListQueuesInput{InstanceId: state.sent("instance_id"), MaxResults: listPage}),
			func(out *connect.ListQueuesOutput) []types.QueueSummary { return out.QueueSummaryList },
			func(s *types.QueueSummary) (name, id *string) { return s.Name, s.Id }, state.text("name")))
	},
}

func expandConcurrencies(c values) (list []types.MediaConcurrency) {
	for _, one := range c.set("media_concurrencies") {
		m := one.(values)
		list = append(list, types.MediaConcurrency{Channel: types.Channel(m.text("channel")), Concurrency: aws.Int32(m.number("concurrency"))})
	}
	return list
}

func queueReference(v values) *types.RoutingProfileQueueReference {
	return &types.RoutingProfileQueueReference{Channel: types.Channel(v.text("channel")), QueueId: v.sent("queue_id")}
}

func expandQueues(queues set) (list []types.RoutingProfileQueueConfig) {
	for _, one := range queues {
		q := one.(values)
		list = append(list, types.RoutingProfileQueueConfig{
			QueueReference: queueReference(q), Delay: aws.Int32(q.number("delay")), Priority: aws.Int32(q.number("priority")),
		})
	}
	return list
}

// queuesAtOnce is how many queues a call may associate or disassociate.
const queuesAtOnce = 10

func (p *provider) associateQueues(at, profile *string, queues set) {
	p.t.Helper()
	for chunk := range slices.Chunk(queues, queuesAtOnce) {
		ask(p.t, p.client.AssociateRoutingProfileQueues, &connect.AssociateRoutingProfileQueuesInput{InstanceId: at, RoutingProfileId: profile, QueueConfigs: expandQueues(chunk)})
	}
}

// queueConfigs are those of a state without what the server adds.
func queueConfigs(queues set) set {
	out := set{}
	for _, one := range queues {
		q := one.(values)
		out = append(out, values{"channel": q["channel"], "queue_id": q["queue_id"], "delay": q["delay"], "priority": q["priority"]})
	}
	return out
}

var terraformRoutingProfile = &resource{
	computed: "arn routing_profile_id", replace: "instance_id", tagged: true,
	same: map[string]func(state, config any) bool{"queue_configs": without("queue_arn", "queue_name")},
	create: func(p *provider, c values) string {
		queues := c.set("queue_configs")
		in := &connect.CreateRoutingProfileInput{
			InstanceId: c.sent("instance_id"), Name: c.sent("name"), Description: c.sent("description"), DefaultOutboundQueueId: c.sent("default_outbound_queue_id"),
			MediaConcurrencies: expandConcurrencies(c), Tags: p.tagsOf(c),
		}
		if len(queues) <= queuesAtOnce {
			in.QueueConfigs = expandQueues(queues)
		}
		out := ask(p.t, p.client.CreateRoutingProfile, in)
		if len(queues) > queuesAtOnce {
			p.associateQueues(in.InstanceId, out.RoutingProfileId, queues)
		}
		return p.join(c.text("instance_id"), out.RoutingProfileId)
	},
	read: func(p *provider, id string) (values, error) {
		state, at, own := key(id)
		out, err := p.client.DescribeRoutingProfile(p.t.Context(), &connect.DescribeRoutingProfileInput{InstanceId: at, RoutingProfileId: own})
		if err != nil {
			return nil, err
		}
		r := must(p, "RoutingProfile", out.RoutingProfile)
		media := set{}
		for _, m := range r.MediaConcurrencies {
			media = append(media, values{"channel": string(m.Channel), "concurrency": int(aws.ToInt32(m.Concurrency))})
		}
		all, err := listed(p, connect.NewListRoutingProfileQueuesPaginator(p.client, &connect.ListRoutingProfileQueuesInput{InstanceId: at, RoutingProfileId: own, MaxResults: listPage}),
			func(out *connect.ListRoutingProfileQueuesOutput) []types.RoutingProfileQueueConfigSummary {
				return out.RoutingProfileQueueConfigSummaryList
			})
		queues := set{}
		for _, q := range all {
			queues = append(queues, values{
				"channel": string(q.Channel), "delay": int(q.Delay), "priority": int(aws.ToInt32(q.Priority)),
				"queue_arn": *must(p, "QueueArn", q.QueueArn), "queue_id": aws.ToString(q.QueueId), "queue_name": *must(p, "QueueName", q.QueueName),
			})
		}
		return state.with(values{
			"arn": aws.ToString(r.RoutingProfileArn), "routing_profile_id": aws.ToString(r.RoutingProfileId), "name": aws.ToString(r.Name),
			"description": aws.ToString(r.Description), "default_outbound_queue_id": aws.ToString(r.DefaultOutboundQueueId), "media_concurrencies": media,
			"queue_configs": queues, "tags_all": tags(r.Tags),
		}), err
	},
	update: func(p *provider, state, c values, changed func(...string) bool) {
		at, own := keyOf(state)
		if changed("media_concurrencies") {
			ask(p.t, p.client.UpdateRoutingProfileConcurrency, &connect.UpdateRoutingProfileConcurrencyInput{InstanceId: at, RoutingProfileId: own, MediaConcurrencies: expandConcurrencies(c)})
		}
		if changed("default_outbound_queue_id") {
			ask(p.t, p.client.UpdateRoutingProfileDefaultOutboundQueue, &connect.UpdateRoutingProfileDefaultOutboundQueueInput{
				InstanceId: at, RoutingProfileId: own, DefaultOutboundQueueId: c.sent("default_outbound_queue_id"),
			})
		}
		if changed("name", "description") {
			ask(p.t, p.client.UpdateRoutingProfileName, &connect.UpdateRoutingProfileNameInput{
				InstanceId: at, RoutingProfileId: own, Name: c.sent("name"), Description: c.sent("description"),
			})
		}
		if changed("queue_configs") {
			is, want := queueConfigs(state.set("queue_configs")), c.set("queue_configs")
			for chunk := range slices.Chunk(is.lacks(want), queuesAtOnce) {
				var references []types.RoutingProfileQueueReference
				for _, one := range chunk {
					references = append(references, *queueReference(one.(values)))
				}
				ask(p.t, p.client.DisassociateRoutingProfileQueues, &connect.DisassociateRoutingProfileQueuesInput{InstanceId: at, RoutingProfileId: own, QueueReferences: references})
			}
			p.associateQueues(at, own, want.lacks(is))
		}
	},
	remove: func(p *provider, state values) {
		at, own := keyOf(state)
		ask(p.t, p.client.DeleteRoutingProfile, &connect.DeleteRoutingProfileInput{InstanceId: at, RoutingProfileId: own})
	},
	find: func(p *provider, state values) []string {
		return in(state.text("instance_id"), named(p, connect.NewListRoutingProfilesPaginator(p.client, &connect.ListRoutingProfilesInput{InstanceId: state.sent("instance_id"), MaxResults: listPage}),
			func(out *connect.ListRoutingProfilesOutput) []types.RoutingProfileSummary {
				return out.RoutingProfileSummaryList
			},
			func(s *types.RoutingProfileSummary) (name, id *string) { return s.Name, s.Id }, state.text("name")))
	},
}

func expandQuickConnect(c values) *types.QuickConnectConfig {
	config := c.block("quick_connect_config")
	out := &types.QuickConnectConfig{QuickConnectType: types.QuickConnectType(config.text("quick_connect_type"))}
	switch out.QuickConnectType {
	case types.QuickConnectTypePhoneNumber:
		out.PhoneConfig = &types.PhoneNumberQuickConnectConfig{PhoneNumber: config.block("phone_config").sent("phone_number")}
	case types.QuickConnectTypeQueue:
		queue := config.block("queue_config")
		out.QueueConfig = &types.QueueQuickConnectConfig{QueueId: queue.sent("queue_id"), ContactFlowId: queue.sent("contact_flow_id")}
	case types.QuickConnectTypeUser:
		user := config.block("user_config")
		out.UserConfig = &types.UserQuickConnectConfig{UserId: user.sent("user_id"), ContactFlowId: user.sent("contact_flow_id")}
	}
	return out
}

var terraformQuickConnect = &resource{
	computed: "arn quick_connect_id", replace: "instance_id", tagged: true,
	create: func(p *provider, c values) string {
		out := ask(p.t, p.client.CreateQuickConnect, &connect.CreateQuickConnectInput{
			InstanceId: c.sent("instance_id"), Name: c.sent("name"), Description: c.given("description"), QuickConnectConfig: expandQuickConnect(c), Tags: p.tagsOf(c),
		})
		return p.join(c.text("instance_id"), out.QuickConnectId)
	},
	read: func(p *provider, id string) (values, error) {
		state, at, own := key(id)
		out, err := p.client.DescribeQuickConnect(p.t.Context(), &connect.DescribeQuickConnectInput{InstanceId: at, QuickConnectId: own})
		if err != nil {
			return nil, err
		}
		q := must(p, "QuickConnect", out.QuickConnect)
		has := must(p, "QuickConnectConfig", q.QuickConnectConfig)
		config := values{"quick_connect_type": string(has.QuickConnectType)}
		switch has.QuickConnectType {
		case types.QuickConnectTypePhoneNumber:
			config["phone_config"] = values{"phone_number": aws.ToString(must(p, "PhoneConfig", has.PhoneConfig).PhoneNumber)}
		case types.QuickConnectTypeQueue:
			queue := must(p, "QueueConfig", has.QueueConfig)
			config["queue_config"] = values{"queue_id": aws.ToString(queue.QueueId), "contact_flow_id": aws.ToString(queue.ContactFlowId)}
		case types.QuickConnectTypeUser:
			user := must(p, "UserConfig", has.UserConfig)
			config["user_config"] = values{"user_id": aws.ToString(user.UserId), "contact_flow_id": aws.ToString(user.ContactFlowId)}
		}
		return state.with(values{
			"arn": aws.ToString(q.QuickConnectARN), "quick_connect_id": aws.ToString(q.QuickConnectId), "name": aws.ToString(q.Name),
			"description": aws.ToString(q.Description), "quick_connect_config": config, "tags_all": tags(q.Tags),
		}), nil
	},
	update: func(p *provider, state, c values, changed func(...string) bool) {
		at, own := keyOf(state)
		if changed("name", "description") {
			ask(p.t, p.client.UpdateQuickConnectName, &connect.UpdateQuickConnectNameInput{
				InstanceId: at, QuickConnectId: own, Name: c.sent("name"), Description: c.sent("description"),
			})
		}
		if changed("quick_connect_config") {
			ask(p.t, p.client.UpdateQuickConnectConfig, &connect.UpdateQuickConnectConfigInput{InstanceId: at, QuickConnectId: own, QuickConnectConfig: expandQuickConnect(c)})
		}
	},
	remove: func(p *provider, state values) {
		at, own := keyOf(state)
		ask(p.t, p.client.DeleteQuickConnect, &connect.DeleteQuickConnectInput{InstanceId: at, QuickConnectId: own})
	},
	find: func(p *provider, state values) []string {
		return in(state.text("instance_id"), named(p, connect.NewListQuickConnectsPaginator(p.client, &connect.ListQuickConnectsInput{InstanceId: state.sent("instance_id"), MaxResults: listPage}),
			func(out *connect.ListQuickConnectsOutput) []types.QuickConnectSummary {
				return out.QuickConnectSummaryList
			},
			func(s *types.QuickConnectSummary) (name, id *string) { return s.Name, s.Id }, state.text("name")))
	},
}

var terraformSecurityProfile = &resource{
	computed: "arn security_profile_id", optional: "organization_resource_id", replace: "instance_id name", tagged: true,
	create: func(p *provider, c values) string {
		in := &connect.CreateSecurityProfileInput{InstanceId: c.sent("instance_id"), SecurityProfileName: c.sent("name"), Description: c.given("description"), Tags: p.tagsOf(c)}
		if permissions := c.texts("permissions"); len(permissions) > 0 {
			in.Permissions = permissions
		}
		return p.join(c.text("instance_id"), ask(p.t, p.client.CreateSecurityProfile, in).SecurityProfileId)
	},
	read: func(p *provider, id string) (values, error) {
		state, at, own := key(id)
		out, err := p.client.DescribeSecurityProfile(p.t.Context(), &connect.DescribeSecurityProfileInput{InstanceId: at, SecurityProfileId: own})
		if err != nil {
			return nil, err
		}
		s := must(p, "SecurityProfile", out.SecurityProfile)
		permissions, err := listed(p, connect.NewListSecurityProfilePermissionsPaginator(p.client, &connect.ListSecurityProfilePermissionsInput{
			InstanceId: at, SecurityProfileId: own, MaxResults: listPage,
		}), func(out *connect.ListSecurityProfilePermissionsOutput) []string { return out.Permissions })
		return state.with(values{
			"arn": aws.ToString(s.Arn), "security_profile_id": aws.ToString(s.Id), "name": aws.ToString(s.SecurityProfileName), "description": aws.ToString(s.Description),
			"organization_resource_id": aws.ToString(s.OrganizationResourceId), "permissions": setOf(permissions), "tags_all": tags(s.Tags),
		}), err
	},
	// It is called also when only the tags changed, and has neither member then.
	update: func(p *provider, state, c values, changed func(...string) bool) {
		at, own := keyOf(state)
		in := &connect.UpdateSecurityProfileInput{InstanceId: at, SecurityProfileId: own}
		if changed("description") {
			in.Description = c.sent("description")
		}
		if changed("permissions") {
			in.Permissions = c.texts("permissions")
		}
		ask(p.t, p.client.UpdateSecurityProfile, in)
	},
	remove: func(p *provider, state values) {
		at, own := keyOf(state)
		ask(p.t, p.client.DeleteSecurityProfile, &connect.DeleteSecurityProfileInput{InstanceId: at, SecurityProfileId: own})
	},
	find: func(p *provider, state values) []string {
		return in(state.text("instance_id"), named(p, connect.NewListSecurityProfilesPaginator(p.client, &connect.ListSecurityProfilesInput{InstanceId: state.sent("instance_id"), MaxResults: listPage}),
			func(out *connect.ListSecurityProfilesOutput) []types.SecurityProfileSummary {
				return out.SecurityProfileSummaryList
			},
			func(s *types.SecurityProfileSummary) (name, id *string) { return s.Name, s.Id }, state.text("name")))
	},
}

func expandIdentity(c values) *types.UserIdentityInfo {
	who := c.block("identity_info")
	if who == nil {
		return nil
	}
	return &types.UserIdentityInfo{FirstName: who.given("first_name"), LastName: who.given("last_name"), Email: who.given("email")}
}

func expandPhone(c values) *types.UserPhoneConfig {
	phone := c.block("phone_config")
	return &types.UserPhoneConfig{
		PhoneType: types.PhoneType(phone.text("phone_type")), AfterContactWorkTimeLimit: phone.number("after_contact_work_time_limit"), AutoAccept: phone.yes("auto_accept"),
		DeskPhoneNumber: phone.given("desk_phone_number"),
	}
}

var terraformUser = &resource{
	computed: "arn user_id", optional: "directory_user_id", replace: "instance_id name directory_user_id", unread: "password", tagged: true,
	same: map[string]func(state, config any) bool{"phone_config": func(state, config any) bool {
		want, _ := config.(values)
		return want.text("phone_type") != "DESK_PHONE" && without("desk_phone_number")(state, config)
	}},
	create: func(p *provider, c values) string {
		out := ask(p.t, p.client.CreateUser, &connect.CreateUserInput{
			InstanceId: c.sent("instance_id"), Username: c.sent("name"), PhoneConfig: expandPhone(c), RoutingProfileId: c.sent("routing_profile_id"),
			SecurityProfileIds: c.texts("security_profile_ids"), DirectoryUserId: c.given("directory_user_id"), HierarchyGroupId: c.given("hierarchy_group_id"),
			IdentityInfo: expandIdentity(c), Password: c.given("password"), Tags: p.tagsOf(c),
		})
		return p.join(c.text("instance_id"), out.UserId)
	},
	read: func(p *provider, id string) (values, error) {
		state, at, own := key(id)
		out, err := p.client.DescribeUser(p.t.Context(), &connect.DescribeUserInput{InstanceId: at, UserId: own})
		if err != nil {
			return nil, err
		}
		u := must(p, "User", out.User)
		state = state.with(values{
			"arn": aws.ToString(u.Arn), "user_id": aws.ToString(u.Id), "name": aws.ToString(u.Username), "directory_user_id": aws.ToString(u.DirectoryUserId),
			"hierarchy_group_id": aws.ToString(u.HierarchyGroupId), "routing_profile_id": aws.ToString(u.RoutingProfileId),
			"security_profile_ids": setOf(u.SecurityProfileIds), "tags_all": tags(u.Tags),
		})
		if who := u.IdentityInfo; who != nil {
			state["identity_info"] = values{"first_name": aws.ToString(who.FirstName), "last_name": aws.ToString(who.LastName), "email": aws.ToString(who.Email)}
		}
		if phone := u.PhoneConfig; phone != nil {
			state["phone_config"] = values{
				"phone_type": string(phone.PhoneType), "after_contact_work_time_limit": int(phone.AfterContactWorkTimeLimit), "auto_accept": phone.AutoAccept,
				"desk_phone_number": aws.ToString(phone.DeskPhoneNumber),
			}
		}
		return state, nil
	},
	update: func(p *provider, state, c values, changed func(...string) bool) {
		at, own := keyOf(state)
		if changed("hierarchy_group_id") {
			ask(p.t, p.client.UpdateUserHierarchy, &connect.UpdateUserHierarchyInput{InstanceId: at, UserId: own, HierarchyGroupId: c.given("hierarchy_group_id")})
		}
		if changed("identity_info") {
			ask(p.t, p.client.UpdateUserIdentityInfo, &connect.UpdateUserIdentityInfoInput{InstanceId: at, UserId: own, IdentityInfo: expandIdentity(c)})
		}
		if changed("phone_config") {
			ask(p.t, p.client.UpdateUserPhoneConfig, &connect.UpdateUserPhoneConfigInput{InstanceId: at, UserId: own, PhoneConfig: expandPhone(c)})
		}
		if changed("routing_profile_id") {
			ask(p.t, p.client.UpdateUserRoutingProfile, &connect.UpdateUserRoutingProfileInput{InstanceId: at, UserId: own, RoutingProfileId: c.sent("routing_profile_id")})
		}
		if changed("security_profile_ids") {
			ask(p.t, p.client.UpdateUserSecurityProfiles, &connect.UpdateUserSecurityProfilesInput{InstanceId: at, UserId: own, SecurityProfileIds: c.texts("security_profile_ids")})
		}
	},
	remove: func(p *provider, state values) {
		at, own := keyOf(state)
		ask(p.t, p.client.DeleteUser, &connect.DeleteUserInput{InstanceId: at, UserId: own})
	},
	find: func(p *provider, state values) []string {
		return in(state.text("instance_id"), named(p, connect.NewListUsersPaginator(p.client, &connect.ListUsersInput{InstanceId: state.sent("instance_id"), MaxResults: listPage}),
			func(out *connect.ListUsersOutput) []types.UserSummary { return out.UserSummaryList },
			func(s *types.UserSummary) (name, id *string) { return s.Username, s.Id }, state.text("name")))
	},
}

// A hierarchy structure has the id of its instance. To destroy it is to update it to no levels; a read finds it without levels then.
var terraformStructure = &resource{
	replace: "instance_id", same: map[string]func(state, config any) bool{"hierarchy_structure": without("id", "arn")},
	remains: values{"hierarchy_structure": values{}},
	create: func(p *provider, c values) string {
		p.updateStructure(c)
		return c.text("instance_id")
	},
	read: func(p *provider, id string) (values, error) {
		out, err := p.client.DescribeUserHierarchyStructure(p.t.Context(), &connect.DescribeUserHierarchyStructureInput{InstanceId: aws.String(id)})
		if err != nil {
			return nil, err
		}
		has, levels := must(p, "HierarchyStructure", out.HierarchyStructure), values{}
		for name, level := range map[string]*types.HierarchyLevel{
			"level_one": has.LevelOne, "level_two": has.LevelTwo, "level_three": has.LevelThree, "level_four": has.LevelFour, "level_five": has.LevelFive,
		} {
			if level != nil {
				levels[name] = values{"name": aws.ToString(level.Name), "id": *must(p, "Id", level.Id), "arn": *must(p, "Arn", level.Arn)}
			}
		}
		return values{"instance_id": id, "hierarchy_structure": levels}, nil
	},
	update: func(p *provider, _, c values, changed func(...string) bool) {
		if changed("hierarchy_structure") {
			p.updateStructure(c)
		}
	},
	remove: func(p *provider, state values) {
		ask(p.t, p.client.UpdateUserHierarchyStructure, &connect.UpdateUserHierarchyStructureInput{
			InstanceId: state.sent("instance_id"), HierarchyStructure: &types.HierarchyStructureUpdate{},
		})
	},
}

func (p *provider) updateStructure(c values) {
	p.t.Helper()
	level := func(name string) *types.HierarchyLevelUpdate {
		if level := c.block("hierarchy_structure").block(name); level != nil {
			return &types.HierarchyLevelUpdate{Name: level.sent("name")}
		}
		return nil
	}
	ask(p.t, p.client.UpdateUserHierarchyStructure, &connect.UpdateUserHierarchyStructureInput{
		InstanceId: c.sent("instance_id"), HierarchyStructure: &types.HierarchyStructureUpdate{
			LevelOne: level("level_one"), LevelTwo: level("level_two"), LevelThree: level("level_three"), LevelFour: level("level_four"), LevelFive: level("level_five"),
		},
	})
}

var terraformGroup = &resource{
	computed: "arn hierarchy_group_id level_id hierarchy_path", replace: "instance_id parent_group_id", unread: "parent_group_id", tagged: true,
	create: func(p *provider, c values) string {
		out := ask(p.t, p.client.CreateUserHierarchyGroup, &connect.CreateUserHierarchyGroupInput{
			InstanceId: c.sent("instance_id"), Name: c.sent("name"), ParentGroupId: c.given("parent_group_id"), Tags: p.tagsOf(c),
		})
		return p.join(c.text("instance_id"), out.HierarchyGroupId)
	},
	read: func(p *provider, id string) (values, error) {
		state, at, own := key(id)
		out, err := p.client.DescribeUserHierarchyGroup(p.t.Context(), &connect.DescribeUserHierarchyGroupInput{InstanceId: at, HierarchyGroupId: own})
		if err != nil {
			return nil, err
		}
		g := must(p, "HierarchyGroup", out.HierarchyGroup)
		has, path := must(p, "HierarchyPath", g.HierarchyPath), values{}
		for name, group := range map[string]*types.HierarchyGroupSummary{
			"level_one": has.LevelOne, "level_two": has.LevelTwo, "level_three": has.LevelThree, "level_four": has.LevelFour, "level_five": has.LevelFive,
		} {
			if group != nil {
				path[name] = values{"name": *must(p, "Name", group.Name), "id": *must(p, "Id", group.Id), "arn": *must(p, "Arn", group.Arn)}
			}
		}
		return state.with(values{
			"arn": aws.ToString(g.Arn), "hierarchy_group_id": aws.ToString(g.Id), "name": aws.ToString(g.Name), "level_id": aws.ToString(g.LevelId),
			"hierarchy_path": path, "tags_all": tags(g.Tags),
		}), nil
	},
	update: func(p *provider, state, c values, changed func(...string) bool) {
		at, own := keyOf(state)
		if changed("name") {
			ask(p.t, p.client.UpdateUserHierarchyGroupName, &connect.UpdateUserHierarchyGroupNameInput{InstanceId: at, HierarchyGroupId: own, Name: c.sent("name")})
		}
	},
	remove: func(p *provider, state values) {
		at, own := keyOf(state)
		ask(p.t, p.client.DeleteUserHierarchyGroup, &connect.DeleteUserHierarchyGroupInput{InstanceId: at, HierarchyGroupId: own})
	},
	find: func(p *provider, state values) []string {
		return in(state.text("instance_id"), named(p, connect.NewListUserHierarchyGroupsPaginator(p.client, &connect.ListUserHierarchyGroupsInput{InstanceId: state.sent("instance_id"), MaxResults: listPage}),
			func(out *connect.ListUserHierarchyGroupsOutput) []types.HierarchyGroupSummary {
				return out.UserHierarchyGroupSummaryList
			},
			func(s *types.HierarchyGroupSummary) (name, id *string) { return s.Name, s.Id }, state.text("name")))
	},
}

func expandStorage(c values) *types.InstanceStorageConfig {
	config := c.block("storage_config")
	out := &types.InstanceStorageConfig{StorageType: types.StorageType(config.text("storage_type"))}
	encryption := func(of values) *types.EncryptionConfig {
		if e := of.block("encryption_config"); e != nil {
			return &types.EncryptionConfig{EncryptionType: types.EncryptionType(e.text("encryption_type")), KeyId: e.sent("key_id")}
		}
		return nil
	}
	if s3 := config.block("s3_config"); s3 != nil {
		out.S3Config = &types.S3Config{BucketName: s3.sent("bucket_name"), BucketPrefix: s3.sent("bucket_prefix"), EncryptionConfig: encryption(s3)}
	}
	if stream := config.block("kinesis_stream_config"); stream != nil {
		out.KinesisStreamConfig = &types.KinesisStreamConfig{StreamArn: stream.sent("stream_arn")}
	}
	if hose := config.block("kinesis_firehose_config"); hose != nil {
		out.KinesisFirehoseConfig = &types.KinesisFirehoseConfig{FirehoseArn: hose.sent("firehose_arn")}
	}
	if video := config.block("kinesis_video_stream_config"); video != nil {
		out.KinesisVideoStreamConfig = &types.KinesisVideoStreamConfig{
			EncryptionConfig: encryption(video), Prefix: video.sent("prefix"), RetentionPeriodHours: video.number("retention_period_hours"),
		}
	}
	return out
}

func storageKey(id string) (instance, association string, of types.InstanceStorageResourceType) {
	instance, rest := divide(id)
	association, kind := divide(rest)
	return instance, association, types.InstanceStorageResourceType(kind)
}

var terraformStorage = &resource{
	computed: "association_id", replace: "instance_id resource_type",
	same: map[string]func(state, config any) bool{"storage_config": func(state, config any) bool {
		is, _ := state.(values)
		want, _ := config.(values)
		prefix := want.block("kinesis_video_stream_config").text("prefix")
		return prefix != "" && strings.HasPrefix(is.block("kinesis_video_stream_config").text("prefix"), prefix) && without("prefix")(state, config)
	}},
	create: func(p *provider, c values) string {
		out := ask(p.t, p.client.AssociateInstanceStorageConfig, &connect.AssociateInstanceStorageConfigInput{
			InstanceId: c.sent("instance_id"), ResourceType: types.InstanceStorageResourceType(c.text("resource_type")), StorageConfig: expandStorage(c),
		})
		return p.join(c.text("instance_id"), out.AssociationId) + ":" + c.text("resource_type")
	},
	read: func(p *provider, id string) (values, error) {
		at, association, of := storageKey(id)
		out, err := p.client.DescribeInstanceStorageConfig(p.t.Context(), &connect.DescribeInstanceStorageConfigInput{
			InstanceId: aws.String(at), AssociationId: aws.String(association), ResourceType: of,
		})
		if err != nil {
			return nil, err
		}
		has := must(p, "StorageConfig", out.StorageConfig)
		config := values{"storage_type": string(has.StorageType)}
		encryption := func(e *types.EncryptionConfig) values {
			if e == nil {
				return nil
			}
			return values{"encryption_type": string(e.EncryptionType), "key_id": aws.ToString(e.KeyId)}
		}
		if s3 := has.S3Config; s3 != nil {
			config["s3_config"] = values{"bucket_name": aws.ToString(s3.BucketName), "bucket_prefix": aws.ToString(s3.BucketPrefix), "encryption_config": encryption(s3.EncryptionConfig)}
		}
		if stream := has.KinesisStreamConfig; stream != nil {
			config["kinesis_stream_config"] = values{"stream_arn": aws.ToString(stream.StreamArn)}
		}
		if hose := has.KinesisFirehoseConfig; hose != nil {
			config["kinesis_firehose_config"] = values{"firehose_arn": aws.ToString(hose.FirehoseArn)}
		}
		if video := has.KinesisVideoStreamConfig; video != nil {
			config["kinesis_video_stream_config"] = values{
				"prefix": aws.ToString(video.Prefix), "retention_period_hours": int(video.RetentionPeriodHours), "encryption_config": encryption(video.EncryptionConfig),
			}
		}
		return values{"instance_id": at, "resource_type": string(of), "association_id": aws.ToString(has.AssociationId), "storage_config": config}, nil
	},
	update: func(p *provider, state, c values, changed func(...string) bool) {
		at, association, of := storageKey(state.text("id"))
		if changed("storage_config") {
			ask(p.t, p.client.UpdateInstanceStorageConfig, &connect.UpdateInstanceStorageConfigInput{
				InstanceId: aws.String(at), AssociationId: aws.String(association), ResourceType: of, StorageConfig: expandStorage(c),
			})
		}
	},
	remove: func(p *provider, state values) {
		at, association, of := storageKey(state.text("id"))
		ask(p.t, p.client.DisassociateInstanceStorageConfig, &connect.DisassociateInstanceStorageConfigInput{
			InstanceId: aws.String(at), AssociationId: aws.String(association), ResourceType: of,
		})
	},
}

func (p *provider) phoneNumberStatus(id string) func() (string, error) {
	return func() (string, error) {
		out, err := p.client.DescribePhoneNumber(p.t.Context(), &connect.DescribePhoneNumberInput{PhoneNumberId: aws.String(id)})
		if err != nil {
			return "", err
		}
		number := must(p, "ClaimedPhoneNumberSummary", out.ClaimedPhoneNumberSummary)
		return string(must(p, "PhoneNumberStatus", number.PhoneNumberStatus).Status), nil
	}
}

var terraformPhoneNumber = &resource{
	computed: "arn phone_number status", replace: "country_code type prefix description", unread: "prefix", tagged: true,
	create: func(p *provider, c values) string {
		found := ask(p.t, p.client.SearchAvailablePhoneNumbers, &connect.SearchAvailablePhoneNumbersInput{
			MaxResults: aws.Int32(1), TargetArn: c.sent("target_arn"), PhoneNumberCountryCode: types.PhoneNumberCountryCode(c.text("country_code")),
			PhoneNumberType: types.PhoneNumberType(c.text("type")), PhoneNumberPrefix: c.given("prefix"),
		})
		if len(found.AvailableNumbersList) == 0 {
			p.t.Fatalf("no phone number is available for %v", c)
		}
		out := ask(p.t, p.client.ClaimPhoneNumber, &connect.ClaimPhoneNumberInput{
			TargetArn: c.sent("target_arn"), PhoneNumber: found.AvailableNumbersList[0].PhoneNumber, PhoneNumberDescription: c.given("description"),
			Tags: p.tagsOf(c), ClientToken: uuid(),
		})
		id := *must(p, "PhoneNumberId", out.PhoneNumberId)
		p.await("the phone number", p.phoneNumberStatus(id), "IN_PROGRESS", "CLAIMED")
		return id
	},
	read: func(p *provider, id string) (values, error) {
		out, err := p.client.DescribePhoneNumber(p.t.Context(), &connect.DescribePhoneNumberInput{PhoneNumberId: aws.String(id)})
		if err != nil {
			return nil, err
		}
		n := must(p, "ClaimedPhoneNumberSummary", out.ClaimedPhoneNumberSummary)
		status := must(p, "PhoneNumberStatus", n.PhoneNumberStatus)
		return values{
			"arn": aws.ToString(n.PhoneNumberArn), "phone_number": aws.ToString(n.PhoneNumber), "country_code": string(n.PhoneNumberCountryCode), "type": string(n.PhoneNumberType),
			"description": aws.ToString(n.PhoneNumberDescription), "target_arn": aws.ToString(n.TargetArn),
			"status": values{"status": string(status.Status), "message": aws.ToString(status.Message)}, "tags_all": tags(n.Tags),
		}, nil
	},
	update: func(p *provider, state, c values, changed func(...string) bool) {
		if changed("target_arn") {
			ask(p.t, p.client.UpdatePhoneNumber, &connect.UpdatePhoneNumberInput{PhoneNumberId: state.sent("id"), TargetArn: c.sent("target_arn"), ClientToken: uuid()})
		}
		p.await("the phone number", p.phoneNumberStatus(state.text("id")), "IN_PROGRESS", "CLAIMED")
	},
	remove: func(p *provider, state values) {
		ask(p.t, p.client.ReleasePhoneNumber, &connect.ReleasePhoneNumberInput{PhoneNumberId: state.sent("id"), ClientToken: uuid()})
		p.await("the release of the phone number", p.phoneNumberStatus(state.text("id")), "IN_PROGRESS")
	},
}

// A phone number's association with a flow has the id <number>,<instance>,<flow>.
var terraformNumberFlow = &resource{
	replace: "phone_number_id instance_id contact_flow_id",
	create: func(p *provider, c values) string {
		ask(p.t, p.client.AssociatePhoneNumberContactFlow, &connect.AssociatePhoneNumberContactFlowInput{
			PhoneNumberId: c.sent("phone_number_id"), InstanceId: c.sent("instance_id"), ContactFlowId: c.sent("contact_flow_id"),
		})
		return strings.Join([]string{c.text("phone_number_id"), c.text("instance_id"), c.text("contact_flow_id")}, ",")
	},
	read: func(p *provider, id string) (values, error) {
		parts := strings.Split(id, ",")
		number, err := p.client.DescribePhoneNumber(p.t.Context(), &connect.DescribePhoneNumberInput{PhoneNumberId: &parts[0]})
		if err != nil {
			return nil, err
		}
		flow, err := p.client.DescribeContactFlow(p.t.Context(), &connect.DescribeContactFlowInput{InstanceId: &parts[1], ContactFlowId: &parts[2]})
		if err != nil {
			return nil, err
		}
		all, err := listed(p, connect.NewListFlowAssociationsPaginator(p.client, &connect.ListFlowAssociationsInput{
			InstanceId: &parts[1], ResourceType: types.ListFlowAssociationResourceTypeVoicePhoneNumber, MaxResults: listPage,
		}), func(out *connect.ListFlowAssociationsOutput) []types.FlowAssociationSummary {
			return out.FlowAssociationSummaryList
		})
		if err != nil {
			return nil, err
		}
		for _, a := range all {
			if aws.ToString(a.ResourceId) == aws.ToString(number.ClaimedPhoneNumberSummary.PhoneNumberArn) && aws.ToString(a.FlowId) == aws.ToString(flow.ContactFlow.Arn) {
				return values{"phone_number_id": parts[0], "instance_id": parts[1], "contact_flow_id": parts[2]}, nil
			}
		}
		return nil, errGone
	},
	remove: func(p *provider, state values) {
		ask(p.t, p.client.DisassociatePhoneNumberContactFlow, &connect.DisassociatePhoneNumberContactFlowInput{
			PhoneNumberId: state.sent("phone_number_id"), InstanceId: state.sent("instance_id"),
		})
	},
}

func (p *provider) vocabulary(ctx context.Context, id string) (*types.Vocabulary, error) {
	_, at, own := key(id)
	out, err := p.client.DescribeVocabulary(ctx, &connect.DescribeVocabularyInput{InstanceId: at, VocabularyId: own})
	if err != nil {
		return nil, err
	}
	return must(p, "Vocabulary", out.Vocabulary), nil
}

func (p *provider) vocabularyState(id string) func() (string, error) {
	return func() (string, error) {
		v, err := p.vocabulary(p.t.Context(), id)
		if err != nil {
			return "", err
		}
		return string(v.State), nil
	}
}

var terraformVocabulary = &resource{
	computed: "arn vocabulary_id state last_modified_time", optional: "failure_reason", replace: "instance_id name content language_code", tagged: true,
	create: func(p *provider, c values) string {
		out := ask(p.t, p.client.CreateVocabulary, &connect.CreateVocabularyInput{
			ClientToken: uniqueID(), InstanceId: c.sent("instance_id"), VocabularyName: c.sent("name"), LanguageCode: types.VocabularyLanguageCode(c.text("language_code")),
			Content: c.sent("content"), Tags: p.tagsOf(c),
		})
		id := p.join(c.text("instance_id"), out.VocabularyId)
		p.await("the vocabulary", p.vocabularyState(id), "CREATION_IN_PROGRESS", "ACTIVE", "CREATION_FAILED")
		return id
	},
	read: func(p *provider, id string) (values, error) {
		state, _, _ := key(id)
		v, err := p.vocabulary(p.t.Context(), id)
		if err != nil {
			return nil, err
		}
		return state.with(values{
			"arn": aws.ToString(v.Arn), "vocabulary_id": aws.ToString(v.Id), "name": aws.ToString(v.Name), "content": aws.ToString(v.Content), "language_code": string(v.LanguageCode),
			"state": string(v.State), "last_modified_time": must(p, "LastModifiedTime", v.LastModifiedTime).String(), "failure_reason": aws.ToString(v.FailureReason),
			"tags_all": tags(v.Tags),
		}), nil
	},
	remove: func(p *provider, state values) {
		at, own := keyOf(state)
		ask(p.t, p.client.DeleteVocabulary, &connect.DeleteVocabularyInput{InstanceId: at, VocabularyId: own})
		p.await("the end of the vocabulary", p.vocabularyState(state.text("id")), "DELETE_IN_PROGRESS")
	},
	find: func(p *provider, state values) []string {
		return in(state.text("instance_id"), named(p, connect.NewSearchVocabulariesPaginator(p.client, &connect.SearchVocabulariesInput{
			InstanceId: state.sent("instance_id"), NameStartsWith: state.sent("name"), MaxResults: listPage,
		}), func(out *connect.SearchVocabulariesOutput) []types.VocabularySummary {
			return out.VocabularySummaryList
		},
			func(s *types.VocabularySummary) (name, id *string) { return s.Name, s.Id }, state.text("name")))
	},
}
