package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/server"
)

// What agents do, and what is done to them: the commands of stories about them.

// worker is an agent of a story.
type worker struct {
	id      center.UserID
	name    string
	session string // the bearer token of the agent's client, "" for none
}

func (s *story) worker(name string) (*worker, error) {
	w, ok := s.workers[name]
	if !ok {
		return nil, fmt.Errorf("no agent is called %s", name)
	}
	return w, nil
}

// nameOfWorker is the agent with an id.
func (s *story) nameOfWorker(id string) string {
	for _, w := range s.workers {
		if string(w.id) == id {
			return w.name
		}
	}
	return id
}

// cmdAgent makes an agent: "agent bob auto acw=30 LastName=Roe". The agent is offline and serves the basic queue. $bob is the
// user's id from then on.
func (s *story) cmdAgent(c *call) error {
	name := c.take()
	identity := map[string]string{"FirstName": strings.ToUpper(name[:1]) + name[1:], "LastName": "Roe"}
	request := map[string]any{
		"Username": name, "Password": "Secret-123", "IdentityInfo": identity,
		"PhoneConfig":        map[string]any{"PhoneType": "SOFT_PHONE"},
		"SecurityProfileIds": []string{center.SeededID(server.SeedInstance, "security-profile", center.SecurityAgent)},
		"RoutingProfileId":   string(center.BasicRoutingProfileID(server.SeedInstance)),
	}
	for _, a := range c.args {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "supervisor":
			request["SecurityProfileIds"] = []string{center.SeededID(server.SeedInstance, "security-profile", center.SecurityManager)}
		case "profile":
			request["RoutingProfileId"] = s.flows[value]
		case "auto":
			request["AutoAcceptConfigs"] = []map[string]any{{"Channel": "CHAT", "AutoAccept": true}}
		case "acw":
			limit, err := strconv.Atoi(value)
			if err != nil {
				return err
			}
			request["PhoneConfig"] = map[string]any{"PhoneType": "SOFT_PHONE", "AfterContactWorkTimeLimit": limit}
		default:
			identity[key] = value
		}
	}
	var answer struct {
		UserID string `json:"UserId"`
	}
	refused := s.anyNode().call("PUT", "/users/"+instance, "", request, &answer)
	if refused == nil {
		s.workers[name] = &worker{id: center.UserID(answer.UserID), name: name}
		s.flows[name] = answer.UserID
		c.Setenv(name, answer.UserID)
	}
	return refused
}

// cmdLogIn begins a session of an agent, as the agent's client does: "log-in bob".
func (s *story) cmdLogIn(c *call) error {
	w, err := s.worker(c.take())
	if err != nil {
		return err
	}
	var answer struct{ Token string }
	refused := s.anyNode().call("POST", "/agent/v1/session", "", map[string]any{"username": w.name, "password": "Secret-123", "bearer": true}, &answer)
	w.session = answer.Token
	return refused
}

// cmdDeleteAgent calls DeleteUser.
func (s *story) cmdDeleteAgent(c *call) error {
	w, err := s.worker(c.take())
	if err != nil {
		return err
	}
	refused := s.anyNode().call("DELETE", "/users/"+instance+"/"+string(w.id), "", nil, nil)
	s.on.settle(s)
	return refused
}

// cmdStatus calls PutUserStatus: "status bob Available". A status that is not there is made first, as a custom one.
func (s *story) cmdStatus(c *call) error {
	w, err := s.worker(c.take())
	if err != nil {
		return err
	}
	name := c.take()
	id := center.SeededID(server.SeedInstance, "agent-status", name)
	if name != center.StatusNameAvailable && name != center.StatusNameOffline {
		if s.flows["status "+name] == "" {
			var answer struct {
				ID string `json:"AgentStatusId"`
			}
			if refused := s.anyNode().call("PUT", "/agent-status/"+instance, "", map[string]string{"Name": name, "State": "ENABLED"}, &answer); refused != nil {
				return refused
			}
			s.flows["status "+name] = answer.ID
		}
		id = s.flows["status "+name]
	}
	return s.anyNode().call("PUT", "/users/"+instance+"/"+string(w.id)+"/status", "", map[string]string{"AgentStatusId": id}, nil)
}

