package api

import (
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var flowOps = map[string]handler{
	"CreateContactFlow":         signedOp((*API).createContactFlow),
	"DeleteContactFlow":         signedOp((*API).deleteContactFlow),
	"DescribeContactFlow":       signedOp((*API).describeContactFlow),
	"ListContactFlows":          signedOp((*API).listContactFlows),
	"UpdateContactFlowContent":  signedOp((*API).updateContactFlowContent),
	"UpdateContactFlowMetadata": signedOp((*API).updateContactFlowMetadata),
	"UpdateContactFlowName":     signedOp((*API).updateContactFlowName),
}

// Status and state of a flow, as the API spells them.
const (
	statusPublished = "PUBLISHED"
	statusSaved     = "SAVED"
	stateActive     = "ACTIVE"
	stateArchived   = "ARCHIVED"
)

func (a *API) createContactFlow(x *exchange, in *connect.CreateContactFlowInput) (*connect.CreateContactFlowOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	made, err := a.Chats.CreateFlow(x.r.Context(), at, center.ContactFlow{
		Name: *in.Name, Type: *in.Type, Description: value(in.Description), Tags: in.Tags,
	}, *in.Content, value(in.Status) != statusSaved)
	if err != nil {
		return nil, err
	}
	arn := a.Partition.FlowARN(at, made.ID)
	return &connect.CreateContactFlowOutput{ContactFlowId: text(made.ID), ContactFlowArn: &arn, FlowContentSha256: &made.SHA256}, nil
}

func (a *API) deleteContactFlow(x *exchange, in *connect.DeleteContactFlowInput) (*connect.DeleteContactFlowOutput, error) {
	err := a.Chats.DeleteFlow(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseFlow(*in.ContactFlowId))
	return &connect.DeleteContactFlowOutput{}, err
}

func (a *API) describeContactFlow(x *exchange, in *connect.DescribeContactFlowInput) (*connect.DescribeContactFlowOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	f, err := a.Chats.Flow(x.r.Context(), at, center.ParseFlow(*in.ContactFlowId))
	if err != nil {
		return nil, err
	}
	arn, state, status := a.Partition.FlowARN(at, f.ID), activity(f.Archived), statusSaved
	if f.Published {
		status = statusPublished
	}
	out := &connect.ContactFlow{
		Arn: &arn, Id: text(f.ID), Name: &f.Name, Type: &f.Type, State: &state, Status: &status,
		Description: text(f.Description), Content: &f.Content, Tags: f.Tags, FlowContentSha256: &f.SHA256,
		LastModifiedTime: &f.Modified, LastModifiedRegion: &a.Partition.Region,
	}
	if v := f.Version; v != nil {
		arn = a.Partition.FlowVersionARN(at, f.ID, v.Number)
		out.Version, out.VersionDescription, out.LastModifiedTime = &v.Number, text(v.Description), &v.Modified
		if v.Region != "" {
			out.LastModifiedRegion = &v.Region
		}
	}
	return &connect.DescribeContactFlowOutput{ContactFlow: out}, nil
}

// activity is the state of a flow or module.
func activity(archived bool) string {
	if archived {
		return stateArchived
	}
	return stateActive
}

// archived reads a state; nil is none.
func archived(state *string) *bool {
	if state == nil {
		return nil
	}
	is := *state == stateArchived
	return &is
}

func (a *API) listContactFlows(x *exchange, in *connect.ListContactFlowsInput) (*connect.ListContactFlowsOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	after, limit, err := page(in.NextToken, in.MaxResults, listContactFlowsPage)
	if err != nil {
		return nil, err
	}
	found, err := a.Chats.Flows(x.r.Context(), at, in.ContactFlowTypes, after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, func(f *center.ContactFlow) string { return string(f.ID) })
	out := &connect.ListContactFlowsOutput{ContactFlowSummaryList: make([]connect.ContactFlowSummary, len(found)), NextToken: next}
	for i := range found {
		f := &found[i]
		arn, state, status := a.Partition.FlowARN(at, f.ID), activity(f.Archived), statusSaved
		if f.Published != "" {
			status = statusPublished
		}
		out.ContactFlowSummaryList[i] = connect.ContactFlowSummary{
			Id: text(f.ID), Arn: &arn, Name: &f.Name, ContactFlowType: &f.Type, ContactFlowState: &state, ContactFlowStatus: &status,
		}
	}
	return out, nil
}

func (a *API) updateContactFlowContent(x *exchange, in *connect.UpdateContactFlowContentInput) (*connect.UpdateContactFlowContentOutput, error) {
	err := a.Chats.UpdateFlowContent(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseFlow(*in.ContactFlowId), *in.Content)
	return &connect.UpdateContactFlowContentOutput{}, err
}

func (a *API) updateContactFlowMetadata(x *exchange, in *connect.UpdateContactFlowMetadataInput) (*connect.UpdateContactFlowMetadataOutput, error) {
	err := a.Chats.UpdateFlow(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseFlow(*in.ContactFlowId), in.Name, in.Description, archived(in.ContactFlowState))
	return &connect.UpdateContactFlowMetadataOutput{}, err
}

func (a *API) updateContactFlowName(x *exchange, in *connect.UpdateContactFlowNameInput) (*connect.UpdateContactFlowNameOutput, error) {
	err := a.Chats.UpdateFlow(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseFlow(*in.ContactFlowId), in.Name, in.Description, nil)
	return &connect.UpdateContactFlowNameOutput{}, err
}
