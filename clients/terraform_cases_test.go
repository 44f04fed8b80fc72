package clients

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
)

// world is an instance that the stand-in has made, with what the cases refer to.
type world struct {
	p        *provider
	account  string
	instance *managed
	second   *managed // another instance
	id, arn  string   // of the instance

	hours, queue, profile, agent, manager string // what every instance has
	otherHours, otherProfile, otherQueue  string
	flow, otherFlow                       string
	quickConnects                         []string
	queues                                []string
	number, otherNumber                   string // phone numbers
	user, otherUser                       string
	group, otherGroup                     string // of the user hierarchy
}

const (
	instanceAlias = "terraform-cases"
	firehoseCase  = "instance_storage_config of Firehose"
)

// made applies a configuration of something that cases refer to, and returns its own id.
func (w *world) made(of *resource, c values) string {
	w.p.t.Helper()
	m := &managed{resource: of, p: w.p}
	m.apply(c)
	m.settled("after it was created for the cases", c)
	id := m.state.text("id")
	return strings.TrimPrefix(id, w.id+":")
}

// found is the one of a name that a data source finds.
func (w *world) found(of *resource, name string) string { return w.foundIn(w.instance, of, name) }

func (w *world) foundIn(instance *managed, of *resource, name string) string {
	w.p.t.Helper()
	at := instance.state.text("id")
	ids := of.find(w.p, values{"instance_id": at, "name": name})
	if len(ids) != 1 {
		w.p.t.Fatalf("the data source finds %q for the name %s, want one", ids, name)
	}
	return strings.TrimPrefix(ids[0], at+":")
}

func newWorld(p *provider, account string) *world {
	p.t.Helper()
	w := &world{p: p, account: account, instance: &managed{resource: terraformInstance, p: p}}
	w.instance.apply(values{
		"identity_management_type": "CONNECT_MANAGED", "instance_alias": instanceAlias, "inbound_calls_enabled": true, "outbound_calls_enabled": true,
	})
	w.second = &managed{resource: terraformInstance, p: p}
	w.second.apply(values{"identity_management_type": "SAML", "instance_alias": "terraform-second", "inbound_calls_enabled": true, "outbound_calls_enabled": true})
	w.id, w.arn = w.instance.state.text("id"), w.instance.state.text("arn")
	w.hours, w.queue = w.found(terraformHours, "Basic Hours"), w.found(terraformQueue, "BasicQueue")
	w.profile = w.found(terraformRoutingProfile, "Basic Routing Profile")
	w.agent, w.manager = w.found(terraformSecurityProfile, "Agent"), w.found(terraformSecurityProfile, "CallCenterManager")

	w.otherHours = w.made(terraformHours, values{"instance_id": w.id, "name": "Nights", "time_zone": "UTC", "config": set{day("MONDAY", 22, 0, 23, 59)}})
	w.flow = w.made(terraformContactFlow, values{"instance_id": w.id, "name": "Greets", "content": *saying("Hello", disconnects)})
	w.otherFlow = w.made(terraformContactFlow, values{"instance_id": w.id, "name": "Parts", "content": *saying("Goodbye", disconnects)})
	for n := range 12 {
		w.queues = append(w.queues, w.made(terraformQueue, values{"instance_id": w.id, "name": fmt.Sprintf("Queue %d", n), "hours_of_operation_id": w.hours}))
	}
	w.otherQueue = w.queues[0]
	for n := range 4 {
		w.quickConnects = append(w.quickConnects, w.made(terraformQuickConnect, values{
			"instance_id": w.id, "name": fmt.Sprintf("Desk %d", n), "quick_connect_config": phoneQuickConnect(fmt.Sprintf("+1206555010%d", n)),
		}))
	}
	w.otherProfile = w.made(terraformRoutingProfile, w.routingProfile("Chats alone"))
	for _, number := range []*string{&w.number, &w.otherNumber} {
		*number = w.made(terraformPhoneNumber, values{"target_arn": w.arn, "country_code": "US", "type": "DID"})
	}
	w.user = w.made(terraformUser, w.userConfig("ana"))
	w.otherUser = w.made(terraformUser, w.userConfig("ben"))
	p.updateStructure(values{"instance_id": w.id, "hierarchy_structure": values{"level_one": values{"name": "Country"}, "level_two": values{"name": "City"}}})
	w.group = w.made(terraformGroup, values{"instance_id": w.id, "name": "Spain"})
	w.otherGroup = w.made(terraformGroup, values{"instance_id": w.id, "name": "Poland"})
	return w
}

