package rehearsal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/flow"
)

// What the world says while a document is explored. Each answer leads to the branch that the trial asks for, or to the
// next in turn.

// block is the action that is asking, nil in a stub.
func (k *take) block() *block {
	if k.play.State.Flow != k.script.ID {
		return nil
	}
	return k.outline.blocks[k.play.State.At]
}

// branch is where the action is to go.
func (k *take) branch(b *block) string {
	k.asked = true
	at := site{b.id, k.visits[b.id]}
	if a := k.answer(at); a.decided {
		return a.branch
	}
	if len(b.branches) == 0 {
		return nextAction
	}
	turn := at.visit
	if k.steady > 0 {
		turn = k.steady - 1
	}
	return b.branches[turn%len(b.branches)]
}

// fails says whether the branch is an error of its own.
func (b *block) fails(branch string) bool {
	return branch != noMatchingCondition && slices.Contains(b.errors, branch)
}

// result is an answer that leads to the branch; "" where it needs none.
func (b *block) result(branch string) string {
	for _, c := range b.conditions {
		if c.branch == branch {
			return c.samples()[0]
		}
	}
	if branch != noMatchingCondition {
		return ""
	}
	for _, v := range []string{"-1", "1000000000"} {
		if !slices.ContainsFunc(b.conditions, func(c condition) bool { return c.compares(v) }) {
			return v
		}
	}
	return ""
}

// compares says whether a condition on numbers holds for the value.
func (c condition) compares(value string) bool {
	v, _ := strconv.ParseFloat(value, 64)
	operand, err := strconv.ParseFloat(c.operand, 64)
	switch c.operator {
	case "NumberGreaterThan", "NumberGreaterOrEqualTo":
		return err == nil && v > operand
	case "NumberLessThan", "NumberLessOrEqualTo":
		return err == nil && v < operand
	}
	return false
}

func (k *take) Flow(string) *Script {
	b := k.block()
	if b == nil || b.name != "TransferToFlow" || b.fails(k.branch(b)) {
		return nil
	}
	return stubFlow
}

var stubFlow = &Script{ID: "another flow", Program: mustParse(`{"Version":"2019-10-30","StartAction":"end","Actions":[
	{"Identifier":"end","Type":"DisconnectParticipant","Transitions":{}}]}`)}

func (k *take) Module(string) *Script {
	k.waits() // perhaps
	b := k.block()
	branch := k.branch(b)
	if b.fails(branch) {
		return nil
	}
	parameters := map[string]any{}
	if result := b.result(branch); result != "" {
		parameters["Result"] = result
	}
	at := site{b.id, k.visits[b.id]}
	if data, ok := k.tree("Modules", origin{site: at}, at.visit)["ResultData"]; ok {
		parameters["ResultData"] = data
	}
	actions := []any{map[string]any{
		"Identifier": "end", "Type": "EndFlowModuleExecution", "Parameters": parameters, "Transitions": map[string]any{},
	}}
	start := "end"
	if written := k.writtenBy(at); len(written) > 0 {
		start = "write"
		actions = append(actions, map[string]any{
			"Identifier": start, "Type": "UpdateContactAttributes", "Parameters": map[string]any{"Attributes": written},
			"Transitions": map[string]any{"NextAction": "end", "Errors": []any{map[string]string{"ErrorType": noMatchingError, "NextAction": "end"}}},
		})
	}
	k.stubs++
	return &Script{ID: fmt.Sprint("module ", k.stubs), Kind: flow.Module, Program: mustParse(encode(map[string]any{
		"Version": "2019-10-30", "StartAction": start, "Actions": actions,
	}))}
}

// writtenBy are the contact's attributes that a module is to write. Called again and again it writes what the flow
// compares with, in turn: flows may go round until it has.
func (k *take) writtenBy(at site) map[string]string {
	written := make(map[string]string)
	for _, path := range k.outline.refs["Attributes"] {
		key := keyOf(path)
		f, set := k.answer(at).facts[key]
		if pool := k.outline.pool[key]; !set && !k.trial.still && at.visit > 1 && len(pool) > 0 {
			f, set = fact{text: pool[(at.visit-2)%len(pool)]}, true
		}
		if set && len(path) == 2 {
			written[path[1]] = f.text
		}
	}
	return written
}

func (k *take) Queue(queueID, agentID string) flow.Queue {
	return flow.Queue{Name: LastName(queueID + agentID), ARN: queueID + agentID}
}

