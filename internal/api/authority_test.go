package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
		{"a chat by another flow", allow("StartChatContact", at+"/contact-flow/x"), `PUT /contact/chat {"InstanceId":"${instance}","ContactFlowId":"${flow}","ParticipantDetails":{"DisplayName":"Ann"}}`, "403"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				names := strings.NewReplacer("${instance}", instanceID, "${flow}", flowID, "${basic}", center.SeededID(instanceID, "queue", "BasicQueue"),
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
				case !strings.HasPrefix(got, "HTTP/1.1 403") || !strings.Contains(got, "AccessDeniedException") || !strings.Contains(got, c.want):
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
