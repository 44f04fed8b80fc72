package desk

import (
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

var stateRoutes = []route{
	row("PUT", "state", agents, "Changes the state of the agent.", (*call).setState).refuses(center.InvalidRequest, center.NotFound, center.InvalidState),
	row("DELETE", "state/next", agents, "Takes the next state of the agent away.", (*call).cancelNextState),
	row("PUT", "agents/{agent}/state", statuses, "Changes the state of an agent who has no contact.", (*call).setStateOf).refuses(center.InvalidRequest, center.NotFound, center.InvalidState),
}

type stateInput struct {
	ARN     string `json:"agentStateARN" about:"The ARN or the id of a state."`
	Name    string `json:"name" about:"The name of a state, in place of agentStateARN."`
	Enqueue bool   `json:"enqueueNextState" about:"Makes it the next state while the agent has contacts that are offered or connected."`
}

type stateOfInput struct {
	Agent string `path:"agent" about:"The id or the ARN of a user."`
	stateInput
}

// setState is putAgentState of agents' clients.
func (c *call) setState(in stateInput) (empty, error) {
	id, err := c.statusNamed(in)
	if err != nil {
		return empty{}, err
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
		if err := c.ofInstance("agentStateARN", in.ARN); err != nil {
			return "", err
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
func (c *call) cancelNextState(empty) (empty, error) {
	a, _, err := c.Staff.Agent(c.r.Context(), c.who.Instance, c.who.User)
	if err != nil || a.Next == nil {
		return empty{}, err
	}
	return empty{}, c.Agents.SetStatus(c.r.Context(), c.who.Instance, c.who.User, string(a.Status.ID), false)
}

// setStateOf changes the status of another agent, while no contact is what the agent is said to be busy with.
func (c *call) setStateOf(in stateOfInput) (empty, error) {
	id, err := c.statusNamed(in.stateInput)
	if err != nil {
		return empty{}, err
	}
	return empty{}, c.Agents.Override(c.r.Context(), c.who.Instance, center.UserID(catalog.Users.ParseID(in.Agent)), string(id), c.author(c.who.Name, "SetStateOfAgent"))
}

// ofInstance refuses the ARN of something of another instance than the caller's.
func (c *call) ofInstance(member, arn string) error {
	if strings.HasPrefix(arn, "arn:") && !strings.HasPrefix(arn, c.Partition.InstanceARN(c.who.Instance)+"/") {
		return center.Refuse(center.NotFound, "%s must be of the user's instance (%d characters)", member, len([]rune(arn)))
	}
	return nil
}
