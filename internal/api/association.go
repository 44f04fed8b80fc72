package api

import (
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var associationOps = map[string]handler{
	"AssociateFlow":              does[connect.AssociateFlowOutput](associateFlow),
	"AssociateLambdaFunction":    does[connect.AssociateLambdaFunctionOutput](associateLambdaFunction),
	"BatchGetFlowAssociation":    answers(batchGetFlowAssociation),
	"DisassociateFlow":           does[connect.DisassociateFlowOutput](disassociateFlow),
	"DisassociateLambdaFunction": does[connect.DisassociateLambdaFunctionOutput](disassociateLambdaFunction),
	"GetFlowAssociation":         answers(getFlowAssociation),
	"ListFlowAssociations":       answers(listFlowAssociations),
	"ListLambdaFunctions":        answers(listLambdaFunctions),
}

const (
	listAssociationsPage = 100 // inferred
	listFunctionsPage    = 25  // the API model's maximum, also that of bots and origins
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
