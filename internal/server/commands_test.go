package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/parley-chat/parley/internal/bus/bustest"
	"github.com/parley-chat/parley/internal/server"
)

const instance = string(server.SeedInstance)

// commands are what the people in a story can do. A command that the server refuses fails the story; with ! before
// it, it must be refused, and stderr has the refusal.
func (s *story) commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*call) error{
		// The house.
		"server":  s.cmdServer,
		"restart": s.cmdRestart,
		"node":    s.cmdNode,
		"advance": s.cmdAdvance,
		"timers":  s.cmdTimers,
		"bus":     s.cmdBus,

		// What a company's backend does.
		"flow":            s.cmdFlow,
		"publish":         s.cmdPublish,
		"delete-flow":     s.cmdDeleteFlow,
		"delete-instance": s.cmdDeleteInstance,
		"start":           s.cmdStart,
		"start-again":     s.cmdStartAgain,
		"bot":             s.cmdBot,
		"stop-contact":    s.cmdStopContact,
		"describe":        s.cmdDescribe,
		"attributes":      s.cmdAttributes,
		"set":             s.cmdSet,
		"associate":       s.cmdAssociate,

		// What a participant does.
		"connect":    s.cmdConnect,
		"join":       s.cmdJoin,
		"reconnect":  s.cmdReconnect,
		"cut":        s.cmdCut,
		"say":        s.cmdSay,
		"say-again":  s.cmdSayAgain,
		"types":      s.cmdTypes,
		"got":        s.cmdReceipt("message.delivered"),
		"read":       s.cmdReceipt("message.read"),
		"leave":      s.cmdLeave,
		"talk":       s.cmdTalk,
		"see":        s.cmdSee,
		"hear":       s.cmdHear,
		"sockets":    s.cmdSockets,
		"closed":     s.cmdClosed,
		"page":       s.cmdPage,
		"transcript": s.cmdTranscript,
	}
	commands := map[string]func(*testscript.TestScript, bool, []string){}
	for name, f := range all {
		commands[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			for i := range args {
				args[i] = swell(args[i])
			}
			if name != "server" {
				ts.Check(s.serve(1))
			}
			s.finish(ts, neg, f(&call{TestScript: ts, neg: neg, args: args}))
		}
	}
	return commands
}

// call is one line of a story.
type call struct {
	*testscript.TestScript
	neg  bool
	args []string
}

// take removes and returns the first argument.
func (c *call) take() (first string) {
	if len(c.args) > 0 {
		first, c.args = c.args[0], c.args[1:]
	}
	return first
}

func (c *call) option(key string) (string, bool) { return option(&c.args, key) }

// unmet is an expectation of a story that did not hold.
type unmet string

func (u unmet) Error() string { return string(u) }

func (s *story) finish(ts *testscript.TestScript, neg bool, err error) {
	refused, isRefusal := err.(*refusal)
	if refused == nil && isRefusal {
		err = nil
	}
	_, isUnmet := err.(unmet)
	switch {
	case !neg:
		ts.Check(err)
	case err == nil:
		ts.Fatalf("it was not refused")
	case isRefusal || isUnmet:
		_, _ = fmt.Fprintln(ts.Stderr(), err) // a buffer
	default:
		ts.Check(err)
	}
}

// cmdServer says what kind of servers the story needs, before they start: "server file nodes=2 ActiveChats=1".
func (s *story) cmdServer(c *call) error {
	nodes := 1
	for _, a := range c.args {
		key, value, _ := strings.Cut(a, "=")
		number, err := strconv.ParseFloat(value, 64)
		length, errLength := time.ParseDuration(value)
		set := &s.config.Settings
		switch key {
		case "file":
			s.lasting, err = true, nil
		case "nodes":
			nodes = int(number)
		case "ActiveChats":
			set.ActiveChats = int(number)
		case "RehydrationDelay":
			set.RehydrationDelay, err = length, errLength
		case "drop":
			s.faults.Drop = number
		case "double":
			s.faults.Double = number
		case "delay":
			s.faults.Delay, s.faults.MaxDelay = number, time.Second
		default:
			return fmt.Errorf("servers have no %s", key)
		}
		if err != nil {
			return err
		}
	}
	return s.serve(nodes)
}

