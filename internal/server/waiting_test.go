package server_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/center"
)

// What stories ask about contacts that wait: who is offered them, and why nobody is.

// whyWaiting reads /_parley/routing, as a person does who asks why a contact waits.
func (s *story) whyWaiting(p *person) (why struct {
	Why       string
	OfferedTo string
	Ahead     int
	Agents    []struct{ Agent, Name, Code, Why string }
}, err error) {
	if refused := p.at().call("GET", "/_parley/routing?contact="+p.contact, "", nil, &why); refused != nil {
		return why, refused
	}
	return why, nil
}

// cmdOffered expects whom somebody's contact is offered to, or that it waits and is offered to no agent: "offered ana bob",
// "offered ana".
func (s *story) cmdOffered(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	want, is := "", ""
	if len(c.args) > 0 {
		w, err := s.worker(c.take())
		if err != nil {
			return err
		}
		want = string(w.id)
	}
	s.on.eventually(s, func() bool {
		why, asked := s.whyWaiting(p)
		is, err = why.OfferedTo, asked
		return err == nil && is == want
	})
	if err == nil && is != want {
		return unmet(fmt.Sprintf("it is offered to %q, not %q", is, want))
	}
	return err
}

// cmdWhy prints why somebody's contact waits, and why each agent does not get it, by name.
func (s *story) cmdWhy(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	why, err := s.whyWaiting(p)
	if err != nil {
		return err
	}
	known := func(text string) string {
		for name, w := range s.workers {
			text = strings.ReplaceAll(text, string(w.id), name)
		}
		for name, p := range s.people {
			text = strings.ReplaceAll(text, p.contact, name+"'s")
		}
		return text
	}
	lines := []string{known(why.Why)}
	for _, a := range why.Agents {
		lines = append(lines, fmt.Sprintf("%s: %s: %s", a.Name, a.Code, known(a.Why)))
	}
	slices.Sort(lines[1:])
	print(c.Stdout(), lines)
	return nil
}

// cmdSteps prints the statuses of the steps of somebody's routing criteria, as DescribeContact has them.
func (s *story) cmdSteps(c *call) error {
	p, err := s.person(c.take())
	if err != nil {
		return err
	}
	var answer struct {
		Contact struct {
			RoutingCriteria struct {
				Index int
				Steps []struct{ Status string }
			}
		}
	}
	if refused := p.at().call("GET", "/contacts/"+instance+"/"+p.contact, "", nil, &answer); refused != nil {
		return refused
	}
	line := fmt.Sprint(answer.Contact.RoutingCriteria.Index, ":")
	for _, step := range answer.Contact.RoutingCriteria.Steps {
		line += " " + step.Status
	}
	print(c.Stdout(), []string{line})
	return nil
}

// cmdProfile makes a routing profile for so many chats and gives it to agents: "profile sales 2 queue=$sales,1,30 to=bob". A row
// is a queue, its priority and its delay.
func (s *story) cmdProfile(c *call) error {
	name, chats := c.take(), c.take()
	var rows []map[string]any
	var agents []string
	timer := center.TimeSinceLastActivity
	for _, a := range c.args {
		switch key, value, _ := strings.Cut(a, "="); key {
		case "queue":
			var priority, delay int
			id, row, _ := strings.Cut(value, ",")
			if _, err := fmt.Sscanf(row, "%d,%d", &priority, &delay); err != nil {
				return err
			}
			rows = append(rows, map[string]any{"QueueReference": map[string]string{"QueueId": id, "Channel": "CHAT"}, "Priority": priority, "Delay": delay})
		case "to":
			agents = append(agents, value)
		case "timer":
			timer = value
		default:
			return fmt.Errorf("a profile has no %s", key)
		}
	}
	var limit int
	if _, err := fmt.Sscan(chats, &limit); err != nil {
		return err
	}
	request := map[string]any{
		"Name": name, "Description": name, "DefaultOutboundQueueId": s.flows[center.BasicQueueName], "QueueConfigs": rows, "AgentAvailabilityTimer": timer,
		"MediaConcurrencies": []map[string]any{{"Channel": "CHAT", "Concurrency": limit}},
	}
	var answer struct {
		RoutingProfileID string `json:"RoutingProfileId"`
	}
	if refused := s.anyNode().call("PUT", "/routing-profiles/"+instance, "", request, &answer); refused != nil {
		return refused
	}
	s.flows[name] = answer.RoutingProfileID
	for _, name := range agents {
		w, err := s.worker(name)
		if err != nil {
			return err
		}
		path := "/users/" + instance + "/" + string(w.id) + "/routing-profile"
		if refused := s.anyNode().call("POST", path, "", map[string]string{"RoutingProfileId": answer.RoutingProfileID}, nil); refused != nil {
			return refused
		}
	}
	s.on.settle(s)
	return nil
}
