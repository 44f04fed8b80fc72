package chat

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
)

// FlowLogWriter takes the flow log's lines. It must not block for long.
type FlowLogWriter interface{ Write(FlowLogLine) }

// FlowLogLine is one executed action as Amazon Connect writes it to CloudWatch Logs. It may hold what customers said.
// Source: Amazon Connect Administrator Guide, "Data contained in flow logs".
type FlowLogLine struct {
	ContactID             string `json:"ContactId"`
	ContactFlowID         string `json:"ContactFlowId"` // an ARN
	ContactFlowName       string `json:",omitempty"`
	ContactFlowModuleType string
	Identifier            string          `json:",omitempty"`
	Timestamp             string          // contact time
	Parameters            json.RawMessage `json:",omitempty"`
	Results               string          `json:",omitempty"`
}

// told is something that a flow has told of itself, with the contact that it ran for and the content that it ran in.
type told struct {
	effect  flow.Effect
	contact center.ContactID
	content string
}

// log keeps what a flow tells until the turn is committed.
func (t *turn) log(e flow.Effect) {
	t.logs = append(t.logs, told{e, t.Subject().ID, t.run.Content})
}

// flowLog is where flows tell of themselves: the flow log, the traces, and the server's own log.
type flowLog struct {
	lines   FlowLogWriter // nil for nobody
	tracing bool
	log     *slog.Logger
	names   names
	traces  traces
}

func newFlowLog(c Config) *flowLog {
	return &flowLog{lines: c.FlowLog, tracing: c.Trace, log: c.Log, names: names{catalog: c.Catalog, wall: c.Wall}}
}

// write writes one line of the flow log, when that is switched on, and tells the server's own log names and
// identifiers, never a value.
func (f *flowLog) write(ctx context.Context, at center.InstanceID, now time.Time, l told) {
	contact := l.contact
	switch e := l.effect.(type) {
	case flow.Log:
		if f.tracing {
			f.traces.add(contact, TraceLine{
				Flow: e.Flow, Content: l.content, Action: e.Identifier, Type: e.ActionType, Branch: e.Branch, Next: e.Next, Result: e.Result,
				Error: e.Error, Why: e.Why, Time: now,
			})
		}
		if e.Logged && f.lines != nil && f.names.logs(ctx, at) {
			f.lines.Write(f.line(ctx, at, now, contact, e))
		}
		if e.Logged || e.Why != "" {
			f.log.Info("flow", "contact", contact, "module", e.ModuleType, "action", e.Identifier, "result", e.Result, "error", e.Error, "why", e.Why)
		}
	case flow.Fault:
		if f.tracing {
			f.traces.add(contact, TraceLine{Content: l.content, Error: "Fault", Why: e.Reason, Time: now})
		}
		f.log.LogAttrs(ctx, slog.LevelWarn, "flow ended by a fault", slog.String("contact", string(contact)), slog.String("reason", e.Reason))
	}
}

func (f *flowLog) line(ctx context.Context, at center.InstanceID, now time.Time, contact center.ContactID, e flow.Log) FlowLogLine {
	n := f.names.of(ctx, at, e.Flow)
	line := FlowLogLine{
		ContactID: string(contact), ContactFlowID: n.arn, ContactFlowName: n.name, ContactFlowModuleType: e.ModuleType,
		Identifier: e.Identifier, Timestamp: center.FormatTime(now), Results: e.Result,
	}
	if e.Parameters != "" && json.Valid([]byte(e.Parameters)) {
		line.Parameters = json.RawMessage(e.Parameters)
	}
	if e.Error != "" {
		line.Results = strings.TrimSuffix(e.Error+": "+e.Why, ": ")
	}
	return line
}

// names are those of flows and modules, and whether instances have flow logs, as it was when it was last looked up.
type names struct {
	catalog *catalog.Catalog
	wall    func() time.Time

	mu  sync.Mutex
	all map[nameKey]flowName
}

type nameKey struct {
	at center.InstanceID
	id string
}

