package api

import (
	"strconv"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var moduleOps = map[string]handler{
	"CreateContactFlowModule":         signedOp((*API).createModule),
	"CreateContactFlowModuleAlias":    signedOp((*API).createModuleAlias),
	"CreateContactFlowModuleVersion":  signedOp((*API).createModuleVersion),
	"DeleteContactFlowModule":         signedOp((*API).deleteModule),
	"DeleteContactFlowModuleAlias":    signedOp((*API).deleteModuleAlias),
	"DeleteContactFlowModuleVersion":  signedOp((*API).deleteModuleVersion),
	"DescribeContactFlowModule":       signedOp((*API).describeModule),
	"DescribeContactFlowModuleAlias":  signedOp((*API).describeModuleAlias),
	"ListContactFlowModuleAliases":    signedOp((*API).listModuleAliases),
	"ListContactFlowModules":          signedOp((*API).listModules),
	"ListContactFlowModuleVersions":   signedOp((*API).listModuleVersions),
	"UpdateContactFlowModuleAlias":    signedOp((*API).updateModuleAlias),
	"UpdateContactFlowModuleContent":  signedOp((*API).updateModuleContent),
	"UpdateContactFlowModuleMetadata": signedOp((*API).updateModuleMetadata),
}

// listModulesPage is the length of pages of modules, their versions and aliases when none is asked for: that of flows
// (inferred).
const listModulesPage = listContactFlowsPage

func (a *API) createModule(x *exchange, in *connect.CreateContactFlowModuleInput) (*connect.CreateContactFlowModuleOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	m := center.FlowModule{Name: *in.Name, Description: value(in.Description), Settings: value(in.Settings), Tags: in.Tags}
	if e := in.ExternalInvocationConfiguration; e != nil {
		m.External = e.Enabled
	}
	id, err := a.Chats.CreateModule(x.r.Context(), at, m, *in.Content, value(in.ClientToken))
	if err != nil {
		return nil, err
	}
	arn := a.Partition.ModuleARN(at, id, "")
	return &connect.CreateContactFlowModuleOutput{Id: text(id), Arn: &arn}, nil
}

func (a *API) describeModule(x *exchange, in *connect.DescribeContactFlowModuleInput) (*connect.DescribeContactFlowModuleOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	m, err := a.Chats.Module(x.r.Context(), at, center.ParseModule(*in.ContactFlowModuleId))
	if err != nil {
		return nil, err
	}
	qualifier, state, status := "", activity(m.Archived), statusSaved
	if m.Published {
		status = statusPublished
	}
	out := &connect.ContactFlowModule{
		Id: text(m.ID), Name: &m.Name, Content: &m.Content, Description: text(m.Description), State: &state, Status: &status,
		Tags: m.Tags, FlowModuleContentSha256: &m.SHA256, Settings: text(m.Settings),
	}
	if m.Version != nil {
		qualifier = strconv.FormatInt(m.Version.Number, 10)
		out.Version, out.VersionDescription = &m.Version.Number, text(m.Version.Description)
	}
	arn := a.Partition.ModuleARN(at, m.ID, qualifier)
	out.Arn = &arn
	if m.External != nil {
		out.ExternalInvocationConfiguration = &connect.ExternalInvocationConfiguration{Enabled: m.External}
	}
	return &connect.DescribeContactFlowModuleOutput{ContactFlowModule: out}, nil
}

func (a *API) listModules(x *exchange, in *connect.ListContactFlowModulesInput) (*connect.ListContactFlowModulesOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	after, limit, err := page(in.NextToken, in.MaxResults, listModulesPage)
	if err != nil {
		return nil, err
	}
	found, err := a.Chats.Modules(x.r.Context(), at, archived(in.ContactFlowModuleState), after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, func(m *center.FlowModule) string { return string(m.ID) })
	out := &connect.ListContactFlowModulesOutput{ContactFlowModulesSummaryList: make([]connect.ContactFlowModuleSummary, len(found)), NextToken: next}
	for i := range found {
		m := &found[i]
		arn, state := a.Partition.ModuleARN(at, m.ID, ""), activity(m.Archived)
		out.ContactFlowModulesSummaryList[i] = connect.ContactFlowModuleSummary{Id: text(m.ID), Arn: &arn, Name: &m.Name, State: &state}
	}
	return out, nil
}

func (a *API) updateModuleContent(x *exchange, in *connect.UpdateContactFlowModuleContentInput) (*connect.UpdateContactFlowModuleContentOutput, error) {
	err := a.Chats.UpdateModuleContent(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseModule(*in.ContactFlowModuleId), in.Content, in.Settings)
	return &connect.UpdateContactFlowModuleContentOutput{}, err
}

func (a *API) updateModuleMetadata(x *exchange, in *connect.UpdateContactFlowModuleMetadataInput) (*connect.UpdateContactFlowModuleMetadataOutput, error) {
	err := a.Chats.UpdateModule(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseModule(*in.ContactFlowModuleId), in.Name, in.Description, archived(in.State))
	return &connect.UpdateContactFlowModuleMetadataOutput{}, err
}

func (a *API) deleteModule(x *exchange, in *connect.DeleteContactFlowModuleInput) (*connect.DeleteContactFlowModuleOutput, error) {
	err := a.Chats.DeleteModule(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseModule(*in.ContactFlowModuleId))
	return &connect.DeleteContactFlowModuleOutput{}, err
}

func (a *API) createModuleVersion(x *exchange, in *connect.CreateContactFlowModuleVersionInput) (*connect.CreateContactFlowModuleVersionOutput, error) {
	at, ref := center.ParseInstance(*in.InstanceId), center.ParseModule(*in.ContactFlowModuleId)
	v, err := a.Chats.CreateModuleVersion(x.r.Context(), at, ref, value(in.Description), value(in.FlowModuleContentSha256))
	if err != nil {
		return nil, err
	}
	arn := a.moduleVersionARN(at, v)
	return &connect.CreateContactFlowModuleVersionOutput{ContactFlowModuleArn: &arn, Version: &v.Number}, nil
}

func (a *API) moduleVersionARN(at center.InstanceID, v *center.Version) string {
	return a.Partition.ModuleARN(at, center.ModuleID(v.Of), strconv.FormatInt(v.Number, 10))
}

func (a *API) listModuleVersions(x *exchange, in *connect.ListContactFlowModuleVersionsInput) (*connect.ListContactFlowModuleVersionsOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	after, limit, err := versionPage(in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	found, err := a.Chats.ModuleVersions(x.r.Context(), at, center.ParseModule(*in.ContactFlowModuleId), after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, versionToken)
	out := &connect.ListContactFlowModuleVersionsOutput{ContactFlowModuleVersionSummaryList: make([]connect.ContactFlowModuleVersionSummary, len(found)), NextToken: next}
	for i := range found {
		v := &found[i]
		arn := a.moduleVersionARN(at, v)
		out.ContactFlowModuleVersionSummaryList[i] = connect.ContactFlowModuleVersionSummary{Arn: &arn, VersionDescription: text(v.Description), Version: &v.Number}
	}
	return out, nil
}

func (a *API) deleteModuleVersion(x *exchange, in *connect.DeleteContactFlowModuleVersionInput) (*connect.DeleteContactFlowModuleVersionOutput, error) {
	err := a.Chats.DeleteModuleVersion(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseModule(*in.ContactFlowModuleId), *in.ContactFlowModuleVersion)
	return &connect.DeleteContactFlowModuleVersionOutput{}, err
}

func (a *API) createModuleAlias(x *exchange, in *connect.CreateContactFlowModuleAliasInput) (*connect.CreateContactFlowModuleAliasOutput, error) {
	at, ref := center.ParseInstance(*in.InstanceId), center.ParseModule(*in.ContactFlowModuleId)
	made, err := a.Chats.CreateModuleAlias(x.r.Context(), at, ref, center.Alias{
		Name: *in.AliasName, Description: value(in.Description), Version: *in.ContactFlowModuleVersion,
	})
	if err != nil {
		return nil, err
	}
	arn := a.Partition.ModuleARN(at, center.ModuleID(made.Of), made.Name)
	return &connect.CreateContactFlowModuleAliasOutput{ContactFlowModuleArn: &arn, Id: text(made.ID)}, nil
}

func (a *API) describeModuleAlias(x *exchange, in *connect.DescribeContactFlowModuleAliasInput) (*connect.DescribeContactFlowModuleAliasOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	alias, err := a.Chats.ModuleAlias(x.r.Context(), at, center.ParseModule(*in.ContactFlowModuleId), *in.AliasId)
	if err != nil {
		return nil, err
	}
	arn := a.Partition.ModuleARN(at, center.ModuleID(alias.Of), alias.Name)
	return &connect.DescribeContactFlowModuleAliasOutput{ContactFlowModuleAlias: &connect.ContactFlowModuleAliasInfo{
		ContactFlowModuleId: text(alias.Of), ContactFlowModuleArn: &arn, AliasId: &alias.ID, Version: &alias.Version, Name: &alias.Name,
		Description: text(alias.Description), LastModifiedRegion: &a.Partition.Region, LastModifiedTime: &alias.Modified,
	}}, nil
}

func (a *API) listModuleAliases(x *exchange, in *connect.ListContactFlowModuleAliasesInput) (*connect.ListContactFlowModuleAliasesOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	after, limit, err := page(in.NextToken, in.MaxResults, listModulesPage)
	if err != nil {
		return nil, err
	}
	found, err := a.Chats.ModuleAliases(x.r.Context(), at, center.ParseModule(*in.ContactFlowModuleId), after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, func(alias *center.Alias) string { return alias.ID })
	out := &connect.ListContactFlowModuleAliasesOutput{ContactFlowModuleAliasSummaryList: make([]connect.ContactFlowModuleAliasSummary, len(found)), NextToken: next}
	for i := range found {
		alias := &found[i]
		arn := a.Partition.ModuleARN(at, center.ModuleID(alias.Of), alias.Name)
		out.ContactFlowModuleAliasSummaryList[i] = connect.ContactFlowModuleAliasSummary{
			Arn: &arn, AliasId: &alias.ID, Version: &alias.Version, AliasName: &alias.Name,
			AliasDescription: text(alias.Description), LastModifiedTime: &alias.Modified,
		}
	}
	return out, nil
}

func (a *API) updateModuleAlias(x *exchange, in *connect.UpdateContactFlowModuleAliasInput) (*connect.UpdateContactFlowModuleAliasOutput, error) {
	err := a.Chats.UpdateModuleAlias(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseModule(*in.ContactFlowModuleId), *in.AliasId,
		in.Name, in.Description, in.ContactFlowModuleVersion)
	return &connect.UpdateContactFlowModuleAliasOutput{}, err
}

func (a *API) deleteModuleAlias(x *exchange, in *connect.DeleteContactFlowModuleAliasInput) (*connect.DeleteContactFlowModuleAliasOutput, error) {
	err := a.Chats.DeleteModuleAlias(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseModule(*in.ContactFlowModuleId), *in.AliasId)
	return &connect.DeleteContactFlowModuleAliasOutput{}, err
}
