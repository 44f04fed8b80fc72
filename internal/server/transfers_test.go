package server_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/server"
)

// Queues, quick connects, and what agents and supervisors do by them: commands of stories about transfers. Where a command makes
// a contact, its last argument names it; from then on it stands in commands where a person's contact may, and $name is its id.

// cmdQueue makes a queue that the agents serve: "queue sales most=2".
func (s *story) cmdQueue(c *call) error {
	name := c.take()
	request := map[string]any{"Name": name, "HoursOfOperationId": center.SeededID(server.SeedInstance, "hours-of-operation", center.BasicHoursName)}
	if most, ok := c.option("most"); ok {
		n, err := strconv.Atoi(most)
		if err != nil {
			return err
		}
		request["MaxContacts"] = n
	}
	var answer struct {
		ID string `json:"QueueId"`
	}
	n := s.anyNode()
	if refused := n.call("PUT", "/queues/"+instance, "", request, &answer); refused != nil {
		return refused
	}
	s.flows[name] = answer.ID
	c.Setenv(name, answer.ID)
	row := map[string]any{"QueueReference": map[string]string{"QueueId": answer.ID, "Channel": "CHAT"}, "Priority": 1, "Delay": 0}
	profile := string(center.BasicRoutingProfileID(server.SeedInstance))
	return n.call("POST", "/routing-profiles/"+instance+"/"+profile+"/associate-queues", "", map[string]any{"QueueConfigs": []any{row}}, nil)
}

// cmdQuickConnect makes a quick connect that the agents of the basic queue see: "quick-connect Sales queue=sales flow=handover",
// with user=bob, or with a flow alone.
func (s *story) cmdQuickConnect(c *call) error {
	name := c.take()
	flow, _ := c.option("flow")
	to := map[string]any{"QuickConnectType": "FLOW", "FlowConfig": map[string]string{"ContactFlowId": s.flows[flow]}}
	if queue, ok := c.option("queue"); ok {
		to = map[string]any{"QuickConnectType": "QUEUE", "QueueConfig": map[string]string{"QueueId": s.flows[queue], "ContactFlowId": s.flows[flow]}}
	} else if user, ok := c.option("user"); ok {
		to = map[string]any{"QuickConnectType": "USER", "UserConfig": map[string]string{"UserId": s.flows[user], "ContactFlowId": s.flows[flow]}}
	}
	var answer struct {
		ID string `json:"QuickConnectId"`
	}
	n := s.anyNode()
	if refused := n.call("PUT", "/quick-connects/"+instance, "", map[string]any{"Name": name, "QuickConnectConfig": to}, &answer); refused != nil {
		return refused
	}
	s.flows["to "+name] = answer.ID
	path := "/queues/" + instance + "/" + s.flows[center.BasicQueueName] + "/associate-quick-connects"
	return n.call("POST", path, "", map[string]any{"QuickConnectIds": []string{answer.ID}}, nil)
}

// cmdSwitch has instance attributes on: "switch MULTI_PARTY_CHAT_CONFERENCE".
func (s *story) cmdSwitch(c *call) error {
	for _, attribute := range c.args {
		if refused := s.anyNode().call("POST", "/instance/"+instance+"/attribute/"+attribute, "", map[string]string{"Value": "true"}, nil); refused != nil {
			return refused
		}
	}
	return nil
}

// cmdConnects is something that an agent does with somebody's contact by a quick connect: "transfer bob ana Sales next".
func (s *story) cmdConnects(do func(*chat.Agents, context.Context, center.InstanceID, center.UserID, center.ContactID, string) (center.ContactID, error)) func(*call) error {
	return func(c *call) error {
		w, err := s.worker(c.take())
		if err != nil {
			return err
		}
		p, err := s.person(c.take())
		if err != nil {
			return err
		}
		id, err := do(s.anyNode().server.Agents(), context.Background(), server.SeedInstance, w.id, center.ContactID(p.contact), s.flows["to "+c.take()])
		if center.Refused(err) {
			return &refusal{status: 400, code: "refused", message: err.Error()}
		}
		if err == nil {
			s.contactOf(c, p, id)
		}
		s.on.settle(s)
		return err
	}
}

