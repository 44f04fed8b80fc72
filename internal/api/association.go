package api

import (
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var associationOps = map[string]handler{
	"AssociateBot":               signedOp((*API).associateBot),
	"AssociateFlow":              signedOp((*API).associateFlow),
	"AssociateLambdaFunction":    signedOp((*API).associateLambdaFunction),
	"BatchGetFlowAssociation":    signedOp((*API).batchGetFlowAssociation),
	"DisassociateBot":            signedOp((*API).disassociateBot),
	"DisassociateFlow":           signedOp((*API).disassociateFlow),
	"DisassociateLambdaFunction": signedOp((*API).disassociateLambdaFunction),
	"GetFlowAssociation":         signedOp((*API).getFlowAssociation),
	"ListBots":                   signedOp((*API).listBots),
	"ListFlowAssociations":       signedOp((*API).listFlowAssociations),
	"ListLambdaFunctions":        signedOp((*API).listLambdaFunctions),
}

const (
	listAssociationsPage = 100 // inferred
	listFunctionsPage    = 25  // the API model's maximum, also that of bots
)

func (a *API) associateFlow(x *exchange, in *connect.AssociateFlowInput) (*connect.AssociateFlowOutput, error) {
	err := a.Chats.AssociateFlow(x.r.Context(), center.ParseInstance(*in.InstanceId), center.FlowAssociation{
		ResourceType: *in.ResourceType, ResourceID: *in.ResourceId, FlowID: *in.FlowId,
	})
	return &connect.AssociateFlowOutput{}, err
}

func (a *API) disassociateFlow(x *exchange, in *connect.DisassociateFlowInput) (*connect.DisassociateFlowOutput, error) {
	err := a.Chats.DisassociateFlow(x.r.Context(), center.ParseInstance(*in.InstanceId), *in.ResourceType, *in.ResourceId)
	return &connect.DisassociateFlowOutput{}, err
}

func (a *API) getFlowAssociation(x *exchange, in *connect.GetFlowAssociationInput) (*connect.GetFlowAssociationOutput, error) {
	found, err := a.Chats.FlowAssociation(x.r.Context(), center.ParseInstance(*in.InstanceId), *in.ResourceType, *in.ResourceId)
	if err != nil {
		return nil, err
	}
	return &connect.GetFlowAssociationOutput{ResourceId: &found.ResourceID, FlowId: &found.FlowID, ResourceType: &found.ResourceType}, nil
}

func (a *API) listFlowAssociations(x *exchange, in *connect.ListFlowAssociationsInput) (*connect.ListFlowAssociationsOutput, error) {
	after, limit, err := pageAfter(in.NextToken, in.MaxResults, listAssociationsPage, func(id string) bool { return strings.Contains(id, "/") })
	if err != nil {
		return nil, err
	}
	found, err := a.Chats.FlowAssociations(x.r.Context(), center.ParseInstance(*in.InstanceId), value(in.ResourceType), after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, (*center.FlowAssociation).Key)
	return &connect.ListFlowAssociationsOutput{FlowAssociationSummaryList: associations(found), NextToken: next}, nil
}

func (a *API) batchGetFlowAssociation(x *exchange, in *connect.BatchGetFlowAssociationInput) (*connect.BatchGetFlowAssociationOutput, error) {
	found, err := a.Chats.FlowAssociationsOf(x.r.Context(), center.ParseInstance(*in.InstanceId), value(in.ResourceType), in.ResourceIds)
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

func (a *API) associateLambdaFunction(x *exchange, in *connect.AssociateLambdaFunctionInput) (*connect.AssociateLambdaFunctionOutput, error) {
	err := a.Chats.AllowFunction(x.r.Context(), center.ParseInstance(*in.InstanceId), *in.FunctionArn, value(in.ClientToken))
	return &connect.AssociateLambdaFunctionOutput{}, err
}

func (a *API) disassociateLambdaFunction(x *exchange, in *connect.DisassociateLambdaFunctionInput) (*connect.DisassociateLambdaFunctionOutput, error) {
	err := a.Chats.ForbidFunction(x.r.Context(), center.ParseInstance(*in.InstanceId), *in.FunctionArn)
	return &connect.DisassociateLambdaFunctionOutput{}, err
}

func (a *API) listLambdaFunctions(x *exchange, in *connect.ListLambdaFunctionsInput) (*connect.ListLambdaFunctionsOutput, error) {
	after, limit, err := pageAfter(in.NextToken, in.MaxResults, listFunctionsPage, func(id string) bool { return center.CheckFunction(id) == nil })
	if err != nil {
		return nil, err
	}
	found, err := a.Chats.AllowedFunctions(x.r.Context(), center.ParseInstance(*in.InstanceId), after, limit+1)
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

func (a *API) associateBot(x *exchange, in *connect.AssociateBotInput) (*connect.AssociateBotOutput, error) {
	alias, err := botAlias(in.LexBot, in.LexV2Bot)
	if err != nil {
		return nil, err
	}
	err = a.Chats.AllowBot(x.r.Context(), center.ParseInstance(*in.InstanceId), alias, value(in.ClientToken))
	return &connect.AssociateBotOutput{}, err
}

func (a *API) disassociateBot(x *exchange, in *connect.DisassociateBotInput) (*connect.DisassociateBotOutput, error) {
	alias, err := botAlias(in.LexBot, in.LexV2Bot)
	if err != nil {
		return nil, err
	}
	err = a.Chats.ForbidBot(x.r.Context(), center.ParseInstance(*in.InstanceId), alias)
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

func (a *API) listBots(x *exchange, in *connect.ListBotsInput) (*connect.ListBotsOutput, error) {
	after, limit, err := pageAfter(in.NextToken, in.MaxResults, listFunctionsPage, func(id string) bool { return center.CheckBotAlias(id) == nil })
	if err != nil {
		return nil, err
	}
	found, err := a.Chats.AllowedBots(x.r.Context(), center.ParseInstance(*in.InstanceId), after, limit+1)
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
