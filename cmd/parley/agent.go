package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/server"
	"github.com/parley-chat/parley/internal/shift"
)

// agentCmd is an agent in a terminal, or in a script: it signs in, takes contacts and talks. Of the server it knows only what
// any agent's client knows.
type agentCmd struct {
	Endpoint string        `env:"PARLEY_ENDPOINT,AWS_ENDPOINT_URL" default:"http://127.0.0.1:4510" placeholder:"URL" help:"Server to sign in at (${default})."`
	Instance string        `env:"PARLEY_INSTANCE" placeholder:"ID" help:"Instance, by its id, ARN or alias; not needed when the server has one."`
	User     string        `env:"PARLEY_USER" placeholder:"NAME" help:"User name (agent-1 of parley dev, when the server is on this machine)."`
	Password string        `env:"PARLEY_PASSWORD" placeholder:"TEXT|-" help:"The user's password; - reads it from the first line of the input, which a terminal does not show. Other users of the machine see what is on a command line: the variable or - keeps it from them."`
	State    string        `default:"Available" placeholder:"NAME" help:"Agent status to begin with (${default})."`
	Auto     bool          `help:"Accept every contact that is offered, and clear each when it is over. Goes on after the end of input that is no terminal."`
	Say      string        `placeholder:"TEXT" help:"First message in each contact that is accepted."`
	Linger   time.Duration `default:"2s" help:"How long to listen after the end of input that is no terminal, without --auto (${default})."`
}

// Help says what scripts need to know.
func (*agentCmd) Help() string {
	return `Type to talk to the customer of the current contact: the one that was connected last, or that /to chose. The commands are

  /accept          take what is offered             /reject          refuse it
  /leave           leave the contact                /clear           end its after-contact work
  /transfer NAME   to a quick connect               /typing          say that you are writing
  /to CONTACT      make it the current contact      /state NAME      change the agent status
  /quit            leave all contacts, and sign out

CONTACT is a contact's id, its beginning, or the customer's name; /accept, /reject, /leave and /clear take one too. // begins a text with a slash. The end of input is /quit.

When input or output is no terminal, each line of input is a message or one of those commands, and each line of output is one event: its kind, the contact's id, who, and what, separated by tabs, with \n, \r, \t and \\ for those characters, and \xNN for other control characters. The kinds are signed-in (who: the user; what: the agent status), state and next-state (what: its name), offered (who: the customer, what: the queue), connected, earlier (what was said before), ended, failed (missed, rejected, or gone), cleared, lost (what: the reason) and back of the connection, signed-out, and for what happens in a contact those of parley chat: message, typing, joined, left and so on, but chat-ended. Own messages are among them.

SIGINT and SIGTERM do what /quit does. A lost connection is opened again, for five minutes, and goes on where it was; contacts that an earlier run has left behind are taken over.

The exit status is 0 after /quit, the end of input or a signal, 1 when the agent was refused or the connection is lost for good, 80 when the arguments are wrong.`
}

func (c *agentCmd) Run() error {
	stop, again := signals()
	input := bufio.NewReader(os.Stdin)
	if err := c.whoIsIt(input); err != nil {
		return err
	}
	plain := !isatty.IsTerminal(os.Stdin.Fd()) || !isatty.IsTerminal(os.Stdout.Fd())
	go func() {
		<-again
		os.Exit(130)
	}()
	return c.work(stop, http.DefaultClient, input, &screen{w: os.Stdout, plain: plain, colour: os.Getenv("NO_COLOR") == ""})
}

// whoIsIt completes who signs in. A server on this machine is taken for parley dev when nothing is said.
func (c *agentCmd) whoIsIt(input *bufio.Reader) error {
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("--endpoint must be the URL of a parley server, such as http://127.0.0.1:4510; Amazon Connect has no such API for agents")
	}
	here := u.Hostname() == "localhost"
	if ip := net.ParseIP(u.Hostname()); ip != nil {
		here = ip.IsLoopback()
	}
	if c.User == "" && c.Password == "" && here {
		c.User, c.Password = server.People()[0].Username, server.SeedPassword
	}
	if c.User == "" {
		return errors.New("--user is missing: the name of a user of the instance (aws connect list-users shows them; the banner of parley dev shows its own)")
	}
	if c.Password == "-" {
		if c.Password, err = readPassword(os.Stdin, input, os.Stderr); err != nil {
			return err
		}
		if c.Password == "" {
			return errors.New("--password -: the first line of the input is empty")
		}
	}
	if c.Password == "" {
		return errors.New("there is no password: set PARLEY_PASSWORD, or --password - and give it as the first line of the input; the banner of parley dev shows those of its users")
	}
	return nil
}

