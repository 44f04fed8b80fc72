package catalog

import "github.com/parley-chat/parley/internal/center"

// AgentStatuses are the agent statuses of an instance. No operation deletes one.
var AgentStatuses = &Kind[center.AgentStatus]{
	rows: "agent-status", word: "AGENT_STATUS", tail: "agent-state",
	key:   (*center.AgentStatus).Key,
	stamp: (*center.AgentStatus).Stamp,
	tags:  (*center.AgentStatus).TagSet,
	check: (*center.AgentStatus).Check,
	taken: "an agent status of that name already exists in the instance",
	quota: 50, plural: "agent statuses",
}
