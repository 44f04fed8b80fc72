package rehearsal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/view"
)

// Stubs say what stands in for the contact centre and for those around it: what is in the file of `parley flow run
// --stubs`. Where something has no stub, queues are there and empty, hours are open, and functions, bots and systems do
// not answer.
//
// Names are ids or ARNs as flows have them, or a part of one, such as a function's name; "*" is whatever has no other.
type Stubs struct {
	Time    time.Time `yaml:"time"` // when the play begins
	Contact Customer  `yaml:"contact"`

	Lambda  map[string]Answers[FunctionAnswer] `yaml:"lambda"`
	Lex     map[string]Answers[BotRule]        `yaml:"lex"`     // rules: the first that fits a message
	Systems map[string]Answers[SystemAnswer]   `yaml:"systems"` // by type of action
	Views   map[string]Answers[ViewAnswer]     `yaml:"views"`
	Queues  map[string]QueueFigures            `yaml:"queues"`
	Hours   map[string]string                  `yaml:"hours"`   // open or closed; "queue" are those of the working queue
	Flows   map[string]string                  `yaml:"flows"`   // files
	Modules map[string]string                  `yaml:"modules"` // files
	Input   map[string]any                     `yaml:"input"`   // of the module that is played
}

// Customer is what is known of the contact from the beginning.
type Customer struct {
	Attributes        map[string]string         `yaml:"attributes"`
	SegmentAttributes map[string]string         `yaml:"segment-attributes"`
	Tags              map[string]string         `yaml:"tags"`
	References        map[string]flow.Reference `yaml:"references"`
	InitialMessage    string                    `yaml:"initial-message"`
	Name              string                    `yaml:"name"`
	Description       string                    `yaml:"description"`
	CustomerID        string                    `yaml:"customer-id"`
	LanguageCode      string                    `yaml:"language-code"`
	Channel           string                    `yaml:"channel"`
	Queue             string                    `yaml:"queue"`   // the working queue
	Bot               bool                      `yaml:"bot"`     // a custom participant is in the chat
	Related           bool                      `yaml:"related"` // there is a contact that this one is related to
}

// Answers are given one after the other; the last one again and again. In a file, one alone needs no list.
type Answers[T any] []T

// UnmarshalYAML reads a list, or one answer.
func (a *Answers[T]) UnmarshalYAML(unmarshal func(any) error) error {
	var list []T
	err := unmarshal(&list)
	if err == nil {
		*a = list
		return nil
	}
	var one T
	if oneErr := unmarshal(&one); oneErr != nil {
		return fmt.Errorf("neither an answer (%w) nor a list of answers (%w)", oneErr, err)
	}
	*a = Answers[T]{one}
	return nil
}

// FunctionAnswer is what a function returns, a JSON object, or why it fails.
type FunctionAnswer struct {
	Returns any    `yaml:"returns"`
	Fails   string `yaml:"fails"`
}

// BotRule is what a bot makes of a message.
type BotRule struct {
	Hears  string            `yaml:"hears"`  // what the message must contain, in any case of letters; "" for whatever it says
	Says   Answers[string]   `yaml:"says"`   // messages
	Intent string            `yaml:"intent"` // that it recognized
	Slots  map[string]string `yaml:"slots"`
	// State is the intent's: Fulfilled when it is left out, or ReadyForFulfillment or Failed; any other, such as
	// InProgress, leaves the bot listening.
	State      string            `yaml:"state"`
	Attributes map[string]string `yaml:"attributes"` // of the session
	Fails      string            `yaml:"fails"`
}

// SystemAnswer is what a system says that stands beside the contact centre.
type SystemAnswer struct {
	Result string `yaml:"result"`
	Error  string `yaml:"error"` // an error type of the action
	Data   any    `yaml:"data"`
	Fails  string `yaml:"fails"` // it does not answer at all
}

