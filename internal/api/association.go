package api

import (
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var associationOps = map[string]handler{
	"AssociateBot":               answers(associateBot),
	"AssociateFlow":              does[connect.AssociateFlowOutput](associateFlow),
	"AssociateLambdaFunction":    does[connect.AssociateLambdaFunctionOutput](associateLambdaFunction),
	"BatchGetFlowAssociation":    answers(batchGetFlowAssociation),
	"DisassociateBot":            answers(disassociateBot),
	"DisassociateFlow":           does[connect.DisassociateFlowOutput](disassociateFlow),
	"DisassociateLambdaFunction": does[connect.DisassociateLambdaFunctionOutput](disassociateLambdaFunction),
	"GetFlowAssociation":         answers(getFlowAssociation),
	"ListBots":                   answers(listBots),
	"ListFlowAssociations":       answers(listFlowAssociations),
	"ListLambdaFunctions":        answers(listLambdaFunctions),
}

const (
	listAssociationsPage = 100 // inferred
	listFunctionsPage    = 25  // the API model's maximum, also that of bots
)

func associateFlow(c call, in *connect.AssociateFlowInput) error {
	return c.Catalog.AssociateFlow(c.ctx(), c.at, center.FlowAssociation{
		ResourceType: *in.ResourceType, ResourceID: *in.ResourceId, FlowID: *in.FlowId,
	})
}

func disassociateFlow(c call, in *connect.DisassociateFlowInput) error {
	return c.Catalog.DisassociateFlow(c.ctx(), c.at, *in.ResourceType, *in.ResourceId)
}

func getFlowAssociation(c call, in *connect.GetFlowAssociationInput) (*connect.GetFlowAssociationOutput, error) {
	found, err := c.Catalog.FlowAssociation(c.ctx(), c.at, *in.ResourceType, *in.ResourceId)
	if err != nil {
		return nil, err
	}
	return &connect.GetFlowAssociationOutput{ResourceId: &found.ResourceID, FlowId: &found.FlowID, ResourceType: &found.ResourceType}, nil
}

func listFlowAssociations(c call, in *connect.ListFlowAssociationsInput) (*connect.ListFlowAssociationsOutput, error) {
	after, limit, err := pageAfter(in.NextToken, in.MaxResults, listAssociationsPage, func(id string) bool { return strings.Contains(id, "/") })
	if err != nil {
		return nil, err
	}
	found, err := c.Catalog.ListFlowAssociations(c.ctx(), c.at, value(in.ResourceType), after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, (*center.FlowAssociation).Key)
	return &connect.ListFlowAssociationsOutput{FlowAssociationSummaryList: associations(found), NextToken: next}, nil
}

func batchGetFlowAssociation(c call, in *connect.BatchGetFlowAssociationInput) (*connect.BatchGetFlowAssociationOutput, error) {
	found, err := c.Catalog.FlowAssociationsOf(c.ctx(), c.at, value(in.ResourceType), in.ResourceIds)
	if err != nil {
		return nil, err
	}
	return &connect.BatchGetFlowAssociationOutput{FlowAssociationSummaryList: associations(found)}, nil
}

func associations(found []center.FlowAssociation) []connect.FlowAssociationSummary {
	list := make([]connect.FlowAssociationSummary, len(found))
	for i := range found {
		f := &found[i]
		list[i] = connect.FlowAssociationSummary{ResourceId: &f.ResourceID, FlowId: &f.FlowID, ResourceType: &f.ResourceType}
	}
	return list
}

func associateLambdaFunction(c call, in *connect.AssociateLambdaFunctionInput) error {
	return c.Catalog.Allow(c.ctx(), c.at, catalog.Functions, *in.FunctionArn, value(in.ClientToken))
}

func disassociateLambdaFunction(c call, in *connect.DisassociateLambdaFunctionInput) error {
	return catalog.Functions.Remove(c.ctx(), c.Catalog, c.at, *in.FunctionArn)
}

func listLambdaFunctions(c call, in *connect.ListLambdaFunctionsInput) (*connect.ListLambdaFunctionsOutput, error) {
	after, limit, err := pageAfter(in.NextToken, in.MaxResults, listFunctionsPage, func(id string) bool { return center.CheckFunction(id) == nil })
	if err != nil {
		return nil, err
	}
	found, err := catalog.Functions.List(c.ctx(), c.Catalog, c.at, after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, func(f *center.Allowed) string { return f.ARN })
	out := &connect.ListLambdaFunctionsOutput{LambdaFunctions: make([]string, len(found)), NextToken: next}
	for i := range found {
		out.LambdaFunctions[i] = found[i].ARN
	}
	return out, nil
}

func associateBot(c call, in *connect.AssociateBotInput) (*connect.AssociateBotOutput, error) {
	alias, err := botAlias(in.LexBot, in.LexV2Bot)
	if err != nil {
		return nil, err
	}
	err = c.Catalog.Allow(c.ctx(), c.at, catalog.Bots, alias, value(in.ClientToken))
	return &connect.AssociateBotOutput{}, err
}

func disassociateBot(c call, in *connect.DisassociateBotInput) (*connect.DisassociateBotOutput, error) {
	alias, err := botAlias(in.LexBot, in.LexV2Bot)
	if err != nil {
		return nil, err
	}
	err = catalog.Bots.Remove(c.ctx(), c.Catalog, c.at, alias)
	return &connect.DisassociateBotOutput{}, err
}

// botAlias is the alias that a bot is known by. Bots of Amazon Lex (Classic), which has ended, have none.
func botAlias(classic *connect.LexBot, v2 *connect.LexV2Bot) (string, error) {
	switch {
	case classic != nil:
		return "", center.Refuse(center.InvalidRequest, "LexBot names a bot of Amazon Lex (Classic), which is not served; name the alias of an Amazon Lex V2 bot in LexV2Bot")
	case v2 == nil || v2.AliasArn == nil:
		return "", center.Refuse(center.InvalidRequest, "LexV2Bot.AliasArn is required")
	}
	return *v2.AliasArn, nil
}

const lexV1 = "V1"

func listBots(c call, in *connect.ListBotsInput) (*connect.ListBotsOutput, error) {
	after, limit, err := pageAfter(in.NextToken, in.MaxResults, listFunctionsPage, func(id string) bool { return center.CheckBotAlias(id) == nil })
	if err != nil {
		return nil, err
	}
	found, err := catalog.Bots.List(c.ctx(), c.Catalog, c.at, after, limit+1)
	if err != nil {
		return nil, err
	}
	if *in.LexVersion == lexV1 {
		found = nil
	}
	found, next := cut(found, limit, func(b *center.Allowed) string { return b.ARN })
	out := &connect.ListBotsOutput{LexBots: make([]connect.LexBotConfig, len(found)), NextToken: next}
	for i := range found {
		out.LexBots[i].LexV2Bot = &connect.LexV2Bot{AliasArn: &found[i].ARN}
	}
	return out, nil
}