const returns = `"Type":"EndFlowModuleExecution","Parameters":{}`

func day(name string, fromHours, fromMinutes, tillHours, tillMinutes int) values {
	return values{
		"day": name, "start_time": values{"hours": fromHours, "minutes": fromMinutes}, "end_time": values{"hours": tillHours, "minutes": tillMinutes},
	}
}

func phoneQuickConnect(number string) values {
	return values{"quick_connect_type": "PHONE_NUMBER", "phone_config": values{"phone_number": number}}
}

func routed(channel, queue string, delay, priority int) values {
	return values{"channel": channel, "queue_id": queue, "delay": delay, "priority": priority}
}

func concurrency(channel string, n int) values { return values{"channel": channel, "concurrency": n} }

func (w *world) routingProfile(name string) values {
	return values{
		"instance_id": w.id, "name": name, "description": "made by a configuration", "default_outbound_queue_id": w.queue,
		"media_concurrencies": set{concurrency("CHAT", 3)},
	}
}

func (w *world) userConfig(name string) values {
	return values{
		"instance_id": w.id, "name": name, "password": "Password123", "routing_profile_id": w.profile, "security_profile_ids": set{w.agent},
		"identity_info": values{"first_name": "Ana", "last_name": "Example"}, "phone_config": values{"phone_type": "SOFT_PHONE"},
	}
}

// file is a file with a text.
func (w *world) file(name, text string) string {
	path := filepath.Join(w.p.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.p.t.Fatal(err)
	}
	return path
}

// spaced is JSON that means the same and is written otherwise.
func spaced(text *string) string { return "\n  " + strings.ReplaceAll(*text, `,`, " ,\n\t") + "\n" }

