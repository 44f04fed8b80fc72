package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/parley-chat/parley/internal/api"
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/policy"
	"github.com/parley-chat/parley/internal/store"
)

// policedKeys are access keys with policies.
type policedKeys struct {
	accessKeys
	policies map[string]*policy.Policy
	err      error
}

func (k *policedKeys) Policy(_ context.Context, id string) (*policy.Policy, bool, error) {
	p, ok := k.policies[id]
	return p, ok, k.err
}

// policed is a strict world whose one key has a policy of the given statements.
func policed(t *testing.T, statements string) (*world, *policedKeys) {
	t.Helper()
	p, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[` + statements + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	keys := &policedKeys{accessKeys: accessKeys{accessKey: secretKey}, policies: map[string]*policy.Policy{accessKey: p}}
	return newWorld(t, func(c *api.Config, _ *chat.Config) { c.AnyCredentials, c.Keys = false, keys }), keys
}

// signed sends a request that the one key has signed.
func (w *world) signed(method, path, body string) string {
	w.t.Helper()
	return w.exchange(fmt.Sprintf("%s %s HTTP/1.1\nHost: x\nSign: %s %s\n\n%s", method, path, accessKey, secretKey, body))
}

const arns = "arn:aws:connect:us-east-1:123456789012:"

func TestPolicies(t *testing.T) {
	const create = `{"Name":"Support","HoursOfOperationId":"${hours}"}`
	at := arns + "instance/" + instanceID
	allow := func(action, resource string) string {
		return `{"Effect":"Allow","Action":"connect:` + action + `","Resource":"` + resource + `"}`
	}
	for _, c := range []struct{ name, statements, request, want string }{
		{"everything", allow("*", "*"), "GET /queues-summary/${instance}", "200"},
		{"a queue by its id", allow("DescribeQueue", at+"/queue/${basic}"), "GET /queues/${instance}/${basic}", "200"},
		{"tags by the ARN of another account", allow("*", "*"), "GET /tags/arn%3Aaws%3Aconnect%3Aus-east-1%3A999999999999%3Ainstance%2F${instance}%2Fqueue%2F${basic}", "connect:ListTagsForResource"},
		{"tags by the condition of the instance", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"connect:InstanceId":"${instance}"}}}`, "GET /tags/" + url.QueryEscape(at) + "%2Fqueue%2F${basic}", "200"},
		{"tags denied by the condition of the instance", allow("*", "*") + `,{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"connect:InstanceId":"${instance}"}}}`, "GET /tags/" + url.QueryEscape(at), "explicit deny"},
		{"numbers by the instance's ARN and the condition", `{"Effect":"Allow","Action":"*","Resource":"` + at + `","Condition":{"StringEquals":{"connect:InstanceId":"${instance}"}}}`, `POST /phone-number/list {"TargetArn":"` + at + `"}`, "200"},
		{"numbers by the instance's id and the condition", `{"Effect":"Allow","Action":"*","Resource":"` + at + `","Condition":{"StringEquals":{"connect:InstanceId":"${instance}"}}}`, `POST /phone-number/list {"InstanceId":"${instance}"}`, "200"},
		{"numbers by their type and the instance's ARN", allow("*", arns+"phone-number/*"), `POST /phone-number/list {"TargetArn":"` + at + `"}`, "200"},
		{"numbers by their type and the instance's id", allow("*", arns+"phone-number/*"), `POST /phone-number/list {"InstanceId":"${instance}"}`, "200"},
		{"numbers of all instances by the condition of one", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"connect:InstanceId":"${instance}"}}}`, `POST /phone-number/list {}`, "403"},
		{"a number is claimed for an instance", allow("*", arns+"phone-number/*"), `POST /phone-number/claim {"TargetArn":"` + at + `","PhoneNumber":"+12065550100"}`, "on resource: " + at + " "},
		{"a number is claimed for an instance by its id", allow("*", arns+"phone-number/*"), `POST /phone-number/claim {"InstanceId":"${instance}","PhoneNumber":"+12065550100"}`, "on resource: " + at + " "},
		{"a number is claimed", allow("*", at), `POST /phone-number/claim {"InstanceId":"${instance}","PhoneNumber":"+12065550100"}`, "on resource: " + arns + "phone-number/*"},
		{"a number is claimed for the instance", allow("*", arns+"phone-number/*") + "," + allow("*", at), `POST /phone-number/claim {"InstanceId":"${instance}","PhoneNumber":"+12065550100"}`, "200"},
		{"a group below another is made", allow("*", at+"/agent-group/${basic}"), `PUT /user-hierarchy-groups/${instance} {"Name":"Paris","ParentGroupId":"${basic}"}`, "on resource: " + at + "/agent-group/*"},
		{"a version is no group of its own", allow("*", at+"/contact-flow/${flow}"), `PUT /contact-flows/${instance}/${flow}/version {}`, "200"},
		{"a flow to assign to oneself", `{"Effect":"Deny","Action":"*","Resource":"` + at + `/contact-flow/${flow}"},` + allow("*", "*"), `PUT /instance/${instance}/task/template {"Name":"T","SelfAssignFlowId":"${flow}","Fields":[]}`, "explicit deny"},
		{"a module to wrap up by", `{"Effect":"Deny","Action":"*","Resource":"` + at + `/flow-module/${flow}"},` + allow("*", "*"), `PUT /instance/${instance}/task/template {"Name":"T","ContactHooks":{"WrapUpFlowId":"${flow}"},"Fields":[]}`, "explicit deny"},
		{"a number that leads to a flow", `{"Effect":"Deny","Action":"*","Resource":"` + arns + `phone-number/${flow}"},` + allow("*", "*"), `POST /flow-associations-batch/${instance} {"ResourceIds":["${FLOW}"]}`, "explicit deny"},
		{"another queue", allow("DescribeQueue", at+"/queue/x"), "GET /queues/${instance}/${basic}", "because no identity-based policy allows the connect:DescribeQueue action"},
		{"a queue by its ARN", allow("DescribeQueue", at+"/queue/${basic}"), "GET /queues/${instance}/" + strings.ReplaceAll(strings.ReplaceAll(at, ":", "%3A"), "/", "%2F") + "%2Fqueue%2F${basic}", "200"},
		{"a queue in upper case", `{"Effect":"Deny","Action":"*","Resource":"` + at + `/queue/${basic}"},` + allow("*", "*"), "GET /queues/${instance}/${BASIC}", "with an explicit deny in an identity-based policy"},
		{"a list by the instance", allow("ListQueues", at), "GET /queues-summary/${instance}", "200"},
		{"a list by its type", allow("ListQueues", at+"/queue/*"), "GET /queues-summary/${instance}", "200"},
		{"a list by another type", allow("ListQueues", at+"/agent/*"), "GET /queues-summary/${instance}", "on resource: " + at + "/queue/*"},
		{"a list in another instance", allow("ListQueues", arns+"instance/"+nobody+"*"), "GET /queues-summary/${instance}", "403"},
		{"instances", allow("ListInstances", arns+"instance/*"), "GET /instance", "200"},
		{"instances by one", allow("ListInstances", at), "GET /instance", "403"},
		{"made with what it names", allow("CreateQueue", at+"/operating-hours/*") + "," + allow("CreateQueue", at+"/queue/*"), "PUT /queues/${instance} " + create, "200"},
		{"made without what it names", allow("CreateQueue", at+"/queue/*"), "PUT /queues/${instance} " + create, "on resource: " + at + "/operating-hours/"},
		{"made without its type", allow("CreateQueue", at+"/operating-hours/*"), "PUT /queues/${instance} " + create, "on resource: " + at + "/queue/*"},
		{"a flow whatever its qualifier", `{"Effect":"Deny","Action":"*","Resource":"` + at + `/contact-flow/${flow}"},` + allow("*", "*"), "GET /contact-flows/${instance}/${flow}%3A%24SAVED", "explicit deny"},
		{"the instance by condition", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"connect:InstanceId":"${instance}"}}}`, "GET /queues/${instance}/${basic}", "200"},
		{"the instance by its ARN", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"connect:InstanceId":"${instance}"}}}`, "GET /queues/" + strings.ReplaceAll(strings.ReplaceAll(at, ":", "%3A"), "/", "%2F") + "/${basic}", "200"},
		{"another instance by condition", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"connect:InstanceId":"` + nobody + `"}}}`, "GET /queues/${instance}/${basic}", "403"},
		{"a tag that is not there", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"blue"}}}`, "GET /queues/${instance}/${basic}", "403"},
		{"a chat", allow("StartChatContact", at+"/contact-flow/*"), `PUT /contact/chat {"InstanceId":"${instance}","ContactFlowId":"${flow}","ParticipantDetails":{"DisplayName":"Ann"}}`, "200"},
		{"a status of a user", allow("PutUserStatus", at+"/agent/*") + "," + allow("PutUserStatus", at+"/agent-state/*"), `PUT /users/${instance}/` + nobody + `/status {"AgentStatusId":"` + nobody + `"}`, "404"},
		{"a status of another user", allow("PutUserStatus", at+"/agent/x") + "," + allow("PutUserStatus", at+"/agent-state/*"), `PUT /users/${instance}/` + nobody + `/status {"AgentStatusId":"` + nobody + `"}`, "on resource: " + at + "/agent/" + nobody},
		{"another status of a user", allow("PutUserStatus", at+"/agent/*"), `PUT /users/${instance}/` + nobody + `/status {"AgentStatusId":"` + nobody + `"}`, "on resource: " + at + "/agent-state/" + nobody},
		{"a contact for a user", allow("AssociateContactWithUser", at+"/contact/*") + "," + allow("AssociateContactWithUser", at+"/agent/"+nobody), `POST /contacts/${instance}/` + nobody + `/associate-user {"UserId":"` + nobody + `"}`, "404"},
		{"a contact for another user", allow("AssociateContactWithUser", at+"/contact/*") + "," + allow("AssociateContactWithUser", at+"/agent/x"), `POST /contacts/${instance}/` + nobody + `/associate-user {"UserId":"` + at + `/agent/` + nobody + `"}`, "on resource: " + at + "/agent/" + nobody},
		{"another contact for a user", allow("AssociateContactWithUser", at+"/agent/*"), `POST /contacts/${instance}/` + nobody + `/associate-user {"UserId":"` + nobody + `"}`, "on resource: " + at + "/contact/" + nobody},
		{"a contact of a user is dismissed", allow("DismissUserContact", at+"/agent/*") + "," + allow("DismissUserContact", at+"/contact/*"), `POST /users/${instance}/` + nobody + `/contact {"ContactId":"` + nobody + `"}`, "404"},
		{"a contact of another user is dismissed", allow("*", "*") + `,{"Effect":"Deny","Action":"connect:Dismiss*","Resource":"` + at + `/agent/*"}`, `POST /users/${instance}/` + nobody + `/contact {"ContactId":"` + nobody + `"}`, "explicit deny"},
		{"a contact is monitored", allow("MonitorContact", at+"/contact/*") + "," + allow("MonitorContact", at+"/agent/*"), `POST /contact/monitor {"InstanceId":"${instance}","ContactId":"` + nobody + `","UserId":"` + nobody + `"}`, "404"},
		{"a contact is monitored for another user", allow("MonitorContact", at+"/contact/*"), `POST /contact/monitor {"InstanceId":"` + at + `","ContactId":"` + nobody + `","UserId":"` + nobody + `"}`, "on resource: " + at + "/agent/" + nobody},
		{"a contact is routed", allow("UpdateContactRoutingData", at+"/contact/"+nobody), `POST /contacts/${instance}/` + nobody + `/routing-data {"QueuePriority":1}`, "404"},
		{"a contact is transferred", allow("TransferContact", at+"/contact/*") + "," + allow("TransferContact", at+"/contact-flow/*"), `POST /contact/transfer {"InstanceId":"${instance}","ContactId":"` + nobody + `","ContactFlowId":"${flow}"}`, "404"},
		{"figures of users", allow("GetCurrentUserData", at+"/agent/*"), `POST /metrics/userdata/${instance} {"Filters":{"Agents":["` + nobody + `"]}}`, "200"},
		{"figures of other users", allow("GetCurrentUserData", at+"/agent/x"), `POST /metrics/userdata/${instance} {"Filters":{"Agents":["` + nobody + `"]}}`, "on resource: " + at + "/agent/" + nobody},
		{"figures of queues", allow("GetCurrentMetricData", at+"/queue/x"), `POST /metrics/current/${instance} {"Filters":{"Queues":["${basic}"]},"CurrentMetrics":[{"Name":"AGENTS_ONLINE"}]}`, "on resource: " + at + "/queue/${basic}"},
		{"a chat by another flow", allow("StartChatContact", at+"/contact-flow/x"), `PUT /contact/chat {"InstanceId":"${instance}","ContactFlowId":"${flow}","ParticipantDetails":{"DisplayName":"Ann"}}`, "403"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				names := strings.NewReplacer("${instance}", instanceID, "${flow}", flowID, "${FLOW}", strings.ToUpper(flowID), "${basic}", center.SeededID(instanceID, "queue", "BasicQueue"),
					"${BASIC}", strings.ToUpper(center.SeededID(instanceID, "queue", "BasicQueue")), "${hours}", center.SeededID(instanceID, "hours-of-operation", "Basic Hours"))
				w, _ := policed(t, names.Replace(c.statements))
				method, rest, _ := strings.Cut(names.Replace(c.request), " ")
				path, body, _ := strings.Cut(rest, " ")
				got := w.signed(method, path, body)
				switch {
				case len(c.want) == 3:
					if !strings.HasPrefix(got, "HTTP/1.1 "+c.want) {
						t.Errorf("got %s", got)
					}
				case !strings.HasPrefix(got, "HTTP/1.1 403") || !strings.Contains(got, "AccessDeniedException") || !strings.Contains(got, names.Replace(c.want)):
					t.Errorf("got %s, want %s", got, c.want)
				}
				if strings.Contains(got, " 403 ") && !strings.Contains(got, "User: arn:aws:iam::123456789012:user/"+accessKey+" is not authorized to perform: connect:") {
					t.Errorf("it does not say who may not do what: %s", got)
				}
			})
		})
	}
}

func TestPoliciesByTag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, keys := policed(t, `{"Effect":"Allow","Action":"connect:Describe*","Resource":"*","Condition":{"StringLike":{"aws:ResourceTag/team":"b*"}}},{"Effect":"Allow","Action":"connect:CreateQueue","Resource":"*"}`)
		made := w.signed("PUT", "/queues/"+instanceID, `{"Name":"Blue","HoursOfOperationId":"`+center.SeededID(instanceID, "hours-of-operation", "Basic Hours")+`","Tags":{"team":"blue"}}`)
		var queue struct{ QueueId string }
		_, body, _ := strings.Cut(made, "\n\n")
		if err := json.Unmarshal([]byte(body), &queue); err != nil {
			t.Fatalf("%v in %s", err, made)
		}
		if got := w.signed("GET", "/queues/"+instanceID+"/"+queue.QueueId, ""); !strings.HasPrefix(got, "HTTP/1.1 200") {
			t.Errorf("a queue with the tag: %s", got)
		}
		for _, id := range []string{center.SeededID(instanceID, "queue", "BasicQueue"), nobody} {
			if got := w.signed("GET", "/queues/"+instanceID+"/"+id, ""); !strings.HasPrefix(got, "HTTP/1.1 403") {
				t.Errorf("a queue without the tag, or that is not there: %s", got)
			}
		}
		keys.err = errors.New("the policy cannot be read")
		if got := w.signed("GET", "/queues/"+instanceID+"/"+queue.QueueId, ""); !strings.HasPrefix(got, "HTTP/1.1 500") {
			t.Errorf("a policy that cannot be read: %s", got)
		}
		keys.err, keys.policies = nil, nil
		if got := w.signed("GET", "/queues/"+instanceID+"/"+queue.QueueId, ""); !strings.HasPrefix(got, "HTTP/1.1 403") {
			t.Errorf("a key that was revoked a moment ago: %s", got)
		}
	})
}

// What a change of the configuration leaves in the audit log.
func TestAuditOfChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := policed(t, `{"Effect":"Allow","Action":"*","Resource":"*"}`)
		basic := center.SeededID(instanceID, "queue", "BasicQueue")
		w.signed("POST", "/queues/"+instanceID+"/"+basic+"/name", `{"Name":"First"}`)
		w.signed("POST", "/queues/"+instanceID+"/"+basic+"/name", `{"Name":"First"}`) // changes nothing
		w.signed("POST", "/queues/"+instanceID+"/"+nobody+"/name", `{"Name":"None"}`) // is refused
		w.signed("GET", "/queues/"+instanceID+"/"+basic, "")
		made := w.signed("PUT", "/contact-flow-modules/"+instanceID, `{"Name":"Bye","Content":`+strconv.Quote(farewell)+`,"ClientToken":"once"}`)
		id := regexp.MustCompile(`"Id":"([^"]+)"`).FindStringSubmatch(made)[1]
		w.signed("DELETE", "/contact-flow-modules/"+instanceID+"/"+id, "")
		all, err := w.store.Audit(t.Context(), store.AuditPlace{}, 100)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range all {
			if e.Who != accessKey || e.From == "" || e.Instance != instanceID || e.At.IsZero() {
				t.Errorf("%+v", e)
			}
			got = append(got, fmt.Sprint(e.Action, " ", e.Change, " ", e.Kind, " ", e.Name, " ", e.Before != nil, e.After != nil, " ", catalog.Changed(e.Before, e.After)))
		}
		want := []string{
			"connect:UpdateQueueName update queue First true true [name]",
			"connect:CreateContactFlowModule create flow-module Bye false true []",
			"connect:DeleteContactFlowModule delete flow-module Bye true false []",
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// No spelling of a resource gets past a denial: whatever the describing operation finds, the policy is asked about. So are tags.
func TestNoSpellingEvadesAPolicy(t *testing.T) {
	w := newWalker(t, "sqlite::memory:")
	keys := &policedKeys{accessKeys: accessKeys{accessKey: secretKey}, policies: map[string]*policy.Policy{}}
	w.api.Keys = keys
	for _, op := range served() {
		if op.Service == "connect" { // participants have a DescribeView too
			w.ops[op.Name] = op
		}
	}
	const here = arns + "instance/" + instanceID + "/"
	ask := func(line, denied string) string {
		t.Helper()
		statements := `{"Effect":"Allow","Action":"*","Resource":"*"}`
		if denied != "" {
			statements += `,{"Effect":"Deny","Action":"*","Resource":"` + denied + `"}`
		}
		keys.policies[accessKey] = must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)))
		method, target, body := w.request(line)
		w.api.AnyCredentials = false
		defer func() { w.api.AnyCredentials = true }()
		return w.signed(method, target, body)
	}
	things := []walk{
		{kind: "view", id: "ViewId", arn: "ViewArn", describe: `DescribeView`,
			create: `CreateView {"Name":"Walk","Status":"PUBLISHED","Content":{"Template":"{\"Head\":{\"Title\":\"Walk\",\"Configuration\":{}},\"Body\":[{\"_id\":\"skip\",\"Type\":\"Button\",\"Props\":{\"Action\":\"Skip\"},\"Content\":[\"Skip\"]}]}","Actions":["Skip"]}} -> View.Id=ViewId View.Arn=ViewArn`},
		{kind: "agent's queue", id: "QueueId", arn: "AgentQueueArn", describe: `DescribeQueue`,
			create: `CreateUser {"Username":"bob","Password":"Secret123","SecurityProfileIds":["${securityProfile}"],"RoutingProfileId":"${basicProfile}","IdentityInfo":{"FirstName":"Bob","LastName":"Lee"}} -> UserId=QueueId
				DescribeQueue -> Queue.QueueArn=AgentQueueArn`},
	}
	for _, k := range append(things, walks...) {
		if k.describe == "" || k.arn == "" {
			continue
		}
		t.Run(k.kind, func(t *testing.T) {
			w.t = t
			w.begin(&k)
			w.do(k.create)
			id, arn := w.names[k.id], strings.TrimSuffix(w.names[k.arn], ":$LATEST")
			path, _ := strings.CutSuffix(strings.TrimPrefix(strings.TrimPrefix(arn, here), arns), "/"+id)
			tail, _, _ := strings.Cut(path, "/")
			found := 0
			try := func(line string) {
				t.Helper()
				if !strings.HasPrefix(ask(line, ""), "HTTP/1.1 200") {
					return
				}
				found++
				if got := ask(line, arn); !strings.HasPrefix(got, "HTTP/1.1 403") || !strings.Contains(got, "with an explicit deny") {
					t.Errorf("%s of %s is not denied: %.200s", line, w.names[k.id], got)
				}
			}
			for _, spelling := range []string{
				id, strings.ToUpper(id), arn, here + tail + "/" + id, strings.ToUpper(id) + ":$LATEST", id + ":$SAVED", id + ":1", arn + ":$LATEST", arn + ":1",
				"arn:x/" + tail + "/" + id, "arn:x:" + tail + "/" + id, "arn:x:" + tail + "/" + strings.ToUpper(id), "arn:x/" + tail + "/agent/" + id, "arn:x/" + tail + "/AGENT/" + id,
				"arn:aws:connect:eu-west-1:999999999999:instance/" + nobody + "/" + tail + "/" + id, "arn:aws:connect:eu-west-1:999999999999:" + tail + "/" + id,
				"arn:x/" + tail + "/" + nobody + ":" + tail + "/" + id, "arn:x:" + tail + "/" + nobody + "/" + tail + "/" + id, "arn:x:" + tail + "/" + id + "/" + tail + "/" + nobody,
				"arn:x/" + tail + "/" + id + ":" + tail + "/" + nobody, "arn:x/" + tail + "/" + nobody + "/" + tail + "/" + id,
			} {
				w.as(k.id, spelling, func() { try(k.describe) })
			}
			if found < 4 {
				t.Errorf("only %d spellings find it", found)
			}
			found = 0
			for _, spelling := range []string{arn, strings.Replace(arn, id, strings.ToUpper(id), 1), here + tail + "/" + id, here + tail + "/agent/" + id, strings.Replace(arn, instanceID, strings.ToUpper(instanceID), 1),
				arn + ":$LATEST", arn + ":$SAVED", arn + ":1", strings.Replace(arn, "us-east-1", "eu-west-1", 1), arn + "/" + tail + "/" + nobody} {
				w.as("resourceArn", spelling, func() { try(`ListTagsForResource {"ResourceArn":"${resourceArn}"}`) })
			}
			if found < 2 {
				t.Errorf("only %d ARNs find its tags", found)
			}
		})
	}
}