// contactOf names another contact of somebody's chat by the next argument, if there is one.
func (s *story) contactOf(c *call, p *person, id center.ContactID) {
	if name := c.take(); name != "" {
		s.people[name] = &person{s: s, name: name, node: p.node, contact: string(id), initial: p.initial}
		c.Setenv(name, string(id))
	}
}

func startFlow(a *chat.Agents, ctx context.Context, at center.InstanceID, agent center.UserID, contact center.ContactID, connect string) (center.ContactID, error) {
	return "", a.StartFlow(ctx, at, agent, contact, connect)
}

// cmdRemove takes somebody out of a chat on behalf of an agent: "remove bob ana eve". Who has not joined is named by the contact.
func (s *story) cmdRemove(c *call) error {
	w, err := s.worker(c.take())
	if err != nil {
		return err
	}
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	other, err := s.person(c.take())
	if err != nil {
		return err
	}
	whom := center.ParticipantID(other.participant)
	if whom == "" {
		whom = center.ParticipantID(other.contact)
	}
	err = s.anyNode().server.Agents().Remove(context.Background(), server.SeedInstance, w.id, center.ContactID(p.contact), whom)
	if center.Refused(err) {
		return &refusal{status: 400, code: "refused", message: err.Error()}
	}
	s.on.settle(s)
	return err
}

// cmdMonitor calls MonitorContact: "monitor sam ana SILENT_MONITOR,BARGE watch".
func (s *story) cmdMonitor(c *call) error {
	w, err := s.worker(c.take())
	if err != nil {
		return err
	}
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	request := map[string]any{"InstanceId": instance, "ContactId": p.contact, "UserId": string(w.id), "AllowedMonitorCapabilities": strings.Split(c.take(), ",")}
	var answer struct {
		ID string `json:"ContactId"`
	}
	refused := s.anyNode().call("POST", "/contact/monitor", "", request, &answer)
	if refused == nil {
		s.contactOf(c, p, center.ContactID(answer.ID))
	}
	s.on.settle(s)
	return refused
}

// cmdMode lets a supervisor barge in or fall silent: "mode sam watch BARGE".
func (s *story) cmdMode(c *call) error {
	w, err := s.worker(c.take())
	if err != nil {
		return err
	}
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	err = s.anyNode().server.Agents().SetMonitorMode(context.Background(), server.SeedInstance, w.id, center.ContactID(p.contact), c.take())
	if center.Refused(err) {
		return &refusal{status: 400, code: "refused", message: err.Error()}
	}
	s.on.settle(s)
	return err
}

// transferLine says what an item shows of a transfer, an invitation or a flow that an agent has started.
func transferLine(name string, it item) (string, bool) {
	switch {
	case it.is("participant.invited"):
		return name + " invited an agent", true
	case it.is("transfer.succeeded") && it.ParticipantID == "":
		return "transfer succeeded", true
	case it.is("transfer.failed") && it.ParticipantID == "":
		return "transfer failed", true
	case it.is("workflow.cancelled"):
		return name + " cancelled a flow", true
	}
	return "", false
}

// cmdAssociated prints what ListAssociatedContacts and SearchContacts tell of the contacts of somebody's chat, a line each, in
// the order in which they began.
func (s *story) cmdAssociated(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	type contact struct {
		ID                string `json:"ContactId"`
		InitialContactID  string `json:"InitialContactId"`
		PreviousContactID string `json:"PreviousContactId"`
		RelatedContactID  string `json:"RelatedContactId"`
		InitiationMethod  string
	}
	var listed struct{ ContactSummaryList []contact }
	if refused := s.anyNode().call("GET", "/contact/associated/"+instance+"?contactId="+p.contact, "", nil, &listed); refused != nil {
		return refused
	}
	var lines []string
	for _, k := range listed.ContactSummaryList {
		lines = append(lines, fmt.Sprintf("%s: %s of %s", s.contactName(k.ID), k.InitiationMethod, s.contactName(k.PreviousContactID)))
	}
	print(c.Stdout(), lines)
	return nil
}

// contactName is the name of a contact in the story.
func (s *story) contactName(id string) string {
	for name, p := range s.people {
		if p.contact == id && s.workers[name] == nil {
			return name
		}
	}
	return "nothing"
}