func (s *story) cmdRestart(*call) error {
	if !s.lasting {
		return fmt.Errorf("a server that is to be restarted needs a file")
	}
	return s.restart()
}

// cmdNode stops one server of several: "node 2 down".
func (s *story) cmdNode(c *call) error {
	n, err := strconv.Atoi(c.take())
	if err != nil || n < 1 || n > len(s.nodes) || c.take() != "down" {
		return fmt.Errorf("which node is down?")
	}
	return s.nodes[n-1].close()
}

func (s *story) cmdAdvance(c *call) error {
	by, err := time.ParseDuration(c.take())
	if err != nil {
		return err
	}
	return s.on.advance(s, by)
}

// cmdBus expects that the bus between the nodes was as bad as it should be.
func (s *story) cmdBus(*call) error {
	dropped, doubled, delayed := s.network.Faults()
	if dropped == 0 || doubled == 0 || delayed == 0 || s.faults == (bustest.Faults{}) {
		return unmet(fmt.Sprintf("the bus dropped %d, doubled %d and delayed %d", dropped, doubled, delayed))
	}
	return nil
}

// cmdTimers prints what waits for its time, and for whom.
func (s *story) cmdTimers(c *call) error {
	var answer struct {
		Timers []struct{ Contact, Timer string }
	}
	if refused := s.anyNode().call("GET", "/_parley/timers", "", nil, &answer); refused != nil {
		return refused
	}
	var lines []string
	for _, t := range answer.Timers {
		key, _, _ := strings.Cut(t.Timer, ":")
		for _, p := range s.people {
			if p.started != nil && p.initial == t.Contact {
				lines = append(lines, p.name+" "+key)
			}
		}
	}
	slices.Sort(lines)
	print(c.Stdout(), lines)
	return nil
}

// flowText reads a flow from the story's files; {{name}} in it is the id of another flow.
func (s *story) flowText(c *call, file string) string {
	text := c.ReadFile(file)
	for name, id := range s.flows {
		text = strings.ReplaceAll(text, "{{"+name+"}}", id)
	}
	return text
}

// cmdFlow makes a flow: "flow welcome.json type=CUSTOMER_QUEUE status=SAVED". Its name is the file's.
func (s *story) cmdFlow(c *call) error {
	file := c.take()
	name := strings.TrimSuffix(filepath.Base(file), ".json")
	request := map[string]string{"Name": name, "Type": "CONTACT_FLOW", "Content": s.flowText(c, file)}
	if kind, ok := c.option("type"); ok {
		request["Type"] = kind
	}
	if status, ok := c.option("status"); ok {
		request["Status"] = status
	}
	var answer struct {
		ContactFlowID string `json:"ContactFlowId"`
	}
	refused := s.anyNode().call("PUT", "/contact-flows/"+instance, "", request, &answer)
	if refused == nil {
		s.flows[name] = answer.ContactFlowID
		c.Setenv(name, answer.ContactFlowID)
	}
	return refused
}

// cmdPublish gives a flow another content: "publish welcome newer.json".
func (s *story) cmdPublish(c *call) error {
	id := s.flows[c.take()]
	return s.anyNode().call("POST", "/contact-flows/"+instance+"/"+id+"/content", "", map[string]string{"Content": s.flowText(c, c.take())}, nil)
}

func (s *story) cmdDeleteFlow(c *call) error {
	return s.anyNode().call("DELETE", "/contact-flows/"+instance+"/"+s.flows[c.take()], "", nil, nil)
}

func (s *story) cmdDeleteInstance(*call) error {
	return s.anyNode().call("DELETE", "/instance/"+instance, "", nil, nil)
}

