package desk

import (
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

type stateInput struct {
	ARN     string `json:"agentStateARN"` // ARN or id
	Name    string `json:"name"`          // in place of that
	Enqueue bool   `json:"enqueueNextState"`
}

// setState is putAgentState of agents' clients.
func (c *call) setState() (any, error) {
	var in stateInput
	if err := c.body(maxBody, &in); err != nil {
		return nil, err
	}
	id, err := c.statusNamed(in)
	if err != nil {
		return nil, err
	}
	return empty{}, c.Agents.SetStatus(c.r.Context(), c.who.Instance, c.who.User, string(id), !in.Enqueue)
}

// statusNamed finds a status by its ARN, its id or its name.
func (c *call) statusNamed(in stateInput) (center.AgentStatusID, error) {
	if (in.ARN == "") == (in.Name == "") {
		return "", center.Refuse(center.InvalidParameter, "agentStateARN or name is required, and not both")
	}
	ctx, at := c.r.Context(), c.who.Instance
	if in.ARN != "" {
		if strings.HasPrefix(in.ARN, "arn:") && !strings.HasPrefix(in.ARN, c.Partition.InstanceARN(at)+"/") {
			return "", center.Refuse(center.NotFound, "agentStateARN must be of the user's instance (%d characters)", len([]rune(in.ARN)))
		}
		s, err := catalog.AgentStatuses.Get(ctx, c.Catalog, at, catalog.AgentStatuses.ParseID(in.ARN))
		if err != nil {
			return "", err
		}
		return s.ID, nil
	}
	all, err := catalog.AgentStatuses.List(ctx, c.Catalog, at, "", 1, func(s *center.AgentStatus) bool { return s.Name == in.Name })
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", center.Refuse(center.NotFound, "No agent status has this name (%d characters)", len([]rune(in.Name)))
	}
	return all[0].ID, nil
}

// cancelNextState takes the next status away by choosing the one that the agent has.
func (c *call) cancelNextState() (any, error) {
	a, _, err := c.Staff.Agent(c.r.Context(), c.who.Instance, c.who.User)
	if err != nil || a.Next == nil {
		return empty{}, err
	}
	return empty{}, c.Agents.SetStatus(c.r.Context(), c.who.Instance, c.who.User, string(a.Status.ID), false)
}

// setStateOf changes the status of another agent, while no contact is what the agent is said to be busy with.
func (c *call) setStateOf() (any, error) {
	var in stateInput
	if err := c.body(maxBody, &in); err != nil {
		return nil, err
	}
	id, err := c.statusNamed(in)
	if err != nil {
		return nil, err
	}
	agent := center.UserID(catalog.Users.ParseID(c.r.PathValue("agent")))
	a, _, err := c.Staff.Agent(c.r.Context(), c.who.Instance, agent)
	if err != nil {
		return nil, err
	}
	if len(a.Contacts) > 0 {
		return nil, center.Refuse(center.InvalidState, "Error changing agent status: the agent has a contact")
	}
	return empty{}, c.Agents.SetStatus(c.r.Context(), c.who.Instance, agent, string(id), true)
}