// flowName is what was looked up. An instance is kept under an empty id.
type flowName struct {
	name, arn string
	logs      bool      // of an instance
	looked    time.Time // real time
}

// How many names are kept, for how long, and how long a chat waits for one.
const (
	maxNames   = 1024
	nameLife   = time.Minute
	nameWithin = time.Second
)

// of finds the name and ARN of a flow or module; one that is gone has an ARN only.
func (n *names) of(ctx context.Context, at center.InstanceID, id string) flowName {
	key, now := nameKey{at, id}, n.wall()
	known, ok := n.known(key)
	if ok && now.Sub(known.looked) < nameLife {
		return known
	}
	found, err := n.lookUp(ctx, at, id)
	if err != nil {
		return found // for this line
	}
	n.keep(key, found, now)
	return found
}

// logs says whether an instance has flow logs. When that cannot be read, what was known last counts; without that, it has
// none: the lines hold what customers say.
func (n *names) logs(ctx context.Context, at center.InstanceID) bool {
	key, now := nameKey{at: at}, n.wall()
	known, ok := n.known(key)
	if ok && now.Sub(known.looked) < nameLife {
		return known.logs
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), nameWithin)
	defer cancel()
	i, err := n.catalog.Instance(ctx, at)
	if err != nil {
		return known.logs
	}
	n.keep(key, flowName{logs: i.Has(center.FlowLogs)}, now)
	return i.Has(center.FlowLogs)
}

func (n *names) known(key nameKey) (flowName, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	known, ok := n.all[key]
	return known, ok
}

func (n *names) keep(key nameKey, found flowName, now time.Time) {
	found.looked = now
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all == nil || len(n.all) >= maxNames {
		n.all = map[nameKey]flowName{}
	}
	n.all[key] = found
}

// lookUp reads a name from the catalog, for a line whose request may have ended. On an error there is an ARN only.
func (n *names) lookUp(ctx context.Context, at center.InstanceID, id string) (flowName, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), nameWithin)
	defer cancel()
	name, arn, err := n.catalog.FlowName(ctx, at, id)
	return flowName{name: name, arn: arn}, err
}

// TraceLine is one action of a contact, without a value of the contact's.
type TraceLine struct {
	Flow    string    `json:"flow"`    // id of the flow or module
	Content string    `json:"content"` // hash of the text that it ran in
	Action  string    `json:"action"`
	Type    string    `json:"type"`
	Branch  string    `json:"branch,omitempty"` // as in flow.Log
	Next    string    `json:"next,omitempty"`
	Result  string    `json:"result,omitempty"`
	Error   string    `json:"error,omitempty"`
	Why     string    `json:"why,omitempty"`
	Time    time.Time `json:"time"` // contact time
}

// traces are what contacts have lately done, for people who write flows to look at.
type traces struct {
	mu    sync.Mutex
	all   map[center.ContactID][]TraceLine
	order []center.ContactID // oldest first
}

// Of how many contacts, and how many lines of each, the last are remembered.
const (
	tracedContacts = 200
	tracedLines    = 500
)

func (t *traces) add(contact center.ContactID, l TraceLine) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines, known := t.all[contact]
	if !known {
		if t.all == nil {
			t.all = map[center.ContactID][]TraceLine{}
		}
		if len(t.order) == tracedContacts {
			delete(t.all, t.order[0])
			t.order = t.order[1:]
		}
		t.order = append(t.order, contact)
	}
	if len(lines) == tracedLines {
		lines = lines[1:]
	}
	t.all[contact] = append(lines, l)
}

// forget drops what contacts have done.
func (t *traces) forget(contacts []center.Contact) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range contacts {
		id := contacts[i].ID
		delete(t.all, id)
		t.order = slices.DeleteFunc(t.order, func(other center.ContactID) bool { return other == id })
	}
}

// of returns what a contact has lately done, in order.
func (t *traces) of(contact center.ContactID) []TraceLine {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]TraceLine(nil), t.all[contact]...)
}