// cmdAssign offers somebody's contact to an agent, with AssociateContactWithUser: "assign ana bob".
func (s *story) cmdAssign(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	w, err := s.worker(c.take())
	if err != nil {
		return err
	}
	refused := s.anyNode().call("POST", "/contacts/"+instance+"/"+p.contact+"/associate-user", "", map[string]string{"UserId": string(w.id)}, nil)
	s.on.settle(s)
	return refused
}

// cmdDismiss calls DismissUserContact: "dismiss bob ana".
func (s *story) cmdDismiss(c *call) error {
	w, err := s.worker(c.take())
	if err != nil {
		return err
	}
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	return s.anyNode().call("POST", "/users/"+instance+"/"+string(w.id)+"/contact", "", map[string]string{"ContactId": p.contact}, nil)
}

// cmdWorks is something that an agent does with somebody's contact: "accept bob ana".
func (s *story) cmdWorks(do func(*chat.Agents, context.Context, center.InstanceID, center.UserID, center.ContactID) error) func(*call) error {
	return func(c *call) error {
		w, err := s.worker(c.take())
		if err != nil {
			return err
		}
		p, err := s.person(c.take())
		if err != nil {
			return err
		}
		err = do(s.anyNode().server.Agents(), context.Background(), server.SeedInstance, w.id, center.ContactID(p.contact))
		if center.Refused(err) {
			return &refusal{status: 400, code: "refused", message: err.Error()}
		}
		s.on.settle(s)
		return err
	}
}

// cmdAttend opens an agent's socket for somebody's contact: "attend bob ana". From then on bob is a person too.
func (s *story) cmdAttend(c *call) error {
	w, err := s.worker(c.take())
	if err != nil {
		return err
	}
	customer, err := s.person(c.take())
	if err != nil {
		return err
	}
	got, err := s.anyNode().server.Agents().Credentials(context.Background(), server.SeedInstance, w.id, center.ContactID(customer.contact))
	if center.Refused(err) {
		return &refusal{status: 400, code: "refused", message: err.Error()}
	}
	if err != nil {
		return err
	}
	p := &person{
		s: s, name: w.name, node: customer.node, contact: customer.contact, initial: customer.initial, joined: true,
		participant: string(got.Participant), token: got.Token, bearer: got.Connection.Token,
	}
	if old := s.people[p.name]; old != nil {
		for _, k := range old.sockets {
			k.part()
		}
	}
	s.people[p.name] = p
	return p.connect()
}

// cmdIs expects what an agent is: the status, the next one, and the states of the contacts: "is bob Available CONNECTED".
func (s *story) cmdIs(c *call) error {
	w, err := s.worker(c.take())
	if err != nil {
		return err
	}
	want := strings.Join(c.args, " ")
	is := ""
	s.on.eventually(s, func() bool {
		a, _, err := s.anyNode().server.Staff().Agent(context.Background(), server.SeedInstance, w.id)
		if err != nil {
			is = err.Error()
			return false
		}
		all := []string{a.Status.Name}
		if a.Next != nil {
			all = append(all, "then", a.Next.Name)
		}
		for _, k := range a.Contacts {
			all = append(all, k.State)
		}
		is = strings.Join(all, " ")
		return is == want
	})
	if is != want {
		return unmet(fmt.Sprintf("%s is %q, not %q", w.name, is, want))
	}
	return nil
}