// explained says what to do about a refusal.
func (c *agentCmd) explained(doing string, err error) error {
	f, ok := errors.AsType[*shift.Fault](err)
	switch {
	case err == nil:
		return nil
	case !ok && doing == "sign in":
		return fmt.Errorf("%s: %w; does a server run at %s?", doing, err, c.Endpoint)
	case !ok:
		return fmt.Errorf("%s: %w", doing, err)
	case f.Status == http.StatusUnauthorized:
		return fmt.Errorf("%s: %w; the name is that of a user of the instance, %q is not one or has another password", doing, err, c.User)
	case f.Status == http.StatusForbidden:
		return fmt.Errorf("%s: %w; a security profile of the user must permit it", doing, err)
	case f.Type == "InvalidParameterException" && doing == "sign in":
		return fmt.Errorf("%s: %w; --instance says which instance", doing, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// worker is an agent at work.
type worker struct {
	*shift.Shift
	cmd   *agentCmd
	shown *screen

	doing sync.WaitGroup // what was begun for contacts
	left  chan struct{}  // closed when quit is done

	mu       sync.Mutex
	contacts []*job // the newest connected last
	current  string // contact, "" for the last one that was connected
	state    string
	next     string
	leaving  bool
	err      error
}

// job is one of the agent's contacts.
type job struct {
	contact, chat, state string
	customer             string
	participant          string // the agent's
}

// work signs in and goes on until it is over.
func (c *agentCmd) work(stop context.Context, through *http.Client, in io.Reader, shown *screen) error {
	s, err := shift.Begin(context.WithoutCancel(stop), shift.Options{
		Endpoint: c.Endpoint, HTTP: through, Instance: c.Instance, Username: c.User, Password: c.Password, GiveUpAfter: patience, OnConnection: func(connected bool, why error) {
			if connected {
				shown.event(c.Auto, "back", "", "", "")
			} else {
				shown.event(c.Auto, "lost", "", "", why.Error())
			}
		},
	})
	if err != nil {
		return c.explained("sign in", err)
	}
	w := &worker{Shift: s, cmd: c, shown: shown, left: make(chan struct{})}
	defer s.Close()
	go w.listenTo(stop, in) // a terminal cannot be read with a deadline: this goes with the process
	go func() {
		select {
		case <-stop.Done():
			w.quit()
		case <-s.Done():
		}
	}()
	for {
		e, err := s.Next(context.Background())
		switch {
		case errors.Is(err, io.EOF):
			w.doing.Wait()
			w.mu.Lock()
			leaving := w.leaving
			w.mu.Unlock()
			if leaving {
				<-w.left
				if w.trouble() == nil { // behind all that happened
					w.show("signed-out", "", c.User, "")
				}
			}
			return w.trouble()
		case err != nil:
			return errors.Join(w.trouble(), c.explained("work", err))
		}
		w.take(&e)
	}
}

// fail ends the work with an error, the first of which counts.
func (w *worker) fail(err error) {
	w.mu.Lock()
	if w.err == nil {
		w.err = err
	}
	w.mu.Unlock()
	w.Close()
}

func (w *worker) trouble() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// take shows an event, and does what --auto and --say ask for.
func (w *worker) take(e *shift.Event) {
	switch {
	case e.Snapshot != nil:
		w.takeSnapshot(e.Snapshot)
	case e.Transition != nil:
		w.takeTransition(e.Transition)
	default:
		it := &e.Item.Item
		contact, own := cmp.Or(it.ContactID, e.Item.InitialContactID), false
		w.mu.Lock()
		if j := w.jobOf(e.Item.InitialContactID); j != nil {
			contact, own = j.contact, it.ParticipantID == j.participant
		}
		w.mu.Unlock()
		kind, what := describe(it)
		if kind == "interactive" || kind == "view" || kind == "response" {
			if kind = "message"; !w.shown.plain {
				what = gist(it.ContentType, it.Content)
			}
		}
		if own && !w.shown.plain && (kind == "message" && what != w.cmd.Say || kind == "joined" || kind == "left") {
			return // the agent knows
		}
		if kind == "ended" {
			kind = "chat-ended" // ended is what the agent's part is
		}
		w.show(kind, contact, it.DisplayName, what)
	}
}

// takeSnapshot begins, and begins again when the server has lost what there was.
func (w *worker) takeSnapshot(shown *shift.Snapshot) {
	names := map[string]string{}
	for i := range shown.Contacts {
		names[shown.Contacts[i].ID] = shown.Contacts[i].Customer()
	}
	w.mu.Lock()
	for _, j := range w.contacts {
		if name := names[j.contact]; name != "" {
			j.customer = name
		}
	}
	w.mu.Unlock()
	if !shown.Anew {
		return
	}
	w.mu.Lock()
	w.contacts, w.state, w.next = nil, shown.State.Name, ""
	w.mu.Unlock()
	w.show("signed-in", "", w.cmd.User, shown.State.Name)
	for i := range shown.Contacts {
		c := &shown.Contacts[i]
		w.moved(job{c.ID, c.Chat(), c.State.Type, c.Customer(), c.Participant()}, c.QueueName(), false)
	}
	if shown.State.Name != w.cmd.State {
		w.do("state "+w.cmd.State, func(ctx context.Context) error { return w.SetState(ctx, w.cmd.State) })
	}
}

func (w *worker) takeTransition(t *shift.Transition) {
	w.mu.Lock()
	before, beforeNext := w.state, w.next
	w.state, w.next = t.State.Name, ""
	if t.Next != nil {
		w.next = t.Next.Name
	}
	state, next := w.state, w.next
	w.mu.Unlock()
	if t.Contact != "" {
		j := job{contact: t.Contact, state: "cleared"}
		if t.Slot != nil {
			j.chat, j.state, j.participant = t.Slot.Initial, t.Slot.State, t.Slot.Participant
		}
		w.moved(j, "", true)
	}
	if state != before {
		w.show("state", "", "", state)
	}
	if next != beforeNext && next != "" {
		w.show("next-state", "", "", next)
	}
}

// moved shows what has become of a contact, and does what is to be done then.
func (w *worker) moved(now job, queue string, live bool) {
	w.mu.Lock()
	i := slices.IndexFunc(w.contacts, func(j *job) bool { return j.contact == now.contact })
	before := ""
	if i >= 0 {
		before = w.contacts[i].state
		now.customer = cmp.Or(now.customer, w.contacts[i].customer)
		now.chat = cmp.Or(now.chat, w.contacts[i].chat)
		w.contacts = slices.Delete(w.contacts, i, i+1)
	}
	if now.state != "cleared" {
		w.contacts = append(w.contacts, &now)
	} else if w.current == now.contact {
		w.current = ""
	}
	leaving := w.leaving
	w.mu.Unlock()
	if before == now.state || now.state == "cleared" && before == "" {
		return
	}
	switch now.state {
	case stateOffered:
		if live {
			queue = w.introduce(&now)
		}
		w.show("offered", now.contact, now.customer, queue)
		if w.cmd.Auto && !leaving {
			w.do("accept", func(ctx context.Context) error { return w.Accept(ctx, now.contact) })
		}
	case stateConnected:
		w.show("connected", now.contact, now.customer, "")
		w.showEarlier(&now)
		if w.cmd.Say != "" && live && !leaving {
			w.do("say", func(ctx context.Context) error {
				return w.Say(ctx, now.contact, "text/plain", w.cmd.Say)
			})
		}
	case stateEnded, stateFailed:
		kind := map[string]string{stateEnded: "ended", stateFailed: "failed"}[now.state]
		w.show(kind, now.contact, now.customer, "")
		if w.cmd.Auto && !leaving {
			w.do("clear", func(ctx context.Context) error { return w.Clear(ctx, now.contact) })
		}
	default:
		w.show(now.state, now.contact, now.customer, "")
	}
}

// States of contacts, as snapshots have them.
const (
	stateOffered   = "connecting"
	stateConnected = "connected"
	stateEnded     = "ended"
	stateFailed    = "error"
)

// showEarlier shows what was said before the agent has joined.
func (w *worker) showEarlier(j *job) {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	items, err := w.Before(ctx, j.contact)
	if err != nil {
		return // it is over, which is shown next
	}
	for i := range items {
		it := &items[i]
		if it.ContentType == conversation.EventJoined && it.ParticipantID == j.participant {
			return
		}
		if it.Type == conversation.TypeMessage {
			w.show("earlier", j.contact, it.DisplayName, it.Content)
		}
	}
}

// introduce asks who is offered; the offer itself does not say.
func (w *worker) introduce(j *job) (queue string) {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	c, err := w.Contact(ctx, j.contact)
	if err != nil {
		return "" // it has gone, which is shown next
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	j.customer = c.Customer()
	return c.QueueName()
}

// do does something while events go on. What is refused because it is over is no trouble: what happened instead is shown.
func (w *worker) do(what string, act func(context.Context) error) {
	w.doing.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err := act(ctx)
		if err != nil && !shift.Is(err, "InvalidStateException") && !shift.Is(err, "ContactNotFoundException") {
			w.shown.complain(w.cmd.explained(what, err))
		}
	})
}

// quit leaves all contacts and signs out. It does so once.
func (w *worker) quit() {
	w.mu.Lock()
	if w.leaving {
		w.mu.Unlock()
		return
	}
	w.leaving = true
	defer close(w.left)
	contacts := make([]job, len(w.contacts))
	for i, j := range w.contacts {
		contacts[i] = *j
	}
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	// Offline first, so that nothing more is offered.
	if err := w.SetState(ctx, "Offline"); err != nil {
		w.fail(w.cmd.explained("sign out", err))
		return
	}
	for _, j := range contacts {
		if j.state == stateConnected || j.state == stateOffered {
			_ = w.Leave(ctx, j.contact) // it may be over
		}
		_ = w.Clear(ctx, j.contact) // it may be cleared
	}
	_ = w.Ping(ctx) // what came of that is shown
	if err := w.SignOut(ctx); err != nil {
		w.fail(w.cmd.explained("sign out", err))
	}
}

// listenTo does line after line.
func (w *worker) listenTo(ctx context.Context, in io.Reader) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		quit, err := w.obey(ctx, strings.TrimSuffix(lines.Text(), "\r"))
		if quit {
			w.quit()
			return
		}
		if err != nil {
			w.shown.complain(err)
		}
	}
	if err := lines.Err(); err != nil {
		w.fail(fmt.Errorf("read the input: %w", err))
		return
	}
	if w.shown.plain {
		if w.cmd.Auto {
			return
		}
		select {
		case <-time.After(w.cmd.Linger):
		case <-w.Done():
		}
	}
	w.quit()
}