// ViewAnswer is what the customer does with a view.
type ViewAnswer struct {
	Action string `yaml:"action"`
	Data   any    `yaml:"data"`
}

// QueueFigures are a queue and how busy it is.
type QueueFigures struct {
	Name      string        `yaml:"name"`
	Missing   bool          `yaml:"missing"` // there is no such queue
	Full      bool          `yaml:"full"`    // it takes no more contacts
	Contacts  int           `yaml:"contacts"`
	Oldest    time.Duration `yaml:"oldest"` // age of the contact that waits longest
	Online    int           `yaml:"online"` // agents
	Staffed   int           `yaml:"staffed"`
	Available int           `yaml:"available"`
}

// Staged is a world made of stubs.
type Staged struct {
	Stubs
	Scripts map[string]*Script // flows by the name of their stub
	Parts   map[string]*Script // modules, likewise
	Note    func(string)       // is told what has no stub
	Queued  func() string      // the working queue's ARN

	given map[string]int  // answers, by kind and name
	used  map[string]bool // stubs, by kind and name
}

// pick finds the stub of a name.
func pick[T any](stubs map[string]T, name string) (key string, stub T, ok bool) {
	if stub, ok = stubs[name]; ok {
		return name, stub, true
	}
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == ':' })
	for i := range parts {
		part := parts[len(parts)-1-i]
		if stub, ok = stubs[part]; ok {
			return part, stub, true
		}
	}
	stub, ok = stubs["*"]
	return "*", stub, ok
}

// next is the answer of a stub whose turn it is.
func next[T any](s *Staged, kind string, stubs map[string]Answers[T], name string) (answer T, ok bool) {
	key, all, ok := pick(stubs, name)
	if !ok || len(all) == 0 {
		s.Note("no stub for " + kind + " " + name)
		return answer, false
	}
	if s.given == nil {
		s.given = make(map[string]int)
	}
	s.use(kind, key)
	turn := s.given[kind+" "+key]
	s.given[kind+" "+key]++
	return all[min(turn, len(all)-1)], true
}

// Flow finds a flow by the id or ARN.
func (s *Staged) Flow(id string) *Script { return s.script("flow", s.Scripts, id) }

// Module finds a module by the id or ARN, with whatever version or alias.
func (s *Staged) Module(id string) *Script { return s.script("module", s.Parts, id) }

func (s *Staged) script(kind string, scripts map[string]*Script, id string) *Script {
	key, script, ok := pick(scripts, id)
	if !ok {
		s.Note("no stub for " + kind + " " + id)
		return nil
	}
	s.use(kind, key)
	return script
}

// Queue is the queue of the id or ARN, or of the agent.
func (s *Staged) Queue(queueID, agentID string) flow.Queue {
	id := queueID + agentID
	_, q, _ := pick(s.Queues, id)
	if q.Name == "" {
		q.Name = LastName(id)
	}
	return flow.Queue{Name: q.Name, ARN: id}
}

// figures are those of a queue that is named, or of the working queue.
func (s *Staged) figures(queueID, agentID string) (id string, q QueueFigures) {
	if id = queueID + agentID; id == "" {
		id = s.Queued()
	}
	key, q, _ := pick(s.Queues, id)
	s.use(ofQueue, key)
	q.Missing = q.Missing || id == ""
	return id, q
}

