package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What participants do: the commands of stories that call the Participant Service and look at sockets.

// cmdCredentials asks for a connection's token and does not connect.
func (s *story) cmdCredentials(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	_, refused := p.connection(map[string]any{"Type": []string{"CONNECTION_CREDENTIALS"}})
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

// cmdSubscribe opens a socket at the address that StartChatContact's answer had.
func (s *story) cmdSubscribe(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	if p.url == "" {
		return unmet("there is no address")
	}
	return p.subscribe(p.url)
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
	if refused == nil && len(answer.Transcript) == 0 && answer.NextToken != "" && request["NextToken"] != nil {
		p.s.wrong("%s got an empty page with a NextToken that is not the first", p.name)
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