func (w *world) stories() []story {
	const lambda = "arn:aws:lambda:us-east-1:123456789012:function:"
	prefix := "arn:aws:connect:us-east-1:" + w.account + ":instance/"
	with := func(v values) values { return v.with(values{"instance_id": w.id}) }
	storage := func(of string, config values) values {
		return with(values{"resource_type": of, "storage_config": config})
	}
	levels := func(names ...string) values {
		structure := values{}
		for i, level := range []string{"level_one", "level_two", "level_three", "level_four", "level_five"}[:len(names)] {
			structure[level] = values{"name": names[i]}
		}
		return values{"hierarchy_structure": structure}
	}
	// Ten queues and more go to the server in chunks.
	var chat, voice set
	for i, queue := range w.queues {
		chat = append(chat, routed("CHAT", queue, i, i%9+1))
		voice = append(voice, routed("VOICE", queue, 0, 1))
	}
	var regional set
	for i, name := range []string{"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"} {
		regional = append(regional, day(name, 8+i, 15, 17, 30))
	}
	encrypted := values{"encryption_type": "KMS", "key_id": "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-4333-8333-333333333333"}
	stream := func(name string) values {
		return values{"storage_type": "KINESIS_STREAM", "kinesis_stream_config": values{"stream_arn": "arn:aws:kinesis:us-east-1:123456789012:stream/" + name}}
	}
	hose := func(name string) values {
		return values{"storage_type": "KINESIS_FIREHOSE", "kinesis_firehose_config": values{"firehose_arn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/" + name}}
	}
	video := func(prefix string, hours int) values {
		return values{"storage_type": "KINESIS_VIDEO_STREAM", "kinesis_video_stream_config": values{
			"prefix": prefix, "retention_period_hours": hours, "encryption_config": encrypted,
		}}
	}
	return []story{
		{
			name: "instance", of: terraformInstance,
			config: values{
				"identity_management_type": "CONNECT_MANAGED", "instance_alias": "terraform-case", "inbound_calls_enabled": true, "outbound_calls_enabled": true,
			},
			changed: values{
				"auto_resolve_best_voices_enabled": false, "contact_flow_logs_enabled": true, "contact_lens_enabled": false, "early_media_enabled": false,
				"inbound_calls_enabled": false, "multi_party_conference_enabled": true, "outbound_calls_enabled": false,
			},
			replaced: values{"instance_alias": "terraform-case-renamed"},
			check: func(p *provider, state values) {
				equal(p.t, "arn", state.text("arn"), prefix+state.text("id"))
				equal(p.t, "status", state.text("status"), "ACTIVE")
				if role := "arn:aws:iam::" + w.account + ":role/aws-service-role/connect.amazonaws.com/"; !strings.HasPrefix(state.text("service_role"), role) {
					p.t.Errorf("service_role is %s, want it to begin with %s", state.text("service_role"), role)
				}
			},
		},
		{
			name: "instance without calls", of: terraformInstance,
			config: values{
				"identity_management_type": "SAML", "instance_alias": "terraform-quiet", "inbound_calls_enabled": false, "outbound_calls_enabled": false,
				"early_media_enabled": false, "contact_flow_logs_enabled": true,
			},
			changed: values{"inbound_calls_enabled": true},
		},
		{
			name: "instance of a directory", of: terraformInstance,
			config: values{
				"identity_management_type": "EXISTING_DIRECTORY", "directory_id": "d-1234567890", "instance_alias": "terraform-directory",
				"inbound_calls_enabled": true, "outbound_calls_enabled": false,
			},
		},
		{
			name: "contact_flow", of: terraformContactFlow,
			config: with(values{"name": "Flow", "description": "says hello", "content": spaced(saying("Hello", disconnects))}),
			changed: values{
				"content": *saying("Hello again", disconnects), "description": nil, "name": "Flow renamed",
			},
			replaced: values{"type": "CUSTOMER_QUEUE", "content": *saying("Please wait", `"Type":"EndFlowExecution","Parameters":{}`)},
			check: func(p *provider, state values) {
				equal(p.t, "arn", state.text("arn"), w.arn+"/contact-flow/"+state.text("contact_flow_id"))
			},
		},
		{
			name: "contact_flow of a file", of: terraformContactFlow,
			config: with(values{"name": "Flow of a file", "filename": w.file("a.json", *saying("From a file", disconnects)), "content_hash": "1"}),
			changed: values{
				"content_hash": "2", "description": "now with a description", "filename": w.file("b.json", *saying("From another file", disconnects)),
			},
		},
		{
			name: "contact_flow_module", of: terraformModule,
			config:  with(values{"name": "Module", "description": "says hello", "content": spaced(saying("Hello", returns))}),
			changed: values{"content": *saying("Hello again", returns), "description": nil, "name": "Module renamed"},
		},
		{
			name: "hours_of_operation", of: terraformHours,
			config: with(values{
				"name": "Hours", "description": "when we work", "time_zone": "EST",
				"config": set{day("TUESDAY", 21, 0, 22, 30), day("MONDAY", 9, 0, 12, 0), day("MONDAY", 12, 0, 17, 0), day("FRIDAY", 0, 0, 0, 0)},
			}),
			changed: values{"config": append(set{day("SATURDAY", 0, 0, 23, 59)}, regional...), "description": nil, "name": "Hours renamed", "time_zone": "Europe/Berlin"},
		},
		{
			name: "hours_of_operation around the clock", of: terraformHours,
			config:  with(values{"name": "Round the clock", "time_zone": "UTC", "config": set{day("SUNDAY", 0, 0, 0, 0), day("MONDAY", 0, 0, 0, 0)}}),
			changed: values{"config": set{day("SUNDAY", 0, 0, 0, 0), day("MONDAY", 0, 0, 12, 0), day("MONDAY", 12, 0, 0, 0)}, "description": "always"},
		},
		{
			name: "lambda_function_association", of: terraformLambda,
			config: with(values{"function_arn": lambda + "orders:live"}), replaced: values{"function_arn": lambda + "orders:7"},
		},
		{
			name: "bot_association", of: terraformBot,
			config:   with(values{"lex_bot": values{"name": "Orders", "lex_region": "us-east-1"}}),
			replaced: values{"lex_bot": values{"name": "Orders", "lex_region": "us-west-2"}},
			// An InvalidRequestException would be repeated for five minutes.
			check: func(p *provider, state values) {
				refused[*types.ResourceConflictException](p.t, p.client.AssociateBot, &connect.AssociateBotInput{InstanceId: &w.id, LexBot: expandBot(state)})
			},
		},
		{
			name: "queue", of: terraformQueue,
			config: with(values{"name": "Queue", "description": "of a configuration", "hours_of_operation_id": w.hours}),
			changed: values{
				"description": nil, "hours_of_operation_id": w.otherHours, "max_contacts": 3, "name": "Queue renamed", "quick_connect_ids": set{w.quickConnects[0]},
			},
			check: func(p *provider, state values) {
				equal(p.t, "arn", state.text("arn"), w.arn+"/queue/"+state.text("queue_id"))
				equal(p.t, "status", state.text("status"), "ENABLED")
			},
		},
		{
			name: "queue with everything", of: terraformQueue,
			config: with(values{
				"name": "Full queue", "hours_of_operation_id": w.hours, "max_contacts": 5, "quick_connect_ids": set{w.quickConnects[0], w.quickConnects[1], w.quickConnects[2]},
				"outbound_caller_config": values{"outbound_caller_id_name": "Shop", "outbound_caller_id_number_id": w.number, "outbound_flow_id": w.flow}, "status": "ENABLED",
			}),
			changed: values{
				"max_contacts": nil, "outbound_caller_config": values{"outbound_caller_id_name": "Shop", "outbound_caller_id_number_id": w.otherNumber},
				"quick_connect_ids": set{w.quickConnects[2], w.quickConnects[3]}, "status": "DISABLED",
			},
		},
		{
			name: "queue that is disabled from its beginning", of: terraformQueue, twice: "status",
			config: with(values{"name": "Closed", "hours_of_operation_id": w.hours, "status": "DISABLED"}), changed: values{"status": "ENABLED"},
		},
		{
			name: "routing_profile", of: terraformRoutingProfile,
			config: w.routingProfile("Profile"),
			changed: values{
				"default_outbound_queue_id": w.otherQueue, "description": "another", "media_concurrencies": set{concurrency("VOICE", 1), concurrency("CHAT", 2), concurrency("TASK", 10)},
				"name": "Profile renamed", "queue_configs": set{routed("CHAT", w.queue, 2, 1), routed("VOICE", w.queue, 0, 1), routed("TASK", w.otherQueue, 0, 5)},
			},
			check: func(p *provider, state values) {
				equal(p.t, "arn", state.text("arn"), w.arn+"/routing-profile/"+state.text("routing_profile_id"))
			},
		},
		{
			name: "routing_profile with many queues", of: terraformRoutingProfile,
			config: w.routingProfile("Busy profile").with(values{
				"media_concurrencies": set{concurrency("CHAT", 5), concurrency("VOICE", 1)}, "queue_configs": append(chat[:11:11], voice...),
			}),
			changed: values{"queue_configs": append(set{routed("CHAT", w.queues[0], 100, 9)}, append(chat[1:4:4], voice[5:]...)...)},
		},
		{
			name: "quick_connect to a phone number", of: terraformQuickConnect,
			config:  with(values{"name": "Shop", "description": "by telephone", "quick_connect_config": phoneQuickConnect("+12065550123")}),
			changed: values{"description": nil, "name": "Shop renamed", "quick_connect_config": phoneQuickConnect("+12065550124")},
		},
		{
			name: "quick_connect to a queue", of: terraformQuickConnect,
			config: with(values{"name": "Waiting", "quick_connect_config": values{
				"quick_connect_type": "QUEUE", "queue_config": values{"queue_id": w.queue, "contact_flow_id": w.flow},
			}}),
			changed: values{"description": "to a queue", "quick_connect_config": values{
				"quick_connect_type": "QUEUE", "queue_config": values{"queue_id": w.otherQueue, "contact_flow_id": w.otherFlow},
			}},
		},
		{
			name: "quick_connect to a user", of: terraformQuickConnect,
			config: with(values{"name": "Ana", "quick_connect_config": values{
				"quick_connect_type": "USER", "user_config": values{"user_id": w.user, "contact_flow_id": w.flow},
			}}),
			changed: values{"name": "Ben", "quick_connect_config": values{
				"quick_connect_type": "USER", "user_config": values{"user_id": w.otherUser, "contact_flow_id": w.flow},
			}},
		},
		{
			name: "security_profile", of: terraformSecurityProfile,
			config:  with(values{"name": "Profile", "description": "of a configuration", "permissions": set{"BasicAgentAccess", "OutboundCallAccess"}}),
			changed: values{"description": nil, "permissions": set{"BasicAgentAccess"}}, replaced: values{"name": "Profile renamed"},
			check: func(p *provider, state values) {
				equal(p.t, "arn", state.text("arn"), w.arn+"/security-profile/"+state.text("security_profile_id"))
			},
		},
		{
			name: "security_profile without permissions", of: terraformSecurityProfile,
			config:  with(values{"name": "May nothing"}),
			changed: values{"description": "may something", "permissions": set{"BasicAgentAccess"}},
		},
		{
			name: "user", of: terraformUser,
			config: w.userConfig("case"),
			changed: values{
				"identity_info": values{"first_name": "Case", "last_name": "Other", "email": "case@example.com"},
				"phone_config":  values{"phone_type": "SOFT_PHONE", "after_contact_work_time_limit": 30, "auto_accept": true}, "routing_profile_id": w.otherProfile,
				"security_profile_ids": set{w.manager, w.agent}, "hierarchy_group_id": w.group,
			},
			replaced: values{"name": "case.renamed"},
			check: func(p *provider, state values) {
				equal(p.t, "arn", state.text("arn"), w.arn+"/agent/"+state.text("user_id"))
				if state.text("directory_user_id") == "" {
					p.t.Error("directory_user_id is not set for a user of an instance that manages its own users")
				}
			},
		},
		{
			name: "user with a desk phone", of: terraformUser,
			config: w.userConfig("desk").with(values{"phone_config": values{"phone_type": "DESK_PHONE", "desk_phone_number": "+12065550199"}}),
			changed: values{
				"password": "Password456", "phone_config": values{"phone_type": "DESK_PHONE", "desk_phone_number": "+12065550198", "after_contact_work_time_limit": 10},
			},
		},
		{
			name: "user of SAML", of: terraformUser,
			config: values{
				"instance_id": w.second.state.text("id"), "name": "saml@example.com", "phone_config": values{"phone_type": "SOFT_PHONE"},
				"routing_profile_id":   w.foundIn(w.second, terraformRoutingProfile, "Basic Routing Profile"),
				"security_profile_ids": set{w.foundIn(w.second, terraformSecurityProfile, "Agent")},
			},
			changed: values{"phone_config": values{"phone_type": "SOFT_PHONE", "auto_accept": true}},
		},
		{
			name: "user in a hierarchy", of: terraformUser,
			config: w.userConfig("placed").with(values{"hierarchy_group_id": w.group}), changed: values{"hierarchy_group_id": w.otherGroup},
		},
		{
			// The structure is that of an instance without groups: levels with groups cannot be taken away.
			name: "user_hierarchy_structure", of: terraformStructure,
			config: levels("Country", "City").with(values{"instance_id": w.second.state.text("id")}), changed: levels("Country", "Town", "Street", "House", "Door"),
		},
		{
			name: "user_hierarchy_group", of: terraformGroup,
			config: with(values{"name": "Germany"}), changed: values{"name": "Italy"},
			check: func(p *provider, state values) {
				equal(p.t, "level_id", state.text("level_id"), "1")
				own := values{"level_one": values{"id": state["hierarchy_group_id"], "arn": state["arn"], "name": "Germany"}}
				if !same(state["hierarchy_path"], own) {
					p.t.Errorf("hierarchy_path is %v, want %v", state["hierarchy_path"], own)
				}
			},
		},
		{
			name: "user_hierarchy_group below another", of: terraformGroup,
			config:  with(values{"name": "Lyon", "parent_group_id": w.group}),
			changed: values{"name": "Paris"}, replaced: values{"parent_group_id": w.otherGroup},
			check: func(p *provider, state values) {
				path := state.block("hierarchy_path")
				equal(p.t, "level_id", state.text("level_id"), "2")
				equal(p.t, "the first level", path.block("level_one").text("id"), w.group)
				equal(p.t, "the last level", path.block("level_two").text("id"), state.text("hierarchy_group_id"))
			},
		},
		{
			name: "instance_storage_config of S3", of: terraformStorage,
			config: storage("CHAT_TRANSCRIPTS", values{"storage_type": "S3", "s3_config": values{"bucket_name": "transcripts", "bucket_prefix": "chats"}}),
			changed: values{"storage_config": values{"storage_type": "S3", "s3_config": values{
				"bucket_name": "other", "bucket_prefix": "chats/2026", "encryption_config": encrypted,
			}}},
		},
		{
			name: "instance_storage_config of a Kinesis stream", of: terraformStorage,
			config:  storage("CONTACT_TRACE_RECORDS", stream("a")),
			changed: values{"storage_config": stream("b")}, replaced: values{"resource_type": "AGENT_EVENTS"},
		},
		{
			name: firehoseCase, of: terraformStorage,
			config: storage("CONTACT_TRACE_RECORDS", hose("a")), changed: values{"storage_config": hose("b")},
		},
		{
			name: "instance_storage_config of Kinesis Video Streams", of: terraformStorage,
			config: storage("MEDIA_STREAMS", video("calls", 0)), changed: values{"storage_config": video("calls", 24)},
			check: func(p *provider, state values) {
				is := state.block("storage_config").block("kinesis_video_stream_config").text("prefix")
				equal(p.t, "prefix", is, "calls-connect-"+instanceAlias+"-contact-")
			},
		},
		{
			name: "phone_number", of: terraformPhoneNumber,
			config:   values{"target_arn": w.arn, "country_code": "US", "type": "DID", "prefix": "+1206", "description": "of a configuration"},
			changed:  values{"target_arn": w.second.state.text("arn")},
			replaced: values{"country_code": "DE", "prefix": nil, "description": nil},
			check: func(p *provider, state values) {
				if number := state.text("phone_number"); !strings.HasPrefix(number, "+1206") {
					p.t.Errorf("phone_number is %s, want one that begins with +1206", number)
				}
			},
		},
		{
			name: "phone_number free of charge", of: terraformPhoneNumber,
			config: values{"target_arn": w.arn, "country_code": "US", "type": "TOLL_FREE"}, changed: values{"target_arn": w.second.state.text("arn")},
		},
		{
			name: "phone_number_contact_flow_association", of: terraformNumberFlow,
			config:   with(values{"phone_number_id": w.number, "contact_flow_id": w.flow}),
			replaced: values{"phone_number_id": w.otherNumber, "contact_flow_id": w.otherFlow},
		},
		{
			name: "approved_origin", of: terraformOrigin,
			config: with(values{"origin": "https://shop.example.com"}), replaced: values{"origin": "http://localhost:3000"},
		},
		{
			name: "vocabulary", of: terraformVocabulary,
			config: with(values{
				"name": "Words", "language_code": "en-US", "content": "Phrase\tIPA\tSoundsLike\tDisplayAs\nLos-Angeles\t\t\tLos Angeles\nF.B.I.\t\teff-bee-eye\tFBI\n",
			}),
			replaced: values{"name": "Words again", "language_code": "de-DE"},
		},
	}
}

