package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/parley-chat/parley/internal/flow"
	"github.com/parley-chat/parley/internal/rehearsal"
)

// runFlowCmd is a customer in front of a flow, without a contact centre.
type runFlowCmd struct {
	File           string            `arg:"" help:"Flow document, or older export; - for standard input."`
	Stubs          string            `type:"existingfile" placeholder:"FILE" help:"YAML or JSON file that says what stands in for functions, bots, queues and the rest."`
	Attribute      map[string]string `short:"a" mapsep:"none" placeholder:"KEY=VALUE" help:"Contact attribute; may be repeated."`
	InitialMessage string            `placeholder:"TEXT" help:"What the customer has said to start the chat."`
	Lambda         map[string]string `mapsep:"none" placeholder:"NAME=JSON" help:"What a function returns, or @FILE with it; may be repeated."`
	Flow           map[string]string `mapsep:"none" placeholder:"ID=FILE" help:"Another flow, by the id that this one has for it; may be repeated."`
	FlowModule     map[string]string `mapsep:"none" placeholder:"ID=FILE" help:"A module that the flow calls, likewise."`
	Module         bool              `help:"The file is the content of a module."`
	Type           string            `enum:",CONTACT_FLOW,CUSTOMER_QUEUE,CUSTOMER_HOLD,CUSTOMER_WHISPER,AGENT_HOLD,AGENT_WHISPER,OUTBOUND_WHISPER,AGENT_TRANSFER,QUEUE_TRANSFER,CAMPAIGN" default:"" placeholder:"TYPE" help:"Type of the flow, when it is not the one that its metadata names."`
	Time           time.Time         `placeholder:"TIME" help:"When the play begins, such as 2026-01-05T09:00:00Z; now otherwise."`
	Seed           uint64            `placeholder:"NUMBER" help:"Decides what DistributeByPercentage draws."`
	Verbose        bool              `short:"v" help:"Show each action, the branch it takes, and why."`
	EveryBranch    bool              `help:"Take no input: play the flow until every branch has been taken, and say which have not."`
}

// Help says how to talk.
func (*runFlowCmd) Help() string {
	return `Type to talk. Time passes only when it is told to.

  /wait            until the flow goes on by itself
  /advance 15m     by a quarter of an hour
  2                choose what is offered under a number: in a list, or in a view; the fields of a form are asked for one by one, and /back goes back
  /view NEXT {}    take an action of the view that is shown, with data if it has any
  /accept          an agent takes the contact from its queue
  /leave           the agent leaves
  /bot-leaves      the custom participant leaves
  /sign-in         the customer signs in; /sign-in fails and /sign-in later are the other ways
  /state           show where the flow stands
  /quit            stop; so does the end of input
  // begins a text with a slash

Nothing outside is asked, whatever the flow says. What has no stub does not answer: functions, bots and systems take their error branch, other flows and modules are not there. Queues are there and empty, and it is within hours of operation, unless the stubs say otherwise.

When input or output is no terminal, each line of output is one event: its kind, who, and what, separated by tabs, with \n, \r, \t and \\ for those characters. The kinds are message, interactive, view, error (an error branch that was taken, where, and why), sign-in, queued, accepted, waiting (until when, if the flow has a limit), ended, returned (of a module), fault, note, state, and with --verbose action. What interactive messages and views consist of is JSON; a line of input that is JSON with an action, such as {"action": "Next", "data": {}}, answers the view that is shown, and a list is answered by the text of what is chosen.

With --every-branch it plays the flow from its start again and again, with whatever answers and values lead to a branch that was not yet taken, and prints a table. Stubs are not looked at.

The exit status is 0 when all went well; 1 when a flow was broken off, or with --every-branch when the flow can go round in a circle without a wait, or a branch was not taken and nothing says why; 2 when a file cannot be read; 80 when the arguments are wrong.`
}