// A number is moved by those who may do so with the number, with the instance that gets it and with the one that has it.
func TestPoliciesOfAMovedNumber(t *testing.T) {
	w := newWalker(t, "sqlite::memory:")
	keys := &policedKeys{accessKeys: accessKeys{accessKey: secretKey}}
	w.api.Keys = keys
	w.do(`SearchAvailablePhoneNumbers {"InstanceId":"${instance}","PhoneNumberCountryCode":"US","PhoneNumberType":"DID"} -> AvailableNumbersList.0.PhoneNumber=PhoneNumber
		ClaimPhoneNumber {"InstanceId":"${instance}","PhoneNumber":"${PhoneNumber}"} -> PhoneNumberId PhoneNumberArn`)
	w.api.AnyCredentials = false
	number, from, to := w.names["PhoneNumberArn"], arns+"instance/"+instanceID, arns+"instance/"+otherInstance
	for _, c := range []struct {
		resources []string
		condition string
		want      string
	}{
		{[]string{number, to}, "", "on resource: " + from},
		{[]string{number, from}, "", "on resource: " + to},
		{[]string{from, to}, "", "on resource: " + number},
		{[]string{"*"}, otherInstance, "on resource: " + number},
		{[]string{number, from, to}, "", " 200 "},
	} {
		statement := `{"Effect":"Allow","Action":"*","Resource":` + string(must(json.Marshal(c.resources)))
		if c.condition != "" {
			statement += `,"Condition":{"StringEquals":{"connect:InstanceId":"` + c.condition + `"}}`
		}
		keys.policies = map[string]*policy.Policy{accessKey: must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":` + statement + `}}`)))}
		for _, target := range []string{`"TargetArn":"` + to + `"`, `"InstanceId":"` + otherInstance + `"`} {
			if got := w.signed("PUT", "/phone-number/"+w.names["PhoneNumberId"], `{`+target+`}`); !strings.Contains(got, c.want) {
				t.Errorf("%v, %s: got %s", c.resources, target, got)
			}
		}
	}
}
