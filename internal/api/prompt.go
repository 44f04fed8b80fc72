package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// listPromptsPage is the documented default of ListPrompts.
const listPromptsPage = 100

var promptOps = map[string]handler{
	"CreatePrompt": creates(catalog.Prompts, func(_ call, in *connect.CreatePromptInput) (*center.Prompt, error) {
		return &center.Prompt{Head: head[center.PromptID](in.Name, in.Description, in.Tags), Place: *in.S3Uri}, nil
	}, func(m made) *connect.CreatePromptOutput {
		return &connect.CreatePromptOutput{PromptId: m.id, PromptARN: m.arn}
	}),
	"DescribePrompt": describes[*connect.DescribePromptInput](catalog.Prompts, func(c call, m made, p *center.Prompt) *connect.DescribePromptOutput {
		out := promptOut(c, m, p)
		return &connect.DescribePromptOutput{Prompt: &out}
	}),
	"SearchPrompts": searches(catalog.Prompts,
		func(in *connect.SearchPromptsInput) (*connect.PromptSearchCriteria, catalog.Condition, error) {
			filter, err := tagFilter(value(in.SearchFilter).TagFilter)
			return in.SearchCriteria, filter, err
		},
		func(n *connect.PromptSearchCriteria) criteriaNode[connect.PromptSearchCriteria] {
			return textOnly(n.OrConditions, n.AndConditions, n.StringCondition)
		},
		func(c call, m made, p *center.Prompt) (connect.Prompt, error) { return promptOut(c, m, p), nil },
		func(found []connect.Prompt, next *string, total *int64) *connect.SearchPromptsOutput {
			return &connect.SearchPromptsOutput{Prompts: found, NextToken: next, ApproximateTotalCount: total}
		}),
	"ListPrompts": lists[*connect.ListPromptsInput](catalog.Prompts, listPromptsPage, nil,
		func(c call, m made, p *center.Prompt) connect.PromptSummary {
			return connect.PromptSummary{Id: m.id, Arn: m.arn, Name: &p.Name, LastModifiedTime: &p.Modified, LastModifiedRegion: &c.Partition.Region}
		},
		func(all []connect.PromptSummary, next *string) *connect.ListPromptsOutput {
			return &connect.ListPromptsOutput{PromptSummaryList: all, NextToken: next}
		}),
	"UpdatePrompt": answers(func(c call, in *connect.UpdatePromptInput) (*connect.UpdatePromptOutput, error) {
		if in.Name == nil && in.Description == nil && in.S3Uri == nil {
			return nil, center.Refuse(center.InvalidRequest, "Name, Description or S3Uri is required")
		}
		id := catalog.Prompts.ParseID(*in.PromptId)
		err := catalog.Prompts.Update(c.ctx(), c.Catalog, c.at, id, 0, func(p *center.Prompt) error {
			set(&p.Name, in.Name)
			set(&p.Description, in.Description)
			set(&p.Place, in.S3Uri)
			return nil
		})
		m := madeOf(c, catalog.Prompts, &center.Prompt{Head: center.Head[center.PromptID]{ID: center.PromptID(id)}})
		return &connect.UpdatePromptOutput{PromptId: m.id, PromptARN: m.arn}, err
	}),
	"DeletePrompt": deletes[connect.DeletePromptOutput, *connect.DeletePromptOutput, *connect.DeletePromptInput](catalog.Prompts),
}

func promptOut(c call, m made, p *center.Prompt) connect.Prompt {
	return connect.Prompt{
		PromptId: m.id, PromptARN: m.arn, Name: &p.Name, Description: text(p.Description), Tags: p.Tags,
		LastModifiedTime: &p.Modified, LastModifiedRegion: &c.Partition.Region,
	}
}
