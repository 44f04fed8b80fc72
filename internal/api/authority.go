package api

import (
	"cmp"
	"errors"
	"net"
	"reflect"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/policy"
	"github.com/parley-chat/parley/internal/sigv4"
	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// What the holder of an access key may do: their policy is asked when the request is read, with all that it names.

// authorize refuses what the policy of the caller's key does not allow.
func (x *exchange) authorize(in wire.Input) *failure {
	if x.target.bearer != 0 || x.a.AnyCredentials {
		return nil
	}
	id := x.signature.claim.AccessKeyID
	allowed, ok, err := x.a.Keys.Policy(x.r.Context(), id)
	switch {
	case err != nil:
		return &failure{ErrorShape: connect.InternalServiceException, message: internalMessage, cause: err}
	case !ok: // it was revoked a moment ago
		return unsigned(sigv4.UnrecognizedClient())
	case allowed == nil:
		return nil
	}
	ask := policy.Request{Action: "connect:" + x.target.name, Targets: x.a.about(x.target.name, in)}
	if named, ok := in.(inInstance); ok {
		ask.Instance = string(center.ParseInstance(named.AtInstance()))
	}
	if allowed.NeedsTags() {
		for i := range ask.Targets {
			if ask.Targets[i].Tags, err = x.a.Catalog.Tags(x.r.Context(), ask.Targets[i].ARNs[0]); err != nil && !refusedByUs(err) {
				return &failure{ErrorShape: connect.InternalServiceException, message: internalMessage, cause: err}
			}
		}
	}
	if v := allowed.Decide(ask); !v.Allowed {
		return &failure{ErrorShape: wire.AccessDeniedException, message: denial(x.a.Partition.UserARN(id), ask.Action, v)}
	}
	return nil
}

// refusedByUs says that something has no tags, because it does not exist or is of a type without them.
func refusedByUs(err error) bool {
	var refused *center.Error
	return errors.As(err, &refused)
}

// denial is AWS's text. Source: IAM User Guide, "Troubleshoot access denied error messages".
func denial(who, action string, v policy.Verdict) string {
	reason := "because no identity-based policy allows the " + action + " action"
	if v.Denied {
		reason = "with an explicit deny in an identity-based policy"
	}
	return "User: " + who + " is not authorized to perform: " + action + " on resource: " + v.Resource + " " + reason
}

// naming are the members of requests that name something of Amazon Connect, by an id or an ARN, with what stands before the
// id in an ARN. Those with nothing have an ARN always.
var naming = map[string]string{
	"AgentStatusId": "agent-state", "AllowedAccessControlHierarchyGroupId": "agent-group", "AuthenticationProfileId": "authentication-profile", "ContactFlowId": "contact-flow",
	"ContactFlowModuleId": "flow-module", "ContactId": "contact", "DefaultOutboundQueueId": "queue", "FlowId": "contact-flow", "FlowModuleId": "flow-module",
	"HierarchyGroupId": "agent-group", "HoursOfOperationId": "operating-hours", "InitialContactId": "contact",
	"IntegrationAssociationId": "integration-association", "OutboundFlowId": "contact-flow", "ParentGroupId": "agent-group",
	"ParentHoursOfOperationIds": "operating-hours", "PhoneNumberId": "phone-number", "OutboundCallerIdNumberId": "phone-number",
	"PromptId": "prompt", "QueueId": "queue", "QuickConnectId": "transfer-destination", "QuickConnectIds": "transfer-destination",
	"RelatedContactId": "contact", "RoutingProfileId": "routing-profile", "SecurityProfileId": "security-profile",
	"SecurityProfileIds": "security-profile", "SourceContactId": "contact", "TaskTemplateId": "task-template", "UseCaseId": "use-case",
	"UserId": "agent", "ViewId": "view", "VocabularyId": "vocabulary",
	"ResourceArn": "", "TargetArn": "",
}

// ofAccount are the types of resources that belong to no instance.
var ofAccount = []string{"phone-number"}

// nouns are what operations are about, as their names say it, the longer ones first.
var nouns = []struct{ word, tail string }{
	{"UserHierarchyGroup", "agent-group"}, {"AuthenticationProfile", "authentication-profile"}, {"IntegrationAssociation", "integration-association"},
	{"HoursOfOperation", "operating-hours"}, {"ContactFlowModule", "flow-module"}, {"SecurityProfile", "security-profile"},
	{"RoutingProfile", "routing-profile"}, {"QuickConnect", "transfer-destination"}, {"TaskTemplate", "task-template"}, {"AgentStatus", "agent-state"},
	{"ContactFlow", "contact-flow"}, {"PhoneNumber", "phone-number"}, {"Vocabular", "vocabulary"}, {"UseCase", "use-case"}, {"Prompt", "prompt"},
	{"Contact", "contact"}, {"Queue", "queue"}, {"User", "agent"}, {"View", "view"},
}

// about is what a request is about: all that it names and, where it makes something or names nothing, the type of thing that
// the operation is for. Such a type is known to policies as the instance too, in which it is.
func (a *API) about(operation string, in wire.Input) []policy.Target {
	var instance string
	if named, ok := in.(inInstance); ok {
		instance = a.Partition.InstanceARN(center.ParseInstance(named.AtInstance()))
	}
	arns := a.named(reflect.ValueOf(in).Elem(), instance)
	if len(arns) == 0 || strings.HasPrefix(operation, "Create") {
		if i := slices.IndexFunc(nouns, func(n struct{ word, tail string }) bool { return strings.Contains(operation, n.word) }); i >= 0 {
			if tail := nouns[i].tail; !slices.ContainsFunc(arns, func(arn string) bool { return strings.Contains(arn, "/"+tail+"/") }) {
				arns = append(arns, a.arn(tail, "*", instance))
			}
		}
	}
	if len(arns) == 0 {
		arns = []string{cmp.Or(instance, a.Partition.InstanceARN("*"))}
	}
	targets := make([]policy.Target, len(arns))
	for i, arn := range arns {
		targets[i].ARNs = []string{arn}
		if strings.HasSuffix(arn, "/*") && instance != "" {
			targets[i].ARNs = append(targets[i].ARNs, instance)
		}
	}
	return targets
}

// named are the ARNs of all that a request names, in the order of its members, each once.
func (a *API) named(v reflect.Value, instance string) (arns []string) {
	add := func(text, tail string) {
		if text == "" {
			return
		}
		arn := text
		if tail != "" {
			id, _, _ := strings.Cut(center.ResourceID(text, tail), ":")
			if strings.HasPrefix(text, "arn:aws:connect:") && id == "arn" {
				id = text[strings.LastIndexByte(text, '/')+1:] // of something that AWS manages, or of another type
			}
			arn = a.arn(tail, id, instance)
		}
		if !slices.Contains(arns, arn) {
			arns = append(arns, arn)
		}
	}
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				tail, ok := naming[v.Type().Field(i).Name]
				if !ok {
					walk(v.Field(i))
					continue
				}
				switch of := v.Field(i).Interface().(type) {
				case *string:
					if of != nil {
						add(*of, tail)
					}
				case []string:
					for _, text := range of {
						add(text, tail)
					}
				}
			}
		}
	}
	walk(v)
	return arns
}

// arn is the ARN of a resource.
func (a *API) arn(tail, id, instance string) string {
	if slices.Contains(ofAccount, tail) || instance == "" {
		return "arn:aws:connect:" + a.Partition.Region + ":" + a.Partition.Account + ":" + tail + "/" + id
	}
	return instance + "/" + tail + "/" + id
}

// author is who changes the configuration with this request.
func (x *exchange) author() catalog.Author {
	who := x.signature.claim.AccessKeyID
	if x.a.Who != "" {
		who = x.a.Who
	} else if x.a.AnyCredentials {
		who = "anonymous"
		if claim, err := sigv4.Parse(sigv4.Request{Method: x.r.Method, Target: x.r.RequestURI, Host: x.r.Host, Header: x.r.Header}); err == nil {
			who = claim.AccessKeyID
		}
	}
	from, _, err := net.SplitHostPort(x.r.RemoteAddr)
	if err != nil {
		from = x.r.RemoteAddr
	}
	return catalog.Author{Who: who, From: from, Action: "connect:" + x.target.name, At: x.a.Now()}
}
