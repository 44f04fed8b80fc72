package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// aliases adapts the list of the aliases of a resource.
func aliases[I pagedOn, R, S any, O wire.Output](of *catalog.Aliases[R], parse func(string) string, summary func(call, *center.Alias) S, answer func([]S, *string) O) handler {
	return listing[I, center.Alias, O]{
		standard: listVersionsPage, key: func(a *center.Alias) string { return a.ID },
		find: func(c call, in I, after string, limit int) ([]center.Alias, error) {
			return of.List(c.ctx(), c.Catalog, c.at, parse(in.OnResource()), after, limit)
		},
		answer: func(c call, found []center.Alias, next *string) O {
			all := make([]S, len(found))
			for i := range found {
				all[i] = summary(c, &found[i])
			}
			return answer(all, next)
		},
	}.handler()
}

var flowAliasOps = map[string]handler{
	"CreateContactFlowAlias": answers(func(c call, in *connect.CreateContactFlowAliasInput) (*connect.CreateContactFlowAliasOutput, error) {
		ref := center.ParseFlow(*in.ContactFlowId)
		a := center.Alias{Of: string(ref.ID), Name: *in.AliasName, Description: value(in.Description), Version: *in.ContactFlowVersion}
		if err := c.Catalog.CreateFlowAlias(c.ctx(), c.at, ref, &a); err != nil {
			return nil, err
		}
		arn := c.flowAliasARN(&a)
		return &connect.CreateContactFlowAliasOutput{ContactFlowArn: &arn, Id: &a.ID}, nil
	}),
	"DescribeContactFlowAlias": answers(func(c call, in *connect.DescribeContactFlowAliasInput) (*connect.DescribeContactFlowAliasOutput, error) {
		a, err := catalog.FlowAliases.Get(c.ctx(), c.Catalog, c.at, catalog.Flows.ParseID(*in.ContactFlowId), *in.AliasId)
		if err != nil {
			return nil, err
		}
		arn := c.flowAliasARN(a)
		return &connect.DescribeContactFlowAliasOutput{ContactFlowAlias: &connect.ContactFlowAliasInfo{
			ContactFlowId: &a.Of, ContactFlowArn: &arn, AliasId: &a.ID, Version: &a.Version, Name: &a.Name,
			Description: text(a.Description), LastModifiedRegion: &c.Partition.Region, LastModifiedTime: &a.Modified,
		}}, nil
	}),
	"ListContactFlowAliases": aliases[*connect.ListContactFlowAliasesInput](catalog.FlowAliases, catalog.Flows.ParseID,
		func(c call, a *center.Alias) connect.ContactFlowAliasSummary {
			arn := c.flowAliasARN(a)
			return connect.ContactFlowAliasSummary{
				Arn: &arn, AliasId: &a.ID, Version: &a.Version, AliasName: &a.Name, AliasDescription: text(a.Description),
				LastModifiedTime: &a.Modified, LastModifiedRegion: &c.Partition.Region,
			}
		},
		func(all []connect.ContactFlowAliasSummary, next *string) *connect.ListContactFlowAliasesOutput {
			return &connect.ListContactFlowAliasesOutput{ContactFlowAliasSummaryList: all, NextToken: next}
		}),
	"UpdateContactFlowAlias": does[connect.UpdateContactFlowAliasOutput](func(c call, in *connect.UpdateContactFlowAliasInput) error {
		return catalog.FlowAliases.Update(c.ctx(), c.Catalog, c.at, catalog.Flows.ParseID(*in.ContactFlowId), *in.AliasId, func(a *center.Alias) error {
			set(&a.Name, in.Name)
			set(&a.Description, in.Description)
			set(&a.Version, in.ContactFlowVersion)
			return nil
		})
	}),
	"DeleteContactFlowAlias": does[connect.DeleteContactFlowAliasOutput](func(c call, in *connect.DeleteContactFlowAliasInput) error {
		return c.Catalog.DeleteFlowAlias(c.ctx(), c.at, center.ParseFlow(*in.ContactFlowId), *in.AliasId)
	}),
}

func (c call) flowAliasARN(a *center.Alias) string {
	return c.Partition.FlowAliasARN(c.at, center.FlowID(a.Of), a.Name)
}
