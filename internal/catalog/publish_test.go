package catalog_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

const (
	functionARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
	aliasARN    = "arn:aws:lex:us-east-1:123456789012:bot-alias/BOTID12345/ALIASID123"
)

// step is an action that leads to the end by every branch.
func step(id, actionType, parameters string, errors ...string) string {
	var branches []string
	for _, e := range errors {
		branches = append(branches, `{"ErrorType":"`+e+`","NextAction":"end"}`)
	}
	conditions := ""
	if actionType == "CheckHoursOfOperation" {
		conditions = `,"Conditions":[{"NextAction":"end","Condition":{"Operator":"Equals","Operands":["True"]}},{"NextAction":"end","Condition":{"Operator":"Equals","Operands":["False"]}}]`
	}
	return `{"Identifier":"` + id + `","Type":"` + actionType + `","Parameters":` + parameters + `,"Transitions":{"NextAction":"end","Errors":[` + strings.Join(branches, ",") + `]` + conditions + `}},`
}

func steps(all ...string) string {
	return `{"Version":"2019-10-30","StartAction":"end","Actions":[` + strings.Join(all, "") + `{"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]}`
}

// naming is a flow that names something of every kind.
func naming(module, queue, flow, hours, view, prompt, function, bot string) string {
	const failed = "NoMatchingError"
	return steps(
		step("module", "InvokeFlowModule", `{"FlowModuleId":"`+module+`"}`, failed),
		step("queue", "UpdateContactTargetQueue", `{"QueueId":"`+queue+`"}`, failed),
		step("flow", "TransferToFlow", `{"ContactFlowId":"`+flow+`"}`, failed),
		step("hook", "UpdateContactEventHooks", `{"EventHooks":{"CustomerRemaining":"`+flow+`"}}`, failed),
		step("hours", "CheckHoursOfOperation", `{"HoursOfOperationId":"`+hours+`"}`, failed),
		step("view", "ShowView", `{"ViewResource":{"Id":"`+view+`","Version":"Latest"},"InvocationTimeLimitSeconds":"60"}`, "NoMatchingCondition", failed, "TimeLimitExceeded"),
		step("prompt", "MessageParticipant", `{"PromptId":"`+prompt+`"}`, failed),
		step("function", "InvokeLambdaFunction", `{"LambdaFunctionARN":"`+function+`","InvocationTimeLimitSeconds":"8"}`, failed),
		step("bot", "ConnectParticipantWithLexBot", `{"Text":"x","LexV2Bot":{"AliasArn":"`+bot+`"}}`, failed, "NoMatchingCondition"),
	)
}

// refused are the paths of what keeps a flow from being published.
func refused(t *testing.T, err error) (paths []string) {
	t.Helper()
	var wrong *center.Error
	if !errors.As(err, &wrong) || wrong.Code != center.InvalidFlow {
		t.Fatalf("refused with %v", err)
	}
	for _, p := range wrong.Problems {
		const words = "Invalid Action property value. Path: "
		path, ok := strings.CutPrefix(p, words)
		path, _, _ = strings.Cut(path, " (")
		if !ok {
			t.Errorf("told as %q", p)
		}
		paths = append(paths, path)
	}
	return paths
}

// A flow that names what is not there is saved, and not published; each name is a problem of its own. When all is there it is.
func TestWhatAFlowNamesMustBeThere(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	publish := func(name, content string) error {
		_, err := c.CreateFlow(w.ctx, instance, center.ContactFlow{Name: name, Type: center.TypeContactFlow}, content, true)
		return err
	}
	nowhere := naming("announcement", "BasicQueue", "Welcome", "Basic Hours", "myview", "Beep.wav", functionARN, aliasARN)
	want := []string{
		"Actions[0].Parameters.FlowModuleId", "Actions[1].Parameters.QueueId", "Actions[2].Parameters.ContactFlowId",
		"Actions[3].Parameters.EventHooks.CustomerRemaining", "Actions[4].Parameters.HoursOfOperationId", "Actions[5].Parameters.ViewResource.Id",
		"Actions[6].Parameters.PromptId", "Actions[7].Parameters.LambdaFunctionARN", "Actions[8].Parameters.LexV2Bot.AliasArn",
	}
	if got := refused(t, publish("nowhere", nowhere)); !slices.Equal(got, want) {
		t.Errorf("problems at %q, want %q", got, want)
	}
	draft, err := c.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "draft", Type: center.TypeContactFlow}, nowhere, false)
	w.must(err)
	if got := refused(t, c.UpdateFlowContent(w.ctx, instance, center.FlowRef{ID: draft.ID}, nowhere)); !slices.Equal(got, want) {
		t.Errorf("problems of an update at %q, want %q", got, want)
	}
	w.must(c.UpdateFlowContent(w.ctx, instance, center.FlowRef{ID: draft.ID, Qualifier: center.SavedQualifier}, nowhere))

	module, err := c.CreateModule(w.ctx, instance, center.FlowModule{Name: "announcement"}, says("x"), "")
	w.must(err)
	made, err := c.CreateView(w.ctx, instance, center.View{Name: "mine"}, `{"Head":{"Configuration":{}},"Body":[]}`, nil, false, "")
	w.must(err)
	w.must(c.Allow(w.ctx, instance, catalog.Functions, functionARN, ""))
	w.must(c.Allow(w.ctx, instance, catalog.Bots, aliasARN, ""))
	p := c.Partition
	queue, hours := center.SeededID(instance, "queue", center.BasicQueueName), string(center.BasicQueue(instance, now).Hours)
	prompts, err := catalog.Prompts.List(w.ctx, c, instance, "", 1, nil)
	w.must(err)
	beep := catalog.Prompts.ID(&prompts[0])
	w.must(publish("by ids", naming(string(module), queue, string(draft.ID), hours, string(made.Ref.ID), beep, functionARN, aliasARN)))
	w.must(publish("by ARNs", naming(p.ModuleARN(instance, module, "$LATEST"), p.QueueARN(instance, center.QueueID(queue)), p.FlowARN(instance, w.flow),
		p.InstanceARN(instance)+"/operating-hours/"+hours, "arn:aws:connect:us-east-1:aws:view/form:1", p.InstanceARN(instance)+"/prompt/"+beep, functionARN, aliasARN)))
	w.must(publish("by references", naming("$.Attributes.m", "$.Attributes.q", "$.Attributes.f", "$.Attributes.h", "$.Attributes.v", "$.Attributes.p",
		"arn:aws:lambda:$.AwsRegion:123456789012:function:none", "$.Attributes.b")))

	// A version or alias that is not there is none either.
	if got := refused(t, publish("by version", steps(step("m", "InvokeFlowModule", `{"FlowModuleId":"`+string(module)+`:7"}`, "NoMatchingError")))); len(got) != 1 {
		t.Errorf("a version that is not there: problems at %q", got)
	}
	// Modules are held to the same.
	_, err = c.CreateModule(w.ctx, instance, center.FlowModule{Name: "calls"}, strings.Replace(says("x"), `"Actions":[`, `"Actions":[`+step("q", "UpdateContactTargetQueue", `{"QueueId":"none"}`, "NoMatchingError"), 1), "")
	if got := refused(t, err); !slices.Equal(got, []string{"Actions[0].Parameters.QueueId"}) {
		t.Errorf("a module: problems at %q", got)
	}
}