// lookUp asks the data sources for what every instance has from its beginning, and for names behind the first page of a list.
func (w *world) lookUp(p *provider) {
	at := w.id
	basics := map[string]values{
		"BasicQueue":            {"description": "A simple, basic voice queue.", "hours_of_operation_id": w.hours, "status": "ENABLED"},
		"Basic Routing Profile": {"description": "A simple routing profile.", "default_outbound_queue_id": w.queue},
		"Agent":                 {"description": "An agent is a user of the system that is focused on customer care and/or sales. Their role is unlikely to be technical."},
	}
	for of, names := range map[*resource][]string{
		terraformHours: {"Basic Hours"}, terraformQueue: {"BasicQueue"}, terraformRoutingProfile: {"Basic Routing Profile"},
		terraformSecurityProfile: {"Admin", "Agent", "CallCenterManager", "QualityAnalyst"},
		terraformContactFlow: {
			"Default agent hold", "Default agent transfer", "Default agent whisper", "Default customer hold", "Default customer queue", "Default customer whisper",
			"Default outbound", "Default queue transfer",
		},
	} {
		for _, name := range names {
			m := &managed{resource: of, p: p}
			m.refresh(at+":"+w.found(of, name), nil)
			if m.state == nil {
				p.t.Errorf("%s is listed and cannot be read", name)
				continue
			}
			equal(p.t, "the name of "+name, m.state.text("name"), name)
			for attribute, want := range basics[name] {
				equal(p.t, attribute+" of "+name, m.state[attribute], want)
			}
		}
	}
	prompts := named(p, connect.NewListPromptsPaginator(p.client, &connect.ListPromptsInput{InstanceId: &at, MaxResults: listPage}),
		func(out *connect.ListPromptsOutput) []types.PromptSummary { return out.PromptSummaryList },
		func(s *types.PromptSummary) (name, id *string) { must(p, "Arn", s.Arn); return s.Name, s.Id }, "Beep.wav")
	equal(p.t, "the prompts named Beep.wav", len(prompts), 1)

	// One page has 60 hours of operation, or 25 functions.
	for n := range 61 {
		ask(p.t, p.client.CreateHoursOfOperation, &connect.CreateHoursOfOperationInput{
			InstanceId: &at, Name: aws.String(fmt.Sprintf("Hours %d", n)), TimeZone: aws.String("UTC"), Config: []types.HoursOfOperationConfig{},
		})
	}
	for n := range 61 {
		name := fmt.Sprintf("Hours %d", n)
		if n%20 == 0 {
			equal(p.t, "the hours named "+name, len(terraformHours.find(p, values{"instance_id": at, "name": name})), 1)
		}
	}
	equal(p.t, "the hours named in another case", len(terraformHours.find(p, values{"instance_id": at, "name": "HOURS 1"})), 0)
	for n := range 26 {
		m := &managed{resource: terraformLambda, p: p}
		c := values{"instance_id": at, "function_arn": fmt.Sprintf("arn:aws:lambda:us-east-1:123456789012:function:f%d", n)}
		m.apply(c)
		m.settled("after it was associated", c)
	}
}