func (c *runFlowCmd) Run() error {
	script, err := readScript(c.File, c.kind())
	if err != nil {
		return c.unreadable(err)
	}
	if c.EveryBranch {
		return tellCoverage(os.Stdout, rehearsal.Explore(script), c.Verbose)
	}
	staged, err := c.stage()
	if err != nil {
		return c.unreadable(err)
	}
	for _, problem := range flow.ValidateAs(script.Program, script.Kind) {
		fmt.Fprintln(os.Stderr, "parley: it could not be published:", plain(problem.Message))
	}
	terminal := isatty.IsTerminal(os.Stdin.Fd()) && isatty.IsTerminal(os.Stdout.Fd())
	r := &rehearsing{
		staged: staged, verbose: c.Verbose,
		shown: &playScreen{screen{w: os.Stdout, plain: !terminal, colour: os.Getenv("NO_COLOR") == ""}},
	}
	r.begin(script, c.now(), c.Seed)
	if err := r.talk(os.Stdin); err != nil {
		return err
	}
	for _, name := range staged.Unused() {
		fmt.Fprintln(os.Stderr, "parley: no flow asked for the stub:", plain(name))
	}
	if r.play.Fault != "" {
		return hasProblems
	}
	return nil
}

func (c *runFlowCmd) kind() flow.Kind {
	if c.Module {
		return flow.Module
	}
	return flow.Kind(c.Type)
}

func (c *runFlowCmd) now() time.Time {
	if c.Time.IsZero() {
		return time.Now().UTC().Truncate(time.Second)
	}
	return c.Time
}

// unreadable tells why a file cannot be read, with all of its problems.
func (c *runFlowCmd) unreadable(err error) error {
	fmt.Fprintln(os.Stderr, "parley:", plain(err.Error()))
	return unreadable
}

// rehearsing is a play, and who watches it.
type rehearsing struct {
	play    *rehearsal.Play
	staged  *rehearsal.Staged
	shown   *playScreen
	verbose bool
	over    bool       // was told
	asked   *answering // what can be answered by choosing, nil for nothing
}

func (r *rehearsing) begin(script *rehearsal.Script, now time.Time, seed uint64) {
	r.staged.Note = func(text string) { r.shown.show("note", "", text) }
	r.staged.Queued = func() string { return r.play.State.Contact.Queue.ARN }
	contact := r.staged.Known()
	contact.Trace = true
	r.play = rehearsal.New(r.staged, script, contact, now, seed)
	r.play.Told = r.tell
	if script.Kind == "CUSTOMER_QUEUE" {
		r.play.Stage = rehearsal.InQueue
	}
	if script.Kind == flow.Module {
		input, err := json.Marshal(r.staged.Input)
		if err != nil || r.staged.Input == nil {
			input = []byte("{}")
		}
		r.play.BeginModule(string(input))
	} else {
		r.play.Begin()
	}
	r.settle()
}

// talk takes lines until the play is over.
func (r *rehearsing) talk(in io.Reader) error {
	lines := bufio.NewScanner(in)
	for !r.over && lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "/quit" {
			break
		}
		if err := r.line(line); err != nil {
			r.shown.show("note", "", err.Error())
		}
		if r.asked == nil || r.asked.chosen == nil { // and no value of a form is asked for
			r.settle()
		}
	}
	return lines.Err()
}

func (r *rehearsing) line(line string) error {
	if r.answer(line) {
		return nil
	}
	command, argument, _ := strings.Cut(line, " ")
	switch argument = strings.TrimSpace(argument); {
	case line == "":
		return nil
	case strings.HasPrefix(line, "//"):
		r.send(reply{flow.ContentTypePlain, line[1:]})
		return nil
	case !strings.HasPrefix(line, "/"):
		r.send(reply{flow.ContentTypePlain, line})
		return nil
	}
	run, known := playCommands[command]
	if !known {
		return fmt.Errorf("there is no %s; // begins a text with a slash", command)
	}
	return run(r, argument)
}

var playCommands = map[string]func(*rehearsing, string) error{
	"/wait":    func(r *rehearsing, _ string) error { return r.wait() },
	"/advance": (*rehearsing).advance,
	"/view":    (*rehearsing).respond,
	"/accept": func(r *rehearsing, _ string) error {
		if !r.play.Accept() {
			return errors.New("the contact is in no queue")
		}
		r.shown.show("accepted", "", "")
		return nil
	},
	"/leave": func(r *rehearsing, _ string) error {
		if !r.play.AgentLeaves() {
			return errors.New("there is no agent")
		}
		return nil
	},
	"/sign-in":    (*rehearsing).signIn,
	"/bot-leaves": func(r *rehearsing, _ string) error { r.play.BotLeaves(); return nil },
	"/state":      func(r *rehearsing, _ string) error { return r.state() },
}

func (r *rehearsing) wait() error {
	at, ok := r.play.Waiting()
	if !ok {
		return errors.New("the flow waits for a message or an answer, not for a time")
	}
	r.play.Advance(at.Sub(r.play.Now))
	return nil
}

