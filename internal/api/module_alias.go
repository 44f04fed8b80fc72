package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var moduleAliasOps = map[string]handler{
	"CreateContactFlowModuleAlias": answers(func(c call, in *connect.CreateContactFlowModuleAliasInput) (*connect.CreateContactFlowModuleAliasOutput, error) {
		ref := center.ParseModule(*in.ContactFlowModuleId)
		a := center.Alias{Of: string(ref.ID), Name: *in.AliasName, Description: value(in.Description), Version: *in.ContactFlowModuleVersion}
		if err := c.Catalog.CreateModuleAlias(c.ctx(), c.at, ref, &a); err != nil {
			return nil, err
		}
		arn := c.moduleAliasARN(&a)
		return &connect.CreateContactFlowModuleAliasOutput{ContactFlowModuleArn: &arn, Id: &a.ID}, nil
	}),
	"DescribeContactFlowModuleAlias": answers(func(c call, in *connect.DescribeContactFlowModuleAliasInput) (*connect.DescribeContactFlowModuleAliasOutput, error) {
		a, err := catalog.ModuleAliases.Get(c.ctx(), c.Catalog, c.at, catalog.Modules.ParseID(*in.ContactFlowModuleId), *in.AliasId)
		if err != nil {
			return nil, err
		}
		arn := c.moduleAliasARN(a)
		return &connect.DescribeContactFlowModuleAliasOutput{ContactFlowModuleAlias: &connect.ContactFlowModuleAliasInfo{
			ContactFlowModuleId: &a.Of, ContactFlowModuleArn: &arn, AliasId: &a.ID, Version: &a.Version, Name: &a.Name,
			Description: text(a.Description), LastModifiedRegion: &c.Partition.Region, LastModifiedTime: &a.Modified,
		}}, nil
	}),
	"ListContactFlowModuleAliases": aliases[*connect.ListContactFlowModuleAliasesInput](catalog.ModuleAliases, catalog.Modules.ParseID,
		func(c call, a *center.Alias) connect.ContactFlowModuleAliasSummary {
			arn := c.moduleAliasARN(a)
			return connect.ContactFlowModuleAliasSummary{
				Arn: &arn, AliasId: &a.ID, Version: &a.Version, AliasName: &a.Name, AliasDescription: text(a.Description), LastModifiedTime: &a.Modified,
			}
		},
		func(all []connect.ContactFlowModuleAliasSummary, next *string) *connect.ListContactFlowModuleAliasesOutput {
			return &connect.ListContactFlowModuleAliasesOutput{ContactFlowModuleAliasSummaryList: all, NextToken: next}
		}),
	"UpdateContactFlowModuleAlias": does[connect.UpdateContactFlowModuleAliasOutput](func(c call, in *connect.UpdateContactFlowModuleAliasInput) error {
		return catalog.ModuleAliases.Update(c.ctx(), c.Catalog, c.at, catalog.Modules.ParseID(*in.ContactFlowModuleId), *in.AliasId, func(a *center.Alias) error {
			set(&a.Name, in.Name)
			set(&a.Description, in.Description)
			set(&a.Version, in.ContactFlowModuleVersion)
			return nil
		})
	}),
	"DeleteContactFlowModuleAlias": does[connect.DeleteContactFlowModuleAliasOutput](func(c call, in *connect.DeleteContactFlowModuleAliasInput) error {
		return c.Catalog.DeleteModuleAlias(c.ctx(), c.at, center.ParseModule(*in.ContactFlowModuleId), *in.AliasId)
	}),
}

func (c call) moduleAliasARN(a *center.Alias) string {
	return c.Partition.ModuleARN(c.at, center.ModuleID(a.Of), a.Name)
}
