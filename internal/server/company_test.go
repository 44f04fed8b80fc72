package server_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// What a company's backend does: the commands of stories that call Amazon Connect's own API.

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

func (s *story) cmdVersionFlow(c *call) error {
	return s.anyNode().call("PUT", "/contact-flows/"+instance+"/"+s.flows[c.take()]+"/version", "", map[string]string{}, nil)
}

// cmdAliasFlow names a version of a flow, or moves the name to it: "alias-flow greet live 2".
func (s *story) cmdAliasFlow(c *call) error {
	flow, name := c.take(), c.take()
	version, err := strconv.Atoi(c.take())
	if err != nil {
		return err
	}
	path := "/contact-flows/" + instance + "/" + s.flows[flow] + "/alias"
	if id, known := s.flows[flow+":"+name]; known {
		return s.anyNode().call("POST", path+"/"+id, "", map[string]any{"ContactFlowVersion": version}, nil)
	}
	var answer struct {
		ID string `json:"Id"`
	}
	refused := s.anyNode().call("PUT", path, "", map[string]any{"AliasName": name, "ContactFlowVersion": version}, &answer)
	if refused == nil {
		s.flows[flow+":"+name] = answer.ID
	}
	return refused
}

func (s *story) cmdDeleteAlias(c *call) error {
	flow, name := c.take(), c.take()
	return s.anyNode().call("DELETE", "/contact-flows/"+instance+"/"+s.flows[flow]+"/alias/"+s.flows[flow+":"+name], "", nil, nil)
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
		case key == "interactive" || key == "guide":
			interactive(request, key)
		case key == "InitialMessage":
			request[key] = map[string]string{"ContentType": "text/plain", "Content": value}
		case key == "ConnectionTypes", key == "DisconnectOnCustomerExit":
			request[key] = strings.Split(value, ",")
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
		Websocket              struct{ Url string }
		ConnectionCredentials  struct{ ConnectionToken string }
	}
	refused := p.at().call("PUT", "/contact/chat", "", request, &answer)
	p.contact, p.initial, p.participant = answer.ContactID, answer.ContactID, answer.ParticipantID
	p.token, p.from, p.started = answer.ParticipantToken, answer.ContinuedFromContactID, request
	p.url, p.bearer = answer.Websocket.Url, answer.ConnectionCredentials.ConnectionToken
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
	switch {
	case again.token == first.token:
		return fmt.Errorf("the participant token was kept")
	case first.url != "" && again.url == first.url:
		return fmt.Errorf("the address of the socket was kept")
	case first.bearer != "" && again.bearer == first.bearer:
		return fmt.Errorf("the connection token was kept")
	}
	first.token, first.node, first.url = again.token, again.node, again.url
	if again.bearer != "" {
		first.bearer = again.bearer
	}
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
// is the time from its initiation to its end, agent is who joined it, and after-contact-work is how many seconds that took.
func (s *story) cmdDescribe(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	var answer struct{ Contact map[string]any }
	if refused := p.at().call("GET", "/contacts/"+instance+"/"+p.contact, "", nil, &answer); refused != nil {
		return refused
	}
	answer.Contact["queue"], answer.Contact["queued-after"] = s.queueOf(answer.Contact)
	if a, ok := answer.Contact["AgentInfo"].(map[string]any); ok {
		answer.Contact["agent"] = s.nameOfWorker(fmt.Sprint(a["Id"]))
		answer.Contact["after-contact-work"] = fmt.Sprint(a["AfterContactWorkDuration"])
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

// cmdRoleConfig calls UpdateParticipantRoleConfig: "role-config ana CUSTOMER.IDLE=5 AGENT.DISCONNECT_NONCUSTOMER=Unset". With
// contact=ID it is about another contact than the one where somebody is.
func (s *story) cmdRoleConfig(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	contact := p.contact
	if id, ok := c.option("contact"); ok {
		contact = id
	}
	var list []map[string]any
	for _, a := range c.args {
		key, length, _ := strings.Cut(a, "=")
		role, kind, _ := strings.Cut(key, ".")
		value := map[string]any{"ParticipantTimerAction": length}
		if minutes, err := strconv.Atoi(length); err == nil {
			value = map[string]any{"ParticipantTimerDurationInMinutes": minutes}
		}
		list = append(list, map[string]any{"ParticipantRole": role, "TimerType": kind, "TimerValue": value})
	}
	request := map[string]any{"ChannelConfiguration": map[string]any{"Chat": map[string]any{"ParticipantTimerConfigList": list}}}
	return p.at().call("PUT", "/contact/participant-role-config/"+instance+"/"+contact, "", request, nil)
}
