package server_test

import (
	"maps"
	"path/filepath"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
	"github.com/parley-chat/parley/internal/stock"
)

// What stories do with modules, and what they ask about queues.

// seededIDs are the ids of what the seeded instance has from its beginning, by name.
func seededIDs() map[string]string {
	ids := map[string]string{
		center.BasicQueueName: center.SeededID(server.SeedInstance, "queue", center.BasicQueueName),
		"hours":               center.SeededID(server.SeedInstance, "hours-of-operation", center.BasicHoursName),
		"basic profile":       string(center.BasicRoutingProfileID(server.SeedInstance)),
	}
	for _, f := range stock.Flows(center.Partition{Account: server.SeedAccount, Region: server.SeedRegion}, server.SeedInstance) {
		ids[f.Name] = string(f.ID)
	}
	return ids
}

const modules = "/contact-flow-modules/" + instance

// cmdModule makes a module: "module greet.json settings=contract.json". Its name is the file's.
func (s *story) cmdModule(c *call) error {
	file := c.take()
	name := strings.TrimSuffix(filepath.Base(file), ".json")
	request := map[string]string{"Name": name, "Content": s.flowText(c, file)}
	if contract, ok := c.option("settings"); ok {
		request["Settings"] = c.ReadFile(contract)
	}
	var answer struct {
		ID string `json:"Id"`
	}
	refused := s.anyNode().call("PUT", modules, "", request, &answer)
	if refused == nil {
		s.flows[name] = answer.ID
		c.Setenv(name, answer.ID)
	}
	return refused
}

// cmdPublishModule gives a module another content: "publish-module greet newer.json".
func (s *story) cmdPublishModule(c *call) error {
	id := s.flows[c.take()]
	return s.anyNode().call("POST", modules+"/"+id+"/content", "", map[string]string{"Content": s.flowText(c, c.take())}, nil)
}

// cmdVersionModule gives what a module is now the next number.
func (s *story) cmdVersionModule(c *call) error {
	return s.anyNode().call("PUT", modules+"/"+s.flows[c.take()]+"/version", "", map[string]string{}, nil)
}

func (s *story) cmdDeleteModule(c *call) error {
	return s.anyNode().call("DELETE", modules+"/"+s.flows[c.take()], "", nil, nil)
}

// cmdTag calls TagContact: "tag ana Team=Blue".
func (s *story) cmdTag(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	request := map[string]any{"InstanceId": instance, "ContactId": p.contact, "Tags": pairs(c.args)}
	return p.at().call("POST", "/contact/tags", "", request, nil)
}

// cmdFollow goes over to the contact that the last item somebody heard belongs to. $ana is that contact from then on.
func (s *story) cmdFollow(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	for _, k := range p.viewing() {
		k.mu.Lock()
		for _, it := range k.heard {
			if it.Type != "MESSAGEMETADATA" {
				p.contact = it.ContactID
			}
		}
		k.mu.Unlock()
	}
	c.Setenv(p.name, p.contact)
	return nil
}

// queueOf names the queue that a contact is or was in, and how long after its beginning it came there.
func (s *story) queueOf(contact map[string]any) (name, after string) {
	info, ok := contact["QueueInfo"].(map[string]any)
	if !ok {
		return "", ""
	}
	for known, id := range maps.All(s.flows) {
		if id == info["Id"] {
			name = known
		}
	}
	return name, lasts(contact["InitiationTimestamp"], info["EnqueueTimestamp"])
}