// cmdStart starts a chat: "start ana welcome ChatDurationInMinutes=60 InitialMessage=hi ENTIRE_PAST_SESSION=$bea with
// tier=gold". $ana is the contact's id from then on.
func (s *story) cmdStart(c *call) error {
	p := &person{s: s, name: c.take(), node: 1}
	flow := c.take()
	request := map[string]any{
		"InstanceId": instance, "ContactFlowId": flow,
		"ParticipantDetails":             map[string]string{"DisplayName": p.display()},
		"SupportedMessagingContentTypes": []string{"text/plain", "text/markdown", "application/json"},
	}
	if id, ok := s.flows[flow]; ok {
		request["ContactFlowId"] = id
	}
	if i := slices.Index(c.args, "with"); i >= 0 {
		request["Attributes"] = pairs(c.args[i+1:])
		c.args = c.args[:i]
	}
	for _, a := range c.args {
		key, value, _ := strings.Cut(a, "=")
		number, isNumber := strconv.Atoi(value)
		switch {
		case key == "node":
			p.node = number
		case key == "ENTIRE_PAST_SESSION" || key == "FROM_SEGMENT":
			request["PersistentChat"] = map[string]string{"RehydrationType": key, "SourceContactId": value}
		case key == "InitialMessage":
			request[key] = map[string]string{"ContentType": "text/plain", "Content": value}
		case isNumber == nil:
			request[key] = number
		default:
			request[key] = value
		}
	}
	refused := p.start(request)
	if refused == nil {
		s.enter(c, p)
	}
	return refused
}

func (p *person) start(request map[string]any) *refusal {
	var answer struct {
		ContactID              string `json:"ContactId"`
		ParticipantID          string `json:"ParticipantId"`
		ParticipantToken       string
		ContinuedFromContactID string `json:"ContinuedFromContactId"`
	}
	refused := p.at().call("PUT", "/contact/chat", "", request, &answer)
	p.contact, p.initial, p.participant = answer.ContactID, answer.ContactID, answer.ParticipantID
	p.token, p.from, p.started = answer.ParticipantToken, answer.ContinuedFromContactID, request
	return refused
}

// enter gives somebody their place in the story, which may have been another's.
func (s *story) enter(c *call, p *person) {
	if old := s.people[p.name]; old != nil {
		for _, k := range old.sockets {
			k.part()
		}
	}
	s.people[p.name] = p
	c.Setenv(p.name, p.contact)
	c.Setenv(p.name+"_from", p.from)
}

// cmdStartAgain repeats a StartChatContact with all its members, as SDKs do when an answer was lost: it must find the
// same chat, with a token of its own. If it has started another, that is where they are from then on.
func (s *story) cmdStartAgain(c *call) error {
	first, err := s.person(c.take())
	if err != nil {
		return err
	}
	again := &person{s: s, name: first.name, node: first.node}
	if value, ok := c.option("node"); ok {
		again.node, _ = strconv.Atoi(value)
	}
	if refused := again.start(first.started); refused != nil {
		return refused
	}
	if again.contact != first.contact || again.participant != first.participant {
		s.enter(c, again)
		return unmet("it is another chat")
	}
	if again.token == first.token {
		return fmt.Errorf("the participant token was kept")
	}
	first.token, first.node = again.token, again.node
	return nil
}

// cmdBot brings a custom participant into somebody's contact: "bot max ana".
func (s *story) cmdBot(c *call) error {
	name := c.take()
	customer, err := s.person(c.take())
	if err != nil {
		return err
	}
	p := &person{s: s, name: name, node: customer.node, contact: customer.contact, initial: customer.initial}
	if value, ok := c.option("node"); ok {
		p.node, _ = strconv.Atoi(value)
	}
	request := map[string]any{
		"InstanceId": instance, "ContactId": customer.contact,
		"ParticipantDetails": map[string]string{"ParticipantRole": "CUSTOM_BOT", "DisplayName": p.display()},
	}
	if value, ok := c.option("ClientToken"); ok {
		request["ClientToken"] = value
	}
	var answer struct {
		ParticipantID          string `json:"ParticipantId"`
		ParticipantCredentials struct{ ParticipantToken string }
	}
	if refused := p.at().call("POST", "/contact/create-participant", "", request, &answer); refused != nil {
		return refused
	}
	p.participant, p.token = answer.ParticipantID, answer.ParticipantCredentials.ParticipantToken
	s.people[name] = p
	return nil
}

