package api

import (
	"cmp"
	"strconv"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var flowVersionOps = map[string]handler{
	"CreateContactFlowVersion": signedOp((*API).createFlowVersion),
	"DeleteContactFlowVersion": signedOp((*API).deleteFlowVersion),
	"ListContactFlowVersions":  signedOp((*API).listFlowVersions),
}

// listVersionsPage is the documented default of ListContactFlowVersions.
const listVersionsPage = 100

// versionPage reads where a list of versions goes on: after a number.
func versionPage(nextToken *string, maxResults *int64) (after int64, limit int, err error) {
	last, limit, err := pageAfter(nextToken, maxResults, listVersionsPage, func(id string) bool {
		after, err = strconv.ParseInt(id, 10, 64)
		return err == nil && after > 0
	})
	if last == "" {
		after = 0
	}
	return after, limit, err
}

func versionToken(v *center.Version) string { return strconv.FormatInt(v.Number, 10) }

func (a *API) createFlowVersion(x *exchange, in *connect.CreateContactFlowVersionInput) (*connect.CreateContactFlowVersionOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	v := center.Version{
		Number: value(in.ContactFlowVersion), Description: value(in.Description), Content: value(in.FlowContentSha256), Region: value(in.LastModifiedRegion),
	}
	if in.LastModifiedTime != nil {
		v.Modified = *in.LastModifiedTime
	}
	made, err := a.Chats.CreateFlowVersion(x.r.Context(), at, center.ParseFlow(*in.ContactFlowId), v)
	if err != nil {
		return nil, err
	}
	arn := a.Partition.FlowVersionARN(at, center.FlowID(made.Of), made.Number)
	return &connect.CreateContactFlowVersionOutput{ContactFlowArn: &arn, Version: &made.Number}, nil
}

func (a *API) deleteFlowVersion(x *exchange, in *connect.DeleteContactFlowVersionInput) (*connect.DeleteContactFlowVersionOutput, error) {
	err := a.Chats.DeleteFlowVersion(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseFlow(*in.ContactFlowId), *in.ContactFlowVersion)
	return &connect.DeleteContactFlowVersionOutput{}, err
}

func (a *API) listFlowVersions(x *exchange, in *connect.ListContactFlowVersionsInput) (*connect.ListContactFlowVersionsOutput, error) {
	at := center.ParseInstance(*in.InstanceId)
	after, limit, err := versionPage(in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	found, err := a.Chats.FlowVersions(x.r.Context(), at, center.ParseFlow(*in.ContactFlowId), after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, versionToken)
	out := &connect.ListContactFlowVersionsOutput{ContactFlowVersionSummaryList: make([]connect.ContactFlowVersionSummary, len(found)), NextToken: next}
	for i := range found {
		v := &found[i]
		arn := a.Partition.FlowVersionARN(at, center.FlowID(v.Of), v.Number)
		region := cmp.Or(v.Region, a.Partition.Region)
		out.ContactFlowVersionSummaryList[i] = connect.ContactFlowVersionSummary{
			Arn: &arn, VersionDescription: text(v.Description), Version: &v.Number, LastModifiedTime: &v.Modified, LastModifiedRegion: &region,
		}
	}
	return out, nil
}