// cmdTold prints what the items of an agent's stream say, a line each: what happened, and what the agent was after that. "told
// bob last" prints the last one.
func (s *story) cmdTold(c *call) error {
	w, err := s.worker(c.take())
	if err != nil {
		return err
	}
	items, err := s.anyNode().server.Items(context.Background(), center.StreamID(w.id))
	if err != nil {
		return err
	}
	var lines []string
	for i := range items {
		t, ok, err := items[i].Transition()
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		line := t.What + ": " + t.Agent.Status.Name
		if t.Agent.Next != nil {
			line += " then " + t.Agent.Next.Name
		}
		for _, k := range t.Agent.Contacts {
			line += " " + k.State
		}
		lines = append(lines, line)
	}
	if c.take() == "last" && len(lines) > 0 {
		lines = lines[len(lines)-1:]
	}
	print(c.Stdout(), lines)
	return nil
}

// cmdAPI calls an operation of Amazon Connect: "api POST /users/{instance}/{bob}/routing-profile '{"RoutingProfileId":"{sales}"}'".
// A name in braces is the id of what has that name: {instance}, an agent, a queue, a flow, somebody's contact, or what an earlier
// line has kept with sales=RoutingProfileId, a member of its answer.
func (s *story) cmdAPI(c *call) error {
	keep := map[string]string{}
	args := c.args[:0:0]
	for _, a := range c.args {
		if name, member, ok := strings.Cut(a, "="); ok && len(args) >= 2 && !strings.HasPrefix(a, "{") {
			keep[name] = member
			continue
		}
		args = append(args, s.withIDs(a))
	}
	if len(args) < 2 {
		return fmt.Errorf("an operation has a method and a path")
	}
	var in any
	if len(args) > 2 {
		in = json.RawMessage(args[2])
	}
	answer := map[string]any{}
	if refused := s.anyNode().call(args[0], args[1], "", in, &answer); refused != nil {
		return refused
	}
	for name, member := range keep {
		id, ok := answer[member].(string)
		if !ok {
			return fmt.Errorf("the answer has no %s: %v", member, answer)
		}
		s.flows[name] = id
		c.Setenv(name, id)
	}
	s.on.settle(s)
	return nil
}

// withIDs replaces names in braces by ids.
func (s *story) withIDs(text string) string {
	text = strings.ReplaceAll(text, "{instance}", instance)
	for name, id := range s.flows {
		text = strings.ReplaceAll(text, "{"+name+"}", id)
	}
	for name, p := range s.people {
		text = strings.ReplaceAll(text, "{"+name+"}", p.contact)
	}
	return text
}

// cmdFrames prints the items that somebody's last socket has heard, as they came, with names in place of ids and times.
func (s *story) cmdFrames(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	all := p.sockets[len(p.sockets)-1]
	all.mu.Lock()
	defer all.mu.Unlock()
	ids := map[string]string{}
	for _, o := range s.people {
		ids[o.participant] = o.name
	}
	var lines []string
	for _, frame := range all.frames {
		var members map[string]any
		if err := json.Unmarshal([]byte(frame), &members); err != nil {
			return err
		}
		raw, err := json.Marshal(nameIn(ids, "", members))
		if err != nil {
			return err
		}
		lines = append(lines, string(raw))
	}
	print(c.Stdout(), lines)
	return nil
}

// nameIn puts names in place of the ids and times in a value that is the member key of another. ids has those that have one.
func nameIn(ids map[string]string, key string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			v[k] = nameIn(ids, k, v[k])
		}
	case []any:
		for i := range v {
			v[i] = nameIn(ids, key, v[i])
		}
	case string:
		kind := ""
		switch {
		case strings.HasSuffix(key, "Time"), strings.HasSuffix(key, "Timestamp"):
			return "time"
		case strings.HasSuffix(key, "ContactId"):
			kind = "contact"
		case strings.HasSuffix(key, "ParticipantId"):
			kind = "participant"
		case key == "Id", key == "MessageId":
			kind = "item"
		default:
			return v
		}
		if ids[v] == "" {
			n := 1
			for _, other := range ids {
				if strings.HasPrefix(other, kind+" ") {
					n++
				}
			}
			ids[v] = fmt.Sprintf("%s %d", kind, n)
		}
		return ids[v]
	}
	return value
}