func (s *story) cmdStopContact(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	return p.at().call("POST", "/contact/stop", "", map[string]string{"InstanceId": instance, "ContactId": p.contact}, nil)
}

// cmdDescribe expects members of the contact: "describe ana DisconnectReason=API RelatedContactId= lasts=5m0s". lasts
// is the time from its initiation to its end.
func (s *story) cmdDescribe(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	var answer struct{ Contact map[string]any }
	if refused := p.at().call("GET", "/contacts/"+instance+"/"+p.contact, "", nil, &answer); refused != nil {
		return refused
	}
	answer.Contact["lasts"] = lasts(answer.Contact["InitiationTimestamp"], answer.Contact["DisconnectTimestamp"])
	for _, a := range c.args {
		key, want, _ := strings.Cut(a, "=")
		got := ""
		if v, ok := answer.Contact[key]; ok {
			got = fmt.Sprint(v)
		}
		if got != want {
			return unmet(fmt.Sprintf("%s is %q, not %q", key, got, want))
		}
	}
	return nil
}

func (s *story) attributesOf(p *person) (map[string]string, *refusal) {
	var answer struct{ Attributes map[string]string }
	refused := p.at().call("GET", "/contact/attributes/"+instance+"/"+p.contact, "", nil, &answer)
	return answer.Attributes, refused
}

// cmdAttributes expects that these are all attributes of somebody's contact.
func (s *story) cmdAttributes(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	got, refused := s.attributesOf(p)
	if refused != nil {
		return refused
	}
	if want := pairs(c.args); !maps.Equal(got, want) {
		for k, v := range got {
			got[k] = brief(v)
		}
		return unmet(fmt.Sprintf("the attributes are %v", got))
	}
	return nil
}

// cmdSet calls UpdateContactAttributes.
func (s *story) cmdSet(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	request := map[string]any{"InstanceId": instance, "InitialContactId": p.contact, "Attributes": pairs(c.args)}
	return p.at().call("POST", "/contact/attributes", "", request, nil)
}

func pairs(args []string) map[string]string {
	all := map[string]string{}
	for _, a := range args {
		key, value, _ := strings.Cut(a, "=")
		all[key] = swell(value)
	}
	return all
}

// cmdAssociate calls CreatePersistentContactAssociation: "associate ana ENTIRE_PAST_SESSION=$bea".
func (s *story) cmdAssociate(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	request := map[string]string{}
	for _, a := range c.args {
		key, value, _ := strings.Cut(a, "=")
		if key == "ClientToken" {
			request[key] = value
			continue
		}
		request["RehydrationType"], request["SourceContactId"] = key, value
	}
	var answer struct {
		ContinuedFromContactID string `json:"ContinuedFromContactId"`
	}
	refused := p.at().call("POST", "/contact/persistent-contact-association/"+instance+"/"+p.initial, "", request, &answer)
	if refused == nil {
		p.from = answer.ContinuedFromContactID
		c.Setenv(p.name+"_from", p.from)
	}
	return refused
}

// cmdConnect opens a socket: "connect max node=2".
func (s *story) cmdConnect(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	if value, ok := c.option("node"); ok {
		p.node, _ = strconv.Atoi(value)
	}
	return p.connect()
}

// cmdJoin connects without a socket.
func (s *story) cmdJoin(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	_, refused := p.connection(map[string]any{"Type": []string{"CONNECTION_CREDENTIALS"}, "ConnectParticipant": true})
	if refused == nil {
		p.joined = true
		s.on.settle(s)
	}
	return refused
}

// cmdReconnect opens a new socket, and closes the others once it is subscribed.
func (s *story) cmdReconnect(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	before := p.open()
	if refused := p.connect(); refused != nil {
		return refused
	}
	for _, k := range before {
		k.part()
	}
	return nil
}