// Answer grants what the stubs do not refuse.
func (s *Staged) Answer(ask flow.Asking) flow.Event {
	switch e := ask.(type) {
	case flow.SetRelatedAttributes:
		return s.related(true)
	case flow.SetContactData:
		return s.related(e.Related)
	case flow.SetTargetQueue:
		return entered(s.figures(e.QueueID, e.AgentID))
	case flow.Requeue:
		return placed(s.figures(e.QueueID, e.AgentID))
	case flow.Enqueue:
		return placed(s.figures("", ""))
	case flow.CheckHours:
		return s.hours(e.HoursID)
	case flow.CheckMetric:
		id, q := s.figures(e.QueueID, e.AgentID)
		if q.Missing {
			return noQueue(id)
		}
		return q.metric(e.Metric)
	case flow.GetMetrics:
		id, q := s.figures(e.QueueID, e.AgentID)
		if q.Missing {
			return noQueue(id)
		}
		return q.metrics(s.Queue(id, ""))
	case flow.ShowView:
		return shown(e)
	case flow.SetEventHook:
		key, _, there := pick(s.Scripts, e.FlowID)
		if there {
			s.use(ofFlow, key)
		} else if e.FlowID != "" {
			s.Note("no stub for flow " + e.FlowID + ": nothing will run at " + e.Hook)
		}
	}
	return flow.Granted{}
}

// shown: a view that AWS manages refuses what does not fit into it. Of others nothing is known.
func shown(e flow.ShowView) flow.Event {
	id, _, _ := strings.Cut(LastName(e.ViewID), ":")
	if v, ok := view.FindManaged(id); ok {
		if problems := v.Check([]byte(e.Data)); len(problems) > 0 {
			return flow.Refused{Reason: "the view's input is refused: " + strings.Join(problems, "; ")}
		}
	}
	return flow.Granted{}
}

// related: only a contact that is related to another can write what is known of that one.
func (s *Staged) related(wanted bool) flow.Event {
	if wanted && !s.Contact.Related {
		return flow.Refused{Reason: "the contact has no related contact"}
	}
	return flow.Granted{}
}

func noQueue(id string) flow.Event { return flow.Refused{Reason: "there is no queue " + id} }

func entered(id string, q QueueFigures) flow.Event {
	if q.Missing {
		return noQueue(id)
	}
	return flow.Granted{}
}

func placed(id string, q QueueFigures) flow.Event {
	if q.Full {
		return flow.Refused{Error: "QueueAtCapacity", Reason: "the queue is full"}
	}
	return entered(id, q)
}

func (s *Staged) hours(id string) flow.Event {
	named := id
	if id == "" {
		id = "queue"
	}
	key, state, there := pick(s.Hours, id)
	s.use(ofHours, key)
	if _, said := s.Hours[id]; named == "" && !said && s.Queued() == "" {
		return flow.Refused{Reason: "the contact has no working queue"}
	}
	switch {
	case !there, state == "open":
		return flow.Granted{Result: "True"}
	case state == "closed":
		return flow.Granted{Result: "False"}
	}
	return flow.Refused{Reason: "there are no such hours of operation"}
}

func (q QueueFigures) metric(name string) flow.Event {
	figures := map[string]float64{
		"NumberOfAgentsAvailable": float64(q.Available), "NumberOfAgentsStaffed": float64(q.Staffed), "NumberOfAgentsOnline": float64(q.Online),
		"OldestContactInQueueAgeSeconds": q.Oldest.Seconds(), "NumberOfContactsInQueue": float64(q.Contacts),
	}
	return flow.Granted{Result: strconv.FormatFloat(figures[name], 'f', -1, 64)}
}

func (q QueueFigures) metrics(of flow.Queue) flow.Event {
	count := func(n int) map[string]int { return map[string]int{"Count": n} }
	return flow.Granted{Data: encode(map[string]any{
		"Queue": map[string]any{"Name": of.Name, "ARN": of.ARN, "Size": q.Contacts, "OldestContactAge": int(q.Oldest.Seconds())},
		"Agents": map[string]any{
			"Online": count(q.Online), "Available": count(q.Available), "Staffed": count(q.Staffed),
			"AfterContactWork": count(0), "Busy": count(0), "Missed": count(0), "NonProductive": count(0),
		},
	})}
}

