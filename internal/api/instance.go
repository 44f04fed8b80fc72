package api

import (
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var instanceOps = map[string]handler{
	"CreateInstance":   signedOp((*API).createInstance),
	"DeleteInstance":   signedOp((*API).deleteInstance),
	"DescribeInstance": signedOp((*API).describeInstance),
	"ListInstances":    signedOp((*API).listInstances),
}

func (a *API) createInstance(x *exchange, in *connect.CreateInstanceInput) (*connect.CreateInstanceOutput, error) {
	made, err := a.Catalog.CreateInstance(x.r.Context(), center.Instance{
		Alias:                  value(in.InstanceAlias),
		IdentityManagementType: *in.IdentityManagementType,
		DirectoryID:            value(in.DirectoryId),
		InboundCalls:           *in.InboundCallsEnabled,
		OutboundCalls:          *in.OutboundCallsEnabled,
		Tags:                   in.Tags,
		Attributes:             map[center.InstanceAttributeType]bool{center.FlowLogs: false},
	}, value(in.ClientToken))
	if err != nil {
		return nil, err
	}
	a.origins.forget(made.ID)
	arn := a.Partition.InstanceARN(made.ID)
	return &connect.CreateInstanceOutput{Id: text(made.ID), Arn: &arn}, nil
}

func (a *API) deleteInstance(x *exchange, in *connect.DeleteInstanceInput) (*connect.DeleteInstanceOutput, error) {
	err := a.Erasures.DeleteInstance(x.r.Context(), center.ParseInstance(*in.InstanceId))
	return &connect.DeleteInstanceOutput{}, err
}

func (a *API) describeInstance(x *exchange, in *connect.DescribeInstanceInput) (*connect.DescribeInstanceOutput, error) {
	i, err := a.Catalog.Instance(x.r.Context(), center.ParseInstance(*in.InstanceId))
	if err != nil {
		return nil, err
	}
	s := a.summary(x, i)
	return &connect.DescribeInstanceOutput{Instance: &connect.Instance{
		Id: s.Id, Arn: s.Arn, IdentityManagementType: s.IdentityManagementType, InstanceAlias: s.InstanceAlias,
		CreatedTime: s.CreatedTime, ServiceRole: s.ServiceRole, InstanceStatus: s.InstanceStatus,
		InboundCallsEnabled: s.InboundCallsEnabled, OutboundCallsEnabled: s.OutboundCallsEnabled,
		InstanceAccessUrl: s.InstanceAccessUrl, Tags: i.Tags,
	}}, nil
}

const (
	listInstancesPage    = 10  // the API model's maximum
	listContactFlowsPage = 100 // the documented default
)

func (a *API) listInstances(x *exchange, in *connect.ListInstancesInput) (*connect.ListInstancesOutput, error) {
	after, limit, err := page(in.NextToken, in.MaxResults, listInstancesPage)
	if err != nil {
		return nil, err
	}
	found, err := a.Catalog.Instances(x.r.Context(), after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, func(i *center.Instance) string { return string(i.ID) })
	out := &connect.ListInstancesOutput{InstanceSummaryList: make([]connect.InstanceSummary, len(found)), NextToken: next}
	for i := range found {
		out.InstanceSummaryList[i] = a.summary(x, &found[i])
	}
	return out, nil
}

// summary is an instance as it is shown. Its access URL is this server, which has no host of its own for each.
func (a *API) summary(x *exchange, i *center.Instance) connect.InstanceSummary {
	arn, status, url := a.Partition.InstanceARN(i.ID), "ACTIVE", a.address(x.r)
	role := "arn:aws:iam::" + a.Partition.Account + ":role/aws-service-role/connect.amazonaws.com/AWSServiceRoleForAmazonConnect"
	return connect.InstanceSummary{
		Id: text(i.ID), Arn: &arn, IdentityManagementType: &i.IdentityManagementType, InstanceAlias: text(i.Alias),
		CreatedTime: &i.Created, ServiceRole: &role, InstanceStatus: &status,
		InboundCallsEnabled: &i.InboundCalls, OutboundCallsEnabled: &i.OutboundCalls, InstanceAccessUrl: &url,
	}
}