// cmdCut breaks somebody's connections off.
func (s *story) cmdCut(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	for _, k := range p.open() {
		k.cut()
	}
	s.on.settle(s)
	return nil
}

// cmdSay sends a message: "say ana 'hello' as=text/markdown ClientToken=t".
func (s *story) cmdSay(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	m := message{request: map[string]string{"ContentType": "text/plain", "ClientToken": s.newID()}}
	if value, ok := c.option("as"); ok {
		m.request["ContentType"] = value
	}
	if value, ok := c.option("ClientToken"); ok {
		m.request["ClientToken"] = value
	}
	m.request["Content"] = strings.Join(c.args, " ")
	if refused := p.send(&m); refused != nil {
		return refused
	}
	s.on.settle(s)
	return nil
}

// send sends a message, and as SDKs do sends it again after a while when the server says that it is at fault, three
// times in all.
func (p *person) send(m *message) *refusal {
	bearer := p.bearer
	if bearer == "" {
		bearer = "none"
	}
	var refused *refusal
	for try := range 3 {
		refused = p.at().call("POST", "/participant/message", bearer, m.request, m)
		if refused == nil || refused.status < 500 {
			break
		}
		<-time.After(100 * time.Millisecond << try)
	}
	if refused == nil {
		p.s.remember(m.ID, m.request["Content"])
		p.sent = append(p.sent, *m)
	}
	return refused
}

// cmdSayAgain repeats somebody's last message as SDKs do when an answer was lost: the answer must be the first one.
func (s *story) cmdSayAgain(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	if value, ok := c.option("node"); ok {
		p.node, _ = strconv.Atoi(value)
	}
	first := p.sent[len(p.sent)-1]
	again := message{request: first.request}
	if refused := p.send(&again); refused != nil {
		return refused
	}
	s.on.settle(s)
	if again.ID != first.ID || again.Time != first.Time {
		return unmet(fmt.Sprintf("it was answered %s at %s, and then %s at %s", first.ID, first.Time, again.ID, again.Time))
	}
	return nil
}

func (s *story) cmdTypes(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	refused := p.at().call("POST", "/participant/event", p.bearer, map[string]string{"ContentType": eventPrefix + "typing"}, nil)
	s.on.settle(s)
	return refused
}

// cmdReceipt sends a receipt for a message that the participant has heard: "read max 'hi'". The clients send each with
// the same ClientToken.
func (s *story) cmdReceipt(event string) func(*call) error {
	return func(c *call) error {
		p, err := s.person(c.take())
		if err != nil {
			return err
		}
		text := c.take()
		id := ""
		for _, k := range p.viewing() {
			k.mu.Lock()
			for _, it := range k.heard {
				if it.Type == "MESSAGE" && it.Content == text {
					id = it.ID
				}
			}
			k.mu.Unlock()
		}
		body, _ := json.Marshal(map[string]string{"messageId": id}) // a string
		refused := p.at().call("POST", "/participant/event", p.bearer, map[string]string{
			"ContentType": eventPrefix + event, "Content": string(body), "ClientToken": "INCOMING_RECEIPT",
		}, nil)
		s.on.settle(s)
		return refused
	}
}

func (s *story) cmdLeave(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	refused := p.at().call("POST", "/participant/disconnect", p.bearer, map[string]string{}, nil)
	s.on.settle(s)
	return refused
}

// cmdTalk lets several people send many messages at the same time: "talk 50 ana max". Everybody hears each of them
// once, everybody in the same order, and everyone's own in the order in which they were sent.
func (s *story) cmdTalk(c *call) error {
	count, err := strconv.Atoi(c.take())
	if err != nil {
		return err
	}
	var people []*person
	for _, name := range c.args {
		p, err := s.person(name)
		if err != nil {
			return err
		}
		people = append(people, p)
	}
	var talking sync.WaitGroup
	for _, p := range people {
		talking.Go(func() {
			for i := range count {
				m := message{request: map[string]string{"ContentType": "text/plain", "Content": fmt.Sprint(i), "ClientToken": s.newID()}}
				if refused := p.send(&m); refused != nil {
					s.wrong("%s could not talk: %v", p.name, refused)
				}
			}
		})
	}
	talking.Wait()
	var first []item
	for _, p := range people {
		heard, err := s.heardAll(p, people, count)
		if err != nil {
			return err
		}
		if first == nil {
			first = heard
		}
		same := slices.EqualFunc(first, heard, func(a, b item) bool { return a.ID == b.ID })
		if !same {
			return unmet(p.name + " heard it in another order")
		}
	}
	return nil
}

