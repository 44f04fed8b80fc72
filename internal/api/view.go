package api

import (
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var viewOps = map[string]handler{
	"CreateView":        answers(createView),
	"CreateViewVersion": answers(createViewVersion),
	"DeleteView":        does[connect.DeleteViewOutput](deleteView),
	"DeleteViewVersion": does[connect.DeleteViewVersionOutput](deleteViewVersion),
	"DescribeView":      answers(describeView),
	"ListViewVersions":  answers(listViewVersions),
	"ListViews":         answers(listViews),
	"SearchViews": searches(catalog.AllViews,
		func(in *connect.SearchViewsInput) (*connect.ViewSearchCriteria, catalog.Condition, error) {
			filter, err := attributeFilter(value(in.SearchFilter).AttributeFilter)
			return in.SearchCriteria, filter, err
		},
		func(n *connect.ViewSearchCriteria) criteriaNode[connect.ViewSearchCriteria] {
			return textOnly(n.OrConditions, n.AndConditions, n.StringCondition).words(map[string]*string{
				"ViewTypeCondition": n.ViewTypeCondition, "ViewStatusCondition": n.ViewStatusCondition,
			})
		},
		func(c call, _ made, v *catalog.View) (connect.View, error) {
			found, err := c.Catalog.FoundView(c.ctx(), c.at, *v)
			if err != nil {
				return connect.View{}, err
			}
			return *wireView(found), nil
		},
		func(found []connect.View, next *string, total *int64) *connect.SearchViewsOutput {
			return &connect.SearchViewsOutput{Views: found, NextToken: next, ApproximateTotalCount: total}
		}),
	"UpdateViewContent":  answers(updateViewContent),
	"UpdateViewMetadata": does[connect.UpdateViewMetadataOutput](updateViewMetadata),
}

// listViewsPage is the length of a page of views or versions when none is asked for: the API model's maximum.
const listViewsPage = 100

func createView(c call, in *connect.CreateViewInput) (*connect.CreateViewOutput, error) {
	v, err := c.Catalog.CreateView(c.ctx(), c.at, center.View{
		Name: *in.Name, Description: value(in.Description), Tags: in.Tags,
	}, value(in.Content.Template), in.Content.Actions, *in.Status == catalog.StatusPublished, value(in.ClientToken))
	if err != nil {
		return nil, err
	}
	return &connect.CreateViewOutput{View: wireView(v)}, nil
}

func describeView(c call, in *connect.DescribeViewInput) (*connect.DescribeViewOutput, error) {
	v, err := c.Catalog.View(c.ctx(), c.at, center.ParseView(*in.ViewId))
	if err != nil {
		return nil, err
	}
	return &connect.DescribeViewOutput{View: wireView(v)}, nil
}

// wireView is a view with its content, as the API shows it.
func wireView(v *catalog.View) *connect.View {
	return &connect.View{
		Id: text(v.Ref.ID), Arn: &v.ARN, Name: &v.Name, Status: viewStatus(v), Type: &v.Type, Description: text(v.Description),
		Version: viewVersion(v), VersionDescription: text(v.VersionDescription),
		Content:     &connect.ViewContent{InputSchema: &v.Content.InputSchema, Template: &v.Content.Template, Actions: v.Content.Actions},
		Tags:        v.Tags,
		CreatedTime: instant(v.Created), LastModifiedTime: instant(v.Modified), ViewContentSha256: &v.SHA256,
	}
}

func viewStatus(v *catalog.View) *string {
	status := catalog.Publication(v.Published)
	return &status
}

func updateViewContent(c call, in *connect.UpdateViewContentInput) (*connect.UpdateViewContentOutput, error) {
	v, err := c.Catalog.UpdateViewContent(c.ctx(), c.at, center.ParseView(*in.ViewId),
		value(in.Content.Template), in.Content.Actions, *in.Status == catalog.StatusPublished)
	if err != nil {
		return nil, err
	}
	return &connect.UpdateViewContentOutput{View: wireView(v)}, nil
}

func updateViewMetadata(c call, in *connect.UpdateViewMetadataInput) error {
	return c.Catalog.UpdateView(c.ctx(), c.at, center.ParseView(*in.ViewId), in.Name, in.Description)
}

func createViewVersion(c call, in *connect.CreateViewVersionInput) (*connect.CreateViewVersionOutput, error) {
	v, err := c.Catalog.CreateViewVersion(c.ctx(), c.at, center.ParseView(*in.ViewId),
		value(in.VersionDescription), value(in.ViewContentSha256))
	if err != nil {
		return nil, err
	}
	return &connect.CreateViewVersionOutput{View: wireView(v)}, nil
}

func deleteView(c call, in *connect.DeleteViewInput) error {
	return c.Catalog.DeleteView(c.ctx(), c.at, center.ParseView(*in.ViewId))
}

func deleteViewVersion(c call, in *connect.DeleteViewVersionInput) error {
	return c.Catalog.DeleteViewVersion(c.ctx(), c.at, center.ParseView(*in.ViewId), int(*in.ViewVersion))
}

// listViews lists views by type and name, so a page's token is the type and name of its last view.
func listViews(c call, in *connect.ListViewsInput) (*connect.ListViewsOutput, error) {
	after, limit, err := pageAfter(in.NextToken, in.MaxResults, listViewsPage, func(id string) bool { return strings.Contains(id, " ") })
	if err != nil {
		return nil, err
	}
	kind, name, _ := strings.Cut(after, " ")
	found, err := c.Catalog.ListViews(c.ctx(), c.at, value(in.Type), kind, name, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, func(v *catalog.View) string { return v.Type + " " + v.Name })
	out := &connect.ListViewsOutput{ViewsSummaryList: make([]connect.ViewSummary, len(found)), NextToken: next}
	for i := range found {
		v := &found[i]
		out.ViewsSummaryList[i] = connect.ViewSummary{
			Id: text(v.Ref.ID), Arn: &v.ARN, Name: &v.Name, Type: &v.Type, Status: viewStatus(v), Description: text(v.Description),
		}
	}
	return out, nil
}

// listViewVersions lists versions from the highest to the lowest, so a page's token is the number of its last one.
func listViewVersions(c call, in *connect.ListViewVersionsInput) (*connect.ListViewVersionsOutput, error) {
	after, limit, err := pageAfter(in.NextToken, in.MaxResults, listViewsPage, func(id string) bool {
		n, err := strconv.Atoi(id)
		return err == nil && n > 0
	})
	if err != nil {
		return nil, err
	}
	below, _ := strconv.Atoi(after)
	found, err := c.Catalog.ListViewVersions(c.ctx(), c.at, center.ParseView(*in.ViewId), below, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, func(v *catalog.View) string { return strconv.Itoa(v.Version) })
	out := &connect.ListViewVersionsOutput{ViewVersionSummaryList: make([]connect.ViewVersionSummary, len(found)), NextToken: next}
	for i := range found {
		v := &found[i]
		out.ViewVersionSummaryList[i] = connect.ViewVersionSummary{
			Id: text(v.Ref.ID), Arn: &v.ARN, Name: &v.Name, Type: &v.Type, Description: text(v.Description),
			Version: viewVersion(v), VersionDescription: text(v.VersionDescription),
		}
	}
	return out, nil
}
