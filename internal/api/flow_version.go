package api

import (
	"cmp"
	"strconv"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var flowVersionOps = map[string]handler{
	"CreateContactFlowVersion": answers(createFlowVersion),
	"DeleteContactFlowVersion": does[connect.DeleteContactFlowVersionOutput](deleteFlowVersion),
	"ListContactFlowVersions": versions[*connect.ListContactFlowVersionsInput](catalog.FlowVersions, catalog.Flows.ParseID,
		func(c call, v *center.Version) connect.ContactFlowVersionSummary {
			arn := c.Partition.FlowVersionARN(c.at, center.FlowID(v.Of), v.Number)
			region := cmp.Or(v.Region, c.Partition.Region)
			return connect.ContactFlowVersionSummary{
				Arn: &arn, VersionDescription: text(v.Description), Version: &v.Number, LastModifiedTime: &v.Modified, LastModifiedRegion: &region,
			}
		},
		func(all []connect.ContactFlowVersionSummary, next *string) *connect.ListContactFlowVersionsOutput {
			return &connect.ListContactFlowVersionsOutput{ContactFlowVersionSummaryList: all, NextToken: next}
		}),
}

// listVersionsPage is the documented default of ListContactFlowVersions.
const listVersionsPage = 100

// versions adapts the list of the versions of a resource, from the first; a token is the number of the last one.
func versions[I pagedOn, R, S any, O wire.Output](of *catalog.Versions[R], parse func(string) string, summary func(call, *center.Version) S, answer func([]S, *string) O) handler {
	number := func(key string) int64 {
		n, err := strconv.ParseInt(key, 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return listing[I, center.Version, O]{
		standard: listVersionsPage, valid: func(key string) bool { return number(key) > 0 },
		key: func(v *center.Version) string { return strconv.FormatInt(v.Number, 10) },
		find: func(c call, in I, after string, limit int) ([]center.Version, error) {
			return of.List(c.ctx(), c.Catalog, c.at, parse(in.OnResource()), number(after), limit)
		},
		answer: func(c call, found []center.Version, next *string) O {
			all := make([]S, len(found))
			for i := range found {
				all[i] = summary(c, &found[i])
			}
			return answer(all, next)
		},
	}.handler()
}

func createFlowVersion(c call, in *connect.CreateContactFlowVersionInput) (*connect.CreateContactFlowVersionOutput, error) {
	v := center.Version{
		Number: value(in.ContactFlowVersion), Description: value(in.Description), Content: value(in.FlowContentSha256), Region: value(in.LastModifiedRegion),
	}
	if in.LastModifiedTime != nil {
		v.Modified = *in.LastModifiedTime
	}
	made, err := c.Catalog.CreateFlowVersion(c.ctx(), c.at, center.ParseFlow(*in.ContactFlowId), v)
	if err != nil {
		return nil, err
	}
	arn := c.Partition.FlowVersionARN(c.at, center.FlowID(made.Of), made.Number)
	return &connect.CreateContactFlowVersionOutput{ContactFlowArn: &arn, Version: &made.Number}, nil
}

func deleteFlowVersion(c call, in *connect.DeleteContactFlowVersionInput) error {
	return catalog.FlowVersions.Delete(c.ctx(), c.Catalog, c.at, catalog.Flows.ParseID(*in.ContactFlowId), *in.ContactFlowVersion)
}