// faults twists answers in the ways that trouble the provider. The stand-in must see every one.
func (w *world) faults(p *provider) {
	stories := map[string]story{}
	for _, s := range w.stories() {
		stories[s.name] = s
	}
	drop := func(name string) func(answer, member map[string]any) {
		return func(_, member map[string]any) { delete(member, name) }
	}
	put := func(name string, value any) func(answer, member map[string]any) {
		return func(_, member map[string]any) { member[name] = value }
	}
	for n, fault := range []struct {
		story, member string
		twist         func(answer, member map[string]any)
		want          string
	}{
		{"instance", "Instance", put("InboundCallsEnabled", false), "DescribeInstance says false of inbound_calls_enabled"},
		{"instance", "Instance", put("InstanceStatus", "CREATION_FAILED"), "unexpected state"},
		{"instance", "Attribute", put("Value", "yes"), "invalid syntax"},
		{"contact_flow", "ContactFlow", put("Content", `{"Version":"2019-10-30"}`), "the plan changes content"},
		{"contact_flow", "ContactFlow", drop("Tags"), "the plan changes tags_all"},
		{"contact_flow", "ContactFlow", put("Id", "arn:aws:connect"), "want " + w.arn + "/contact-flow/arn:aws:connect"},
		{"contact_flow_module", "ContactFlowModule", drop("Description"), "the plan changes description"},
		{"hours_of_operation", "HoursOfOperation", func(_, hours map[string]any) {
			delete(hours["Config"].([]any)[0].(map[string]any), "StartTime")
		}, "StartTime is absent"},
		{"hours_of_operation", "HoursOfOperation", func(_, hours map[string]any) { hours["Config"] = hours["Config"].([]any)[1:] }, "the plan changes config"},
		{"queue", "Queue", put("OutboundCallerConfig", map[string]any{}), "the plan changes outbound_caller_config"},
		{"queue", "Queue", put("MaxContacts", 1), "the plan changes max_contacts"},
		{"queue", "Queue", func(answer, _ map[string]any) { delete(answer, "Queue") }, "empty response: Queue is absent"},
		{"routing_profile", "RoutingProfile", func(_, profile map[string]any) {
			profile["MediaConcurrencies"] = append(profile["MediaConcurrencies"].([]any), map[string]any{"Channel": "TASK", "Concurrency": 1})
		}, "the plan changes media_concurrencies"},
		{"quick_connect to a phone number", "QuickConnect", func(_, connect map[string]any) {
			delete(connect["QuickConnectConfig"].(map[string]any), "PhoneConfig")
		}, "PhoneConfig is absent"},
		{"user", "User", drop("DirectoryUserId"), "directory_user_id is not set"},
		{"user of SAML", "User", put("IdentityInfo", map[string]any{}), "the plan changes identity_info"},
		{"user_hierarchy_structure", "HierarchyStructure", func(answer, _ map[string]any) { delete(answer, "HierarchyStructure") }, "HierarchyStructure is absent"},
		{"user_hierarchy_group", "HierarchyGroup", put("LevelId", "level-1"), "level_id"},
		{"phone_number", "ClaimedPhoneNumberSummary", drop("PhoneNumberStatus"), "PhoneNumberStatus is absent"},
		{"vocabulary", "Vocabulary", drop("LastModifiedTime"), "LastModifiedTime is absent"},
		{"vocabulary", "Vocabulary", put("Content", "Phrase"), "the plan changes content"},
	} {
		s := stories[fault.story]
		s.config = s.config.with(values{"name": fmt.Sprintf("Fault%d", n)})
		if s.of == terraformInstance {
			s.config = s.config.with(values{"name": nil, "instance_alias": fmt.Sprintf("terraform-fault-%d", n)})
		}
		delete(s.changed, "name")
		r := &recorder{TB: p.t}
		options := p.client.Options()
		options.HTTPClient = twisted{unfailing{p.t}, fault.member, fault.twist}
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.play(&provider{t: r, client: connect.New(options)})
		}()
		<-done
		if all := strings.Join(r.failures, "\n"); !strings.Contains(all, fault.want) {
			p.t.Errorf("%s with a twisted %s failed with %q, want %q", fault.story, fault.member, all, fault.want)
		}
	}
}