// Flows that lead to each other in a circle are saved first.
func TestFlowsInACircleArePublished(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	to := func(id center.FlowID) string {
		return steps(step("t", "TransferToFlow", `{"ContactFlowId":"`+string(id)+`"}`, "NoMatchingError"))
	}
	first, err := c.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "first", Type: center.TypeContactFlow}, ends, false)
	w.must(err)
	second, err := c.CreateFlow(w.ctx, instance, center.ContactFlow{Name: "second", Type: center.TypeContactFlow}, to(first.ID), true)
	w.must(err)
	w.must(c.UpdateFlowContent(w.ctx, instance, center.FlowRef{ID: first.ID}, to(second.ID)))
	w.must(c.UpdateFlowContent(w.ctx, instance, center.FlowRef{ID: first.ID}, to(first.ID))) // to itself
}

// Whoever runs the server may vouch for functions and bots.
func TestTrustedFunctionsNeedNoAssociation(t *testing.T) {
	w := newWorld(t)
	conf := w.config()
	conf.TrustedFunction = func(name string) bool { return name == functionARN }
	conf.TrustedBot = func(name string) bool { return name == aliasARN }
	c := catalog.New(conf)
	publish := func(function, bot string) error {
		_, err := c.CreateFlow(w.ctx, instance, center.ContactFlow{Name: function + bot, Type: center.TypeContactFlow}, steps(
			step("function", "InvokeLambdaFunction", `{"LambdaFunctionARN":"`+function+`","InvocationTimeLimitSeconds":"8"}`, "NoMatchingError"),
			step("bot", "ConnectParticipantWithLexBot", `{"Text":"x","LexV2Bot":{"AliasArn":"`+bot+`"}}`, "NoMatchingError", "NoMatchingCondition")), true)
		return err
	}
	w.must(publish(functionARN, aliasARN))
	if got := refused(t, publish(aliasARN, functionARN)); len(got) != 2 {
		t.Errorf("problems at %q", got)
	}
}

// A document that names very many things is looked up no further than it can be told of.
func TestProblemsOfAFlowHaveAnEnd(t *testing.T) {
	w := newWorld(t)
	var messages []string
	for i := range 5000 {
		messages = append(messages, fmt.Sprintf(`{"PromptId":"p%d\u0000"}`, i))
	}
	content := steps(step("m", "MessageParticipantIteratively", `{"Messages":[`+strings.Join(messages, ",")+`]}`, "NoMatchingError"))
	content = strings.Replace(content, "DisconnectParticipant", "EndFlowExecution", 1)
	_, err := w.node().CreateFlow(w.ctx, instance, center.ContactFlow{Name: "many", Type: "CUSTOMER_QUEUE"}, content, true)
	if got := refused(t, err); len(got) != 50 {
		t.Errorf("%d problems", len(got))
	}
}

// The case that showed that nothing was looked up.
func TestCaseOfReferences(t *testing.T) {
	content, err := os.ReadFile("../../../shared/cases/06-flow-references.json")
	if err != nil {
		t.Skipf("left out: %v", err)
	}
	w := newWorld(t)
	_, err = w.node().CreateFlow(w.ctx, instance, center.ContactFlow{Name: "case", Type: center.TypeContactFlow}, string(content), true)
	if got := refused(t, err); !slices.Equal(got, []string{"Actions[0].Parameters.FlowModuleId", "Actions[1].Parameters.QueueId", "Actions[2].Parameters.ContactFlowId"}) {
		t.Errorf("problems at %q", got)
	}
}
