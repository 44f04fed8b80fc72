package rehearsal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/flow"
)

// Exploring: a flow is played from its start, again and again. In the first play the world answers what is asked, in
// turn, with each of the branches that the action has. Wherever a play comes by a branch that no play has taken yet, it
// proposes others: the same, but for the one answer, attribute or value that decided. To find that value the play keeps
// where each attribute came from: which answer, through which actions. Proposals are tried until all branches are taken
// or there are none left.

// Limits of exploring. They bound the work for a document of 250 actions to seconds.
const (
	maxPlays    = 4000 // of one document
	maxAttempts = 60   // at one branch
	maxThrows   = 800  // at one branch of chance
	maxEvents   = 600  // that happen in one play
	steadyFor   = 400  // events, after which answers come in turn, so that the play comes to an end
)

// Coverage is what exploring a document came to.
type Coverage struct {
	Actions  []ActionCoverage // in the document's order
	Plays    int
	Longest  int      // events in one play
	Unended  int      // plays that were broken off after many events
	Faults   []string // what broke flows off, each once
	Stranded []string // actions that a flow waited in for nobody, each once
}

// ActionCoverage is what exploring came to at one action.
type ActionCoverage struct {
	Identifier, Type string
	Reached          bool
	Branches         []BranchCoverage
}

// BranchCoverage is one branch, named as the flow's log names it; a transfer that succeeds has none, and "".
type BranchCoverage struct {
	Branch string
	Taken  bool
	Why    string // it cannot be taken, "" when nothing says that it cannot
}

// Explore plays a document until every branch is taken that can be. Other flows and modules exist, or not, as it needs
// them. A module is called as modules are.
func Explore(script *Script) *Coverage {
	x := &exploration{
		script:   script,
		outline:  outlineOf(script.Program),
		taken:    make(map[aim]bool),
		attempts: make(map[aim]int),
		played:   make(map[string]bool),
		varied:   make(map[aim]bool),
		faults:   make(map[string]bool),
		stranded: make(map[string]bool),
	}
	x.propose(trial{})
	for len(x.queue) > 0 && x.plays < maxPlays {
		next := x.queue[0]
		x.queue = x.queue[1:]
		if !x.taken[next.aim] && !x.played[next.key] {
			x.played[next.key] = true
			x.play(next.trial)
		}
	}
	return x.coverage()
}

type exploration struct {
	script  *Script
	outline *outline
	queue   []proposal
	plays   int

	taken    map[aim]bool
	attempts map[aim]int
	played   map[string]bool // trials, by what they change
	varied   map[aim]bool    // where something could be changed that decides

	longest, unended int
	faults, stranded map[string]bool
}

// aim is a branch of an action.
type aim struct{ action, branch string }

// site is one visit of an action in one play, from 0.
type site struct {
	action string
	visit  int
}

// trial is what one play changes of the defaults.
type trial struct {
	aim     aim // what it is tried for
	seed    uint64
	bare    bool // the contact has no attributes but those it is given below
	filled  bool // there is room for so many bytes of attributes more
	room    int
	steady  int             // what answers lead to: the same branch always, from 1; 0 for each in turn
	sticky  bool            // an answer to one visit of an action is given at later visits too
	contact map[string]fact // what is known of the contact, by keys of paths
	answers map[site]answer // of the world
}

// answer is what the world is to say.
type answer struct {
	decided bool
	branch  string          // that the answer is to lead to
	facts   map[string]fact // in the answer, by keys of paths
}

// fact is a value, or that there is none.
type fact struct {
	text   string
	absent bool
}

// filler is a value where any will do. It is a number within all limits of times and counts.
const filler = "60"

func (t trial) withFact(o origin, f fact) trial {
	if o.contact {
		t.contact = maps.Clone(t.contact)
		if t.contact == nil {
			t.contact = make(map[string]fact)
		}
		t.contact[keyOf(o.path)] = f
		return t
	}
	a := t.answers[o.site]
	a.facts = maps.Clone(a.facts)
	if a.facts == nil {
		a.facts = make(map[string]fact)
	}
	a.facts[keyOf(o.path)] = f
	return t.withAnswer(o.site, a)
}

func (t trial) withAnswer(at site, a answer) trial {
	t.answers = maps.Clone(t.answers)
	if t.answers == nil {
		t.answers = make(map[site]answer)
	}
	t.answers[at] = a
	return t
}

// answer is what the trial has for a visit.
func (k *take) answer(at site) answer {
	a, ok := k.trial.answers[at]
	for !ok && k.sticky && at.visit > 0 {
		at.visit--
		a, ok = k.trial.answers[at]
	}
	return a
}

func (x *exploration) propose(t trial) {
	a := t.aim
	t.aim = aim{}
	key := fmt.Sprint(t)
	if t.aim = a; x.attempts[a] >= x.most(a) || x.played[key] {
		return
	}
	x.attempts[a]++
	x.queue = append(x.queue, proposal{t, key})
}

// most is how often a branch is tried. Chance leads to a branch of one percent in a hundred plays.
func (x *exploration) most(a aim) int {
	if b := x.outline.blocks[a.action]; b != nil && b.name == "DistributeByPercentage" {
		return maxThrows
	}
	return maxAttempts
}