// atOnce plays ten cases at a time, as Terraform applies ten resources at a time.
func (w *world) atOnce(p *provider) {
	turns := make(chan struct{}, 10)
	var all sync.WaitGroup
	failed := map[string]*recorder{}
	for _, s := range w.stories() {
		if s.name == firehoseCase {
			continue // an instance has one place for contact records, which the case of a Kinesis stream takes
		}
		r := &recorder{TB: p.t}
		failed[s.name] = r
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			s.play(&provider{t: r, client: p.client})
		})
	}
	all.Wait()
	for name, r := range failed {
		for _, why := range r.failures {
			p.t.Errorf("%s: %s", name, why)
		}
	}
}

// vanish deletes the instance and reads everything that was in it: all of it must be gone, with the error that says so.
func (w *world) vanish(p *provider) {
	var all []*managed
	for _, s := range w.stories() {
		had := slices.ContainsFunc(all, func(m *managed) bool { return m.resource == s.of })
		if had || s.config.text("instance_id") != w.id {
			continue
		}
		m := &managed{resource: s.of, p: p}
		m.apply(s.config)
		all = append(all, m)
	}
	ask(p.t, p.client.DeleteInstance, &connect.DeleteInstanceInput{InstanceId: &w.id})
	for _, m := range all {
		m.absent("after its instance was deleted", m.state.text("id"))
	}
	m := &managed{resource: terraformStructure, p: p}
	if _, err := m.read(p, w.id); !gone(err) {
		p.t.Errorf("the hierarchy structure of an instance that was deleted: %v, want a ResourceNotFoundException", err)
	}
	m = &managed{resource: terraformInstance, p: p}
	m.absent("after it was deleted", w.id)
}
