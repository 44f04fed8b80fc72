package api

import (
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var flowAliasOps = map[string]handler{
	"CreateContactFlowAlias":   signedOp((*API).createFlowAlias),
	"DeleteContactFlowAlias":   signedOp((*API).deleteFlowAlias),
	"DescribeContactFlowAlias": signedOp((*API).describeFlowAlias),
	"ListContactFlowAliases":   signedOp((*API).listFlowAliases),
	"UpdateContactFlowAlias":   signedOp((*API).updateFlowAlias),
}

func (a *API) createFlowAlias(x *exchange, in *connect.CreateContactFlowAliasInput) (*connect.CreateContactFlowAliasOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	made, err := a.Chats.CreateFlowAlias(x.r.Context(), at, center.ParseFlow(*in.ContactFlowId), center.Alias{
		Name: *in.AliasName, Description: value(in.Description), Version: *in.ContactFlowVersion,
	})
	if err != nil {
		return nil, err
	}
	arn := a.Partition.FlowAliasARN(at, center.FlowID(made.Of), made.Name)
	return &connect.CreateContactFlowAliasOutput{ContactFlowArn: &arn, Id: &made.ID}, nil
}

func (a *API) describeFlowAlias(x *exchange, in *connect.DescribeContactFlowAliasInput) (*connect.DescribeContactFlowAliasOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	alias, err := a.Chats.FlowAlias(x.r.Context(), at, center.ParseFlow(*in.ContactFlowId), *in.AliasId)
	if err != nil {
		return nil, err
	}
	arn := a.Partition.FlowAliasARN(at, center.FlowID(alias.Of), alias.Name)
	return &connect.DescribeContactFlowAliasOutput{ContactFlowAlias: &connect.ContactFlowAliasInfo{
		ContactFlowId: &alias.Of, ContactFlowArn: &arn, AliasId: &alias.ID, Version: &alias.Version, Name: &alias.Name,
		Description: text(alias.Description), LastModifiedRegion: &a.Partition.Region, LastModifiedTime: &alias.Modified,
	}}, nil
}

func (a *API) listFlowAliases(x *exchange, in *connect.ListContactFlowAliasesInput) (*connect.ListContactFlowAliasesOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	after, limit, err := page(in.NextToken, in.MaxResults, listVersionsPage)
	if err != nil {
		return nil, err
	}
	found, err := a.Chats.FlowAliases(x.r.Context(), at, center.ParseFlow(*in.ContactFlowId), after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, func(alias *center.Alias) string { return alias.ID })
	out := &connect.ListContactFlowAliasesOutput{ContactFlowAliasSummaryList: make([]connect.ContactFlowAliasSummary, len(found)), NextToken: next}
	for i := range found {
		alias := &found[i]
		arn := a.Partition.FlowAliasARN(at, center.FlowID(alias.Of), alias.Name)
		out.ContactFlowAliasSummaryList[i] = connect.ContactFlowAliasSummary{
			Arn: &arn, AliasId: &alias.ID, Version: &alias.Version, AliasName: &alias.Name, AliasDescription: text(alias.Description),
			LastModifiedTime: &alias.Modified, LastModifiedRegion: &a.Partition.Region,
		}
	}
	return out, nil
}

func (a *API) updateFlowAlias(x *exchange, in *connect.UpdateContactFlowAliasInput) (*connect.UpdateContactFlowAliasOutput, error) {
	err := a.Chats.UpdateFlowAlias(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseFlow(*in.ContactFlowId), *in.AliasId,
		in.Name, in.Description, in.ContactFlowVersion)
	return &connect.UpdateContactFlowAliasOutput{}, err
}

func (a *API) deleteFlowAlias(x *exchange, in *connect.DeleteContactFlowAliasInput) (*connect.DeleteContactFlowAliasOutput, error) {
	err := a.Chats.DeleteFlowAlias(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseFlow(*in.ContactFlowId), *in.AliasId)
	return &connect.DeleteContactFlowAliasOutput{}, err
}