// obey does what a line says.
func (w *worker) obey(ctx context.Context, line string) (quit bool, err error) {
	if strings.TrimSpace(line) == "" {
		return false, nil
	}
	if !strings.HasPrefix(line, "/") || strings.HasPrefix(line, "//") {
		return false, w.with("", "talk to", []string{stateConnected}, func(id string) error {
			return w.Say(ctx, id, "text/plain", strings.TrimPrefix(line, "/"))
		})
	}
	command, of, _ := strings.Cut(line, " ")
	of = strings.TrimSpace(of)
	switch command {
	case "/quit":
		return true, nil
	case "/accept":
		return false, w.with(of, "accept", []string{stateOffered}, func(id string) error { return w.Accept(ctx, id) })
	case "/reject":
		return false, w.with(of, "reject", []string{stateOffered}, func(id string) error { return w.Reject(ctx, id) })
	case "/leave":
		return false, w.with(of, "leave", []string{stateConnected}, func(id string) error { return w.Leave(ctx, id) })
	case "/clear":
		return false, w.with(of, "clear", []string{stateEnded, stateFailed}, func(id string) error { return w.Clear(ctx, id) })
	case "/typing":
		return false, w.with("", "write to", []string{stateConnected}, func(id string) error { return w.Tell(ctx, id, conversation.EventTyping, "") })
	case "/to":
		return false, w.with(of, "talk to", []string{stateConnected}, func(id string) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.current = id
			return nil
		})
	case "/transfer":
		return false, w.with("", "transfer", []string{stateConnected}, func(id string) error { return w.transfer(ctx, id, of) })
	case "/state":
		if of == "" {
			return false, errors.New("/state takes the name of an agent status, such as Available or Offline")
		}
		return false, w.cmd.explained(command, w.SetState(ctx, of))
	}
	return false, fmt.Errorf("unknown command %s (use // to send text that starts with a slash; parley agent --help lists the commands)", command)
}