// heardAll waits until somebody has heard what all have said, and checks the order of each one's own.
func (s *story) heardAll(p *person, people []*person, count int) ([]item, error) {
	k := p.viewing()[0]
	all := count * len(people)
	if !s.on.eventually(s, func() bool { return len(k.unseen()) >= all }) || len(k.unseen()) > all {
		return nil, unmet(fmt.Sprintf("%s heard %d of %d messages", p.name, len(k.unseen()), all))
	}
	heard := k.unseen()
	k.look(all)
	for _, from := range people {
		i := 0
		for _, it := range heard {
			if it.ParticipantID != from.participant {
				continue
			}
			if it.Content != fmt.Sprint(i) {
				return nil, unmet(fmt.Sprintf("%s heard %s of %s where %d was said", p.name, it.Content, from.name, i))
			}
			i++
		}
	}
	return heard, nil
}

// cmdSee expects what comes next on all open sockets of somebody, in this order and nothing between:
// "see ana,max 'Ana: hi' 'Max types'". With ! nothing of it may be among what the story has not looked at; without a
// line, nothing at all.
func (s *story) cmdSee(c *call) error {
	names := strings.Split(c.take(), ",")
	for _, name := range names {
		p, err := s.person(name)
		if err != nil {
			return err
		}
		if c.neg {
			s.on.settle(s)
		}
		if len(p.viewing()) == 0 {
			return fmt.Errorf("%s has no socket", name)
		}
		for _, k := range p.viewing() {
			if err := s.sees(p, k, c.args, c.neg); err != nil {
				return err
			}
		}
	}
	if c.neg {
		return unmet("it was not seen")
	}
	return nil
}

func (s *story) sees(p *person, k *socket, want []string, neg bool) error {
	if neg {
		for _, it := range k.unseen() {
			if line := s.line(it); len(want) == 0 || slices.Contains(want, line) {
				return fmt.Errorf("%s sees %q", p.name, line)
			}
		}
		return nil
	}
	if !s.on.eventually(s, func() bool { return len(k.unseen()) >= len(want) }) {
		return fmt.Errorf("%s sees only %q", p.name, s.lines(k.unseen()))
	}
	for i, line := range s.lines(k.unseen()[:len(want)]) {
		if line != want[i] {
			return fmt.Errorf("%s sees %q, not %q; in all: %q", p.name, line, want[i], s.lines(k.unseen()))
		}
	}
	k.look(len(want))
	return nil
}

func (s *story) lines(items []item) []string {
	all := make([]string, len(items))
	for i, it := range items {
		all[i] = s.line(it)
	}
	return all
}

// cmdHear prints all that somebody has heard and the story has not looked at, for cmp. It waits for a last line, if
// one is given: "hear ana 'chat ended'".
func (s *story) cmdHear(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	s.on.settle(s)
	last := c.take()
	for _, k := range p.viewing() {
		if last != "" && !s.on.eventually(s, func() bool { return slices.Contains(s.lines(k.unseen()), last) }) {
			return fmt.Errorf("%s does not hear %q", p.name, last)
		}
	}
	for _, k := range p.viewing() {
		items := k.unseen()
		print(c.Stdout(), s.lines(items))
		k.look(len(items))
	}
	return nil
}

