package view

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// maxContent is the largest total content of a view in bytes.
// Source: API reference of CreateView, "maximum file size of 400kB".
const maxContent = 400_000

// At most so many problems are told, and so deep may components be nested: what
// is said of a template stays shorter than the template, however hostile it is.
// The first is that of flows in the API model; the second is ours.
const (
	maxProblems = 50
	maxDepth    = 100
)

// holders are the components that hold others. The Administrator Guide's
// example nests in a Container; the views that the console's builder makes
// hold form fields in a Form.
var holders = []string{"Container", "Form"}

// New makes a customer's view of its template and actions, and derives its
// InputSchema. Problems are all that is wrong with it; with any, the content is
// empty. A saved view need only be a JSON object of the right size; a published
// one is checked as a whole (API reference of CreateView: "basic content
// validation" and "full content validation").
func New(template string, actions []string, publish bool) (Content, []string) {
	size := len(template)
	for _, a := range actions {
		size += len(a)
	}
	if size > maxContent {
		return Content{}, []string{fmt.Sprintf("the content has %d bytes, at most %d are allowed", size, maxContent)}
	}
	var root any
	if err := json.Unmarshal([]byte(template), &root); err != nil {
		return Content{}, []string{"Template is not valid JSON: " + err.Error()}
	}
	document, ok := root.(map[string]any)
	if !ok {
		return Content{}, []string{"Template must be a JSON object"}
	}
	if publish {
		c := checker{actions: actions, ids: map[string]bool{}}
		c.document(document)
		if len(c.problems) > 0 {
			return Content{}, c.problems
		}
	}
	return Content{Template: template, InputSchema: inputSchema(document), Actions: actions}, nil
}

// checker collects what is wrong with a template.
type checker struct {
	actions  []string
	ids      map[string]bool
	problems []string
}

func (c *checker) wrong(path, rule string) {
	if !c.full() {
		c.problems = append(c.problems, rule+". Path: "+path)
	}
}

func (c *checker) full() bool { return len(c.problems) == maxProblems }

func (c *checker) document(d map[string]any) {
	head, ok := d["Head"].(map[string]any)
	switch {
	case !ok:
		c.wrong("Head", "Head is required and must be an object")
	default:
		if _, ok := head["Configuration"].(map[string]any); !ok {
			c.wrong("Head.Configuration", "Configuration is required and must be an object, which may be empty")
		}
		if title, given := head["Title"]; given {
			if _, ok := title.(string); !ok {
				c.wrong("Head.Title", "Title must be a string")
			}
		}
	}
	body, ok := d["Body"].([]any)
	if !ok || len(body) == 0 {
		c.wrong("Body", "Body is required and must be a list of components")
		return
	}
	for i, v := range body {
		if c.full() {
			return
		}
		path := fmt.Sprintf("Body[%d]", i)
		component, ok := v.(map[string]any)
		if !ok {
			c.wrong(path, "a component must be an object")
			continue
		}
		c.component(path, component, 0)
	}
}

// component checks one component. At the top of the body only a holder may
// hold components; what lies within one is nested as its designer likes.
func (c *checker) component(path string, v map[string]any, depth int) {
	if depth == maxDepth {
		c.wrong(path, fmt.Sprintf("components may be nested %d deep", maxDepth))
		return
	}
	kind, ok := v["Type"].(string)
	if !ok || kind == "" {
		c.wrong(path+".Type", "Type is required and must be a string")
	}
	if id, ok := v["_id"].(string); !ok || id == "" {
		c.wrong(path+"._id", "_id is required and must be a string")
	} else if c.ids[id] {
		c.wrong(path+"._id", "_id must be unique in the view")
	} else {
		c.ids[id] = true
	}
	if props, given := v["Props"]; given {
		c.props(path+".Props", props)
	}
	content, given := v["Content"]
	if !given {
		return
	}
	list, ok := content.([]any)
	if !ok {
		c.wrong(path+".Content", "Content must be a list")
		return
	}
	for i, inner := range list {
		if c.full() {
			return
		}
		at := fmt.Sprintf("%s.Content[%d]", path, i)
		switch inner := inner.(type) {
		case string:
		case map[string]any:
			if depth == 0 && !slices.Contains(holders, kind) {
				c.wrong(at, "only a Container may hold components")
			}
			c.component(at, inner, depth+1)
		default:
			c.wrong(at, "Content must hold texts or components")
		}
	}
}

// props checks that what a component raises is among the view's actions.
func (c *checker) props(path string, v any) {
	props, ok := v.(map[string]any)
	if !ok {
		c.wrong(path, "Props must be an object")
		return
	}
	action, given := props["Action"]
	if !given {
		return
	}
	name, ok := action.(string)
	switch {
	case !ok:
		c.wrong(path+".Action", "Action must be a string")
	case strings.HasPrefix(name, "$.") || slices.Contains(c.actions, name):
	default:
		c.wrong(path+".Action", "Action must be among the view's Actions")
	}
}

// input matches a value that is wholly a reference to the view's input. The
// ones with a # lead to integrations, which clients fill.
var input = regexp.MustCompile(`^\$\.([A-Za-z_][A-Za-z0-9_-]*)([.\[]\S*)?$`)

// conditions is the definition that every derived schema of Amazon Connect
// carries, whether it is used or not; views of live instances show it.
const conditions = `{"ViewCondition":{"$id":"/view/condition","type":"object","patternProperties":{` +
	`"^(MoreThan|LessThan|NotEqual|Equal|Include)$":{"type":"object","properties":{"ElementByKey":{"type":"string"},` +
	`"ElementByValue":{"anyOf":[{"type":"number"},{"type":"string"}]}},"additionalProperties":false},` +
	`"^(AndConditions|OrConditions)$":{"type":"array","items":{"$ref":"/view/condition"}}},"additionalProperties":false}}`

// inputSchema derives the schema of a view's input: each value that is a
// reference names a required property. Which types Amazon Connect gives them
// is not documented; here any will do.
func inputSchema(document any) string {
	found := map[string]bool{}
	inputs(document, found)
	names := slices.Sorted(maps.Keys(found))
	properties := make(map[string]struct{}, len(names))
	for _, name := range names {
		properties[name] = struct{}{}
	}
	if names == nil {
		names = []string{}
	}
	raw, err := json.Marshal(struct {
		Type       string              `json:"type"`
		Properties map[string]struct{} `json:"properties"`
		Required   []string            `json:"required"`
		Defs       json.RawMessage     `json:"$defs"`
	}{"object", properties, names, json.RawMessage(conditions)})
	if err != nil {
		panic(err) // strings
	}
	return string(raw)
}

func inputs(v any, found map[string]bool) {
	switch v := v.(type) {
	case string:
		if m := input.FindStringSubmatch(v); m != nil {
			found[m[1]] = true
		}
	case []any:
		for _, inner := range v {
			inputs(inner, found)
		}
	case map[string]any:
		for _, inner := range v {
			inputs(inner, found)
		}
	}
}
