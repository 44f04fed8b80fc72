package catalog

import (
	"strconv"

	"github.com/parley-chat/parley/internal/center"
)

// AgentStatuses are the agent statuses of an instance. No operation deletes one.
var AgentStatuses = &Kind[center.AgentStatus]{
	rows: "agent-status", word: "AGENT_STATUS", tail: "agent-state",
	key:   (*center.AgentStatus).Key,
	stamp: (*center.AgentStatus).Stamp,
	tags:  (*center.AgentStatus).TagSet,
	check: (*center.AgentStatus).Check,
	taken: "an agent status of that name already exists in the instance",
	quota: 50, plural: "agent statuses",
	fields: append(headFields(byText, (*center.AgentStatus).Key, func(s *center.AgentStatus) string { return s.Description }, parseID("agent-state")),
		field[center.AgentStatus]{name: "state", how: byText, one: func(s *center.AgentStatus) string { return s.State }},
		field[center.AgentStatus]{name: "type", how: byText, one: func(s *center.AgentStatus) string { return s.Type }},
		field[center.AgentStatus]{name: "displayOrder", how: byText, one: func(s *center.AgentStatus) string {
			if s.DisplayOrder == 0 {
				return ""
			}
			return strconv.Itoa(s.DisplayOrder)
		}}),
}
