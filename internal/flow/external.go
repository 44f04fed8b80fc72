package flow

import (
	"encoding/json"
	"slices"
	"time"
)

// The systems that stand beside the contact centre. The service brings its own;
// here each is asked through [AskSystem], and without an answer the action
// takes its branch NoMatchingError.
const (
	customerProfiles = "CustomerProfiles"
	cases            = "Cases"
	wisdom           = "Wisdom"
	tasks            = "Tasks"
	dataTables       = "DataTables"
	contacts         = "Contacts" // contacts of other channels, begun by the flow
	agenticCX        = "AgenticCX"
)

// asks has its step ask the system. What the system answers as Data is what the
// references with the root lead to; without a root it is not kept.
func asks(system, root string, t actionType) actionType {
	note := "asks the system " + system + "; without an endpoint for it takes the branch NoMatchingError"
	if t.note != "" {
		note = t.note + "; " + note
	}
	t.note, t.system, t.root = note, system, root
	return works(t, func(p params) step {
		return askSystem{
			system:     system,
			root:       root,
			parameters: newTemplate(p.node),
			scheduled:  p.dynamic("ScheduledTime"),
		}
	})
}

type askSystem struct {
	system     string
	root       string
	parameters template
	scheduled  dynamic // of CreateTask
}

const (
	// What goes to a system and comes from it is limited as it is for functions
	// (inferred).
	maxSystemQuestion = 32 * 1024
	maxSystemAnswer   = 32 * 1024

	// maxCustomer is the most that a flow may hold of a profile (admin guide,
	// "Customer profiles").
	maxCustomer = 14_000
)

func (a askSystem) run(r *run) outcome {
	if a.scheduled.present() {
		// Seconds since 1970; a time that has passed is an error (developer
		// guide, "CreateTask").
		at, ok := integer(a.scheduled, &r.s, 0, maxPriority)
		if !ok || time.Unix(int64(at), 0).Before(r.now) {
			return fail("the scheduled time is not in the future")
		}
	}
	parameters := "{}"
	if a.parameters.present() {
		var ok bool
		if parameters, ok = a.parameters.resolve(&r.s, maxSystemQuestion); !ok {
			return fail("the parameters are too large")
		}
	}
	return r.call(AskSystem{System: a.system, Action: r.current.name, Parameters: parameters})
}

func (a askSystem) resume(r *run, e Event) (outcome, bool) {
	answer, ok := r.answers(e)
	switch {
	case !ok:
		return outcome{}, false
	case answer.Error != "":
		return answer.failure(), true
	}
	return a.answered(r, answer.Body), true
}

// systemAnswer is what a system says. All members may be absent.
type systemAnswer struct {
	Result string          `json:"Result"`
	Error  string          `json:"Error"` // an error type of the action
	Data   json.RawMessage `json:"Data"`
}

func (a askSystem) answered(r *run, body string) outcome {
	answer, why := readSystemAnswer(body)
	switch {
	case why != "":
		return fail(why)
	case answer.Error != "" && !r.current.kind.knows(answer.Error):
		return fail("the system answered with an error that the action does not have")
	case answer.Error != "":
		return outcome{ending: failed, name: answer.Error, why: "the system says so"}
	}
	if why := a.learn(r, answer.Data); why != "" {
		return fail(why)
	}
	if answer.Result == "" {
		return success
	}
	return r.named(answer.Result)
}

func readSystemAnswer(body string) (answer systemAnswer, why string) {
	if len(body) > maxSystemAnswer {
		return answer, "the system's answer is too large"
	}
	if _, ok := facts(body); !ok || json.Unmarshal([]byte(body), &answer) != nil {
		return answer, "the system's answer is not an object with Result, Error and Data"
	}
	if k := kindOf(answer.Data); k == 'n' {
		answer.Data = nil
	} else if k != 0 && k != '{' {
		return answer, "the system's Data is not an object"
	}
	return answer, ""
}

// knows says whether a flow may have a branch for the error.
func (t *actionType) knows(errorType string) bool {
	return slices.Contains(t.errors, errorType) || slices.Contains(t.mayErrors, errorType)
}

// learn keeps what the system told. Profiles and cases are told in parts: what
// is new is added to what is known, while the rest replaces it.
func (a askSystem) learn(r *run, data json.RawMessage) (why string) {
	if a.root == "" {
		return ""
	}
	if data == nil {
		data = json.RawMessage("{}")
	}
	if a.system == customerProfiles || a.system == cases {
		data = merged(r.s.Data[a.root], data)
	}
	if a.system == customerProfiles && len(data) > maxCustomer || len(data) > maxSystemAnswer {
		return "the flow is told too much"
	}
	r.setData(a.root, data)
	return ""
}

// merged is the members of both objects, the second's before the first's.
func merged(known, told json.RawMessage) json.RawMessage {
	if len(known) == 0 {
		return told
	}
	all := make(map[string]json.RawMessage)
	for _, object := range []json.RawMessage{known, told} {
		if err := json.Unmarshal(object, &all); err != nil {
			panic("flow: an object that was read before cannot be read: " + err.Error())
		}
	}
	return encoded(all)
}