func (k *take) Answer(ask flow.Asking) flow.Event {
	b := k.block()
	if b == nil {
		return flow.Refused{Reason: "not here"}
	}
	if k.lap() {
		return flow.Refused{Reason: "it goes round"}
	}
	branch := k.branch(b)
	if b.fails(branch) && branch != "TimeLimitExceeded" {
		return flow.Refused{Error: branch, Reason: "rehearsed"}
	}
	switch e := ask.(type) {
	case flow.CheckHours:
		return flow.Granted{Result: b.result(branch)}
	case flow.CheckMetric:
		return flow.Granted{Result: b.metric(e.Metric, branch)}
	case flow.GetMetrics:
		figures := k.tree("Metrics", origin{site: site{b.id, k.visits[b.id]}}, k.visits[b.id])
		figures["Rehearsed"] = "yes"
		return flow.Granted{Data: encode(figures)}
	}
	return flow.Granted{}
}

// metric: conditions on ages are in milliseconds, and ages in seconds.
func (b *block) metric(name, branch string) string {
	v, err := strconv.ParseFloat(b.result(branch), 64)
	if err != nil {
		return "0"
	}
	if strings.HasSuffix(name, "Seconds") {
		v /= 1000
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func (k *take) Ask(q flow.Question) flow.Answered {
	if k.lap() {
		return flow.Answered{Error: noMatchingError, Why: "it goes round"}
	}
	b := k.block()
	branch := k.branch(b)
	at := site{b.id, k.visits[b.id]}
	switch q := q.(type) {
	case flow.RecognizeText:
		return k.recognize(b, branch)
	case flow.InvokeFunction:
		if b.fails(branch) {
			return flow.Answered{Error: branch, Why: "rehearsed"}
		}
		values := k.tree("External", origin{site: at}, at.visit)
		if parameters, _ := b.parameters.(map[string]any); !strings.Contains(encode(parameters["ResponseValidation"]), `"JSON"`) {
			for name, v := range values {
				if _, flat := v.(string); !flat {
					delete(values, name)
				}
			}
		}
		return flow.Answered{Body: encode(values), Invocation: "rehearsed"}
	case flow.AskSystem:
		if b.fails(branch) {
			return flow.Answered{Body: encode(map[string]string{"Error": branch})}
		}
		said := map[string]any{}
		if root := rootOf[q.Action]; root != "" {
			said["Data"] = k.tree(root, origin{site: at}, at.visit)
		}
		if result := b.result(branch); result != "" {
			said["Result"] = result
		}
		return flow.Answered{Body: encode(said)}
	}
	return flow.Answered{Error: noMatchingError}
}

// recognize asks back once, so that there is a dialog, and then has the bot's last word. A bot that fails has said nothing,
// unless the trial wants something of what it says: then the intent has failed.
func (k *take) recognize(b *block, branch string) flow.Answered {
	at := site{b.id, k.visits[b.id]}
	set := k.answer(at).facts
	failed := b.fails(branch) && branch != "InputTimeLimitExceeded"
	if failed && !wanted(set, "Lex") {
		return flow.Answered{Error: branch, Why: "rehearsed"}
	}
	told := k.tree("Lex", origin{site: at}, at.visit)
	dialog, state := "Close", "Fulfilled"
	if v, ok := set[keyOf([]string{"Lex", "DialogState"})]; ok && v.text != "" {
		state = v.text
	}
	switch k.turns++; {
	case failed:
		state = "Failed"
	case k.turns == 1:
		dialog, state = "ElicitSlot", "InProgress"
	}
	intent := k.intent(b, branch, set, told)
	slots := map[string]any{}
	named, _ := told["Slots"].(map[string]any)
	for name, v := range named {
		slots[name] = map[string]any{"value": map[string]any{"originalValue": v, "interpretedValue": v}}
	}
	return flow.Answered{Body: encode(map[string]any{
		"messages":        []any{map[string]any{"contentType": "PlainText", "content": "What do you mean?"}},
		"interpretations": interpretations(intent, told),
		"sessionState": map[string]any{
			"sessionAttributes": texts(told["SessionAttributes"]),
			"intent":            map[string]any{"name": intent, "state": state, "slots": slots},
			"dialogAction":      map[string]any{"type": dialog},
		},
	})}
}

// wanted says whether the trial has facts below a root.
func wanted(set map[string]fact, root string) bool {
	for key, f := range set {
		if !f.absent && strings.HasPrefix(key, root+"\x1f") {
			return true
		}
	}
	return false
}

// intent is what the bot recognizes: what the branch needs, or what the flow goes on to compare.
func (k *take) intent(b *block, branch string, set map[string]fact, told map[string]any) string {
	if f, ok := set[keyOf([]string{"Lex", "IntentName"})]; ok {
		return f.text
	}
	if intent := b.result(branch); intent != "" {
		return intent
	}
	if intent, ok := told["IntentName"].(string); ok && len(b.conditions) == 0 {
		return intent
	}
	return "Rehearsed"
}

// interpretations are what the bot made of the text, its intent and others.
func interpretations(intent string, told map[string]any) []any {
	first := map[string]any{"intent": map[string]any{"name": intent}}
	if label, ok := member(told, "SentimentResponse", "Label").(string); ok {
		first["sentimentResponse"] = map[string]any{"sentiment": label}
	}
	if score, ok := number(member(told, "IntentConfidence", "Score")); ok {
		first["nluConfidence"] = map[string]any{"score": score}
	}
	if scores, ok := member(told, "SentimentResponse", "Scores").(map[string]any); ok {
		all := map[string]any{}
		for name, v := range scores {
			if score, ok := number(v); ok {
				all[strings.ToLower(name)] = score
			}
		}
		label, _ := member(told, "SentimentResponse", "Label").(string)
		first["sentimentResponse"] = map[string]any{"sentiment": label, "sentimentScore": all}
	}
	all := []any{first}
	others, _ := told["AlternativeIntents"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(others)) {
		other := map[string]any{"intent": map[string]any{"name": name}}
		if score, ok := number(member(others[name], "IntentConfidence", "Score")); ok {
			other["nluConfidence"] = map[string]any{"score": score}
		}
		all = append(all, other)
	}
	return all
}

// number is a text that is one in JSON.
func number(v any) (json.RawMessage, bool) {
	text, ok := v.(string)
	_, err := strconv.ParseFloat(text, 64)
	return json.RawMessage(text), ok && err == nil && json.Valid([]byte(text))
}

func texts(v any) map[string]string {
	all := map[string]string{}
	named, _ := v.(map[string]any)
	for name, v := range named {
		if text, ok := v.(string); ok {
			all[name] = text
		}
	}
	return all
}

func member(v any, names ...string) any {
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// prompt lets happen what the flow waits for. It returns false where nothing can.
func (k *take) prompt() bool {
	k.waits()
	p := k.play
	b := k.block()
	timer, timed := p.Waiting()
	branch := transferred
	if b != nil {
		branch = k.branch(b)
	}
	w := p.State.Waiting
	switch {
	case w == nil:
		return false
	case timed && (branch == "TimeLimitExceeded" || branch == "InputTimeLimitExceeded" || branch == "Equals WaitCompleted"):
		p.Advance(timer.Sub(p.Now))
	case w.For == showViewType:
		k.respond(b, branch)
	case w.For == signInType && branch == "Equals "+string(flow.OptedOut):
		p.SignIn(flow.OptedOut)
	case w.For == signInType:
		p.SignIn(flow.SignedIn)
	case w.For == "Wait" && branch == "Equals CustomerReturned":
		p.Message(flow.ContentTypePlain, "hello")
	case w.For == "Wait" && branch == "Equals "+botParticipantDisconnected:
		p.BotLeaves()
	case w.For == "Wait" && timed:
		p.Advance(timer.Sub(p.Now))
	case w.Timer == "" && w.Call == "" && w.For != "ConnectParticipantWithLexBot":
		return false
	default:
		p.Message(flow.ContentTypePlain, "hello")
	}
	return true
}

func (k *take) respond(b *block, branch string) {
	if branch == noMatchingCondition {
		k.play.Message(flow.ContentTypePlain, "I do not see it")
		return
	}
	action := b.result(branch)
	if action == "" {
		action = "Next"
	}
	at := site{b.id, k.visits[b.id]}
	data, _ := json.Marshal(k.tree("Views", origin{site: at}, at.visit)["ViewResultData"])
	k.play.Respond(action, data)
}

// tree is an object with a value at each path of the root that the document refers to. The first time the values are
// fillers, and later those that the document compares with, in turn.
func (k *take) tree(root string, from origin, visit int) map[string]any {
	all := make(map[string]any)
	set := k.answer(from.site).facts
	if from.contact {
		set = k.trial.contact
	}
	for _, path := range k.outline.refs[root] {
		key := keyOf(path)
		f, ok := set[key]
		if !ok && from.contact && root == "Attributes" && k.trial.bare {
			continue
		}
		if !ok {
			f.text = filler
			if values, _ := domain(path); len(values) > 0 {
				f.text = values[0]
			}
			if pool := k.outline.pool[key]; visit > 0 && !k.trial.still && len(pool) > 0 {
				f.text = pool[(visit-1)%len(pool)]
			}
		}
		if !f.absent && len(path) > 1 {
			plant(all, path[1:], f.text)
		}
	}
	return all
}

// plant puts a value at a path, unless a value is in the way.
func plant(at map[string]any, path []string, v string) {
	for _, name := range path[:len(path)-1] {
		next, ok := at[name].(map[string]any)
		if !ok {
			next = make(map[string]any)
			at[name] = next
		}
		at = next
	}
	last := path[len(path)-1]
	if at[last] == nil {
		at[last] = v
	}
}

// contactRoots are what is known of a contact from the beginning.
var contactRoots = []string{
	"Attributes", "SegmentAttributes", "Tags", "References", "Media", "Queue", "CustomerId", "Name", "Description",
	"LanguageCode", "InitiationMethod", "Agent", "AwsRegion", "InstanceARN", "ContactId", "InitialContactId", "PreviousContactId",
}

// contact is whom the play is about.
func (k *take) contact() flow.Contact {
	c := flow.Contact{
		Trace: true, Queue: flow.Queue{Name: "BasicQueue", ARN: "queue"}, Attributes: map[string]string{},
		SegmentAttributes: map[string]string{}, Tags: map[string]string{}, References: map[string]flow.Reference{},
		CustomParticipant: k.trial.contact[botFact].absent,
	}
	for _, root := range contactRoots {
		nested := k.tree(root, origin{contact: true}, 0)
		switch root {
		case "Attributes":
			c.Attributes = texts(nested)
		case "SegmentAttributes":
			for name, v := range nested {
				c.SegmentAttributes[name] = scalar(v)
			}
		case "Tags":
			c.Tags = texts(nested)
		case "References":
			for name, v := range nested {
				m := texts(v)
				c.References[name] = flow.Reference{Value: m["Value"], Type: m["Type"]}
			}
		case "Media":
			c.InitialMessage = texts(nested)["InitialMessage"]
		case "Queue":
			if name, ok := nested["Name"].(string); ok {
				c.Queue.Name = name
			}
			if address, ok := member(nested, "OutboundCallerId", "Address").(string); ok {
				c.Queue.OutboundCallerID = address
			}
		case "Agent":
			c.Agent = k.agent()
		default:
			k.leaf(&c, root)
		}
	}
	return c
}

// agent is the agent whom the flow is about. There is one when the trial says so.
func (k *take) agent() (a flow.Agent) {
	for name, field := range map[string]*string{"UserName": &a.UserName, "FirstName": &a.FirstName, "LastName": &a.LastName, "ARN": &a.ARN} {
		*field = k.trial.contact[keyOf([]string{"Agent", name})].text
	}
	return a
}

// leaf sets a fact that is a value itself.
func (k *take) leaf(c *flow.Contact, root string) {
	field := map[string]*string{
		"CustomerId": &c.CustomerID, "Name": &c.Name, "Description": &c.Description,
		"LanguageCode": &c.LanguageCode, "InitiationMethod": &c.InitiationMethod, "AwsRegion": &c.AwsRegion,
		"InstanceARN": &c.InstanceARN, "ContactId": &c.ContactID, "InitialContactId": &c.InitialContactID,
		"PreviousContactId": &c.PreviousContactID,
	}[root]
	f, set := k.trial.contact[root]
	switch {
	case set && !f.absent:
		*field = f.text
	case !set:
		*field = filler
		if values, _ := domain([]string{root}); len(values) > 0 {
			*field = values[0]
		}
	}
}

// fill leaves room in a contact's attributes for so many bytes more.
func fill(attributes map[string]string, room int) {
	const limit, name = 32_768, "everything else"
	attributes[name] = strings.Repeat("x", max(limit-len(name)-sizeOf(attributes)-room, 0))
}
