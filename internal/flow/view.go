package flow

import (
	"encoding/json"
	"slices"
	"time"
)

// ContentTypeInteractiveResponse is the content type of what a customer answers
// to an interactive message.
const ContentTypeInteractiveResponse = ContentTypeInteractive + ".response"

// showView shows a view and waits for its action (developer guide, "ShowView";
// admin guide, "Show view").
type showView struct {
	id, version dynamic
	data        template
	limit       dynamic
	hide        bool
}

const (
	minViewTimeout = 1
	maxViewTimeout = 604_800

	// maxViewData is the most bytes that the view's data and the contact's
	// attributes have together (developer guide, "ShowView").
	maxViewData = 16 * 1024

	timeLimitExceeded = "TimeLimitExceeded"
)

func newShowView(p params) step {
	resource := params{p.get("ViewResource")}
	hidden := p.get("SensitiveDataConfiguration").get("HideResponseOn").kids
	return showView{
		id:      resource.dynamic("Id"),
		version: resource.dynamic("Version"),
		data:    p.template("ViewData"),
		limit:   p.dynamic("InvocationTimeLimitSeconds"),
		hide:    slices.ContainsFunc(hidden, func(n node) bool { return n.text == "TRANSCRIPT" }),
	}
}

func (v showView) run(r *run) outcome {
	id, ok := v.id.resolve(&r.s)
	if !ok {
		return fail("the view is empty")
	}
	if _, ok := integer(v.limit, &r.s, minViewTimeout, maxViewTimeout); !ok {
		return fail("the time limit is not a number from 1 to 604800")
	}
	data := "{}"
	if v.data.present() {
		most := maxViewData - sizeOf(r.s.Contact.Attributes)
		if data, ok = v.data.resolve(&r.s, most); !ok {
			return fail("the view's data and the contact's attributes are too large")
		}
	}
	if _, ok := facts(data); !ok {
		return fail("the view's data is not an object")
	}
	version, _ := v.version.resolve(&r.s)
	return r.ask(ShowView{ViewID: id, Version: version, Data: data, HideResponse: v.hide})
}

func sizeOf(attributes map[string]string) (size int) {
	for k, v := range attributes {
		size += len(k) + len(v)
	}
	return size
}

func (v showView) resume(r *run, e Event) (outcome, bool) {
	switch e := e.(type) {
	case Granted:
		if r.s.Waiting.Timer == "" {
			// The limit was read before the view was shown, in the same turn.
			seconds, _ := integer(v.limit, &r.s, minViewTimeout, maxViewTimeout)
			r.clearData("Views") // not before: the limit may be in it
			return r.listen(time.Duration(seconds) * time.Second), false
		}
	case Refused:
		r.clearData("Views")
		return answered(e)
	case TimerFired:
		return outcome{ending: failed, name: timeLimitExceeded, why: "the view was not answered"},
			e.ID != "" && e.ID == r.s.Waiting.Timer
	case CustomerMessage:
		if r.s.Waiting.Timer != "" {
			r.unlisten()
			return v.responded(r, e), true
		}
	}
	return outcome{}, false
}

// plainAnswer is the action of a customer who wrote a text instead of using the
// view. No view has it, so it matches no condition.
const plainAnswer = " "

func (v showView) responded(r *run, m CustomerMessage) outcome {
	action, data := plainAnswer, json.RawMessage(nil)
	if m.ContentType == ContentTypeInteractiveResponse {
		action, data = viewResponse(m.Content)
	}
	if data == nil {
		data = encoded(map[string]string{"content": m.Content})
	}
	r.setData("Views", encoded(map[string]any{"Action": action, "ViewResultData": data}))
	return r.named(action)
}

// viewResponse reads a response to a view. What is none is a plain answer.
func viewResponse(content string) (action string, data json.RawMessage) {
	var response struct {
		TemplateType string          `json:"templateType"`
		Action       string          `json:"action"`
		Data         json.RawMessage `json:"data"`
	}
	if json.Unmarshal([]byte(content), &response) != nil || response.TemplateType != "ViewResource" || response.Action == "" {
		return plainAnswer, nil
	}
	if len(response.Data) == 0 || kindOf(response.Data) == 'n' {
		response.Data = json.RawMessage("{}")
	}
	return response.Action, response.Data
}