// Ask is what the stub of a function, bot or system says.
func (s *Staged) Ask(q flow.Question) flow.Answered {
	switch q := q.(type) {
	case flow.InvokeFunction:
		a, ok := next(s, "function", s.Lambda, q.Function)
		if !ok || a.Fails != "" {
			return silent(a.Fails)
		}
		return flow.Answered{Body: body(a.Returns), Invocation: "rehearsal"}
	case flow.AskSystem:
		name := q.Action
		if _, named := s.Systems[name]; !named && len(s.Systems[q.System]) > 0 {
			name = q.System
		}
		a, ok := next(s, ofSystem, s.Systems, name)
		if !ok || a.Fails != "" {
			return silent(a.Fails)
		}
		return flow.Answered{Body: encode(map[string]any{"Result": a.Result, "Error": a.Error, "Data": json.RawMessage(body(a.Data))})}
	case flow.RecognizeText:
		return s.bot(q)
	}
	return silent("")
}

func silent(why string) flow.Answered {
	if why == "" {
		why = "it has no stub"
	}
	return flow.Answered{Error: noMatchingError, Why: why}
}

// body is a value as JSON: of a file, or already JSON.
func body(v any) string {
	switch v := v.(type) {
	case nil:
		return "{}"
	case json.RawMessage:
		return string(v)
	}
	return encode(v)
}

// bot: the rules of a bot are no sequence, but tried in order.
func (s *Staged) bot(q flow.RecognizeText) flow.Answered {
	key, rules, ok := pick(s.Lex, q.Alias)
	s.use(ofBot, key)
	fits := slices.IndexFunc(rules, func(r BotRule) bool {
		return strings.Contains(strings.ToLower(q.Text), strings.ToLower(r.Hears))
	})
	switch {
	case !ok:
		s.Note("no stub for bot " + q.Alias)
		return silent("")
	case fits < 0:
		return flow.Answered{Body: BotRule{Intent: "FallbackIntent", State: "Failed"}.response()}
	case rules[fits].Fails != "":
		return silent(rules[fits].Fails)
	}
	return flow.Answered{Body: rules[fits].response()}
}

func (r BotRule) response() string {
	slots, messages := map[string]any{}, []any{}
	for name, v := range r.Slots {
		slots[name] = map[string]any{"value": map[string]any{"originalValue": v, "interpretedValue": v}}
	}
	for _, text := range r.Says {
		messages = append(messages, map[string]any{"contentType": "PlainText", "content": text})
	}
	dialog := "Close"
	if r.State == "" {
		r.State = "Fulfilled"
	}
	if !slices.Contains([]string{"Fulfilled", "ReadyForFulfillment", "Failed"}, r.State) {
		dialog = "ElicitSlot"
	}
	intent := map[string]any{"name": r.Intent, "state": r.State, "slots": slots}
	return encode(map[string]any{
		"messages":        messages,
		"interpretations": []any{map[string]any{"intent": intent}},
		"sessionState": map[string]any{
			"intent": intent, "sessionAttributes": r.Attributes, "dialogAction": map[string]any{"type": dialog},
		},
	})
}

// Respond is what the customer does with a view by itself, and false where nobody said.
func (s *Staged) Respond(v *flow.ShowView) (action string, data json.RawMessage, ok bool) {
	if _, _, there := pick(s.Views, v.ViewID); !there {
		return "", nil, false
	}
	a, ok := next(s, "view", s.Views, v.ViewID)
	return a.Action, json.RawMessage(body(a.Data)), ok
}

// Known is the contact as the stubs have it.
func (s *Staged) Known() flow.Contact {
	c := s.Contact
	known := flow.Contact{
		Attributes: c.Attributes, SegmentAttributes: c.SegmentAttributes, Tags: c.Tags, References: c.References,
		InitialMessage: c.InitialMessage, Name: c.Name, Description: c.Description, CustomerID: c.CustomerID,
		LanguageCode: c.LanguageCode, Channel: c.Channel, CustomParticipant: c.Bot,
	}
	if c.Queue != "" {
		known.Queue = s.Queue(c.Queue, "")
	}
	return known
}
