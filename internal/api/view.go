package api

import (
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var viewOps = map[string]handler{
	"CreateView":         signedOp((*API).createView),
	"CreateViewVersion":  signedOp((*API).createViewVersion),
	"DeleteView":         signedOp((*API).deleteView),
	"DeleteViewVersion":  signedOp((*API).deleteViewVersion),
	"DescribeView":       signedOp((*API).describeView),
	"ListViewVersions":   signedOp((*API).listViewVersions),
	"ListViews":          signedOp((*API).listViews),
	"UpdateViewContent":  signedOp((*API).updateViewContent),
	"UpdateViewMetadata": signedOp((*API).updateViewMetadata),
}

// listViewsPage is the length of a page of views or versions when none is asked for: the API model's maximum.
const listViewsPage = 100

func (a *API) createView(x *exchange, in *connect.CreateViewInput) (*connect.CreateViewOutput, error) {
	v, err := a.Chats.CreateView(x.r.Context(), center.ParseInstance(*in.InstanceId), center.View{
		Name: *in.Name, Description: value(in.Description), Tags: in.Tags,
	}, value(in.Content.Template), in.Content.Actions, *in.Status == statusPublished, value(in.ClientToken))
	if err != nil {
		return nil, err
	}
	return &connect.CreateViewOutput{View: wireView(v)}, nil
}

func (a *API) describeView(x *exchange, in *connect.DescribeViewInput) (*connect.DescribeViewOutput, error) {
	v, err := a.Chats.View(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseView(*in.ViewId))
	if err != nil {
		return nil, err
	}
	return &connect.DescribeViewOutput{View: wireView(v)}, nil
}

// wireView is a view with its content, as the API shows it.
func wireView(v *chat.View) *connect.View {
	return &connect.View{
		Id: text(v.Ref.ID), Arn: &v.ARN, Name: &v.Name, Status: viewStatus(v), Type: &v.Type, Description: text(v.Description),
		Version: viewVersion(v), VersionDescription: text(v.VersionDescription),
		Content:     &connect.ViewContent{InputSchema: &v.Content.InputSchema, Template: &v.Content.Template, Actions: v.Content.Actions},
		Tags:        v.Tags,
		CreatedTime: instant(v.Created), LastModifiedTime: instant(v.Modified), ViewContentSha256: &v.SHA256,
	}
}

func viewStatus(v *chat.View) *string {
	status := statusSaved
	if v.Published {
		status = statusPublished
	}
	return &status
}

func (a *API) updateViewContent(x *exchange, in *connect.UpdateViewContentInput) (*connect.UpdateViewContentOutput, error) {
	v, err := a.Chats.UpdateViewContent(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseView(*in.ViewId),
		value(in.Content.Template), in.Content.Actions, *in.Status == statusPublished)
	if err != nil {
		return nil, err
	}
	return &connect.UpdateViewContentOutput{View: wireView(v)}, nil
}

func (a *API) updateViewMetadata(x *exchange, in *connect.UpdateViewMetadataInput) (*connect.UpdateViewMetadataOutput, error) {
	err := a.Chats.UpdateView(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseView(*in.ViewId), in.Name, in.Description)
	return &connect.UpdateViewMetadataOutput{}, err
}

func (a *API) createViewVersion(x *exchange, in *connect.CreateViewVersionInput) (*connect.CreateViewVersionOutput, error) {
	v, err := a.Chats.CreateViewVersion(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseView(*in.ViewId),
		value(in.VersionDescription), value(in.ViewContentSha256))
	if err != nil {
		return nil, err
	}
	return &connect.CreateViewVersionOutput{View: wireView(v)}, nil
}

func (a *API) deleteView(x *exchange, in *connect.DeleteViewInput) (*connect.DeleteViewOutput, error) {
	err := a.Chats.DeleteView(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseView(*in.ViewId))
	return &connect.DeleteViewOutput{}, err
}

func (a *API) deleteViewVersion(x *exchange, in *connect.DeleteViewVersionInput) (*connect.DeleteViewVersionOutput, error) {
	err := a.Chats.DeleteViewVersion(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseView(*in.ViewId), int(*in.ViewVersion))
	return &connect.DeleteViewVersionOutput{}, err
}

// listViews lists views by type and name, so a page's token is the type and name of its last view.
func (a *API) listViews(x *exchange, in *connect.ListViewsInput) (*connect.ListViewsOutput, error) {
	after, limit, err := pageAfter(in.NextToken, in.MaxResults, listViewsPage, func(id string) bool { return strings.Contains(id, " ") })
	if err != nil {
		return nil, err
	}
	kind, name, _ := strings.Cut(after, " ")
	found, err := a.Chats.Views(x.r.Context(), center.ParseInstance(*in.InstanceId), value(in.Type), kind, name, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, func(v *chat.View) string { return v.Type + " " + v.Name })
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
func (a *API) listViewVersions(x *exchange, in *connect.ListViewVersionsInput) (*connect.ListViewVersionsOutput, error) {
	after, limit, err := pageAfter(in.NextToken, in.MaxResults, listViewsPage, func(id string) bool {
		n, err := strconv.Atoi(id)
		return err == nil && n > 0
	})
	if err != nil {
		return nil, err
	}
	below, _ := strconv.Atoi(after)
	found, err := a.Chats.ViewVersions(x.r.Context(), center.ParseInstance(*in.InstanceId), center.ParseView(*in.ViewId), below, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, func(v *chat.View) string { return strconv.Itoa(v.Version) })
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
