package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// listAgentStatusesPage is inferred: no default is documented.
const listAgentStatusesPage = 100

var agentStatusOps = map[string]handler{
	"CreateAgentStatus": creates(catalog.AgentStatuses, func(_ call, in *connect.CreateAgentStatusInput) (*center.AgentStatus, error) {
		return &center.AgentStatus{
			Head: head[center.AgentStatusID](in.Name, in.Description, in.Tags), Type: center.StatusCustom, State: *in.State,
			DisplayOrder: int(value(in.DisplayOrder)),
		}, nil
	}, func(m made) *connect.CreateAgentStatusOutput {
		return &connect.CreateAgentStatusOutput{AgentStatusId: m.id, AgentStatusARN: m.arn}
	}),
	"DescribeAgentStatus": describes[*connect.DescribeAgentStatusInput](catalog.AgentStatuses, func(c call, m made, s *center.AgentStatus) *connect.DescribeAgentStatusOutput {
		out := agentStatusOut(c, m, s)
		return &connect.DescribeAgentStatusOutput{AgentStatus: &out}
	}),
	"SearchAgentStatuses": searches(catalog.AgentStatuses,
		func(in *connect.SearchAgentStatusesInput) (*connect.AgentStatusSearchCriteria, catalog.Condition, error) {
			filter, err := attributeFilter(value(in.SearchFilter).AttributeFilter)
			return in.SearchCriteria, filter, err
		},
		func(n *connect.AgentStatusSearchCriteria) criteriaNode[connect.AgentStatusSearchCriteria] {
			return textOnly(n.OrConditions, n.AndConditions, n.StringCondition)
		},
		func(c call, m made, s *center.AgentStatus) (connect.AgentStatus, error) {
			return agentStatusOut(c, m, s), nil
		},
		func(found []connect.AgentStatus, next *string, total *int64) *connect.SearchAgentStatusesOutput {
			return &connect.SearchAgentStatusesOutput{AgentStatuses: found, NextToken: next, ApproximateTotalCount: total}
		}),
	"ListAgentStatuses": lists(catalog.AgentStatuses, listAgentStatusesPage,
		func(in *connect.ListAgentStatusesInput) func(*center.AgentStatus) bool {
			return oneOf(in.AgentStatusTypes, func(s *center.AgentStatus) string { return s.Type })
		},
		func(c call, m made, s *center.AgentStatus) connect.AgentStatusSummary {
			return connect.AgentStatusSummary{
				Id: m.id, Arn: m.arn, Name: &s.Name, Type: &s.Type, LastModifiedTime: &s.Modified, LastModifiedRegion: &c.Partition.Region,
			}
		},
		func(all []connect.AgentStatusSummary, next *string) *connect.ListAgentStatusesOutput {
			return &connect.ListAgentStatusesOutput{AgentStatusSummaryList: all, NextToken: next}
		}),
	"UpdateAgentStatus": updates[connect.UpdateAgentStatusOutput](catalog.AgentStatuses, func(_ call, in *connect.UpdateAgentStatusInput, s *center.AgentStatus) error {
		set(&s.Name, in.Name)
		set(&s.Description, in.Description)
		set(&s.State, in.State)
		// That a reset takes the status's own place away is inferred: the API model has no more than the member's name.
		switch {
		case value(in.ResetOrderNumber) && in.DisplayOrder != nil:
			return center.Refuse(center.InvalidRequest, "DisplayOrder must not be given with ResetOrderNumber")
		case value(in.ResetOrderNumber):
			s.DisplayOrder = 0
		case in.DisplayOrder != nil:
			s.DisplayOrder = int(*in.DisplayOrder)
		}
		return nil
	}),
}

func agentStatusOut(c call, m made, s *center.AgentStatus) connect.AgentStatus {
	out := connect.AgentStatus{
		AgentStatusId: m.id, AgentStatusARN: m.arn, Name: &s.Name, Description: text(s.Description), Type: &s.Type, State: &s.State,
		Tags: s.Tags, LastModifiedTime: &s.Modified, LastModifiedRegion: &c.Partition.Region,
	}
	if order := int64(s.DisplayOrder); order != 0 {
		out.DisplayOrder = &order
	}
	return out
}
