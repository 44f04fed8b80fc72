package api

import (
	"cmp"
	"context"
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
	ask := policy.Request{Action: "connect:" + x.target.name}
	if ask.Targets, err = x.a.about(x.r.Context(), x.target.name, in); err != nil {
		if refusedByUs(err) { // nobody can say what it names
			return &failure{ErrorShape: wire.AccessDeniedException, message: denial(x.a.Partition.UserARN(id), ask.Action, policy.Verdict{Resource: "*"})}
		}
		return &failure{ErrorShape: connect.InternalServiceException, message: internalMessage, cause: err}
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

// refusedByUs says that a request is wrong, and not that something failed here: what it names does not exist or has no tags,
// or cannot be read.
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
// id in an ARN.
var naming = map[string]string{
	"AgentStatusId": "agent-state", "AllowedAccessControlHierarchyGroupId": "agent-group", "AuthenticationProfileId": "authentication-profile", "ContactFlowId": "contact-flow",
	"ContactFlowModuleId": "flow-module", "ContactId": "contact", "DefaultOutboundQueueId": "queue", "FlowId": "contact-flow", "FlowModuleId": "flow-module",
	"HierarchyGroupId": "agent-group", "HoursOfOperationId": "operating-hours", "InitialContactId": "contact",
	"IntegrationAssociationId": "integration-association", "OutboundFlowId": "contact-flow", "ParentGroupId": "agent-group",
	"ParentHoursOfOperationIds": "operating-hours", "PhoneNumberId": "phone-number", "OutboundCallerIdNumberId": "phone-number",
	"PromptId": "prompt", "QueueId": "queue", "QuickConnectId": "transfer-destination", "QuickConnectIds": "transfer-destination",
	"RelatedContactId": "contact", "RoutingProfileId": "routing-profile", "SecurityProfileId": "security-profile",
	"SecurityProfileIds": "security-profile", "SourceContactId": "contact", "TaskTemplateId": "task-template", "UseCaseId": "use-case",
	"UserId": "agent", "EntityId": "agent", "ViewId": "view", "VocabularyId": "vocabulary", "SelfAssignFlowId": "contact-flow",
	"WrapUpFlowId": "flow-module",                                 // so the API Reference has it of task templates
	"ResourceId":   "phone-number", "ResourceIds": "phone-number", // if of that type: see ofNumbers
	"ResourceArn": "*", // of any type: always an ARN
}

// nouns are what operations are about, as their names say it, the longer ones first.
var nouns = []struct{ word, tail string }{
	{"UserHierarchyGroup", "agent-group"}, {"AuthenticationProfile", "authentication-profile"}, {"IntegrationAssociation", "integration-association"},
	{"HoursOfOperation", "operating-hours"}, {"ContactFlowModule", "flow-module"}, {"SecurityProfile", "security-profile"},
	{"RoutingProfile", "routing-profile"}, {"QuickConnect", "transfer-destination"}, {"TaskTemplate", "task-template"}, {"AgentStatus", "agent-state"},
	{"ContactFlow", "contact-flow"}, {"PhoneNumber", "phone-number"}, {"Vocabulary", "vocabulary"}, {"Vocabularies", "vocabulary"}, {"UseCase", "use-case"}, {"Prompt", "prompt"},
	{"Contact", "contact"}, {"Queue", "queue"}, {"User", "agent"}, {"View", "view"},
}

// about is what a request is about: all that it names and, where it makes something or names nothing, the type of thing that
// the operation is for. Such a type is known to policies as the instance too, in which it is. What a request names is found
// as its handler finds it, so that no spelling gets past a policy.
func (a *API) about(ctx context.Context, operation string, in wire.Input) ([]policy.Target, error) {
	at, err := a.instanceOf(in)
	if err != nil {
		return nil, err
	}
	q := question{API: a, ctx: ctx, at: at}
	if err := q.figures(in); err != nil {
		return nil, err
	}
	if err := q.walk(reflect.ValueOf(in).Elem()); err != nil {
		return nil, err
	}
	instance := policy.Target{ARNs: []string{a.Partition.InstanceARN(cmp.Or(at, "*"))}, Instance: string(at)}
	switch operation {
	case "UpdatePhoneNumber": // moves a number from one instance to another
		for _, t := range q.targets {
			if t.Instance != "" {
				q.add(policy.Target{ARNs: []string{a.Partition.InstanceARN(center.InstanceID(t.Instance))}, Instance: t.Instance})
			}
		}
		q.add(instance)
	case "ClaimPhoneNumber":
		q.add(instance)
		q.add(policy.Target{ARNs: []string{a.Partition.AccountARN("phone-number", "*")}, Instance: string(at)})
	}
	i := slices.IndexFunc(nouns, func(n struct{ word, tail string }) bool { return strings.Contains(operation, n.word) })
	if i >= 0 && (len(q.targets) == 0 || operation == "Create"+nouns[i].word) {
		of := policy.Target{ARNs: []string{instance.ARNs[0] + "/" + nouns[i].tail + "/*"}, Instance: string(at)}
		if nouns[i].tail == "phone-number" || at == "" {
			of.ARNs[0] = a.Partition.AccountARN(nouns[i].tail, "*")
		}
		if at != "" {
			of.ARNs = append(of.ARNs, instance.ARNs[0])
		}
		q.add(of)
	}
	if len(q.targets) == 0 {
		q.add(instance)
	}
	return q.targets, nil
}

// instanceOf is the instance that a request names; "" when it names none. What ResourceArn names is in one of its own.
func (a *API) instanceOf(in wire.Input) (center.InstanceID, error) {
	if named, ok := in.(inInstance); ok {
		return center.ParseInstance(named.AtInstance()), nil
	}
	if in, ok := in.(*connect.GetMetricDataV2Input); ok {
		return a.metricInstance(*in.ResourceArn)
	}
	member := func(name string) *string {
		if f := reflect.ValueOf(in).Elem().FieldByName(name); f.IsValid() {
			text, _ := f.Interface().(*string)
			return text
		}
		return nil
	}
	return numberTarget(member("TargetArn"), member("InstanceId"))
}

// question gathers what a request names, in the order of its members, each once.
type question struct {
	*API
	ctx     context.Context
	at      center.InstanceID
	targets []policy.Target
}

func (q *question) add(t policy.Target) {
	if !slices.ContainsFunc(q.targets, func(u policy.Target) bool { return u.ARNs[0] == t.ARNs[0] }) {
		q.targets = append(q.targets, t)
	}
}

// name adds what a member names.
func (q *question) name(text, tail string) (err error) {
	var named catalog.Named
	switch {
	case text == "":
		return nil
	case tail == "contact": // is no resource of the catalog
		named = catalog.Named{ARNs: []string{q.Partition.ContactARN(q.at, contactID(&text))}, Instance: q.at}
	case tail == "*":
		named, err = q.Catalog.NamedByARN(q.ctx, text)
	default:
		named, err = q.Catalog.Named(q.ctx, q.at, tail, text)
	}
	if err == nil {
		q.add(policy.Target{ARNs: named.ARNs, Instance: string(cmp.Or(named.Instance, q.at))})
	}
	return err
}

func (q *question) walk(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return q.walk(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := q.walk(v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, value := range v.Seq2() {
			if err := q.walk(value); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() { // of a time
				continue
			}
			var texts []string
			member := v.Type().Field(i).Name
			tail, ok := naming[member]
			if _, figures := v.Addr().Interface().(*connect.GetMetricDataV2Input); figures && member == "ResourceArn" {
				continue // is the instance: see instanceOf
			}
			switch of := v.Field(i).Interface().(type) {
			case *string:
				texts = append(texts, value(of))
			case []string:
				texts = of
			default:
				ok = false
			}
			if !ok {
				if err := q.walk(v.Field(i)); err != nil {
					return err
				}
				continue
			}
			if strings.HasPrefix(member, "ResourceId") && !ofNumbers(v) {
				continue
			}
			for _, text := range texts {
				if err := q.name(text, tail); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// ofNumbers says whether a request about associations of flows may be about phone numbers. Other types of resources that can
// be associated are none of Amazon Connect's.
func ofNumbers(in reflect.Value) bool {
	f := in.FieldByName("ResourceType")
	if !f.IsValid() {
		return false
	}
	of, ok := f.Interface().(*string)
	return ok && (of == nil || *of == center.VoicePhoneNumber)
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
