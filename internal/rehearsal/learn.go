package rehearsal

import (
	"maps"
	"slices"

	"github.com/parley-chat/parley/internal/flow"
)

// hear follows the log of the document, and how much room the contact's attributes take up.
func (k *take) hear(e flow.Effect) {
	if written, ok := e.(flow.SetAttributes); ok {
		maps.Copy(k.attributes, written.Set)
		k.size = sizeOf(k.attributes)
	}
	line, ok := e.(flow.Log)
	if !ok || line.Flow != k.script.ID {
		return
	}
	b := k.outline.blocks[line.Identifier]
	taken := aim{b.id, line.Branch}
	if !k.taken[taken] {
		k.taken[taken], k.first[taken] = true, k.trial
	}
	at := site{b.id, k.visits[b.id]}
	for _, branch := range b.branches {
		if a := (aim{b.id, branch}); !k.taken[a] {
			k.vary(b, at, a)
		}
	}
	came := step{action: b.id, branch: line.Branch}
	for _, path := range b.refs {
		came.origins = append(came.origins, k.origin(path))
	}
	k.steps = append(k.steps, came)
	k.learn(b, at, line.Branch)
	k.visits[b.id]++
	k.turns, k.asked = 0, false
	k.before, k.peak = k.size, max(k.peak, k.size)
}

func sizeOf(attributes map[string]string) (size int) {
	for key, v := range attributes {
		size += len(key) + len(v)
	}
	return size
}

// learn keeps where values come from, after an action.
func (k *take) learn(b *block, at site, branch string) {
	parameters, _ := b.parameters.(map[string]any)
	failed := slices.Contains(b.errors, branch) && branch != noMatchingCondition
	if root := rootOf[b.name]; root != "" {
		// A bot that fails has said what it could not do.
		if k.told[root] = (origin{}); !failed || root == "Lex" && branch == noMatchingError && k.asked {
			k.told[root] = origin{site: at, path: []string{root}}
		}
	}
	if failed || parameters["TargetContact"] == "Related" {
		return
	}
	switch b.name {
	case invokeModuleType:
		k.module = at
		for name := range k.writtenBy(at) {
			path := []string{"Attributes", name}
			k.written[keyOf(path)] = origin{site: at, path: path}
		}
	case showViewType:
		k.viewed = true
	case "UpdateContactAttributes":
		k.write("Attributes", parameters["Attributes"])
	case "UpdateFlowAttributes":
		flat := make(map[string]any)
		attributes, _ := parameters["FlowAttributes"].(map[string]any)
		for name, v := range attributes {
			if member, ok := v.(map[string]any); ok {
				flat[name] = member["Value"]
			}
		}
		k.write("FlowAttributes", flat)
	case "UpdateContactData":
		for name, v := range parameters {
			k.written[name] = k.source(v)
		}
	case "TagContact":
		k.write("Tags", parameters["Tags"])
	}
}

func (k *take) write(root string, values any) {
	named, _ := values.(map[string]any)
	for name, v := range named {
		k.written[keyOf([]string{root, name})] = k.source(v)
	}
}

// source is where the value of a parameter comes from.
func (k *take) source(v any) origin {
	text, _ := v.(string)
	if paths, whole := flow.References(text); whole {
		return k.origin(paths[0])
	}
	return origin{}
}

// rootOf is what the answers to types of actions write.
var rootOf = map[string]string{
	"InvokeLambdaFunction": "External", "ConnectParticipantWithLexBot": "Lex", showViewType: "Views", "GetMetricData": "Metrics",
	invokeModuleType: "Modules", "CreateTask": "Task", "CreateCase": "Case", "GetCase": "Case", "UpdateCase": "Case",
	"CreateWisdomSession": "Wisdom", "GetCustomerProfile": "Customer", "CreateCustomerProfile": "Customer",
	"UpdateCustomerProfile": "Customer", "AssociateContactToCustomerProfile": "Customer", "GetCustomerProfileObject": "Customer",
	"GetCalculatedAttributesForCustomerProfile": "Customer", "CheckSegmentMembership": "Customer",
	"EvaluateDataTableValues": "DataTables", "ListDataTableValues": "DataTableList", "ConnectParticipantWithAgenticCX": "AgenticCX",
}

// origin is where the value that a reference leads to now can be changed.
func (k *take) origin(path []string) origin {
	if o, written := k.written[keyOf(path)]; written {
		return o
	}
	root := path[0]
	if o, told := k.told[root]; told && !(root == "Modules" && path[len(path)-1] != root && len(path) > 1 && path[1] == "Input") {
		if o.known() {
			o.path = path
		}
		return o
	}
	if values, closed := domain(path); closed && len(values) < 2 {
		return origin{}
	}
	switch {
	case root == "Modules" && k.script.Kind == flow.Module, root == "External" && k.script.Kind != flow.Module,
		slices.Contains(contactRoots, root):
		return origin{contact: true, path: path}
	}
	return origin{}
}