// cmdSockets expects how many sockets of somebody are open.
func (s *story) cmdSockets(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	want, err := strconv.Atoi(c.take())
	if err != nil {
		return err
	}
	if !s.on.eventually(s, func() bool { return len(p.open()) == want }) {
		return unmet(fmt.Sprintf("%d sockets are open", len(p.open())))
	}
	return nil
}

// cmdClosed expects that the server has closed somebody's oldest socket, or the last one: "closed ana 1001".
func (s *story) cmdClosed(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	k := p.sockets[len(p.sockets)-1]
	if _, ok := c.option("oldest"); ok {
		k = p.sockets[0]
	}
	s.on.eventually(s, k.isOver)
	if got, want := fmt.Sprint(int(k.closeCode())), c.take(); got != want {
		return unmet("it was closed with " + got)
	}
	return nil
}

// page is GetTranscript's answer.
type page struct {
	InitialContactID string `json:"InitialContactId"`
	Transcript       []item
	NextToken        string
}

func (p *person) page(request map[string]any) (page, *refusal) {
	var answer page
	refused := p.at().call("POST", "/participant/transcript", p.bearer, request, &answer)
	if refused == nil && len(answer.Transcript) == 0 && answer.NextToken != "" {
		p.s.wrong("%s got an empty page with a NextToken", p.name)
	}
	return answer, refused
}

// transcriptLines says what a page shows. Items of an earlier session are marked.
func (s *story) transcriptLines(items []item) []string {
	lines := s.lines(items)
	for i, it := range items {
		switch {
		case it.RelatedContactID != "" && it.ContactID == "":
			lines[i] = "past   " + lines[i]
		case it.ContactID == "":
			s.wrong("an item without a contact: %s", lines[i])
		}
	}
	return lines
}

// cmdPage asks for one page with the members given: "page ana MaxResults=2 SortOrder=ASCENDING MostRecent=3 after=hi".
// MostRecent, AbsoluteTime and Id (by a message's text) are StartPosition's. "next" goes on after the last page.
func (s *story) cmdPage(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	request, start := map[string]any{}, map[string]any{}
	for _, a := range c.args {
		key, value, _ := strings.Cut(a, "=")
		number, isNumber := strconv.Atoi(value)
		switch {
		case key == "next":
			request["NextToken"] = p.next
		case key == "MostRecent":
			start[key] = number
		case key == "Id":
			start[key] = s.idOf(value)
		case isNumber == nil:
			request[key] = number
		default:
			request[key] = value
		}
	}
	if len(start) > 0 {
		request["StartPosition"] = start
	}
	got, refused := p.page(request)
	if refused != nil {
		return refused
	}
	p.next = got.NextToken
	print(c.Stdout(), s.transcriptLines(got.Transcript))
	if p.next != "" {
		print(c.Stdout(), []string{"and more"})
	}
	return nil
}

// idOf finds a message by what it says; what nobody has said is an id itself.
func (s *story) idOf(content string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, said := range s.messages {
		if said == content {
			return id
		}
	}
	return content
}

// cmdTranscript prints somebody's whole transcript as a client collects it, page by page back into the past.
func (s *story) cmdTranscript(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	const size = 15 // as chatjs asks
	request := map[string]any{"MaxResults": size, "ScanDirection": "BACKWARD", "SortOrder": "ASCENDING", "StartPosition": map[string]any{}}
	var all []item
	for {
		got, refused := p.page(request)
		if refused != nil {
			return refused
		}
		if len(got.Transcript) > size {
			return fmt.Errorf("a page of %d items", len(got.Transcript))
		}
		all = append(got.Transcript, all...)
		if got.NextToken == "" {
			break
		}
		request["NextToken"] = got.NextToken
	}
	seen := map[string]bool{}
	for i, it := range all {
		if seen[it.ID] {
			return fmt.Errorf("the transcript has an item twice: %s", s.line(it))
		}
		seen[it.ID] = true
		if i > 0 && all[i-1].AbsoluteTime >= it.AbsoluteTime {
			return fmt.Errorf("the transcript is out of order at: %s", s.line(it))
		}
	}
	print(c.Stdout(), s.transcriptLines(all))
	return nil
}