func (r *rehearsing) advance(argument string) error {
	d, err := time.ParseDuration(argument)
	if err != nil || d < 0 {
		return errors.New("say how far, such as 90s, 15m or 2h")
	}
	r.play.Advance(d)
	return nil
}

func (r *rehearsing) respond(argument string) error {
	if r.play.View == nil {
		return errors.New("no view is shown")
	}
	action, data, _ := strings.Cut(argument, " ")
	if data = strings.TrimSpace(data); data == "" {
		data = "{}"
	}
	if action == "" || !json.Valid([]byte(data)) {
		return errors.New(`say which action, and its data as JSON: /view Next {"FormData": {"name": "Ana"}}`)
	}
	r.asked = nil
	r.play.Respond(action, json.RawMessage(data))
	return nil
}

func (r *rehearsing) signIn(argument string) error {
	came, known := map[string]flow.SignIn{"": flow.SignedIn, "fails": flow.SignInFailed, "later": flow.OptedOut}[argument]
	if !known {
		return errors.New("say /sign-in, /sign-in fails or /sign-in later")
	}
	r.play.SignIn(came)
	return nil
}

func (r *rehearsing) state() error {
	c := &r.play.State.Contact
	text, err := json.MarshalIndent(map[string]any{
		"time": r.play.Now, "contact is": r.play.Stage, "attributes": c.Attributes, "queue": c.Queue, "hooks": r.play.Hooks,
		"tags": c.Tags, "flow": r.play.State,
	}, "", "  ")
	if err != nil {
		return err
	}
	r.shown.show("state", "", string(text))
	return nil
}

// maxScripted is how many views in a row stubs answer: a guide may show its first view again and again.
const maxScripted = 100

// settle lets stubs answer views, and says where the play has come to.
func (r *rehearsing) settle() {
	for n := 0; r.play.View != nil; n++ {
		action, data, ok := r.staged.Respond(r.play.View)
		if !ok {
			break
		}
		if n == maxScripted {
			r.shown.show("note", "", "the stubs answer views again and again: now it is your turn")
			break
		}
		r.shown.show("note", "", "the view is answered: "+action)
		r.asked = nil
		r.play.Respond(action, data)
	}
	if r.asked != nil && r.asked.view && r.play.View == nil {
		r.asked = nil
	}
	switch {
	case r.play.Fault != "":
		r.end("fault", r.play.Fault)
	case r.play.Stage == rehearsal.Over:
		r.ended()
	case r.play.Stage == rehearsal.InQueue && !r.play.Running():
		r.shown.show("queued", r.play.State.Contact.Queue.Name, "")
	case r.play.Running():
		until := ""
		if at, ok := r.play.Waiting(); ok {
			until = at.Format(time.RFC3339)
		}
		r.shown.show("waiting", r.play.State.Waiting.For, until)
	}
}

// ended tells what a module has returned.
func (r *rehearsing) ended() {
	if result, ok := r.play.State.Data["Modules"]; ok && !r.over {
		r.shown.show("returned", "", string(result))
	}
	r.end("ended", "")
}

func (r *rehearsing) end(kind, what string) {
	if !r.over {
		r.shown.show(kind, "", what)
	}
	r.over = true
}

// tell shows what a flow does.
func (r *rehearsing) tell(e flow.Effect) {
	switch e := e.(type) {
	case flow.Say:
		who := "System"
		if e.Bot {
			who = "Bot"
		}
		if e.ContentType == flow.ContentTypeInteractive {
			r.ask("interactive", who, e.Content, promptOf(e.Content))
			return
		}
		r.shown.show("message", who, e.Content)
	case flow.ShowView:
		r.ask("view", e.ViewID, e.Data, viewPrompt(r.play, &e))
	case flow.BeginSignIn:
		r.shown.show("sign-in", e.UserPoolARN, "")
	case flow.Log:
		switch {
		case r.verbose:
			r.shown.show("action", e.Identifier, describeAction(&e))
		case e.Error != "":
			r.shown.show("error", e.Identifier, describeAction(&e))
		}
	}
}

func describeAction(e *flow.Log) string {
	text := e.ActionType
	switch {
	case e.Branch != "":
		text += ": " + e.Branch
	case e.Error != "":
		text += ": " + e.Error + ", for which there is no branch"
	}
	if e.Why != "" {
		text += " (" + e.Why + ")"
	}
	return text
}
