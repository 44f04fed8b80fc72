package center

import "time"

// AgentStatusID names an agent status.
type AgentStatusID string

// AgentStatus is a status that agents can choose.
type AgentStatus struct {
	Head[AgentStatusID]
	Type  string `json:"type"`
	State string `json:"state"`
	// DisplayOrder is its place among the statuses that agents see; 0: it has none of its own.
	DisplayOrder int `json:"displayOrder,omitempty"`
}

// Types and states of agent statuses, as the API spells them.
const (
	StatusRoutable = "ROUTABLE"
	StatusCustom   = "CUSTOM"
	StatusOffline  = "OFFLINE"
	StatusEnabled  = "ENABLED"
	StatusDisabled = "DISABLED"
)

// Check refuses a status that cannot be. Agents who cannot choose Available or Offline could not begin or end their
// work (inferred: no text says what UpdateAgentStatus answers).
func (s *AgentStatus) Check() error {
	if s.Name == "" {
		return Refuse(InvalidParameter, "Name must not be empty")
	}
	if s.Type != StatusCustom && s.State == StatusDisabled {
		return Refuse(InvalidRequest, "State must be %s for the status of type %s", StatusEnabled, s.Type)
	}
	return nil
}

// Names of the agent statuses that every new instance has (admin guide, "Add a custom agent status").
const (
	StatusNameAvailable = "Available"
	StatusNameOffline   = "Offline"
)

// DefaultAgentStatuses are the agent statuses that every new instance has.
func DefaultAgentStatuses(at InstanceID, now time.Time) []AgentStatus {
	status := func(name, kind string, order int) AgentStatus {
		return AgentStatus{
			Head: Head[AgentStatusID]{ID: AgentStatusID(SeededID(at, "agent-status", name)), Name: name, Modified: now.UTC()},
			Type: kind, State: StatusEnabled, DisplayOrder: order,
		}
	}
	return []AgentStatus{status(StatusNameAvailable, StatusRoutable, 1), status(StatusNameOffline, StatusOffline, 2)}
}