// proposal is a trial and its name among those that were played.
type proposal struct {
	trial
	key string
}

// origin is where a value can be changed; the zero origin is nowhere.
type origin struct {
	contact bool // in what is known of the contact from the beginning
	site    site // in an answer
	path    []string
}

func (o origin) known() bool { return o.contact || o.site != site{} }

// take is one play of a document. It is the world of that play.
type take struct {
	*exploration
	trial  trial
	play   *Play
	visits map[string]int
	steady int  // as the trial has it, until it has gone on for long
	sticky bool // likewise
	turns  int  // of the bot, in this visit
	asked  bool // the world decides what becomes of this visit
	stubs  int
	module site // that returned last, and may have written attributes

	attributes            map[string]string // of the contact, as it is told
	initial, before, size int               // bytes of them: at the beginning, before the action under way, now
	peak                  int               // the most there ever were before the action under way
	viewed                bool              // a view was shown, for which there must have been room

	written map[string]origin // attributes and facts of the contact that the flow wrote, by keys
	told    map[string]origin // roots that answers wrote
}

var epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func (x *exploration) play(t trial) {
	x.plays++
	k := &take{exploration: x, trial: t, steady: t.steady, sticky: t.sticky, visits: make(map[string]int), written: make(map[string]origin), told: make(map[string]origin)}
	contact := k.contact()
	k.attributes = maps.Clone(contact.Attributes)
	if t.filled {
		fill(contact.Attributes, t.room)
	}
	k.initial = sizeOf(k.attributes)
	k.before, k.size, k.peak = k.initial, k.initial, k.initial
	k.play = New(k, x.script, contact, epoch, t.seed)
	k.play.Told = k.hear
	if x.script.Kind == "CUSTOMER_QUEUE" {
		k.play.Stage = InQueue
	}
	if x.script.Kind != flow.Module {
		// A flow may be entered by a transfer, with what a function returned before.
		k.play.State.Data = flow.Data{"External": json.RawMessage(encode(k.tree("External", origin{contact: true}, 0)))}
	}
	if x.script.Kind == flow.Module {
		k.play.BeginModule(encode(k.tree("Modules", origin{contact: true, path: []string{"Modules"}}, 0)["Input"]))
	} else {
		k.play.Begin()
	}
	x.goOn(k)
	// What a call or a task would come to is nobody's concern here.
	if channel := k.play.State.Contact.Channel; k.play.Fault != "" && (channel == "" || channel == "CHAT") {
		x.faults[k.play.Fault] = true
	}
}

// goOn lets events happen until the play is over. A flow that accompanies a contact in its queue may go round for ever:
// at last an agent takes the contact.
func (x *exploration) goOn(k *take) {
	for events := 1; k.play.Running(); events++ {
		if events == steadyFor {
			k.steady, k.sticky = 0, false
		}
		if events == maxEvents && !k.play.Accept() {
			x.unended++
			return
		}
		x.longest = max(x.longest, events)
		k.play.State = reloaded(k.play.State)
		if k.play.Running() && !k.prompt() {
			x.stranded[k.play.State.At] = true
			return
		}
	}
}

// reloaded is the state as another process would go on with it.
func reloaded(s flow.State) flow.State {
	var loaded flow.State
	if err := json.Unmarshal([]byte(encode(s)), &loaded); err != nil {
		panic("rehearsal: a state does not decode: " + err.Error())
	}
	loaded.Contact = s.Contact
	return loaded
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("rehearsal: a value does not encode: " + err.Error())
	}
	return string(b)
}

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
	k.taken[aim{b.id, line.Branch}] = true
	at := site{b.id, k.visits[b.id]}
	for _, branch := range b.branches {
		if a := (aim{b.id, branch}); !k.taken[a] {
			k.vary(b, at, a)
		}
	}
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

// vary proposes plays in which the action that has just ended takes another branch.
func (k *take) vary(b *block, at site, a aim) {
	t := k.trial
	t.aim = a
	k.varyAnswer(b, at, t)
	k.varyRoom(b, t)
	for _, path := range b.refs {
		o := k.origin(path)
		if o.known() {
			k.varied[t.aim] = true
			for _, f := range k.candidates(b, path, a.branch) {
				k.propose(t.withFact(o, f))
			}
		}
		if o.contact && path[0] == "Attributes" && k.module != (site{}) {
			for _, f := range k.candidates(b, path, a.branch) {
				k.propose(t.withFact(origin{site: k.module, path: path}, f))
			}
		}
	}
}

// varyRoom proposes that the contact's attributes have less room or more: just too little for what the action writes,
// and too little for one large value, but enough for what may come after it.
func (k *take) varyRoom(b *block, t trial) {
	if !b.fillsContact() {
		return
	}
	k.propose(t.roomy(t.bare))
	k.propose(t.roomy(!t.bare))
	for _, path := range b.refs {
		if o := k.origin(path); o.known() {
			k.varied[t.aim] = true
			k.propose(t.withFact(o, fact{text: large}).leaving(k.before - k.initial + len(large)/2))
		}
	}
	switch {
	case b.name == showViewType:
		k.varied[t.aim] = true
		k.propose(t.leaving(k.before - k.initial))
	case k.size > k.peak && !k.viewed:
		k.varied[t.aim] = true
		k.propose(t.leaving(k.size - k.initial - 1))
	}
}