// with does something with a contact that is in one of some states: the one that is named, the current one, or the last.
func (w *worker) with(named, doing string, states []string, act func(contact string) error) error {
	w.mu.Lock()
	id := ""
	for _, j := range w.contacts {
		fits := slices.Contains(states, j.state)
		switch {
		case named != "":
			fits = fits && (strings.HasPrefix(j.contact, named) || j.customer == named)
		case w.current != "" && id == w.current:
			continue
		}
		if fits {
			id = j.contact
		}
	}
	w.mu.Unlock()
	switch {
	case id == "" && named != "":
		return fmt.Errorf("there is no contact %q to %s", named, doing)
	case id == "":
		return fmt.Errorf("there is no contact to %s", doing)
	}
	return w.cmd.explained(doing, act(id))
}

func (w *worker) transfer(ctx context.Context, contact, name string) error {
	all, err := w.QuickConnects(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, q := range all {
		if q.Name == name {
			return w.Transfer(ctx, contact, q.ARN)
		}
		names = append(names, fmt.Sprintf("%q", q.Name))
	}
	if len(names) == 0 {
		return errors.New("no queue of the agent's routing profile has a quick connect")
	}
	return fmt.Errorf("there is no quick connect %q; there are %s", name, strings.Join(names, ", "))
}

// jobOf finds the contact of a chat. w.mu is held.
func (w *worker) jobOf(chat string) *job {
	for _, j := range slices.Backward(w.contacts) {
		if j.chat == chat {
			return j
		}
	}
	return nil
}

// show shows something that happened to the agent or in a contact.
func (w *worker) show(kind, contact, who, what string) {
	w.shown.event(w.cmd.Auto, kind, contact, who, what)
}

// event is a line for an agent. auto is that nothing needs to be done about offers and contacts that are over.
func (s *screen) event(auto bool, kind, contact, who, what string) {
	if s.plain {
		text := kind
		for _, part := range []string{contact, who, what} {
			text += "\t" + forScripts.Replace(part)
		}
		s.print(strings.TrimRight(text, "\t"))
		return
	}
	text, todo := "", ""
	who, what = onOneScreen(who), onOneScreen(what)
	switch kind {
	case "signed-in":
		text = who + " has signed in and is " + what + ". /quit signs out; parley agent --help lists the other commands."
	case "signed-out":
		text = who + " has signed out."
	case "state":
		text = "You are " + what + "."
	case "next-state":
		text = "You will be " + what + " after the last contact."
	case "offered":
		text = who + " waits"
		if what != "" {
			text += " in " + what
		}
		text, todo = text+".", " /accept or /reject, within 20 seconds."
	case "connected":
		text = "You talk to " + who + "; /leave ends it."
	case "ended":
		text, todo = "The contact with "+who+" is over.", " /clear ends your after-contact work."
	case "failed":
		text, todo = "The contact was missed, rejected, or has gone.", " /clear frees its slot."
	case "earlier":
		text = who + ": " + what
	case "cleared", "chat-ended":
		return
	default:
		s.line(kind, who, what)
		return
	}
	if auto {
		todo = ""
	}
	s.print(s.paint(dim, text+todo))
}