// roomy has room for attributes.
func (t trial) roomy(bare bool) trial {
	t.bare, t.filled, t.room = bare, false, 0
	return t
}

// leaving has room for so many bytes of attributes more than there are at the beginning.
func (t trial) leaving(room int) trial {
	t.filled, t.room = true, room
	return t
}

// varyAnswer proposes other answers, and what is like them.
func (k *take) varyAnswer(b *block, at site, t trial) {
	switch {
	case k.asked && !(b.name == "Wait" && b.fails(t.aim.branch)):
		k.varied[t.aim] = true
		other := k.answer(at)
		other.decided, other.branch = true, t.aim.branch
		k.propose(t.withAnswer(at, other))
		if b.waitsForBot() {
			k.propose(t.withAnswer(at, other).withFact(k.bot()))
		}
	case b.name == "DistributeByPercentage":
		k.varied[t.aim] = true
		t.seed = k.trial.seed + uint64(k.attempts[t.aim]) + 1
		k.propose(t)
	case b.waitsForBot() && t.aim.branch != noMatchingError:
		k.varied[t.aim] = true
		k.propose(t.withFact(k.bot()))
	case b.name == "Loop" && !b.fails(t.aim.branch):
		k.varied[t.aim] = true
		// What the loop goes round by is answered otherwise each time, which may lead out of it.
		for i := range 2 * (maxSteady + 1) {
			t.sticky, t.steady = i%2 == 0, i/2
			k.propose(t)
		}
	}
}

func (b *block) waitsForBot() bool {
	return b.name == "Wait" && strings.Contains(encode(b.parameters), botParticipantDisconnected)
}

// bot is the other answer to whether a bot is in the chat.
func (k *take) bot() (origin, fact) {
	return origin{contact: true, path: []string{botFact}}, fact{absent: !k.trial.contact[botFact].absent}
}

const (
	botParticipantDisconnected = "BotParticipantDisconnected"

	// botFact is a fact of the contact that has no reference: absent means that there is a bot.
	botFact   = "a bot"
	maxSteady = 8
)

// candidates are values of a reference that may lead to the branch.
func (k *take) candidates(b *block, path []string, branch string) (facts []fact) {
	for _, c := range b.conditions {
		if c.branch == branch && b.name == compareType {
			for _, v := range c.samples() {
				facts = append(facts, fact{text: v})
			}
			return facts
		}
	}
	facts = []fact{{absent: true}, {text: "no such thing"}, {text: "1"}, {text: "0"}, {text: "0.5"}, {text: "100000000"}}
	if b.name == compareType {
		for _, c := range b.conditions {
			for _, v := range c.samples() {
				facts = append(facts, fact{text: v + "0"}, fact{text: "-" + v})
			}
		}
		return facts
	}
	return append(facts, fact{text: filler}, fact{text: long}, fact{text: huge})
}

// A long text is too long to be said, a large one fits into an answer, and a huge one into nothing.
var long, large, huge = strings.Repeat("x", 7_000), strings.Repeat("x", 30_000), strings.Repeat("x", 33_000)

// fillsContact says whether the action can fail for want of room in the contact's attributes.
func (b *block) fillsContact() bool {
	return b.name == "UpdateContactAttributes" || b.name == showViewType
}

// learn keeps where values come from, after an action.
func (k *take) learn(b *block, at site, branch string) {
	parameters, _ := b.parameters.(map[string]any)
	failed := slices.Contains(b.errors, branch) && branch != noMatchingCondition
	if root := rootOf[b.name]; root != "" {
		if k.told[root] = (origin{}); !failed {
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
	"EvaluateDataTableValues": "DataTables", "ListDataTableValues": "DataTableList",
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
	switch {
	case root == "Modules" && k.script.Kind == flow.Module, root == "External" && k.script.Kind != flow.Module,
		slices.Contains(contactRoots, root):
		return origin{contact: true, path: path}
	}
	return origin{}
}

func (x *exploration) coverage() *Coverage {
	c := &Coverage{
		Plays: x.plays, Longest: x.longest, Unended: x.unended,
		Faults:   slices.Sorted(maps.Keys(x.faults)),
		Stranded: slices.Sorted(maps.Keys(x.stranded)),
	}
	reached := make(map[string]bool)
	for a := range x.taken {
		reached[a.action] = true
	}
	for _, b := range x.outline.order {
		a := ActionCoverage{Identifier: b.id, Type: b.name, Reached: reached[b.id]}
		for _, branch := range b.branches {
			taken := BranchCoverage{Branch: branch, Taken: x.taken[aim{b.id, branch}]}
			if !taken.Taken {
				taken.Why = x.why(b, branch, reached[b.id])
			}
			a.Branches = append(a.Branches, taken)
		}
		c.Actions = append(c.Actions, a)
	}
	return c
}
